"""The job table: long work as processes that survive reloads, second tabs and restarts.

A job is a row in the workspace's SQLite table and one process started for it with the same
command line a person would type. Arguments and results are JSON. Two live jobs with the same
request are one (a unique partial index); a dead process is found by its pid and start time.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import psutil

from core.errors import NotFoundError, StorageError
from core.keys import digest
from core.storage.database import connect
from core.storage.store import storage_errors
from core.storage.trouble import passing_trouble

JobState = Literal["queued", "running", "done", "failed", "cancelled", "lost"]

#: Seconds from a request to stop until SIGTERM, and from then until SIGKILL.
TERM_AFTER, KILL_AFTER = 5.0, 15.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL, request TEXT NOT NULL,
    request_key TEXT NOT NULL, state TEXT NOT NULL, stage TEXT NOT NULL DEFAULT '',
    done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '', stage_began REAL NOT NULL DEFAULT 0,
    created REAL NOT NULL, started REAL, ended REAL, error TEXT NOT NULL DEFAULT '',
    result TEXT, pid INTEGER, pid_started REAL, spawned REAL, cancel REAL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_live_job ON jobs (request_key)
    WHERE state IN ('queued', 'running');
CREATE INDEX IF NOT EXISTS by_age ON jobs (created);
CREATE TABLE IF NOT EXISTS workers (
    pid INTEGER PRIMARY KEY, pid_started REAL NOT NULL, busy INTEGER NOT NULL DEFAULT 0
);
"""


@dataclass(frozen=True, slots=True)
class Job:
    """One job as a page or a shell sees it. Times are seconds since 1970; `total` 0 is unknown."""

    id: str
    kind: str
    title: str
    request: dict[str, Any]
    state: JobState
    stage: str
    done: int
    total: int
    note: str
    stage_began: float
    created: float
    started: float | None
    ended: float | None
    error: str
    result: dict[str, Any] | None
    pid: int | None
    log_path: str

    @property
    def live(self) -> bool:
        """Tell whether the job waits or runs."""
        return self.state in {"queued", "running"}

    @property
    def seconds_left(self) -> float | None:
        """Estimate the time left in the present stage from its pace so far; None if unknown."""
        spent = time.time() - self.stage_began
        if self.state != "running" or not self.total or not self.done or spent < 1:
            return None
        return spent * (self.total - self.done) / self.done


def process_started(pid: int) -> float | None:
    """Return when a living process started, or None if there is no such process."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process.create_time()
    except psutil.Error:
        return None


def _alive(pid: int | None, started: float | None) -> bool:
    """Tell whether exactly this process, not a later one with its number, is alive."""
    if pid is None or started is None:
        return False
    present = process_started(pid)
    return present is not None and abs(present - started) < 1.0


class JobBoard:
    """The job table of a workspace; safe for several threads and processes.

    Parameters
    ----------
    workspace
        The workspace folder.
    max_jobs
        Jobs that may run at the same time.
    """

    def __init__(self, workspace: Path, max_jobs: int = 1):
        self.workspace = Path(workspace)
        self.max_jobs = max_jobs
        self._path = self.workspace / "jobs.sqlite"
        self._children: list[subprocess.Popen[bytes]] = []
        with self._connect() as connection:
            connection.executescript(_SCHEMA)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """Open the table for one transaction."""
        try:
            with closing(connect(self._path, synchronous="FULL")) as connection:
                connection.row_factory = sqlite3.Row
                connection.isolation_level = "DEFERRED"
                with connection:
                    yield connection
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise StorageError(
                f"the job table {self._path}: {passing_trouble(error) or self._damaged(error)}"
            ) from error

    @staticmethod
    def _damaged(reason: object) -> str:
        return f"damaged ({reason}): delete the file to start with an empty list of jobs"

    def _job(self, row: sqlite3.Row) -> Job:
        """Build a job from its row."""
        fields = {name: row[name] for name in Job.__slots__ if name in row.keys()}  # noqa: SIM118
        try:
            fields["request"] = json.loads(row["request"])
            fields["result"] = json.loads(row["result"]) if row["result"] else None
        except (TypeError, ValueError) as error:
            raise StorageError(f"the job table {self._path}: {self._damaged(error)}") from error
        return Job(**fields, log_path=str(self.workspace / "logs" / f"{row['id']}.log"))

    # -- asking --------------------------------------------------------------------------------

    def list(self, limit: int = 200) -> Sequence[Job]:
        """Return the newest jobs, newest first, after looking after the living ones."""
        self.sweep()
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT * FROM jobs ORDER BY created DESC, rowid DESC LIMIT ?", (limit,)
            ).fetchall()
        return [self._job(row) for row in rows]

    def get(self, job_id: str) -> Job:
        """Return one job.

        Raises
        ------
        NotFoundError
            No job has this id.
        """
        with self._connect() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            raise NotFoundError(f"no job with the id {job_id!r}; `jobs` lists those there are")
        return self._job(row)

    def log_tail(self, job_id: str, size: int = 8000) -> str:
        """Return the end of what the job's process printed."""
        path = Path(self.get(job_id).log_path)
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            return file.read().decode(errors="replace")

    # -- starting and stopping -----------------------------------------------------------------

    def submit(self, kind: str, request: Mapping[str, Any], title: str = "") -> Job:
        """Record a job and start a process for it; a live job with this request is returned."""
        job_id = self._insert(kind, request, title, state="queued")
        self.dispatch()
        return self.get(job_id)

    def adopt(self, kind: str, request: Mapping[str, Any], title: str = "") -> tuple[Job, bool]:
        """Record a job that the calling process runs itself.

        Returns the job and True, or the live job with the same request and False.
        """
        job_id = uuid.uuid4().hex[:12]
        found = self._insert(kind, request, title, state="running", job_id=job_id)
        return self.get(found), found == job_id

    def _insert(
        self, kind: str, request: Mapping[str, Any], title: str, state: str, job_id: str = ""
    ) -> str:
        """Insert a job, or return the id of the live one with the same request."""
        self.sweep(dispatch=False)
        job_id = job_id or uuid.uuid4().hex[:12]
        key = digest(kind, dict(request))
        pid = os.getpid() if state == "running" else None
        at = time.time()
        while True:
            try:
                with self._connect() as connection:
                    connection.execute(
                        "INSERT INTO jobs (id, kind, title, request, request_key, state, created,"
                        " started, pid, pid_started) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (
                            job_id, kind, title or kind, json.dumps(dict(request)), key, state, at,
                            at if pid else None, pid, process_started(pid) if pid else None,
                        ),
                    )  # fmt: skip
                return job_id
            except sqlite3.IntegrityError:
                with self._connect() as connection:
                    row = connection.execute(
                        "SELECT id FROM jobs WHERE request_key = ?"
                        " AND state IN ('queued', 'running')",
                        (key,),
                    ).fetchone()
                if row is not None:  # else it ended in between: try again
                    return cast(str, row["id"])

    def dispatch(self) -> None:
        """Start a process for each waiting job that may run now and that no idle worker takes."""
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            running = connection.execute(
                "SELECT COUNT(*) FROM jobs WHERE state = 'running' OR"
                " (state = 'queued' AND spawned IS NOT NULL)"
            ).fetchone()[0]
            free = max(0, self.max_jobs - running)
            waiting = connection.execute(
                "SELECT id FROM jobs WHERE state = 'queued' AND spawned IS NULL"
                " ORDER BY created, rowid LIMIT ?",
                (free,),
            ).fetchall()
            idle = sum(
                _alive(w["pid"], w["pid_started"])
                for w in connection.execute("SELECT * FROM workers WHERE busy = 0")
            )
            start = [row["id"] for row in waiting[idle:]]
            for job_id in start:
                connection.execute(
                    "UPDATE jobs SET spawned = ? WHERE id = ?", (time.time(), job_id)
                )
        for job_id in start:
            try:
                child = self._spawn(["work", "--job", job_id], job_id)
            except StorageError as error:
                self._end(job_id, "failed", str(error))
                raise
            with self._connect() as connection:
                connection.execute(
                    "UPDATE jobs SET pid = ?, pid_started = ? WHERE id = ? AND pid IS NULL",
                    (child.pid, process_started(child.pid), job_id),
                )

    def ensure_warm_worker(self) -> None:
        """Start a worker that imports and compiles ahead of the next job, unless one waits."""
        with self._connect() as connection:
            rows = connection.execute("SELECT * FROM workers").fetchall()
            dead = [r["pid"] for r in rows if not _alive(r["pid"], r["pid_started"])]
            connection.executemany("DELETE FROM workers WHERE pid = ?", [(pid,) for pid in dead])
            busy = connection.execute(
                "SELECT COUNT(*) FROM jobs WHERE state = 'running'"
            ).fetchone()[0]
        starting = any(c.poll() is None and "worker" in cast(Any, c.args) for c in self._children)
        if len(rows) == len(dead) and not starting and not busy:
            self._spawn(["worker", "--parent", str(os.getpid())], "worker")

    def _spawn(self, arguments: Sequence[str], log_name: str) -> subprocess.Popen[bytes]:
        """Start the command line in a process group of its own, its output into a log."""
        command = [sys.executable, "-m", "core", *arguments, "--workspace", str(self.workspace)]
        log = self.workspace / "logs" / f"{log_name}.log"
        with storage_errors(f"starting a process that logs to {log}"), log.open("ab") as output:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=Path(__file__).parent.parent,
                start_new_session=True,
            )
        self._children.append(child)
        # reaped as it ends, also where this board is gone by then
        threading.Thread(target=child.wait, name="vitrine-reap", daemon=True).start()
        return child

    def cancel(self, job_id: str) -> Job:
        """Ask a job to stop; one that waits is stopped at once."""
        self.get(job_id)
        with self._connect() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', ended = ? WHERE id = ? AND state = 'queued'",
                (time.time(), job_id),
            )
            connection.execute(
                "UPDATE jobs SET cancel = COALESCE(cancel, ?) WHERE id = ? AND state = 'running'",
                (time.time(), job_id),
            )
        return self.get(job_id)

    def sweep(self, dispatch: bool = True) -> None:
        """Reap ended children, mark dead jobs lost, press on with those asked to stop."""
        self._children = [c for c in self._children if c.poll() is None]
        at = time.time()
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT * FROM jobs WHERE state = 'running' OR"
                " (state = 'queued' AND spawned IS NOT NULL)"
            ).fetchall()
        for row in rows:
            if not _alive(row["pid"], row["pid_started"]):
                if row["pid"] is None and row["spawned"] and at - row["spawned"] < 30:
                    continue  # its process is being started
                stopped = row["cancel"] is not None
                self._end(
                    row["id"],
                    "cancelled" if stopped else "lost",
                    ""
                    if stopped
                    else "its process ended without a word; run it again to go on "
                    "from what is stored",
                )
            elif row["cancel"] is not None and row["pid"] != os.getpid():
                _press(row["pid"], at - row["cancel"])
        if dispatch:
            self.dispatch()

    # -- the running process's side ------------------------------------------------------------

    def claim(self, job_id: str | None = None) -> Job | None:
        """Take a waiting job for the calling process: this one, or the oldest; None if none."""
        pid = os.getpid()
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            running = connection.execute(
                "SELECT COUNT(*) FROM jobs WHERE state = 'running'"
            ).fetchone()[0]
            row = connection.execute(
                "SELECT id FROM jobs WHERE state = 'queued' AND "
                + ("id = ?" if job_id else "spawned IS NULL ORDER BY created, rowid LIMIT 1"),
                (job_id,) if job_id else (),
            ).fetchone()
            if row is None or (not job_id and running >= self.max_jobs):
                return None
            connection.execute(
                "UPDATE jobs SET state = 'running', started = ?, pid = ?, pid_started = ?"
                " WHERE id = ?",
                (time.time(), pid, process_started(pid), row["id"]),
            )
            connection.execute("UPDATE workers SET busy = 1 WHERE pid = ?", (pid,))
        return self.get(row["id"])

    def enlist(self) -> None:
        """Tell that the calling process waits for a job."""
        pid = os.getpid()
        with self._connect() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO workers (pid, pid_started) VALUES (?, ?)",
                (pid, process_started(pid)),
            )

    def retire(self) -> None:
        """Tell that the calling process takes no more jobs."""
        with self._connect() as connection:
            connection.execute("DELETE FROM workers WHERE pid = ?", (os.getpid(),))

    def update(self, job_id: str, stage: str, done: int, total: int, note: str) -> None:
        """Record a running job's progress."""
        with self._connect() as connection:
            connection.execute(
                "UPDATE jobs SET stage_began = CASE WHEN stage = ? THEN stage_began ELSE ? END,"
                " stage = ?, done = ?, total = ?, note = ? WHERE id = ? AND state = 'running'",
                (stage, time.time(), stage, done, total, note, job_id),
            )

    def cancelled(self, job_id: str) -> bool:
        """Tell whether someone asked this job to stop."""
        with self._connect() as connection:
            row = connection.execute("SELECT cancel FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return row is not None and row["cancel"] is not None

    def finish(self, job_id: str, result: Mapping[str, Any]) -> None:
        """Record a job's result."""
        self._end(job_id, "done", "", json.dumps(dict(result)))

    def fail(self, job_id: str, state: Literal["failed", "cancelled"], error: str) -> None:
        """Record why a job did not finish."""
        self._end(job_id, state, error)

    def _end(self, job_id: str, state: JobState, error: str, result: str | None = None) -> None:
        with self._connect() as connection:
            connection.execute(
                "UPDATE jobs SET state = ?, error = ?, result = ?, ended = ? WHERE id = ?"
                " AND state IN ('queued', 'running')",
                (state, error, result, time.time(), job_id),
            )


def _press(pid: int, waited: float) -> None:
    """Signal the process group of a job that has not stopped by itself."""
    if waited < TERM_AFTER or os.name != "posix":
        return
    number = signal.SIGTERM if waited < KILL_AFTER else signal.SIGKILL
    try:
        if os.getpgid(pid) == pid:  # a group of its own, never a person's shell
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return
