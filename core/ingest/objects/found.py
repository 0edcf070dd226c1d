"""What a reader of annotations finds: objects as they are written, and what it has to say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Found:
    """One object as the annotations give it.

    Attributes
    ----------
    picture
        The name of its picture's file, as given.
    name
        What the object is called there: an id, or a number within its picture.
    label
        Its class; None where it has none.
    box
        x, y, width, height; None where only an outline is given.
    rings, shape
        Its outline: polygons x1, y1, x2, y2, …, or run lengths as `core.imaging.shapes` writes
        them; empty where there is none.
    relative
        Whether box and rings are shares of the picture's sides, not pixels.
    problem
        Why it cannot be used; "" if nothing is known against it.
    known
        What else is told of it, by column.
    size
        Width and height of the picture that the annotations are of, where they tell.
    """

    picture: str
    name: str
    label: str | None = None
    box: Box | None = None
    rings: tuple[tuple[float, ...], ...] = ()
    shape: str = ""
    relative: bool = False
    problem: str = ""
    known: Mapping[str, Any] = field(default_factory=dict)
    size: tuple[int, int] | None = None


@dataclass(slots=True)
class Annotations:
    """All that one source of annotations holds.

    `pictures` are the pictures that it names, in order, also those without an object; `aside` what
    is no object and cannot be used, as pairs of a name and the reason.
    """

    objects: list[Found] = field(default_factory=list)
    pictures: dict[str, None] = field(default_factory=dict)
    aside: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, found: Found) -> None:
        """Take an object."""
        self.pictures.setdefault(found.picture)
        self.objects.append(found)


def number(value: Any) -> float | None:
    """Return a number, also one that came as text; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(value.strip() if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if isfinite(found) else None


def numbers(values: Any, count: int) -> tuple[float, ...] | None:
    """Return a list's `count` numbers; None if it holds anything else."""
    if not isinstance(values, list | tuple) or len(values) != count:
        return None
    found = [number(value) for value in values]
    return tuple(one for one in found if one is not None) if None not in found else None


def text_of(value: Any) -> str | None:
    """Return an id as text, so that 7, 7.0 and "7" are one; None where there is none."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def corners_problem(low_x: float, low_y: float, high_x: float, high_y: float) -> str:
    """Return why corners make no box; "" if they do."""
    if high_x > low_x and high_y > low_y:
        return ""
    return f"a box without an area: x from {low_x:g} to {high_x:g}, y from {low_y:g} to {high_y:g}"
