"""A small set of pictures with a check of it, written as the job writes it: seconds less a test.

Every kind of finding is there, and what was planted is known, so that a page can be shown and a
decision tried without a job.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from making import picture
from PIL import Image
from vectorsets import vector_set

from core.curation import Desk
from core.encoders.base import spec_to_dict
from core.findings import Check, Findings
from core.imaging.files import sha256_of_file
from core.imaging.measures import measure_picture
from core.imaging.perceptual import perceptual_hashes, pixel_digest
from core.keys import artefact_key, item_id
from core.library import Library, OpenSet
from core.model import Region
from core.quality.request import QualityRequest
from core.storage.partrecords import write_part, write_rows
from core.storage.records import imageset_key
from core.storage.store import Artefact, Workspace, now

#: Rows of the example: what was planted where.
IDENTICAL = [0, 1, 2]
PIXELS = [3, 4]
NEAR = [3, 4, 5, 6]
CONFLICT = [7, 8]
TURNED = [9, 10]
OUTLIERS = [11, 12]
DARK, DARK_AND_SMALL, LIGHT = 13, 14, 15
WRONG = [16, 17, 18]
TOTAL = 40
TAU = 0.05

LABELS = ("moth", "wasp")


@dataclass(frozen=True)
class Checked:
    """A workspace in which a set was checked."""

    workspace: Workspace
    name: str = "moths"

    @property
    def desk(self) -> Desk:
        return Desk(self.workspace)

    @property
    def findings(self) -> Findings:
        return Findings(self.workspace)

    def open(self, desk: Desk | None = None) -> OpenSet:
        return Library.with_desk(self.workspace, desk or self.desk).open(self.name)


def checked(root: Path, *, pictures: bool = True, name: str = "moths", **leave: Any) -> Checked:
    """Write the example set and its check into a workspace under `root`.

    `pictures=False` makes a set of vectors without pictures. `leave` names artefacts to leave out
    ("outliers": False), or holds other keys of the record under "quality".
    """
    workspace = Workspace(root / "workspace")
    made = _pictures(root / "pictures") if pictures else []
    _set(workspace, root / "pictures", made, name)
    found = Checked(workspace, name)
    write_check(workspace, found.open(), made, **leave)
    return found


def _pictures(folder: Path) -> list[Path]:
    """Write the files: copies, the same pixels in another format, a dark and a light one."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for row in range(TOTAL):
        image = picture({1: 0, 2: 0, 4: 3, 5: 3, 6: 3, 8: 7, 10: 9}.get(row, row), (48, 32))
        if row in {DARK, DARK_AND_SMALL}:
            image = image.point(lambda value: value // 10)
        if row == DARK_AND_SMALL:
            image = image.resize((48, 8))
        if row == LIGHT:
            image = Image.new("RGB", image.size, (253, 253, 253))
        if row == 10:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if row in {5, 6, 8}:
            image = image.point(lambda value, add=row: min(255, value + add))
        path = folder / f"{row:02}.{'bmp' if row == 4 else 'png'}"
        image.save(path)
        paths.append(path)
    return paths


def _set(workspace: Workspace, root: Path, paths: list[Path], name: str) -> None:
    """Store the set with its vectors, neighbours and clusters."""
    random = np.random.default_rng(5)
    centres = random.standard_normal((2, 16)) * 3
    vectors = centres[np.arange(TOTAL) % 2] + 0.6 * random.standard_normal((TOTAL, 16))
    for rows in (IDENTICAL, NEAR, CONFLICT, TURNED):
        vectors[rows] = vectors[rows[0]]
    vectors[NEAR[2:]] += 0.05 * random.standard_normal((2, 16))
    vectors[CONFLICT[1]] += 0.05 * random.standard_normal(16)
    vectors[TURNED[1]] += 0.4 * random.standard_normal(16)
    vectors[OUTLIERS] = 5 * random.standard_normal((2, 16))
    labels = [LABELS[row % 2] for row in range(TOTAL)]
    for rows in (IDENTICAL, NEAR, TURNED):
        for row in rows:
            labels[row] = LABELS[rows[0] % 2]
    for row in WRONG:
        labels[row] = LABELS[1 - row % 2]
    columns: dict[str, Any] = {"label": pd.Series(labels, dtype="string")}
    ids = [f"{(row if row not in (1, 2) else 0):064x}" for row in range(TOTAL)]
    if paths:
        ids = [item_id(sha256_of_file(path), Region()) for path in paths]
        sizes = [_size(path) for path in paths]
        columns |= {
            "path": pd.Series([path.name for path in paths], dtype="string"),
            "width": [size[0] for size in sizes], "height": [size[1] for size in sizes],
        }  # fmt: skip
    themes = np.arange(TOTAL) % 2
    vector_set(workspace, vectors, name=name, themes=themes, ids=ids, **columns)
    if paths:
        record = workspace.read_set(name)
        workspace.write_set(name, {**record, "root": str(root), "kind": "folder"})


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


# -- the check -------------------------------------------------------------------------------------


def write_check(
    workspace: Workspace, opened: OpenSet, paths: list[Path], **leave: Any
) -> dict[str, Any]:
    """Store the artefacts of a check and name them in the set's record; return what it says."""
    makers = {
        "pixels": lambda: _pixels(opened, paths), "perturbations": lambda: _perturbations(),
        "duplicates": lambda: _duplicates(opened), "outliers": lambda: _outliers(opened),
        "labelcheck": lambda: _labelcheck(opened),
    }  # fmt: skip
    keys = {}
    for kind, make in makers.items():
        if leave.get(kind) is False:
            continue
        content = make()
        keys[kind] = artefact_key(kind, opened.key, len(paths), "example")
        meta = {"imageset": opened.key, "name": opened.name, "seed": 0, **content.pop("meta")}
        workspace.write(kind, keys[kind], meta=meta, **content)
    quality = {
        "imageset": opened.key, "embeddings": opened.embeddings,
        "request": QualityRequest(opened.name, turned=True).to_json(), **keys, "pictures": {},
        "updated": "2026-11-21T16:00:00Z",
        **{name: value for name, value in leave.items() if value is not False},
    }  # fmt: skip
    workspace.write_set(opened.name, {**workspace.read_set(opened.name), "quality": quality})
    return quality


def _pixels(opened: OpenSet, paths: list[Path]) -> dict[str, Any]:
    names = ["brightness_low", "brightness_high", "entropy", "sharpness", "grey", "border",
             "width", "height", "orientation"]  # fmt: skip
    table = pd.DataFrame(np.full((len(opened), len(names)), np.nan), columns=names)
    digest: list[str | None] = [None] * len(opened)
    hashes = np.zeros((len(opened), 8), np.uint64)
    for row, path in enumerate(paths):
        with Image.open(path) as image:
            found = measure_picture(image)
            values = {name: getattr(found, name) for name in names[:6]}
            values |= {"width": image.width, "height": image.height, "orientation": 1.0}
            table.loc[row, list(values)] = list(values.values())
            digest[row], hashes[row] = pixel_digest(image), perceptual_hashes(image)
    table["digest"] = pd.Series(digest, dtype="string")
    known = np.arange(len(opened)) < len(paths)
    notice = "" if paths else "The set has vectors and no pictures, so pictures were not looked at."
    return {
        "meta": {"known": int(known.sum()), "notice": notice},
        "tables": {"measures": table}, "arrays": {"hashes": hashes, "known": known},
    }  # fmt: skip


def _perturbations() -> dict[str, Any]:
    table = pd.DataFrame({"row": [0, 1], "transform": "jpeg 60", "distance": [0.02, 0.03]})
    return {"meta": {"notice": ""}, "tables": {"distances": table}}


def _duplicates(opened: OpenSet) -> dict[str, Any]:
    groups, members = [], []
    for level, rows, sure, diameter, reason in (
        ("identical", IDENTICAL, "certain", 0.0, "nothing sets them apart: first by id"),
        ("pixels", IDENTICAL, "certain", 0.0, "nothing sets them apart: first by id"),
        ("pixels", PIXELS, "certain", 0.0, "nothing sets them apart: first by id"),
        ("near", IDENTICAL, "certain", 0.0, "nothing sets them apart: first by id"),
        ("near", NEAR, "likely", 0.041, "sharpest: 0.812, the next 0.803"),
        ("near", CONFLICT, "possible", 0.048, "most pixels: 1,536, the next has 1,535"),
        ("turned", TURNED, "certain", 0.21, "in the middle of the group"),
    ):
        number = len(groups)
        kinds = {"identical": 1, "pixels": 1 if rows == IDENTICAL else 2}.get(level)
        distinct = kinds or (1 if rows == IDENTICAL else len(rows) - (rows == NEAR))
        groups.append(
            {"group": number, "level": level, "size": len(rows), "distinct": distinct,
             "diameter": diameter, "confidence": sure, "conflict": rows == CONFLICT,
             "keeper": rows[0], "keeper_reason": reason}
        )  # fmt: skip
        for place, row in enumerate(rows):
            far = diameter * place / (len(rows) - 1)
            members.append(
                {"group": number, "row": row, "distance": far, "bits": 2 * place,
                 "way": 4 if level == "turned" and place else 0, "apart": 0.1 * place,
                 "stays": place == 0}
            )  # fmt: skip
    graph = opened.neighbors
    assert graph is not None
    row, column = np.nonzero(np.asarray(graph.distances) <= 3 * TAU)
    other = np.asarray(graph.indices)[row, column].astype(np.int64)
    far = np.asarray(graph.distances)[row, column]
    once = row < other
    order = np.argsort(far[once], kind="stable")
    pairs = np.stack([row[once], other[once]], axis=1)[order].astype(np.int64)
    leaks = pd.DataFrame(
        [{"kind": "slice", "first": "train", "second": "test", "row": 5, "other": 6,
          "distance": 0.041, "level": "near"}]
    )  # fmt: skip
    return {
        "meta": {"tau": TAU, "source": "learned", "text": "99 % of 1,500 known small changes move "
                 "a picture by at most 0.0500.", "turned": True, "reach": 3.0, "counts": {}},
        "tables": {"groups": pd.DataFrame(groups), "members": pd.DataFrame(members),
                   "leaks": leaks},
        "arrays": {"pairs": pairs, "pair_distance": far[once][order],
                   "nearest": np.asarray(graph.distances)[:, 0].astype(np.float32)},
    }  # fmt: skip


def _outliers(opened: OpenSet) -> dict[str, Any]:
    graph = opened.neighbors
    assert graph is not None
    distance = np.asarray(graph.distances)[:, :12].astype(np.float64).mean(axis=1)
    distance[OUTLIERS] += [0.2, 0.3]
    score = (np.argsort(np.argsort(distance)) + 1) / len(distance)
    nothing = np.full(len(opened), np.nan)
    table = pd.DataFrame(
        {"score": score, "percentile": score, "distance": distance, "lof": 1 + score,
         "class_score": nothing, "p": nothing, "discovered": False,
         "listed": np.isin(np.arange(len(opened)), OUTLIERS)}
    )  # fmt: skip
    return {
        "meta": {"method": "rank", "title": "mean rank", "status": "ok", "notice": "",
                 "text": "The 2 most alone among the set are listed: a ranking, not a test.",
                 "reference": "", "q": None, "share": 0.05, "n": len(opened), "k": 12,
                 "cut": float(score[OUTLIERS].min()), "listed": 2, "compared": len(opened)},
        "tables": {"outliers": table},
        "arrays": {"near": np.asarray(graph.indices)[:, :12].astype(np.int32),
                   "near_distance": np.asarray(graph.distances)[:, :12].astype(np.float32)},
    }  # fmt: skip


def _labelcheck(opened: OpenSet) -> dict[str, Any]:
    labels = opened.items["label"].astype(str)
    quality = np.linspace(0.9, 1.0, len(opened))
    quality[WRONG] = [0.05, 0.1, 0.2]
    given = labels.iloc[WRONG].tolist()
    other = [LABELS[1 - LABELS.index(one)] for one in given]
    issues = pd.DataFrame(
        {"row": WRONG, "given": pd.Series(given, dtype="string"),
         "proposed": pd.Series(other, dtype="string"), "score": quality[WRONG],
         "wrong": [0.9, 0.7, 0.4]}
    )  # fmt: skip
    counts = labels.value_counts()
    balance = pd.DataFrame(
        {"label": pd.Series(counts.index, dtype="string"), "count": counts.to_numpy(),
         "units": counts.to_numpy(), "share": (counts / counts.sum()).to_numpy(), "target": 0.5,
         "residual": [0.3, -0.3], "residual_p": [0.8, 0.8]}
    )  # fmt: skip
    curve = pd.DataFrame(
        {"n": [20, 40], "lower": [0.06, 0.04], "upper": [0.12, 0.08], "low": [0.05, 0.03],
         "high": [0.2, 0.15]}
    )  # fmt: skip
    return {
        "meta": {"format": 1, "column": "label", "classes": 2, "judged": 2, "left_out": [],
                 "labelled": len(opened), "looked": len(opened), "issues": len(issues),
                 "effective": 2.0, "ratio": 1.1, "statistic": 0.1, "p": 0.75,
                 "ber": {"lower": 0.04, "upper": 0.08}, "status": "ok", "notice": ""},
        "arrays": {"quality": quality},
        "tables": {"issues": issues, "balance": balance, "ber": curve},
    }  # fmt: skip


def part_of(made: Checked, rows: list[int]) -> Checked:
    """Store a part of the example set, without maps and clusters, and return it; not checked."""
    workspace, base = made.workspace, made.open()
    items = base.items.iloc[rows].reset_index(drop=True)
    key = imageset_key(items, ())
    broken = pd.DataFrame({"path": [], "reason": []}, dtype="str")
    workspace.write("imageset", key, meta={"items": len(rows), "broken": 0},
                    tables={"items": items, "broken": broken})  # fmt: skip
    name = f"{base.name}/{'0' * 16}"
    addressed = np.stack([np.array(rows, np.int64), base.occurrences[rows]])
    record = {
        "name": name, "base": base.name, "base_imageset": base.key, "parent": base.name,
        "lineage": [{"name": base.name, "title": base.title, "count": len(base)}], "title": "",
        "count": len(rows), "created": now(), "updated": now(), "kind": base.kind,
        "root": str(base.root), "notes": [], "request": {"name": name}, "imageset": key,
        "embeddings": artefact_key("embeddings", items["item_id"].tolist(), base.spec.key),
        "encoder": spec_to_dict(base.spec), "neighbors": None, "projections": {},
        "clusterings": {}, "summary": None, "m2": {}, "m2_between": {},
        "rows_sha256": write_rows(workspace, name, addressed),
    }  # fmt: skip
    write_part(workspace, name, record)
    return Checked(workspace, name)


# -- checks without a workspace --------------------------------------------------------------------


def group_tables(lines: list[tuple[str, list[int]]]) -> dict[str, pd.DataFrame]:
    """Return the tables "groups" and "members" of groups of some levels, the keeper first."""
    groups = [
        {"group": at, "level": level, "size": len(rows), "distinct": len(rows), "diameter": 0.01,
         "confidence": "certain", "conflict": False, "keeper": rows[0], "keeper_reason": "first"}
        for at, (level, rows) in enumerate(lines)
    ]  # fmt: skip
    members = [
        {"group": at, "row": row, "distance": 0.01, "way": 0, "bits": 0, "apart": 0.1,
         "stays": row == rows[0]}
        for at, (_, rows) in enumerate(lines)
        for row in rows
    ]  # fmt: skip
    names = ["group", "level", "diameter", "confidence", "row", "stays"]
    return {
        "groups": pd.DataFrame(groups, columns=None if groups else names),
        "members": pd.DataFrame(members, columns=None if members else names),
    }


def check_of(
    opened: Any, **artefacts: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]
) -> Check:
    """Return a check of given artefacts: meta, arrays and tables of each kind."""
    stored = {kind: Artefact(kind, kind, *parts) for kind, parts in artefacts.items()}
    return Check(opened, dict.fromkeys(stored, "key"), lambda kind, key: stored[kind])
