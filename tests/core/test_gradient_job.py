"""The job of gradients on a real workspace: what it finds, what it stores, what it refuses."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from morphology_example import NAME, SPECIES, TOTAL, butterflies, settings_of
from vectorsets import vector_set

from core.comparing import run_gradient
from core.comparisons.ends import find_image, named_end
from core.comparisons.gradients import Gradients
from core.curation import Desk
from core.errors import InputError, NotFoundError, VitrineError
from core.library import Library
from core.space import unit_rows
from core.storage.vectors import VectorCache

ENDS = {"by": "label", "a": SPECIES[0], "b": SPECIES[1]}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The workspace of butterflies; nobody decides anything in it."""
    return butterflies(tmp_path_factory.mktemp("butterflies"))


def lay(workspace, **asked):
    return run_gradient({"name": NAME, **asked}, workspace, settings_of(workspace))


def opened_of(workspace, name=NAME):
    return Library.with_desk(workspace, Desk(workspace)).open(name)


def unit_of(workspace, opened):
    folder = workspace.root / "vectors" / opened.spec.key
    vectors = VectorCache(folder, opened.spec).load(opened.items["item_id"].tolist())
    return unit_rows(vectors).astype(np.float64)


# -- what is computed ------------------------------------------------------------------------------


def test_positions_are_those_of_the_means_of_specimens(made):
    found = lay(made, **ENDS, unit="specimen")
    opened = opened_of(made)
    unit, items = unit_of(made, opened), opened.items
    means = [
        np.mean([unit[(items["specimen"] == one).to_numpy()].mean(axis=0)
                 for one in items.loc[items["label"] == species, "specimen"].unique()], axis=0)
        for species in SPECIES[:2]
    ]  # fmt: skip
    step = means[1] - means[0]
    table = Gradients(made).open_gradient(found["gradient"]).positions
    rows = table["row"].to_numpy()
    away = unit[rows] - means[0]
    assert table["t"].to_numpy() == pytest.approx(away @ step / (step @ step))
    t = table["t"].to_numpy()[:, None]
    assert table["residual"].to_numpy() == pytest.approx(np.linalg.norm(away - t * step, axis=1))
    assert set(items["label"].iloc[rows]) == set(SPECIES[:2])
    assert (found["n_images"], found["n_units"], found["auc_units"]) == (44, 12, 12)
    assert found["a"] == {"title": "apollo", "images": 22, "units": 6, "row": None}
    assert found["auc"] == 1.0
    assert found["left_out"] == {"in neither group": TOTAL - 44}
    assert [one["target"] for one in found["places"]] == pytest.approx(np.linspace(0, 1, 9))
    assert "“apollo” (6 units)" in found["methods"]


def test_with_many_images_of_one_specimen_the_mean_stays(made, tmp_path):
    """Twenty more photographs of one specimen move the axis as images, not as units."""
    opened = opened_of(made)
    unit, items = unit_of(made, opened), opened.items
    first = np.flatnonzero((items["specimen"] == "ap-0").to_numpy())
    take = np.concatenate([np.arange(TOTAL), np.repeat(first, 20)])
    workspace = butterflies(tmp_path, pictures=False, name="few")
    given = {name: items[name].iloc[take].reset_index(drop=True)
             for name in ("label", "specimen")}  # fmt: skip
    noise = 1e-4 * np.random.default_rng(0).normal(size=(len(take), unit.shape[1]))
    vector_set(workspace, unit[take] + noise, name="many", **given)
    settings = settings_of(workspace)
    asked = {**ENDS, "unit": "specimen"}
    few = run_gradient({"name": "few", **asked}, workspace, settings)
    many = run_gradient({"name": "many", **asked}, workspace, settings)
    kept = Gradients(workspace)
    one, two = (kept.open_gradient(found["gradient"]).positions for found in (few, many))
    same = one["t"].to_numpy() - two["t"].to_numpy()[: len(one)]
    assert np.abs(same).max() < 0.01
    loose = run_gradient({"name": "many", **ENDS}, workspace, settings)
    moved = kept.open_gradient(loose["gradient"]).positions["t"].to_numpy()[: len(one)]
    assert np.abs(one["t"].to_numpy() - moved).max() > 0.03


def test_two_images_are_the_ends_and_everyone_is_placed(made):
    found = lay(made, from_item="03.png", to_item="no. 60")
    places = found["places"]
    assert (places[0]["row"], places[-1]["row"]) == (3, 60)
    assert (places[0]["t"], places[-1]["t"]) == pytest.approx((0, 1))
    assert found["n_images"] == TOTAL
    assert found["auc"] is None
    assert (found["a"]["title"], found["a"]["row"]) == ("03.png", 3)
    assert [one["item_id"] for one in places if one["row"] is not None] == [
        opened_of(made).addresses[one["row"]] for one in places if one["row"] is not None
    ]
    again = lay(made, from_item=places[0]["item_id"], to_item=places[-1]["item_id"])
    assert again["gradient"] == found["gradient"]  # named otherwise, the same


def test_the_way_through_neighbours_is_the_stored_graphs(made):
    found = lay(made, kind="geodesic", from_item="0", to_item="80", k=20)
    rows = [one["row"] for one in found["places"]]
    near = np.asarray(opened_of(made).neighbors.indices)[:, :20]
    for one, two in pairwise(rows):
        assert two in near[one] or one in near[two]
    assert set(found["by_k"]) == {"10", "20", "40"}
    assert found["straightness"] == found["by_k"]["20"]["straightness"]
    assert found["share"] is None
    inside = lay(made, kind="geodesic", **ENDS, k=5, among="ends")
    labels = opened_of(made).items["label"]
    assert inside["n_images"] == 44
    assert {labels[one["row"]] for one in inside["places"]} <= set(SPECIES[:2])


def test_ends_that_nothing_joins_are_told_and_not_invented(tmp_path, made):
    vectors = np.concatenate([np.eye(8)[:2].repeat(20, axis=0), np.eye(8)[4:6].repeat(20, axis=0)])
    vectors = vectors + 0.05 * np.random.default_rng(1).normal(size=vectors.shape)
    workspace = butterflies(tmp_path, pictures=False)
    vector_set(workspace, vectors, name="apart")
    found = run_gradient(
        {"name": "apart", "kind": "geodesic", "from_item": "1", "to_item": "70", "k": 4},
        workspace, settings_of(workspace),
    )  # fmt: skip
    assert [one["row"] for one in found["places"]] == [1, 70]
    assert found["straightness"] is None
    assert found["warnings"][0]["code"] == "apart"
    assert "No way leads" in found["text"]
    assert all(value is None or np.isfinite(value) for value in (found["gap"], found["share"]))
    json.dumps(found, allow_nan=False)


def test_a_discriminant_places_images_by_axes_made_without_their_units(made):
    mean = lay(made, **ENDS, unit="specimen")
    found = lay(made, kind="discriminant", **ENDS, unit="specimen")
    table = Gradients(made).open_gradient(found["gradient"]).positions
    second = (table["group"] == SPECIES[1]).to_numpy()
    spread = [table["t"].to_numpy()[second == side].std() for side in (False, True)]
    assert min(spread) > 0.02  # an axis with its own units would put all of them at its ends
    assert found["auc"] == mean["auc"] == 1.0
    assert found["gradient"] != mean["gradient"]


def test_groups_that_do_not_differ_are_not_told_apart(made):
    """Halves of one species: seen images look apart on any axis, held-out specimens do not."""
    desk, opened = Desk(made), opened_of(made)
    rows = np.flatnonzero((opened.items["label"] == SPECIES[3]).to_numpy())
    odd = opened.items["specimen"].iloc[rows].str.endswith(("1", "3", "5")).to_numpy()
    desk.act(opened, "slice.create", rows[odd], name="odd", how="by hand")
    desk.act(opened, "slice.create", rows[~odd], name="even", how="lasso on UMAP")
    found = lay(made, by="slices", a="odd", b="even", unit="specimen")
    table = Gradients(made).open_gradient(found["gradient"]).positions
    odd_t = table.loc[table["group"] == "odd", "t"].mean()
    assert table.loc[table["group"] == "even", "t"].mean() - odd_t == pytest.approx(1, abs=0.2)
    assert found["auc"] <= 0.6
    codes = [one["code"] for one in found["warnings"]]
    assert "circular" in codes
    assert ("weak" in codes) == (found["auc"] < 0.6)


def test_the_column_that_was_planted_goes_with_the_axis(made):
    found = lay(made, **ENDS, unit="specimen", correlate=["size"])
    (one,) = found["correlations"]
    assert (one["column"], one["n"]) == ("size", 12)
    within = {c["column"] for c in lay(made, kind="principal")["correlations"]}
    assert "size" in within
    assert not within & {"neighbour distance", "outlier score", "cluster probability"}
    with pytest.raises(NotFoundError, match="no column 'weight'"):
        lay(made, **ENDS, correlate=["weight"])
    with pytest.raises(InputError, match="no numbers there"):
        lay(made, **ENDS, correlate=["side"])


def test_a_principal_axis_is_of_units_and_of_a_slice_if_asked(made):
    found = lay(made, kind="principal", unit="specimen", axis=2, places=5)
    assert found["title"] == "Principal axis 2"
    assert len(found["places"]) == 5
    assert all(one["row"] is not None for one in found["places"])
    assert (found["a"], found["auc"]) == (None, None)
    t = Gradients(made).open_gradient(found["gradient"]).positions["t"]
    assert found["low"] == pytest.approx(np.quantile(t, 0.02))
    with pytest.raises(NotFoundError, match="no slice"):
        lay(made, kind="principal", within="nowhere")


# -- who takes part --------------------------------------------------------------------------------


def test_what_was_excluded_is_not_shown(tmp_path):
    workspace = butterflies(tmp_path, pictures=False)
    before = lay(workspace, **ENDS)
    out = before["places"][0]["row"]
    opened = opened_of(workspace)
    Desk(workspace).act(opened, "exclude", [out], reason="blurred")
    after = lay(workspace, **ENDS)
    assert after["gradient"] != before["gradient"]
    assert after["n_images"] == before["n_images"] - 1
    assert after["left_out"]["excluded or dropped"] == 1
    assert out not in {one["row"] for one in after["places"]}
    way = lay(workspace, kind="geodesic", from_item="0", to_item="50")
    assert way["n_images"] == TOTAL - 1


def test_images_that_both_groups_have_are_left_out(tmp_path):
    workspace = butterflies(tmp_path, pictures=False)
    desk, opened = Desk(workspace), opened_of(workspace)
    desk.act(opened, "slice.create", list(range(30)), name="one")
    desk.act(opened, "slice.create", list(range(20, 60)), name="two")
    found = lay(workspace, by="slices", a="one", b="two")
    assert found["left_out"]["in both groups"] == 10
    assert (found["a"]["images"], found["b"]["images"]) == (20, 30)
    everyone = lay(workspace, by="slices", a="one", b="two", among="all")
    rows = Gradients(workspace).open_gradient(everyone["gradient"]).positions["row"]
    assert not set(rows) & set(range(20, 30))
    assert len(rows) == TOTAL - 10
    desk.act(opened, "slice.create", list(range(25, 28)), name="three")
    with pytest.raises(InputError, match="all its images are in the other group"):
        lay(workspace, by="slices", a="one", b="three")


def test_labels_as_edited_make_the_groups_and_the_key(tmp_path):
    workspace = butterflies(tmp_path, pictures=False)
    before = lay(workspace, **ENDS)
    Desk(workspace).act(opened_of(workspace), "relabel", [0, 1], label="comma")
    after = lay(workspace, **ENDS)
    assert after["a"]["images"] == before["a"]["images"] - 2
    assert after["gradient"] != before["gradient"]


def test_near_duplicates_nobody_looked_for_are_warned_of(made):
    codes = [one["code"] for one in lay(made, **ENDS)["warnings"]]
    assert "copies_unchecked" in codes
    codes = [one["code"] for one in lay(made, **ENDS, unit="specimen")["warnings"]]
    assert "copies_unchecked" not in codes
    codes = [one["code"] for one in lay(made, by="cluster", a="Theme 1", b="Theme 2")["warnings"]]
    assert codes[0] == "circular"


def test_a_group_of_one_specimen_is_not_tested(made):
    found = lay(made, by="specimen", a="ap-0", b="br-0", unit="specimen")
    assert found["auc"] is None
    assert "untested" in [one["code"] for one in found["warnings"]]
    alone = lay(made, kind="discriminant", by="specimen", a="ap-0", b="br-0")
    assert alone["auc"] is not None  # each image a unit of its own, as copies were not looked for


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": "label", "a": "apollo", "b": "moth"}, "“moth” in the column 'label'"),
        ({"by": "size", "a": "apollo", "b": "moth"}, "does not hold categories"),
        ({"by": "colour", "a": "apollo", "b": "moth"}, "no column 'colour'"),
        ({"by": "slices", "a": "pale", "b": "dark"}, "no slice “pale”"),
        ({"from_item": "0", "to_item": "99.png"}, "no image “99.png”"),
        ({"from_item": "0", "to_item": "00.png"}, "same image"),
        ({**ENDS, "unit": "animal"}, "no column 'animal'"),
        ({"kind": "principal", "axis": 10, "within": None, "by": "size"}, "categories"),
        ({"name": "moths", **ENDS}, "moths"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_stored(made, asked, said):
    before = len(Gradients(made).list_gradients(NAME))
    with pytest.raises(VitrineError) as raised:
        lay(made, **asked)
    assert said in str(raised.value)
    assert len(Gradients(made).list_gradients(NAME)) == before


# -- what is stored --------------------------------------------------------------------------------


def test_the_same_question_computes_nothing_again(made, monkeypatch):
    found = lay(made, **ENDS, seed=4)

    def fail(*given, **more):
        raise AssertionError("read again")

    monkeypatch.setattr(VectorCache, "load", fail)
    again = lay(made, **ENDS, seed=4)
    assert {**again, "seconds": 0} == {**found, "seconds": 0}
    monkeypatch.undo()
    other = lay(made, **ENDS, seed=5)
    assert other["gradient"] != found["gradient"]
    assert [one["row"] for one in other["places"]] == [one["row"] for one in found["places"]]


def test_the_list_is_newest_first_and_survives_a_damaged_one(tmp_path):
    workspace = butterflies(tmp_path, pictures=False)
    kept = Gradients(workspace)
    first = lay(workspace, **ENDS)["gradient"]
    second = lay(workspace, kind="principal")["gradient"]
    lines = kept.list_gradients(NAME)
    assert {line.key for line in lines} == {first, second}
    assert {line.title for line in lines} == {"apollo to brimstone", "Principal axis 1"}
    assert all(line.filled <= line.places == 9 for line in lines)
    manifest = workspace.folder("gradient", second) / "manifest.json"
    manifest.write_text(manifest.read_text().replace("Principal", "principal"))
    assert [line.key for line in Gradients(workspace).list_gradients(NAME)] == [first]
    with pytest.raises(NotFoundError, match="no gradient with this id"):
        kept.open_gradient("ab" * 16)


def test_of_a_set_that_changed_it_is_told(made, tmp_path):
    workspace = butterflies(tmp_path, pictures=False)
    gradient = Gradients(workspace).open_gradient(lay(workspace, **ENDS)["gradient"])
    assert gradient.stale(opened_of(workspace)) == ""
    assert "has changed since" in gradient.stale(opened_of(made))
    assert "item_id" in gradient.table(opened_of(workspace))
    assert "item_id" not in gradient.table(opened_of(made))


# -- images by what people call them ---------------------------------------------------------------


def test_an_image_is_found_by_id_path_name_number_and_the_beginning_of_its_id(made):
    opened = opened_of(made)
    address = opened.addresses[7]
    for text in (address, "07.png", "7", "no. 7", "#7", address[:12], address[:12].upper()):
        assert find_image(opened, text) == 7
    with pytest.raises(NotFoundError, match="give its id"):
        find_image(opened, "88")
    with pytest.raises(NotFoundError):
        find_image(opened, "")


def test_a_file_name_that_two_folders_have_is_refused(tmp_path, made):
    workspace = butterflies(tmp_path, pictures=False)
    paths = pd.Series(["a/1.png", "b/1.png", "b/2.png", "3"], dtype="string")
    vector_set(workspace, np.eye(4), name="paths", path=paths)
    opened = opened_of(workspace, "paths")
    assert find_image(opened, "a/1.png") == 0
    assert find_image(opened, "2.png") == 2
    assert find_image(opened, "3") == 3
    assert find_image(opened, "1") == 1
    with pytest.raises(InputError, match="could be 2 images"):
        find_image(opened, "1.png")
    found = run_gradient(
        {"name": "paths", "from_item": "a/1.png", "to_item": "b/1.png"},
        workspace, settings_of(workspace),
    )  # fmt: skip
    assert found["title"] == "1.png (no. 0) to 1.png (no. 1)"
    sides = Gradients(workspace).open_gradient(found["gradient"]).sides
    assert sides.tolist() == [0, 1, -1, -1]


def test_a_name_is_a_label_then_a_slice_then_an_image(tmp_path):
    workspace = butterflies(tmp_path, pictures=False)
    desk, opened = Desk(workspace), opened_of(workspace)
    desk.act(opened, "slice.create", [1, 2], name="apollo")
    desk.act(opened, "slice.create", [1, 2], name="pale")
    view = desk.view(opened)
    assert named_end(opened, view, "apollo", None) == {"by": "label", "group": "apollo"}
    assert named_end(opened, view, "apollo", "slices") == {"by": "slices", "group": "apollo"}
    assert named_end(opened, view, "pale", None) == {"by": "slices", "group": "pale"}
    assert named_end(opened, view, "north", "site") == {"by": "site", "group": "north"}
    assert named_end(opened, view, "12", None) == {"item": opened.addresses[12]}
    with pytest.raises(NotFoundError, match="neither a label, a slice nor an image"):
        named_end(opened, view, "north", None)
