"""Whether small things show: a small mark in a picture, against changes that mean nothing.

A square a sixteenth as wide as the picture is made light where it is dark, and dark where it is
light. An encoder that sees fine detail moves the picture further by that than by saving it as
JPEG, by a shift of one pixel, or by a little more or less light.
"""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from core.checking.pieces import in_pieces
from core.comparing.pictures import load_row, with_picture
from core.config import Settings
from core.encoders import open_encoder
from core.encoders.base import Encoder
from core.errors import DecodeError, EncoderUnavailableError
from core.imaging.decode import Limits, Picture
from core.imaging.files import FileHashes
from core.imaging.nuisance import changes, shift_of
from core.imaging.perturb import TRANSFORMS, Transform
from core.judging.bench import Seat
from core.judging.figure import Figure, between, nothing, percent, share_of_means
from core.progress import Progress
from core.storage.catalog import Catalog
from core.storage.store import Workspace

STAGE = "fine detail"
#: Pictures that are marked, how many are in hand, and the mark's side as a share of the picture's.
SAMPLE, BATCH, MARK = 120, 8, 1 / 16
#: Brightness from which a mark is dark.
MIDDLE = 128


def fine_detail(
    seat: Seat, workspace: Workspace, settings: Settings, progress: Progress, seed: int
) -> Figure:
    """Return how often a small mark moves a picture further than harmless changes do.

    Returns
    -------
    Figure
        The mean over pictures of the share of four harmless changes that the mark exceeds; .5 is
        what an encoder that sees neither reaches.
    """
    opened = seat.opened
    if seat.spec.model_type == "given":
        return nothing("The vectors came with the set, so no marked picture can be encoded.")
    rows = np.random.default_rng(seed).permutation(with_picture(opened))[:SAMPLE]
    try:
        encoder = open_encoder(
            opened.spec.name, memo=workspace.root / "encoders", device=settings.device
        )
    except EncoderUnavailableError as error:
        return nothing(f"The encoder cannot be opened: {error}")
    if encoder.spec.key != seat.spec.key:
        return nothing("The encoder has other weights or options now: run the set again.")
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    found: dict[int, float] = {}
    with Catalog(workspace.root / "catalog.sqlite") as hashes:

        def work(part: Sequence[int]) -> dict[int, float]:
            return _marked(seat, encoder, part, limits, hashes, seed)

        workers = settings.n_workers if encoder.concurrent else 1
        for part in in_pieces(rows.tolist(), BATCH, workers, work):
            found |= part
            progress.report(STAGE, len(found), len(rows))
    if len(found) < 10:
        return nothing("Fewer than ten pictures could be marked and encoded.")
    value, low, high, count = share_of_means(np.array(list(found.values())))
    text = (
        f"A mark a sixteenth as wide as the picture moves it further than a harmless change in "
        f"{percent(value)}{between(low, high)} of cases."
    )
    return Figure(value, low, high, 0.5, count, text, {}, found)


def harmless(picture: Picture, seen: int | None) -> list[Transform]:
    """Return the changes that mean nothing: JPEG, a shift by one pixel of the input, light."""
    shift = changes(1, shift_of(picture.image.width, seen))["shift"]
    return [TRANSFORMS["jpeg60"], shift, TRANSFORMS["gain_up"], TRANSFORMS["gain_down"]]


def mark(at: tuple[float, float]) -> Callable[[Image.Image], Image.Image]:
    """Return what puts a square into a picture, at a place given as shares of its sides."""

    def put(image: Image.Image) -> Image.Image:
        side = max(1, round(min(image.size) * MARK))
        left, top = (
            round(share * (long - side)) for share, long in zip(at, image.size, strict=True)
        )
        box = (left, top, left + side, top + side)
        values = np.asarray(image.crop(box).convert("L"))
        made = image.copy()
        made.paste((0, 0, 0) if values.mean() >= MIDDLE else (255, 255, 255), box)
        return made

    return put


def _marked(
    seat: Seat,
    encoder: Encoder,
    rows: Sequence[int],
    limits: Limits,
    hashes: FileHashes,
    seed: int,
) -> dict[int, float]:
    """Return for each row the share of harmless changes that its mark exceeds."""
    inputs: list[np.ndarray] = []
    read: list[int] = []
    for row in rows:
        try:
            picture = load_row(seat.opened, row, limits, hashes, encoder.at_least)
        except (DecodeError, OSError, MemoryError):
            continue
        read.append(row)
        at = np.random.default_rng([seed, row]).uniform(0.3, 0.7, 2)
        marked = Transform("mark", "", mark((float(at[0]), float(at[1]))))
        spec = encoder.spec.input_size
        several = [marked, *harmless(picture, spec[1] if spec else None)]
        inputs += [encoder.prepare(picture), *(encoder.prepare(one.of(picture)) for one in several)]
    if not inputs:
        return {}
    vectors = np.asarray(encoder.encode(np.stack(inputs)), np.float64)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        cases = (vectors / length).reshape(-1, 6, vectors.shape[1])
    apart = np.linalg.norm(cases[:, 1:] - cases[:, :1], axis=2)
    good = np.isfinite(apart).all(axis=1)
    further = apart[good, :1] > apart[good, 1:]
    same = np.isclose(apart[good, :1], apart[good, 1:], rtol=0, atol=1e-7)
    means = np.where(same, 0.5, further).mean(axis=1)
    return dict(zip(np.array(read)[good].tolist(), means.tolist(), strict=True))
