"""Pictures to look through, of which the wrong ones are marked by a click."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import gallery
from components.attributes import attrs
from components.quality_items import labels_now, name_of
from components.state import captions, has_pictures


def grid(
    found: Any,
    rows: Sequence[int],
    store: str,
    *,
    under: Sequence[str] = (),
    marked: Sequence[int] = (),
    witnesses: Mapping[int, int] | None = None,
) -> Component:
    """Return pictures as buttons that mark them as wrong, and the store that holds which are.

    Parameters
    ----------
    found
        The open set.
    rows
        What is shown.
    store
        Id of the store; it gets {"wrong": rows}.
    under
        A line under each; the label that it has now by default.
    marked
        Rows that are marked already.
    witnesses
        A labelled image to show beside some of them: row to row.
    """
    lines = list(under) or [label or "no label" for label in labels_now(found, rows)]
    cells = [
        html.Li(_cell(found, row, line, row in marked, (witnesses or {}).get(row)))
        for row, line in zip(rows, lines, strict=True)
    ]
    return html.Div(
        [
            html.Ul(cells, className="vt-judge-list", **attrs(data_judge_store=store)),
            dcc.Store(id=store, data={"wrong": list(marked), "shown": [int(r) for r in rows]}),
        ]
    )


def _cell(found: Any, row: int, line: str, marked: bool, witness: int | None) -> Component:
    """Return one picture; pressed, it is wrong."""
    inside: list[Any] = [_picture(found, row)]
    if witness is not None and has_pictures(found):
        inside.append(
            html.Span(
                gallery.thumb(f"{found.key}/{witness}", ""),
                className="vt-judge-witness",
                title="nearest labelled image",
            )
        )
    inside.append(html.Span("Wrong", className="vt-judge-wrong", **attrs(aria_hidden="true")))
    told = f"{name_of(found, row)}, {line}: wrong" if line else f"{name_of(found, row)}: wrong"
    button = html.Button(
        inside, type="button", className="vt-judge",
        **attrs(aria_pressed="true" if marked else "false", aria_label=told, data_judge=str(row)),
    )  # fmt: skip
    return html.Div([button, html.Span(line, className="vt-small")])


def _picture(found: Any, row: int) -> Component:
    if has_pictures(found):
        return gallery.thumb(f"{found.key}/{row}", "")
    return html.Span(captions(found, [row])[0] or f"no. {row}", className="vt-word")


def wrong(data: Mapping[str, Any] | None) -> list[int]:
    """Return which rows a store says are wrong, among those it shows."""
    given = data or {}
    shown = {int(row) for row in given.get("shown") or []}
    return sorted({int(row) for row in given.get("wrong") or []} & shown)
