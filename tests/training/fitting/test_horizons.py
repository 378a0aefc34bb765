"""Other horizons are fitted on inner dates: slope and shift are found again, and what cannot be fitted is said."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.calibration import inverse_link
from models.prior import Prior
from training.fitting.horizons import fit_horizons
from training.fitting.rehearsal import Levelled
from training.frame import Frame

JUDGED_AT = date(2021, 9, 9)
CALIBRATE, TUNE = JUDGED_AT - timedelta(days=90), JUDGED_AT - timedelta(days=180)
PRIOR = Prior(
    horizon_days=90, order_rate=(0.8, 40.0, 0.9, 3.0), order_value=(4.0, 5.0, 60.0), spend_mean=25.0, order_probability_mean=0.2
)


def levelled(as_of: date, count: int = 20_000, seed: int = 0, horizon_days: int = 90) -> Levelled:
    """Customers with a rhythm, and margins for a horizon that know more than it tells."""
    rng = np.random.default_rng(seed)
    age, days = rng.integers(30, 700, count).astype(float), rng.integers(1, 12, count).astype(float)
    last = np.where(days == 1, 0.0, age * rng.uniform(0.3, 1, count))
    rows = pd.DataFrame(
        {
            "days_since_first_order": age,
            "order_day_count": days,
            "days_first_to_last_order": last,
            "spend_sum": 10.0,
            "refund_sum": 0.0,
        }
    )
    frame = Frame(
        customer_id=np.array([f"c{number}" for number in range(count)]),
        as_of=np.full(count, as_of, dtype=object),
        rows=rows,
        outcomes=np.zeros((count, 1)),  # what happened within the own horizon is not looked at
        horizon_days=horizon_days,
    )
    return Levelled(frame, (PRIOR.offset(rows, "sigmoid", horizon_days) + rng.normal(0, 0.8, count))[:, None])


def outcomes(asked: Levelled, days: int, slope: float, shift: float, *, with_prior: bool = True) -> Frame:
    """What the customers of a frame do within other days, by a known slope and shift; in another order, without some."""
    learned, other = (PRIOR.offset(asked.frame.rows, "sigmoid", each) for each in (asked.frame.horizon_days, days))
    moved = other - learned
    chance = inverse_link(asked.margins[:, 0] + (slope * moved if with_prior else 0) + shift, "sigmoid")
    rng = np.random.default_rng(days)
    leaves = (rng.uniform(size=len(chance)) < chance).astype(float)
    order = rng.permutation(len(chance))[: len(chance) * 9 // 10]
    frame = asked.frame
    return Frame(frame.customer_id[order], frame.as_of[order], frame.rows.iloc[order], leaves[order, None], days)


@pytest.mark.parametrize(("days", "slope", "shift"), [(30, 1.0, 0.0), (30, 0.6, 0.4), (180, 1.5, -0.5)])
def test_a_known_slope_and_shift_are_found_again(days: int, slope: float, shift: float) -> None:
    asked = [levelled(TUNE)]
    found, missing = fit_horizons(
        asked,
        PRIOR,
        lambda _, horizon: outcomes(asked[0], horizon, slope, shift),
        own_days=90,
        wanted_days=(days, 90),
        until=JUDGED_AT,
        falls=True,
    )
    (other,) = found.others
    assert (found.own_days, found.falls, missing) == (90, True, {})
    assert other.days == days
    assert other.slope == pytest.approx(slope, abs=0.15)
    assert other.shift == pytest.approx(shift, abs=0.15)
    # Together they give the chances that were true.
    truth = asked[0].margins[:, 0]
    offsets = {d: PRIOR.offset(asked[0].frame.rows, "sigmoid", d) for d in (90, days)}
    told = found.probabilities(truth, offsets)[days]
    expected = inverse_link(truth + slope * (offsets[days] - offsets[90]) + shift, "sigmoid")
    assert np.abs(told - expected).mean() < 0.02


@pytest.mark.parametrize("days", [30, 60])
def test_where_margins_were_learned_from_a_shorter_horizon_others_follow_from_that_one(days: int) -> None:
    asked = [levelled(CALIBRATE, horizon_days=30)]
    found, _ = fit_horizons(
        asked,
        PRIOR,
        lambda _, horizon: outcomes(asked[0], horizon, 1.0, 0.0),
        own_days=90,
        wanted_days=(days,),
        until=JUDGED_AT,
        falls=True,
    )
    rows = asked[0].frame.rows
    offsets = {horizon: PRIOR.offset(rows, "sigmoid", horizon) for horizon in (30, 60, 90)}
    more = asked[0].margins[:, 0] - offsets[30]  # what is known beyond rhythm, for any horizon
    told = found.probabilities(offsets[90] + more, offsets)[days]
    assert np.abs(told - inverse_link(offsets[days] + more, "sigmoid")).mean() < 0.02


def test_without_a_prior_the_shift_alone_is_fitted() -> None:
    asked = [levelled(CALIBRATE)]
    found, _ = fit_horizons(
        asked,
        None,
        lambda _, horizon: outcomes(asked[0], horizon, 0.0, -0.7, with_prior=False),
        own_days=90,
        wanted_days=(30,),
        until=JUDGED_AT,
        falls=False,
    )
    (other,) = found.others
    assert other.slope == 0
    assert other.shift == pytest.approx(-0.7, abs=0.05)
    assert not found.falls


def test_each_horizon_is_fitted_on_the_latest_date_whose_window_had_closed_and_the_others_are_said() -> None:
    asked = [levelled(CALIBRATE, 500), levelled(TUNE, 500)]
    wanted: list[tuple[date, int]] = []

    def tell(as_of: date, horizon: int) -> Frame:
        wanted.append((as_of, horizon))
        return outcomes(next(each for each in asked if each.as_of == as_of), horizon, 1.0, 0.0)

    found, missing = fit_horizons(
        asked, PRIOR, tell, own_days=90, wanted_days=(180, 30, 91, 365, 90, 181), until=JUDGED_AT, falls=True
    )
    assert wanted == [(CALIBRATE, 30), (TUNE, 91), (TUNE, 180)]  # the own one is served already
    assert found.all_days == (30, 90, 91, 180)
    assert missing == {
        "181 days": "no inner date has a window of 181 days that closed by 2021-09-09",
        "365 days": "no inner date has a window of 365 days that closed by 2021-09-09",
    }


def test_with_no_inner_date_only_the_own_horizon_is_answered() -> None:
    def never(as_of: date, horizon: int) -> Frame:
        raise AssertionError((as_of, horizon))

    found, missing = fit_horizons([], PRIOR, never, own_days=90, wanted_days=(30, 60), until=JUDGED_AT, falls=True)
    assert found.all_days == (90,)
    assert list(missing) == ["30 days", "60 days"]


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_customers_who_all_did_the_same_keep_slope_and_shift_within_bounds(outcome: float) -> None:
    asked = [levelled(CALIBRATE, 200)]
    same = Frame(**vars(asked[0].frame) | {"outcomes": np.full((200, 1), outcome)})
    found, _ = fit_horizons(asked, PRIOR, lambda *_: same, own_days=90, wanted_days=(30,), until=JUDGED_AT, falls=True)
    (other,) = found.others
    assert 0 <= other.slope <= 3
    assert -10 <= other.shift <= 10
