"""Content keys: the chain of identities from bytes to report.

Every value is hashed with its type and length before its bytes, so that no two different inputs
run together into the same stream ("ab", "c" is not "a", "bc"). Device, batch size and worker
count never enter a key; a change of an algorithm is a new number in `ALGORITHM`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from core.model import Region

ALGORITHM = {
    "imageset": 1,
    "encoder": 1,
    "embeddings": 1,
    "neighbors": 1,
    "projection": 1,
    "clustering": 2,
    "selection": 1,
    "themespace": 1,
    "stability": 1,
    "sweep": 1,
    "partition": 1,
    "choice": 1,
    "splits": 1,
    "report": 1,
    "pixels": 1,
    "perturbations": 1,
    "duplicates": 1,
    "outliers": 1,
    "labelcheck": 1,
    "propagation": 1,
    "probe": 1,
    "batch": 1,
    "stream": 1,
    "invariance": 1,
    "metriccard": 1,
    "morphology": 1,
    "gradient": 1,
    "colours": 1,
    "drift": 2,
    "driftseries": 1,
    "patches": 1,
    "fitted": 1,
    "court": 1,
    "nuisance": 1,
    "tuning": 1,
}

Hashable = object


def _feed(state: "hashlib._Hash", value: Hashable) -> None:
    """Add one typed, length-prefixed value to a running hash."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        state.update(b"N")
    elif isinstance(value, bool):
        state.update(b"B1" if value else b"B0")
    elif isinstance(value, int | float | str):
        tag = {int: b"I", float: b"F", str: b"S"}[type(value)]
        text = (repr(value) if not isinstance(value, str) else value).encode()
        state.update(tag + len(text).to_bytes(8, "little") + text)
    elif isinstance(value, bytes):
        state.update(b"Y" + len(value).to_bytes(8, "little") + value)
    elif isinstance(value, np.ndarray):
        array = np.ascontiguousarray(value)
        _feed(state, f"{array.dtype.str}{array.shape}")
        state.update(array.view(np.uint8).reshape(-1).data)
    elif isinstance(value, Mapping):
        state.update(b"M" + len(value).to_bytes(8, "little"))
        for name in sorted(value):
            _feed(state, name)
            _feed(state, value[name])
    elif isinstance(value, Iterable):
        items = list(value)
        state.update(b"L" + len(items).to_bytes(8, "little"))
        for item in items:
            _feed(state, item)
    else:
        raise TypeError(f"a key cannot hold {type(value).__name__}")


def digest(*parts: Hashable) -> str:
    """Return 64 hex digits over the typed parts; order matters, mapping order does not."""
    state = hashlib.sha256()
    for part in parts:
        _feed(state, part)
    return state.hexdigest()


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON record with a checksum of itself, for `unsealed` to compare."""
    return {**record, "checksum": _seal(record)}


def unsealed(record: Any) -> dict[str, Any] | None:
    """Return what `sealed` was given; None if a byte of it has changed since."""
    if not isinstance(record, dict):
        return None
    values = {name: value for name, value in record.items() if name != "checksum"}
    return values if record.get("checksum") == _seal(values) else None


def _seal(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def artefact_key(kind: str, *parts: Hashable) -> str:
    """Return the key (32 hex digits) of an artefact of `kind` made from `parts`."""
    return digest("vitrine", kind, ALGORITHM[kind], *parts)[:32]


def item_id(content_sha256: str, region: Region | None = None) -> str:
    """Return an item's durable identity: 64 hex digits.

    A whole file's is the SHA-256 of its bytes, as `sha256sum` prints it; a region's or a frame's
    also covers where it lies in the file.
    """
    if region is None or region == Region():
        return content_sha256
    return digest("item", content_sha256, region.box, region.mask, region.frame)
