"""Encoders of one's own: described without loading, checked when they are first opened.

A family of them is a module with `identity(name, memo)`, what tells one from another without
loading it, and `load(name, memo, device)`. An ONNX file or a compiled program is checked when it is
first opened and the proof remembered; a Python callable is code, and runs only once a person has
registered it from the command line (`core.encoders.own.registering`), and again after each change.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast, get_args

from core.encoders.base import Encoder, EncoderName, Memo, spec_from_dict, spec_to_dict, suggest
from core.encoders.own.preprocessing import OPTIONS as PREPARING
from core.encoders.own.preprocessing import Preprocessing
from core.encoders.own.proving import Proof, as_json, prove, require
from core.encoders.training import good_for, is_metric
from core.errors import EncoderUnavailableError
from core.keys import digest, unsealed
from core.model import EncoderSpec, ModelType

#: Families of encoders of one's own, and the modules that load them.
FAMILIES = {
    "python": "core.encoders.own.callables",
    "onnx": "core.encoders.own.onnx_files",
    "torchscript": "core.encoders.own.torch_programs",
    "exported": "core.encoders.own.torch_programs",
}

#: Options that every one of them takes.
OPTIONS = (*PREPARING, "type")

#: How a model of one's own may say that it was trained.
TYPES = tuple(kind for kind in get_args(ModelType) if kind != "given")

#: Raised when the meaning of what is remembered changes.
_VERSION = 1


def family_of(name: EncoderName) -> str:
    """Return the family of a name: python, onnx, torchscript or exported.

    Raises
    ------
    EncoderUnavailableError
        It is of none of them.
    """
    family, colon, _ = name.base.partition(":")
    if not colon or family not in FAMILIES:
        kinds = ", ".join(f"{one}:…" for one in FAMILIES)
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: an encoder of your own is {kinds}{suggest(family, FAMILIES)}"
        )
    return family


def spec_of(
    name: EncoderName, weights: str, ready: Preprocessing, dims: int, **extra: Any
) -> EncoderSpec:
    """Return the spec of an encoder of one's own.

    Parameters
    ----------
    name
        Its name; the option `type` says how it was trained, classification if nothing.
    weights
        Digest of everything that it is made of.
    ready
        How pictures are prepared for it.
    dims
        Length of its vectors.
    extra
        What else changes its vectors.
    """
    kind = _model_type(name)
    return EncoderSpec(
        name=name.text,
        weights_digest=weights,
        model_type=kind,
        dims=dims,
        metric=kind == "hand-made" or is_metric(kind),
        good_for=good_for(kind) if kind != "hand-made" else "what it was made for",
        extra={
            "encoder": family_of(name), "version": 1, "colour": ready.colour,
            "layout": ready.layout, **extra,
        },
        **ready.spec_fields(),
    )  # fmt: skip


def _model_type(name: EncoderName) -> ModelType:
    text = name.options.get("type", "classification")
    if text not in TYPES:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: type says how it was trained: {', '.join(TYPES)}, "
            f"not {text!r}{suggest(text, TYPES)}"
        )
    return cast(ModelType, text)


def describe(name: EncoderName, memo: Path | None) -> EncoderSpec | None:
    """Return the spec of an encoder that was checked before, as it is now; None if it was not.

    Loads neither the encoder nor a library. A Python callable that nobody registered, or whose code
    is not what was registered, counts as not checked.

    Raises
    ------
    EncoderUnavailableError
        An option is wrong, or its file is not there.
    """
    _model_type(name)
    found = Memo(memo).get(*memo_key(name, Memo(memo)))
    try:
        spec = None if found is None else replace(spec_from_dict(found["spec"]), name=name.text)
    except (TypeError, KeyError):
        return None
    if spec is None or memo is None or family_of(name) != "python":
        return spec
    record = record_of(memo, name.text)
    allowed = record is not None and spec_from_dict(record["spec"]).key == spec.key
    return spec if allowed else None


def open_named(name: EncoderName, memo: Path | None, device: str) -> Encoder:
    """Load an encoder; one that was not checked before is checked first.

    Raises
    ------
    EncoderUnavailableError
        It cannot be loaded, fails a check, or is a Python callable that nobody registered here.
    """
    known = describe(name, memo)
    if known is None and memo is not None and family_of(name) == "python":
        raise EncoderUnavailableError(_consent(name, memo))
    encoder = cast(Encoder, module_of(name).load(name, Memo(memo), device))
    if known is None or known.key != encoder.spec.key:
        if memo is not None and family_of(name) == "python":  # changed while it was imported
            raise EncoderUnavailableError(_consent(name, memo))
        proofs = prove(encoder)
        require(encoder, proofs)
        remember(name, memo, encoder.spec, proofs)
    return encoder


def _consent(name: EncoderName, memo: Path) -> str:
    """Say why a callable does not run yet: it is new, or it is not what was registered."""
    why = (
        "its code is not what was registered"
        if record_of(memo, name.text) is not None
        else "it is code of your own, which runs only after you registered it"
    )
    return (
        f"encoder {name.text!r}: {why}; read it, then run "
        f"`uv run app.py encoders register '{name.text}'`"
    )


def records(memo: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the records that are whole, with their files."""
    for path in sorted((memo / "own").glob("*.json")):
        try:
            record = unsealed(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            continue
        if record is not None and {"name", "spec", "proofs", "registered"} <= record.keys():
            yield path, record


def record_of(memo: Path, text: str) -> dict[str, Any] | None:
    """Return the record of one registered encoder; None if there is none."""
    names = {text, absolute(text)}
    return next((record for _, record in records(memo) if record["name"] in names), None)


def absolute(text: str) -> str:
    """Return a name whose file or folder does not depend on where the process runs."""
    base, mark, query = text.strip().partition("?")
    family, colon, rest = base.partition(":")
    if colon and family in FAMILIES and family != "python" and rest:
        base = f"{family}:{Path(rest).expanduser().absolute()}"
    parts = []
    for part in query.split("&") if mark else ():
        option, equals, value = part.partition("=")
        if family == "python" and option == "path" and value:
            value = str(Path(value).expanduser().absolute())
        parts.append(f"{option}{equals}{value}")
    return f"{base}{mark}{'&'.join(parts)}"


def module_of(name: EncoderName) -> Any:
    """Return the module that loads encoders of a name's family."""
    return import_module(FAMILIES[family_of(name)])


def memo_key(name: EncoderName, memo: Memo) -> tuple[object, ...]:
    """Return what a checked encoder is remembered under: its options, and what it is made of."""
    # where the code lies is no part of what it is
    options = {option: value for option, value in name.options.items() if option != "path"}
    return ("own", _VERSION, family_of(name), options, *module_of(name).identity(name, memo))


def remember(name: EncoderName, memo: Path | None, spec: EncoderSpec, proofs: list[Proof]) -> None:
    """Remember what an encoder is, and that it passed."""
    record = {"spec": spec_to_dict(spec), "proofs": as_json(proofs)}
    Memo(memo).put(record, *memo_key(name, Memo(memo)))


def absent(name: EncoderName, path: Path, what: str) -> EncoderUnavailableError:
    """Return the error for a file that is not there."""
    return EncoderUnavailableError(f"encoder {name.text!r}: there is no {what} {path}")


def combined(*parts: object) -> str:
    """Return one digest over the digests of what an encoder is made of."""
    return digest("own", *parts)
