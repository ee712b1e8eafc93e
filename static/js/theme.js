// The theme that the visitor chose, kept in a cookie so that the server can already send the page in it.
// Without script, or without a choice, the page follows the system.
(() => {
  "use strict";
  const root = document.documentElement;
  const chosen = document.cookie.match(/(?:^|; )theme=(light|dark)/);
  if (chosen) root.dataset.theme = chosen[1];

  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.hidden = false;
      button.setAttribute("aria-pressed", String(isDark()));
      button.addEventListener("click", () => {
        root.dataset.theme = isDark() ? "light" : "dark";
        document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
        button.setAttribute("aria-pressed", String(isDark()));
      });
    }
  });
})();
