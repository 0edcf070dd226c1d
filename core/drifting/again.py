"""The check of a comparison of two sets: it is computed again, and every number compared."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.config import Settings
from core.drift.request import DriftRequest, Side
from core.drifting.document import KIND, document_of
from core.drifting.exposing import ANCHORS
from core.drifting.job import FORMAT, make
from core.drifting.pool import open_pool
from core.errors import InputError
from core.library import Library
from core.progress import Progress
from core.storage.store import Workspace

#: What says when, where and with what a comparison was made, or puts its numbers into words.
_ASIDE = ("drift", "seconds", "created", "versions", "checksum", "gate", "verdict", "notes")
#: What a side is called, not what it is.
_NAMES = ("text", "label", "set")


def verify(
    kept: Any, workspace: Workspace, settings: Settings, progress: Progress | None = None
) -> dict[str, Any]:
    """Compute a comparison again, and compare it with the one given.

    Parameters
    ----------
    kept
        What `drift --json` printed, from any workspace that has the same two sets.
    workspace, settings
        Where the sets are; nothing that was kept of comparisons is looked up.
    progress
        Told the stage; may cancel.

    Returns
    -------
    dict
        {"same": whether nothing differs, "intact": whether the file is as it was written,
        "differences": [{"field", "kept", "now"}], "tolerance": {"relative", "absolute"}}. Numbers
        may differ by rounding: 1e-6 of them, or 1e-9.

    Raises
    ------
    InputError
        It is no comparison of two sets, or lacks what is needed to make it again.
    NotFoundError
        No set here has the same images and vectors.
    """
    from core.report.check import checked

    asked = _request(kept, workspace)
    made, tables = make(open_pool(asked, workspace, settings), progress or Progress())
    now = document_of("", {**made, "format": FORMAT, "seconds": {}}, tables["images"])
    return checked(kept, _numbers(kept), _numbers(now))


def _request(kept: Any, workspace: Workspace) -> DriftRequest:
    """Return what was asked for, with the names that both sets have here."""
    if not isinstance(kept, Mapping) or kept.get("kind") != KIND:
        raise InputError(
            "this is no comparison of two sets: give what drift --json printed or drift --out wrote"
        )
    if kept.get("format") != FORMAT:
        raise InputError(
            f"this comparison has format {kept.get('format')!r:.20}; {FORMAT} is known"
        )
    hashes, request = kept.get("hashes"), kept.get("request")
    if not (isinstance(hashes, Mapping) and isinstance(request, Mapping)):
        raise InputError("the comparison is damaged: its request or hashes are missing")
    asked = DriftRequest.from_json(request)
    one, two = (
        replace(side, name=_where(side.name, hashes.get(which), workspace)).text
        for which, side in zip(("a", "b"), asked.sides, strict=True)
    )
    return replace(asked, a=one, b=two)


def _where(name: str, hashes: Any, workspace: Workspace) -> str:
    """Return the name of a set or part with the same images and vectors."""
    if not isinstance(hashes, Mapping):
        raise InputError("the comparison is damaged: the hashes of a side are missing")
    vectors = hashes.get("embeddings")
    return Library(workspace).name_of(
        name, str(hashes.get("imageset")), lambda opened: opened.embeddings == vectors
    )


def _numbers(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without what may differ between machines that compute the same."""
    found = {name: value for name, value in document.items() if name not in _ASIDE}
    for side in ("a", "b"):
        if isinstance(found.get(side), Mapping):
            found[side] = {n: v for n, v in found[side].items() if n not in _NAMES}
    request = found.get("request")
    if isinstance(request, Mapping):
        named = {side: _unnamed(request.get(side)) for side in ("a", "b")}
        found["request"] = {**request, "name": "", **named}
    scale, exposure = found.get("scale"), found.get("exposure")
    if isinstance(scale, Mapping):  # those of changed pictures depend on how they are decoded
        known = [one for one in scale.get("anchors") or [] if one.get("name") not in ANCHORS]
        found["scale"] = {**scale, "anchors": known}
    found["exposure"] = exposure.get("gone") if isinstance(exposure, Mapping) else None
    spatial = found.get("spatial")
    if isinstance(spatial, Mapping):  # as those of changed pictures
        found["spatial"] = {name: spatial.get(name) for name in ("images", "grid", "of_dims")}
    verdict = document.get("verdict")  # its words have the names of the sets
    found["level"] = verdict.get("level") if isinstance(verdict, Mapping) else verdict
    return found


def _unnamed(text: Any) -> Any:
    """Return a side as it was asked for, without the name of its set."""
    try:
        side = Side.read(text)
    except InputError:
        return text
    return [side.column, side.value]
