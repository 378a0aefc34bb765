"""Whether the data begin and end where they seem to: one row with a slip in its year would move every date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import ibis
import pandas as pd

from features.known import with_days
from features.problems import BadData

FEW = 0.01  # the share of rows that, far behind the others, are taken for slips
LATE = 0.1  # more of the last month's rows that came too late to be known are no stragglers
UNUSUAL = 2  # times the largest gap there was before
MONTH_DAYS = 31


@dataclass(frozen=True)
class DaysWithRows:
    """The days on which a table has rows, ascending, with their number."""

    table: str
    at: str
    days: tuple[date, ...]
    rows: tuple[int, ...]

    @property
    def gaps(self) -> list[int]:
        """The days from each day with rows to the next."""
        return [(later - day).days for day, later in pairwise(self.days)]

    def before_stray_rows(self, horizon: timedelta) -> int | None:
        """The place of the last day before one day, or a few rows, far behind all others; None where there are no such rows."""
        return self._stray(horizon, lambda place: self.rows[place + 1 :])

    def last_stray_row(self, horizon: timedelta) -> int | None:
        """The place of the last day of a few rows, or of one day, far before all others; None where there are no such rows."""
        return self._stray(horizon, lambda place: self.rows[: place + 1])

    def _stray(self, horizon: timedelta, beyond: Callable[[int], tuple[int, ...]]) -> int | None:
        """The place of the day before the largest gap, where few of the rows lie `beyond` it."""
        gaps = self.gaps
        if len(gaps) < 2:
            return None  # nothing says what is usual
        place = gaps.index(max(gaps))
        usual = max(gaps[:place] + gaps[place + 1 :])
        are_few = len(beyond(place)) == 1 or sum(beyond(place)) <= FEW * sum(self.rows)
        return place if are_few and gaps[place] > max(horizon.days, UNUSUAL * usual) else None


def days_with_rows(name: str, table: ibis.Table, at: str) -> DaysWithRows:
    """The days on which something of a table happened."""
    dated = table.select(day=table[at].date())
    found = dated.group_by("day").agg(rows=dated.count()).order_by("day").execute()
    return DaysWithRows(name, at, tuple(pd.Timestamp(day).date() for day in found["day"]), tuple(found["rows"].astype(int)))


def refuse_stray_rows(found: DaysWithRows, table: ibis.Table, horizon: timedelta) -> None:
    """Raises BadData where one day with rows, or a few rows, lie further behind all others than anything did before."""
    place = found.before_stray_rows(horizon)
    if place is None:
        return
    before, first = found.days[place : place + 2]
    row = "order_id" if "order_id" in table.columns else "customer_id"
    example = table.filter(table[found.at].date() >= first)[row].min().execute()
    raise BadData(
        f"tables.{found.table}.{found.at}: {sum(found.rows[place + 1 :]):,} of {sum(found.rows):,} rows ({row} {example}, say) "
        f"are from {first} on, {found.gaps[place]:,} days after the day with rows before, {before}. Without dates.data_until "
        f"the data end with their last row, {found.days[-1]}: mend the date, or leave such rows out by `where`, or set "
        f"dates.data_until, the first day that the data do not know (e.g. {before + timedelta(days=1)}; rows from it on are "
        "set aside)"
    )


def notes_on_start(found: DaysWithRows, horizon: timedelta) -> tuple[str, ...]:
    """In a sentence, the rows that lie further before all others than anything since."""
    place = found.last_stray_row(horizon)
    if place is None:
        return ()
    last, first = found.days[place : place + 2]
    return (
        f"{sum(found.rows[: place + 1]):,} of {sum(found.rows):,} rows of tables.{found.table} lie before all others by "
        f"{found.gaps[place]:,} days (until {last}, the others from {first} on), and snapshots begin with them. Where such a "
        "date stands for none, leave the rows out by `where`",
    )


def notes_on_recording(name: str, table: ibis.Table, at: str, scored_at: date) -> tuple[str, ...]:
    """In a sentence, the rows that happened before the date that is scored and were recorded later: it does not know them."""
    dated = with_days(table, at=at)
    last = dated.filter((dated.day >= scored_at - timedelta(days=MONTH_DAYS)) & (dated.day < scored_at))
    found = last.agg(rows=last.count(), late=(last.known_day >= scored_at).sum()).execute().iloc[0]
    rows = int(found["rows"])
    late = int(found["late"]) if rows else 0
    if late <= LATE * rows:
        return ()
    return (
        f"{late:,} of {rows:,} rows of tables.{name} of the last {MONTH_DAYS} days were recorded on {scored_at}, the date that "
        "is scored, or later: its customers stand there without them. Where recorded_at is when the table was exported, set "
        "dates.data_until to the day after the last export",
    )


def notes_on_end(found: DaysWithRows, data_until: date | None, today: date) -> tuple[str, ...]:
    """In sentences, what is odd about the end of the data; `data_until` is what the mapping file says."""
    last = found.days[-1]
    if data_until is None:
        if last <= today:
            return ()
        return (
            f"the last row of tables.{found.table} is of {last}, which is after today, {today}; without dates.data_until "
            "the data end with it. Set dates.data_until where rows lie ahead",
        )
    silent, usual = (data_until - last).days - 1, max(found.gaps, default=1) - 1
    if silent <= max(MONTH_DAYS, UNUSUAL * usual):
        return ()
    return (
        f"no row of tables.{found.table} in the last {silent:,} days before dates.data_until = {data_until} (the last: "
        f"{last}); so far there were at most {usual:,} days without one, and customers seem to have stopped. Where the data "
        f"end earlier, set dates.data_until to the first day that they do not know ({last + timedelta(days=1)})",
    )
