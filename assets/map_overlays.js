/**
 * What lies over the points of a map: pictures at their points, names, rings and lines.
 *
 * Where few points are in view their pictures are shown, those first that stand for others. Where
 * many are, one picture stands beside each of the largest themes. Which rows those are is read when
 * the map is there (`…/rank`), so that the points never wait for it.
 */
(() => {
  'use strict';

  const M = window.Vitrine.map;
  const MOST = 120; // pictures lie at their points when at most so many are in view
  const SIDE = 52; // CSS pixels of a picture at its point, as in map.css
  const THEME_SIDE = 44; // the same of one that stands for a theme
  const THEMES = 12; // pictures of themes at most
  const ISLAND = 0.08; // share of its points by which covering any is worse than for a name
  const SMALLEST = [480, 360]; // CSS pixels of a map from which pictures of themes find room

  /** What a person chose last, for maps that come later. */
  const chosen = { themes: true };

  /** Read the ranks' route: rows that stand for the largest themes, and how early each comes. */
  function decodeRanks(buffer, n) {
    if (buffer.byteLength < 4) return null;
    const m = new DataView(buffer).getUint32(0, true);
    if (buffer.byteLength !== 4 + 4 * m + n) return null;
    return { exemplars: new Uint32Array(buffer, 4, m), ranks: new Uint8Array(buffer, 4 + 4 * m) };
  }

  /** Places what lies over the points of one map. */
  class Overlays {
    constructor(map) {
      this.map = map;
      this.channel = new M.Channel('pictures');
      this.known = null;
      this.shifts = new Map();
      map.toolbar.setToggle('themes', chosen.themes);
    }

    /** Read which pictures come first, once for each map. */
    load() {
      const { map } = this;
      const { points, thumbs } = map.host.dataset;
      const url = thumbs ? M.routeOf(map.host, 'rank') : '';
      if (!url || url === this.channel.url || !points) return;
      map.during(
        async () => {
          const bytes = await this.channel.read(url);
          if (!bytes) return;
          this.known = decodeRanks(bytes, map.total);
          map.redraw();
        },
        () => {}, // pictures come in row order then
      );
    }

    /** Forget what was read: another map came. */
    forget() {
      this.channel.forget();
      this.known = null;
      this.shifts.clear();
    }

    /** Show pictures of the largest themes, or no longer. */
    toggleThemes() {
      chosen.themes = !chosen.themes;
      this.map.toolbar.setToggle('themes', chosen.themes);
      this.map.notices.announce(`Pictures of themes: ${chosen.themes ? 'on' : 'off'}.`);
      this.place();
    }

    /** Put everything where its points are now. */
    place() {
      const { map } = this;
      const { toolbar, camera } = map;
      const { grid } = map.data;
      const rows = map.host.dataset.thumbs ? grid.within(camera.extent, MOST) : [];
      const [places, kind] = rows
        ? [this.atPoints(this.byRank(rows)), 'point']
        : [this.besideThemes(), 'theme'];
      map.pictures.place(places, kind, (row) => this.describe(row));
      this.drawLeaders(kind === 'theme' ? places : new Map());
      const taken = [toolbar.obstacle, ...(kind === 'theme' ? places.values() : [])];
      map.labels.place(camera, taken, (box) => grid.occupied(box));
      this.placeMark();
      map.placeRing();
      map.lines.place();
    }

    /** Rows in view, those first that stand for others; equals stay in row order. */
    byRank(rows) {
      if (!this.known) return rows;
      const { ranks } = this.known;
      return rows.sort((a, b) => ranks[a] - ranks[b] || a - b);
    }

    /**
     * Boxes at the points of these rows, none over another, the first ones first. Pictures that
     * are there already come before them, so that none changes its place while the map moves.
     */
    atPoints(rows) {
      const { pictures } = this.map;
      const inView = new Set(rows);
      const before = pictures.kind === 'point' ? [...pictures.shown.keys()] : [];
      const places = new Map();
      const taken = [];
      for (const row of new Set([...before.filter((r) => inView.has(r)), ...rows])) {
        const [x, y] = this.map.project(row);
        const box = { x: x - SIDE / 2, y: y - SIDE / 2, w: SIDE, h: SIDE };
        if (taken.some((other) => M.overlap(box, other))) continue;
        taken.push(box);
        places.set(row, box);
      }
      return places;
    }

    /**
     * Boxes of rows in view that stand for the largest themes: where they cover least, beside a
     * small island, on a wide one. None where the map is too small.
     */
    besideThemes() {
      const { map } = this;
      const { camera } = map;
      const places = new Map();
      const roomy = camera.width >= SMALLEST[0] && camera.height >= SMALLEST[1];
      if (!this.known || !chosen.themes || !roomy) return places;
      const taken = [map.toolbar.obstacle];
      for (const row of this.known.exemplars) {
        if (places.size === THEMES) break;
        const [x, y] = map.project(row);
        if (x < 0 || y < 0 || x > camera.width || y > camera.height) continue;
        const thing = { w: THEME_SIDE, h: THEME_SIDE, shift: this.shifts.get(row) || null };
        const occupied = (box) => {
          const share = map.data.grid.occupied(box);
          return share > 0 ? ISLAND + 4 * share : 0;
        };
        const spot = M.freeSpot(thing, x, y, camera, taken, occupied);
        this.shifts.set(row, thing.shift);
        if (!spot) continue;
        taken.push(spot);
        places.set(row, { x: spot.x, y: spot.y, w: THEME_SIDE, h: THEME_SIDE });
      }
      return places;
    }

    /** Join pictures that stand beside their points to them. */
    drawLeaders(places) {
      const ways = [];
      for (const [row, { x, y, w, h }] of places) {
        const [px, py] = this.map.project(row);
        const near = [Math.min(Math.max(px, x), x + w), Math.min(Math.max(py, y), y + h)];
        if (near[0] !== px || near[1] !== py) ways.push(`M${near.join(' ')}L${px} ${py}`);
      }
      this.map.ink.leaders.setAttribute('d', ways.join(''));
    }

    /** What the picture of a row is drawn with. */
    describe(row) {
      const { map } = this;
      const { layers, codes } = map.data;
      return {
        url: map.host.dataset.thumbs + row,
        colour: map.palette[codes[row]] || '',
        dimmed: layers[row] === M.Layer.DIMMED,
      };
    }

    /** Put the ring where the point is that the page shows beside the map. */
    placeMark() {
      const { map } = this;
      map.ink.mark(map.marked >= 0 ? map.project(map.marked) : null, map.pointRadius);
    }
  }

  M.Overlays = Overlays;
})();
