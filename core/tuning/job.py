"""The job that tunes an encoder: from a request to an encoder with its lineage.

Killed at any moment, the same request goes on from the last checkpoint; what stands under the new
name is whole.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.config import Settings
from core.encoders.base import Encoder, EncoderName
from core.encoders.timm import models as timm_models
from core.encoders.tuned import LINEAGE, read_lineage
from core.errors import InputError
from core.keys import digest
from core.progress import Progress
from core.storage.flushed import write_flushed
from core.storage.store import Workspace, library_versions, now, storage_errors, write_json
from core.tuning.checkpoints import Done
from core.tuning.comparing import Side, compare
from core.tuning.learners import config_of
from core.tuning.loading import ENCODING, encoded, read_small
from core.tuning.progress import keep_request
from core.tuning.request import TuneRequest
from core.tuning.subject import (
    FEWEST,
    SIDE,
    Subject,
    key_of,
    open_base,
    open_subject,
    plain,
)
from core.tuning.training import train

#: Held-out images that are also changed, to see how far that moves their vectors.
CHANGED = 200


def run_tune(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Tune an encoder to the images of a set, without labels, and compare it with its base.

    Parameters
    ----------
    request
        As `TuneRequest.to_json` returns it.
    workspace, settings
        Where images are looked up and the encoder is kept; limits, threads and the device.
    progress
        Told the stages "reading", "tuning" and "comparing"; may cancel, and a checkpoint stays.

    Returns
    -------
    dict
        encoder (`tuned:NAME`) and its lineage: base, base_key, set, imageset, images, units, held,
        method, epochs, planned, size, batch, rate, seed, losses, seconds, comparison, notes,
        versions, created.

    Raises
    ------
    InputError
        Too few images, an encoder that cannot be tuned, or a name that is taken.
    VitrineError
        What is named does not exist, or the disk is full.
    """
    progress = progress or Progress()
    asked = TuneRequest.from_json(request)
    progress.report("looking")
    subject = open_subject(asked, workspace)
    base = open_base(subject, settings.device)
    key = key_of(subject, base)
    with workspace.lock(f"tuned/{asked.to}", progress):
        known = read_lineage(subject.folder)
        if known is None:
            _make(subject, key, base, settings, progress)
            known = read_lineage(subject.folder)
        elif known.get("key") != key:
            raise InputError(
                f"tuned:{asked.to} is there already, made from other images or settings: choose "
                "another name"
            )
    assert known is not None
    return {"encoder": f"tuned:{asked.to}", **known}


def _make(
    subject: Subject, key: str, base: Encoder, settings: Settings, progress: Progress
) -> None:
    """Train, compare, and put the encoder in its place."""
    size = _size(subject.asked, base)
    pictures, there = read_small(
        subject.opened, subject.train, size, subject.workspace, settings, progress
    )
    units = len(np.unique(subject.units[there]))
    if units < FEWEST:
        raise InputError(f"only {len(there)} images of {units} units can be read; see the set")
    seen = Subject(
        subject.asked, subject.opened, subject.workspace, subject.base, there, subject.held,
        subject.units, subject.labels, subject.notes,
    )  # fmt: skip
    folder = subject.unfinished
    with storage_errors(f"writing {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
    keep_request(folder, subject.asked.to_json())
    backbone, done = train(seen, digest(key, there), base, pictures, size, settings, progress)
    finished = folder / "encoder"
    _write_model(seen, backbone, finished)
    comparison = _compared(seen, base, finished, settings, progress)
    write_json(finished / LINEAGE, _lineage(seen, key, base, size, done, comparison))
    with storage_errors(f"writing {subject.folder}"):
        finished.replace(subject.folder)
        shutil.rmtree(folder, ignore_errors=True)


def _size(asked: TuneRequest, base: Encoder) -> int:
    """Return the side of a view: as asked, else 128, or the base's own where that is smaller."""
    own = min(base.spec.input_size or (SIDE, SIDE))
    return asked.size or min(SIDE, own)


def _write_model(subject: Subject, backbone: Any, folder: Path) -> None:
    """Write a network as timm's local-dir wants it."""
    import json

    from safetensors.torch import save as as_bytes

    tensors = {name: value.contiguous() for name, value in backbone.state_dict().items()}
    config = json.dumps(config_of(subject, backbone), indent=1)
    with storage_errors(f"writing {folder}"):
        write_flushed(folder / "model.safetensors", as_bytes(tensors))
        write_flushed(folder / "config.json", config.encode())


def _compared(
    subject: Subject, base: Encoder, folder: Path, settings: Settings, progress: Progress
) -> dict[str, Any]:
    """Return the comparison of base and tuned encoder on the images that were held out."""
    name = EncoderName("tuned", f"timm:local-dir:{folder}", subject.base.options)
    tuned = timm_models.open_named(name, None, settings.device)
    rows = np.random.default_rng([subject.asked.seed, 3]).permutation(subject.held)
    found = []
    for place, encoder in enumerate((base, tuned)):

        def tell(done: int, total: int, before: int = place) -> None:
            progress.report(ENCODING, before * total + done, 2 * total)

        found.append(encoded(subject.opened, rows, CHANGED, encoder, subject.workspace, settings,
                             tell))  # fmt: skip
    (rows_before, before, moved_before), (rows_after, after, moved_after) = found
    if not np.array_equal(rows_before, rows_after):
        raise InputError("images changed while they were compared: tune again")
    labels = subject.labels
    codes = None if labels is None else labels.codes[rows_before]
    made = compare(Side(before, moved_before), Side(after, moved_after), codes,
                   subject.units[rows_before], subject.asked.seed)  # fmt: skip
    return {**plain(made), "column": None if labels is None else labels.name}


def _lineage(
    subject: Subject, key: str, base: Encoder, size: int, done: Done, comparison: dict[str, Any]
) -> dict[str, Any]:
    asked, notes = subject.asked, list(subject.notes)
    if done.epoch < done.epochs:
        notes.append(
            f"training ended after {asked.minutes:g} minutes, in epoch {done.epoch} "
            f"of {done.epochs}"
        )
    return {
        "key": key, "base": subject.base.text, "base_key": base.spec.key,
        "set": subject.opened.name, "imageset": subject.opened.key,
        "images": len(subject.train), "held": len(subject.held),
        "units": len(np.unique(subject.units[subject.train])), "method": asked.method,
        "epochs": done.epoch, "planned": done.epochs, "size": size, "batch": asked.batch,
        "rate": asked.rate, "jitter": asked.jitter, "crop": asked.crop, "seed": asked.seed,
        "losses": done.losses, "seconds": done.seconds, "comparison": comparison, "notes": notes,
        "versions": library_versions(), "created": now(), "request": asked.to_json(),
    }  # fmt: skip
