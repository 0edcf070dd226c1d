"""Objects of an annotated set: do their kinds separate, and are swapped labels found?

Run as `python -m benchmarks.objects voc:FOLDER --encoder NAME --workspace FOLDER`; minutes on a
processor, for the vectors. Prints the objects that cannot be used, the share of neighbours of the
same label, the labels of each theme, and what a check finds of labels of which one in twenty was
swapped.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.checking.job import run_quality
from core.config import Settings, load_settings
from core.library import Library, OpenSet
from core.pipeline import run
from core.progress import Progress
from core.quality.request import QualityRequest
from core.request import RunRequest
from core.storage.store import Workspace

SWAPPED = 0.05


def neighbours(opened: OpenSet) -> dict[str, Any]:
    """Return how many of the nearest have the same label: one, ten, and one of another picture."""
    labels = opened.items["label"].astype(str).to_numpy()
    pictures = opened.items["picture"].astype(str).to_numpy()
    assert opened.neighbors is not None
    near = np.asarray(opened.neighbors.indices)
    same = labels[near] == labels[:, None]
    other = pictures[near] != pictures[:, None]
    first = same[np.arange(len(near)), other.argmax(axis=1)]
    kinds = np.unique(labels)
    return {
        "nearest": _by_kind(same[:, 0], labels, kinds),
        "ten nearest": _by_kind(same[:, :10].mean(axis=1), labels, kinds),
        "nearest of another picture": _by_kind(first, labels, kinds),
        "nearest is of the same picture": round(float(1 - other[:, 0].mean()), 4),
    }


def on_map(opened: OpenSet, name: str, k: int = 10) -> dict[str, float]:
    """Return how many of the ten nearest on a map have the same label."""
    labels = opened.items["label"].astype(str).to_numpy()
    places = np.asarray(opened.projection(name).coordinates, np.float64)
    same = np.empty(len(labels))
    for start in range(0, len(labels), 512):
        part = places[start : start + 512]
        far = np.square(part[:, None] - places[None]).sum(axis=2)
        far[np.arange(len(part)), start + np.arange(len(part))] = np.inf
        near = np.argpartition(far, k, axis=1)[:, :k]
        same[start : start + len(part)] = (
            labels[near] == labels[start : start + len(part), None]
        ).mean(axis=1)
    return _by_kind(same, labels, np.unique(labels))


def _by_kind(share: np.ndarray, labels: np.ndarray, kinds: np.ndarray) -> dict[str, float]:
    found = {"all": round(float(share.mean()), 4)}
    return found | {str(kind): round(float(share[labels == kind].mean()), 4) for kind in kinds}


def swap(opened: OpenSet, target: Path, seed: int = 0) -> np.ndarray:
    """Write the objects as a table of boxes, one label in twenty another; return which were."""
    items, rng = opened.items, np.random.default_rng(seed)
    labels = items["label"].astype(str).to_numpy().copy()
    kinds = np.unique(labels)
    swapped = rng.choice(len(labels), round(SWAPPED * len(labels)), replace=False)
    truth = labels.copy()
    for row in swapped:
        labels[row] = rng.choice([kind for kind in kinds if kind != truth[row]])
    sides = {side: items[f"object_{side}"] for side in "xywh"}
    frame = pd.DataFrame({"path": items["path"], **sides, "label": labels, "truth": truth})
    frame.to_csv(target, index=False)
    return swapped


def issues(opened: OpenSet, workspace: Workspace, settings: Settings) -> dict[str, Any]:
    """Return what a check of labels lists, and how much of that was swapped."""
    asked = QualityRequest(opened.name, topics=("labels",)).to_json()
    key = run_quality(asked, workspace, settings, Progress())["keys"]["labelcheck"]
    found = workspace.read("labelcheck", key).tables["issues"]
    truth = opened.items["truth"].astype(str).to_numpy()
    wrong = opened.items["label"].astype(str).to_numpy() != truth
    rows = found["row"].to_numpy(int)
    right = found["proposed"].astype(str).to_numpy()[wrong[rows]] == truth[rows][wrong[rows]]
    return {
        "swapped": int(wrong.sum()),
        "listed": len(rows),
        "swapped among them": int(wrong[rows].sum()),
        "recall": round(float(wrong[rows].sum() / wrong.sum()), 4),
        "precision": round(float(wrong[rows].mean()), 4) if len(rows) else None,
        "right label proposed": round(float(right.mean()), 4) if len(right) else None,
    }


def main() -> None:
    """Run the set and the one with swapped labels, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("--encoder", default="colour-texture")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--map", choices=("pca", "umap", "tsne"), default="pca")
    options = parser.parse_args()
    settings = load_settings({"workspace": str(options.workspace)})
    workspace = Workspace(options.workspace)
    library = Library(workspace)
    told = run(
        RunRequest(options.source, "objects", options.encoder, (options.map,)), workspace, settings
    )
    opened = library.open("objects")
    themes = opened.clustering("themes")
    found: dict[str, Any] = {"items": told["items"], "broken": told["broken"]}
    found["neighbours"] = neighbours(opened)
    found[f"ten nearest on the map ({options.map})"] = on_map(opened, options.map)
    if themes is not None:
        counted = pd.crosstab(opened.items["label"].astype(str), np.asarray(themes.labels))
        found["labels by theme"] = {
            str(kind): {str(theme): int(n) for theme, n in row.items()}
            for kind, row in counted.iterrows()
        }
    table = options.workspace / "swapped.csv"
    swap(opened, table)
    source = f"boxes:{table.absolute()}?images={opened.root}"
    again = run(RunRequest(source, "swapped", options.encoder, ("pca",)), workspace, settings)
    found["encoded for the swapped set"] = again["encoded"]
    found["label issues"] = issues(library.open("swapped"), workspace, settings)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
