"""The job that compares two sets: what it finds, keeps, refuses, and does again."""

import numpy as np
import pandas as pd
import pytest
from drift_example import COUNTS, GONE, NEW, A, B, two_sets
from drift_example import compare as compare_sets
from looking import gathered
from PIL import Image
from vectorsets import vector_set

from core.drift.request import DriftRequest
from core.drifting import run_drift
from core.drifting import where as where_module
from core.drifting.exposing import exposed
from core.drifting.pool import open_pool
from core.drifts import Drifts
from core.errors import InputError, JobCancelled, NotFoundError
from core.progress import Progress
from core.storage.store import Workspace

TOTALS = {name: sum(counts.values()) for name, counts in COUNTS.items()}


@pytest.fixture(scope="module")
def example(made_drift, tmp_path_factory):
    """A copy to compare more in."""
    return made_drift.copy(tmp_path_factory.mktemp("drift"))


def test_what_was_planted_is_found(made_drift):
    """The new and the vanished label are new and gone clusters, and nothing else changed."""
    found, labels = made_drift.result, {}
    for name, side in ((A, "a"), (B, "b")):
        labels[side] = made_drift.open(name).values("label").astype(str).to_numpy()
    assert found["verdict"]["level"] == "drift"
    images = made_drift.drift.images
    named = np.array(
        [labels[side][row] for side, row in zip(images["side"], images["row"], strict=True)]
    )
    for state, label in (("new", NEW), ("gone", GONE)):
        clusters = [one["id"] for one in found["clusters"] if one["state"] == state]
        inside = images["cluster"].isin(clusters).to_numpy()
        assert inside.any()
        assert (named[inside] == label).all()
        assert inside[named == label].mean() > 0.8
    assert not [one for one in found["clusters"] if one["state"] in ("grew", "shrank")]
    assert found["local"]["new_images"] == COUNTS[B][NEW]
    assert found["local"]["vanished_images"] == COUNTS[A][GONE]
    assert set(named[(images["local"] > 0).to_numpy()]) == {NEW}
    # what both sides have looks the same on both
    alike = {one["label"]: one["p_adjusted"] for one in found["conditional"]}
    assert alike["moth"] > 0.05
    assert alike["fly"] > 0.05
    assert alike[NEW] is None


def test_shares_of_clusters_and_images_add_up(made_drift):
    """The biased MMD² of all images, counted anew, is the sum over clusters and over images."""
    drift = made_drift.drift
    total = drift.meta["total"]
    assert drift.images["share"].sum() == pytest.approx(total, rel=1e-9)
    assert sum(one["attribution"] for one in drift.meta["clusters"]) == pytest.approx(total)
    assert sum(one["part"] for one in drift.meta["clusters"]) == pytest.approx(1)
    counted = [sum(one[f"count_{side}"] for one in drift.meta["clusters"]) for side in "ab"]
    assert counted == [TOTALS[A], TOTALS[B]]


def test_every_number_of_a_side_is_there(made_drift):
    """Shares, exemplars and counterparts are rows of their own side."""
    drift = made_drift.drift
    for one in drift.meta["clusters"]:
        assert one["share_b"] == pytest.approx(one["count_b"] / TOTALS[B])
        low, high = one["ci"]
        assert low <= one["share_b"] - one["share_a"] <= high
        for side, name in (("a", A), ("b", B)):
            rows = one[f"exemplars_{side}"]
            assert len(rows) == min(6, one[f"count_{side}"])
            mine = drift.of(side)
            assert set(rows) <= set(mine.loc[mine["cluster"] == one["id"], "row"])
            assert all(row < TOTALS[name] for row in rows)
    for side, other in (("a", "b"), ("b", "a")):
        assert set(drift.of(side)["counterpart"]) <= set(drift.of(other)["row"])


def test_the_most_drifted_images_are_the_planted_ones(made_drift):
    """The images listed first are of the new and the vanished label."""
    listed = made_drift.result["images"]
    for side, name, label in (("a", A, GONE), ("b", B, NEW)):
        labels = made_drift.open(name).values("label").astype(str).to_numpy()
        first = [one for one in listed if one["set"] == side][:10]
        assert {labels[one["row"]] for one in first} == {label}
        scores = [one["score"] for one in listed if one["set"] == side]
        assert scores == sorted(scores, reverse=True)


def test_columns_that_explain_it(made_drift):
    """The label and the size differ; a name that every image has its own of explains nothing."""
    lines = {one["column"]: one for one in made_drift.result["explain"]}
    assert "trap" not in lines
    assert lines["label"]["p_adjusted"] < 0.05
    assert lines["label"]["most"][0] in (NEW, GONE)
    assert lines["size"]["p_adjusted"] < 0.05
    assert lines["size"]["effect"] > 0.5


def test_the_details_stand_beside_chance(made_drift):
    found = made_drift.result["details"]
    overlap = found["overlap"]
    for name in ("precision", "recall", "coverage"):
        assert overlap[name] < overlap[f"{name}_null"] - 0.1
    one = found["divergence"]
    assert one["null"] < one["low"] <= one["value"] <= one["high"] <= 1
    assert found["frechet"]["unbiased"] < found["frechet"]["value"]


def test_the_same_request_computes_nothing_again(made_drift, example, monkeypatch):
    import core.drifting.job as job

    def fail(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(job, "make", fail)
    again = example.compare()
    assert again == made_drift.result


def test_a_seed_gives_the_same_numbers(made_drift, tmp_path):
    """In another workspace, every number is the same."""
    workspace = two_sets(tmp_path)
    again = compare_sets(workspace)
    left = {"seconds", "versions"}
    assert {k: v for k, v in again.items() if k not in left} == {
        k: v for k, v in made_drift.result.items() if k not in left
    }
    kept = Drifts(workspace).open(again["drift"])
    pd.testing.assert_frame_equal(kept.images, made_drift.drift.images)


def test_units_of_a_column(made_drift, example):
    """Images of one trap come and go together: fewer units, and a p that is not smaller."""
    found = example.compare(unit="trap")
    assert (found["a"]["n_units"], found["b"]["n_units"]) == (50, 50)
    assert found["a"]["unit_kind"] == "column"
    assert found["drift"] != made_drift.key
    assert found["units_tested"] == [50, 50]


def test_a_part_of_a_column_against_another(example):
    found = example.compare(a=f"{A}:label=moth", b=f"{B}:label=moth")
    assert found["verdict"]["level"] == "none seen"
    assert "No evidence of a difference" in found["verdict"]["sentence"]
    assert (found["a"]["n_images"], found["b"]["n_images"]) == (40, 40)
    # what the sides are made of is no explanation
    split = example.compare(a=f"{A}:label=moth", b=f"{A}:label=fly")
    assert split["verdict"]["level"] == "drift"
    assert "label" not in {one["column"] for one in split["explain"]}


def test_few_images_are_told_not_tested(made_drift, tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    rng = np.random.default_rng(0)
    for name, n in ((A, 9), (B, 60)):
        vector_set(workspace, rng.normal(size=(n, 6)), name=name,
                   ids=[f"{name}{row}" for row in range(n)])  # fmt: skip
    found = compare_sets(workspace)
    assert found["verdict"]["level"] == "too few"
    assert "9 units" in found["verdict"]["sentence"]
    assert all(test["p"] is None for test in found["tests"])
    assert all(one["state"] == "same" for one in found["clusters"])
    assert found["power"] is None
    assert found["scale"] is None


def test_equal_vectors_are_no_difference(tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    for name in (A, B):
        vector_set(workspace, np.tile([1.0, 2.0, 3.0], (30, 1)), name=name,
                   ids=[f"{name}{row}" for row in range(30)])  # fmt: skip
    found = compare_sets(workspace)
    assert found["verdict"]["level"] == "too few"
    assert {test["status"] for test in found["tests"]} == {"undefined"}
    assert found["local"]["new"] == found["local"]["vanished"] == 0


def test_images_on_both_sides_are_left_out(tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    rng = np.random.default_rng(1)
    shared = [f"shared{row}" for row in range(5)]
    vectors = rng.normal(size=(60, 6))
    for name in (A, B):
        own = [f"{name}{row}" for row in range(55)]
        table = np.concatenate([vectors[:5], rng.normal(size=(55, 6))])
        vector_set(workspace, table, name=name, ids=[*shared, *own])
    found = compare_sets(workspace)
    assert found["left_out"] == {"on both sides": 5}
    assert found["a"]["n_images"] == found["b"]["n_images"] == 55
    assert any("5 images are on both sides" in note for note in found["notes"])
    # a copy of the whole set leaves nothing
    vector_set(workspace, table, name="again", ids=[*shared, *own])
    with pytest.raises(InputError, match="nothing is left to compare"):
        compare_sets(workspace, a=B, b="again")


@pytest.mark.parametrize("swapped", [False, True])
def test_a_choice_is_held_against_the_rest_of_what_it_was_chosen_from(tmp_path, swapped):
    workspace = Workspace(tmp_path / "workspace")
    vectors = np.random.default_rng(1).normal(size=(90, 6))
    vectors[60:, 0] += 6  # of another kind, none of which was chosen
    ids = [f"image{row}" for row in range(90)]
    vector_set(workspace, vectors, name="full", ids=ids)
    vector_set(workspace, vectors[:50], name="chosen", ids=ids[:50])
    a, b = ("chosen", "full") if swapped else ("full", "chosen")
    found = compare_sets(workspace, a=a, b=b)
    rest, chosen = (found["b"], found["a"]) if swapped else (found["a"], found["b"])
    assert (rest["n_images"], chosen["n_images"]) == (40, 50)
    assert (rest["label"], chosen["label"]) == ("the rest of full", "chosen")
    assert list(found["left_out"].values()) == [50]
    assert any("against the other 40 images of full" in note for note in found["notes"])
    assert found["verdict"]["level"] == "drift"
    lost = "b" if swapped else "a"
    most = [one["row"] for one in found["images"] if one["set"] == lost][:30]
    assert min(most) >= 60


def test_another_encoder_is_refused_with_what_to_do(made_drift, tmp_path):
    example = made_drift.copy(tmp_path)
    record = example.workspace.read_set(B)
    record["encoder"] = {**record["encoder"], "weights_digest": "0" * 16}
    example.workspace.write_set(B, record)
    before = len(Drifts(example.workspace).list(A))
    with pytest.raises(InputError, match=r"different encoders.*run 'given' --name 'after again'"):
        example.compare()
    assert len(Drifts(example.workspace).list(A)) == before


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"b": "none"}, NotFoundError),
        ({"b": f"{B}:label=bee"}, InputError),
        ({"unit": "none"}, NotFoundError),
        ({"permutations": 10}, InputError),
        ({"b": A}, InputError),
    ],
)
def test_what_does_not_exist_is_named(example, asked, what):
    with pytest.raises(what):
        example.compare(**asked)


def test_a_cancelled_job_keeps_nothing(made_drift, tmp_path):
    example = made_drift.copy(tmp_path)

    class Cancelled(Progress):
        def report(self, stage, done=0, total=0):
            super().report(stage, done, total)
            if stage == "power":
                raise JobCancelled("cancelled")

    before = len(Drifts(example.workspace).list(A))
    request = {"a": A, "b": B, "permutations": 99, "seed": 5}
    with pytest.raises(JobCancelled):
        run_drift(request, example.workspace, example.settings, Cancelled())
    assert len(Drifts(example.workspace).list(A)) == before
    done = run_drift(request, example.workspace, example.settings)
    assert len(Drifts(example.workspace).list(A)) == before + 1
    assert done["drift"] != example.key


def test_a_large_pool_is_looked_at_through_a_sample(made_drift, example, monkeypatch):
    """Held against a sample of the units, the planted labels are found all the same."""
    monkeypatch.setattr(where_module, "HELD", 50)
    monkeypatch.setattr("core.drifting.pool.TESTED", 60)
    found = example.compare(seed=1)
    assert found["local"]["held"] == 120
    assert found["local"]["new_images"] >= 0.6 * COUNTS[B][NEW]
    assert found["local"]["vanished_images"] >= 0.6 * COUNTS[A][GONE]
    assert found["units_tested"] == [60, 60]
    # those shown as the most drifted have the nearest of all
    whole = {(one["set"], one["row"]): one for one in made_drift.result["images"]}
    for one in found["images"]:
        if (one["set"], one["row"]) in whole:
            assert one["counterpart"] == whole[one["set"], one["row"]]["counterpart"]


@pytest.fixture(scope="module")
def pictured(tmp_path_factory):
    """Two sets of drawn pictures, the second overexposed, the third like the first, stripes."""
    root = tmp_path_factory.mktemp("pictured")
    workspace = Workspace(root / "workspace")
    made = {"bright": (0, 1.0, False), "pale": (1000, 1.9, False), "also": (2000, 1.0, False),
            "other": (3000, 0.7, True)}  # fmt: skip
    for name, (start, gain, other) in made.items():
        (root / name).mkdir()
        for row in range(60):
            _drawn(start + row, gain, other=other).save(root / name / f"{row:02}.png")
        gathered(workspace, root / name, name)
    return workspace


def _drawn(seed: int, gain: float, other: bool) -> Image.Image:
    """Return a bright disc on grey, or stripes."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64]
    if other:
        shape = (x // int(rng.integers(6, 9))) % 2 == 0
    else:
        middle = rng.integers(24, 40, 2)
        shape = (x - middle[0]) ** 2 + (y - middle[1]) ** 2 < rng.integers(10, 18) ** 2
    grey = np.where(shape, 200, 90) + rng.normal(0, 6, shape.shape)
    values = np.clip(grey * gain, 0, 255).astype(np.uint8)
    return Image.fromarray(np.repeat(values[:, :, None], 3, axis=2))


def test_a_drift_of_exposure_is_called_so(pictured):
    asked = {"permutations": 199}
    found = compare_sets(pictured, a="bright", b="pale", **asked)
    assert found["verdict"]["level"] == "drift"
    assert found["exposure"]["gone"] is True
    assert found["exposure"]["gain"] == pytest.approx(1.9, abs=0.1)
    assert "it is exposure" in found["exposure"]["text"]
    names = {one["name"] for one in found["scale"]["anchors"]}
    assert {"darker by 30 %", "saved as JPEG at quality 60"} <= names
    value = {one["name"]: one["value"] for one in found["scale"]["anchors"]}
    # a darker picture is farther from itself than one that was only compressed
    assert value["darker by 30 %"] > value["saved as JPEG at quality 60"]


def test_another_motif_is_not_called_exposure(pictured):
    found = compare_sets(pictured, a="bright", b="other", permutations=199)
    assert found["verdict"]["level"] == "drift"
    assert found["exposure"]["gone"] is False
    assert "exposure does not explain it" in found["exposure"]["text"]


def test_where_nothing_differs_exposure_is_not_asked(pictured):
    found = compare_sets(pictured, a="bright", b="also", permutations=199)
    assert found["verdict"]["level"] == "none seen"
    assert found["exposure"] is None
    assert len(found["scale"]["anchors"]) == 7


def test_without_pictures_it_is_said_why(pictured, made_drift, tmp_path):
    asked = DriftRequest(A, B)
    told = exposed(open_pool(asked, made_drift.workspace), True, Progress())
    assert "came with the set" in told.exposure["notice"]
    assert not told.changed
    none = exposed(open_pool(DriftRequest(A, B, explain=False), made_drift.workspace), True,
                   Progress())  # fmt: skip
    assert none.exposure is None
    assert not none.changed
