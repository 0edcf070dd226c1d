"""Batches held against a reference as a job: periods, units, faults, and what is kept."""

import numpy as np
import pandas as pd
import pytest
from vectorsets import vector_set

from core.config import load_settings
from core.drift.anchors import discrepancy
from core.drift.gate import Gate
from core.drift.kernel import bandwidth, square_distances
from core.drift.series_request import SeriesRequest
from core.drifting import run_series, series_planning
from core.drifting import series as job
from core.drifting.series import GATE, gated
from core.drifts.series import SeriesKept
from core.errors import ArtifactCorruptError, InputError, JobCancelled, NotFoundError
from core.library import Library
from core.progress import Progress
from core.storage.store import Workspace

DIMS = 6
#: Batches a season: the reference year, then six months of which the last two have drifted.
MONTHS = {"2025-07": 0.0, "2026-01": 0, "2026-02": 0, "2026-03": 0, "2026-04": 0, "2026-05": 1.2,
          "2026-06": 1.2}  # fmt: skip
COUNTS = {"2025-07": 160}


def points(count, shift, rng):
    base = np.r_[4.0, np.zeros(DIMS - 1)]
    return base + rng.normal(size=(count, DIMS)) * 0.8 + shift * np.eye(DIMS)[1]


def season(workspace, months=MONTHS, name="moths", seed=0, first=0, **columns):
    """Write a set of months; the reference is year "2025", later months are batches."""
    rng = np.random.default_rng(seed)
    vectors, times, years = [], [], []
    for month, shift in months.items():
        count = COUNTS.get(month, 30)
        vectors.append(points(count, shift, rng))
        start = pd.Timestamp(f"{month}-01", tz="UTC")
        times += [start + pd.Timedelta(hours=11 * at % 660) for at in range(count)]
        years += [month[:4]] * count
    total = sum(map(len, vectors))
    ids = [f"{first + row:064x}" for row in range(total)]
    vector_set(workspace, np.concatenate(vectors), name=name, ids=ids, time=pd.to_datetime(times),
               year=years, **columns)  # fmt: skip
    return np.concatenate(vectors)


def settings_of(workspace):
    return load_settings({"workspace": str(workspace.root)}, {})


def ask(workspace, progress=None, **given):
    request = {"reference": "moths:year=2025", "of": "moths", "by": "time", "every": "month",
               "permutations": 199, **given}  # fmt: skip
    request = {name: value for name, value in request.items() if value is not None}
    return run_series(request, workspace, settings_of(workspace), progress)


@pytest.fixture(scope="module", autouse=True)
def short_plans():
    """Plans are tested elsewhere: here they are of one group, and coarse."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("GROUPS", 1), ("NULLS", 100), ("REPEATS", 20)):
            patch.setattr(series_planning, name, value)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("series"))
    vectors = season(workspace)
    return workspace, vectors, ask(workspace)


# -- what is found ---------------------------------------------------------------------------------


def test_months_that_drifted_are_named_and_the_others_are_not(made):
    _, _, found = made
    assert [one["name"] for one in found["batches"]] == list(MONTHS)[1:]
    assert [one["outside"] for one in found["batches"]] == [False] * 4 + [True] * 2
    assert found["verdict"]["level"] == "drift"
    assert found["verdict"]["sentence"] == (
        "2 of 6 batches differ from year 2025 (moths): 2026-05 and 2026-06."
    )
    assert found["notes"][-1] == "Of the reference, so no batch: 2025-07."
    assert found["text"] == found["verdict"]["sentence"]


def test_distances_are_those_of_the_vectors(made):
    _, vectors, found = made
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    reference = unit[:160]
    scale = bandwidth(square_distances(reference))
    for at, one in enumerate(found["batches"]):
        batch = unit[160 + 30 * at : 190 + 30 * at]
        assert one["distance"] == pytest.approx(discrepancy(reference, batch, scale), abs=1e-6)
        assert (one["images"], one["units"]) == (30, 30)
        assert one["began"].startswith(one["name"])


def test_p_can_always_fall_below_the_level(made):
    """Holm multiplies by the number of batches: more splits are drawn where there are many."""
    workspace, _, found = made
    assert SeriesKept(workspace).series(found["series"]).meta["permutations"] == 50 * 6 - 1
    assert found["batches"][-1]["p_adjusted"] == pytest.approx(6 / 300)


def test_batches_may_be_slices_values_or_sets_in_the_order_given(made):
    workspace, _, whole = made
    other = season(workspace, {"2027-01": 0.0, "2027-02": 1.2}, "other", seed=5, first=1000)
    assert len(other) == 60
    found = ask(workspace, of=None, by=None, every=None, batches=["other", "moths:year=2026"])
    assert [one["name"] for one in found["batches"]] == ["other", "2026"]
    assert [one["images"] for one in found["batches"]] == [60, 180]
    assert found["series"] != whole["series"]
    by_year = ask(workspace, reference="other", by="year", every=None)
    assert [one["name"] for one in by_year["batches"]] == ["2025", "2026"]


def test_images_of_the_reference_are_left_out_of_the_batches_and_it_stays(made):
    workspace, _, _ = made
    first = ask(workspace, reference="moths:year=2026", by="year", every=None, of="moths")
    assert [one["name"] for one in first["batches"]] == ["2025"]
    with pytest.raises(InputError, match="every image of the batches is in the reference 'moths'"):
        ask(workspace, reference="moths")


def test_a_unit_counts_once(tmp_path):
    """Six frames of each of some animals that vary: no drift, though single frames say so."""
    rng = np.random.default_rng(3)
    flagged = {"animal": 0, None: 0}
    for at in range(5):
        workspace = Workspace(tmp_path / str(at))
        animals = np.repeat(points(52, 0, rng), 6, axis=0)
        frames = animals + rng.normal(size=animals.shape) * 0.05
        place = np.arange(len(frames)) // 6
        vector_set(workspace, frames, name="moths", animal=[f"a{one}" for one in place],
                   year=np.where(place < 40, "2025", "2026").tolist())  # fmt: skip
        for unit in flagged:
            found = ask(workspace, by="year", every=None, unit=unit)
            flagged[unit] += found["batches"][0]["outside"]
            assert found["batches"][0]["units"] == (12 if unit else 72)
    assert flagged["animal"] <= 1
    assert flagged[None] >= 4


def test_batches_of_a_category_come_by_time_where_there_is_one(tmp_path):
    workspace = Workspace(tmp_path)
    rng = np.random.default_rng(1)
    names = ["zero"] * 40 + ["b10"] * 12 + ["b9"] * 12
    vector_set(workspace, points(64, 0, rng), name="moths", batch=names)
    found = ask(workspace, reference="moths:batch=zero", by="batch", every=None)
    assert [one["name"] for one in found["batches"]] == ["b9", "b10"]  # numbers by value
    vector_set(workspace, points(64, 0, rng), name="timed", batch=names,
               ids=[f"{5000 + row:064x}" for row in range(64)],
               time=pd.date_range("2026-01-01", periods=64, tz="UTC"))  # fmt: skip
    found = ask(workspace, reference="timed:batch=zero", of="timed", by="batch", every=None)
    assert [one["name"] for one in found["batches"]] == ["b10", "b9"]


def test_a_period_is_a_side_of_its_own(made):
    """What a batch is called is what a comparison of two sets calls that side."""
    workspace, _, whole = made
    batches = [one["side"] for one in whole["batches"]]
    assert batches[0] == "moths:time=2026-01"
    found = ask(workspace, of=None, by=None, every=None, batches=batches)
    assert [one["name"] for one in found["batches"]] == list(MONTHS)[1:]
    for name in ("distance", "low", "high", "p"):
        assert [one[name] for one in found["batches"]] == [one[name] for one in whole["batches"]]


# -- degenerate and wrong --------------------------------------------------------------------------


def test_batches_that_cannot_be_tested_are_shown_and_not_judged(tmp_path):
    workspace = Workspace(tmp_path)
    rng = np.random.default_rng(2)
    vector_set(workspace, points(48, 0, rng), name="moths",
               batch=["known"] * 40 + ["few"] * 8)  # fmt: skip
    found = ask(workspace, reference="moths:batch=known", by="batch", every=None)
    assert found["batches"][0]["p"] is None
    assert found["verdict"]["level"] == "too few"
    same = np.tile(np.eye(DIMS)[0], (60, 1))
    vector_set(workspace, same, name="same", batch=["known"] * 40 + ["more"] * 20,
               ids=[f"{900 + row:064x}" for row in range(60)])  # fmt: skip
    found = ask(workspace, reference="same:batch=known", of="same", by="batch", every=None)
    assert (found["batches"][0]["distance"], found["batches"][0]["p"]) == (0, None)
    assert not found["batches"][0]["outside"]


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        ({"by": "month"}, NotFoundError, "month"),
        ({"by": "year", "every": "day"}, InputError, "holds no dates"),
        ({"reference": "moths:year=1999"}, InputError, "no image has '1999' there; there are 2025"),
        ({"of": "moth"}, NotFoundError, "moth"),
        ({"by": "slice", "every": None}, InputError, "name the slices as batches"),
        ({"batches": ["moths"]}, InputError, "not both"),
        ({"every": "fortnight"}, InputError, "one of hour, day"),
        ({"share": 0}, InputError, "above 0"),
        ({"permutations": 10}, InputError, "from 99 to 9,999"),
        ({"colour": 1}, InputError, "unknown field 'colour'"),
        ({"by": None, "every": None, "of": None, "batches": ["moths:year=2025"]}, InputError,
         "named twice, or is the reference"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_named(made, asked, error, told):
    workspace, _, _ = made
    with pytest.raises(error, match=told):
        ask(workspace, **asked)


def test_a_column_of_too_many_values_is_refused(tmp_path):
    workspace = Workspace(tmp_path)
    rng = np.random.default_rng(4)
    vector_set(workspace, points(260, 0, rng), name="moths",
               frame_no=[f"f{at}" for at in range(260)],
               year=["2025"] * 30 + ["2026"] * 230)  # fmt: skip
    with pytest.raises(InputError, match="makes 260 batches; at most 200"):
        ask(workspace, by="frame_no", every=None)


def test_sets_of_other_encoders_are_refused_with_the_command(made):
    workspace, _, _ = made
    rng = np.random.default_rng(6)
    vector_set(workspace, rng.normal(size=(30, DIMS + 2)), name="wider",
               ids=[f"{3000 + row:064x}" for row in range(30)])  # fmt: skip
    told = r"different encoders .*run 'given' --name 'wider again'"
    with pytest.raises(InputError, match=told):
        ask(workspace, of=None, by=None, every=None, batches=["wider"])
    with pytest.raises(InputError, match=told):
        ask(workspace, like="wider")


# -- kept, and made once ---------------------------------------------------------------------------


def test_the_same_is_not_computed_again_and_gives_the_same_elsewhere(made, tmp_path, monkeypatch):
    workspace, _, found = made
    elsewhere = Workspace(tmp_path)
    season(elsewhere)
    again = ask(elsewhere)
    told = {name: value for name, value in again.items() if name != "seconds"}
    assert told == {name: value for name, value in found.items() if name != "seconds"}
    monkeypatch.setattr(job, "make", None)
    assert ask(workspace) == found


def test_a_batch_that_comes_later_changes_no_earlier_distance(made, tmp_path):
    _, _, found = made
    workspace = Workspace(tmp_path)
    season(workspace, {**MONTHS, "2026-07": 0.5})
    more = ask(workspace)
    assert len(more["batches"]) == 7
    for name in ("name", "distance", "low", "high"):
        assert [one[name] for one in more["batches"][:6]] == [one[name] for one in found["batches"]]


def test_stopped_at_any_moment_nothing_is_kept_and_then_all_is(made, tmp_path):
    _, _, whole = made
    workspace = Workspace(tmp_path)
    season(workspace)
    stages = []
    ask(workspace, Progress(lambda step: stages.append(step.stage), interval=0), seed=1)
    for stage in dict.fromkeys(stages):
        seen = []
        progress = Progress(lambda step, to=seen: to.append(step.stage),
                            lambda at=stage, to=seen: at in to, interval=0)  # fmt: skip
        if stage != stages[-1]:  # the last report is that of storing
            with pytest.raises(JobCancelled):
                ask(workspace, progress)
            assert not workspace.has("driftseries", whole["series"])
    assert ask(workspace)["series"] == whole["series"]


def test_series_are_listed_under_their_sets_and_a_damaged_one_hides_none(made, tmp_path):
    workspace = Workspace(tmp_path)
    season(workspace)
    found = ask(workspace)
    kept = SeriesKept(workspace)
    plan = run_series({"reference": "moths"}, workspace, settings_of(workspace))
    lines = kept.series_list("moths")
    assert {line.key for line in lines} == {found["series"], plan["series"]}
    assert {line.batches for line in lines} == {0, 6}
    assert kept.series_list("others") == []
    series = kept.series(found["series"])
    assert series.request == SeriesRequest.from_json(found["request"])
    assert list(series.batches["name"]) == list(MONTHS)[1:]
    opened = Library(workspace).open("moths")
    assert kept.series_stale(series, {"moths": opened}) == ""
    assert "no longer here" in kept.series_stale(series, {})
    season(workspace, {"2025-07": 0.0})
    assert "has changed since" in kept.series_stale(
        series, {"moths": Library(workspace).open("moths")}
    )
    with pytest.raises(NotFoundError, match="make it again"):
        kept.series("0" * 32)
    (workspace.folder("driftseries", plan["series"]) / "manifest.json").write_text("{}")
    fresh = SeriesKept(Workspace(tmp_path))
    assert [line.key for line in fresh.series_list("moths")] == [found["series"]]
    table = next(workspace.folder("driftseries", found["series"]).glob("*.parquet"))
    table.write_bytes(b"no table")
    with pytest.raises(ArtifactCorruptError):
        fresh.series(found["series"])


def test_the_gate_is_about_the_newest_batch(made):
    _, _, found = made
    figures = gated(found)
    newest = found["batches"][-1]
    assert figures == {"p": newest["p_adjusted"], "mmd2": newest["distance"], "outside": 1.0,
                       "batch_units": 30.0}  # fmt: skip
    assert Gate("p<0.05 and outside==1 and batch_units>=30", GATE).judge(figures).failed
    early = {**found, "batches": found["batches"][:1]}
    assert not Gate("outside==1 or p<0.01", GATE).judge(gated(early)).failed
    untested = {**newest, "p": None, "p_adjusted": None, "distance": None, "outside": False}
    verdict = Gate("p<1", GATE).judge(gated({"batches": [untested]}))
    assert (verdict.failed, verdict.unknown) == (False, ("p",))
