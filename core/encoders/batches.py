"""Forward passes of as many pictures as fit into memory."""

from collections.abc import Callable

import numpy as np

from core.encoders.device import free_memory, out_of_memory

#: Pictures in one forward pass on the processor. The activations of four still come from memory
#: that the allocator keeps; larger ones are asked from the system, page by page, in each layer.
CPU_STEP = 4


class Batches:
    """Cuts inputs into forward passes; what does not fit is halved, and later ones are cut to it.

    Parameters
    ----------
    device
        Where the passes run.
    step
        Inputs in a pass to begin with; 0 is all that are given.
    """

    def __init__(self, device: str, step: int | None = None):
        self._device = device
        self._step = (CPU_STEP if device == "cpu" else 0) if step is None else step

    def run(self, forward: Callable[[np.ndarray], np.ndarray], inputs: np.ndarray) -> np.ndarray:
        """Return the outputs `(n, dims)` of a forward pass for inputs `(n, ...)`, in order."""
        step = self._step or len(inputs)
        parts: list[np.ndarray] = []
        start = 0
        while start < len(inputs):
            part = inputs[start : start + step]
            try:
                parts.append(forward(part))
            except Exception as error:
                if not out_of_memory(error) or len(part) == 1:
                    raise
                free_memory(self._device)
                step = self._step = len(part) // 2
            else:
                start += len(part)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
