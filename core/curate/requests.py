"""What a choice of images, and a division into splits, are asked for: the JSON of their jobs."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from core.errors import InputError

#: How images may be chosen; `core.curate.strategies` says what each does.
STRATEGIES = (
    "representative", "coverage", "extremes", "low-budget", "density", "balanced", "edges",
)  # fmt: skip
SCENARIOS = ("first", "next", "test")

#: Other ways to write a strategy on a command line, spaces and signs left out.
_ALSO = {
    "fullcoverage": "coverage", "full": "coverage", "densityweighted": "density",
    "commonedge": "edges", "commonedges": "edges", "edgecases": "edges", "kcenter": "extremes",
    "facilitylocation": "representative",
}  # fmt: skip

#: Most items a choice may be asked for, and the largest seed.
_MOST = 2**31
_SEEDS = 2**32


@dataclass(frozen=True, slots=True)
class Budget:
    """How much to take: `count` images, a `share` of the pool, or `until` a gain is small.

    `value` is the number of images, a share in (0, 1], or, for "until", the share of the gain so
    far that the next 1 % of the pool must add.
    """

    kind: Literal["count", "share", "until"]
    value: float

    def items(self, pool: int) -> int | None:
        """Return how many of a pool's images that is; None where only the gains can tell.

        Raises
        ------
        InputError
            It is more than the pool has.
        """
        if self.kind == "until":
            return None
        if self.kind == "share":
            return max(1, min(pool, math.floor(self.value * pool + 0.5)))
        if self.value > pool:
            raise InputError(
                f"budget {int(self.value):,}: the pool has only {pool:,} images; "
                "take a smaller budget or a larger pool"
            )
        return int(self.value)


def parse_budget(text: str | int) -> Budget:
    """Return what a budget says: "500", "10%" or "until 1%".

    Raises
    ------
    InputError
        It is none of these, or zero, or more than 100 %.
    """
    plain = str(text).strip().lower().replace(",", "").replace(" ", "")
    found = re.fullmatch(r"(until)?(\d{1,12}(?:\.\d{1,6})?)(%)?", plain)
    if isinstance(text, bool) or found is None or (found[1] and not found[3]):
        raise InputError(
            f"budget {str(text)[:40]!r}: give a number of images (500), a share of the pool (10%), "
            "or “until 1%”, which stops when the next 1 % of the pool adds less than that"
        )
    number = float(found[2])
    if number == 0:
        raise InputError(f"budget {str(text)[:40]!r}: take at least one image")
    if found[3] is None:
        if number != int(number) or number >= _MOST:
            raise InputError(f"budget {str(text)[:40]!r}: a number of images is a whole number")
        return Budget("count", number)
    if number > 100:
        raise InputError(f"budget {str(text)[:40]!r}: a share is at most 100%")
    return Budget("until" if found[1] else "share", number / 100)


def strategy_name(text: str) -> str:
    """Return the name of a strategy as written on a command line; "Full coverage" is "coverage".

    Raises
    ------
    InputError
        There is no such strategy.
    """
    plain = re.sub(r"[^a-z]", "", str(text).lower())
    for name in STRATEGIES:
        if plain == name.replace("-", ""):
            return name
    if plain in _ALSO:
        return _ALSO[plain]
    raise InputError(f"strategy {str(text)[:40]!r}: use one of {', '.join(STRATEGIES)}")


def _check_text(field: str, value: Any, *, optional: bool = False) -> None:
    if not (isinstance(value, str) or (optional and value is None)):
        raise InputError(f"{field}: needs a text, not {value!r:.40}")


def _check_number(field: str, value: Any, low: float, high: float) -> None:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not (plain and math.isfinite(value) and low <= value <= high):
        raise InputError(f"{field} {value!r:.40}: a number from {low:g} to {high:g}")


def _check_seed(value: Any) -> None:
    if type(value) is not int or not 0 <= value < _SEEDS:
        raise InputError(f"seed {value!r:.40}: a whole number from 0 to {_SEEDS - 1}")


def _check_pool(pool: Any, without: Any) -> None:
    """Check what a request says of where to choose from, as far as its form goes."""
    _check_text("pool", pool)
    named = pool.partition(":")
    good = pool in {"all", "unlabelled"} or (named[0] in {"slice", "selection"} and named[2])
    if not good:
        raise InputError(f"pool {pool[:40]!r}: use all, unlabelled, slice:NAME or selection:ID")
    if not (isinstance(without, tuple) and all(isinstance(one, str) and one for one in without)):
        raise InputError("without: needs a list of the names of slices")


def _known(kind: type, value: Any, what: str) -> dict[str, Any]:
    """Return the fields of a request's JSON; unknown and missing ones are refused by name."""
    if not isinstance(value, Mapping):
        raise InputError(f"the request of {what} must be an object")
    unknown = sorted(set(value) - set(kind.__slots__))  # type: ignore[attr-defined]
    if unknown:
        raise InputError(f"unknown field {unknown[0]!r} in the request of {what}")
    if "name" not in value:
        raise InputError(f"the request of {what} lacks 'name': give a set or a part")
    without = value.get("without") or ()
    if isinstance(without, str) or not isinstance(without, list | tuple):
        raise InputError("without: needs a list of the names of slices")
    return {**value, "without": tuple(without)}


@dataclass(frozen=True, slots=True)
class CurateRequest:
    """Which images to choose; the JSON form of a job's request and of the command line.

    Attributes
    ----------
    name
        A set or a part of one.
    strategy
        One of `STRATEGIES`.
    budget
        "500", "10%" of the pool, or "until 1%"; see `parse_budget`.
    pool
        Where to choose from: "all", "unlabelled", "slice:NAME" or "selection:ID". What a person
        excluded or dropped is never in it.
    without
        Slices whose images are left out.
    scenario
        "first": nothing is labelled yet. "next": add to what is labelled, which is never chosen
        again and counts as taken. "test": representative, and apart from what was chosen before.
    labelled
        The slice that is labelled (next) or chosen before (test); None takes the items that have
        a label (next), or the slices that earlier choices made (test).
    seed
        Of everything random.
    column
        What "balanced" balances by; None is the label.
    alpha, beta, gamma
        Exponents: of a cluster's size in its quota, of density, of a group's size in its share.
    edge_share
        Share of edge cases in "edges".
    inside
        How "balanced" chooses inside a group.
    clean
        Take copies and faulty pictures out first; None does so where the set was checked for them.
    slice
        Name of the slice to make; None gives it one, "" makes none.
    """

    name: str
    strategy: str = "representative"
    budget: str = "10%"
    pool: str = "all"
    without: tuple[str, ...] = ()
    scenario: str = "first"
    labelled: str | None = None
    seed: int = 0
    column: str | None = None
    alpha: float = 0.5
    beta: float | None = None
    gamma: float | None = None
    edge_share: float = 0.2
    inside: str = "representative"
    clean: bool | None = None
    slice: str | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        _check_text("name", self.name)
        if self.strategy not in STRATEGIES:
            raise InputError(
                f"strategy {str(self.strategy)[:40]!r}: use one of {', '.join(STRATEGIES)}"
            )
        if self.inside not in STRATEGIES or self.inside == "balanced":
            others = ", ".join(name for name in STRATEGIES if name != "balanced")
            raise InputError(f"inside {str(self.inside)[:40]!r}: use one of {others}")
        if self.scenario not in SCENARIOS:
            raise InputError(
                f"scenario {str(self.scenario)[:40]!r}: use one of {', '.join(SCENARIOS)}"
            )
        parse_budget(self.budget)
        _check_pool(self.pool, self.without)
        _check_seed(self.seed)
        for field in ("labelled", "column", "slice"):
            _check_text(field, getattr(self, field), optional=True)
        _check_number("alpha", self.alpha, 0, 1)
        for field, most in (("beta", 10), ("gamma", 1)):
            if getattr(self, field) is not None:
                _check_number(field, getattr(self, field), 0, most)
        _check_number("edge_share", self.edge_share, 0, 1)
        if not (self.clean is None or isinstance(self.clean, bool)):
            raise InputError(f"clean {self.clean!r:.40}: true, false or null")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "CurateRequest":
        """Build a request from a job's JSON; unknown fields are refused by name."""
        found = _known(cls, value, "a choice")
        if isinstance(found.get("budget"), int):
            found["budget"] = str(found["budget"])
        return cls(**found)

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return {**asdict(self), "without": list(self.without)}


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """How to divide a set; the JSON form of a job's request and of the command line.

    Attributes
    ----------
    name
        A set or a part of one.
    train, validation, test
        Shares of the pool; scaled to add up to 1. One of validation and test may be 0.
    pool, without
        As for a choice.
    seed
        The first of the candidate seeds.
    column
        What to stratify by beside the themes; None is the label where there is one, "" nothing.
    unit
        The column that names what must stay together; None is `unit` where there is one, ""
        nothing.
    tau
        Distance up to which two images are near-duplicates; None takes it from the neighbours.
    candidates
        Divisions that are tried.
    slices
        First word of the three slices' names; None gives one, "" makes none.
    """

    name: str
    train: float = 0.7
    validation: float = 0.15
    test: float = 0.15
    pool: str = "all"
    without: tuple[str, ...] = ()
    seed: int = 0
    column: str | None = None
    unit: str | None = None
    tau: float | None = None
    candidates: int = 200
    slices: str | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        _check_text("name", self.name)
        for field in ("train", "validation", "test"):
            _check_number(field, getattr(self, field), 0, 1_000_000)
        if not self.train or not (self.validation or self.test):
            raise InputError("train, validation, test: give train and at least one other a share")
        _check_pool(self.pool, self.without)
        _check_seed(self.seed)
        for field in ("column", "unit", "slices"):
            _check_text(field, getattr(self, field), optional=True)
        if self.tau is not None:
            _check_number("tau", self.tau, 0, 2)
        if type(self.candidates) is not int or not 1 <= self.candidates <= 1000:
            raise InputError(f"candidates {self.candidates!r:.40}: a whole number from 1 to 1000")

    @property
    def shares(self) -> tuple[float, float, float]:
        """The shares of train, validation and test, adding up to 1."""
        total = self.train + self.validation + self.test
        return self.train / total, self.validation / total, self.test / total

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "SplitRequest":
        """Build a request from a job's JSON; unknown fields are refused by name."""
        return cls(**_known(cls, value, "splits"))

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return {**asdict(self), "without": list(self.without)}
