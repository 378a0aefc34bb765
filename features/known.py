"""The one door to raw rows: what was known before `as_of`.

A row is visible to a snapshot iff it happened before `as_of` and was recorded before `as_of`. Raw rows become facts
with a `day` and a `known_day` here, and every feature is computed from facts with `known_day < as_of`.
"""

from __future__ import annotations

from datetime import date

import ibis

DAY, KNOWN_DAY = "day", "known_day"
ALWAYS_DAY = date(1900, 1, 1)
ALWAYS = ibis.date(str(ALWAYS_DAY))  # of what has no date: it is known at any time
FACT_KEY = ["customer_id", DAY, KNOWN_DAY]


def with_days(rows: ibis.Table, at: str = "occurred_at") -> ibis.Table:
    """The rows with `day` (it happened) and `known_day` (it had happened and was recorded), both dates.

    `as_of` is a midnight, so `occurred_at < as_of` is the same as `day < as_of`: days lose nothing.
    """
    day = rows[at].date()
    if "recorded_at" not in rows.columns:
        return rows.mutate(day=day, known_day=day)
    # A row without a recording time was known when it happened.
    return rows.mutate(day=day, known_day=ibis.greatest(day, rows.recorded_at.date().fill_null(day)))
