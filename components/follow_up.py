"""What comes after a job that a page started: the report on a choice, and the way to both.

The store lives in the frame, so that the next step is taken on whichever page one is by then.
"""

from collections.abc import Sequence
from typing import Any

from dash import dcc
from dash.development.base_component import Component

from components.job_results import labelled_at, report_id, series_at
from components.report_head import page_link
from components.state import link

#: {"job", "from", "report", "to"}: the job waited for, the page it was started on, where a report
#: is to follow a choice the seed of that report, and where to go if not to what was made.
STORE = "vt-follow"


def store() -> Component:
    """Return the store; it outlives a reload and ends with the tab."""
    return dcc.Store(id=STORE, storage_type="session")


def expect(
    job_id: str, page: str, *, report_seed: int | None = None, to: str = ""
) -> dict[str, Any]:
    """Return what to wait for: a job, and the report that follows it, or where to go then."""
    return {"job": job_id, "from": page, "report": report_seed, **({"to": to} if to else {})}


def jobs_of(jobs: Sequence[Any], name: str, kinds: Sequence[str]) -> list[Any]:
    """Return the jobs of some kinds about a set."""
    return [job for job in jobs if job.kind in kinds and job.request.get("name") == name]


def report_title(name: str, request: dict[str, Any]) -> str:
    """Return the title of a report's job."""
    on = request.get("slice") or ("the selected images" if request.get("selection") else "a choice")
    return f"Report on {on} of {name}"


def report_request(job: Any, seed: int) -> dict[str, Any]:
    """Return the request of the report on what a finished choice made."""
    return {"name": job.request["name"], "choice": job.result["choice"], "seed": seed}


def place_of(job: Any) -> str:
    """Return where what a finished job made is seen."""
    name, made = job.request.get("name"), job.result or {}
    if job.kind == "curate":
        return link("/curate", set=name, choice=made.get("choice"))
    if job.kind == "split":
        return link("/curate", set=name, splits=made.get("splits"))
    if job.kind == "quality":
        return link("/quality", set=name)
    if job.kind == "label":
        return labelled_at(made, str(name))
    if job.kind == "morphology":
        return link("/morphology", set=name, view="overview", key=made.get("comparison"))
    if job.kind == "gradient":
        return link("/gradient", set=name, key=made.get("gradient"))
    if job.kind == "drift":
        return link("/drift", set=name, view="verdict", key=made.get("drift"))
    if job.kind == "series":
        return series_at(made, str(name))
    if job.kind in {"court", "nuisance"}:
        return link("/encoders", set=name, view=job.kind, key=made.get(job.kind))
    if job.kind == "tune":
        return link("/encoders", set=name, view="tuning")
    if job.kind == "cutout":
        return link("/morphology", set=made.get("set"))
    if job.kind == "stream":
        return link("/quality", set=name, view="duplicates", kind="sequence",
                    case=made.get("stream"))  # fmt: skip
    return page_link(str(report_id(made)), str(name))


def step(waiting: dict[str, Any] | None, jobs: Sequence[Any], pathname: str, board: Any) -> Any:
    """Return (what to wait for next, where to go), each None where there is nothing.

    A choice that is to be reported on is followed by its report's job. Whoever is still on the
    page where the work was asked for is led to what was made; others stay where they are.
    """
    job = next((j for j in jobs if j.id == (waiting or {}).get("job")), None)
    if waiting is None or job is None or job.state in {"queued", "running"}:
        return waiting if job is not None else None, None
    if job.state != "done" or not job.result:
        return None, None
    here = pathname == waiting["from"]
    if job.kind == "curate" and waiting.get("report") is not None:
        request = report_request(job, waiting["report"])
        after = board.submit("report", request, report_title(request["name"],
                             {"slice": job.result.get("slice")}))  # fmt: skip
        return expect(after.id, waiting["from"]), None
    return None, (waiting.get("to") or place_of(job)) if here else None
