"""The items of a set as a log knows them: durable addresses in order, with their paths."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core.curation.events import Event
from core.curation.lists import Lists, digest_of, text_of
from core.errors import ArtifactCorruptError
from core.opened.addresses import positions
from core.opened.called import called

#: Bytes of resolved address lists that are kept for the next fold.
_KEPT = 256 * 2**20


class Roster:
    """The items of a set, in row order.

    Attributes
    ----------
    addresses
        One a row, each different.
    paths
        Relative to the set's root, with "/"; None where an item is no file.
    picture
        What one item is called where items have pictures.
    """

    def __init__(
        self, addresses: Sequence[str], paths: Sequence[str | None], picture: str = "image"
    ):
        self.addresses = list(addresses)
        self.paths = list(paths)
        self._picture = picture

    @classmethod
    def of_items(
        cls, items: pd.DataFrame, addresses: Sequence[str], source: object = ""
    ) -> "Roster":
        """Return the roster of an item table, of a source, whose rows have these addresses."""
        if "path" not in items:
            return cls(addresses, [None] * len(items))
        paths = items["path"].tolist()  # five times as fast as going through the column
        kept = [p if isinstance(p, str) and p else None for p in paths]
        return cls(addresses, kept, called(items, source))

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.addresses)

    @cached_property
    def noun(self) -> str:
        """What one item is called."""
        return self._picture if any(path is not None for path in self.paths) else "vector"

    @cached_property
    def index(self) -> pd.Index:
        """The addresses, hashed once, for looking up many at a time."""
        return pd.Index(self.addresses, dtype=object)  # else pandas makes it of its strings

    @cached_property
    def digest(self) -> str:
        """The digest of the addresses in row order."""
        return digest_of(self.addresses)

    @cached_property
    def path_lines(self) -> list[str]:
        """The paths as lines: each its JSON, since a file name may hold a newline."""
        if not self.paths:
            return []
        text = json.dumps(self.paths, ensure_ascii=False, separators=("\n", ":"))
        return text[1:-1].split("\n")  # one call for all; a newline in a name is escaped

    @cached_property
    def items(self) -> dict[str, Any]:
        """What the log's first line says of the items."""
        digest = digest_of(self.path_lines)
        return {"count": len(self), "digest": self.digest, "paths": digest}

    def rows(self, addresses: Sequence[str]) -> np.ndarray:
        """Return the row of each address, int64; -1 where it is not here."""
        return positions(self.index, addresses)


def read_roster(event: Event | None, lists: Lists) -> Roster:
    """Return the roster that a start or change event recorded; an empty one for None."""
    if event is None or event.items is None:
        return Roster([], [])
    addresses, lines = lists.get(event.items["digest"]), lists.get(event.items["paths"])
    try:
        paths = json.loads(f"[{','.join(lines)}]")
    except (ValueError, RecursionError):
        paths = None
    if paths is None or len(paths) != len(addresses):
        raise ArtifactCorruptError(
            f"curation log, event {event.number}: its lists of items and of paths do not match"
        )
    return Roster(addresses, paths)


class Universe:
    """Numbers for all addresses a log speaks of: the row where the set has it, else beyond.

    With numbers, folding a log is array work. `size` grows as lists name addresses that the set
    does not have.
    """

    def __init__(self, roster: Roster, lists: Lists):
        self.roster = roster
        self._lists = lists
        self._extra: dict[str, int] = {}
        self._names: list[str] = []
        self._families: dict[str, list[str]] = {}
        self._codes: dict[str, np.ndarray] = {}
        self._bytes = 0

    def link(self, events: Iterable[Event]) -> None:
        """Learn which addresses are of one object whose box was edited, also if that was undone.

        What the log says of the object before an edit holds for it after, and the other way round,
        whichever of its addresses the set has.
        """
        for event in events:
            if event.kind != "box" or event.items is None:
                continue
            before = self._lists_of(event)[0]
            mine = self._families.get(before, [before])
            other = self._families.get(event.fields["to"], [event.fields["to"]])
            if mine is not other:
                mine += [address for address in other if address not in mine]
            self._families |= dict.fromkeys(mine, mine)

    def _lists_of(self, event: Event) -> list[str]:
        assert event.items is not None
        addresses = event.items.get("addresses")
        found = self._lists.get(event.items["digest"]) if addresses is None else addresses
        if not found:
            raise _damaged(event, "it is about no item")
        return list(found)

    @property
    def families(self) -> list[list[str]]:
        """The addresses of each object whose box was edited, the one it had first first."""
        return list({id(family): family for family in self._families.values()}.values())

    @property
    def size(self) -> int:
        """Return how many numbers are in use."""
        return len(self.roster) + len(self._names)

    def codes(self, event: Event) -> np.ndarray:
        """Return the numbers, ascending int64, of an event's items."""
        if event.items is None:
            return np.zeros(0, np.int64)
        digest = str(event.items["digest"])
        if digest not in self._codes:
            addresses = event.items.get("addresses")
            if addresses is None:
                addresses = self._lists.get(digest)
            self.learn(digest, self.resolve(addresses))
        return self._codes[digest]

    def parts(self, event: Event) -> tuple[np.ndarray, ...]:
        """Return the numbers, ascending int64, of each part of an event's items.

        Raises
        ------
        ArtifactCorruptError
            The parts do not add up to the list of items.
        """
        codes = self.in_order(event)
        if not len(codes):
            return ()
        return tuple(np.unique(p) for p in np.split(codes, np.cumsum(event.fields["sizes"])[:-1]))

    def in_order(self, event: Event) -> np.ndarray:
        """Return the numbers, int64, of the items of an act in parts, one part after another.

        Raises
        ------
        ArtifactCorruptError
            The parts do not add up to the list of items, or an item is in it twice.
        """
        if event.items is None:
            return np.zeros(0, np.int64)
        digest = str(event.items["digest"])
        key = f"{digest} in order"
        if key not in self._codes:
            addresses = event.items.get("addresses")
            found = self._numbers(self._lists.get(digest) if addresses is None else addresses)
            if len(np.unique(found)) != len(found):
                raise _damaged(event, "an item is in its parts twice")
            self.learn(key, found)
        codes = self._codes[key]
        if sum(event.fields["sizes"]) != len(codes):
            raise _damaged(event, "its parts do not add up to its items")
        return codes

    def learn(self, digest: str, codes: np.ndarray) -> None:
        """Remember what a list resolves to."""
        self._bytes += codes.nbytes
        if self._bytes > _KEPT:
            self._codes.clear()
            self._bytes = codes.nbytes
        self._codes[digest] = codes

    def resolve(self, addresses: Sequence[str]) -> np.ndarray:
        """Return the numbers, ascending int64, of addresses; new ones for those not in the set."""
        return np.unique(self._numbers(addresses))

    def _numbers(self, addresses: Sequence[str]) -> np.ndarray:
        """Return the number, int64, of each address; new ones for those not in the set."""
        codes = self.roster.rows(addresses)
        for at in np.flatnonzero(codes < 0).tolist():
            codes[at] = self._elsewhere(addresses[at])
        return codes

    def _elsewhere(self, address: str) -> int:
        """Return the number of an address that the set does not have, perhaps under another."""
        family = self._families.get(address, [address])
        rows = self.roster.rows(family)
        if (rows >= 0).any():
            return int(rows[rows >= 0][-1])
        if family[0] not in self._extra:
            self._extra[family[0]] = self.size
            self._names.append(address)
        return self._extra[family[0]]

    def addresses(self, codes: np.ndarray) -> list[str]:
        """Return the addresses of numbers: in row order, then those not in the set, by name."""
        codes = np.unique(codes)
        n = len(self.roster)
        here = [self.roster.addresses[code] for code in codes[codes < n]]
        return here + sorted(self._names[code - n] for code in codes[codes >= n])


def _damaged(event: Event, reason: str) -> ArtifactCorruptError:
    return ArtifactCorruptError(f"curation log, event {event.number}: {reason}")


def items_of(addresses: Sequence[str], limit: int = 16) -> dict[str, Any]:
    """Return an event's `items`: count and digest, and a short list itself."""
    digest = hashlib.sha256(text_of(addresses)).hexdigest()
    items: dict[str, Any] = {"count": len(addresses), "digest": digest}
    return items | ({"addresses": list(addresses)} if len(addresses) <= limit else {})
