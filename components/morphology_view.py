"""What Morphology shows for the keys of its address: the form, or a view of a comparison."""

from collections.abc import Callable, Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import (
    morphology_card,
    morphology_design,
    morphology_disparity,
    morphology_distances,
    morphology_distinct,
    morphology_form,
    morphology_frame,
    morphology_list,
    morphology_lurig,
    morphology_ordination,
    morphology_overview,
    notices,
)
from components.encoder_notice import noticed
from components.notices import button_link
from components.state import noun, services
from core.comparisons.design import preview
from core.errors import NotFoundError, VitrineError
from core.morphology.request import MorphologyRequest

PREVIEW = "morph-preview"

#: The views of a comparison that are one component each.
SHOWS: dict[str, Callable[..., Component]] = {
    "distances": morphology_distances.view_of,
    "disparity": morphology_disparity.view_of,
    "distinct": morphology_distinct.view_of,
    "ordination": morphology_ordination.view_of,
    "preset": morphology_lurig.view_of,
}


def shown(keys: dict[str, str]) -> tuple[list[Component], dict[str, str]]:
    """Return what the page shows for these keys, and the keys with what was chosen for them.

    Without a view, it is the newest comparison; without one, the form.
    """
    if not keys["set"]:
        return [html.H1("Morphology"), notices.empty_state(
            "No set yet", "Add a set first; then its forms can be compared.",
            button_link("Add a set", "/", primary=True),
        )], keys  # fmt: skip
    found, kept = services().library.open(keys["set"]), services().comparisons
    view, lines = services().curation.view(found), list(kept.list(keys["set"]))
    key = keys["key"] or (lines[0].key if lines else "")
    comparison, lost = opened(kept, key, found.name)
    if comparison is None or keys["view"] == "design":
        now = {**keys, "view": "design"}
        latest = comparison or opened(kept, lines[0].key if lines else "", found.name)[0]
        head = noticed(morphology_frame.head(found, now, latest), "/morphology", found)
        begin = comparison if keys["key"] else None
        told = [notices.alert(lost, "warning")] if lost else []
        return [head, *told, *form(found, view, now, begin, lines)], now
    now = {**keys, "view": keys["view"] or "overview", "key": key}
    stale = kept.stale(comparison, found)
    parts = [
        morphology_frame.head(found, now, comparison),
        morphology_list.switcher(found, lines, key, now["view"]),
        *result(found, view, comparison, now, stale),
    ]
    return [part for part in parts if part is not None], now


def opened(kept: Any, key: str, name: str) -> tuple[Any, str]:
    """Return a comparison of this set, None where there is none, and why, in words.

    Parameters
    ----------
    kept
        The comparisons of the workspace.
    key
        Of the comparison; "" for none.
    name
        The set's.
    """
    if not key:
        return None, ""
    try:
        found = kept.open(key)
    except NotFoundError:
        return None, ("This comparison is no longer kept here. Choose one of the list, or compare "
                      "again.")  # fmt: skip
    of = found.meta["name"]
    if of != name:
        return None, f"This comparison is of the set “{of}”, not of “{name}”: choose it there."
    return found, ""


def result(
    found: Any, view: Any, comparison: Any, keys: Mapping[str, str], stale: str
) -> list[Component]:
    """Return one view of a comparison."""
    if keys["view"] == "overview":
        return morphology_overview.body(found, comparison, keys, stale)
    old = morphology_overview.old(found, comparison, stale)
    before = [old] if old is not None else []
    if keys["view"] == "card":
        return [*before, *morphology_card.body(found, comparison, morphology_card.read(comparison))]
    metric = morphology_card.badge_line(comparison.meta, keys)
    return [*before, metric, SHOWS[keys["view"]](found, view, comparison, keys)]


# -- the form and what it would compare ------------------------------------------------------------


def form(
    found: Any, view: Any, keys: Mapping[str, str], begin: Any, lines: list[Any]
) -> list[Component]:
    """Return the form beside what it would compare and what was compared before.

    `begin` is the comparison whose settings fill the form; what the address says goes before it.
    """
    last = dict(begin.meta["request"]) if begin is not None else {}
    last |= {field: keys[field] for field in ("by", "unit", "block", "within") if keys.get(field)}
    seed = services().settings.seed
    values = morphology_form.usable(found, view, last, seed)
    if not values["by"]:
        return [no_groups(found)]
    beside = [
        html.Div(preview_of(found, view, values), id=PREVIEW),
        None if lines else morphology_design.explained(),
        morphology_list.made_before(found, lines, begin.key if begin is not None else ""),
    ]
    made = morphology_form.form(found, view, last, seed)
    return [html.Div(
        [html.Div(made), html.Div([part for part in beside if part is not None],
                                  className="vt-curate-beside")],
        className="vt-curate",
    )]  # fmt: skip


def no_groups(found: Any) -> Component:
    """Return what stands where nothing makes groups, with the ways to some."""
    return notices.empty_state(
        "Nothing to compare yet",
        "Forms are compared between groups: a column of the set such as species or site, or two "
        "slices. This set has neither. Label images, import labels, or make two slices.",
        button_link("Import labels", f"/labels?set={found.name}&view=files", primary=True),
        button_link("Make slices in Explore", f"/explore?set={found.name}"),
    )


def wanted(found: Any, view: Any, given: Mapping[str, Any]) -> MorphologyRequest:
    """Return what the form's fields ask for; see `morphology_form.request`."""
    slices = [one.name for one in view.slices if one.count]
    return morphology_form.request(found.name, given, services().settings.seed, slices)


def design_of(asked: MorphologyRequest, found: Any, view: Any) -> dict[str, Any]:
    """Return the design of a comparison before it is made."""
    return dict(preview(asked, found, view, services().findings))


def preview_of(found: Any, view: Any, given: Mapping[str, Any]) -> Component:
    """Return what the form's fields would compare; a wrong field says so."""
    try:
        design = design_of(wanted(found, view, given), found, view)
    except VitrineError as error:
        return morphology_design.unknown(str(error))
    return morphology_design.preview(design, found.name, noun(found))
