"""A byte flipped in what was chosen, reported or measured: named, with what to do; others open."""

import re
import shutil
import zlib
from pathlib import Path

import dash
import numpy as np
import pytest
from vectorsets import blobs, vector_set

import app
from core.choosing import data_of, run_curate
from core.clusters.themes import DIMS, NEIGHBOURS
from core.config import load_settings
from core.curation import Desk
from core.errors import ArtifactCorruptError
from core.keys import artefact_key
from core.progress import Progress
from core.regroup import run_clusters
from core.reporting import run_report
from core.reports import Reports
from core.runner import KINDS
from core.splitting import run_split
from core.storage.records import pack_space
from core.storage.store import Workspace
from tests.trees import text

SIZES = [60, 50, 40, 30, 10, 5, 3, 2]
REQUESTS = {
    "choice": ("curate", {"name": "set", "budget": "20", "slice": "mine"}),
    "splits": ("split", {"name": "set", "slices": "fold", "candidates": 5}),
    "report": ("report", {"name": "set", "slice": "mine", "draws": 100}),
    "partition": ("report", {"name": "set", "slice": "mine", "draws": 101}),
    "stability": ("clusters", {"name": "set", "do": "stability", "kind": "micro"}),
    "sweep": ("clusters", {"name": "set", "do": "sweep"}),
    "themespace": ("clusters", {"name": "set", "do": "themes", "min_cluster_size": 16}),
}


def settings_of(root):
    return load_settings({"workspace": str(root), "workers": 1, "warm_worker": False}, {})


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A set with themes of which all was chosen, divided, reported and measured; the keys."""
    root = tmp_path_factory.mktemp("damage")
    workspace, settings = Workspace(root), settings_of(root)
    vectors, group = blobs(SIZES)
    vector_set(workspace, vectors, themes=np.where(group < 4, group, -1))
    spec = {"dims": DIMS, "n_neighbors": NEIGHBOURS, "seed": 0}
    graph = data_of("set", workspace).neighbors.key
    space = np.asarray(vectors[:, :DIMS], np.float32)
    workspace.write("themespace", artefact_key("themespace", graph, spec), **pack_space(space))
    run_clusters({"name": "set", "do": "themes", "min_cluster_size": 15}, workspace, settings)
    for kind in ("stability", "sweep"):
        run_clusters(REQUESTS[kind][1], workspace, settings)
    choice = run_curate(REQUESTS["choice"][1], workspace, settings)["choice"]
    other = run_curate({"name": "set", "budget": "10", "slice": "other"}, workspace, settings)
    splits = run_split(REQUESTS["splits"][1], workspace, settings)["splits"]
    report = run_report(REQUESTS["report"][1], workspace, settings)["report"]
    later = run_report({"name": "set", "choice": other["choice"]}, workspace, settings)["report"]
    return root, {"choice": choice, "other": other["choice"], "splits": splits,
                  "report": report, "later": later}  # fmt: skip


@pytest.fixture(scope="module")
def before(prepared):
    return pages_of(*prepared)


@pytest.fixture
def copy(prepared, tmp_path):
    return Path(shutil.copytree(prepared[0], tmp_path / "ws")), prepared[1]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[zlib.crc32(path.name.encode()) % len(data)] ^= 1
    path.write_bytes(data)


def folder_of(root, kind, keys):
    """Return the artefact of a kind that the requests lead to."""
    if kind in keys:
        return root / "artefacts" / kind / keys[kind]
    if kind == "partition":
        wanted = Reports(Workspace(root)).open(keys["report"])["hashes"]["partition"]
        return root / "artefacts" / kind / wanted
    (only,) = (root / "artefacts" / kind).iterdir()
    return only


def pages_of(root, keys):
    """Return the words of each page that shows choices, reports and clusters, as it opens."""
    made, found = app.create_app(settings_of(root)), {}
    layouts = {page["module"]: page["layout"] for page in dash.page_registry.values()}
    with made.server.app_context():
        for name, module, query in (
            ("home", "pages.home", {}),
            ("explore", "pages.explore", {"set": "set"}),
            ("slices", "pages.slices", {"set": "set"}),
            ("themes", "pages.clusters", {"set": "set"}),
            ("micro", "pages.clusters", {"set": "set", "kind": "micro"}),
            ("curate", "pages.curate", {"set": "set"}),
            ("choice", "pages.curate", {"set": "set", "choice": keys["choice"]}),
            ("other", "pages.curate", {"set": "set", "choice": keys["other"]}),
            ("splits", "pages.curate", {"set": "set", "splits": keys["splits"]}),
            ("reports", "pages.report", {"set": "set"}),
            ("report", "pages.report_one", {"report": keys["report"]}),
            ("later", "pages.report_one", {"report": keys["later"]}),
        ):
            found[name] = text(layouts[module](**query))
    return found


DAMAGED = re.compile(r"(differs from its checksum|is damaged|is missing).*; delete")
#: The pages that may do nothing but name what is damaged.
CLOSED = {"choice": {"choice"}, "splits": {"splits"}, "report": {"report"}}
#: The pages that name it beside all that is not damaged.
BESIDE = {"stability": {"micro", "themes"}, "sweep": {"micro", "themes"}}


@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize("file", ["manifest", "data"])
def test_a_flipped_byte_is_named_other_pages_open_and_the_advice_repairs_it(
    copy, before, kind, file
):
    root, keys = copy
    assert not [name for name, words in before.items() if DAMAGED.search(words)]
    folder = folder_of(root, kind, keys)
    files = sorted(p for p in folder.iterdir() if (p.suffix == ".json") == (file == "manifest"))
    flip(files[0])

    after = pages_of(root, keys)
    named = {name for name, words in after.items() if DAMAGED.search(words)}
    assert named == CLOSED.get(kind, set()) | BESIDE.get(kind, set())
    assert all(str(folder) in after[name] for name in named)
    for name in set(after) - CLOSED.get(kind, set()):  # the rest of each page is there
        lost = set(before[name].split()) - set(after[name].split())
        assert len(lost) <= 0.4 * len(set(before[name].split())), f"{name}: {sorted(lost)[:40]}"

    doing, request = REQUESTS[kind]
    with pytest.raises(ArtifactCorruptError) as caught:
        KINDS[doing](request, settings_of(root), Progress())
    assert files[0].name in str(caught.value)
    told = re.findall(r"delete (?:the folder )?(.+?) and run again", str(caught.value))
    assert told == [str(folder)]
    shutil.rmtree(folder)
    assert KINDS[doing](request, settings_of(root), Progress())
    for one in folder.parent.iterdir():
        Workspace(root).read(kind, one.name)
    view = Desk(Workspace(root)).view(data_of("set", Workspace(root)).opened)
    assert {one.name for one in view.slices} == {
        "mine", "other", "fold train", "fold validation", "fold test",
    }  # fmt: skip
