"""The request of a comparison: what it accepts, what it refuses and in which words."""

import pytest

from core.errors import InputError
from core.morphology.request import MorphologyRequest


def test_it_survives_json_with_every_field_set():
    asked = MorphologyRequest(
        "moths", "species", groups=("a", "b", "c"), unit="specimen", block="site",
        covariates=("size", "sex"), within="good ones", preset="lurig", pair="side",
        poles=("a", "c"), permutations=9999, draws=0, seed=7,
    )  # fmt: skip
    assert MorphologyRequest.from_json(asked.to_json()) == asked
    assert asked.to_json()["covariates"] == ["size", "sex"]


def test_names_given_twice_count_once():
    assert MorphologyRequest("moths", "species", groups=["a", "b", "a"]).groups == ("a", "b")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"by": ""}, "by: needs a column, or slices"),
        ({"name": None}, "name: needs a set or a part"),
        ({"unit": ""}, "unit: needs a text, or null"),
        ({"groups": "ab"}, "groups: needs a list of texts"),
        ({"groups": ["a"]}, "one cannot be compared"),
        ({"groups": [f"g{at}" for at in range(201)]}, "at most 200"),
        ({"by": "slices"}, "name the slices to compare"),
        ({"slices": ["a", "b"]}, "only with by=slices"),
        ({"by": "slices", "slices": ["a"]}, "one cannot be compared"),
        ({"by": "slices", "slices": ["a", "b"], "groups": ["a", "b"]}, "leave it out"),
        ({"unit": "species"}, "unit: 'species' is by already"),
        ({"unit": "specimen", "block": "specimen"}, "block: 'specimen' is unit already"),
        ({"block": "site", "covariates": ["site"]}, "covariates: 'site' is block already"),
        ({"covariates": [f"c{at}" for at in range(21)]}, "covariates: at most 20"),
        ({"aggregate": "group"}, "aggregate 'group'"),
        ({"aggregate": "image", "unit": "specimen"}, "leave out the unit"),
        ({"preset": "other"}, "preset 'other': use lurig"),
        ({"pair": "side"}, "pair: only with preset"),
        ({"poles": ["a", "b"]}, "poles: only with preset"),
        ({"preset": "lurig", "poles": ["a"]}, "poles: two groups, not 1"),
        ({"preset": "lurig", "poles": ["a", "z"], "groups": ["a", "b"]}, "'z' is not among"),
        ({"preset": "lurig", "pair": "species"}, "pair: 'species' is in use"),
        ({"permutations": 98}, "permutations 98: a whole number from 99 to 9,999"),
        ({"permutations": 10_000}, "permutations 10000"),
        ({"permutations": True}, "permutations True"),
        ({"draws": -1}, "draws -1"),
        ({"seed": 1.5}, "seed 1.5"),
        ({"sede": 1}, "unknown field 'sede'"),
    ],
)
def test_what_cannot_be_used_is_named(change, words):
    with pytest.raises(InputError) as caught:
        MorphologyRequest.from_json({"name": "moths", "by": "species", **change})
    assert words in str(caught.value)


@pytest.mark.parametrize("value", [None, [], "moths", {"by": "species"}, {"name": "moths"}])
def test_what_is_no_request_is_refused(value):
    with pytest.raises(InputError, match="request of a comparison"):
        MorphologyRequest.from_json(value)
