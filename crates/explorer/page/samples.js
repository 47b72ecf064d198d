// Code samples for the values of the form, as they are typed.
import * as api from "./api.js";
import { $, code, copyButton, debounced, fill, h, idle, pressable } from "./dom.js";
import { tabs } from "./tabs.js";

const WORDS = {
  region: "the region",
  project_id: "the project",
  cluster_id: "the cluster",
  user_names: "the names",
};

/** Fills the card. `wanted` gives the operation and the values. Returns what to call when they change. */
export function samples(context, wanted) {
  let language = context.languages[0].slug;
  let text = "";
  let turn = 0;
  const panel = h("div", { id: "sample", test: "sample-panel" });
  const notes = h("div", {});
  const file = h("span", { class: "muted small", test: "sample-file" });
  const download = pressable({ class: "quiet small", test: "sample-download" }, "Download folder (.zip)", save);
  const copy = copyButton("Copy", () => text, "sample-copy");
  const { row, choose } = tabs(
    "Languages",
    panel,
    context.languages.map((it) => ({ id: it.slug, label: it.title })),
    "language",
    (slug) => {
      language = slug;
      render();
    },
  );
  fill(
    $("samples"),
    h("h2", { id: "samples-heading" }, "Code samples"),
    row,
    h("div", { class: "row spread" }, file, h("span", { class: "row" }, copy, download)),
    panel,
    notes,
    h("p", { class: "muted small" }, "Samples read credentials from the environment; none are in them."),
  );

  /** Without a sample there is nothing to take. */
  function hold(code) {
    text = code;
    for (const button of [copy, download]) idle(button, text === "");
  }

  async function render() {
    const mine = ++turn;
    const chosen = context.languages.find((it) => it.slug === language);
    const { operation, values, unusable } = wanted();
    if (unusable) {
      hold("");
      fill(notes);
      return fill(panel, h("p", { class: "muted", test: "sample-refused" }, unusable));
    }
    try {
      const made = await api.sample(language, operation.id, values);
      if (mine !== turn) return;
      hold(made.code);
      file.textContent = made.file;
      fill(panel, code(`Sample: ${chosen.title}`, text, "sample"));
      const placeholders = made.placeholders.map((field) => WORDS[field] ?? field);
      fill(
        notes,
        placeholders.length ? h("p", { class: "muted small", test: "sample-placeholders" }, `Placeholders stand for ${placeholders.join(", ")}.`) : null,
        made.without_endpoint ? h("p", { class: "muted small" }, "It goes to the region’s own endpoint, not to the Explorer’s: it cannot be given that one here.") : null,
        chosen.executed ? null : h("p", { class: "muted small" }, "Written after its documentation; this project does not run it."),
      );
    } catch (refused) {
      if (mine !== turn) return;
      hold("");
      fill(panel, h("p", { class: "muted", test: "sample-refused" }, refused.message));
      fill(notes);
    }
  }

  async function save() {
    const { operation, values } = wanted();
    idle(download, true);
    try {
      const url = URL.createObjectURL(await api.archive(language, operation.id, values));
      h("a", { href: url, download: `${operation.id}-${language}.zip` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (refused) {
      fill(notes, h("p", { class: "error" }, refused.message));
    }
    idle(download, text === "");
  }

  hold("");
  choose(language);
  return debounced(200, render);
}
