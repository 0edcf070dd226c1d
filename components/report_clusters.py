"""Ten sparse and ten dense clusters of a report: pictures, what was taken, what random misses."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components.report_maps import same_set
from components.state import captions, has_pictures, link
from components.words import number, plural, share

SHOWN = 9


def _picture(found: Any, row: int, taken: bool) -> Component:
    """Return one member of a cluster, marked where it was taken."""
    if has_pictures(found):
        inside: Component = html.Img(src=f"/thumb/{found.key}/{row}", className="vt-thumb",
                                     alt=f"Image {row}")  # fmt: skip
    else:
        inside = html.Span(captions(found, [row])[0] or f"no. {row}", className="vt-word")
    told = html.Span("taken", className="vt-taken-word") if taken else None
    return html.Li([inside, told], className="vt-member" + (" vt-taken" if taken else ""))


def _pictures(report: Mapping[str, Any], found: Any, one: Mapping[str, Any]) -> Component:
    """Return the members of a cluster, those taken first."""
    if not same_set(report, found):
        return html.P("The set has changed since: its pictures cannot be shown here.",
                      className="vt-small")  # fmt: skip
    taken = set(one.get("chosen") or ())
    rows = sorted(one["rows"][:SHOWN], key=lambda row: row not in taken)
    return html.Ul([_picture(found, row, row in taken) for row in rows], className="vt-members")


def card(report: Mapping[str, Any], found: Any, one: Mapping[str, Any], noun: str) -> Component:
    """Return one cluster."""
    taken = len(one.get("chosen") or ())
    missed = one.get("missed_by_random")
    told = str(one.get("text") or f"{number(taken)} of {plural(one['size'], noun)} taken.")
    if missed is not None and "random" not in told:
        told += f" Missed by {share(missed)} of random choices."
    where = link("/explore", set=report["set"]["name"], cluster=one["cluster"], kind="micro")
    title = f"Micro-cluster {int(one['cluster']) + 1}"
    name: Any = dcc.Link(title, href=where) if same_set(report, found) else title
    return html.Li(
        [
            _pictures(report, found, one),
            html.H4(name, className="vt-cluster-name"),
            html.P(told),
            html.P(one.get("advice") or "", className="vt-small vt-advice"),
        ],
        className="vt-card vt-report-cluster",
    )


def clusters(
    report: Mapping[str, Any], found: Any, which: str, intro: str, *, folded: bool = False
) -> Component | None:
    """Return the clusters "sparse" or "dense" of a report; None where it has none."""
    listed: Sequence[Mapping[str, Any]] = report.get(which) or []
    if not listed:
        return None
    noun = report["set"].get("noun") or "image"
    cards = html.Ul([card(report, found, one, noun) for one in listed],
                    className="vt-report-clusters")  # fmt: skip
    title = f"{len(listed)} {which} clusters"
    if folded:
        return html.Details(
            [html.Summary(html.H3(title)), html.P(intro, className="vt-small"), cards],
            className="vt-report-folded",
        )
    return html.Div([html.H3(title), html.P(intro, className="vt-small"), cards])
