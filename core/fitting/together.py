"""How far the encoders of an ensemble agree on its set: measured once, then read by any process."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.encoders.fitted.encoder import KIND
from core.encoders.fitted.names import Derived, derived, is_derived
from core.errors import InputError
from core.fitting.agreement import ANCHORS, EncoderAgreement, K, measure_agreement
from core.fitting.ensemble import FIT_ON
from core.fitting.material import labels_of, units_of
from core.fitting.sampling import of_units
from core.keys import artefact_key
from core.model import EncoderSpec
from core.progress import Progress
from core.storage.store import Workspace
from core.storage.vectors import VectorCache, read_spec

#: Raised when the agreement of the same vectors would come out another.
VERSION = 1
#: Under which key an agreement is stored, by image set and encoder: found by hashing all ids, which
#: a page that is asked for again need not do again.
_KEYS: dict[tuple[str, str], str] = {}
_KEPT = 64


def stored_agreement(workspace: Workspace, opened: Any) -> EncoderAgreement | None:
    """Return the agreement of the encoders of an open ensemble set; None if none was measured.

    Loads nothing that computes, so that pages may ask.
    """
    if not is_derived(opened.spec.name) or derived(opened.spec.name).kind != "ensemble":
        return None
    base = opened.base
    known = (base.key, base.spec.key)  # the first covers every column of the items
    if known not in _KEYS:
        while len(_KEYS) >= _KEPT:
            _KEYS.pop(next(iter(_KEYS)), None)
        _KEYS[known] = _drawn(base.spec, derived(base.spec.name), base.items)[2]
    key = _KEYS[known]
    if not workspace.has(KIND, key):
        return None
    return EncoderAgreement.from_json(workspace.read(KIND, key).meta["agreement"])


def agreement_of(
    workspace: Workspace, opened: Any, progress: Progress | None = None
) -> EncoderAgreement:
    """Return the agreement of the encoders of an open ensemble set, stored or measured.

    Raises
    ------
    InputError
        The set's encoder is no ensemble, or it has under three independent images.
    """
    base = opened.base
    if not is_derived(base.spec.name) or derived(base.spec.name).kind != "ensemble":
        raise InputError(
            f"{base.name} was encoded with {base.spec.name}, which is no ensemble; run it with "
            "ensemble:a+b first"
        )
    return measured(workspace, base.spec, base.items, progress or Progress())


def measured(
    workspace: Workspace, spec: EncoderSpec, items: pd.DataFrame, progress: Progress
) -> EncoderAgreement:
    """Return the agreement of an ensemble's encoders on some items, stored or measured."""
    asked = derived(spec.name)
    table, labels, key = _drawn(spec, asked, items)
    if not workspace.has(KIND, key):
        with workspace.lock(f"{KIND}/{key}", progress):
            if not workspace.has(KIND, key):
                ids = [str(one) for one in table["item_id"]]
                found = measure_agreement(
                    asked.members, _vectors(workspace, spec.extra["members"], ids),
                    weights=asked.weights, units=units_of(table), labels=labels, progress=progress,
                )  # fmt: skip
                workspace.write(KIND, key, meta={"agreement": found.to_json()})
    return EncoderAgreement.from_json(workspace.read(KIND, key).meta["agreement"])


def _vectors(workspace: Workspace, keys: Sequence[str], ids: list[str]) -> list[np.ndarray]:
    folders = [workspace.root / "vectors" / key for key in keys]
    return [VectorCache(folder, read_spec(folder)).load(ids) for folder in folders]


def _drawn(
    spec: EncoderSpec, asked: Derived, items: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray | None, str]:
    """Return the items that are searched, their labels, and what the agreement is stored under."""
    table = items.drop_duplicates("item_id").sort_values("item_id", ignore_index=True)
    table = table.iloc[of_units(units_of(table), FIT_ON, 0)].reset_index(drop=True)
    labels = labels_of(table)
    key = artefact_key(
        KIND, "agreement", VERSION, K, ANCHORS, spec.extra["members"], asked.weights,
        list(table["item_id"]), list(units_of(table)), None if labels is None else list(labels),
    )  # fmt: skip
    return table, labels, key
