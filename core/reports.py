"""Reports that were made of choices, as they are stored, and two of them side by side."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.errors import InputError, NotFoundError
from core.report.compare import compare_reports
from core.storage.lines import Lines
from core.storage.store import Workspace

_ID = re.compile(r"[0-9a-f]{32}")

#: Random choices a report draws: fewer leave the 5 % undecided, more take longer.
FEWEST_DRAWS, MOST_DRAWS = 100, 5000


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a report is made on; the JSON form of a job's request and of the command line.

    Attributes
    ----------
    name
        A set or a part of one.
    choice, slice, selection
        One of: the key of a stored choice, the name of a slice, the id of a selection.
    seed
        Of the random choices and of the independent grouping.
    draws
        Random choices of the same size to compare with.
    """

    name: str
    choice: str | None = None
    slice: str | None = None
    selection: str | None = None
    seed: int = 0
    draws: int = 200

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        for field in ("choice", "slice", "selection"):
            value = getattr(self, field)
            if value is not None and not (isinstance(value, str) and value.strip()):
                raise InputError(f"{field} {value!r:.60}: needs a text")
        given = [f for f in ("choice", "slice", "selection") if getattr(self, f)]
        if len(given) != 1:
            named = " and ".join(given) or "nothing"
            raise InputError(
                f"a report is about one choice, slice or selection; this request names {named}"
            )
        if not isinstance(self.name, str) or not self.name.strip():
            raise InputError(f"name {self.name!r:.60}: name a set or a part of one")
        if type(self.seed) is not int or not 0 <= self.seed < 2**32:
            raise InputError(f"seed {self.seed!r:.60}: a whole number from 0 to {2**32 - 1}")
        if type(self.draws) is not int or not FEWEST_DRAWS <= self.draws <= MOST_DRAWS:
            raise InputError(
                f"draws {self.draws!r:.60}: a whole number from {FEWEST_DRAWS} to {MOST_DRAWS}"
            )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "ReportRequest":
        """Build a request from a job's JSON; unknown fields are refused by name."""
        if not isinstance(value, Mapping):
            raise InputError("the request of a report must be an object")
        unknown = sorted(set(value) - set(cls.__slots__))
        if unknown:
            raise InputError(f"unknown field {unknown[0]!r} in the request of a report")
        if "name" not in value:
            raise InputError("the request of a report lacks 'name': give a set or a part")
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values; what is not named is left out."""
        return {k: v for k, v in asdict(self).items() if v is not None}


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line about a report: `verdict` is its sentence, `level` what that says in one word.

    `n` images were chosen; `slice` is "" where no slice held them, `strategy` how they were chosen.
    `imageset` is the key of the set they are rows of: with another one now, it has changed since.
    """

    id: str
    created: str
    slice: str
    n: int
    verdict: str
    strategy: str
    level: str = ""
    choice: str = ""
    imageset: str = ""


def pack_report(report: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """Lay out a report as an artefact: its line in the manifest, its JSON text as bytes."""
    choice = report["choice"]
    text = json.dumps(report, ensure_ascii=False, allow_nan=False).encode()
    return {
        "meta": {
            "name": report["set"]["name"], "created": report["created"],
            "slice": choice["slice"] or "", "count": choice["count"],
            "verdict": report["verdict"]["sentence"], "level": report["verdict"]["level"],
            "strategy": choice["strategy"], "choice": choice["key"] or "",
            "imageset": report["hashes"]["imageset"], "request": dict(request),
        },
        "arrays": {"report": np.frombuffer(text, np.uint8)},
    }  # fmt: skip


class Reports:
    """The reports kept in a workspace; computes nothing."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._lines = Lines(workspace, "report", _line)

    def list(self, name: str) -> list[ReportLine]:
        """Return a line about every report of a set or part, the newest first."""
        return self._lines.of(name)

    def open(self, report_id: str) -> dict[str, Any]:
        """Return a report's JSON; see `docs/methods/report.md`.

        Raises
        ------
        NotFoundError
            No report has this id.
        ArtifactCorruptError
            It is damaged; the message names the file.
        """
        if not _ID.fullmatch(str(report_id)):
            raise NotFoundError(f"{str(report_id)[:60]!r} is not the id of a report")
        try:
            stored = self._workspace.read("report", str(report_id))
        except NotFoundError:
            raise NotFoundError("no report with this id is kept here; make it again") from None
        report: dict[str, Any] = json.loads(stored.arrays["report"].tobytes())
        return report

    def compare(self, a: str, b: str) -> dict[str, Any]:
        """Return two reports side by side; see `core.report.compare.compare_reports`."""
        return compare_reports(self.open(a), self.open(b))


def _line(key: str, manifest: Mapping[str, Any]) -> tuple[Sequence[str], ReportLine]:
    """Return the set of a report, and a line about it, from its manifest."""
    meta = manifest["meta"]
    line = ReportLine(
        key, meta["created"], meta["slice"], meta["count"], meta["verdict"], meta["strategy"],
        meta["level"], meta["choice"], meta["imageset"],
    )  # fmt: skip
    return (meta["name"],), line
