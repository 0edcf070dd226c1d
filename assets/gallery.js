// The gallery: a virtual grid. A host element (components/gallery.py) says where its items are
// listed; cells of fixed size are recycled, so that 100,000 pictures need fewer than 200 nodes.
// Items arrive in windows of 1,000: {total, start, rows, ids, labels, marks, distances}. Where the
// host names a store for it, cells can be ticked (assets/selection.js keeps what is ticked).
(function () {
  "use strict";

  const WINDOW = 1000;
  const KEPT_WINDOWS = 12;
  const SIZES = { s: 76, m: 116, l: 184 }; // wanted cell sides in pixels
  const MAX_CELLS = 90; // each is two nodes
  const MAX_TICKED = 78; // cells that can be ticked are three
  const CORNER = 30; // pixels from a cell's corner in which a click ticks it
  const GAP = 6;
  const LATELY = 150; // milliseconds
  const SETTLE = 60; // milliseconds of rest before far windows are asked for
  const MAX_HEIGHT = 15e6; // browsers cut elements off beyond about 17 million pixels
  const STORED = "vitrine-gallery-size";

  const galleries = new Map(); // host element -> Gallery

  function parseId(text) {
    try {
      const id = JSON.parse(text);
      return id === null ? text : id;
    } catch {
      return text;
    }
  }

  function inspect(element, row) {
    const id = parseId(element.getAttribute("data-inspect-store") || "");
    if (id) window.dash_clientside.set_props(id, { data: { row } });
  }

  // Tells the map which item the pointer is on; -1 is none.
  function pointAt(row) {
    document.dispatchEvent(new CustomEvent("vt-point", { detail: { row } }));
  }

  function make(tag, className, attributes) {
    const element = document.createElement(tag);
    element.className = className;
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    return element;
  }

  class Gallery {
    // `before` is what another host with this id, which the page has just replaced, had shown.
    constructor(host, before) {
      this.host = host;
      this.cells = new Map(); // item index -> cell
      this.free = [];
      this.active = 0;
      this.serial = Math.random().toString(36).slice(2, 8);
      this.ticks = window.vitrineSelection ? window.vitrineSelection.ticksOf(host) : null;
      this.most = this.ticks ? MAX_TICKED : MAX_CELLS;
      if (this.ticks) this.ticks.changed = () => this.markTicked();
      this.sheet = make("div", "vt-gallery-sheet", { role: "presentation" });
      this.word = make("div", "vt-gallery-word", { role: "status" });
      host.append(this.sheet, this.word);
      this.onScroll = () => this.requestDraw();
      this.onKey = (event) => this.handleKey(event);
      this.onClick = (event) => this.handleClick(event);
      host.addEventListener("scroll", this.onScroll, { passive: true });
      host.addEventListener("keydown", this.onKey);
      host.addEventListener("click", this.onClick);
      this.onOver = (event) => {
        const cell = event.target.closest(".vt-cell");
        pointAt(cell && cell.dataset.row ? Number(cell.dataset.row) : -1);
      };
      this.onLeave = () => pointAt(-1);
      this.focused = false;
      this.blurred = -LATELY;
      this.onFocus = () => (this.focused = true);
      this.onBlur = (event) => {
        this.focused = false;
        this.blurred = event.relatedTarget ? -LATELY : performance.now();
      };
      host.addEventListener("focus", this.onFocus);
      host.addEventListener("blur", this.onBlur);
      host.addEventListener("pointerover", this.onOver);
      host.addEventListener("pointerleave", this.onLeave);
      this.resizing = new ResizeObserver(() => this.layOut());
      this.resizing.observe(host);
      const url = host.getAttribute("data-window") || "";
      if (before && listOf(before.url) === listOf(url)) this.takeOver(before, url);
      else this.load();
    }

    // Go on where the host before was: the place, the focus and, of the very same list, the ticks.
    takeOver(before, url) {
      this.load(before.url !== url, before.first);
      this.before = before;
      this.active = before.active;
      if (this.ticks) this.ticks.tell();
      if (before.focused && document.activeElement === document.body)
        this.host.focus({ preventScroll: true });
    }

    get state() {
      const known = this.columns && this.total;
      return {
        url: this.url,
        active: this.active,
        // an element that is taken off the page loses the focus just before
        focused: this.focused || performance.now() - this.blurred < LATELY,
        first: known ? this.firstVisible() : 0,
        top: known ? this.seen : 0,
        columns: this.columns,
        pitch: this.pitch,
      };
    }

    release() {
      this.abort.abort();
      cancelAnimationFrame(this.frame);
      clearTimeout(this.timer);
      this.resizing.disconnect();
      this.host.removeEventListener("scroll", this.onScroll);
      this.host.removeEventListener("keydown", this.onKey);
      this.host.removeEventListener("click", this.onClick);
      this.host.removeEventListener("pointerover", this.onOver);
      this.host.removeEventListener("pointerleave", this.onLeave);
      this.host.removeEventListener("focus", this.onFocus);
      this.host.removeEventListener("blur", this.onBlur);
      this.windows.clear();
      this.cells.clear();
    }

    // -- items ----------------------------------------------------------------------------------

    load(untick = true, first = 0) {
      if (this.abort) this.abort.abort();
      this.abort = new AbortController();
      this.url = this.host.getAttribute("data-window") || "";
      this.windows = new Map(); // start -> window, or null while it is asked for
      this.total = 0;
      this.active = 0;
      this.anchor = null;
      this.before = null;
      if (this.ticks && untick) this.ticks.clear();
      this.host.scrollTop = 0;
      this.say("", "loading");
      this.fetchWindow(Math.floor(first / WINDOW) * WINDOW);
    }

    // The same list, about which something else is known now: it stays where it is.
    refresh() {
      this.abort.abort();
      this.abort = new AbortController();
      this.url = this.host.getAttribute("data-window") || "";
      this.windows = new Map();
      if (this.ticks) this.ticks.clear();
      this.anchor = null;
      if (this.total) this.draw();
      else this.fetchWindow(0);
    }

    async askFor(start) {
      const join = this.url.includes("?") ? "&" : "?";
      const answer = await fetch(`${this.url}${join}start=${start}&count=${WINDOW}`, {
        signal: this.abort.signal,
      });
      const found = await answer.json();
      if (!answer.ok) throw new Error(found.error || `the server answered ${answer.status}`);
      return found;
    }

    async fetchWindow(start) {
      if (this.windows.has(start)) return;
      this.windows.set(start, null);
      const { url } = this;
      try {
        const found = await this.askFor(start);
        if (url !== this.url) return;
        this.windows.set(start, found);
        this.forget(start);
        this.arrived(found);
      } catch (error) {
        if (error.name === "AbortError" || url !== this.url) return;
        this.windows.delete(start);
        if (!this.total) this.fail(error);
      }
    }

    forget(start) {
      for (const old of this.windows.keys()) {
        if (this.windows.size <= KEPT_WINDOWS) break;
        if (Math.abs(old - start) > 2 * WINDOW) this.windows.delete(old);
      }
    }

    arrived(found) {
      const first = this.total !== found.total || this.host.dataset.state !== "ready";
      this.total = found.total;
      this.host.setAttribute("data-total", String(found.total));
      if (!found.total) {
        this.recycleAll();
        this.say("No pictures here.", "empty");
        return;
      }
      if (first) this.layOut();
      else this.draw();
      this.say("", "ready");
    }

    fail(error) {
      this.recycleAll();
      this.say(`The pictures cannot be listed: ${error.message}. `, "error");
      const again = make("button", "btn btn-quiet btn-sm", { type: "button" });
      again.textContent = "Try again";
      again.addEventListener("click", () => this.load());
      this.word.append(again);
    }

    say(text, state) {
      this.word.textContent = text;
      this.word.hidden = !text;
      this.host.setAttribute("data-state", state);
      // its name needs a role at any time; a list box must have options
      this.host.setAttribute("role", state === "ready" ? "listbox" : "group");
      if (state === "ready" && this.ticks) this.host.setAttribute("aria-multiselectable", "true");
      else this.host.removeAttribute("aria-multiselectable");
      if (state === "loading") this.host.setAttribute("aria-busy", "true");
      else this.host.removeAttribute("aria-busy");
    }

    item(index) {
      const found = this.windows.get(Math.floor(index / WINDOW) * WINDOW);
      if (!found || index - found.start >= found.ids.length) return null;
      const at = index - found.start;
      const near = found.distances ? found.distances[at].toFixed(3) : "";
      return {
        id: found.ids[at],
        row: found.rows[at],
        label: [found.labels[at], near].filter(Boolean).join(" · "),
        mark: (found.marks && found.marks[at]) || "",
      };
    }

    // -- geometry -------------------------------------------------------------------------------

    // Fit whole cells into the width. On very large screens cells grow, so that the number of
    // nodes stays bounded.
    layOut() {
      const width = this.host.clientWidth;
      const height = this.host.clientHeight;
      if (!width || !height || !this.total) return;
      const { before } = this;
      const top = before ? before.first : this.columns ? this.firstVisible() : 0;
      let side = SIZES[this.host.getAttribute("data-size")] || SIZES.m;
      const count = (s) => {
        const columns = Math.max(1, Math.floor((width - GAP) / (s + GAP)));
        return columns * (Math.ceil(height / (s + GAP)) + 3); // as many as `draw` may draw
      };
      while (count(side) > this.most) side += 4;
      this.columns = Math.max(width < 420 ? 3 : 1, Math.floor((width - GAP) / (side + GAP)));
      this.side = Math.floor((width - GAP) / this.columns) - GAP;
      this.pitch = this.side + GAP;
      const rows = Math.ceil(this.total / this.columns);
      this.real = rows * this.pitch + GAP;
      this.height = Math.min(this.real, MAX_HEIGHT);
      this.sheet.style.height = `${this.height}px`;
      this.recycleAll();
      const same = before && before.columns === this.columns && before.pitch === this.pitch;
      const place = same ? before.top : Math.floor(top / this.columns) * this.pitch;
      this.before = null;
      this.host.scrollTop = this.scrollFor(place);
      this.draw();
    }

    // Beyond MAX_HEIGHT the scroll bar covers the list proportionally: `offset` is the distance
    // between a cell's true place and where it is drawn now.
    place() {
      const view = this.host.clientHeight;
      const shown = this.host.scrollTop;
      if (this.real <= this.height) return { top: shown, offset: 0 };
      const top = (shown / Math.max(1, this.height - view)) * (this.real - view);
      return { top, offset: top - shown };
    }

    scrollFor(top) {
      if (this.real <= this.height) return top;
      const view = this.host.clientHeight;
      return (top / (this.real - view)) * (this.height - view);
    }

    firstVisible() {
      const top = this.host.isConnected ? this.place().top : this.seen || 0;
      return Math.floor(top / this.pitch) * this.columns;
    }

    // -- drawing --------------------------------------------------------------------------------

    requestDraw() {
      if (this.frame) return;
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    }

    draw() {
      if (!this.columns || !this.total || !this.host.clientHeight) return;
      const { top, offset } = this.place();
      this.seen = top; // an element that has left the page no longer knows where it was
      const firstRow = Math.max(0, Math.floor(top / this.pitch) - 1);
      const lastRow = Math.ceil((top + this.host.clientHeight) / this.pitch);
      const first = firstRow * this.columns;
      const last = Math.min(this.total, (lastRow + 1) * this.columns);
      for (const [index, cell] of this.cells)
        if (index < first || index >= last) this.recycle(index, cell);
      const wanted = new Set();
      for (let index = first; index < last; index++) {
        const cell = this.cells.get(index) || this.newCell(index);
        const x = GAP + (index % this.columns) * this.pitch;
        const y = GAP + Math.floor(index / this.columns) * this.pitch - offset;
        cell.style.transform = `translate(${x}px, ${y}px)`;
        if (!this.fill(cell, index)) wanted.add(Math.floor(index / WINDOW) * WINDOW);
      }
      this.markActive();
      this.ask(wanted);
    }

    // While a person drags the scroll bar across many windows, ask only where they come to rest.
    ask(wanted) {
      clearTimeout(this.timer);
      const missing = [...wanted].filter((start) => !this.windows.has(start));
      if (missing.length)
        this.timer = setTimeout(() => missing.forEach((s) => this.fetchWindow(s)), SETTLE);
    }

    newCell(index) {
      let cell = this.free.pop();
      if (!cell) {
        cell = make("div", "vt-cell", { role: "option", "aria-selected": "false" });
        const image = make("img", "vt-cell-image", { alt: "", draggable: "false" });
        image.decoding = "async";
        image.addEventListener("load", () => {
          cell.dataset.state = "shown";
        });
        image.addEventListener("error", () => {
          if (image.getAttribute("src")) cell.dataset.state = "failed";
        });
        cell.append(image);
        if (this.ticks) {
          const over = make("span", "vt-cell-over", { "aria-hidden": "true" });
          cell.append(over);
        }
        this.sheet.append(cell);
      }
      cell.hidden = false;
      cell.id = `vt-cell-${this.serial}-${index}`;
      cell.style.width = cell.style.height = `${this.side}px`;
      cell.setAttribute("aria-posinset", String(index + 1));
      cell.setAttribute("aria-setsize", String(this.total));
      cell.dataset.index = String(index);
      cell.dataset.state = "waiting";
      this.cells.set(index, cell);
      return cell;
    }

    fill(cell, index) {
      const item = this.item(index);
      if (!item) return false;
      const told = [item.row, item.label, item.mark].join("|");
      if (cell.dataset.item === item.id && cell.dataset.told === told) return true;
      const same = cell.dataset.item === item.id;
      cell.dataset.item = item.id;
      cell.dataset.told = told;
      cell.dataset.row = String(item.row);
      cell.dataset.label = item.label;
      this.mark(cell, item.mark);
      const words = [`${this.host.dataset.one || "Image"} ${item.row}`, item.label, item.mark].filter(Boolean);
      cell.setAttribute("aria-label", words.join(", "));
      this.markTick(cell);
      if (this.host.dataset.pictures === "") {
        cell.dataset.state = "words";
        cell.dataset.words = item.label || `no. ${item.row}`;
      } else if (!same) {
        cell.dataset.state = "waiting";
        cell.firstChild.src = `/thumb/${item.id}`;
      }
      return true;
    }

    mark(cell, word) {
      for (const element of [cell, cell.lastChild])
        if (word) element.dataset.mark = word;
        else delete element.dataset.mark;
    }

    recycle(index, cell) {
      this.cells.delete(index);
      cell.hidden = true;
      cell.firstChild.removeAttribute("src");
      for (const name of ["item", "row", "label", "words", "told"]) delete cell.dataset[name];
      this.mark(cell, "");
      cell.removeAttribute("id");
      cell.removeAttribute("aria-checked");
      cell.setAttribute("aria-selected", "false");
      this.free.push(cell);
    }

    recycleAll() {
      for (const [index, cell] of [...this.cells]) this.recycle(index, cell);
      while (this.free.length > this.most) this.free.pop().remove();
    }

    // -- keys and clicks ------------------------------------------------------------------------

    markActive() {
      for (const [index, cell] of this.cells) {
        const on = String(index === this.active);
        if (cell.getAttribute("aria-selected") !== on) cell.setAttribute("aria-selected", on);
      }
      const cell = this.cells.get(this.active);
      if (cell) this.host.setAttribute("aria-activedescendant", cell.id);
      else this.host.removeAttribute("aria-activedescendant");
    }

    moveTo(index) {
      this.active = Math.max(0, Math.min(this.total - 1, index));
      const top = Math.floor(this.active / this.columns) * this.pitch;
      const view = this.host.clientHeight;
      const now = this.place().top;
      if (top < now) this.host.scrollTop = this.scrollFor(top);
      else if (top + this.pitch + GAP > now + view)
        this.host.scrollTop = this.scrollFor(top + this.pitch + GAP - view);
      this.draw();
    }

    handleKey(event) {
      if (!this.total || event.altKey || event.target !== this.host) return;
      if (event.ctrlKey || event.metaKey) {
        if (!this.ticks || event.key.toLowerCase() !== "a") return;
        this.ticks.takeAll(this.total, this.url);
        event.preventDefault();
        return;
      }
      const page = this.columns * Math.max(1, Math.floor(this.host.clientHeight / this.pitch));
      const moves = {
        ArrowRight: this.active + 1,
        ArrowLeft: this.active - 1,
        ArrowDown: this.active + this.columns,
        ArrowUp: this.active - this.columns,
        PageDown: this.active + page,
        PageUp: this.active - page,
        Home: 0,
        End: this.total - 1,
      };
      if (event.key in moves) this.moveBy(moves[event.key], event.shiftKey);
      else if (event.key === " " && this.ticks) this.tick(this.active);
      else if (event.key === "Enter" || event.key === " ") this.open(this.active);
      else if (event.key === "Escape" && this.ticks && this.ticks.count) {
        this.ticks.clear();
        event.stopPropagation();
      } else return;
      event.preventDefault();
    }

    moveBy(index, ranging) {
      const from = this.active;
      this.moveTo(index);
      if (!ranging || !this.ticks) return;
      if (this.anchor === null) this.anchor = from;
      this.tickRange(this.anchor, this.active);
    }

    handleClick(event) {
      const cell = event.target.closest(".vt-cell");
      if (!cell) return;
      this.active = Number(cell.dataset.index);
      this.host.focus({ preventScroll: true });
      this.markActive();
      if (!this.ticks) this.open(this.active);
      else if (event.shiftKey) {
        if (this.anchor === null) this.anchor = this.active;
        this.tickRange(this.anchor, this.active);
      } else if (event.ctrlKey || event.metaKey || inCorner(cell, event)) this.tick(this.active);
      else this.open(this.active);
    }

    // -- ticks ----------------------------------------------------------------------------------

    tick(index) {
      const item = this.item(index);
      if (!item) return;
      this.anchor = index;
      this.ticks.endRange();
      this.ticks.set([item.row], !this.ticks.has(item.row), this.url);
    }

    // Tick all from one place to another; what an earlier end of the same range had ticked and
    // lies outside now is let go.
    async tickRange(from, to) {
      const mine = (this.ranging = {});
      const first = Math.min(from, to);
      const end = Math.max(from, to) + 1;
      if (!this.ticks.room(end - first)) return;
      const rows = [];
      try {
        for (let at = first; at < end; ) {
          const start = Math.floor(at / WINDOW) * WINDOW;
          const found = this.windows.get(start) || (await this.askFor(start));
          const stop = Math.min(end, start + found.rows.length);
          if (stop <= at) break; // the list has become shorter
          rows.push(...found.rows.slice(at - start, stop - start));
          at = stop;
        }
      } catch (error) {
        if (error.name !== "AbortError") this.ticks.say(`Not ticked: ${error.message}`);
        return;
      }
      if (mine === this.ranging) this.ticks.setRange(rows, this.url);
    }

    markTick(cell) {
      if (!this.ticks || cell.dataset.row === undefined) return;
      cell.setAttribute("aria-checked", String(this.ticks.has(Number(cell.dataset.row))));
    }

    markTicked() {
      if (this.ticks.count) this.host.setAttribute("data-ticked", String(this.ticks.count));
      else {
        this.host.removeAttribute("data-ticked");
        this.anchor = null;
      }
      for (const cell of this.cells.values()) this.markTick(cell);
    }

    open(index) {
      const item = this.item(index);
      if (item) inspect(this.host, item.row);
    }
  }

  // Whether a click lies where a cell has its box to tick.
  function inCorner(cell, event) {
    const box = cell.getBoundingClientRect();
    const side = Math.min(CORNER, box.width * 0.4);
    return event.clientX - box.left < side && event.clientY - box.top < side;
  }

  // An address without the number that only says which decisions it was asked after.
  function listOf(url) {
    const [path, query] = (url || "").split("?");
    const keys = new URLSearchParams(query);
    keys.delete("v");
    return `${path}?${keys}`;
  }

  // -- hosts come, change and go ----------------------------------------------------------------

  function storedSize() {
    try {
      return localStorage.getItem(STORED);
    } catch {
      return null;
    }
  }

  function markSize(host) {
    const size = host.getAttribute("data-size");
    for (const button of document.querySelectorAll("[data-gallery-size]"))
      if (button.dataset.gallery === host.id)
        button.setAttribute("aria-pressed", String(button.dataset.gallerySize === size));
  }

  function look() {
    const before = new Map(); // what hosts that have just left had shown, by their ids
    for (const [host, gallery] of galleries)
      if (!host.isConnected) {
        before.set(host.id, gallery.state);
        const next = document.getElementById(host.id);
        if (gallery.ticks && !(next && next.matches(".vt-gallery"))) gallery.ticks.clear();
        gallery.release();
        galleries.delete(host);
      }
    for (const host of document.querySelectorAll(".vt-gallery"))
      if (!galleries.has(host)) {
        if (storedSize() in SIZES) host.setAttribute("data-size", storedSize());
        galleries.set(host, new Gallery(host, before.get(host.id)));
        markSize(host);
      }
  }

  function onMutations(mutations) {
    let structure = false;
    for (const mutation of mutations) {
      if (mutation.type === "childList") {
        structure = structure || !mutation.target.closest(".vt-gallery");
        continue;
      }
      const gallery = galleries.get(mutation.target);
      if (!gallery) continue;
      if (mutation.attributeName === "data-window") {
        const url = gallery.host.getAttribute("data-window");
        if (url === gallery.url) continue;
        if (listOf(url) === listOf(gallery.url)) gallery.refresh();
        else gallery.load();
      } else {
        markSize(gallery.host);
        gallery.layOut();
      }
    }
    if (structure) {
      look();
      galleries.forEach((_, host) => markSize(host));
    }
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest) return;
    const size = event.target.closest("[data-gallery-size]");
    if (size) {
      const host = document.getElementById(size.dataset.gallery);
      if (host) host.setAttribute("data-size", size.dataset.gallerySize);
      try {
        localStorage.setItem(STORED, size.dataset.gallerySize);
      } catch {
        // storage is blocked: the size lasts until the page is left
      }
      return;
    }
    const button = event.target.closest("[data-inspect-row]");
    if (button) inspect(button, Number(button.dataset.inspectRow));
  });

  // Tiny pictures are shown with their own pixels, wherever they are shown. Load events do not
  // bubble, but they can be caught on the way down.
  document.addEventListener(
    "load",
    (event) => {
      const image = event.target;
      if (image.classList && /vt-(thumb|large|cell-image)/.test(image.className))
        image.classList.toggle("vt-pixelated", image.naturalWidth < 64);
    },
    true,
  );

  function start() {
    for (const image of document.querySelectorAll(".vt-thumb, .vt-large"))
      if (image.complete && image.naturalWidth)
        image.classList.toggle("vt-pixelated", image.naturalWidth < 64);
    new MutationObserver(onMutations).observe(document.body, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ["data-window", "data-size"],
    });
    look();
  }

  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
