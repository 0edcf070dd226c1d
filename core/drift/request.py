"""What a comparison of two sets is asked for: the JSON of its job."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.errors import InputError

#: Permutations that may be asked for, those usual, and the largest seed.
PERMUTATIONS, PERMUTED = (99, 9_999), 999
_SEEDS = 2**32
SLICE = "slice"
#: Images of each side that are compared place by place: usually, and the least and most.
PLACED, PLACES = 200, (20, 2000)
#: Maps that both sides can be put on.
MAPS = ("pca", "umap")
#: Fields that came later: a request that leaves them as they are is the same as before them.
_LATER = {"spatial": 0, "map": "pca"}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two sets.

    Attributes
    ----------
    name
        A set, or a part of one.
    column, value
        Only images with this value in a column; column "slice" means the images of a slice. Both
        None is the whole working set.
    """

    name: str
    column: str | None = None
    value: str | None = None

    @property
    def text(self) -> str:
        """The side as a person writes it."""
        return self.name if self.column is None else f"{self.name}:{self.column}={self.value}"

    @classmethod
    def read(cls, text: str, field: str = "side") -> "Side":
        """Read `SET`, `SET/PART`, `SET:slice=NAME` or `SET:COLUMN=VALUE`.

        Raises
        ------
        InputError
            It is none of these.
        """
        if not isinstance(text, str) or not text.strip():
            raise InputError(f"{field}: give a set, SET:slice=NAME or SET:COLUMN=VALUE")
        name, colon, rest = text.partition(":")
        if not colon:
            return cls(name.strip())
        column, equals, value = rest.partition("=")
        if not (name.strip() and column.strip() and equals and value.strip()):
            raise InputError(
                f"{field} {text!r:.80}: after the colon write slice=NAME or COLUMN=VALUE"
            )
        return cls(name.strip(), column.strip(), value.strip())


@dataclass(frozen=True, slots=True)
class DriftRequest:
    """Which two sets to compare, and how; the JSON form of a job's request.

    Attributes
    ----------
    a, b
        The reference and what is held against it, as `Side.read` reads them.
    unit
        The column that names what belongs together; None takes near-duplicates of the last check.
    label
        The column of labels whose own look is compared; None is the label, where there is one.
    permutations
        Splits drawn for each test, 99 to 9,999.
    approximate
        Use random features for the kernel test of large sets instead of a sample of the units.
    explain
        Encode some changed pictures, for the scale and to see whether exposure explains it.
    seed
        Of everything random.
    spatial
        Images of each side whose features are compared place by place, 20 to 2,000; 0 for none.
    map
        The map that shows both sides: pca, or umap, which follows groups and takes longer.
    """

    a: str
    b: str
    unit: str | None = None
    label: str | None = None
    permutations: int = PERMUTED
    approximate: bool = False
    explain: bool = True
    seed: int = 0
    spatial: int = 0
    map: str = MAPS[0]

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        one, two = Side.read(self.a, "a"), Side.read(self.b, "b")
        if one == two:
            raise InputError(f"b {self.b!r:.80}: both sides are the same; name another set")
        for field in ("unit", "label"):
            value = getattr(self, field)
            if value is not None and not (isinstance(value, str) and value.strip()):
                raise InputError(f"{field}: needs a text, or null")
        for field in ("approximate", "explain"):
            if not isinstance(getattr(self, field), bool):
                raise InputError(f"{field} {getattr(self, field)!r:.40}: true or false")
        low, high = PERMUTATIONS
        if type(self.permutations) is not int or not low <= self.permutations <= high:
            raise InputError(
                f"permutations {self.permutations!r:.40}: a whole number from {low} to {high:,}"
            )
        if type(self.seed) is not int or not 0 <= self.seed < _SEEDS:
            raise InputError(f"seed {self.seed!r:.40}: a whole number from 0 to {_SEEDS - 1}")
        low, high = PLACES
        if type(self.spatial) is not int or (self.spatial and not low <= self.spatial <= high):
            raise InputError(
                f"spatial {self.spatial!r:.40}: images of each side, a whole number from {low} to "
                f"{high:,}, or 0 for none"
            )
        if self.map not in MAPS:
            raise InputError(f"map {self.map!r:.40}: give one of {', '.join(MAPS)}")

    @property
    def sides(self) -> tuple[Side, Side]:
        """The reference and the other side."""
        return Side.read(self.a, "a"), Side.read(self.b, "b")

    @property
    def name(self) -> str:
        """The set of the reference, under which it is listed."""
        return self.sides[0].name

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "DriftRequest":
        """Build a request from a job's JSON.

        Raises
        ------
        InputError
            A field is unknown, missing or cannot be used as given; the message names it.
        """
        if not isinstance(value, Mapping):
            raise InputError("the request of a comparison must be an object")
        given = {str(name): one for name, one in value.items() if name != "name"}
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise InputError(
                f"unknown field {unknown[0]!r:.40} in the request of a comparison; "
                f"the fields are {', '.join(known)}"
            )
        missing = [field for field in ("a", "b") if field not in given]
        if missing:
            raise InputError(f"the request of a comparison lacks {missing[0]!r}: give a set")
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values, with the name of the reference's set."""
        given = asdict(self)
        for field, usual in _LATER.items():
            if given[field] == usual:
                del given[field]
        return {"name": self.name, **given}

    @property
    def arguments(self) -> list[str]:
        """What to write after `drift` in a terminal for the same comparison."""
        words = [self.a, self.b]
        for field in ("unit", "label"):
            if getattr(self, field) is not None:
                words += [f"--{field}", getattr(self, field)]
        if self.permutations != PERMUTED:
            words += ["--permutations", str(self.permutations)]
        words += ["--approximate"] if self.approximate else []
        words += [] if self.explain else ["--no-changes"]
        words += ["--spatial", str(self.spatial)] if self.spatial else []
        words += ["--map", self.map] if self.map != MAPS[0] else []
        return [*words, "--seed", str(self.seed)]
