"""The command `zero-shot`: labels proposed by words."""

import argparse
from pathlib import Path
from typing import Any

from core.commands.printed import print_json
from core.config import Settings
from core.errors import InputError


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to an argparse sub-parser group."""
    told = commands.add_parser(
        "zero-shot", parents=[common], help="propose labels by words, with a text tower"
    )
    told.add_argument("name", help="the set, or a part as SET/KEY")
    told.add_argument(
        "--label", action="append", default=[], metavar="LABEL[=WORDS, WORDS]",
        help="a label, with the words for it; may be repeated; without any, the labels there are",
    )  # fmt: skip
    told.add_argument(
        "--labels-file", metavar="FILE", help="a text file with a label a line, as after --label"
    )
    told.add_argument(
        "--other", action="append", default=[], metavar="WORDS",
        help="words for what should get no label; may be repeated",
    )  # fmt: skip
    told.add_argument(
        "--template", action="append", default=[], metavar="NAME|TEXT",
        help="what stands around the words, as for search; may be repeated",
    )  # fmt: skip
    told.add_argument(
        "--column", metavar="C", help="the column that holds the labels; else the label, as edited"
    )
    told.add_argument(
        "--pool", default="all", metavar="P",
        help="which images: all (the default), slice:NAME or selection:ID",
    )  # fmt: skip
    told.add_argument(
        "--precision", type=float, default=0.95, metavar="P",
        help="share of the proposals that must be right, where known labels can tell (0.95)",
    )  # fmt: skip
    told.add_argument(
        "--least", type=float, default=0.9, metavar="C",
        help="confidence that is enough where too few labels are known to tell (0.9)",
    )  # fmt: skip
    told.add_argument(
        "--accept", action="store_true", help="give the images the labels proposed for them"
    )
    told.add_argument("--seed", type=int, help="seed of everything random")
    told.add_argument("--device", help="auto, cpu, cuda or mps")
    told.set_defaults(do=do)


def do(options: argparse.Namespace, settings: Settings) -> int:
    """Propose labels by words and print what was proposed; return the exit code."""
    from core.__main__ import terminal_progress
    from core.labelled import Labelled, accept
    from core.labelling.data import data_of
    from core.quality.words_request import WordsRequest, labels_in
    from core.runner import open_workspace, run_here

    lines = [*options.label, *_lines(options.labels_file)]
    request = WordsRequest(
        options.name, labels_in(lines, "="), tuple(options.other), tuple(options.template),
        options.column, options.pool, options.precision, options.least, settings.seed,
    )  # fmt: skip
    workspace = open_workspace(settings)
    data = data_of(request.base(), workspace)  # a wrong name starts no job
    with terminal_progress() as listen:
        title = f"{data.opened.title}: labels by words"
        result = run_here(settings, "label", request.to_json(), title, listen)
    found = Labelled(workspace).propagation(result["propagation"])
    accepted = None
    if options.accept and len(found.proposals):
        event = accept(data.desk, data.opened, found)
        accepted = {"event": event.number, "count": event.count}
    if options.json:
        print_json(result | {"proposals": _proposals(data, found), "accepted": accepted})
    else:
        _tell(result, accepted)
    return 0


def _lines(path: str | None) -> list[str]:
    """Return the lines of a file of labels; [] without one."""
    if path is None:
        return []
    try:
        return Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--labels-file {path}: cannot be read as text: {error}") from None


def _proposals(data: Any, found: Any) -> list[dict[str, Any]]:
    """Return the proposals as JSON values, the surest first."""
    ids, table = data.opened.items["item_id"], found.proposals
    return [
        {"item_id": str(ids.iat[row]), "row": row, "label": label, "confidence": confidence}
        for row, label, confidence in zip(
            table["row"].tolist(), table["proposed"].tolist(), table["confidence"].tolist(),
            strict=True,
        )
    ]  # fmt: skip


def _tell(result: dict[str, Any], accepted: dict[str, Any] | None) -> None:
    """Print for a person what was proposed, how sure it is, and how to take it over."""
    print(result["text"])
    if result["learned"] and result["tried"]:
        print(
            f"  {100 * result['found']:.1f} % of {result['tried']:,} images as sure as these have "
            f"the label told (at least {100 * result['low']:.1f} %); promised "
            f"{100 * result['precision']:.0f} %"
        )
    if result["known"]:
        print(
            f"  of all {result['known']:,} images with a known label, words tell "
            f"{100 * result['accuracy']:.1f} %"
        )
    for label, count in result["counts"].items():
        print(f"  {label}: {count:,}")
    for note in [*result["notes"], *([result["notice"]] if result["notice"] else [])]:
        print(f"  {note}")
    if accepted:
        print(f"  {accepted['count']:,} images have their label now; undo takes it back")
    elif result["proposed"]:
        print("  nothing is changed: --accept gives the images these labels")
    print(f"  id {result['propagation']}")
