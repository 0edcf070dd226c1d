"""Train, validation and test: whole units, no near-duplicates across, every theme in each."""

import json

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold
from vectorsets import blobs, vector_set

from core.choices import Choices, SplitRequest
from core.choosing import data_of
from core.config import load_settings
from core.curate.meanmap import MeanMap
from core.curate.splits import divide, whole_groups
from core.curation import Desk
from core.errors import InputError, JobCancelled, NotFoundError
from core.progress import Progress
from core.space import unit_rows
from core.splitting import run_split
from core.storage.store import Workspace

SHARES = (0.7, 0.15, 0.15)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Six hundred vectors in eight themes, in units of four, fifty of them twice."""
    root = tmp_path_factory.mktemp("split")
    vectors, group = blobs([150, 120, 80, 60, 40, 30, 14, 6], dims=24, spread=0.15)
    random = np.random.default_rng(1)
    twice = random.choice(500, 50, replace=False)
    vectors = np.concatenate([vectors, vectors[twice] + 1e-5])
    group = np.concatenate([group, group[twice]])
    unit = [f"u{row // 4}" if row < 300 else None for row in range(len(vectors))]
    batch = [f"b{row // 20}" for row in [*range(500), *twice]]
    label = [("moth", "wasp", "fly")[int(x)] for x in random.integers(0, 3, len(vectors))]
    vector_set(
        Workspace(root),
        vectors,
        unit=unit,
        label=label,
        batch=batch,
        themes=np.where(group < 7, group, -1),
    )
    return root


@pytest.fixture
def workspace(root, tmp_path):
    import shutil

    shutil.copytree(root, tmp_path / "ws")
    return Workspace(tmp_path / "ws")


def split(workspace, progress=None, **fields):
    asked = SplitRequest.from_json({"name": "set", "slices": "", "candidates": 20, **fields})
    return run_split(asked.to_json(), workspace, load_settings({}, {}), progress)


def divided(workspace, **fields):
    return Choices(workspace).open_splits(split(workspace, **fields)["splits"])


# -- the division ----------------------------------------------------------------------------------


def test_no_unit_and_no_near_duplicate_is_on_two_sides(workspace):
    """Checked here over all pairs, independently of how it was proved."""
    kept = divided(workspace)
    data = data_of("set", workspace)
    unit = data.unit(workspace).astype(np.float64)
    away = np.linalg.norm(unit[:, None] - unit[None], axis=2)
    across = kept.split[:, None] != kept.split[None]
    tau = kept.meta["tau"]
    assert away[across].min() > tau
    assert (away[~across & ~np.eye(len(unit), dtype=bool)] <= tau).sum() >= 100
    units = data.opened.items["unit"].to_numpy(object)
    for name in {u for u in units if isinstance(u, str)}:
        assert len(set(kept.split[units == name])) == 1
    proof = kept.meta["proof"]
    assert (proof["pairs_within_tau"], proof["groups_cut"], proof["units_cut"]) == (0, 0, 0)
    assert proof["pairs_across"] == int(across.sum()) // 2


def test_every_theme_and_label_with_enough_groups_is_in_every_split(workspace):
    kept = divided(workspace)
    themes = np.asarray(data_of("set", workspace).themes.labels)
    for theme in np.unique(themes):
        groups = np.unique(kept.group[themes == theme])
        if len(groups) >= 3:
            assert set(kept.split[themes == theme]) == {0, 1, 2}
    assert kept.meta["uncovered"] == 0
    assert kept.strata.loc[kept.strata["enough"], "in_all"].all()
    assert set(kept.strata["kind"]) == {"theme", "label"}
    for name in ("train", "validation", "test"):
        for kind in ("theme", "label"):
            assert kept.strata.loc[kept.strata["kind"] == kind, name].sum() == len(kept.rows(name))


def test_sizes_are_as_wanted_and_every_row_is_in_one_split(workspace):
    kept = divided(workspace)
    counts = kept.meta["counts"]
    assert sum(counts.values()) == 550
    for name, share in zip(counts, SHARES, strict=True):
        assert counts[name] / 550 == pytest.approx(share, abs=0.02)
        assert len(kept.rows(name)) == counts[name]


def test_two_hundred_candidates_are_recorded_and_the_most_alike_is_taken(workspace):
    kept = divided(workspace, candidates=200)
    search = kept.search
    assert len(search) == 200
    assert search["seed"].tolist() == list(range(200))
    good = search[(search["uncovered"] == search["uncovered"].min())
                  & (search["off"] <= search["off"].min() + 0.005)]  # fmt: skip
    assert kept.meta["max_mmd2"] == pytest.approx(good["max_mmd2"].min())
    assert search["max_mmd2"].std() > 0
    assert int(search.loc[search["max_mmd2"].idxmax(), "seed"]) != kept.meta["seed"]


def test_the_same_request_is_the_same_division_and_computes_nothing_again(workspace, monkeypatch):
    first = split(workspace)
    monkeypatch.setattr("core.splitting._compute", lambda *a: pytest.fail("computed again"))
    assert {**split(workspace), "seconds": 0} == {**first, "seconds": 0}


def test_seeds_are_repeatable_and_differ():
    random = np.random.default_rng(0)
    unit = unit_rows(random.standard_normal((300, 8)))
    groups, theme = np.arange(300) // 2, random.integers(0, 4, 300)
    one = divide(unit, groups, (theme,), SHARES, seed=5, candidates=8)
    again = divide(unit, groups, (theme,), SHARES, seed=5, candidates=8)
    assert np.array_equal(one.split, again.split)
    other = divide(unit, groups, (theme,), SHARES, seed=6, candidates=8)
    assert not np.array_equal(one.split, other.split)


def test_labels_are_as_even_as_scikit_learn_divides_them():
    random = np.random.default_rng(3)
    label = random.choice(5, 2000, p=[0.5, 0.25, 0.15, 0.07, 0.03])
    groups = whole_groups(2000, random.integers(0, 700, 2000))
    unit = unit_rows(random.standard_normal((2000, 4)))
    ours = divide(unit, groups, (label,), (0.8, 0.0, 0.2), candidates=10).split
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    test = next(folds.split(unit, label, groups))[1]

    def worst(rows):
        shares = np.bincount(label[rows], minlength=5) / np.bincount(label)
        return np.abs(shares - 0.2).max()

    assert worst(np.flatnonzero(ours == 2)) <= worst(test) + 0.02
    assert (ours == 1).sum() == 0


def test_random_features_measure_what_all_pairs_do():
    random = np.random.default_rng(0)
    unit = unit_rows(random.standard_normal((400, 6)) + np.eye(6)[0])
    split_of = (unit[:, 1] > 0.3).astype(np.int8)
    found = MeanMap(unit, 1)
    wide = unit.astype(np.float64)
    kernel = np.exp(-((wide[:, None] - wide[None]) ** 2).sum(axis=2) / found.width)
    part = split_of == 1
    exact = kernel[np.ix_(part, part)].mean() - 2 * kernel[part].mean() + kernel.mean()
    assert found.distances(split_of[None], 2)[0, 1] == pytest.approx(exact, rel=0.15)


def test_groups_join_whatever_shares_a_key_however_indirectly():
    unit = np.array([0, 0, 1, 1, -1, -1, 2])
    near = np.array([0, 1, 1, 2, 3, 4, 4])
    assert whole_groups(7, unit, near).tolist() == [0, 0, 0, 0, 1, 2, 2]


# -- the options -----------------------------------------------------------------------------------


def test_a_validation_split_may_be_left_out(workspace):
    result = split(workspace, train=80, validation=0, test=20, slices="two")
    assert result["counts"]["validation"] == 0
    assert result["slices"] == {"train": "two train", "test": "two test"}
    assert result["shares"]["train"] == pytest.approx(0.8)


def test_slices_are_made_once_and_say_how(workspace):
    result = split(workspace, slices=None)
    assert list(result["slices"].values()) == ["Split train", "Split validation", "Split test"]
    view = data_of("set", workspace).view
    kept = Choices(workspace).open_splits(result["splits"])
    for name, called in result["slices"].items():
        assert view.slice(called).rows.tolist() == kept.rows(name).tolist()
        assert view.slice(called).how.startswith(f"{name} of a split of all vectors")
    assert split(workspace, slices=None)["slices"] == result["slices"]
    assert len(data_of("set", workspace).view.slices) == 3
    other = split(workspace, slices=None, seed=50)
    assert other["slices"]["train"] == "Split 2 train"
    (first, second) = sorted(Choices(workspace).list_splits("set"), key=lambda line: line.key)
    assert {first.key, second.key} == {result["splits"], other["splits"]}


def test_what_is_excluded_or_outside_the_pool_is_in_no_split(workspace):
    desk, opened = Desk(workspace), data_of("set", workspace).opened
    desk.act(opened, "drop", [0, 1])
    desk.act(opened, "slice.create", range(200), name="a")
    kept = divided(workspace, pool="slice:a")
    assert (kept.split[[0, 1]] == -1).all()
    assert (kept.split[200:] == -1).all()
    assert sum(kept.meta["counts"].values()) == 198


def test_a_group_larger_than_a_split_is_noted_and_stays_whole(tmp_path):
    workspace = Workspace(tmp_path)
    vectors = blobs([60, 40])[0]
    unit = ["big"] * 40 + [None] * 60
    vector_set(workspace, vectors, unit=unit)
    result = split(workspace, train=50, validation=25, test=25)
    assert any("one group of 40" in note and "validation" in note for note in result["notes"])
    kept = Choices(workspace).open_splits(result["splits"])
    assert len(set(kept.split[:40])) == 1


def test_near_duplicates_that_the_graph_does_not_know_are_joined_too(tmp_path):
    """More copies than the graph has neighbours: only the search of all pairs sees them."""
    workspace = Workspace(tmp_path)
    random = np.random.default_rng(0)
    copies = random.standard_normal((1, 8)) + 1e-6 * random.standard_normal((150, 8))
    vector_set(workspace, np.concatenate([copies, random.standard_normal((400, 8))]))
    kept = divided(workspace, tau=0.001)
    assert len(set(kept.split[:150])) == 1
    assert kept.meta["largest_group"] == 150


def test_columns_can_be_named(workspace):
    kept = divided(workspace, column="", unit="batch")
    batch = data_of("set", workspace).opened.items["batch"].to_numpy(object)
    for name in set(batch):
        assert len(set(kept.split[batch == name])) == 1
    assert kept.meta["stratified_by"] == ["theme"]


# -- what cannot be done ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"column": "colour"}, NotFoundError, "colour"),
        ({"column": "outlier score"}, InputError, "categories"),
        ({"unit": "colour"}, NotFoundError, "colour"),
        ({"pool": "slice:gone"}, NotFoundError, "gone"),
        ({"tau": 2.0}, InputError, "at least 3 groups"),
        ({"train": 0}, InputError, "train"),
        ({"validation": 0, "test": 0}, InputError, "share"),
        ({"test": -1}, InputError, "test"),
        ({"candidates": 0}, InputError, "candidates"),
        ({"tau": 3}, InputError, "tau"),
        ({"shares": 1}, InputError, "shares"),
    ],
)
def test_what_cannot_be_done_says_so_and_leaves_nothing(workspace, fields, error, said):
    with pytest.raises(error, match=said):
        split(workspace, **fields)
    assert not list((workspace.root / "artefacts").glob("splits/*"))


def test_a_cancelled_division_leaves_nothing(workspace):
    seen = []

    def stop():
        seen.append(1)
        return len(seen) > 4

    with pytest.raises(JobCancelled):
        split(workspace, Progress(cancelled=stop, interval=0.0), slices="a")
    assert not list((workspace.root / "artefacts").glob("splits/*"))
    assert data_of("set", workspace).view.slices == []


def test_a_request_comes_back_from_its_json():
    asked = SplitRequest("set", 8, 1, 1, without=("a",), tau=0.1, unit="")
    assert SplitRequest.from_json(json.loads(json.dumps(asked.to_json()))) == asked
    assert asked.shares == pytest.approx((0.8, 0.1, 0.1))
