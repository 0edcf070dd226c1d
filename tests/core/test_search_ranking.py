"""Ranking by examples: known answers, an independent oracle, and queries that last."""

import json
import shutil
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import NearestNeighbors

from core import space
from core.config import load_settings
from core.errors import ArtifactCorruptError, InputError, NotFoundError
from core.model import EncoderSpec
from core.neighbors import find_neighbors
from core.search import Searches, searches
from core.search.ranking import chordal, distances_from, nearest_first, usual_distance
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

RNG = np.random.default_rng(0)


class Bench:
    """A workspace, and sets of it made from vectors."""

    def __init__(self, root):
        self.settings = load_settings({"workspace": str(root)}, {})
        self.workspace = Workspace(root)
        self.search = Searches(self.workspace, self.settings)

    def set_of(self, vectors, key="a" * 32, k=0, name="bench"):
        """Store vectors as a set whose row i is item i, with neighbours if k is given."""
        vectors = np.asarray(vectors, np.float32)
        spec = EncoderSpec(name, key, "hand-made", vectors.shape[1])
        ids = [f"{key}-{row:06d}" for row in range(len(vectors))]
        cache = VectorCache(self.workspace.root / "vectors" / spec.key, spec)
        with cache.writer():
            if cache.missing(ids):
                cache.append(ids, vectors)
        graph = find_neighbors(vectors, key="n", k=k) if k else None
        return OpenedSet(name, key, spec, pd.DataFrame({"item_id": ids}), graph)


class OpenedSet(SimpleNamespace):
    """What searching asks of an open set."""

    def __init__(self, name, key, spec, items, neighbors):
        super().__init__(name=name, key=key, spec=spec, items=items, neighbors=neighbors)

    def __len__(self):
        return len(self.items)

    def check_row(self, row):
        if not 0 <= row < len(self):
            raise NotFoundError(f"no item {row}")
        return row


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "ws")
    yield made
    made.search.close()


def on_circle(*degrees):
    """Return vectors at these angles, of different lengths: only direction may count."""
    turn = np.deg2rad(degrees)
    lengths = 1 + np.arange(len(degrees))[:, None] % 3
    return np.stack([np.cos(turn), np.sin(turn)], axis=1) * lengths


def arc(degrees):
    """Return the chord of an angle on the unit circle."""
    return 2 * np.sin(np.deg2rad(degrees) / 2)


# -- the ranking ---------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [0, 123, 399])
def test_one_example_ranks_as_an_exact_neighbour_search_does(bench, row):
    vectors = RNG.normal(size=(400, 24)) + 0.4
    found = bench.search.start(bench.set_of(vectors), [row])
    unit = vectors.astype(np.float32).astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    oracle = NearestNeighbors(algorithm="brute", metric="euclidean").fit(unit)
    distances, order = oracle.kneighbors(unit[row : row + 1], n_neighbors=400)
    np.testing.assert_allclose(found.distances, distances[0], atol=1e-6)
    np.testing.assert_array_equal(found.order, order[0])
    assert (found.order[0], found.distances[0]) == (row, 0)


def test_distances_are_good_even_where_vectors_nearly_agree(bench):
    tiny = [0, 1e-3, 2e-3, 1e-2]
    found = bench.search.start(bench.set_of(on_circle(*tiny)), [0])
    np.testing.assert_allclose(found.distances, arc(tiny), atol=1e-7)


def test_the_example_comes_before_equal_items_and_these_by_row(bench):
    found = bench.search.start(bench.set_of(on_circle(50, 10, 50, 10, 10)), [3])
    assert found.order.tolist() == [3, 1, 4, 0, 2]
    assert found.distances[:3].tolist() == [0, 0, 0]


def test_examples_in_two_groups_find_both_and_not_what_lies_between(bench):
    found = bench.search.start(bench.set_of(on_circle(0, 90, 45, 5, 86)), [0, 1])
    assert found.order.tolist() == [0, 1, 4, 3, 2]
    np.testing.assert_allclose(found.distances, arc([0, 0, 4, 5, 45]), atol=1e-7)


def test_a_nearer_negative_adds_by_how_much_it_is_nearer(bench):
    #            positive, negative, nearer to the negative, nearer to the positive, far from both
    opened = bench.set_of(on_circle(0, 40, 30, 10, 180))
    found = bench.search.start(opened, [0], [1])
    expected = [0, arc(40) * 2, 2 * arc(30) - arc(10), arc(10), 2 * arc(180) - arc(140)]
    np.testing.assert_allclose(found.of(np.arange(5)), expected, atol=1e-6)
    assert found.order.tolist() == [0, 3, 2, 1, 4]


def test_negatives_that_are_far_change_nothing(bench):
    opened = bench.set_of(on_circle(0, 170, 20, 60, 75))
    with_it, without = (bench.search.start(opened, [0], far) for far in ([1], []))
    np.testing.assert_array_equal(with_it.of(np.array([0, 2, 3, 4])), without.of([0, 2, 3, 4]))


def test_the_order_of_rows_and_the_length_of_vectors_mean_nothing():
    vectors = RNG.normal(size=(60, 5))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    turn = RNG.permutation(60)

    def ranked(table):
        return distances_from(60, [(slice(0, 60), table @ unit[:3].T)], 2)

    np.testing.assert_allclose(ranked(unit[turn]), ranked(unit)[turn], atol=1e-7)


def test_small_blocks_give_the_same_and_never_hold_all_vectors(bench, monkeypatch):
    vectors = RNG.normal(size=(30_000, 64)).astype(np.float32)
    opened = bench.set_of(vectors)
    whole = bench.search.start(opened, [7], [8])
    monkeypatch.setattr(space, "BLOCK_VALUES", 64_000)
    other = Searches(bench.workspace, bench.settings)
    shutil.rmtree(bench.workspace.folder("ranking", whole.id))
    shelf = other._shelf.open(opened)
    tracemalloc.start()
    found = other.found(opened, whole.id)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(found.order, whole.order)
    assert len(shelf) == 30_000
    assert peak < vectors.nbytes / 2


# -- where "similar" ends ------------------------------------------------------------------------


def test_similar_ends_at_what_is_usual_around_the_query(bench):
    opened = bench.set_of(RNG.normal(size=(200, 8)) + 1, k=15)
    found = bench.search.start(opened, [11])
    tenth = sorted(float(opened.neighbors.distances[row, 9]) for row in found.order[:30])
    # 30 values, the .9 quantile lies at place 26.1 counted from 0
    assert found.usual == pytest.approx(tenth[26] + 0.1 * (tenth[27] - tenth[26]), abs=1e-7)
    assert 1 < found.count(found.usual) < 100


def test_a_sparse_region_has_a_longer_usual_distance_than_a_dense_one(bench):
    centres = np.array([[5.0] + [0] * 5, [0, 5.0] + [0] * 4])
    spread = np.repeat([0.05, 0.8], 100)[:, None]
    vectors = centres[np.repeat([0, 1], 100)] + RNG.normal(size=(200, 6)) * spread
    opened = bench.set_of(vectors, k=12)
    dense, sparse = (bench.search.start(opened, [row]).usual for row in (0, 150))
    assert sparse > 4 * dense


def test_without_a_graph_nobody_says_where_similar_ends(bench):
    vectors = RNG.normal(size=(20, 3))
    assert bench.search.start(bench.set_of(vectors), [0]).usual is None
    assert usual_distance(np.arange(1), np.zeros((1, 0))) is None
    assert bench.search.start(bench.set_of(vectors, k=5), [0]).usual > 0  # it came later


def test_within_and_histogram_count_the_same_items(bench):
    found = bench.search.start(bench.set_of(RNG.normal(size=(300, 4)), k=5), [3], [9])
    bars = bench.search.histogram(found)
    assert (bars.counts.sum(), bars.usual) == (300, found.usual)
    assert bars.edges[-1] == pytest.approx(found.distances[-1])
    for at in (0.0, found.usual, 1.0, 9.0):
        rows = bench.search.within(found, at)
        assert rows.tolist() == sorted(r for r in range(300) if found.of([r])[0] <= np.float32(at))
        assert len(rows) == found.count(at)
    with pytest.raises(InputError, match="distance"):
        found.count(float("nan"))


def test_a_selection_is_arranged_by_distance(bench):
    found = bench.search.start(bench.set_of(on_circle(0, 50, 20, 70, 10)), [0])
    assert found.arrange(np.array([1, 2, 3])).tolist() == [2, 1, 3]


# -- queries that last ---------------------------------------------------------------------------


def test_a_query_survives_a_restart_and_the_loss_of_its_ranking(bench):
    opened = bench.set_of(RNG.normal(size=(50, 4)), k=10)
    first = bench.search.start(opened, [4, 2], [9])
    again = Searches(bench.workspace, bench.settings).found(opened, first.id)
    np.testing.assert_array_equal(again.order, first.order)
    assert (again.usual, again.positives, again.negatives) == (first.usual, (2, 4), (9,))
    shutil.rmtree(bench.workspace.folder("ranking", first.id))
    again = Searches(bench.workspace, bench.settings).found(opened, first.id)
    np.testing.assert_array_equal(again.distances, first.distances)


def test_a_damaged_ranking_is_made_again(bench):
    opened = bench.set_of(RNG.normal(size=(50, 4)))
    first = bench.search.start(opened, [4])
    path = bench.workspace.folder("ranking", first.id) / "order.npy"
    path.write_bytes(path.read_bytes()[:-8])
    again = Searches(Workspace(bench.workspace.root), bench.settings).found(opened, first.id)
    np.testing.assert_array_equal(again.order, first.order)


def test_the_same_examples_in_any_order_are_one_query(bench):
    opened = bench.set_of(RNG.normal(size=(50, 4)))
    one, other = (bench.search.start(opened, rows) for rows in ([3, 1, 3], [1, 3]))
    assert one.id == other.id
    assert bench.search.start(opened, [1], [3]).id != one.id
    json.dumps(one.definition())


def test_a_query_of_another_set_encoder_or_time_is_explained(bench):
    opened = bench.set_of(RNG.normal(size=(20, 4)))
    found = bench.search.start(opened, [3])
    changed = bench.set_of(RNG.normal(size=(20, 4)), key="b" * 32)
    recoded = OpenedSet("x", opened.key, changed.spec, opened.items, None)
    for wrong in (changed, recoded):
        with pytest.raises(NotFoundError, match="before it changed"):
            bench.search.found(wrong, found.id)
    for missing in ("0" * 32, "../../x", ""):
        with pytest.raises(NotFoundError, match="start it again"):
            bench.search.found(opened, missing)


def test_only_the_last_rankings_stay_on_disk_and_all_queries_do(bench, monkeypatch):
    monkeypatch.setattr(searches, "ON_DISK", 3)
    opened = bench.set_of(RNG.normal(size=(20, 4)))
    made = [bench.search.start(opened, [row]).id for row in range(6)]
    kept = dict.fromkeys(kind for kind, _ in bench.workspace.artefacts())
    count = {k: sum(kind == k for kind, _ in bench.workspace.artefacts()) for k in kept}
    assert count == {"query": 6, "ranking": 3}
    assert Searches(bench.workspace, bench.settings).found(opened, made[0]).positives == (0,)


@pytest.mark.parametrize(
    ("examples", "error", "said"),
    [
        (([], []), InputError, "at least one"),
        (([], [1]), InputError, "besides what to be unlike"),
        (([1, 2], [2]), InputError, "item 2 cannot be both"),
        (([99], []), NotFoundError, "99"),
        (([-1], []), NotFoundError, "-1"),
        ((range(257), []), InputError, "256"),
        (([1], [], ["0" * 64]), NotFoundError, "picture"),
        (([1], [], ["../x"]), NotFoundError, "picture"),
    ],
)
def test_examples_that_make_no_query_are_explained(bench, examples, error, said):
    opened = bench.set_of(RNG.normal(size=(300 if "256" in said else 20, 4)))
    with pytest.raises(error, match=said):
        bench.search.start(opened, *examples)


def test_nearest_is_the_same_from_the_graph_the_ranking_and_a_query(bench):
    opened = bench.set_of(RNG.normal(size=(80, 6)), k=9)
    found = bench.search.start(opened, [5])
    expected = found.order[:10].tolist()
    assert bench.search.nearest(opened, 5, 10).tolist() == expected
    assert bench.search.nearest(opened, found, 10).tolist() == expected
    assert bench.search.nearest(opened, found.id, 10).tolist() == expected
    assert bench.search.nearest(opened, 5, 11).tolist() == found.order[:11].tolist()
    assert len(bench.search.nearest(opened, 5, 999)) == 80
    with pytest.raises(InputError):
        bench.search.nearest(opened, 5, 0)


# -- the stored vectors --------------------------------------------------------------------------


def test_a_damaged_vector_is_named_and_nothing_is_ranked(bench):
    opened = bench.set_of(RNG.normal(size=(30, 4)))
    (shard,) = (bench.workspace.root / "vectors" / opened.spec.key).glob("shard-*.npy")
    with shard.open("r+b") as file:
        file.seek(128 + 4 * 4 * 17)
        file.write(b"\x01\x02")
    with pytest.raises(ArtifactCorruptError, match=r"row 17 \(item .*000017\)"):
        bench.search.start(opened, [0])


def test_vectors_encoded_anew_elsewhere_in_the_files_are_found(bench):
    vectors = on_circle(0, 10, 50, 90)
    opened = bench.set_of(vectors)
    before = bench.search.start(opened, [0]).order.tolist()
    folder = bench.workspace.root / "vectors" / opened.spec.key
    shutil.rmtree(folder)
    cache, ids = VectorCache(folder, opened.spec), opened.items["item_id"].tolist()
    with cache.writer():
        cache.append(ids[::-1], vectors[::-1].astype(np.float32))
    assert bench.search.start(opened, [0]).order.tolist() == before
    assert bench.search.start(opened, [1]).order.tolist() == [1, 0, 2, 3]


def test_a_missing_vector_is_explained(bench):
    opened = bench.set_of(RNG.normal(size=(10, 4)))
    opened.items = pd.DataFrame({"item_id": [*opened.items["item_id"], "other"]})
    with pytest.raises(NotFoundError, match="run the set again"):
        bench.search.start(opened, [0])


# -- a real set ----------------------------------------------------------------------------------


def test_two_digits_are_found_together_as_the_documentation_says():
    from sklearn.datasets import load_digits

    data = load_digits()
    unit = data.data / np.linalg.norm(data.data, axis=1, keepdims=True)
    random, shares = np.random.default_rng(0), {"nearest": [], "mean": []}
    for _ in range(40):
        wanted = random.choice(10, 2, replace=False)
        shown = np.array([random.choice(np.flatnonzero(data.target == w)) for w in wanted])
        nearest = distances_from(len(unit), [(slice(0, None), unit @ unit[shown].T)], 2)
        middle = unit[shown].mean(axis=0)
        mean = chordal(unit @ middle / np.linalg.norm(middle))
        for rule, distances in (("nearest", nearest), ("mean", mean)):
            top = nearest_first(distances, shown)[:22]
            top = top[~np.isin(top, shown)][:20]
            shares[rule].append(np.isin(data.target[top], wanted).mean())
    assert np.mean(shares["nearest"]) > 0.95
    assert np.mean(shares["nearest"]) > np.mean(shares["mean"]) + 0.05
