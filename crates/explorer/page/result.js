// What the service answered, or why it did not.
import { $, code, copyButton, fill, h, say } from "./dom.js";

/** Shows an answer of the service. */
export function showAnswer(answer) {
  const status = `${answer.status} ${answer.reason}`.trim();
  const kind = answer.status < 300 ? "good" : answer.status < 500 ? "warn" : "bad";
  const body = pretty(answer.body);
  const card = $("result");
  fill(
    card,
    heading(answer.operation_id),
    h(
      "p",
      { class: "row facts" },
      h("strong", { class: `status ${kind}`, test: "status" }, status),
      h("span", { test: "duration" }, `${answer.duration_ms} ms`),
    ),
    h("p", { class: "small wrap" }, h("span", { class: "muted" }, `${answer.method} `), h("code", { test: "url" }, answer.url)),
    answer.request_id
      ? h(
          "p",
          { class: "row small" },
          h("span", { class: "muted" }, "Request id"),
          h("code", { class: "wrap", test: "request-id" }, answer.request_id),
          copyButton("Copy", () => answer.request_id, "copy-request-id"),
        )
      : null,
    answer.explanation
      ? h(
          "div",
          { class: `note ${kind}`, test: "explanation" },
          h("p", {}, h("strong", { test: "error-code" }, answer.explanation.of), " ", h("span", { test: "meaning" }, answer.explanation.meaning)),
          h("p", { test: "remedy" }, h("strong", {}, "What to do: "), answer.explanation.remedy),
        )
      : null,
    h("div", { class: "row spread" }, h("h3", {}, "Body"), copyButton("Copy", () => body, "copy-body")),
    body === "" ? h("p", { class: "muted" }, "Empty.") : code("Body of the answer", body, "body"),
    answer.cut ? h("p", { class: "muted small" }, "The body goes on; this is its beginning.") : null,
    h(
      "details",
      { test: "headers" },
      h("summary", {}, `Headers (${answer.headers.length})`),
      h("dl", { class: "headers" }, answer.headers.map(([name, value]) => [h("dt", {}, h("code", {}, name)), h("dd", { class: "wrap" }, value)])),
    ),
  );
  reveal(card);
  say(`${answer.operation_id}: ${status}, in ${answer.duration_ms} milliseconds. ${answer.explanation?.meaning ?? ""}`);
}

/** Shows why there is no answer. */
export function showRefused(operation, refused) {
  const card = $("result");
  fill(
    card,
    heading(operation),
    h(
      "div",
      { class: "note bad", test: "refused" },
      h("p", {}, h("strong", { test: "refused-code" }, refused.fate), " ", h("span", { test: "refused-message" }, refused.message)),
      refused.causes.map((cause) => h("p", { class: "small" }, `Because: ${cause}`)),
      refused.hint ? h("p", { test: "refused-hint" }, h("strong", {}, "What to do: "), refused.hint) : null,
    ),
  );
  reveal(card);
  say(`${operation}: ${refused.fate}. ${refused.message}`);
}

function heading(operation) {
  return h("h2", { id: "result-heading" }, "Answer ", h("span", { class: "muted" }, operation));
}

function reveal(card) {
  card.hidden = false;
  card.scrollIntoView({ block: "nearest" });
}

/** JSON laid out; any other text as it came. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
