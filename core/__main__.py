"""The command line without the dashboard: run, sets, info, jobs and more; see docs/cli.md.

Progress goes to stderr, results to stdout; a person's mistake is one line on stderr and exit
code 2.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from core.commands import (
    clusters,
    court,
    curate,
    curation,
    cutout,
    dedupe,
    drift,
    drift_series,
    encoders,
    export,
    gradient,
    labelling,
    labels,
    morphology,
    parts,
    quality,
    report,
    search,
    tune,
    watch,
)
from core.commands.printed import print_json
from core.config import Settings, load_settings
from core.errors import JobCancelled, VitrineError
from core.findings.wording import counted
from core.progress import Step

#: Modules of commands, in the order that `--help` lists them.
TOPICS = (clusters, court, curate, curation, cutout, dedupe, drift, drift_series, encoders, export,
          gradient, labelling, labels, morphology, parts, quality, report, search, tune,
          watch)  # fmt: skip


@contextmanager
def terminal_progress() -> Iterator[Callable[[Step], None]]:
    """Give a listener that draws stage, bar, rate and time left on a terminal's stderr."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Units a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "")

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def listen(step: Step) -> None:
            if step.stage not in tasks:
                tasks[step.stage] = bars.add_task(step.stage, total=None)
            bars.update(tasks[step.stage], completed=step.done, total=step.total or None)

        yield listen


# -- commands ------------------------------------------------------------------------------------


def _run(options: argparse.Namespace, settings: Settings) -> int:
    from core.ingest.naming import canonical
    from core.request import RunRequest, default_encoder, last_request
    from core.runner import open_workspace, run_here

    source = canonical(options.source)
    known = last_request(open_workspace(settings), options.name) if options.place else {}
    maps = tuple(dict.fromkeys(options.map or known.get("maps") or ["umap"]))
    encoder = options.encoder or known.get("encoder") or default_encoder(source)
    dims = options.dims or known.get("dims") or 2
    request = RunRequest(
        source, options.name, encoder, maps, dims, settings.seed, options.place
    ).to_json()
    with terminal_progress() as listen:
        result = run_here(settings, "run", request, f"{options.name}: {encoder}", listen)
    if options.json:
        print_json(result)
        return 0
    clusters, micro = result["clusters"], result["micro_clusters"]
    print(
        f"{result['set']}: {result['items']:,} items ({result['encoded']:,} encoded, "
        f"{result['reused']:,} reused, {len(result['broken']):,} not usable), "
        f"{counted(clusters['count'], 'theme')}, {100 * clusters['noise_share']:.0f} % unassigned, "
        f"{counted(micro['count'], 'micro-cluster')}, {micro['singletons']:,} of single images"
    )
    if "placed" in result:
        told = result["placed"]
        print(
            f"  placed on the maps there were: {told['placed']:,}; off the map: "
            f"{told['off_map']:,}; gone: {told['removed']:,}"
        )
    for broken in result["broken"][:20]:
        print(f"  {broken['path']}: {broken['reason']}")
    if len(result["broken"]) > 20:
        print(f"  and {len(result['broken']) - 20:,} more: `info {result['set']} --json` has all")
    return 0


def _library(settings: Settings) -> Any:
    from core.curation import Desk
    from core.library import Library
    from core.runner import open_workspace

    workspace = open_workspace(settings)
    return Library.with_desk(workspace, Desk(workspace))


def _sets(options: argparse.Namespace, settings: Settings) -> int:
    from dataclasses import asdict

    lines = _library(settings).sets()
    if options.json:
        print_json([asdict(line) for line in lines])
        return 0
    for line in lines:
        clusters = "no clusters yet" if line.clusters is None else f"{line.clusters} themes"
        state = line.problem or f"{line.items:,} items, {line.encoder}, {clusters}"
        print(f"{line.name}: {state}")
    if not lines:
        print(f"no sets in {settings.workspace_path}; `run SOURCE --name NAME` makes one")
    return 0


def _info(options: argparse.Namespace, settings: Settings) -> int:
    from dataclasses import asdict

    opened = _library(settings).open(options.name)
    value = opened.summary or {"set": opened.name, "items": len(opened), "unfinished": True}
    value = {
        **value,
        "columns": [asdict(c) for c in opened.columns()],
        "projections": opened.projections,
        "root": str(opened.root),
        "encoder_type": opened.spec.model_type,
        "encoder_metric": opened.spec.metric,
    }
    if options.json:
        print_json(value)
        return 0
    for name in ("set", "source", "items", "encoder", "dims"):
        print(f"{name}: {value.get(name, '')}")
    for found in value.get("maps", []):
        trust = found.get("trustworthiness")
        print(
            f"map {found['method']}: " + (f"trustworthiness {trust:.3f}" if trust else "no scores")
        )
    for broken in value.get("broken", []):
        print(f"not usable: {broken['path']}: {broken['reason']}")
    return 0


def _jobs(options: argparse.Namespace, settings: Settings) -> int:
    from dataclasses import asdict

    from core.runner import open_board

    board = open_board(settings)
    if options.cancel:
        board.cancel(options.cancel)
    jobs = board.list()
    if options.json:
        print_json([asdict(job) for job in jobs])
        return 0
    for job in jobs:
        done = f" {job.done:,}/{job.total:,}" if job.total else ""
        tail = f": {job.error}" if job.error else f" {job.stage}{done}" if job.live else ""
        print(f"{job.id} {job.state:9} {job.title}{tail}")
    if not jobs:
        print("no jobs yet")
    return 0


def _work(options: argparse.Namespace, settings: Settings) -> int:
    from core.runner import work

    return work(settings, options.job)


def _worker(options: argparse.Namespace, settings: Settings) -> int:
    from core.runner import wait_for_jobs

    return wait_for_jobs(settings, options.parent)


# -- the parser ----------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line."""

    def error(self, message: str) -> Any:
        """Print one line and exit with 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def add_commands(commands: Any) -> None:
    """Add every command of this module to an argparse sub-parser group."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace", help="folder Vitrine keeps everything in")
    common.add_argument("--json", action="store_true", help="print one JSON value")

    run = commands.add_parser("run", parents=[common], help="bring a set up to date")
    run.add_argument(
        "source",
        nargs="+",
        help="folder, table, archive, idx or vector file, address, sample:digits; or several",
    )
    run.add_argument("--name", required=True, help="the set's name")
    run.add_argument("--encoder", help="pixels, colour-texture (the default) or timm:…")
    run.add_argument(
        "--map", action="append", choices=("umap", "tsne", "pca"), help="may be repeated"
    )
    run.add_argument("--dims", type=int, choices=(2, 3), help="dimensions of the map")
    run.add_argument("--seed", type=int, help="seed of maps and clusters")
    run.add_argument("--place", action="store_true", help="keep the maps, put new images on them")
    run.add_argument("--device", help="auto, cpu, cuda or mps")
    run.add_argument("--workers", type=int, help="decoding threads")
    run.add_argument("--batch-size", type=int, help="images in a forward pass")
    run.set_defaults(do=_run)

    sets = commands.add_parser("sets", parents=[common], help="list the sets")
    sets.set_defaults(do=_sets)
    info = commands.add_parser("info", parents=[common], help="what is known of a set")
    info.add_argument("name")
    info.set_defaults(do=_info)
    jobs = commands.add_parser("jobs", parents=[common], help="list the jobs")
    jobs.add_argument("--cancel", metavar="ID", help="ask this job to stop")
    jobs.set_defaults(do=_jobs)
    for topic in TOPICS:
        topic.add(commands, common)

    work = commands.add_parser("work", parents=[common])  # started by the job table
    work.add_argument("--job", required=True)
    work.set_defaults(do=_work)
    worker = commands.add_parser("worker", parents=[common])
    worker.add_argument("--parent", type=int, required=True)
    worker.set_defaults(do=_worker)


def perform(options: argparse.Namespace) -> int:
    """Run a parsed command; return the exit code."""
    flags = {
        name: getattr(options, name, None)
        for name in (
            "workspace", "seed", "device", "workers", "batch_size", "host", "port", "behind_proxy",
        )
    }  # fmt: skip
    try:
        code: int = options.do(options, load_settings(flags))
    except (KeyboardInterrupt, JobCancelled):
        print(
            "stopped; what was done is kept, the same command goes on from there", file=sys.stderr
        )
        return 130
    except VitrineError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output is gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse and run a command; return the exit code."""
    parser = Parser(prog="python -m core", description=__doc__.split("\n")[0])
    add_commands(parser.add_subparsers(required=True, metavar="COMMAND"))
    return perform(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
