"""What `encoders agree SET` does: how far the encoders of an ensemble agree on its set."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from core.commands.printed import print_json
from core.config import Settings
from core.curation.source import portable_name
from core.encoders.fitted.names import shortened


def agree(options: argparse.Namespace, settings: Settings) -> int:
    """Print how far the encoders of an ensemble set agree, and what each adds."""
    from core.fitting import agreement_of
    from core.library import Library
    from core.runner import open_workspace

    workspace = open_workspace(settings)
    found = agreement_of(workspace, Library(workspace).open(options.name)).to_json()
    if options.json:
        print_json({"set": options.name, **found})
        return 0
    for line in lines(found, lambda name: shortened(name, portable_name)):
        print(line)
    return 0


def lines(found: Mapping[str, Any], short: Callable[[str], str] = str) -> list[str]:
    """Return what an agreement says, a line each.

    Parameters
    ----------
    found
        The JSON of an `EncoderAgreement`.
    short
        Shortens the name of an encoder.
    """
    names = [short(name) for name in found["names"]]
    told = [
        f"nearest {found['k']} of {found['of']:,} images, at {found['images']:,} of "
        f"{found['units']:,} units; by chance {_percent(found['chance'])} would be shared"
    ]
    for one, row in enumerate(found["overlap"]):
        told += [
            f"  {names[one]} and {names[two]} share {_share(row[two])}"
            for two in range(one + 1, len(names))
        ]
    if found["label"]:
        told.append(f"with an image's own label (by chance {_percent(found['label_chance'])}):")
        every = [*names, "all together"]
        told += [
            f"  {name}: {_share(one)}" for name, one in zip(every, found["label"], strict=True)
        ]
    for name, left in zip(names, found["without"], strict=False):
        label = "" if left["label"] is None else f"; own label then {_share(left['label'])}"
        told.append(
            f"  without {name} (weight {left['weight']:.2g}) {_share(left['kept'])} stay{label}"
        )
    return told


def _share(share: Mapping[str, float]) -> str:
    low, high = _percent(share["low"]), _percent(share["high"])
    return f"{_percent(share['value'])} ({low} to {high})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
