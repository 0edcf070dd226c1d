"""The page of clusters: tabs, orders, one cluster, the unassigned, and what a person does."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from dash import no_update

from components import cluster_acts, cluster_jobs
from core.errors import InputError
from core.opened.trust import Stability, Trust
from tests.fakes import FakeLine, FakeSet, job
from tests.trees import data, find, nodes, text

KEYS = {"set": "moths", "kind": "themes", "cluster": "", "sort": "", "page": "", "by": "",
        "near": ""}  # fmt: skip
NOW = {"set": "moths", "kind": "themes", "cluster": 1, "clustering": "c"}
TRUST = Trust({0: Stability(0.93, 0.8, "firm"), 1: Stability(0.41, 0.2, "dissolved")},
              0.9, 0.1, 20, 9, "subsamples", "")  # fmt: skip


class MeasuredSet(FakeSet):
    """With stability, as the cards of a set have it once it is measured."""

    def __init__(self):
        super().__init__()
        self.measured = TRUST

    def cluster_cards(self, kind="themes"):
        from dataclasses import replace

        cards = super().cluster_cards(kind)
        known = TRUST.stability if kind == "themes" else {}
        return [replace(c, stability=known.get(c.cluster), medoid=c.exemplars[0],
                        typical=c.exemplars, border=c.exemplars[-1:]) for c in cards]  # fmt: skip


def shown_clusters(tree):
    """Numbers of the clusters whose cards a page shows, in order."""
    hrefs = [n["props"]["href"] for n in nodes(tree)
             if n["props"].get("className") == "vt-cluster-link"]  # fmt: skip
    return [int(href.rpartition("cluster=")[2]) for href in hrefs]


# -- tabs and orders -----------------------------------------------------------------------------


def test_every_tab_is_a_link_that_says_how_many_it_has(pages, inside):
    inside(FakeSet())
    tree = data(pages["clusters"].layout(set="moths"))
    tabs = [n for n in nodes(tree) if str(n["props"].get("className", "")).startswith("vt-tab ")
            or n["props"].get("className") == "vt-tab"]  # fmt: skip
    assert [text(tab) for tab in tabs] == [
        "Themes 2 (this list)", "Micro-clusters 8", "Sparse 8", "Dense 0", "Clusters of one 5",
    ]  # fmt: skip


def test_noise_is_counted_and_never_hidden(pages, inside):
    inside(FakeSet())
    tree = pages["clusters"].layout(set="moths", sort="purity")
    assert "2 themes in 12 images; 2 images (17 %) unassigned." in text(tree)
    assert shown_clusters(tree)[-1] == -1


def test_the_address_orders_the_cards_and_names_the_column(pages, inside):
    inside(FakeSet())
    layout = pages["clusters"].layout
    assert shown_clusters(layout(set="moths", sort="density")) == [1, 0, -1]
    assert shown_clusters(layout(set="moths", sort="sparse")) == [0, 1, -1]
    assert shown_clusters(layout(set="moths", sort="firm")) == [0, 1, -1]  # not measured: by size
    tree = layout(set="moths", by="label")
    assert "labelled moth" in text(tree)
    (picker,) = find(tree, id="clusters-by")
    assert picker["value"] == "label"


def test_pickers_that_only_appeared_move_nowhere(pages):
    choose, ordered = pages["clusters"].choose, {"sort": "size", "by": "label"}
    assert choose("size", "label", ordered, KEYS) is no_update
    assert choose(None, "label", ordered, KEYS) is no_update
    assert choose("density", "label", ordered, KEYS) == (
        "/clusters?set=moths&kind=themes&sort=density&by=label"
    )
    assert choose("size", "-", ordered, KEYS) == "/clusters?set=moths&kind=themes&sort=size"


def test_micro_clusters_leave_the_single_ones_to_their_own_tab(pages, inside):
    inside(FakeSet())
    tree = data(pages["clusters"].layout(set="moths", kind="micro"))
    assert "8 micro-clusters of images that are much alike; 5 hold a single image." in text(tree)
    assert shown_clusters(tree) == [0, 1, 2]
    assert find(tree, href="/clusters?set=moths&kind=single")


def test_clusters_of_one_are_a_list_of_pages(pages, inside, monkeypatch):
    inside(FakeSet())
    tree = data(pages["clusters"].layout(set="moths", kind="single"))
    assert "5 images (42 %) unlike any other" in text(tree)
    assert [p["data-row"] for p in (n["props"] for n in nodes(tree)) if "data-row" in p] == [
        "3", "4", "5", "6", "7",
    ]  # fmt: skip
    monkeypatch.setattr("components.cluster_crowd.PAGE_SIZE", 2)
    tree = data(pages["clusters"].layout(set="moths", kind="single", page="3"))
    assert [p["data-row"] for p in (n["props"] for n in nodes(tree)) if "data-row" in p] == ["7"]
    assert "Page 3 of 3" in text(tree)


def test_the_whole_of_a_crowd_can_be_shown_on_the_map(pages, inside, monkeypatch):
    services = inside(FakeSet())
    show = pages["clusters"].show_in_explore
    told = SimpleNamespace(
        triggered=[{"value": 1}], triggered_id={"rows": "single", "name": "moths"}
    )
    monkeypatch.setattr(pages["clusters"], "ctx", told)
    assert show([None]) is no_update
    assert show([1]) == "/explore?set=moths&sel=s0"
    assert sorted(services.selections.kept["s0"]) == [7, 8, 9, 10, 11]


def test_themes_without_structure_are_not_shown_and_it_is_said_plainly(pages, inside):
    found = FakeSet()
    found.tested = {"verdict": "no structure", "statistic": 0.012, "p": 0.4, "separated": [],
                    "method": "dip test"}  # fmt: skip
    found.notice = "No structure: the images form one cloud."
    inside(found)
    tree = data(pages["clusters"].layout(set="moths"))
    assert "No structure The images form one cloud." in text(tree)
    assert "Dip test, statistic 0.012, p = 0.400." in text(tree)
    assert shown_clusters(tree) == []
    assert find(tree, href="/clusters?set=moths&kind=micro")
    assert shown_clusters(pages["clusters"].layout(set="moths", kind="micro")) == [0, 1, 2]


def test_a_theme_that_does_not_lie_apart_says_so(pages, inside):
    found = FakeSet()
    found.tested = {"verdict": "structure", "separated": [True, False]}
    inside(found)
    assert text(pages["clusters"].layout(set="moths")).count("Not clearly apart") == 1


def test_stability_is_measured_on_a_click_or_told(pages, inside):
    inside(FakeSet())
    assert find(pages["clusters"].layout(set="moths"), id="clusters-stability")
    services = inside(MeasuredSet())
    tree = data(pages["clusters"].layout(set="moths"))
    assert not find(tree, id="clusters-stability")
    assert "1 firm and 1 dissolved , in 20 subsamples of 9." in text(tree)
    assert "Theme 1 Firm" in text(tree)
    assert "Theme 2 Dissolved" in text(tree)
    assert services.jobs.submitted == []


# -- one cluster -----------------------------------------------------------------------------------


def test_a_cluster_shows_what_stands_for_it_and_what_lies_at_its_border(pages, inside):
    inside(MeasuredSet())
    told = text(pages["clusters"].layout(set="moths", cluster="0"))
    for word in ("Medoid", "Most typical", "At the border", "Firm:", "20 subsamples", "0.93"):
        assert word in told


def test_a_micro_cluster_can_be_labelled_and_nothing_else(pages, inside):
    inside(MeasuredSet())
    tree = pages["clusters"].layout(set="moths", kind="sparse", cluster="1")
    assert find(tree, id="clusters-label")
    assert not find(tree, id="clusters-new-name")
    assert not find(tree, id="clusters-split")
    assert find(tree, href="/explore?set=moths&cluster=1&kind=micro")
    assert find(tree, href="/clusters?set=moths&kind=sparse")


def test_the_unassigned_are_grouped_by_the_theme_each_would_join(pages, inside):
    inside(FakeSet())
    tree = data(pages["clusters"].layout(set="moths", cluster="-1"))
    assert "Nearest to Theme 2" in text(tree)
    assert "2 images, likely by 25 %" in text(tree)
    assert not find(tree, id="clusters-label")  # what lies in no theme is not labelled as one
    group = data(pages["clusters"].layout(set="moths", cluster="-1", near="1"))
    assert [p["data-row"] for p in (n["props"] for n in nodes(group)) if "data-row" in p] == [
        "10", "11",
    ]  # fmt: skip


def test_unassigned_without_a_theme_near_say_so(pages, inside):
    found = FakeSet()
    found.nearest = -1
    inside(found)
    assert "No theme near" in text(pages["clusters"].layout(set="moths", cluster="-1"))


# -- what a person does ----------------------------------------------------------------------------


def test_a_theme_is_merged_with_the_chosen_one_when_clicked(pages, inside):
    services = inside(FakeSet())
    tree = pages["clusters"].body({**KEYS, "cluster": "1"})
    (field,) = find(tree, id="clusters-other")
    assert [o["value"] for o in field["options"]] == ["0"]  # not itself, nor the unassigned
    assert cluster_acts.merge(None, "0", NOW) is no_update
    assert services.curation.acts == []
    services.curation.shown.can_undo = "Merged themes 1 and 2"
    assert cluster_acts.merge(1, "0", NOW)["undo"] == "Merged themes 1 and 2"
    assert services.curation.acts == [
        ("theme.merge", None, {"clustering": "c", "clusters": [1, 0]})
    ]  # fmt: skip


def test_a_theme_is_renamed_and_an_empty_name_takes_it_back(inside):
    services = inside(FakeSet())
    assert cluster_acts.rename(None, "hawks", NOW) is no_update
    cluster_acts.rename(1, " hawks ", NOW)
    cluster_acts.rename(2, None, NOW)
    assert [fields["to"] for _, _, fields in services.curation.acts] == ["hawks", ""]


def test_a_split_starts_a_job_and_decides_nothing_itself(inside):
    services = inside(FakeSet())
    assert cluster_acts.split(None, 4, NOW) is no_update
    cluster_acts.split(1, None, NOW)
    ((kind, request, title),) = services.jobs.submitted
    assert (kind, request["do"], request["cluster"]) == ("clusters", "split", 1)
    assert request["clustering"] == "c"  # by the time it runs, theme 1 may be another
    assert "min_cluster_size" not in request
    assert title == "Split of Theme 2 in moths"
    assert services.curation.acts == []


def test_labelling_a_cluster_shows_what_it_changes_before_it_is_done(inside):
    services = inside(FakeSet())
    shown, wanted = cluster_acts.check(1, None, " moth ", NOW)
    assert wanted == "moth"
    assert "2 have the label “moth” already." in text(shown)
    assert "3 have another label and lose it: 3 × wasp." in text(shown)
    assert "This cluster is mixed: 40 % of its labelled images agree" in text(shown)
    assert "Label all 5 “moth”" in text(shown)
    assert services.curation.acts == []
    done = cluster_acts.apply(1, wanted, NOW)
    assert services.curation.acts == [("relabel", [5, 6, 7, 8, 9], {"label": "moth"})]
    assert done["message"] == "Labelled 5 images “moth”."


def test_a_cluster_that_is_all_of_another_label_is_not_called_mixed(inside):
    found = FakeSet()
    found.items["label"] = "wasp"
    inside(found)
    shown, _ = cluster_acts.check(1, None, "moth", NOW)
    assert "5 have another label and lose it: 5 × wasp." in text(shown)
    assert "0 % of its labelled images agree" in text(shown)
    assert "mixed" not in text(shown)


def test_labels_are_checked_before_they_are_given(inside):
    services = inside(FakeSet())
    assert cluster_acts.check(None, None, "moth", NOW) == (no_update, no_update)
    shown, wanted = cluster_acts.check(1, None, "  ", NOW)
    assert (wanted, "Enter the label" in text(shown)) == (None, True)
    assert cluster_acts.apply(None, "moth", NOW) is no_update
    with pytest.raises(InputError, match="check"):
        cluster_acts.apply(1, None, NOW)
    assert services.curation.acts == []


def test_a_cluster_that_has_the_label_already_offers_no_button(inside):
    found = FakeSet()
    found.items["label"] = "moth"
    inside(found)
    shown, _ = cluster_acts.check(1, None, "moth", NOW)
    assert "nothing to do" in text(shown)
    assert not find(shown, id="clusters-label-apply")


def test_unlabelled_images_are_counted_apart_and_make_no_cluster_mixed(inside):
    found = FakeSet()
    found.items["label"] = pd.Series([None] * 8 + ["moth", "wasp", None, None], dtype="string")
    inside(found)
    shown, _ = cluster_acts.check(1, None, "moth", NOW)
    assert "3 have no label and get it." in text(shown)
    assert "50 % of its labelled images agree" in text(shown)
    assert "mixed" not in text(shown)


def test_the_last_act_can_be_taken_back_from_the_page(inside):
    services = inside(FakeSet())
    assert cluster_acts.undo(None, {}, NOW) is no_update
    services.curation.shown.can_undo = "Renamed Theme 2"
    done = cluster_acts.undo(1, {"undo": "Renamed Theme 2"}, NOW)
    assert (done["message"], done["undo"]) == ("Undid: renamed Theme 2.", "")
    assert services.curation.acts == [("undo", None, {})]


def test_undo_takes_nothing_back_but_what_stands_beside_it(inside):
    services = inside(FakeSet())
    services.curation.shown.can_undo = "Split theme 1 into 2 parts"
    done = cluster_acts.undo(1, {"undo": "Renamed Theme 2"}, NOW)
    assert done["message"] == (
        "Not undone, since another act came after it: split theme 1 into 2 parts."
    )
    assert services.curation.acts == []


@pytest.mark.parametrize(
    "act",
    [
        lambda now: cluster_acts.rename(1, "hawks", now),
        lambda now: cluster_acts.merge(1, "0", now),
        lambda now: cluster_acts.split(1, None, now),
        lambda now: cluster_acts.check(1, None, "moth", now),
        lambda now: cluster_acts.apply(1, "moth", now),
    ],
)
def test_a_page_that_shows_older_clusters_changes_nothing(act, inside):
    services = inside(FakeSet())
    with pytest.raises(InputError, match="others by now"):
        act({**NOW, "clustering": "older"})
    assert (services.curation.acts, services.jobs.submitted) == ([], [])


class ChosenSize(FakeSet):
    """With themes of a least size that a person chose; `left` tells whether there are any."""

    def __init__(self, *, left):
        super().__init__()
        self.left = left

    def clustering(self, kind="themes"):
        from dataclasses import replace

        found = super().clustering(kind)
        return replace(found, spec={"min_cluster_size": 7}) if kind == "themes" else found

    def structure(self):
        return None if self.left else {"verdict": "no structure"}


@pytest.mark.parametrize("left", [True, False])
def test_from_a_chosen_size_there_is_always_a_way_back(left, pages, inside):
    inside(ChosenSize(left=left))
    tree = data(pages["clusters"].layout(set="moths"))
    assert find(tree, id="clusters-size-usual")[0]["hidden"] is False
    assert ("No themes of this size" in text(tree)) is not left
    assert "No structure" not in text(tree)


def test_a_least_size_of_ones_own_is_used_by_enter_and_must_be_whole(inside):
    services = inside(FakeSet())
    assert cluster_jobs.use_own_size(None, None, 7, KEYS) is no_update
    cluster_jobs.use_own_size(None, 1, 7, KEYS)
    ((_, request, _),) = services.jobs.submitted
    assert (request["do"], request["min_cluster_size"]) == ("themes", 7)
    for wrong in (None, 1, 2.5):
        with pytest.raises(InputError, match="whole number"):
            cluster_jobs.use_own_size(1, None, wrong, KEYS)


def test_where_all_are_in_a_cluster_the_page_of_the_unassigned_says_so(pages, inside):
    found = FakeSet()
    inside(found)
    assert "Every image of moths is in a cluster." in text(
        pages["clusters"].layout(set="moths", kind="micro", cluster="-1")
    )


def test_an_act_shows_the_page_anew_and_what_it_was(pages, inside):
    inside(FakeSet())
    follow = pages["clusters"].follow
    assert follow(None, KEYS) == (no_update, no_update)
    page, told = follow({"message": "Renamed.", "undo": True}, {**KEYS, "cluster": "1"})
    assert find(page, className="vt-gallery")
    assert find(told, id="clusters-undo")


def test_the_page_follows_when_a_job_has_measured_or_split(pages, inside):
    found = FakeSet()
    services = inside(found)
    refresh, body = pages["clusters"].refresh, pages["clusters"].body
    shown = find(body(KEYS), id="clusters-shown")[0]["data"]
    assert refresh("1", "v", KEYS, shown) == ([], no_update)
    services.jobs.jobs = [job(kind="clusters", request={"name": "moths", "do": "sweep"})]
    live, page = refresh("2", "v", KEYS, shown)
    assert ("Stop" in text(live), page) == (True, no_update)
    found.measured = TRUST
    again = refresh("3", "v", KEYS, shown)[1]
    assert "in 20 subsamples" in text(again)
    shown = find(again, id="clusters-shown")[0]["data"]
    services.curation.shown.lines = [FakeLine(1, "Split Theme 1")]
    assert refresh("4", "v", KEYS, shown)[1] is not no_update


def test_thousands_of_micro_clusters_show_one_page_of_cards(pages, inside):
    class Many(FakeSet):
        def cluster_cards(self, kind="themes"):
            from dataclasses import replace

            one = super().cluster_cards("micro")[1]
            return [replace(one, cluster=k, name=f"Group {k + 1}") for k in range(5000)]

        def clustering(self, kind="themes"):
            from dataclasses import replace

            found = super().clustering("themes")
            table = pd.DataFrame({"cluster": np.arange(5000), "size": 2, "density": 1.0})
            return replace(found, table=table)

    inside(Many())
    tree = pages["clusters"].body({**KEYS, "kind": "micro", "page": "2"})
    assert shown_clusters(tree) == list(range(48, 96))
    assert "Page 2 of 105" in text(tree)
