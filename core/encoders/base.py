"""What every encoder is, how encoder names are written, and what is remembered about them."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from urllib.parse import unquote

import numpy as np

from core.errors import EncoderUnavailableError
from core.keys import digest, sealed, unsealed
from core.model import EncoderSpec

if TYPE_CHECKING:
    from core.imaging.decode import Picture

#: Least shorter side that encoders ask of the decoder, so that the thumbnail of the same decode
#: (256 px on its longest side) is as sharp as it can be, and never a reason to decode otherwise.
AT_LEAST = 256


class Encoder(Protocol):
    """Pictures in, vectors out."""

    @property
    def spec(self) -> EncoderSpec:
        """What the encoder is; its key is what vectors are stored under."""

    @property
    def at_least(self) -> int | None:
        """Least shorter side wanted from `load_picture`, twice what is needed; None is all."""

    @property
    def concurrent(self) -> bool:
        """Whether `encode` may run in several threads at once, each one torch thread wide."""

    def prepare(self, picture: "Picture") -> np.ndarray:
        """Return one picture's input array; run in the decoding threads."""

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Return float32 `(n, dims)` for inputs `(n, ...)` stacked in the same order."""


@runtime_checkable
class TextEncoder(Protocol):
    """What an encoder with a text tower can do besides; its spec has `extra["text"]`."""

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return float32 `(n, dims)` for texts, in the space of the pictures' vectors.

        Raises
        ------
        InputError
            A text is empty or longer than the tower reads.
        EncoderUnavailableError
            What turns text into tokens is not there.
        """


@dataclass(frozen=True, slots=True)
class EncoderName:
    """A name as a person types it, taken apart: `timm:resnet18?layer=layer3&pool=max`."""

    text: str
    base: str
    options: Mapping[str, str]


def parse_name(name: str) -> EncoderName:
    """Take an encoder's name apart; options follow `?` as in a web address.

    Raises
    ------
    EncoderUnavailableError
        An option has no value or is given twice.
    """
    base, _, query = name.strip().partition("?")
    options: dict[str, str] = {}
    for part in query.split("&") if query else ():
        option, equals, value = part.partition("=")
        if not (option and equals and value):
            raise EncoderUnavailableError(
                f"encoder {name!r}: options are written ?name=value&name=value, not {part!r}"
            )
        if option in options:
            raise EncoderUnavailableError(f"encoder {name!r}: {option} is given twice")
        options[option] = unquote(value)
    return EncoderName(name.strip(), base.strip(), options)


def suggest(word: str, known: Iterable[str]) -> str:
    """Return ' (did you mean a or b?)' for close matches of `word`, or ''."""
    near = get_close_matches(word, list(known), n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def check_options(name: EncoderName, known: Iterable[str], prefixes: tuple[str, ...] = ()) -> None:
    """Raise `EncoderUnavailableError` for an option that the encoder does not have."""
    known = list(known)
    for option in name.options:
        if option not in known and not option.startswith(prefixes or ("\0",)):
            raise EncoderUnavailableError(
                f"encoder {name.text!r}: unknown option {option!r}{suggest(option, known)}; "
                f"it takes {', '.join([*known, *(p + '<name>' for p in prefixes)]) or 'none'}"
            )


def whole_number(name: EncoderName, option: str, default: int, low: int, high: int) -> int:
    """Return an option that is a whole number within limits."""
    text = name.options.get(option, str(default))
    if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: {option} is a whole number from {low} to {high}, not {text!r}"
        )
    return int(text)


def truth(name: EncoderName, option: str) -> bool:
    """Return an option that is on or off; off if not given."""
    text = name.options.get(option, "0").lower()
    if text not in {"0", "1", "true", "false", "yes", "no", "on", "off"}:
        raise EncoderUnavailableError(f"encoder {name.text!r}: {option} is 1 or 0, not {text!r}")
    return text in {"1", "true", "yes", "on"}


def spec_to_dict(spec: EncoderSpec) -> dict[str, Any]:
    """Return a spec as JSON can hold it."""
    return json.loads(json.dumps(asdict(spec)))


def spec_from_dict(values: Mapping[str, Any]) -> EncoderSpec:
    """Return the spec that `spec_to_dict` wrote; its key is the same.

    Raises
    ------
    TypeError
        `values` are not a spec's.
    """
    known = {f.name for f in fields(EncoderSpec)}
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if name in known
    }
    return EncoderSpec(**given)


class Memo:
    """Small JSON records about encoders, so that a warm run need not load a model to know it.

    Parameters
    ----------
    folder
        Where the records lie; None remembers nothing.
    """

    def __init__(self, folder: Path | None):
        self._folder = folder

    def get(self, *parts: object) -> dict[str, Any] | None:
        """Return what was remembered under `parts`; a damaged record counts as none."""
        if self._folder is None:
            return None
        try:
            record = json.loads(self._path(parts).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return unsealed(record)

    def put(self, record: Mapping[str, Any], *parts: object) -> None:
        """Remember `record` under `parts`; a memo that cannot be written is left unwritten."""
        if self._folder is None:
            return
        path = self._path(parts)
        temporary = path.with_suffix(f".{os.getpid()}-{get_ident()}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(sealed(record)), encoding="utf-8")
            temporary.replace(path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()

    def _path(self, parts: tuple[object, ...]) -> Path:
        assert self._folder is not None
        return self._folder / f"{digest(*parts)[:32]}.json"
