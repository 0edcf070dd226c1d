"""Long lists of lines, each kept once under the SHA-256 of its text."""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import Protocol

from core.errors import ArtifactCorruptError
from core.storage.flushed import sync_folder
from core.storage.store import storage_errors


def text_of(lines: Sequence[str]) -> bytes:
    """Return a list as one text: a newline after each line."""
    return "".join(f"{line}\n" for line in lines).encode()


def digest_of(lines: Sequence[str]) -> str:
    """Return a list's name: the SHA-256 of its text, as `sha256sum` prints it."""
    return hashlib.sha256(text_of(lines)).hexdigest()


def write_all(file: FileIO, data: bytes) -> None:
    """Write bytes to an unbuffered file, all of them or an `OSError`, and flush them to disk."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]
    os.fsync(file.fileno())


class Lists(Protocol):
    """Where address lists are looked up."""

    def get(self, digest: str) -> list[str]:
        """Return a list by its digest."""


class StoredLists:
    """Lists as files of a folder; written by whoever holds the log's lock."""

    def __init__(self, folder: Path):
        self.folder = folder

    def put(self, lines: Sequence[str]) -> str:
        """Store a list, unless it is there, and return its digest.

        Raises
        ------
        StorageError
            The disk is full or refuses; nothing half-written counts.
        """
        data = text_of(lines)
        digest = hashlib.sha256(data).hexdigest()
        target = self.folder / digest
        with storage_errors(f"writing {target}"):
            if target.is_file() and target.read_bytes() == data:
                return digest
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / ".part"  # the lock's holder is the only writer
            try:
                with FileIO(part, "w") as file:
                    write_all(file, data)
                part.replace(target)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            sync_folder(self.folder)
        return digest

    def get(self, digest: str) -> list[str]:
        """Return a list.

        Raises
        ------
        ArtifactCorruptError
            Its file is missing or differs from its digest.
        """
        path = self.folder / digest
        problem = "is missing"
        if re.fullmatch(r"[0-9a-f]{64}", digest) and path.is_file():
            with storage_errors(f"reading {path}"):
                data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() == digest:
                return data.decode().split("\n")[:-1]
            problem = "differs from its checksum"
        raise ArtifactCorruptError(
            f"{path} {problem}; put it back from a copy (every bundle has it), or move "
            f"{self.folder.parent} away to begin a new log"
        )


class GivenLists:
    """Lists that came with a bundle, and, for those it lacks, the folder beside a log."""

    def __init__(self, given: Mapping[str, list[str]], beside: StoredLists):
        self._given = given
        self._beside = beside

    def get(self, digest: str) -> list[str]:
        """Return a list; see `StoredLists.get`."""
        found = self._given.get(digest)
        return self._beside.get(digest) if found is None else found
