"""Two sets' report as one HTML file: its numbers are those kept, and nothing leads out of it."""

import copy
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from core.drifts.file import drift_file
from core.drifts.report import figures, tables
from core.drifts.report.where import pictured
from core.report.text import measure, share

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Collects texts and addresses, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.addresses, self.open, self.tags, self.ids = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in {"src", "href", "action", "xlink:href"}]
        self.ids += [v for k, v in attrs if k == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [v for k, v in attrs if k == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.texts).split())


def made(example, drift=None, opened="own"):
    drift = drift or example.drift
    sets = [example.open(name) for name in (example.a, example.b)] if opened == "own" else opened
    data = drift_file(drift, sets[0], sets[1], example.workspace, example.settings)
    text = data.decode("utf-8")
    return text, Page(text)


@pytest.fixture(scope="module")
def page(made_drift):
    return made(made_drift)


def rows_of(text, caption):
    """Return the cells of the table with a caption, as words."""
    table = re.search(rf"<caption>{caption}</caption>(.*?)</table>", text, re.DOTALL)[1]
    body = table.split("<tbody>")[1]
    return [
        [Page(cell).words for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


def test_it_says_what_was_found_with_its_numbers(made_drift, page):
    meta, (text, found) = made_drift.drift.meta, page
    assert meta["verdict"]["sentence"] in found.words
    for line in meta["verdict"]["detail"]:
        assert line in found.words
    for test, row in zip(meta["tests"], rows_of(text, "The three tests of the verdict"),
                         strict=True):  # fmt: skip
        assert row[0] == test["name"]
        assert row[1] == f"{test['effect_name']} {measure(test['effect'])}"
        assert row[3].split(" ")[0] == tables.chance(test["p"])
        assert row[4] == tables.chance(test["p_adjusted"])
    for one, row in zip(meta["clusters"], rows_of(text, "Groups of both sets together"),
                        strict=True):  # fmt: skip
        assert row[0] == str(one["id"])
        assert row[2:6] == [str(one["count_a"]), str(one["count_b"]), share(one["share_a"]),
                            share(one["share_b"])]  # fmt: skip
    anchors = {one["name"]: one for one in meta["scale"]["anchors"]}
    rows = rows_of(text, "Beside known differences")
    assert {row[0] for row in rows} == {*anchors, "A and B"}
    for row in rows:
        one = anchors.get(row[0], meta["scale"])
        assert row[1:] == [measure(one["value"]), f"{measure(one['low'])} – {measure(one['high'])}"]
    local = meta["local"]
    assert f"Of {local['tested']} images {local['new']} have more neighbours" in found.words
    for side in ("a", "b"):
        assert meta[side]["imageset"] in found.words
        assert f"{meta[side]['text']}: {meta[side]['n_images']} images" in found.words


def test_what_was_planted_is_shown_with_pictures_of_the_right_side(made_drift, page):
    text, found = page
    gone = [one for one in made_drift.drift.meta["clusters"] if one["state"] == "gone"]
    new = [one for one in made_drift.drift.meta["clusters"] if one["state"] == "new"]
    assert gone
    assert new
    assert found.words.count("Gone from B") == len(gone)
    assert found.words.count("New in B") == len(new)
    cards = re.findall(r"<article.*?</article>", text, re.DOTALL)
    for one in [*gone, *new]:
        (card,) = [card for card in cards if f"· group {one['id']} ·" in card]
        shown = re.findall(r'alt="([AB]), row (\d+)"', card)
        assert [int(row) for side, row in shown if side == "A"] == one["exemplars_a"][:6]
        assert [int(row) for side, row in shown if side == "B"] == one["exemplars_b"][:6]


def test_most_drifted_images_stand_beside_their_counterparts(made_drift, page):
    images = made_drift.drift.images
    mine = images[images["side"] == "b"].sort_values(["score", "row"], ascending=[False, True])
    shown = re.findall(r'<li class="match">(.*?)</li>', page[0], re.DOTALL)
    for card, (_, one) in zip(shown[:12], mine.head(12).iterrows(), strict=True):
        assert re.findall(r'alt="([AB]), row (\d+)"', card) == [
            ("B", str(one["row"])), ("A", str(one["counterpart"])),
        ]  # fmt: skip
        assert f"{one['row']:03} · {measure(float(one['distance']))}<" in card  # its file's name


def test_nothing_leads_out_of_it_and_every_tag_is_closed(page):
    text, found = page
    assert found.open == []
    assert "script" not in found.tags
    pictures = [one for one in found.addresses if not one.startswith("#")]
    assert pictures
    assert all(one.startswith("data:image/") for one in pictures)
    inside = {one[1:] for one in found.addresses if one.startswith("#")}
    assert inside <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert not re.findall(r"url\(|@import", text)
    assert "no picture" not in found.words


def test_of_a_set_that_has_changed_there_are_no_pictures(made_drift):
    drift = made_drift.drift
    meta = {**drift.meta, "b": {**drift.meta["b"], "imageset": "0" * 32}}
    text, found = made(made_drift, replace(drift, meta=meta))
    assert 'alt="A, row' in text
    assert 'alt="B, row' not in text
    assert "no picture" in found.words
    lost = drift.images[drift.images["side"] == "b"].sort_values("score")["item_id"].iloc[-1]
    assert f"{lost[:10]} · " in text
    _, none = made(made_drift, opened=(None, None))
    assert not [one for one in none.addresses if one.startswith("data:")]


def test_what_people_wrote_is_text(made_drift):
    drift = made_drift.drift
    meta, images = copy.deepcopy(drift.meta), drift.images.copy()
    meta["title"] = "<script>alert(1)</script>"
    meta["a"]["label"] = meta["a"]["text"] = "<script>a</script>"
    meta["b"]["label"] = '"><img src=x onerror=y>'
    meta["verdict"]["sentence"] = "<b>differs</b>"
    meta["explain"][0]["column"] = "<i>"
    meta["conditional"] = [{"label": "<u>", "n_a": 1, "n_b": 2, "effect": None, "p": None,
                            "p_adjusted": None, "status": "undefined"}]  # fmt: skip
    images["item_id"] = "<s>"
    _, found = made(made_drift, replace(drift, meta=meta, images=images))
    assert not {"script", "b", "i", "u", "s"} & set(found.tags)
    assert '"><img src=x onerror=y>' in found.words
    assert "<b>differs</b>" in found.words


def test_what_is_undefined_is_a_dash_and_never_a_number(made_drift):
    drift = made_drift.drift
    meta = copy.deepcopy(drift.meta)
    for test in meta["tests"]:
        test |= {"effect": None, "statistic": None, "p": None, "p_min": None, "p_adjusted": None,
                 "ci": None, "status": "undefined", "notice": "one side has 3 units"}  # fmt: skip
    meta |= {"power": None, "scale": None, "explain": [], "conditional": [], "local": None,
             "verdict": {"level": "too few", "sentence": "Too few.", "detail": []}}  # fmt: skip
    for one in meta["clusters"]:
        one |= {"ci": None, "p_adjusted": None, "part": None, "state": "same"}
    meta["details"] |= {"frechet": None, "kernel": None, "overlap": None, "stability": None,
                        "divergence": None, "components": []}  # fmt: skip
    text, found = made(made_drift, replace(drift, meta=meta))
    for row in rows_of(text, "The three tests of the verdict"):
        assert row[1:] == ["–"] * 5
    for row in rows_of(text, "Groups of both sets together"):
        assert row[6:] == ["–"] * 3
    assert "one side has 3 units." in found.words
    assert "Too few to tell" in found.words
    assert not re.findall(
        r"\b(nan|none)\b", " ".join(re.findall(r">([^<]+)<", text.split("</style>")[1])), re.I
    )
    assert "What could have been seen" not in found.words


def test_a_difference_that_is_only_exposure_is_called_so_under_the_verdict(made_drift):
    drift = made_drift.drift
    exposure = {"brightness": [0.4312, 0.2156], "fineness": [0.3, 0.3], "gain": 0.5, "blur": 0.0,
                "remains": 0.0123, "gone": True, "p_before": 0.001, "p_after": 0.62,
                "images": [120, 118], "text": "It is exposure."}  # fmt: skip
    text, found = made(made_drift, replace(drift, meta={**drift.meta, "exposure": exposure}))
    assert "It is exposure." in re.search(r'<div class="card verdict.*?</div>', text, re.DOTALL)[0]
    rows = rows_of(text, "Exposure of the pictures")
    assert rows[0][1:] == ["0.431", "0.216"]
    assert rows[2][1:] == ["120", "118"]
    assert "1.2 % remains once pictures" in found.words
    assert "p 0.001 before, 0.62 after" in found.words
    assert "encoded again and tested again" in found.words


def test_a_p_that_numbers_cannot_hold_is_never_zero():
    assert tables.chance(0.0) == "&lt; 1e-300"
    assert tables.chance(None) == "–"
    assert tables.chance(0.001, 0.001) == "0.001 (the least possible)"


def test_the_difference_stands_among_known_ones_in_order():
    anchors = [
        {"name": name, "value": value, "low": value - 0.001, "high": value + 0.001}
        for name, value in (("two halves of the first set", 0.0), ("20 % replaced", 0.04))
    ]
    drawn = figures.scale_bar(
        {"value": 0.01, "low": 0.008, "high": 0.012, "anchors": anchors}, "A and B"
    )
    names = re.findall(r'text-anchor="end">([^<]+)<', drawn)
    assert names == ["two halves of A", "A and B", "20 % replaced"]
    boxes = [float(x) for x in re.findall(r'<rect class="bar" x="([\d.]+)"', drawn)]
    mark = float(re.search(r'class="mark" d="M([\d.]+)', drawn)[1])
    halves, replaced = boxes[0] + 1.5, boxes[1] + 1.5
    assert mark - halves == pytest.approx((replaced - halves) / 2, abs=0.3)  # √.01 is half of √.04


def test_shares_of_clusters_lie_at_their_places():
    clusters = [
        {"id": 7, "share_a": 0.2, "share_b": 0.0, "state": "gone"},
        {"id": 8, "share_a": 0.1, "share_b": 0.1, "state": "same"},
    ]
    drawn = figures.cluster_shares(clusters)
    round_ = [float(x) for x in re.findall(r'class="of-a" cx="([\d.]+)"', drawn)]
    diamond = [float(x) for x in re.findall(r'class="of-b" d="M([\d.]+)', drawn)]
    assert diamond[1] == pytest.approx(round_[1], abs=0.2)
    assert round_[1] - diamond[0] == pytest.approx((round_[0] - diamond[0]) / 2, abs=0.2)
    assert re.findall(r'text-anchor="end">([^<]+)<', drawn) == ["7, gone", "8"]


def test_a_map_shows_changed_regions_of_its_own_side_only():
    images = pd.DataFrame({
        "side": ["a", "a", "b", "b", "b"], "local": [-1, 0, 1, 1, -1],
        "x": [0.0, 1, 2, 3, 4], "y": [0.0, 1, 0, 1, 0],
    })  # fmt: skip
    count = {
        look: len(re.findall("h0", found[1])) if (found := re.search(
            rf'class="{look}" d="([^"]+)"', figures.map_panel(images, "b", "B"))) else 0
        for look in ("dots-all", "dots-b", "dots-b region", "dots-a")
    }  # fmt: skip
    assert count == {"dots-all": 2, "dots-b": 1, "dots-b region": 2, "dots-a": 0}
    assert figures.map_panel(images.iloc[:0], "a", "A") == ""


def test_clusters_that_grew_and_shrank_share_the_pictures():
    lines = [{"id": at, "state": "gone"} for at in range(10)]
    assert [one["id"] for one in pictured(lines)] == list(range(8))
    lines += [{"id": at, "state": "new"} for at in range(10, 12)]
    assert [one["id"] for one in pictured(lines)] == [0, 1, 2, 3, 4, 5, 10, 11]
