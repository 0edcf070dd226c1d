"""Pictures with coloured shapes on them, and annotations that say where: known to the pixel."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (96, 64)  # width, height
COLOURS = {"leaf": (40, 160, 60), "seed": (200, 150, 40), "stone": (120, 120, 140)}


def objects_of(number):
    """Return label and box of each shape of a picture; boxes differ from picture to picture."""
    shift = number % 7
    return [
        ("leaf", (4 + shift, 6, 20, 16)),
        ("seed", (40, 10 + shift, 12, 12 + number % 3)),
        ("stone", (60 - shift, 36, 24, 18 + number % 5)),
    ]


def draw(number):
    """Return a picture with its shapes on noise of its own."""
    noise = np.random.default_rng(number).integers(200, 240, (SIZE[1], SIZE[0], 3), np.uint8)
    for label, (x, y, w, h) in objects_of(number):
        noise[y : y + h, x : x + w] = COLOURS[label]
        noise[y + h // 2, x : x + w] = (255, 255 - 9 * number % 200, 20 * number % 255)
    return Image.fromarray(noise)


def coco_value(count):
    """Return the annotations of `count` pictures in COCO's form."""
    names = list(COLOURS)
    images, annotations = [], []
    for number in range(count):
        images.append(
            {"id": number + 1, "file_name": f"{number}.png", "width": SIZE[0], "height": SIZE[1]}
        )
        for label, (x, y, w, h) in objects_of(number):
            annotations.append(
                {
                    "id": len(annotations) + 1, "image_id": number + 1,
                    "category_id": names.index(label) + 1, "bbox": [x, y, w, h], "area": w * h,
                    "segmentation": [[x, y, x + w, y, x + w, y + h, x, y + h]], "iscrowd": 0,
                }
            )  # fmt: skip
    categories = [{"id": at, "name": name} for at, name in enumerate(names, 1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def write_coco(folder, count=4, **changes):
    """Write pictures and their annotations, and return the file of annotations."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        draw(number).save(folder / "images" / f"{number}.png")
    file = Path(folder) / "boxes.json"
    file.write_text(json.dumps(coco_value(count) | changes))
    return file
