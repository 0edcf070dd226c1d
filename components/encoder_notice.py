"""What a page says where the encoder in use does not suit it."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import attrs
from components.encoder_frame import courts, said
from components.state import link
from core.courts.suits import advice, caution
from core.errors import VitrineError


def encoder_notice(page: str, found: Any) -> Component | None:
    """Return why the encoder of an open set does not suit a page; None where nothing speaks so.

    Parameters
    ----------
    page
        The page's path, such as "/clusters"; "/quality/defects" and "/drift/where" ask for fine
        detail.
    found
        The open set that the page shows.
    """
    if len(found) == 0:
        return None
    told = caution(page, found.spec)
    try:
        measured = advice(page, found.spec, courts().measured(found))
    except (VitrineError, OSError):  # a damaged court must not keep a page from showing
        measured = ""
    if not told and not measured:
        return None
    way = dcc.Link("Compare encoders on these images" if not measured else "See the court",
                   href=link("/encoders", set=found.name, view="court"),
                   className="vt-link")  # fmt: skip
    icon = html.Span(className="vt-icon vt-icon-warning", **attrs(aria_hidden="true"))
    texts = [html.Span(f"{said(text)} ") for text in (told, measured) if text]
    return html.P([icon, *texts, way], className="vt-encoder-notice vt-small", role="note")


def noticed(head: Component, page: str, found: Any) -> Component:
    """Return the head of a page with, under it, why the encoder does not suit the page."""
    told = encoder_notice(page, found)
    return head if told is None else html.Div([head, told])
