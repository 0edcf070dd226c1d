"""Any sequence of acts, undos, redos, reopenings and cut-off lines, against snapshots in memory.

The model knows nothing of logs: it copies its whole state before each act, and undo takes the
last copy back.
"""

import copy
import shutil
import tempfile
from pathlib import Path

from curating import SmallPart, SmallSet, named
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.curation import Desk
from core.curation.acts import TOPICS
from core.curation.bundle import read_log
from core.curation.fold import fold
from core.curation.manifest import build_manifest
from core.curation.roster import Roster, Universe
from core.errors import InputError
from core.storage.store import Workspace

WHOLE = SmallSet("abcdefaghija" + "klmnopqrstuvwxyz")
PART = SmallPart(WHOLE, [20, 3, 6, 11, 7, 0])
ROWS = st.lists(st.integers(0, len(WHOLE) - 1), min_size=1, max_size=len(WHOLE))
PART_ROWS = st.lists(st.integers(0, len(PART) - 1), min_size=1, max_size=len(PART))
NAMES = st.sampled_from(["a", "b", "c", "d"])
KINDS = st.sampled_from(["include", "exclude", "keep", "drop"])
ABOUT = st.sampled_from([None, *TOPICS])
CHANGES = {
    "slice.add": lambda old, given: old | given,
    "slice.remove": lambda old, given: old - given,
    "slice.set": lambda old, given: given,
}


class Curating(RuleBasedStateMachine):
    """The desk beside a model of it."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.workspace = Workspace(self.folder)
        named(self.workspace, WHOLE)
        self.desk = Desk(self.workspace)
        self.model = {"slices": {}, "decided": {}, "labels": {}, "settled": {}}
        self.before, self.after = [], []

    def teardown(self):
        shutil.rmtree(self.folder)

    def _did(self, change):
        self.before.append(copy.deepcopy(self.model))
        self.after = []
        change(self.model)

    # -- acts

    @rule(kind=KINDS, rows=ROWS, about=ABOUT)
    def decide(self, kind, rows, about):
        reason = f"because {len(self.before)}"
        self.desk.act(WHOLE, kind, rows, reason=reason, about=about)
        self._did(lambda m: self._decided(m, kind, rows, about, reason))

    def _decided(self, model, kind, rows, about, reason):
        for row in rows:
            model["decided"][row] = kind, reason
            if about and kind in {"keep", "include"}:
                model["settled"][row, about] = reason

    @rule(kind=KINDS, rows=PART_ROWS)
    def decide_in_a_part(self, kind, rows):
        self.desk.act(PART, kind, rows)
        whole = [int(PART.base_rows[row]) for row in rows]
        self._did(lambda m: m["decided"].update(dict.fromkeys(whole, (kind, ""))))

    @rule(rows=ROWS, label=st.sampled_from(["moth", "bee", ""]), about=ABOUT)
    def relabel(self, rows, label, about):
        self.desk.act(WHOLE, "relabel", rows, label=label, about=about)
        self._did(lambda m: self._labelled(m, dict.fromkeys(rows, label), {"labels", about}))

    @rule(rows=st.sets(st.integers(0, len(PART) - 1), min_size=1), about=ABOUT, data=st.data())
    def relabel_each_in_a_part(self, rows, about, data):
        given = {row: data.draw(st.sampled_from(["moth", "bee", "wasp", ""])) for row in rows}
        labels = sorted(set(given.values()), reverse=True)
        inner = sorted(given, key=given.get, reverse=True)
        sizes = [list(given.values()).count(label) for label in labels]
        self.desk.act(PART, "relabel.each", inner, labels=labels, sizes=sizes, about=about)
        whole = {int(PART.base_rows[row]): label for row, label in given.items()}
        self._did(lambda m: self._labelled(m, whole, {about}))

    def _labelled(self, model, labels, about):
        model["labels"].update(labels)
        for row in labels:
            model["settled"].pop((row, "labels"), None)
            model["settled"].update({(row, topic): "" for topic in about - {None}})

    @rule(name=NAMES, rows=ROWS)
    def create(self, name, rows):
        if name in self.model["slices"]:
            self._refused("slice.create", rows, name=name)
        else:
            self.desk.act(WHOLE, "slice.create", rows, name=name)
            self._did(lambda m: m["slices"].update({name: set(rows)}))

    @rule(name=NAMES, rows=ROWS, kind=st.sampled_from(sorted(CHANGES)))
    def change(self, name, rows, kind):
        if name not in self.model["slices"]:
            self._refused(kind, rows, name=name)
        else:
            self.desk.act(WHOLE, kind, rows, name=name)
            new = CHANGES[kind](self.model["slices"][name], set(rows))
            self._did(lambda m: m["slices"].update({name: new}))

    @rule(name=NAMES, to=NAMES)
    def rename(self, name, to):
        if name not in self.model["slices"] or to in self.model["slices"]:
            self._refused("slice.rename", None, name=name, to=to)
        else:
            self.desk.act(WHOLE, "slice.rename", name=name, to=to)
            self._did(
                lambda m: m.update(
                    slices={to if n == name else n: s for n, s in m["slices"].items()}
                )
            )

    @rule(name=NAMES)
    def delete(self, name):
        if name not in self.model["slices"]:
            self._refused("slice.delete", None, name=name)
        else:
            self.desk.act(WHOLE, "slice.delete", name=name)
            self._did(lambda m: m["slices"].pop(name))

    def _refused(self, kind, rows, **fields):
        try:
            self.desk.act(WHOLE, kind, rows, **fields)
        except InputError:
            return
        raise AssertionError(f"{kind} {fields} should have been refused")

    # -- steps

    @rule()
    def undo(self):
        event = self.desk.undo(WHOLE)
        assert (event is None) == (not self.before)
        if self.before:
            self.after.append(self.model)
            self.model = self.before.pop()

    @rule()
    def redo(self):
        event = self.desk.redo(PART)
        assert (event is None) == (not self.after)
        if self.after:
            self.before.append(self.model)
            self.model = self.after.pop()

    # -- the world

    @rule()
    def reopen(self):
        self.desk = Desk(self.workspace)

    @precondition(lambda self: self._path.exists())
    @rule(text=st.binary(min_size=1, max_size=30))
    def cut_off_a_line(self, text):
        with self._path.open("ab") as file:
            file.write(b'{"checksum":"' + text.replace(b"\n", b"").replace(b"}", b""))

    @property
    def _path(self):
        return self.workspace.root / "curation" / WHOLE.name / "log.jsonl"

    # -- what must hold

    @invariant()
    def the_view_is_the_model(self):
        view = self.desk.view(WHOLE)
        assert [s.name for s in view.slices] == list(self.model["slices"])
        for one in view.slices:
            assert one.rows.tolist() == sorted(self.model["slices"][one.name])
        for kind, rows in view.decisions.items():
            expected = [r for r, (k, _) in sorted(self.model["decided"].items()) if k == kind]
            assert rows.tolist() == expected
        decided = self.model["decided"].items()
        out = {r: reason for r, (k, reason) in decided if k in {"exclude", "drop"}}
        assert view.working.tolist() == [r for r in range(len(WHOLE)) if r not in out]
        assert view.labels == self.model["labels"]
        for topic in TOPICS:
            wanted = {r: why for (r, about), why in self.model["settled"].items() if about == topic}
            wanted |= out
            assert set(view.decided_about(topic).nonzero()[0].tolist()) == wanted.keys()
            for row in range(len(WHOLE)):
                assert view.about_reason(row, topic) == wanted.get(row)
        assert (view.can_undo is None) == (not self.before)
        assert (view.can_redo is None) == (not self.after)
        undone = [line for line in view.history(limit=10**6) if line.undone]
        assert len(undone) >= len(self.after)

    @invariant()
    def the_part_is_a_part_of_it(self):
        whole, part = self.desk.view(WHOLE), self.desk.view(PART)
        base = PART.base_rows.tolist()
        assert [base[r] in set(whole.excluded.tolist()) for r in range(len(PART))] == [
            r in set(part.excluded.tolist()) for r in range(len(PART))
        ]
        for topic in TOPICS:
            decided = whole.decided_about(topic)[base].tolist()
            assert part.decided_about(topic).tolist() == decided
        for one, other in zip(part.slices, whole.slices, strict=True):
            here = [row for row, at in enumerate(base) if at in set(other.rows.tolist())]
            assert one.rows.tolist() == here
            assert one.total == other.total


class CuratingAndReplaying(Curating):
    """The same, and the manifest of the log alone is that of the desk."""

    @rule()
    def the_log_alone_gives_the_same_manifest(self):
        expected = self.desk.manifest(WHOLE)
        found = read_log(self._path)
        roster = Roster.of_items(WHOLE.items, WHOLE.addresses)
        _, state = fold(found.events, Universe(roster, found.lists))
        assert build_manifest(found.events, state) == expected
        bundle = self.folder / "bundle.zip"
        bundle.write_bytes(self.desk.bundle(WHOLE))
        again = read_log(bundle)
        assert again.events == found.events
        _, state = fold(again.events, Universe(roster, again.lists))
        assert build_manifest(again.events, state) == expected


TestCurating = CuratingAndReplaying.TestCase
TestCurating.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
