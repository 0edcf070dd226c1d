"""Images that lie alone, each beside the neighbours that make it so."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import notices, quality_frame, quality_items
from components.state import noun, services
from components.words import number, plural, score, share

METHODS = {
    "rank": "the mean rank of the distance to 20 neighbours and of the local outlier factor",
    "glosh": "GLOSH, from the tree of densities",
    "isolation": "an isolation forest",
    "places": "the place of each picture that is least like any place of the others",
}

#: What is measured of an outlier, in the order in which it is told, and what it is called.
VALUES = {
    "score": "Score",
    "knn": "Mean distance to its neighbours",
    "distance": "Mean distance to its neighbours",
    "lof": "Local outlier factor",
    "class_score": "Score among its own label",
    "p": "p, conformal",
}


def bar(found: Any, view: Any, check: Any, keys: Mapping[str, str]) -> Component:
    """Return what stands over the worklist: how outliers were found, and which are shown.

    Parameters
    ----------
    found, view, check
        The open set, what was decided about it, and what its check found.
    keys
        The keys in the address.
    """
    line = services().findings.summary(found, view, check).topics.get("outliers")
    parts: list[Component | None] = [quality_frame.state_chips(keys, line)]
    if check.outliers is not None:
        parts.append(html.P(how(check.outliers.meta, noun(found)), className="vt-small"))
    if line is not None and line.notice:
        parts.append(notices.hint(line.notice))
    return quality_frame.bar(*parts)


def how(meta: Mapping[str, Any], one: str = "image") -> str:
    """Return how outliers were found and which are listed, in words."""
    method = str(meta.get("method") or "rank")
    listed, n = int(meta.get("listed") or 0), int(meta.get("n") or 0)
    told = f"By {METHODS.get(method, method)}"
    if meta.get("per_class"):
        told += f", each {one} among those of its own label"
    if meta.get("reference"):
        return tested(meta, told, one)
    among = plural(n, one)
    if not listed:
        return f"{told}. None of {among} is more alone than the others."
    which = "The highest" if listed == 1 else f"The {number(listed)} highest"
    are = "is" if listed == 1 else "are"
    return (
        f"{told}. {which} of {among} {are} listed, faulty or not: without a clean reference a "
        "score only ranks."
    )


def tested(meta: Mapping[str, Any], told: str, one: str) -> str:
    """Return what the test against clean items found, in words that begin with `told`."""
    listed, level = int(meta.get("listed") or 0), share(float(meta.get("q") or 0))
    others = int(meta.get("n") or 0) - int(meta.get("n_reference") or 0)
    clean = f"{told}, compared with the clean {one}s of “{meta['reference']}”"
    how_known = "(conformal p-values, Benjamini–Hochberg)"
    if not listed:
        return (
            f"{clean}: none of the {plural(others, f'other {one}')} can be told from these with "
            f"{level} false discoveries {how_known}."
        )
    return (
        f"{clean}: {number(listed)} of the {plural(others, f'other {one}')} found, of which about "
        f"{level} are expected to be false {how_known}."
    )


def case_view(found: Any, view: Any, check: Any, case: Any) -> Component:
    """Return one outlier beside its nearest neighbours.

    Parameters
    ----------
    found, view, check
        The open set, what was decided about it, and what its check found.
    case
        The case, as `core.findings` has it.
    """
    row = int(case.rows[0])
    near = quality_items.neighbours(case)
    place = (case.detail["across"], case.detail["down"]) if "across" in case.detail else None
    main = html.Div([quality_items.figure(found, row, place=place), quality_items.reason(case)],
                    className="vt-item-main")  # fmt: skip
    own = "class_score" in case.detail
    side = html.Div([beside(found, near, own), values(case)], className="vt-item-side")
    return html.Article([html.Div([main, side], className="vt-item-pair")],
                        className="vt-case-body")  # fmt: skip


def beside(found: Any, near: list[dict[str, Any]], own: bool = False) -> Component:
    """Return the neighbours that make an item an outlier, with their distances.

    `own` tells that it was compared with those of its own label, while these are of any.
    """
    if not near:
        return notices.hint("Its neighbours are not known.")
    rows = [int(one["row"]) for one in near]
    under = [" · ".join(t for t in (score(float(one["distance"])), one.get("label") or "") if t)
             for one in near]  # fmt: skip
    return quality_items.section(
        "The nearest to it, of any label" if own else "The nearest to it",
        quality_items.strip(found, rows, under),
        html.P("With the distance to each: 0 is the same direction, 1.41 unrelated. If they look "
               "like it, it is rare rather than wrong.", className="vt-small"),
    )  # fmt: skip


def values(case: Any) -> Component | None:
    """Return the raw values of an outlier; None where there are none."""
    known = {"score": case.score, **case.detail}
    rows = [
        (title, score(float(known[name])))
        for name, title in VALUES.items()
        if isinstance(known.get(name), int | float) and known[name] == known[name]
    ]
    if not rows:
        return None
    return html.Details(
        [html.Summary("What was measured"),
         quality_items.measured(("What", "Value"), rows, "What was measured of this item")],
        className="vt-item-values",
    )  # fmt: skip
