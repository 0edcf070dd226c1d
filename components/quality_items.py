"""What the views of outliers, pictures and wrong labels share: one item large, what lies near it,
what was measured."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from dash import dcc, html
from dash.development.base_component import Component

from components import gallery, tables
from components.inspector import item_link
from components.state import captions, has_pictures, noun, services
from components.words import number
from core.encoders.places import in_picture
from core.findings.describe import label_now
from core.imaging.regions import clip_box
from core.ingest.objects.making import OBJECT
from core.opened.values import is_missing
from core.storage.records import region_of

#: Neighbours shown beside an item.
NEIGHBOURS = 12
#: Pixels a side up to which a picture is enlarged without blurring.
SMALL = 64

STATE_WORDS = {
    "kept": "Kept",
    "out": "Taken out",
    "part": "Partly decided",
    "relabelled": "Given another label",
}


def figure(
    found: Any, row: int, *, label: bool = True, place: tuple[float, float] | None = None
) -> Component:
    """Return one item with its name and label: its picture, or words where it is a vector.

    Parameters
    ----------
    found
        The open set.
    row
        The item.
    label
        Whether its label is told.
    place
        What of its picture is ringed, across and down in 0..1 of what the encoder sees.
    """
    word = labels_now(found, [row])[0] if label else ""
    where = dcc.Link(name_of(found, row), href=item_link(found.name, row), className="vt-link")
    caption = html.Figcaption([where, f" · {word}" if word else ""])
    if has_pictures(found):
        inside: Component = html.Img(
            src=f"/image/{found.key}/{row}", alt=name_of(found, row),
            className="vt-item-picture" + (" vt-pixelated" if _is_small(found, row) else ""),
        )  # fmt: skip
        if place is not None and (over := ring(found, row, *place)) is not None:
            inside = html.Div([inside, over], className="vt-item-ringed")
    else:
        inside = html.Div(captions(found, [row])[0] or f"no. {number(row)}", className="vt-word")
    return html.Figure([inside, caption], className="vt-item-figure")


def ring(found: Any, row: int, across: float, down: float) -> Component | None:
    """Return a ring to be laid over an item's picture; None where the size of that is not known."""
    values = found.items.iloc[row].to_dict()
    sides = [values.get("width"), values.get("height")]
    if any(is_missing(side) for side in sides):
        return None
    wide, high = (int(side) for side in sides if side is not None)
    box = region_of(values).box
    if box is not None:  # it is shown as it was cut out
        left, top, right, bottom = clip_box(box, wide, high)
        wide, high = max(1, round(right - left)), max(1, round(bottom - top))
    x, y = in_picture(found.spec, wide, high, across, down)
    least = min(wide, high)
    circle = f'<circle cx="{x * wide:.1f}" cy="{y * high:.1f}" r="{least * 0.08:.1f}"'
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" '
        f'height="{high}" fill="none">{circle} stroke="#000" stroke-width="{least * 0.02:.2f}"/>'
        f'{circle} stroke="#fff" stroke-width="{least * 0.01:.2f}"/></svg>'
    )
    return html.Img(src=f"data:image/svg+xml,{quote(drawn)}", alt="", className="vt-item-ring")


def labels_now(found: Any, rows: Sequence[int], view: Any = None) -> list[str]:
    """Return the label that each of these rows has now, edits applied; "" where it has none.

    `view` is what was decided about the set; it is looked up where it is not given.
    """
    decided = view if view is not None else services().curation.view(found)
    return [label_now(found, decided, int(row)) or "" for row in rows]


def name_of(found: Any, row: int) -> str:
    """Return what a person calls an item: its file's name, else its number."""
    items = found.items
    if has_pictures(found):
        name = str(items["path"].iat[row] or "").replace("\\", "/").rsplit("/", 1)[-1]
        frame: Any = items["frame"].iat[row] if "frame" in items else None
        if name and not is_missing(frame):
            return f"{name}, no. {number(int(frame))}"
        if name and noun(found) == "object":
            return f"{name}, object {items[OBJECT].iat[row]}"
        if name and name not in {"nan", "<NA>"}:
            return name
    return f"{noun(found).capitalize()} {number(row)}"


def _is_small(found: Any, row: int) -> bool:
    """Tell whether a picture has so few pixels that each should be seen."""
    sides = [found.items[side].iat[row] for side in ("width", "height") if side in found.items]
    return bool(sides) and all(not is_missing(side) and side <= SMALL for side in sides)


def strip(
    found: Any, rows: Sequence[int], under: Sequence[Any], *, marks: Sequence[str] = ()
) -> Component:
    """Return items side by side, each with a line under it.

    Parameters
    ----------
    found
        The open set.
    rows
        The items.
    under
        What stands under each: text or a component.
    marks
        A word that changes the look of some: "given", "proposed" or "".
    """
    looks = marks or [""] * len(rows)
    cells = [
        html.Li(
            [
                dcc.Link(
                    [_small(found, row),
                     html.Span(f"{name_of(found, row)} in Explore", className="visually-hidden")],
                    href=item_link(found.name, row), className="vt-item-link",
                ),
                html.Span(told, className="vt-small"),
            ],
            className="vt-item-near" + (f" vt-item-{look}" if look else ""),
        )
        for row, told, look in zip(rows, under, looks, strict=True)
    ]  # fmt: skip
    return html.Ul(cells, className="vt-item-strip")


def _small(found: Any, row: int) -> Component:
    """Return the thumbnail of an item, or its label in words."""
    if has_pictures(found):
        return gallery.thumb(f"{found.key}/{row}", "")
    return html.Span(captions(found, [row])[0] or f"no. {number(row)}", className="vt-word")


def reason(case: Any) -> Component:
    """Return why a case is listed, and what was decided of it."""
    parts: list[Any] = [html.P(case.reason, className="vt-item-reason")] if case.reason else []
    if case.state:
        told = STATE_WORDS.get(case.state, case.state)
        parts.append(html.P([html.Span(told, className="vt-state vt-state-done"),
                             " The buttons above decide it otherwise."],
                            className="vt-small"))  # fmt: skip
    return html.Div(parts, className="vt-item-why")


def neighbours(case: Any) -> list[dict[str, Any]]:
    """Return the neighbours that a case names, the nearest first: row, distance, label."""
    return list(case.detail.get("neighbours") or [])[:NEIGHBOURS]


def section(title: str, *inside: Component | None) -> Component:
    """Return a part of a case under a heading."""
    return html.Section(
        [html.H3(title), *(part for part in inside if part is not None)], className="vt-item-part"
    )


def measured(head: Sequence[str], rows: Sequence[Sequence[Any]], caption: str) -> Component:
    """Return raw values as a table."""
    return tables.table(head, rows, caption=caption)
