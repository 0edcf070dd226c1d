/**
 * One map in two dimensions: holds the data and connects the parts.
 * What it offers to others is `host.vitrineMap`, see `map_api.js`.
 */
(() => {
  'use strict';

  const M = window.Vitrine.map;
  const REACH = 9; // CSS pixels around the pointer in which a point is found
  const HELP =
    'Arrow keys pan, plus and minus zoom, 0 shows the whole map, L lasso, B box, ' +
    'V selects what is in view, Escape clears the selection, Enter shows the image nearest the ' +
    'middle, N draws lines to the nearest neighbours of the image pointed at, I shows pictures ' +
    'of the largest themes.';

  /** Views of maps that left a moment ago: a page that makes its map anew shows the same part. */
  const left = new Map();
  const MOMENT = 3000; // milliseconds

  /** Runs one `.vt-map` host of a map in two dimensions. */
  class MapHost extends M.Host {
    // ---- making and ending -------------------------------------------------------------------

    /** Make the parts inside the host. */
    build() {
      const { host, stage } = this;
      this.data = { points: null, order: null, codes: null, mask: null, layers: null };
      this.camera = new M.Camera();
      this.actions = new M.Actions(this);
      host.setAttribute('aria-roledescription', 'map of images');
      if (!host.hasAttribute('aria-label')) host.setAttribute('aria-label', 'Map of images');
      host.setAttribute('aria-description', HELP);
      this.makeRenderer();
      this.pictures = new M.Pictures(stage);
      this.labels = new M.Labels(stage);
      this.ink = new M.Ink(stage);
      this.tooltip = new M.Tooltip(stage);
      this.front = M.addElement(host, 'div', 'vt-map-front');
      this.toolbar = new M.Toolbar(this.front, (action) => this.actions.act(action));
      this.notices = new M.Notices(this.front, () => this.retry());
      this.gestures = new M.Gestures(stage, this.actions.handler, this.life.signal);
      this.lines = new M.Lines(this);
      this.overlays = new M.Overlays(this);
      host.vitrineMap = M.makeApi(this);
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

    /** End: the host has left the document. */
    dispose() {
      const { id } = this.host;
      const { points } = this.seen;
      if (id) left.set(id, { points, view: this.camera.view, when: performance.now() });
      cancelAnimationFrame(this.overlayFrame);
      this.actions.end();
      this.lines.forget();
      this.overlays.forget();
      super.dispose();
    }

    // ---- attributes in -----------------------------------------------------------------------

    onChanged(changed) {
      if (changed('labels')) this.readLabels();
      if (changed('base') && this.renderer.state === 'raster') this.redraw();
    }

    /** The page shows another item, or none. */
    onMarked() {
      this.overlays.placeMark();
      this.lines.update();
    }

    /** Read the points; the view starts anew. */
    loadPoints() {
      const url = this.host.dataset.points;
      if (!url) return;
      this.setState('loading');
      this.data = { points: null, order: null, codes: this.data.codes, mask: null, layers: null };
      this.pointed = -1;
      this.forgetPictures();
      this.during(async () => {
        const bytes = await this.channels.points.read(url);
        if (!bytes) return;
        this.stats.arrived = performance.now();
        const points = M.decodePoints(bytes);
        const order = M.sampleOrder(points);
        Object.assign(this.data, { points, order, grid: new M.Grid(points) });
        this.camera.setBounds(M.boundsOf(points));
        this.comeBack();
        this.apply();
      });
    }

    /** Take up the view of a map of the same id and points that has just left the page, else that
     * of the address. */
    comeBack() {
      const { id, dataset } = this.host;
      const before = left.get(id);
      left.delete(id);
      const same = before && before.points === dataset.points;
      const kept = same && performance.now() - before.when < MOMENT;
      const view = kept ? before.view : M.viewInAddress(this.host);
      if (view) this.camera.view = view;
    }

    /** Hand the data to the renderer, once points and colours are both there and fit. */
    apply() {
      const { points, codes } = this.data;
      if (!points || !codes || !this.fits(points.n)) return;
      const began = performance.now();
      this.data.mask = this.maskBytes ? M.decodeMask(this.maskBytes, points.n) : null;
      this.data.layers = M.layersOf(codes, this.data.mask);
      this.selected = this.data.mask ? M.countBits(this.data.mask) : null;
      this.renderer.setData(this.data);
      this.stats.apply = performance.now() - began;
      this.toolbar.setSelected(this.data.mask !== null || Boolean(this.host.dataset.base));
      this.host.dataset.total = String(points.n);
      this.redraw();
    }

    /** The map is there: what lies over the points may be read now. */
    onReady() {
      this.overlays.load();
      this.lines.update();
    }

    /** Read the labels. */
    readLabels() {
      this.labels.set(this.parse('labels', []));
      this.labels.paint(this.palette || []);
      this.redraw();
    }

    /** Forget what was shown of another set's pictures. */
    forgetPictures() {
      this.leave();
      this.tooltip.clear();
      this.pictures.clear();
      this.lines.forget();
      this.overlays.forget();
    }

    onPalette() {
      this.labels.paint(this.palette);
    }

    // ---- drawing -----------------------------------------------------------------------------

    onPointed() {
      this.lines.update();
    }

    /** Number of points. */
    get total() {
      return this.data.points ? this.data.points.n : 0;
    }

    /** Tell whether there is such a row. */
    has(row) {
      return Number.isInteger(row) && row >= 0 && row < this.total;
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
      this.overlayFrame = requestAnimationFrame(() => {
        if (this.data.points) this.overlays.place(); // else another map is on its way
      });
    }

    /** Say how much is drawn and selected. */
    sayDrawn(points) {
      this.notices.setStatus(points, this.total, this.selected);
    }

    // ---- places and points -------------------------------------------------------------------

    /** CSS pixels from the middle of a point to a ring around it. */
    get pointRadius() {
      return M.pointSize(this.camera.scale, this.total) / 2 + 3;
    }

    /** CSS pixels of a row's point. */
    project(row) {
      const { x, y } = this.data.points;
      return this.camera.toScreen(x[row] / 65535, y[row] / 65535);
    }

    /** The row whose picture is at a place, else the row near it; -1 if there is none. */
    pick(px, py, reach = REACH) {
      if (!this.data.layers) return -1;
      const shown = this.pictures.at(px, py);
      if (shown >= 0) return shown;
      const size = M.pointSize(this.camera.scale, this.total);
      const radius = Math.max(reach, size / 2 + 2) / this.camera.scale;
      return this.data.grid.nearest(...this.camera.toMap(px, py), radius, this.data.layers);
    }

    /** The row nearest to the middle of what is shown, -1 if none is in view. */
    get central() {
      if (!this.data.layers) return -1;
      const { camera } = this;
      const middle = camera.toMap((camera.width + camera.left) / 2, camera.height / 2);
      let reach = 24;
      for (; reach < camera.width + camera.height; reach *= 2) {
        const row = this.data.grid.nearest(...middle, reach / camera.scale, this.data.layers);
        if (row >= 0) return row;
      }
      return -1;
    }
  }

  M.MapHost = MapHost;
})();
