"""The report's HTML file: whole, safe, alone; and its charts against the numbers they show."""

import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from report_example import NAMES, example, least, of_set

from core.report.charts import coverage_curve, label_bar, saturation_chart, size_bins, strip
from core.report.html import render_html, title
from core.report.svg import Scale, ticks
from core.report.text import count, measure, moment, share, without_paths
from core.reportfiles import draw_maps, report_files

VOID = {"meta", "img", "br", "link", "hr", "input"}
#: Attributes by which a browser fetches something.
FETCH = {"src", "href", "xlink:href", "data", "poster", "srcset", "action", "background"}


def png(size=(8, 8), colour=(200, 30, 30)):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


class Walk(HTMLParser):
    """What a file holds: its tags, attributes and words; fails where tags are not closed."""

    def __init__(self, data):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.words, self.open = [], [], [], []
        self.feed(data.decode("utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def values(self, wanted):
        return [value for _, name, value in self.attributes if name == wanted]


def walk(report, pictures=lambda row: None, maps=None):
    return Walk(render_html(report, pictures, maps or {}))


MAPS = {"curated": png((90, 60)), "random": png((90, 60), (0, 0, 0))}


# -- alone and safe --------------------------------------------------------------------------------


def test_nothing_is_fetched_and_nothing_runs():
    data = render_html(example(), lambda row: png(), MAPS)
    page = Walk(data)
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        if name in FETCH:
            inside = value.startswith("#") if tag == "a" else value.startswith("data:image/")
            assert inside, (tag, name, value[:80])
    style = re.search(rb"<style>(.*?)</style>", data, re.S)[1]
    assert b"url(" not in style
    assert b"@import" not in style
    policy = dict(zip(page.values("http-equiv"), page.values("content"), strict=False))
    assert policy["Content-Security-Policy"].startswith("default-src 'none'")


def test_no_folder_of_this_machine_is_in_the_file():
    data = render_html(example(), lambda row: png(), MAPS).decode()
    assert "ann" not in re.sub(r"base64,[^\"]*", "", data).replace("channel", "")
    assert "timm:local-dir:mobilenet" in data
    assert "/home" not in data


def test_names_are_shown_as_they_are_and_do_not_run():
    page = walk(example())
    shown = page.text
    for name in NAMES[:5]:
        assert " ".join(name.split()) in shown
    assert "nul\ufffd bell\ufffd half\ufffd" in shown
    assert page.tags.count("bdi") >= 2 * len(NAMES)


def test_hostile_text_in_every_field_stays_text():
    bad = '"><img src=x onerror=alert(1)>'

    def poisoned(value):
        if isinstance(value, str):
            return bad
        if isinstance(value, dict):
            return {k: poisoned(v) for k, v in value.items()}
        return [poisoned(v) for v in value] if isinstance(value, list) else value

    page = walk(poisoned(example()))
    assert "img" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C(N − s, n) / C(N, n)", "C(N − s, n) / C(N, n)"),
        ("timm:local-dir:/home/me/mobilenet", "timm:local-dir:mobilenet"),
        (r"C:\Users\me\set", "set"),
        (r"\\server\share\set", "set"),
        ("~/pictures/set", "set"),
        ("file:///srv/a/set", "set"),
        ("moth/wasp and 0/1", "moth/wasp and 0/1"),
        ("https://example.org/a/b", "https://example.org/a/b"),
    ],
)
def test_paths_are_cut_to_their_last_part_and_nothing_else_is(given, kept):
    assert without_paths(given) == kept


# -- whole -----------------------------------------------------------------------------------------


def test_all_that_a_reader_and_an_auditor_look_for_is_there():
    report = example()
    text = walk(report, lambda row: png(), MAPS).text
    wanted = [
        "first sixty", report["verdict"]["sentence"], "Figure 3", "random: 5 (4 to 6)",
        "better than random", "worse than random", "as random", "This choice of 60 images",
        "One random choice of 60 images", "Clusters covered against budget",
        "Does it hold on an independent grouping?", "Near-duplicate pairs inside",
        "Sparse clusters", "Dense clusters", "Random misses it: 25 %", "From 40 images on",
        "stop here: 40", "Sentence two.", "What it does not show.", "C(N − s, n) / C(N, n).",
        "2 near-duplicates and 1 image of poor quality", "d" * 64, "e" * 64, "1" * 32, "2.4.6",
        "21 November 2026, 13:05 UTC", "the whole set, 600 images",
    ]  # fmt: skip
    assert [w for w in wanted if w not in text] == []


def test_a_missing_part_leaves_no_trace():
    page = walk(least())
    assert "None" not in page.text
    assert "nan" not in page.text.lower().split()
    assert page.values("id") == ["audit"]
    full = {"maps", "coverage", "words", "independent", "bands", "saturation", "labels", "sparse",
            "dense", "limits", "method", "audit", "tables"}  # fmt: skip
    assert full <= set(walk(example(), maps=MAPS).values("id"))
    for part in ("curve", "labels", "saturation", "bands", "sparse", "maps", "coverage"):
        assert "None" not in walk(example(**{part: None}), maps=MAPS).text


def test_every_link_inside_leads_somewhere_and_ids_are_unique():
    page = walk(example(), maps=MAPS)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {v[1:] for v in page.values("href")} <= set(ids)
    for named in page.values("aria-labelledby"):
        assert set(named.split()) <= set(ids)


def test_pictures_are_inside_once_each_with_what_was_chosen_said():
    asked = []

    def pictures(row):
        asked.append(row)
        return png() if row != 11 else None

    page = walk(example(), pictures)
    assert sorted(asked) == [0, 10, 11, 20, 21, 22, *range(30, 39), *range(40, 49)]
    alts = page.values("alt")
    assert len(alts) == len(asked) - 1
    assert "image 10, chosen" in alts
    assert "image 20" in alts
    assert "no picture 11" in page.text


def test_the_same_report_gives_the_same_bytes():
    assert render_html(example(), lambda row: png(), MAPS) == render_html(
        example(), lambda row: png(), MAPS
    )


def test_a_title_names_the_choice_and_the_set():
    assert title(example()) == "Report on first sixty of moths"
    report = example()
    report["choice"]["slice"] = None
    assert title(report) == "Report on 60 images of moths"


# -- charts ----------------------------------------------------------------------------------------


def numbers(svg, look):
    """Return the coordinates of the elements of a look."""
    found = re.findall(rf'<(?:path|rect) class="{look}" ([^>]*)>', svg)
    return [[float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", one)] for one in found]


def test_a_bar_is_as_high_as_its_share():
    bins = [
        {"size": "1", "clusters": 8, "covered": 4, "random_mean": 2, "random_low": 1,
         "random_high": 3},
        {"size": "2", "clusters": 5, "covered": 5, "random_mean": 5, "random_low": 5,
         "random_high": 5},
        {"size": "3", "clusters": 0, "covered": 0, "random_mean": 0},
    ]  # fmt: skip
    svg = size_bins(bins, "b", "image")
    bars, random = numbers(svg, "bar"), numbers(svg, "bar-random")
    assert len(bars) == len(random) == 2
    assert bars[0][3] == pytest.approx(bars[1][3] / 2, abs=0.11)
    assert random[0][3] == pytest.approx(random[1][3] / 4, abs=0.11)
    assert "clusters of 1 images: 4 of 8 covered" in svg


def test_a_strip_orders_the_choice_and_the_draws_as_their_values_are():
    band = {"title": "d", "better": "lower", "curated": 0.5,
            "random": {"mean": 1.0, "low": 0.9, "high": 1.1, "draws": [0.9, 1.0, 1.1]}}  # fmt: skip
    svg = strip(band, "s")
    ((left, *_),) = numbers(svg, "chosen")
    dots = numbers(svg, "draws")[0]
    places = [dots[0], dots[3], dots[6]]
    assert left < places[0] < places[1] < places[2]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.21)
    assert places[1] - left == pytest.approx(5 * (places[1] - places[0]), rel=0.02)
    assert "Chosen 0.500; random 1.00," in svg


def test_the_curve_marks_what_was_chosen_at_its_budget():
    svg = coverage_curve(example()["curve"], "image")
    line = numbers(svg, "chosen")[0]
    mark = numbers(svg, "mark")[0]
    assert (mark[0], (mark[1] + mark[5]) / 2) == pytest.approx((line[-2], line[-1]), abs=0.2)
    assert "covers 54.0 of 120 clusters" in svg
    assert 'aria-labelledby="own_curve-t own_curve-d"' in svg


def test_charts_bear_missing_and_equal_numbers():
    nothing = {"mean": None, "low": None, "high": None, "draws": []}
    assert "<svg" in strip({"title": "t", "curated": None, "random": nothing}, "s")
    assert "nan" not in strip({"title": "t", "curated": 0, "random": {**nothing, "mean": 0.0,
                              "draws": [0, 0]}}, "s")  # fmt: skip
    one = {"budgets": [1], "curated": [1], "chosen": 1, "clusters": 1}
    assert "this choice: 1" in coverage_curve(one, "image")
    flat = {"budgets": [5], "s": [None], "text": "", "suggested": None}
    assert "<svg" in saturation_chart(flat)
    assert "<svg" in label_bar({"curated": 0, "set": 1}, 0, "l", "none")


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [(0, 100, [0, 20, 40, 60, 80, 100]), (0, 7, [0, 2, 4, 6]), (0.2, 0.9, [0.2, 0.4, 0.6, 0.8]),
     (3, 3, [3])],
)  # fmt: skip
def test_axis_numbers_are_round_and_inside(low, high, found):
    assert ticks(low, high) == pytest.approx(found)


def test_a_scale_is_linear_and_keeps_inside():
    scale = Scale(10, 20, 100, 0)
    assert [scale(v) for v in (10, 15, 20, 5, 99)] == [100, 50, 0, 100, 0]


def test_numbers_say_no_more_than_they_are():
    assert [share(v) for v in (0, 1, 0.99999, 0.0001, 0.5, 0.0998, 0.0512, None)] == [
        "0 %", "100 %", "> 99.9 %", "< 0.1 %", "50 %", "10 %", "5.1 %", "–"]  # fmt: skip
    values = (0, 0.12345, 12.345, -0.5, 0.00021, 0.000021, 2345.6, float("nan"))
    assert [measure(v) for v in values] == [
        "0", "0.123", "12.3", "−0.500", "0.000210", "2.10·10⁻⁵", "2,346", "–"]  # fmt: skip
    assert count(12345) == "12,345"
    assert moment("2026-11-21T15:05:00+02:00") == "21 November 2026, 13:05 UTC"


# -- with a set ------------------------------------------------------------------------------------


def test_pictures_and_maps_come_from_the_set(digits):
    opened, workspace = digits.library.open("digits"), digits.library.workspace
    page = Walk(report_files(of_set(opened), opened, workspace, digits.settings))
    pictures = [v for v in page.values("src") if v.startswith("data:image/")]
    assert len(pictures) == 2 + 24
    assert "no picture" not in page.text


def test_of_another_set_there_are_no_pictures(digits):
    opened, workspace = digits.library.open("digits"), digits.library.workspace
    other = of_set(opened)
    other["hashes"]["imageset"] = "0" * 32
    for given, report in ((opened, other), (None, of_set(opened))):
        page = Walk(report_files(report, given, workspace, digits.settings))
        assert page.values("src") == []
        assert report["verdict"]["sentence"] in page.text


def test_both_maps_show_the_whole_set_behind_and_their_own_rows_in_front(digits):
    opened = digits.library.open("digits")
    report = of_set(opened)
    report["maps"]["random_rows"] = list(range(60))
    drawn = {k: Image.open(io.BytesIO(v)).convert("RGBA") for k, v in
             draw_maps(report, opened).items()}  # fmt: skip
    curated, random = drawn["curated"], drawn["random"]
    assert curated.size == random.size

    def ink(picture, near):
        """Count the pixels near a colour, full in strength."""
        pixels = np.asarray(picture).astype(int)
        close = (abs(pixels[..., :3] - near) < 24).all(axis=2)
        return int((close & (pixels[..., 3] > 220)).sum())

    assert ink(curated, (0x17, 0x8A, 0x93)) > 400
    assert ink(curated, (0xD0, 0x68, 0x0F)) == 0
    assert ink(random, (0xD0, 0x68, 0x0F)) > 400
    seen = [np.asarray(m)[..., 3] > 60 for m in (curated, random)]
    assert (seen[0] ^ seen[1]).sum() < 0.1 * (seen[0] | seen[1]).sum()
    corner = curated.getpixel((0, 0))
    assert corner[3] == 0


def test_no_map_is_drawn_of_a_projection_that_is_gone(digits):
    opened = digits.library.open("digits")
    report = of_set(opened)
    report["maps"]["projection"] = "gone"
    assert draw_maps(report, opened) == {}
