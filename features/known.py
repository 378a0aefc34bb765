"""The one door to raw rows: what was known before `as_of`.

A row is visible to a snapshot iff `occurred_at < as_of` and `recorded_at < as_of`. Every feature goes through `seen`.
"""

from __future__ import annotations

import ibis

DAY, KNOWN_DAY = "day", "known_day"


def with_days(rows: ibis.Table) -> ibis.Table:
    """The rows with `day` (it happened) and `known_day` (it had happened and was recorded), both dates.

    `as_of` is a midnight, so `occurred_at < as_of` is the same as `day < as_of`: days lose nothing.
    """
    day = rows.occurred_at.date()
    if "recorded_at" not in rows.columns:
        return rows.mutate(day=day, known_day=day)
    # A row without a recording time was known when it happened.
    return rows.mutate(day=day, known_day=ibis.greatest(day, rows.recorded_at.date().fill_null(day)))


def seen(facts: ibis.Table, dates: ibis.Table) -> ibis.Table:
    """One row per fact and snapshot date that could see it, with `days_ago` = whole days from `day` to `as_of`.

    `days_ago` is at least 1: yesterday's order is one day ago, and a window of 30 days is `days_ago <= 30`.
    """
    visible = facts.join(dates, facts[KNOWN_DAY] < dates.as_of)
    return visible.mutate(days_ago=visible.as_of.delta(visible[DAY], unit="day")).drop(KNOWN_DAY)


def with_history_days(dates: ibis.Table, rows: ibis.Table) -> ibis.Table:
    """The dates with `history_days`: how many days before it the first row known by then had happened."""
    lines = with_days(rows)
    first = lines.group_by(KNOWN_DAY).agg(lines[DAY].min().name(DAY))
    visible = seen(first, dates)
    return visible.group_by("as_of").agg(history_days=visible.days_ago.max())
