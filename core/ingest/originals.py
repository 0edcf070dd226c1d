"""A copy that was dropped, made again from where it came: an archive, a table, an address.

Files below the folder of copies are made again when they are opened and missing
(`core.imaging.files`), in whatever process that is.
"""

import errno
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from core.errors import DecodeError, VitrineError
from core.imaging.files import open_regular, reason_of_os_error, restore_below
from core.imaging.imagefile import Limits
from core.ingest.copies import DATABASE, FOLDER, Copies, Copy
from core.ingest.parquet_images import read_row
from core.ingest.tars import read_tar_member, tar_members
from core.ingest.zips import read_zip_member
from core.model import BrokenFile

CHANGED = "was changed where it came from since the run: run the set again"
#: Seconds that the dashboard waits for one picture from elsewhere.
_PATIENCE = 60
#: By workspace: the number of the database's file, and the copies.
_opened: dict[Path, tuple[int, Copies]] = {}
_locks: dict[str, Lock] = {}
_guard = Lock()


def keep(files_folder: Path) -> None:
    """Have this process make missing copies of a workspace again when they are opened."""
    restore_below(files_folder / FOLDER, partial(_restore, files_folder))


def _restore(files_folder: Path, path: Path) -> bool:
    """Make one copy again; False if nothing is known of it."""
    copies = _copies_of(files_folder)
    if copies is None:
        return False
    parts = path.relative_to(copies.folder.resolve()).parts
    root, inner = parts[0], "/".join(parts[1:])
    known = copies.find(root, inner)
    if known is None:
        return False
    try:
        with _one_at_a_time(f"{files_folder}/{root}/{inner}"):
            if not path.exists():  # another thread may have made it while this one waited
                _fetch(copies, root, inner, known)
    except (VitrineError, OSError) as error:
        reason = str(error)
        if not isinstance(error, VitrineError):
            name = json.loads(known.place).get("name", "its archive")
            reason = f"its copy is gone, and {name} {reason_of_os_error(error)}"
        # an error number says that the way to the picture failed, not the picture: try again later
        raise DecodeError(reason) from OSError(errno.EIO, reason)
    return True


def _copies_of(files_folder: Path) -> Copies | None:
    """Return the copies of a workspace, opened once; None if it has none.

    Somebody may have deleted them, and a run made others, since they were opened.
    """
    with _guard:
        try:
            number = (files_folder / FOLDER / DATABASE).stat().st_ino
        except OSError:
            return None
        if files_folder not in _opened or _opened[files_folder][0] != number:
            _opened[files_folder] = (number, Copies(files_folder))
        return _opened[files_folder][1]


@contextmanager
def _one_at_a_time(name: str) -> Iterator[None]:
    with _guard:
        lock = _locks.setdefault(name, Lock())
    with lock:
        yield
    with _guard:
        _locks.pop(name, None)


def _fetch(copies: Copies, root: str, inner: str, known: Copy) -> None:
    place: dict[str, Any] = json.loads(known.place)
    if place["kind"] == "remote":
        with copies.part() as part:
            _download(place["address"], part)
            with part.open("rb") as file:
                _check(hashlib.file_digest(file, "sha256").hexdigest(), known, place)
            copies.put_back(root, inner, part)
        return
    if place["kind"] == "tar" and place["packing"]:
        with _one_at_a_time(place["file"]):
            if not (copies.folder / root / inner).exists():
                _unpack_again(copies, root, inner, place)
        return
    origin = Path(place["file"])
    if place["kind"] == "zip":
        data = read_zip_member(origin, place, known.size + 1)
    elif place["kind"] == "tar":
        data = read_tar_member(origin, place)
    else:
        data = read_row(origin, place)
    _check(hashlib.sha256(data).hexdigest(), known, place)
    copies.put_back(root, inner, data)


def _check(content: str, known: Copy, place: dict[str, Any]) -> None:
    if content != known.sha256:
        raise DecodeError(f"{place.get('name', 'it')} {CHANGED}")


def _unpack_again(copies: Copies, root: str, inner: str, place: dict[str, Any]) -> None:
    """Read a tar that is packed as a whole once more, and keep what else of it there is room for.

    Such an archive cannot be entered in the middle.
    """
    wanted = {
        json.loads(copy.place).get("member"): (path, copy)
        for path, copy in copies.known(root).items()
        if (json.loads(copy.place).get("file") == place["file"] and not copy.here) or path == inner
    }
    with open_regular(Path(place["file"])) as file:
        for member in tar_members(file, {"name": place["name"]}):
            if isinstance(member, BrokenFile) or member.place["member"] not in wanted:
                continue
            path, copy = wanted[member.place["member"]]
            data = member.read(member.size)
            if hashlib.sha256(data).hexdigest() == copy.sha256:
                copies.put_back(root, path, data, squeeze=path == inner)
            elif path == inner:
                raise DecodeError(f"{place['name']} {CHANGED}")
    if not (copies.folder / root / inner).exists():
        raise DecodeError(f"{place['name']} {CHANGED}")


def _download(address: str, part: Path) -> None:
    """Write what an address holds to a file.

    The dashboard loads nothing that speaks to other hosts: there another process does it.
    """
    if "flask" not in sys.modules:
        from core.ingest.fetching import fetch

        fetch(address, part, Limits().max_bytes)
        return
    command = [sys.executable, "-m", "core.ingest.fetching", str(part)]
    try:
        done = subprocess.run(
            command, input=address, capture_output=True, text=True, timeout=_PATIENCE,
            cwd=Path(__file__).parents[2], check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise DecodeError("its copy is gone, and fetching it again takes too long") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise DecodeError(lines[-1] if lines else "its copy is gone and cannot be fetched again")
