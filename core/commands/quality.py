"""The command `quality`: what may be wrong with a set."""

import argparse
from typing import Any

from core.commands.printed import print_json
from core.config import Settings


def _quality(options: argparse.Namespace, settings: Settings) -> int:
    from core.__main__ import terminal_progress
    from core.checking.subject import open_to_check
    from core.quality.request import TOPICS, QualityRequest
    from core.runner import open_workspace, run_here

    request = QualityRequest(
        options.name,
        tau=options.tau,
        turned=options.turned,
        column=options.column,
        unit=options.unit,
        reference=options.reference,
        outliers=options.outliers,
        per_class=options.per_class,
        others=tuple(options.against or ()),
        q=options.q,
        share=options.share,
        seed=settings.seed,
        topics=tuple(options.only or TOPICS),
    )
    workspace = open_workspace(settings)
    data = open_to_check(request, workspace)  # a wrong name starts no job
    with terminal_progress() as listen:
        title = f"{data.opened.title}: check"
        result = run_here(settings, "quality", request.to_json(), title, listen)
    decided = _decided(data.opened.name, result["topics"], workspace)
    if options.json:
        print_json(_whole(result, data.opened, workspace) | decided)
    else:
        _tell(result, decided)
    return 0


def _decided(name: str, topics: list[str], workspace: Any) -> dict[str, Any]:
    """Return how much of what was found is decided, and the set before and after in words."""
    from core.curation import Desk
    from core.findings import Findings
    from core.library import Library

    desk, findings = Desk(workspace), Findings(workspace)
    opened = Library.with_desk(workspace, desk).open(name)
    check = findings.check(opened)
    if check is None or check.stale:
        return {"decided": {}, "before": "", "after": ""}
    summary = findings.summary(opened, desk.view(opened), check)
    told = {
        topic: {word: getattr(summary.topics[topic], word) for word in ("found", "open", "decided")}
        for topic in topics
        if topic in summary.topics
    }
    return {"decided": told, "before": summary.before, "after": summary.after}


def _whole(result: dict[str, Any], opened: Any, workspace: Any) -> dict[str, Any]:
    """Return every finding of the topics that were looked for, and what is told of them."""
    from core.checking.record import read_record
    from core.checking.result import TOLD_BY, findings_of

    kinds = {TOLD_BY[topic] for topic in result["topics"]}
    keys = {kind: key for kind, key in result["keys"].items() if kind in kinds}
    record = read_record(workspace, opened.name).get("quality") or {}
    head = {name: result[name] for name in ("set", "items", "imageset", "topics", "keys")}
    told = {topic: result[topic] for topic in result["topics"]}
    found = findings_of(opened, keys, workspace, record.get("pictures"))
    return {**head, **found, "told": told, "seconds": result["seconds"]}


# -- in words --------------------------------------------------------------------------------------


def _tell(result: dict[str, Any], decided: dict[str, Any]) -> None:
    """Print what a check found for a person."""
    print(f"{result['set']}: {_some(result['items'], 'item', 'items')} checked")
    for topic in result["topics"]:
        _TELL[topic](result[topic])
        if result[topic].get("notice"):
            print(f"  {result[topic]['notice']}")
    for text in (decided["before"], decided["after"]):
        if text:
            print(text)


def _tell_duplicates(found: dict[str, Any]) -> None:
    words = {"identical": "identical files", "pixels": "identical pixels",
             "near": "near-duplicates", "turned": "mirrored or turned"}  # fmt: skip
    told = [
        f"{words[level]}: {_some(count['groups'], 'group', 'groups')}, "
        f"{_some(count['copies'], 'copy', 'copies')}"
        for level, count in found["counts"].items()
    ]
    print("duplicates: " + "; ".join(told))
    print(f"  τ = {found['threshold']:.4f} ({found['source']}). {found['text']}")
    if found["leaks"]:
        leaks = _some(found["leaks"], "image has", "images have")
        print(f"  {leaks} a copy in another split, slice or set")


def _some(count: int, one: str, many: str) -> str:
    """Return a count with its word: "1 group", "2 copies"."""
    return f"{count:,} {one if count == 1 else many}"


def _tell_outliers(found: dict[str, Any]) -> None:
    print(f"outliers: {found['text']}")


def _tell_pictures(found: dict[str, Any]) -> None:
    held = [(name, one) for name, one in found["issues"].items() if one["count"]]
    told = [f"{name.replace('_', ' ')} {one['count']:,}" for name, one in held]
    print("pictures: " + (", ".join(told) or "nothing found"))
    for name, one in held:
        if one["unsuited"]:
            print(f"  {name.replace('_', ' ')}: {one['unsuited']}")


def _tell_labels(found: dict[str, Any]) -> None:
    if not found["labelled"]:
        print("labels: none")
        return
    print(
        f"labels: {found['issues']:,} of {found['labelled']:,} are probably wrong "
        f"({found['column']}, {found['classes']:,} classes, {found['effective']:.1f} effective)"
    )
    ber = found["ber"]
    if ber:
        low, high = 100 * ber["lower"], 100 * ber["upper"]
        print(f"  least error estimated between {low:.1f} % and {high:.1f} %")


_TELL = {"duplicates": _tell_duplicates, "outliers": _tell_outliers, "pictures": _tell_pictures,
         "labels": _tell_labels}  # fmt: skip


# -- the parser ------------------------------------------------------------------------------------


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `quality` to an argparse sub-parser group."""
    from core.quality.request import METHODS, TOPICS

    quality = commands.add_parser(
        "quality", parents=[common], help="look for duplicates, outliers, faults, wrong labels"
    )
    quality.add_argument("name", help="the set, or a part as SET/KEY")
    quality.add_argument(
        "--only", action="append", choices=TOPICS, help="look for this only; may be repeated"
    )
    quality.add_argument(
        "--tau", type=float, metavar="D", help="distance of near-duplicates; else it is learned"
    )
    quality.add_argument(
        "--turned", action="store_true", help="also look for mirrored and turned copies"
    )
    quality.add_argument("--column", metavar="C", help="the column of labels; else the label")
    quality.add_argument("--unit", metavar="C", help="what has one value here belongs together")
    quality.add_argument(
        "--reference", metavar="SLICE", help="a slice known to be clean: outliers are tested"
    )
    quality.add_argument(
        "--outliers", default="rank", choices=METHODS, help="how outliers are ranked"
    )
    quality.add_argument(
        "--per-class", action="store_true", help="compare each image with those of its label"
    )
    quality.add_argument(
        "--against", action="append", metavar="SET", help="look for copies in another set; "
        "may be repeated",
    )  # fmt: skip
    quality.add_argument(
        "--q", type=float, default=0.05, help="false discovery rate against the reference"
    )
    quality.add_argument(
        "--share", type=float, default=0.01, help="share listed where there is no reference"
    )
    quality.add_argument("--seed", type=int, help="seed of everything random")
    quality.set_defaults(do=_quality)
