"""The clusters of an opened set: as found and as a person split, merged and named them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from core.clusters.sparse import Crowd, crowd_of
from core.clusters.stability import stability_key
from core.clusters.sweep import sweep_key
from core.errors import ArtifactCorruptError, InputError, NotFoundError
from core.model import Clustering
from core.opened.cards import (
    ClusterCard,
    Details,
    cards_of,
    group_of,
    joined_labels,
    name_themes,
)
from core.opened.members import find_members
from core.opened.splits import ThemeSplit, apply_splits
from core.opened.trust import Check, Trust, check_label, commonest, trust_of
from core.opened.values import ExtraColumns
from core.storage.records import unpack_clustering
from core.storage.store import Artefact, Workspace
from core.storage.vectors import VectorCache

if TYPE_CHECKING:
    from core.opened.openset import OpenSet

ThemeNames = Callable[["OpenSet", str], Mapping[int, str]]
ThemeMerges = Callable[["OpenSet", str], Sequence[Sequence[int]]]
ThemeSplits = Callable[["OpenSet", str], Sequence[ThemeSplit]]

Kinds = Literal["themes", "micro"]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a person decided about a set, asked for whenever it is shown.

    `extra_columns` returns columns by name, each its kind and one value a row; `theme_names` the
    names given to the themes of the clustering with this key; `theme_merges` the groups of them
    that were made one; `theme_splits` those that were split.
    """

    extra_columns: ExtraColumns | None = None
    theme_names: ThemeNames | None = None
    theme_merges: ThemeMerges | None = None
    theme_splits: ThemeSplits | None = None


@dataclass(slots=True)
class _Kept:
    """What was read or made once: stored results by key, others for as long as they are true."""

    stored: dict[tuple[str, str], Any] = field(default_factory=dict)
    made: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def make(self, what: str, state: Any, make: Callable[[], Any]) -> Any:
        """Return what is made, made anew when `state` is another than before."""
        kept = self.made.get(what)
        if kept is None or kept[0] != state:
            kept = (state, make())
            self.made[what] = kept
        return kept[1]


class Clustered:
    """What an opened set knows of its clusters; a base of `OpenSet`."""

    _workspace: Workspace
    _record: Mapping[str, Any]
    _hooks: Hooks
    _clusterings: dict[str, str]
    _groups: _Kept

    def _begin(self, record: Mapping[str, Any], hooks: Hooks | None) -> None:
        self._hooks = hooks or Hooks()
        self._clusterings = dict(record["clusterings"])
        self._groups = _Kept()

    @property
    def _here(self) -> Any:
        """The opened set itself."""
        return self

    def _stored(self, kind: str, key: str | None) -> Artefact | None:
        """Return a stored result, kept once it was read; None while it is not there."""
        if key is None:
            return None
        kept: Artefact | None = self._groups.stored.get((kind, key))
        if kept is None and self._workspace.has(kind, key):
            kept = self._workspace.read(kind, key)
            self._groups.stored[kind, key] = kept
        return kept

    # -- as found and as split -------------------------------------------------------------------

    def clustering_as_found(self, kind: str = "themes") -> Clustering | None:
        """Return the themes or micro-clusters as they were computed, whatever was split since."""
        stored = self._stored("clustering", self._clusterings.get(kind))
        if stored is None:
            return None
        found: Clustering = self._groups.make(
            f"{kind} as found", stored.key, lambda: unpack_clustering(stored)
        )
        return found

    def clustering(self, kind: str = "themes") -> Clustering | None:
        """Return the themes or the micro-clusters; None while they are not computed.

        Themes that a person split are split; the key stays that of the themes as found.
        """
        found = self.clustering_as_found(kind)
        if found is None or kind != "themes":
            return found
        splits = self._splits(found.key)
        if not splits:
            return found
        made: Clustering = self._groups.make(
            "themes as split",
            (found.key, *(split.mark for split in splits)),
            lambda: apply_splits(found, splits, self._here.neighbors, self._vectors),
        )
        return made

    def _splits(self, key: str) -> tuple[ThemeSplit, ...]:
        hook = self._hooks.theme_splits
        return tuple(hook(self._here, key)) if hook is not None else ()

    def _vectors(self, rows: np.ndarray) -> np.ndarray:
        """Return the vectors of some rows."""
        spec = self._here.spec
        cache = VectorCache(self._workspace.root / "vectors" / spec.key, spec)
        return cache.load(self._here.items["item_id"].iloc[rows].tolist())

    def split_marks(self) -> tuple[str, ...]:
        """Return what changes whenever a theme is split, or a split is undone."""
        key = self._clusterings.get("themes")
        return () if key is None else (key, *(split.mark for split in self._splits(key)))

    def cluster_rows(self, label: int, kind: str = "themes") -> np.ndarray:
        """Return a cluster's rows, ascending, with those merged with it; -1 is what none holds.

        Raises
        ------
        NotFoundError
            There is no such cluster.
        """
        clustering = self.clustering(kind)
        group = list(group_of(label, self.merged() if kind == "themes" else ()))
        rows = np.flatnonzero(np.isin(clustering.labels, group)) if clustering else np.zeros(0)
        if clustering is None or (not len(rows) and label != -1):
            raise NotFoundError(f"no cluster {label} among the {kind} of {self._here.name!r}")
        return rows

    def theme_names(self) -> tuple[str, ...]:
        """Return the name of every theme: "Theme 1" and so on, or what a person called it."""
        themes = self.clustering("themes")
        if themes is None:
            return ()
        names = self._hooks.theme_names
        given = names(self._here, themes.key) if names else {}
        return name_themes(len(themes.table), given, self.merged())

    def merged(self) -> list[tuple[int, ...]]:
        """Return the groups of themes that a person made one, each ascending."""
        key, merges = self._clusterings.get("themes"), self._hooks.theme_merges
        if key is None or merges is None or not self._workspace.has("clustering", key):
            return []
        return [tuple(group) for group in merges(self._here, key)]

    # -- cards -----------------------------------------------------------------------------------

    def cluster_cards(self, kind: str = "themes") -> list[ClusterCard]:
        """Return each cluster, the largest first, merged themes as one; -1, if there is, last."""
        clustering = self.clustering(kind)
        if clustering is None:
            return []
        names = self.theme_names() if kind == "themes" else _group_names(clustering)
        groups = tuple(self.merged()) if kind == "themes" else ()
        return cards_of(clustering, names, self._details(kind, clustering, groups), groups)

    def crowd(self, kind_of: Crowd = "sparse") -> list[ClusterCard]:
        """Return the micro-clusters that are "sparse", "dense" or "single".

        Those that show it most come first; [] while there are none. See `core.clusters.sparse`.
        """
        micro = self.clustering("micro")
        if micro is None:
            return []
        chosen = crowd_of(micro.table, kind_of).tolist()
        return cards_of(micro, _group_names(micro), self._details("micro", micro, ()), only=chosen)

    def _details(
        self, kind: str, clustering: Clustering, groups: tuple[tuple[int, ...], ...]
    ) -> Details:
        """Return what cards tell beside the table."""
        marks = self.split_marks() if kind == "themes" else (clustering.key,)
        state = (marks, groups)

        def label() -> dict[int, dict[str, tuple[str, float]]]:
            items: pd.DataFrame = self._here.items
            if "label" not in items or items["label"].isna().all():
                return {}
            found = commonest(joined_labels(clustering.labels, groups), items["label"])
            return {number: {"label": value[:2]} for number, value in found.items()}

        purity = self._groups.make(f"label of {kind}", state, label)
        members = self._groups.make(
            f"members of {kind}",
            state,
            lambda: find_members(joined_labels(clustering.labels, groups), self._here.neighbors),
        )
        trust = self.trust(kind)
        return Details(purity, members, trust.stability if trust else {})

    # -- how far they may be believed ------------------------------------------------------------

    def _measured(self, kind: str, key: str) -> Artefact | None:
        """Return a stored measurement; None where there is none, or a damaged one (`damage`)."""
        try:
            return self._stored(kind, key)
        except ArtifactCorruptError:
            return None

    def damage(self) -> list[str]:
        """Return for each damaged measurement of the clusters which file it is and what to do."""
        told = []
        found = [self.clustering_as_found(kind) for kind in ("themes", "micro")]
        wanted = [("stability", stability_key(one.key, self._seed)) for one in found if one]
        for kind, key in wanted + [("sweep", sweep_key(one.key)) for one in found[:1] if one]:
            try:
                self._stored(kind, key)
            except ArtifactCorruptError as error:
                told.append(str(error))
        return told

    def trust(self, kind: str = "themes") -> Trust | None:
        """Return how firm the clusters are; None while that is not measured."""
        found = self.clustering_as_found(kind)
        if found is None:
            return None
        stored = self._measured("stability", stability_key(found.key, self._seed))
        if stored is None:
            return None
        splits = self._splits(found.key) if kind == "themes" else ()
        gone = sorted({theme for split in splits for theme in split.themes})
        trust: Trust = self._groups.make(
            f"trust of {kind}", (stored.key, gone), lambda: trust_of(stored, gone)
        )
        return trust

    @property
    def _seed(self) -> int:
        return int(self._record["request"].get("seed", 0))

    def sweep(self) -> pd.DataFrame | None:
        """Return what other least sizes of a theme would give; None while it is not computed.

        One row a size; see `core.clusters.sweep`.
        """
        found = self.clustering_as_found("themes")
        stored = self._measured("sweep", sweep_key(found.key)) if found is not None else None
        return None if stored is None else stored.tables["sweep"]

    def tree(self) -> pd.DataFrame | None:
        """Return the condensed tree of the themes as found; None where there is none."""
        tree = getattr(self.clustering_as_found("themes"), "tree", None)
        return tree if tree is not None and len(tree) else None

    def structure(self) -> dict[str, Any] | None:
        """Return what was found on whether the set has groups at all; None if not computed."""
        found = getattr(self.clustering_as_found("themes"), "structure", None)
        return dict(found) if found else None

    def nearest_theme(self, row: int) -> tuple[int, float] | None:
        """Return the theme that an item is in or would join, and how likely; None if none."""
        themes = self.clustering("themes")
        nearest = getattr(themes, "nearest", None)
        self._here.check_row(row)
        if themes is None or nearest is None or len(nearest) <= row or nearest[row] < 0:
            return None
        theme = int(nearest[row])
        first = group_of(theme, self.merged())[0]
        return first, float(themes.nearest_probability[row])

    # -- against columns -------------------------------------------------------------------------

    def purity(self, kind: str, column: str) -> dict[int, tuple[str, float, int]]:
        """Return each cluster's commonest value of a column.

        Parameters
        ----------
        kind
            "themes" or "micro".
        column
            Any column of categories or texts.

        Returns
        -------
        dict
            By cluster (merged ones by their first; -1 is what no theme holds): the value, its
            share of the items that have one, and how many have one.

        Raises
        ------
        NotFoundError
            There is no such column.
        InputError
            It holds numbers.
        """
        clustering = self.clustering(kind)
        found = self._here.column(column)
        if found.kind == "number":
            raise InputError(f"column {column!r}: purity needs categories, it holds numbers")
        if clustering is None:
            return {}
        groups = self.merged() if kind == "themes" else []
        return commonest(joined_labels(clustering.labels, groups), self._here.values(column))

    def relabel_check(self, kind: str, cluster: int, label: str) -> Check:
        """Return what labelling all of a cluster, as it is now, would change.

        Raises
        ------
        NotFoundError
            There is no such cluster.
        """
        rows = self.cluster_rows(cluster, kind)
        return check_label(self._labels().iloc[rows], label.strip())

    def _labels(self) -> pd.Series:
        """Return each item's label, with what a person edited."""
        extra, items = self._hooks.extra_columns, self._here.items
        edited = extra(self._here).get("label, edited") if extra is not None else None
        if edited is not None:
            return edited[1]
        if "label" in items:
            return items["label"]
        return pd.Series([None] * len(items), dtype="string")


def _group_names(micro: Clustering) -> tuple[str, ...]:
    return tuple(f"Group {number + 1}" for number in range(len(micro.table)))
