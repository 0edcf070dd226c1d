/** What a person does to a map in two dimensions, from buttons, keys and gestures. */
(() => {
  'use strict';

  const M = window.Vitrine.map;
  const STEP = 80; // CSS pixels an arrow key pans
  const NOTCH = 1.6; // factor of one press of a zoom button

  /** Acts on one map. */
  class Actions {
    /** @param {Vitrine.map.MapHost} map */
    constructor(map) {
      this.map = map;
      this.tool = 'pan';
      this.posting = null;
      this.frame = 0;
    }

    /** The handler that `Gestures` calls. */
    get handler() {
      return {
        pan: (dx, dy) => this.move((camera) => camera.panBy(dx, dy)),
        zoom: (px, py, factor) => this.move((camera) => camera.zoomAt(px, py, factor)),
        reset: () => this.move((camera) => camera.reset()),
        click: (px, py, reach) => this.click(px, py, reach),
        hold: (px, py, reach) => this.hold(px, py, reach),
        hover: (px, py) => this.hover(px, py),
        leave: () => this.leave(),
        outline: (polygon) => this.map.ink.draw(polygon),
        select: (polygon, mode) => this.select(polygon, mode),
      };
    }

    /** Do what a button or key says; false if there is no such action. */
    act(action) {
      const { camera } = this.map;
      const middle = [camera.width / 2, camera.height / 2];
      const acts = {
        pan: () => this.take('pan'),
        lasso: () => this.take(this.tool === 'lasso' ? 'pan' : 'lasso'),
        box: () => this.take(this.tool === 'box' ? 'pan' : 'box'),
        in: () => this.move(() => camera.zoomAt(...middle, NOTCH)),
        out: () => this.move(() => camera.zoomAt(...middle, 1 / NOTCH)),
        reset: () => this.move(() => camera.reset()),
        left: () => this.move(() => camera.panBy(STEP, 0)),
        right: () => this.move(() => camera.panBy(-STEP, 0)),
        up: () => this.move(() => camera.panBy(0, STEP)),
        down: () => this.move(() => camera.panBy(0, -STEP)),
        near: () => this.map.lines.toggle(),
        themes: () => this.map.overlays.toggleThemes(),
        show: () => this.showCentral(),
        view: () => this.select(M.rectangle([0, 0], [camera.width, camera.height]), 'replace'),
        clear: () => this.map.gestures.giveUp() || this.clear(),
      };
      acts[action]();
    }

    /** Change the view. */
    move(change) {
      if (!this.map.total) return;
      this.leave();
      change(this.map.camera);
      this.map.redraw();
      M.moved(this.map.host);
    }

    /** Take a tool in hand. */
    take(tool) {
      this.tool = tool;
      this.map.gestures.giveUp();
      this.map.gestures.tool = tool;
      this.map.toolbar.setTool(tool);
      this.map.stage.dataset.tool = tool;
    }

    /** The pointer rests on or passes a place: show what is there, at most once a frame. */
    hover(px, py) {
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => {
        const label = this.map.labels.at(px, py);
        this.map.hover(label ? -1 : this.map.pick(px, py));
        if (label) this.map.stage.dataset.over = 'label';
      });
    }

    /** The pointer is on no point. */
    leave() {
      cancelAnimationFrame(this.frame);
      this.map.leave();
    }

    /** A click: on a name it selects all that bear it, on a point it shows that one. */
    click(px, py, reach) {
      const label = this.map.labels.at(px, py);
      if (label) this.selectNamed(label.text);
      else this.map.inspect(this.map.pick(px, py, reach));
    }

    /** A finger stays where it is: picture and name, as a pointer shows them, and the item. */
    hold(px, py, reach) {
      const row = this.map.pick(px, py, reach);
      this.map.hover(row);
      this.map.inspect(row);
    }

    /** Show the item whose point is nearest to the middle of the view: a click without a mouse. */
    showCentral() {
      const { map } = this;
      const row = map.central;
      if (row < 0) {
        map.notices.warn('No image is in view.');
        return;
      }
      map.notices.announce(`${map.describe(row).name}, nearest the middle of the map.`);
      map.inspect(row);
    }

    /**
     * Select the points in a polygon: the server finds them and gives the selection an id.
     * @param {number[][]} outline [px, py] in CSS pixels of the present view
     * @param {"replace"|"add"|"subtract"} mode how it joins the present selection
     */
    async select(outline, mode) {
      const { map } = this;
      const base = map.host.dataset.base || null;
      if (mode === 'subtract' && !base) {
        map.notices.warn('Nothing is selected yet to take away from.');
        return;
      }
      const corners = M.simplify(outline);
      map.stats.vertices = corners.length;
      await this.choose(map.host.dataset.select, {
        projection: map.host.dataset.projection,
        polygon: corners.map(([px, py]) => map.camera.toMap(px, py)),
        mode: base ? mode : 'replace',
        base,
      });
    }

    /** Select all of one category of the present colours. */
    async selectNamed(name) {
      const { select, colour } = this.map.host.dataset;
      const by = new URL(colour, window.location.href).searchParams.get('by');
      await this.choose(select.replace(/select$/, 'filter'), { by, names: [name] });
    }

    /** Have the server make a selection, and show it. */
    async choose(url, wanted) {
      const { map } = this;
      const began = performance.now();
      await map.during(async () => {
        const answer = await this.post(url, { set: map.host.dataset.set, ...wanted });
        map.stats.select = performance.now() - began;
        if (answer) map.takeSelection(answer);
      }, (problem) => map.notices.warn(problem.message));
    }

    /** Send a selection; null when a later one, or clearing, has overtaken it. */
    async post(url, body) {
      if (this.posting) this.posting.abort();
      const mine = (this.posting = new AbortController());
      try {
        const answer = await fetch(url, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
          signal: mine.signal,
        });
        if (!answer.ok) throw new Error(`Not selected: ${await M.errorText(answer)}`);
        const given = await answer.json();
        return mine === this.posting ? given : null;
      } catch (problem) {
        if (mine.signal.aborted) return null;
        if (problem instanceof TypeError) {
          throw new Error('Not selected: the server did not answer.');
        }
        throw problem;
      }
    }

    /** Select nothing. */
    clear() {
      this.end();
      this.map.takeSelection(null);
    }

    /** Drop what is being asked. */
    end() {
      cancelAnimationFrame(this.frame);
      if (this.posting) this.posting.abort();
    }
  }

  M.Actions = Actions;
})();
