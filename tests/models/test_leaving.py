"""Days until leaving: they agree with the served chance, and with each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.btyd import OrderRate
from models.leaving import DAYS_MAX, QUANTILES, days_at_constant_rate, days_by_rhythm
from models.prior import Prior

RATE = OrderRate(r=0.8, alpha=40.0, a=0.9, b=3.0)
HORIZON_DAYS = 90
MEDIAN = QUANTILES.index(0.5)


def by_rhythm(churn: float, *, repeats: float = 4, age: float = 220) -> np.ndarray:
    """Of one customer."""
    return days_by_rhythm(RATE, *(np.array([number], float) for number in (repeats, age, churn)), HORIZON_DAYS)[0]


def test_at_a_constant_rate_half_leave_by_the_horizon_where_its_chance_is_a_half() -> None:
    lower, median, upper = days_at_constant_rate(np.array([0.5]), 90)[0]
    assert median == pytest.approx(90)
    assert lower == pytest.approx(90 * np.log(0.9) / np.log(0.5))  # 13.7
    assert upper == pytest.approx(90 * np.log(0.1) / np.log(0.5))  # 299


def test_at_a_constant_rate_worked_out_by_hand() -> None:
    # 19 % per 30 days: 0.9 twice, so 10 % after 15 days. 75 %: half of the half after 30, so a half after 15.
    found = days_at_constant_rate(np.array([0.19, 0.75]), 30)
    assert found[0, 0] == pytest.approx(15)
    assert found[1, MEDIAN] == pytest.approx(15)


@pytest.mark.parametrize(("churn", "median"), [(0.0, DAYS_MAX), (1.0, 0.0), (1e-12, DAYS_MAX)])
def test_certainty_is_five_years_or_at_once(churn: float, median: float) -> None:
    assert days_at_constant_rate(np.array([churn]), 90)[0, MEDIAN] == pytest.approx(median, abs=5)


@given(st.floats(1e-6, 1 - 1e-6), st.integers(1, 730))
def test_a_constant_rate_gives_the_served_chance_back(churn: float, horizon_days: int) -> None:
    for quantile, days in zip(QUANTILES, days_at_constant_rate(np.array([churn]), horizon_days)[0], strict=True):
        left_by_then = -np.expm1(np.log1p(-churn) * days / horizon_days)
        assert left_by_then == pytest.approx(quantile, abs=1e-6) or (days == DAYS_MAX and left_by_then < quantile)


rhythms = st.fixed_dictionaries({"repeats": st.integers(0, 60), "age": st.floats(1, 1500)})


@settings(max_examples=60)
@given(rhythms, st.floats(0.001, 0.999))
def test_days_by_rhythm_agree_with_the_served_chance(rhythm: dict[str, float], churn: float) -> None:
    one = {name: np.array([value], float) for name, value in rhythm.items()}
    seen_today = {"repeats": one["repeats"], "last": one["age"], "age": one["age"]}  # so that she may well be alive
    order_if_alive = RATE.some_order(**seen_today, days=HORIZON_DAYS) / RATE.alive(**seen_today)
    alive = min(float((1 - churn) / order_if_alive[0]), 1.0)
    for quantile, days in zip(QUANTILES, by_rhythm(churn, **rhythm), strict=True):
        has_left = 1 - alive * float(RATE.staying(one["repeats"], one["age"], np.array([days]))[0])
        if days == 0:
            assert has_left >= quantile - 1e-6
        elif days >= DAYS_MAX:
            assert has_left <= quantile + 0.005
        else:
            assert has_left == pytest.approx(quantile, abs=0.005)


@settings(max_examples=60)
@given(rhythms, st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_days_rise_with_the_quantile_and_fall_with_the_chance_of_leaving(
    rhythm: dict[str, float], chances: list[float]
) -> None:
    found = np.array([by_rhythm(churn, **rhythm) for churn in sorted(chances)])
    constant = days_at_constant_rate(np.sort(chances), HORIZON_DAYS)
    for days in (found, constant):
        assert np.all(np.diff(days, axis=1) >= 0)
        assert np.all(np.diff(days, axis=0) <= 1e-9)
        assert np.all((days >= 0) & (days <= DAYS_MAX))


def test_who_has_probably_left_has_no_days_left() -> None:
    # The living order within 90 days with about 94 %: whoever is said to order with 9 % is alive with about 10 %.
    assert by_rhythm(0.91).tolist()[:2] == [0, 0]
    lower, median, upper = by_rhythm(0.5)  # alive with about two in three
    assert lower == 0 < median < upper


def test_who_orders_often_and_hardly_ever_stays_away_stays_as_long_as_rhythm_tells() -> None:
    # The living order within 90 days with less than the served chance: she is surely alive.
    days = by_rhythm(0.01)
    expected = RATE.days_until_leaving(np.ones(1), np.array([4.0]), np.array([220.0]), quantiles=QUANTILES, days_max=DAYS_MAX)[
        0
    ]
    assert days == pytest.approx(expected)
    assert days[0] > 0


def test_nobody_stays_longer_than_five_years_can_tell() -> None:
    loyal = OrderRate(r=5.0, alpha=50.0, a=1e-4, b=50.0)
    one = (np.array([30.0]), np.array([300.0]), np.array([1e-4]))
    assert days_by_rhythm(loyal, *one, HORIZON_DAYS).tolist() == [[DAYS_MAX] * 3]


def test_who_ordered_every_week_and_then_fell_silent_for_two_years_has_left() -> None:
    # By her rhythm the chance that she is still a customer is below 1e-40: her served chance of leaving is all but certain.
    rate = RATE.alive(np.array([100.0]), np.array([700.0]), np.array([1400.0]))
    assert rate[0] < 1e-25
    assert by_rhythm(1 - 1e-6, repeats=100, age=1400).tolist() == [0, 0, 0]


def test_the_prior_answers_from_its_rhythm_and_not_where_it_is_unknown() -> None:
    prior = Prior(
        horizon_days=30,
        order_rate=(0.8, 40.0, 0.9, 3.0),
        order_value=(4.0, 5.0, 60.0),
        spend_mean=25.0,
        order_probability_mean=0.2,
    )
    rows = pd.DataFrame(
        {
            "order_day_count": [5.0, np.nan, 5.0],
            "days_since_first_order": [220.0, 220.0, 220.0],
            "days_first_to_last_order": [200.0, 200.0, np.nan],
            "spend_sum": 100.0,
            "refund_sum": 0.0,
        }
    )
    found = prior.days_until_leaving(rows, np.full(3, 0.3), HORIZON_DAYS)
    assert found[0] == pytest.approx(by_rhythm(0.3))
    assert np.isnan(found[1:]).all()
