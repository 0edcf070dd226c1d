"""The figures of a comparison that `--fail-on` may ask for, by their names."""

from collections.abc import Mapping
from typing import Any

from core.drift.gate import Gate

#: Names of the figures, in the order in which they are told.
NAMES = (
    "p", "p_mmd", "p_classifier", "p_occupancy", "auc", "mmd2", "cramers_v", "new", "vanished",
    "share_new", "share_vanished", "clusters_new", "clusters_gone", "n_a", "n_b",
)  # fmt: skip
#: The headline test that gives each effect.
_EFFECTS = {"auc": "classifier", "mmd2": "mmd", "cramers_v": "occupancy"}


def gate(text: str) -> Gate:
    """Read a condition on the figures of a comparison; `InputError` says where it is wrong."""
    return Gate(text, NAMES)


def figures_of(meta: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the figures of a comparison by name, None where one is undefined.

    Parameters
    ----------
    meta
        Of a comparison, as stored or as `drift --json` prints it.

    Returns
    -------
    dict
        By `NAMES`. Each p is after Holm and `p` the least of the three; `new` and `vanished` are
        images in regions where B or A outweighs the other; `share_new` is the share of B's images
        in new regions, `share_vanished` of A's in vanished ones.
    """
    tests = {one["key"]: one for one in meta["tests"]}
    adjusted = {key: test.get("p_adjusted") for key, test in tests.items()}
    known = [p for p in adjusted.values() if p is not None]
    local, states = meta.get("local") or {}, [one["state"] for one in meta.get("clusters") or []]
    counts = {side: meta[side]["n_images"] for side in ("a", "b")}
    return {
        "p": min(known) if known else None,
        **{f"p_{key}": adjusted.get(key) for key in ("mmd", "classifier", "occupancy")},
        **{name: (tests.get(key) or {}).get("effect") for name, key in _EFFECTS.items()},
        "new": local.get("new"), "vanished": local.get("vanished"),
        "share_new": _share(local.get("new_images"), counts["b"]),
        "share_vanished": _share(local.get("vanished_images"), counts["a"]),
        "clusters_new": states.count("new"), "clusters_gone": states.count("gone"),
        "n_a": counts["a"], "n_b": counts["b"],
    }  # fmt: skip


def judged(asked: Gate, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what became of a condition: {"condition", "failed", "figures", "unknown"}."""
    verdict = asked.judge(figures_of(meta))
    return {
        "condition": asked.text, "failed": verdict.failed, "figures": verdict.used,
        "unknown": list(verdict.unknown),
    }  # fmt: skip


def _share(count: int | None, of: int) -> float | None:
    return None if count is None or not of else count / of
