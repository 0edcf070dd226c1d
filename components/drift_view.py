"""What Drift shows for the keys of its address: the form, a view of a comparison, or of batches."""

from collections.abc import Callable, Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import (
    drift_clusters,
    drift_explain,
    drift_form,
    drift_frame,
    drift_images,
    drift_pictures,
    drift_places,
    drift_planning,
    drift_preview,
    drift_series,
    drift_verdict,
    drift_where,
    notices,
)
from components.encoder_notice import noticed
from components.notices import button_link
from components.state import services
from core.errors import NotFoundError, VitrineError

PREVIEW = "drift-preview"

#: Views that need no comparison of two sets.
OF_SETS: dict[str, Callable[..., list[Component]]] = {
    "time": drift_series.view_of,
    "planning": drift_planning.view_of,
}


def shown(keys: dict[str, str]) -> tuple[list[Component], dict[str, str]]:
    """Return what the page shows for these keys, and the keys with what was chosen for them.

    Without a view, it is the newest comparison; without one, the form.
    """
    if not keys["set"]:
        return [html.H1("Drift"), notices.empty_state(
            "No set yet", "Add a set first; then it can be compared with another one.",
            button_link("Add a set", "/", primary=True),
        )], keys  # fmt: skip
    app = services()
    found = app.library.open(keys["set"])
    lines = list(app.drifts.list(keys["set"]))
    newest = lines[0].key if lines else ""
    drift, lost = (None, "") if keys["view"] in OF_SETS else opened(keys["key"] or newest)
    if keys["view"] in OF_SETS:
        latest = opened(keys["key"] or newest)[0] or opened(newest)[0]
        made = OF_SETS[keys["view"]](found, app.curation.view(found), keys)
        return [drift_frame.head(found, keys, latest), *made], keys
    if drift is None or keys["view"] == "design":
        now = {**keys, "view": "design"}
        head = noticed(drift_frame.head(found, now, drift or opened(newest)[0]), "/drift", found)
        told = [notices.alert(lost, "warning")] if lost else []
        begin = drift if keys["key"] else None
        return [head, *told, form(found, now, begin, lines)], now
    now = {**keys, "view": keys["view"] or "verdict", "key": drift.key}
    parts = [
        noticed(drift_frame.head(found, now, drift), _page(now["view"]), found),
        drift_preview.switcher(found.name, lines, drift.key, now["view"]),
        *result(drift, now),
    ]
    return [part for part in parts if part is not None], now


def opened(key: str) -> tuple[Any, str]:
    """Return a comparison, None where there is none, and why, in words."""
    if not key:
        return None, ""
    try:
        return services().drifts.open(key), ""
    except NotFoundError:
        return None, ("This comparison is no longer kept here. Choose one of the list, or compare "
                      "again.")  # fmt: skip


def result(drift: Any, keys: Mapping[str, str]) -> list[Component]:
    """Return one view of a comparison."""
    pair = drift_pictures.pair_of(drift)
    old = drift_verdict.old(pair, keys)
    before = [old] if old is not None else []
    if keys["view"] == "where":
        return [*before, *drift_where.body(pair, keys)]
    if keys["view"] == "frame":
        return [*before, *drift_places.body(pair, keys)]
    if keys["view"] == "clusters":
        return [*before, *drift_clusters.body(pair, keys)]
    if keys["view"] == "images":
        return [*before, *drift_images.body(pair, keys)]
    if keys["view"] == "explain":
        return [*before, *drift_explain.body(pair)]
    return [*before, *drift_verdict.body(pair, keys)]


# -- the form and what it would compare ------------------------------------------------------------


def form(found: Any, keys: Mapping[str, str], begin: Any, lines: list[Any]) -> Component:
    """Return the form beside what it would compare and what was compared before.

    `begin` is the comparison whose settings fill the form; what the address says goes before it.
    """
    last = dict(begin.meta["request"]) if begin is not None else {}
    last |= {field: keys[field] for field in ("a", "b", "unit", "label") if keys.get(field)}
    made = drift_form.form(found.name, last, services().settings.seed)
    beside = [
        html.Div(id=PREVIEW),
        None if lines else drift_preview.explained(),
        drift_preview.made_before(found.name, lines, begin.key if begin is not None else ""),
    ]
    return html.Div(
        [html.Div(made), html.Div([part for part in beside if part is not None],
                                  className="vt-curate-beside")],
        className="vt-curate",
    )  # fmt: skip


def _page(view: str) -> str:
    """Return the page as the notice about encoders knows it: places need fine detail."""
    return "/drift/where" if view in {"where", "frame"} else "/drift"


def preview_of(given: Mapping[str, Any]) -> Component:
    """Return what the form's fields would compare; a wrong field says so."""
    try:
        asked = drift_form.request(given, services().settings.seed)
        two = drift_preview.differ(asked)
        if two is not None:
            return drift_preview.other_encoders(*two)
        return drift_preview.preview(drift_preview.design_of(asked))
    except VitrineError as error:
        return drift_preview.unknown(str(error))
