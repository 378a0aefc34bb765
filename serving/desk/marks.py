"""What people mark on the desk: done, later, a wrong reason. A small SQLite database to which rows are only added.

The last of done, snooze and reopen says how a customer stands; the order is that of the ids, never that of clocks. Done holds
for the scored date it was marked at, a snooze until its day has come; a wrong reason closes nobody.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

from serving.desk.language import text
from serving.desk.problems import RefusedMark

Kind = Literal["done", "snooze", "wrong_reason", "reopen"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Clock = Callable[[], datetime]
NOTE_MAX = 2_000
WHO_MAX = 200
BUSY_SECONDS = 10.0
TABLE = """
CREATE TABLE marks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id TEXT NOT NULL,
    as_of TEXT NOT NULL,
    kind TEXT NOT NULL,
    until TEXT,
    number TEXT,
    feature TEXT,
    note TEXT NOT NULL,
    who TEXT NOT NULL,
    marked_at TEXT NOT NULL,
    models TEXT NOT NULL,
    action TEXT,
    cost REAL
);
CREATE INDEX marks_by_customer ON marks (customer_id, id);
"""
COLUMNS = "customer_id, as_of, kind, until, number, feature, note, who, marked_at, models, action, cost"


def utc_now() -> datetime:
    """The clock of the desk where no other is given."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Mark:
    """One thing that somebody marked. `action` and `cost` are what the plan suggested then."""

    customer_id: str
    as_of: date
    kind: Kind
    who: str = ""
    until: date | None = None
    number: str | None = None
    feature: str | None = None
    note: str = ""
    models: str = ""
    action: str | None = None
    cost: float | None = None
    id: int = 0
    marked_at: datetime = datetime.min


@dataclass(frozen=True)
class State:
    """How a customer stands: open, done, or snoozed until a day."""

    name: Literal["open", "done", "snoozed"] = "open"
    until: date | None = None


OPEN, DONE = State(), State("done")


class Marks:
    """The marks of a project. Nothing is written before the first one is made."""

    def __init__(self, path: Path, clock: Clock = utc_now) -> None:
        self._path, self._clock = path, clock

    @property
    def today(self) -> date:
        """The date by which a snooze is over, in UTC."""
        return self._clock().astimezone(UTC).date()

    def add(self, mark: Mark) -> int:
        """Keep a mark; when this returns its id it is on disk. Raises RefusedMark for one that says nothing."""
        _refuse_what_says_nothing(mark, self.today)
        at = self._clock().astimezone(UTC).isoformat(timespec="microseconds")
        values = (
            *(mark.customer_id, mark.as_of.isoformat(), mark.kind, mark.until.isoformat() if mark.until else None),
            *(mark.number, mark.feature, mark.note, mark.who[:WHO_MAX], at, mark.models, mark.action, mark.cost),
        )
        if not self._path.exists():
            self._make()
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            added = database.execute(f"INSERT INTO marks ({COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)
            database.execute("COMMIT")
            return int(added.lastrowid or 0)

    def last_id(self) -> int:
        """Grows with every mark."""
        return next((int(str(row[0])) for row in self._ask("SELECT coalesce(max(id), 0) FROM marks")), 0)

    def of(self, customer_id: str) -> list[Mark]:
        """Those of one customer, newest first."""
        sql = f"SELECT id, {COLUMNS} FROM marks WHERE customer_id = ? ORDER BY id DESC"
        return [_mark(row) for row in self._ask(sql, (customer_id,))]

    def all(self) -> list[Mark]:
        """All of them, oldest first."""
        return [_mark(row) for row in self._ask(f"SELECT id, {COLUMNS} FROM marks ORDER BY id")]

    def states(self, as_of: date) -> dict[str, State]:
        """Everybody who is done or snoozed, for the customers scored at a date."""
        last = "SELECT customer_id, kind, as_of, until, max(id) FROM marks WHERE kind <> 'wrong_reason' GROUP BY customer_id"
        held = "kind = 'done' AND as_of >= ? OR kind = 'snooze' AND until > ?"  # as `state_after` has it
        rows = self._ask(f"SELECT customer_id, until FROM ({last}) WHERE {held}", (as_of.isoformat(), self.today.isoformat()))
        return {str(who): State("snoozed", date.fromisoformat(str(until))) if until else DONE for who, until in rows}

    def disputed(self, as_of: date) -> list[str]:
        """Everybody of whom a reason was said to be wrong at this date or later."""
        sql = "SELECT DISTINCT customer_id FROM marks WHERE kind = 'wrong_reason' AND as_of >= ?"
        return [str(row[0]) for row in self._ask(sql, (as_of.isoformat(),))]

    def _make(self) -> None:
        """There as a whole or not at all, whoever else makes it: to change the journal of a file in use nobody waits."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self._path.parent) as folder:
            made = Path(folder) / self._path.name
            with closing(sqlite3.connect(made, isolation_level=None)) as database:
                database.execute("PRAGMA journal_mode = WAL")
                database.executescript(TABLE)
            with suppress(FileExistsError):
                self._path.hardlink_to(made)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = FULL")
            yield database

    def _ask(self, sql: str, values: tuple[str, ...] = ()) -> list[tuple[object, ...]]:
        if not self._path.exists():
            return []
        with self._open() as database:
            if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'marks'").fetchone() is None:
                return []  # somebody makes the first mark at this moment
            return database.execute(sql, values).fetchall()


def state_after(last: Mark, as_of: date, today: date) -> State:
    """How a customer stands after the last of her marks of done, snooze and reopen."""
    if last.kind == "done" and last.as_of >= as_of:
        return DONE
    if last.kind == "snooze" and last.until is not None and last.until > today:
        return State("snoozed", last.until)
    return OPEN


def state_of(newest_first: list[Mark], as_of: date, today: date) -> State:
    """How a customer with these marks stands."""
    last = next((mark for mark in newest_first if mark.kind != "wrong_reason"), None)
    return OPEN if last is None else state_after(last, as_of, today)


def _refuse_what_says_nothing(mark: Mark, today: date) -> None:
    if mark.kind not in KINDS:
        raise RefusedMark(text("This cannot be marked."))
    if mark.kind == "snooze" and (mark.until is None or mark.until <= today):
        raise RefusedMark(text("Snooze until a day that is still to come."))
    if mark.kind == "wrong_reason" and not (mark.number and mark.feature):
        raise RefusedMark(text("Choose the reason that is wrong."))
    if len(mark.note) > NOTE_MAX:
        raise RefusedMark(text("The note is too long: at most 2,000 characters."))


def _mark(row: tuple[object, ...]) -> Mark:
    number, customer_id, as_of, kind, until, told, feature, note, who, at, models, action, cost = row
    return Mark(
        id=int(str(number)),
        customer_id=str(customer_id),
        as_of=date.fromisoformat(str(as_of)),
        kind=next(one for one in KINDS if one == kind),
        until=date.fromisoformat(str(until)) if until else None,
        number=None if told is None else str(told),
        feature=None if feature is None else str(feature),
        note=str(note),
        who=str(who),
        marked_at=datetime.fromisoformat(str(at)),
        models=str(models),
        action=None if action is None else str(action),
        cost=None if cost is None else float(str(cost)),
    )
