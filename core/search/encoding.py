"""The caller's side of the encoding process: started on demand, asked, waited for with a bound."""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core import errors
from core.config import Settings
from core.errors import EncoderUnavailableError, VitrineError
from core.storage.store import storage_errors

#: Requests that may be with the process at a time, and callers that may wait for them: fewer than
#: a web server has threads, so that pages are answered meanwhile.
PENDING, WAITING = 8, 3

LOG = "search.log"

_BUSY = "other pictures or words are being encoded; ask again in a moment"


class EncoderBusyError(VitrineError, TimeoutError):
    """It is not encoded yet: ask again for the same."""


class _EndedError(Exception):
    """The process ended before it answered."""


class _Session:
    """One process and the answers it owes."""

    def __init__(self, settings: Settings):
        log = settings.workspace_path / "logs" / LOG
        command = [sys.executable, "-m", "core.search.worker"]
        with storage_errors(f"starting a process that logs to {log}"), log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=Path(__file__).parents[2],
                start_new_session=True,  # Ctrl+C is for the server, which closes our stdin
                text=True,
                encoding="utf-8",
            )
        self._owed: dict[int, Future[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._asked = 0
        self._ended = False
        self._write({**asdict(settings), "workspace": str(settings.workspace_path)})
        threading.Thread(target=self._listen, name="vitrine-search", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Tell whether it can be asked."""
        return not self._ended and self.process.poll() is None

    def ask(self, request: dict[str, Any], after: Callable[[], None]) -> "Future[dict[str, Any]]":
        """Send a request; `after` is called once when it is done with, however it ends."""
        promise: Future[dict[str, Any]] = Future()
        promise.add_done_callback(lambda _: after())
        with self._lock:
            if self._ended:
                promise.set_exception(_EndedError())
                return promise
            self._asked += 1
            self._owed[self._asked] = promise
            self._write({**request, "id": self._asked})
        return promise

    def _write(self, line: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        with suppress(OSError, ValueError):  # it has ended: `_listen` tells all who wait
            self.process.stdin.write(json.dumps(line) + "\n")
            self.process.stdin.flush()

    def _hang_up(self) -> None:
        with suppress(OSError, ValueError):
            if self.process.stdin is not None:
                self.process.stdin.close()

    def _listen(self) -> None:
        """Hand out answers until the process ends."""
        assert self.process.stdout is not None
        with self.process.stdout as answers:
            for line in answers:
                answer = json.loads(line)
                with self._lock:
                    promise = self._owed.pop(answer["id"])
                promise.set_result(answer)
        with self._lock:
            self._ended = True
            owed = list(self._owed.values())
            self._hang_up()
        for promise in owed:
            promise.set_exception(_EndedError())
        self.process.wait()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._hang_up()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class EncoderProcess:
    """Encodes given pictures and words in a process of its own; safe for several threads.

    The process is started by the first request and again by the next one after it ended.

    Parameters
    ----------
    settings
        Those of the workspace; the process gets them as they are.
    """

    def __init__(self, settings: Settings):
        self._settings = settings
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(WAITING)
        self._session: _Session | None = None
        self._pending: dict[str, Future[dict[str, Any]]] = {}
        self._folder: str | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process; None while there is none."""
        session = self._session
        return session.process.pid if session is not None and session.alive else None

    def encode(self, encoder: str, key: str, picture: str, data: bytes, seconds: float) -> None:
        """Have a picture encoded and stored.

        Parameters
        ----------
        encoder, key
            The set's encoder: its name, and the key it must have when loaded.
        picture
            The id of the picture.
        data
            Its bytes, which lie in a private temporary file until it is done with.
        seconds
            How long to wait. The work goes on, and asking again for the same picture waits for it.

        Raises
        ------
        DecodeError
            The picture cannot be used; the message says why.
        EncoderUnavailableError
            The encoder cannot be loaded, or the process died twice over the picture.
        EncoderBusyError
            It takes longer, or too many pictures are waiting.
        """
        self._do({"encoder": encoder, "key": key, "picture": picture}, data, seconds)

    def read(
        self, encoder: str, key: str, words: Sequence[str], templates: Sequence[str], seconds: float
    ) -> None:
        """Have words encoded and stored.

        Parameters
        ----------
        encoder, key
            The set's encoder: its name, and the key it must have when loaded.
        words, templates
            What to read, and what stands around each.
        seconds
            How long to wait. The work goes on, and asking again for the same words waits for it.

        Raises
        ------
        InputError
            A text cannot be used; the message says why.
        EncoderUnavailableError
            The encoder cannot be loaded or has no text tower, or the process died twice over it.
        EncoderBusyError
            It takes longer, or too much is waiting.
        """
        asked = {"words": list(words), "templates": list(templates)}
        self._do({"encoder": encoder, "key": key, **asked}, None, seconds)

    def look(
        self, encoder: str, key: str, name: str, imageset: str, rows: Sequence[int], seconds: float
    ) -> None:
        """Have the features by place of some rows of a set made and stored.

        Parameters
        ----------
        encoder, key
            The set's encoder: its name, and the key it must have when loaded.
        name, imageset, rows
            The set, the key that its images must have, and which of its rows.
        seconds
            How long to wait. The work goes on, and asking again for the same rows waits for it.

        Raises
        ------
        DecodeError
            A picture cannot be read, or is another than the one that was encoded.
        EncoderUnavailableError
            The encoder cannot be loaded, has no features by place, or the process died twice.
        EncoderBusyError
            It takes longer, or too much is waiting.
        """
        asked = {"set": name, "imageset": imageset, "rows": list(rows)}
        self._do({"encoder": encoder, "key": key, **asked}, None, seconds)

    def _do(self, request: dict[str, Any], data: bytes | None, seconds: float) -> None:
        """Have a request answered, and raise what it ended in."""
        if not self._room.acquire(blocking=False):
            raise EncoderBusyError(_BUSY)
        try:
            answer = self._answer(request, data, seconds)
        finally:
            self._room.release()
        if "error" in answer:
            raise _as_error(answer)

    def _answer(
        self, request: dict[str, Any], data: bytes | None, seconds: float
    ) -> dict[str, Any]:
        """Return the process's answer, asking a new process once if it ended."""
        for _ in range(2):  # it may have ended, idle, just when it was asked
            try:
                return self._promise(request, data).result(seconds)
            except _EndedError:
                continue
            except TimeoutError:
                raise EncoderBusyError(
                    "the encoder is still loading or at work; ask again in a moment"
                ) from None
        raise EncoderUnavailableError(
            "the process that encodes ended over this, perhaps for want of memory; "
            f"logs/{LOG} in the workspace has what it said"
        )

    def _promise(self, request: dict[str, Any], data: bytes | None) -> "Future[dict[str, Any]]":
        """Return the promise of an answer; the same for all who ask for the same meanwhile."""
        wanted = json.dumps(request)
        with self._lock:
            self._pending = {k: p for k, p in self._pending.items() if not p.done()}
            if wanted in self._pending:
                return self._pending[wanted]
            if len(self._pending) >= PENDING:
                raise EncoderBusyError(_BUSY)
            if self._session is None or not self._session.alive:
                self._session = _Session(self._settings)
            if data is None:
                promise = self._session.ask(request, lambda: None)
            else:
                path = self._put_down(data)
                promise = self._session.ask(
                    {**request, "path": str(path)}, lambda: path.unlink(missing_ok=True)
                )
            self._pending[wanted] = promise
        return promise

    def _put_down(self, data: bytes) -> Path:
        """Write bytes where only this user's processes read them."""
        with storage_errors("handing the picture to the encoder"):
            if self._folder is None:
                self._folder = tempfile.mkdtemp(prefix="vitrine-")
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(data)
        return Path(file.name)

    def close(self) -> None:
        """End the process, if there is one, and remove what was put down."""
        with self._lock:
            session, self._session = self._session, None
            folder, self._folder = self._folder, None
        if session is not None:
            session.close()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _as_error(answer: dict[str, Any]) -> VitrineError:
    """Return what the process raised, as the same class."""
    made = getattr(errors, answer["error"], None) if answer["error"] else None
    if isinstance(made, type) and issubclass(made, VitrineError):
        return made(answer["said"])
    return EncoderUnavailableError(
        f"the encoder failed on this: {answer['said']}; logs/{LOG} in the workspace has the details"
    )
