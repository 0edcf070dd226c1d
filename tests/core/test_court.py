"""The figures of a court and of a test of nuisances, each against a known answer."""

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab
from sklearn.metrics import mutual_info_score

from core.courts.request import CourtRequest, NuisanceRequest
from core.courts.suits import BY_NAME, PAGES, QUESTIONS, advice, caution, rank_of
from core.encoders import describe
from core.errors import InputError
from core.judging.bench import Seat, drawn
from core.judging.colours import _lab, colour_word
from core.judging.copies import named_copies
from core.judging.detail import mark
from core.judging.explained import entropy, explained, information
from core.judging.factors import _called, _cut, ground_kinds
from core.judging.figure import Figure, behind, nothing, parts_of, share_of_means
from core.judging.figures import Heard
from core.judging.nuisance_words import state_of
from core.judging.planted import planted_drift
from core.judging.verdicts import recommendations
from core.labelled.values import LabelColumn
from core.model import EncoderSpec, Neighbors
from core.space import unit_rows

# -- how much a factor explains --------------------------------------------------------------------


def test_information_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    one, two = random.integers(0, 5, 400), random.integers(0, 3, 400)
    none = np.zeros(400, np.int64)
    assert information(one, two, none) == pytest.approx(mutual_info_score(one, two))
    assert entropy(one) == pytest.approx(mutual_info_score(one, one))
    inside = sum((one == code).mean() * mutual_info_score(two[one == code], one[one == code])
                 for code in range(5))  # fmt: skip
    assert information(two, one, one) == pytest.approx(inside, abs=1e-12)


def test_what_decides_the_cluster_explains_all_and_what_does_not_explains_nothing():
    random = np.random.default_rng(1)
    clusters, other = random.integers(0, 4, 300), random.integers(0, 4, 300)
    units = np.arange(300)
    whole = explained(clusters, 3 - clusters, None, units, permutations=199)
    assert whole.share == pytest.approx(1.0)
    assert whole.p == pytest.approx(1 / 200)
    nothing_there = explained(clusters, other, None, units, permutations=199)
    assert abs(nothing_there.share) < 0.03
    assert nothing_there.low <= max(0.0, nothing_there.share) <= nothing_there.high


def test_what_labels_account_for_is_not_counted_beyond_them():
    random = np.random.default_rng(2)
    label = random.integers(0, 4, 400)
    factor = label // 2  # the label decides the factor
    clusters = np.where(random.random(400) < 0.9, label, random.integers(0, 4, 400))
    found = explained(clusters, factor, label, np.arange(400), permutations=199)
    assert found.share > 0.2
    assert abs(found.beyond) < 0.01
    mixed = explained(factor * 4 + label, random.integers(0, 2, 400), label, np.arange(400))
    assert abs(mixed.beyond or 0.0) < 0.02


def test_p_is_uniform_where_there_is_nothing():
    random = np.random.default_rng(3)
    found = [
        explained(random.integers(0, 3, 90), random.integers(0, 3, 90), None, np.arange(90),
                  permutations=99, seed=at).p
        for at in range(80)
    ]  # fmt: skip
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 2.5 * (0.05 * 0.95 / 80) ** 0.5
    assert 0.4 < np.mean(found) < 0.6


def test_images_of_one_unit_are_one_witness():
    random = np.random.default_rng(4)
    clusters, factor = random.integers(0, 3, 40), random.integers(0, 3, 40)
    units = np.repeat(np.arange(40), 25)  # a thousand images are forty
    found = explained(clusters[units], factor[units], None, units, permutations=199)
    assert found.n == 40
    assert found.p > 0.01
    assert explained(clusters[:10], factor[:10], None, np.arange(10)) is None  # too few


def test_kinds_of_ground_are_found_and_one_ground_is_none():
    random = np.random.default_rng(5)
    true = random.integers(0, 3, 120)
    middle = np.array([[20, 20, 20, 3], [200, 60, 40, 5], [90, 200, 90, 30]], float)
    values = middle[true] + random.normal(0, 3, (120, 4))
    values[7] = np.nan
    codes, names = ground_kinds(values, 0)
    assert len(names) == 3
    assert codes[7] == -1
    kept = codes >= 0
    assert mutual_info_score(true[kept], codes[kept]) == pytest.approx(entropy(true[kept]))
    assert ground_kinds(np.full((50, 4), 30.0), 0)[1] == ()


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        (np.arange(90.0), [30, 30, 30]),
        (np.array([1.0, 2.0] * 10), [10, 10]),
        (np.array([0.0] * 80 + [1.0, 2, 3, 4] * 5), [80, 20]),
    ],
)
def test_numbers_are_cut_into_parts_of_as_many_images(values, counts):
    found = _cut("x", "X", values, "")
    assert np.bincount(found.codes).tolist() == counts
    assert len(found.kinds) == len(counts)
    assert found.testable
    assert not _cut("x", "X", np.ones(9), "").testable


def test_a_factor_explains_only_what_is_large_sure_and_beyond_the_labels():
    def told(share, p, beyond, beyond_p, low=0.3):
        clusters = {"share": share, "p_adjusted": p, "beyond": beyond,
                    "beyond_p_adjusted": beyond_p}  # fmt: skip
        return {"clusters": clusters,
                "probe": {"low": low, "majority": 0.3, "shuffled": 0.3}}  # fmt: skip

    assert state_of(told(0.5, 0.01, 0.3, 0.01), labelled=True) == "explains"
    assert state_of(told(0.5, 0.01, 0.01, 0.5), labelled=True) == "with labels"
    assert state_of(told(0.5, 0.20, 0.3, 0.01), labelled=True) == "none"
    assert state_of(told(0.02, 0.01, 0.01, 0.01), labelled=True) == "none"
    assert state_of(told(0.02, 0.01, 0.01, 0.01, low=0.8), labelled=True) == "held"
    assert state_of(told(0.5, 0.01, None, None), labelled=False) == "explains"


# -- figures of a court ----------------------------------------------------------------------------


def test_planted_drift_is_seen_where_labels_lie_apart_and_by_chance_where_they_do_not():
    random = np.random.default_rng(6)
    codes = np.arange(300) % 4
    apart = unit_rows(np.eye(16)[codes] + 0.05 * random.standard_normal((300, 16)))
    cloud = unit_rows(random.standard_normal((300, 16)))
    clear = planted_drift(apart, codes, np.arange(300))
    none = planted_drift(cloud, codes, np.arange(300))
    assert clear.details["by_share"]["0.4"] > 0.9
    assert clear.value > none.value + 0.3
    assert none.value < 0.12  # the level of the test, .05, and chance
    assert clear.parts.keys() == none.parts.keys()  # the same draws for both
    assert planted_drift(apart[:70], codes[:70], np.arange(70)).value is None


def test_a_figure_is_behind_only_where_its_parts_are():
    random = np.random.default_rng(7)
    best = random.integers(0, 2, 200).astype(float)
    worse = best.copy()
    worse[:20] = 0  # the same pictures, some of them lost
    one = Figure(*share_of_means(worse)[:3], parts=parts_of(worse))
    top = Figure(*share_of_means(best)[:3], parts=parts_of(best))
    assert one.high > top.low  # intervals overlap, and yet it is surely behind
    assert behind(one, top)
    assert not behind(top, one)
    assert not behind(top, top)
    assert not behind(Figure(0.5, None, None), Figure(0.9, 0.8, 1.0))


def test_a_mean_of_units_has_an_interval_that_no_lucky_draw_closes():
    value, low, high, count = share_of_means(np.ones(20))
    assert (value, high, count) == (1.0, 1.0, 20)
    assert low < 0.95
    units = np.repeat([0, 1], [99, 1])
    assert share_of_means(np.array([1.0] * 99 + [0.0]), units)[0] == pytest.approx(0.5)


def test_known_copies_of_a_column_are_found_by_the_nearest_image():
    indices = np.array([[1, 2], [0, 2], [0, 1], [0, 1], [5, 0], [4, 0]], np.int32)
    graph = Neighbors("", indices, np.full((6, 2), 0.1, np.float32), True, 1.0)
    seat = Seat("a", describe("pixels"), None, np.eye(6), graph, 0)
    photo = LabelColumn("photo", np.array([0, 0, 0, 1, 2, 2, 9]), ("a", "b", "c"))
    found = named_copies(seat, photo, np.arange(6))
    assert found.value == 1.0  # image 3 has no copy and is not asked
    assert found.n == 2  # two groups of copies
    apart = LabelColumn("photo", np.array([0, 1, 2, 0, 1, 2]), ("a", "b", "c"))
    # nearest: 0→1, 1→0, 2→0, 3→0 (its copy), 4→5, 5→4
    assert named_copies(seat, apart, np.arange(6)).value == pytest.approx(1 / 6)
    assert named_copies(seat, LabelColumn("x", np.arange(6), ()), np.arange(6)).value is None


def test_a_mark_is_one_small_square_that_shows():
    image = Image.new("RGB", (64, 48), (20, 20, 20))
    changed = np.asarray(mark((0.5, 0.5))(image)) != np.asarray(image)
    assert changed.any(axis=2).sum() == 9  # a sixteenth of the shorter side
    light = mark((0.5, 0.5))(Image.new("RGB", (64, 48), (250, 250, 250)))
    assert light.getextrema()[0][0] == 0


def test_whole_units_are_drawn_from_every_label_in_proportion():
    codes = np.repeat([0, 1], [900, 100])
    units = np.arange(1000) // 2
    rows = drawn(np.arange(1000), codes, units, 200, 0)
    assert len(rows) == 200
    assert np.bincount(codes[rows]).tolist() == pytest.approx([180, 20], abs=2)
    assert all((units[rows] == unit).sum() == 2 for unit in np.unique(units[rows]))
    assert (np.sort(rows) == rows).all()
    np.testing.assert_array_equal(drawn(np.arange(50), codes, units, 200, 0), np.arange(50))


def test_colours_have_names_by_their_place_in_lab():
    shades = np.random.default_rng(0).integers(0, 256, (200, 3))
    wanted = rgb2lab(shades[None].astype(np.uint8))[0]
    np.testing.assert_allclose([_lab(*one) for one in shades.tolist()], wanted, atol=0.02)
    known = {"black": (0, 0, 0), "white": (255, 255, 255), "grey": (128, 128, 128),
             "red": (255, 0, 0), "pink": (255, 192, 203), "orange": (255, 165, 0),
             "brown": (139, 69, 19), "yellow": (255, 255, 0), "olive": (128, 128, 0),
             "green": (0, 128, 0), "dark green": (20, 40, 20), "blue": (0, 0, 255),
             "light blue": (135, 206, 235), "purple": (255, 0, 255)}  # fmt: skip
    assert {word: colour_word(*rgb) for word, rgb in known.items()} == {w: w for w in known}


def test_grounds_of_one_colour_word_are_told_apart_by_their_numbers():
    names = _called(np.array([[10.0, 10, 10, 3], [60, 60, 60, 40], [80, 80, 80, 40]]))
    assert names == ("black, plain", "dark grey, uneven (#3c3c3c)", "dark grey, uneven (#505050)")


# -- recommendations -------------------------------------------------------------------------------


def encoder(name, kind, **figures):
    spec = EncoderSpec(name, name, kind, 8)
    seat = Seat(name, spec, None, np.zeros((1, 8)), None, 0)
    usual = {question.figure: nothing("not looked at") for question in QUESTIONS}
    return Heard(seat, {"verdict": "pass", "text": "Fine."}, {"dims": 8}, usual | figures)


def share(value, half=0.02, chance=0.1):
    return Figure(value, value - half, value + half, chance, 100)


def made(*told):
    return {one["question"]: one for one in recommendations(told)}


def test_the_best_is_recommended_and_said_to_be_clear_only_where_it_is():
    one = encoder("one", "classification", probe=share(0.90))
    two = encoder("two", "self-supervised", probe=share(0.80))
    near = encoder("near", "self-supervised", probe=share(0.88))
    found = made(two, one)["classes"]
    assert (found["name"], found["clear"]) == ("one", True)
    assert [line["behind"] for line in found["order"]] == [False, True]
    found = made(near, one)["classes"]
    assert (found["name"], found["clear"]) == ("one", False)
    assert "do not tell from it" in found["text"]


def test_between_equals_the_kind_made_for_the_question_is_taken():
    both = [encoder("a", "classification", copies=share(0.95)),
            encoder("b", "self-supervised", copies=share(0.951))]  # fmt: skip
    assert made(*both)["copies"]["name"] == "b"
    assert made(*both)["copies"]["table"]["name"] == "b"
    better = encoder("a", "classification", copies=share(0.99))
    found = made(better, both[1])["copies"]
    assert found["name"] == "a"
    assert "another would come first" in found["text"]


def test_nothing_is_recommended_where_chance_does_as_well_or_nothing_was_measured():
    found = made(encoder("a", "classification", probe=share(0.11)))
    assert found["classes"]["name"] == ""
    assert found["classes"]["text"].startswith("None of these")
    assert found["drift"]["text"] == "Not measured: not looked at"


# -- what suits what -------------------------------------------------------------------------------


def test_pages_are_warned_of_encoders_that_do_not_suit_them():
    pixels, colours = describe("pixels?side=8"), describe("colour-texture")
    network = EncoderSpec("timm:x", "", "classification", 9)
    assert "place by place" in caution("/clusters", pixels)
    assert caution("/quality", pixels) == ""  # copies are what pixels are good at
    assert "shape" in caution("/drift", colours)
    assert caution("/clusters", network) == ""
    assert "tiny defects" in caution("/quality/defects", network)
    assert caution("/quality/defects", EncoderSpec("timm:d", "", "self-supervised", 9)) == ""
    assert set(PAGES.values()) <= set(BY_NAME)
    assert rank_of(BY_NAME["copies"], pixels) < rank_of(BY_NAME["copies"], network)


def test_a_page_is_told_what_a_court_measured_only_where_its_own_encoder_is_behind():
    def kept(*told):
        return {"recommendations": recommendations(told)}

    own = encoder("own", "classification", probe=share(0.7))
    other = encoder("other", "self-supervised", probe=share(0.9))
    told = advice("/clusters", own.seat.spec, kept(own, other))
    assert told.startswith(
        "On these images other is better at telling classes apart: 90 % against 70 % by this set's"
    )
    assert advice("/clusters", other.seat.spec, kept(own, other)) == ""
    assert advice("/drift", own.seat.spec, kept(own, other)) == ""
    assert advice("/clusters", own.seat.spec, None) == ""


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "name"),
        ({"name": "a", "encoders": "pixels"}, "encoders"),
        ({"name": "a", "encoders": ["b", "b"]}, "twice"),
        ({"name": "a", "seed": -1}, "seed"),
        ({"name": "a", "columns": ["x"]}, "unknown field 'columns'"),
    ],
)
def test_a_request_that_cannot_be_used_names_its_field(given, named):
    with pytest.raises(InputError, match=named):
        CourtRequest.from_json(given)


def test_requests_survive_json():
    for one in (CourtRequest("a", ("pixels",), sample=500), NuisanceRequest("a", ("site",))):
        assert type(one).from_json(one.to_json()) == one
    with pytest.raises(InputError, match="unknown field 'encoders'"):
        NuisanceRequest.from_json({"name": "a", "encoders": []})
