/**
 * Lines from the point that is pointed at, or whose item the page shows, to its true nearest
 * neighbours: what the map has torn apart becomes visible. Off until a person asks for them.
 */
(() => {
  'use strict';

  const M = window.Vitrine.map;
  const SVG = 'http://www.w3.org/2000/svg';
  const KEPT = 300; // rows whose neighbours are remembered
  const RADIUS = 3.5; // CSS pixels of the mark at an end
  const INSET = 7; // CSS pixels from the edge at which an end outside the view is marked

  /** What a person chose last, for maps that come later. */
  const chosen = { lines: false };

  /** Where the way from a place inside a box [w, h] to one outside leaves it, INSET before. */
  function crossing([ax, ay], [bx, by], [w, h]) {
    let part = 1;
    for (const [a, b, most] of [[ax, bx, w], [ay, by, h]]) {
      if (b > most - INSET && b > a) part = Math.min(part, (most - INSET - a) / (b - a));
      if (b < INSET && b < a) part = Math.min(part, (INSET - a) / (b - a));
    }
    const share = Math.max(0, part);
    return [ax + share * (bx - ax), ay + share * (by - ay)];
  }

  /** The lines of one map. */
  class Lines {
    constructor(map) {
      this.map = map;
      this.box = document.createElementNS(SVG, 'g');
      this.box.setAttribute('class', 'vt-map-near');
      map.ink.svg.prepend(this.box);
      this.near = new Map();
      this.asking = null;
      this.row = -1;
      map.toolbar.setToggle('near', chosen.lines);
    }

    /** Draw lines from now on, or no longer. */
    toggle() {
      chosen.lines = !chosen.lines;
      this.map.toolbar.setToggle('near', chosen.lines);
      this.map.notices.announce(`Lines to the nearest neighbours: ${chosen.lines ? 'on' : 'off'}.`);
      this.update();
    }

    /** The row that lines start from: under the pointer, pointed at elsewhere, or inspected. */
    get wanted() {
      const { map } = this;
      if (!chosen.lines || !map.data.points) return -1;
      return [map.hovered, map.pointed, map.marked].find((row) => map.has(row)) ?? -1;
    }

    /** Another row may be wanted: show its lines, when they are known. */
    update() {
      if (this.wanted === this.row) return;
      this.row = this.wanted;
      this.place();
      this.ask();
    }

    /** Read the neighbours of the wanted row, one question at a time. */
    ask() {
      const { row, map } = this;
      if (row < 0 || this.asking || this.near.has(row)) return;
      const mine = (this.asking = new AbortController());
      map.during(
        async () => {
          try {
            const given = await this.read(row, mine.signal);
            if (mine === this.asking) this.remember(row, given);
          } finally {
            if (mine === this.asking) {
              this.asking = null;
              this.place();
              if (this.row !== row) this.ask();
            }
          }
        },
        (problem) => mine.signal.aborted || map.notices.warn(problem.message),
      );
    }

    /** Read the neighbours of a row: [{row, distance}], nearest first. */
    async read(row, signal) {
      let answer;
      try {
        answer = await fetch(M.routeOf(this.map.host, `near/${row}`), { signal });
      } catch {
        throw new Error('The neighbours could not be read: the server did not answer.');
      }
      if (!answer.ok) {
        throw new Error(`The neighbours could not be read: ${await M.errorText(answer)}`);
      }
      const { rows, distances } = await answer.json();
      if (!rows.length) this.map.notices.warn('The neighbours of this set are not computed yet.');
      return rows.map((end, i) => ({ row: end, distance: distances[i] }));
    }

    /** Keep neighbours, dropping the oldest of too many. */
    remember(row, near) {
      this.near.set(row, near);
      if (this.near.size > KEPT) this.near.delete(this.near.keys().next().value);
    }

    /** Put the lines where their ends are now. */
    place() {
      const { map } = this;
      const near = map.has(this.row) ? this.near.get(this.row) || [] : [];
      const ends = near.filter(({ row }) => map.has(row));
      while (this.box.children.length > ends.length) this.box.lastChild.remove();
      while (this.box.children.length < ends.length) this.box.append(this.makeLine());
      if (!ends.length) return;
      const from = map.project(this.row);
      const [first, last] = [ends[0].distance, ends.at(-1).distance];
      ends.forEach((end, i) => {
        const share = last > first ? (end.distance - first) / (last - first) : 0;
        this.put(this.box.children[i], from, end.row, 1 - 0.65 * share);
      });
    }

    /** A line and the mark at its end. */
    makeLine() {
      const group = document.createElementNS(SVG, 'g');
      for (const part of ['line', 'line', 'circle']) {
        group.append(document.createElementNS(SVG, part));
      }
      return group;
    }

    /** Draw one line; an end outside the view is marked where the line leaves it. */
    put(group, from, row, strength) {
      const { width, height } = this.map.camera;
      const to = this.map.project(row);
      const inside = to[0] >= 0 && to[1] >= 0 && to[0] <= width && to[1] <= height;
      const end = inside ? to : crossing(from, to, [width, height]);
      const [ground, line, mark] = group.children;
      for (const stroke of [ground, line]) {
        stroke.setAttribute('x1', from[0]);
        stroke.setAttribute('y1', from[1]);
        stroke.setAttribute('x2', to[0]);
        stroke.setAttribute('y2', to[1]);
      }
      mark.setAttribute('cx', end[0]);
      mark.setAttribute('cy', end[1]);
      mark.setAttribute('r', RADIUS);
      group.dataset.row = row;
      group.setAttribute('class', inside ? '' : 'is-outside');
      line.setAttribute('stroke-opacity', strength.toFixed(2));
    }

    /** Forget all neighbours: another map came. */
    forget() {
      if (this.asking) this.asking.abort();
      this.asking = null;
      this.near.clear();
      this.row = -1;
      this.place();
    }
  }

  M.Lines = Lines;
})();
