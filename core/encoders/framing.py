"""The part of a picture that an encoder sees, cut out for the eye."""

from PIL import Image

from core.encoders.places import seen
from core.model import EncoderSpec

#: Round the picture, where an encoder adds a border.
BORDER = (127, 127, 127)


def frame_size(spec: EncoderSpec, longest: int) -> tuple[int, int]:
    """Return width and height of a frame with this longest side, in pixels."""
    high, wide = spec.input_size or (1, 1)
    scale = longest / max(high, wide)
    return max(1, round(wide * scale)), max(1, round(high * scale))


def framed(image: Image.Image, spec: EncoderSpec, longest: int) -> Image.Image:
    """Return what an encoder sees of a picture, RGB, its longest side `longest` pixels.

    Parameters
    ----------
    image
        The upright picture, at any scale.
    spec
        The encoder.
    """
    size = frame_size(spec, longest)
    left, top, wide, high = seen(spec, image.width, image.height)
    box = (left * image.width, top * image.height,
           (left + wide) * image.width, (top + high) * image.height)  # fmt: skip
    inside = (max(0.0, box[0]), max(0.0, box[1]),
              min(float(image.width), box[2]), min(float(image.height), box[3]))  # fmt: skip
    colour = image.convert("RGB")
    if inside == box:
        return colour.resize(size, Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
    across, down = size[0] / (box[2] - box[0]), size[1] / (box[3] - box[1])
    small = (max(1, round((inside[2] - inside[0]) * across)),
             max(1, round((inside[3] - inside[1]) * down)))  # fmt: skip
    made = Image.new("RGB", size, BORDER)
    part = colour.resize(small, Image.Resampling.BILINEAR, box=inside, reducing_gap=2.0)
    made.paste(part, (round((inside[0] - box[0]) * across), round((inside[1] - box[1]) * down)))
    return made
