"""What a run is asked to do: the JSON of a job's request and of the command line."""

import re
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import InputError
from core.ingest.credentials import put_away
from core.ingest.naming import last_part
from core.storage.store import Workspace, check_name

MAPS = ("umap", "tsne", "pca")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run; the JSON form of a job's request and of the command line.

    Attributes
    ----------
    source
        As `core.ingest.naming.canonical` returns it; secrets in it are not kept.
    name
        The set's name in the workspace.
    encoder
        An encoder's name; unused where the source brings vectors.
    maps
        Any of umap, tsne, pca; the PCA map is made in any case, since it is there at once.
    dims
        2 or 3.
    place
        Keep the maps that the set has and place on them what is new in the source, where that can
        be done (`core.additions`); else, and by default, make maps of all items.
    """

    source: str
    name: str
    encoder: str = "pixels"
    maps: tuple[str, ...] = ("umap",)
    dims: int = 2
    seed: int = 0
    place: bool = False

    def __post_init__(self) -> None:
        """Check what can be checked without touching the source."""
        check_name(self.name)
        for method in self.maps:
            if method not in MAPS:
                raise InputError(f"map {method!r}: use one of {', '.join(MAPS)}")
        if not isinstance(self.seed, int) or not 0 <= self.seed < 2**32:
            raise InputError(f"seed {self.seed!r}: a whole number from 0 to {2**32 - 1}")
        if self.dims not in {2, 3}:
            raise InputError(f"dims {self.dims!r}: a map has 2 or 3 dimensions")
        if not isinstance(self.place, bool):
            raise InputError(f"place {self.place!r}: true or false")
        if not self.source.strip():
            raise InputError("source is empty: name a folder, a table, an archive or an address")
        object.__setattr__(self, "source", put_away(self.source))  # nothing stores a password

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "RunRequest":
        """Build a request from a job's JSON; unknown fields are refused by name."""
        unknown = set(value) - set(cls.__slots__)
        if unknown:
            raise InputError(f"unknown field {sorted(unknown)[0]!r} in the request")
        return cls(**{**value, "maps": tuple(value.get("maps", ("umap",)))})

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values; `place` is there only where it is asked for."""
        value = {**asdict(self), "maps": list(self.maps)}
        return value if self.place else {k: v for k, v in value.items() if k != "place"}


def last_request(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return the fields that a set's last run was asked for; {} for a set that is new.

    Placing goes on with the encoder, the maps and the seed that the set has, where nobody says
    otherwise: with others there would be nothing to place on.
    """
    if name not in workspace.set_names():
        return {}
    known: dict[str, Any] = workspace.read_set(name)["request"]
    return known


def default_encoder(source: str) -> str:
    """Return the encoder for a source when nobody chose one: one that needs no weights."""
    return "pixels" if source.startswith("sample:") else "colour-texture"


def name_for(source: str) -> str:
    """Return a set name made from a source: its last part, without what a name may not hold."""
    return re.sub(r"[^\w .+-]+", "-", last_part(source)).strip(" .-_+")[:80] or "images"
