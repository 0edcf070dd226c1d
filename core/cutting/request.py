"""What is to be cut out of a set: the JSON of a job's request and of the command line."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import InputError
from core.storage.store import check_name


@dataclass(frozen=True, slots=True)
class CutoutRequest:
    """What is to be cut out; the JSON form of a job's request and of the command line.

    Attributes
    ----------
    name
        The set whose images are cut out.
    cutout
        The name of the new set.
    folder, column
        Where the masks are (`find_masks`); one of the two.
    crop
        Also cut each image to its object.
    """

    name: str
    cutout: str
    folder: str | None = None
    column: str | None = None
    crop: bool = False

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        check_name(self.cutout)
        if self.cutout == self.name:
            raise InputError(f"cutout {self.name!r}: that is the set itself; give another name")
        for field in ("folder", "column"):
            value = getattr(self, field)
            if value is not None and not (isinstance(value, str) and value.strip()):
                raise InputError(f"{field}: needs a text, or null")
        if (self.folder is None) == (self.column is None):
            raise InputError("masks: give the folder they lie in, or the column that names them")
        if not isinstance(self.crop, bool):
            raise InputError(f"crop {self.crop!r:.40}: true or false")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "CutoutRequest":
        """Build a request from a job's JSON; unknown fields are refused by name."""
        unknown = sorted(set(value) - set(cls.__slots__))
        if unknown:
            raise InputError(f"unknown field {unknown[0]!r:.40} in the request of a cut-out")
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return asdict(self)
