"""The views of a comparison: distances, tree, variety, distinctive images, axes, preset."""

import re
from pathlib import Path

import numpy as np
import pytest
from dash import html
from morphology_shapes import NAMES, FormSet, keys, shapes
from scipy.cluster.hierarchy import dendrogram, linkage

from components import (
    morphology_axes,
    morphology_disparity,
    morphology_distances,
    morphology_distinct,
    morphology_figures,
    morphology_lurig,
    morphology_ordination,
    morphology_plane,
    morphology_tables,
    morphology_tree,
)
from components.morphology_csv import TABLES
from components.palette import HUES_DARK, HUES_LIGHT, contrast, number_palette, rgb
from tests.trees import data, find, nodes, text

VIEWS = {
    "distances": morphology_distances,
    "disparity": morphology_disparity,
    "distinct": morphology_distinct,
    "ordination": morphology_ordination,
    "preset": morphology_lurig,
}
ASSETS = Path(__file__).parents[2] / "assets"


def figure(tree, name):
    """Return one chart of a tree as plain data."""
    (found,) = (
        n["props"]["figure"]
        for n in nodes(tree)
        if n["type"] == "Graph" and n["props"]["id"]["name"] == name
    )
    return found


def shown(view, made=None, **more):
    return VIEWS[view].view_of(FormSet(), None, made or shapes(), keys(view=view, **more))


def cells(tree, caption):
    """Return the rows of the table with this caption as text."""
    for node in nodes(tree):
        if node["type"] == "Table" and caption in text(node):
            body = data(node["props"]["children"][-1])["props"]["children"]
            return [[text(cell) for cell in row["props"]["children"]] for row in body]
    raise AssertionError(caption)


# -- numbers in words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "told"),
    [(0.1234, "0.123"), (12.345, "12.3"), (-0.05, "−0.0500"), (0, "0"), (None, "–"),
     (float("nan"), "–"), (1234.5, "1,234"), (3e-7, "3.00e−7")],
)  # fmt: skip
def test_numbers_have_three_figures_and_none_is_a_dash(given, told):
    assert morphology_tables.value(given).replace("e−07", "e−7") == told


def test_an_interval_without_an_end_is_a_dash():
    assert morphology_tables.interval([0.5, 1.25]) == "0.500 to 1.25"
    assert morphology_tables.interval([0.5, None]) == "–"
    assert morphology_tables.interval(None) == "–"


# -- the tree --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_the_tree_is_drawn_as_scipy_draws_it(seed):
    points = np.random.default_rng(seed).normal(size=(9, 3))
    links = linkage(points, "average")
    at = morphology_tree.placed(links.tolist())
    x, y = morphology_tree.lines(links.tolist(), at)
    # SciPy's own drawing: leaves at 5, 15, 25, …; the order that has the lower child first
    drawn = dendrogram(links, no_plot=True, distance_sort="ascending")
    assert list(at.order) == drawn["leaves"]
    ours = sorted(tuple(np.round([*x[i : i + 4], *y[i : i + 4]], 9)) for i in range(0, len(x), 5))
    theirs = sorted(
        tuple(np.round([*high, *((np.array(place) - 5) / 10)], 9))
        for high, place in zip(drawn["dcoord"], drawn["icoord"], strict=True)
    )
    assert ours == theirs
    (marks,) = morphology_tree.supports(links.tolist(), at, [0.5] * len(links), written=True)
    for place, high, side in zip(marks["y"], marks["x"], marks["textposition"], strict=True):
        parent = next(k for k in range(0, len(x), 5) if (high, place) in
                      {(x[k], y[k]), (x[k + 3], y[k + 3])})  # fmt: skip
        sibling = y[parent + 3] if y[parent] == place else y[parent]
        assert side == ("top left" if sibling > place else "bottom left")  # y grows downwards


def test_branches_hold_their_leaves_and_the_root_all_groups():
    links = [[2, 3, 1.0, 2], [0, 4, 2.0, 3], [1, 5, 3.0, 4]]
    assert morphology_tree.members(links) == [[2, 3], [0, 2, 3], [0, 1, 2, 3]]


def test_the_tree_tells_support_of_branches_but_not_of_the_root():
    chart = figure(shown("distances"), "morph-tree")
    lines, marks = chart["data"]
    assert max(v for v in lines["x"] if v is not None) == pytest.approx(3.5)  # (4 + 3) / 2
    assert marks["customdata"] == ["97 %"]
    assert marks["x"] == [1.0]
    assert cells(shown("distances"), "Branches of the tree") == [
        ["ant, bee", "1.00", "97 %"], ["all groups", "3.50", "–"],
    ]  # fmt: skip


def test_each_leaf_has_the_picture_nearest_the_mean_of_its_group():
    chart = figure(shown("distances"), "morph-tree")
    names = [one["text"] for one in chart["layout"]["annotations"]]
    assert sorted(names) == ["ant", "bee", "cat"]
    rows = {name: int(one["source"].rsplit("/", 1)[1], 16)
            for name, one in zip(names, chart["layout"]["images"], strict=True)}  # fmt: skip
    assert rows == {"ant": 1, "bee": 5, "cat": 9}


# -- distances -------------------------------------------------------------------------------------


def test_the_heat_map_has_the_groups_in_the_order_of_the_tree_and_no_diagonal():
    chart = figure(shown("distances"), "morph-heat")
    order = chart["layout"]["yaxis"]["ticktext"]
    place = {"ant": 0, "bee": 1, "cat": 4}
    for a, row in zip(order, chart["data"][0]["z"], strict=True):
        assert row == [None if a == b else abs(place[a] - place[b]) for b in order]
    tree = figure(shown("distances"), "morph-tree")
    assert order == [one["text"] for one in tree["layout"]["annotations"]]


def test_a_group_without_a_distance_is_in_no_chart():
    names, matrix = morphology_distances.arranged(shapes().meta)
    assert set(names) == {"ant", "bee", "cat"}
    assert matrix.shape == (3, 3)


def test_groups_lie_in_the_plane_as_far_apart_as_the_table_says():
    chart = figure(shown("distances"), "morph-plane")
    points = chart["data"][0]
    place = dict(zip(points["text"], zip(points["x"], points["y"], strict=True), strict=True))
    truth = {"ant": 0, "bee": 1, "cat": 4}  # on a line: one axis holds all
    for a in truth:
        for b in truth:
            apart = np.hypot(*np.subtract(place[a], place[b]))
            assert apart == pytest.approx(abs(truth[a] - truth[b]), abs=1e-4)
    assert "100 % of what they span" in text(shown("distances"))


def test_distances_that_no_points_have_are_said_to_fit_badly():
    bent = np.array([[0, 1, 1, 9.0], [1, 0, 1, 1], [1, 1, 0, 1], [9, 1, 1, 0]])
    found = morphology_plane.plane_of(list("abcd"), bent)
    assert found is not None
    assert "trust the table of pairs" in text(html.P(morphology_plane.sentence(found)))


def test_names_in_the_plane_stand_away_from_each_other():
    row = np.array([[0.0, 0], [0.05, 0], [0.1, 0], [1, 1]])
    placed = morphology_plane.sides(row, ["a long name"] * 4)
    assert len(set(placed[:3])) == 3
    far = np.array([[0.0, 0], [1, 0], [0, 1.0]])
    assert morphology_plane.sides(far, ["a", "b", "c"]) == ["top center"] * 3


def test_two_groups_make_no_plane():
    assert morphology_plane.plane_of(["a", "b"], np.array([[0, 1.0], [1, 0]])) is None
    assert morphology_plane.plane_of(list("abc"), np.full((3, 3), np.nan)) is None


def test_without_a_tree_the_heat_map_keeps_the_order_of_the_pairs():
    names, _ = morphology_distances.arranged(shapes(tree=None).meta)
    assert names == ["ant", "bee", "cat"]
    assert "A tree needs three groups" in text(shown("distances", shapes(tree=None)))


@pytest.mark.parametrize(
    ("order", "first"), [("", "ant – bee"), ("far", "ant – cat"), ("name", "ant – bee")]
)
def test_pairs_come_in_the_order_asked_for_with_effect_before_p(order, first):
    rows = cells(shown("distances", order=order), "Pairs of groups")
    assert rows[0][0] == first
    assert {tuple(row[1:3]) for row in rows} == {
        ("1.00", "0.500 to 1.50"), ("3.00", "1.50 to 4.50"), ("4.00", "2.00 to 6.00"),
    }  # fmt: skip
    assert rows[0][3:] == ["0.25", "8.12", "0.002", "0.006"]


def test_distances_cut_off_at_nothing_are_explained():
    made = shapes()
    made.meta["distances"][0] |= {"distance": 0.0, "truncated": True}
    assert "sampling alone explains it" in text(shown("distances", made))
    assert "sampling alone" not in text(shown("distances"))


def test_two_groups_with_too_few_units_have_no_distances_but_a_reason():
    made = shapes(distances=[], pairwise=[], tree=None)
    assert "needs two groups that have two units" in text(shown("distances", made))


def test_numbers_in_the_cells_can_be_read_on_their_colour():
    heat, numbers = figure(shown("distances"), "morph-heat")["data"]
    assert heat["showscale"]
    tones = number_palette()[1:]
    assert heat["colorscale"][0] == [0.0, tones[0]]
    assert heat["colorscale"][-1] == [1.0, tones[-1]]
    assert len(numbers["x"]) == 6  # three pairs, both ways
    for x, y, told, ink in zip(numbers["x"], numbers["y"], numbers["text"],
                               numbers["textfont"]["color"], strict=True):  # fmt: skip
        far = heat["z"][y][x]
        assert told == f"{far:.2f}"
        assert contrast(ink, tones[round((len(tones) - 1) * (far - 1) / 3)]) >= 4.5


def test_so_many_groups_have_a_heat_map_without_names_and_a_tree_without_pictures():
    names = [f"g{at}" for at in range(70)]
    points = np.random.default_rng(0).normal(size=(70, 3))
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    pairs = [
        {"a": names[i], "b": names[j], "distance": apart[i, j], "ci": None, "truncated": False}
        for i in range(70)
        for j in range(i + 1, 70)
    ]
    links = linkage(apart[np.triu_indices(70, 1)], "average").tolist()
    made = shapes(
        distances=pairs, pairwise=[],
        tree={"links": links, "leaves": names, "cophenetic": 0.5, "support": [0.5] * 69},
    )  # fmt: skip
    tree = shown("distances", made)
    heat = figure(tree, "morph-heat")
    assert heat["layout"]["xaxis"]["visible"] is False
    assert len(heat["data"]) == 1
    drawn = figure(tree, "morph-tree")
    assert drawn["layout"]["images"] == []
    assert drawn["data"][1]["mode"] == "markers"
    assert "60 of 2,415 rows" in text(tree)
    assert "read the heat map instead" in text(tree)


# -- variety ---------------------------------------------------------------------------------------


def test_variety_is_drawn_with_its_interval_the_most_varied_first():
    chart = figure(shown("disparity"), "morph-disparity-variance")
    assert chart["layout"]["yaxis"]["ticktext"] == ["cat", "bee", "ant"]
    (trace,) = chart["data"]
    assert trace["x"] == [0.375, 0.25, 0.125]
    assert trace["error_x"]["array"] == [0.125] * 3
    assert trace["error_x"]["arrayminus"] == [0.125] * 3


def test_a_group_of_one_unit_is_listed_without_numbers():
    rows = cells(shown("disparity"), "Variety of the groups")
    assert rows[-1] == ["dog <b>", "1", "–", "–", "–", "–"]


def test_the_largest_difference_in_variety_comes_first_and_sure_ones_are_counted():
    tree = shown("disparity")
    rows = cells(tree, "Differences in variety")
    assert [row[0] for row in rows] == ["ant – cat", "ant – bee"]
    assert rows[1][1:3] == ["−0.125", "−0.250 to 0"]
    assert [float(p) for p in rows[1][3:]] == [0.03, 0.04]
    assert "In 1 of 2 pairs the difference is more than chance" in text(tree)


def test_a_hull_is_told_with_its_range_and_what_the_range_is():
    made = shapes()
    made.meta["disparity"]["groups"][0]["hull"] = {
        "volume": 0.25, "ci": [0.2, 0.3], "units": 20, "note": "illustrative",
    }  # fmt: skip
    only = {"volume": 0.1, "ci": [0.1, 0.1], "units": 20, "note": "illustrative"}
    made.meta["disparity"]["groups"][2]["hull"] = only  # of the smallest group: one sample
    tree = shown("disparity", made)
    rows = cells(tree, "Variety of the groups")
    assert {row[0]: row[-1] for row in rows}["ant"] == "0.250 (0.200 to 0.300)"
    assert {row[0]: row[-1] for row in rows}["cat"] == "0.100"
    assert {row[0]: row[-1] for row in rows}["bee"] == "–"
    assert "it is no interval" in text(tree)


# -- distinctive images ----------------------------------------------------------------------------


def strip_of(tree, label):
    (found,) = find(tree, aria__label=label)
    return [text(one) for one in data(found["children"])]


def test_galleries_have_the_most_and_the_least_of_all_and_of_each_group():
    tree = shown("distinct")
    assert strip_of(tree, "Largest distinctiveness of all")[0] == "dog <b> · 1.10"
    assert strip_of(tree, "Largest distinctiveness in ant") == [
        "u3 · 0.300", "u2 · 0.200", "u1 · 0.100", "u0 · 0",
    ]  # fmt: skip


def test_no_image_is_both_among_the_most_and_the_least(monkeypatch):
    monkeypatch.setattr(morphology_distinct, "OVERALL", 8)
    tree = shown("distinct")
    most = strip_of(tree, "Largest distinctiveness of all")
    least = strip_of(tree, "Smallest distinctiveness of all")
    assert least == ["ant · 0", "ant · 0.100", "ant · 0.200", "ant · 0.300"]
    assert not set(most) & set(least)


def test_the_measure_in_the_address_orders_the_galleries():
    tree = shown("distinct", measure="originality")
    assert strip_of(tree, "Largest originality of all")[0] == "dog <b> · 3.30"
    assert shown("distinct", measure="nonsense") is not None


def test_pictures_lead_to_their_image_in_explore():
    hrefs = [n["props"]["href"] for n in nodes(shown("distinct")) if n["type"] == "Link"]
    assert "/explore?set=moths&row=11" in hrefs


def test_groups_come_by_pages_and_a_page_too_far_is_the_last(monkeypatch):
    monkeypatch.setattr(morphology_distinct, "GROUPS", 2)
    first, last = shown("distinct"), shown("distinct", page="99")
    assert "in dog <b>" in str(data(first))
    assert "in ant" in str(data(last))
    assert "in ant" not in str(data(first))
    hrefs = [n["props"].get("href", "") for n in nodes(first) if n["type"] == "Link"]
    assert any("page=2" in href and "view=distinct" in href for href in hrefs)


def test_units_that_a_column_names_are_called_by_their_name():
    made = shapes()
    made.meta["design"]["unit_kind"] = "column"
    assert strip_of(shown("distinct", made), "Largest distinctiveness of all")[0] == "u11 · 1.10"


# -- axes ------------------------------------------------------------------------------------------


def test_an_axis_without_variance_is_not_offered():
    assert morphology_ordination.axes_of(shapes()) == 2
    assert "PC 3" not in text(shown("ordination"))


@pytest.mark.parametrize(
    ("x", "y", "found"),
    [("", "", (1, 2)), ("2", "", (2, 1)), ("2", "1", (2, 1)), ("1", "1", (1, 2)),
     ("9", "-4", (2, 1)), ("a", "b", (1, 2))],
)  # fmt: skip
def test_two_different_axes_are_always_drawn(x, y, found):
    assert morphology_ordination.chosen_axes({"x": x, "y": y}, 2) == found


def test_pictures_at_the_ends_are_the_outermost_units():
    layout = figure(shown("ordination"), "morph-ordination-1-2")["layout"]
    rows = [int(one["source"].rsplit("/", 1)[1], 16) for one in layout["images"]]
    assert rows[:6] == [0, 1, 2, 11, 10, 9]  # axis 1 is the row itself
    assert rows[6:9] == [5, 6, 4]  # axis 2 its square; the first of equal ones comes first
    assert rows[9:] == [11, 0, 10]
    low = layout["images"][:3]
    assert low[0]["x"] < low[1]["x"] < low[2]["x"]
    assert layout["images"][3]["x"] > layout["images"][5]["x"]
    assert strip_of(shown("ordination"), "High end of PC 1")[0] == "dog <b> · 5.50"


def test_no_unit_is_at_both_ends():
    low, high = morphology_axes.extremes(shapes().tables["units"].head(5), 1, 6)
    assert len(low) == len(high) == 2
    assert not set(low["unit"]) & set(high["unit"])


def test_arrows_are_the_columns_that_go_with_an_axis_as_long_as_their_correlation():
    layout = figure(shown("ordination"), "morph-ordination-1-2")["layout"]
    arrows = [one for one in layout["annotations"] if one["showarrow"]]
    names = [one["text"] for one in layout["annotations"] if not one["showarrow"]]
    assert names == ["weight", "age"]  # width is constant; the longer arrow first
    weight, age = arrows
    assert weight["y"] / weight["x"] == pytest.approx(-0.1 / 0.9)
    assert np.hypot(weight["x"], weight["y"]) / np.hypot(age["x"], age["y"]) == pytest.approx(
        np.hypot(0.9, 0.1) / np.hypot(0.2, 0.7)
    )
    far = 5.5 * morphology_axes.REACH  # the shorter half of the cloud
    assert np.hypot(weight["x"], weight["y"]) == pytest.approx(far)


def test_an_axis_is_told_by_the_columns_that_go_with_it():
    made = shapes()
    assert morphology_ordination.beside(made, 1) == "Goes with weight (r 0.90, p 0.003)."
    made.meta["ordination"]["supplementary"][0]["p_adjusted"] = None
    assert "None of 2 columns goes with it" in morphology_ordination.beside(made, 1)


def test_ten_groups_have_a_colour_and_a_mark_each_and_others_are_grey():
    assert len(set(morphology_figures.SYMBOLS)) == len(morphology_figures.HUES) == 10
    made = shapes()
    units = made.tables["units"].loc[[0] * 36].reset_index(drop=True)
    units["group"] = np.arange(36) // 3
    units["axis1"] = np.arange(36.0)
    made.tables["units"] = units
    made.meta["design"]["groups"] = [
        {"name": f"g{code}", "code": code, "units": 3, "images": 3, "tested": True}
        for code in range(12)
    ]
    chart = figure(shown("ordination", made), "morph-ordination-1-2")
    first, *rest = chart["data"]
    assert first["name"] == "other groups"
    assert len(first["x"]) == 6
    assert len({t["marker"]["color"] for t in rest[:-1]}) == 10
    one = figure(shown("ordination", made, group="g11"), "morph-ordination-1-2")
    assert [t["name"] for t in one["data"]] == ["other groups", "g11", "mean of a group"]
    assert one["data"][1]["x"] == [33.0, 34.0, 35.0]


def test_of_many_units_an_even_sample_of_every_group_is_drawn(monkeypatch):
    monkeypatch.setattr(morphology_axes, "POINTS", 100)
    units = shapes().tables["units"].loc[[0] * 1010].reset_index(drop=True)
    units["group"] = [0] * 1000 + [1] * 10
    kept = morphology_axes.sample(units)
    counts = kept["group"].value_counts()
    assert counts[0] == 99
    assert counts[1] == 1
    gaps = np.diff(kept.index[kept["group"] == 0])
    assert gaps.min() >= 10
    assert gaps.max() <= 11


# -- the preset ------------------------------------------------------------------------------------


def test_the_preset_tells_its_axis_by_units_held_out_and_shows_groups_along_it():
    tree = shown("preset")
    assert "told apart well: AUC 0.93, 0.90 to 0.96 over folds" in text(tree)
    chart = figure(tree, "morph-axis")
    assert chart["layout"]["yaxis"]["ticktext"] == ["ant", "bee", "cat", "dog &lt;b&gt;"]
    poles, others = chart["data"]
    assert (poles["x"], poles["y"]) == ([0.0, 1.0], [0, 2])
    assert (others["x"], others["y"]) == ([0.25, 2.25], [1, 3])
    assert poles["error_x"]["array"] == [0.125, 0.125]
    assert cells(tree, "Likeness inside groups") == [
        ["ant", "left and right", "4 and 3", "0.910", "0.880", "0.800"],
    ]  # fmt: skip


def test_the_preset_without_a_pair_tells_likeness_within_groups():
    made = shapes()
    made.meta["lurig"] |= {"similarity": [], "between": []}
    tree = shown("preset", made)
    assert cells(tree, "Likeness inside groups") == [
        ["ant", "4", "0.800"], ["cat", "4", "0.700"],
    ]  # fmt: skip
    assert [one for one in links(tree) if one.endswith("/preset-within.csv")]
    assert not [one for one in links(tree) if one.endswith("/preset-likeness.csv")]


def test_without_the_preset_its_view_says_so():
    assert "made without the preset" in text(shown("preset", shapes(lurig=None)))


# -- every view ------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
def test_every_figure_downloads_as_svg_and_png_and_has_words_for_it(view):
    tree = shown(view)
    graphs = [n for n in nodes(tree) if n["type"] == "Graph"]
    frames = find(tree, className="vt-shape-figure")
    assert len(frames) == len(graphs)
    for frame in frames:
        kinds = [n["props"]["data-vt-figure"] for n in nodes(frame) if "data-vt-figure" in
                 n["props"]]  # fmt: skip
        assert kinds == ["svg", "png"]
        assert find(frame, role="img")[0]["aria-label"]
        assert re.fullmatch(r"[\w-]+", frame["data-file"])


def links(tree):
    """The addresses of the CSV files of a view."""
    found = [str(one["props"].get("href", "")) for one in nodes(tree)]
    return [one for one in found if one.endswith(".csv")]


@pytest.mark.parametrize("view", VIEWS)
def test_every_table_leads_to_its_csv(view):
    tree = shown(view)
    made, tables = [n for n in nodes(tree) if n["type"] == "Table"], links(tree)
    names = {link.rsplit("/", 1)[1].removesuffix(".csv") for link in tables}
    assert len(tables) >= len(made) > 0
    assert names <= set(TABLES)


@pytest.mark.parametrize("view", VIEWS)
def test_a_set_that_has_changed_shows_no_picture_of_another_image(view):
    tree = shown(view, shapes(imageset="older"))
    assert not [n for n in nodes(tree) if n["type"] == "Img"]
    assert "/thumb/" not in str(data(tree))
    assert "row=" not in str(data(tree))
    assert text(tree)


@pytest.mark.parametrize("view", VIEWS)
def test_a_set_of_vectors_has_words_in_the_place_of_pictures(view):
    found = FormSet().without_pictures()
    tree = VIEWS[view].view_of(found, None, shapes(), keys(view=view))
    assert "/thumb/" not in str(data(tree))


@pytest.mark.parametrize("view", VIEWS)
def test_names_of_groups_are_never_taken_for_markup(view):
    for n in nodes(shown(view)):
        if n["type"] == "Graph":
            assert "<b>" not in str(n["props"]["figure"])
    assert NAMES[-1] == "dog <b>"


def test_each_colour_of_a_group_has_its_dark_form_in_the_style_sheet():
    css = (ASSETS / "morphology_figures.css").read_text(encoding="utf-8")
    for light, dark in zip(HUES_LIGHT, HUES_DARK, strict=True):
        red, green, blue = rgb(light)
        for what in ("fill", "stroke"):
            rule = f'[style*="{what}: rgb({red}, {green}, {blue})"] {{\n  {what}: {dark} !important'
            assert rule in css
