"""The list of a workspace's own encoders: checked, registered, found again, taken off."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from core.encoders.base import Encoder, Memo, parse_name, spec_from_dict, spec_to_dict
from core.encoders.own.families import (
    absolute,
    describe,
    family_of,
    module_of,
    record_of,
    records,
    remember,
)
from core.encoders.own.proving import Proof, as_json, prove
from core.errors import EncoderUnavailableError, InputError, NotFoundError, StorageError
from core.model import EncoderSpec


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Attributes
    ----------
    spec
        What the encoder is.
    proofs
        What was asked of it.
    seconds
        For one picture, measured on the made ones.
    """

    spec: EncoderSpec
    proofs: list[Proof]
    seconds: float

    @property
    def passed(self) -> bool:
        """Return whether it may be used."""
        return all(proof.passed for proof in self.proofs)


@dataclass(frozen=True, slots=True)
class Registered:
    """One line of the list of a workspace's own encoders.

    `state` is "ready", "changed" where the file or the code is another than the one checked, or
    "missing"; `problem` says which file.
    """

    name: str
    family: str
    dims: int
    model_type: str
    key: str
    checks: list[dict[str, Any]]
    registered: float
    state: str = "ready"
    problem: str = ""


def check(text: str, *, memo: Path | None = None, device: str = "auto") -> Checked:
    """Load an encoder of one's own and ask it everything, without keeping an answer.

    Parameters
    ----------
    text
        Its name with its options.
    memo
        A folder that remembers hashes of files.
    device
        auto, cpu, cuda or mps.

    Raises
    ------
    EncoderUnavailableError
        It cannot be loaded at all; what it fails is in the result.
    """
    name = parse_name(text)
    encoder = cast(Encoder, module_of(name).load(name, Memo(memo), device))
    began = time.perf_counter()
    proofs = prove(encoder)
    return Checked(encoder.spec, proofs, (time.perf_counter() - began) / _ASKED)


#: Pictures that a check has encoded: four times the made five.
_ASKED = 20


def register(text: str, memo: Path, *, device: str = "auto") -> Checked:
    """Check an encoder of one's own and, if it passes, put it into the list.

    Raises
    ------
    EncoderUnavailableError
        It cannot be loaded, or fails a check.
    """
    name = parse_name(absolute(text))
    found = check(name.text, memo=memo, device=device)
    if not found.passed:
        told = "; ".join(proof.told for proof in found.proofs if not proof.passed)
        raise EncoderUnavailableError(f"encoder {name.text!r} was not registered: {told}")
    remember(name, memo, found.spec, found.proofs)
    record = {
        "name": name.text, "spec": spec_to_dict(found.spec), "proofs": as_json(found.proofs),
        "registered": time.time(),
    }  # fmt: skip
    Memo(memo / "own").put(record, "own", name.text)
    if record_of(memo, name.text) is None:
        raise StorageError(f"{memo / 'own'}: cannot be written, so nothing was registered")
    return found


def forget(text: str, memo: Path) -> None:
    """Take an encoder off the list; its vectors stay.

    Raises
    ------
    NotFoundError
        It is not on the list.
    """
    for path, record in records(memo):
        if record["name"] in {text.strip(), absolute(text)}:
            path.unlink(missing_ok=True)
            return
    raise NotFoundError(f"no encoder {text!r} is registered here; `encoders list` shows those are")


def registered(memo: Path) -> list[Registered]:
    """Return the encoders that were registered, by name, and whether they are still the same."""
    lines = [_line(record, memo) for _, record in records(memo)]
    return sorted(lines, key=lambda one: one.name)


def _line(record: dict[str, Any], memo: Path) -> Registered:
    name, spec = parse_name(record["name"]), spec_from_dict(record["spec"])
    state, problem = "ready", ""
    try:
        now = describe(name, memo)
        if now is None or now.key != spec.key:
            state, problem = "changed", "it changed since it was checked: register it again"
    except EncoderUnavailableError as error:
        state, problem = "missing", str(error)
    return Registered(
        name.text, family_of(name), spec.dims, spec.model_type, spec.key, record["proofs"],
        float(record["registered"]), state, problem,
    )  # fmt: skip


def checked_text(text: str) -> str:
    """Return a name that a page sent, if a page may have it loaded.

    Raises
    ------
    InputError
        It is empty, or Python code, which only the command line registers.
    """
    name = text.strip()
    if not name:
        raise InputError("Name an encoder: onnx:FILE, torchscript:FILE or exported:FILE.")
    if family_of(parse_name(name)) == "python":
        raise InputError(
            "A Python function is code: register it from the command line, with "
            f"uv run app.py encoders register '{name}'."
        )
    return name
