// A list of names: typed one by one, or pasted as they come.
import { count, fill, h, say } from "./dom.js";

/** Names of a text: one a line, or separated by commas. Blanks around them are not part of them. */
export const split = (text) =>
  text
    .split(/[\r\n,]+/)
    .map((name) => name.trim())
    .filter((name) => name !== "");

/** Why a text can be no name, if so. What can be one may still not be one that the service knows. */
function fault(name) {
  if (name.includes("\t")) return "names have no tabs; of a table, copy one column";
  if (/\p{Cc}/u.test(name)) return "names have no control characters";
  if ([...name].length > 64) return "names have at most 64 characters";
  return null;
}

/** The beginning of a name that may be anything. */
function shown(name) {
  const characters = [...name.replace(/\p{Cc}/gu, "\uFFFD")];
  return characters.length > 24 ? `${characters.slice(0, 24).join("")}…` : characters.join("");
}

/** Makes a field of names. `changed` is told whenever they change. */
export function chips({ field, label, noun, most, changed }) {
  let names = [];
  // The one chip that the Tab key stops at.
  let stop = 0;
  const input = h("input", {
    id: field,
    test: field,
    type: "text",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    list: `${field}-known`,
    placeholder: "Type or paste names…",
    "aria-describedby": `${field}-help ${field}-told names-error`,
  });
  const known = h("datalist", { id: `${field}-known` });
  const list = h("ul", { class: "chips", "aria-label": `${label}: chosen`, test: `${field}-chips` });
  const told = h("p", { id: `${field}-told`, class: "muted small", role: "status", test: `${field}-told` });
  const counted = h("span", { class: "muted small", test: `${field}-count` });
  const clear = h("button", { type: "button", class: "quiet small", test: `${field}-clear`, onclick: removeAll }, "Remove all");
  const tag = h("span", { class: "tag optional" }, "optional");
  const element = h(
    "div",
    { class: "field", test: `${field}-field` },
    h("div", { class: "row spread" }, h("label", { for: field }, label, tag), h("span", { class: "row" }, counted, clear)),
    h("p", { id: `${field}-help`, class: "muted small" }, `Enter or a comma adds a name; a list can be pasted. Up to ${most.toLocaleString("en")}, of 1 to 64 characters.`),
    h("div", { class: "row add" }, input, h("button", { type: "button", test: `${field}-add`, onclick: () => commit(true) }, "Add")),
    known,
    list,
    told,
  );

  input.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === ",") && !event.isComposing) {
      if (input.value.trim() === "" && event.key === "Enter") return;
      event.preventDefault();
      commit(true);
    } else if (event.key === "Backspace" && input.value === "" && names.length > 0) {
      remove(names.length - 1);
    }
  });
  input.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (!/[\r\n,]/.test(text)) return;
    event.preventDefault();
    // As the browser would have put it: in place of what is selected.
    const [from, to] = [input.selectionStart, input.selectionEnd];
    add(split(`${input.value.slice(0, from)}${text}${input.value.slice(to)}`));
    input.value = "";
  });
  input.addEventListener("change", () => {
    // A name chosen from the suggestions.
    if ([...known.children].some((option) => option.value === input.value)) commit(false);
  });
  input.addEventListener("blur", () => commit(false));

  list.addEventListener("keydown", (event) => {
    const to = { ArrowRight: stop + 1, ArrowLeft: stop - 1, Home: 0, End: names.length - 1 }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      remove(stop, true);
    } else if (to !== undefined) {
      event.preventDefault();
      stop = Math.min(Math.max(to, 0), names.length - 1);
      show();
      focusChip();
    }
  });

  function commit(keepFocus) {
    if (input.value.trim() !== "") add(split(input.value));
    input.value = "";
    if (keepFocus) input.focus();
  }

  /** Takes names in; tells which were merged or left off, and what may not be meant. */
  function add(given) {
    const have = new Set(names);
    const fresh = new Set();
    const wrong = new Map();
    let merged = 0;
    for (const name of given) {
      const why = fault(name);
      if (why) wrong.set(why, (wrong.get(why) ?? 0) + 1);
      else if (have.has(name) || fresh.has(name)) merged += 1;
      else fresh.add(name);
    }
    const room = Math.max(0, most - names.length);
    const parts = [];
    const taken = [...fresh].slice(0, room);
    if (given.length > 1) parts.push(`${count(taken.length, "name")} added.`);
    if (merged > 0) parts.push(`${count(merged, "duplicate")} merged.`);
    if (fresh.size > room) parts.push(leftOff(fresh.size - room));
    for (const [why, number] of wrong) parts.push(`${count(number, "name")} left off: ${why}.`);
    if (taken.some((name) => /[";]/.test(name))) parts.push("Quotes and semicolons are part of the names.");
    take([...names, ...taken], parts.join(" "));
  }

  const leftOff = (number) => `${count(number, "name")} left off: a request takes ${most.toLocaleString("en")} of a kind.`;

  function remove(at, focus = false) {
    const name = names[at];
    const left = names.filter((_, index) => index !== at);
    stop = Math.min(at, Math.max(0, left.length - 1));
    take(left, `${name} removed.`);
    if (!focus) return;
    if (left.length > 0) focusChip();
    else input.focus();
  }

  function removeAll() {
    take([], `${count(names.length, "name")} removed.`);
    // The button is gone with the names.
    input.focus();
  }

  function take(next, what) {
    names = next;
    told.textContent = what;
    show();
    changed(names);
  }

  function focusChip() {
    list.children[stop]?.querySelector("button")?.focus();
  }

  function show() {
    stop = Math.min(stop, Math.max(0, names.length - 1));
    fill(
      list,
      names.map((name, index) =>
        h(
          "li",
          { class: fault(name) ? "chip wrong" : "chip", test: `${field}-chip` },
          h("span", {}, name),
          h(
            "button",
            {
              type: "button",
              tabindex: index === stop ? "0" : "-1",
              "aria-label": `Remove ${noun} ${name}`,
              onclick: () => remove(index, true),
            },
            "×",
          ),
        ),
      ),
    );
    list.hidden = names.length === 0;
    clear.hidden = names.length === 0;
    counted.textContent = names.length > 0 ? `${names.length.toLocaleString("en")} of ${most.toLocaleString("en")}` : "";
  }

  show();
  return {
    element,
    names: () => names,
    pending: () => input.value.trim() !== "",
    commit: () => commit(false),
    focus: () => input.focus(),
    /** Sets the names, as a link does. What can be no name is not left off, but complained of. */
    set(given) {
      const all = [...new Set(given.map((name) => name.trim()).filter((name) => name !== ""))];
      names = all.slice(0, most);
      told.textContent = all.length > most ? leftOff(all.length - most) : "";
      show();
    },
    /** What is wrong with the names, in a sentence, or nothing. */
    problem() {
      const wrong = names.filter(fault);
      if (wrong.length === 0) return "";
      const others = wrong.length > 1 ? `, nor can ${count(wrong.length - 1, "other")}` : "";
      return `“${shown(wrong[0])}” can be no ${noun}${others}: ${fault(wrong[0])}.`;
    },
    /** Names to suggest. */
    suggest(given) {
      fill(known, given.map((name) => h("option", { value: name })));
    },
    /** Marks it as wrong, or not; what is wrong stands with all fields of names. */
    mark(wrong) {
      if (wrong) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    },
    say: (text) => {
      told.textContent = text;
      say(text);
    },
  };
}
