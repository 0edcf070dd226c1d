"""What a gradient is asked for: the JSON of its job."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import InputError
from core.morphology.request import SLICES
from core.quality.request import known_fields

__all__ = ["AXES", "KINDS", "LINKED", "PLACES", "SLICES", "GradientRequest"]

#: How images are put in order, and what each way is called.
KINDS = {
    "means": "Difference of means",
    "discriminant": "Discriminant",
    "geodesic": "Through neighbours",
    "principal": "Principal axis",
}

#: Places of a strip, neighbours that are linked, principal axes, and seeds, that can be asked for.
PLACES, LINKED, AXES, SEEDS = (2, 25), (2, 45), (1, 10), (0, 2**32 - 1)


def _check_text(field: str, value: Any) -> None:
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise InputError(f"{field}: needs a text, or null, not {value!r:.40}")


def _check_whole(field: str, value: Any, limits: tuple[int, int]) -> None:
    if type(value) is not int or not limits[0] <= value <= limits[1]:
        raise InputError(f"{field} {value!r:.40}: a whole number from {limits[0]} to {limits[1]}")


@dataclass(frozen=True, slots=True)
class GradientRequest:
    """A strip of images from one form to another; the JSON form of a job's request.

    Attributes
    ----------
    name
        A set or a part of one.
    kind
        "means" (from the mean of one end to that of the other), "discriminant" (the direction that
        tells two groups apart best), "geodesic" (through near neighbours) or "principal" (the
        direction of the largest variance, which has no ends).
    by
        The column whose values are the groups; "slices" where they are slices. For "principal" it
        only says what the images are called.
    a, b
        The groups at both ends.
    from_item, to_item
        An image at an end, in place of a group: its id or address, its path or file name, or its
        row.
    axis
        Which principal axis, from 1.
    unit
        The column that names what belongs together; None takes the copies that a check found, and
        items that are there twice.
    within
        A slice: only its images are looked at.
    among
        "ends" places only the images of both groups, "all" every image; None is "ends" between
        the means of two groups and along a discriminant, else "all".
    places
        Places of the strip.
    k
        Neighbours that a geodesic links.
    correlate
        Columns of numbers to correlate with the position; () takes all that were not computed
        from the same vectors.
    seed
        Of everything random.
    """

    name: str
    kind: str = "means"
    by: str | None = None
    a: str | None = None
    b: str | None = None
    from_item: str | None = None
    to_item: str | None = None
    axis: int = 1
    unit: str | None = None
    within: str | None = None
    among: str | None = None
    places: int = 9
    k: int = 15
    correlate: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        if not (isinstance(self.name, str) and self.name):
            raise InputError("name: needs a set or a part of one")
        if self.kind not in KINDS:
            raise InputError(f"kind {self.kind!r:.40}: use one of {', '.join(KINDS)}")
        for field in ("by", "a", "b", "from_item", "to_item", "unit", "within"):
            _check_text(field, getattr(self, field))
        for field, limits in (("places", PLACES), ("k", LINKED), ("axis", AXES), ("seed", SEEDS)):
            _check_whole(field, getattr(self, field), limits)
        if self.among not in {None, "ends", "all"}:
            raise InputError(f"among {self.among!r:.40}: use ends or all")
        columns = self.correlate
        good = isinstance(columns, list | tuple) and all(
            isinstance(one, str) and one.strip() for one in columns
        )
        if not good:
            raise InputError(f"correlate: needs a list of columns, not {columns!r:.40}")
        object.__setattr__(self, "correlate", tuple(dict.fromkeys(columns)))
        self._check_ends()

    def _check_ends(self) -> None:
        ends = (("a", self.a, "from_item", self.from_item), ("b", self.b, "to_item", self.to_item))
        if self.kind == "principal":
            if any(group or item for _, group, _, item in ends):
                raise InputError(
                    "a principal axis has no ends: leave out a, b, from_item and to_item; "
                    "`within` says which images it is of"
                )
            return
        for group_field, group, item_field, item in ends:
            if bool(group) == bool(item):
                raise InputError(
                    f"give {group_field}, a group, or {item_field}, an image"
                    + (", not both" if group else ": a gradient has two ends")
                )
        if (self.a or self.b) and not self.by:
            raise InputError("by: say which column the groups are values of, or slices")
        if self.a is not None and self.a == self.b:
            raise InputError(f"a and b are both {self.a!r:.60}: choose two different groups")
        if self.from_item is not None and self.from_item == self.to_item:
            raise InputError("from_item and to_item are the same image: choose two")
        if self.kind == "discriminant" and not (self.a and self.b):
            raise InputError("kind discriminant: needs two groups, a and b")

    @property
    def grouped(self) -> bool:
        """Whether both ends are groups."""
        return self.a is not None and self.b is not None

    @property
    def everyone(self) -> bool:
        """Whether every image is placed, not only those of the two groups."""
        if self.among is not None:
            return self.among == "all" or not self.grouped
        return not (self.grouped and self.kind in {"means", "discriminant"})

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "GradientRequest":
        """Build a request from a job's JSON.

        Raises
        ------
        InputError
            A field is unknown, missing or cannot be used as given; the message names it.
        """
        return cls(**known_fields(cls, value, "a gradient"))

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return {**asdict(self), "correlate": list(self.correlate)}
