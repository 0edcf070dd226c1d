"""Routes that tell where two images of a set differ, and show it over them."""

from typing import Any

import flask

from components.answers import blueprint, immutable, json_body, text
from components.quality_items import name_of
from components.state import link, noun, services
from components.words import encoder_name, score
from core.drifts.overlay import heated, opened_picture
from core.errors import InputError, NotFoundError
from core.findings.wording import part_of_frame
from core.pictures import picture_bytes
from core.search.encoding import EncoderBusyError
from core.search.places import FLOOR, Differing, differing, kept

#: Seconds that a request waits for features; the page asks again after that.
WAIT = 20.0

#: Longest side of a picture with places in colour, in pixels.
SIDE = 720

#: Below this share of what is usual nothing is said to differ.
SAME = 0.005

routes = blueprint("places")


@routes.errorhandler(EncoderBusyError)
def _ask_again(error: EncoderBusyError) -> flask.Response:
    """Tell that the same request will be answered later: 202, which browsers log as no error."""
    answer = flask.make_response(({"error": str(error), "again": True}, 202))
    answer.headers["Retry-After"] = "1"
    return answer


@routes.post("/api/places")
def places() -> dict[str, Any]:
    """Have two images looked at by the set's encoder, and tell in words where they differ."""
    body = json_body()
    opened = services().library.open(text(body, "set"))
    rows = [row for name in ("row", "beside") if type(row := body.get(name)) is int]
    if len(rows) != 2:
        raise InputError("row, beside: need the numbers of two images")
    app = services()
    found = differing(app.library.workspace, app.search.process, opened, rows[0], rows[1], WAIT)
    return {
        "text": told(found, opened, rows[0], rows[1]),
        "low": score(found.low, 1), "high": score(found.high, 1),
        "grid": list(found.one.shape),
        "pictures": [link(f"/api/places/{opened.key}/{a}/{b}.jpg", set=opened.name)
                     for a, b in (rows, rows[::-1])],
    }  # fmt: skip


@routes.get("/api/places/<key>/<int:row>/<int:beside>.jpg")
def picture(key: str, row: int, beside: int) -> flask.Response:
    """Answer with an image as the encoder sees it, coloured where another has nothing like it.

    The key is that of the images of the `set`: other sets of these may have another encoder.
    """
    app = services()
    opened = app.library.open(flask.request.args.get("set", ""))
    if opened.key != key:
        raise NotFoundError("this set has changed; reload the page")
    opened.check_row(row)
    opened.check_row(beside)
    found = kept(app.library.workspace, opened, row, beside)
    data = picture_bytes(opened, row, app.settings)[0]
    made = heated(opened_picture(data), found.heat(False), opened.spec, SIDE)
    items = f"{opened.item_id(row)}-{opened.item_id(beside)}"
    return immutable(made, "image/jpeg", f"{opened.spec.key}-{opened.key}-{items}-places")


def told(found: Differing, opened: Any, row: int, beside: int) -> str:
    """Return where two images differ, in words."""
    high, wide = found.one.shape
    seen = f"as {encoder_name(opened.spec.name)} sees them, in {high} × {wide} places"
    if found.largest < SAME:
        return f"The two are the same, {seen}."
    if found.usual is None:
        of = "a distance between features; this set has too few images to tell what is usual"
    else:
        of = f"1 is what 95 % of the places of two {noun(opened)}s of this set stay below"
    if found.largest < FLOOR[0]:
        return (f"Nothing stands out: the most unlike place is at {score(found.largest, 2)}, {seen}"
                f" ({of}).")  # fmt: skip
    parts = []
    for second, one in ((False, row), (True, beside)):
        value, across, down = found.most(second)
        parts.append(f"{part_of_frame(across, down)} of {name_of(opened, one)} ({score(value, 2)})")
    most = f"Most unlike, {seen}: the {parts[0]} and the {parts[1]}."
    if found.middle is not None:
        most += f" Half of their places are at {score(found.half, 2)} or more; of any two it is "
        most += f"{score(found.middle, 2)}."
    return f"{most} {of[:1].upper()}{of[1:]}."
