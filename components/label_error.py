"""How well labels could be told apart: the least error, estimated against the number of images."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from components import figures, label_frame, report_charts
from components.attributes import attrs
from components.notices import button_link
from components.state import link, noun
from components.words import number, share


def section(found: Any, check: Any) -> Component:
    """Return the estimates of the least error against the number of images."""
    title = "How well can these labels be told apart?"
    stored = None if check is None else check.labels
    if stored is None or not len(stored.tables["ber"]):
        notice = "" if stored is None else str(stored.meta.get("notice") or "")
        return label_frame.card(
            title,
            html.P("The check estimates the least error that any classifier makes on these "
                   f"vectors. {notice}", className="vt-small"),
            html.Div(button_link("Check the set", link("/quality", set=found.name)),
                     className="vt-actions"),
        )  # fmt: skip
    curve = stored.tables["ber"].sort_values("n")
    return label_frame.card(title, html.P(sentence(curve)), chart(found, curve))


def sentence(curve: Any) -> str:
    """Return what the last estimate says, and whether more images still lower it."""
    last = curve.iloc[-1]
    told = (
        f"Estimated from {number(int(last['n']))} images: any classifier on these vectors errs on "
        f"{share(float(last['lower']))} to {share(float(last['upper']))} of them at least."
    )
    if len(curve) < 2:
        return told
    before = float(curve["upper"].iloc[-2])
    drop = before - float(last["upper"])
    falling = drop > (float(last["high"]) - float(last["low"])) / 4
    way = "It hardly falls any more: more labelled images of this kind help little."
    if falling:
        way = "It still falls: more labelled images help."
    return f"{told} {way}"


def chart(found: Any, curve: Any) -> Component:
    """Return the estimates against n, with the interval of the measured one."""
    x = curve["n"].astype(int).tolist()
    percent = {name: (100 * curve[name]).round(3).tolist()
               for name in ("lower", "upper", "low", "high")}  # fmt: skip
    data = [
        *report_charts.band("95 % of the upper", x, percent["low"], percent["high"]),
        report_charts.grey("lower estimate", x, percent["lower"]),
        report_charts.line("upper estimate", x, percent["upper"], line={"width": 2.5}),
    ]
    label = ("Estimates of the least error against the number of labelled images. "
             + sentence(curve))  # fmt: skip
    layout = report_charts.axes(f"labelled {noun(found)}s", "% wrong at least")
    made = figures.graph("labels-error", {"data": data, "layout": layout}, label=label, height=260)
    rows = [
        (number(n), share(lower / 100), share(upper / 100), f"{share(low / 100)} – "
         f"{share(high / 100)}")
        for n, lower, upper, low, high in zip(
            x, percent["lower"], percent["upper"], percent["low"], percent["high"], strict=True)
    ]  # fmt: skip
    head = ("Images", "Lower", "Upper", "Upper, 95 %")
    shown = report_charts.with_table(made, head, rows, "Least error against the number of images")
    note = html.P("Cover and Hart's bounds at the error of the nearest neighbour: estimates, not "
                  "limits, and too high where images are few.", className="vt-small")  # fmt: skip
    return html.Div([shown, note], **attrs(data_state="error-curve"))
