// Pictures that a click marks as wrong: the store of their list holds which are.
(function () {
  "use strict";

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-judge]");
    const list = button && button.closest("[data-judge-store]");
    if (!list) return;
    const now = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(now));
    const rows = (only) =>
      [...list.querySelectorAll(`[data-judge]${only}`)].map((one) => Number(one.dataset.judge));
    window.dash_clientside.set_props(list.dataset.judgeStore, {
      data: { wrong: rows('[aria-pressed="true"]'), shown: rows("") },
    });
  });
})();
