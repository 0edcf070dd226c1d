"""The frame of Gradient: what its address says, and the tabs of Morphology above it."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import morphology_frame
from components.attributes import attrs
from components.state import link, services

PAGE, PLACE, JOBS = "gradient-page", "gradient-place", "gradient-jobs"

#: What the address may say: the gradient that is shown, or what the form begins with. `sel` is a
#: selection of two images, the ends.
KEYS = ("set", "key", "kind", "by", "a", "b", "from_item", "to_item", "sel")

#: The most that is read of a value of the address.
_MOST = 200


def cleaned(query: Mapping[str, Any]) -> dict[str, str]:
    """Return what the address says."""
    return {name: str(query.get(name) or "")[:_MOST] for name in KEYS}


def address(name: str, **more: Any) -> str:
    """Return the address of Gradient for a set."""
    return link("/gradient", set=name, **more)


def head(found: Any) -> Component:
    """Return the title of the page, and the tabs of Morphology with this one among them."""
    kept = services().comparisons
    lines = kept.list(found.name)
    shown = ["design"]
    if lines:
        whole = "lurig" if kept.open(lines[0].key).meta.get("lurig") else ""
        shown = [view for view in morphology_frame.VIEWS if view != "preset" or whole]
    tabs = [
        dcc.Link(morphology_frame.VIEWS[view], className="vt-tab",
                 href=link("/morphology", set=found.name, view=view))
        for view in shown
    ]  # fmt: skip
    here: list[Any] = ["Gradient", html.Span(" (this page)", className="visually-hidden")]
    tabs.append(dcc.Link(here, href=address(found.name), className="vt-tab vt-tab-here"))
    return html.Div(
        [html.H1(f"Morphology of {found.title}"),
         html.Nav(tabs, className="vt-tabs vt-tab-row", **attrs(aria_label="Morphology"))],
        className="vt-page-head",
    )  # fmt: skip
