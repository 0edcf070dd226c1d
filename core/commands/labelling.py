"""The commands `propagate`, `probe` and `next-batch`."""

import argparse
import json
from typing import Any

from core.commands.printed import print_json
from core.config import Settings


def _run(options: argparse.Namespace, settings: Settings, title: str, **asked: Any) -> Any:
    """Run a job of labels here; return what it says, the workspace, and the set as it is now."""
    from core.__main__ import terminal_progress
    from core.labelling.data import data_of
    from core.quality.label_request import LabelRequest
    from core.runner import open_workspace, run_here

    request = LabelRequest(
        options.name, column=options.column, pool=options.pool, seed=settings.seed, **asked
    )
    workspace = open_workspace(settings)
    data = data_of(request, workspace)  # a wrong name starts no job
    with terminal_progress() as listen:
        said = f"{data.opened.title}: {title}"
        result = run_here(settings, "label", request.to_json(), said, listen)
    return result, workspace, data


# -- propagate -------------------------------------------------------------------------------------


def _propagate(options: argparse.Namespace, settings: Settings) -> int:
    from core.labelled import Labelled, accept

    result, workspace, data = _run(
        options, settings, "propagate labels", do="propagate", precision=options.precision
    )
    found = Labelled(workspace).propagation(result["propagation"])
    accepted = None
    if options.accept and len(found.proposals):
        event = accept(data.desk, data.opened, found)
        accepted = {"event": event.number, "count": event.count}
    if options.json:
        ids, table = data.opened.items["item_id"], found.proposals
        lines = [
            {"item_id": str(ids.iat[row]), "row": row, "label": label, "confidence": confidence}
            for row, label, confidence in zip(
                table["row"].tolist(), table["proposed"].tolist(), table["confidence"].tolist(),
                strict=True,
            )
        ]  # fmt: skip
        print_json(result | {"proposals": lines, "accepted": accepted})
        return 0
    print(result["text"])
    if result["threshold"] is not None:
        print(
            f"  {100 * result['found']:.1f} % of {result['tried']:,} labelled images as sure as "
            f"these were found again by the others (at least {100 * result['low']:.1f} %); "
            f"promised {100 * result['precision']:.0f} %"
        )
    for label, count in result["counts"].items():
        print(f"  {label}: {count:,}")
    _tell(result)
    if accepted:
        print(f"  {accepted['count']:,} images have their label now; undo takes it back")
    elif result["proposed"]:
        print("  nothing is changed: --accept gives the images these labels")
    print(f"  id {result['propagation']}")
    return 0


def _tell(result: dict[str, Any]) -> None:
    for note in result["notes"]:
        print(f"  {note}")


# -- probe -----------------------------------------------------------------------------------------


def _probe(options: argparse.Namespace, settings: Settings) -> int:
    result, _, _ = _run(options, settings, "linear probe", do="probe")
    if options.json:
        print_json(result)
        return 0
    print(result["text"])
    for label, recall in sorted(result["recall"].items(), key=lambda line: line[1]):
        print(f"  {label}: {100 * recall:.1f} %")
    _tell(result)
    print(f"  id {result['probe']}")
    return 0


# -- next-batch ------------------------------------------------------------------------------------


def _batch(options: argparse.Namespace, settings: Settings) -> int:
    from core.labelled import Labelled, NextBatch

    result, workspace, data = _run(
        options, settings, f"next batch of {options.n:,}", do="batch", n=options.n,
        by_lot=options.by_lot,
    )  # fmt: skip
    if options.json:
        found = Labelled(workspace).open(result["batch"])
        assert isinstance(found, NextBatch)
        ids = data.opened.items["item_id"]
        lines = json.loads(found.chosen.to_json(orient="records"))
        print_json(
            result | {"chosen": [{"item_id": str(ids.iat[one["row"]]), **one} for one in lines]}
        )
        return 0
    print(result["text"])
    for name in result["slices"].values():
        print(f"  slice “{name}”")
    _tell(result)
    print(f"  id {result['batch']}")
    return 0


# -- the parser ------------------------------------------------------------------------------------


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the set, or a part as SET/KEY")
    parser.add_argument(
        "--column", metavar="C", help="the column that holds the labels; else the label, as edited"
    )
    parser.add_argument(
        "--pool", default="all", metavar="P",
        help="which images: all (the default), slice:NAME or selection:ID",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, help="seed of everything random")


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `propagate`, `probe` and `next-batch` to an argparse sub-parser group."""
    spread = commands.add_parser(
        "propagate", parents=[common], help="propose labels for images that have none"
    )
    _common(spread)
    spread.add_argument(
        "--precision", type=float, default=0.95, metavar="P",
        help="share of the proposals that must be right (0.95)",
    )  # fmt: skip
    spread.add_argument(
        "--accept", action="store_true", help="give the images the labels proposed for them"
    )
    spread.set_defaults(do=_propagate)
    told = commands.add_parser(
        "probe", parents=[common], help="measure how well labels can be told from the vectors"
    )
    _common(told)
    told.set_defaults(do=_probe)
    batch = commands.add_parser("next-batch", parents=[common], help="choose images to label next")
    _common(batch)
    batch.add_argument("-n", type=int, default=100, metavar="N", help="how many images (100)")
    batch.add_argument(
        "--by-lot", type=float, default=0.2, metavar="S",
        help="share of them drawn by lot, to evaluate on (0.2)",
    )  # fmt: skip
    batch.set_defaults(do=_batch)
