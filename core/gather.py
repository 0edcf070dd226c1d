"""From a scanned source to a stored image set whose every item has a vector."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from core.embed import EncodedBatch, embed, read_pictures
from core.encoders import Encoder, describe, open_encoder
from core.encoders.fitted.encoder import leaves
from core.encoders.fitted.names import GIVEN, is_derived
from core.errors import EncoderUnavailableError
from core.fitting.derive import encode_derived
from core.fitting.facts import with_facts
from core.imaging.decode import ItemFile
from core.imaging.files import reason_of_os_error
from core.itemfiles import files_of
from core.keys import item_id
from core.model import BrokenFile, EncoderSpec, ImageSet, Scan
from core.run import Run
from core.storage.records import imageset_key
from core.storage.vectors import VectorCache


def encode_items(state: Run, found: Scan) -> tuple[EncoderSpec, VectorCache]:
    """Make sure that every readable item has a vector, and return where they are.

    Vectors that came with the source are used as they are, unless the encoder asked for is made
    from them (`residual:given?columns=…`).
    """
    name = state.request.encoder
    if found.given is not None and not (is_derived(name) and GIVEN in leaves(name)):
        return _store_given(state, found)
    return _encode_with(state, found, name)


def _encode_with(state: Run, found: Scan, name: str) -> tuple[EncoderSpec, VectorCache]:
    """Make sure that every readable item has a vector of one encoder."""
    if name == GIVEN:
        if found.given is None:
            raise EncoderUnavailableError(
                "the encoder given stands for vectors that came with the source, and this one "
                "has none"
            )
        return _store_given(state, found)
    if is_derived(name):
        return encode_derived(state, found, name, partial(_encode_with, state, found))
    memo = state.workspace.root / "encoders"
    spec, encoder = describe(name, memo=memo), None
    while True:
        if spec is None:  # only loading can tell, the first time
            encoder = open_encoder(name, memo=memo, device=state.settings.device)
            spec = encoder.spec
        cache = VectorCache(state.workspace.root / "vectors" / spec.key, spec)
        if _fill(state, found, cache, encoder):
            return spec, cache
        spec = None  # the weights are others than those described: load, and ask the other cache


def _fill(state: Run, found: Scan, cache: VectorCache, encoder: Encoder | None) -> bool:
    """Encode what a cache lacks; False if the encoder turns out to be another than the cache's."""
    ids = list(dict.fromkeys(found.items["item_id"]))
    state.progress.report("embed", 0, len(ids))
    with cache.writer(state.progress):
        facts = state.catalog.get_facts(ids)
        readable = [i for i in ids if "broken" not in facts.get(i, {})]
        missing = set(cache.missing(readable))
        if missing and encoder is None:
            memo, device = state.workspace.root / "encoders", state.settings.device
            encoder = open_encoder(cache.spec.name, memo=memo, device=device)
            if encoder.spec.key != cache.spec.key:
                return False
        state.count(readable, missing)
        if encoder is not None and missing:
            files = files_of(found.items, found.root, missing)
            _encode_missing(state, files, encoder, cache, hashed=found.kind != "idx")
    _read_unknown(state, found, ids)
    state.quarantined = cache.quarantined(ids)
    return True


def _encode_missing(
    state: Run, files: list[ItemFile], encoder: Encoder, cache: VectorCache, hashed: bool
) -> None:
    """Encode pictures and store each batch before the next is waited for.

    `hashed` tells that an item id is that of its file's bytes, not of an array in it.
    """
    batches = embed(
        files,
        encoder,
        limits=state.limits,
        thumbnail_side=state.settings.thumbnail_side,
        want_thumbnail=lambda i: i not in state.workspace.thumbnails,
        workers=state.settings.n_workers,
        batch_size=state.settings.batch_size,
        progress=state.progress,
    )
    by_id = {file.item_id: file for file in files} if hashed else {}
    for batch in batches:
        batch = _as_hashed(state, batch, by_id)
        _keep(state, batch)
        cache.append(batch.item_ids, batch.vectors)
        cache.quarantine(batch.quarantined)
        state.fresh.update(batch.item_ids)


def _as_hashed(state: Run, batch: EncodedBatch, files: Mapping[str, ItemFile]) -> EncodedBatch:
    """Drop what was read from files that are not, or no longer, what their item ids say.

    A file may be written to between its hashing and its decoding; nothing of the new content may
    be kept under the old identity.
    """
    mine = [files[key] for key in batch.facts if key in files]
    hashes = state.catalog.sha256_of_many(file.path for file in mine)
    gone: dict[str, dict[str, Any]] = {}
    for file in mine:
        content = hashes[file.path]
        if isinstance(content, OSError):
            gone[file.item_id] = {"broken": reason_of_os_error(content), "transient": True}
        elif item_id(content, file.region) != file.item_id:
            reason = "was changed while the run was reading it: run again"
            gone[file.item_id] = {"broken": reason, "transient": True}
    if not gone:
        return batch
    rows = [row for row, key in enumerate(batch.item_ids) if key not in gone]
    return EncodedBatch(
        [batch.item_ids[row] for row in rows],
        batch.vectors[rows],
        {key: reason for key, reason in batch.quarantined.items() if key not in gone},
        batch.facts | gone,
        {key: data for key, data in batch.thumbnails.items() if key not in gone},
    )


def _keep(state: Run, batch: EncodedBatch) -> None:
    """Store what a batch tells about its pictures."""
    lasting = {key: fact for key, fact in batch.facts.items() if not fact.get("transient")}
    state.catalog.put_facts(lasting)
    passing = batch.facts.keys() - lasting.keys()
    state.unreadable_now |= {key: batch.facts[key] for key in passing}
    for key, data in batch.thumbnails.items():
        state.workspace.thumbnails.set(key, data)


def _read_unknown(state: Run, found: Scan, ids: Sequence[str]) -> None:
    """Decode the pictures whose facts are not known, as after the catalogue was deleted."""
    unknown = set(ids) - set(state.catalog.get_facts(ids)) - set(state.unreadable_now)
    files = files_of(found.items, found.root, unknown)
    if not files:
        return
    batches = read_pictures(
        files,
        limits=state.limits,
        thumbnail_side=state.settings.thumbnail_side,
        want_thumbnail=lambda i: i not in state.workspace.thumbnails,
        workers=state.settings.n_workers,
        progress=state.progress,
    )
    by_id = {file.item_id: file for file in files} if found.kind in {"folder", "table"} else {}
    for batch in batches:
        _keep(state, _as_hashed(state, batch, by_id))


def _store_given(state: Run, found: Scan) -> tuple[EncoderSpec, VectorCache]:
    """Put the source's own vectors into the cache, and look at its pictures if it has any."""
    assert found.given is not None
    spec, vectors = found.given.spec, found.given.vectors
    cache = VectorCache(state.workspace.root / "vectors" / spec.key, spec)
    ids = list(found.items["item_id"])
    first = {key: row for row, key in reversed(list(enumerate(ids)))}
    with cache.writer(state.progress):
        missing = cache.missing(ids)
        state.count(first, missing)
        for start in range(0, len(missing), 1024):
            part = missing[start : start + 1024]
            cache.append(part, vectors[[first[key] for key in part]])
            state.progress.report("embed", start + len(part), len(missing))
        state.fresh.update(missing)
    _read_unknown(state, found, list(first))
    return spec, cache


def assemble(state: Run, found: Scan) -> ImageSet:
    """Assemble and store the set: every item that has a vector, with what is known of it."""
    ids = list(found.items["item_id"])
    facts = state.catalog.get_facts(list(dict.fromkeys(ids))) | state.unreadable_now
    broken = list(found.broken)
    keep = np.ones(len(ids), bool)
    for row, (key, path) in enumerate(zip(ids, found.items["path"], strict=True)):
        reason = facts.get(key, {}).get("broken")
        if reason:
            broken.append(BrokenFile(str(path), reason))
            # a vector that came with the source is still good, unless a picture is needed too
            keep[row] = found.given is not None and key not in state.quarantined
        elif key in state.quarantined:
            broken.append(BrokenFile(str(path), f"quarantined: {state.quarantined[key]}"))
            keep[row] = False
    items = found.items[keep].reset_index(drop=True)
    items = with_facts(items, facts)
    key = imageset_key(items, broken)
    if state.workspace.has("imageset", key):
        state.workspace.read("imageset", key)  # says so if it is damaged
    else:
        table = pd.DataFrame([asdict(b) for b in broken], columns=["path", "reason"]).astype("str")
        state.workspace.write(
            "imageset",
            key,
            meta={"items": len(items), "broken": len(broken)},
            tables={"items": items, "broken": table},
        )
    return ImageSet(key, found.root, items, tuple(broken))
