"""Words to search with: kept as a vector for each encoder and each set of templates.

A word's vector is the mean direction of what the text tower makes of it in every template.
"""

from collections.abc import Sequence

import numpy as np

from core.encoders.base import Encoder, TextEncoder
from core.encoders.prompts import filled, has_text, mean_direction
from core.errors import EncoderUnavailableError, InputError, NotFoundError
from core.keys import digest
from core.model import EncoderSpec
from core.storage.store import Workspace

KIND = "words"

#: Raised when what is kept of a word changes.
_VERSION = 1


def need_text(spec: EncoderSpec, name: str) -> None:
    """Raise `InputError` where a set's encoder has no text tower."""
    if not has_text(spec):
        raise InputError(
            f"{name!r} was encoded with {spec.name}, which has no text tower: words can be "
            "searched for in sets encoded with open_clip:<model>:<weights>"
        )


def key_of(encoder_key: str, word: str, templates: Sequence[str]) -> str:
    """Return where a word's vector is kept."""
    return digest("vitrine", KIND, _VERSION, encoder_key, word, list(templates))[:32]


def missing(
    workspace: Workspace, spec: EncoderSpec, words: Sequence[str], templates: Sequence[str]
) -> list[str]:
    """Return the words that have no vector yet."""
    return [w for w in words if not workspace.has(KIND, key_of(spec.key, w, templates))]


def encode(
    workspace: Workspace, encoder: Encoder, words: Sequence[str], templates: Sequence[str]
) -> None:
    """Encode words in every template and keep their vectors.

    Raises
    ------
    InputError
        A text is longer than the encoder reads, or nothing can be compared in it.
    EncoderUnavailableError
        The encoder has no text tower, or what it needs for text is not there.
    """
    if not isinstance(encoder, TextEncoder):
        raise EncoderUnavailableError(f"{encoder.spec.name} has no text tower")
    for word in missing(workspace, encoder.spec, words, templates):
        vector = mean_direction(encoder.encode_texts(filled(word, templates)))
        workspace.write(
            KIND,
            key_of(encoder.spec.key, word, templates),
            meta={"text": word, "templates": list(templates), "encoder": encoder.spec.key},
            arrays={"vector": vector},
        )


def load(
    workspace: Workspace, spec: EncoderSpec, words: Sequence[str], templates: Sequence[str]
) -> np.ndarray:
    """Return the unit vectors `(n, d)` float64 of words.

    Raises
    ------
    NotFoundError
        A word was not encoded for this encoder, or was deleted since.
    """
    absent = missing(workspace, spec, words, templates)
    if absent:
        raise NotFoundError(
            f"the words {absent[0][:60]!r} are not kept for this set; search for them again"
        )
    found = [
        workspace.read(KIND, key_of(spec.key, word, templates)).arrays["vector"] for word in words
    ]
    return np.array(found, np.float64).reshape(len(words), spec.dims)
