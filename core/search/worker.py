"""The encoding process: `python -m core.search.worker`, for pictures, their parts, and words.

It reads JSON lines on stdin, the settings first and then one a request, and answers each with one
on stdout; what is found is stored in the workspace. The last two encoders stay loaded. It ends
when stdin does, so with its parent, or when nobody asked for ten minutes.
"""

import json
import os
import queue
import sys
import threading
import traceback
from collections import OrderedDict
from pathlib import Path
from typing import Any, TextIO

from core.config import Settings
from core.embed import embed
from core.encoders import Encoder, open_encoder
from core.errors import DecodeError, EncoderUnavailableError, NotFoundError, VitrineError
from core.imaging.decode import ItemFile, Limits
from core.library import Library
from core.search import given, places, words
from core.storage.store import Workspace

#: Encoders that stay loaded, and seconds without a request after which the process ends.
LOADED, IDLE = 2, 600.0


class Encoders:
    """The encoders used last, by the key that their set says they have."""

    def __init__(self, settings: Settings, workspace: Workspace):
        self._settings, self._workspace = settings, workspace
        self._loaded: OrderedDict[str, Encoder] = OrderedDict()

    def open(self, name: str, key: str) -> Encoder:
        """Return an encoder, loaded if it is not.

        Raises
        ------
        EncoderUnavailableError
            It cannot be loaded, or is another now than the one that encoded the set.
        """
        if key not in self._loaded:
            while len(self._loaded) >= LOADED:
                self._loaded.popitem(last=False)
            memo = self._workspace.root / "encoders"
            encoder = open_encoder(name, memo=memo, device=self._settings.device)
            if encoder.spec.key != key:
                raise EncoderUnavailableError(
                    f"the encoder {name} has other weights or options now than when the set was "
                    "encoded; run the set again, then search"
                )
            self._loaded[key] = encoder
        self._loaded.move_to_end(key)
        return self._loaded[key]


def encode(request: dict[str, Any], encoders: Encoders, settings: Settings, to: Workspace) -> None:
    """Encode one picture, exactly as a run encodes a file of the set, and store what is found.

    Raises
    ------
    DecodeError
        The bytes are no picture, too large a one, or one without anything to hold on to.
    EncoderUnavailableError
        The encoder cannot be loaded.
    """
    picture, encoder = request["picture"], encoders.open(request["encoder"], request["key"])
    (batch,) = embed(
        [ItemFile(picture, Path(request["path"]))],
        encoder,
        limits=Limits(settings.max_pixels, settings.max_file_mb * 2**20),
        thumbnail_side=settings.thumbnail_side,
        workers=1,
        batch_size=1,
    )
    facts = batch.facts[picture]
    if "broken" in facts:
        raise DecodeError(f"this cannot be used as a picture: {facts['broken']}")
    if picture in batch.quarantined:
        raise DecodeError(
            f"the encoder finds nothing in this picture to compare: {batch.quarantined[picture]}"
        )
    given.store(to, encoder.spec, picture, batch.vectors[0], batch.thumbnails[picture], facts)


def read(request: dict[str, Any], encoders: Encoders, to: Workspace) -> None:
    """Encode words in their templates and store their vectors.

    Raises
    ------
    InputError
        A text cannot be used.
    EncoderUnavailableError
        The encoder cannot be loaded, or has no text tower.
    """
    encoder = encoders.open(request["encoder"], request["key"])
    words.encode(to, encoder, request["words"], request["templates"])


def look(request: dict[str, Any], encoders: Encoders, settings: Settings, to: Workspace) -> None:
    """Store the features by place of some rows of a set.

    Raises
    ------
    NotFoundError
        The set is gone, or has changed since it was asked for.
    DecodeError
        A picture cannot be read, or is another than the one that was encoded.
    EncoderUnavailableError
        The encoder cannot be loaded, or has no features by place.
    """
    opened = Library(to).open(request["set"])
    if opened.key != request["imageset"]:
        raise NotFoundError(f"the set {opened.name!r} has just changed; reload the page")
    encoder = encoders.open(request["encoder"], request["key"])
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    places.look(to, encoder, opened, request["rows"], limits)


def answer(
    request: dict[str, Any], encoders: Encoders, settings: Settings, to: Workspace
) -> dict[str, Any]:
    """Do a request and return the answer; an error is its class and its sentence."""
    try:
        if "words" in request:
            read(request, encoders, to)
        elif "rows" in request:
            look(request, encoders, settings, to)
        else:
            encode(request, encoders, settings, to)
    except VitrineError as error:
        return {"id": request["id"], "error": type(error).__name__, "said": str(error)}
    except Exception as error:  # the request's or a library's fault: it must not end the process
        traceback.print_exc()
        last = f"{type(error).__name__}: {error}"
        return {"id": request["id"], "error": "", "said": last}
    return {"id": request["id"]}


def _listen(source: TextIO, requests: "queue.Queue[dict[str, Any]]") -> None:
    """Pass requests on; when there can be no more, end the process, whatever it is doing."""
    for line in source:
        requests.put(json.loads(line))
    os._exit(0)


def serve(source: TextIO, target: TextIO) -> None:
    """Answer requests until they end, or until none came for a while."""
    settings = Settings(**json.loads(source.readline()))
    workspace = Workspace(settings.workspace_path, settings.thumbnail_cache_mb)
    encoders = Encoders(settings, workspace)
    requests: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(source, requests), daemon=True).start()
    while True:
        try:
            request = requests.get(timeout=IDLE)
        except queue.Empty:
            return
        print(json.dumps(answer(request, encoders, settings, workspace)), file=target, flush=True)


def main() -> None:
    """Serve on stdin and stdout; what libraries print goes to stderr, not between the answers."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as target:
        os.dup2(2, 1)
        serve(sys.stdin, target)


if __name__ == "__main__":
    main()
