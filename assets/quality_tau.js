// The threshold of near-duplicates: line and field follow each other and say what lies within.
(function () {
  "use strict";

  const STEPS = 600; // as in quality_threshold.py

  const grouped = (value) => value.toLocaleString("en-US");
  const plural = (value, one) => `${grouped(value)} ${value === 1 ? one : one + "s"}`;

  function share(value) {
    const percent = 100 * value;
    const text = percent > 0 && Math.round(10 * percent) < 100 ? percent.toFixed(1) : percent.toFixed(0);
    return `${text} %`;
  }

  function told(data, tau) {
    const at = Math.min(STEPS, Math.max(0, Math.round((STEPS * tau) / data.top)));
    const pairs = data.pairs[at];
    const images = data.images[at];
    const least = tau > data.reach ? "at least " : "";
    const has = images === 1 ? "has" : "have";
    return (
      `${least}${plural(pairs, "pair")}; ${plural(images, data.noun)} ` +
      `(${share(images / Math.max(1, data.total))}) ${has} a different one this near.`
    );
  }

  // Returns line, field, what is said, and whether the button has nothing to do.
  function tau(line, field, data) {
    const none = window.dash_clientside.no_update;
    const triggered = window.dash_clientside.callback_context.triggered.map((one) => one.prop_id);
    const typed = triggered.some((id) => id.startsWith("quality-tau-value."));
    const moved = triggered.some((id) => id.startsWith("quality-tau-line."));
    if (!data || (!typed && !moved)) return [none, none, none, none];
    const value = Number(typed ? field : line);
    if (!Number.isFinite(value) || value < 0 || (typed && (field === "" || field === null)))
      return [none, none, "Enter a distance above 0.", true];
    const digits = Number(value.toPrecision(3));
    const same = digits === Number(data.now.toPrecision(3)) || digits <= 0 || digits > 2;
    return [
      typed ? Math.min(value, data.top) : none,
      typed ? none : digits,
      told(data, value),
      same,
    ];
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.vitrine_tau = { tau, told };
})();
