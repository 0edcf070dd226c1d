// Charts of Morphology as files: SVG, or PNG with three times as many pixels. Both are drawn anew
// in the light theme on white and at one size, whatever screen they were asked from. A point of an
// ordination shows its picture while the pointer is on it.
(function () {
  "use strict";

  const SCALE = 3;
  const EDGE = 14; // pixels of white around a file

  function chartOf(frame) {
    return frame.querySelector(".js-plotly-plot");
  }

  function told(button, text) {
    const before = button.textContent;
    button.textContent = text;
    setTimeout(() => {
      button.textContent = before;
    }, 2500);
  }

  async function download(button) {
    const frame = button.closest(".vt-shape-figure");
    const chart = frame && chartOf(frame);
    if (!chart || !window.Plotly) {
      told(button, "Not drawn yet");
      return;
    }
    const kind = button.getAttribute("data-vt-figure");
    const light = JSON.parse(frame.getAttribute("data-template"));
    const width = Number(frame.getAttribute("data-wide")) + 2 * EDGE;
    const height = Number(frame.getAttribute("data-high")) + 2 * EDGE;
    const margin = Object.assign({}, chart.layout.margin);
    for (const side of ["l", "r", "t", "b"]) margin[side] = (margin[side] || 0) + EDGE;
    const layout = Object.assign({}, chart.layout, {
      template: light,
      paper_bgcolor: "#ffffff",
      plot_bgcolor: "#ffffff",
      autosize: false,
      margin,
      width,
      height,
    });
    button.disabled = true;
    try {
      await window.Plotly.downloadImage(
        { data: chart.data, layout, config: { staticPlot: true } },
        {
          format: kind,
          filename: frame.getAttribute("data-file"),
          width,
          height,
          scale: kind === "png" ? SCALE : 1,
        },
      );
    } catch {
      told(button, "Could not be drawn");
    } finally {
      button.disabled = false;
    }
  }

  // -- the picture of the point under the pointer ------------------------------------------------

  let shown = null;

  function hide() {
    if (shown) shown.remove();
    shown = null;
  }

  function show(frame, told) {
    const point = told.points && told.points[0];
    hide();
    const of = point && point.customdata;
    if (!Number.isInteger(of) && typeof of !== "string") return;
    shown = document.createElement("div");
    shown.className = "vt-shape-hover";
    const picture = document.createElement("img");
    picture.alt = "";
    picture.src = frame.getAttribute("data-pictures") + point.customdata;
    shown.append(picture);
    document.body.append(shown);
    const { clientX: x, clientY: y } = told.event;
    const left = Math.min(Math.max(8, x - 72), window.innerWidth - 152);
    shown.style.left = `${left}px`; // above the point, or below where there is no room
    if (y > 190) shown.style.bottom = `${window.innerHeight - y + 28}px`;
    else shown.style.top = `${y + 28}px`;
  }

  // A chart has its events once plotly has drawn it; it is met first when the pointer enters it.
  document.addEventListener("pointerover", (event) => {
    const pictured = '.vt-shape-figure:not([data-pictures=""])';
    const frame = event.target.closest && event.target.closest(pictured);
    const chart = frame && chartOf(frame);
    if (!chart) {
      hide();
      return;
    }
    if (chart.vtHovered || !chart.on) return;
    chart.vtHovered = true;
    chart.on("plotly_hover", (told) => show(frame, told));
    chart.on("plotly_unhover", hide);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-vt-figure]");
    if (button) download(button);
  });
})();
