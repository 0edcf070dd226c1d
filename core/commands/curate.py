"""The commands `curate` and `split`: which images to take, and how to divide a set."""

import argparse
from typing import Any

from core.commands.printed import print_json
from core.config import Settings
from core.errors import InputError

# -- curate ----------------------------------------------------------------------------------------


def _curate(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.choices import Choices, CurateRequest, strategy_name
    from core.choosing import choice_json, data_of
    from core.runner import open_workspace, run_here

    request = CurateRequest(
        options.name,
        strategy_name(options.strategy),
        options.budget,
        options.pool,
        tuple(options.without or ()),
        options.scenario,
        options.labelled,
        settings.seed,
        options.column,
        options.alpha,
        options.beta,
        options.gamma,
        options.edge_share,
        strategy_name(options.inside),
        options.clean,
        options.slice or "",
    )
    workspace = open_workspace(settings)
    data = data_of(request.name, workspace)  # a wrong name starts no job
    title = f"{data.opened.title}: choose {request.budget}"
    with terminal_progress() as listen:
        result = run_here(settings, "curate", request.to_json(), title, listen)
    if options.json:
        choice = Choices(workspace).open(result["choice"])
        print_json(result | choice_json(choice, data.opened))
    else:
        _tell_choice(result)
    return 0


def _tell_choice(result: dict[str, Any]) -> None:
    """Print a choice for a person."""
    random, other = result["random"], result["independent"]
    held = f", slice “{result['slice']}”" if result["slice"] else ""
    print(f"{result['count']:,} of {result['pool']:,} chosen{held}")
    print(f"  {result['verdict']['sentence']}")
    print(
        f"  micro-clusters covered: {result['covered']:,} of {result['clusters']:,}; at random "
        f"{random['mean']:,.1f} ± {random['sd']:.1f}"
    )
    print(
        f"  independent groups: {other['covered']:,} of {other['clusters']:,}; at random "
        f"{other['random']['mean']:,.1f} ± {other['random']['sd']:.1f}"
    )
    for note in result["notes"]:
        print(f"  {note}")
    print(f"  id {result['choice']}")


# -- split -----------------------------------------------------------------------------------------


def _shares(text: str) -> tuple[float, float, float]:
    """Return the shares of train, validation and test that "70/15/15" says."""
    try:
        numbers = [float(one.strip().removesuffix("%")) for one in text.split("/")]
    except ValueError:
        numbers = []
    if len(numbers) == 2:
        numbers.insert(1, 0.0)
    if len(numbers) != 3:
        raise InputError(f"--shares {text!r}: give three numbers such as 70/15/15, or two")
    return numbers[0], numbers[1], numbers[2]


def _split(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.choices import Choices, SplitRequest
    from core.choosing import data_of
    from core.runner import open_workspace, run_here

    request = SplitRequest(
        options.name,
        *_shares(options.shares),
        pool=options.pool,
        without=tuple(options.without or ()),
        seed=settings.seed,
        column=options.column,
        unit=options.unit,
        tau=options.tau,
        candidates=options.candidates,
        slices=options.slices or "",
    )
    workspace = open_workspace(settings)
    opened = data_of(request.name, workspace).opened
    with terminal_progress() as listen:
        result = run_here(settings, "split", request.to_json(), f"{opened.title}: split", listen)
    if options.json:
        kept, ids = Choices(workspace).open_splits(result["splits"]), opened.items["item_id"]
        held = {name: ids.iloc[kept.rows(name)].astype(str).tolist() for name in result["counts"]}
        print_json(result | held)
    else:
        _tell_splits(result)
    return 0


def _tell_splits(result: dict[str, Any]) -> None:
    """Print a division for a person."""
    for name, count in result["counts"].items():
        held = f", slice “{result['slices'][name]}”" if name in result["slices"] else ""
        print(f"{name}: {count:,}{held}")
    proof = result["proof"]
    print(
        f"  {proof['pairs_within_tau']} of {proof['pairs_across']:,} pairs across splits are "
        f"within {proof['tau']:.4f}; {result['groups']:,} groups stayed whole, the largest of "
        f"{result['largest_group']:,}"
    )
    for note in result["notes"]:
        print(f"  {note}")
    print(f"  id {result['splits']}")


# -- the parser ------------------------------------------------------------------------------------


def _add_pool(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the set, or a part as SET/KEY")
    parser.add_argument(
        "--pool", default="all", metavar="P",
        help="where to choose from: all (the default), unlabelled, slice:NAME or selection:ID",
    )  # fmt: skip
    parser.add_argument(
        "--without", action="append", metavar="SLICE", help="leave a slice out; may be repeated"
    )
    parser.add_argument("--seed", type=int, help="seed of everything random")


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `curate` and `split` to an argparse sub-parser group."""
    _add_curate(commands, common)
    _add_split(commands, common)


def _add_curate(commands: Any, common: argparse.ArgumentParser) -> None:
    curate = commands.add_parser("curate", parents=[common], help="choose images of a set")
    _add_pool(curate)
    curate.add_argument(
        "--budget", default="10%", metavar="N",
        help="how many: 500, 10%% of the pool (the default), or “until 1%%”",
    )  # fmt: skip
    curate.add_argument(
        "--strategy", default="representative", metavar="S",
        help="representative (the default), coverage, extremes, low-budget, density, balanced or "
        "edges",
    )  # fmt: skip
    curate.add_argument(
        "--scenario", default="first", metavar="S",
        help="first (the default), next (go on from what is labelled) or test",
    )  # fmt: skip
    curate.add_argument(
        "--labelled", metavar="SLICE", help="what is labelled (next) or chosen before (test)"
    )
    curate.add_argument("--column", metavar="C", help="balanced: the column; else the label")
    curate.add_argument(
        "--inside", default="representative", metavar="S", help="balanced: the strategy inside"
    )
    curate.add_argument("--alpha", type=float, default=0.5, help="coverage: quota ∝ size^alpha")
    curate.add_argument("--beta", type=float, help="density: chance ∝ distance² × density^beta")
    curate.add_argument("--gamma", type=float, help="balanced: number ∝ size^gamma")
    curate.add_argument("--edge-share", type=float, default=0.2, help="edges: share of edge cases")
    curate.add_argument(
        "--clean", action=argparse.BooleanOptionalAction, help="take near-duplicates out first"
    )
    curate.add_argument("--slice", metavar="NAME", help="keep the images as a slice of this name")
    curate.set_defaults(do=_curate)


def _add_split(commands: Any, common: argparse.ArgumentParser) -> None:
    split = commands.add_parser("split", parents=[common], help="divide a set without leaks")
    _add_pool(split)
    split.add_argument(
        "--shares", default="70/15/15", metavar="A/B/C",
        help="train, validation and test; 80/20 makes no validation split",
    )  # fmt: skip
    split.add_argument("--column", metavar="C", help="stratify by this column; else by the label")
    split.add_argument("--unit", metavar="C", help="keep together what has the same value here")
    split.add_argument("--tau", type=float, metavar="D", help="distance of near-duplicates")
    split.add_argument("--candidates", type=int, default=200, metavar="N", help="divisions to try")
    split.add_argument(
        "--slices", metavar="WORD", help="keep the splits as the slices “WORD train” and so on"
    )
    split.set_defaults(do=_split)
