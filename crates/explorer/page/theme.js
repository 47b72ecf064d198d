// Light, dark, or as the system has it.

const THEMES = ["auto", "light", "dark"];
const NAMES = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" };
const KEY = "theme";

/** Makes a button go through the themes. The choice is all that this page ever stores. */
export function start(button) {
  let theme = "auto";
  try {
    const stored = localStorage.getItem(KEY);
    if (THEMES.includes(stored)) theme = stored;
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  const show = () => {
    document.documentElement.dataset.theme = theme;
    button.textContent = NAMES[theme];
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // As above.
    }
    show();
  });
  show();
}
