// Every figure of the page takes the template of the theme in force.
(function () {
  "use strict";

  function follow(theme, ids, templates, figures) {
    const none = window.dash_clientside.no_update;
    const template = templates && templates[theme];
    const wanted = JSON.stringify(template);
    return figures.map((figure) => {
      if (!template || !figure) return none;
      const layout = figure.layout || {};
      if (JSON.stringify(layout.template) === wanted) return none;
      return { ...figure, layout: { ...layout, template } };
    });
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.vitrine_theme = { follow };
})();
