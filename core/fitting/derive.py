"""The vectors of an encoder made from others, from theirs: a step of a run.

The members' vectors are read from their own caches, so no picture is encoded twice, whichever sets
and ensembles it is in.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from core.encoders import describe
from core.encoders.base import spec_from_dict
from core.encoders.fitted.encoder import StoredFit, check_members, combined
from core.encoders.fitted.names import Derived, derived, is_derived, without_fit
from core.errors import EncoderUnavailableError, InputError
from core.fitting.design import Term, check_columns, unknown, values_of
from core.fitting.facts import FACTS, with_facts
from core.fitting.fits import STAGE, ensemble_fit, fit_of, residual_fit
from core.fitting.material import Input, Material, gather_material
from core.fitting.residual import residuals
from core.fitting.together import measured
from core.fitting.words import note_of
from core.model import EncoderSpec, Scan
from core.run import Run
from core.storage.vectors import VectorCache

#: Why an item is set aside whose vector is zero after all.
NOTHING = "nothing of its vector is left"

#: Items whose vectors are made at a time; a killed run loses as many at most.
BATCH = 4096


def encode_derived(
    state: Run, found: Scan, name: str, encode: Callable[[str], Input]
) -> tuple[EncoderSpec, VectorCache]:
    """Make sure that every item whose members have vectors has one, and return where they are.

    Parameters
    ----------
    state
        The run.
    found
        What the source holds.
    name
        The encoder; with a fit in its name it is used as it is, else it is fitted on these items.
    encode
        Makes sure that every readable item has a vector of a member, and returns where they are.

    Raises
    ------
    EncoderUnavailableError
        The name is wrong, a member cannot be loaded, or a fit is not there or of other members.
    InputError
        A column is not there or cannot be taken out.
    """
    asked = derived(name)
    describe(name, memo=state.workspace.root / "encoders")  # what is wrong is said before the work
    named = [*asked.columns, *asked.keep]
    check_columns(found.items, [c for c in named if c in found.items or not _later(c)])
    inputs = [encode(member) for member in asked.members]
    material = _material(state, found, inputs, named)
    fitted = _fitted(state, asked, material)
    fit = fit_of(state.workspace, fitted)
    check_members(fitted, fit, [spec for spec, _ in material.inputs])
    spec = replace(fit.spec, name=fitted.text)
    cache = VectorCache(state.workspace.root / "vectors" / spec.key, spec)
    maker = Maker(fitted, fit, material)
    if asked.fit and not maker.agrees(cache):
        raise InputError(
            f"encoder {asked.text!r}: the columns say something else of images that it has encoded "
            "already; leave fit= out, and it is fitted again"
        )
    maker.fill(cache, state)
    ids = list(dict.fromkeys(found.items["item_id"]))
    state.quarantined = cache.quarantined(ids) | material.unread
    state.notes.append(note_of(fitted, fit))
    if asked.kind == "ensemble":
        _measure(state, found, spec, set(material.ids) - state.quarantined.keys())
    return spec, cache


def _measure(state: Run, found: Scan, spec: EncoderSpec, ids: set[str]) -> None:
    """Measure how far the encoders of an ensemble agree, while their vectors are at hand."""
    items = found.items[found.items["item_id"].isin(ids)]
    with suppress(InputError):  # there are too few images to tell
        measured(state.workspace, spec, items, state.progress)


def _later(column: str) -> bool:
    """Tell whether a column may come to be when the pictures are decoded."""
    return column.removesuffix("_given") in FACTS


def _material(state: Run, found: Scan, inputs: list[Input], columns: Sequence[str]) -> Material:
    ids = list(dict.fromkeys(found.items["item_id"]))
    facts = state.catalog.get_facts(ids) | state.unreadable_now
    unread = {key: str(fact["broken"]) for key, fact in facts.items() if "broken" in fact}
    items = with_facts(found.items, facts)
    return gather_material(items, inputs, unread, found.given is not None, columns)


def _fitted(state: Run, asked: Derived, material: Material) -> Derived:
    """Return the encoder with its fit: the named one, that of the set added to, or one made now."""
    if asked.fit:
        return asked
    standing = _standing(state, asked, material) if state.request.place else None
    if standing is not None:
        return standing
    make = ensemble_fit if asked.kind == "ensemble" else residual_fit
    return make(state.workspace, asked, material, state.request.seed, state.progress)


def _standing(state: Run, asked: Derived, material: Material) -> Derived | None:
    """Return the fit of the set as it is, where new images can be encoded with it."""
    workspace, name = state.workspace, state.request.name
    if name not in workspace.set_names():
        return None
    had = spec_from_dict(workspace.read_set(name)["encoder"]).name
    if not is_derived(had) or without_fit(had) != asked.text:
        return None
    try:
        fitted = derived(had)
        fit = fit_of(workspace, fitted)
        check_members(fitted, fit, [spec for spec, _ in material.inputs])
    except EncoderUnavailableError:
        return None
    spec = replace(fit.spec, name=fitted.text)
    maker = Maker(fitted, fit, material)
    cache = VectorCache(workspace.root / "vectors" / spec.key, spec)
    return fitted if fit.meta["items"] and maker.knows_all() and maker.agrees(cache) else None


class Maker:
    """Makes vectors from those of the members, with a fit.

    Parameters
    ----------
    asked, fit
        The encoder.
    material
        The items.
    """

    def __init__(self, asked: Derived, fit: StoredFit, material: Material):
        self._asked, self._fit, self._material = asked, fit, material
        self._regresses = asked.kind == "residual" and asked.how == "regress"
        self._values: dict[str, np.ndarray] = {}
        self._terms: list[Term] = []
        self._reasons: dict[str, str] = {}
        if self._regresses:
            self._terms = [Term.from_json(value) for value in fit.meta["terms"]]
            kinds = {term.name: term.kind for term in self._terms}
            self._values = values_of(material.table, asked.columns, kinds)
            reasons = unknown(self._values, self._terms)
            self._reasons = {
                key: reason for key, reason in zip(material.ids, reasons, strict=True) if reason
            }
            for key, column in material.unsure.items():
                if column not in asked.columns:
                    continue
                self._reasons[key] = f"it is there more than once with different {column!r}"

    def knows_all(self) -> bool:
        """Tell whether every value of the columns is one that the fit knows, or is missing."""
        return not any("was not among" in reason for reason in self._reasons.values())

    def agrees(self, cache: VectorCache) -> bool:
        """Tell whether the vectors that are stored are those that the columns say now."""
        if not self._regresses:
            return True
        ids = self._material.ids
        absent, aside = set(cache.missing(ids)), cache.quarantined(ids)
        for key in ids:
            known = key not in absent and aside.get(key) != NOTHING
            if known and (key in aside) != (key in self._reasons):
                return False
        there = np.array([at for at, key in enumerate(ids) if key not in absent | aside.keys()])
        for start in range(0, len(there), BATCH):
            part = there[start : start + BATCH]
            stored = cache.load([ids[place] for place in part])
            if not np.allclose(self._made(part), stored, atol=1e-5):
                return False
        return True

    def _made(self, places: np.ndarray) -> np.ndarray:
        """Return the vectors of some places `(len(places), dims)` float32."""
        vectors = self._material.load(places)
        if not self._regresses:
            return combined(self._asked, self._fit.arrays, vectors)
        values = {name: column[places] for name, column in self._values.items()}
        return residuals(vectors[0], values, self._terms, self._fit.arrays)

    def fill(self, cache: VectorCache, state: Run) -> None:
        """Store the vectors that a cache lacks, and set aside what has none, with the reason."""
        place_of = {key: place for place, key in enumerate(self._material.ids)}
        with cache.writer(state.progress):
            aside = self._material.lacking | self._reasons
            cache.quarantine({key: aside[key] for key in cache.missing(list(aside))})
            missing = cache.missing(self._material.ids)
            for start in range(0, len(missing), BATCH):
                part = missing[start : start + BATCH]
                vectors = self._made(np.array([place_of[key] for key in part]))
                usable = np.isfinite(vectors).all(axis=1) & (vectors != 0).any(axis=1)
                kept = [key for key, good in zip(part, usable, strict=True) if good]
                cache.append(kept, vectors[usable])
                nothing = set(part) - set(kept)
                cache.quarantine(dict.fromkeys(nothing, NOTHING))
                state.progress.report(STAGE, start + len(part), len(missing))
