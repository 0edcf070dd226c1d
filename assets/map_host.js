/**
 * One map on one page: reads the host's attributes, holds the data, and connects the parts.
 * What it offers to others is `host.vitrineMap`, see `map_api.js`.
 */
(() => {
  'use strict';

  const M = window.Vitrine.map;
  const REACH = 9; // CSS pixels around the pointer in which a point is found
  const HELP =
    'Arrow keys pan, plus and minus zoom, 0 shows the whole map, L lasso, B box, ' +
    'V selects what is in view, Escape clears the selection.';

  /** Views of maps that left a moment ago: a page that makes its map anew shows the same part. */
  const left = new Map();
  const MOMENT = 3000; // milliseconds

  /** Runs one `.vt-map` host from its arrival in the document until it leaves. */
  class MapHost {
    constructor(host) {
      this.host = host;
      this.life = new AbortController();
      this.camera = new M.Camera();
      this.seen = {};
      this.data = { points: null, order: null, codes: null, mask: null, layers: null };
      this.channels = {
        points: new M.Channel('points'),
        colour: new M.Channel('colours'),
        mask: new M.Channel('selection'),
      };
      this.names = {};
      this.palette = [];
      this.maskBytes = null;
      this.selected = null;
      this.work = 0;
      this.drawn = 0;
      this.complete = false;
      this.stats = { frames: 0, vertices: 0, thumbs: 0 };
      this.build();
      host.vitrineMap = M.makeApi(this);
      this.watch();
      this.onResize();
      this.sync();
    }

    // ---- making and ending -------------------------------------------------------------------

    /** Make the parts inside the host. */
    build() {
      const { host } = this;
      this.actions = new M.Actions(this);
      host.setAttribute('role', 'application');
      host.setAttribute('aria-roledescription', 'map of images');
      if (!host.hasAttribute('aria-label')) host.setAttribute('aria-label', 'Map of images');
      host.setAttribute('aria-description', HELP);
      this.stage = M.addElement(host, 'div', 'vt-map-stage');
      this.makeRenderer();
      this.pictures = new M.Pictures(this.stage);
      this.labels = new M.Labels(this.stage);
      this.ink = new M.Ink(this.stage);
      this.tooltip = new M.Tooltip(this.stage);
      this.front = M.addElement(host, 'div', 'vt-map-front');
      this.toolbar = new M.Toolbar(this.front, (action) => this.actions.act(action));
      this.notices = new M.Notices(this.front, () => this.retry());
      this.gestures = new M.Gestures(this.stage, this.actions.handler, this.life.signal);
    }

    /** Draw with WebGL2, or let the server draw. */
    makeRenderer() {
      const events = {
        drawn: (points, complete) => this.onDrawn(points, complete),
        failed: (problem) => this.fail(problem),
      };
      const forced = this.host.dataset.forceRaster === '1';
      this.renderer =
        (forced ? null : M.GlRenderer.create(this.stage, events)) ||
        new M.RasterRenderer(this.stage, events, this.host);
    }

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
      host.addEventListener('keydown', (e) => this.actions.onKey(e), { signal });
      document.addEventListener('vt-point', (e) => this.pointFrom(e.detail.row), { signal });
      this.stage.addEventListener('pointerdown', () => host.focus({ preventScroll: true }), {
        signal,
      });
    }

    /** End: the host has left the document. */
    dispose() {
      const { id } = this.host;
      const { points } = this.seen;
      if (id) left.set(id, { points, view: this.camera.view, when: performance.now() });
      this.life.abort();
      this.attributes.disconnect();
      this.theme.disconnect();
      this.size.disconnect();
      cancelAnimationFrame(this.overlayFrame);
      this.actions.leave();
      for (const channel of Object.values(this.channels)) channel.forget();
      this.tooltip.clear();
      this.renderer.dispose();
      this.stage.remove();
      this.front.remove();
      this.data = {};
      delete this.host.vitrineMap;
    }

    // ---- attributes in -----------------------------------------------------------------------

    /** Read the attributes and act on those that changed; safe to call at any time. */
    sync() {
      const now = { ...this.host.dataset };
      const old = this.seen;
      const changed = (...names) => names.some((name) => (now[name] || '') !== (old[name] || ''));
      this.seen = now;
      // A selection belongs to its set; a page that never knew of this one cannot take it off.
      if (old.set && changed('set') && now.mask && !changed('mask')) this.actions.forgetSelection();
      if (changed('points')) this.loadPoints();
      if (changed('colour')) this.loadColour();
      if (changed('mask') || (changed('points') && now.mask)) this.loadMask();
      if (changed('labels')) this.readLabels();
      if (changed('names')) this.names = this.parse('names', {});
      if (changed('palette', 'paletteDark')) this.restyle();
      if (changed('thumbs', 'set')) this.forgetPictures();
      if (changed('base') && this.renderer.state === 'raster') this.redraw();
      if (changed('marked') && this.data.points) this.placeMark();
    }

    /** The value of a JSON attribute, or another if it is missing or broken. */
    parse(name, otherwise) {
      try {
        return JSON.parse(this.host.dataset[name] || 'null') ?? otherwise;
      } catch {
        return otherwise;
      }
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

    /** Read the points; the view starts anew. */
    loadPoints() {
      const url = this.host.dataset.points;
      if (!url) return;
      this.setState('loading');
      this.data = { points: null, order: null, codes: this.data.codes, mask: null, layers: null };
      this.forgetPictures();
      this.during(async () => {
        const bytes = await this.channels.points.read(url);
        if (!bytes) return;
        this.stats.arrived = performance.now();
        const points = M.decodePoints(bytes);
        Object.assign(this.data, { points, order: M.sampleOrder(points), grid: new M.Grid(points) });
        this.camera.setBounds(M.boundsOf(points));
        this.comeBack();
        this.apply();
      });
    }

    /** Take up the view of a map of the same id and points that has just left the page. */
    comeBack() {
      const { id, dataset } = this.host;
      const before = left.get(id);
      left.delete(id);
      if (!before || before.points !== dataset.points) return;
      if (performance.now() - before.when < MOMENT) this.camera.view = before.view;
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

    /** Hand the data to the renderer, once points and colours are both there and fit. */
    apply() {
      const { points, codes } = this.data;
      if (!points || !codes) return;
      if (codes.length !== points.n) {
        // Points and colours of two sets meet while both change: wait for the other one.
        if (this.work === 1) throw new Error('The colours do not belong to these points.');
        return;
      }
      const began = performance.now();
      this.data.mask = this.maskBytes ? M.decodeMask(this.maskBytes, points.n) : null;
      this.data.layers = M.layersOf(codes, this.data.mask);
      this.selected = this.data.mask ? this.countSelected() : null;
      this.renderer.setData(this.data);
      this.stats.apply = performance.now() - began;
      this.toolbar.setSelected(this.data.mask !== null || Boolean(this.host.dataset.base));
      this.host.dataset.total = String(points.n);
      this.redraw();
    }

    /** Number of selected rows. */
    countSelected() {
      let count = 0;
      for (let byte of this.data.mask) for (; byte; byte &= byte - 1) count += 1;
      return count;
    }

    /** Read the labels. */
    readLabels() {
      this.labels.set(this.parse('labels', []));
      this.labels.paint(this.palette || []);
      this.redraw();
    }

    /** Forget what was shown of another set's pictures. */
    forgetPictures() {
      this.tooltip.clear();
      this.pictures.clear();
      this.ink.circle(null);
    }

    /** Take the colours of the palette and of the theme. */
    restyle() {
      const light = this.parse('palette', []);
      const { palette, style } = M.readStyle(this.host, light, this.parse('paletteDark', []));
      this.palette = palette;
      this.renderer.setStyle(style);
      this.labels.paint(this.palette);
      this.redraw();
    }

    // ---- drawing -----------------------------------------------------------------------------

    /** Another part of the page points at a row; -1 is none. */
    pointFrom(row) {
      if (this.data.points) this.ink.circle(row < 0 ? null : this.project(row), this.pointRadius);
    }

    /** Number of points. */
    get total() {
      return this.data.points ? this.data.points.n : 0;
    }

    /** The host has another size. */
    onResize() {
      const { clientWidth, clientHeight } = this.host;
      const { x, w } = this.toolbar.obstacle;
      this.camera.resize(clientWidth, clientHeight, x + w);
      this.renderer.resize(clientWidth, clientHeight);
      this.redraw();
    }

    /** Draw at the next frame. */
    redraw() {
      if (!this.data.points || !this.data.layers || !this.host.clientWidth) return;
      this.complete = false;
      this.renderer.draw(this.camera);
      cancelAnimationFrame(this.overlayFrame);
      this.overlayFrame = requestAnimationFrame(() => this.placeOverlays());
    }

    /** Put labels and pictures where their points are now. */
    placeOverlays() {
      if (!this.data.points) return; // another map is on its way
      const { thumbs } = this.host.dataset;
      const rows = thumbs ? this.data.grid.within(this.camera.extent, M.MOST_PICTURES) : null;
      const { layers, codes } = this.data;
      this.pictures.place(
        rows,
        (row) => this.project(row),
        (row) => ({
          url: thumbs + row,
          colour: this.palette[codes[row]] || '',
          dimmed: layers[row] === M.Layer.DIMMED,
        }),
      );
      this.labels.place(this.camera, [this.toolbar.obstacle], (box) => this.data.grid.occupied(box));
      this.placeMark();
    }

    /** Put the ring where the point is that the page shows beside the map. */
    placeMark() {
      const given = this.host.dataset.marked;
      const row = given ? Number(given) : -1;
      const known = Number.isInteger(row) && row >= 0 && row < this.total;
      this.ink.mark(known ? this.project(row) : null, this.pointRadius);
    }

    /** CSS pixels from the middle of a point to a ring around it. */
    get pointRadius() {
      return M.pointSize(this.camera.scale, this.total) / 2 + 3;
    }

    /** The renderer has drawn a frame. */
    onDrawn(points, complete) {
      this.drawn = points;
      this.complete = complete;
      this.stats.frames += 1;
      this.host.dataset.drawn = String(points);
      this.host.dataset.frames = String(this.stats.frames);
      this.notices.setStatus(points, this.total, this.selected);
      if (this.host.dataset.state === 'loading' && !this.work) this.setState(this.renderer.state);
    }

    /** Set data-state. */
    setState(state) {
      if (state === 'loading') this.notices.message('loading', 'Loading the map…');
      if (this.host.dataset.state === state) return;
      this.host.dataset.state = state;
      if (state === 'ready' || state === 'raster') {
        this.notices.message(this.total ? '' : 'empty', 'There are no points to show.');
      }
    }

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

    // ---- places and points -------------------------------------------------------------------

    /** What a point is: the name and the colour of its category. */
    describe(row) {
      const code = this.data.codes[row];
      return { name: this.names[code] || `Image ${row}`, colour: this.palette[code] || '' };
    }

    /** CSS pixels of a row's point. */
    project(row) {
      const { x, y } = this.data.points;
      return this.camera.toScreen(x[row] / 65535, y[row] / 65535);
    }

    /** The row near a place, -1 if there is none. */
    pick(px, py, reach = REACH) {
      if (!this.data.layers) return -1;
      const size = M.pointSize(this.camera.scale, this.total);
      const radius = Math.max(reach, size / 2 + 2) / this.camera.scale;
      return this.data.grid.nearest(...this.camera.toMap(px, py), radius, this.data.layers);
    }
  }

  M.MapHost = MapHost;
})();
