"""Sets that hold the same pictures, for tests of what links them: made once a session."""

import shutil

from making import Finished, picture, run_here

#: Pictures of the sets "moths" and "texture", and how many of them "half" holds too.
TOTAL, HALF = 48, 30


def make_linked(factory) -> Finished:
    """Return a workspace of four sets of small pictures, each with a PCA map.

    "moths" and "texture" hold the same 48 under two encoders, "moths" with a t-SNE map too; one
    picture is there twice. "half" holds 30 of them, in another order, and 6 others. "other" holds
    none.
    """
    base = factory.getbasetemp() / "linked"
    if base.exists():
        return Finished(base / "ws", {})
    for seed in range(TOTAL - 1):
        label = "moth" if seed % 2 else "wasp"
        save(base / "all" / label / f"{seed:02}.png", seed)
        if seed < HALF:
            save(base / "half" / label / f"{99 - seed:02}.png", seed)
    shutil.copy(base / "all" / "wasp" / "00.png", base / "all" / "wasp" / "twin.png")
    for seed in range(500, 506):
        save(base / "half" / "new" / f"{seed}.png", seed)
        save(base / "other" / "new" / f"{seed + 10}.png", seed + 10)
    for name, folder, encoder, method in (
        ("moths", "all", "pixels", "tsne"),
        ("texture", "all", "colour-texture", "pca"),
        ("half", "half", "pixels", "pca"),
        ("other", "other", "pixels", "pca"),
    ):
        run_here(base / folder, name, encoder=encoder, maps=(method,), workspace=base / "ws")
    return Finished(base / "ws", {})


def save(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed).save(path)
