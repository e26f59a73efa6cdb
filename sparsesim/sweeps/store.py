"""Points in an SQLite file, as they come: a sweep that is killed has lost what was under way."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sparsesim.errors import TraceError
from sparsesim.sweeps.measure import Outcome
from sparsesim.sweeps.metrics import COSTLY
from sparsesim.sweeps.older import details_brought_up, parameters_brought_up
from sparsesim.sweeps.point import Workload

POINTS = "points.sqlite"
"""The file in a sweep's folder."""

VERSION = 2
_APPLICATION = 0x53_50_53_57  # "SPSW"
_TABLES = """
CREATE TABLE points (
    key TEXT PRIMARY KEY,      -- Point.key: of its parameters
    hash TEXT NOT NULL,        -- of model, inputs, thresholds, device and code
    parameters TEXT NOT NULL,  -- JSON, by name
    metrics TEXT NOT NULL,     -- JSON, by name
    details BLOB NOT NULL,     -- JSON, deflated
    error TEXT NOT NULL,       -- empty: it did not fail
    seconds REAL NOT NULL
);
CREATE TABLE members (place INTEGER PRIMARY KEY, key TEXT NOT NULL);  -- of the last sweep
CREATE TABLE workloads (        -- facts of what was executed
    workload TEXT PRIMARY KEY,  -- JSON
    hash TEXT NOT NULL,         -- of its trace
    value TEXT NOT NULL         -- JSON
) WITHOUT ROWID;
CREATE TABLE sweep (value TEXT NOT NULL);  -- JSON, what the last sweep says of itself
"""


@dataclass(frozen=True)
class Row:
    """A point as it is kept.

    Attributes:
        key: of its parameters.
        hash: of what it was measured with.
        parameters, metrics: by name.
        error: one line; empty where it did not fail.
        seconds: that it took.
    """

    key: str
    hash: str
    parameters: dict[str, Any]
    metrics: dict[str, Any]
    error: str
    seconds: float


class Known(NamedTuple):
    """What is known of a point that is kept.

    Attributes:
        hash: of what it was measured with.
        failed: it has an error.
        compared: with dense arrays of equal resources, too.
    """

    hash: str
    failed: bool
    compared: bool


class Store:
    """A file of points; one process writes, any number may read.

    Args:
        path: the file; made where there is none.
    Raises:
        TraceError: it is no file of points, of another version, or damaged; it stays as it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            is_new = not path.exists() or path.stat().st_size == 0
            self._file = sqlite3.connect(path)
            if is_new:
                self._file.executescript(
                    f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {VERSION};"
                    f"PRAGMA journal_mode = WAL; {_TABLES}"
                )
            self._check()
            self._file.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.DatabaseError as error:
            raise TraceError(
                f"{path}: not a file of points, or a damaged one ({error}); it was left as it is: "
                "move it away, or name another folder"
            ) from None

    def _check(self) -> None:
        application = self._file.execute("PRAGMA application_id").fetchone()[0]
        version = self._file.execute("PRAGMA user_version").fetchone()[0]
        if application != _APPLICATION or version != VERSION:
            what = f"of version {version}" if application == _APPLICATION else "no file of points"
            raise TraceError(
                f"{self.path}: is {what}, this sparsesim writes version {VERSION}; it was left as "
                "it is: move it away, or name another folder"
            )
        tables = self._file.execute("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'")
        if tables.fetchone()[0] != _TABLES.count("CREATE TABLE"):
            raise sqlite3.DatabaseError("it lacks tables")
        if self._file.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("its check fails")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def known(self) -> dict[str, Known]:
        """Key -> what is known of the point without reading it."""
        query = "SELECT key, hash, error != '', instr(metrics, ?) FROM points"
        found = self._file.execute(query, (f'"{COSTLY}"',))
        same: dict[str, str] = {}  # as few hashes as there are workloads
        return {
            key: Known(same.setdefault(digest, digest), bool(failed), bool(compared))
            for key, digest, failed, compared in found
        }

    def add(self, outcomes: Iterable[tuple[Outcome, str, dict[str, Any]]]) -> None:
        """Keep what came of points, in place of what was kept of them.

        Args:
            outcomes: each with the point's hash, and its parameters.
        """
        rows = [
            (
                o.key,
                digest,
                _json(parameters),
                _json(o.metrics),
                zlib.compress(_json(o.details).encode()),
                o.error,
                o.seconds,
            )
            for o, digest, parameters in outcomes
        ]
        with self._file:
            self._file.executemany("INSERT OR REPLACE INTO points VALUES (?,?,?,?,?,?,?)", rows)

    def begin(self) -> None:
        """A sweep begins: no points are its own yet; those that are there stay."""
        with self._file:
            self._file.execute("DELETE FROM members")

    def join(self, keys: Iterable[str]) -> None:
        """Further points of the sweep, in order, whether they are there or not."""
        with self._file:
            self._file.executemany("INSERT INTO members (key) VALUES (?)", ((key,) for key in keys))

    def say(self, sweep: dict[str, Any]) -> None:
        """Keep what the sweep says of itself."""
        with self._file:
            self._file.execute("DELETE FROM sweep")
            self._file.execute("INSERT INTO sweep VALUES (?)", (_json(sweep),))

    def workload_hashes(self) -> dict[Workload, str]:
        """The hash of each workload's trace whose facts are kept."""
        found = self._file.execute("SELECT workload, hash FROM workloads")
        return {Workload(**json.loads(workload)): digest for workload, digest in found}

    def add_workload(self, workload: Workload, digest: str, facts: dict[str, Any]) -> None:
        """Keep facts of a workload in place of what was kept of it."""
        row = (_json(asdict(workload)), digest, _json(facts))
        with self._file:
            self._file.execute("INSERT OR REPLACE INTO workloads VALUES (?,?,?)", row)

    def workloads(self) -> dict[Workload, dict[str, Any]]:
        """The facts of all workloads that are kept."""
        found = self._file.execute("SELECT workload, value FROM workloads")
        return {Workload(**json.loads(workload)): json.loads(value) for workload, value in found}

    def metrics(self, keys: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The metrics of points, in the order of these keys; none of those that failed."""
        query = "SELECT metrics FROM points WHERE key = ?"
        for key in keys:
            yield json.loads(self._file.execute(query, (key,)).fetchone()[0])

    def sweep(self) -> dict[str, Any]:
        """What the last sweep said of itself; empty where none began."""
        found = self._file.execute("SELECT value FROM sweep").fetchone()
        return json.loads(found[0]) if found else {}

    def rows(self) -> Iterator[Row]:
        """The points of the last sweep, in order, as far as they are there."""
        with closing(self._file.cursor()) as cursor:
            found = cursor.execute(
                "SELECT key, hash, parameters, metrics, error, seconds "
                "FROM members JOIN points USING (key) ORDER BY place"
            )
            for key, digest, parameters, metrics, error, seconds in found:
                known = parameters_brought_up(json.loads(parameters))
                yield Row(key, digest, known, json.loads(metrics), error, seconds)

    def details(self, key: str) -> dict[str, Any]:
        """The details of a point; empty where it failed.

        Raises:
            KeyError: no such point.
        """
        found = self._file.execute("SELECT details FROM points WHERE key = ?", (key,)).fetchone()
        if found is None:
            raise KeyError(key)
        details: dict[str, Any] = json.loads(zlib.decompress(found[0]))
        return details_brought_up(details)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
