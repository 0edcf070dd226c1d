"""How what was found of encoders is kept: whole or not at all, and computed once."""

from collections.abc import Callable
from typing import Any

import numpy as np

from core.courts.stored import FORMATS, Kind
from core.progress import Progress
from core.storage.store import Workspace

#: What is computed: metadata and arrays as they are stored, but for format and seconds.
Made = tuple[dict[str, Any], dict[str, np.ndarray]]


def keep(
    kind: Kind, key: str, workspace: Workspace, progress: Progress, make: Callable[[], Made]
) -> dict[str, Any]:
    """Return the metadata stored under a key; what is not there yet is made and stored first.

    Another process that works on the same is waited for.

    Parameters
    ----------
    kind, key
        What it is, and under which key it is kept.
    workspace, progress
        Where; and what is told of the wait, and what the seconds are taken from.
    make
        Computes it.
    """
    if not workspace.has(kind, key):
        with workspace.lock(f"{kind}/{key}", progress):
            if not workspace.has(kind, key):
                meta, arrays = make()
                progress.report("storing")
                meta |= {"format": FORMATS[kind], "seconds": progress.finish()}
                workspace.write(kind, key, meta=meta, arrays=arrays)
    return dict(workspace.read(kind, key).meta)
