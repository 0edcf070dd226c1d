"""What the job "tune" is asked to do: its JSON, and that of the command line."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.encoders.tuned import NAME
from core.errors import InputError

#: Ways of learning without labels, and what each is called.
METHODS = {
    "simclr": "SimCLR: two views of a picture are nearer than views of others",
    "vicreg": "VICReg: two views agree, and dimensions stay spread and uncorrelated",
    "byol": "BYOL: one view foretells the other, without any contrast",
}

#: Least and greatest of each number.
_LIMITS: dict[str, tuple[float, float]] = {
    "epochs": (0, 1000), "minutes": (0.1, 100_000), "size": (0, 1024), "batch": (4, 4096),
    "rate": (1e-7, 1.0), "held": (0.05, 0.5), "jitter": (0.0, 1.0), "crop": (0.05, 1.0),
    "seed": (0, 2**32 - 1),
}  # fmt: skip
_WHOLE = frozenset({"epochs", "size", "batch", "seed"})


@dataclass(frozen=True, slots=True)
class TuneRequest:
    """Which encoder to tune to which images; the JSON form of a job's request.

    Attributes
    ----------
    name
        A set, or a part as `<set>/<key>`.
    to
        The new encoder's name: it is used as `tuned:<to>`.
    base
        The encoder to begin with, `timm:…` or `tuned:…`; "" is the set's own.
    method
        simclr, vicreg or byol.
    epochs
        How often each image is looked at; 0 chooses, so that a processor is done in minutes.
    minutes
        Most minutes that training may take; then it ends with what it has.
    size
        Side of the views in pixels; 0 is 128, or the base's own size where that is smaller.
    batch
        Images in a step; no two of one unit.
    rate
        Learning rate of the backbone; the new head on top learns ten times as fast.
    held
        Share of the images, by unit, that is never trained on, for the comparison.
    jitter, crop
        Strength of colour changes; least share of a picture that a view shows.
    column
        The labels that the comparison uses; None is the label, as edited.
    seed
        Of everything random.
    """

    name: str
    to: str
    base: str = ""
    method: str = "simclr"
    epochs: int = 0
    minutes: float = 30.0
    size: int = 0
    batch: int = 64
    rate: float = 1e-4
    held: float = 0.2
    jitter: float = 0.5
    crop: float = 0.2
    column: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what can be checked without the workspace."""
        if not (isinstance(self.name, str) and self.name):
            raise InputError("name is missing in the request: give a set or a part")
        if not (isinstance(self.to, str) and NAME.fullmatch(self.to)):
            raise InputError(
                f"to {self.to!r:.40}: name the new encoder with letters, digits, '.', '_' and '-'"
            )
        if not isinstance(self.base, str):
            raise InputError(f"base {self.base!r:.40}: name an encoder, or leave it out")
        if self.method not in METHODS:
            raise InputError(f"method {self.method!r:.40}: use one of {', '.join(METHODS)}")
        if not (self.column is None or (isinstance(self.column, str) and self.column)):
            raise InputError(f"column {self.column!r:.40}: name a column, or leave it out")
        for field, (low, high) in _LIMITS.items():
            _check_number(field, getattr(self, field), low, high)
        if 0 < self.size < 32:
            raise InputError(f"size {self.size}: 0, or a side of 32 pixels or more")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "TuneRequest":
        """Build a request from a job's JSON; unknown and missing fields are refused by name."""
        if not isinstance(value, Mapping):
            raise InputError("the request of tuning must be an object")
        unknown = sorted(set(value) - set(cls.__slots__))
        if unknown:
            raise InputError(f"unknown field {unknown[0]!r} in the request of tuning")
        for field in ("name", "to"):
            if not isinstance(value.get(field), str):
                raise InputError(f"{field} is missing in the request of tuning")
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return asdict(self)


def _check_number(field: str, value: Any, low: float, high: float) -> None:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    whole = field in _WHOLE
    right = plain and math.isfinite(value) and (not whole or isinstance(value, int))
    if not right or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise InputError(f"{field} {value!r:.40}: {kind} from {low:g} to {high:g}")
