"""Tunings that were begun and are not finished: how far they are, and what they were asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import VitrineError
from core.storage.store import read_json, write_json
from core.tuning.checkpoints import STATE

REQUEST = "request.json"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A tuning in hand: its encoder's name, request, epochs done and planned, and losses."""

    name: str
    request: Mapping[str, Any]
    epoch: int
    epochs: int
    losses: tuple[float, ...]


def keep_request(folder: Path, request: Mapping[str, Any]) -> None:
    """Keep what a tuning was asked for beside its checkpoints."""
    write_json(folder / REQUEST, {"request": dict(request)})


def unfinished(memo: Path) -> list[Unfinished]:
    """Return the tunings with a checkpoint, by name; damaged ones are left out."""
    found = []
    for path in sorted((memo / "tuned").glob(f"*.part/{STATE}")):
        try:
            state, request = read_json(path), read_json(path.parent / REQUEST)["request"]
            one = Unfinished(
                path.parent.name.removesuffix(".part"), request, int(state["epoch"]),
                int(state["epochs"]), tuple(float(loss) for loss in state["losses"]),
            )  # fmt: skip
        except (VitrineError, KeyError, TypeError, ValueError):
            continue
        found.append(one)
    return found
