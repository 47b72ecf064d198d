// A choice from what a discovery route lists, or an id that is typed.
import { fill, h, idle, pressable } from "./dom.js";

const OTHER = "\u0000other";

/**
 * Makes a picker. `list` gives a promise of `{id, label}`, `changed` is told of each change while an id is typed, and
 * `chosen` once it is another one.
 *
 * The id typed is the truth; the list only helps to find it, and is not needed.
 */
export function picker({ field, label, list, changed, chosen = () => {} }) {
  let value = "";
  // The one that `chosen` was told of.
  let last = "";
  let items = [];
  let latest = 0;
  const select = h("select", { id: `${field}-select`, test: `${field}-select` });
  const input = h("input", {
    id: field,
    test: field,
    type: "text",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: "64",
    "aria-describedby": `${field}-status ${field}-error`,
    "aria-label": `${label}: id`,
  });
  const status = h("p", { id: `${field}-status`, class: "muted small", test: `${field}-status` });
  const reload = pressable({ class: "quiet small", test: `${field}-reload` }, "Look again", load);
  const error = h("p", { id: `${field}-error`, class: "error", test: `${field}-error` });
  const element = h(
    "div",
    { class: "field" },
    h("div", { class: "row spread" }, h("label", { for: `${field}-select` }, label, h("span", { class: "tag" }, "required")), reload),
    select,
    input,
    status,
    error,
  );

  select.addEventListener("change", () => {
    if (select.value === OTHER) {
      typing(true);
      input.focus();
    } else {
      value = select.value;
      show();
      settle();
      changed();
    }
  });
  input.addEventListener("input", () => {
    value = input.value.trim();
    changed();
  });
  // When the field is left, or Enter pressed: what is asked for by each key would be asked in vain.
  input.addEventListener("change", settle);

  function settle() {
    if (value === last) return;
    last = value;
    chosen();
  }

  function typing(on) {
    input.hidden = !on;
    if (on) select.value = OTHER;
  }

  function show() {
    const options = items.map((item) => h("option", { value: item.id }, item.label));
    fill(select, h("option", { value: "" }, items.length ? "Choose one…" : "None listed"), options, h("option", { value: OTHER }, "Type an id…"));
    const known = items.some((item) => item.id === value);
    input.value = value;
    if (known || value === "") {
      select.value = value;
      typing(value === "" && items.length === 0);
    } else {
      typing(true);
    }
  }

  /** Asks for the list. An older answer that comes late is dropped. */
  async function load() {
    const turn = ++latest;
    const wanted = list();
    if (!wanted) {
      items = [];
      status.textContent = "";
      idle(reload, false);
      return show();
    }
    status.textContent = "Looking…";
    idle(reload, true);
    try {
      const found = await wanted;
      if (turn !== latest) return;
      items = found;
      status.textContent = items.length ? "" : "The service lists none.";
    } catch (failed) {
      if (turn !== latest) return;
      items = [];
      status.textContent = `Not listed: ${failed.message} An id can be typed.`;
    } finally {
      if (turn === latest) idle(reload, false);
    }
    show();
    return items;
  }

  /** Sets the id, as a link or a default does. */
  function set(id) {
    value = last = id;
    show();
  }

  /** Says what is wrong with it, or nothing. */
  function complain(text) {
    error.textContent = text;
    for (const control of [select, input]) {
      if (text) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }

  show();
  return {
    element,
    load,
    set,
    complain,
    value: () => value,
    items: () => items,
    focus: () => (input.hidden ? select : input).focus(),
  };
}
