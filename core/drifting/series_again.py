"""A series of batches as one JSON document, and its check: it is made again and compared."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.config import Settings
from core.drift.request import Side
from core.drift.series_request import SeriesRequest
from core.drifting.series import FORMAT, make, result_of
from core.drifting.series_batches import open_batches
from core.errors import InputError
from core.keys import sealed
from core.library import Library
from core.progress import Progress
from core.storage.store import Workspace

KIND = "vitrine.drift-series"
#: What says when, where and with what a series was made, or puts its numbers into words.
_ASIDE = ("series", "text", "seconds", "created", "versions", "checksum", "gate", "verdict",
          "notes", "request", "hashes")  # fmt: skip
#: Words and names inside the other fields.
_WORDS = {"reference": ("text", "label", "set"), "trend": ("text",), "change": ("text",),
          "plan": ("text", "strangers")}  # fmt: skip


def document_of(
    key: str, meta: Mapping[str, Any], gate: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a stored series as the JSON that `drift-series --json` prints, with its checksum.

    Parameters
    ----------
    key, meta
        As a `KeptSeries` holds them.
    gate
        What became of `--fail-on`; None where nothing was asked for.
    """
    told = {
        "kind": KIND, "format": meta.get("format"), **result_of(key, meta),
        "hashes": {"imagesets": dict(meta["imagesets"]), "encoder": meta["encoder"]["key"]},
        "created": meta["created"],
    }  # fmt: skip
    return sealed({**told, "gate": dict(gate)} if gate is not None else told)


def verify(
    kept: Any, workspace: Workspace, settings: Settings, progress: Progress | None = None
) -> dict[str, Any]:
    """Make a series again, and compare it with the one given.

    Parameters
    ----------
    kept
        What `drift-series --json` printed, from any workspace that has the same sets.
    workspace
        Where the sets are; nothing that was kept of series is looked up.
    settings
        Not used: batches need no pictures.
    progress
        Told the stage; may cancel.

    Returns
    -------
    dict
        {"same", "intact", "differences": [{"field", "kept", "now"}], "tolerance"}, as
        `core.drifting.again.verify` has them.

    Raises
    ------
    InputError
        It is no series, or lacks what is needed to make it again.
    NotFoundError
        No set here has the same images and vectors.
    """
    from core.report.check import checked

    asked = _request(kept, workspace)
    made = make(open_batches(asked, workspace), progress or Progress())
    now = document_of("", {**made, "format": FORMAT, "seconds": {}})
    return checked(kept, _numbers(kept), _numbers(now))


def _request(kept: Any, workspace: Workspace) -> SeriesRequest:
    """Return what was asked for, with the names that the sets have here."""
    if not isinstance(kept, Mapping) or kept.get("kind") != KIND:
        raise InputError(
            "this is no series of batches: give what drift-series --json printed or --out wrote"
        )
    if kept.get("format") != FORMAT:
        raise InputError(f"this series has format {kept.get('format')!r:.20}; {FORMAT} is known")
    hashes, request = kept.get("hashes"), kept.get("request")
    sets = hashes.get("imagesets") if isinstance(hashes, Mapping) else None
    if not (isinstance(hashes, Mapping) and isinstance(sets, Mapping)):
        raise InputError("the series is damaged: its hashes are missing")
    asked = SeriesRequest.from_json(request if isinstance(request, Mapping) else {})
    library, encoder, here = Library(workspace), str(hashes.get("encoder")), {}
    for name, key in sets.items():
        here[name] = library.name_of(str(name), str(key), lambda opened: opened.spec.key == encoder)

    def renamed(text: str) -> str:
        side = Side.read(text)
        return replace(side, name=here.get(side.name, side.name)).text

    return replace(
        asked, reference=renamed(asked.reference), batches=tuple(map(renamed, asked.batches)),
        of=None if asked.of is None else here.get(asked.of, asked.of),
        like=None if asked.like is None else renamed(asked.like),
    )  # fmt: skip


def _numbers(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without words and names."""
    found = {name: value for name, value in document.items() if name not in _ASIDE}
    for field, words in _WORDS.items():
        if isinstance(found.get(field), Mapping):
            found[field] = {n: v for n, v in found[field].items() if n not in words}
    lines = found.get("batches")
    if isinstance(lines, list):
        found["batches"] = [
            {n: v for n, v in line.items() if n != "side"} if isinstance(line, Mapping) else line
            for line in lines
        ]
    verdict = document.get("verdict")
    found["level"] = verdict.get("level") if isinstance(verdict, Mapping) else verdict
    return found
