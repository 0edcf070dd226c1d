// Drawing over the band of a clip: fills the fields of the range and presses the button behind them.
(function () {
  "use strict";

  let drawing = null;

  const secondsAt = (band, x) => {
    const box = band.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (x - box.left) / Math.max(1, box.width)));
    return share * Number(band.dataset.length);
  };

  function show(band, from, to) {
    let mark = band.querySelector(".vt-timeline-drawn");
    if (!mark) {
      mark = document.createElement("span");
      mark.className = "vt-timeline-drawn";
      band.appendChild(mark);
    }
    const length = Math.max(1e-9, Number(band.dataset.length));
    mark.style.left = `${(100 * Math.min(from, to)) / length}%`;
    mark.style.width = `${(100 * Math.abs(to - from)) / length}%`;
    return mark;
  }

  function end() {
    if (!drawing) return;
    if (drawing.mark) drawing.mark.remove();
    drawing = null;
  }

  document.addEventListener("pointerdown", (event) => {
    const band = event.target.closest && event.target.closest(".vt-timeline-band");
    if (!band || event.button !== 0) return;
    const from = secondsAt(band, event.clientX);
    drawing = { band, from, to: from, pointer: event.pointerId, mark: null };
  });

  document.addEventListener("pointermove", (event) => {
    if (!drawing || event.pointerId !== drawing.pointer) return;
    drawing.to = secondsAt(drawing.band, event.clientX);
    drawing.mark = show(drawing.band, drawing.from, drawing.to);
  });

  document.addEventListener("pointerup", (event) => {
    if (!drawing || event.pointerId !== drawing.pointer) return;
    const { band, from, to, mark } = drawing;
    end();
    if (!mark) return;
    const rounded = [Math.min(from, to), Math.max(from, to)].map((at) => Number(at.toFixed(3)));
    window.dash_clientside.set_props(band.dataset.from, { value: rounded[0] });
    window.dash_clientside.set_props(band.dataset.to, { value: rounded[1] });
    const button = document.getElementById(band.dataset.select);
    if (button) button.click();
  });

  document.addEventListener("pointercancel", end);
})();
