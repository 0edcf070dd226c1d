"""How themes are stored with what belongs to them, and themes with options that a person chose."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core.analyse import clusters_of, theme_options, theme_space_of
from core.clusters import themes as themes_module
from core.clusters.themes import find_themes
from core.config import load_settings
from core.keys import artefact_key
from core.neighbors import find_neighbors
from core.progress import Progress
from core.storage.records import pack_clustering, unpack_clustering
from core.storage.store import Workspace


@pytest.fixture(scope="module")
def made():
    """Six groups; the coordinates in which they are found are given, so UMAP is not needed."""
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(6), 40)
    points = 8 * np.eye(12)[truth] + rng.normal(size=(240, 12))
    vectors = np.hstack([points, np.full((240, 1), 25.0)]).astype(np.float32)
    space = np.hstack([points[:, :6], rng.normal(size=(240, 4))]).astype(np.float32)
    return vectors, find_neighbors(vectors, key="graph", k=30), space


@pytest.fixture
def state(made, tmp_path, monkeypatch):
    """A run on a workspace; `laid_out` counts the layouts made."""
    laid_out = []

    def layout(*given, **options):
        laid_out.append(1)
        return made[2]

    monkeypatch.setattr(themes_module, "umap_layout", layout)
    workspace = Workspace(tmp_path / "ws")
    return SimpleNamespace(
        record={"clusterings": {}}, request=SimpleNamespace(seed=0), workspace=workspace,
        settings=load_settings({}, {}), progress=Progress(), save=lambda: None, laid_out=laid_out,
    )  # fmt: skip


def test_themes_are_read_back_with_all_that_belongs_to_them(made, tmp_path):
    vectors, graph, space = made
    found = find_themes(vectors, graph, key="a" * 32, space=space)
    workspace = Workspace(tmp_path / "ws")

    workspace.write("clustering", found.key, **pack_clustering(found))
    read = unpack_clustering(workspace.read("clustering", found.key))

    assert len(found.table) == 6
    assert found.structure["verdict"] == "structure"
    for name in ("labels", "nearest", "nearest_probability", "probabilities"):
        assert np.array_equal(getattr(read, name), getattr(found, name))
        assert getattr(read, name).dtype == getattr(found, name).dtype
    assert read.tree.equals(found.tree)
    assert read.structure == found.structure


def test_micro_clusters_have_neither_tree_nor_verdict(made, tmp_path):
    found = find_themes(*made[:2], key="b" * 32, space=made[2])
    micro = replace(found, kind="micro", structure={})
    workspace = Workspace(tmp_path / "ws")

    workspace.write("clustering", micro.key, **pack_clustering(micro))
    read = unpack_clustering(workspace.read("clustering", micro.key))

    assert not len(read.nearest)
    assert not len(read.tree)
    assert read.structure == {}


def test_options_change_the_themes_and_their_key_but_lay_out_nothing_again(made, state):
    vectors, graph, space = made
    usual = clusters_of(state, "themes", vectors, graph)
    before = state.record["clusterings"]["themes"]

    state.record["theme_options"] = {"min_cluster_size": 41, "min_samples": None}
    few = clusters_of(state, "themes", vectors, graph)
    state.record["theme_options"] = {}
    again = clusters_of(state, "themes", vectors, graph)

    assert before == artefact_key("clustering", "graph", {"kind": "themes", "seed": 0})
    assert few.key != usual.key == again.key
    assert few.spec["min_cluster_size"] == 41
    assert len(usual.table) == 6 > len(few.table)
    assert len(state.laid_out) == 1
    assert np.array_equal(theme_space_of(state, vectors, graph), space)


def test_options_are_whole_numbers_of_those_that_were_chosen():
    assert theme_options({}) == theme_options({"theme_options": None}) == {}
    chosen = {"min_cluster_size": 12.0, "min_samples": None, "other": 3}
    assert theme_options({"theme_options": chosen}) == {"min_cluster_size": 12}
