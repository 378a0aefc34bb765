"""Buy-till-you-die in closed form, against hand calculation and against simulated customers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln

from models.btyd import OrderRate, OrderValue, fit_order_rate, fit_order_value

TRUE_RATE = OrderRate(r=0.8, alpha=40.0, a=0.9, b=3.0)
TRUE_VALUE = OrderValue(p=4.0, q=5.0, gamma=60.0)
WATCHED_DAYS, AHEAD_DAYS, ORDERS_MAX = 300.0, 90.0, 60


def simulated(size: int, seed: int) -> dict[str, np.ndarray]:
    """Customers who live by the rules of the MBG/NBD, seen from their first order on; and what they then do."""
    rng = np.random.default_rng(seed)
    per_day = rng.gamma(TRUE_RATE.r, 1 / TRUE_RATE.alpha, size)[:, None]
    leaves = rng.beta(TRUE_RATE.a, TRUE_RATE.b, size)[:, None]
    at = np.cumsum(rng.exponential(1 / per_day, (size, ORDERS_MAX)), axis=1)
    stayed = np.cumprod(rng.uniform(size=(size, ORDERS_MAX)) >= leaves, axis=1).astype(bool)  # after each order so far
    happens = stayed  # order k needs that she stayed after the k orders before it, the first among them
    seen = happens & (at <= WATCHED_DAYS)
    repeats = seen.sum(axis=1).astype(float)
    return {
        "repeats": repeats,
        "last": np.where(seen, at, 0).max(axis=1),
        "age": np.full(size, WATCHED_DAYS),
        "is_alive": stayed[np.arange(size), np.minimum(repeats.astype(int), ORDERS_MAX - 1)],
        "orders_ahead": (happens & (at > WATCHED_DAYS) & (at <= WATCHED_DAYS + AHEAD_DAYS)).sum(axis=1),
    }


@pytest.fixture(scope="module")
def crowd() -> dict[str, np.ndarray]:
    return simulated(60_000, seed=0)


def test_the_chance_of_an_order_worked_out_by_hand() -> None:
    # Alive with 1/1.75 as below; the rate of the living is Gamma(2, 30): none in 10 days with (30/40)^2.
    rate = OrderRate(r=1.0, alpha=10.0, a=1.0, b=2.0)
    found = rate.some_order(np.array([1.0]), np.array([10.0]), np.array([20.0]), 10.0)[0]
    assert found == pytest.approx((1 - (30 / 40) ** 2) / 1.75)


def test_as_many_of_the_simulated_order_again_as_is_expected(crowd: dict[str, np.ndarray]) -> None:
    expected = TRUE_RATE.some_order(crowd["repeats"], crowd["last"], crowd["age"], AHEAD_DAYS)
    ordered = crowd["orders_ahead"] > 0
    assert expected.mean() == pytest.approx(ordered.mean(), rel=0.02)
    for tenth in np.array_split(np.argsort(expected), 10):
        assert expected[tenth].mean() == pytest.approx(ordered[tenth].mean(), abs=0.03)


def test_the_chance_to_be_alive_worked_out_by_hand() -> None:
    # One repeat order after 10 days, 20 days old: odds of having left = 1/(2+1) * ((10+20)/(10+10))^(1+1) = 0.75.
    rate = OrderRate(r=1.0, alpha=10.0, a=1.0, b=2.0)
    assert rate.alive(np.array([1.0]), np.array([10.0]), np.array([20.0]))[0] == pytest.approx(1 / 1.75)
    # No repeat order: odds 1/2 * (30/10)^1.
    assert rate.alive(np.array([0.0]), np.array([0.0]), np.array([20.0]))[0] == pytest.approx(1 / 2.5)


@pytest.mark.parametrize(
    "rate", [TRUE_RATE, OrderRate(r=2.0, alpha=10.0, a=1.0, b=1.0), OrderRate(r=0.3, alpha=90.0, a=4.0, b=7.0)]
)
@pytest.mark.parametrize(("repeats", "last"), [(0.0, 0.0), (1.0, 50.0), (8.0, 190.0), (40.0, 200.0)])
def test_the_closed_form_equals_the_integral_over_what_is_still_uncertain(rate: OrderRate, repeats: float, last: float) -> None:
    # Alive, she orders at a rate of Gamma(r + x, alpha + T) and leaves after an order with a chance of Beta(a, b + x + 1).
    # Given both she orders (1 - exp(-rate * chance * days)) / chance times; the rate integrates in closed form.
    def orders(chance: float) -> float:
        log_density = (rate.a - 1) * np.log(chance) + (rate.b + repeats) * np.log1p(-chance)
        log_density -= betaln(rate.a, rate.b + repeats + 1)
        return float(-np.expm1(-(rate.r + repeats) * np.log1p(chance * 90 / (rate.alpha + 200))) / chance * np.exp(log_density))

    alive = rate.alive(np.array([repeats]), np.array([last]), np.array([200.0]))[0]
    expected = rate.expected_orders(np.array([repeats]), np.array([last]), np.array([200.0]), 90.0)[0]
    assert expected == pytest.approx(alive * quad(orders, 0, 1)[0], rel=1e-5)


def test_the_order_value_worked_out_by_hand() -> None:
    # Her 2 orders brought 100: 3 times (100 + 100), over 3 times 2 orders plus 4 less 1.
    value = OrderValue(p=3.0, q=4.0, gamma=100.0)
    assert value.expected(np.array([2.0]), np.array([50.0]))[0] == pytest.approx(600 / 9)


def test_the_expected_order_value_lies_between_the_customers_own_mean_and_everybodys() -> None:
    everybody = TRUE_VALUE.p * TRUE_VALUE.gamma / (TRUE_VALUE.q - 1)
    orders = np.array([1.0, 5.0, 1000.0])
    expected = TRUE_VALUE.expected(orders, np.full(3, 200.0))
    assert np.all((expected > everybody) & (expected < 200))
    assert np.all(np.diff(expected) > 0)
    assert expected[-1] == pytest.approx(200, rel=0.01)


def test_simulated_customers_are_alive_as_often_as_predicted(crowd: dict[str, np.ndarray]) -> None:
    predicted = TRUE_RATE.alive(crowd["repeats"], crowd["last"], crowd["age"])
    tenth = np.digitize(predicted, [0.2, 0.4, 0.6, 0.8])
    for k in range(5):
        here = tenth == k
        assert here.sum() > 500
        assert crowd["is_alive"][here].mean() == pytest.approx(predicted[here].mean(), abs=0.02)


def test_simulated_customers_order_as_much_as_predicted(crowd: dict[str, np.ndarray]) -> None:
    predicted = TRUE_RATE.expected_orders(crowd["repeats"], crowd["last"], crowd["age"], AHEAD_DAYS)
    assert crowd["orders_ahead"].mean() == pytest.approx(predicted.mean(), rel=0.02)
    for low, high in [(0, 0), (1, 1), (2, 4), (5, 60)]:
        here = (crowd["repeats"] >= low) & (crowd["repeats"] <= high)
        assert crowd["orders_ahead"][here].mean() == pytest.approx(predicted[here].mean(), rel=0.05)


def test_parameters_fitted_to_simulated_customers_predict_like_the_true_ones() -> None:
    past = simulated(6_000, seed=1)
    fitted = fit_order_rate(past["repeats"], past["last"], past["age"])
    new = simulated(2_000, seed=2)
    rhythm = new["repeats"], new["last"], new["age"]
    assert fitted.alive(*rhythm) == pytest.approx(TRUE_RATE.alive(*rhythm), abs=0.06)
    assert fitted.expected_orders(*rhythm, AHEAD_DAYS).mean() == pytest.approx(
        TRUE_RATE.expected_orders(*rhythm, AHEAD_DAYS).mean(), rel=0.05
    )


def test_parameters_fitted_to_simulated_order_values_predict_like_the_true_ones() -> None:
    rng = np.random.default_rng(3)
    orders = rng.geometric(0.3, 6_000).astype(float)
    per_unit = rng.gamma(TRUE_VALUE.q, 1 / TRUE_VALUE.gamma, 6_000)
    means = rng.gamma(TRUE_VALUE.p * orders, 1 / per_unit) / orders
    fitted = fit_order_value(orders, means)
    assert fitted.expected(orders, means) == pytest.approx(TRUE_VALUE.expected(orders, means), rel=0.15)
    assert fitted.expected(orders, means).mean() == pytest.approx((TRUE_VALUE.p / per_unit).mean(), rel=0.05)


def test_time_in_other_units_gives_the_same_chances() -> None:
    past = simulated(1_000, seed=4)
    days = fit_order_rate(past["repeats"], past["last"], past["age"])
    weeks = fit_order_rate(past["repeats"], past["last"] / 7, past["age"] / 7)
    assert days.alive(past["repeats"], past["last"], past["age"]) == pytest.approx(
        weeks.alive(past["repeats"], past["last"] / 7, past["age"] / 7), abs=1e-4
    )


rates = st.builds(OrderRate, r=st.floats(0.05, 20), alpha=st.floats(0.5, 500), a=st.floats(0.05, 20), b=st.floats(0.05, 20))


@given(rates, st.integers(0, 500), st.floats(0, 1), st.floats(1, 4_000), st.sampled_from([1.0, 90.0, 730.0]))
def test_whatever_the_parameters_expectations_are_amounts_of_orders(
    rate: OrderRate, repeats: int, part: float, age: float, days: float
) -> None:
    rhythm = np.array([float(repeats)]), np.array([part * age if repeats else 0.0]), np.array([age])
    alive, expected = rate.alive(*rhythm)[0], rate.expected_orders(*rhythm, days)[0]
    assert 0 <= alive <= 1
    assert 0 <= expected <= alive * (rate.r + repeats) / (rate.alpha + age) * days * (1 + 1e-9)


@given(rates, st.integers(0, 30), st.floats(1, 1_000))
def test_the_longer_she_is_silent_the_less_likely_she_is_alive_and_the_less_is_expected(
    rate: OrderRate, repeats: int, last: float
) -> None:
    age = last + np.array([0.0, 30.0, 90.0, 365.0])
    rhythm = np.full(4, float(repeats)), np.full(4, last if repeats else 0.0), age
    assert np.all(np.diff(rate.alive(*rhythm)) <= 1e-12)
    assert np.all(np.diff(rate.expected_orders(*rhythm, 90.0)) <= 1e-6)


def test_what_is_not_known_stays_not_known() -> None:
    unknown, known = np.array([np.nan, 3.0]), np.array([50.0, 50.0])
    assert np.isnan(TRUE_RATE.alive(unknown, known, 2 * known)).tolist() == [True, False]
    assert np.isnan(TRUE_RATE.expected_orders(unknown, known, 2 * known, 90.0)).tolist() == [True, False]


@settings(max_examples=12)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.floats(0, 1), st.sampled_from([1.0, 2.0, 90.0, 400.0, 3000.0])),
        min_size=1,
        max_size=25,
    )
)
def test_every_history_gives_finite_order_rates(customers: list[tuple[int, float, float]]) -> None:
    repeats, part, age = (np.array(column, dtype=float) for column in zip(*customers, strict=True))
    last = np.where(repeats > 0, part * age, 0.0)
    fitted = fit_order_rate(repeats, last, age)
    assert np.all(np.isfinite([fitted.r, fitted.alpha, fitted.a, fitted.b]))
    assert np.all(np.isfinite(fitted.expected_orders(repeats, last, age, 90.0)))


@settings(max_examples=12)
@given(st.lists(st.tuples(st.integers(1, 40), st.sampled_from([0.0, 0.01, 1.0, 10.0, 10.0, 1e6])), min_size=1, max_size=25))
def test_every_history_gives_finite_order_values(customers: list[tuple[int, float]]) -> None:
    orders, means = (np.array(column, dtype=float) for column in zip(*customers, strict=True))
    fitted = fit_order_value(orders, means)
    expected = fitted.expected(orders, means)
    assert fitted.q > 1
    assert np.all(np.isfinite(expected))
    assert np.all(expected >= 0)
