"""The command `clusters`: which groups there are, how firm they are, and what can be done to them.

Without flags it lists them.
"""

import argparse
from typing import Any

from core.commands.printed import print_json
from core.config import Settings
from core.errors import InputError


def _clusters(options: argparse.Namespace, settings: Settings) -> int:
    from core.curation import Desk
    from core.library import Library
    from core.runner import open_workspace

    requests = _requests(options)
    workspace = open_workspace(settings)
    desk = Desk(workspace)
    library = Library.with_desk(workspace, desk)
    known = library.open(options.name)  # a wrong name or theme starts no job
    if options.split is not None:
        known.cluster_rows(options.split)
    done = [_perform(request, settings) for request in requests]
    opened = library.open(options.name)
    labelled = _label(options, desk, opened)
    if options.json:
        found = {one["do"]: one for one in done} | ({"labelled": labelled} if labelled else {})
        print_json({**_listed(opened, options.kind), **found})
        return 0
    for one in done:
        print("\n".join(_told(one)))
    if labelled:
        print(labelled["text"])
    if not done and not labelled:
        _list(opened, options.kind)
    return 0


def _requests(options: argparse.Namespace) -> list[Any]:
    """Return the jobs that the flags ask for."""
    from core.clusters.request import RegroupRequest

    chosen = {"min_cluster_size": options.min_cluster_size, "min_samples": options.min_samples}
    changes = options.apply or options.split is not None
    if any(value is not None for value in chosen.values()) and not changes:
        raise InputError("--min-cluster-size and --min-samples need --apply or --split")
    if options.apply and options.split is not None:
        raise InputError("--apply and --split: one at a time, the second would see other themes")
    if (options.label is None) != (options.cluster is None):
        raise InputError("--label and --cluster go together: label a whole cluster")
    found = []
    if options.apply:
        found.append(RegroupRequest(options.name, "themes", **chosen))
    if options.split is not None:
        found.append(RegroupRequest(options.name, "split", cluster=options.split, **chosen))
    if options.stability:
        found.append(RegroupRequest(options.name, "stability", options.kind))
    if options.sweep:
        found.append(RegroupRequest(options.name, "sweep"))
    return found


def _perform(request: Any, settings: Settings) -> dict[str, Any]:
    """Run one job to its end, as a page would."""
    from core.__main__ import terminal_progress
    from core.runner import run_here

    titles = {"stability": "stability", "sweep": "sweep", "themes": "themes", "split": "split"}
    title = f"{request.name}: {titles[request.do]}"
    with terminal_progress() as listen:
        return run_here(settings, "clusters", request.to_json(), title, listen)


def _label(options: argparse.Namespace, desk: Any, opened: Any) -> dict[str, Any] | None:
    """Label a whole cluster in one act and return what that changed; None if it is not asked."""
    if options.label is None:
        return None
    check = opened.relabel_check(options.kind, options.cluster, options.label)
    rows = opened.cluster_rows(options.cluster, options.kind)
    event = desk.act(opened, "relabel", rows, label=options.label)
    other = ", ".join(f"{count:,} × {value}" for value, count in check.other[:5])
    text = (
        f"{check.count:,} images labelled “{options.label}”: {check.same:,} had it, "
        f"{check.unlabelled:,} had none" + (f"; it replaces {other}" if other else "")
    )
    return {
        "event": event.number, "count": check.count, "same": check.same, "other": check.other,
        "unlabelled": check.unlabelled, "text": text,
    }  # fmt: skip


# -- what is printed -------------------------------------------------------------------------------


def _listed(opened: Any, kind: str) -> dict[str, Any]:
    """Return the clusters as JSON."""
    clustering = opened.clustering(kind)
    trust = opened.trust(kind)
    if clustering is None:
        return {"set": opened.name, "kind": kind, "clustering": None, "clusters": []}
    return {
        "set": opened.name,
        "kind": kind,
        "clustering": clustering.key,
        "notice": clustering.notice,
        "structure": opened.structure() if kind == "themes" else None,
        "clusters": [_card_value(card) for card in opened.cluster_cards(kind)],
        "trust": None
        if trust is None
        else {
            "ari": trust.ari, "noise": trust.noise, "runs": trust.runs, "used": trust.used,
            "method": trust.method, "notice": trust.notice,
        },
    }  # fmt: skip


def _card_value(card: Any) -> dict[str, Any]:
    """Return one cluster as JSON."""
    firm = card.stability
    return {
        "cluster": card.cluster, "name": card.name, "size": card.size,
        "share": round(card.share, 6), "density": card.density, "diameter": card.diameter,
        "medoid": card.medoid, "exemplars": card.exemplars, "typical": card.typical,
        "border": card.border,
        "purity": {name: list(found) for name, found in card.purity.items()},
        "stability": None
        if firm is None
        else {"jaccard": firm.jaccard, "low": firm.low, "state": firm.state},
    }  # fmt: skip


def _list(opened: Any, kind: str) -> None:
    """Print one line a cluster; of micro-clusters the largest twenty."""
    clustering = opened.clustering(kind)
    if clustering is None:
        print(f"{opened.name} has no {kind} yet; run it to its end")
        return
    if clustering.notice:
        print(clustering.notice)
    cards = opened.cluster_cards(kind)
    for card in cards if kind == "themes" else cards[:20]:
        label = card.purity.get("label")
        pure = f", {100 * label[1]:.0f} % {label[0]}" if label else ""
        firm = ""
        if card.stability:  # rounded down: .4999 is no .50, which would be shaky
            firm = f", {card.stability.state} ({int(card.stability.jaccard * 100) / 100:.2f})"
        print(f"{card.cluster:>4} {card.name}: {card.size:,} images{pure}{firm}")
    if kind == "micro":
        ones = len(opened.crowd("single"))
        print(f"{len(cards):,} micro-clusters, {ones:,} of them of one image")


def _told(done: dict[str, Any]) -> list[str]:
    """Return what a job found, in lines."""
    if done["do"] == "stability":
        ari = "" if done["ari_mean"] is None else f", agreement (ARI) {done['ari_mean']:.2f}"
        return [
            f"{done['firm']:,} firm, {done['shaky']:,} shaky, {done['dissolved']:,} dissolved{ari}",
            *(text for text in (done["method"], done["notice"]) if text),
        ]
    if done["do"] == "sweep":
        return [_size_line(line) for line in done["sizes"]]
    if done["do"] == "themes":
        head = f"{done['count']:,} themes of {done['min_cluster_size']:,} images or more"
        return [
            f"{head}, {100 * done['noise_share']:.0f} % unassigned",
            *filter(None, [done["notice"]]),
        ]
    if not done["sizes"]:
        return [done["notice"]]
    parts = ", ".join(
        f"{number} ({size:,} images)"
        for number, size in zip(done["into"], done["sizes"], strict=True)
    )
    rest = f"; {done['rest']:,} images are in no part" if done["rest"] else ""
    return [f"theme {done['cluster']} is split into {parts}{rest}"]


def _size_line(line: dict[str, Any]) -> str:
    here = " (now)" if line["current"] else ""
    cliff = "; cliff to the next" if line["cliff"] else ""
    return (
        f"{line['min_cluster_size']:>6} images or more: {line['clusters']:,} clusters, "
        f"{100 * line['noise_share']:.0f} % unassigned{here}{cliff}"
    )


# -- the parser ------------------------------------------------------------------------------------


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `clusters` to an argparse sub-parser group."""
    clusters = commands.add_parser(
        "clusters", parents=[common], help="list clusters, test them, find or split them again"
    )
    clusters.add_argument("name", help="the set or part")
    clusters.add_argument("--kind", choices=("themes", "micro"), default="themes")
    clusters.add_argument(
        "--stability", action="store_true", help="find them again in parts of the set"
    )
    clusters.add_argument("--sweep", action="store_true", help="try other least sizes of a theme")
    clusters.add_argument("--min-cluster-size", metavar="N", type=int, help="least size of a theme")
    clusters.add_argument(
        "--min-samples", metavar="N", type=int, help="neighbours in a dense place"
    )
    clusters.add_argument(
        "--apply", action="store_true", help="find the themes again; without sizes the usual way"
    )
    clusters.add_argument(
        "--split", metavar="K", type=int, help="look for themes inside theme K, counted from 0"
    )
    clusters.add_argument(
        "--cluster", metavar="K", type=int, help="the cluster that --label is for"
    )
    clusters.add_argument("--label", metavar="TEXT", help="label a whole cluster in one act")
    clusters.set_defaults(do=_clusters)
