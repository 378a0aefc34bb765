"""Whether the data end where they seem to."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from features.data_span import DaysWithRows, days_with_rows, notes_on_end, notes_on_recording, notes_on_start, refuse_stray_rows
from features.dates import snapshot_dates
from features.problems import BadData
from tests.features.made_up import line, orders_table, project

WEEKS = [line("ada", str(date(2025, 1, 1) + timedelta(days=7 * week)), 10, f"o{week}") for week in range(20)]  # to 2025-05-14
SLIP = line("bo", "2052-03-01", 10, "x1")


def of(*days: str, rows: int = 1) -> DaysWithRows:
    return DaysWithRows("orders", "occurred_at", tuple(map(date.fromisoformat, days)), (rows,) * len(days))


def place(found: DaysWithRows, horizon_days: int = 30) -> int | None:
    return found.before_stray_rows(timedelta(days=horizon_days))


def test_the_days_of_a_table_are_those_with_rows() -> None:
    found = days_with_rows("orders", orders_table([*WEEKS[:2], WEEKS[0]]), "occurred_at")
    assert found == DaysWithRows("orders", "occurred_at", (date(2025, 1, 1), date(2025, 1, 8)), (2, 1))


def test_an_order_that_would_make_the_data_end_years_later_is_named() -> None:
    own = project(dates={"history_days_min": 30})
    with pytest.raises(BadData) as caught:
        snapshot_dates(own, {"orders": orders_table([*WEEKS, SLIP])})
    (said,) = caught.value.problems
    assert said == (
        "tables.orders.occurred_at: 1 of 21 rows (order_id x1, say) are from 2052-03-01 on, 9,788 days after the day with rows "
        "before, 2025-05-14. Without dates.data_until the data end with their last row, 2052-03-01: mend the date, or leave such "
        "rows out by `where`, or set dates.data_until, the first day that the data do not know (e.g. 2025-05-15; rows from it on "
        "are set aside)"
    )


def test_who_says_where_the_data_end_is_believed() -> None:
    own = project(
        project={"name": "made_up", "currency": "EUR", "horizon_days": 30},
        dates={"history_days_min": 30, "every_days": 900, "data_until": "2052-03-02"},
    )
    assert snapshot_dates(own, {"orders": orders_table([*WEEKS, SLIP])}).data_until == date(2052, 3, 2)


def test_a_few_rows_on_several_days_are_as_stray_as_one() -> None:
    days = [str(date(2024, 1, 1) + timedelta(days=day)) for day in range(198)]
    assert place(of(*days, "2025-12-01", "2025-12-02")) == 197  # 2 of 200 rows are 1 %
    assert place(of(*days[1:], "2025-12-01", "2025-12-02")) is None
    assert place(of(*days[1:], "2025-12-01")) == 196


def test_a_gap_is_stray_when_it_is_longer_than_a_horizon_and_than_twice_any_other() -> None:
    assert place(of("2025-01-01", "2025-01-21", "2025-03-03")) == 1  # 20 days, then 41
    assert place(of("2025-01-01", "2025-01-21", "2025-03-02")) is None  # then 40
    assert place(of("2025-01-01", "2025-01-21", "2025-03-03"), horizon_days=41) is None
    assert place(of("2025-01-01", "2026-01-01")) is None  # nothing says what is usual


def test_rows_long_before_all_others_are_noted() -> None:
    (said,) = notes_on_start(of("1970-01-01", "2025-01-01", "2025-01-21", rows=200), timedelta(days=30))
    assert said == (
        "200 of 600 rows of tables.orders lie before all others by 20,089 days (until 1970-01-01, the others from 2025-01-01 on), "
        "and snapshots begin with them. Where such a date stands for none, leave the rows out by `where`"
    )
    assert notes_on_start(of("2024-11-23", "2025-01-01", "2025-01-21"), timedelta(days=30)) == ()  # 39 days, then 20
    assert len(notes_on_start(of("2024-11-21", "2025-01-01", "2025-01-21"), timedelta(days=30))) == 1
    assert notes_on_start(of("1970-01-01", "1970-01-02", "2025-01-01", "2025-01-21"), timedelta(days=30)) == ()  # half of all
    assert notes_on_start(of("2025-01-01", "2025-01-21", "2052-01-01"), timedelta(days=30)) == ()  # the last one, not the first


def test_the_note_on_the_first_rows_is_among_those_of_the_dates() -> None:
    own = project(dates={"history_days_min": 30, "every_days": 900})
    dates = snapshot_dates(own, {"orders": orders_table([line("bo", "1990-03-01", 10, "x1"), *WEEKS])})
    assert ["lie before all others" in said for said in dates.notes] == [True]


def test_rows_that_are_recorded_after_the_scored_date_are_noted_where_they_are_many() -> None:
    def late(*recorded: str) -> tuple[str, ...]:
        rows = [line("ada", "2025-05-05", 10, f"o{k}", recorded_at=day) for k, day in enumerate(recorded)]
        return notes_on_recording("orders", orders_table(rows), "occurred_at", date(2025, 5, 15))

    assert late(*["2025-05-05"] * 9, "2025-05-20") == ()
    (said,) = late(*["2025-05-05"] * 8, "2025-05-15", "2025-05-20")
    assert said == (
        "2 of 10 rows of tables.orders of the last 31 days were recorded on 2025-05-15, the date that is scored, or later: its "
        "customers stand there without them. Where recorded_at is when the table was exported, set dates.data_until to the day "
        "after the last export"
    )
    assert notes_on_recording("orders", orders_table(WEEKS), "occurred_at", date(2025, 5, 15)) == ()


def notes(data_until: str | None, *days: str, today: str = "2026-01-01") -> tuple[str, ...]:
    until = date.fromisoformat(data_until) if data_until else None
    return notes_on_end(of(*days), until, date.fromisoformat(today))


def test_a_last_row_after_today_is_noted() -> None:
    assert notes(None, "2025-12-01", "2026-01-01") == ()
    (said,) = notes(None, "2025-12-01", "2026-01-02")
    assert said.startswith("the last row of tables.orders is of 2026-01-02, which is after today, 2026-01-01")


def test_days_without_orders_before_the_end_are_noted_where_there_never_were_as_many() -> None:
    weekly = ("2025-01-01", "2025-01-08", "2025-01-15")
    assert notes("2025-02-16", *weekly) == ()  # 31 days
    (said,) = notes("2025-02-17", *weekly)
    assert said == (
        "no row of tables.orders in the last 32 days before dates.data_until = 2025-02-17 (the last: 2025-01-15); so far there "
        "were at most 6 days without one, and customers seem to have stopped. Where the data end earlier, set dates.data_until to "
        "the first day that they do not know (2025-01-16)"
    )
    assert notes("2025-02-17", "2024-12-29", "2025-01-15") == ()  # 16 days without one before, 32 are not more than twice that


def test_one_row_says_nothing_of_what_is_usual() -> None:
    assert len(notes("2025-03-01", "2025-01-01")) == 1
    refuse_stray_rows(of("2025-01-01"), orders_table(WEEKS[:1]), timedelta(days=30))
