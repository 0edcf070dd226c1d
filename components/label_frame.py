"""The frame of Labelling: what its address says, its tabs, and the parts its views share."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import fields, pickers, quality_frame, slice_views
from components.attributes import attrs
from components.curate_pool import selection_in
from components.notices import button_link
from components.state import link, noun, services
from components.words import ago, column_name, number, plural
from core.labelled.values import EDITED, OWN

PAGE, PLACE, JOBS, TOLD = "labels-page", "labels-place", "labels-jobs", "labels-told"
UNDO, REDO, STEPS = "labels-undo", "labels-redo", "labels-steps"
#: What was done last: {"told", "keys", "wrong", "at"}; the page shows itself anew.
DONE = "labels-done"

#: What the address may say. `pool` is what is labelled or propagated to, `key` what is shown of
#: what was made, `target` the wanted sizes of classes, `label` the label to give.
KEYS = ("set", "view", "pool", "key", "target", "label", "column", "page")

VIEWS = {
    "": "Balance",
    "many": "Label many at once",
    "propagate": "Propagate",
    "probe": "Probe",
    "batch": "Next batch",
    "files": "Import and export",
}


def cleaned(query: Mapping[str, Any]) -> dict[str, str]:
    """Return what the address says, with what is said wrong left out.

    `slice` and `sel` name a pool as other pages link to it.
    """
    keys = {name: str(query.get(name) or "") for name in KEYS}
    keys["view"] = keys["view"] if keys["view"] in VIEWS else ""
    if not keys["pool"] and query.get("sel"):
        keys["pool"] = f"selection:{query['sel']}"
    if not keys["pool"] and query.get("slice"):
        keys["pool"] = f"slice:{query['slice']}"
    return keys


def done(told: str | None = "", *, wrong: Sequence[int] = (), **keys: Any) -> dict[str, Any]:
    """Return what an act tells the page: what was done in words, and which keys are others now."""
    return {"told": told or "", "wrong": list(wrong), "keys": keys, "at": time.time_ns()}


def opened(keys: Mapping[str, str]) -> tuple[Any, Any, Any]:
    """Return the set that is shown, the desk, and what was decided."""
    found, desk = services().library.open(keys["set"]), services().curation
    return found, desk, desk.view(found)


def address(keys: Mapping[str, str], **changes: Any) -> str:
    """Return the address of Labelling after a step."""
    return link("/labels", **{**keys, **changes})


def head(found: Any, view: Any, keys: Mapping[str, str]) -> Component:
    """Return the title, the tabs of Quality, those of Labelling, and the steps back."""
    quality = [
        _tab(text, link("/quality", set=found.name, view="" if key == "overview" else key),
             "vt-tab", here=False)
        for key, text in quality_frame.VIEWS.items()
    ]  # fmt: skip
    quality.append(_tab("Labelling", link("/labels", set=found.name), "vt-tab", here=True))
    tabs = [
        _tab(text, link("/labels", set=found.name, view=key, pool=keys["pool"]), "vt-chip",
             here=key == keys["view"])
        for key, text in VIEWS.items()
    ]  # fmt: skip
    return html.Div(
        [
            html.Div([html.H1(f"Labels of {found.title}"), html.Div(steps(view), id=STEPS)],
                     className="vt-bar-line vt-label-title"),
            html.Nav(quality, className="vt-tabs vt-quality-tabs", **attrs(aria_label="Quality")),
            html.Nav(tabs, className="vt-chips vt-label-tabs", **attrs(aria_label="Labelling")),
        ],
        className="vt-page-head vt-quality-head",
    )  # fmt: skip


def steps(view: Any) -> Component:
    """Return the buttons that take back the last act and do it again, each saying what."""
    return slice_views.steps(view, UNDO, REDO)


def _tab(text: str, href: str, look: str, *, here: bool) -> Component:
    """Return a link to a view; that of the one shown says so."""
    if not here:
        return dcc.Link(text, href=href, className=look)
    told: list[Any] = [text, html.Span(" (this page)", className="visually-hidden")]
    return dcc.Link(told, href=href, className=f"{look} {look}-here")


def title_of(found: Any, view: Any, pool: str) -> str:
    """Return what a pool is called, in words."""
    kind, _, name = pool.partition(":")
    if kind == "slice":
        return f"the slice “{name}”"
    if kind == "selection":
        held = selection_in(found, pool)
        return f"the selection: {held[1]}" if held else "a selection that is gone"
    if kind == "theme":
        names = found.theme_names()
        at = int(name) if name.isdigit() else -1
        return names[at] if 0 <= at < len(names) else "a theme that is gone"
    return f"all {noun(found)}s"


def pools(found: Any, view: Any, pool: str, *, whole: str = "") -> list[dict[str, str]]:
    """Return the parts of a set that can be chosen: a selection, slices, the whole set.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    pool
        The one that the address names; a selection is offered only then.
    whole
        What the whole set is called; "" leaves it out.
    """
    options = [{"label": whole, "value": "all"}] if whole else []
    held = selection_in(found, pool)
    if held:
        options.insert(0, {"label": f"selection: {held[1]}", "value": f"selection:{held[0]}"})
    options += [
        {"label": f"slice: {one.name} ({number(one.count)})", "value": f"slice:{one.name}"}
        for one in view.slices
        if one.count
    ]
    return options


def column_options(found: Any) -> list[dict[str, str]]:
    """Return the columns that can hold labels, the label itself first."""
    options = [{"label": "Label, with your edits", "value": fields.AUTO}]
    options += [
        {"label": column_name(c.name, c.label), "value": c.name}
        for c in found.columns()
        if c.kind == "category" and c.name not in {OWN, EDITED, "decision", "slice"}
    ]
    return options


def columns(select_id: str, title: str, found: Any, keys: Mapping[str, str], **look: Any) -> Any:
    """Return the choice of the column that holds the labels."""
    return pickers.select(select_id, title, column_options(found), keys["column"] or fields.AUTO,
                          **look)  # fmt: skip


def pool_field(
    select_id: str, title: str, found: Any, view: Any, keys: Mapping[str, str], whole: str
) -> Component:
    """Return the choice of a part of a set; `whole` is what all of it is called."""
    options = pools(found, view, keys["pool"], whole=whole)
    known = {option["value"] for option in options}
    return pickers.select(
        select_id, title, options, keys["pool"] if keys["pool"] in known else "all"
    )


def field(label: str, component: Component, help_text: str = "") -> Component:
    """Return a field in its label, with help under it."""
    return pickers.labelled(label, component, help_text=help_text)


def button(text: str, button_id: Any, *, primary: bool = False, **more: Any) -> Component:
    """Return a button."""
    look = "btn btn-primary" if primary else "btn btn-quiet"
    return html.Button(text, id=button_id, type="button", className=look, **more)


def card(title: str, *inside: Component | None, form: bool = False) -> Component:
    """Return a part of the page under a heading."""
    return html.Section(
        [html.H2(title, className="vt-card-title"), *(one for one in inside if one is not None)],
        className="vt-card" + (" vt-form" if form else " vt-label-card"),
        **attrs(aria_label=title),
    )


def beside(form: Component, *shown: Component | None, made: bool = False) -> Component:
    """Return a form with what it made beside it; above it on a phone, once it is `made`."""
    return html.Div(
        [html.Div(form), html.Div([one for one in shown if one is not None],
                                  className="vt-curate-beside")],
        className="vt-curate" + (" vt-curate-made" if made else ""),
    )  # fmt: skip


def with_result(
    found: Any,
    keys: Mapping[str, str],
    lines: Sequence[Any],
    title: str,
    form: Component,
    explained: Callable[[], Component],
    result: Callable[[], Component],
) -> list[Component]:
    """Return a form beside the result that the address names, else what it does, and those before.

    Parameters
    ----------
    found, keys
        The open set, and the keys in the address.
    lines, title
        What was made before, the newest first, and what they are called.
    form, explained, result
        The form; what it does, in words; the result that `keys` names.
    """
    made = bool(keys["key"])
    shown = result() if made else explained()
    return [beside(form, shown, made_before(found, lines, keys, title), made=made)]


def made_before(
    found: Any, lines: Sequence[Any], keys: Mapping[str, str], title: str
) -> Component | None:
    """Return what was made before of a kind, the newest first; None where there is nothing."""
    if not lines:
        return None
    rows = []
    for line in lines[:10]:
        stale = line.imageset != found.key
        here = line.key == keys["key"]
        name: Any = line.text + (" (the set has changed since)" if stale else "")
        shown = html.Strong(name) if here else dcc.Link(name, href=address(keys, key=line.key))
        rows.append(html.Li([shown, html.Span(f" {line.pool} · {ago(line.created)}",
                                              className="vt-small")]))  # fmt: skip
    return html.Details(
        [html.Summary(f"{title} ({number(len(lines))})"), html.Ul(rows, className="vt-made")],
        className="vt-card", open=not keys["key"],
    )  # fmt: skip


def no_labels(found: Any) -> Component:
    """Return what stands where a set has no label at all, with the ways to the first."""
    return html.Section(
        [
            html.H2("No labels yet", className="vt-card-title"),
            html.P(f"None of the {plural(len(found.items), noun(found))} has a label. Import a "
                   "file of labels, label a cluster or a slice in one act, or let a first batch "
                   "be chosen.", className="vt-lead"),
            html.Div(
                [button_link("Import labels", link("/labels", set=found.name, view="files"),
                             primary=True),
                 button_link("Label many at once", link("/labels", set=found.name, view="many")),
                 button_link("Choose a first batch", link("/labels", set=found.name,
                                                          view="batch"))],
                className="vt-actions",
            ),
        ],
        className="vt-card vt-label-card",
    )  # fmt: skip
