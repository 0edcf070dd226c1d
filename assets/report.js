// The button that prints a report: folded parts are opened for the paper and closed again.
(function () {
  "use strict";

  let opened = [];

  function unfold() {
    opened = [...document.querySelectorAll(".vt-report details:not([open])")];
    for (const one of opened) one.open = true;
  }

  function fold() {
    for (const one of opened) one.open = false;
    opened = [];
  }

  window.addEventListener("beforeprint", unfold);
  window.addEventListener("afterprint", fold);
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-vt-print]");
    if (button) window.print();
  });
})();
