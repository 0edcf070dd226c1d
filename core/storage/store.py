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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import diskcache
import numpy as np
import pandas as pd
from filelock import FileLock

from core.errors import ArtifactCorruptError, InputError, NotFoundError, StorageError

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


def write_json(path: Path, value: Any) -> None:
    """Write JSON through a temporary sibling, flushed and renamed, so it is never half there."""
    with storage_errors(f"writing {path.name}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(value, file, indent=1, allow_nan=False)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def read_json(path: Path) -> Any:
    """Read a JSON file of the workspace; raise `ArtifactCorruptError` if it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise ArtifactCorruptError(
            f"{path} is damaged ({error}); delete it and run again"
        ) from None


class RawDisk(diskcache.Disk):
    """A diskcache backend that holds bytes, text and numbers and refuses to unpickle anything."""

    def put(self, key: Any) -> tuple[Any, bool]:
        """Accept text keys only."""
        if not isinstance(key, str):
            raise TypeError("keys are text")
        return key, True

    def get(self, key: Any, raw: bool) -> Any:
        """Return a key as it is stored."""
        return key

    def store(self, value: Any, read: bool, key: Any = None) -> tuple[Any, ...]:
        """Store bytes as they are."""
        if not isinstance(value, bytes):
            raise TypeError("values are bytes")
        return super().store(value, read, key)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        """Return a value; refuse one that would have to be unpickled."""
        if mode not in {diskcache.core.MODE_RAW, diskcache.core.MODE_BINARY}:
            raise ArtifactCorruptError("a cache entry is of a kind Vitrine never writes")
        return super().fetch(mode, filename, value, read)


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


def _sync_folder(folder: Path) -> None:
    """Flush a folder's entries, where the system allows it."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


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
                try:
                    building.replace(target)
                except OSError:
                    if not self.has(kind, key):  # another process may have been first
                        raise
                    shutil.rmtree(building, ignore_errors=True)
                _sync_folder(target.parent)
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
        _sync_folder(folder)

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
            raise NotFoundError(f"no {kind} with the key {key} in {self.root}")
        manifest = read_json(folder / "manifest.json")
        try:
            files, meta = manifest["files"], manifest["meta"]
        except (KeyError, TypeError):
            raise ArtifactCorruptError(f"{folder / 'manifest.json'} is damaged") from None
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
        record: dict[str, Any] = read_json(path)
        return record

    def write_set(self, name: str, record: Mapping[str, Any]) -> None:
        """Store a set's record under its name."""
        write_json(self._set_path(name), dict(record))

    # -- locks and caches --------------------------------------------------------------------

    def lock(self, name: str, timeout: float = -1) -> FileLock:
        """Return an operating system lock; a killed holder frees it."""
        safe = hashlib.sha256(name.encode()).hexdigest()[:32]
        return FileLock(self.root / "locks" / f"{safe}.lock", timeout=timeout)

    @cached_property
    def thumbnails(self) -> diskcache.Cache:
        """The size-limited cache of thumbnail bytes by item id."""
        with storage_errors("opening the thumbnail cache"):
            return diskcache.Cache(
                str(self.root / "thumbnails"),
                disk=RawDisk,
                size_limit=self._thumbnail_bytes,
                eviction_policy="least-recently-stored",
            )
