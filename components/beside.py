"""Which map stands beside the page's: what the address names, and what can be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import map_view
from components.state import services
from components.words import encoder_name, map_name
from core.columns import Column
from core.errors import NotFoundError, VitrineError
from core.link import Links

#: Colour by this column while two maps are compared.
AGREEMENT = "agreement"

#: What the choice holds when nothing is compared with; "" would be its placeholder.
NOTHING = "-"


def links() -> Links:
    """Return the ties between the sets of the workspace."""
    return Links(services().library.workspace, services().selections)


@dataclass(frozen=True, slots=True)
class Beside:
    """The map on the right: its open set and name, the page's set, and the address key."""

    found: Any
    map: str
    page: Any
    value: str

    @property
    def foreign(self) -> bool:
        """Whether it belongs to another set than the page's."""
        return bool(self.found.name != self.page.name)

    @property
    def title(self) -> str:
        """What it is called beside the page's map."""
        if not self.foreign:
            return map_name(self.map)
        return f"{map_name(self.map)} of {set_title(self.page, self.found)}"


def resolve(found: Any, value: str | None, current: str | None = None) -> Beside | None:
    """Return what `beside=<map>` or `beside=<set>:<map>` names; None for "".

    The map that is shown anyway, `current`, is none to compare with.

    Raises
    ------
    NotFoundError
        There is no such set or map, or the set holds none of these items.
    """
    if not value:
        return None
    name, colon, wanted = value.rpartition(":")
    other = services().library.open(name) if colon else found
    if wanted not in map_view.flat_maps(other.projections):
        raise NotFoundError(
            f"{other.title} has no map {wanted!r} in two dimensions to compare with"
        )
    if other.name != found.name and not links().common(found, other):
        raise NotFoundError(f"{other.title} holds none of the images of {found.title}")
    if other.name == found.name and wanted == current:
        return None
    return Beside(other, wanted, found, value if other.name != found.name else wanted)


def options(found: Any, current: str | None) -> list[dict[str, str]]:
    """Return what the map `current` can be compared with: {"label", "value"} of each.

    First the set's other maps, then those of the sets it is a part of, then those of sets that
    hold at least half of its items.
    """
    own = [name for name in map_view.flat_maps(found.projections) if name != current]
    listed = [{"label": map_name(name), "value": name} for name in own]
    for other in _others(found):
        title = set_title(found, other)
        listed += [
            {"label": f"{map_name(name)} of {title}", "value": f"{other.name}:{name}"}
            for name in map_view.flat_maps(other.projections)
        ]
    return listed


def _others(found: Any) -> list[Any]:
    """Return the open sets and parts that hold most items of this one; damaged ones are not."""
    library, ties = services().library, links()
    above = [level.name for level in found.lineage[:-1]]
    kept = []
    for name in dict.fromkeys([*reversed(above), *library.names()]):
        if name == found.name:
            continue
        try:
            other = library.open(name)
            if other.projections and (name in above or ties.holds_most(found, other)):
                kept.append(other)
        except (VitrineError, KeyError, OSError):  # it must not hide the others
            continue
    return kept


def set_title(found: Any, other: Any) -> str:
    """Return the name of another set, with its encoder where it has another than `found`."""
    if other.spec.key == found.spec.key:
        return str(other.title)
    return f"{other.title} ({encoder_name(other.spec.name)})"


def picker(select_id: str, found: Any, current: str | None, value: str | None) -> Component:
    """Return the choice of a map to compare with; hidden where there is none."""
    listed = options(found, current) if current else []
    known = value if value in [o["value"] for o in listed] else NOTHING
    every = [{"label": "nothing", "value": NOTHING}, *listed]
    field = dbc.Select(id=select_id, options=every, value=known, size="sm")
    return html.Div(
        [html.Label("Compare with", htmlFor=select_id, className="vt-inline-label"), field],
        className="vt-inline-field", hidden=not listed,
    )  # fmt: skip


def colour_columns(columns: Sequence[Column], beside: Beside | None) -> list[Column]:
    """Return the columns to colour by; with two maps their agreement comes first."""
    if beside is None:
        return list(columns)
    return [Column(AGREEMENT, f"Agreement with {beside.title}", "number"), *columns]
