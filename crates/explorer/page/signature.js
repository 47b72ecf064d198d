// How the request is signed, stage by stage. The signature itself never gets here.
import * as api from "./api.js";
import { $, code, copyButton, debounced, fill, h } from "./dom.js";

/** Fills the card. `wanted` gives operation, values, and whether they are complete. Returns what to call on changes. */
export function signature(wanted) {
  let turn = 0;
  const stages = h("div", { test: "stages" });
  fill(
    $("signature"),
    h("h2", { id: "signature-heading" }, "Signature"),
    h("p", { class: "muted small" }, "What would be sent now, and how it is signed (SDK-HMAC-SHA256). Signature and tokens are masked as ***; they never leave the program that serves this page."),
    stages,
  );

  async function render() {
    const mine = ++turn;
    const { operation, values, ready } = wanted();
    if (!ready) return fill(stages, h("p", { class: "muted", test: "signature-waits" }, "Appears as soon as the form is complete."));
    try {
      const shown = await api.preview(operation.id, values);
      if (mine === turn) fill(stages, walk(shown));
    } catch (refused) {
      if (mine !== turn) return;
      fill(
        stages,
        h("div", { class: "note warn", test: "signature-refused" }, h("p", {}, refused.message), refused.hint ? h("p", {}, refused.hint) : null),
      );
    }
  }

  return debounced(350, render);
}

function walk(shown) {
  const headers = shown.headers.filter(([name]) => name !== "authorization").map(([name, value]) => `${name}: ${value}`);
  const authorization = shown.headers.find(([name]) => name === "authorization")?.[1];
  const request = [`${shown.method} ${shown.url}`, ...headers, ...(shown.body === null ? [] : ["", shown.body])].join("\n");
  const stage = (title, text, why, test) =>
    h(
      "li",
      {},
      h("div", { class: "row spread" }, h("h3", {}, title), copyButton("Copy", () => text, `${test}-copy`)),
      h("p", { class: "muted small" }, why),
      code(title, text, test),
    );
  if (!shown.signing) {
    return [
      h("p", {}, "These credentials are a token: it is sent in the header X-Auth-Token, and nothing is signed."),
      h("ol", { class: "stages" }, stage("Request", request, "As it would be sent.", "stage-request")),
    ];
  }
  const { canonical_request, string_to_sign, signed_headers } = shown.signing;
  return h(
    "ol",
    { class: "stages" },
    stage("Request", request, "As it would be sent, but for the header of the last stage.", "stage-request"),
    stage("Canonical request", canonical_request, `The one spelling that both sides hash: method, path, query, the signed headers (${signed_headers.join(", ")}), their names, SHA-256 of the body.`, "stage-canonical"),
    stage("String to sign", string_to_sign, "Algorithm, date, SHA-256 of the canonical request.", "stage-string"),
    stage("Authorization", `authorization: ${authorization}`, "Access key, signed headers, and HMAC-SHA256 of the string to sign under the secret key.", "stage-authorization"),
  );
}
