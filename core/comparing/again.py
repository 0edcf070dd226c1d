"""The check of a comparison: it is computed again from the set, and every number compared."""

from collections.abc import Mapping
from typing import Any

from core.comparing.job import FORMAT
from core.comparing.making import make
from core.comparing.result import KIND, result_of
from core.comparing.subject import open_subject
from core.config import Settings
from core.errors import InputError
from core.library import Library
from core.morphology.request import MorphologyRequest
from core.progress import Progress
from core.storage.store import Workspace

#: What says when, where and with what a comparison was made, or puts its numbers into words.
_ASIDE = ("set", "comparison", "seconds", "created", "versions", "methods", "citations",
          "headline", "checksum")  # fmt: skip


def verify(
    kept: Any, workspace: Workspace, settings: Settings, progress: Progress | None = None
) -> dict[str, Any]:
    """Compute a comparison again, and compare it with the one given.

    Parameters
    ----------
    kept
        What `morphology --json` printed, from any workspace that has the same set.
    workspace, settings
        Where the set is; nothing is looked up there but the set and its metric card.
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
        It is not a comparison, or lacks what is needed to make it again.
    NotFoundError
        No set here has the same images and vectors.
    """
    from core.report.check import checked

    progress = progress or Progress()
    if not isinstance(kept, Mapping) or kept.get("kind") != KIND:
        raise InputError("this is not a comparison of Vitrine: give what morphology --json printed")
    if kept.get("format") != FORMAT:
        raise InputError(
            f"this comparison has format {kept.get('format')!r:.20}; {FORMAT} is known"
        )
    hashes, request = kept.get("hashes"), kept.get("request")
    if not isinstance(hashes, Mapping) or not isinstance(request, Mapping):
        raise InputError("the comparison is damaged: its request or hashes are missing")
    name = _where(str(request.get("name")), hashes, workspace)
    asked = MorphologyRequest.from_json({**request, "name": name})
    made = make(open_subject(asked, workspace), settings, progress)
    now = result_of("", {**made.meta, "format": FORMAT, "seconds": {}})
    return checked(kept, _numbers(kept), _numbers(now))


def _numbers(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result without what may differ between machines that compute the same."""
    found = {name: value for name, value in result.items() if name not in _ASIDE}
    if isinstance(found.get("request"), Mapping):
        found["request"] = {**found["request"], "name": ""}
    card = found.get("metric_card")  # its figures depend on how pictures are decoded and encoded
    found["metric_card"] = card.get("verdict") if isinstance(card, Mapping) else card
    return found


def _where(name: str, hashes: Mapping[str, Any], workspace: Workspace) -> str:
    """Return the name of a set or part with the same images and vectors."""
    vectors, imageset = hashes.get("embeddings"), str(hashes.get("imageset"))
    return Library(workspace).name_of(
        name, imageset, lambda opened: opened.embeddings == vectors, "this comparison"
    )
