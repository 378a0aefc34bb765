"""Effects learned from trials whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from models.actions.uplift import chance_at
from training.campaigns.trial import Trial
from training.campaigns.uplift import Learned, base_chances, learn_effect
from training.campaigns.uplift_figures import Curve, Measured, drawn, estimate, evidence, in_order, policy_value

Floats = NDArray[np.float64]
COUNT = 12_000
DAY = date(2025, 3, 1)


def trial(seed: int, *, factor: float = 1.0, on_age: float = 0.0, count: int = COUNT, uneven: bool = False) -> Trial:
    """A voucher that multiplies everybody's rate by `factor`, and by exp(`on_age`) more for each standard deviation of age.

    Where `uneven`, whoever would come anyway is treated more often, and the propensity says so.
    """
    rng = np.random.default_rng(seed)
    age, visits, noise = rng.normal(size=(3, count))
    base = 0.25 * np.exp(0.6 * visits)
    chance = np.where(visits > 0, 0.75, 0.35) if uneven else np.full(count, 0.5)
    treated = rng.random(count) < chance
    event = rng.random(count) < chance_at(base * np.where(treated, factor * np.exp(on_age * age), 1.0))
    return Trial(
        customer_id=np.array([f"c{k}" for k in range(count)]),
        as_of=np.full(count, DAY, dtype=object),
        action=np.where(treated, "voucher", "none"),
        propensity=np.where(treated, chance, 1 - chance),
        rows=pd.DataFrame({"age": np.sinh(age), "visits": visits, "noise": noise, "constant": 1.0}),
        event=event.astype(np.float64),
        value=event * rng.gamma(2, 20, count),
    )


def learned(made: Trial, action: str = "voucher") -> Learned:
    return learn_effect(made, action, base_chances(made, seed=0, threads=2))


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("factor", [1.0, 1.4, 0.7])
def test_a_factor_is_found_within_its_interval_however_the_arms_were_drawn(factor: float, uneven: bool) -> None:
    effect = learned(trial(1, factor=factor, uneven=uneven)).effect
    error = effect.covariance[0][0] ** 0.5
    assert abs(effect.log_factor - np.log(factor)) < 3 * error
    assert 0.01 < error < 0.08
    assert effect.weights == ()


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    inside = 0
    for seed in range(40):
        made = trial(100 + seed, factor=1.3, count=2_000)
        _, lower, upper = learned(made).effect.factors(made.rows.head(1) * 0)
        inside += bool(lower[0] <= 1.3 <= upper[0])
    assert 25 <= inside <= 39  # 80 % of 40 is 32


def test_customers_who_react_differently_are_told_apart() -> None:
    made = trial(2, factor=1.2, on_age=0.5)
    found = learned(made)
    value, _ = found.effect.log_factors(made.rows)
    truth = np.log(1.2) + 0.5 * np.arcsinh(made.rows["age"].to_numpy())
    assert len(found.effect.weights) == 4
    assert np.corrcoef(value, truth)[0, 1] > 0.9
    own, treated = made.against_controls("voucher")
    assert evidence(own, treated, found, seed=0).differs


def test_where_an_action_changes_nothing_no_difference_is_found() -> None:
    for seed in (3, 4, 5):
        made = trial(seed)
        own, treated = made.against_controls("voucher")
        found = evidence(own, treated, learned(made), seed=0)
        assert found.on_chance.lower < 0 < found.on_chance.upper
        assert found.qini.lower < 0
        assert found.qini_p > 0.01
        assert not found.differs


def test_what_is_said_of_a_customer_does_not_know_her_own_outcome() -> None:
    """Where the outcomes of one group of customers are turned round, what is said of them stays."""
    made = trial(6, factor=1.3, on_age=0.3, count=4_000)
    turned = made.groups == 2
    other = replace(made, event=np.where(turned, 1 - made.event, made.event))
    base, base_of_other = (base_chances(each, seed=0, threads=2)[turned] for each in (made, other))
    assert (base == base_of_other).all()


def test_the_arms_weigh_the_same_and_look_alike() -> None:
    made = trial(7, uneven=True)
    own, treated = made.against_controls("voucher")
    weight, visits = own.alike(treated), own.rows["visits"].to_numpy()
    assert weight[treated].sum() == pytest.approx(weight[~treated].sum())
    assert weight.mean() == pytest.approx(1)
    assert abs(visits[treated].mean() - visits[~treated].mean()) > 0.3
    assert (
        abs(np.average(visits[treated], weights=weight[treated]) - np.average(visits[~treated], weights=weight[~treated]))
        < 0.05
    )


def test_only_the_controls_and_the_customers_with_the_action_are_compared() -> None:
    made = trial(8, count=6)
    actions = np.array(["none", "call", "voucher", "none", "call", "call"])
    made = replace(made, action=actions)
    own, treated = made.against_controls("call")
    assert own.action.tolist() == ["none", "call", "none", "call", "call"]
    assert treated.tolist() == [False, True, False, True, True]
    assert made.actions == ("call", "voucher")


def test_controls_of_a_day_on_which_nobody_drew_the_action_are_not_compared() -> None:
    march, april, may = DAY, date(2025, 4, 1), date(2025, 5, 1)
    made = replace(
        trial(8, count=6),
        as_of=np.array([march, march, april, april, may, march], dtype=object),
        action=np.array(["call", "none", "none", "voucher", "call", "none"]),  # in May all were called
    )
    own, treated = made.against_controls("call")
    assert own.customer_id.tolist() == ["c0", "c1", "c5"]
    assert treated.tolist() == [True, False, False]


def test_an_uplift_curve_done_by_hand() -> None:
    measured = Measured(
        outcome=np.array([1.0, 0.0, 1.0, 1.0]),
        treated=np.array([True, False, True, False]),
        weight=np.ones(4),
        customer=np.arange(4),
    )
    curve = Curve.of(measured, np.array([0, 1, 2, 3]))
    assert curve.share.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert curve.gain.tolist() == pytest.approx([0, 0.25, 0.5, 0.75, 0.5])  # 1 - 1/2 at the end
    assert curve.area == pytest.approx(0.25 * (0.125 + 0.375 + 0.625 + 0.625))
    assert curve.qini == pytest.approx(0.4375 - 0.25)


def test_a_difference_done_by_hand() -> None:
    measured = Measured(
        outcome=np.array([10.0, 0.0, 4.0]),
        treated=np.array([True, True, False]),
        weight=np.array([1.0, 3.0, 2.0]),
        customer=np.arange(3),
    )
    assert measured.difference() == pytest.approx(2.5 - 4.0)
    assert measured.drawn(np.array([2.0, 1.0, 1.0])).difference() == pytest.approx(4.0 - 4.0)
    assert np.isnan(measured.some(np.array([True, True, False])).difference())


def test_customers_are_drawn_with_all_their_rows_and_as_many_as_there_are() -> None:
    times = drawn(1_000, np.random.default_rng(0))
    assert times.sum() == 1_000
    assert 0.3 < (times == 0).mean() < 0.45


def test_equal_effects_are_ordered_by_chance_and_others_by_size() -> None:
    order = in_order(np.array([0.1, 0.3, 0.3, 0.3, 0.2]), np.random.default_rng(1))
    assert set(order[:3]) == {1, 2, 3}
    assert order[3:].tolist() == [4, 0]


def test_an_estimate_has_the_middle_95_percent_of_its_draws() -> None:
    found = estimate(50.0, np.concatenate([np.arange(0.0, 101.0), [np.nan]]))
    assert (found.value, found.lower, found.upper) == pytest.approx((50.0, 2.5, 97.5))


def test_the_value_of_a_policy_is_that_of_those_who_happened_to_get_what_it_says() -> None:
    treated, policy = np.array([True, False, True, False]), np.array([True, True, False, False])
    outcome, weight = np.array([10.0, 99.0, 99.0, 2.0]), np.array([2.0, 2.0, 2.0, 4.0])
    measured = Measured(outcome, treated, weight, np.arange(4))
    assert policy_value(measured, policy) == pytest.approx((2 * 10 + 4 * 2) / 6)
    assert np.isnan(policy_value(measured, ~treated))


def test_the_half_with_the_largest_effects_brings_more_than_a_half_by_chance() -> None:
    made = trial(9, factor=1.5, on_age=0.6)
    own, treated = made.against_controls("voucher")
    found = evidence(own, treated, learned(made), seed=0).policies
    nobody, everybody, half = (found[name] for name in ("nobody", "everybody", "largest effects"))
    assert nobody.lower < nobody.value < nobody.upper
    assert half.value > (nobody.value + everybody.value) / 2  # half of all that everybody adds, were the order by chance
    assert nobody.value < everybody.value


def test_money_is_that_of_customers_of_whom_it_is_told() -> None:
    made = trial(9, factor=1.5, count=2_000)
    own, treated = made.against_controls("voucher")
    known = learned(made)
    half = np.arange(2_000) % 2 == 0
    found = evidence(replace(own, value=np.where(half, own.value, np.nan)), treated, known, seed=0)
    arms = [np.average(own.value[half & arm]) for arm in (treated, ~treated)]
    assert found.on_value is not None
    assert found.on_value.value == pytest.approx(arms[0] - arms[1])
    assert np.isfinite([one.value for one in found.policies.values()]).all()
    nobody = evidence(replace(own, value=np.full(2_000, np.nan)), treated, known, seed=0)
    assert nobody.on_value is None
    assert np.isfinite([one.value for one in nobody.policies.values()]).all()  # chances then


def test_the_measured_effect_and_the_tenths_agree_with_the_truth() -> None:
    made = trial(9, factor=1.5, on_age=0.4)
    own, treated = made.against_controls("voucher")
    found = evidence(own, treated, learned(made), seed=0)
    base = 0.25 * np.exp(0.6 * made.rows["visits"].to_numpy())
    true = chance_at(base * 1.5 * np.exp(0.4 * np.arcsinh(made.rows["age"].to_numpy()))) - chance_at(base)
    assert found.on_chance.lower < true.mean() < found.on_chance.upper
    assert (found.treated + found.withheld, len(found.tenths)) == (COUNT, 10)
    assert found.tenths[0].predicted > found.tenths[-1].predicted
    assert sum(each.measured.lower <= each.predicted <= each.measured.upper for each in found.tenths) >= 8
    assert found.qini_p < 0.01
