/* Objects in the inspector: while the form “Edit the box” is open, dragging on the whole picture
 * draws the box anew into the four fields, and typing there moves the box that is drawn.
 */

(() => {
  const FIELDS = ".vt-object-form[open] .vt-object-fields input";

  function parts(inside) {
    const section = inside.closest(".vt-object");
    if (!section) return null;
    const stage = section.querySelector("[data-object-size]");
    const own = section.querySelector(".vt-object-own");
    const fields = [...section.querySelectorAll(FIELDS)];
    if (!stage || !own || fields.length !== 4) return null;
    const [width, height] = stage.dataset.objectSize.split(",").map(Number);
    return { stage, own, fields, width, height };
  }

  function draw({ own, fields, width, height }) {
    const [x, y, w, h] = fields.map((field) => Number(field.value));
    if (![x, y, w, h].every(Number.isFinite) || w <= 0 || h <= 0) return;
    const left = Math.max(0, x / width);
    const top = Math.max(0, y / height);
    own.style.left = `${100 * left}%`;
    own.style.top = `${100 * top}%`;
    own.style.width = `${100 * Math.max(0, Math.min(1, (x + w) / width) - left)}%`;
    own.style.height = `${100 * Math.max(0, Math.min(1, (y + h) / height) - top)}%`;
  }

  /* React keeps the value of a field itself: it hears of a new one through the native setter. */
  function put(field, value) {
    const native = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
    native.set.call(field, String(value));
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  document.addEventListener("input", (event) => {
    if (!event.target.closest?.(".vt-object-fields")) return;
    const found = parts(event.target);
    if (found) draw(found);
  });

  document.addEventListener("pointerdown", (event) => {
    const stage = event.target.closest?.("[data-object-size]");
    const found = stage && event.button === 0 ? parts(stage) : null;
    if (!found) return;
    event.preventDefault();
    const frame = stage.getBoundingClientRect();
    const at = (e) => [
      Math.min(1, Math.max(0, (e.clientX - frame.left) / frame.width)) * found.width,
      Math.min(1, Math.max(0, (e.clientY - frame.top) / frame.height)) * found.height,
    ];
    const start = at(event);
    stage.setPointerCapture(event.pointerId);
    const move = (e) => {
      const end = at(e);
      const box = [0, 1].map((axis) => Math.min(start[axis], end[axis]));
      const size = [0, 1].map((axis) => Math.abs(end[axis] - start[axis]));
      if (size[0] < 1 || size[1] < 1) return;
      [...box, ...size].forEach((value, side) => put(found.fields[side], Math.round(value)));
    };
    const end = () => {
      stage.removeEventListener("pointermove", move);
      stage.removeEventListener("pointerup", end);
      stage.removeEventListener("pointercancel", end);
    };
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerup", end);
    stage.addEventListener("pointercancel", end);
  });
})();
