// Tabs of a page: on narrow screens they are a row that scrolls, and the one that is shown stays in
// sight.
(function () {
  "use strict";

  function follow() {
    requestAnimationFrame(() => {
      const here = document.querySelector(".vt-tab-row .vt-tab-here");
      const row = here && here.parentElement;
      if (row && here.offsetLeft + here.offsetWidth > row.clientWidth)
        row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
    });
    return window.dash_clientside.no_update;
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.vitrine_tabs = { follow };
})();
