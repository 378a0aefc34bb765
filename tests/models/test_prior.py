"""The prior: columns from a customer's rhythm alone, and the margin that the clv booster starts from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from models.btyd import OrderRate, OrderValue
from models.calibration import inverse_link
from models.prior import Prior

PRIOR = Prior(
    horizon_days=90, order_rate=(0.8, 40.0, 0.9, 3.0), order_value=(4.0, 5.0, 60.0), spend_mean=25.0, order_probability_mean=0.2
)
RHYTHM = ["order_day_count", "days_since_first_order", "days_first_to_last_order", "spend_sum", "refund_sum"]


def rows(*rhythms: tuple[float, ...]) -> pd.DataFrame:
    """Customers with these numbers in the order of RHYTHM; nothing was given back where the last is left out."""
    return pd.DataFrame([(*rhythm, 0.0)[:5] for rhythm in rhythms], columns=RHYTHM, dtype="float64")


def test_the_columns_are_the_closed_forms_of_repeat_days_and_spend_per_day() -> None:
    # Three days with an order, 200 and 50 days ago the first and the last, 300 spent: 2 repeats, 100 per day.
    found = PRIOR.columns(rows((3, 200, 150, 300))).iloc[0]
    rate, value = OrderRate(*PRIOR.order_rate), OrderValue(*PRIOR.order_value)
    rhythm = np.array([2.0]), np.array([150.0]), np.array([200.0])
    assert found["probability_alive"] == rate.alive(*rhythm)[0]
    assert found["order_probability_90d"] == rate.some_order(*rhythm, 90)[0]
    assert found["expected_orders_90d"] == rate.expected_orders(*rhythm, 90)[0]
    assert found["expected_order_value"] == value.expected(np.array([3.0]), np.array([100.0]))[0]
    assert found["expected_spend_90d"] == found["expected_orders_90d"] * found["expected_order_value"]


def test_what_was_given_back_is_no_spend_and_more_than_all_of_it_is_nothing() -> None:
    given_back = PRIOR.columns(rows((3, 200, 150, 400, 100), (3, 200, 150, 100, 900)))
    kept = PRIOR.columns(rows((3, 200, 150, 300), (3, 200, 150, 0)))
    assert_frame_equal(given_back, kept)


def test_the_columns_are_the_ones_that_are_described() -> None:
    assert list(PRIOR.columns(rows((1, 10, 0, 5))).columns) == [column.name for column in PRIOR.inputs()]
    meanings = {column.name: column.meaning for column in PRIOR.inputs()}
    assert "next 90 days" in meanings["expected_spend_90d"]
    assert all(column.meaning and column.meaning_zh for column in PRIOR.inputs())


def test_a_row_without_a_rhythm_has_no_expectation_and_starts_from_everybodys_mean() -> None:
    unknown = rows((np.nan,) * 5)
    assert PRIOR.columns(unknown).isna().all(axis=None)
    assert np.exp(PRIOR.offset(unknown, "exp", 90)).tolist() == pytest.approx([25.0])
    assert inverse_link(PRIOR.offset(unknown, "sigmoid", 90), "sigmoid").tolist() == pytest.approx([0.8])


def test_the_offset_is_the_log_of_the_expected_spend_but_never_of_nothing() -> None:
    some = rows((3, 200, 150, 300), (1, 1e6, 0, 0))
    columns = PRIOR.columns(some)
    assert columns["expected_spend_90d"].iloc[1] < 0.01
    assert np.exp(PRIOR.offset(some, "exp", 90)).tolist() == pytest.approx([columns["expected_spend_90d"].iloc[0], 0.01])


def test_the_offset_of_leaving_is_the_log_odds_of_no_order_but_never_of_certainty() -> None:
    some = rows((3, 200, 150, 300), (1, 1e9, 0, 0))
    columns = PRIOR.columns(some)
    leaves = inverse_link(PRIOR.offset(some, "sigmoid", 90), "sigmoid")
    assert leaves.tolist() == pytest.approx([1 - columns["order_probability_90d"].iloc[0], 1 - 1e-6])


def test_the_offset_for_another_horizon_is_that_of_a_prior_with_that_horizon() -> None:
    some = rows((3, 200, 150, 300), (1, 20, 0, 50), (np.nan,) * 5)
    chance = PRIOR.order_probability_mean
    usual = {"spend_mean": PRIOR.spend_mean * 30 / 90, "order_probability_mean": 1 - (1 - chance) ** (30 / 90)}
    shorter = PRIOR.model_copy(update={"horizon_days": 30} | usual)
    for link in ("exp", "sigmoid"):
        assert PRIOR.offset(some, link, 30) == pytest.approx(shorter.offset(some, link, 30))
    assert np.exp(PRIOR.offset(some, "exp", 30))[:2] == pytest.approx(shorter.columns(some)["expected_spend_30d"][:2])
    waiting = [PRIOR.offset(some, "sigmoid", days) for days in (10, 30, 90, 365)]
    assert np.all(np.diff(waiting, axis=0) < 0)  # the longer one waits, the rarer no order


def test_columns_keep_the_index_and_leave_the_rows_alone(customers: pd.DataFrame) -> None:
    some = customers.iloc[[7, 3]]
    before = some.copy()
    assert list(PRIOR.columns(some).index) == list(some.index)
    assert_frame_equal(some, before)


@pytest.mark.parametrize(
    "rhythm",
    [
        (0, 0, 0, 0),
        (-3, -10, -5, -100),
        (2, 10, 500, 50),  # the last order long before the first
        (1e9, 1e9, 1e9, 1e9),
        (500, 1, 0, 1e12),  # more days with an order than days
        (1e5, 1, 0, 10),
        (2, 50, 20, 100, -1e6),
    ],
)
def test_rows_sent_by_hand_that_contradict_themselves_get_possible_answers(rhythm: tuple[float, ...]) -> None:
    found = PRIOR.columns(rows(rhythm)).iloc[0]
    assert 0 <= found["probability_alive"] <= 1
    assert (found >= 0).all()
    assert np.isfinite(found).all()
    assert 0 <= found["order_probability_90d"] <= 1
    for link in ("exp", "sigmoid"):
        assert np.isfinite(PRIOR.offset(rows(rhythm), link, 90)).all()


def test_a_prior_fitted_to_customers_expects_little_of_the_silent_and_much_of_the_steady(customers: pd.DataFrame) -> None:
    fitted = Prior.fit(customers, 90)
    steady, silent = rows((12, 365, 360, 1200), (12, 3000, 360, 1200)).pipe(fitted.columns)["expected_spend_90d"]
    assert steady > 5 * silent
    assert fitted.spend_mean == pytest.approx(fitted.columns(customers)["expected_spend_90d"].mean())


def test_more_orders_are_expected_than_there_are_chances_of_one(customers: pd.DataFrame) -> None:
    columns = Prior.fit(customers, 90).columns(customers)
    assert (columns["order_probability_90d"] <= columns["probability_alive"]).all()
    assert (columns["order_probability_90d"] <= columns["expected_orders_90d"] + 1e-9).all()


def test_fitting_reads_the_rhythm_and_nothing_else(customers: pd.DataFrame) -> None:
    others = customers.assign(spend_sum_90d=0.0, days_since_last_order=1.0, order_count=99.0)
    assert Prior.fit(others, 90) == Prior.fit(customers, 90)
    assert Prior.fit(customers[RHYTHM], 90) == Prior.fit(customers, 90)


def test_the_order_of_the_customers_does_not_matter(customers: pd.DataFrame) -> None:
    shuffled = customers.sample(frac=1, random_state=0)
    one, other = Prior.fit(customers, 90), Prior.fit(shuffled, 90)
    assert one.columns(customers).to_numpy() == pytest.approx(other.columns(customers).to_numpy(), rel=1e-3)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_handful_of_customers_or_only_one_time_buyers_are_enough(customers: pd.DataFrame, count: int) -> None:
    once = customers.assign(order_day_count=1.0, days_first_to_last_order=0.0)
    for few in (customers.head(count), once.head(count), once, once.assign(spend_sum=0.0)):
        found = Prior.fit(few, 90).columns(customers)
        assert np.isfinite(found).all(axis=None)


def test_a_prior_comes_back_from_json_as_it_was(customers: pd.DataFrame) -> None:
    fitted = Prior.fit(customers, 90)
    again = Prior.model_validate_json(fitted.model_dump_json(indent=1))
    assert again == fitted
    assert_frame_equal(again.columns(customers), fitted.columns(customers), check_exact=True)


def test_the_columns_of_another_prior_among_the_values_are_not_taken_for_its_own() -> None:
    some = rows((3, 60, 40, 90), (1, 200, 0, 20))
    others = some.assign(**dict.fromkeys(PRIOR.columns(some), 0.123))
    for link in ("exp", "sigmoid"):
        for days in (30, 90):
            assert PRIOR.offset(others, link, days) == pytest.approx(PRIOR.offset(some, link, days))
