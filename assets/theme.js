// Light or dark: follows the system until a person chooses, and remembers the choice.
// Loaded in <head>, before the first paint; loading it twice does no harm.
(function () {
  "use strict";
  if (window.vitrineTheme) return;

  const KEY = "vitrine-theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function stored() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is blocked: follow the system
    }
  }

  function remember(theme) {
    try {
      if (theme === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // storage is blocked: the choice lasts until the page is left
    }
  }

  const systemTheme = () => (system.matches ? "dark" : "light");

  // Figures are drawn by the server: tell the store which theme is in force, once Dash is there.
  function tell(theme, attempt) {
    const dash = window.dash_clientside;
    const ready = document.getElementById("vt-main");
    if (dash && dash.set_props && ready) dash.set_props("vt-theme", { data: theme });
    else if (attempt < 200) setTimeout(tell, 50, theme, attempt + 1);
  }

  function apply(theme) {
    document.documentElement.setAttribute("data-bs-theme", theme);
    tell(theme, 0);
  }

  function toggle() {
    const now = document.documentElement.getAttribute("data-bs-theme");
    const next = now === "dark" ? "light" : "dark";
    remember(next === systemTheme() ? null : next);
    apply(next);
  }

  apply(stored() || systemTheme());
  system.addEventListener("change", () => {
    if (!stored()) apply(systemTheme());
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest('[data-vt-action="theme"]')) toggle();
  });
  window.vitrineTheme = { toggle };
})();
