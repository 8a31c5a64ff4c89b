/** Dark and light: the system's choice until a person makes one, which is kept. */

import { icon } from "./icons.js";

const system = matchMedia("(prefers-color-scheme: dark)");

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : system.matches;
}

export function startTheme() {
  const button = document.getElementById("theme-toggle");
  button.append(icon("theme"));
  const changed = () => {
    button.setAttribute("aria-pressed", String(isDark()));
    document.dispatchEvent(new CustomEvent("alcca:theme"));
  };
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("alcca-theme", theme);
    } catch {
      // The choice then lasts as long as the page.
    }
    changed();
  });
  system.addEventListener("change", changed);
  changed();
}
