"""How pages reach the workspace, and how they link to each other."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import current_app

from core.errors import NotFoundError
from core.opened.called import called

#: Row counts that a page shows at once.
PAGE_SIZE = 100


def services() -> Any:
    """Return the app's services: library, jobs, settings, selections, curation and search."""
    return current_app.config["VITRINE"]


def link(path: str, **query: Any) -> str:
    """Return an address inside the app; empty values are left out."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def has_pictures(found: Any) -> bool:
    """Tell whether the items of an open set are pictures; vectors alone have no path."""
    if "path" not in found.items:
        return False
    paths = found.items["path"]
    # Asked many times a page, of a million items: mostly the first tells, or all are missing.
    parts = (part.dropna().astype(str) for part in (paths.iloc[:1], paths))
    return any(bool(part.ne("").any()) for part in parts)


def noun(found: Any) -> str:
    """Return what one item of an open set is called: image, object, frame or vector."""
    if not has_pictures(found):
        return "vector"
    return called(found.items, found.base.request.get("source"))


def titled(found: Any, row: int) -> str:
    """Return an item's name by its number: "Image 5", "Object 5"."""
    return f"{noun(found).capitalize()} {row}"


def captions(found: Any, rows: Sequence[int]) -> list[str]:
    """Return the label of each of these rows, "" where there is none."""
    if "label" not in found.items:
        return [""] * len(rows)
    return [str(v) for v in found.items["label"].iloc[list(rows)].astype("string").fillna("")]


def whole(text: str | int | None, default: int | None = None) -> int | None:
    """Return a whole number from an address, or the default where it is none."""
    try:
        return int(text) if text not in (None, "") else default
    except (TypeError, ValueError):
        return default


def choose_set(name: str | None) -> str | None:
    """Return the named set or part, else the set updated last; None in an empty workspace.

    Raises
    ------
    NotFoundError
        There is no set with this name; the message names those that exist.
    """
    library = services().library
    names = library.names()
    if name and name.partition("/")[0] not in names:
        known = ", ".join(names[:8]) or "none yet"
        raise NotFoundError(
            f"There is no set named “{name}” here. Sets in this workspace: {known}."
        )
    return name or latest_set(library)


def latest_set(library: Any) -> str | None:
    """Return the sound set updated last; None where there is none."""
    sound = [s for s in library.sets() if not s.problem] if library.names() else []
    return max(sound, key=lambda s: s.updated).name if sound else None


def spread(total: int, wanted: int) -> list[int]:
    """Return up to `wanted` rows spread evenly over `total`."""
    if total <= wanted:
        return list(range(total))
    return [i * total // wanted for i in range(wanted)]


def chosen(value: str | None, among: Sequence[str], default: str | None = None) -> str | None:
    """Return the value if it is one of those that exist, else the default or the first."""
    if value in among:
        return value
    if default in among:
        return default
    return among[0] if among else None
