"""Conditions that stop a pipeline: read as written, judged as Python would, never run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.drift.gate import Gate
from core.errors import InputError

NAMES = ("p", "auc", "mmd2", "new")


def holds(text, **values):
    return Gate(text, NAMES).judge(values).failed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p<0.01 and auc>0.6", True),
        ("p < .001 or auc >= 65%", True),
        ("p<0.001 and auc>0.6", False),
        ("not (p<0.01)", False),
        ("not p<0.001 and (auc>0.9 or new != 0)", True),
        ("0.001 < p < 0.01", True),
        ("0.01 < p < 0.1", False),
        ("mmd2 > -1e-3", True),
        ("p<0.001 or p<0.01 and auc>0.9", False),
        ("p==0.005", True),
    ],
)
def test_conditions(text, expected):
    assert holds(text, p=0.005, auc=0.65, mmd2=0.02, new=3) is expected


def test_what_is_unknown_never_stops_a_pipeline_and_is_named():
    for text in ("p<0.01", "not p<0.01", "p<0.01 and auc>0.5", "p != 1"):
        found = Gate(text, NAMES).judge({"auc": 0.9, "p": None})
        assert not found.failed
        assert found.unknown == ("p",)
    assert holds("p<0.01 or auc>0.5", p=None, auc=0.9)
    assert Gate("p<0.01 or auc>0.5", NAMES).judge({"auc": 0.9}).used == {"p": None, "auc": 0.9}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "it is empty"),
        ("p", "a comparison is expected"),
        ("p<", "ends too early"),
        ("p<0.01 and", "ends too early"),
        ("(p<0.01", "a bracket is not closed"),
        ("p<0.01)", "'\\)' at character 7"),
        ("p<0.01 auc>0.5", "'auc' at character 8"),
        ("roc>0.5", "'roc' at character 1: there is no such figure; there are p, auc, mmd2, new"),
        ("__import__('os')", "is no sign"),
        ("__import__ > 1", "no such figure"),
        ("p = 0.5", "'=' at character 3 is no sign"),
        ("p < 0.5;", "';' at character 8"),
        ("and < 1", "a number or a name is expected"),
        ("-p < 1", "a number or a name is expected"),
        ("(" * 60 + "p<1" + ")" * 60, "deeper than 50"),
        ("not " * 60 + "p<1", "deeper than 50"),
        ("p<1 or " * 200 + "p<1", "at most 1000"),
    ],
)
def test_what_cannot_be_read_says_where(text, where):
    with pytest.raises(InputError, match=where):
        Gate(text, NAMES)


NUMBERS = st.floats(0, 2, allow_nan=False).map(lambda value: round(value, 3))
SIDES = st.one_of(st.sampled_from(NAMES), NUMBERS.map(lambda value: f"{value:g}"))
SINGLES = st.tuples(SIDES, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), SIDES).map(" ".join)
CONDITIONS = st.recursive(
    SINGLES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda t: f"({t[0]}) {t[1]} ({t[2]})"
        ),
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
    ),
    max_leaves=8,
)


@given(CONDITIONS, st.fixed_dictionaries(dict.fromkeys(NAMES, NUMBERS)))
def test_it_is_judged_as_python_judges(text, values):
    assert holds(text, **values) is eval(text, {"__builtins__": {}}, dict(values))
