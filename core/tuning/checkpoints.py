"""How far a training is, kept in one safetensors file, so that a killed one goes on."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.storage.flushed import write_flushed
from core.storage.store import storage_errors, write_json

FILE, STATE = "checkpoint.safetensors", "state.json"


@dataclass(slots=True)
class Done:
    """How far a training is.

    Attributes
    ----------
    key
        The tuning's; a checkpoint of another is not gone on with.
    epoch, step
        The epoch in hand and how many of its steps are done.
    losses
        Mean loss of each finished epoch.
    total, count
        Sum of the losses of the epoch in hand, and of how many images.
    seconds
        Spent on training so far, over all its runs.
    epochs
        Planned.
    """

    key: str
    epoch: int = 0
    step: int = 0
    losses: list[float] = field(default_factory=list)
    total: float = 0.0
    count: int = 0
    seconds: float = 0.0
    epochs: int = 0


def save(folder: Path, done: Done, learner: Any, optimiser: Any) -> None:
    """Keep a training as it is now, whole or not at all.

    Raises
    ------
    StorageError
        The disk is full or refuses.
    """
    from safetensors.torch import save as as_bytes

    tensors = {f"net/{name}": value for name, value in learner.state_dict().items()}
    state = optimiser.state_dict()["state"]
    tensors |= {
        f"opt/{number}/{name}": value
        for number, held in state.items()
        for name, value in held.items()
    }
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    with storage_errors(f"writing {folder / FILE}"):
        write_flushed(folder / FILE, as_bytes(plain, metadata={"done": json.dumps(asdict(done))}))
    write_json(folder / STATE, asdict(done))  # for who watches; what is gone on with is the other


def load(folder: Path, key: str, learner: Any, optimiser: Any) -> Done | None:
    """Put a kept training into a network and an optimiser; None if there is none, or another.

    A damaged checkpoint counts as none: training begins anew.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            done = Done(**json.loads((file.metadata() or {})["done"]))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError, TypeError):
        return None
    if done.key != key:
        return None
    learner.load_state_dict(
        {name[4:]: value for name, value in tensors.items() if name.startswith("net/")}
    )
    held: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("opt/"):
            _, number, what = name.split("/", 2)
            held.setdefault(int(number), {})[what] = value
    state = optimiser.state_dict()
    optimiser.load_state_dict({**state, "state": held})
    return done
