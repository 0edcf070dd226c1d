"""What is tuned on what: the set, its units, and which images are held out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.comparing.pictures import with_picture
from core.curation import Desk
from core.encoders import open_encoder
from core.encoders.base import Encoder, EncoderName, parse_name
from core.encoders.tuned import folder_of
from core.errors import InputError, NotFoundError
from core.keys import artefact_key
from core.labelled.values import LabelColumn, label_column
from core.labelling.data import units_in
from core.library import Library
from core.opened.openset import OpenSet
from core.storage.store import Workspace
from core.tuning.request import TuneRequest

#: Raised when the same request would train another encoder.
FORMAT = 1
#: Units that are needed for training, and for the comparison.
FEWEST, FEWEST_HELD = 16, 10
#: Most images that are held out, and that are trained on.
MOST_HELD, MOST_TRAINED = 1_000, 50_000
#: Pictures of 128 px that are shown in all where nobody said how many: some ten minutes of two
#: processors with a small network.
SHOWN = 16_000
MOST_EPOCHS = 50
SIDE = 128


@dataclass(frozen=True, slots=True)
class Subject:
    """A request with everything that it names.

    Attributes
    ----------
    asked
        The request.
    opened, workspace
        The set, and where it lies.
    base
        Name of the encoder to begin with.
    train, held
        Rows that are trained on, and rows that are not, ascending.
    units
        Unit of every row `(n,)`.
    labels
        Labels for the comparison; None where there are none.
    notes
        What was left out, each a sentence.
    """

    asked: TuneRequest
    opened: OpenSet
    workspace: Workspace
    base: EncoderName
    train: np.ndarray
    held: np.ndarray
    units: np.ndarray
    labels: LabelColumn | None
    notes: tuple[str, ...]

    @property
    def memo(self) -> Path:
        """Return the folder where encoders are kept."""
        return self.workspace.root / "encoders"

    @property
    def folder(self) -> Path:
        """Return the folder of the encoder that is made."""
        return folder_of(self.memo, self.asked.to)

    @property
    def unfinished(self) -> Path:
        """Return the folder where checkpoints are kept until it is done."""
        return self.folder.with_name(f"{self.asked.to}.part")


def open_subject(asked: TuneRequest, workspace: Workspace) -> Subject:
    """Open what a request names.

    Raises
    ------
    NotFoundError
        There is no such set or column, or the set was not run yet.
    InputError
        Too few units with pictures, or an encoder that cannot be tuned.
    """
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open(asked.name)
    if opened.neighbors is None:
        raise NotFoundError(f"{opened.title!r} has no vectors yet: run the set first")
    view = desk.view(opened)
    base = base_of(asked, opened.spec.name)
    rows = np.intersect1d(with_picture(opened), view.working)
    units = units_in(opened, workspace)
    train, held, notes = split(rows, units, asked)
    labels = _labels(asked, opened, view)
    return Subject(asked, opened, workspace, base, train, held, units, labels, tuple(notes))


def key_of(subject: Subject, base: Encoder) -> str:
    """Return the key of a tuning: of what is asked, the base, the images and their units."""
    asked = {k: v for k, v in subject.asked.to_json().items() if k not in {"name", "to", "column"}}
    return artefact_key(
        "tuning", FORMAT, {**asked, "base": ""}, base.spec.key, subject.opened.key, subject.train,
        subject.held, subject.units,
    )  # fmt: skip


def open_base(subject: Subject, device: str) -> Encoder:
    """Load the encoder to begin with."""
    return open_encoder(subject.base.text, memo=subject.memo, device=device)


def epochs_of(asked: TuneRequest, n: int, size: int) -> int:
    """Return how often each of n images is looked at: as asked, or bounded by the work it is."""
    if asked.epochs:
        return asked.epochs
    return int(np.clip(round(SHOWN * (SIDE / size) ** 2 / max(1, n)), 1, MOST_EPOCHS))


def base_of(asked: TuneRequest, own: str) -> EncoderName:
    """Return the encoder to begin with, `own` being the set's.

    Raises
    ------
    InputError
        It is none that can be trained.
    """
    name = parse_name(asked.base or own)
    if name.base.partition(":")[0] not in {"timm", "tuned"}:
        whose = "the set's own encoder" if not asked.base else "base"
        raise InputError(
            f"{whose} {name.text!r} cannot be tuned: give base, a timm model as in "
            "timm:mobilenetv2_100.ra_in1k or timm:local-dir:FOLDER"
        )
    given = sorted({"layer", "pool"} & set(name.options))
    if given:
        raise InputError(
            f"base {name.text!r}: a network is tuned as a whole; leave {given[0]} out, and give it "
            f"to the tuned encoder instead, as in tuned:{asked.to}?{given[0]}=…"
        )
    return name


def _labels(asked: TuneRequest, opened: OpenSet, view: Any) -> LabelColumn | None:
    labels = label_column(opened, view, asked.column)
    if not len(labels.known):
        if asked.column is not None:
            raise InputError(f"column {asked.column!r}: no image has a value there")
        return None
    return labels


def split(
    rows: np.ndarray, units: np.ndarray, asked: TuneRequest
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return rows to train on, rows held out, whole units each, and notes.

    Raises
    ------
    InputError
        There are too few units.
    """
    random = np.random.default_rng([asked.seed, 1])
    names, place = np.unique(units[rows], return_inverse=True)
    if len(names) < FEWEST + FEWEST_HELD:
        raise InputError(
            f"{len(rows)} images of {len(names)} units (copies and sequences count once) are too "
            f"few to tune an encoder: {FEWEST + FEWEST_HELD} units are needed"
        )
    sizes = np.bincount(place)
    order = random.permutation(len(names))
    wanted = min(asked.held * len(rows), MOST_HELD)
    after = np.cumsum(sizes[order])
    count = int(np.clip(np.searchsorted(after, wanted) + 1, FEWEST_HELD, len(names) - FEWEST))
    out = np.isin(place, order[:count])
    train, held, notes = rows[~out], rows[out], []
    if len(held) > MOST_HELD:  # one unit may be larger than all that is wanted
        held = np.sort(random.permutation(held)[:MOST_HELD])
    if len(train) > MOST_TRAINED:
        notes.append(f"trained on {MOST_TRAINED:,} of {len(train):,} images, drawn by the seed")
        train = np.sort(random.permutation(train)[:MOST_TRAINED])
    return train, held, notes


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping of numbers as JSON can hold it: null where a number is undefined."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
