"""The job that compares forms: its numbers against other ways to them, and how it may end."""

import hashlib
import json

import morphology_example as example
import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist, pdist, squareform
from vectorsets import blobs, vector_set

from core.comparing import run_morphology, verify
from core.comparisons import Comparisons
from core.config import load_settings
from core.curation import Desk
from core.errors import InputError, NotFoundError
from core.keys import sealed
from core.library import Library
from core.space import unit_rows
from core.storage.store import Workspace

FAST = {"permutations": 99, "draws": 20}


@pytest.fixture
def settings(tmp_path):
    return load_settings({"workspace": str(tmp_path / "workspace"), "workers": 1}, {})


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


@pytest.fixture(scope="module")
def means():
    """The mean unit vector of each specimen of the example, and its species, worked out anew."""
    table = example.columns()
    unit = unit_rows(example.vectors(table)).astype(np.float64)
    key = table["label"] + table["specimen"]
    names = list(dict.fromkeys(key))
    points = np.array([unit[(key == name).to_numpy()].mean(axis=0) for name in names])
    groups = np.repeat(np.arange(len(example.SPECIES)), example.SPECIMENS)
    return points, groups


def compare(workspace, settings, name="set", progress=None, **asked):
    return run_morphology({"name": name, **FAST, **asked}, workspace, settings, progress)


def state_of(workspace):
    """Names and content of every comparison stored."""
    folder = workspace.root / "artefacts" / "morphology"
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def kept(result):
    """What must be the same in two comparisons asked alike."""
    return {name: value for name, value in result.items() if name not in {"seconds", "created"}}


def the_test(result, name):
    found = [test for test in result["tests"] if test["name"] == name]
    assert len(found) == 1
    return found[0]


# -- numbers ---------------------------------------------------------------------------------------


def test_r2_is_that_of_all_pairwise_distances(made_butterflies, means):
    points, groups = means
    square = squareform(pdist(points)) ** 2
    n = len(points)
    total = square.sum() / 2 / n
    within = sum(
        square[np.ix_(groups == g, groups == g)].sum() / 2 / (groups == g).sum() for g in range(4)
    )
    f = ((total - within) / 3) / (within / (n - 4))
    classic = the_test(made_butterflies.result, "PERMANOVA")
    assert classic["effect"] == pytest.approx(1 - within / total, rel=1e-6)
    assert classic["statistic"] == pytest.approx(f, rel=1e-6)
    first = made_butterflies.result["tests"][0]
    assert first["headline"]
    assert first["effect"] == pytest.approx(3 * (f - 1) / (3 * (f - 1) + n), rel=1e-6)
    low, high = first["ci"]
    assert low < first["effect"] < high
    assert (first["n_units"], first["permutations"], first["p"]) == (24, 199, 1 / 200)


def test_intervals_of_effects_come_from_leaving_out_each_unit(made_butterflies, means):
    from scipy.stats import t

    from core.morphology.permanova import permanova

    points, groups = means
    without = []
    for out in range(len(points)):
        rest = np.arange(len(points)) != out
        without.append(permanova(points[rest], groups[rest], permutations=1).classic.effect)
    without = np.array(without)
    error = sum(5 / 6 * ((v - v.mean()) ** 2).sum() for v in without.reshape(4, 6))
    half = t.ppf(0.975, 5) * error**0.5
    classic = the_test(made_butterflies.result, "PERMANOVA")
    assert classic["ci"] == pytest.approx([classic["effect"] - half, classic["effect"] + half])


def test_distances_are_debiased_means_of_units(made_butterflies, means):
    points, groups = means
    lines = made_butterflies.result["distances"]
    assert len(lines) == 6
    for line in lines:
        a, b = (points[groups == example.SPECIES.index(line[end])] for end in "ab")
        noise = sum(np.trace(np.cov(part.T)) / len(part) for part in (a, b))
        square = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum() - noise
        assert line["distance"] == pytest.approx(square**0.5, rel=1e-6)
        assert line["ci"][0] < line["distance"] < line["ci"][1]
        assert not line["truncated"]
    matrix = made_butterflies.comparison.arrays["matrix"]
    assert np.array_equal(matrix, matrix.T)
    assert matrix[0, 1] == pytest.approx(lines[0]["distance"])


def test_variety_and_distinctiveness_are_those_of_all_pairs(made_butterflies, means):
    points, groups = means
    apart = squareform(pdist(points))
    table = made_butterflies.comparison.tables["units"]
    assert table["group"].tolist() == groups.tolist()
    np.testing.assert_allclose(table["distinctiveness"], apart.sum(axis=1) / 23, rtol=1e-6)
    np.testing.assert_allclose(table["uniqueness"], (apart + 9 * np.eye(24)).min(axis=1), rtol=1e-6)
    middle = cdist(points, points.mean(axis=0)[None])[:, 0]
    np.testing.assert_allclose(table["originality"], middle, rtol=1e-6)
    assert table["distinctiveness_percentile"].max() == 1
    for line in made_butterflies.result["disparity"]["groups"]:
        own = points[groups == example.SPECIES.index(line["name"])]
        assert line["variance"] == pytest.approx(np.trace(np.cov(own.T)), rel=1e-6)
        assert line["distance"] == pytest.approx(pdist(own).mean(), rel=1e-6)
        assert line["variance_ci"][0] < line["variance"] < line["variance_ci"][1]
    spread = {
        line["name"]: line["variance"] for line in made_butterflies.result["disparity"]["groups"]
    }
    assert max(spread, key=spread.get) == "dryad"  # planted


def test_axes_are_those_of_an_svd_and_go_with_what_was_planted(made_butterflies, means):
    points, _ = means
    centred = points - points.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    scores = made_butterflies.comparison.tables["units"][[f"axis{at}" for at in range(1, 6)]]
    np.testing.assert_allclose(np.abs(scores), np.abs(left[:, :5] * values[:5]), atol=1e-6)
    told = made_butterflies.result["ordination"]
    assert told["explained"] == pytest.approx((values[:5] ** 2 / (values**2).sum()).tolist())
    columns = {line["column"] for line in told["supplementary"]}
    assert {"size", "lightness"} <= columns
    assert not columns & {"label", "site"}


def test_covariates_blocks_and_pairs_of_groups_are_there(made_butterflies, tmp_path):
    result = made_butterflies.result
    assert {t["term"] for t in result["tests"] if t["name"] == "PERMANOVA, marginal"} == {
        "label", "size",
    }  # fmt: skip
    assert the_test(result, "Mantel")["descriptive"]
    assert the_test(result, "ANOSIM")["descriptive"]
    assert len(result["pairwise"]) == 6
    for line in result["pairwise"]:
        assert line["p"] <= line["p_adjusted"] <= 1
        assert line["n_units"] == 12
    made = made_butterflies.copy(tmp_path)
    blocked = made.compare(by="label", unit="specimen", block="site", **FAST)
    assert blocked["design"]["blocks"] == 2
    assert blocked["tests"][0]["statistic"] == pytest.approx(result["tests"][0]["statistic"])


def test_sides_of_specimens_are_compared_within_specimens(made_butterflies, tmp_path):
    made = made_butterflies.copy(tmp_path)
    found = made.compare(by="side", unit="specimen", covariates=["size"], **FAST)
    assert found["design"]["paired"]
    assert found["design"]["n_units"] == 48
    table = example.columns()
    unit = unit_rows(example.vectors(table)).astype(np.float64)
    names = table["specimen"].unique()
    dorsal, ventral = (
        np.array([unit[((table["specimen"] == name) & (table["side"] == side)).to_numpy()]
                  .mean(axis=0) for name in names]) for side in example.SIDES
    )  # fmt: skip
    gaps = ventral - dorsal
    f = 24 * (gaps.mean(axis=0) ** 2).sum() / np.trace(np.cov(gaps.T))
    first, classic = found["tests"][:2]
    assert first["statistic"] == pytest.approx(f, rel=1e-6)
    assert classic["statistic"] == pytest.approx(f, rel=1e-6)
    assert classic["effect"] == pytest.approx(f / (f + 23), rel=1e-6)
    assert first["ci"][0] < first["effect"] < first["ci"][1]
    assert (first["p"], first["effect_name"]) == (0.01, "partial ω²")
    (apart,) = found["distances"]
    assert apart["distance"] ** 2 == pytest.approx(
        (gaps.mean(axis=0) ** 2).sum() - np.trace(np.cov(gaps.T)) / 24, rel=1e-5
    )
    assert apart["ci"][0] > 0.1  # what specimens differ in does not blur it
    size = next(test for test in found["tests"] if test["term"] == "size")
    assert size["status"] == "undefined"  # it is the same on both sides
    assert "within units" in found["headline"]
    units = made.workspace.read("morphology", found["comparison"]).tables["units"]
    assert (units.groupby("unit")["axis1"].count() == 2).all()


def test_specimens_with_one_side_take_no_part_in_a_paired_test(made_butterflies, tmp_path):
    made = made_butterflies.copy(tmp_path)
    whole = made.compare(by="side", unit="specimen", **FAST)
    opened = made.open()
    table = example.columns()
    gone = (table["specimen"].isin(["ap-0", "co-2"]) & (table["side"] == "ventral")).to_numpy()
    made.desk.act(opened, "drop", np.flatnonzero(gone))
    found = made.compare(by="side", unit="specimen", **FAST)
    assert found["design"]["n_units"] == 46
    assert found["tests"][0]["n_units"] == found["pairwise"][0]["n_units"] == 44
    assert whole["tests"][0]["n_units"] == 48
    assert "2 units lie in one group only and cannot be tested." in found["design"]["notes"]


def test_nearest_of_a_paired_design_is_another_specimen(made_butterflies, tmp_path):
    made = made_butterflies.copy(tmp_path)
    found = made.compare(by="side", unit="specimen", **FAST)
    units = made.workspace.read("morphology", found["comparison"]).tables["units"]
    table = example.columns()
    unit = unit_rows(example.vectors(table)).astype(np.float64)
    key = table["specimen"] + table["side"]
    points = np.array(
        [unit[(key == name + side).to_numpy()].mean(axis=0)
         for name, side in zip(units["unit"], np.array(example.SIDES)[units["group"]], strict=True)]
    )  # fmt: skip
    apart = squareform(pdist(points))
    names = units["unit"].to_numpy()
    apart[names[:, None] == names[None]] = np.inf
    np.testing.assert_allclose(units["uniqueness"], apart.min(axis=1), rtol=1e-6)


def test_units_name_their_rows_and_most_typical_image(made_butterflies):
    found = made_butterflies.comparison
    table = example.columns()
    unit = unit_rows(example.vectors(table)).astype(np.float64)
    for place, line in found.tables["units"].iterrows():
        rows = found.rows_of(place)
        assert set(table["specimen"].iloc[rows]) == {line["unit"]}
        assert len(rows) == line["images"]
        away = np.linalg.norm(unit[rows] - unit[rows].mean(axis=0), axis=1)
        assert line["head"] == rows[away.argmin()] or np.ptp(np.sort(away)[:2]) < 1e-6


def test_groups_that_are_made_from_the_vectors_are_marked(made_butterflies, tmp_path):
    made = made_butterflies.copy(tmp_path)
    found = made.compare(by="cluster", **FAST)
    assert {"circular": "fail"}.items() <= {
        one["code"]: one["level"] for one in found["design"]["warnings"]
    }.items()


# -- the same again --------------------------------------------------------------------------------


def test_the_same_request_computes_nothing_again(made_butterflies, tmp_path, monkeypatch):
    made = made_butterflies.copy(tmp_path)
    before = state_of(made.workspace)

    def never(*args, **kwargs):
        raise AssertionError("computed again")

    monkeypatch.setattr("core.comparing.job.make", never)
    monkeypatch.setattr(Workspace, "write", never)
    again = made.compare(**example.REQUEST)
    assert again["comparison"] == made.key
    assert again == made.result
    assert state_of(made.workspace) == before


def test_two_workspaces_give_the_same_numbers(made_butterflies, tmp_path):
    workspace = example.butterflies(tmp_path)
    again = example.compare(workspace, **example.REQUEST)
    assert kept(again) == kept(made_butterflies.result)
    tables = Comparisons(workspace).open(again["comparison"]).tables
    for name, table in made_butterflies.comparison.tables.items():
        pd.testing.assert_frame_equal(table, tables[name])


def test_another_seed_label_or_slice_is_another_comparison(workspace, settings):
    vectors, group = blobs([12, 12], spread=0.5)
    label = pd.Series([f"k{one}" for one in group], dtype="string")
    vector_set(workspace, vectors, label=label)
    first = compare(workspace, settings, by="label")
    other = compare(workspace, settings, by="label", seed=1)
    assert other["comparison"] != first["comparison"]
    assert other["tests"][0]["statistic"] == first["tests"][0]["statistic"]
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open("set")
    desk.act(opened, "relabel", np.array([0]), label="k1")
    edited = compare(workspace, settings, by="label")
    assert edited["comparison"] != first["comparison"]
    assert [one["images"] for one in edited["design"]["groups"]] == [11, 13]
    desk.undo(opened)
    assert compare(workspace, settings, by="label")["comparison"] == first["comparison"]


# -- checked again ---------------------------------------------------------------------------------


def test_a_comparison_is_verified_from_its_file(made_butterflies, tmp_path):
    made = made_butterflies.copy(tmp_path)
    told = json.loads(json.dumps(sealed(made.result)))
    before = state_of(made.workspace)
    found = verify(told, made.workspace, made.settings)
    assert found == {"same": True, "intact": True, "differences": [],
                     "tolerance": {"relative": 1e-6, "absolute": 1e-9}}  # fmt: skip
    assert state_of(made.workspace) == before
    told["distances"][2]["distance"] *= 1 + 1e-4
    told["tests"][0]["p"] = 0.001
    found = verify(told, made.workspace, made.settings)
    assert not found["same"]
    assert not found["intact"]
    assert [one["field"] for one in found["differences"]] == ["tests[0].p", "distances[2].distance"]


def test_verify_notices_a_label_that_was_changed(made_butterflies, tmp_path):
    made = made_butterflies.copy(tmp_path)
    desk = made.desk
    desk.act(made.open(desk), "relabel", np.array([0, 1, 2, 3]), label="comma")
    found = verify(sealed(made.result), made.workspace, made.settings)
    assert found["intact"]
    assert not found["same"]
    assert "design.groups[0].units" in {one["field"] for one in found["differences"]}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "not a comparison"),
        ({"kind": "vitrine.report"}, "not a comparison"),
        ({"kind": "vitrine.morphology", "format": 99}, "format 99; 1 is known"),
        ({"kind": "vitrine.morphology", "format": 1}, "damaged"),
    ],
)
def test_what_cannot_be_verified_is_said(workspace, settings, value, words):
    with pytest.raises(InputError, match=words):
        verify(value, workspace, settings)


def test_without_the_set_nothing_can_be_verified(made_butterflies, workspace, settings):
    with pytest.raises(NotFoundError, match="no set here has the images and vectors"):
        verify(sealed(made_butterflies.result), workspace, settings)
