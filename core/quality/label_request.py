"""What the job "label" is asked to do: its JSON, and that of the command line."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from core.errors import InputError

DOINGS = ("propagate", "probe", "batch")

#: Most images of a batch.
MOST = 100_000


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """What to do with the labels of a set; the JSON form of a job's request.

    Attributes
    ----------
    name
        A set, or a part as `<set>/<key>`.
    do
        "propagate" proposes labels for images that have none, "probe" measures how well labels
        can be told from the vectors, "batch" chooses images to label next.
    column
        The column that holds the labels; None is the label, as edited.
    pool
        "all", "slice:NAME" or "selection:ID": which images get proposals, are probed, or may be
        chosen. What a person excluded or dropped is never looked at.
    precision
        propagate: the share of proposals that must be right, between 0 and 1.
    n, by_lot
        batch: how many images, and the share of them drawn by lot for evaluation, 0 to 1.
    seed
        Of everything random.
    """

    name: str
    do: Literal["propagate", "probe", "batch"]
    column: str | None = None
    pool: str = "all"
    precision: float = 0.95
    n: int = 100
    by_lot: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what can be checked without the workspace."""
        if not (isinstance(self.name, str) and self.name):
            raise InputError("name is missing in the request: give a set or a part")
        if self.do not in DOINGS:
            raise InputError(f"do {self.do!r:.40}: use one of {', '.join(DOINGS)}")
        if not (self.column is None or (isinstance(self.column, str) and self.column)):
            raise InputError(f"column {self.column!r:.40}: name a column, or leave it out")
        _check_pool(self.pool)
        if not (_is_number(self.precision) and 0 < self.precision < 1):
            raise InputError(f"precision {self.precision!r:.40}: a number between 0 and 1")
        if not (_is_number(self.by_lot) and 0 <= self.by_lot <= 1):
            raise InputError(f"by_lot {self.by_lot!r:.40}: a number from 0 to 1")
        if type(self.n) is not int or not 1 <= self.n <= MOST:
            raise InputError(f"n {self.n!r:.40}: a whole number from 1 to {MOST:,}")
        if type(self.seed) is not int or not 0 <= self.seed < 2**32:
            raise InputError(f"seed {self.seed!r:.40}: a whole number from 0 to {2**32 - 1}")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "LabelRequest":
        """Build a request from a job's JSON; unknown and missing fields are refused by name."""
        if not isinstance(value, Mapping):
            raise InputError("the request of labels must be an object")
        unknown = sorted(set(value) - set(cls.__slots__))
        if unknown:
            raise InputError(f"unknown field {unknown[0]!r} in the request of labels")
        for name in ("name", "do"):
            if not isinstance(value.get(name), str):
                raise InputError(f"{name} is missing in the request of labels")
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return asdict(self)


def _check_pool(pool: Any) -> None:
    if not isinstance(pool, str):
        raise InputError(f"pool: needs a text, not {pool!r:.40}")
    kind, _, name = pool.partition(":")
    if pool != "all" and not (kind in {"slice", "selection"} and name):
        raise InputError(f"pool {pool[:40]!r}: use all, slice:NAME or selection:ID")


def _is_number(value: Any) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and math.isfinite(value)
