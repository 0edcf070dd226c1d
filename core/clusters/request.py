"""What the job "clusters" is asked to do: its JSON, and that of the command line."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from core.errors import InputError

DOINGS = ("stability", "sweep", "themes", "split")


@dataclass(frozen=True, slots=True)
class RegroupRequest:
    """What to do; the JSON form of a job's request and of the command line.

    Attributes
    ----------
    name
        A set, or a part as `<set>/<key>`.
    do
        "stability" or "sweep" measure, "themes" finds the themes again with the options below,
        "split" looks for themes inside one.
    kind
        "themes" or "micro": what "stability" is about.
    min_cluster_size, min_samples
        Options of "themes" (both None takes the usual ones again) and of "split".
    cluster
        The theme that "split" is about, counted from 0.
    clustering
        The key of the themes in which `cluster` was seen; a split of others is refused. None takes
        those that are there when the job runs.
    seed
        Of the draws of "stability" and of "split"; the set's own if None.
    """

    name: str
    do: Literal["stability", "sweep", "themes", "split"]
    kind: Literal["themes", "micro"] = "themes"
    min_cluster_size: int | None = None
    min_samples: int | None = None
    cluster: int | None = None
    clustering: str | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without the workspace."""
        if self.do not in DOINGS:
            raise InputError(f"do {self.do!r}: use one of {', '.join(DOINGS)}")
        if self.kind not in {"themes", "micro"}:
            raise InputError(f"kind {self.kind!r}: use themes or micro")
        if self.kind == "micro" and self.do != "stability":
            raise InputError(f"kind micro: {self.do} is about themes")
        for name, least in (("min_cluster_size", 2), ("min_samples", 1), ("seed", 0)):
            value = getattr(self, name)
            if value is not None and not (_is_whole(value) and least <= value < 2**32):
                raise InputError(f"{name} {value!r}: a whole number of {least} or more")
        if self.do == "split" and not (_is_whole(self.cluster) and (self.cluster or 0) >= 0):
            raise InputError(f"cluster {self.cluster!r}: give the theme to split, 0 or more")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "RegroupRequest":
        """Build a request from a job's JSON; unknown and missing fields are refused by name."""
        unknown = set(value) - set(cls.__slots__)
        if unknown:
            raise InputError(f"unknown field {sorted(unknown)[0]!r} in the request")
        for name in ("name", "do"):
            if not isinstance(value.get(name), str):
                raise InputError(f"{name} is missing in the request")
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return asdict(self)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
