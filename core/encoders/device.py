"""Where a network runs, in which precision, and what pictures are to it."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from core.errors import EncoderUnavailableError
from core.model import EncoderSpec

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(wanted: str = "auto") -> str:
    """Return cpu, mps or cuda (or cuda:N): what was wanted or, for auto, the best there is.

    Raises
    ------
    EncoderUnavailableError
        This machine has no such device.
    """
    import torch

    kind = wanted.partition(":")[0]
    if kind not in DEVICES:
        raise EncoderUnavailableError(f"device {wanted!r}: use {', '.join(DEVICES)}")
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return next(name for name, usable in there.items() if usable)
    if not there[kind]:
        raise EncoderUnavailableError(f"device {wanted!r} is not there; use --device auto or cpu")
    return wanted


def mixed_precision(device: str) -> AbstractContextManager[Any]:
    """Return the context of a forward pass: float16 where a GPU gains by it, else nothing.

    float16 rather than bfloat16, for its three more bits; what overflows is computed again in
    float32 by the caller. Processors stay in float32: without hardware for it, bfloat16 is three
    to four times slower there.
    """
    import torch

    kind = device.partition(":")[0]
    if kind == "cpu":
        return nullcontext()
    return torch.autocast(kind, dtype=torch.float16)


def out_of_memory(error: BaseException) -> bool:
    """Tell whether an exception of torch means that a smaller batch may fit."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "not enough memory" in text
    )


def free_memory(device: str) -> None:
    """Give back what torch holds in reserve on an accelerator, after it ran out of memory."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.empty_cache()
    elif device.startswith("mps"):
        torch.mps.empty_cache()


def normalised(inputs: np.ndarray, spec: EncoderSpec, device: str) -> Any:
    """Return pictures as a network takes them: a float32 tensor `(n, 3, h, w)` on a device.

    Parameters
    ----------
    inputs
        uint8 `(n, h, w, 3)`; they may be read-only, as what comes from Pillow is.
    spec
        Whose mean and standard deviation, of values from 0 to 1, are taken.
    """
    import torch

    pixels = torch.from_numpy(np.require(inputs, requirements="W")).to(device).permute(0, 3, 1, 2)
    mean = torch.tensor(spec.mean, device=device).view(-1, 1, 1)
    std = torch.tensor(spec.std, device=device).view(-1, 1, 1)
    return pixels.float().div_(255).sub_(mean).div_(std)
