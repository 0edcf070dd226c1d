"""Parts: the same as their images alone, started from where they lay, never mixed up."""

import argparse
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from types import SimpleNamespace

import flask
import numpy as np
import pytest
from making import ROOT
from PIL import Image
from scipy.spatial import procrustes

from core.commands import parts as commands
from core.config import load_settings
from core.curation import Desk
from core.errors import ArtifactCorruptError, InputError, JobCancelled, NotFoundError
from core.jobs import JobBoard
from core.library import Library
from core.maps.projection import project
from core.model import ProjectionSpec
from core.neighbors import find_neighbors
from core.opened.part import PartSet
from core.parts import PartRequest, part_name, run_part
from core.pictures import picture_bytes
from core.pipeline import run
from core.progress import Progress
from core.request import RunRequest
from core.runner import run_here
from core.selection import Selections
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

#: Pictures of each of three kinds; the last file is another's twin.
EACH = 36
COUNT = 3 * EACH + 2


def marked(number):
    """Return a picture whose first corner is a colour that no other has, of one of three kinds."""
    random = np.random.default_rng(number)
    kind = np.random.default_rng(1000 + number % 3).integers(0, 256, (4, 4))
    grey = np.clip(kind + random.normal(0, 12, (4, 4)), 0, 255)
    pixels = np.kron(grey, np.ones((6, 6)))[..., None].repeat(3, axis=2).astype(np.uint8)
    pixels[:4, :4] = colour_of(number)
    return Image.fromarray(pixels)


def colour_of(number):
    return (number, 255 - number, (number * 37) % 256)


def number_in(data):
    """Return which picture these bytes of a thumbnail or a larger view show."""
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    red, green, blue = (int(v) for v in pixels[1, 1])
    assert (red, green, blue) == colour_of(red)
    return red


def write_pictures(folder, numbers):
    """Write pictures so that their order by name is that of `numbers`, the last two as twins."""
    folder.mkdir(parents=True)
    for place, number in enumerate(numbers):
        marked(number).save(folder / f"{place:03}.png")
    return folder


NUMBERS = [*range(3 * EACH), 5, 50]  # rows 108 and 109 are the pictures of rows 5 and 50


def settings_of(workspace, **flags):
    return load_settings({"workspace": str(workspace.root), "workers": 1, **flags}, {})


def bring(workspace, source, name="set", maps=("tsne",), **more):
    request = RunRequest(str(source), name, **({"encoder": "pixels", "maps": maps} | more))
    return run(request, workspace, settings_of(workspace))


def take(workspace, rows, name="set", maps=("pca",), progress=None, **more):
    """Run a part of these rows and open it."""
    opened = Library(workspace).open(name)
    selection = Selections(workspace).save(opened.key, np.asarray(rows, np.int64), {})
    request = PartRequest(name, selection, maps, **more)
    result = run_part(request, workspace, settings_of(workspace), progress)
    return Library(workspace).open(result["name"])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A workspace with a set of 110 pictures and its t-SNE map, made once."""
    root = tmp_path_factory.mktemp("parts")
    source = write_pictures(root / "pictures", NUMBERS)
    workspace = Workspace(root / "ws")
    bring(workspace, source)
    return root


@pytest.fixture
def place(finished, tmp_path):
    """A copy of that workspace and its pictures, to be changed; the folder was moved, then."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    workspace = Workspace(tmp_path / "ws")
    bring(workspace, tmp_path / "pictures", maps=("pca",))
    return SimpleNamespace(workspace=workspace, pictures=tmp_path / "pictures")


@pytest.fixture
def workspace(finished, tmp_path):
    """A copy of that workspace, to be added to; the pictures stay as they are."""
    shutil.copytree(finished / "ws", tmp_path / "ws")
    return Workspace(tmp_path / "ws")


#: 70 of the 110 rows, both pairs of twins among them.
ROWS = np.sort(np.r_[[5, 50, 108, 109], np.random.default_rng(0).choice(
    np.setdiff1d(np.arange(108), [5, 50]), 66, replace=False)])  # fmt: skip


def files(workspace, kind, key):
    """Return the bytes of an artefact's files but its manifest, which has times in it."""
    folder = workspace.folder(kind, key)
    found = {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "manifest.json"}
    assert found
    return found


# -- what a part is --------------------------------------------------------------------------------


def test_a_part_equals_its_images_analysed_alone_byte_for_byte(workspace, tmp_path):
    part = take(workspace, ROWS, maps=("tsne",), fresh=True)
    alone = Workspace(tmp_path / "alone")
    bring(alone, write_pictures(tmp_path / "elsewhere", [NUMBERS[r] for r in ROWS]), "other")
    other = Library(alone).open("other")
    assert part.clustering("themes").table["size"].sum() > 30  # there are themes to compare
    assert part.neighbors.key == other.neighbors.key
    assert part.projections == other.projections
    compared = [("neighbors", part.neighbors.key)]
    compared += [("projection", key) for key in part.projections.values()]
    compared += [("faithfulness", key) for key in part.projections.values()]
    for kind in ("themes", "micro"):
        assert part.clustering(kind).key == other.clustering(kind).key
        compared.append(("clustering", part.clustering(kind).key))
    for kind, key in compared:
        assert files(workspace, kind, key) == files(alone, kind, key), kind


def test_the_map_of_a_part_starts_from_where_its_images_lay(workspace):
    parent = Library(workspace).open("set")
    part = take(workspace, ROWS, maps=("tsne",), seed=3)
    start = np.asarray(parent.projection("tsne").coordinates)[ROWS]
    cache = VectorCache(workspace.root / "vectors" / part.spec.key, part.spec)
    vectors = cache.load([parent.item_id(int(r)) for r in ROWS])
    neighbors = find_neighbors(vectors, key="n")
    expected = project(vectors, neighbors, ProjectionSpec("tsne", 2, 3), key="p", init=start)
    found = part.projection("tsne")
    np.testing.assert_array_equal(found.coordinates, expected.coordinates)
    assert found.parent == parent.projections["tsne"]
    fresh = take(workspace, ROWS, maps=("tsne",), seed=3, fresh=True)
    assert fresh.projections["tsne"] != part.projections["tsne"]
    assert fresh.projections["pca"] == part.projections["pca"]
    assert fresh.neighbors.key == part.neighbors.key
    assert fresh.name != part.name


def test_a_part_of_a_part_starts_from_the_part_and_not_from_the_set(workspace):
    outer = take(workspace, ROWS, maps=("tsne",))
    inner = take(workspace, np.arange(8, 66), outer.name, maps=("tsne",))
    assert inner.projection("tsne").parent == outer.projections["tsne"]
    there = np.asarray(outer.projection("tsne").coordinates)[8:66]
    m2 = procrustes(there, inner.projection("tsne").coordinates)[2]
    assert inner.lineage[-1].m2["tsne"] == pytest.approx(m2, abs=1e-6)
    np.testing.assert_array_equal(inner.base_rows, ROWS[8:66])


def test_m2_is_that_of_scipy_for_every_map(workspace):
    parent = Library(workspace).open("set")
    part = take(workspace, ROWS, maps=("tsne",))
    assert set(part.lineage[-1].m2) == {"pca", "tsne"}
    for name, m2 in part.lineage[-1].m2.items():
        there = np.asarray(parent.projection(name).coordinates, np.float64)[ROWS]
        here = np.asarray(part.projection(name).coordinates, np.float64)
        assert m2 == pytest.approx(procrustes(there, here)[2], abs=1e-9)
    assert 0.001 < part.lineage[-1].m2["tsne"] < 1


def test_the_same_question_is_a_look_up(workspace, monkeypatch):
    first = take(workspace, ROWS, maps=("tsne",))
    before = set(workspace.artefacts())
    for target in ("core.neighbors.find_neighbors", "core.maps.projection.project",
                   "core.clusters.themes.find_themes", "core.clusters.micro.find_micro_clusters",
                   "core.maps.faithfulness.measure_faithfulness"):  # fmt: skip
        monkeypatch.setattr(target, lambda *_, **__: pytest.fail("computed again"))
    again = take(workspace, ROWS[::-1], maps=("tsne",), title="the same")
    assert again.name == first.name
    assert (again.title, first.title) == ("the same", "70 of set")
    assert {kind for kind, _ in set(workspace.artefacts()) - before} == {"selection"}


def test_the_name_is_known_before_the_work_and_covers_what_shapes_the_result(workspace):
    opened = Library(workspace).open("set")
    name = part_name(opened, ROWS, seed=1)
    assert not Library(workspace).has(name)
    assert take(workspace, ROWS, seed=1).name == name
    assert Library(workspace).has(name)
    others = [
        part_name(opened, ROWS[1:], 1),
        part_name(opened, ROWS, 2),
        part_name(opened, ROWS, 1, fresh=True),
        part_name(Library(workspace).open(name), np.arange(70), 1),
    ]
    assert len({name, *others}) == 5


def test_a_part_gets_another_map_and_keeps_what_it_has(workspace):
    part = take(workspace, ROWS, seed=4, title="corner")
    wanted = PartRequest.from_json({**part.request, "maps": ["tsne"]})
    run_part(wanted, workspace, settings_of(workspace, seed=9))
    again = Library(workspace).open(part.name)
    assert list(again.projections) == ["pca", "tsne"]
    assert again.projections["pca"] == part.projections["pca"]
    assert again.clustering("themes").key == part.clustering("themes").key
    assert (again.title, again.key) == ("corner", part.key)
    assert set(again.lineage[-1].m2) == {"pca", "tsne"}
    assert again.projection("tsne").parent == Library(workspace).open("set").projections["tsne"]


def test_three_dimensions_start_from_three_or_from_nothing(workspace):
    part = take(workspace, ROWS, maps=("tsne",), dims=3)
    assert list(part.projections) == ["pca", "pca3d", "tsne3d"]
    assert part.projection("tsne3d").parent is None  # the set has only a flat one
    assert set(part.lineage[-1].m2) == {"pca"}


# -- where a part belongs --------------------------------------------------------------------------


def test_a_part_is_no_set_and_is_listed_with_its_set(workspace):
    outer = take(workspace, ROWS)
    inner = take(workspace, np.arange(20), outer.name, title="a few")
    library = Library(workspace)
    assert library.names() == ["set"]
    assert [s.name for s in library.sets()] == ["set"]
    lines = {p.name: p for p in library.parts("set")}
    assert set(lines) == {outer.name, inner.name}
    assert (lines[inner.name].parent, lines[inner.name].depth) == (outer.name, 2)
    assert (lines[outer.name].parent, lines[outer.name].depth) == ("set", 1)
    assert {p.problem for p in lines.values()} == {""}
    assert library.parts(inner.name) == library.parts("set")
    assert library.find(inner.key).name == inner.name


def test_lineage_and_titles_lead_down_to_the_part(workspace):
    outer = take(workspace, ROWS, title="mixed-up corner")
    middle = take(workspace, np.arange(60), outer.name)
    inner = take(workspace, np.arange(10, 50), middle.name)
    assert [(v.name, v.title, v.count) for v in inner.lineage] == [
        ("set", "set", 110), (outer.name, "mixed-up corner", 70),
        (middle.name, "60 of mixed-up corner", 60), (inner.name, "40 of set", 40),
    ]  # fmt: skip
    assert inner.lineage[1].m2 == outer.lineage[-1].m2 != {}
    (workspace.root / "parts" / f"{middle.name}.json").unlink()
    left = Library(workspace).open(inner.name)
    assert [v.title for v in left.lineage] == [v.title for v in inner.lineage]


def test_addresses_are_those_of_the_set(workspace):
    base = Library(workspace).open("set")
    part = take(workspace, ROWS[2:])  # without the first pictures of the pairs, perhaps
    assert part.addresses == [base.addresses[r] for r in ROWS[2:]]
    assert part.addresses[-1] == f"{base.item_id(50)}:2"
    inner = take(workspace, [0, len(ROWS) - 3], part.name)
    rows, missing = inner.rows_at([part.addresses[-1], base.addresses[0], "z"])
    assert rows.tolist() == [1]
    assert missing == 2 - (base.addresses[0] == part.addresses[0])


def test_selections_columns_and_neighbours_are_the_parts_own(workspace):
    part = take(workspace, ROWS)
    base = Library(workspace).open("set")
    table = base.items.iloc[ROWS].reset_index(drop=True)
    assert part.items.equals(table)
    assert workspace.read("imageset", part.key).tables["items"].equals(table)
    assert part.neighbors.indices.max() < 70
    assert part.filter("path", text="108.png").tolist() == [68]
    key = Selections(workspace).save(part.key, np.array([1, 2]), {})
    with pytest.raises(NotFoundError, match="another set"):
        Selections(workspace).load(key, base.key)


# -- pictures never mix ----------------------------------------------------------------------------


def browser(workspace):
    """Return a client of the routes that pictures and galleries use."""
    from components import routes, selection_routes

    server = flask.Flask("test")
    library, settings = Library(workspace), settings_of(workspace)
    server.config["VITRINE"] = SimpleNamespace(
        library=library, settings=settings, selections=Selections(workspace)
    )
    for module in (routes, selection_routes):
        server.register_blueprint(module.routes)
    return server.test_client()


def test_five_parts_deep_every_row_still_shows_its_own_picture(workspace):
    random = np.random.default_rng(5)
    name, expected = "set", np.array(NUMBERS)
    for depth, size in enumerate((96, 80, 64, 52, 40), 1):
        rows = np.sort(random.choice(len(expected), size, replace=False))
        part = take(workspace, rows, name)
        name, expected = part.name, expected[rows]
        assert len(part.lineage) == depth + 1
    client = browser(workspace)
    window = client.get("/api/window", query_string={"set": name}).json
    assert window["total"] == 40
    for row in range(40):
        thumb = client.get(f"/thumb/{part.key}/{row}")
        assert number_in(thumb.data) == expected[row]
        assert number_in(client.get(f"/thumb/{window['ids'][row]}").data) == expected[row]
        assert number_in(client.get(f"/image/{part.key}/{row}").data) == expected[row]
        assert part.item_id(row) == window["ids"][row]
        assert NUMBERS[int(part.base_rows[row])] == expected[row]


def shown(workspace, part_name_):
    """Return which pictures a part shows, large and small, row by row."""
    workspace = Workspace(workspace.root)
    library = Library(workspace)
    part = library.open(part_name_)
    large = [number_in(picture_bytes(part, r, settings_of(workspace))[0]) for r in range(len(part))]
    client = browser(workspace)
    small = [number_in(client.get(f"/thumb/{part.key}/{r}").data) for r in range(len(part))]
    assert large == small
    return large


def rename_files(folder, change):
    """Rename files all at once, so that names can be exchanged."""
    for old, new in change.items():
        (folder / old).rename(folder / f"{new}.moving")
    for new in change.values():
        (folder / f"{new}.moving").rename(folder / new)


def test_a_part_follows_its_images_when_files_are_added_and_exchange_names(place):
    part = take(place.workspace, ROWS)
    before = shown(place.workspace, part.name)
    assert before == [NUMBERS[r] for r in ROWS]
    first, second = f"{ROWS[0]:03}.png", f"{ROWS[9]:03}.png"
    rename_files(place.pictures, {first: second, second: first, "108.png": "zzz.png"})
    for extra in range(120, 123):
        marked(extra).save(place.pictures / f"00{extra}.png")
    bring(place.workspace, place.pictures, maps=("pca",))
    assert shown(place.workspace, part.name) == before
    again = Library(place.workspace).open(part.name)
    assert again.items["path"].iat[0] == second
    assert isinstance(again, PartSet)
    assert again.addresses == [again.base.addresses[r] for r in again.base_rows]
    assert again.base_rows.tolist() != ROWS.tolist()
    assert again.projections == part.projections
    wanted = PartRequest.from_json({**again.request, "maps": ["tsne"]})
    run_part(wanted, place.workspace, settings_of(place.workspace))
    assert shown(place.workspace, part.name) == before


def test_a_part_whose_images_are_gone_says_so_and_others_stay(place):
    workspace = place.workspace
    first, second = np.setdiff1d(ROWS, [5, 50, 108, 109])[[3, 30]]
    others = np.setdiff1d(np.arange(110), [first, second])
    lost, kept = take(workspace, ROWS), take(workspace, others)
    for row in (first, second):
        (place.pictures / f"{row:03}.png").unlink()
    bring(workspace, place.pictures, maps=("pca",))
    library = Library(workspace)
    with pytest.raises(NotFoundError, match=r"2 of the 70 images .* no longer in 'set'"):
        library.open(lost.name)
    problems = {p.name: p.problem for p in library.parts("set")}
    assert "no longer in 'set'" in problems[lost.name]
    assert problems[kept.name] == ""
    assert shown(workspace, kept.name) == [NUMBERS[r] for r in others]
    with pytest.raises(NotFoundError, match="reload"):
        library.find(lost.key)
    for row in (first, second):
        marked(NUMBERS[row]).save(place.pictures / f"again {row}.png")
    bring(workspace, place.pictures, maps=("pca",))
    assert shown(workspace, lost.name) == [NUMBERS[r] for r in ROWS]


def test_a_part_needs_its_set_and_nothing_breaks_without_it(place):
    part = take(place.workspace, ROWS)
    inner = take(place.workspace, np.arange(30), part.name)
    bring(place.workspace, place.pictures, "second", maps=("pca",))
    (place.workspace.root / "sets" / "set.json").unlink()
    library = Library(place.workspace)
    with pytest.raises(NotFoundError, match="belongs to is gone"):
        library.open(inner.name)
    assert [("gone" in p.problem) for p in library.parts("set")] == [True, True]
    assert library.parts("second") == []
    assert library.names() == ["second"]
    with pytest.raises(NotFoundError, match="reload"):
        library.find(part.key)
    bring(place.workspace, place.pictures, "set", maps=("pca",))  # and it is back
    assert shown(place.workspace, part.name) == [NUMBERS[r] for r in ROWS]


def test_a_part_keeps_the_encoder_it_was_made_with(place):
    part = take(place.workspace, ROWS)
    bring(place.workspace, place.pictures, maps=("pca",), encoder="pixels?side=8")
    again = Library(place.workspace).open(part.name)
    assert again.spec.key == part.spec.key != again.base.spec.key
    assert again.notes == ["made with the encoder pixels; set now has pixels?side=8"]
    inner = take(place.workspace, np.arange(60), part.name)
    assert inner.spec.key == part.spec.key
    np.testing.assert_array_equal(inner.base_rows, ROWS[:60])


# -- small, alike, empty ---------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_few_images_are_set_in_a_line_and_it_says_so(workspace, count):
    part = take(workspace, ROWS[:count], maps=("tsne",))
    assert len(part) == count
    assert {bool(m["notice"]) for m in part.summary["maps"]} == {True}
    assert part.lineage[-1].m2 == {}  # a line says nothing of how images moved
    json.dumps(part.summary, allow_nan=False)


def test_images_all_alike_are_set_in_a_line_and_so_are_parts_of_them(tmp_path):
    source = write_pictures(tmp_path / "alike", [7] * 12)
    workspace = Workspace(tmp_path / "ws")
    bring(workspace, source)
    part = take(workspace, np.arange(2, 10), maps=("tsne",))
    assert "same vector" in part.projection("tsne").notice
    assert part.addresses[0].endswith(":3")
    assert take(workspace, [0, 1, 5, 6, 7], part.name, maps=("tsne",)).base_rows.tolist() == [
        2, 3, 7, 8, 9,
    ]  # fmt: skip


def test_an_empty_selection_and_a_bad_request_are_refused(workspace):
    with pytest.raises(InputError, match="selection is empty"):
        take(workspace, [])
    with pytest.raises(InputError, match="selection is empty"):
        PartRequest("set")
    with pytest.raises(NotFoundError, match="no part"):
        run_part(PartRequest("set/0123456789abcdef"), workspace, settings_of(workspace))
    with pytest.raises(NotFoundError, match="no selection"):
        run_part(PartRequest("set", "0" * 32), workspace, settings_of(workspace))
    for change, said in (({"maps": ["pacmap"]}, "pacmap"), ({"dims": 4}, "dims"),
                         ({"seed": -1}, "seed"), ({"banana": 1}, "banana"),
                         ({"title": "x" * 121}, "title")):  # fmt: skip
        with pytest.raises(InputError, match=said):
            PartRequest.from_json({"name": "set", "selection": "0" * 32, **change})
    assert Library(workspace).parts("set") == []


# -- what a person decided -------------------------------------------------------------------------


def test_decisions_made_in_the_set_show_in_its_parts(workspace):
    desk = Desk(workspace)
    library = Library(workspace, desk.columns)
    part = library.open(take(workspace, ROWS).name)
    assert "slice" not in [c.name for c in part.columns()]
    desk.act(part.base, "slice.create", ROWS[10:15], name="blurred", how="by hand")
    assert part.filter("slice", names=["blurred"]).tolist() == list(range(10, 15))
    desk.act(part, "slice.add", [0], name="blurred")
    assert part.filter("slice", names=["blurred"]).tolist() == [0, *range(10, 15)]
    assert library.open("set").filter("slice", names=["blurred"]).tolist() == [
        ROWS[0], *ROWS[10:15],
    ]  # fmt: skip


# -- as a job --------------------------------------------------------------------------------------

#: A process that makes the part of a selection, logs what it computes, and may die on the way.
SCRIPT = """
import os, signal, sys, time
import core.clusters.themes, core.maps.projection, core.neighbors
from core.config import load_settings
from core.parts import PartRequest, run_part
from core.storage.store import Workspace

root, selection, log, die = sys.argv[1:]

def watch(module, name):
    real = getattr(module, name)
    def watched(*given, **named):
        with open(log, "a") as file:
            file.write(name + "\\n")
        if name == die:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.2)
        return real(*given, **named)
    setattr(module, name, watched)

watch(core.neighbors, "find_neighbors")
watch(core.maps.projection, "project")
watch(core.clusters.themes, "find_themes")
settings = load_settings({"workspace": root}, {})
print(run_part(PartRequest("set", selection, ("tsne",)), Workspace(root), settings)["name"])
"""


def start(workspace, selection, log, die=""):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(workspace.root), selection, str(log), die],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("VITRINE_")},
    )  # fmt: skip


def test_two_processes_that_ask_for_one_part_compute_it_once(workspace, tmp_path):
    opened = Library(workspace).open("set")
    selection = Selections(workspace).save(opened.key, ROWS, {})
    both = [start(workspace, selection, tmp_path / "log") for _ in range(2)]
    names = [process.communicate(timeout=600)[0].strip() for process in both]
    assert names == [part_name(opened, ROWS)] * 2
    done = sorted((tmp_path / "log").read_text().split())
    assert done == ["find_neighbors", "find_themes", "project", "project"]  # PCA and t-SNE


def test_a_killed_part_goes_on_where_it_was(workspace, tmp_path, monkeypatch):
    opened = Library(workspace).open("set")
    selection = Selections(workspace).save(opened.key, ROWS, {})
    killed = start(workspace, selection, tmp_path / "log", "find_themes")
    killed.communicate(timeout=600)
    assert killed.returncode == -signal.SIGKILL
    name = part_name(opened, ROWS)
    half = Library(workspace).open(name)
    assert list(half.projections) == ["pca", "tsne"]
    assert half.clustering("themes") is None
    assert half.summary == {}
    for target in ("core.neighbors.find_neighbors", "core.maps.projection.project"):
        monkeypatch.setattr(target, lambda *_, **__: pytest.fail("computed again"))
    assert take(workspace, ROWS, maps=("tsne",)).name == name
    assert Library(workspace).open(name).clustering("themes") is not None


def test_a_part_is_shown_while_its_map_is_made_and_can_be_stopped(workspace):
    seen = []

    def look(step):
        if step.stage == "map: tsne" and not seen:
            [line] = Library(workspace).parts("set")
            half = Library(workspace).open(line.name)
            seen.append((line.maps, half.points("pca").shape, half.neighbors is not None))

    before = Library(workspace).part_states()
    with pytest.raises(JobCancelled, match="map: tsne"):
        take(workspace, ROWS, maps=("tsne",), progress=Progress(look, lambda: bool(seen), 0))
    assert seen == [(["pca"], (70, 2), True)]
    half = Library(workspace).part_states()
    assert list(take(workspace, ROWS, maps=("tsne",)).projections) == ["pca", "tsne"]
    assert before == [] != half != Library(workspace).part_states()


def test_a_part_is_a_kind_of_job(workspace):
    opened = Library(workspace).open("set")
    selection = Selections(workspace).save(opened.key, ROWS, {})
    request = PartRequest("set", selection, ("pca",)).to_json()
    steps = []
    result = run_here(settings_of(workspace), "part", request, "70 of set", steps.append)
    assert result["name"] == part_name(opened, ROWS)
    assert (result["items"], result["base"], result["depth"]) == (70, "set", 1)
    assert {"map: pca", "neighbours", "themes", "faithfulness"} <= {s.stage for s in steps}
    [job] = JobBoard(workspace.root).list()
    assert (job.kind, job.state, job.title) == ("part", "done", "70 of set")
    with pytest.raises(InputError, match="'dance': the kinds are run, part, export"):
        run_here(settings_of(workspace), "dance", {}, "", steps.append)


# -- the command line ------------------------------------------------------------------------------


def shell(workspace, capsys, *arguments):
    """Run one of the commands here and return what it printed."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true")
    parser = argparse.ArgumentParser()
    commands.add(parser.add_subparsers(), common)
    options = parser.parse_args(list(map(str, arguments)))
    assert options.do(options, settings_of(workspace, seed=getattr(options, "seed", None))) == 0
    return capsys.readouterr().out


def test_the_commands_make_and_list_parts(workspace, capsys):
    opened = Library(workspace).open("set")
    theme = opened.cluster_rows(0)
    made = json.loads(shell(workspace, capsys, "part", "set", "--cluster", 0, "--map", "pca",
                            "--seed", 2, "--title", "first theme", "--json"))  # fmt: skip
    assert made["name"] == part_name(opened, theme, seed=2)
    assert made["title"] == "first theme"
    selection = Selections(workspace).save(opened.key, ROWS, {})
    told = shell(workspace, capsys, "part", "set", "--selection", selection, "--map", "pca")
    assert told.startswith(f"{part_name(opened, ROWS)}: 70 of set")
    assert "m² 0." in told
    more = shell(workspace, capsys, "part", made["name"], "--map", "tsne", "--json")
    assert [m["method"] for m in json.loads(more)["maps"]] == ["pca", "tsne"]
    Desk(workspace).act(opened, "slice.create", ROWS[:40], name="few", how="by hand")
    few = json.loads(shell(workspace, capsys, "part", "set", "--slice", "few", "--map", "pca",
                           "--json"))  # fmt: skip
    assert few["name"] == part_name(opened, ROWS[:40])
    with pytest.raises(NotFoundError):
        shell(workspace, capsys, "part", "set", "--slice", "many", "--map", "pca")
    lines = json.loads(shell(workspace, capsys, "parts", "set", "--json"))
    names = {made["name"], few["name"], part_name(opened, ROWS)}
    assert {line["name"] for line in lines} == names
    assert "70 of set: 70 images, maps pca" in shell(workspace, capsys, "parts", "set")
    with pytest.raises(NotFoundError, match="no set named"):
        shell(workspace, capsys, "parts", "none")
    with pytest.raises(InputError, match="selection is empty"):
        shell(workspace, capsys, "part", "set", "--map", "pca")


def test_parts_are_stored_where_a_person_finds_them(workspace):
    part = take(workspace, ROWS)
    folder = workspace.root / "parts"
    key = part.name.split("/")[1]
    found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.*"))
    assert found == [f"set/{key}.json", f"set/{key}.npy"]
    rows = folder / "set" / f"{key}.npy"
    data = bytearray(rows.read_bytes())
    data[-1] ^= 1
    rows.write_bytes(data)
    with pytest.raises(ArtifactCorruptError, match="checksum"):
        Library(workspace).open(part.name)
