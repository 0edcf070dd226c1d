"""An encoder tuned to one's own images: `tuned:NAME`, a timm backbone that `core.tuning` trained.

It lies in a folder of the workspace, `encoders/tuned/NAME/`: `config.json` and `model.safetensors`
as timm's local-dir wants them, and `lineage.json`, which says what it was made from. Options are
those of any timm model.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.encoders.base import Encoder, EncoderName, suggest
from core.encoders.timm import models as timm_models
from core.encoders.training import good_for
from core.errors import EncoderUnavailableError
from core.keys import unsealed
from core.model import EncoderSpec

#: Names that a tuned encoder can have: they become a folder's.
NAME = re.compile(r"(?!.*\.part$)[A-Za-z0-9][A-Za-z0-9._-]{0,79}")

LINEAGE = "lineage.json"


@dataclass(frozen=True, slots=True)
class Tuned:
    """A tuned encoder and what it was made from.

    Attributes
    ----------
    name
        `tuned:NAME`.
    folder
        Where it lies.
    lineage
        Base, its key, set, image set key, method, epochs, seed, losses and the comparison with
        the base.
    """

    name: str
    folder: Path
    lineage: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """Return in two sentences what it is and whether it is better than its base."""
        made = self.lineage
        verdict = (
            str(made.get("comparison", {}).get("text", "")) or "Not compared with its base yet."
        )
        base, name, method = (str(made.get(field, "?")) for field in ("base", "set", "method"))
        short = base.partition("?")[0].rpartition("/")[2]
        epochs = int(made.get("epochs", 0))
        often = "1 epoch" if epochs == 1 else f"{epochs} epochs"
        return f"{short} tuned on {name} by {method}, {often}. {verdict}"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {"name": self.name, **self.lineage}


def folder_of(memo: Path, name: str) -> Path:
    """Return the folder of a tuned encoder.

    Raises
    ------
    EncoderUnavailableError
        The name cannot be a folder's.
    """
    if not NAME.fullmatch(name):
        raise EncoderUnavailableError(
            f"tuned encoder {name!r}: a name has letters, digits, '.', '_' and '-', at most 80"
        )
    return memo / "tuned" / name


def tuned_encoders(memo: Path) -> list[Tuned]:
    """Return the finished tuned encoders of a workspace, by name."""
    found = []
    for path in sorted((memo / "tuned").glob(f"*/{LINEAGE}")):
        lineage = read_lineage(path.parent)
        if lineage is not None:
            found.append(Tuned(f"tuned:{path.parent.name}", path.parent, lineage))
    return found


def read_lineage(folder: Path) -> dict[str, Any] | None:
    """Return what a tuned encoder was made from; None where it is missing or damaged."""
    try:
        return unsealed(json.loads((folder / LINEAGE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def describe(name: EncoderName, memo: Path | None) -> EncoderSpec | None:
    """Return the spec of a tuned encoder that was opened before, else None; torch is not imported.

    Raises
    ------
    EncoderUnavailableError
        There is no tuned encoder of this name, or an option is wrong.
    """
    inner, lineage = _inner(name, memo)
    found = timm_models.describe(inner, memo)
    return None if found is None else _as_tuned(found, name, lineage)


def open_named(name: EncoderName, memo: Path | None, device: str) -> Encoder:
    """Load a tuned encoder.

    Raises
    ------
    EncoderUnavailableError
        There is none of this name, or its weights are damaged.
    """
    inner, lineage = _inner(name, memo)
    encoder = timm_models.open_named(inner, memo, device)
    encoder.spec = _as_tuned(encoder.spec, name, lineage)
    return encoder


def _inner(name: EncoderName, memo: Path | None) -> tuple[EncoderName, dict[str, Any]]:
    """Return the timm model that a tuned encoder is, and its lineage."""
    wanted = name.base.removeprefix("tuned:")
    if memo is None:
        raise EncoderUnavailableError(f"encoder {name.text!r}: a tuned encoder needs its workspace")
    folder = folder_of(memo, wanted)
    lineage = read_lineage(folder)
    if lineage is None:
        known = [one.name.removeprefix("tuned:") for one in tuned_encoders(memo)]
        there = (
            f"there are {', '.join(known)}" if known else "there is none yet: `tune SET` makes one"
        )
        raise EncoderUnavailableError(
            f"no tuned encoder is named {wanted!r}{suggest(wanted, known)}; {there}"
        )
    return EncoderName(name.text, f"timm:local-dir:{folder}", name.options), lineage


def _as_tuned(spec: EncoderSpec, name: EncoderName, lineage: Mapping[str, Any]) -> EncoderSpec:
    """Return a timm model's spec as a tuned encoder's, its lineage a part of it."""
    made = {field: lineage[field] for field in ("base_key", "imageset", "seed") if field in lineage}
    return replace(
        spec,
        name=name.text,
        model_type="self-supervised",
        metric=True,
        good_for=good_for("self-supervised"),
        extra={**spec.extra, "encoder": "tuned", "lineage": made},
    )
