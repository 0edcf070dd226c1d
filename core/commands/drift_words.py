"""What the command `drift` says to a person: effect first, then how sure it is, then where."""

from collections.abc import Mapping
from typing import Any

#: Groups, labels, explanations and images printed; `--json` has more.
PRINTED = 10
ALPHA = 0.05
_STATES = {"new": "new", "gone": "gone", "grew": "grew", "shrank": "shrank"}


def tell(document: Mapping[str, Any]) -> None:
    """Print what a comparison found."""
    for line in lines(document):
        print(line)


def lines(document: Mapping[str, Any]) -> list[str]:
    """Return what a comparison found, a line each."""
    sides = [document["a"], document["b"]]
    told = [document["verdict"]["sentence"]]
    told += [
        f"{name} {side['label']}: {side['n_images']:,} images, {side['n_units']:,} units"
        for name, side in zip("AB", sides, strict=True)
    ]
    told += [f"left out: {count:,} {why}" for why, count in document["left_out"].items()]
    told += [f"note: {note}" for note in document["notes"]]
    told += [f"  {one}" for one in document["verdict"]["detail"]]
    told += _where(document)
    told += _frame(document)
    told += _labels(document)
    told += _why(document)
    return [*told, f"comparison {document['drift']}"]


def _where(document: Mapping[str, Any]) -> list[str]:
    changed = [one for one in document["clusters"] if one["state"] in _STATES]
    told = [
        f"group {one['id']} {_STATES[one['state']]}: {_percent(one['share_a'])} of A, "
        f"{_percent(one['share_b'])} of B"
        for one in changed[:PRINTED]
    ]
    if len(changed) > PRINTED:
        told.append(f"and {len(changed) - PRINTED:,} more groups: --json has them")
    local = document["local"]
    if local:
        told.append(
            f"of {local['tested']:,} images {local['new']:,} lie where B outweighs A, "
            f"{local['vanished']:,} where A outweighs B"
        )
    return told


def _frame(document: Mapping[str, Any]) -> list[str]:
    """Return what features by place say, where that was asked for."""
    found = document.get("spatial")
    if not found:
        return []
    return [f"in the frame: {found.get('text') or found.get('notice')}"]


def _labels(document: Mapping[str, Any]) -> list[str]:
    """Return the labels whose own images look different, the surest first."""
    tested = [one for one in document["conditional"] if one["p_adjusted"] is not None]
    if not tested:
        return []
    unlike = sorted((one for one in tested if one["p_adjusted"] < ALPHA),
                    key=lambda one: (one["p_adjusted"], -one["effect"], one["label"]))  # fmt: skip
    told = [
        f"label {one['label']} looks different: MMD² {one['effect']:.2g}, p {one['p_adjusted']:.2g}"
        f" ({one['n_a']:,} in A, {one['n_b']:,} in B)"
        for one in unlike[:PRINTED]
    ]
    if len(unlike) > PRINTED:
        told.append(f"and {len(unlike) - PRINTED:,} more labels: --json has them")
    alike = len(tested) - len(unlike)
    if alike:
        what = "label" if alike == 1 else "labels"
        told.append(f"{alike:,} {what} of {len(tested):,} tested not seen to look different")
    return told


def _why(document: Mapping[str, Any]) -> list[str]:
    told = [
        f"differs too: {one['column']} ({_effect(one)}, p {one['p_adjusted']:.2g})"
        for one in document["explain"]
        if one["p_adjusted"] is not None and one["p_adjusted"] < ALPHA
    ][:PRINTED]
    exposure = document.get("exposure")
    text = exposure.get("text") if isinstance(exposure, Mapping) else exposure
    return [*told, str(text)] if text else told


def _effect(one: Mapping[str, Any]) -> str:
    if one["kind"] == "category":
        return f"Cramér's V {one['effect']:.2f}"
    higher = f"higher in B in {_percent(one['effect'])} of pairs"
    if one["first"] is None:
        return higher
    return f"{higher}, median {one['first']:.4g} in A and {one['second']:.4g} in B"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def of_gate(verdict: Mapping[str, Any]) -> list[str]:
    """Return what became of `--fail-on`, with the figures it asked for."""
    figures = ", ".join(
        f"{name} {'not known' if value is None else f'{value:.4g}'}"
        for name, value in verdict["figures"].items()
    )
    how = "holds" if verdict["failed"] else "does not hold"
    told = [f"fail-on: {verdict['condition']!r} {how} ({figures})"]
    if verdict["unknown"]:
        told.append(
            f"fail-on: {', '.join(verdict['unknown'])} not known here; what is asked of it "
            "cannot hold"
        )
    return told
