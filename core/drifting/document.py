"""A comparison of two sets as one JSON document, which `drift --verify` reads again."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.drifting.job import result_of
from core.keys import sealed

KIND = "vitrine.drift"


def document_of(
    key: str,
    meta: Mapping[str, Any],
    images: pd.DataFrame,
    gate: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a stored comparison as the JSON that `drift --json` prints, with its checksum.

    Parameters
    ----------
    key, meta, images
        As a `Drift` holds them.
    gate
        What became of `--fail-on`; None where nothing was asked for.
    """
    told = {
        "kind": KIND, "format": meta["format"], **result_of(key, meta, images),
        "hashes": {
            **{side: {name: meta[side][name] for name in ("imageset", "embeddings")}
               for side in ("a", "b")},
            "encoder": meta["encoder"]["key"],
        },
        "created": meta["created"],
    }  # fmt: skip
    return sealed({**told, "gate": dict(gate)} if gate is not None else told)
