// A text that came back with a line that is wrong: go there and select it. Without script the line's number is said.
(() => {
  "use strict";
  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("form[data-mark-line]");
    const area = form && form.querySelector("textarea");
    if (!area) return;
    const lines = area.value.split("\n");
    const number = Math.min(Number(form.dataset.markLine), lines.length);
    const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
    area.focus({ preventScroll: true });
    area.setSelectionRange(start, start + lines[number - 1].length);
    area.scrollTop = Math.max(0, (number - 4) * parseFloat(getComputedStyle(area).lineHeight));
  });
})();
