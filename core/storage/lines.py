"""Lists of stored results: a line about each, made from its manifest once."""

from collections.abc import Callable, Collection
from typing import Any, Generic, TypeVar

from core.errors import VitrineError
from core.storage.store import Workspace, read_json

T = TypeVar("T")


class Lines(Generic[T]):
    """Lines about the results of one kind; may be asked from any thread.

    Parameters
    ----------
    workspace, kind
        Where the results lie, and the kind of their artefacts.
    line_of
        Given a result's key and manifest, returns the sets and parts that it is of, and its line.
        A `VitrineError`, `KeyError` or `TypeError` says that it is damaged, or of another format.
    """

    def __init__(
        self,
        workspace: Workspace,
        kind: str,
        line_of: Callable[[str, dict[str, Any]], tuple[Collection[str], T]],
    ):
        self._folder = workspace.root / "artefacts" / kind
        self._line_of = line_of
        self._known: dict[str, tuple[str, Collection[str], T]] = {}

    def of(self, name: str) -> list[T]:
        """Return the lines of a set or part, the newest first; one that is damaged hides none."""
        found = []
        for path in self._folder.glob("*/manifest.json"):
            key = path.parent.name
            if key.startswith("."):  # being written
                continue
            try:
                known = self._known.get(key)
                if known is None:
                    manifest = read_json(path)
                    known = (str(manifest["created"]), *self._line_of(key, manifest))
                    self._known[key] = known
            except (VitrineError, KeyError, TypeError):
                continue
            created, names, line = known
            if name in names:
                found.append((created, key, line))
        return [line for *_, line in sorted(found, key=lambda one: one[:2], reverse=True)]


def whole(key: str, manifest: dict[str, Any]) -> tuple[Collection[str], tuple[str, dict[str, Any]]]:
    """Return the set that a manifest names, and key and manifest as they are, for `Lines`."""
    return (manifest["meta"]["name"],), (key, manifest)
