// Small things pages do in the browser: the address follows the state, tabs on narrow screens.
(function () {
  "use strict";

  function address(keys, at) {
    const query = new URLSearchParams();
    for (const name of ["set", "map", "color", "sel", "row", "beside", "query", "view", "page"]) {
      if (keys[name] !== undefined && keys[name] !== null && keys[name] !== "")
        query.set(name, keys[name]);
    }
    if (at) query.set("at", at); // the place on the map, see map_place.js
    const text = query.toString();
    return window.location.pathname + (text ? "?" + text : "");
  }

  // Another page begins at its top, also where a finished job led to it; going back does not.
  let path = window.location.pathname;
  window.addEventListener("_dashprivate_pushstate", () => {
    if (window.location.pathname !== path) window.scrollTo(0, 0);
    path = window.location.pathname;
  });
  window.addEventListener("popstate", () => {
    path = window.location.pathname;
  });

  // On a phone the bar of pages moves sideways: the page one is on stays in sight.
  const bars = new MutationObserver(() => {
    const here = document.querySelector("#vt-nav .vt-nav-here");
    const row = here && here.closest("nav");
    if (row && row.scrollWidth > row.clientWidth)
      row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
  });
  bars.observe(document.documentElement, { childList: true, subtree: true });

  // Keep the address in step with what is shown, without a page load and without a new entry in
  // the history for each click. Dash reads the address only on navigation.
  // `shown` is what the server chose where the address chose nothing: it stays unsaid, so that a
  // better map, when a job has made one, is shown by itself.
  function reflect(map, colour, selection, inspected, query, keys, shown) {
    const said = (name, value) => (!keys[name] && value === shown[name] ? "" : value || "");
    const now = Object.assign({}, keys, {
      map: said("map", map),
      color: said("color", colour),
      sel: selection && selection.selection ? selection.selection : "",
      row: inspected && Number.isInteger(inspected.row) ? inspected.row : "",
      query: query && query.query ? query.query : "",
      cluster: "",
      slice: "",
      without: "",
      within: "",
    });
    if (now.sel !== keys.sel || now.query !== keys.query) now.page = "";
    mark(now.row);
    if (changed("explore-selection")) closeFilter();
    if (window.location.pathname === "/explore" && address(now) !== address(keys)) {
      const at = new URLSearchParams(window.location.search).get("at");
      const kept = now.map === keys.map ? at : ""; // on another map it is another place
      window.history.replaceState(window.history.state, "", address(now, kept));
    }
    badge(now.sel ? selection.count : 0);
    return now;
  }

  // The map rings the point whose item the inspector shows.
  function mark(row) {
    const map = document.querySelector(".vt-map");
    if (map) map.setAttribute("data-marked", String(row));
  }

  function changed(name) {
    const told = window.dash_clientside.callback_context;
    return Boolean(told) && told.triggered.some((one) => one.prop_id.startsWith(`${name}.`));
  }

  // An open filter closes when it has done its work, on Escape and on a click elsewhere.
  function closeFilter() {
    const filter = document.querySelector(".vt-filter[open]");
    if (!filter) return false;
    if (filter.contains(document.activeElement)) filter.querySelector("summary").focus();
    filter.open = false;
    return true;
  }

  // On narrow screens the gallery is behind a tab: say there how many pictures were selected.
  function badge(count) {
    const tab = document.querySelector('[data-vt-tab="gallery"]');
    if (!tab) return;
    if (count) tab.setAttribute("data-count", count.toLocaleString("en"));
    else tab.removeAttribute("data-count");
  }

  document.addEventListener("pointerdown", (event) => {
    const inside = event.target.closest && event.target.closest(".vt-filter");
    if (!inside) closeFilter();
  });

  document.addEventListener("click", (event) => {
    const tab = event.target.closest && event.target.closest("[data-vt-tab]");
    if (!tab) return;
    const frame = tab.closest(".vt-explore");
    frame.setAttribute("data-tab", tab.getAttribute("data-vt-tab"));
    for (const other of frame.querySelectorAll("[data-vt-tab]"))
      other.setAttribute("aria-pressed", String(other === tab));
    window.dispatchEvent(new Event("resize"));
  });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.vitrine = { reflect };
  window.vitrinePages = { closeFilter };
})();
