"""What batches over time, or a plan for them, are asked for: the JSON of the job."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.drift.periods import PERIODS
from core.drift.request import PERMUTATIONS, Side
from core.errors import InputError

_SEEDS = 2**32
#: Batches that are compared at most.
MOST = 200


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """Which batches to hold against which reference; the JSON form of a job's request.

    Without `by` and `batches` only the plan is made: what batches of this reference could show.

    Attributes
    ----------
    reference
        The reference, as `Side.read` reads it.
    of, by, every
        The set whose images the batches are (None is the reference's), the column that tells them
        apart, and the period where that holds dates (None chooses one).
    batches
        Instead of `by`: the batches in their order, as `Side.read` reads them.
    unit
        The column that names what belongs together; None takes near-duplicates of the last check.
    share
        The share of new images in a batch that is to be seen, for the plan.
    like
        What the new images of the plan look like, as `Side.read` reads it; None holds groups of
        the reference back, one at a time.
    permutations
        Splits drawn for each batch, 99 to 9,999.
    seed
        Of everything random.
    """

    reference: str
    of: str | None = None
    by: str | None = None
    every: str | None = None
    batches: tuple[str, ...] = ()
    unit: str | None = None
    share: float = 0.05
    like: str | None = None
    permutations: int = 999
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        Side.read(self.reference, "reference")
        for field in ("of", "by", "unit", "like"):
            value = getattr(self, field)
            if value is not None and not (isinstance(value, str) and value.strip()):
                raise InputError(f"{field}: needs a text, or null")
        if self.like is not None:
            Side.read(self.like, "like")
        self._check_batches()
        if self.every is not None and self.every not in PERIODS:
            raise InputError(f"every {self.every!r:.40}: one of {', '.join(PERIODS)}, or null")
        share = self.share
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise InputError(f"share {share!r:.40}: a number above 0 and at most 1, such as 0.05")
        low, high = PERMUTATIONS
        if type(self.permutations) is not int or not low <= self.permutations <= high:
            raise InputError(
                f"permutations {self.permutations!r:.40}: a whole number from {low} to {high:,}"
            )
        if type(self.seed) is not int or not 0 <= self.seed < _SEEDS:
            raise InputError(f"seed {self.seed!r:.40}: a whole number from 0 to {_SEEDS - 1}")

    def _check_batches(self) -> None:
        if self.by is not None and self.batches:
            raise InputError("batches: name them, or the column that tells them apart, not both")
        if self.by is None and (self.of or self.every):
            raise InputError("by: name the column that tells batches apart")
        if len(self.batches) > MOST:
            raise InputError(f"batches: {len(self.batches)} are named; at most {MOST}")
        seen: set[Side] = {self.side}
        for text in self.batches:
            side = Side.read(text, "batch")
            if side in seen:
                raise InputError(f"batch {text!r:.80}: it is named twice, or is the reference")
            seen.add(side)

    @property
    def side(self) -> Side:
        """The reference."""
        return Side.read(self.reference, "reference")

    @property
    def name(self) -> str:
        """The set of the reference, under which it is listed."""
        return self.side.name

    @property
    def plan_only(self) -> bool:
        """Whether no batches are asked for."""
        return self.by is None and not self.batches

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "SeriesRequest":
        """Build a request from a job's JSON.

        Raises
        ------
        InputError
            A field is unknown, missing or cannot be used as given; the message names it.
        """
        if not isinstance(value, Mapping):
            raise InputError("the request of a series must be an object")
        given = {str(name): one for name, one in value.items() if name != "name"}
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise InputError(
                f"unknown field {unknown[0]!r:.40} in the request of a series; "
                f"the fields are {', '.join(known)}"
            )
        if "reference" not in given:
            raise InputError("the request of a series lacks 'reference': give a set")
        batches = given.get("batches", ())
        if not isinstance(batches, list | tuple) or any(not isinstance(b, str) for b in batches):
            raise InputError("batches: needs a list of texts")
        return cls(**{**given, "batches": tuple(batches)})

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values, with the name of the reference's set."""
        return {"name": self.name, **asdict(self), "batches": list(self.batches)}
