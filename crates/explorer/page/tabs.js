// Tabs as WAI-ARIA describes them: one stop of the Tab key, arrows between them.
import { h } from "./dom.js";

/**
 * Makes a row of tabs for one panel. `items` are `{id, label}`; `chosen` is told of each choice.
 * Returns the row and a function that chooses.
 */
export function tabs(label, panel, items, test, chosen) {
  const row = h("div", { class: "tabs", role: "tablist", "aria-label": label });
  const buttons = items.map((item) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `${panel.id}-tab-${item.id}`,
        "aria-controls": panel.id,
        test: `${test}-${item.id}`,
        onclick: () => choose(item.id),
      },
      item.label,
    ),
  );
  row.append(...buttons);
  panel.setAttribute("role", "tabpanel");

  function choose(id, focus = false) {
    const at = Math.max(0, items.findIndex((item) => item.id === id));
    buttons.forEach((button, index) => {
      button.setAttribute("aria-selected", String(index === at));
      button.tabIndex = index === at ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", buttons[at].id);
    if (focus) {
      buttons[at].focus();
      buttons[at].scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    chosen(items[at].id);
  }

  row.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const to = {
      ArrowRight: (at + 1) % items.length,
      ArrowLeft: (at - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    choose(items[to].id, true);
  });
  return { row, choose };
}
