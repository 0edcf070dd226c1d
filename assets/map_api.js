/** What a map offers to tests and to other scripts, as `host.vitrineMap`. */
(() => {
  'use strict';

  /**
   * Make the object that stands as `vitrineMap` on a map's host:
   *   view            {x, y, zoom}: centre in map units, zoom (1 shows all); may be set
   *   extent          [x0, y0, x1, y1], the visible rectangle in map units
   *   drawn, total    points in the last frame (inside the view or not), and all points
   *   pointAt(row)    rings a row's point (and draws its lines, when they are on) without tooltip
   *                   and without telling anybody; -1 takes the ring away
   *   setSelection(given)  shows a selection, {selection} as the server answers, or null for none,
   *                   without telling the page
   *   project(row)    → [px, py] CSS pixels from the host's top left corner
   *   pick(px, py)    → row nearest to the place, -1 if there is none near
   *   select(polygon, mode)  polygon of [px, py]; posts it as the lasso does; → promise
   *   settled()       → promise: nothing is being loaded, drawn or selected any more
   *   finish()        waits for the GPU (blocks; for measurements)
   *   stats           milliseconds that the last colour, mask, select and apply took; arrived,
   *                   when the points did; frames drawn; vertices last posted; thumbs loaded for
   *                   the tooltip
   *
   * The host dispatches a bubbling `vt-hover` event, detail {row}, when the pointer comes to
   * another point, -1 when it leaves; and has a `data-state`, see `map.js`.
   */
  function makeApi(map) {
    return {
      get view() {
        return map.camera.view;
      },
      set view(view) {
        map.actions.move((camera) => Object.assign(camera, { view }));
      },
      get extent() {
        return map.camera.extent;
      },
      get drawn() {
        return map.drawn;
      },
      get total() {
        return map.total;
      },
      get stats() {
        return { ...map.stats, thumbs: map.tooltip.loads };
      },
      pointAt: (row) => map.pointAt(row),
      setSelection: (given) => map.setSelection(given),
      project: (row) => map.project(row),
      pick: (px, py) => map.pick(px, py),
      select: (polygon, mode = 'replace') => map.actions.select(polygon, mode),
      settled: () => map.settled(),
      finish: () => map.renderer.finish(),
    };
  }

  Object.assign(window.Vitrine.map, { makeApi });
})();
