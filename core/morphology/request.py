"""What a comparison of forms is asked for: the JSON of its job and of the command line."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from core.errors import InputError
from core.quality.request import known_fields

#: What `by` is where the groups are slices and not the values of a column.
SLICES = "slices"
#: How images become what is compared, and ready-made ways of analysis.
AGGREGATES, PRESETS = ("unit", "image"), ("lurig",)

#: Fewest and most arrangements, most trees drawn again, most groups, most covariates.
PERMUTATIONS, DRAWS, GROUPS, COVARIATES = (99, 9_999), 10_000, 200, 20
_SEEDS = 2**32


@dataclass(frozen=True, slots=True)
class MorphologyRequest:
    """Which groups of images to compare, and how.

    Attributes
    ----------
    name
        A set or a part of one.
    by
        The column whose values are the groups; "slices" where slices are.
    groups
        Only these values of the column; () is all of them.
    slices
        The slices that are the groups, with `by="slices"` only.
    unit
        The column that names what is compared (a specimen): its images become one observation.
        None takes images that are copies of one another as one.
    block
        Groups are exchanged within each value of this column only.
    covariates
        Columns, of numbers or categories, whose part is told from that of the groups.
    aggregate
        "unit", or "image" to take every image for a unit of its own.
    within
        A slice: only its images are looked at.
    preset
        "lurig" adds the analysis of Lürig and others; None adds nothing.
    pair
        A column of sides or sexes, for the preset: similarity between its values in each group.
    poles
        Two groups, the ends of the preset's axis; () takes the two that are farthest apart.
    permutations
        Arrangements drawn, 99 to 9,999; all of them where there are no more than 10,000.
    draws
        Trees from units drawn again, for the support of branches; 0 to 10,000.
    seed
        Of everything random.
    """

    name: str
    by: str
    groups: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    unit: str | None = None
    block: str | None = None
    covariates: tuple[str, ...] = ()
    aggregate: Literal["unit", "image"] = "unit"
    within: str | None = None
    preset: Literal["lurig"] | None = None
    pair: str | None = None
    poles: tuple[str, ...] = ()
    permutations: int = 999
    draws: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        for field in ("name", "by"):
            value = getattr(self, field)
            if not (isinstance(value, str) and value.strip()):
                what = "a set or a part of one" if field == "name" else "a column, or slices"
                raise InputError(f"{field}: needs {what}")
        for field in ("unit", "block", "within", "pair"):
            value = getattr(self, field)
            if value is not None and not (isinstance(value, str) and value.strip()):
                raise InputError(f"{field}: needs a text, or null, not {value!r:.40}")
        for field in ("groups", "slices", "covariates", "poles"):
            object.__setattr__(self, field, _names(field, getattr(self, field)))
        self._check_choices()
        self._check_groups()
        self._check_columns()
        _check_whole("permutations", self.permutations, *PERMUTATIONS)
        _check_whole("draws", self.draws, 0, DRAWS)
        _check_whole("seed", self.seed, 0, _SEEDS - 1)

    def _check_choices(self) -> None:
        if self.aggregate not in AGGREGATES:
            raise InputError(f"aggregate {self.aggregate!r:.40}: use one of unit, image")
        if self.aggregate == "image" and self.unit is not None:
            raise InputError("aggregate=image takes every image for itself: leave out the unit")
        if self.preset is not None and self.preset not in PRESETS:
            raise InputError(f"preset {self.preset!r:.40}: use {', '.join(PRESETS)}, or null")
        for field in ("pair", "poles"):
            if self.preset is None and getattr(self, field):
                raise InputError(f"{field}: only with preset=lurig")

    def _check_groups(self) -> None:
        if (self.by == SLICES) != bool(self.slices):
            raise InputError(
                "slices: name the slices to compare"
                if self.by == SLICES
                else "slices: only with by=slices; with a column, groups takes some of its values"
            )
        if len(self.slices) == 1 or len(self.groups) == 1:
            raise InputError("groups: one cannot be compared; name two or more")
        if max(len(self.slices), len(self.groups)) > GROUPS:
            raise InputError(f"groups: at most {GROUPS} can be compared")
        if self.slices and self.groups:
            raise InputError("groups: with by=slices the slices are the groups; leave it out")
        if self.poles and len(self.poles) != 2:
            raise InputError(f"poles: two groups, not {len(self.poles)}")
        among = self.slices or self.groups
        stray = [pole for pole in self.poles if among and pole not in among]
        if stray:
            raise InputError(f"poles: {stray[0]!r:.40} is not among the groups compared")

    def _check_columns(self) -> None:
        if len(self.covariates) > COVARIATES:
            raise InputError(f"covariates: at most {COVARIATES}")
        taken = {self.by: "by"}
        named = [("unit", self.unit), ("block", self.block)]
        named += [("covariates", one) for one in self.covariates]
        for field, column in named:
            if column is not None and column in taken:
                raise InputError(
                    f"{field}: {column!r:.40} is {taken[column]} already; name another column"
                )
            if column is not None:
                taken[column] = field
        if self.pair in {self.by, self.unit} - {None}:
            raise InputError(f"pair: {self.pair!r:.40} is in use already; name another column")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "MorphologyRequest":
        """Build a request from a job's JSON.

        Raises
        ------
        InputError
            A field is unknown, missing or cannot be used as given; the message names it.
        """
        given = known_fields(cls, value, "a comparison")
        if "by" not in given:
            raise InputError("the request of a comparison lacks 'by': give a column, or slices")
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        found = asdict(self)
        lists = {name: list(value) for name, value in found.items() if isinstance(value, tuple)}
        return found | lists


def _names(field: str, value: Any) -> tuple[str, ...]:
    """Return a list of texts, each once."""
    good = isinstance(value, list | tuple) and all(isinstance(o, str) and o.strip() for o in value)
    if not good:
        raise InputError(f"{field}: needs a list of texts, not {value!r:.40}")
    return tuple(dict.fromkeys(value))


def _check_whole(field: str, value: Any, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise InputError(f"{field} {value!r:.40}: a whole number from {least:,} to {most:,}")
