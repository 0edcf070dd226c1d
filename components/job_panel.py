"""Jobs as a person sees them: cards with progress, and the indicator in the top bar."""

import time
from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import job_results
from components.attributes import attrs
from components.words import ago, encoder_name, number, plural, seconds

STATES = {
    "queued": "Waiting",
    "running": "Running",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Stopped",
    "lost": "Lost",
}

LIVE = ("queued", "running")

STAGES = {
    "scan": "Looking at the files",
    "part": "Looking up the selection",
    "waiting": "Waiting for another process",
    "embed": "Embedding the pictures",
    "read": "Reading the pictures",
    "fit": "Fitting the encoder",
    "agreement": "Comparing the encoders",
    "map: pca": "Making the PCA map",
    "map: umap": "Making the UMAP map",
    "map: tsne": "Making the t-SNE map",
    "placing": "Placing new pictures on the maps",
    "neighbours": "Finding neighbours",
    "micro-clusters": "Finding micro-clusters",
    "themes": "Finding themes",
    "vectors": "Reading the vectors",
    "choice": "Looking up the choice",
    "pool": "Looking up the pool",
    "choosing": "Choosing images",
    "edge cases": "Looking at the edge cases",
    "independent grouping": "Grouping the images independently",
    "comparing with random": "Comparing with random choices",
    "splits": "Dividing the set",
    "comparing splits": "Comparing divisions",
    "near-duplicates": "Looking for near-duplicates",
    "stability": "Finding the clusters again in parts of the set",
    "sweep": "Trying other least sizes",
    "pictures": "Reading the pictures",
    "perturbations": "Learning how far small changes move a vector",
    "threshold": "Setting the threshold of near-duplicates",
    "duplicates": "Looking for copies",
    "outliers": "Looking for outliers",
    "labels": "Looking for wrong labels",
    "class overlap": "Estimating the least error",
    "frames": "Ordering the frames",
    "filtering a sequence": "Filtering the sequence",
    "faithfulness": "Measuring how far the maps can be trusted",
    "masks": "Looking at the masks",
    "design": "Reading the design",
    "invariance": "Changing pictures to test the distances",
    "metric card": "Making the metric card",
    "tests": "Testing differences",
    "looking": "Looking up the images",
    "reading": "Reading the pictures",
    "tuning": "Tuning the encoder",
    "comparing": "Comparing before and after",
    "permutations": "Testing differences",
    "spread of groups": "Comparing the spread of groups",
    "distances of groups": "Measuring distances between groups",
    "support of branches": "Drawing the tree again",
    "colours": "Measuring colours",
    "supplementary variables": "Setting columns against the axes",
    "variety of groups": "Measuring the variety of groups",
    "hulls": "Measuring hulls",
    "distinctiveness": "Finding distinctive images",
    "preset": "Computing the preset",
    "axis": "Finding the axis",
    "sides": "Looking up both sets",
    "two-sample test": "Testing the two sets",
    "classifier test": "Seeing whether a model tells them apart",
    "where they differ": "Finding where they differ",
}


def cancel_id(job_id: str) -> dict[str, str]:
    """Return the id of a job's stop button."""
    return {"component": "job", "part": "cancel", "name": job_id}


def again_id(job_id: str) -> dict[str, str]:
    """Return the id of the button that runs an unfinished job again."""
    return {"component": "job", "part": "again", "name": job_id}


def is_live(job: Any) -> bool:
    """Tell whether a job waits or runs."""
    return job.state in LIVE


def title(job: Any) -> str:
    """Return a job's title, an encoder's folders left out."""
    encoder = str(job.request.get("encoder") or "")
    return str(job.title).replace(encoder, encoder_name(encoder)) if encoder else str(job.title)


def signature(jobs: Sequence[Any]) -> str:
    """Return a text that changes whenever something shown of the jobs changes."""
    return "|".join(f"{j.id}:{j.state}:{j.stage}:{j.done}:{j.total}:{j.note}" for j in jobs)


def stage_text(job: Any) -> str:
    """Return what a job does now, in words."""
    if job.state == "queued":
        return "Waiting for the job before it"
    stage = STAGES.get(job.stage, job.stage.replace("_", " ").capitalize())
    return stage or "Starting"


def pace_text(job: Any, now: float | None = None) -> str:
    """Return how far the present stage is, how fast it goes and how long it takes yet."""
    if job.state != "running" or not job.total:
        return job.note
    parts = [f"{number(job.done)} of {number(job.total)}"]
    spent = (time.time() if now is None else now) - job.stage_began
    if job.done and spent >= 1:
        rate = job.done / spent
        parts.append(f"{rate:,.0f} a second" if rate >= 1 else f"{60 * rate:.0f} a minute")
        parts.append(f"about {seconds((job.total - job.done) / rate)} left")
    return " · ".join([*parts, job.note] if job.note else parts)


def progress_bar(job: Any) -> Component:
    """Return a native progress bar with a name; without a value where the pace is not known."""
    label = f"{title(job)}: {stage_text(job)}"
    if job.state == "running" and job.total and job.done:
        percent = round(100 * job.done / job.total)
        return html.Progress(
            f"{percent} %", value=str(percent), max="100", className="vt-progress",
            **attrs(aria_label=label),
        )  # fmt: skip
    return html.Progress(className="vt-progress", **attrs(aria_label=label))


def indicator(jobs: Sequence[Any]) -> Component:
    """Return the top bar's word on running work; empty when there is none."""
    live = [j for j in jobs if is_live(j)]
    if not live:
        return html.Span(hidden=True)
    job = next((j for j in live if j.state == "running"), live[0])
    more = f" (+{len(live) - 1})" if len(live) > 1 else ""
    known = job.state == "running" and job.total and job.done
    percent = f" {100 * job.done // job.total} %" if known else ""
    return dcc.Link(
        [
            progress_bar(job),
            html.Span(f"{stage_text(job)}{percent}{more}", className="vt-indicator-text"),
        ],
        href="/jobs",
        className="vt-indicator",
        title=f"{title(job)}: {pace_text(job) or stage_text(job)}",
    )


def _when(job: Any) -> str:
    """Return when a job began and, if it ended, how long it took."""
    began = f"started {ago(job.started)}" if job.started else f"asked for {ago(job.created)}"
    if job.ended and job.started:
        return f"{began}, took {seconds(job.ended - job.started)}"
    return began


def ending(job: Any) -> Component:
    """Return why a job ended before it was done; one that a person stopped is no error."""
    if job.state == "cancelled":
        return html.P("Stopped. What was done is kept, and running it again goes on from there.",
                      className="vt-small")  # fmt: skip
    told = job.error or "It ended without a word; its log may tell more."
    return html.P(told[:1].upper() + told[1:], className="vt-job-error")


def card(job: Any, log: str = "", *, heading: Any = html.H2) -> Component:
    """Return one job: state, stage, progress, stop button, error, result and log."""
    head = html.Div(
        [
            html.Span(STATES[job.state], className=f"vt-state vt-state-{job.state}"),
            heading(title(job), className="vt-job-title"),
            html.Span(_when(job), className="vt-small vt-push"),
        ],
        className="vt-job-head",
    )
    parts: list[Component | None] = [head]
    if is_live(job):
        stop = html.Button(
            "Stop", id=cancel_id(job.id), type="button", className="btn btn-quiet btn-sm",
            **attrs(aria_label=f"Stop {title(job)}"),
        )  # fmt: skip
        told = html.Div([html.Strong(stage_text(job)), html.Span(pace_text(job))])
        parts.append(html.Div([told, stop], className="vt-job-stage"))
        parts.append(progress_bar(job))
    if job.state in {"failed", "cancelled", "lost"}:
        again = html.Button(
            "Run again", id=again_id(job.id), type="button", className="btn btn-quiet btn-sm",
            **attrs(aria_label=f"Run {title(job)} again"),
        )  # fmt: skip
        parts.append(html.Div([ending(job), again], className="vt-job-stage"))
    if job.state == "done":
        parts.append(job_results.result(job))
    if log:
        parts.append(html.Details([html.Summary("Log"), html.Pre(log, tabIndex=0)]))
    return html.Article([p for p in parts if p is not None], className="vt-card vt-job", key=job.id)


def live_cards(jobs: Sequence[Any]) -> list[Component]:
    """Return the cards of the jobs that wait or run, for a page that waits for them."""
    return [card(job) for job in jobs if is_live(job)]


def summary(jobs: Sequence[Any]) -> str:
    """Return one line on all jobs."""
    live = sum(map(is_live, jobs))
    ends = {state: sum(j.state == state for j in jobs) for state in STATES}
    told = [f"{number(ends[s])} {STATES[s].lower()}" for s in STATES if ends[s] and s not in LIVE]
    return ", ".join([f"{plural(live, 'job')} at work" if live else "No job at work", *told])
