"""Content keys: no two different inputs share one, and the same input always gets the same."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.keys import artefact_key, digest, item_id
from core.model import EncoderSpec, Region

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def test_parts_do_not_run_together():
    assert digest("ab", "c") != digest("a", "bc")
    assert digest(["a"], ["b"]) != digest(["a", "b"], [])


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (1, True), ("1", 1), (b"a", "a"), (None, ""), (0, False)]
)
def test_values_of_different_types_differ(one, other):
    assert digest(one) != digest(other)


@given(VALUES)
def test_a_value_has_one_digest(value):
    assert digest(value) == digest(value)


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_a_mapping_does_not_matter(mapping):
    assert digest(mapping) == digest(dict(reversed(mapping.items())))


def test_arrays_differ_by_shape_and_dtype():
    array = np.arange(6, dtype=np.int32)
    assert digest(array) != digest(array.reshape(2, 3))
    assert digest(array) != digest(array.astype(np.int64))
    assert digest(array.reshape(2, 3)) == digest(np.asfortranarray(array.reshape(2, 3)))


def test_a_whole_file_is_known_by_the_sha256_of_its_bytes():
    content = hashlib.sha256(b"picture").hexdigest()
    assert item_id(content) == content
    assert item_id(content, Region()) == content


def test_regions_of_one_file_are_different_items():
    content = hashlib.sha256(b"picture").hexdigest()
    regions = [None, Region(frame=0), Region(frame=1), Region(box=(0, 0, 5, 5)), Region(mask="m")]
    assert len({item_id(content, r) for r in regions}) == len(regions)


def test_an_unknown_kind_has_no_key():
    with pytest.raises(KeyError):
        artefact_key("banana", 1)


def test_something_that_cannot_be_hashed_is_refused():
    with pytest.raises(TypeError, match="object"):
        digest(object())


def test_other_weights_are_another_encoder_and_another_description_is_not():
    spec = EncoderSpec("timm:a", "00", "classification", 8)
    assert spec.key == EncoderSpec("timm:b", "00", "classification", 8, good_for="x").key
    assert spec.key != EncoderSpec("timm:a", "01", "classification", 8).key
    assert spec.key != EncoderSpec("timm:a", "00", "classification", 8, pooling="max").key
