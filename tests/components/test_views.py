import dataclasses

import numpy as np
import pytest

from components import map_view, notices, pickers, set_cards, set_form, tables
from core.errors import InputError
from core.model import BrokenFile
from tests.fakes import FakeLibrary, FakeSet, job
from tests.trees import find, nodes, text

# -- sets --------------------------------------------------------------------------------------


def test_a_set_card_leads_on_and_tells_counts_and_encoder():
    card = set_cards.grid(FakeLibrary(FakeSet()), [])[0]
    assert find(card, href="/explore?set=moths")
    assert "hand-made descriptor" in text(card)
    assert "17 %" in text(card)


def test_a_damaged_set_is_named_and_hides_no_other():
    cards = set_cards.grid(FakeLibrary(FakeSet(), damaged="bad"), [])
    assert len(cards) == 2
    assert "differs from its checksum" in text(cards)


def test_the_first_open_step_is_next_and_at_work_while_its_job_runs():
    looks = [p["className"] for p in (n["props"] for n in nodes(set_cards.steps(True, False, False))
             if n["type"] == "Li")]  # fmt: skip
    assert looks == [f"vt-step vt-step-{state}" for state in ("done", "next", "later", "later")]
    library = FakeLibrary(FakeSet(maps=()))
    assert "vt-step-running" in str(set_cards.grid(library, [job()])[0])


def test_broken_files_are_listed_up_to_a_limit_with_their_total():
    many = [BrokenFile(f"{i}.jpg", "truncated") for i in range(250)]
    told = tables.broken_files(many)
    assert "250 files could not be used" in text(told)
    assert "First 200 of 250" in text(told)
    assert text(told).count("truncated") == 200
    assert tables.broken_files([]) is None


# -- the form ----------------------------------------------------------------------------------


def test_the_form_makes_the_request_a_person_would_type(tmp_path):
    wanted = set_form.request(f'"{tmp_path}"', " ", "timm", "resnet18.a1_in1k", ["tsne"], 7)
    assert wanted.to_json() == {
        "source": str(tmp_path), "name": tmp_path.name, "encoder": "timm:resnet18.a1_in1k",
        "maps": ["tsne"], "dims": 2, "seed": 7,
    }  # fmt: skip


def test_without_a_map_the_quick_one_is_asked_for(tmp_path):
    assert set_form.request(str(tmp_path), "a", "pixels", None, []).maps == ("pca",)


@pytest.mark.parametrize(
    ("source", "encoder", "timm", "word"),
    [("", "pixels", "", "where the images are"), ("/no/such", "pixels", "", "no file or folder"),
     ("sample:digits", "timm", " ", "Name the timm model")],
)  # fmt: skip
def test_a_form_that_cannot_start_says_what_to_enter(source, encoder, timm, word):
    with pytest.raises(InputError, match=word):
        set_form.request(source, "a", encoder, timm, [])


def test_a_timm_name_may_be_given_with_its_prefix():
    assert pickers.encoder_name("timm", "timm:local-dir:/w") == "timm:local-dir:/w"
    assert pickers.encoder_name("timm", "local-dir:/w") == "timm:local-dir:/w"


def test_every_field_of_the_form_has_a_label():
    tree = set_form.form()
    labelled = {n["props"].get("htmlFor") for n in nodes(tree) if n["type"] == "Label"}
    fields = {n["props"]["id"] for n in nodes(tree) if n["type"] in {"Input", "Select"}}
    assert fields
    assert fields <= labelled


# -- the map's surroundings --------------------------------------------------------------------


def test_a_caption_warns_and_gives_the_measured_scores():
    told = text(map_view.caption(FakeSet().projection("umap"), 12))
    assert "mean little" in told
    assert "Trustworthiness 0.910" in told
    assert "measured on" not in told
    assert "measured on 12 images" in text(map_view.caption(FakeSet().projection("umap"), 900))


def test_of_points_set_in_a_line_only_the_notice_is_told():
    few = dataclasses.replace(FakeSet().projection("umap"), scores={}, notice="Only 3 images.")
    assert text(map_view.caption(few, 3)) == "Only 3 images."


def test_a_selection_of_whole_categories_is_known_as_such():
    colouring = FakeSet().colouring("label")
    moths = np.flatnonzero(colouring.codes == 1)
    assert map_view.whole_categories(colouring, moths) == {1}
    assert map_view.whole_categories(colouring, np.arange(12)) == {1, 2}
    assert map_view.whole_categories(colouring, moths[:2]) == set()
    assert map_view.whole_categories(colouring, None) == set()
    assert map_view.whole_categories(FakeSet().colouring("width"), moths) == set()


def test_a_map_without_scores_does_not_claim_any():
    from dataclasses import replace

    bare = replace(FakeSet().projection("pca"), scores={})
    assert "Not measured yet" in text(map_view.caption(bare, 12))


def test_labels_stand_at_the_median_of_their_points_and_noise_has_none():
    found = FakeSet()
    placed = map_view.labels(found.points("umap"), found.colouring("cluster"))
    assert [p["text"] for p in placed] == ["Theme 1", "Theme 2"]
    assert placed[0]["x"] == pytest.approx(2000 / 65535, abs=1e-4)
    assert map_view.labels(found.points("umap"), found.colouring("width")) == []
    assert map_view.labels(np.zeros((0, 2), np.uint16), found.colouring("cluster")) == []


def test_flat_maps_come_best_first_and_without_3d():
    assert map_view.flat_maps({"pca": "a", "umap3d": "b", "tsne": "c", "umap": "d"}) == [
        "umap", "tsne", "pca",
    ]  # fmt: skip
    every = {"umap3d": "b", "pca": "a", "tsne": "c", "umap": "d"}
    assert pickers.all_maps(every) == ["umap", "tsne", "pca", "umap3d"]
    assert pickers.missing_maps(list(every)) == ["tsne3d", "pca3d"]


# -- notices -----------------------------------------------------------------------------------


def test_a_page_that_cannot_be_shown_says_why_and_offers_a_way_on():
    @notices.explained
    def layout(**query):
        raise InputError("nothing here")

    page = layout(set="x")
    assert "nothing here" in text(page)
    assert find(page, href="/")


def test_bugs_are_not_dressed_up_as_notices():
    with pytest.raises(ZeroDivisionError):
        notices.show_error(ZeroDivisionError())


def test_an_error_for_a_person_becomes_an_alert(monkeypatch):
    shown = {}
    monkeypatch.setattr(notices, "set_props", lambda to, props: shown.update({to: props}))
    assert notices.show_error(InputError("say which")) is None
    assert "say which" in text(shown[notices.NOTICES]["children"])


def test_the_name_of_a_split_group_stands_at_one_of_its_parts():
    island, other = np.full((60, 2), 9000), np.full((50, 2), 60000)
    both = np.concatenate([island, other]).astype(np.uint16)
    assert map_view.middle(both).tolist() in ([9000, 9000], [60000, 60000])
    three = np.concatenate([island, other, np.full((70, 2), 30000)]).astype(np.uint16)
    assert map_view.middle(three).tolist() == [30000, 30000]
    apart = np.array([[0, 0]] * 30 + [[60000, 0]] * 31 + [[60000, 60000]] * 30, np.uint16)
    assert map_view.middle(apart).tolist() == [60000, 0]
