"""The job "clusters" on a whole set and on a part: measured once, kept, undone and replayed."""

import argparse
import json
import shutil
from functools import partial

import numpy as np
import pandas as pd
import pytest

from core import regroup
from core.clusters.stability import theme_stability
from core.commands import clusters as commands
from core.config import load_settings
from core.curation import Desk
from core.errors import InputError, JobCancelled, NotFoundError
from core.library import Library
from core.parts import PartRequest, run_part
from core.pipeline import run
from core.progress import Progress
from core.regroup import run_clusters
from core.replay import replay
from core.request import RunRequest
from core.selection import Selections
from core.storage.store import Workspace

#: Four groups; the first two lie close together, and are one theme where 70 or more make one.
SIZES = (60, 60, 110, 110)
TRUTH = np.repeat(np.arange(4), SIZES)
COARSE = 70


def vectors_of(dims=12):
    rng = np.random.default_rng(7)
    axes = np.eye(dims)
    centres = [axes[0], axes[0] + 0.25 * axes[1], axes[2], axes[3]]
    rows = np.repeat(centres, SIZES, axis=0) + 0.02 * rng.normal(size=(len(TRUTH), dims))
    return rows.astype(np.float32)


def settings_of(workspace):
    return load_settings({"workspace": str(workspace.root), "workers": 1}, {})


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A workspace with the set "four", given as vectors."""
    root = tmp_path_factory.mktemp("regroup")
    np.save(root / "four.npy", vectors_of())
    workspace = Workspace(root / "ws")
    run(
        RunRequest(str(root / "four.npy"), "four", maps=("pca",)), workspace, settings_of(workspace)
    )
    return root


@pytest.fixture
def workspace(finished, tmp_path):
    shutil.copytree(finished / "ws", tmp_path / "ws")
    return Workspace(tmp_path / "ws")


def do(workspace, doing, name="four", progress=None, **more):
    request = {"name": name, "do": doing, **more}
    return run_clusters(request, workspace, settings_of(workspace), progress)


def opened(workspace, name="four"):
    desk = Desk(workspace)
    return desk, Library.with_desk(workspace, desk).open(name)


def groups_in(labels):
    """Return which planted groups each cluster holds."""
    return {
        int(c): sorted(set(TRUTH[labels == c].tolist())) for c in np.unique(labels[labels >= 0])
    }


@pytest.fixture
def coarse(workspace):
    """The set with three themes, the first of which holds two planted groups."""
    do(workspace, "themes", min_cluster_size=COARSE)
    labels = opened(workspace)[1].clustering("themes").labels
    assert sorted(groups_in(labels).values()) == [[0, 1], [2], [3]]
    return workspace


# -- themes with other options ---------------------------------------------------------------------


def test_themes_with_chosen_options_are_kept_and_the_usual_ones_come_back(workspace):
    before = opened(workspace)[1].clustering("themes")
    found = do(workspace, "themes", min_cluster_size=30, min_samples=3)
    there = opened(workspace)[1]
    themes = there.clustering("themes")
    assert themes.key == found["clustering"] != before.key
    assert (themes.spec["min_cluster_size"], themes.spec["min_samples"]) == (30, 3)
    record = workspace.read_set("four")
    assert record["theme_options"] == {"min_cluster_size": 30, "min_samples": 3}
    assert record["summary"]["clusters"]["count"] == found["count"] == len(themes.table)
    assert there.clustering("micro") is not None
    back = do(workspace, "themes")
    assert back["clustering"] == before.key
    assert "theme_options" not in workspace.read_set("four")


def test_a_later_run_keeps_the_chosen_options(finished, workspace):
    found = do(workspace, "themes", min_cluster_size=30)
    request = RunRequest(str(finished / "four.npy"), "four", maps=("pca",))
    run(request, workspace, settings_of(workspace))
    assert opened(workspace)[1].clustering("themes").key == found["clustering"]


def test_a_set_that_was_run_again_meanwhile_is_left_alone(workspace, monkeypatch):
    record = workspace.read_set("four")
    real = regroup.clusters_of

    def meanwhile(state, kind, vectors, neighbors):
        workspace.write_set("four", {**record, "embeddings": "f" * 32})
        return real(state, kind, vectors, neighbors)

    monkeypatch.setattr(regroup, "clusters_of", meanwhile)
    with pytest.raises(InputError, match="run again meanwhile"):
        do(workspace, "themes", min_cluster_size=30)
    assert "theme_options" not in workspace.read_set("four")


# -- measuring -------------------------------------------------------------------------------------


def test_stability_is_measured_once_and_read_beside_each_theme(workspace, monkeypatch):
    there = opened(workspace)[1]
    assert there.trust() is None
    assert all(card.stability is None for card in there.cluster_cards())
    monkeypatch.setattr(regroup, "theme_stability", partial(theme_stability, runs=4))
    found = do(workspace, "stability")
    trust = there.trust()  # the same open set: nothing on record has changed
    assert (trust.runs, trust.used) == (4, 272)
    assert "map and all" in trust.method
    assert trust.ari == pytest.approx(found["ari_mean"])
    assert found["firm"] == len(there.clustering("themes").table)
    for card in there.cluster_cards():
        if card.cluster >= 0:
            assert card.stability == trust.stability[card.cluster]
            assert (card.stability.state, card.stability.jaccard > 0.9) == ("firm", True)
    monkeypatch.setattr(regroup, "theme_stability", None)  # would fail if it were asked again
    again = do(workspace, "stability")
    assert {**again, "seconds": 0} == {**found, "seconds": 0}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_stability_of_micro_clusters_is_told_apart_from_that_of_themes(workspace):
    do(workspace, "stability", kind="micro")
    there = opened(workspace)[1]
    assert there.trust("themes") is None
    trust = there.trust("micro")
    assert len(trust.stability) == len(there.clustering("micro").table)
    assert "grouped again" in trust.method


def test_the_sweep_is_stored_with_the_current_size_marked(workspace):
    there = opened(workspace)[1]
    assert there.sweep() is None
    found = do(workspace, "sweep")
    table = there.sweep()
    current = table[table["current"]].iloc[0]
    themes = there.clustering("themes")
    assert current["min_cluster_size"] == themes.spec["min_cluster_size"]
    assert current["clusters"] == len(themes.table)
    assert [line["clusters"] for line in found["sizes"]] == table["clusters"].tolist()
    assert found["sizes"][-1]["ari_next"] is None
    do(workspace, "themes", min_cluster_size=30)
    assert opened(workspace)[1].sweep() is None  # it was of the other themes


def test_a_cancelled_job_leaves_nothing(workspace):
    for doing in ("stability", "sweep"):
        with pytest.raises(JobCancelled):
            do(workspace, doing, progress=Progress(cancelled=lambda: True, interval=0))
    there = opened(workspace)[1]
    assert (there.trust(), there.sweep()) == (None, None)
    assert {kind for kind, _ in workspace.artefacts()}.isdisjoint({"stability", "sweep"})


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"do": "stability"}, "name is missing"),
        ({"name": "four"}, "do is missing"),
        ({"name": "four", "do": "melt"}, "use one of stability, sweep, themes, split"),
        ({"name": "four", "do": "sweep", "kind": "micro"}, "sweep is about themes"),
        ({"name": "four", "do": "stability", "kind": "all"}, "use themes or micro"),
        ({"name": "four", "do": "themes", "min_cluster_size": 1}, "min_cluster_size 1: a whole"),
        ({"name": "four", "do": "themes", "min_cluster_size": 500}, "'four' has 340 images"),
        ({"name": "four", "do": "themes", "min_samples": "5"}, "min_samples '5'"),
        ({"name": "four", "do": "split"}, "give the theme to split"),
        ({"name": "four", "do": "split", "cluster": -1}, "give the theme to split"),
        ({"name": "four", "do": "split", "cluster": 99}, "no cluster 99"),
        ({"name": "four", "do": "sweep", "colour": 1}, "unknown field 'colour'"),
        ({"name": "none", "do": "sweep"}, "no set named 'none'"),
    ],
)
def test_what_cannot_be_asked_is_said(workspace, request_, why):
    with pytest.raises((InputError, NotFoundError), match=why):
        run_clusters(request_, workspace, settings_of(workspace))


# -- splitting -------------------------------------------------------------------------------------


def test_a_split_theme_is_two_everywhere(coarse, monkeypatch):
    monkeypatch.setattr(regroup, "theme_stability", partial(theme_stability, runs=2))
    desk, there = opened(coarse)
    before = there.clustering("themes")
    pair = next(c for c, groups in groups_in(before.labels).items() if groups == [0, 1])
    desk.act(there, "theme.rename", clustering=before.key, cluster=pair, to="pair")
    do(coarse, "stability")
    assert pair in there.trust().stability
    found = do(coarse, "split", cluster=pair)
    assert sorted(found["sizes"], reverse=True) == found["sizes"]
    assert found["into"] == [pair, 3]
    after = there.clustering("themes")
    assert after.key == before.key
    assert sorted(groups_in(after.labels).values()) == [[0], [1], [2], [3]]
    assert there.clustering_as_found("themes").labels.tolist() == before.labels.tolist()
    names = there.theme_names()
    assert (names[pair], names[3], len(names)) == ("pair", "Theme 4", 4)
    cards = {card.cluster: card for card in there.cluster_cards()}
    assert [cards[c].size for c in found["into"]] == found["sizes"]
    for number in found["into"]:
        card, rows = cards[number], set(there.cluster_rows(number).tolist())
        assert {card.medoid, *card.exemplars, *card.typical, *card.border} <= rows
        assert len(set(card.exemplars)) == 9
        assert card.stability is None  # it was measured of what was there before
    assert pair not in there.trust().stability
    assert len(there.trust().stability) == 2
    colouring = there.colouring("cluster")
    assert {e.label: e.count for e in colouring.entries}["Theme 4"] == found["sizes"][1]
    assert there.filter("cluster", names=["Theme 4"]).tolist() == there.cluster_rows(3).tolist()
    assert desk.view(there).history(1)[0].text == (
        f"Split theme {pair + 1} into 2 parts: {found['sizes'][0]} and {found['sizes'][1]} vectors"
    )


def test_a_theme_seen_in_other_themes_is_not_split(coarse):
    """Its number means another theme by the time the job runs."""
    desk, there = opened(coarse)
    labels = there.clustering("themes").labels
    pair = next(c for c, groups in groups_in(labels).items() if groups == [0, 1])
    with pytest.raises(InputError, match="others by now"):
        do(coarse, "split", cluster=pair, clustering="older")
    assert desk.view(there).history(1) == []


def test_measured_figures_of_a_part_are_those_of_its_images(coarse):
    """Against brute force over the part's own vectors."""
    _, there = opened(coarse)
    labels = there.clustering("themes").labels
    pair = next(c for c, groups in groups_in(labels).items() if groups == [0, 1])
    do(coarse, "split", cluster=pair)
    unit = vectors_of().astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    table = there.clustering("themes").table.set_index("cluster")
    apart = np.linalg.norm(unit[:, None] - unit[None], axis=2)
    for number in (pair, 3):
        rows = there.cluster_rows(number)
        own = apart[np.ix_(rows, rows)]
        assert table.loc[number, "diameter"] == pytest.approx(own.max(), abs=1e-5)
        assert table.loc[number, "medoid"] == rows[np.square(own).sum(axis=1).argmin()]
        ten = np.sort(apart[rows], axis=1)[:, 1:11].mean(axis=1)
        assert table.loc[number, "density"] == pytest.approx(1 / ten.mean(), rel=1e-4)
        assert table.loc[number, "share"] == pytest.approx(len(rows) / 340)
    fresh = Library.with_desk(coarse, Desk(coarse)).open("four").clustering("themes")
    pd.testing.assert_frame_equal(fresh.table, there.clustering("themes").table)


def test_undo_redo_and_later_acts_follow_a_split(coarse):
    desk, there = opened(coarse)
    key = there.clustering("themes").key
    before = there.clustering("themes").labels.tolist()
    pair = next(c for c, g in groups_in(np.array(before)).items() if g == [0, 1])
    do(coarse, "split", cluster=pair)
    split = there.clustering("themes").labels.tolist()
    desk.act(there, "theme.rename", clustering=key, cluster=3, to="the new one")
    desk.act(there, "theme.merge", clustering=key, clusters=[3, (pair + 1) % 3])
    assert there.theme_names()[3] == "the new one"
    assert len(there.cluster_cards()) == 3
    for _ in range(3):
        desk.undo(there)
    assert there.clustering("themes").labels.tolist() == before
    assert len(there.theme_names()) == 3
    with pytest.raises(InputError, match="no theme 4 among 3"):
        desk.act(there, "theme.rename", clustering=key, cluster=3, to="x")
    for _ in range(3):
        desk.redo(there)
    assert there.clustering("themes").labels.tolist() == split
    assert there.theme_names()[3] == "the new one"


def test_split_undo_and_replay_give_the_same_manifest(coarse, finished, tmp_path):
    desk, there = opened(coarse)
    labels = there.clustering("themes").labels
    pair = next(c for c, groups in groups_in(labels).items() if groups == [0, 1])
    do(coarse, "split", cluster=pair)
    desk.undo(there)
    found = do(coarse, "split", cluster=pair)
    manifest = desk.manifest(there)
    told = json.loads(manifest)["themes"][found["clustering"]]["splits"]
    assert [len(part) for part in told[0]["parts"]] == found["sizes"]
    expected = [[there.addresses[row] for row in there.cluster_rows(c)] for c in found["into"]]
    assert told[0]["parts"] == expected
    (tmp_path / "bundle.zip").write_bytes(desk.bundle(there))
    source, elsewhere = str(finished / "four.npy"), Workspace(tmp_path / "elsewhere")
    again = replay(tmp_path / "bundle.zip", source, elsewhere, settings_of(elsewhere))
    assert again.same
    assert again.manifest == manifest
    log = coarse.root / "curation" / "four" / "log.jsonl"
    assert replay(log, source, elsewhere, settings_of(elsewhere)).manifest == manifest
    desk.undo(there)
    manifest = desk.manifest(there)
    assert "splits" not in manifest.decode()
    assert replay(log, source, elsewhere, settings_of(elsewhere)).manifest == manifest


def test_a_theme_that_is_one_stays_one_and_nothing_is_written(coarse):
    desk, there = opened(coarse)
    labels = there.clustering("themes").labels
    one = next(c for c, groups in groups_in(labels).items() if groups == [2])
    found = do(coarse, "split", cluster=one, min_cluster_size=50)
    assert (found["sizes"], found["into"]) == ([], [])
    assert "Nothing parts this theme" in found["notice"]
    assert desk.view(there).history() == []


def test_a_split_that_the_log_does_not_allow_is_refused(coarse):
    desk, there = opened(coarse)
    key = there.clustering("themes").key
    rows, other = there.cluster_rows(0), there.cluster_rows(1)
    fields = {"clustering": key, "cluster": 0}
    for parts, sizes, why in [
        (rows[:10], [4, 5], "add up to 9, not to 10"),
        (rows[:10], [10], "2 to 1000 parts"),
        (rows[:10], [10, 0], "1 item or more"),
        ([*rows[:5], rows[0]], [3, 3], "comes twice"),
        ([*rows[:5], other[0]], [3, 3], "1 of 6 items are not in theme 1"),
    ]:
        with pytest.raises(InputError, match=why):
            desk.act(there, "theme.split", rows=parts, sizes=sizes, **fields)
    micro = there.clustering("micro")
    with pytest.raises(InputError, match="only themes"):
        desk.act(there, "theme.split", rows=rows[:2], sizes=[1, 1], clustering=micro.key, cluster=0)
    assert desk.view(there).history() == []


def test_rows_in_no_part_become_unassigned_and_merged_themes_split_as_one(coarse):
    desk, there = opened(coarse)
    key = there.clustering("themes").key
    first, second = there.cluster_rows(0), there.cluster_rows(1)
    desk.act(there, "theme.merge", clustering=key, clusters=[0, 1])
    parts = [np.r_[first[:30], second[:20]], np.r_[first[30:40], second[20:50]]]
    desk.act(
        there, "theme.split", rows=np.concatenate(parts)[::1], sizes=[50, 40], clustering=key,
        cluster=0,
    )  # fmt: skip
    assert there.cluster_rows(0).tolist() == sorted(parts[0].tolist())
    assert there.cluster_rows(3).tolist() == sorted(parts[1].tolist())
    rest = np.setdiff1d(np.r_[first, second], np.concatenate(parts))
    themes = there.clustering("themes")
    assert (themes.labels[rest] == -1).all()
    assert (themes.probabilities[rest] == 0).all()
    assert {there.nearest_theme(int(row))[0] for row in rest} <= {0, 3}
    sizes = {card.cluster: card.size for card in there.cluster_cards()}
    assert (sizes[0], sizes[3], sum(sizes.values())) == (50, 40, 340)


# -- parts -----------------------------------------------------------------------------------------


def test_a_part_of_a_set_is_tested_regrouped_and_split_on_its_own(workspace):
    base = opened(workspace)[1]
    rows = np.flatnonzero(TRUTH != 2)[::-1]
    chosen = Selections(workspace).save(base.key, rows, {"how": "test"})
    name = run_part(
        PartRequest("four", chosen, ("pca",)), workspace, settings_of(workspace)
    )["name"]  # fmt: skip
    whole = base.clustering("themes").key
    found = do(workspace, "themes", name, min_cluster_size=COARSE)
    desk, part = opened(workspace, name)
    assert part.clustering("themes").key == found["clustering"]
    assert base.clustering("themes").key == whole
    truth = TRUTH[part.base_rows]
    labels = part.clustering("themes").labels
    pair = int(labels[np.flatnonzero(truth == 0)[0]])
    assert set(truth[labels == pair].tolist()) == {0, 1}
    do(workspace, "split", name, cluster=pair)
    assert sorted(set(truth[part.cluster_rows(pair)])) in ([0], [1])
    assert desk.view(base).history(1)[0].kind == "theme.split"
    assert (
        opened(workspace)[1].clustering("themes").labels.max()
        == base.clustering("themes").labels.max()
    )  # the set's own themes are as they were
    do(workspace, "sweep", name)
    assert part.sweep() is not None


# -- the command -----------------------------------------------------------------------------------


def command(workspace, capsys, *arguments):
    parser = argparse.ArgumentParser()
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true")
    commands.add(parser.add_subparsers(), common)
    options = parser.parse_args(["clusters", *arguments])
    assert options.do(options, settings_of(workspace)) == 0
    return capsys.readouterr().out


def test_the_command_lists_applies_splits_and_labels(workspace, capsys):
    flags = ["--min-cluster-size", str(COARSE), "--apply", "--sweep", "--json"]
    told = json.loads(command(workspace, capsys, "four", *flags))
    assert told["themes"]["count"] == len(told["clusters"]) == 3
    assert [line["current"] for line in told["sweep"]["sizes"]].count(True) == 1
    pair = next(c["cluster"] for c in told["clusters"] if c["size"] > 115)
    told = json.loads(command(workspace, capsys, "four", "--split", str(pair), "--json"))
    assert told["split"]["into"] == [pair, 3]
    assert len([c for c in told["clusters"] if c["cluster"] >= 0]) == 4
    text = command(workspace, capsys, "four", "--cluster", "3", "--label", "moth")
    assert text == "60 images labelled “moth”: 0 had it, 60 had none\n"
    again = json.loads(command(workspace, capsys, "four", "--cluster", "3", "--label", "wasp",
                               "--json"))  # fmt: skip
    assert again["labelled"]["other"] == [["moth", 60]]
    plain = command(workspace, capsys, "four")
    assert "Theme 4: 60 images" in plain


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--min-cluster-size", "9"], "need --apply or --split"),
        (["--apply", "--split", "0"], "one at a time"),
        (["--label", "x"], "go together"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(workspace, capsys, arguments, why):
    with pytest.raises(InputError, match=why):
        command(workspace, capsys, "four", *arguments)
