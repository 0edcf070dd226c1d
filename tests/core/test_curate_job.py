"""The job that chooses images: pools, budgets, scenarios, reasons, slices, and what is refused."""

import json
import shutil

import numpy as np
import pytest
from vectorsets import blobs, vector_set

from core.choices import STRATEGIES, Choices, CurateRequest, parse_budget, pool_of, strategy_name
from core.choosing import choice_json, data_of, run_curate
from core.config import load_settings
from core.curate.coverage import random_coverage
from core.curate.edges import edge_rows
from core.curation import Desk
from core.errors import InputError, JobCancelled, NotFoundError
from core.progress import Progress
from core.selection import Selections
from core.storage.store import Workspace

SIZES = [40, 40, 30, 30, 20, 10, 8, 6, 4, 4, 3, 2, 1, 1, 1]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A workspace with two hundred vectors in fifteen groups, half of them labelled."""
    root = tmp_path_factory.mktemp("curate")
    vectors, group = blobs(SIZES)
    label = [("moth", "wasp")[g % 2] if row % 2 else None for row, g in enumerate(group)]
    unit = [f"u{row // 4}" for row in range(len(group))]
    themes = np.where(group < 6, group, -1)
    vector_set(Workspace(root), vectors, label=label, unit=unit, themes=themes)
    return root


@pytest.fixture(scope="module")
def shared(root, tmp_path_factory):
    """A copy for all tests that make no slices."""
    folder = tmp_path_factory.mktemp("shared") / "ws"
    shutil.copytree(root, folder)
    return Workspace(folder)


@pytest.fixture
def workspace(root, tmp_path):
    """A copy of it, so that no test sees the slices of another."""
    shutil.copytree(root, tmp_path / "ws")
    return Workspace(tmp_path / "ws")


def curate(workspace, progress=None, **fields):
    asked = CurateRequest.from_json({"name": "set", "budget": "20", "slice": "", **fields})
    return run_curate(asked.to_json(), workspace, load_settings({}, {}), progress)


def chosen(workspace, **fields):
    return Choices(workspace).open(curate(workspace, **fields)["choice"])


def act(workspace, kind, rows, **fields):
    Desk(workspace).act(data_of("set", workspace).opened, kind, rows, **fields)


def slice_rows(workspace, name):
    return data_of("set", workspace).view.slice(name).rows.tolist()


# -- what is asked for -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("500", "count", 500), ("1,000", "count", 1000), ("10%", "share", 0.1),
     ("0.5 %", "share", 0.005), ("until 1%", "until", 0.01), ("100%", "share", 1.0)],
)  # fmt: skip
def test_a_budget_is_a_number_a_share_or_a_stopping_rule(text, kind, value):
    found = parse_budget(text)
    assert (found.kind, found.value) == (kind, pytest.approx(value))


@pytest.mark.parametrize(
    "text", ["0", "-5", "0%", "101%", "ten", "until 5", "1.5", "", True, "9" * 15]
)
def test_a_budget_that_means_nothing_is_refused(text):
    with pytest.raises(InputError, match="budget"):
        parse_budget(text)


@pytest.mark.parametrize(
    ("written", "name"),
    [("Full coverage", "coverage"), ("full-coverage", "coverage"), ("LOW BUDGET", "low-budget"),
     ("Density-weighted", "density"), ("Common + edge", "edges"), ("extremes", "extremes")],
)  # fmt: skip
def test_a_strategy_may_be_written_as_it_is_titled(written, name):
    assert strategy_name(written) == name


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"strategy": "best"}, "strategy"),
        ({"scenario": "later"}, "scenario"),
        ({"pool": "some"}, "pool"),
        ({"pool": "slice:"}, "pool"),
        ({"seed": -1}, "seed"),
        ({"seed": True}, "seed"),
        ({"without": "a"}, "without"),
        ({"edge_share": 2}, "edge_share"),
        ({"alpha": float("nan")}, "alpha"),
        ({"inside": "balanced"}, "inside"),
        ({"clean": "yes"}, "clean"),
        ({"clean": []}, "clean"),
        ({"budget": None}, "budget"),
        ({"pool": 5}, "pool"),
        ({"slice": 5}, "slice"),
        ({"colour": 1}, "colour"),
        ({"name": 3}, "name"),
    ],
)
def test_a_request_is_checked_field_by_field(fields, said):
    with pytest.raises(InputError, match=said):
        CurateRequest.from_json({"name": "set", **fields})


def test_a_request_comes_back_from_its_json():
    asked = CurateRequest("set", "edges", "until 1%", without=("a", "b"), seed=3, clean=True)
    assert CurateRequest.from_json(json.loads(json.dumps(asked.to_json()))) == asked


# -- the choice ------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_chooses_as_many_as_asked_with_gains_that_sum_to_the_total(shared, strategy):
    result = curate(shared, strategy=strategy)
    choice = Choices(shared).open(result["choice"])
    assert len(set(choice.rows.tolist())) == result["count"] == 20
    assert choice.chosen["gain"].sum() == pytest.approx(result["total"], rel=1e-9, abs=1e-9)
    assert choice.chosen["order"].tolist() == list(range(1, 21))
    assert set(choice.chosen["role"]) <= {"centre", "edge", "gap filler"}
    assert all(choice.chosen["reason"].str.len() > 10)


def test_the_coverage_told_is_that_of_the_rows_and_of_the_closed_form(shared):
    result = curate(shared, strategy="coverage", budget="60")
    data = data_of("set", shared)
    labels = np.asarray(data.micro.labels)
    rows = Choices(shared).open(result["choice"]).rows
    assert result["covered"] == len(np.unique(labels[rows]))
    assert result["clusters"] == len(np.unique(labels))
    exact = random_coverage(np.bincount(labels), 200, 60)
    assert result["random"]["mean"] == pytest.approx(exact.mean)
    assert result["random"]["sd"] == pytest.approx(exact.sd)
    assert result["random"]["low"] < exact.mean < result["random"]["high"]
    for name in ("clusters", "covered", "random_mean"):
        whole = {"random_mean": exact.mean}.get(name) or result[name]
        assert sum(line[name] for line in result["bins"]) == pytest.approx(whole)
    other = result["independent"]
    assert 0 < other["covered"] <= other["clusters"]
    assert other["random_mean"] == pytest.approx(other["random"]["mean"])


def test_full_coverage_covers_every_planted_rare_mode(tmp_path):
    """1 % of 4,000 items in 20 groups of two, and as many places as there are micro-clusters."""
    workspace = Workspace(tmp_path)
    random = np.random.default_rng(5)
    common = 3 * np.eye(40)[0] + 0.3 * random.standard_normal((3960, 40))
    modes = np.repeat(3 * np.eye(40)[1:21], 2, axis=0)
    vectors = np.concatenate([common, modes + 0.01 * random.standard_normal((40, 40))])
    vector_set(workspace, vectors)
    clusters = len(data_of("set", workspace).micro.table)
    rows = chosen(workspace, strategy="coverage", budget=str(clusters)).rows
    planted = set(((rows[rows >= 3960] - 3960) // 2).tolist())
    assert planted == set(range(20))


def test_the_same_seed_gives_the_same_choice_anywhere(root, workspace, tmp_path):
    shutil.copytree(root, tmp_path / "other")
    other = Workspace(tmp_path / "other")
    for strategy in ("representative", "density", "edges"):
        first = chosen(workspace, strategy=strategy, seed=4)
        again = chosen(other, strategy=strategy, seed=4)
        assert first.key == again.key
        assert first.chosen.equals(again.chosen)
    assert chosen(workspace, strategy="density", seed=5).rows.tolist() != (
        chosen(workspace, strategy="density", seed=4).rows.tolist()
    )


def test_the_same_request_again_computes_nothing(workspace, monkeypatch):
    first = curate(workspace, slice="a")
    monkeypatch.setattr("core.choosing._compute", lambda *a: pytest.fail("computed again"))
    assert {**curate(workspace, slice="a"), "seconds": 0} == {**first, "seconds": 0}
    assert len(data_of("set", workspace).view.slices) == 1
    with pytest.raises(pytest.fail.Exception):
        curate(workspace, seed=1)


def test_every_image_says_why_it_is_there(shared):
    choice = chosen(shared, strategy="coverage", budget="60")
    labels = np.asarray(data_of("set", shared).micro.labels)
    sizes = np.bincount(labels)
    seen = set()
    for line in choice.chosen.itertuples():
        first = line.cluster not in seen
        seen.add(line.cluster)
        assert line.cluster == labels[line.row]
        if sizes[line.cluster] <= 3:
            assert line.role == "edge"
        elif line.role != "edge":
            assert line.role == ("centre" if first else "gap filler")
        if line.role == "gap filler":
            assert "from the nearest taken before" in line.reason
    addresses = data_of("set", shared).opened.addresses
    assert choice.chosen["address"].tolist() == [addresses[row] for row in choice.rows]


def test_the_distance_in_the_reason_of_a_gap_filler_is_the_measured_one(shared):
    choice = chosen(shared, strategy="coverage", budget="100")
    data = data_of("set", shared)
    unit = data.unit(shared).astype(np.float64)
    labels = np.asarray(data.micro.labels)
    fillers = choice.chosen[choice.chosen["role"] == "gap filler"]
    assert len(fillers) > 5
    for line in fillers.itertuples():
        before = choice.rows[: line.order - 1]
        before = before[labels[before] == line.cluster]
        away = np.linalg.norm(unit[before] - unit[line.row], axis=1).min()
        assert f"{away:.3f} from the nearest" in line.reason


def test_the_edge_case_curve_is_kept_with_the_choice(shared):
    result = curate(shared, strategy="edges")
    choice = Choices(shared).open(result["choice"])
    data = data_of("set", shared)
    edge = edge_rows(data.neighbors, data.micro)
    told = result["saturation"]
    assert (told["edges"], told["taken"]) == (edge.sum(), edge[choice.rows].sum())
    assert told["common"] == 20 - told["taken"]
    assert choice.saturation is not None
    assert choice.saturation["s"].iloc[-1] == 1.0
    assert told["suggested"] in choice.saturation["budgets"].tolist()


# -- the pool --------------------------------------------------------------------------------------


def test_what_a_person_excluded_or_dropped_is_never_chosen(workspace):
    act(workspace, "exclude", [0, 1, 2])
    act(workspace, "drop", [199])
    choice = chosen(workspace, budget="100%")
    assert len(choice.rows) == 196
    assert not {0, 1, 2, 199} & set(choice.rows.tolist())
    assert any("4 excluded or dropped" in note for note in choice.meta["notes"])


def test_a_pool_may_be_a_slice_a_selection_or_what_is_unlabelled(workspace):
    act(workspace, "slice.create", range(50), name="new")
    opened = data_of("set", workspace).opened
    selection = Selections(workspace).save(opened.key, np.arange(150, 200), {"how": "rows"})
    act(workspace, "relabel", [0], label="moth")
    act(workspace, "relabel", [1], label="")
    assert set(chosen(workspace, pool="slice:new").rows.tolist()) <= set(range(50))
    taken = chosen(workspace, pool=f"selection:{selection}").rows
    assert taken.min() >= 150
    unlabelled = chosen(workspace, pool="unlabelled", budget="100%")
    assert sorted(unlabelled.rows.tolist()) == sorted([1, *range(2, 200, 2)])


def test_slices_may_be_left_out(workspace):
    act(workspace, "slice.create", range(100), name="a")
    act(workspace, "slice.create", range(90, 150), name="b")
    choice = chosen(workspace, without=["a", "b"], budget="100%")
    assert sorted(choice.rows.tolist()) == list(range(150, 200))


def test_a_share_is_of_the_pool_that_is_left(workspace):
    act(workspace, "slice.create", range(50), name="new")
    assert len(chosen(workspace, pool="slice:new", budget="10%").rows) == 5
    assert len(chosen(workspace, budget="0.1%").rows) == 1


def test_until_stops_where_little_is_added(shared):
    few, more = (chosen(shared, budget=f"until {x}%").rows.tolist() for x in (5, 1))
    assert 2 <= len(few) < len(more) < 200
    assert more[: len(few)] == few


def test_near_duplicates_are_taken_out_first_where_asked_for(tmp_path):
    workspace = Workspace(tmp_path)
    random = np.random.default_rng(2)
    plain = random.standard_normal((120, 12))
    copies = plain[:30] + 1e-4 * random.standard_normal((30, 12))
    vector_set(workspace, np.concatenate([plain, copies]))
    choice = chosen(workspace, budget="100%", clean=True)
    assert len(choice.rows) == 120
    assert choice.meta["taken_out"] == {"near_duplicates": 30, "quality": 0}
    pairs = {tuple(sorted((row, row + 120))) for row in range(30)}
    assert not [pair for pair in pairs if set(pair) <= set(choice.rows.tolist())]
    assert len(chosen(workspace, budget="100%").rows) == 150
    with pytest.raises(InputError, match=r"only 120 images; .*30 near-duplicates"):
        curate(workspace, budget="130", clean=True)


# -- scenarios -------------------------------------------------------------------------------------


def test_the_next_batch_never_takes_what_is_labelled_and_goes_on_from_it(workspace):
    labelled = set(range(1, 200, 2))
    choice = chosen(workspace, scenario="next", budget="40", strategy="coverage")
    assert not labelled & set(choice.rows.tolist())
    assert set(choice.already.tolist()) == labelled
    labels = np.asarray(data_of("set", workspace).micro.labels)
    open_clusters = set(labels) - set(labels[sorted(labelled)])
    assert open_clusters, "the sample must leave some groups open"
    assert open_clusters <= set(labels[choice.rows])
    assert choice.meta["covered"] == choice.meta["clusters"]


def test_the_next_batch_may_go_on_from_a_slice(workspace):
    act(workspace, "slice.create", range(20), name="done")
    choice = chosen(workspace, scenario="next", labelled="done", budget="100%")
    assert sorted(choice.rows.tolist()) == list(range(20, 200))


def test_a_test_set_is_apart_from_what_earlier_choices_took_down_to_their_units(workspace):
    first = curate(workspace, budget="20", slice="training")
    taken = Choices(workspace).open(first["choice"]).rows
    choice = chosen(workspace, scenario="test", budget="30")
    assert not {row // 4 for row in taken} & {row // 4 for row in choice.rows}
    assert any("training" in note for note in choice.meta["notes"])
    made = curate(workspace, scenario="test", budget="30", slice="testing")
    assert made["choice"] == choice.key  # a test set made before does not change the question


def test_a_test_set_has_no_near_duplicate_of_what_was_chosen(tmp_path):
    workspace = Workspace(tmp_path)
    random = np.random.default_rng(2)
    plain = random.standard_normal((200, 12))
    vector_set(workspace, np.concatenate([plain, plain[:50] + 1e-5]))
    act(workspace, "slice.create", range(40), name="training")
    choice = chosen(workspace, scenario="test", without=["training"], budget="100%")
    assert sorted(choice.rows.tolist()) == [*range(40, 200), *range(240, 250)]


# -- the slice -------------------------------------------------------------------------------------


def test_a_choice_makes_a_slice_that_says_how(workspace):
    result = curate(workspace, slice=None)
    assert result["slice"] == "Representative 20"
    one = data_of("set", workspace).view.slice("Representative 20")
    choice = Choices(workspace).open(result["choice"])
    assert one.rows.tolist() == sorted(choice.rows.tolist())
    assert one.how.startswith("Representative: 20 of 200 (all vectors), seed 0")
    again = curate(workspace, slice=None)
    assert again["slice"] == result["slice"]
    assert len(data_of("set", workspace).view.slices) == 1


def test_another_choice_gets_another_name(workspace):
    curate(workspace, slice=None)
    other = curate(workspace, slice=None, pool="unlabelled")
    assert other["slice"] == "Representative 20 (2)"


def test_a_name_that_is_taken_is_refused_before_anything_is_computed(workspace):
    act(workspace, "slice.create", [1], name="mine")
    with pytest.raises(InputError, match="mine"):
        curate(workspace, slice="mine")
    assert Choices(workspace).list("set") == []
    assert slice_rows(workspace, "mine") == [1]


def test_choices_are_listed_with_the_name_that_their_slice_has_now(workspace):
    made = curate(workspace, slice="a")
    curate(workspace, budget="10%", strategy="extremes")
    desk, opened = Desk(workspace), data_of("set", workspace).opened
    desk.act(opened, "slice.rename", name="a", to="b")
    lines = {line.key: line for line in Choices(workspace).list("set", desk.view(opened))}
    assert (lines[made["choice"]].slice, lines[made["choice"]].count) == ("b", 20)
    assert sorted(line.slice for line in lines.values()) == ["", "b"]
    desk.act(opened, "slice.delete", name="b")
    lines = Choices(workspace).list("set", desk.view(opened))
    assert [line.slice for line in lines] == ["", ""]
    assert Choices(workspace).list("another") == []


# -- what cannot be done ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"budget": "201"}, InputError, "only 200"),
        ({"pool": "slice:gone"}, NotFoundError, "gone"),
        ({"pool": "selection:" + "0" * 32}, NotFoundError, "selection"),
        ({"without": ["gone"]}, NotFoundError, "gone"),
        ({"labelled": "gone", "scenario": "next"}, NotFoundError, "gone"),
        ({"strategy": "balanced", "column": "colour"}, NotFoundError, "colour"),
        ({"strategy": "balanced", "column": "outlier score"}, InputError, "categories"),
        ({"name": "nothing"}, NotFoundError, "nothing"),
    ],
)
def test_what_cannot_be_done_says_so_and_leaves_nothing(shared, fields, error, said):
    before = sorted((shared.root / "artefacts").glob("choice/*"))
    with pytest.raises(error, match=said):
        curate(shared, **fields)
    assert sorted((shared.root / "artefacts").glob("choice/*")) == before


def test_an_empty_pool_says_what_emptied_it(workspace):
    act(workspace, "slice.create", range(200), name="all")
    with pytest.raises(InputError, match=r"pool is empty.*200 of slice “all”"):
        curate(workspace, without=["all"])


def test_going_on_from_labels_needs_some(tmp_path):
    workspace = Workspace(tmp_path)
    vector_set(workspace, blobs([10, 10])[0])
    with pytest.raises(InputError, match="nothing is labelled yet"):
        curate(workspace, scenario="next", budget="5")
    with pytest.raises(InputError, match="no labels"):
        curate(workspace, strategy="balanced", budget="5")


def test_a_cancelled_choice_leaves_nothing_half_made(workspace):
    seen = []

    def stop():
        seen.append(1)
        return len(seen) > 6

    with pytest.raises(JobCancelled):
        curate(workspace, Progress(cancelled=stop, interval=0.0), slice="a")
    assert not list((workspace.root / "artefacts").glob("choice/*"))
    assert data_of("set", workspace).view.slices == []
    assert curate(workspace, slice="a")["count"] == 20


# -- small and odd sets ----------------------------------------------------------------------------


@pytest.mark.parametrize("vectors", [np.ones((6, 4)), np.eye(3), np.ones((1, 4))])
@pytest.mark.parametrize("strategy", [s for s in STRATEGIES if s != "balanced"])
def test_tiny_and_identical_sets_can_be_chosen_from(tmp_path, vectors, strategy):
    workspace = Workspace(tmp_path)
    vector_set(workspace, vectors)
    result = curate(workspace, strategy=strategy, budget="100%")
    assert result["count"] == len(vectors)
    assert result["covered"] == result["clusters"]
    assert result["random"]["sd"] == pytest.approx(0, abs=1e-9)


def test_all_of_the_json_is_plain(shared):
    result = curate(shared)
    choice = Choices(shared).open(result["choice"])
    value = json.loads(json.dumps(choice_json(choice, data_of("set", shared).opened)))
    assert len(value["selected"]) == len(value["reasons"]) == len(value["rows"]) == 20
    assert set(value["reasons"][0]) == {"order", "row", "role", "cluster", "theme", "gain", "text"}
    json.dumps(result, allow_nan=False)


def test_the_pool_can_be_asked_for_without_a_job(shared):
    data = data_of("set", shared)
    pool = pool_of(CurateRequest("set"), data.opened, data.view, shared)
    assert (len(pool.rows), pool.title, pool.notes) == (200, "all vectors", ())
