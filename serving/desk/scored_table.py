"""The scored table in memory: what the list shows of everybody, and the rest of a customer's row from the file.

The columns of the list go into DuckDB, in the order of customer_id. Explanations are most of the file and stay in it: a row is
found again by its place. The files are watched; when they change they are loaded anew, and until that is done the old table
answers.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.families.calendar import DAY_OF_YEAR
from features.project import Project
from features.records import read_record
from features.snapshots import Manifest, manifest_at_hand
from models.actions.plan_report import PlanReport
from models.bundle import CHURN
from models.contract import PROPENSITY_PREFIX
from models.value.report import ValueReport
from models.value.standing import GROUPS, SCORE
from models.value.worth import AT_RISK, LIFETIME, POTENTIAL, REALISED
from serving.desk.problems import BROKEN, NOT_SCORED, NotReady
from serving.plan import load_plan_report, plan_file, plan_report_file
from serving.scoring.everybody import SCORE_COMMAND, predictions_file, usual_chances_in
from serving.scoring.value_layer import alerts_file, before_file, value_file

logger = logging.getLogger("cvm")
TRIES = 3
Rows = NDArray[np.int32]
Row = dict[str, Any]
NEEDED = {"customer_id", "as_of", "eligible", "not_eligible_because"}
AMOUNTS = (AT_RISK, REALISED, POTENTIAL, LIFETIME)
EXPECTED = re.compile(r"clv_\d+d")
GAIN = "expected_gain"
FROM_PLAN = {"action": "none", "basis": None, "cost": 0.0, GAIN: 0.0}  # and what stands for who is not in it
EXPLANATION = "_explanation"
THREADS = 2
FILES = (predictions_file, plan_file, plan_report_file, value_file, alerts_file, before_file)
Signature = tuple[tuple[int, int] | None, ...]


class RowsOfFile:
    """Reads single rows of a parquet file by their place. The file stays open: it is the one that was loaded."""

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetFile(path, pre_buffer=True)
        sizes = [self._file.metadata.row_group(k).num_rows for k in range(self._file.num_row_groups)]
        self._ends = np.cumsum([0, *sizes])
        self._one_at_a_time = Lock()  # a ParquetFile is not made for several threads
        self.names: list[str] = self._file.schema_arrow.names
        self._paths = {self._file.schema.column(k).path for k in range(len(self._file.schema))}

    @property
    def usual_chances(self) -> dict[str, float]:
        """What is usual for each chance of buying."""
        return usual_chances_in(self._file.schema_arrow)

    def row(self, place: int) -> Row:
        """All columns of one row."""
        (found,) = self._rows([place], None)
        return found

    def top_reasons(self, places: list[int], number: str, language: str) -> list[str | None]:
        """Of some rows, the reason of a number to show, in words; None where there is none.

        The strongest that raises it; else the strongest. What the day of the year does is the same for all, and comes last.
        """
        name = "text_zh" if language == "zh" else "text"
        column, parts = f"{number}{EXPLANATION}", (name, "share", "feature")
        ends = tuple(f".reasons.list.{element}.{part}" for element in ("element", "item") for part in parts)
        paths = [one for one in self._paths if one.startswith(column) and one.removeprefix(column) in ends]  # writers differ
        if len(paths) < len(parts):
            return [None for _ in places]
        reasons = [(row[column] or {}).get("reasons") or [{}] for row in self._rows(places, paths)]
        return [max(some, key=_worth_showing).get(name) for some in reasons]

    def _rows(self, places: list[int], columns: list[str] | None) -> list[Row]:
        groups = np.searchsorted(self._ends, places, side="right") - 1
        found: dict[int, Row] = {}
        for group in np.unique(groups):
            own = [place for place, other in zip(places, groups, strict=True) if other == group]
            read = self._group(int(group), columns)
            rows = read.take(pa.array([place - int(self._ends[group]) for place in own])).to_pylist()
            found |= dict(zip(own, rows, strict=True))
        return [found[place] for place in places]

    def _group(self, group: int, columns: list[str] | None) -> pa.Table:
        try:
            with self._one_at_a_time:
                return self._file.read_row_group(group, columns=columns)
        except (OSError, pa.ArrowException):  # somebody wrote into the file instead of replacing it
            raise NotReady(BROKEN) from None


def _worth_showing(reason: Mapping[str, Any]) -> tuple[bool, bool]:
    """Of equals the first, which is the strongest, is taken."""
    return reason.get("feature") != DAY_OF_YEAR, reason.get("share", 0) > 0


@dataclass(frozen=True)
class Scored:
    """A scored table and what belongs to it. `plan` is there only where it was made for this date and these models."""

    project: Project
    as_of: date
    models: dict[str, str]  # by task, the version that scored the customers
    columns: tuple[str, ...]  # of the list
    count: int
    groups: dict[str, list[tuple[str, int]]]  # by column, its groups and their customers
    plan: PlanReport | None
    value: ValueReport | None
    manifest: Manifest | None
    file: RowsOfFile
    _customers: duckdb.DuckDBPyConnection
    _orders: dict[tuple[str, bool], Rows] = field(default_factory=dict)

    @property
    def expected(self) -> str | None:
        """The column of expected value."""
        return next((name for name in self.columns if EXPECTED.fullmatch(name)), None)

    @property
    def propensities(self) -> list[str]:
        """The columns of chances of buying."""
        return [name for name in self.columns if name.startswith(PROPENSITY_PREFIX)]

    @property
    def reasoned(self) -> str | None:
        """The number whose strongest reason the list shows: the risk, else what else is predicted."""
        known = (CHURN, *self.propensities, self.expected)
        return next((name for name in known if f"{name}{EXPLANATION}" in self.file.names), None)

    def top_reasons(self, rows: list[Row], language: str) -> list[str | None]:
        """The reason to show of each of some rows, in words."""
        places = [int(row["place"]) for row in rows]
        return self.file.top_reasons(places, self.reasoned, language) if self.reasoned else [None for _ in places]

    @property
    def numbers(self) -> list[str]:
        """The columns the list can be ordered by, besides customer_id."""
        known = (AT_RISK, CHURN, self.expected, "days_until_leaving", SCORE, REALISED, POTENTIAL, LIFETIME, GAIN)
        return [name for name in (*known, *self.propensities) if name in self.columns]

    @property
    def first_order(self) -> str:
        """What the list is ordered by where nobody says: what the plan gains, where there is one, else what is at stake."""
        return GAIN if self.plan else self.at_stake

    @property
    def at_stake(self) -> str:
        """The column of value at risk, else of risk, else of propensity."""
        best = (AT_RISK, CHURN, *self.propensities, self.expected)
        return next((name for name in best if name in self.columns), "customer_id")

    @property
    def usual_orders(self) -> list[str]:
        """The numbers that heads of the list sort by, so that nobody waits for them."""
        return [name for name in (AT_RISK, CHURN, self.expected, SCORE) if name and name in self.columns]

    def ask(self, sql: str, values: Iterable[Any] = ()) -> list[Row]:
        """Rows of the table `customers`; every request has a cursor of its own."""
        with self._customers.cursor() as cursor:
            cursor.execute(sql, list(values))
            names = [one[0] for one in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def ask_rows(self, sql: str, values: Iterable[Any] = ()) -> Rows:
        """The single column of a question, as numbers of rows."""
        with self._customers.cursor() as cursor:
            (found,) = cursor.execute(sql, list(values)).fetchnumpy().values()
            return np.asarray(found, dtype=np.int32)

    def order(self, column: str, descending: bool) -> Rows:
        """All rows in the order of a column, what is not known last and equals by customer_id; worked out once.

        For most customers a plan gains nothing: these are in the order of what is at stake.
        """
        key = column, descending
        if key not in self._orders:
            self._orders[key] = self._sorted(column, descending)
        return self._orders[key]

    def _sorted(self, column: str, descending: bool) -> Rows:
        rows = np.arange(self.count, dtype=np.int32)  # stands in the order of customer_id
        if column == "customer_id":
            return rows[::-1] if descending else rows
        if column not in self.numbers:
            raise KeyError(column)
        with self._customers.cursor() as cursor:
            found = cursor.execute(f'SELECT rowid AS "row", "{column}" AS number FROM customers').fetchnumpy()
        numbers = np.full(self.count, np.nan)
        numbers[found["row"]] = np.ma.filled(found["number"].astype(np.float64), np.nan)
        before = self.order(self.at_stake, True) if column == GAIN else rows
        return before[np.argsort((-numbers if descending else numbers)[before], kind="stable")]

    def rows(self, numbers: Rows) -> list[Row]:
        """Some customers with the columns of the list, in the order asked for."""
        sql = 'SELECT rowid AS "row", * FROM customers WHERE rowid IN (SELECT unnest(?::BIGINT[]))'
        found = {row["row"]: row for row in self.ask(sql, [numbers.tolist()])}
        return [found[int(number)] for number in numbers]

    def customer(self, customer_id: str) -> Row | None:
        """The columns of the list of one customer; None where she is not known."""
        return next(iter(self.ask("SELECT * FROM customers WHERE customer_id = ?", [customer_id])), None)

    def rows_of(self, customer_ids: list[str]) -> Rows:
        """The rows of those customers who are in the table."""
        known = "SELECT rowid FROM customers WHERE customer_id IN (SELECT unnest(?::VARCHAR[]))"
        return self.ask_rows(known, [customer_ids]) if customer_ids else np.empty(0, dtype=np.int32)

    def beside(self, path: Path, customer_id: str) -> Row | None:
        """A customer's row of another file of the same date; None where there is none."""
        if not path.exists():
            return None
        try:
            with self._customers.cursor() as cursor:
                found = cursor.execute("SELECT * FROM read_parquet(?) WHERE customer_id = ?", [str(path), customer_id])
                names, row = [one[0] for one in found.description], found.fetchone()
        except duckdb.Error:  # the page is worth showing without it
            logger.warning("%s cannot be read; score again: %s", path, SCORE_COMMAND)
            return None
        return None if row is None else dict(zip(names, row, strict=True))


class ScoredTable:
    """Gives the scored table as it is now."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._loading = Lock()
        self._held: Scored | None = None
        self._signature: Signature | None = None
        self._broken: tuple[str, str] | None = None  # what to say, and what to run

    def now(self) -> Scored:
        """The last whole table. Raises NotReady where there has never been one.

        Who comes while another one loads the changed files gets the old table.
        """
        changed = _signature(self._project)
        if changed != self._signature and self._loading.acquire(blocking=self._held is None):
            try:
                self._load_changed()
            finally:
                self._loading.release()
        if self._held is None:
            raise NotReady(*(self._broken or (NOT_SCORED,)))  # a new one each time: an exception keeps who it was shown to
        return self._held

    @property
    def is_behind(self) -> bool:
        """Whether the files have changed into something that cannot be read, so that an older table answers."""
        return self._broken is not None and self._held is not None

    def _load_changed(self) -> None:
        before = _signature(self._project)
        if before == self._signature:  # somebody else did while we waited
            return
        for _ in range(TRIES):  # files that change while they are read would be a mixture of old and new
            found, broken = _loaded(self._project)
            after = _signature(self._project)
            if after == before:
                self._held, self._broken, self._signature = found or self._held, broken, before
                return
            before = after


def _loaded(project: Project) -> tuple[Scored | None, tuple[str, str] | None]:
    """The table, or what to say and to run."""
    try:
        return load_scored(project), None
    except NotReady as why:
        return None, (why.said, why.run)


def load_scored(project: Project) -> Scored:
    """Read the files. Raises NotReady where there is no scored table, or none that can be read."""
    path = predictions_file(project)
    if not path.exists():
        raise NotReady(NOT_SCORED)
    try:
        file = RowsOfFile(path)
        if not set(file.names) >= NEEDED:
            raise NotReady(BROKEN)
        customers = duckdb.connect(config={"threads": THREADS, "enable_external_file_cache": False})
        about = _about(customers, path, file.names)
        plan = load_plan_report(project, about["as_of"], about["models"])
        columns = _filled(customers, path, file.names, plan_file(project) if plan else None)
    except (duckdb.Error, pa.ArrowException, OSError):
        raise NotReady(BROKEN) from None
    value = read_record(value_file(project), ValueReport)
    manifest = manifest_at_hand(project)
    found = Scored(
        project=project,
        as_of=about["as_of"],
        models=about["models"],
        columns=columns,
        count=about["count"],
        groups={name: _groups(customers, name) for name in (*GROUPS, "action") if name in columns},
        plan=plan if "action" in columns else None,
        value=value if value and (value.as_of, value.models) == (about["as_of"], about["models"]) else None,
        manifest=manifest if manifest and manifest.scored_at == about["as_of"] else None,
        file=file,
        _customers=customers,
    )
    for column in {found.first_order, *found.usual_orders}:
        found.order(column, True)
    return found


def _about(customers: duckdb.DuckDBPyConnection, path: Path, names: list[str]) -> dict[str, Any]:
    tasks = [name.removesuffix("_model") for name in names if name.endswith("_model")]
    versions = "".join(f', any_value("{task}_model")' for task in tasks)
    sql = f"SELECT count(*), any_value(as_of)::DATE{versions} FROM read_parquet(?)"
    row = customers.execute(sql, [str(path)]).fetchone()
    if row is None or row[0] == 0 or not isinstance(row[1], date):
        raise NotReady(BROKEN)
    return {"count": row[0], "as_of": row[1], "models": dict(zip(tasks, map(str, row[2:]), strict=True))}


def _filled(customers: duckdb.DuckDBPyConnection, path: Path, names: list[str], plan: Path | None) -> tuple[str, ...]:
    """With the plan, if it can be read."""
    if plan is not None and plan.exists():
        try:
            return _fill(customers, path, names, plan)
        except duckdb.Error as error:
            logger.warning("%s cannot be read; plan again: python -m serving plan CONFIG: %s", plan, error)
    return _fill(customers, path, names, None)


def _fill(customers: duckdb.DuckDBPyConnection, path: Path, names: list[str], plan: Path | None) -> tuple[str, ...]:
    """The table `customers`: its rowids are in the order of customer_id, `place` is where each row stands in the file."""
    known = {*NEEDED, CHURN, "days_until_leaving", SCORE, *AMOUNTS, *GROUPS} - {"as_of"}
    kept = [name for name in names if name in known or EXPECTED.fullmatch(name) or _is_propensity(name)]
    columns = [f'scored."{name}"' for name in kept]
    source, files = "read_parquet(?, file_row_number = true) AS scored", [str(path)]
    if plan:
        columns += [f"coalesce(plan.{name}, {_literal(other)}) AS {name}" for name, other in FROM_PLAN.items()]
        source += " LEFT JOIN read_parquet(?) AS plan USING (customer_id)"
        files.append(str(plan))
    customers.execute(
        f"""CREATE OR REPLACE TABLE customers AS
        SELECT scored.file_row_number::INTEGER AS place, {", ".join(columns)}
        FROM {source} ORDER BY customer_id""",
        files,
    )
    return tuple(name for name in (*kept, *(FROM_PLAN if plan else ())) if name in NEEDED or _tells(customers, name))


def _tells(customers: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether a column says something of anybody."""
    return customers.execute(f'SELECT 1 FROM customers WHERE "{name}" IS NOT NULL LIMIT 1').fetchone() is not None


def _is_propensity(name: str) -> bool:
    return name.startswith(PROPENSITY_PREFIX) and not name.endswith((EXPLANATION, "_model"))


def _literal(value: str | float | None) -> str:
    return "NULL" if value is None else repr(value)


def _groups(customers: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, int]]:
    sql = f'SELECT "{name}", count(*) FROM customers WHERE "{name}" IS NOT NULL GROUP BY 1 ORDER BY 1'
    return [(str(group), int(count)) for group, count in customers.execute(sql).fetchall()]


def _signature(project: Project) -> Signature:
    """What tells that a file is another one."""
    found: list[tuple[int, int] | None] = []
    for file in FILES:
        try:
            status = file(project).stat()
            found.append((status.st_mtime_ns, status.st_size))
        except OSError:
            found.append(None)
    return tuple(found)
