"""Two reports number by number: what was changed, or came out otherwise, and where."""

from collections.abc import Mapping
from typing import Any

from core.keys import unsealed

#: Numbers may differ by this much, relative and absolute: other machines add in another order.
RELATIVE, ABSOLUTE = 1e-6, 1e-9
#: Parts that say when and with what a report was made, and not what came out.
ASIDE = frozenset(
    {"created", "versions", "checksum", "id", "set.name", "set.title", "choice.slice"}
)
#: Differences that are named one by one.
NAMED = 200


def checked(written: Mapping[str, Any], kept: Any, now: Any) -> dict[str, Any]:
    """Return what came of making a result again.

    Parameters
    ----------
    written
        The whole file that is checked, with its checksum.
    kept, now
        What of it is compared, and the same, made again.

    Returns
    -------
    dict
        {"same": whether nothing differs, "intact": whether the file is as it was written,
        "differences": as `differences`, "tolerance": {"relative", "absolute"}}.
    """
    unlike = differences(kept, now)
    intact = unsealed(dict(written)) is not None
    return {
        "same": not unlike and intact, "intact": intact, "differences": unlike,
        "tolerance": {"relative": RELATIVE, "absolute": ABSOLUTE},
    }  # fmt: skip


def differences(kept: Any, now: Any) -> list[dict[str, Any]]:
    """Return where two reports differ.

    Parameters
    ----------
    kept
        The report that is checked.
    now
        The same, made again.

    Returns
    -------
    list of dict
        {"field": "coverage.independent.covered", "kept", "now"} for each value that differs by more
        than rounding (1e-6 of it, or 1e-9), 200 at most; what only says when and with what it was
        made is left out.
    """
    found: list[dict[str, Any]] = []
    _walk(kept, now, "", found)
    return found


def _walk(kept: Any, now: Any, field: str, found: list[dict[str, Any]]) -> None:
    """Add the differences below one field."""
    if len(found) >= NAMED or field in ASIDE:
        return
    if isinstance(kept, Mapping) and isinstance(now, Mapping):
        for name in [*kept, *(n for n in now if n not in kept)]:
            below = f"{field}.{name}" if field else str(name)
            _walk(kept.get(name), now.get(name), below, found)
    elif isinstance(kept, list) and isinstance(now, list):
        if len(kept) != len(now):
            found.append({"field": f"{field} (length)", "kept": len(kept), "now": len(now)})
            return
        for at, (one, other) in enumerate(zip(kept, now, strict=True)):
            _walk(one, other, f"{field}[{at}]", found)
    elif not _same(kept, now):
        found.append({"field": field, "kept": kept, "now": now})


def _same(kept: Any, now: Any) -> bool:
    """Tell whether two values are the same but for rounding."""
    plain = (int, float)
    if isinstance(kept, bool) or isinstance(now, bool):
        return kept is now
    if isinstance(kept, plain) and isinstance(now, plain):
        gap = abs(kept - now)
        return gap <= ABSOLUTE or gap <= RELATIVE * max(abs(kept), abs(now))
    return bool(kept == now)
