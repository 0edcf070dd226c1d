"""What a check may be asked for, and what is said of the rest."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.quality.request import METHODS, TOPICS, QualityRequest

names = st.text(min_size=1, max_size=8).filter(str.strip)


@given(
    st.builds(
        QualityRequest,
        name=names.map(lambda text: "s" + text),
        tau=st.none() | st.floats(0, 2, exclude_min=True),
        turned=st.booleans(),
        column=st.none() | names,
        unit=st.none() | names,
        reference=st.none() | names,
        outliers=st.sampled_from(METHODS),
        others=st.lists(names.map(lambda text: "o" + text), max_size=4).map(tuple),
        q=st.floats(0, 1, exclude_min=True, exclude_max=True),
        share=st.floats(0, 1, exclude_min=True),
        seed=st.integers(0, 2**32 - 1),
        topics=st.lists(st.sampled_from(TOPICS), min_size=1).map(tuple),
    )
)
def test_a_request_survives_json(request):
    assert QualityRequest.from_json(json.loads(json.dumps(request.to_json()))) == request


def test_topics_come_once_and_in_order():
    asked = QualityRequest("a", topics=("labels", "duplicates", "labels"), others=("b", "b"))
    assert asked.topics == ("duplicates", "labels")
    assert asked.others == ("b",)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "lacks 'name'"),
        ({"name": ""}, "name: needs a set"),
        ({"name": 3}, "name: needs a set"),
        ({"name": "a", "taus": 1}, "unknown field 'taus'"),
        ({"name": "a", "tau": 0}, "tau 0: a number above 0, up to 2"),
        ({"name": "a", "tau": float("nan")}, "tau nan"),
        ({"name": "a", "tau": True}, "tau True"),
        ({"name": "a", "tau": 2.1}, "tau 2.1"),
        ({"name": "a", "turned": 1}, "turned 1: true or false"),
        ({"name": "a", "per_class": None}, "per_class None: true or false"),
        ({"name": "a", "column": " "}, "column: needs a text"),
        ({"name": "a", "unit": 5}, "unit: needs a text"),
        ({"name": "a", "reference": ""}, "reference: needs a text"),
        ({"name": "a", "outliers": "knn"}, "use one of rank, glosh, isolation, places"),
        ({"name": "a", "outliers": ["rank"]}, "use one of rank, glosh, isolation, places"),
        ({"name": "a", "outliers": "glosh", "per_class": True}, "per_class: only with outliers"),
        ({"name": "a", "q": 1}, "q 1"),
        ({"name": "a", "share": 0}, "share 0"),
        ({"name": "a", "seed": -1}, "seed -1"),
        ({"name": "a", "seed": 1.0}, "seed 1.0"),
        ({"name": "a", "others": "b"}, "others: needs a list"),
        ({"name": "a", "others": ["a"]}, "'a' is the set itself"),
        ({"name": "a", "others": [f"s{i}" for i in range(21)]}, "21 sets; at most 20"),
        ({"name": "a", "topics": []}, "topics: none given"),
        ({"name": "a", "topics": ["faces"]}, "topics: 'faces'"),
        ([], "must be an object"),
    ],
)
def test_what_cannot_be_asked_for_is_named(given, said):
    with pytest.raises(InputError, match=re.escape(said)):
        QualityRequest.from_json(given)
