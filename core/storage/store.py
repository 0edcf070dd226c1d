"""The workspace on disk: artefacts, named sets, thumbnails and locks.

`artefacts/<kind>/<key>/` holds `manifest.json` and plain `.npy` / Parquet files. A folder is built
as a temporary sibling, flushed to disk and renamed, so that existence is validity; what a person
named lives in `sets/`. Nothing here is pickled, in either direction.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from core.errors import ArtifactCorruptError, InputError, NotFoundError, StorageError
from core.ingest.originals import keep
from core.keys import sealed, unsealed
from core.progress import Progress
from core.storage.flushed import sync_folder, write_flushed
from core.storage.thumbs import Thumbnails

#: Libraries whose versions a manifest records.
RECORDED = ("numpy", "scipy", "scikit-learn", "umap-learn", "openTSNE", "hdbscan", "faiss-cpu",
            "torch", "timm", "pillow")  # fmt: skip

_NAME = re.compile(r"[^\W_][\w .+-]{0,79}", re.UNICODE)


def check_name(name: str) -> str:
    """Return a set's name if it can be one, else raise `InputError`."""
    if not _NAME.fullmatch(name) or name.endswith((".", " ")):
        raise InputError(
            f"set name {name!r}: use 1 to 80 letters, digits, spaces and . _ + -, "
            "beginning with a letter or digit"
        )
    return name


def now() -> str:
    """Return the present time in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def library_versions() -> dict[str, str]:
    """Return the installed versions of the libraries that shape a result."""
    found = {}
    for name in RECORDED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@contextmanager
def storage_errors(doing: str) -> Iterator[None]:
    """Turn operating system errors into a `StorageError` that says what was being done."""
    try:
        yield
    except (ArtifactCorruptError, StorageError):
        raise
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageError(
                f"{doing}: the disk is full; free some space and run again"
            ) from error
        raise StorageError(f"{doing}: {error.strerror or error}") from error


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a record with its checksum, through a temporary sibling, flushed and renamed."""
    text = json.dumps(sealed(value), indent=1, allow_nan=False)
    with storage_errors(f"writing {path.name}"):
        write_flushed(path, text.encode())


def read_json(path: Path, delete: Path | None = None) -> dict[str, Any]:
    """Return a record that `write_json` wrote.

    Parameters
    ----------
    path
        The file.
    delete
        What a person should delete if it is damaged; the file itself if not given.

    Raises
    ------
    ArtifactCorruptError
        It is damaged; the message names it.
    StorageError
        It cannot be read.
    """
    with storage_errors(f"reading {path}"):
        data = path.read_bytes()
    try:
        record, reason = unsealed(json.loads(data)), "differs from its checksum"
    except (ValueError, RecursionError) as error:
        record, reason = None, f"is damaged ({error})"
    if record is None:
        raise ArtifactCorruptError(f"{path} {reason}; delete {delete or path} and run again")
    return record


@dataclass(frozen=True, slots=True)
class Artefact:
    """One stored result: its manifest's `meta`, memory-mapped arrays, and tables."""

    kind: str
    key: str
    meta: dict[str, Any]
    arrays: dict[str, np.ndarray]
    tables: dict[str, pd.DataFrame]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Workspace:
    """A folder that holds everything Vitrine keeps.

    Parameters
    ----------
    root
        The folder; created with its parents if missing.
    thumbnail_cache_mb
        Size limit of the thumbnail cache.

    Raises
    ------
    StorageError
        The folder cannot be made or written.
    """

    def __init__(self, root: Path, thumbnail_cache_mb: int = 4096):
        self.root = Path(root).expanduser().absolute()
        self._thumbnail_bytes = thumbnail_cache_mb * 2**20
        self._verified: set[tuple[str, str]] = set()
        with storage_errors(f"opening the workspace {self.root}"):
            for name in ("artefacts", "vectors", "sets", "locks", "logs", "samples", "encoders"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
        keep(self.root / "files")

    # -- artefacts ---------------------------------------------------------------------------

    def folder(self, kind: str, key: str) -> Path:
        """Return where an artefact lies or would lie."""
        if not re.fullmatch(r"[0-9a-f]{16,64}", key) or not re.fullmatch(r"[a-z]+", kind):
            raise NotFoundError(f"no {kind} with the key {key!r}")
        return self.root / "artefacts" / kind / key

    def has(self, kind: str, key: str) -> bool:
        """Tell whether an artefact exists; what exists is whole."""
        return (self.folder(kind, key) / "manifest.json").is_file()

    def write(
        self,
        kind: str,
        key: str,
        *,
        meta: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray] | None = None,
        tables: Mapping[str, pd.DataFrame] | None = None,
    ) -> None:
        """Store an artefact; one that is there already is left alone.

        Raises
        ------
        StorageError
            The disk is full or refuses; nothing half-written stays behind.
        """
        target = self.folder(kind, key)
        if self.has(kind, key):
            return
        with storage_errors(f"storing {kind} {key}"):
            target.parent.mkdir(parents=True, exist_ok=True)
            building = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{key}."))
            try:
                self._fill(building, kind, key, meta, arrays or {}, tables or {})
                if target.is_dir() and not self.has(kind, key):  # its manifest was deleted
                    shutil.rmtree(target)
                try:
                    building.replace(target)
                except OSError:
                    if not self.has(kind, key):  # another process may have been first
                        raise
                    shutil.rmtree(building, ignore_errors=True)
                sync_folder(target.parent)
            except BaseException:
                shutil.rmtree(building, ignore_errors=True)
                raise

    def _fill(
        self,
        folder: Path,
        kind: str,
        key: str,
        meta: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        tables: Mapping[str, pd.DataFrame],
    ) -> None:
        """Write an artefact's files and, last, its manifest."""
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
        for name, table in tables.items():
            table.to_parquet(folder / f"{name}.parquet", index=False)
        files = {}
        for path in sorted(folder.iterdir()):
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            files[path.name] = {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        manifest = {
            "kind": kind,
            "key": key,
            "created": now(),
            "versions": library_versions(),
            "files": files,
            "meta": dict(meta),
        }
        write_json(folder / "manifest.json", manifest)
        sync_folder(folder)

    def read(self, kind: str, key: str) -> Artefact:
        """Read an artefact, arrays memory-mapped; its checksums are checked once a process.

        Raises
        ------
        NotFoundError
            It is not there.
        ArtifactCorruptError
            A file is missing or differs from its checksum; the message names the file.
        """
        folder = self.folder(kind, key)
        if not self.has(kind, key):
            raise NotFoundError(f"no {kind} with the key {key} in {self.root}; run the set again")
        manifest = read_json(folder / "manifest.json", delete=folder)
        files, meta = manifest["files"], manifest["meta"]
        if (kind, key) not in self._verified:
            self._verify(folder, files)
            self._verified.add((kind, key))
        arrays = {
            Path(n).stem: np.load(folder / n, mmap_mode="r", allow_pickle=False)
            for n in files
            if n.endswith(".npy")
        }
        tables = {
            Path(n).stem: pd.read_parquet(folder / n) for n in files if n.endswith(".parquet")
        }
        return Artefact(kind, key, meta, arrays, tables)

    def _verify(self, folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
        """Compare an artefact's files with the sizes and checksums of its manifest."""
        for name, expected in files.items():
            path = folder / name
            if not path.is_file():
                raise ArtifactCorruptError(f"{path} is missing; delete {folder} and run again")
            if path.stat().st_size != expected["bytes"] or _sha256(path) != expected["sha256"]:
                raise ArtifactCorruptError(
                    f"{path} differs from its checksum; delete {folder} and run again"
                )

    def artefacts(self) -> Iterator[tuple[str, str]]:
        """Yield the kind and key of every stored artefact."""
        for manifest in sorted((self.root / "artefacts").glob("*/*/manifest.json")):
            if not manifest.parent.name.startswith("."):
                yield manifest.parent.parent.name, manifest.parent.name

    # -- named sets --------------------------------------------------------------------------

    def set_names(self) -> list[str]:
        """Return the names of the sets, sorted."""
        return sorted(p.stem for p in (self.root / "sets").glob("*.json"))

    def _set_path(self, name: str) -> Path:
        return self.root / "sets" / f"{check_name(name)}.json"

    def read_set(self, name: str) -> dict[str, Any]:
        """Return a set's record.

        Raises
        ------
        NotFoundError
            No set has this name; the message lists those there are.
        """
        path = self._set_path(name)
        if not path.is_file():
            known = self.set_names()
            way = f"the sets are: {', '.join(known)}" if known else "there are no sets yet"
            raise NotFoundError(f"no set named {name!r}; {way}")
        return read_json(path)

    def write_set(self, name: str, record: Mapping[str, Any]) -> None:
        """Store a set's record under its name."""
        write_json(self._set_path(name), dict(record))

    # -- locks and caches --------------------------------------------------------------------

    @contextmanager
    def lock(self, name: str, progress: Progress | None = None) -> Iterator[None]:
        """Hold an operating system lock, which a killed holder frees.

        While another process holds it `progress`, in stage "waiting", is told and may cancel.
        """
        safe = hashlib.sha256(name.encode()).hexdigest()[:32]
        lock = FileLock(self.root / "locks" / f"{safe}.lock")
        with storage_errors(f"locking {self.root}"):
            while True:
                try:
                    lock.acquire(timeout=0.2)
                    break
                except Timeout:
                    (progress or Progress()).report("waiting", note="another process computes it")
        try:
            yield
        finally:
            lock.release()

    def sweep(self) -> None:
        """Remove what processes killed while writing left behind, once it is a day old."""
        before = time.time() - 86400
        folders = ("artefacts/*", "sets", "parts/*", "vectors/*", "samples", "exports")
        for pattern in (f"{folder}/.*" for folder in folders):
            for path in self.root.glob(pattern):
                try:
                    if path.stat().st_mtime > before:
                        continue
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                except OSError:  # another process was faster, or it cannot be written
                    continue

    @cached_property
    def thumbnails(self) -> Thumbnails:
        """The size-limited cache of thumbnail bytes by item id."""
        cache = Thumbnails(self.root / "thumbnails", self._thumbnail_bytes)
        weakref.finalize(self, cache.close)
        return cache
