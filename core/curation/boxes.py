"""Boxes of objects, edited by a person: the act, and a source with the edits that count."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from core.curation.bundle import LOG_NAME
from core.curation.events import Event
from core.curation.fold import fold
from core.curation.journal import Journal
from core.curation.lists import Lists, StoredLists
from core.curation.roster import Roster, Universe
from core.errors import DecodeError, InputError
from core.ingest.objects import is_of_objects, parse
from core.ingest.objects.cutting import object_id, region_of_object
from core.ingest.objects.found import Box
from core.ingest.objects.making import PICTURE, SIDES
from core.keys import item_id
from core.model import Region, Scan
from core.opened.addresses import make_addresses, occurrences
from core.storage.records import region_of
from core.storage.store import Workspace

_BOX = ("box_x", "box_y", "box_w", "box_h")


def can_edit(opened: Any) -> bool:
    """Tell whether the items of a set or part are objects whose boxes can be edited."""
    source = str(opened.base.request.get("source", ""))
    return is_of_objects(source) and {PICTURE, *SIDES} <= set(opened.items.columns)


def edit_box(
    desk: Any, opened: Any, row: int, box: Sequence[float], reason: str | None = None
) -> Event:
    """Give an object another box, as an act of the set's log.

    The object is another item from the set's next run on, which encodes it alone; what was decided
    about it holds on.

    Parameters
    ----------
    desk, opened
        The log's desk, and a set of objects or a part of one.
    row
        The object's row in `opened`.
    box
        x, y, width, height in pixels of the upright picture.

    Raises
    ------
    InputError
        The items are no objects, the box has no area in the picture, it is the object's box
        already, another object has it, or the same object comes twice.
    """
    opened.check_row(row)
    if not can_edit(opened):
        raise InputError(f"{opened.name!r} holds no objects: their boxes cannot be edited")
    values = opened.items.iloc[row].to_dict()
    size = values.get("width"), values.get("height")
    if any(pd.isna(side) for side in size):
        raise InputError("the size of its picture is not known: run the set again first")
    if len(list(box)) != 4 or any(isinstance(v, str) or v is None for v in box):
        raise InputError("box: must be the four numbers x, y, width and height")
    x, y, w, h = (round(float(v), 2) for v in box)
    ids = opened.base.items["item_id"]
    if int((ids == values["item_id"]).sum()) > 1:
        raise InputError("this object comes twice, box and all: edit it in the file of annotations")
    context = parse(str(opened.base.request["source"])).context
    try:
        mask = region_of(values).mask
        region = region_of_object((x, y, w, h), (int(size[0]), int(size[1])), context, mask)
    except DecodeError as error:
        raise InputError(str(error)) from error
    to = object_id(str(values[PICTURE]), region)
    now = desk.view(opened).boxes.get(row)
    if to != values["item_id"] and (ids == to).any():
        raise InputError("another object of this picture has this very box")
    if (x, y, w, h) == (now or tuple(float(values[side]) for side in SIDES)):
        raise InputError("this is its box already")
    event: Event = desk.act(
        opened, "box", rows=[row], box=[x, y, w, h], region=list(region.box or ()), to=to,
        reason=reason,
    )  # fmt: skip
    return event


def edited_scan(found: Scan, workspace: Workspace, name: str) -> Scan:
    """Return a source with the boxes that the log of the set `name` gives its objects.

    Raises
    ------
    ArtifactCorruptError
        The log is damaged.
    """
    folder = workspace.root / "curation" / name
    if PICTURE not in found.items or not folder.is_dir():
        return found
    return with_boxes(found, Journal(folder / LOG_NAME).read(), StoredLists(folder / "ids"))


def with_boxes(found: Scan, events: Sequence[Event], lists: Lists) -> Scan:
    """Return a source with the boxes that a log's acts that count give its objects."""
    if PICTURE not in found.items or not any(event.kind == "box" for event in events):
        return found
    ids = found.items["item_id"]
    universe = Universe(Roster.of_items(found.items, make_addresses(ids, occurrences(ids))), lists)
    _, state = fold(events, universe)
    items = found.items.copy()
    for row, number in state.boxes.items():
        if row < len(items):
            fields = state.acts[number].fields
            _set_box(items, row, fields["box"], fields["region"], fields["to"])
    return replace(found, items=items)


def _set_box(items: pd.DataFrame, row: int, box: Any, shown: Any, to: str) -> None:
    """Give one row of an item table a box, if that makes it the item that the log names."""
    values: Any = items.iloc[row].to_dict()
    region = Region(_four(shown), region_of(values).mask, region_of(values).frame)
    if item_id(str(values[PICTURE]), region) != to:
        return  # the log tells of another picture
    for names, sides in ((SIDES, box), (_BOX, shown)):
        for name, side in zip(names, sides, strict=True):
            items.loc[items.index[row], name] = side
    items.loc[items.index[row], "item_id"] = to


def _four(values: Any) -> Box:
    x, y, w, h = (float(value) for value in values)
    return x, y, w, h
