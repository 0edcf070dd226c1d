"""Encoders made from others and fitted on a set: ensembles, and vectors without what columns tell.

`ensemble:a+b` and `residual:a?columns=x` become encoders when a run has fitted them; their names
then end with the key of the fit, which lies in the workspace beside the memo folder. See
`docs/methods/ensembles.md` and `docs/methods/residual.md`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encoders.base import Encoder, EncoderName, spec_from_dict
from core.encoders.fitted.maths import concatenated, projected, without
from core.encoders.fitted.names import GIVEN, Derived, derived, is_derived
from core.errors import ArtifactCorruptError, EncoderUnavailableError
from core.keys import unsealed
from core.model import EncoderSpec

if TYPE_CHECKING:
    from core.imaging.decode import Picture

KIND = "fitted"


@dataclass(frozen=True, slots=True)
class StoredFit:
    """A fit as it lies in the workspace: its spec and the keys of its members, and its arrays."""

    spec: EncoderSpec
    members: tuple[str, ...]
    meta: dict[str, Any]
    arrays: dict[str, np.ndarray]


def describe(name: EncoderName, memo: Path | None) -> EncoderSpec | None:
    """Return the spec of a fitted encoder; None for one that is not fitted yet.

    Raises
    ------
    EncoderUnavailableError
        The name is wrong, or the fit is not in this workspace.
    """
    from core.encoders import describe as describe_any

    asked = derived(name)
    for member in asked.members:
        if member != GIVEN:
            describe_any(member, memo=memo)
    if not asked.fit:
        return None
    return replace(read_fit(asked, memo).spec, name=asked.text)


def open_named(name: EncoderName, memo: Path | None, device: str) -> "FittedEncoder":
    """Load the members of a fitted encoder.

    Raises
    ------
    EncoderUnavailableError
        It is not fitted, a member cannot be loaded or is another than it was fitted with, or it
        needs more than a picture: columns, or vectors that came with a set.
    """
    from core.encoders import open_encoder

    asked = derived(name)
    if not asked.fit:
        raise EncoderUnavailableError(
            f"encoder {name.text!r} is fitted on a set: run a set with it, then the set's encoder "
            "is this one with the fit's key in its name"
        )
    if GIVEN in asked.members:
        raise EncoderUnavailableError(
            f"encoder {name.text!r} is made from vectors that came with a set, so no other picture "
            "can be encoded with it"
        )
    fit = read_fit(asked, memo)
    if asked.kind == "residual" and asked.how == "regress":
        raise EncoderUnavailableError(
            f"encoder {name.text!r} takes out what the columns {', '.join(asked.columns)} foretell "
            "of an image, so a picture alone is not enough; with &how=project it needs no columns"
        )
    members = [open_encoder(member, memo=memo, device=device) for member in asked.members]
    check_members(asked, fit, [member.spec for member in members])
    return FittedEncoder(replace(fit.spec, name=asked.text), asked, members, fit)


def check_members(asked: Derived, fit: StoredFit, specs: Sequence[EncoderSpec]) -> None:
    """Raise `EncoderUnavailableError` if a member is another now than when it was fitted."""
    for member, spec, key in zip(asked.members, specs, fit.members, strict=True):
        if spec.key != key:
            raise EncoderUnavailableError(
                f"encoder {asked.text!r}: {member} has other weights or options now than when it "
                f"was fitted; run the set again with {asked.unfitted}"
            )


class FittedEncoder:
    """Pictures to what a fit makes of its members' vectors.

    Parameters
    ----------
    spec, asked, fit
        What it is, as its name and as the workspace say it.
    members
        The encoders it is made from, loaded.
    """

    def __init__(
        self, spec: EncoderSpec, asked: Derived, members: Sequence[Encoder], fit: StoredFit
    ):
        self.spec, self.members = spec, tuple(members)
        self.concurrent = all(member.concurrent for member in members)
        #: The `at_least` of each member: what reads files may decode each one's own picture.
        self.levels = tuple(member.at_least for member in members)
        sides = [side for side in self.levels if side is not None]
        self.at_least = max(sides) if len(sides) == len(members) else None
        self._asked, self._fit = asked, fit
        self._forms: list[tuple[np.dtype, tuple[int, ...]]] = []

    def prepare(self, picture: "Picture") -> np.ndarray:
        """Return the members' inputs of one picture, their bytes one after the other."""
        return self.prepare_each([picture] * len(self.members))

    def prepare_each(self, pictures: Sequence["Picture"]) -> np.ndarray:
        """Return the same, each member's from its own picture, decoded as its level asks.

        Large JPEGs are decoded at the smallest scale that is enough, so a member that needs less
        than another sees, alone, a slightly other picture.
        """
        inputs = [
            np.ascontiguousarray(member.prepare(picture))
            for member, picture in zip(self.members, pictures, strict=True)
        ]
        # The same for every picture, since each member's inputs can be stacked.
        self._forms = [(part.dtype, part.shape) for part in inputs]
        return np.concatenate([part.reshape(-1).view(np.uint8) for part in inputs])

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Return float32 `(n, dims)` for inputs uint8 `(n, bytes)` that `prepare` made."""
        vectors, start = [], 0
        for member, (dtype, shape) in zip(self.members, self._forms, strict=True):
            size = dtype.itemsize * int(np.prod(shape))
            part = np.ascontiguousarray(inputs[:, start : start + size])
            vectors.append(member.encode(part.view(dtype).reshape(len(inputs), *shape)))
            start += size
        return combined(self._asked, self._fit.arrays, vectors)


def combined(
    asked: Derived, arrays: dict[str, np.ndarray], vectors: Sequence[np.ndarray]
) -> np.ndarray:
    """Return what a fit makes of its members' vectors `(n, d_m)`: float32 `(n, dims)`.

    Not for a residual that regresses, which needs columns too.
    """
    if asked.kind == "ensemble":
        return projected(concatenated(vectors, asked.weights), arrays)
    return without(vectors[0], arrays)


def read_fit(asked: Derived, memo: Path | None) -> StoredFit:
    """Return the fit that a name ends with, its checksums checked.

    Raises
    ------
    EncoderUnavailableError
        It is not in this workspace.
    ArtifactCorruptError
        A file of it is missing or damaged; the message names it.
    """
    folder = None if memo is None else Path(memo).parent / "artefacts" / KIND / asked.fit
    if folder is None or not (folder / "manifest.json").is_file():
        raise EncoderUnavailableError(
            f"encoder {asked.text!r}: this workspace has no fit {asked.fit}; leave fit= out, and a "
            "run fits it on its set"
        )
    manifest = _manifest(folder)
    arrays = {}
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise ArtifactCorruptError(f"{path} is missing; delete {folder} and run again")
        with path.open("rb") as file:
            held = hashlib.file_digest(file, "sha256").hexdigest()
        if held != expected["sha256"]:
            raise ArtifactCorruptError(
                f"{path} differs from its checksum; delete {folder} and run again"
            )
        if path.suffix == ".npy":
            arrays[path.stem] = np.load(path, allow_pickle=False)
    meta = manifest["meta"]
    if meta.get("kind") != asked.kind or len(meta.get("members", ())) != len(asked.members):
        raise EncoderUnavailableError(
            f"encoder {asked.text!r}: the fit {asked.fit} is of another encoder; leave fit= out"
        )
    return StoredFit(spec_from_dict(meta["spec"]), tuple(meta["members"]), meta, arrays)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = unsealed(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        found = None
    if found is None:
        raise ArtifactCorruptError(
            f"{folder / 'manifest.json'} is damaged; delete {folder} and run again"
        )
    return found


def leaves(name: str) -> list[str]:
    """Return the encoders that one is made from in the end; itself if it is made from none.

    >>> leaves("residual:ensemble:pixels+given?columns=batch")
    ['pixels', 'given']
    """
    if not is_derived(name):
        return [name]
    return [leaf for member in derived(name).members for leaf in leaves(member)]
