"""Frames of videos: the right one, by number and by time, also where the file is damaged."""

import hashlib
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import DecodeError, InputError
from core.imaging.decode import Limits, load_picture
from core.imaging.video import container_of, index_video
from core.imaging.video_apart import decode_apart
from core.imaging.video_frames import close_readers
from core.ingest import scan
from core.ingest.video.options import Wanted
from core.ingest.video.taking import frames_by
from core.keys import item_id
from core.model import Region
from tests.clips import number_in, picture, write_sequence, write_video

FORMS = [
    ("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.ts", "libx264"), ("a.avi", "libx264"),
    ("a.avi", "mpeg4"), ("a.webm", "libvpx"), ("a.mov", "mjpeg"), ("a.mpg", "mpeg2video"),
]  # fmt: skip
JUMPS = [0, 1, 2, 30, 31, 29, 59, 12, 11, 13, 47, 0, 0]


@pytest.fixture(autouse=True)
def _closed():
    decode_apart(False)
    yield
    close_readers()


def numbers(path, frames):
    """Return the number in each of these frames, None where one is named as damaged."""
    found = []
    for frame in frames:
        try:
            found.append(number_in(load_picture(path, Region(frame=frame)).image))
        except DecodeError as error:
            found.append(None if f"frame {frame} " in str(error) else str(error))
    return found


@pytest.mark.parametrize(("name", "codec"), FORMS, ids=[f"{n[2:]} {c}" for n, c in FORMS])
def test_a_frame_is_the_right_one_in_whatever_order_frames_are_asked(tmp_path, name, codec):
    path = write_video(tmp_path / name, codec=codec)
    index = index_video(path)
    assert len(index) == 60
    assert index.seconds == pytest.approx(np.arange(60) / 25, abs=0.002)
    assert numbers(path, JUMPS) == JUMPS
    assert numbers(path, range(60)) == list(range(60))
    with pytest.raises(DecodeError, match="only 60"):
        load_picture(path, Region(frame=60))


def test_frames_shown_for_different_times_are_told_by_their_times(tmp_path):
    times = [0, 1, 2, 10, 11, 50, 51, 52, 53, 80]
    path = write_video(tmp_path / "a.mkv", range(10), times=times)
    assert index_video(path).seconds == pytest.approx(np.array(times) / 25, abs=0.002)
    assert numbers(path, [7, 3, 9, 0]) == [7, 3, 9, 0]


def test_reading_in_order_decodes_each_frame_about_once(tmp_path, monkeypatch):
    from core.imaging import video_frames

    path = write_video(tmp_path / "a.mp4", range(120), gop=60)
    passed = []
    plain = video_frames._Reader._decoded

    def counted(self):
        for found in plain(self):
            passed.append(found.pts)
            yield found

    monkeypatch.setattr(video_frames._Reader, "_decoded", counted)
    assert numbers(path, range(120)) == list(range(120))
    assert len(passed) <= 122
    passed.clear()
    assert numbers(path, [119]) == [119]  # from the key frame on, not from the beginning
    assert len(passed) <= 61


def test_a_box_counts_in_the_upright_frame_and_a_turned_film_is_upright(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    boxed = load_picture(path, Region((8, 8, 20, 16), frame=1)).image
    assert boxed.size == (20, 16)
    assert boxed.getpixel((3, 8))[0] > 230  # bit 0 of 1 is white
    assert boxed.getpixel((13, 8))[0] < 25  # bit 1 is black
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44  # the matrix of ISO 14496-12: a quarter to the right
    data[at : at + 36] = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(data)
    found, plain = (load_picture(p, Region(frame=5)).image for p in (turned, path))
    assert found.size == (64, 96)
    assert np.array_equal(found, plain.transpose(Image.Transpose.ROTATE_270))


def test_limits_on_pixels_hold_and_those_on_bytes_do_not_count(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    with pytest.raises(DecodeError, match="megapixels"):
        load_picture(path, Region(frame=0), limits=Limits(max_pixels=1000))
    assert load_picture(path, Region(frame=3), limits=Limits(max_bytes=100)).width == 96


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_a_hole_names_its_frames_and_leaves_the_others(tmp_path, name):
    codec = {"a.mp4": "libx264", "a.mov": "mjpeg"}[name]
    path = write_video(tmp_path / name, codec=codec)
    data = bytearray(path.read_bytes())
    noise = np.random.default_rng(0).integers(0, 256, 200, dtype=np.uint8)
    data[len(data) // 2 : len(data) // 2 + 200] = noise.tobytes()
    path.write_bytes(data)
    found = numbers(path, range(60))
    assert None in found
    assert found.count(None) < 15
    assert all(number in {None, place} for place, number in enumerate(found))
    close_readers()
    assert numbers(path, [*range(59, -1, -1)]) == found[::-1]  # whichever way they are read


def test_a_play_list_is_no_video_whatever_it_is_called(tmp_path):
    inside = write_video(tmp_path / "a.mp4")
    (tmp_path / "list.mp4").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{inside}\n")
    (tmp_path / "concat.mkv").write_text(f"ffconcat version 1.0\nfile {inside}\n")
    for name in ("list.mp4", "concat.mkv"):
        with pytest.raises(DecodeError, match="not a video"):
            index_video(tmp_path / name)
    assert container_of(b"#EXTM3U\n" * 60) is None
    assert container_of(b"\0\0\0\x18ftypheic") is None


def test_frames_of_a_folder_of_videos(tmp_path):
    (tmp_path / "walk").mkdir()
    write_video(tmp_path / "walk" / "b10.mp4")
    write_video(tmp_path / "walk" / "b9.mkv", range(30))
    (tmp_path / "notes.txt").write_text("hello")
    found = scan(f"video:{tmp_path}?rate=5")
    items = found.items
    assert items["path"].tolist() == ["walk/b9.mkv"] * 6 + ["walk/b10.mp4"] * 12
    assert items["unit"].tolist() == items["path"].tolist()
    assert set(items["label"]) == {"walk"}
    assert items["frame"].tolist() == [*range(0, 30, 5), *range(0, 60, 5)]
    assert items["time"].tolist() == pytest.approx([*np.arange(6) / 5, *np.arange(12) / 5])
    assert [file.path for file in found.broken] == ["notes.txt"]
    first = items.iloc[0]
    content = hashlib.sha256((tmp_path / "walk" / "b9.mkv").read_bytes()).hexdigest()
    assert first["item_id"] == item_id(content, Region(frame=0))
    assert scan(f"video:{tmp_path}").items["time"].tolist()[:3] == [0, 0.48, 1.0]  # two a second


def test_a_cut_off_video_keeps_what_is_there_and_is_named(tmp_path):
    whole = write_video(tmp_path / "a.avi", codec="mjpeg").read_bytes()
    (tmp_path / "a.avi").write_bytes(whole[: len(whole) // 2])
    film = write_video(tmp_path / "b.mp4").read_bytes()
    (tmp_path / "b.mp4").write_bytes(film[: len(film) // 2])
    (tmp_path / "c.mp4").write_bytes(b"")
    (tmp_path / "d.mp4").write_bytes(b"no film at all" * 40)
    write_video(tmp_path / "e.mp4", range(5))
    found = scan(f"video:{tmp_path}?every=1")
    reasons = {file.path: file.reason for file in found.broken}
    assert set(reasons) == {"a.avi", "b.mp4", "c.mp4", "d.mp4"}
    assert "of 60 frames are there" in reasons["a.avi"]
    assert "cannot be read" in reasons["b.mp4"]
    assert "empty" in reasons["c.mp4"]
    assert "not a video" in reasons["d.mp4"]
    counts = found.items.groupby("path").size()
    assert set(counts.index) == {"a.avi", "e.mp4"}
    assert 10 < counts["a.avi"] < 50
    assert counts["e.mp4"] == 5


def test_a_rate_takes_the_frame_that_is_shown_then():
    seconds = np.array([0, 0.1, 0.35, 1.2, 1.3, 2.0])
    keys = np.array([True, False, False, True, False, False])
    assert frames_by(Wanted("video", rate=2), seconds, keys).tolist() == [0, 2, 4, 5]
    assert frames_by(Wanted("video", every=4), seconds, keys).tolist() == [0, 4]
    assert frames_by(Wanted("video", keyframes=True), seconds, keys).tolist() == [0, 3]
    assert frames_by(Wanted("video"), seconds, keys).tolist() == [0, 1, 2, 3, 4, 5]
    even = np.arange(60) / 25
    assert frames_by(Wanted("video", rate=100), even, even == 0).tolist() == list(range(60))


def test_repeats_are_left_out_while_reading_and_only_once(tmp_path, monkeypatch):
    shots = [7] * 20 + [200] * 20 + [7] * 10 + [31] * 10
    write_video(tmp_path / "a.mp4", shots, gop=10)
    source = f"video:{tmp_path / 'a.mp4'}?stream=0.1"
    found = scan(source, files_folder=tmp_path / "files")
    assert found.items["frame"].tolist() == [0, 20, 50]  # the third shot shows what the first did
    from core.ingest.video import clips

    monkeypatch.setattr(clips, "without_repeats", None)  # a second time it is a look-up
    again = scan(source, files_folder=tmp_path / "files")
    assert again.items.equals(found.items)


def test_sequences_of_pictures(tmp_path):
    write_sequence(tmp_path / "day" / "one", [1, 1, 1, 2, 2, 3])
    write_sequence(tmp_path / "day" / "two", range(12))
    (tmp_path / "day" / "two" / "3.png").write_bytes(b"")
    found = scan(f"sequence:{tmp_path}?fps=10")
    items = found.items
    assert items["unit"].tolist() == ["day/one"] * 6 + ["day/two"] * 11
    assert items["label"].tolist() == ["day"] * 17
    two = items[items["unit"] == "day/two"]
    assert two["path"].iloc[2] == "day/two/4.png"
    assert two["time"].tolist() == pytest.approx([0, 0.1, *np.arange(3, 12) / 10])
    assert [file.path for file in found.broken] == ["day/two/3.png"]
    thin = scan(f"sequence:{tmp_path / 'day' / 'one'}?stream=0.05").items
    assert thin["path"].tolist() == ["1.png", "4.png", "6.png"]
    assert thin["unit"].tolist() == ["one"] * 3
    assert scan(f"sequence:{tmp_path}?fps=10&rate=5").items["time"].max() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("video:nowhere.mp4", "file not found"),
        ("video:", "name a file"),
        ("video:{a}?rate=0", "rate must be a number above 0"),
        ("video:{a}?rate=fast", "rate must be a number"),
        ("video:{a}?rate=1&every=2", "two ways"),
        ("video:{a}?every=1.5", "every must be a whole number"),
        ("video:{a}?speed=2", "no option of video"),
        ("video:{a}?rate", "options are written"),
        ("video:{a}?stream=3", "at most 2"),
        ("video:{a}?rate=1&rate=2", "given twice"),
        ("video:{text}", "no frame in it can be used"),
        ("sequence:{a}", "is a folder of pictures"),
        ("sequence:{folder}?rate=2", "say with fps"),
        ("sequence:{folder}?keyframes=1", "no option of sequence"),
    ],
)
def test_sources_that_cannot_be_used_say_why(tmp_path, source, told):
    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / "text.txt").write_text("x")
    given = source.format(a=tmp_path / "a.mp4", text=tmp_path / "text.txt", folder=tmp_path)
    with pytest.raises(InputError, match=told):
        scan(given)


def test_a_process_that_must_not_decode_has_it_done_by_another(tmp_path):
    write_video(tmp_path / "a.mp4")
    (tmp_path / "bad.mp4").write_bytes((tmp_path / "a.mp4").read_bytes()[:900])
    script = """
import sys
from pathlib import Path
from core.errors import DecodeError
from core.imaging import video_apart
from core.imaging.decode import load_picture
from core.model import Region
from tests.clips import number_in
video_apart.decode_apart()
folder = Path(sys.argv[1])
print([number_in(load_picture(folder / "a.mp4", Region(frame=k)).image) for k in (7, 8, 40)])
try:
    load_picture(folder / "bad.mp4", Region(frame=0))
except DecodeError as error:
    print(error)
video_apart._state["child"].kill()  # as a decoder that crashes
video_apart._state["child"].wait()
print(number_in(load_picture(folder / "a.mp4", Region(frame=9)).image), "av" in sys.modules)
"""
    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=Path(__file__).parents[2],
        capture_output=True, text=True, check=True, timeout=120,
    ).stdout.splitlines()  # fmt: skip
    assert told[0] == "[7, 8, 40]"
    assert told[1].startswith("damaged or cut off")
    assert told[2] == "9 False"


def test_an_animated_picture_is_no_transport_stream():
    packet = b"G" + bytes(187)
    assert container_of(packet * 3) == "mpegts"
    assert container_of((bytes(4) + packet) * 3) == "mpegts"
    assert container_of(b"GIF89a" + bytes(182) + packet * 2) is None
    assert container_of(packet + b"x" * 300) is None


def test_a_name_may_hold_a_question_mark(tmp_path):
    write_video(tmp_path / "what?x=1.mp4", range(5))
    assert len(scan(f"video:{tmp_path / 'what?x=1.mp4'}?every=1").items) == 5
    assert len(scan(f"video:{tmp_path / 'what?x=1.mp4'}").items) == 1


def test_colours_are_those_of_the_frame(tmp_path):
    path = write_video(tmp_path / "a.mp4", [0] * 3)
    image = load_picture(path, Region(frame=1)).image
    expected = picture(0)[2, 2].astype(int)
    assert np.abs(np.asarray(image)[2, 2].astype(int) - expected).max() <= 6
