"""Videos whose every frame says in its own pixels which one it is."""

from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 96, 64


def picture(number, shade=40):
    """Return a frame `(64, 96, 3)` with the number, below 256, as eight black or white bars."""
    value = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    value[:] = (shade, 90, 160)
    for bit in range(8):
        value[8:56, 8 + 10 * bit : 16 + 10 * bit] = 255 if number >> bit & 1 else 0
    return value


def number_in(image):
    """Return the number that the bars of a picture say."""
    grey = np.asarray(image.convert("L"))
    bars = [grey[20:44, 10 + 10 * bit : 14 + 10 * bit].mean() > 128 for bit in range(8)]
    return sum(int(bar) << bit for bit, bar in enumerate(bars))


def write_video(path, numbers=range(60), *, codec="libx264", gop=12, rate=25, times=None):
    """Write a video of numbered frames; `times` are those of each, in frames of the rate."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.gop_size = gop
        if codec in {"libx264", "mpeg4"}:
            stream.max_b_frames = 2
        for place, number in enumerate(numbers):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            if times is not None:
                frame.pts = times[place]
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return Path(path)


def write_sequence(folder, numbers=range(20)):
    """Write numbered pictures as files 1.png, 2.png, …"""
    folder.mkdir(parents=True)
    for place, number in enumerate(numbers, 1):
        Image.fromarray(picture(number)).save(folder / f"{place}.png")
    return folder
