// What is ticked in a gallery, kept by row, and the small bar that says how much it is. A gallery
// (assets/gallery.js) or a page of plain checkboxes names a Dash store for it in data-ticks-store;
// the server hears of ticks only when something is done with them.
(function () {
  "use strict";

  const MOST = 20000; // ticks that are kept one by one; for more there is "all", or the lasso
  const kept = new Map(); // id of a gallery -> its Ticks

  const count = (n) => n.toLocaleString("en");

  function parseId(text) {
    return text && text.startsWith("{") ? JSON.parse(text) : text;
  }

  function tell(id, data) {
    if (id && window.dash_clientside) window.dash_clientside.set_props(parseId(id), { data });
  }

  // The keys of a gallery's address that say which list it is.
  function listKeys(url) {
    const keys = new URLSearchParams((url || "").split("?")[1]);
    const found = {};
    for (const name of ["selection", "cluster", "kind"])
      if (keys.get(name)) found[name] = keys.get(name);
    return found;
  }

  /** The ticks of one gallery: single rows, or all of its list but some. */
  class Ticks {
    constructor(name) {
      this.name = name;
      this.rows = new Set();
      this.all = null; // {total, keys} where all are ticked; `rows` are then those that are not
      this.range = []; // rows that the present range has ticked
      this.changed = () => {};
    }

    get count() {
      return this.all ? Math.max(0, this.all.total - this.rows.size) : this.rows.size;
    }

    has(row) {
      return this.rows.has(row) !== Boolean(this.all);
    }

    /** Tick or untick rows. */
    set(rows, on) {
      for (const row of rows)
        if (on !== Boolean(this.all)) this.rows.add(row);
        else this.rows.delete(row);
      this.tell();
    }

    /** Whether that many more can be ticked; says so if not. */
    room(more) {
      const fits = this.rows.size + more <= MOST || Boolean(this.all);
      if (!fits) this.say(`At most ${count(MOST)} are ticked one by one; Ctrl+A takes all.`);
      return fits;
    }

    /** Tick a range; what it had ticked before, with another end, is let go. */
    setRange(rows) {
      const before = this.range.filter((row) => this.has(row));
      const wanted = new Set(rows);
      const gone = before.filter((row) => !wanted.has(row));
      const fresh = rows.filter((row) => !this.has(row));
      const stay = before.filter((row) => wanted.has(row));
      this.range = stay.concat(fresh);
      this.set(gone, false);
      this.set(fresh, true);
    }

    endRange() {
      this.range = [];
    }

    takeAll(total, url) {
      this.all = { total, keys: listKeys(url) };
      this.rows = new Set();
      this.range = [];
      this.tell();
    }

    clear() {
      if (!this.all && !this.rows.size) return;
      this.all = null;
      this.rows = new Set();
      this.range = [];
      this.tell();
    }

    /** What the server needs to know; null where nothing is ticked. */
    get data() {
      if (!this.count) return null;
      const rows = [...this.rows].sort((a, b) => a - b);
      const said = this.all ? { all: true, except: rows, ...this.all.keys } : { rows };
      return { ...said, count: this.count };
    }

    get host() {
      return document.getElementById(this.name);
    }

    get bar() {
      return document.querySelector(`.vt-ticks[data-gallery="${this.name}"]`);
    }

    say(text) {
      const { bar } = this;
      if (!bar) return;
      bar.hidden = false;
      bar.querySelector(".vt-ticks-count").textContent = text;
    }

    tell() {
      const { bar } = this;
      if (bar) {
        tell(bar.dataset.ticksStore, this.data);
        bar.hidden = !this.count;
        bar.querySelector(".vt-ticks-count").textContent = this.count
          ? `${count(this.count)} ticked`
          : "";
      }
      for (const word of document.querySelectorAll(".vt-for-ticked"))
        word.textContent = this.count ? `For the ${count(this.count)} ticked` : "";
      this.changed();
    }
  }

  /** The ticks of a gallery; null where it takes none. */
  function ticksOf(host) {
    if (!host.dataset.ticksStore) return null;
    if (!kept.has(host.id)) kept.set(host.id, new Ticks(host.id));
    return kept.get(host.id);
  }

  // -- a page of plain checkboxes ---------------------------------------------------------------

  const boxesOf = (page) => [...page.querySelectorAll(".vt-tick input")];

  function readPage(page) {
    const ticks = ticksOf(page);
    if (!ticks) return;
    ticks.changed = () => {
      if (!ticks.count) boxesOf(page).forEach((box) => box.checked && box.click());
    };
    const boxes = boxesOf(page).filter((box) => box.checked);
    ticks.all = null;
    ticks.rows = new Set(boxes.map((box) => Number(box.closest("[data-row]").dataset.row)));
    ticks.tell();
  }

  // -- the bar's buttons ------------------------------------------------------------------------

  async function select(ticks) {
    const { bar } = ticks;
    const body = { set: bar.dataset.set, op: "rows", ...ticks.data };
    try {
      const answer = await fetch("/api/selection", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      const found = await answer.json();
      if (!answer.ok) throw new Error(found.error || `the server answered ${answer.status}`);
      ticks.clear();
      tell(bar.dataset.selectionStore, found);
    } catch (error) {
      ticks.say(`Not selected: ${error.message}`);
    }
  }

  document.addEventListener("change", (event) => {
    const page = event.target.closest && event.target.closest(".vt-paged-wrap[data-ticks-store]");
    if (page) readPage(page);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-vt-ticks]");
    if (!button) return;
    const ticks = kept.get(button.closest(".vt-ticks").dataset.gallery);
    if (!ticks) return;
    if (button.dataset.vtTicks === "select") select(ticks);
    else {
      ticks.clear();
      if (ticks.host) ticks.host.focus({ preventScroll: true });
    }
  });

  // -- menus of the bar: one open at a time, closed by Escape, a click elsewhere, and their work --

  const MENU = ":is(.vt-menu, .vt-export)";

  function closeMenus(but) {
    for (const menu of document.querySelectorAll(`${MENU}[open]`))
      if (menu !== but) {
        if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
        menu.open = false;
      }
  }

  document.addEventListener("pointerdown", (event) => {
    const inside = event.target.closest && event.target.closest(MENU);
    closeMenus(inside);
  });
  document.addEventListener("click", (event) => {
    const done = event.target.closest && event.target.closest(".vt-menu [data-vt-act]");
    if (!done || done.disabled) return;
    keepFocus(done.closest(".vt-menu").querySelector("summary").textContent);
    closeMenus(null);
  });

  const MENUS = ":is(.vt-selection-bar, .vt-cluster-acts) .vt-menu > summary";

  // An act draws the bar anew, which takes the focused button away: the new one gets the focus.
  function keepFocus(text) {
    const until = performance.now() + 5000;
    const look = () => {
      const lost = document.activeElement === document.body;
      const menus = [...document.querySelectorAll(MENUS)];
      const same = menus.find((summary) => summary.textContent === text);
      if (lost) (same || document.querySelector(".vt-gallery"))?.focus({ preventScroll: true });
      else if (performance.now() < until) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }
  document.addEventListener(
    "keydown",
    (event) => {
      const menu = event.target.closest && event.target.closest(`${MENU}[open]`);
      if (!menu) return;
      if (event.key === "Escape") closeMenus(null);
      else if (event.key === "Enter" && event.target.closest("[data-vt-enter]")) {
        const { vtEnter } = event.target.closest("[data-vt-enter]").dataset;
        const act = menu.querySelector(`[data-vt-act="${vtEnter}"]`);
        if (act) act.click();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );

  window.vitrineSelection = { ticksOf, closeMenus };
})();
