"""What the last check of a set was, in the set's own record, under "quality"."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from core.errors import InputError, NotFoundError
from core.progress import Progress
from core.quality.request import QualityRequest
from core.storage.partrecords import is_part_name, read_part, write_part
from core.storage.store import Workspace, now

#: Kinds of artefacts that a record names.
KINDS = ("pixels", "perturbations", "duplicates", "outliers", "labelcheck")


def read_record(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return the record of a set or part; `NotFoundError` if there is none."""
    return read_part(workspace, name) if is_part_name(name) else workspace.read_set(name)


def write_record(workspace: Workspace, name: str, record: Mapping[str, Any]) -> None:
    """Store the record of a set or part."""
    if is_part_name(name):
        write_part(workspace, name, record)
    else:
        workspace.write_set(name, record)


def save_keeping_check(workspace: Workspace, name: str, record: dict[str, Any]) -> None:
    """Store a record that a run holds, with the check as it is on disk now.

    A run writes its record many times, and a check may end or a person may move a threshold in
    between: what they wrote stays.
    """
    with workspace.lock(f"record/{name}"):
        with suppress(NotFoundError):
            found = read_record(workspace, name).get("quality")
            if found:
                record["quality"] = found
        write_record(workspace, name, record)


def publish(
    asked: QualityRequest,
    opened: Any,
    keys: Mapping[str, str],
    workspace: Workspace,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Name what a check found in the record of its set or part, and return that.

    What an earlier check of the same set found of topics that this one did not look for stays, and
    so do the thresholds that a person moved.

    Raises
    ------
    InputError
        The set was run again meanwhile and is another one now.
    """
    name = opened.name
    with workspace.lock(f"record/{name}", progress):
        record = read_record(workspace, name)
        if (record["imageset"], record["embeddings"]) != (opened.key, opened.embeddings):
            raise InputError(
                f"{name!r} was run again while it was checked, and has other images or vectors "
                "now: check it again"
            )
        before = record.get("quality") or {}
        same = before.get("embeddings") == opened.embeddings
        same = same and before.get("imageset") == opened.key
        kept = {kind: before.get(kind) for kind in KINDS} if same else dict.fromkeys(KINDS)
        found = {
            "imageset": opened.key, "embeddings": opened.embeddings, "request": asked.to_json(),
            **kept, **keys, "pictures": before.get("pictures") or {}, "updated": now(),
        }  # fmt: skip
        write_record(workspace, name, {**record, "quality": found})
    return found
