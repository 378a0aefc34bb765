"""What customers did in [as_of, as_of + horizon_days): edges, refunds, late rows, categories, and nothing of the past."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.engines.engine import connect
from tests.features.made_up import CUSTOMERS, LEAP_DAY, line, orders_table, random_lines
from tests.reference.rfm_reference import Line
from training.labels import UnripeLabels, labels, read_labels

AS_OF = date(2021, 3, 1)
Outcome = tuple[int, float]


def found(
    lines: Sequence[Line],
    *dates: date,
    horizon_days: int = 10,
    categories: tuple[str, ...] = (),
    known_by: date | None = None,
) -> pd.DataFrame:
    """The labels of order lines, as a table."""
    table = labels(orders_table(lines), dates or (AS_OF,), horizon_days=horizon_days, categories=categories, known_by=known_by)
    return connect().to_pandas(table)


def outcomes(lines: Sequence[Line], **settings: object) -> dict[str, Outcome]:
    """has_ordered and net_value by customer, at the one date."""
    rows = found(lines, **settings)  # type: ignore[arg-type]
    return {
        who: (int(has), float(net)) for who, has, net in zip(rows.customer_id, rows.has_ordered, rows.net_value, strict=True)
    }


@pytest.mark.parametrize(
    ("occurred_at", "is_in_the_window"),
    [
        ("2021-02-28 23:59:59.999999", False),
        ("2021-03-01 00:00", True),
        ("2021-03-01 12:00", True),
        ("2021-03-10 23:59:59.999999", True),
        ("2021-03-11 00:00", False),  # the window is [1 March, 11 March)
        ("2022-03-05 12:00", False),
    ],
)
def test_the_window_starts_on_the_date_and_ends_before_the_horizon(occurred_at: str, is_in_the_window: bool) -> None:
    expected = {"ada": (1, 10.0)} if is_in_the_window else {}
    assert outcomes([line("ada", occurred_at, 10)]) == expected


@pytest.mark.parametrize(
    ("recorded_at", "known_by", "counts"),
    [
        ("2021-03-10", date(2021, 3, 11), True),
        ("2021-03-11", date(2021, 3, 11), False),  # nobody knew when it was learned from
        ("2021-03-11", date(2021, 3, 12), True),
        ("2021-03-30", date(2021, 3, 10), True),  # this window had not closed by then: it is not learned from
        ("2021-03-30", None, True),
    ],
)
def test_labels_to_learn_from_count_what_was_recorded_by_the_date_they_are_used_for(
    recorded_at: str, known_by: date | None, counts: bool
) -> None:
    lines = [line("ada", "2021-03-05", 10, recorded_at=recorded_at)]
    assert outcomes(lines, known_by=known_by) == ({"ada": (1, 10.0)} if counts else {})


def test_refunds_subtract_from_what_was_spent() -> None:
    ada = [line("ada", "2021-03-02", 30), line("ada", "2021-03-05", -12.5), line("ada", "2021-03-06", 1.25)]
    assert outcomes(ada) == {"ada": (1, 18.75)}


def test_who_only_gives_back_or_only_takes_what_is_free_has_not_ordered() -> None:
    lines = [line("ada", "2021-03-02", -30), line("bo", "2021-03-02", 0)]
    assert outcomes(lines) == {"ada": (0, -30.0), "bo": (0, 0.0)}


def test_who_does_nothing_in_the_window_is_absent() -> None:
    lines = [line("ada", "2021-02-02", 30), line("bo", "2021-03-02", 5), line("cy", "2021-04-02", 5)]
    assert outcomes(lines) == {"bo": (1, 5.0)}


def test_rows_recorded_late_count_all_the_same() -> None:
    ada = [line("ada", "2021-03-02", 30, recorded_at="2021-12-24"), line("ada", "2021-03-03", 5, recorded_at="2021-01-01")]
    assert outcomes(ada) == {"ada": (1, 35.0)}


def test_each_date_has_a_window_of_its_own() -> None:
    ada = [line("ada", "2021-03-02", 30), line("ada", "2021-03-12", 5)]
    rows = found(ada, date(2021, 2, 20), AS_OF, date(2021, 3, 10))
    assert list(zip(rows.as_of.astype(str), rows.net_value, strict=True)) == [("2021-03-01", 30), ("2021-03-10", 5)]
    rows = found(ada, date(2021, 2, 28), AS_OF, date(2021, 3, 2), horizon_days=11)
    assert list(rows.net_value) == [30, 30, 35]


def test_categories_are_flags_for_what_was_bought() -> None:
    lines = [
        line("ada", "2021-03-02", 3, category="Tea"),
        line("ada", "2021-03-02", 4, category="Tea"),
        line("ada", "2021-03-02", 5, category="Rare"),
        line("bo", "2021-03-02", 3, category="Toys & Games"),
        line("bo", "2021-03-03", 4, category="Tea"),
        line("cy", "2021-03-03", 4, category="Rare"),
    ]
    rows = found(lines, categories=("Tea", "Toys & Games")).set_index("customer_id")
    assert list(rows.columns) == ["as_of", "has_ordered", "net_value", "bought_tea", "bought_toys_games"]
    assert rows.bought_tea.to_dict() == {"ada": 1, "bo": 1, "cy": 0}
    assert rows.bought_toys_games.to_dict() == {"ada": 0, "bo": 1, "cy": 0}


def test_a_line_without_a_category_is_no_purchase_in_any_and_hides_none() -> None:
    lines = [
        line("ada", "2021-03-02", 3, category=None),
        line("bo", "2021-03-02", 3, category=None),
        line("bo", "2021-03-02", 3, category="Tea"),
    ]
    rows = found(lines, categories=("Tea",)).set_index("customer_id")
    assert rows.bought_tea.to_dict() == {"ada": 0, "bo": 1}
    assert rows.has_ordered.to_dict() == {"ada": 1, "bo": 1}


def test_a_category_given_back_or_for_free_was_not_bought() -> None:
    lines = [line("ada", "2021-03-02", -3, category="Tea"), line("bo", "2021-03-02", 0, category="Tea")]
    assert found(lines, categories=("Tea",)).bought_tea.tolist() == [0, 0]


@pytest.mark.parametrize(("data_until", "open_dates"), [("2021-03-21", []), ("2021-03-20", ["2021-03-11"])])
def test_an_open_window_is_not_a_label(tmp_path: Path, data_until: str, open_dates: list[str]) -> None:
    file = tmp_path / "orders.parquet"
    connect().to_parquet(orders_table([line("ada", "2021-03-02", 30)]), file)
    dates = (AS_OF, date(2021, 3, 11))
    settings = {"horizon_days": 10, "data_until": date.fromisoformat(data_until), "categories": ()}
    if not open_dates:
        assert read_labels(file, dates, **settings).net_value.tolist() == [30.0]
        return
    with pytest.raises(UnripeLabels) as refused:
        read_labels(file, dates, **settings)
    assert str(refused.value) == "the label windows of 2021-03-11 are open: the data ends before 2021-03-20"


def test_all_open_windows_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnripeLabels, match="the label windows of 2021-03-01, 2021-03-02 are open"):
        read_labels(tmp_path / "absent", (AS_OF, date(2021, 3, 2)), horizon_days=10, data_until=date(2021, 3, 5), categories=())


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_changing_everything_before_the_date_changes_no_label(seed: int, other: int) -> None:
    lines, others = random_lines(seed), random_lines(other)
    midnight = datetime(LEAP_DAY.year, LEAP_DAY.month, LEAP_DAY.day)
    ahead = [each for each in lines if each.occurred_at >= midnight]
    behind = [each for each in others if each.occurred_at < midnight]
    settings = {"horizon_days": 30, "categories": ("Tea",)}
    pd.testing.assert_frame_equal(found(ahead, LEAP_DAY, **settings), found([*behind, *ahead], LEAP_DAY, **settings))


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_changing_everything_from_the_end_of_the_window_on_changes_no_label(seed: int) -> None:
    lines = random_lines(seed)
    end = datetime(LEAP_DAY.year, LEAP_DAY.month, LEAP_DAY.day) + timedelta(days=15)
    inside = [each for each in lines if each.occurred_at < end]
    after = [line(who, "2012-03-20", 1e6, category="Tea") for who in CUSTOMERS]
    settings = {"horizon_days": 15, "categories": ("Tea",)}
    pd.testing.assert_frame_equal(found(inside, LEAP_DAY, **settings), found([*inside, *after], LEAP_DAY, **settings))


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 10, 90]))
def test_labels_equal_the_slow_obvious_way(seed: int, horizon_days: int) -> None:
    lines = random_lines(seed)
    rng = random.Random(seed)
    dates = tuple(sorted({LEAP_DAY, *(LEAP_DAY + timedelta(days=rng.randint(-100, 30)) for _ in range(3))}))
    rows = found(lines, *dates, horizon_days=horizon_days, categories=("Tea", "Toys & Games"))
    columns = zip(
        rows.customer_id,
        pd.to_datetime(rows.as_of).dt.date,
        rows.has_ordered,
        rows.net_value,
        rows.bought_tea,
        rows.bought_toys_games,
        strict=True,
    )
    assert list(columns) == slow_labels(lines, dates, horizon_days)


def slow_labels(lines: Sequence[Line], dates: Sequence[date], horizon_days: int) -> list[tuple[object, ...]]:
    """Every line, every date."""
    in_window: dict[tuple[date, str], list[Line]] = defaultdict(list)
    for as_of in dates:
        for each in lines:
            if as_of <= each.occurred_at.date() < as_of + timedelta(days=horizon_days):
                in_window[as_of, each.customer_id].append(each)
    return [
        (
            customer_id,
            as_of,
            int(any(each.amount > 0 for each in own)),
            pytest.approx(sum(each.amount for each in own), abs=1e-9),
            int(any(each.amount > 0 and each.category == "Tea" for each in own)),
            int(any(each.amount > 0 and each.category == "Toys & Games" for each in own)),
        )
        for (as_of, customer_id), own in sorted(in_window.items())
    ]
