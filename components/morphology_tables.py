"""What the views of a comparison share: its words and numbers, links, tables, pictures."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from components import gallery, tables
from components.attributes import attrs
from components.inspector import item_link
from components.morphology_frame import address
from components.state import captions, has_pictures
from components.words import column_name, number, plural
from core.imaging.colour_features import FEATURES
from core.opened.values import is_missing

#: Rows of a table before the rest is left to its CSV.
LONG = 60


# -- words -----------------------------------------------------------------------------------------


def known(value: Any) -> float | None:
    """Return a number; None where there is none: null, NA, not finite."""
    if is_missing(value):
        return None
    found = float(value)
    return found if math.isfinite(found) else None


def value(given: Any, figures: int = 3) -> str:
    """Return a number with so many significant figures, "–" where there is none."""
    found = known(given)
    if found is None:
        return "–"
    if found == 0:
        return "0"
    size = math.floor(math.log10(abs(found)))
    if size < -4 or size > 6:
        return f"{found:.{figures - 1}e}".replace("-", "−")
    return f"{found:,.{max(0, figures - 1 - size)}f}".replace("-", "−")


def interval(ci: Sequence[Any] | None, figures: int = 3) -> str:
    """Return an interval in words, "–" where there is none."""
    if not ci or any(known(end) is None for end in ci):
        return "–"
    return f"{value(ci[0], figures)} to {value(ci[1], figures)}"


def column_word(name: str) -> str:
    """Return what a column laid beside an axis is called; colour features have words."""
    return FEATURES.get(name, "") or column_name(name)


# -- links -----------------------------------------------------------------------------------------


def chips(
    legend: str,
    options: Sequence[tuple[str, str]],
    here: str,
    keys: Mapping[str, str],
    field: str,
    **changes: Any,
) -> Component:
    """Return a row of links that set one key of the address.

    Parameters
    ----------
    legend
        What they choose; it is shown before them.
    options
        Value and text of each.
    here
        The value that is shown now.
    field
        The key.
    changes
        Other keys that such a step sets.
    """
    shown = [
        dcc.Link(
            [text, html.Span(" (shown)", className="visually-hidden")] if said == here else text,
            href=address(keys, **{**changes, field: said}),
            className="vt-chip" + (" vt-chip-here" if said == here else ""),
        )
        for said, text in options
    ]
    return html.Nav([html.Span(legend, className="vt-shape-legend"), *shown],
                    className="vt-chips vt-shape-chips", **attrs(aria_label=legend))  # fmt: skip


def csv_link(comparison: Any, table: str, text: str = "CSV", what: str = "") -> Component:
    """Return the link that downloads a table of a comparison as CSV."""
    named = attrs(aria_label=f"{what} as CSV") if what else {}
    return html.A(text, href=f"/api/morphology/{comparison.key}/{table}.csv",
                  className="btn btn-quiet btn-sm", download="", **named)  # fmt: skip


def file_name(comparison: Any, what: str) -> str:
    """Return the name of a file of a comparison, without its ending."""
    meta = comparison.meta
    plain = "".join(c if c.isalnum() else "-" for c in f"{meta['name']}-{meta['request']['by']}")
    return f"{plain}-{what}"


# -- parts -----------------------------------------------------------------------------------------


def listing(
    comparison: Any,
    head: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    name: str,
    csv: str,
    fold: str = "",
) -> Component:
    """Return a table with its CSV; of a long one the beginning, which is said.

    Parameters
    ----------
    head, rows
        Its heads and cells.
    name
        What it is, for screen readers and the link.
    csv
        The table's name in the routes.
    fold
        Where given, the table is folded under this text.
    """
    shown = tables.table(head, rows[:LONG], caption=name)
    told = (
        f"{number(min(LONG, len(rows)))} of {plural(len(rows), 'row')}" if len(rows) > LONG else ""
    )
    bar = html.Div([html.Span(told, className="vt-small"), csv_link(comparison, csv, what=name)],
                   className="vt-shape-downloads vt-shape-table-bar")  # fmt: skip
    if not fold:
        return html.Div([bar, shown], className="vt-shape-table")
    return html.Details([html.Summary(fold), bar, shown], className="vt-shape-table vt-as-table")


def nothing(reason: str) -> Component:
    """Return why there is nothing to show."""
    return html.P(reason, className="vt-hint")


# -- pictures --------------------------------------------------------------------------------------


def current(found: Any, comparison: Any) -> bool:
    """Tell whether rows of a comparison are rows of the set as it is now."""
    return bool(comparison.meta["imageset"] == found.key)


def pictured(found: Any, comparison: Any) -> bool:
    """Tell whether the images of a comparison can be shown."""
    return current(found, comparison) and has_pictures(found)


def source(found: Any, row: int) -> str:
    """Return the address of a row's thumbnail."""
    return f"/thumb/{found.items['item_id'].iat[row]}"


def aspect(found: Any, row: int) -> float:
    """Return width over height of a row's picture, 1 where it is not known."""
    for sides in (("box_w", "box_h"), ("width", "height")):
        if not set(sides) <= set(found.items.columns):
            continue
        wide, high = (known(found.items[side].iat[row]) for side in sides)
        if wide and high:
            return wide / high
    return 1.0


def strip(
    found: Any,
    comparison: Any,
    rows: Sequence[int],
    notes: Sequence[str],
    *,
    label: str,
) -> Component:
    """Return images in a row, each a link to it in Explore, with a note under it.

    Parameters
    ----------
    rows
        Their rows.
    notes
        What is told of each: what it is and its number.
    label
        What they have in common.
    """
    here, pictures = current(found, comparison), pictured(found, comparison)
    words = captions(found, rows) if here else [""] * len(rows)
    items = []
    for row, note, word in zip(rows, notes, words, strict=True):
        inside: list[Component] = []
        if pictures:
            inside.append(gallery.thumb(str(found.items["item_id"].iat[row]), ""))
        elif word:
            inside.append(html.Span(word, className="vt-word"))
        inside.append(html.Span(note, className="vt-small"))
        shown = dcc.Link(inside, href=item_link(found.name, row)) if here else html.Span(inside)
        items.append(html.Li(shown))
    return html.Ul(items, className="vt-shape-strip", **attrs(aria_label=label))


def unit_names(comparison: Any, units: pd.DataFrame, *, own: bool = False) -> list[str]:
    """Return what some units are called under their pictures.

    Where a column names units, their names; of images the group, which says more than a path does,
    or within one group (`own`) the name of the file.
    """
    names = units["unit"].astype(str).tolist()
    if comparison.meta["design"].get("unit_kind") == "column":
        return names
    if own:
        return [name.replace("\\", "/").rpartition("/")[2].rsplit(".", 1)[0] for name in names]
    groups = group_names(comparison)
    return [groups[int(code)] for code in units["group"]]


def exemplars(comparison: Any) -> dict[int, int]:
    """Return by group code the row of the image that stands for it.

    It is the image nearest the mean of the unit that is nearest the mean of the group; groups
    without units are missing.
    """
    units = comparison.tables["units"]
    order = units.assign(at=range(len(units))).sort_values(["centroid", "at"], kind="stable")
    first = order.drop_duplicates("group")
    return {int(g): int(r) for g, r in zip(first["group"], first["head"], strict=True)}


def group_names(comparison: Any) -> list[str]:
    """Return the names of the groups by code."""
    groups = sorted(comparison.meta["design"]["groups"], key=lambda one: int(one["code"]))
    return [str(one["name"]) for one in groups]
