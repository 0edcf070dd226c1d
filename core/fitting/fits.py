"""Fits as they are stored: named by what they are made from, made once, read by any process."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from core.encoders.base import spec_to_dict
from core.encoders.fitted.encoder import KIND, StoredFit, read_fit
from core.encoders.fitted.names import Derived
from core.errors import InputError
from core.fitting.design import known, values_of
from core.fitting.ensemble import FIT_ON, fit_ensemble, uses_seed
from core.fitting.material import Material
from core.fitting.residual import fit_residual
from core.fitting.sampling import of_units
from core.keys import artefact_key
from core.model import EncoderSpec
from core.progress import Progress
from core.storage.store import Workspace

#: Raised when a fit of the same items would come out another.
VERSION = 1

STAGE = "fit"


def ensemble_fit(
    workspace: Workspace, asked: Derived, material: Material, seed: int, progress: Progress
) -> Derived:
    """Return the ensemble with its fit on some items, stored or made."""
    places = material.by_id[of_units(material.units[material.by_id], FIT_ON, seed)]
    width = sum(spec.dims for spec, _ in material.inputs)
    drawn = len(places) < len(material.ids) or uses_seed(len(places), width)
    members = [spec.key for spec, _ in material.inputs]
    ids = [material.ids[place] for place in places]
    key = artefact_key(
        KIND, "ensemble", VERSION, members, asked.weights, asked.dims, asked.power,
        seed if drawn else None, ids,
    )  # fmt: skip

    def make() -> dict[str, Any]:
        progress.report(STAGE, 0, len(places))
        found = fit_ensemble(material.load(places), asked.weights, dims=asked.dims,
                             power=asked.power, seed=seed, progress=progress)  # fmt: skip
        heaviest = material.inputs[int(np.argmax(asked.weights))][0]
        spec = EncoderSpec(
            name=asked.fitted(key).text,
            weights_digest=key,
            model_type=heaviest.model_type,
            dims=len(found.arrays["basis"]),
            normalised=True,
            metric=all(one.metric for one, _ in material.inputs),
            good_for=f"What {len(members)} encoders together are good for.",
            extra={"encoder": "ensemble", "version": 1, "members": members},
        )
        meta = {"items": found.items, "explained": found.explained, "width": width}
        return {"meta": {**_said(asked, members, spec), **meta}, "arrays": found.arrays}

    return _stored(workspace, asked.fitted(key), make, progress)


def residual_fit(
    workspace: Workspace, asked: Derived, material: Material, seed: int, progress: Progress
) -> Derived:
    """Return the residual with its fit on the items that have a value in every column.

    Raises
    ------
    InputError
        A column cannot be taken out, or no item has a value in all of them.
    """
    values = values_of(material.table, [*asked.columns, *asked.keep])
    order = material.by_id[(known(values) & material.sure)[material.by_id]]
    if not len(order):
        named = " and ".join(map(repr, values))
        raise InputError(f"columns: no image has a value in {named}")
    order = order[of_units(material.units[order], FIT_ON, seed)]
    base = material.inputs[0][0]
    values = {name: column[order] for name, column in values.items()}
    told = [column if column.dtype.kind == "f" else list(column) for column in values.values()]
    key = artefact_key(
        KIND, "residual", VERSION, base.key, asked.columns, asked.keep, asked.how,
        [material.ids[place] for place in order], list(material.units[order]), told,
    )  # fmt: skip
    keep = {name: values.pop(name) for name in asked.keep}

    def make() -> dict[str, Any]:
        progress.report(STAGE, 0, len(order))
        found = fit_residual(
            material.load(order)[0], values, material.units[order], asked.how, keep
        )
        spec = replace(
            base,
            name=asked.fitted(key).text,
            weights_digest=key,
            normalised=False,
            extra={"encoder": "residual", "version": 1, "members": [base.key],
                   "columns": list(asked.columns), "keep": list(asked.keep), "how": asked.how},
        )  # fmt: skip
        meta = {
            "items": found.images, "units": found.units, "rank": found.rank,
            "explained": found.explained, "adjusted": found.adjusted,
            "terms": [term.to_json() for term in found.terms],
        }  # fmt: skip
        return {"meta": {**_said(asked, [base.key], spec), **meta}, "arrays": found.arrays}

    return _stored(workspace, asked.fitted(key), make, progress)


def _said(asked: Derived, members: list[str], spec: EncoderSpec) -> dict[str, Any]:
    return {"kind": asked.kind, "members": members, "spec": spec_to_dict(spec)}


def _stored(
    workspace: Workspace, fitted: Derived, make: Callable[[], dict[str, Any]], progress: Progress
) -> Derived:
    """Store a fit unless it is there, one process at a time, and return its encoder."""
    if not workspace.has(KIND, fitted.fit):
        with workspace.lock(f"{KIND}/{fitted.fit}", progress):
            if not workspace.has(KIND, fitted.fit):
                workspace.write(KIND, fitted.fit, **make())
    return fitted


def fit_of(workspace: Workspace, fitted: Derived) -> StoredFit:
    """Return the stored fit of an encoder that has one."""
    return read_fit(fitted, workspace.root / "encoders")
