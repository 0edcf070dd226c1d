"""The folder that files are exported into: where it may be, and what may be written there."""

import errno
import os
from pathlib import Path, PurePosixPath

from core.errors import DecodeError, InputError, StorageError
from core.export.sources import Source
from core.imaging.files import is_inside, resolve_inside
from core.ingest.objects.asked import annotations_of
from core.library import OpenSet
from core.storage.store import Workspace

#: What a table beside a file of vectors ends with.
PAIRED = (".csv", ".parquet", ".tsv")


def checked_target(
    target: str | Path, opened: OpenSet, workspace: Workspace, *, folder: bool
) -> Path:
    """Return where to write, free of links, if it may be written there.

    Parameters
    ----------
    target
        An absolute path whose parent exists.
    folder
        A folder is meant; it may exist. A file must not.

    Raises
    ------
    InputError
        It is not absolute, its parent does not exist, it is of the wrong kind, or it lies with
        the set's own pictures or in the workspace; the message says which.
    """
    path = Path(str(target).strip())
    if "\0" in str(path) or not path.is_absolute():
        raise InputError(f"target {str(path)!r:.200}: give a whole path, beginning with the root")
    try:
        parent = path.parent.resolve(strict=True)
        resolved = path.resolve() if path.name not in {"", ".."} else path.parent.resolve()
    except (OSError, RuntimeError):
        raise InputError(f"the folder {path.parent} does not exist; make it first") from None
    if not parent.is_dir():
        raise InputError(f"{path.parent} is a file, not a folder")
    if folder and resolved.exists() and not resolved.is_dir():
        raise InputError(f"{path} is a file; name a folder")
    if not folder and resolved.exists():
        raise InputError(f"{path} is there already; give another name")
    _keep_apart(resolved, opened, workspace)
    return resolved


def checked_file(target: Path, opened: OpenSet, workspace: Workspace, *, picture: bool) -> Path:
    """Return a file to write, which may replace one that is there, unless that does harm.

    Parameters
    ----------
    target
        An absolute path.
    picture
        What is written would be found as a picture, were it in the set's folder.

    Raises
    ------
    InputError
        It is a file that the set was made from, or would become one, or is in the workspace.
    """
    resolved = target.resolve()
    if is_inside(resolved, workspace.root.resolve()):
        raise InputError(f"{target} lies in Vitrine's workspace; name a file outside it")
    if resolved.exists() and _was_made_from(resolved, opened):
        raise InputError(
            f"{target} is a file that {opened.base.name!r} was made from; name another"
        )
    if picture and opened.kind == "folder" and is_inside(resolved, opened.root.resolve()):
        raise InputError(
            f"{target} lies in the set's own folder, and would become part of the set; name a "
            "file outside it"
        )
    return target


def _was_made_from(file: Path, opened: OpenSet) -> bool:
    """Tell whether a set was made from a file: its source, the table beside it, a picture."""
    base = opened.base
    source = Path(annotations_of(str(base.request.get("source", ""))))
    own = {source.resolve()}
    if base.kind == "vectors":
        own |= {source.with_suffix(suffix).resolve() for suffix in PAIRED if source.suffix}
    if file in own:
        return True
    if "path" not in base.items:
        return False
    paths = base.items["path"].dropna().astype(str)
    alike = paths[paths.str.endswith(file.name)].unique()  # a million need not be looked up
    return any((base.root / path).resolve() == file for path in alike)


def _keep_apart(target: Path, opened: OpenSet, workspace: Workspace) -> None:
    """Refuse a target among the set's pictures, or in the workspace, or around either."""
    home = workspace.root.resolve()
    if is_inside(target, home):
        raise InputError(f"{target} lies in Vitrine's workspace; choose a folder outside it")
    for folder in _picture_folders(opened):
        if is_inside(target, folder):
            raise InputError(
                f"{target} lies in a folder of the set's own pictures ({folder}); the copies "
                "would become part of the set: choose a folder outside it"
            )
        if is_inside(folder, target) and target.is_dir():
            raise InputError(
                f"{target} holds the set's own pictures ({folder}); choose a folder of its own"
            )


def _picture_folders(opened: OpenSet) -> list[Path]:
    """Return the folders that no export may lie in.

    The whole folder that a set was read from. Files that a table names may lie anywhere below a
    root as wide as a disk, so there it is the folders that hold them.
    """
    root = opened.root.resolve()
    if opened.kind in {"folder", "vectors"} or "path" not in opened.items:
        return [root] if opened.kind == "folder" else []
    paths = opened.items["path"].dropna().astype(str).unique()
    folders = {str(PurePosixPath(path).parent) for path in paths if path}
    return sorted({(root / folder).resolve() for folder in folders})


def source_file(source: Source, root: Path) -> Path:
    """Return an item's file, free of links, checked to lie in the set's folder.

    Raises
    ------
    DecodeError
        It is gone, leads out of the folder or is no regular file; in words, without its path.
    """
    try:
        found = resolve_inside(Path(source.path), root)
        if not found.is_file():
            raise DecodeError("not a regular file")
    except DecodeError:
        raise
    except ValueError as error:  # a NUL in its name
        raise DecodeError("file not found") from error
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise DecodeError("file not found") from error
        raise DecodeError(f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    return found


class Folder:
    """A folder that is written into, and nothing outside it.

    Parameters
    ----------
    root
        As `checked_target` returns it; made if it is not there.
    """

    def __init__(self, root: Path):
        self.root = root
        self._made: set[Path] = set()
        root.mkdir(exist_ok=True)

    def path(self, name: str) -> Path:
        """Return where a name lies; `InputError` if a link on the way could lead elsewhere."""
        parts = PurePosixPath(name).parts
        here = self.root
        for part in parts[:-1]:
            here = here / part
            if here in self._made:
                continue
            if here.is_symlink() or (here.exists() and not here.is_dir()):
                raise InputError(f"{here} is there already and no folder; use an empty folder")
        if not parts or {"..", "/", ""} & set(parts):
            raise InputError(f"{name!r} leads out of {self.root}")
        return self.root.joinpath(*parts)

    def prepare(self, name: str) -> Path:
        """Make the folders that a name lies in and return where it lies."""
        path = self.path(name)
        if path.parent not in self._made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._made |= {path.parent, *path.parent.parents} - set(self.root.parents)
        return path


def publish(part: Path, target: Path) -> None:
    """Give a finished file its name, without replacing one that is there.

    Raises
    ------
    FileExistsError
        There is one by now.
    """
    try:
        os.link(part, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a file system without hard links
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        part.replace(target)
    else:
        part.unlink()


def trouble(doing: str, error: OSError, told: str) -> StorageError:
    """Return a failure to write as an error in words, with what was written before."""
    why = error.strerror or str(error)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        why = "the disk is full; free some space and run again"
    return StorageError(f"{doing}: {why} ({told})")
