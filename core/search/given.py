"""Pictures given to search with: checked here, kept as a vector and a thumbnail, never as a file.

A picture's id is the SHA-256 of its bytes, which is also the item id of a file of the set with
these bytes.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.config import Settings
from core.errors import InputError, NotFoundError
from core.imaging.decode import thumbnail_type
from core.keys import digest
from core.model import EncoderSpec
from core.storage.store import Workspace

KIND = "picture"

#: Raised when what is kept of a picture changes.
_VERSION = 1


@dataclass(frozen=True, slots=True)
class GivenPicture:
    """What is kept of a given picture: its vector `(d,)` float32 and its thumbnail's bytes."""

    vector: np.ndarray
    thumbnail: bytes
    mimetype: str


def picture_id(data: bytes, settings: Settings) -> str:
    """Return the id of a picture's bytes.

    Raises
    ------
    InputError
        There are none, or more than `max_file_mb`.
    """
    if not data:
        raise InputError("the picture is empty (0 bytes)")
    if len(data) > settings.max_file_mb * 2**20:
        raise InputError(too_large(settings))
    return hashlib.sha256(data).hexdigest()


def too_large(settings: Settings) -> str:
    """Return the sentence about a picture of too many bytes."""
    return (
        f"the picture is larger than {settings.max_file_mb} MiB: raise max_file_mb "
        "if you trust the file"
    )


def key_of(encoder_key: str, picture: str) -> str:
    """Return where a picture's vector by an encoder is kept."""
    if not re.fullmatch(r"[0-9a-f]{64}", picture):
        raise NotFoundError("no picture has this id")
    return digest("vitrine", KIND, _VERSION, encoder_key, picture)[:32]


def store(
    workspace: Workspace,
    spec: EncoderSpec,
    picture: str,
    vector: np.ndarray,
    thumbnail: bytes,
    facts: dict[str, Any],
) -> None:
    """Keep a picture's vector and thumbnail."""
    workspace.write(
        KIND,
        key_of(spec.key, picture),
        meta={"picture": picture, "encoder": spec.key, "facts": facts},
        arrays={"vector": vector, "thumbnail": np.frombuffer(thumbnail, np.uint8)},
    )


def load(workspace: Workspace, spec: EncoderSpec, picture: str) -> GivenPicture:
    """Return what is kept of a picture for an encoder.

    Raises
    ------
    NotFoundError
        It was not given to a set of this encoder, or was deleted since.
    """
    key = key_of(spec.key, picture)
    if not workspace.has(KIND, key):
        raise NotFoundError(
            "a picture of this search is not kept for this set; drop, paste or choose it again"
        )
    arrays = workspace.read(KIND, key).arrays
    data = arrays["thumbnail"].tobytes()
    return GivenPicture(np.array(arrays["vector"]), data, thumbnail_type(data))
