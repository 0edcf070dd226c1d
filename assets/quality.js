// Quality in the browser: links from case to case, the address, and the dialog that asks.
(function () {
  "use strict";

  const KEYS = ["set", "view", "kind", "state", "confidence", "start", "case", "keeper"];
  const USUAL = { view: "overview", state: "open" };
  const NARROW = 991.98;
  let before = {};

  function address(keys) {
    const query = new URLSearchParams();
    for (const name of KEYS)
      if (keys[name] && keys[name] !== USUAL[name]) query.set(name, keys[name]);
    const text = query.toString();
    return window.location.pathname + (text ? "?" + text : "");
  }

  // The address follows what is shown, without a page load and without an entry in the history
  // for each case; Dash reads it only on navigation.
  function reflect(keys) {
    const none = window.dash_clientside.no_update;
    if (!keys || window.location.pathname !== "/quality") return none;
    if (keys.set) window.history.replaceState(window.history.state, "", address(keys));
    const other = before.case !== undefined && before.case !== keys.case && keys.case;
    before = keys;
    requestAnimationFrame(() => follow(Boolean(other)));
    return none;
  }

  function sideways(link) {
    const row = link.parentElement;
    const left = link.offsetLeft - row.offsetLeft;
    if (left + link.offsetWidth > row.clientWidth + row.scrollLeft || left < row.scrollLeft)
      row.scrollLeft = left - row.clientWidth / 2;
  }

  // The tabs, the chips and the list keep what is shown in sight; on narrow screens the case itself
  // comes into sight.
  function follow(other) {
    document
      .querySelectorAll(".vt-quality-tabs .vt-tab-here, .vt-quality-bar .vt-chip[aria-current]")
      .forEach(sideways);
    const line = document.querySelector('.vt-queue-line[aria-current="true"]');
    const list = line && line.closest(".vt-queue-list");
    if (list) {
      const item = line.parentElement;
      const down = item.offsetTop - list.offsetTop;
      if (down < list.scrollTop || down + item.offsetHeight > list.scrollTop + list.clientHeight)
        list.scrollTop = down - list.clientHeight / 2;
      const right = item.offsetLeft - list.offsetLeft;
      if (list.scrollWidth > list.clientWidth) list.scrollLeft = right - list.clientWidth / 2;
    }
    const shown = document.getElementById("quality-case");
    if (!other || !shown || window.innerWidth > NARROW) return;
    const top = shown.getBoundingClientRect().top;
    const bar = document.querySelector(".vt-bar");
    if (top < 0) window.scrollBy(0, top - (bar ? bar.offsetHeight : 0) - 8);
  }

  function plain(event) {
    return event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  }

  document.addEventListener("click", (event) => {
    const near = (selector) => event.target.closest && event.target.closest(selector);
    const way = near("[data-vt-to]");
    if (way && plain(event)) {
      event.preventDefault();
      const data = { ...JSON.parse(way.getAttribute("data-vt-to")), at: Date.now() };
      window.dash_clientside.set_props("quality-go", { data });
    }
    const dialog = document.getElementById("quality-confirm");
    if (dialog && dialog.open && (near("[data-vt-cancel]") || near("#quality-confirm-do")))
      dialog.close();
  });

  function confirm(wanted) {
    const dialog = document.getElementById("quality-confirm");
    if (wanted && dialog && !dialog.open) dialog.showModal();
    return window.dash_clientside.no_update;
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.vitrine_quality = { reflect, confirm };
})();
