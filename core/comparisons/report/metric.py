"""The metric card in the file of a comparison."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from core.comparisons.report.tables import between, table
from core.report.text import absent, measure, plain, share

#: What the states of a check are called.
STATES = {"pass": "Pass", "caution": "Caution", "fail": "Fail", "unknown": "Not known"}


def checks(card: Mapping[str, Any]) -> str:
    """Return the checks of a metric card as tables; "" where none is kept with the comparison."""
    found = card.get("checks") or []
    rows = []
    for one in found:
        again = (one.get("details") or {}).get("retrieval")
        rows.append([
            plain(one["title"]), STATES.get(one["status"], STATES["unknown"]),
            measure(one.get("value")), between(one.get("ci")), plain(one.get("limit") or "–"),
            "–" if absent(again) else share(again),
        ])  # fmt: skip
    head = ("Check", "State", "Value", "95 %", "Passes", "Found again")
    said = "".join(
        f"<li>{plain(one['text'])}</li>" for one in found if one["status"] not in {"pass"}
    )
    below = f'<ul class="said small">{said}</ul>' if said else ""
    return table("Checks of the encoder on these images", head, rows) + below + _deciles(found)


def _deciles(found: Any) -> str:
    """Return how often a pair of images shares a label, by tenths of distance."""
    one = next((one for one in found if one["name"] == "calibration"), None)
    details = (one or {}).get("details") or {}
    if not details.get("edges"):
        return ""
    rows = [
        [f"{measure(low)} – {measure(high)}", share(same)]
        for (low, high), same in zip(pairwise(details["edges"]), details["same"], strict=True)
    ]
    return table("Pairs that share a label, by distance", ("Distance", "Share a label"), rows)
