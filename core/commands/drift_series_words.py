"""What the commands `drift-series` and `drift-plan` say to a person."""

from collections.abc import Mapping
from typing import Any


def tell(result: Mapping[str, Any]) -> None:
    """Print a series: the verdict, then batch by batch."""
    print(result["verdict"]["sentence"])
    print(result["trend"]["text"])
    print(result["change"]["text"])
    for note in result["notes"]:
        print(f"note: {note}")
    for one in result["batches"]:
        print(_line(one))
    if result["plan"] is not None:
        print(result["plan"]["text"])
    print(f"series {result['series']}")


def _line(one: Mapping[str, Any]) -> str:
    """Return a batch in one line, its distance first."""
    count = f"{one['units']:,} unit{'s' * (one['units'] != 1)}"
    if one["p"] is None:
        return f"  {one['name']}: {count}, not tested"
    mark = "differs" if one["outside"] else "as the reference"
    return (
        f"  {one['name']}: {mark}, MMD² {one['distance']:.4g} (reference {one['low']:.3g} to "
        f"{one['high']:.3g}), p {one['p']:.2g}, {one['p_adjusted']:.2g} after Holm, {count}"
    )


def of_gate(told: Mapping[str, Any]) -> list[str]:
    """Return what became of `--fail-on`, a line each; nothing where the condition does not hold."""
    newest = told["batch"]
    lines = [
        f"gate: {name} of batch {newest} is not known; it stops nothing" for name in told["unknown"]
    ]
    if told["failed"]:
        figures = ", ".join(f"{name} {value:.3g}" for name, value in told["figures"].items()
                            if value is not None)  # fmt: skip
        lines.append(f"gate: batch {newest}: {told['condition']} holds ({figures})")
    return lines


def tell_plan(result: Mapping[str, Any]) -> None:
    """Print how many images a batch needs, by the share of new ones in it."""
    plan = result["plan"]
    if plan is None:
        print(f"{result['reference']['label']}: too few units for a plan; 50 are needed")
        return
    print(plan["text"])
    for one in plan["needed"]:
        print(f"  {100 * one['share']:.3g} % new: {_size(one)}")


def _size(one: Mapping[str, Any]) -> str:
    if one["images"] is None:
        return "no size is enough"
    how = "measured here" if one["how"] == "measured" else "by formula"
    return f"{one['images']:,} images ({how})"
