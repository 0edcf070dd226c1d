"""What a court of encoders, and a test of nuisances, are asked for: the JSON of their jobs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeVar, get_args

from core.errors import InputError

#: The encoder that every court hears, and most encoders with it.
BASELINE, MOST = "pixels", 5
#: Fewest and most images looked at.
SAMPLE = (100, 20_000)
_SEEDS = 2**32

Clusters = Literal["themes", "micro", "none"]
Asked = TypeVar("Asked", bound="CourtRequest | NuisanceRequest")


@dataclass(frozen=True, slots=True)
class CourtRequest:
    """Which encoders to hold against each other on which images.

    Attributes
    ----------
    name
        A set, or a part of one.
    encoders
        Names of encoders. The set's own and the pixel baseline are heard in any case; two to five
        in all.
    column
        The labels that say which images are alike; None is the label, where there is one.
    unit
        The column that names what belongs together; None takes near-duplicates and column `unit`.
    copies
        A column in which known copies share a value; None plants copies only.
    clusters
        Which clusters' stability is measured: "themes" or "micro"; "none" leaves it out.
    sample
        Most images looked at, whole units drawn from every label.
    seed
        Of everything random.
    """

    name: str
    encoders: tuple[str, ...] = ()
    column: str | None = None
    unit: str | None = None
    copies: str | None = None
    clusters: Clusters = "themes"
    sample: int = 2_000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        _text("name", self.name)
        _texts("encoders", self.encoders)
        if len(set(self.encoders)) < len(self.encoders):
            raise InputError("encoders: one of them is named twice")
        if len(self.encoders) > MOST:
            raise InputError(
                f"encoders: {len(self.encoders)} are named; a court hears {MOST} at most, "
                f"with {BASELINE!r} and the set's own"
            )
        for field in ("column", "unit", "copies"):
            _text(field, getattr(self, field), optional=True)
        if self.clusters not in get_args(Clusters):
            raise InputError(f"clusters {self.clusters!r:.40}: themes, micro or none")
        _whole("sample", self.sample, *SAMPLE)
        _whole("seed", self.seed, 0, _SEEDS - 1)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "CourtRequest":
        """Build a request from a job's JSON; `InputError` names a field that cannot be used."""
        return _read(cls, value, "a court", "encoders")

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return {**asdict(self), "encoders": list(self.encoders)}


@dataclass(frozen=True, slots=True)
class NuisanceRequest:
    """What to hold against the clusters of a set.

    Attributes
    ----------
    name
        A set, or a part of one.
    columns
        Columns to test beside what is measured of the pictures (ground, exposure, size) and the
        column `source`.
    column
        The labels that may explain the clusters; None is the label, where there is one.
    unit
        The column that names what belongs together; None takes near-duplicates and column `unit`.
    masks
        A folder of masks, or a column that names them, by which the ground is what lies around
        the object; None takes the rim of each picture.
    against
        Another set of the same pictures, such as one with a column regressed out or one that is
        cut out: the same is measured there, as "after".
    permutations
        Arrangements drawn for each test, 99 to 9,999.
    sample
        Most images looked at, whole units drawn from every label.
    seed
        Of everything random.
    """

    name: str
    columns: tuple[str, ...] = ()
    column: str | None = None
    unit: str | None = None
    masks: str | None = None
    against: str | None = None
    permutations: int = 499
    sample: int = 5_000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        _text("name", self.name)
        _texts("columns", self.columns)
        for field in ("column", "unit", "masks", "against"):
            _text(field, getattr(self, field), optional=True)
        if self.against == self.name:
            raise InputError("against: that is the set itself; name another set of its pictures")
        _whole("permutations", self.permutations, 99, 9_999)
        _whole("sample", self.sample, *SAMPLE)
        _whole("seed", self.seed, 0, _SEEDS - 1)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "NuisanceRequest":
        """Build a request from a job's JSON; `InputError` names a field that cannot be used."""
        return _read(cls, value, "a test of nuisances", "columns")

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return {**asdict(self), "columns": list(self.columns)}


def _read(kind: type[Asked], value: Any, what: str, listed: str) -> Asked:
    """Return a request made from JSON values."""
    if not isinstance(value, Mapping):
        raise InputError(f"the request of {what} must be an object")
    given = {str(name): one for name, one in value.items()}
    known = [field.name for field in fields(kind)]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InputError(
            f"unknown field {unknown[0]!r:.40} in the request of {what}; "
            f"the fields are {', '.join(known)}"
        )
    if "name" not in given:
        raise InputError(f"the request of {what} lacks 'name': give a set")
    if listed in given:
        if not isinstance(given[listed], list | tuple):
            raise InputError(f"{listed}: needs a list of texts")
        given[listed] = tuple(given[listed])
    return kind(**given)


def _text(field: str, value: Any, *, optional: bool = False) -> None:
    if optional and value is None:
        return
    if not (isinstance(value, str) and value.strip()):
        raise InputError(f"{field}: needs a text{', or null' if optional else ''}")


def _texts(field: str, values: Any) -> None:
    if not all(isinstance(one, str) and one.strip() for one in values):
        raise InputError(f"{field}: needs a list of texts")


def _whole(field: str, value: Any, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise InputError(f"{field} {value!r:.40}: a whole number from {low:,} to {high:,}")
