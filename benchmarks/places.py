"""Is what was pasted into a picture found where it was pasted, and are edits left without colour?

Run as `python -m benchmarks.places SET --workspace FOLDER`. Into each of some pictures a square of
another, a quarter of the frame's side wide, is pasted; the copy is compared with the picture as the
dashboard compares any two. The same with edits that change nothing a person would mark.
"""

import argparse
import io
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from core.config import load_settings
from core.drift.bags import apart
from core.encoders import Encoder, open_encoder
from core.encoders.framing import framed
from core.encoders.places import check_places, patches_of
from core.imaging.decode import Limits, Picture
from core.library import Library
from core.pictures import picture_bytes
from core.search.places import usual_of
from core.storage.catalog import Catalog
from core.storage.store import Workspace

SIDE, SHARE = 224, 4


def seen(encoder: Encoder, frame: Image.Image) -> np.ndarray:
    """Return the features by place of a picture as large as the frame, `(h, w, c)`."""
    picture = Picture(frame, None, frame.width, frame.height, "RGB", "PNG")
    return patches_of(check_places(encoder), np.stack([encoder.prepare(picture)]), detailed=True)[0]


def far(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return how far each place of one is from the nearest of two, `(h, w)`."""
    return apart(one, two.reshape(-1, two.shape[-1]))


def edits(frame: Image.Image) -> dict[str, Image.Image]:
    """Return a picture with small changes."""
    buffer = io.BytesIO()
    frame.save(buffer, "JPEG", quality=60)
    half = frame.resize((SIDE // 2, SIDE // 2)).resize((SIDE, SIDE))
    return {
        "JPEG 60": Image.open(buffer).convert("RGB"),
        "a tenth brighter": ImageEnhance.Brightness(frame).enhance(1.1),
        "half the size": half,
    }


def pasted(frame: Image.Image, other: Image.Image, rng: np.random.Generator) -> tuple[
    Image.Image, tuple[float, float, float]
]:  # fmt: skip
    """Return a picture with a square of another, and the square: left, top, side in 0..1."""
    side = SIDE // SHARE
    left, top, a, b = (int(v) for v in rng.integers(0, SIDE - side, 4))
    made = frame.copy()
    made.paste(other.crop((a, b, a + side, b + side)), (left, top))
    return made, (left / SIDE, top / SIDE, side / SIDE)


def touches(found: np.ndarray, square: tuple[float, float, float]) -> bool:
    """Tell whether the largest place overlaps the square."""
    high, wide = found.shape
    down, across = np.unravel_index(int(found.argmax()), found.shape)
    left, top, side = square
    return bool(
        across / wide < left + side and (across + 1) / wide > left
        and down / high < top + side and (down + 1) / high > top
    )  # fmt: skip


def main() -> None:
    """Paste, edit, compare, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    settings = load_settings({"workspace": str(asked.workspace)})
    workspace = Workspace(asked.workspace)
    opened = Library(workspace).open(asked.name)
    encoder = open_encoder(opened.spec.name)
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    with Catalog(workspace.root / "catalog.sqlite") as hashes:
        middle, usual = usual_of(encoder, opened, limits, hashes)
    if usual is None or middle is None:
        parser.error("the set has too few pictures to tell what is usual")
    rng = np.random.default_rng(asked.seed)
    rows = rng.choice(len(opened), asked.pictures + 1, replace=False).tolist()
    frames = []
    for row in rows:
        data = picture_bytes(opened, row, settings)[0]
        frames.append(framed(Image.open(io.BytesIO(data)), opened.spec, SIDE).resize((SIDE, SIDE)))
    there: list[bool] = []
    inside: list[float] = []
    edited: dict[str, list[float]] = {}
    for frame, other in pairwise(frames):
        own = seen(encoder, frame)
        made, square = pasted(frame, other, rng)
        found = far(seen(encoder, made), own) / usual
        there.append(touches(found, square))
        inside.append(float(found.max()))
        for name, changed in edits(frame).items():
            both = [far(seen(encoder, changed), own), far(own, seen(encoder, changed))]
            edited.setdefault(name, []).append(float(np.max(both)) / usual)
    print(json.dumps({
        "pictures": len(there), "encoder": opened.spec.name, "half of any two": middle / usual,
        "largest place is in the pasted square": float(np.mean(there)),
        "largest place, median": float(np.median(inside)),
        "largest place after an edit, median and 95 %": {
            name: np.quantile(one, [0.5, 0.95]).round(3).tolist() for name, one in edited.items()
        },
    }, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
