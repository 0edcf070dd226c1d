"""The filter for sequences against a walk written out plainly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.ingest import repeats as stream
from core.quality.stream import filter_stream
from core.space import unit_rows


def plainly(vectors, threshold, window):
    """Walk frame by frame, as one would explain it."""
    unit = unit_rows(vectors).astype(np.float64)
    kept = []
    for row in range(len(unit)):
        looked = kept if window is None else kept[-window:]
        if all(np.linalg.norm(unit[row] - unit[k]) > threshold for k in looked):
            kept.append(row)
    return kept


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 90), st.floats(0.05, 1.2),
    st.sampled_from([None, 1, 2, 7]), st.sampled_from([4, 16, 512]),
)  # fmt: skip
def test_it_keeps_what_a_plain_walk_keeps(seed, n, threshold, window, block):
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(scale=0.2, size=(n, 5)), axis=0) + 1
    before, stream.BLOCK = stream.BLOCK, block
    try:
        found = filter_stream(walk.astype(np.float32), threshold, window=window)
    finally:
        stream.BLOCK = before
    assert found.kept.tolist() == plainly(walk.astype(np.float32), threshold, window)
    unit = unit_rows(walk.astype(np.float32)).astype(np.float64)
    apart = np.linalg.norm(unit - unit[found.because], axis=1)
    assert (apart <= threshold).all()  # each dropped frame lies near a kept one
    np.testing.assert_allclose(apart, found.distance, atol=1e-6)
    assert set(found.because.tolist()) <= set(found.kept.tolist())
    assert found.share == len(found.kept) / n


def test_still_frames_are_one_and_a_jump_is_two():
    still = np.tile(np.eye(4, dtype=np.float32)[0], (300, 1))
    assert filter_stream(still, 0.0).kept.tolist() == [0]
    still[200:] = np.eye(4)[1]
    assert filter_stream(still, 0.5).kept.tolist() == [0, 200]
    there_and_back = np.concatenate([still, still[:50]])
    assert filter_stream(there_and_back, 0.5).kept.tolist() == [0, 200]
    assert filter_stream(there_and_back, 0.5, window=1).kept.tolist() == [0, 200, 300]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(InputError, match="between 0 and 2"):
        filter_stream(np.ones((3, 2), np.float32), 3)
    with pytest.raises(InputError, match="1 or more"):
        filter_stream(np.ones((3, 2), np.float32), 0.1, window=0)
    assert filter_stream(np.zeros((0, 2), np.float32), 0.1).share == 1
