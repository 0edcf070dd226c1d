"""The frame of Encoders: what its address says, its tabs, and the parts its views share."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import attrs
from components.state import link, services
from core.courts import Courts

PAGE, PLACE, JOBS, SAID = "encoders-page", "encoders-place", "encoders-jobs", "encoders-said"
#: Told when the tab that is shown was brought into sight.
FOLLOWED = "encoders-followed"

#: What every view knows from the address: the set, the view, and the result that is shown.
KEYS = ("set", "view", "key")

#: The tabs in their order.
VIEWS = {
    "list": "Encoders",
    "court": "Court",
    "nuisance": "What explains the clusters",
    "tuning": "Tuning",
}

#: Which fit an encoder made of others has: a digest that tells a person nothing.
_FIT = re.compile(r"[?&]fit=[0-9a-f]{32}")
_NAME, _MOST = re.compile(r"[a-z][a-z0-9_]{0,19}"), 200


def courts() -> Courts:
    """Return the courts and tests of nuisances of the workspace."""
    kept: Courts | None = getattr(services(), "courts", None)
    return kept if kept is not None else Courts(services().library.workspace)


def cleaned(query: Mapping[str, Any]) -> dict[str, str]:
    """Return what the address says: the keys of every page, and those of one view as they are."""
    keys = {
        name: str(value)[:_MOST]
        for name, value in query.items()
        if value not in (None, "") and _NAME.fullmatch(name)
    }
    keys = {**dict.fromkeys(KEYS, ""), **keys}
    keys["view"] = keys["view"] if keys["view"] in VIEWS else "list"
    return keys


def address(keys: Mapping[str, str], **changes: Any) -> str:
    """Return the address of Encoders after a step; a step to another view drops its keys."""
    now = {"set": keys.get("set", ""), "view": keys.get("view", "")}
    if changes.get("view", now["view"]) == now["view"]:
        now = {**keys, **now}
    return link("/encoders", **{**now, **changes})


def head(title: str, keys: Mapping[str, str]) -> Component:
    """Return the title of the page and its tabs."""
    tabs = [_tab(view, text, keys) for view, text in VIEWS.items()]
    bar = html.Nav(tabs, className="vt-tabs vt-tab-row", **attrs(aria_label="Encoders"))
    return html.Div([html.H1(title), bar], className="vt-page-head")


def _tab(view: str, text: str, keys: Mapping[str, str]) -> Component:
    """Return the link to a view; that of the one shown says so."""
    href = link("/encoders", set=keys["set"], view=view)
    if view != keys["view"]:
        return dcc.Link(text, href=href, className="vt-tab")
    inside: list[Any] = [text, html.Span(" (this page)", className="visually-hidden")]
    return dcc.Link(inside, href=href, className="vt-tab vt-tab-here")


def card(title: str, *inside: Component | None, look: str = "") -> Component:
    """Return a part of the page under a heading."""
    return html.Section(
        [html.H2(title, className="vt-card-title"), *(one for one in inside if one is not None)],
        className=f"vt-card {look}".strip(),
        **attrs(aria_label=title),
    )


def badge(look: str, word: str) -> Component:
    """Return a state as a word in its colour; `look` is pass, caution, fail or unknown."""
    return html.Span(word, className=f"vt-morph-badge vt-morph-badge-{look}")


def said(text: str) -> str:
    """Return a text of a result with encoders called as other pages call them."""
    return _FIT.sub("", text.replace("timm:local-dir:", "timm:"))


def shorter(names: Sequence[str]) -> list[str]:
    """Return names of encoders for the heads of columns: without tags where they stay apart.

    >>> shorter(["timm:local-dir:mobilenetv2_100.ra_in1k", "pixels"])
    ['mobilenetv2_100', 'pixels']
    >>> shorter(["timm:net.a", "timm:net.b"])
    ['timm:net.a', 'timm:net.b']
    """
    full = [said(name) for name in names]
    cut = [name.removeprefix("timm:").partition(".")[0] if name.startswith("timm:") else name
           for name in full]  # fmt: skip
    return cut if len(set(cut)) == len(cut) else full


def figure(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return a share with its interval: "97 % (95 to 98)"; "–" where there is none."""
    if value is None:
        return "–"
    told = f"{100 * value:.0f} %"
    return told if low is None or high is None else f"{told} ({100 * low:.0f} to {100 * high:.0f})"
