"""Runs jobs in the calling process: the one way behind page and shell.

`work` runs one job that a page submitted; `wait_for_jobs` is the warm worker, which imports and
compiles what a map needs before anyone asks; `run_here` is what a person's own command does.
"""

import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from core.config import Settings
from core.errors import InputError, JobCancelled, StorageError, VitrineError
from core.jobs import Job, JobBoard, process_started
from core.progress import Progress, Step
from core.storage.store import Workspace

#: Seconds a worker sleeps between two looks at the table.
POLL = 0.25


def open_workspace(settings: Settings) -> Workspace:
    """Open the workspace that the settings name."""
    return Workspace(settings.workspace_path, settings.thumbnail_cache_mb)


def open_board(settings: Settings) -> JobBoard:
    """Open the job table of the workspace that the settings name."""
    return JobBoard(open_workspace(settings).root, settings.max_jobs)


def _run_set(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.pipeline import run
    from core.request import RunRequest

    return run(RunRequest.from_json(request), open_workspace(settings), settings, progress)


def _run_part(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.parts import PartRequest, run_part

    return run_part(PartRequest.from_json(request), open_workspace(settings), settings, progress)


def _run_export(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.export.job import run_export

    return run_export(request, open_workspace(settings), settings, progress)


def _run_clusters(
    request: dict[str, Any], settings: Settings, progress: Progress
) -> dict[str, Any]:
    from core.regroup import run_clusters

    return run_clusters(request, open_workspace(settings), settings, progress)


def _run_curate(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.choosing import run_curate

    return run_curate(request, open_workspace(settings), settings, progress)


def _run_split(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.splitting import run_split

    return run_split(request, open_workspace(settings), settings, progress)


def _run_report(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.reporting import run_report

    return run_report(request, open_workspace(settings), settings, progress)


def _run_quality(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.checking import run_quality

    return run_quality(request, open_workspace(settings), settings, progress)


def _run_label(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.labelling import run_label

    return run_label(request, open_workspace(settings), settings, progress)


def _run_stream(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.streaming import run_stream

    return run_stream(request, open_workspace(settings), settings, progress)


def _run_morphology(
    request: dict[str, Any], settings: Settings, progress: Progress
) -> dict[str, Any]:
    from core.comparing import run_morphology

    return run_morphology(request, open_workspace(settings), settings, progress)


def _run_gradient(
    request: dict[str, Any], settings: Settings, progress: Progress
) -> dict[str, Any]:
    from core.comparing import run_gradient

    return run_gradient(request, open_workspace(settings), settings, progress)


def _run_cutout(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.cutting import run_cutout

    return run_cutout(request, open_workspace(settings), settings, progress)


def _run_drift(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.drifting import run_drift

    return run_drift(request, open_workspace(settings), settings, progress)


def _run_series(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.drifting import run_series

    return run_series(request, open_workspace(settings), settings, progress)


def _run_court(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.judging import run_court

    return run_court(request, open_workspace(settings), settings, progress)


def _run_nuisance(
    request: dict[str, Any], settings: Settings, progress: Progress
) -> dict[str, Any]:
    from core.judging import run_nuisance

    return run_nuisance(request, open_workspace(settings), settings, progress)


def _run_tune(request: dict[str, Any], settings: Settings, progress: Progress) -> dict[str, Any]:
    from core.tuning import run_tune

    return run_tune(request, open_workspace(settings), settings, progress)


#: What does a job of each kind; each imports what it needs when it is asked.
KINDS: dict[str, Callable[[dict[str, Any], Settings, Progress], dict[str, Any]]] = {
    "run": _run_set,
    "part": _run_part,
    "export": _run_export,
    "clusters": _run_clusters,
    "curate": _run_curate,
    "split": _run_split,
    "report": _run_report,
    "quality": _run_quality,
    "label": _run_label,
    "stream": _run_stream,
    "morphology": _run_morphology,
    "gradient": _run_gradient,
    "cutout": _run_cutout,
    "drift": _run_drift,
    "series": _run_series,
    "court": _run_court,
    "nuisance": _run_nuisance,
    "tune": _run_tune,
}


def _compute(job: Job, settings: Settings, progress: Progress) -> dict[str, Any]:
    """Do what a job asks for and return its result."""
    if job.kind not in KINDS:
        raise InputError(f"job kind {job.kind!r}: the kinds are {', '.join(KINDS)}")
    return KINDS[job.kind](job.request, settings, progress)


@contextmanager
def _heeding_signals(stopped: list[int]) -> Iterator[None]:
    """Stop at SIGTERM and Ctrl+C, and keep in `stopped` that they came.

    What is raised inside a library, as while it is imported, may be swallowed there; the next
    report of progress finds the number in the list.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.append(number)
        raise JobCancelled("stopped by a signal") if number != signal.SIGINT else KeyboardInterrupt

    own = threading.current_thread() is threading.main_thread()
    if own:
        signal.signal(signal.SIGTERM, stop)
    # a shell that starts a command in the background has it ignore Ctrl+C
    heeded = own and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeded:
        signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        if heeded:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def execute(
    board: JobBoard,
    job: Job,
    settings: Settings,
    listener: Callable[[Step], None] | None = None,
) -> dict[str, Any]:
    """Run a job that this process owns and record how it ended.

    Raises
    ------
    VitrineError
        What stopped it; recorded in the table as well. Any other exception is a bug: its
        traceback goes to the log, its last line into the table.
    """

    def listen(step: Step) -> None:
        board.update(job.id, step.stage, step.done, step.total, step.note)
        if listener is not None:
            listener(step)

    stopped: list[int] = []
    try:
        with _heeding_signals(stopped):
            progress = Progress(listen, lambda: bool(stopped) or board.cancelled(job.id))
            result = _compute(job, settings, progress)
    except (JobCancelled, KeyboardInterrupt) as error:
        _record(board, job, "cancelled", str(error) or "interrupted")
        raise
    except VitrineError as error:
        _record(board, job, "failed", str(error))
        raise
    except BaseException as error:
        _record(board, job, "failed", f"{type(error).__name__}: {error} (the log has the details)")
        raise
    board.finish(job.id, result)
    return result


def _record(board: JobBoard, job: Job, state: Any, error: str) -> None:
    """Record a job's end; a disk too full even for that must not hide the first error."""
    with suppress(StorageError):
        board.fail(job.id, state, error)


def run_here(
    settings: Settings,
    kind: str,
    request: dict[str, Any],
    title: str,
    listener: Callable[[Step], None],
) -> dict[str, Any]:
    """Run a job in this process, or follow the live one with the same request to its end."""
    board = open_board(settings)
    while True:
        job, ours = board.adopt(kind, request, title)
        if ours:
            return execute(board, job, settings, listener)
        while job.live:
            note = f"following job {job.id}, which another process runs"
            listener(Step(job.stage or "waiting", job.done, job.total, note))
            time.sleep(POLL)
            board.sweep()
            job = board.get(job.id)
        if job.state == "done" and job.result is not None:
            return job.result


def _execute_logged(board: JobBoard, job: Job, settings: Settings) -> int:
    """Run a job whose output is a log file; return the exit code."""
    try:
        execute(board, job, settings, lambda step: print(step, flush=True))
    except (VitrineError, KeyboardInterrupt) as error:
        print(error, flush=True)
        return 2
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def work(settings: Settings, job_id: str) -> int:
    """Run one waiting job, if no other process took it; return the exit code."""
    board = open_board(settings)
    job = board.claim(job_id)
    if job is None:
        return 0
    try:
        return _execute_logged(board, job, settings)
    finally:
        board.dispatch()


def _warm() -> None:
    """Import and compile; a failure shows again, with its reason, in the job that needs it."""
    from core.maps.projection import warm_umap

    try:
        warm_umap()
    except Exception:
        traceback.print_exc()


def wait_for_jobs(settings: Settings, parent: int) -> int:
    """Warm up, take the next waiting job, run it, and end; also end when the server is gone.

    A job does not wait for the warming: both go on side by side, so that on a cold machine the
    time until the first map is the longer of the two and not their sum.
    """
    board = open_board(settings)
    board.enlist()
    parent_started = process_started(parent)
    warming = threading.Thread(target=_warm, daemon=True)
    warming.start()
    try:
        while parent_started is not None and process_started(parent) == parent_started:
            job = board.claim()
            if job is not None:
                return _execute_logged(board, job, settings)
            time.sleep(POLL)
        return 0
    finally:
        board.retire()
        board.dispatch()
