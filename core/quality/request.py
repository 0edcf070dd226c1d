"""What a check of a set is asked for: the JSON of its job."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.errors import InputError

#: What a check looks for, in the order of its pages.
TOPICS = ("duplicates", "outliers", "pictures", "labels")

#: How alone an item lies may be measured so.
METHODS = ("rank", "glosh", "isolation", "places")

#: Most other sets that a check looks for copies in, and the largest seed.
_MOST_OTHERS = 20
_SEEDS = 2**32


def _check_text(field: str, value: Any) -> None:
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise InputError(f"{field}: needs a text, or null, not {value!r:.40}")


def _check_share(field: str, value: Any, most: float) -> None:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not (plain and math.isfinite(value) and 0 < value <= most):
        raise InputError(f"{field} {value!r:.40}: a number above 0, up to {most:g}")


def _check_switch(field: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise InputError(f"{field} {value!r:.40}: true or false")


def _names(field: str, value: Any) -> tuple[str, ...]:
    """Return a list of texts, each once."""
    whole = isinstance(value, list | tuple) and all(isinstance(o, str) and o.strip() for o in value)
    if not whole:
        raise InputError(f"{field}: needs a list of texts, not {value!r:.40}")
    return tuple(dict.fromkeys(value))


@dataclass(frozen=True, slots=True)
class QualityRequest:
    """What to look for in a set; the JSON form of a job's request and of the command line.

    Attributes
    ----------
    name
        A set or a part of one.
    tau
        Chordal distance up to which two images are near-duplicates, in (0, 2); None learns it
        from how far known changes move the vectors of this set.
    turned
        Also look for mirrored and turned copies.
    column
        The column of labels; None is the label with its edits, where there is one.
    unit
        The column that names what belongs together (a specimen, a video); None is `unit` where
        the set has one. Near-duplicates always belong together.
    reference
        A slice that is known to be clean, against which outliers are tested; None has none, and
        outliers are then ranked, not tested.
    outliers
        "rank" (distance to neighbours and local outlier factor), "glosh", "isolation", or "places"
        (the place of a picture least like any place of the others, for small defects).
    per_class
        Compare each item with those of its own label; with "rank" only.
    others
        Other sets in which to look for copies.
    q
        False discovery rate of outliers against a reference, in (0, 1).
    share
        Share of the set that is listed as outliers where there is no reference, in (0, 1].
    seed
        Of everything random.
    topics
        Which of `TOPICS` to look for.
    """

    name: str
    tau: float | None = None
    turned: bool = False
    column: str | None = None
    unit: str | None = None
    reference: str | None = None
    outliers: str = "rank"
    per_class: bool = False
    others: tuple[str, ...] = ()
    q: float = 0.05
    share: float = 0.01
    seed: int = 0
    topics: tuple[str, ...] = TOPICS

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        if not (isinstance(self.name, str) and self.name):
            raise InputError("name: needs a set or a part of one")
        if self.tau is not None:
            _check_share("tau", self.tau, 2)
        for field in ("column", "unit", "reference"):
            _check_text(field, getattr(self, field))
        for field in ("turned", "per_class"):
            _check_switch(field, getattr(self, field))
        if self.outliers not in METHODS:
            raise InputError(f"outliers {self.outliers!r:.40}: use one of {', '.join(METHODS)}")
        if self.per_class and self.outliers != "rank":
            raise InputError("per_class: only with outliers=rank; the other methods see no class")
        _check_share("q", self.q, 1)
        if self.q >= 1:
            raise InputError(f"q {self.q!r}: a number above 0 and below 1")
        _check_share("share", self.share, 1)
        if type(self.seed) is not int or not 0 <= self.seed < _SEEDS:
            raise InputError(f"seed {self.seed!r:.40}: a whole number from 0 to {_SEEDS - 1}")
        self._check_lists()

    def _check_lists(self) -> None:
        others, topics = _names("others", self.others), _names("topics", self.topics)
        if len(others) > _MOST_OTHERS:
            raise InputError(f"others: {len(others)} sets; at most {_MOST_OTHERS}")
        if self.name in others:
            raise InputError(f"others: {self.name!r} is the set itself; name other sets")
        unknown = sorted(set(topics) - set(TOPICS))
        if unknown or not topics:
            what = f"{unknown[0]!r:.40}" if unknown else "none given"
            raise InputError(f"topics: {what}; use any of {', '.join(TOPICS)}")
        object.__setattr__(self, "others", others)
        object.__setattr__(self, "topics", tuple(one for one in TOPICS if one in topics))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "QualityRequest":
        """Build a request from a job's JSON.

        Raises
        ------
        InputError
            A field is unknown, missing or cannot be used as given; the message names it.
        """
        return cls(**known_fields(cls, value, "a check"))

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return {**asdict(self), "others": list(self.others), "topics": list(self.topics)}


def known_fields(cls: Any, value: Any, what: str) -> dict[str, Any]:
    """Return the fields of a request that came as JSON.

    Raises
    ------
    InputError
        It is no object, has a field that the dataclass does not know, or no name.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"the request of {what} must be an object")
    known = [field.name for field in fields(cls)]
    unknown = sorted(set(map(str, value)) - set(known))
    if unknown:
        raise InputError(
            f"unknown field {unknown[0]!r:.40} in the request of {what}; "
            f"the fields are {', '.join(known)}"
        )
    if "name" not in value:
        raise InputError(f"the request of {what} lacks 'name': give a set or a part")
    return dict(value)
