"""The data that flows through Vitrine: frozen records, one for each stage.

`row`, an item's position in its set, is the working index of every array below; `item_id` is its
durable identity. Everything with a `key` can be computed again from what the key names.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

ModelType = Literal[
    "classification",
    "self-supervised",
    "contrastive",
    "detection",
    "segmentation",
    "hand-made",
    "given",
]

#: Item table columns that Vitrine fills itself; all others are metadata as given.
ITEM_COLUMNS = (
    "item_id", "path", "frame", "box_x", "box_y", "box_w", "box_h", "mask",
    "label", "group", "unit", "source", "time",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Region:
    """The part of a file that an item stands for.

    Attributes
    ----------
    box
        x, y, width, height in pixels of the upright (EXIF-oriented) picture; None is all of it.
    mask
        Path of a mask image, relative to the set's root, or an outline as text
        (`core.imaging.shapes`); None is no mask.
    frame
        Zero-based frame, page or array index inside the file; None is the file's first or only.
    """

    box: tuple[float, float, float, float] | None = None
    mask: str | None = None
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A file (or item of a file) that could not be used, and why, in words for a person."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """Everything about an encoder that changes its vectors, and what it is good for.

    `key` covers all fields but `good_for`; two encoders with the same architecture and other
    weights differ in `weights_digest`. `normalised` tells whether the encoder itself returns unit
    vectors; analyses normalise in any case. `metric` tells whether its distances are meant to be
    meaningful.
    """

    name: str
    weights_digest: str
    model_type: ModelType
    dims: int
    input_size: tuple[int, int] | None = None  # height, width
    layer: str = ""
    pooling: str = ""
    crop_pct: float = 1.0
    crop_mode: str = ""
    interpolation: str = ""
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    normalised: bool = False
    metric: bool = True
    good_for: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return the encoder's identity: 32 hex digits."""
        from core.keys import artefact_key

        fields = {n: getattr(self, n) for n in self.__slots__ if n not in {"name", "good_for"}}
        return artefact_key("encoder", fields)


@dataclass(frozen=True, slots=True)
class GivenVectors:
    """Vectors that came with the source: `(n_items, n_dims)` float32, aligned to its item table."""

    vectors: np.ndarray
    spec: EncoderSpec


@dataclass(frozen=True, slots=True)
class Scan:
    """What a source holds before any picture was decoded.

    `items` has the columns of `ITEM_COLUMNS` (missing values where a source says nothing) and
    every metadata column given. `root` is the folder that `path` is relative to.
    """

    kind: Literal["folder", "table", "idx", "vectors"]
    source: str
    root: str
    items: pd.DataFrame
    broken: tuple[BrokenFile, ...] = ()
    given: GivenVectors | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageSet:
    """A set whose every item was decoded once: the rows of every later array."""

    key: str
    root: str
    items: pd.DataFrame
    broken: tuple[BrokenFile, ...] = ()

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors `(n_items, n_dims)` float32 as the encoder gave them, finite and non-zero."""

    key: str
    item_ids: np.ndarray
    spec: EncoderSpec
    vectors: np.ndarray


@dataclass(frozen=True, slots=True)
class Neighbors:
    """Nearest neighbours of every row, itself left out.

    `indices` `(n, k)` int32 and chordal `distances` `(n, k)` float32, ascending; `recall` is 1.0
    where `exact`, else measured on a sample against exact search.
    """

    key: str
    indices: np.ndarray
    distances: np.ndarray
    exact: bool
    recall: float


@dataclass(frozen=True, slots=True)
class ProjectionSpec:
    """How a map is made."""

    method: Literal["pca", "tsne", "umap"]
    dims: int = 2
    seed: int = 0
    n_neighbors: int = 15
    min_dist: float = 0.1
    perplexity: float = 30.0


@dataclass(frozen=True, slots=True)
class Projection:
    """A map: `coordinates` `(n, 2 or 3)` float32 and per-point faithfulness `(n,)` in [0, 1].

    `scores` holds trustworthiness, continuity, knn_recall, knn_recall_chance, shepard, measured
    on `n_scored` items. `parent` is the projection this one was started from, if any. `notice`
    says in words why a map is degenerate; "" if it is not.
    """

    key: str
    spec: ProjectionSpec
    coordinates: np.ndarray
    faithfulness: np.ndarray
    scores: dict[str, float]
    n_scored: int
    parent: str | None = None
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Clustering:
    """Groups of rows.

    `labels` `(n,)` int32 with -1 for noise (themes only); `probabilities` and `outlier_scores`
    `(n,)` float32; `table` one row a cluster: cluster, size, density, diameter and exemplar rows
    (`medoid`, `exemplars`). `kind` is "themes" (HDBSCAN) or "micro" (complete linkage).

    Themes have more, empty for micro-clusters. `nearest` `(n,)` int32 is each row's theme or, for
    noise, the one that it would join (-1 if there is none), `nearest_probability` `(n,)` float32
    its membership there. `tree` is the condensed tree of clusters: node, parent, birth and death
    (λ), size, selected (a theme or -1). `structure` says whether the themes are more than noise
    makes (`core.clusters.structure`).
    """

    key: str
    kind: Literal["themes", "micro"]
    spec: dict[str, Any]
    labels: np.ndarray
    probabilities: np.ndarray
    outlier_scores: np.ndarray
    table: pd.DataFrame
    notice: str = ""
    nearest: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    nearest_probability: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    tree: pd.DataFrame = field(default_factory=pd.DataFrame)
    structure: dict[str, Any] = field(default_factory=dict)
