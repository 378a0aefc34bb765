"""Outcomes told by other things than the money of orders: what goods cost, subscriptions that end, labels from outside."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from pathlib import Path

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.engines.engine import connect
from features.tables import EXACT
from training.labels import UnripeLabels, cancellations, labels, read_cancellations, read_given

AS_OF = date(2021, 3, 1)
Period = tuple[str, str, str | None, str | None]  # who, started, ended, recorded


def net_values(costs: dict[str, list[tuple[float, float | None]]]) -> dict[str, float]:
    """By customer, from the amount and the cost of each line of the window."""
    lines = [(who, datetime(2021, 3, 2), *each) for who, own in costs.items() for each in own]
    schema = {"customer_id": "string", "occurred_at": "timestamp", "amount": "float64", "cost": "float64"}
    table = ibis.memtable(pd.DataFrame(lines, columns=list(schema)), schema=schema)
    with_cost = table.mutate(amount=table.amount.cast(EXACT), cost=table.cost.cast(EXACT))
    rows = connect().to_pandas(labels(with_cost, (AS_OF,), horizon_days=10, categories=()))
    return dict(zip(rows.customer_id, rows.net_value, strict=True))


def test_what_goods_cost_is_taken_off_and_a_cost_nobody_knows_is_none() -> None:
    found = net_values({"ada": [(30.0, 12.5), (10.0, None)], "bo": [(5.0, 9.0)], "cy": [(8.0, 0.0)], "di": [(8.0, None)]})
    assert found == {"ada": 27.5, "bo": -4.0, "cy": 8.0, "di": 8.0}


def test_goods_given_back_give_their_cost_back_too() -> None:
    assert net_values({"ada": [(30.0, 20.0), (-30.0, -20.0)], "bo": [(30.0, 20.0), (-30.0, 0.0)]}) == {"ada": 0.0, "bo": -20.0}


def periods_table(periods: list[Period], *, with_recorded: bool = True) -> ibis.Table:
    """Subscriptions as a checked table holds them."""
    frame = pd.DataFrame(periods, columns=["customer_id", "started_at", "ended_at", "recorded_at"])
    for column in ("started_at", "ended_at", "recorded_at"):
        frame[column] = pd.to_datetime(frame[column])
    times = dict.fromkeys(("started_at", "ended_at", "recorded_at"), "timestamp")
    table = ibis.memtable(frame, schema={"customer_id": "string"} | times)
    return table if with_recorded else table.drop("recorded_at")


def cancelled(
    periods: list[Period], *dates: date, horizon_days: int = 10, known_by: date | None = None
) -> dict[tuple[str, date], int]:
    """Who has cancelled, by customer and date."""
    table = cancellations(periods_table(periods), dates or (AS_OF,), horizon_days=horizon_days, known_by=known_by)
    rows = connect().to_pandas(table)
    keys = zip(rows.customer_id, pd.to_datetime(rows.as_of).dt.date, strict=True)
    return dict(zip(keys, map(int, rows.has_cancelled), strict=True))


@pytest.mark.parametrize(
    ("started", "ended", "found"),
    [
        ("2021-01-01", None, 0),
        ("2021-01-01", "2021-03-01", 1),  # the window is [1 March, 11 March)
        ("2021-01-01", "2021-03-10 23:59", 1),
        ("2021-01-01", "2021-03-11", 0),
        ("2021-01-01", "2021-02-28 23:59", None),  # ran no more: nobody to lose
        ("2021-03-01", None, None),  # did not yet run
        ("2021-02-28", None, 0),
    ],
)
def test_who_has_a_subscription_on_the_date_and_none_at_the_end_of_the_window_has_cancelled(
    started: str, ended: str | None, found: int | None
) -> None:
    assert cancelled([("ada", started, ended, None)]) == ({} if found is None else {("ada", AS_OF): found})


def test_one_that_ends_and_is_renewed_by_the_end_of_the_window_is_not_cancelled() -> None:
    ends: Period = ("ada", "2021-01-01", "2021-03-03", None)
    assert cancelled([ends, ("ada", "2021-03-08", None, None)]) == {("ada", AS_OF): 0}
    assert cancelled([ends, ("ada", "2021-03-11", None, None)]) == {("ada", AS_OF): 1}  # a day too late
    assert cancelled([ends, ("ada", "2021-03-04", "2021-03-06", None)]) == {("ada", AS_OF): 1}  # renewed, and ended again
    assert cancelled([ends, ("ada", "2020-01-01", None, None)]) == {("ada", AS_OF): 0}  # another one goes on
    assert cancelled([ends, ("bo", "2021-01-01", None, None)]) == {("ada", AS_OF): 1, ("bo", AS_OF): 0}


@pytest.mark.parametrize(
    ("recorded", "known_by", "found"),
    [
        (None, date(2021, 3, 11), 1),
        ("2021-03-10", date(2021, 3, 11), 0),  # ada's renewal was recorded in time
        ("2021-03-11", date(2021, 3, 11), 1),  # and here not: nobody could have learned of it
        ("2021-03-11", date(2021, 3, 10), 0),  # this window had not closed by then: it is not learned from
        ("2021-03-30", None, 0),  # to judge by, everything counts
    ],
)
def test_subscriptions_to_learn_from_count_as_far_as_they_were_recorded(
    recorded: str | None, known_by: date | None, found: int
) -> None:
    ends: Period = ("ada", "2021-01-01", "2021-03-03", None)
    renewed: list[Period] = [("ada", "2021-03-08", None, recorded)] if recorded else []
    assert cancelled([ends, *renewed], known_by=known_by) == {("ada", AS_OF): found}


def test_a_table_without_recording_times_was_known_as_it_happened() -> None:
    table = periods_table([("ada", "2021-01-01", "2021-03-03", None)], with_recorded=False)
    rows = connect().to_pandas(cancellations(table, (AS_OF,), horizon_days=10, known_by=date(2021, 6, 1)))
    assert list(rows.has_cancelled) == [1]


def made_up_periods(seed: int) -> list[Period]:
    rng = random.Random(seed)
    found: list[Period] = []
    for _ in range(rng.randint(1, 25)):
        started = AS_OF + timedelta(days=rng.randint(-60, 40))
        ended = started + timedelta(days=rng.randint(0, 60)) if rng.random() < 0.6 else None
        recorded = started + timedelta(days=rng.randint(-3, 40)) if rng.random() < 0.5 else None
        found.append((rng.choice("abcd"), str(started), ended and str(ended), recorded and str(recorded)))
    return found


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 10, 30]), st.sampled_from([None, 0, 10, 45]))
def test_cancellations_equal_the_slow_obvious_way(seed: int, horizon_days: int, known_days: int | None) -> None:
    periods, dates = made_up_periods(seed), (AS_OF - timedelta(days=20), AS_OF)
    known_by = None if known_days is None else AS_OF + timedelta(days=known_days)
    expected = {}
    for as_of in dates:
        end = as_of + timedelta(days=horizon_days)
        learned_by = known_by if known_by and end <= known_by else date.max
        for who in sorted({each[0] for each in periods}):
            own = [each for each in periods if each[0] == who]
            if any(runs(each, as_of, as_of) for each in own):
                expected[who, as_of] = int(not any(runs(each, end, learned_by) for each in own))
    assert cancelled(periods, *dates, horizon_days=horizon_days, known_by=known_by) == expected


def runs(period: Period, at: date, known_by: date) -> bool:
    """Whether a subscription runs at the beginning of a day, by what was recorded before another one."""
    _, *texts = period
    started, ended, recorded = (each and date.fromisoformat(each) for each in texts)
    assert started
    known = recorded or started
    has_started = started < at and max(started, known) < known_by
    has_ended = bool(ended) and ended < at and max(ended, recorded or ended) < known_by
    return has_started and not has_ended


def test_an_open_window_of_subscriptions_is_not_a_label(tmp_path: Path) -> None:
    file = tmp_path / "subscriptions.parquet"
    connect().to_parquet(periods_table([("ada", "2021-01-01", None, None)]), file)
    assert len(read_cancellations(file, (AS_OF,), horizon_days=10, data_until=date(2021, 3, 11))) == 1
    with pytest.raises(UnripeLabels, match="the label windows of 2021-03-01 are open: the data ends before 2021-03-10"):
        read_cancellations(file, (AS_OF,), horizon_days=10, data_until=date(2021, 3, 10))


def test_given_labels_are_those_of_the_dates_asked_for_as_they_were_given(tmp_path: Path) -> None:
    midnights = [datetime.combine(day, time()) for day in (AS_OF, date(2021, 4, 1), AS_OF)]
    frame = pd.DataFrame({"customer_id": ["bo", "ada", "ada"], "as_of": midnights, "churned": [1.0, 0.0, None]})
    connect().to_parquet(ibis.memtable(frame), tmp_path / "labels.parquet")
    rows = read_given(tmp_path / "labels.parquet", (AS_OF,))
    assert list(rows.customer_id) == ["ada", "bo"]
    assert list(rows.churned.fillna(-1)) == [-1, 1]  # who has no outcome is left to whoever joins
    assert len(read_given(tmp_path / "labels.parquet", (AS_OF, date(2021, 4, 1)))) == 3
    assert len(read_given(tmp_path / "labels.parquet", (date(2021, 5, 1),))) == 0
