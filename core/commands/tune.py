"""The command `tune`: an encoder tuned to one's own images, compared with the one it began as."""

import argparse
from typing import Any

from core.commands.printed import print_json
from core.config import Settings


def _tune(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.runner import open_workspace, run_here
    from core.tuning.request import TuneRequest
    from core.tuning.subject import open_subject

    given = {
        name: getattr(options, name)
        for name in ("method", "epochs", "minutes", "size", "batch", "rate", "held", "jitter",
                     "crop", "column")
        if getattr(options, name) is not None
    }  # fmt: skip
    request = TuneRequest(
        options.name, options.to or f"{options.name.replace('/', '-').replace(' ', '-')}",
        options.base or "", seed=settings.seed, **given,
    )  # fmt: skip
    open_subject(request, open_workspace(settings))  # a wrong name starts no job
    with terminal_progress() as listen:
        title = f"{options.name}: tune {request.to}"
        result = run_here(settings, "tune", request.to_json(), title, listen)
    if options.json:
        print_json(result)
        return 0
    _tell(result)
    return 0


def _tell(result: dict[str, Any]) -> None:
    """Print what was made, and before and after, for a person."""
    losses = result["losses"]
    print(
        f"{result['encoder']}: {result['base']} tuned on {result['images']:,} images of "
        f"{result['units']:,} units, {result['epochs']} epochs, "
        f"loss {losses[0]:.3g} to {losses[-1]:.3g}, {result['seconds'] / 60:.1f} minutes"
    )
    compared = result["comparison"]
    print(compared["text"])
    for line in compared["lines"]:
        low, high = ("–" if line[end] is None else f"{line[end]:+.3f}" for end in ("low", "high"))
        print(
            f"  {line['title']}: {line['before']:.3f} before, {line['after']:.3f} after, "
            f"{line['difference']:+.3f} ({low} to {high}): {line['verdict']}"
        )
    for note in (*result["notes"], *compared["notes"]):
        print(f"  {note}")


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `tune` to an argparse sub-parser group."""
    from core.tuning.request import METHODS

    tune = commands.add_parser(
        "tune", parents=[common], help="tune an encoder to your images, without labels"
    )
    tune.add_argument("name", help="the set, or a part as SET/KEY")
    tune.add_argument("--as", dest="to", metavar="NAME", help="name it; else after the set")
    tune.add_argument("--base", help="the encoder to begin with: timm:… or tuned:…; else the set's")
    tune.add_argument("--method", choices=tuple(METHODS), help="simclr (the default), vicreg, byol")
    tune.add_argument("--epochs", type=int, help="how often each image is seen; else by the work")
    tune.add_argument("--minutes", type=float, help="end training after so many; 30")
    tune.add_argument("--size", type=int, help="side of the views in pixels; 128")
    tune.add_argument("--batch", type=int, help="images in a step; 64")
    tune.add_argument("--rate", type=float, help="learning rate; 1e-4")
    tune.add_argument("--held", type=float, help="share held out for the comparison; 0.2")
    tune.add_argument("--jitter", type=float, help="strength of colour changes, 0 to 1; 0.5")
    tune.add_argument("--crop", type=float, help="least share of a picture in a view; 0.2")
    tune.add_argument("--column", help="labels that the comparison uses; else the label, as edited")
    tune.add_argument("--seed", type=int, help="seed of everything random")
    tune.add_argument("--device", help="auto, cpu, cuda or mps")
    tune.set_defaults(do=_tune)
