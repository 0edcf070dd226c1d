"""Search by words: a contrastive pair trained here on real digits and their names, and rules."""

import argparse
import json
import subprocess
import sys
from types import SimpleNamespace

import contrastive
import flask
import numpy as np
import pytest
from contrastive import WORDS
from making import ROOT
from scipy.stats import norm
from vectorsets import vector_set

from components import search_routes
from components.security import protect
from core.__main__ import Parser, perform
from core.commands import search as command
from core.config import load_settings
from core.encoders.prompts import TEMPLATES
from core.errors import InputError, NotFoundError
from core.keys import digest
from core.library import Library
from core.search import Searches
from core.search.mixing import mixed_distances, sampled_rows, scales_of, standing_out
from core.storage.store import Workspace

HEAVY = ("torch", "timm", "torchvision", "open_clip", "umap", "sklearn", "scipy")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace with the digits that the pair was not trained on, and which each is."""
    root = tmp_path_factory.mktemp("words")
    workspace = Workspace(root / "ws")
    digits = contrastive.held_out_set(workspace, contrastive.trained(tmp_path_factory))
    random = np.random.default_rng(0).normal(size=(40, 6))
    vector_set(workspace, random, name="silent")
    return load_settings({"workspace": str(root / "ws")}, {}), digits


@pytest.fixture(scope="module")
def searches(made):
    found = Searches(Workspace(made[0].workspace_path), made[0])
    yield found
    found.close()


@pytest.fixture(scope="module")
def opened(made, searches):
    found = Library(searches.workspace).open("digits")
    searches.read(found, WORDS)
    return found


def word_vectors(opened, words, templates=TEMPLATES["photo"]):
    """Return the unit vectors of words, by open_clip alone."""
    import open_clip
    import torch

    folder = opened.spec.name.removeprefix("open_clip:")
    model = open_clip.create_model(folder).eval()
    tokenizer = open_clip.get_tokenizer(folder)
    found = []
    for word in words:
        with torch.inference_mode():
            read = model.encode_text(tokenizer([t.format(word) for t in templates]), normalize=True)
        mean = read.double().mean(0).numpy()
        found.append(mean / np.linalg.norm(mean))
    return np.array(found)


def unit_vectors(searches, opened):
    return searches._shelf.open(opened).unit(range(len(opened)))


def chordal(first, second):
    return np.linalg.norm(first[:, None] - second[None], axis=2)


# -- a trained pair --------------------------------------------------------------------------------


@pytest.mark.parametrize("digit", range(10))
def test_the_first_twenty_for_a_word_show_it(made, searches, opened, digit):
    found = searches.start(opened, words=[WORDS[digit]])
    assert (made[1][found.order[:20]] == digit).mean() >= 0.8


def test_the_line_holds_most_of_what_a_word_names_and_little_else(made, searches, opened):
    precision, recall = [], []
    for digit, word in enumerate(WORDS):
        found = searches.start(opened, words=[word])
        right = made[1][found.within(found.usual)] == digit
        precision.append(right.mean())
        recall.append(right.sum() / (made[1] == digit).sum())
    assert np.mean(precision) > 0.8
    assert np.mean(recall) > 0.8


def test_one_text_ranks_by_its_chordal_distance(searches, opened):
    found = searches.start(opened, words=["seven"])
    wanted = chordal(unit_vectors(searches, opened), word_vectors(opened, ["seven"]))[:, 0]
    np.testing.assert_allclose(found.of(np.arange(len(opened))), wanted, atol=1e-5)
    assert (np.diff(found.distances) >= 0).all()


def test_several_templates_are_averaged_as_directions(searches, opened):
    templates = ["plain", "the number {}"]
    searches.read(opened, ["four"], templates)
    found = searches.start(opened, words=["four"], templates=templates)
    vector = word_vectors(opened, ["four"], ("{}", "the number {}"))
    wanted = chordal(unit_vectors(searches, opened), vector)[:, 0]
    np.testing.assert_allclose(found.of(np.arange(len(opened))), wanted, atol=1e-5)
    assert found.templates == ("{}", "the number {}")


def test_several_texts_find_each_and_negative_ones_take_out(made, searches, opened):
    both = searches.start(opened, words=["three", "five"])
    shares = [(made[1][both.order[:40]] == digit).mean() for digit in (3, 5)]
    assert sum(shares) > 0.9
    assert min(shares) > 0.2
    few = searches.start(opened, words=["three", "five"], unwords=["nine"])
    assert (made[1][few.order[:40]] == 9).sum() <= (made[1][both.order[:40]] == 9).sum()
    without = searches.start(opened, words=["three"], unwords=["five"])
    assert without.of(np.flatnonzero(made[1] == 5)).mean() > both.of(
        np.flatnonzero(made[1] == 5)
    ).mean()  # fmt: skip


def test_words_pictures_and_items_are_put_on_one_scale(searches, opened):
    like, unlike = 10, 11
    found = searches.start(opened, [like], [unlike], words=["one", "two"], unwords=["eight"])
    unit = unit_vectors(searches, opened)
    examples = np.concatenate([
        unit[[like]], word_vectors(opened, ["one", "two"]), unit[[unlike]],
        word_vectors(opened, ["eight"]),
    ])  # fmt: skip
    distances = chordal(unit, examples)
    middle = np.median(distances, axis=0)
    spread = middle - np.quantile(distances, 0.02, axis=0)
    scaled = middle[1] + spread[1] * (distances - middle) / spread  # the scale of "one"
    near = scaled[:, :3].min(1)
    wanted = near + np.maximum(0, near - scaled[:, 3:].min(1))
    np.testing.assert_allclose(found.of(np.arange(len(opened))), np.maximum(wanted, 0), atol=2e-5)
    assert found.order[0] == np.argmin(wanted)


def test_all_together_is_the_mean_of_the_scaled_distances(made, searches, opened):
    row = int(np.flatnonzero(made[1] == 6)[0])
    every = searches.start(opened, [row], words=["six"], every=True)
    unit = unit_vectors(searches, opened)
    distances = chordal(unit, np.concatenate([unit[[row]], word_vectors(opened, ["six"])]))
    middle = np.median(distances, axis=0)
    spread = middle - np.quantile(distances, 0.02, axis=0)
    wanted = (middle[1] + spread[1] * (distances - middle) / spread).mean(1)
    np.testing.assert_allclose(every.of(np.arange(len(opened))), wanted, atol=2e-5)
    assert every.id != searches.start(opened, [row], words=["six"]).id
    alone = searches.start(opened, words=["six"], every=True)  # one example has no "all"
    assert alone.id == searches.start(opened, words=["six"]).id


def test_a_search_is_kept_and_shared_by_its_id(made, searches, opened):
    found = searches.start(opened, [3], words=["one"], unwords=["seven"])
    other = Searches(searches.workspace, made[0])
    again = other.found(opened, found.id)
    np.testing.assert_array_equal(again.order, found.order)
    assert again.definition() == found.definition()
    assert (again.words, again.unwords, again.usual) == (("one",), ("seven",), found.usual)
    assert other.process.pid is None  # nothing had to be encoded again
    assert json.loads(json.dumps(found.definition()))["words"] == ["one"]


def test_searches_without_words_keep_their_old_ids(searches, opened):
    meta = {"set": opened.key, "encoder": opened.spec.key, "positives": [2, 5], "negatives": [7],
            "pictures": []}  # fmt: skip
    found = searches.start(opened, [5, 2], [7])
    assert found.id == digest("vitrine", "query", 1, meta)[:32]
    assert not found.spoken


def test_the_caller_loads_nothing_that_computes(made, opened):
    script = f"""
import sys
from core.config import load_settings
from core.library import Library
from core.search import Searches
from core.storage.store import Workspace
settings = load_settings({{"workspace": {str(made[0].workspace_path)!r}}}, {{}})
found = Searches(Workspace(settings.workspace_path), settings)
opened = Library(found.workspace).open("digits")
found.read(opened, {WORDS[:2]!r}, seconds=120)
print(found.start(opened, words={WORDS[:2]!r}).order[:3].size, end=" ")
found.close()
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout == "3 []\n"


# -- what is refused -------------------------------------------------------------------------------


def test_a_set_without_a_text_tower_says_which_encoders_have_one(searches):
    silent = Library(searches.workspace).open("silent")
    for ask in (lambda: searches.read(silent, ["dog"]),
                lambda: searches.start(silent, [1], words=["dog"])):  # fmt: skip
        with pytest.raises(InputError, match=r"no text tower.*open_clip:<model>"):
            ask()


def test_what_cannot_be_searched_for_is_said(searches, opened):
    for wanted, said in (
        ({"unwords": ["one"]}, "at least one"),
        ({"words": ["one"], "unwords": ["one"]}, "cannot be both"),
        ({"words": ["  "]}, "empty"),
        ({"words": ["one"], "templates": ["no hole"]}, "template"),
        ({"words": ["x" * 600]}, "500 characters"),
    ):
        with pytest.raises(InputError, match=said):
            searches.start(opened, **wanted)
    with pytest.raises(NotFoundError, match="search for them again"):
        searches.start(opened, words=["never read"])
    with pytest.raises(InputError, match="this encoder reads 16"):
        searches.read(opened, ["many words " * 12])
    with pytest.raises(InputError, match="write what to look for"):
        searches.read(opened, [])


# -- the rules alone -------------------------------------------------------------------------------


def test_scales_do_not_depend_on_how_near_everything_is():
    rng = np.random.default_rng(0)
    base = rng.normal(0, 1, 4000)
    cosines = 1 - (1.2 + 0.05 * base) ** 2 / 2, 1 - (0.6 + 0.1 * base) ** 2 / 2
    middle, spread = scales_of(np.column_stack(cosines))
    np.testing.assert_allclose(middle, [1.2, 0.6], atol=0.005)
    np.testing.assert_allclose(spread / [0.05, 0.1], norm.ppf(0.98), rtol=0.05)
    blocks = [(slice(0, 4000), np.column_stack(cosines))]
    one = mixed_distances(4000, blocks, 2, (middle, spread), 0)
    np.testing.assert_allclose(one, 1.2 + 0.05 * base, atol=1e-6)  # the two say the same


def test_a_set_of_equal_items_has_a_scale():
    middle, spread = scales_of(np.full((9, 2), 0.5))
    assert np.isfinite(middle).all()
    np.testing.assert_array_equal(spread, 1)


def test_scales_of_a_large_set_are_taken_from_rows_spread_over_it():
    rows = sampled_rows(1_000_000)
    assert (len(rows), rows[0], rows[-1]) == (20_000, 0, 999_999)
    assert np.diff(rows).max() - np.diff(rows).min() <= 1
    np.testing.assert_array_equal(sampled_rows(5), np.arange(5))


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
def test_the_line_stands_behind_a_group_of_any_size(share):
    rng = np.random.default_rng(1)
    near = int(5000 * share)
    distances = np.concatenate([rng.normal(0.8, 0.04, near), rng.normal(1.2, 0.06, 5000 - near)])
    line = standing_out(np.sort(distances))
    listed = int((distances <= line).sum())
    wrong = int((distances[near:] <= line).sum())
    assert (distances[:near] <= line).mean() > 0.98
    assert wrong <= 0.1 * listed


def test_the_line_is_the_split_of_least_error():
    rng = np.random.default_rng(3)
    values = np.sort(np.concatenate([rng.normal(0.7, 0.05, 60), rng.normal(1.1, 0.08, 400)]))

    def error(k):
        sides, total = (values[:k], values[k:]), 0.0
        for side in sides:
            share = len(side) / len(values)
            total += share * (np.log(side.var()) - 2 * np.log(share))
        return total

    best = min(range(3, int(0.9 * len(values)) + 1), key=error)
    assert standing_out(values) == values[best - 1]


def test_where_nothing_stands_out_there_is_no_line():
    rng = np.random.default_rng(2)
    told = [standing_out(np.sort(rng.normal(1.2, 0.05, 2000))) for _ in range(40)]
    assert sum(line is not None for line in told) <= 4
    assert standing_out(np.array([])) is None
    assert standing_out(np.ones(50)) is None
    equal = np.sort(np.append(rng.normal(1.2, 0.05, 500), [0.9] * 40))
    assert standing_out(equal) == 0.9  # equal distances are on one side


# -- the command and the routes --------------------------------------------------------------------


@pytest.fixture
def ask(made, opened, capsys):
    """Give a function that runs the command and returns exit code, stdout and stderr."""

    def asked(*arguments):
        common = argparse.ArgumentParser(add_help=False)
        common.add_argument("--workspace")
        common.add_argument("--json", action="store_true")
        parser = Parser(prog="t")
        command.add(parser.add_subparsers(required=True), common)
        given = [*arguments, "--workspace", str(made[0].workspace_path)]
        code = perform(parser.parse_args(given))
        told = capsys.readouterr()
        return code, told.out, told.err

    return asked


def test_the_command_searches_for_words(ask, made):
    code, out, _ = ask("search", "digits", "--text", "zero", "--top", "20", "--json")
    found = json.loads(out)
    assert (code, set(found)) == (0, {"set", "query", "results", "usual"})
    assert np.mean([made[1][one["row"]] == 0 for one in found["results"]]) >= 0.8
    _, mixed, _ = ask("search", "digits", "--text", "zero", "--not-text", "six", "--item", "4",
                      "--template", "photo", "--all", "--json")  # fmt: skip
    assert json.loads(mixed)["query"] != found["query"]


def test_the_command_tells_where_what_stands_out_ends(ask):
    code, out, _ = ask("search", "digits", "--text", "zero", "--top", "400")
    (line,) = [line for line in out.splitlines() if line.startswith("--")]
    assert (code, "further than those that stand out" in line) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["silent", "--text", "dog"], "no text tower"),
        (["digits", "--text", ""], "empty"),
        (["digits", "--text", "dog", "--template", "phto"], "use photo, plain"),
        (["digits", "--item", "1", "--template", "plain"], "--template: goes with --text"),
    ],
)
def test_a_mistake_is_one_line(ask, arguments, said):
    code, out, err = ask("search", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.strip().count("\n") == 0


def test_the_routes_read_words_and_search_for_them(made, searches, opened):
    services = SimpleNamespace(settings=made[0], library=Library(searches.workspace),
                               search=searches)  # fmt: skip
    server = flask.Flask("test")
    server.config["VITRINE"] = services
    server.register_blueprint(search_routes.routes)
    protect(server, made[0], list)
    client = server.test_client()
    body = {"set": "digits", "words": ["nine"], "templates": ["photo"]}
    read = client.post("/api/search/words", json=body).json
    assert read == {"templates": ["a photo of a {}."]}
    done = client.post("/api/search", json={"set": "digits", "words": ["nine"], **read}).json
    assert (made[1][searches.found(opened, done["query"]).order[:20]] == 9).mean() >= 0.8
    assert (done["words"], done["unwords"], done["every"]) == (["nine"], [], False)
    for path, wrong in (
        ("words", {"set": "silent", "words": ["dog"]}),
        ("words", {"set": "digits", "words": "dog"}),
        ("words", {"set": "digits", "words": ["dog"], "templates": ["x"]}),
        ("words", {"set": "digits", "words": [3]}),
    ):
        answer = client.post(f"/api/search/{path}", json=wrong)
        assert (answer.status_code, bool(answer.json["error"])) == (400, True)
