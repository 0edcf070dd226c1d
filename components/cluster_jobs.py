"""Jobs about the clusters of a set: what they are asked, how far they are, what came of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import ALL, Input, Output, State, callback, ctx, html, no_update
from dash.development.base_component import Component

from components import job_panel, shell
from components.attributes import attrs
from components.cluster_cards import BASES, STATES
from components.state import choose_set, services
from components.words import listed, number, plural
from core.errors import InputError

#: What the page's address says: {"set", "kind", …}.
PLACE = "clusters-place"
#: The buttons that start them, and the field for a least size of one's own.
MEASURE, SWEEP = "clusters-stability", "clusters-sweep"
SIZE, USE, USUAL = "clusters-size", "clusters-size-use", "clusters-size-usual"

#: The kind of these jobs, and what each may be asked to do.
KIND = "clusters"
TITLES = {
    "stability": "Stability of the {kind} of {name}",
    "sweep": "Other sizes of the themes of {name}",
    "themes": "Themes of {name}, {size}",
    "split": "Split of {theme} in {name}",
}

#: What a page calls a kind of clusters.
WORDS = {"themes": "themes", "micro": "micro-clusters"}

#: Seconds for which a job's end is told on the page of the set it was about.
TOLD = 120


def use_id(size: Any, name: Any) -> dict[str, Any]:
    """Return the id of the button that makes themes with a least size of the sweep's table.

    It names the set: when the buttons leave with their page, Dash asks the callback once more, and
    nothing else of the page is there then.
    """
    return {"component": "sweep", "part": "use", "size": size, "name": name}


def seed_of(found: Any) -> int:
    """Return the seed that a set was run with."""
    return int(found.request.get("seed", services().settings.seed))


def start(
    found: Any, do: str, *, kind: str = "themes", cluster: int | None = None,
    theme: str = "", size: int | None = None, clustering: str | None = None,
) -> Any:  # fmt: skip
    """Start a job about the clusters of an open set, or return the one that is under way.

    Parameters
    ----------
    found
        The set or part.
    do
        One of `TITLES`.
    kind
        "themes" or "micro".
    cluster, theme
        What is split: its number, and what it is called.
    size
        The least size of a theme or part; None for the usual one.
    clustering
        The key of the themes in which `cluster` was seen: others may be there when the job runs.
    """
    request = {"name": found.name, "do": do, "kind": kind, "seed": seed_of(found)}
    if cluster is not None:
        request |= {"cluster": cluster, "clustering": clustering}
    if size is not None:
        request["min_cluster_size"] = size
    least = "usual least size" if size is None else f"least size {size}"
    title = TITLES[do].format(kind=WORDS[kind], name=found.title, size=least, theme=theme)
    return services().jobs.submit(KIND, request, title)


def about(jobs: Sequence[Any], set_name: str) -> list[Any]:
    """Return the jobs that are about the clusters of a set, the newest first as they come."""
    return [j for j in jobs if j.kind == KIND and j.request.get("name") == set_name]


def live(jobs: Sequence[Any], set_name: str, do: str) -> bool:
    """Tell whether a job of a set that does this waits or runs."""
    mine = about(jobs, set_name)
    return any(job_panel.is_live(j) and j.request.get("do") == do for j in mine)


def progress(jobs: Sequence[Any], set_name: str, now: float | None = None) -> list[Component]:
    """Return the jobs of a set that are under way, and how those ended that just did."""
    at, mine = time.time() if now is None else now, about(jobs, set_name)
    running = [job_panel.card(job, heading=html.H2) for job in mine if job_panel.is_live(job)]
    ended = [j for j in mine if j.ended and at - j.ended < TOLD][:1]
    return [*running, *([] if running else map(_ended, ended))]


def _ended(job: Any) -> Component:
    """Return one line on how a job ended."""
    look = "vt-told-line" + ("" if job.state == "done" else " vt-told-bad")
    return html.P(
        [html.Strong(f"{job_panel.title(job)}: "), ending(job)], className=look, role="status",
        **attrs(data_job=job.id),
    )  # fmt: skip


def ending(job: Any) -> str:
    """Return in words how a job ended, and what it found."""
    if job.state == "cancelled":
        return "stopped."
    if job.state != "done":
        return str(job.error or "it ended without a word; its log may tell more.")
    result: Mapping[str, Any] = job.result or {}
    told = _FOUND[str(job.request.get("do"))](result)
    return f"{told} {result.get('notice') or ''}".strip()


def _split(result: Mapping[str, Any]) -> str:
    sizes = result.get("sizes") or []
    if not sizes:
        return "it stays whole."
    left = int(result.get("rest") or 0)
    rest = f"; {number(left)} are in none of them and become unassigned" if left else ""
    return f"{number(len(sizes))} parts of {listed([number(s) for s in sizes])}{rest}."


def _stability(result: Mapping[str, Any]) -> str:
    told = [f"{number(result[s])} {s}" for s in STATES if result.get(s)]
    return f"{listed(told)}." if told else "nothing could be measured."


def _themes(result: Mapping[str, Any]) -> str:
    return f"{plural(int(result.get('count') or 0), 'theme')} now."


_FOUND: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "split": _split,
    "stability": _stability,
    "themes": _themes,
    "sweep": lambda result: f"{plural(len(result.get('sizes') or []), 'size')} tried.",
}


# -- what starts them ------------------------------------------------------------------------------


def _opened(keys: Mapping[str, str]) -> Any:
    return services().library.open(choose_set(keys["set"]))


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input(MEASURE, "n_clicks"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def measure(clicks: int | None, keys: dict[str, str]) -> Any:
    """Find the clusters again in parts of the set."""
    if not clicks:
        return no_update
    return start(_opened(keys), "stability", kind=BASES.get(keys["kind"], "themes")).id


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input(SWEEP, "n_clicks"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def try_sizes(clicks: int | None, keys: dict[str, str]) -> Any:
    """Find themes of other least sizes."""
    return start(_opened(keys), "sweep").id if clicks else no_update


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input(use_id(ALL, ALL), "n_clicks"),
    prevent_initial_call=True,
)
def use_size(clicks: list[int | None]) -> Any:
    """Make the themes anew with a least size of the table; buttons that only appeared do not."""
    if not any(clicks) or not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    pressed = ctx.triggered_id
    found = services().library.open(pressed["name"])
    return start(found, "themes", size=int(pressed["size"])).id


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input(USE, "n_clicks"),
    Input(SIZE, "n_submit"),
    State(SIZE, "value"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def use_own_size(
    clicks: int | None, entered: int | None, size: float | None, keys: dict[str, str]
) -> Any:
    """Make the themes anew with the least size in the field, by its button or by Enter."""
    if not clicks and not entered:
        return no_update
    if not size or size < 2 or size != int(size):
        raise InputError("least size: enter a whole number of 2 or more")
    return start(_opened(keys), "themes", size=int(size)).id


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input(USUAL, "n_clicks"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def use_usual_size(clicks: int | None, keys: dict[str, str]) -> Any:
    """Make the themes anew with the least size that goes by the number of images."""
    return start(_opened(keys), "themes").id if clicks else no_update
