// Elements are made here and nowhere else. Texts are only ever set as text.

/** The element with this id. */
export const $ = (id) => document.getElementById(id);

/**
 * Makes an element. `properties` are attributes, but for `on…` (listeners), `class` and `test` (data-test);
 * children are nodes or texts.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "test") element.dataset.test = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** Puts these in place of what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
}

/** Says something to those who listen to the page. */
export function say(text) {
  $("live").textContent = "";
  // Set anew after a moment, or the same text would not be read a second time.
  setTimeout(() => ($("live").textContent = text), 50);
}

/** Makes a button do nothing for a while. It is not disabled: that would take the focus from it. */
export const idle = (button, on) => button.setAttribute("aria-disabled", String(on));

/** A button that can be made idle. */
export function pressable(properties, label, action) {
  const button = h("button", { type: "button", ...properties }, label);
  button.addEventListener("click", () => button.getAttribute("aria-disabled") === "true" || action());
  return button;
}

/** A button that copies what `text` gives, and then says what `told` gives. */
export function copyButton(label, text, test, told = () => "Copied") {
  const button = pressable({ class: "quiet small", test }, label, async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
      say(told());
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => (button.textContent = label), 1500);
  });
  return button;
}

/** A block of code that can be scrolled with the keyboard. */
export function code(label, text, test) {
  return h("pre", { tabindex: "0", role: "region", "aria-label": label, test }, h("code", {}, text));
}

/** Calls `action` when nothing has happened for a while. */
export function debounced(milliseconds, action) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  };
}

/** `1 user`, `2 users`. */
export const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
