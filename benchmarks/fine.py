"""Small defects: how well they are found by place, beside scores of whole vectors.

    python -m benchmarks.fine FOLDER --encoder E [--share .04] [--side 16]
        [--pictures 400] [--seed 0] [--clean 0]

Up to so many pictures of a folder are copied; in a share of them a square with a `side`th of the
shorter side is painted at a random place: black where it is light, white where it is dark. The
copies are run as a set in a temporary workspace, and each method ranks them. Printed is the area
under the ROC curve of the marked ones, how many of them are among as many listed, how often the
place that is told lies in the square or next to it, and processor seconds. With --clean, so large a
share of the unmarked pictures is known to be clean, and the others are tested against it at a false
discovery rate of .2.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from core.checking import run_quality
from core.checking.outliers import read_outliers
from core.config import Settings, load_settings
from core.curation import Desk
from core.encoders import describe
from core.encoders.places import seen
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace

ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}


def mark(image: Image.Image, part: int, rng: np.random.Generator) -> tuple[float, float]:
    """Paint a square into a picture; return its middle, across and down in 0..1."""
    side = max(2, min(image.size) // part)
    # the middle half of the frame, which no encoder crops away
    left = int(rng.integers(image.width // 4, 3 * image.width // 4 - side))
    top = int(rng.integers(image.height // 4, 3 * image.height // 4 - side))
    box = (left, top, left + side, top + side)
    light = np.asarray(image.crop(box).convert("L")).mean() > 127
    image.paste((0, 0, 0) if light else (255, 255, 255), box)
    return (left + side / 2) / image.width, (top + side / 2) / image.height


def main() -> int:
    """Print a line a method."""
    from sklearn.metrics import roc_auc_score

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--share", type=float, default=0.04)
    parser.add_argument("--side", type=int, default=16)
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clean", type=float, default=0.0)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    files = sorted(path for path in asked.folder.rglob("*") if path.suffix.lower() in ENDINGS)
    if not files:
        parser.error(f"{asked.folder} has no pictures")
    chosen = [files[at] for at in np.sort(rng.permutation(len(files))[: asked.pictures])]
    marked = rng.permutation(len(chosen))[: max(1, round(asked.share * len(chosen)))]
    with tempfile.TemporaryDirectory() as name:
        root, where = Path(name), {}
        (root / "pictures").mkdir()
        for row, path in enumerate(chosen):
            image = Image.open(path).convert("RGB")
            if row in marked:
                where[row] = (*mark(image, asked.side, rng), image.width, image.height)
            image.save(root / "pictures" / f"{row:05d}.png", compress_level=1)
        settings = load_settings({"workspace": str(root / "workspace")})
        workspace = Workspace(settings.workspace)
        run(RunRequest(str(root / "pictures"), "set", encoder=asked.encoder, maps=("pca",)),
            workspace, settings)  # fmt: skip
        spec = describe(asked.encoder, memo=workspace.root / "encoders")
        truth = np.isin(np.arange(len(chosen)), marked)
        print(f"{len(chosen)} pictures, {len(marked)} marked, 1/{asked.side} of the shorter side")
        for method in ("rank", "isolation", "places"):
            start = time.process_time()
            told = run_quality(
                {"name": "set", "topics": ["outliers"], "outliers": method, "seed": asked.seed,
                 "share": len(marked) / len(chosen)}, workspace, settings,
            )  # fmt: skip
            table = read_outliers(workspace, told["keys"]["outliers"]).table
            score = table["score"].to_numpy(float)
            hit = int(truth[np.argsort(-score)[: len(marked)]].sum())
            line = f"{method:10} AUROC {roc_auc_score(truth, score):.3f}, {hit} among the first"
            if method == "places" and spec is not None:
                near = 0
                for row, (x, y, wide, high) in where.items():
                    left, top, part_x, part_y = seen(spec, wide, high)
                    at = (x - left) / part_x, (y - top) / part_y
                    found = table.loc[row, ["across", "down"]].to_numpy(float)
                    near += bool(np.abs(found - at).max() <= 0.15)
                line += f", told place at the mark in {near / len(where):.0%}"
            print(f"{line}, {time.process_time() - start:.0f} processor s")
        if asked.clean:
            print(tested(workspace, settings, truth, asked.clean, rng))
    return 0


def tested(
    workspace: Workspace,
    settings: Settings,
    truth: np.ndarray,
    share: float,
    rng: np.random.Generator,
) -> str:
    """Test the pictures against some of the unmarked ones; return what was found, in words."""
    desk, opened = Desk(workspace), Library(workspace).open("set")
    others = np.flatnonzero(~truth)
    clean = rng.permutation(others)[: round(share * len(others))]
    desk.act(opened, "slice.create", rows=np.sort(clean).tolist(), name="clean", how="unmarked")
    told = run_quality(
        {"name": "set", "topics": ["outliers"], "outliers": "places", "reference": "clean",
         "q": 0.2}, workspace, settings,
    )  # fmt: skip
    found = read_outliers(workspace, told["keys"]["outliers"])
    hit = int(truth[found.rows].sum())
    p = found.table["p"].to_numpy(float)[~truth]
    p = p[np.isfinite(p)]
    return (
        f"tested against {len(clean)} clean ones at q = .2: {hit} of {truth.sum()} found and "
        f"{len(found.rows) - hit} others; p ≤ .1 for {(p <= 0.1).mean():.0%} of {len(p)} unmarked"
    )


if __name__ == "__main__":
    sys.exit(main())
