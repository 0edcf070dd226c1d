"""Which neighbours encoders share, and what each adds: of a court, and of an ensemble."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.attributes import attrs
from components.encoder_frame import card, figure, said, shorter
from components.stacked import stacked


def view(names: Sequence[str], told: Mapping[str, Any], title: str = "Shared neighbours") -> Any:
    """Return how many neighbours each pair of encoders agrees on, and what each adds to all.

    Parameters
    ----------
    names
        The encoders.
    told
        As `core.fitting.agreement.EncoderAgreement.in_pairs` returns it.
    title
        The heading.
    """
    called, shares = shorter(names), {}
    for pair in told["pairs"]:
        shares[pair["a"], pair["b"]] = shares[pair["b"], pair["a"]] = pair["value"]
    rows = [
        [html.Strong(name),
         *(html.Span("–" if one == two else figure(shares.get((one, two))),
                     className="vt-court-share",
                     **attrs(data_share=_tenth(shares.get((one, two)))))
           for two in range(len(called)))]
        for one, name in enumerate(called)
    ]  # fmt: skip
    chance = told["chance"]
    by_chance = f", by chance {100 * chance:.1f} %" if chance is not None else ""
    return card(
        title,
        html.P(f"Of each image's {told['k']} nearest of other units by one encoder, how many are "
               f"among those of another{by_chance}.", className="vt-small"),
        stacked(("Encoder", *called), rows, caption="Neighbours that two encoders share"),
        _together(told),
    )  # fmt: skip


def _together(told: Mapping[str, Any]) -> Component | None:
    """Return what each encoder adds to all of them together, as an ensemble would be."""
    lines, labels = told["without"], told["label"]
    if not lines:
        return None
    rows = [
        [html.Strong(f"Without {said(one['name'])}"), _interval(one["kept"]),
         _interval(one["alone"]), _interval(one["label"])]
        for one in lines
    ]  # fmt: skip
    if labels:
        rows.insert(0, [html.Strong("All together"), "", "", _interval(labels[-1])])
    head = ("Ensemble", "Neighbours that stay", "That it has alone", "With the label")
    return html.Details(
        [html.Summary("All of them together, and what each adds"),
         stacked(head, rows, caption="An ensemble of these encoders, left without each")],
        className="vt-advanced",
    )  # fmt: skip


def _interval(one: Mapping[str, Any] | None) -> str:
    return "–" if one is None else figure(one["value"], one["low"], one["high"])


def _tenth(share: float | None) -> str:
    return "" if share is None else str(min(9, int(10 * share)))
