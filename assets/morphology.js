// The button that copies a text of the page, such as the methods paragraph.
(function () {
  "use strict";

  const SAID = 2500; // milliseconds for which the button says what it did

  // Paragraphs, and what is folded below them: what is not open has no inner text.
  function text(id) {
    const lines = document.querySelectorAll(`#${CSS.escape(id)} p, #${CSS.escape(id)} li`);
    return [...lines].map((line) => line.textContent.trim()).join("\n");
  }

  // Browsers have no clipboard off loopback without TLS: the text is then selected, to be copied by
  // hand where the old command is refused too.
  async function copy(id) {
    try {
      await navigator.clipboard.writeText(text(id));
      return true;
    } catch {
      const range = document.createRange();
      range.selectNodeContents(document.getElementById(id));
      const selection = window.getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      return document.execCommand("copy");
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest && event.target.closest("[data-vt-copy]");
    if (!button || button.dataset.vtSaid) return;
    const before = button.textContent;
    const done = await copy(button.dataset.vtCopy);
    button.dataset.vtSaid = "1";
    button.textContent = done ? "Copied" : "Selected: press Ctrl+C";
    button.setAttribute("aria-live", "polite");
    setTimeout(() => {
      button.textContent = before;
      delete button.dataset.vtSaid;
    }, SAID);
  });
})();
