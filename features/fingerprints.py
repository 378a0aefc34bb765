"""What the past looked like, day by day: enough to know whether an old snapshot still holds, and what changed if not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime

import ibis
from ibis.backends import BaseBackend

from features.known import ALWAYS, KNOWN_DAY, with_days
from features.tables import EVENTS_OF_CUSTOMERS

# Outcomes say nothing of the past; identities say it in the ids of the rows of the other tables.
NO_PAST = ("labels", "identities")
# By table: each day on which rows became known, with a hash of those rows.
DayHashes = dict[str, dict[date, str]]
HAPPENED = {"subscriptions": "started_at", "customers": "acquired_at"}
LATER = {"interactions": "resolved_at", "subscriptions": "ended_at"}  # what comes to a row that was known before it


def day_hashes(connection: BaseBackend, tables: Mapping[str, ibis.Table]) -> DayHashes:
    """A hash of the rows of every table by the day they became known, whatever their order. DuckDB only.

    The rows are in final ids. Where only labels tell who is a customer, who has one counts from the day before it.
    """
    hashes = {name: _day_hashes(connection, _known_rows(name, table)) for name, table in tables.items() if name not in NO_PAST}
    if not set(EVENTS_OF_CUSTOMERS) & set(tables):
        labels = tables["labels"]
        day = labels.as_of.date()
        hashes["labels"] = _day_hashes(connection, labels.select("customer_id", day=day, known_day=day - ibis.interval(days=1)))
    return hashes


def _known_rows(name: str, table: ibis.Table) -> ibis.Table:
    """The rows with the day they became known; a settlement or an end makes a row of its own."""
    at, later = HAPPENED.get(name, "occurred_at"), LATER.get(name)
    rows = with_days(table, at=at) if at in table.columns else table.mutate(known_day=ALWAYS)
    # Columns by name, so that mapping one more column says that rows have changed, as they have.
    rows = rows.select(known_day=rows[KNOWN_DAY].fill_null(ALWAYS), **{column: rows[column] for column in table.columns})
    if later is None or later not in table.columns:
        return rows
    came = rows.filter(rows[later].notnull())
    came = came.mutate(known_day=ibis.greatest(came.known_day, came[later].date()))
    return rows.mutate(**{later: ibis.null(rows[later].type())}).union(came)


def _day_hashes(connection: BaseBackend, rows: ibis.Table) -> dict[date, str]:
    # The sum of hashes is of whole numbers (HUGEINT): of UHUGEINT DuckDB makes floats, which depend on the rows' order.
    query = f"""
        SELECT known_day, printf('%d rows %s', count(*), hash(sum(hash(rows)), count(*))::VARCHAR) AS hash
        FROM ({connection.compile(rows)}) AS rows GROUP BY known_day
    """
    found = connection.raw_sql(query).fetchall()
    return {day.date() if isinstance(day, datetime) else day: str(digest) for day, digest in sorted(found)}


def past_hash(hashes: DayHashes, as_of: date, *settings: str) -> str:
    """A hash of all that was known before a date, and of the settings it is read with."""
    digest = hashlib.sha256("\n".join(settings).encode())
    for name, days in sorted(hashes.items()):
        for day, rows in sorted(days.items()):
            if day < as_of:
                digest.update(f"{name} {day} {rows}\n".encode())
    return digest.hexdigest()[:16]


def changed_days(before: DayHashes, after: DayHashes, as_of: date) -> dict[str, list[date]]:
    """By table the days before a date whose rows are not what they were."""
    changed = {}
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, {}), after.get(name, {})
        days = [day for day in sorted(old.keys() | new.keys()) if day < as_of and old.get(day) != new.get(day)]
        if days:
            changed[name] = days
    return changed
