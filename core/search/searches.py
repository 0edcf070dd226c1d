"""The searches of a workspace: queries under an opaque id made from their content."""

import shutil
import weakref
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np

from core.config import Settings
from core.encoders.prompts import templates_of, words_of
from core.errors import InputError, NotFoundError, VitrineError
from core.keys import digest
from core.library import OpenSet
from core.search import given
from core.search import words as spoken
from core.search.encoding import EncoderProcess
from core.search.examples import MAX_EXAMPLES, checked, is_mixed
from core.search.found import Found, Histogram
from core.search.mixing import mixed_distances, sampled_rows, scales_of, standing_out
from core.search.ranking import distances_from, nearest_first, usual_distance
from core.search.setvectors import Shelf
from core.storage.store import Workspace

__all__ = ["MAX_EXAMPLES", "Searches"]

#: Seconds that `encode` waits unless told otherwise.
WAIT = 60.0

#: Rankings kept in memory and on disk; a query whose ranking is gone is ranked again.
IN_MEMORY, ON_DISK = 8, 64

#: What a query may hold.
_SIDES = ("positives", "negatives", "pictures", "words", "unwords", "templates")

#: Raised when the ranking of a query changes.
_VERSION = 1


class Searches:
    """Searches by picture and words; safe for several threads, and processes on a workspace.

    A query is kept for good under an id made from the set, its encoder and the examples, so that
    an address that names it can be shared; its ranking is kept while it is among the last used.

    Parameters
    ----------
    workspace
        Where queries, rankings and given pictures are kept.
    settings
        Limits for given pictures, and the device that encodes them.
    """

    def __init__(self, workspace: Workspace, settings: Settings):
        self.workspace, self._settings = workspace, settings
        self.process = EncoderProcess(settings)
        self._shelf = Shelf(workspace.root / "vectors")
        self._found: OrderedDict[str, Found] = OrderedDict()
        self._lock = Lock()
        weakref.finalize(self, self.process.close)

    # -- queries -------------------------------------------------------------------------------

    def start(
        self,
        opened: OpenSet,
        positives: Sequence[int] = (),
        negatives: Sequence[int] = (),
        pictures: Sequence[str] = (),
        words: Sequence[str] = (),
        unwords: Sequence[str] = (),
        templates: Sequence[str] | str | None = None,
        every: bool = False,
    ) -> Found:
        """Rank all items of a set or part by how near they are to some examples.

        Parameters
        ----------
        opened
            The set or part.
        positives, negatives
            Its rows that the wanted items should and should not be like, in any order.
        pictures
            Ids from `encode` of pictures that they should be like.
        words, unwords, templates
            What they should and should not show, and what stands around each of these words, as
            `read` has encoded them.
        every
            Whether they should be like all of the examples together, and not like any one.

        Raises
        ------
        InputError
            There is nothing to be like, too much, an example on both sides, or words for an
            encoder without a text tower.
        NotFoundError
            The set has no such row, or a picture or words are not kept for its encoder.
        """
        examples = checked(opened, positives, negatives, pictures, words, unwords, templates, every)
        self._given(opened, examples)
        meta = {"set": opened.key, "encoder": opened.spec.key, **examples}
        key = digest("vitrine", "query", _VERSION, meta)[:32]
        self.workspace.write("query", key, meta=meta)
        return self._ranked(opened, key, meta)

    def found(self, opened: OpenSet, query_id: str) -> Found:
        """Return what a query finds in the set or part that it was made for.

        Raises
        ------
        NotFoundError
            There is no such query, or the set has changed since.
        """
        try:
            stored = self.workspace.read("query", query_id)
        except NotFoundError:
            raise NotFoundError("this search is not kept here; start it again") from None
        meta = stored.meta
        if (meta["set"], meta["encoder"]) != (opened.key, opened.spec.key):
            raise NotFoundError(
                "this search belongs to another set, or to this one before it changed; "
                "start it again"
            )
        return self._ranked(opened, query_id, meta)

    def nearest(self, opened: OpenSet, query: int | str | Found, k: int) -> np.ndarray:
        """Return the k rows, int64, nearest to a row, a query's id, or what it found.

        Nearest first, beginning with the row or the query's own; all rows if k is larger.
        """
        if k < 1:
            raise InputError(f"nearest {k}: needs a number of 1 or more")
        if isinstance(query, str):
            query = self.found(opened, query)
        if isinstance(query, Found):
            return np.asarray(query.order[:k], dtype=np.int64)
        row, graph = opened.check_row(query), opened.neighbors
        if graph is not None and k - 1 <= graph.indices.shape[1]:
            return np.concatenate([[row], graph.indices[row, : k - 1]]).astype(np.int64)
        distances = self._distances(opened, {"positives": [row], "negatives": [], "pictures": []})
        return nearest_first(distances, np.array([row]))[:k].astype(np.int64)

    def histogram(self, found: Found) -> Histogram:
        """Return how many items lie at which distance."""
        return found.histogram()

    def within(self, found: Found, distance: float) -> np.ndarray:
        """Return the rows, ascending int64, no further than a distance."""
        return found.within(distance)

    # -- given pictures and words -------------------------------------------------------------

    def encode(self, opened: OpenSet, data: bytes, seconds: float = WAIT) -> str:
        """Encode a picture's bytes as the set's own were, and return the picture's id.

        Only its vector and a thumbnail are kept. It is decoded and encoded in another process,
        under the limits of any file.

        Raises
        ------
        InputError
            There are no bytes or too many, or the set's vectors came without an encoder.
        DecodeError
            They are no picture that can be used.
        EncoderUnavailableError
            The encoder cannot be loaded.
        EncoderBusyError
            It takes longer than `seconds`: ask again.
        """
        spec = opened.spec
        if spec.model_type == "given":
            raise InputError(
                f"the vectors of {opened.name!r} were given and not made by an encoder, so no "
                "picture can be put among them; search from one of its items (“More like this”)"
            )
        picture = given.picture_id(data, self._settings)
        if not self.workspace.has(given.KIND, given.key_of(spec.key, picture)):
            self.process.encode(spec.name, spec.key, picture, data, seconds)
        return picture

    def read(
        self,
        opened: OpenSet,
        words: Sequence[str],
        templates: Sequence[str] | str | None = None,
        seconds: float = WAIT,
    ) -> tuple[str, ...]:
        """Encode words by the text tower of the set's encoder; return the templates used.

        Their vectors are kept. They are encoded in another process.

        Parameters
        ----------
        words
            What to look for.
        templates
            Names of sets of templates, and own ones that hold `{}`; the default set if None.

        Raises
        ------
        InputError
            A text or a template cannot be used, or the encoder has no text tower.
        EncoderUnavailableError
            The encoder, or its tokenizer, cannot be loaded.
        EncoderBusyError
            It takes longer than `seconds`: ask again.
        """
        spec = opened.spec
        spoken.need_text(spec, opened.name)
        wanted, around = words_of(words, "words"), templates_of(templates)
        if not wanted:
            raise InputError("words: write what to look for")
        absent = spoken.missing(self.workspace, spec, wanted, around)
        if absent:
            self.process.read(spec.name, spec.key, absent, around, seconds)
        return around

    def thumbnail(self, opened: OpenSet, picture: str) -> tuple[bytes, str]:
        """Return the thumbnail of a given picture and its media type.

        Raises
        ------
        NotFoundError
            The picture was not given to a set of this encoder.
        """
        kept = given.load(self.workspace, opened.spec, picture)
        return kept.thumbnail, kept.mimetype

    def close(self) -> None:
        """End the encoding process, if there is one."""
        self.process.close()

    # -- ranking -------------------------------------------------------------------------------

    def _ranked(self, opened: OpenSet, key: str, meta: Mapping[str, Any]) -> Found:
        """Return a query's ranking: from memory, from disk, or made."""
        graph = opened.neighbors
        with self._lock:
            kept = self._found.get(key)
            if kept is not None and (kept.usual is not None or graph is None or is_mixed(meta)):
                self._found.move_to_end(key)
                return kept
        order, distances = self._stored(opened, key) or self._rank(opened, key, meta)
        if is_mixed(meta):
            usual = standing_out(distances)
        else:
            usual = usual_distance(order, None if graph is None else graph.distances)
        listed = {side: tuple(meta.get(side, ())) for side in _SIDES}
        found = Found(key, order, distances, usual, **listed, every=bool(meta.get("every")))
        with self._lock:
            self._found[key] = found
            while len(self._found) > IN_MEMORY:
                self._found.popitem(last=False)
        return found

    def _stored(self, opened: OpenSet, key: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Return a ranking from disk; None where it is not, or no longer, whole."""
        try:
            arrays = self.workspace.read("ranking", key).arrays
            order, distances = np.array(arrays["order"]), np.array(arrays["distances"])
        except (VitrineError, OSError, KeyError):
            return None
        return (order, distances) if len(order) == len(opened) else None

    def _rank(
        self, opened: OpenSet, key: str, meta: Mapping[str, Any]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rank the set and keep the ranking, and of all rankings those made last."""
        raw = self._distances(opened, meta)
        order = nearest_first(raw, np.array(meta["positives"], np.int64)).astype(np.int32)
        distances = np.maximum(raw[order], 0).astype(np.float32)
        arrays = {"order": order, "distances": distances}
        self.workspace.write("ranking", key, meta={"set": opened.key}, arrays=arrays)
        self._forget_old()
        return order, distances

    def _distances(self, opened: OpenSet, meta: Mapping[str, Any]) -> np.ndarray:
        """Return how far every row is from the examples; below 0 only with words."""
        vectors = self._shelf.open(opened)
        shown, said, unsaid = self._given(opened, meta)
        positives = np.concatenate([vectors.unit(meta["positives"]), shown, said])
        examples = np.concatenate([positives, vectors.unit(meta["negatives"]), unsaid])
        blocks = vectors.cosines(examples)
        if not is_mixed(meta):
            return distances_from(len(vectors), blocks, len(positives))
        scales = scales_of(vectors.unit(sampled_rows(len(vectors)).tolist()) @ examples.T)
        first = len(positives) - len(said) if len(said) else 0
        every = bool(meta.get("every"))
        return mixed_distances(len(vectors), blocks, len(positives), scales, first, every=every)

    def _given(
        self, opened: OpenSet, meta: Mapping[str, Any]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the unit vectors `(m, d)` float64 of a query's pictures, words and unwords."""
        spec, around = opened.spec, meta.get("templates", ())
        held = [given.load(self.workspace, spec, p).vector for p in meta["pictures"]]
        shown = np.array(held, np.float64).reshape(len(held), spec.dims)
        shown /= np.linalg.norm(shown, axis=1, keepdims=True)
        said, unsaid = (
            spoken.load(self.workspace, spec, meta.get(side, ()), around)
            for side in ("words", "unwords")
        )
        return shown, said, unsaid

    def _forget_old(self) -> None:
        """Delete all rankings on disk but the last ones; their queries stay."""
        folder = self.workspace.root / "artefacts" / "ranking"
        made: list[tuple[float, Any]] = []
        for path in folder.glob("[!.]*"):
            try:
                made.append((path.stat().st_mtime, path))
            except OSError:  # another process was faster
                continue
        for _, path in sorted(made, reverse=True)[ON_DISK:]:
            shutil.rmtree(path, ignore_errors=True)
