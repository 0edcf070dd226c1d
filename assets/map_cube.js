/**
 * A map in three dimensions: an even sample of its points, turned by drag or arrow keys.
 *
 * Its host has the attributes of any map (see `map.js`) with data-dims "3"; the points come from
 * `…/cube`: uint32 m, uint32 n of all, uint32 rows[m], uint16 x[m], y[m], z[m] (little-endian).
 * Colours and selection are those of all n. There is no lasso: what it would hold behind the
 * points that are seen, nobody sees. `host.vitrineMap` offers the view {azimuth, elevation, zoom},
 * drawn, total, rows, project, pick, pointAt, setSelection, settled, finish and stats.
 */
(() => {
  'use strict';

  const M = window.Vitrine.map;
  const REACH = 9; // CSS pixels around the pointer in which a point is found
  const STEP = 26; // CSS pixels of a drag that an arrow key stands for
  const NOTCH = 1.35; // factor of one press of a zoom button
  const ARRIVAL = 3000; // milliseconds that it turns at first, so that its depth is seen
  const SPEED = 0.028; // CSS pixels of a drag a millisecond while it turns by itself
  const HELP =
    'Arrow keys turn the map, plus and minus zoom, 0 shows it as at first, T turns it by itself, ' +
    'Enter shows the image nearest the middle, Escape clears the selection.';

  const BUTTONS = [
    ['clear', 'Clear the selection (Esc)', 'act'],
    null,
    ['turn', 'Turn by itself (T)', 'toggle'],
    ['in', 'Zoom in (+)', 'act'],
    ['out', 'Zoom out (−)', 'act'],
    ['reset', 'Show the map as at first (0)', 'act'],
  ];

  const KEYS = {
    0: 'reset',
    '+': 'in',
    '=': 'in',
    '-': 'out',
    t: 'turn',
    Enter: 'show',
    Escape: 'clear',
    ArrowLeft: 'left',
    ArrowRight: 'right',
    ArrowUp: 'up',
    ArrowDown: 'down',
  };

  /** What stands in for the renderer where there is no WebGL2. */
  const NOTHING = {
    state: 'flat', setStyle() {}, resize() {}, draw() {}, finish() {}, dispose() {},
  };

  /** Runs one `.vt-map` host of a map in three dimensions. */
  class CubeHost extends M.Host {
    // ---- making ------------------------------------------------------------------------------

    /** Make the parts inside the host. */
    build() {
      const { host, stage } = this;
      this.data = { points: null, index: null, codes: null, mask: null, layers: null };
      this.keys = KEYS;
      this.camera = new M.CubeCamera();
      this.actions = { act: (action) => this.act(action) };
      host.setAttribute('aria-roledescription', 'map of images in three dimensions');
      if (!host.hasAttribute('aria-label')) host.setAttribute('aria-label', 'Map of images, 3-D');
      host.setAttribute('aria-description', HELP);
      const drawn = (points, complete) => this.onDrawn(points, complete && !this.turning);
      this.renderer = M.CubeRenderer.create(stage, { drawn }) || NOTHING;
      this.ink = new M.Ink(stage);
      this.tooltip = new M.Tooltip(stage);
      this.front = M.addElement(host, 'div', 'vt-map-front');
      this.toolbar = new M.Toolbar(this.front, (action) => this.act(action), BUTTONS);
      this.notices = new M.Notices(this.front, () => this.retry());
      const signal = this.life.signal;
      this.gestures = new M.Gestures(stage, this.handler, signal, { draws: false });
      stage.addEventListener('pointerdown', () => this.turnItself(0), { signal });
      host.vitrineMap = this.makeApi();
      if (this.renderer === NOTHING) this.refuse();
    }

    /** The handler that `Gestures` calls. */
    get handler() {
      return {
        pan: (dx, dy) => this.move(() => this.camera.turnBy(dx, dy)),
        zoom: (px, py, factor) => this.move(() => this.camera.zoomBy(factor)),
        reset: () => this.move(() => this.camera.reset()),
        click: (px, py, reach) => this.inspect(this.pick(px, py, reach)),
        hold: (px, py, reach) => {
          this.hover(this.pick(px, py, reach));
          this.inspect(this.hovered);
        },
        hover: (px, py) => this.onHover(px, py),
        leave: () => this.leave(),
      };
    }

    /** What this map offers to tests and to other scripts. */
    makeApi() {
      const map = this;
      return {
        get view() {
          return map.camera.view;
        },
        set view(view) {
          map.move(() => Object.assign(map.camera, { view }));
        },
        get drawn() {
          return map.drawn;
        },
        get total() {
          return map.total;
        },
        get rows() {
          return map.data.points ? [...map.data.points.rows] : [];
        },
        get stats() {
          return { ...map.stats, thumbs: map.tooltip.loads };
        },
        project: (row) => (map.has(row) ? map.project(row) : null),
        pick: (px, py) => map.pick(px, py),
        pointAt: (row) => map.pointAt(row),
        setSelection: (given) => map.setSelection(given),
        settled: () => map.settled(),
        finish: () => map.renderer.finish(),
      };
    }

    /** Say that it cannot be drawn here, and show the way to a map that can. */
    refuse() {
      const { flat } = this.host.dataset;
      this.host.dataset.state = 'flat';
      const sentence = 'A map in three dimensions needs WebGL2, which this browser does not offer.';
      this.notices.message('flat', sentence);
      this.notices.announce(sentence);
      this.toolbar.box.hidden = true;
      if (!flat) return;
      const link = M.addElement(this.notices.box, 'a', 'btn btn-outline-primary btn-sm');
      link.href = flat;
      link.textContent = 'Open a map in two dimensions';
    }

    // ---- data in -----------------------------------------------------------------------------

    sync() {
      if (this.renderer !== NOTHING) super.sync();
    }

    /** Read the points; the view starts anew. */
    loadPoints() {
      if (!this.host.dataset.points) return;
      this.setState('loading');
      this.data = { points: null, index: null, codes: this.data.codes, mask: null, layers: null };
      this.pointed = -1;
      this.forgetPictures();
      this.during(async () => {
        const bytes = await this.channels.points.read(M.routeOf(this.host, 'cube'));
        if (!bytes) return;
        this.stats.arrived = performance.now();
        const points = M.decodeCube(bytes);
        const index = new Int32Array(points.total).fill(-1);
        points.rows.forEach((row, i) => (index[row] = i));
        Object.assign(this.data, { points, index });
        this.camera.radius = M.radiusOf(points);
        this.camera.reset();
        this.apply();
        const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
        if (!still && points.rows.length > 1) this.turnItself(ARRIVAL);
      });
    }

    /** Hand the data to the renderer, once points and colours are both there and fit. */
    apply() {
      const { points, codes } = this.data;
      if (!points || !codes || !this.fits(points.total)) return;
      this.data.mask = this.maskBytes ? M.decodeMask(this.maskBytes, points.total) : null;
      this.data.layers = M.layersOf(codes, this.data.mask);
      this.selected = this.data.mask ? M.countBits(this.data.mask) : null;
      this.renderer.setData(this.data);
      this.toolbar.setSelected(this.data.mask !== null || Boolean(this.host.dataset.base));
      this.host.dataset.total = String(points.total);
      this.redraw();
    }

    /** Forget what was shown of another set's pictures. */
    forgetPictures() {
      this.leave();
      this.tooltip.clear();
    }

    onMarked() {
      this.placeRing();
    }

    // ---- what a person does ------------------------------------------------------------------

    /** Do what a button or key says. */
    act(action) {
      const { camera } = this;
      if (this.renderer === NOTHING) return;
      const acts = {
        left: () => camera.turnBy(-STEP, 0),
        right: () => camera.turnBy(STEP, 0),
        up: () => camera.turnBy(0, -STEP),
        down: () => camera.turnBy(0, STEP),
        in: () => camera.zoomBy(NOTCH),
        out: () => camera.zoomBy(1 / NOTCH),
        reset: () => camera.reset(),
      };
      if (acts[action]) this.move(acts[action]);
      else if (action === 'turn') this.turnItself(this.turning ? 0 : Infinity);
      else if (action === 'show') this.showCentral();
      else if (action === 'clear') this.takeSelection(null);
    }

    /** Change the view; it no longer turns by itself. */
    move(change) {
      this.turnItself(0);
      this.leave();
      change();
      this.redraw();
    }

    /** Turn by itself for some milliseconds; 0 stops it. */
    turnItself(lasting) {
      cancelAnimationFrame(this.turning);
      const was = Boolean(this.turning);
      this.turning = 0;
      this.toolbar.setToggle('turn', lasting > 0);
      if (!lasting) {
        if (was) this.redraw();
        return;
      }
      const began = performance.now();
      let last = began;
      const step = (now) => {
        this.camera.turnBy(SPEED * Math.max(0, now - last), 0);
        last = now;
        if (now - began < lasting) this.turning = requestAnimationFrame(step);
        else this.turnItself(0);
        this.redraw();
      };
      this.turning = requestAnimationFrame(step);
    }

    /** The pointer rests on or passes a place; a map whose point is looked at stands still. */
    onHover(px, py) {
      cancelAnimationFrame(this.looking);
      this.looking = requestAnimationFrame(() => {
        if (!this.data.layers) return;
        const row = this.pick(px, py);
        if (row >= 0) this.turnItself(0);
        this.hover(row);
      });
    }

    /** Show the item whose point is nearest to the middle of the view. */
    showCentral() {
      const { width, height } = this.camera;
      const row = this.pick(width / 2, height / 2, Math.hypot(width, height));
      if (row < 0) return;
      this.notices.announce(`${this.describe(row).name}, nearest the middle of the map.`);
      this.inspect(row);
    }

    // ---- drawing and finding -----------------------------------------------------------------

    /** Number of points of the whole map. */
    get total() {
      return this.data.points ? this.data.points.total : 0;
    }

    /** Tell whether a row is drawn. */
    has(row) {
      return Boolean(this.data.index) && this.data.index[row] >= 0;
    }

    /** The host has another size. */
    onResize() {
      const { clientWidth, clientHeight } = this.host;
      this.camera.resize(clientWidth, clientHeight);
      this.renderer.resize(clientWidth, clientHeight);
      this.redraw();
    }

    /** Draw at the next frame. */
    redraw() {
      if (!this.data.layers || !this.host.clientWidth) return;
      this.complete = false;
      this.renderer.draw(this.camera);
      this.placeRing();
    }

    /** Say how much is drawn, that it is a sample, and how much is selected. */
    sayDrawn(points) {
      const how = points < this.total ? ', evenly' : '';
      this.notices.setStatus(points, this.total, this.selected, { before: '3-D · ', how });
    }

    /** Put the rings around the points that are pointed at and shown. */
    placeRing() {
      if (!this.data.layers) {
        this.ink.circle(null);
        this.ink.mark(null);
        return;
      }
      super.placeRing();
      this.ink.mark(this.marked >= 0 ? this.project(this.marked) : null, this.pointRadius);
    }

    /** CSS pixels from the middle of a point to a ring around it. */
    get pointRadius() {
      return M.cubePointSize(this.camera.scale, this.data.points?.rows.length || 1) / 2 + 3;
    }

    /** CSS pixels of a row's point. */
    project(row) {
      const { points, index } = this.data;
      const i = index[row];
      const [x, y, z] = [points.x[i], points.y[i], points.z[i]];
      return this.camera.projector()(x / 65535, y / 65535, z / 65535).slice(0, 2);
    }

    /**
     * The row near a place, -1 if there is none: of the points under it the nearest to the eye,
     * else the one least far from it. Dimmed points are found only where no other is.
     */
    pick(px, py, reach = REACH) {
      const { points, layers } = this.data;
      if (!layers) return -1;
      const project = this.camera.projector();
      const under = Math.max(2, this.pointRadius - 3);
      let [best, least] = [-1, Infinity];
      for (let i = 0; i < points.rows.length; i++) {
        const [x, y, near] = project(points.x[i] / 65535, points.y[i] / 65535, points.z[i] / 65535);
        const away = Math.hypot(x - px, y - py);
        if (away > Math.max(reach, under)) continue;
        const dim = layers[points.rows[i]] === M.Layer.DIMMED ? 1e6 : 0;
        const cost = dim + (away <= under ? -near : away + 10);
        if (cost < least) [best, least] = [points.rows[i], cost];
      }
      return best;
    }

    /** End: the host has left the document. */
    dispose() {
      cancelAnimationFrame(this.turning);
      cancelAnimationFrame(this.looking);
      super.dispose();
    }
  }

  M.CubeHost = CubeHost;
})();
