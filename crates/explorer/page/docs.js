// The operations, and what the contract says of the chosen one.
import { $, fill, h } from "./dom.js";

/** The list to choose from. */
export function list(operations, choose) {
  fill(
    $("operations"),
    operations.map((operation) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "operation", test: `operation-${operation.id}`, "data-operation": operation.id, onclick: () => choose(operation.id) },
          h("span", { class: `method ${operation.method.toLowerCase()}` }, operation.method),
          h("span", { class: "what" }, h("strong", {}, operation.id), h("span", { class: "small muted" }, operation.summary)),
        ),
      ),
    ),
  );
}

/** Shows one operation. */
export function show(operation) {
  for (const button of $("operations").querySelectorAll("button")) {
    if (button.dataset.operation === operation.id) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  const aliases = operation.aliases.length
    ? h("p", { class: "small muted" }, `Also called ${operation.aliases.join(", ")}.`)
    : null;
  const limit = `${operation.per_minute.toLocaleString("en")} requests a minute (${operation.rate_documented ? "documented" : "assumed"}); success is ${operation.success}.`;
  fill(
    $("docs-text"),
    h("h2", {}, operation.id),
    h("p", {}, operation.summary + "."),
    h("p", { class: "path" }, h("span", { class: `method ${operation.method.toLowerCase()}` }, operation.method), " ", h("code", {}, breakable(operation.path))),
    paragraphs(operation.description),
    aliases,
    h("p", { class: "small muted" }, limit),
    h("h3", {}, "Parameters"),
    h("dl", { class: "parameters" }, operation.parameters.map(parameter)),
    h(
      "p",
      {},
      h("a", { href: operation.documentation, rel: "noopener noreferrer external", target: "_blank", test: "documentation-link" }, "Its page in the service’s documentation"),
      " (opens in a new tab)",
    ),
  );
}

function parameter(it) {
  const rule = it.rule ? `${it.type.startsWith("array") ? "Each: " : ""}${it.rule}` : null;
  const most = it.max_items ? `at most ${it.max_items.toLocaleString("en")} of them` : null;
  return [
    h(
      "dt",
      {},
      h("code", {}, it.name),
      " ",
      h("span", { class: "small muted" }, `${it.type}, in the ${it.in}, ${it.required ? "required" : "optional"}`),
    ),
    h("dd", {}, paragraphs(it.description), rule || most ? h("p", { class: "small muted" }, [rule, most].filter(Boolean).join("; ")) : null),
  ];
}

/** A text of the document: paragraphs, with code between backticks. */
function paragraphs(text) {
  return (text ?? "")
    .trim()
    .split(/\n\s*\n/)
    .filter((part) => part !== "")
    .map((part) =>
      h(
        "p",
        {},
        part.split("`").map((piece, index) => (index % 2 ? h("code", {}, piece) : piece)),
      ),
    );
}

/** A path that may be broken after each slash. */
function breakable(path) {
  return path.split("/").flatMap((segment, index) => (index ? ["/", h("wbr"), segment] : [segment]));
}
