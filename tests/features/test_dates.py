"""Which dates get a snapshot."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import ibis
import pandas as pd
import pytest

from features.dates import SnapshotDates, grid_dates, snapshot_dates
from features.problems import BadConfig, BadData
from tests.features.made_up import line, orders_table, project
from tests.features.made_up_company import tables_of, types_of
from tests.reference.raw_rows import Asked, Company, Period


def dates(first: str, last: str, *, horizon_days: int = 30, **settings: Any) -> SnapshotDates:
    own = project(
        project={"name": "made_up", "currency": "EUR", "horizon_days": horizon_days},
        dates={"every_days": 30, "history_days_min": 60} | settings,
    )
    return grid_dates(own, first_day=date.fromisoformat(first), last_day=date.fromisoformat(last))


def texts(days: tuple[date, ...]) -> list[str]:
    return [day.isoformat() for day in days]


def test_dates_go_back_from_the_judged_date_as_far_as_the_history_allows() -> None:
    found = dates("2021-01-01", "2021-06-29")
    assert found.data_until == date(2021, 6, 30)
    assert found.judged_at == date(2021, 5, 31)  # 30 days before the data ends
    assert texts(found.grid) == ["2021-03-02", "2021-04-01", "2021-05-01", "2021-05-31"]  # 60 days after 1 January
    assert found.scored_at == date(2021, 6, 30)
    assert texts(found.all) == [*texts(found.grid), "2021-06-30"]


def test_one_day_less_of_history_is_one_date_less() -> None:
    assert texts(dates("2021-01-02", "2021-06-29").grid) == ["2021-04-01", "2021-05-01", "2021-05-31"]


def test_the_dates_of_the_worked_example() -> None:
    found = dates("2009-12-01", "2011-12-09", horizon_days=90, history_days_min=90, judged_at="2011-09-09")
    assert (len(found.grid), found.grid[0], found.grid[-1]) == (19, date(2010, 3, 18), date(2011, 9, 9))


def test_steps_go_over_the_leap_day() -> None:
    assert texts(dates("2011-12-01", "2012-04-29").grid) == ["2012-01-31", "2012-03-01", "2012-03-31"]


def test_later_data_moves_no_date_when_the_judged_date_is_set() -> None:
    early, late = (dates("2021-01-01", last, judged_at="2021-05-15") for last in ("2021-06-29", "2021-08-29"))
    assert early.grid == late.grid
    assert late.scored_at == date(2021, 8, 30)


def test_the_data_can_be_said_to_go_on_after_the_last_order() -> None:
    found = dates("2021-01-01", "2021-06-20", data_until="2021-06-30")
    assert (found.data_until, found.judged_at, found.scored_at) == (date(2021, 6, 30), date(2021, 5, 31), date(2021, 6, 30))


def test_a_label_window_may_close_on_the_day_the_data_ends_and_not_later() -> None:
    assert dates("2021-01-01", "2021-06-29", judged_at="2021-05-31").judged_at == date(2021, 5, 31)
    with pytest.raises(
        BadConfig, match=r"dates\.judged_at = 2021-06-01.*closes on 2021-07-01.*latest possible date is 2021-05-31"
    ):
        dates("2021-01-01", "2021-06-29", judged_at="2021-06-01")


def test_one_earlier_date_with_a_closed_window_and_enough_history_must_be_left() -> None:
    # 1 January + 60 days of history = 2 March; + horizon 30 = 1 April, the first day that can be judged
    assert texts(dates("2021-01-01", "2021-04-30", judged_at="2021-04-01").grid) == ["2021-03-02", "2021-04-01"]
    with pytest.raises(BadConfig, match=r"project\.horizon_days = 30 is too long.*dates\.history_days_min = 60"):
        dates("2021-01-01", "2021-04-30", judged_at="2021-03-31")


def test_a_judged_date_before_the_data_is_refused() -> None:
    with pytest.raises(BadConfig, match="judged at 2019-01-01"):
        dates("2021-01-01", "2021-06-29", judged_at="2019-01-01")


LABELLED = {
    "tables": {
        "labels": {"from": "labels.csv", "customer_id": "c", "as_of": "d", "churned": "y"},
        "orders": {"from": "orders.csv", "customer_id": "c", "order_id": "o", "occurred_at": "t", "amount": "a"},
    }
}


def labels(*as_of: str) -> ibis.Table:
    return ibis.memtable(pd.DataFrame({"customer_id": "ada", "as_of": pd.to_datetime(list(as_of)), "churned": 0.0}))


def test_where_outcomes_are_given_their_dates_are_the_grid() -> None:
    found = snapshot_dates(project(**LABELLED), {"labels": labels("2021-03-01", "2021-01-01", "2021-03-01")})
    assert texts(found.grid) == ["2021-01-01", "2021-03-01"]
    assert (found.judged_at, found.scored_at) == (date(2021, 3, 1), date(2021, 3, 1))


def test_where_events_go_on_after_the_last_outcome_everybody_is_scored_at_their_end() -> None:
    tables = {"labels": labels("2021-01-01"), "orders": orders_table([line("ada", "2021-04-01 12:00", 10)])}
    assert snapshot_dates(project(**LABELLED), tables).scored_at == date(2021, 4, 2)


def test_a_judged_date_without_an_outcome_is_refused() -> None:
    own = project(**LABELLED, dates={"judged_at": "2021-02-01"})
    with pytest.raises(
        BadConfig, match=r"dates\.judged_at = 2021-02-01: no label has this as_of; labels are dated 2021-01-01 to"
    ):
        snapshot_dates(own, {"labels": labels("2021-01-01", "2021-03-01")})


def test_the_dates_of_subscriptions_go_on_to_their_last_start_or_end() -> None:
    periods = [Period("ada", datetime(2020, 1, 1), datetime(2021, 6, 29)), Period("bo", datetime(2021, 6, 1))]
    company = Company(subscriptions=periods)
    own = project(project={"name": "made_up", "currency": "EUR", "horizon_days": 30})
    found = snapshot_dates(own, tables_of(company, types_of(company, Asked())))
    assert (found.data_from, found.data_until, found.judged_at) == (date(2020, 1, 1), date(2021, 6, 30), date(2021, 5, 31))


def test_ends_that_lie_far_ahead_do_not_tell_where_the_data_end() -> None:
    periods = [Period("ada", datetime(2020, 1, 1), datetime(2099, 12, 31)), Period("bo", datetime(2021, 6, 1))]
    company = Company(subscriptions=periods)
    tables = tables_of(company, types_of(company, Asked()))
    shop: dict[str, Any] = {"project": {"name": "made_up", "currency": "EUR", "horizon_days": 30}}
    with pytest.raises(
        BadConfig, match=r"the last end, 2099-12-31, is 28702 days after .* 2021-06-01\..* set dates\.data_until"
    ):
        snapshot_dates(project(**shop), tables)
    found = snapshot_dates(project(**shop, dates={"data_until": date(2021, 6, 30)}), tables)
    assert (found.data_until, found.judged_at) == (date(2021, 6, 30), date(2021, 5, 31))


def test_dates_before_anything_was_recorded_are_refused() -> None:
    days = pd.date_range("2020-01-01", "2021-06-29", freq="D")
    lines = [line("ada", str(day.date()), 10, recorded_at="2021-06-01") for day in days]
    with pytest.raises(
        BadData, match=r"orders go back to 2020-01-01, but the first was recorded on 2021-06-01, so nobody is known"
    ):
        snapshot_dates(project(), {"orders": orders_table(lines)})
