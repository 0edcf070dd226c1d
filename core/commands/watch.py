"""The command `watch`: embed what arrives in a source, onto the maps there are."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core.commands.printed import print_json
from core.config import Settings
from core.errors import InputError, JobCancelled, VitrineError

_LEAST, _EVERY = 0.1, 10.0
#: Files that cannot be used that are named after each run.
_SHOWN = 5


@dataclass(slots=True)
class Watch:
    """Looks at a source again and again, and runs when something came and nothing is coming.

    Attributes
    ----------
    look
        Returns what the source holds now; raises `VitrineError` while it is out of reach.
    run
        Brings the set up to date; raises `VitrineError` where it cannot.
    complain
        Told what went wrong in a round; the next may go well.
    """

    look: Callable[[], Any]
    run: Callable[[], None]
    complain: Callable[[VitrineError], None]
    _done: Any = None
    _before: Any = None

    def first(self) -> None:
        """Look and run for the first time: what is wrong now is the person's to mend."""
        self._before = self.look()
        if self._before:
            self.run()
        self._done = self._before

    def round(self) -> bool:
        """Look once; run where something changed and is as it was at the last look.

        Returns
        -------
        bool
            Whether the set was brought up to date.
        """
        try:
            now = self.look()
            settled, self._before = now == self._before, now
            if now == self._done or not settled:
                return False
            self._done = now  # a run that fails is not tried again until something changes
            self.run()
        except JobCancelled:
            raise
        except VitrineError as error:
            self.complain(error)
            return False
        return True


def _watch(options: argparse.Namespace, settings: Settings) -> int:
    from core.ingest.changes import look
    from core.ingest.naming import canonical, shown
    from core.request import RunRequest, default_encoder, last_request
    from core.runner import open_workspace, run_here

    if not options.every >= _LEAST:
        raise InputError(f"--every {options.every}: at least {_LEAST} seconds")
    source = canonical(options.source)
    known = last_request(open_workspace(settings), options.name)
    encoder = options.encoder or known.get("encoder") or default_encoder(source)
    maps = tuple(dict.fromkeys(options.map or known.get("maps") or ["umap"]))
    dims = options.dims or known.get("dims") or 2
    request = RunRequest(
        source, options.name, encoder, maps, dims, known.get("seed", settings.seed), place=True
    ).to_json()

    def run() -> None:
        title = f"{options.name}: {encoder}"
        result = run_here(settings, "run", request, title, lambda _: None)
        print_json(result) if options.json else _tell(result)
        sys.stdout.flush()

    def complain(error: VitrineError) -> None:
        print(f"error: {' '.join(str(error).split())}; still watching", file=sys.stderr, flush=True)

    with _until_told(options.name):
        watch = Watch(lambda: look(source), run, complain)
        watch.first()
        told = f"watching {shown(source)} every {options.every:g} s; Ctrl+C stops"
        print(told, file=sys.stderr, flush=True)
        left = options.rounds
        while left is None or left > 0:
            time.sleep(options.every)
            watch.round()
            left = None if left is None else left - 1
    return 0


@contextmanager
def _until_told(name: str) -> Iterator[None]:
    """End without a fault at Ctrl+C and SIGTERM, also in the middle of a run."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)  # a run sets a handler that raises `JobCancelled`
    try:
        yield
    except (KeyboardInterrupt, JobCancelled):
        print(f"stopped watching; {name} has what was embedded so far", file=sys.stderr, flush=True)


def _tell(result: dict[str, Any]) -> None:
    line = f"{result['set']}: {result['items']:,} items, {result['encoded']:,} new"
    told = result.get("placed")
    if told:
        line += (
            f", {told['placed']:,} placed since the maps were made, {told['off_map']:,} off them"
        )
    print(line)
    for broken in result["broken"][:_SHOWN]:
        print(f"  not usable: {broken['path']}: {broken['reason']}")
    if len(result["broken"]) > _SHOWN:
        print(f"  and {len(result['broken']) - _SHOWN:,} more")


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `watch` to an argparse sub-parser group."""
    watch = commands.add_parser(
        "watch", parents=[common], help="embed what arrives in a source until stopped"
    )
    watch.add_argument("source", nargs="+", help="as for run: a folder, an address, or several")
    watch.add_argument("--name", required=True, help="the set's name")
    watch.add_argument(
        "--every", type=float, default=_EVERY, metavar="S", help="seconds of a round"
    )
    watch.add_argument("--rounds", type=int, metavar="N", help="stop after so many rounds")
    watch.add_argument("--encoder", help="as for run; the set's own by default")
    watch.add_argument("--map", action="append", choices=("umap", "tsne", "pca"))
    watch.add_argument("--dims", type=int, choices=(2, 3), help="dimensions of the map")
    watch.add_argument("--device", help="auto, cpu, cuda or mps")
    watch.set_defaults(do=_watch)
