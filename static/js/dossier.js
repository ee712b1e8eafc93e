// A dossier is drawn for some seconds, in which a browser shows nothing: its link says so until the file comes.
// The address is asked for with a word, which the answer brings back as a cookie. Without script it is a plain link.
(() => {
  "use strict";
  const LONGEST_MS = 180000;

  const wait = (link, word) => {
    const words = link.textContent;
    const until = Date.now() + LONGEST_MS;
    const over = () => {
      clearInterval(asking);
      link.textContent = words;
      link.removeAttribute("aria-busy");
    };
    const asking = setInterval(() => {
      if (document.cookie.split("; ").includes(`dossier=${word}`) || Date.now() > until) over();
    }, 250);
    link.textContent = "Drawing the dossier…";
    link.setAttribute("aria-busy", "true");
    // A page that comes back from the browser's memory waits no longer.
    addEventListener("pageshow", over, { once: true });
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href$="/dossier.pdf"]');
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (link.hasAttribute("aria-busy")) return;
    const word = Math.random().toString(36).slice(2);
    wait(link, word);
    location.assign(`${link.href}?word=${word}`);
  });
})();
