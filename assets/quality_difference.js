// Two pictures compared: side by side, where they differ, one after the other, or one over the
// other. Everything is drawn here, from the pictures that the page shows anyway.
(function () {
  "use strict";

  const WIDEST = 960; // pixels of the canvas
  const SMALL = 33; // pixels of the pictures by which a turned copy is turned back
  const STRONGER = 4; // differences are shown so many times as strong
  const BLINK = 700; // milliseconds
  const STILL = 2000; // the same where motion is to be reduced
  let mode = "side"; // stays from case to case
  let timer = 0;

  const hosts = () => [...document.querySelectorAll(".vt-difference")];
  const part = (host, name) => host.querySelector(name);
  const given = (host, name) => JSON.parse(host.getAttribute(`data-${name}`));

  // -- drawing ----------------------------------------------------------------------------------

  function sized(image) {
    return [image.naturalWidth || 1, image.naturalHeight || 1];
  }

  // Draw a picture into a box, turned by quarters and mirrored: way 0 to 7.
  function draw(context, image, way, width, height) {
    context.save();
    context.translate(width / 2, height / 2);
    const quarters = way % 4;
    context.rotate((-quarters * Math.PI) / 2);
    if (way >= 4) context.scale(-1, 1);
    const [w, h] = quarters % 2 ? [height, width] : [width, height];
    context.drawImage(image, -w / 2, -h / 2, w, h);
    context.restore();
  }

  function pixels(image, way, width, height) {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    draw(context, image, way, width, height);
    return context.getImageData(0, 0, width, height).data;
  }

  function apart(first, second) {
    let sum = 0;
    for (let i = 0; i < first.length; i++) if (i % 4 !== 3) sum += Math.abs(first[i] - second[i]);
    return sum;
  }

  // The way in which the copy looks most like the other one; as it is, where it is not turned.
  function wayOf(first, second, turned) {
    if (!turned) return 0;
    const target = pixels(first, 0, SMALL, SMALL);
    let best = 0;
    let least = Infinity;
    for (let way = 0; way < 8; way++) {
      const far = apart(target, pixels(second, way, SMALL, SMALL));
      if (far < least) [best, least] = [way, far];
    }
    return best;
  }

  function difference(context, first, second, way, width, height) {
    const a = pixels(first, 0, width, height);
    const b = pixels(second, way, width, height);
    const shown = context.createImageData(width, height);
    let sum = 0;
    let seen = 0;
    let most = 0;
    for (let i = 0; i < a.length; i += 4) {
      let worst = 0;
      for (let c = 0; c < 3; c++) {
        const far = Math.abs(a[i + c] - b[i + c]);
        shown.data[i + c] = Math.min(255, STRONGER * far);
        sum += far;
        worst = Math.max(worst, far);
      }
      shown.data[i + 3] = 255;
      if (worst > 8) seen += 1;
      most = Math.max(most, worst);
    }
    context.putImageData(shown, 0, 0);
    return words(sum / (a.length * 0.75), (4 * seen) / a.length, most);
  }

  function words(mean, seen, most) {
    if (!most) return "No pixel differs.";
    const part = seen > 0 && seen < 0.001 ? "less than 0.1" : (100 * seen).toFixed(1);
    return (
      `Black is the same; differences are shown ${STRONGER} times as strong. On average ` +
      `${mean.toFixed(1)} of 255, at most ${most}; ${part} % of the pixels differ visibly (by more ` +
      "than 8)."
    );
  }

  function shape(canvas, first, second, way) {
    const [aw, ah] = sized(first);
    const [bw, bh] = way % 2 ? sized(second).reverse() : sized(second);
    const [w, h] = aw * ah >= bw * bh ? [aw, ah] : [bw, bh];
    const scale = Math.min(1, WIDEST / Math.max(w, h));
    canvas.width = Math.max(1, Math.round(w * scale));
    canvas.height = Math.max(1, Math.round(h * scale));
    canvas.classList.toggle("vt-pixelated", Math.max(w, h) <= 64);
  }

  function swipe(host, context, first, second, way) {
    const { width, height } = context.canvas;
    const at = Math.round((Number(part(host, ".vt-swipe input").value) / 100) * width);
    context.clearRect(0, 0, width, height);
    draw(context, second, way, width, height);
    context.save();
    context.beginPath();
    context.rect(0, 0, at, height);
    context.clip();
    context.clearRect(0, 0, width, height);
    draw(context, first, 0, width, height);
    context.restore();
    context.fillStyle = "#fff";
    context.fillRect(at - 1, 0, 2, height);
  }

  function blink(host, context, first, second, way) {
    const { width, height } = context.canvas;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    let turn = 0;
    const show = () => {
      if (!host.isConnected) return stop();
      context.clearRect(0, 0, width, height);
      if (turn % 2) draw(context, second, way, width, height);
      else draw(context, first, 0, width, height);
      part(host, ".vt-difference-told").textContent = part(
        host,
        `.vt-pair-${turn % 2 ? "second" : "first"} strong`,
      ).textContent;
      turn += 1;
    };
    show();
    timer = window.setInterval(show, still ? STILL : BLINK);
  }

  function stop() {
    window.clearInterval(timer);
    timer = 0;
  }

  const loaded = (image) => (image.complete ? Promise.resolve() : image.decode().catch(() => {}));

  async function redraw(host) {
    stop();
    const told = part(host, ".vt-difference-told");
    told.setAttribute("role", mode === "blink" ? "presentation" : "status");
    told.textContent = "";
    if (mode === "side") return;
    if (mode === "places") return window.vitrinePlaces.show(host, given(host, "first"), given(host, "second"));
    const [first, second] = host.querySelectorAll(".vt-pair-picture");
    await Promise.all([loaded(first), loaded(second)]);
    if (!host.isConnected || host.getAttribute("data-mode") === "side") return;
    if (!first.naturalWidth || !second.naturalWidth) {
      told.textContent = "One of the pictures cannot be read.";
      return;
    }
    const canvas = part(host, "canvas");
    const way = wayOf(first, second, given(host, "second").way > 0);
    shape(canvas, first, second, way);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    if (mode === "difference")
      told.textContent = difference(context, first, second, way, canvas.width, canvas.height);
    else if (mode === "swipe") swipe(host, context, first, second, way);
    else blink(host, context, first, second, way);
    host.setAttribute("data-drawn", mode);
  }

  // -- what a person does -----------------------------------------------------------------------

  function look(host) {
    host.setAttribute("data-mode", mode);
    for (const button of host.querySelectorAll("[data-vt-mode]"))
      button.setAttribute("aria-pressed", String(button.getAttribute("data-vt-mode") === mode));
    redraw(host);
  }

  function begin(host) {
    host.setAttribute("data-state", "ready");
    const slot = part(host, ".vt-swipe-slot");
    const range = document.createElement("input");
    Object.assign(range, { type: "range", min: 0, max: 100, value: 50, className: "form-range" });
    slot.append(range);
    range.addEventListener("input", () => redraw(host));
    for (const image of host.querySelectorAll(".vt-pair-picture"))
      image.addEventListener("load", () => {
        image.classList.toggle("vt-pixelated", Math.max(...sized(image)) <= 64);
        if (mode !== "side") redraw(host);
      });
    mark(host, given(host, "second").row);
    if (mode !== "side") look(host);
  }

  function mark(host, row) {
    const inside = host.closest("article") || document;
    for (const button of inside.querySelectorAll("[data-vt-compare]"))
      button.setAttribute(
        "aria-pressed",
        String(button.getAttribute("data-vt-compare") === String(row)),
      );
  }

  function compare(host, row) {
    const other = given(host, "others")[row];
    if (!other) return;
    host.setAttribute("data-second", JSON.stringify(other));
    const pane = part(host, ".vt-pair-second");
    const image = pane.querySelector("img");
    image.src = other.src;
    image.alt = `${pane.querySelector("strong").textContent}: ${other.name}`;
    pane.querySelector(".vt-pair-name").textContent = other.name;
    mark(host, row);
    redraw(host);
  }

  document.addEventListener("click", (event) => {
    const near = (selector) => event.target.closest && event.target.closest(selector);
    const button = near("[data-vt-mode]");
    if (button) {
      mode = button.getAttribute("data-vt-mode");
      hosts().forEach(look);
    }
    const other = near("[data-vt-compare]");
    const host = other && hosts()[0];
    if (host) compare(host, other.getAttribute("data-vt-compare"));
  });

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      for (const host of hosts()) if (!host.hasAttribute("data-state")) begin(host);
    });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
