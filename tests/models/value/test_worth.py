"""Value in money: worked examples by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.families.calendar import DAY_OF_YEAR
from models.bundle import Bundle
from models.contract import Task
from models.season import Season
from models.value.settings import ValueSettings
from models.value.worth import influence_value, keeping_cost, periods_ahead, realised_value, unrecorded_costs

JULY = date(2024, 7, 1)
UNDISCOUNTED = {"discount_rate_per_year": 0.0}


def rows(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype="float64")


def test_realised_value_is_margin_to_date_less_the_cost_of_winning_and_keeping() -> None:
    customers = rows(
        spend_sum=[500.0, 40.0],
        refund_sum=[50.0, 0.0],
        goods_cost_sum=[270.0, 30.0],
        acquisition_cost=[20.0, 25.0],
        treatment_cost_sum=[5.0, np.nan],
    )
    assert realised_value(customers).tolist() == [155.0, -15.0]  # 500 - 50 - 270 - 20 - 5; 40 - 30 - 25


def test_what_is_not_recorded_counts_as_nothing_and_is_said() -> None:
    customers = rows(spend_sum=[500.0], refund_sum=[50.0])
    assert realised_value(customers).tolist() == [450.0]
    assert [said.split(" (")[0] for said in unrecorded_costs(customers)] == [
        "what goods cost",
        "what winning customers cost",
        "what campaign touches cost",
    ]
    assert np.isnan(realised_value(rows(age=[40.0]))).all()


def without_rhythm(bundle: Bundle) -> Bundle:
    return replace(bundle, prior=None, contract=bundle.contract.model_copy(update={"derived": (), "starts_from_prior": False}))


def test_without_a_rhythm_whoever_stays_through_a_period_is_there_for_the_next(clv_without_prior: Bundle) -> None:
    settings = ValueSettings(horizon_days=225, **UNDISCOUNTED)  # two periods of 90 days and half of a third
    periods = periods_ahead(clv_without_prior, rows(spend_sum=[1, 1, 1]), settings, JULY, np.array([0.0, 0.2, np.nan]))
    assert periods == pytest.approx([2.5, 1 + 0.8 + 0.64 / 2, 2.5])


def test_money_is_discounted_from_the_middle_of_each_period(clv_without_prior: Bundle) -> None:
    settings = ValueSettings(horizon_days=180, discount_rate_per_year=0.1)
    periods = periods_ahead(clv_without_prior, rows(spend_sum=[1]), settings, JULY, np.array([0.5]))
    assert periods == pytest.approx([1.1 ** (-45 / 365) + 0.5 * 1.1 ** (-135 / 365)])


def test_with_a_rhythm_periods_go_with_the_orders_that_it_lets_expect(
    bundles: dict[Task, Bundle], customers: pd.DataFrame
) -> None:
    clv, settings = bundles["clv"], ValueSettings(horizon_days=360, **UNDISCOUNTED)
    found = periods_ahead(clv, customers, settings, JULY, np.full(len(customers), 0.9))
    assert clv.prior is not None
    near, far = (
        np.exp(clv.prior.offset(customers.assign(spend_sum=1e4, refund_sum=0), "exp", days)) for days in (90, 360)
    )  # spend to expect: the same value per order in both
    assert found == pytest.approx(far / near, rel=1e-6)
    assert (found > 1).all()
    assert (found <= 4 + 1e-9).all()  # nobody orders more often later than now


def test_of_whom_no_rhythm_is_known_the_chance_to_stay_tells(bundles: dict[Task, Bundle], customers: pd.DataFrame) -> None:
    nothing = pd.DataFrame([dict.fromkeys(customers.columns, np.nan)])
    settings = ValueSettings(horizon_days=180, **UNDISCOUNTED)
    assert periods_ahead(bundles["clv"], nothing, settings, JULY, np.array([0.3])) == pytest.approx([1.7])


def test_the_season_of_each_period_counts_beside_that_of_the_first(clv_without_prior: Bundle) -> None:
    # level 0 on 1 July (day 183), log 2 on day 273, 90 days on: the second period is worth twice as much
    season = Season(usual=(0.0,), days=(183, 273), levels=((0.0,), (float(np.log(2)),)))
    clv = replace(clv_without_prior, season=season)
    settings = ValueSettings(horizon_days=180, **UNDISCOUNTED)
    asked = rows(spend_sum=[1], **{DAY_OF_YEAR: [183]})
    assert periods_ahead(clv, asked, settings, JULY, np.array([0.0])) == pytest.approx([3.0], rel=1e-6)


def test_keeping_costs_go_on_as_so_far() -> None:
    customers = rows(treatment_cost_sum=[12.0, 12.0, 0.0], days_since_first_order=[360, 30, 360])
    # 12 in 360 days are 3 per 90 days, for 2.5 periods; of a new customer all 12 count as one period's
    assert keeping_cost(customers, 90, np.array([2.5, 2.0, 2.0])).tolist() == [7.5, 24.0, 0.0]
    assert keeping_cost(rows(age=[1.0]), 90, np.array([2.0])).tolist() == [0.0]


def test_influence_is_the_lifetime_value_of_those_she_brought() -> None:
    brought = pd.DataFrame({"customer_id": ["b", "c", "d", "e", "a"], "referred_by": ["a", "a", "b", "nobody", "a"]})
    ids, lifetime = np.array(["a", "b", "c", "d", "e"]), np.array([10.0, 20.0, np.nan, 7.0, 1.0])
    # a brought b (20) and c (not known); nobody brings herself; b brought d
    assert influence_value(ids, brought, lifetime).tolist() == [20.0, 7.0, 0.0, 0.0, 0.0]
