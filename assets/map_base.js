/**
 * What maps in two and in three dimensions have in common: they follow the attributes of their
 * host, read colours and selection, show loading and errors, point at rows, and tell the page.
 */
(() => {
  'use strict';

  const M = window.Vitrine.map;

  /** Tell the page: set a property of the Dash component whose id an attribute holds. */
  function tellPage(id, data) {
    if (!id || !window.dash_clientside) return;
    const target = id.startsWith('{') ? JSON.parse(id) : id;
    window.dash_clientside.set_props(target, { data });
  }

  /**
   * Runs one `.vt-map` host from its arrival in the document until it leaves. A subclass makes
   * its parts in `build`, reads its points in `loadPoints`, hands data on in `apply`, draws in
   * `redraw`, and says where rows are (`project`, `pick`).
   */
  class Host {
    constructor(host) {
      this.host = host;
      this.life = new AbortController();
      this.seen = {};
      this.data = { points: null, codes: null };
      this.channels = {
        points: new M.Channel('points'),
        colour: new M.Channel('colours'),
        mask: new M.Channel('selection'),
      };
      this.names = {};
      this.palette = [];
      this.maskBytes = null;
      this.selected = null;
      this.hovered = -1;
      this.pointed = -1;
      this.work = 0;
      this.drawn = 0;
      this.complete = false;
      this.stats = { frames: 0, vertices: 0 };
      host.setAttribute('role', 'application');
      this.stage = M.addElement(host, 'div', 'vt-map-stage');
      this.build();
      this.watch();
      this.onResize();
      this.sync();
    }

    // ---- attributes in -----------------------------------------------------------------------

    /** Follow the host's attributes and size, the theme, and the keyboard. */
    watch() {
      const { host } = this;
      const { signal } = this.life;
      this.attributes = new MutationObserver(() => this.sync());
      this.attributes.observe(host, { attributes: true });
      this.theme = new MutationObserver(() => this.restyle());
      this.theme.observe(document.documentElement, {
        attributes: true,
        attributeFilter: ['data-bs-theme'],
      });
      this.size = new ResizeObserver(() => this.onResize());
      this.size.observe(host);
      host.addEventListener('keydown', (e) => this.onKey(e), { signal });
      document.addEventListener('vt-point', (e) => this.pointAt(e.detail.row), { signal });
      this.stage.addEventListener('pointerdown', () => host.focus({ preventScroll: true }), {
        signal,
      });
    }

    /** A key was pressed on the map. */
    onKey(event) {
      const action = M.keyAction(event, this.keys);
      if (!action) return;
      event.preventDefault();
      event.stopPropagation();
      this.actions.act(action);
    }

    /** Read the attributes and act on those that changed; safe to call at any time. */
    sync() {
      const now = { ...this.host.dataset };
      const old = this.seen;
      const changed = (...names) => names.some((name) => (now[name] || '') !== (old[name] || ''));
      this.seen = now;
      // A selection belongs to its set; a page that never knew of this one cannot take it off.
      if (old.set && changed('set') && now.mask && !changed('mask')) this.setSelection(null);
      if (changed('points')) this.loadPoints();
      if (changed('colour')) this.loadColour();
      if (changed('mask') || (changed('points') && now.mask)) this.loadMask();
      if (changed('names')) this.names = this.parse('names', {});
      if (changed('palette', 'paletteDark')) this.restyle();
      if (changed('thumbs', 'set')) this.forgetPictures();
      if (changed('marked') && this.data.points) this.onMarked();
      this.onChanged(changed);
    }

    /** Act on attributes of which only one kind of map knows. */
    onChanged() {}

    /** The value of a JSON attribute, or another if it is missing or broken. */
    parse(name, otherwise) {
      try {
        return JSON.parse(this.host.dataset[name] || 'null') ?? otherwise;
      } catch {
        return otherwise;
      }
    }

    /** The row of the item that the page shows beside the map, -1 for none. */
    get marked() {
      const row = this.host.dataset.marked ? Number(this.host.dataset.marked) : -1;
      return this.has(row) ? row : -1;
    }

    /**
     * Run something that takes time; `settled` waits for it, and a loading map is ready only
     * when all of it is done. A failure covers the map unless it is handled otherwise.
     */
    async during(task, failed = (problem) => this.fail(problem)) {
      this.work += 1;
      this.host.setAttribute('aria-busy', 'true');
      try {
        await task();
      } catch (problem) {
        failed(problem);
      } finally {
        this.work -= 1;
        if (!this.work) {
          this.host.removeAttribute('aria-busy');
          if (this.host.dataset.state === 'loading') this.redraw();
        }
      }
    }

    /** Read the colour codes. */
    loadColour() {
      const url = this.host.dataset.colour;
      if (!url) return;
      const began = performance.now();
      this.setState('loading');
      this.during(async () => {
        const bytes = await this.channels.colour.read(url);
        if (!bytes) return;
        this.data.codes = new Uint8Array(bytes);
        this.apply();
        this.stats.colour = performance.now() - began;
      });
    }

    /** Read the selection's bits, or drop them. */
    loadMask() {
      const url = this.host.dataset.mask || '';
      if (url && url === this.channels.mask.url && this.data.mask) return;
      if (!url) {
        this.channels.mask.forget();
        this.maskBytes = null;
        this.apply();
        return;
      }
      const began = performance.now();
      this.during(async () => {
        const bytes = await this.channels.mask.read(url);
        if (!bytes) return;
        this.maskBytes = bytes;
        this.apply();
        this.stats.mask = performance.now() - began;
      }, (problem) => this.notices.warn(problem.message));
    }

    /** Tell whether the colours are of these points; they meet while a page changes both. */
    fits(total) {
      if (this.data.codes.length === total) return true;
      if (this.work === 1) throw new Error('The colours do not belong to these points.');
      return false; // wait for the other one
    }

    /** Take the colours of the palette and of the theme. */
    restyle() {
      const light = this.parse('palette', []);
      const { palette, style } = M.readStyle(this.host, light, this.parse('paletteDark', []));
      this.palette = palette;
      this.renderer.setStyle(style);
      this.onPalette();
      this.redraw();
    }

    // ---- pointing and selecting --------------------------------------------------------------

    /** What a point is: the name and the colour of its category. */
    describe(row) {
      const code = this.data.codes[row];
      return { name: this.names[code] || `Image ${row}`, colour: this.palette[code] || '' };
    }

    /** The pointer is on a row's point: ring, picture and name; -1 is none. */
    hover(row) {
      if (row < 0) {
        this.leave();
        return;
      }
      const [x, y] = this.project(row);
      const { thumbs } = this.host.dataset;
      const { clientWidth: width, clientHeight: height } = this.stage;
      this.stage.dataset.over = 'point';
      this.tooltip.show(row, thumbs ? thumbs + row : '', this.describe(row), {
        x, y, width, height,
      });
      this.tellHover(row);
      this.placeRing();
    }

    /** The pointer is on no point. */
    leave() {
      delete this.stage.dataset.over;
      this.tooltip.hide();
      this.tellHover(-1);
      this.placeRing();
    }

    /** Tell who listens which row the pointer is on. */
    tellHover(row) {
      if (row === this.hovered) return;
      this.hovered = row;
      this.host.dispatchEvent(new CustomEvent('vt-hover', { bubbles: true, detail: { row } }));
      this.onPointed();
    }

    /** Another part of the page points at a row; -1 is none. */
    pointAt(row) {
      this.pointed = this.has(row) ? row : -1;
      if (!this.data.points) return;
      this.placeRing();
      this.onPointed();
    }

    /** Put the ring around the point that is pointed at, from here or from elsewhere. */
    placeRing() {
      const row = this.hovered >= 0 ? this.hovered : this.pointed;
      this.ink.circle(this.has(row) ? this.project(row) : null, this.pointRadius);
    }

    /** Another row is pointed at. */
    onPointed() {}

    /** Other colours are shown. */
    onPalette() {}

    /** Ask the page to show an item. */
    inspect(row) {
      if (row >= 0) tellPage(this.host.dataset.inspectStore, { row });
    }

    /** Show a selection, {selection} or null, without telling the page. */
    setSelection(given) {
      const { dataset } = this.host;
      dataset.base = given ? given.selection : '';
      dataset.mask = given
        ? dataset.select.replace(
            /select$/, `selection/${encodeURIComponent(given.selection)}/mask`,
          )
        : '';
    }

    /** Show a selection that was made here and tell the page; null clears it. */
    takeSelection(given) {
      this.setSelection(given);
      const number = (n) => n.toLocaleString('en');
      this.notices.announce(
        given
          ? `${number(given.count)} of ${number(given.total)} images selected.`
          : 'Selection cleared.',
      );
      const { selectionStore } = this.host.dataset;
      const { selection, count, total } = given || {};
      tellPage(selectionStore, given ? { selection, count, total } : null);
    }

    // ---- what is shown -----------------------------------------------------------------------

    /** The renderer has drawn a frame. */
    onDrawn(points, complete) {
      this.drawn = points;
      this.complete = complete;
      this.stats.frames += 1;
      this.host.dataset.drawn = String(points);
      this.host.dataset.frames = String(this.stats.frames);
      this.sayDrawn(points);
      if (this.host.dataset.state === 'loading' && !this.work) this.setState(this.renderer.state);
    }

    /** Set data-state. */
    setState(state) {
      if (state === 'loading') this.notices.message('loading', 'Loading the map…');
      if (this.host.dataset.state === state) return;
      this.host.dataset.state = state;
      if (state === 'ready' || state === 'raster') {
        this.notices.message(this.total ? '' : 'empty', 'There are no points to show.');
        this.onReady();
      }
    }

    /** The map is there. */
    onReady() {}

    /** Show that the map cannot be shown, and why. */
    fail(problem) {
      this.setState('error');
      this.notices.message('error', problem.message);
    }

    /** Try everything again. */
    retry() {
      this.seen = {};
      this.setState('loading');
      this.sync();
    }

    /** Resolve when nothing is going on any more. */
    async settled() {
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      do {
        await frame();
        await frame();
      } while (this.work || (this.total && !this.complete && this.host.dataset.state !== 'error'));
    }

    /** End: the host has left the document, or becomes another kind of map. */
    dispose() {
      this.life.abort();
      this.attributes.disconnect();
      this.theme.disconnect();
      this.size.disconnect();
      this.leave();
      for (const channel of Object.values(this.channels)) channel.forget();
      this.tooltip.clear();
      this.renderer.dispose();
      this.stage.remove();
      this.front.remove();
      this.data = {};
      delete this.host.vitrineMap;
    }
  }

  Object.assign(M, { Host, tellPage });
})();
