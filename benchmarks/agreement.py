"""Does an encoder put like beside like? The share of items whose nearest neighbour has their label.

    python -m benchmarks.agreement --source labels.csv --encoder timm:local-dir:FOLDER

The source is anything `run` takes; its vectors are made by the pipeline in a workspace of its own
(or in --workspace, where they may be already) and compared by cosine. Printed beside it is the
share by chance, the sum of the squared label shares.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from core.config import load_settings
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--source", required=True)
    parser.add_argument("--encoder", action="append", required=True)
    parser.add_argument("--workspace", default="")
    parser.add_argument("--column", default="label")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        workspace = Workspace(Path(options.workspace or name))
        settings = load_settings({"workspace": str(workspace.root)})
        for encoder in options.encoder:
            source = str(Path(options.source).absolute())
            summary = run(RunRequest(source, "set", encoder, ("pca",)), workspace, settings)
            opened = Library(workspace).open("set")
            labels = opened.items[options.column].astype(str).to_numpy()
            assert opened.neighbors is not None
            nearest = np.asarray(opened.neighbors.indices)[:, 0]
            share = float((labels[nearest] == labels).mean())
            chance = float((np.unique(labels, return_counts=True)[1] ** 2).sum()) / len(labels) ** 2
            print(
                f"{encoder}: {share:.4f} of {summary['items']:,} nearest neighbours share "
                f"{options.column!r} (chance {chance:.3f})"
            )


if __name__ == "__main__":
    main()
