"""A gradient as files: the strip as PNG or SVG, the positions as CSV, all figures as JSON."""

import json
from collections.abc import Callable
from typing import Any

from core.comparisons.drawing import png, svg
from core.comparisons.gradients import Gradient
from core.comparisons.strip import Shown, lay_out
from core.errors import InputError
from core.export.sheet import collect
from core.export.sources import sources_of
from core.imaging.imagefile import Limits
from core.keys import sealed
from core.storage.store import Workspace

#: Kinds of files, by what their names end with, and their media types.
TYPES = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


def strip_file(
    gradient: Gradient, kind: str, opened: Any, workspace: Workspace, limits: Limits | None = None
) -> bytes:
    """Return a gradient as a file.

    Parameters
    ----------
    gradient
        What is written.
    kind
        One of `TYPES`.
    opened
        The set; its pictures are found by their ids, so that it may have changed since.
    workspace, limits
        Where thumbnails are kept; how large a picture may be.

    Raises
    ------
    InputError
        There is no such kind of file.
    """
    if kind not in TYPES:
        raise InputError(f"a strip is a file of {', '.join(TYPES)}, not {kind!r:.20}")
    if kind == "csv":
        return bytes(gradient.table(opened).to_csv(index=False, lineterminator="\n").encode())
    if kind == "json":
        return json.dumps(gradient_json(gradient), indent=1, allow_nan=False).encode("ascii")
    drawing = lay_out(gradient, _pictures(gradient, opened, workspace, limits), _foot(gradient))
    write: Callable[[Any], bytes] = png if kind == "png" else svg
    return write(drawing)


def gradient_json(gradient: Gradient) -> dict[str, Any]:
    """Return all figures of a gradient with what they were made from, and a checksum of both."""
    meta = gradient.meta
    made = {name: meta[name] for name in ("imageset", "embeddings", "encoder", "versions")}
    return sealed(gradient.told() | {"made_from": made, "created": meta["created"]})


def file_name(gradient: Gradient, kind: str) -> str:
    """Return a name for a file: the title without what file names forbid."""
    title = f"{gradient.meta['name']} {gradient.meta['title']}"
    plain = "".join(c if c.isalnum() or c in " -_.,()" else "_" for c in title)
    return f"{plain[:120].strip(' .') or 'gradient'}.{kind}"


def _pictures(
    gradient: Gradient, opened: Any, workspace: Workspace, limits: Limits | None
) -> list[Shown]:
    """Return the picture of every place that has an image."""
    places = [place for place in gradient.meta["places"] if place["row"] is not None]
    rows = opened.find_rows([place["item_id"] for place in places])
    here = [int(row) for row in rows if row >= 0]
    found: dict[int, Shown] = {}
    if here and gradient.meta["noun"] == "image":
        sources = sources_of(opened, opened.find_rows([opened.addresses[row] for row in here]))
        sheet = collect(sources, opened.root, workspace, "sheet-png", title="", limits=limits)
        found = {cell.row: Shown(cell.picture, cell.reason) for cell in sheet.cells}
    gone = Shown(None, "not in the set any more")
    none = Shown(None, "no picture")
    return [found.get(int(row), none) if row >= 0 else gone for row in rows]


def _foot(gradient: Gradient) -> str:
    """Return of what a strip is: the set, the encoder, the seed, the id."""
    meta = gradient.meta
    return (
        f"Vitrine · set {meta['name']} · {meta['encoder']['name']} · seed "
        f"{meta['request']['seed']} · gradient {gradient.key[:12]}"
    )
