"""What the address of the Explore page names, resolved once: set, map, colours, selection."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components import beside, cube, linked, map_view, pickers, selection_acts
from components.selection_ops import select
from components.state import chosen, has_pictures, link, noun, services, whole
from core.errors import NotFoundError, VitrineError

#: What the address may name.
KEYS = (
    "set", "map", "color", "sel", "row", "cluster", "kind", "slice", "without", "within",
    "beside", "query", "view", "page",
)  # fmt: skip


@dataclass(slots=True)
class Explored:
    """What is shown.

    Attributes
    ----------
    found, keys
        The open set or part, and the keys of the address.
    maps, map
        Its maps, and the one shown; None if it has none.
    columns, colour
        What it can be coloured by, and what it is.
    beside
        The map beside it; None for none.
    selection
        {"selection", "count", "total"}, or None.
    query
        What a search found, or None.
    row
        The row inspected, or None.
    view
        What was decided about the set.
    told
        What of the address could not be shown, in sentences.
    """

    found: Any
    keys: dict[str, Any]
    maps: list[str] = field(default_factory=list)
    map: str | None = None
    columns: list[Any] = field(default_factory=list)
    colour: str | None = None
    beside: Any = None
    selection: dict[str, Any] | None = None
    query: Any = None
    row: int | None = None
    view: Any = None
    told: list[str] = field(default_factory=list)

    @property
    def version(self) -> int:
        """The number of the last decision."""
        return selection_acts.version(self.view)

    @property
    def state(self) -> str:
        """What `refresh` compares."""
        return state_of(self.found)

    @property
    def deep(self) -> bool:
        """Whether the map shown has three dimensions."""
        return bool(self.map and cube.is_deep(self.found.projection(self.map)))


def state_of(found: Any) -> str:
    """Return a text that changes when a set's items, maps, clusters or neighbours do."""
    kinds = [kind for kind in ("themes", "micro") if found.clustering(kind) is not None]
    ready = bool(found.neighbors is not None and found.summary)
    return f"{found.key}:{sorted(found.projections.items())}:{kinds}:{ready}"


def read(found: Any, keys: Mapping[str, Any]) -> Explored:
    """Resolve the keys of an address; what is not there any more is told, not raised."""
    e = Explored(found, dict(keys), view=services().curation.view(found))
    e.maps = pickers.all_maps(found.projections)
    e.map = _known(e, "map", e.maps, "map")
    e.beside = _beside(e)
    e.columns = beside.colour_columns(found.columns(), e.beside)
    names = [c.name for c in e.columns]
    e.colour = _known(e, "color", names, "column", chosen("cluster", names, "label"))
    e.selection = _selection(e)
    e.query = _query(e)
    e.row = whole(keys.get("row"))
    if keys.get("row") and (e.row is None or not 0 <= e.row < len(found.items)):
        e.told.append(f"There is no {noun(found)} {keys['row']} in {found.title}.")
        e.row = None
    return e


def _known(
    e: Explored, key: str, among: list[str], noun: str, default: str | None = None
) -> str | None:
    """Return a key's value if it exists, else the default, telling what was not there."""
    value = e.keys.get(key) or ""
    if value and value not in among:
        e.told.append(f"This set has no {noun} “{value}”; showing another one instead.")
    return chosen(value, among, default)


def _beside(e: Explored) -> Any:
    """Return the map beside this one; a map in three dimensions stands alone."""
    value = e.keys.get("beside")
    if not value or e.map is None or e.deep:
        return None
    try:
        return beside.resolve(e.found, value, e.map)
    except VitrineError as error:
        e.told.append(_sentence(error, "Showing one map."))
        return None


def _selection(e: Explored) -> dict[str, Any] | None:
    """Return the selection that the address names: by its id, as a cluster or as a slice."""
    keys, found = e.keys, e.found
    try:
        if keys.get("cluster"):
            label = whole(keys["cluster"], -2)
            found.cluster_rows(label, keys.get("kind") or "themes")
            return _made(e, "cluster", cluster=label, kind=keys.get("kind") or "themes")
        if keys.get("slice"):
            return _slice(e, str(keys["slice"]))
        if keys.get("sel"):
            rows = services().selections.load(keys["sel"], found.key)
            return {"selection": keys["sel"], "count": len(rows), "total": len(found.items)}
    except VitrineError as error:
        e.told.append(_sentence(error, f"Showing all {noun(e.found)}s."))
    return None


def _slice(e: Explored, name: str) -> dict[str, Any]:
    """Return a slice, less another or as far as another has it too, as a selection."""
    made = _made(e, "slice", slice=name)
    for key, op in (("without", "difference"), ("within", "intersect")):
        if e.keys.get(key):
            made = _made(e, op, base=made["selection"], slice=str(e.keys[key]))
    return made


def _made(e: Explored, op: str, **given: Any) -> dict[str, Any]:
    """Make a selection and write its id into the keys."""
    made = select(e.found, op, given)
    e.keys["sel"] = made["selection"]
    return made


def _query(e: Explored) -> Any:
    """Return what the search that the address names found."""
    if not e.keys.get("query"):
        return None
    try:
        return services().search.found(e.found, str(e.keys["query"]))
    except NotFoundError as error:
        e.told.append(_sentence(error, f"Showing the {noun(e.found)}s in their own order."))
        return None


def _sentence(error: Exception, then: str) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}. {then}"


# -- the attributes of the maps --------------------------------------------------------------------


def drawn(e: Explored) -> tuple[dict[str, str], dict[str, str] | None]:
    """Return the attributes of the map's host, and of the one beside it if there is one."""
    assert e.map is not None
    if e.beside is not None:
        left, right = linked.shown(e.found, e.map, e.beside, e.colour, e.selection)
        return _dated(left, e.version), _dated(right, e.version)
    if not e.deep:
        return _dated(map_view.shown(e.found, e.map, e.colour, e.selection), e.version), None
    flat = map_view.flat_maps(e.found.projections)
    way = link("/explore", **{**e.keys, "map": flat[0]}) if flat else ""
    colouring = e.found.colouring(e.colour) if e.colour else map_view.PLAIN
    shown = cube.shown(
        e.found, e.map, colouring, e.selection,
        pictures=has_pictures(e.found), flat=way,
    )  # fmt: skip
    return _dated(shown, e.version), None


def _dated(attributes: dict[str, str], version: int) -> dict[str, str]:
    """Put the number of the last decision into the address of the colours, which it may change."""
    if version and attributes.get("data-colour"):
        attributes["data-colour"] += f"&v={version}"
    return attributes
