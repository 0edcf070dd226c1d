// A threshold of a picture issue: as it is dragged or typed, the count and the bars follow at once;
// when it is let go, the server lists anew.
(function () {
  "use strict";

  const STEPS = 1000; // the count is known at every thousandth

  const frameOf = (target) => target.closest && target.closest(".vt-threshold");

  function valueOf(input) {
    const value = Number(input.value);
    if (input.value === "" || !Number.isFinite(value)) return null;
    return Math.min(1, Math.max(0, Math.round(value * STEPS) / STEPS));
  }

  function counted(frame, value) {
    const below = JSON.parse(frame.dataset.below);
    return below[Math.round(value * STEPS)];
  }

  function show(frame, value) {
    const count = counted(frame, value);
    const told = frame.querySelector(".vt-threshold-count");
    if (told) told.textContent = count.toLocaleString("en");
    const share = frame.querySelector(".vt-threshold-share");
    const total = Number(frame.dataset.total);
    if (share) share.textContent = percent(total ? count / total : 0);
    const bars = frame.querySelectorAll(".vt-threshold-bar");
    bars.forEach((bar, at) => bar.classList.toggle("vt-below", (at + 0.5) / bars.length < value));
    frame.classList.toggle("vt-threshold-wide", count > Number(frame.dataset.most) * total);
  }

  function percent(part) {
    const value = 100 * part;
    return (value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)) + " %";
  }

  function other(frame, input) {
    return [...frame.querySelectorAll("input")].find((one) => one !== input);
  }

  document.addEventListener("input", (event) => {
    const frame = frameOf(event.target);
    if (!frame) return;
    const value = valueOf(event.target);
    if (value === null) return;
    show(frame, value);
    window.dash_clientside.set_props(other(frame, event.target).id, { value });
  });

  document.addEventListener("change", (event) => {
    const frame = frameOf(event.target);
    if (!frame) return;
    const value = valueOf(event.target);
    if (value === null) return;
    window.dash_clientside.set_props(frame.dataset.store, {
      data: { issue: frame.dataset.issue, value, at: Date.now() },
    });
  });
})();
