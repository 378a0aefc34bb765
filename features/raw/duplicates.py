"""Rows that are there more than once."""

from __future__ import annotations

from collections.abc import Sequence

import ibis

from features.known import KNOWN_DAY, with_days
from features.problems import BadData
from features.raw.expressions import ONCE

COPY = "copy of another row"


def with_shared_keys_set_aside(rows: ibis.Table, key: Sequence[str], columns: Sequence[str]) -> ibis.Table | None:
    """The rows with a reason where others have the same key, or None where no two have.

    Of rows that are the same in all `columns` one is kept and the rest are copies. Of rows that share a key and differ
    all are set aside: nothing says which is right. Rows that have a reason already are left alone.
    """
    fine = rows.filter(rows.reason.isnull())
    shared = fine.group_by(key).agg(_rows=fine.count()).filter(ibis._["_rows"] > 1)
    if int(shared.count().execute()) == 0:
        return None
    doubtful = fine.semi_join(shared, key)
    # Copies may differ in what was noted of them: which one is kept must not be chance.
    marks = [name for name in rows.columns if name not in columns and name != "reason"]
    copies = ibis.window(group_by=columns, order_by=[*key, *marks])
    doubtful = doubtful.mutate(_copy=ibis.row_number().over(copies))
    doubtful = doubtful.mutate(_different=doubtful["_copy"].isin([0]).sum().over(ibis.window(group_by=key)))
    different = doubtful["_different"].cast("string") + f" different rows for this key ({', '.join(key)})"
    reason = ibis.cases((doubtful["_different"] > 1, different), (doubtful["_copy"] > 0, ibis.literal(COPY)))
    doubtful = doubtful.mutate(reason=reason).select(*rows.columns)
    return ibis.union(rows.filter(rows.reason.notnull()), fine.anti_join(shared, key), doubtful)


def without_repeats(table: str, rows: ibis.Table, at: str, columns: Sequence[str]) -> ibis.Table:
    """The rows without those that repeat a line known before: one that is alike in what names a line (`once_per`).

    Which line is kept is decided by what was known when it came, so a later one changes nothing that was known earlier.
    Rows that have a reason are left alone, and so are those of which nothing names the line. Raises BadData where nothing
    says which of two lines that differ came first: a later one could then change what was known.
    """
    source, *named = sorted(name for name in rows.columns if name.startswith(ONCE))
    can_repeat = rows.reason.isnull() & ibis.or_(*(rows[name].notnull() for name in named))
    first = [KNOWN_DAY, *(name for name in ("recorded_at", at) if name in rows.columns)]
    line = [source, *named, "_can_repeat"]
    dated = with_days(rows.mutate(_can_repeat=can_repeat), at)
    placed = dated.mutate(
        _place=ibis.row_number().over(ibis.window(group_by=line, order_by=[*first, *rows.columns])),
        _rank=ibis.rank().over(ibis.window(group_by=line, order_by=first)),
    )
    _refuse_undecided(table, placed.filter(placed["_can_repeat"] & (placed["_rank"] == 0)), line, columns)
    return placed.filter(~placed["_can_repeat"] | (placed["_place"] == 0)).select(*rows.columns)


def _refuse_undecided(table: str, firsts: ibis.Table, line: Sequence[str], columns: Sequence[str]) -> None:
    """`firsts` are the rows of each line that were known first; several, where the times are the same."""
    if "recorded_at" in columns:
        firsts = firsts.filter(firsts.recorded_at.isnull())  # recorded at the same moment, either may be taken
    each = firsts.select(*line, *columns).distinct()
    undecided = each.group_by(line).agg(_rows=each.count(), _id=each.customer_id.min())
    undecided = undecided.filter(undecided["_rows"] > 1)
    count = int(undecided.count().execute())
    if count:
        raise BadData(
            f"tables.{table}.once_per: nothing says which of several lines came first ({count:,} times; of customer "
            f"{undecided['_id'].min().execute()}, say): they are alike in what once_per names, differ in other columns, and "
            "have no recorded_at. Map it (when a row became known, such as the day of its export), or name more columns"
        )


def repeated(rows: ibis.Table, columns: Sequence[str]) -> ibis.Table:
    """The rows that are there more than once, each once, with `copies`: how many there are too many."""
    groups = rows.group_by(columns).agg(_rows=rows.count())
    return groups.filter(groups["_rows"] > 1).mutate(copies=ibis._["_rows"] - 1)
