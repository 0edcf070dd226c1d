"""Routes of comparisons of two sets: tables as CSV, the whole as HTML, PDF and JSON."""

import json
import re
from typing import Any

import flask
from PIL import Image

from components import drift_series_routes
from components.answers import blueprint, immutable, whole
from components.drift_csv import table_of
from components.file_answers import asked_paper, explain, file, printed, stem
from components.state import services
from core.drifting.document import document_of
from core.drifts import Drift
from core.drifts.file import drift_file
from core.drifts.overlay import heated, jpeg, opened_picture
from core.drifts.patches import Patches
from core.errors import InputError, NotFoundError, VitrineError
from core.pictures import picture_bytes, thumbnail_bytes

#: Longest sides of pictures with places in colour, by the size asked for, in pixels.
SIZES = {"small": 256, "large": 720}

routes = blueprint("drift")
routes.register_error_handler(VitrineError, explain)
routes.register_blueprint(drift_series_routes.routes)


def _opened(key: str) -> Drift:
    """Return a comparison by the key in the address."""
    if not re.fullmatch(r"[0-9a-f]{8,64}", key):
        raise NotFoundError("no comparison with this id is kept here")
    found: Drift = services().drifts.open(key)
    return found


def _sets(drift: Drift) -> tuple[Any, Any]:
    """Return the sets whose rows a comparison's are, None where one has changed or is gone."""
    found = []
    for side in ("a", "b"):
        told = drift.meta[side]
        try:
            opened = services().library.open(told["set"])
        except VitrineError:
            opened = None
        found.append(opened if opened is not None and opened.key == told["imageset"] else None)
    return found[0], found[1]


def _stem(drift: Drift) -> str:
    return stem(drift.meta["title"], "comparison")


def _page(drift: Drift) -> bytes:
    app = services()
    return drift_file(drift, *_sets(drift), app.library.workspace, app.settings)


@routes.get("/api/drift/<key>/<table>.csv")
def table(key: str, table: str) -> flask.Response:
    """Answer with a table of a comparison as CSV in UTF-8, its numbers not rounded."""
    drift = _opened(key)
    data = table_of(drift, table, _sets(drift)).to_csv(index=False)
    return file(data.encode(), f"{_stem(drift)}, {table}.csv", "text/csv; charset=utf-8")


@routes.get("/api/drift/<key>.json")
def document(key: str) -> flask.Response:
    """Answer with a comparison as `drift --json` prints it; `drift --verify` reads it."""
    drift = _opened(key)
    told = document_of(drift.key, drift.meta, drift.images)
    data = json.dumps(told, indent=1, allow_nan=False).encode("ascii")
    return file(data, f"{_stem(drift)}.json", "application/json")


@routes.get("/api/drift/<key>.html")
def page(key: str) -> flask.Response:
    """Answer with a comparison as one HTML file that needs nothing else."""
    drift = _opened(key)
    return file(_page(drift), f"{_stem(drift)}.html", "text/html; charset=utf-8")


@routes.get("/api/drift/<key>.pdf")
def paper(key: str) -> flask.Response:
    """Answer with a comparison as PDF; `paper` is A4 or letter."""
    drift, size = _opened(key), asked_paper()
    return file(printed(_page(drift), size), f"{_stem(drift)}.pdf", "application/pdf")


# -- places in colour ------------------------------------------------------------------------------


@routes.get("/api/drift/<key>/mean-<side>.jpg")
def mean(key: str, side: str) -> flask.Response:
    """Answer with the mean picture of a side, as the encoder sees it."""
    drift, kept = _patches(key)
    if side not in kept.means:
        raise NotFoundError("no mean picture of this side is kept")
    data = jpeg(Image.fromarray(kept.means[side]))
    return immutable(data, "image/jpeg", f"{_tag(drift)}-mean-{side}")


@routes.get("/api/drift/<key>/places/<side>/<int:row>.jpg")
def places(key: str, side: str, row: int) -> flask.Response:
    """Answer with a picture as the encoder sees it, coloured where it is unlike.

    Arguments: `beside`, a row of the other side, colours what that image lacks; without it what
    all tested images of the other side lack. `size` is small or large.
    """
    drift, kept = _patches(key)
    size = flask.request.args.get("size", "small")
    if size not in SIZES or side not in ("a", "b"):
        raise InputError(f"size: give one of {', '.join(SIZES)}; side: a or b")
    found = dict(zip("ab", _sets(drift), strict=True))[side]
    if found is None:
        raise NotFoundError("the set has changed since this comparison: compare again")
    beside = whole("beside", -1)
    heat = (
        kept.colour(side, row)
        if beside < 0
        else kept.contrast(side, row, "b" if side == "a" else "a", beside)
    )
    if size == "small":
        data = thumbnail_bytes(services().library, str(found.items["item_id"].iat[row]))[0]
    else:
        data = picture_bytes(found, row, services().settings)[0]
    made = heated(opened_picture(data), heat, found.spec, SIZES[size])
    return immutable(made, "image/jpeg", f"{_tag(drift)}-{side}-{row}-{beside}-{size}")


def _patches(key: str) -> tuple[Drift, Patches]:
    drift = _opened(key)
    kept = services().drifts.patches(drift)
    if kept is None:
        raise NotFoundError("no patches of this comparison are kept: compare where in the frame")
    return drift, kept


def _tag(drift: Drift) -> str:
    return f"{drift.key}-{drift.meta['spatial']['patches']}"
