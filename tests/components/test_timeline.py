"""The timeline of clips: which sets have one, what it shows, and what a range selects."""

import numpy as np
import pandas as pd
import pytest
from dash import no_update

from components import timeline
from core.errors import InputError
from core.opened.clips import clips_of
from tests.fakes import FakeServices, FakeSet
from tests.trees import find, text

#: Rows of two clips, out of order: the second of "a" comes first.
UNITS = ["b", "a", "a", "b", "a", "a", "b", "b"]
TIMES = [0.0, 0.5, 0.0, 4.0, 1.0, 1.5, 6.0, 10.0]


def items(**over):
    columns = {"unit": pd.Series(UNITS, dtype="string"), "time": pd.Series(TIMES, dtype="Float64")}
    return pd.DataFrame(columns | over)


class FilmSet(FakeSet):
    """A set of so many frames in clips of 100, a frame each second."""

    def __init__(self, frames=8):
        super().__init__()
        base = pd.concat([self.items.head(1)] * frames, ignore_index=True)
        unit = pd.Series([f"clip {row // 100}" for row in range(frames)], dtype="string")
        time = pd.Series([float(row % 100) for row in range(frames)], dtype="Float64")
        if frames == len(UNITS):
            unit, time = pd.Series(UNITS, dtype="string"), pd.Series(TIMES, dtype="Float64")
        self.items = base.assign(unit=unit, time=time)


def test_clips_are_in_the_sets_order_and_their_frames_in_that_of_time():
    clips = clips_of(items())
    assert clips.names == ("b", "a")
    assert clips.rows(1).tolist() == [2, 1, 4, 5]
    assert clips.rows(0).tolist() == [0, 3, 6, 7]
    assert not clips.dates


@pytest.mark.parametrize(
    "over",
    [
        {"unit": pd.Series([*UNITS[:-1], None], dtype="string")},
        {"unit": pd.Series([*UNITS[:-1], ""], dtype="string")},
        {"time": pd.Series([*TIMES[:-1], None], dtype="Float64")},
        {"unit": pd.Series(list("abcdefgh"), dtype="string")},
    ],
    ids=["no unit", "empty unit", "no time", "specimens"],
)
def test_sets_of_no_clips(over):
    assert clips_of(items(**over)) is None
    assert clips_of(items().drop(columns="time")) is None
    assert clips_of(items().head(0)) is None


def test_moments_are_told_from_seconds():
    days = pd.Series(pd.date_range("2026-01-01", periods=8, freq="h", tz="UTC"))
    clips = clips_of(items(time=days))
    assert clips.dates
    assert timeline.rows_between(clips, 0, 0, 3600 * 3).tolist() == [0, 3]


def test_a_range_is_counted_from_the_beginning_of_its_clip():
    late = [at + 100 for at in TIMES]
    for times in (TIMES, late):
        clips = clips_of(items(time=pd.Series(times, dtype="Float64")))
        assert timeline.rows_between(clips, 1, 0.5, 1.0).tolist() == [1, 4]
        assert timeline.rows_between(clips, 1, "1", "0.5").tolist() == [1, 4]
        assert timeline.rows_between(clips, 0, None, "").tolist() == [0, 3, 6, 7]
        assert timeline.rows_between(clips, 0, 4, None).tolist() == [3, 6, 7]
    with pytest.raises(InputError, match="No frame lies between 7 and 8"):
        timeline.rows_between(clips, 0, 7, 8)
    with pytest.raises(InputError, match="From: 'soon' is no number"):
        timeline.rows_between(clips, 0, "soon", 8)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (2.16, "2.16 s"), (12.34, "12.3 s"), (62.2, "1:02"), (3605, "1:00:05")],
)
def test_a_clock(seconds, told):
    assert timeline.clock(seconds) == told


def test_a_set_without_clips_has_a_hidden_timeline_whose_fields_are_there(inside):
    inside(FakeServices(FakeSet()))
    shown = timeline.fold(FakeSet(), "cluster", None, {"name": "explore"})
    assert shown.hidden is True
    for id in (timeline.CLIP, timeline.FROM, timeline.TO, timeline.SELECT, timeline.STRIP):
        assert find(shown, id=id)


def test_the_strip_shows_frames_in_order_and_the_band_all_of_the_time(inside):
    found = FilmSet(300)
    inside(FakeServices(found))
    shown = timeline.strip(found, clips_of(found.items), 2, None, [205, 206], {"name": "explore"})
    buttons = find(shown[0], type="button")
    rows = [int(one["data-inspect-row"]) for one in buttons]
    assert rows == sorted(rows)
    assert (rows[0], len(rows)) == (200, timeline.PICTURES)
    assert text(shown[2]) == "100 frames, 1:39; 2 selected"
    widths = [float(piece.style["width"].rstrip("%")) for piece in shown[1].children]
    assert sum(widths) == pytest.approx(100, abs=0.1)
    on = [piece for piece in shown[1].children if piece.className]
    assert [float(piece.style["left"].rstrip("%")) for piece in on] == pytest.approx(
        [5 / 0.99], abs=1e-3
    )


def test_a_long_clip_has_a_band_of_few_pieces(inside):
    found = FilmSet(8)
    rng = np.random.default_rng(0)
    rows = np.arange(5000)
    chosen = rng.random(5000) < 0.5
    pieces = timeline._pieces(found, rows, rows / 25, None, chosen)
    assert 100 < len(pieces) <= timeline.PIECES


def test_selecting_frames_by_their_times(inside):
    services = inside(FakeServices(FilmSet()))
    keys = {"set": "moths"}
    assert timeline.choose_frames(None, "1", 0, 1, keys) == (no_update, no_update)
    assert timeline.choose_frames(1, "7", 0, 1, keys) == (no_update, no_update)
    selection, told = timeline.choose_frames(1, "1", 0.5, 1, keys)
    assert told == []
    rows = services.selections.load(selection["selection"], FilmSet().key)
    assert list(rows) == [1, 4]
    nothing, told = timeline.choose_frames(1, "0", 7, 8, keys)
    assert nothing is no_update
    assert "No frame lies between" in text(told)


def test_another_clip_is_shown_with_what_is_selected(inside):
    services = inside(FakeServices(FilmSet()))
    shown = {"inspect": {"name": "explore"}}
    chosen = services.selections.choose(FilmSet().key, 8, np.array([2, 3]), {"how": "filter"})
    strip = timeline.show_clip("1", chosen, None, shown, {"set": "moths"})
    assert text(strip[2]) == "4 frames, 1.5 s; 1 selected"
    assert timeline.show_clip("9", None, None, shown, {"set": "moths"}) is no_update
