"""Buy-till-you-die in closed form, against hand calculation and against simulated customers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln, gammaln

from models.btyd import CUSTOMERS_MAX, SHRINKAGE, OrderRate, OrderValue, fit_order_rate, fit_order_value

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
    orders_made = stayed.sum(axis=1)  # after the first, in her whole life; her last order is when she leaves
    last_ever = np.where(orders_made > 0, at[np.arange(size), np.maximum(orders_made, 1) - 1], 0.0)
    return {
        "repeats": repeats,
        "last": np.where(seen, at, 0).max(axis=1),
        "age": np.full(size, WATCHED_DAYS),
        "is_alive": stayed[np.arange(size), np.minimum(repeats.astype(int), ORDERS_MAX - 1)],
        "leaves_in": np.where(orders_made < ORDERS_MAX, last_ever, np.inf) - WATCHED_DAYS,
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


def test_a_new_customer_of_cdnow_is_expected_to_order_about_as_often_as_published() -> None:
    # The MBG/NBD of the CDNOW sample, time in weeks, as R's BTYDplus has it, against the curve published for the BG/NBD there.
    rate = OrderRate(r=0.525, alpha=6.183, a=0.891, b=1.614)
    weeks = [0.1429, 1.0, 3.0, 31.8571, 32.0, 78.0]
    found = [rate.expected_orders(np.zeros(1), np.zeros(1), np.zeros(1), week)[0] for week in weeks]
    assert found == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576], rel=0.03)


@pytest.mark.parametrize(
    ("rate", "repeats", "days"),
    [
        (TRUE_RATE, 5_000.0, 90.0),
        (OrderRate(r=2.0, alpha=1.0, a=2.0, b=3.0), 2_000.0, 730.0),
        (OrderRate(r=500.0, alpha=1.0, a=24.0, b=0.1), 1.0, 30_000.0),
        (OrderRate(r=0.06, alpha=1.0, a=1_400.0, b=1.4), 0.0, 9_000.0),
        (OrderRate(r=560.0, alpha=1.0, a=134.0, b=0.4), 734.0, 12_000.0),
    ],
)
def test_very_many_orders_and_extreme_parameters_do_not_send_the_series_away(
    rate: OrderRate, repeats: float, days: float
) -> None:
    ahead, shape, b = days / (rate.alpha + 200), rate.r + repeats, rate.b + repeats + 1
    logit = np.linspace(np.log(rate.a / b) - 40, np.log(rate.a / b) + 40, 400_001)  # of the chance to leave, on a fine grid
    chance = 1 / (1 + np.exp(-logit))
    weight = np.exp(-rate.a * np.logaddexp(0, -logit) - b * np.logaddexp(0, logit) - betaln(rate.a, b)) * (logit[1] - logit[0])
    none_left = shape * np.log1p(chance * ahead)
    customer = np.array([repeats]), np.array([200.0]), np.array([200.0])
    expected = rate.expected_orders(*customer, days)[0] / rate.alive(*customer)[0]
    assert expected == pytest.approx(weight @ (-np.expm1(-none_left) / chance), rel=0.01)
    assert rate.staying(customer[0], customer[2], days)[0] == pytest.approx(weight @ np.exp(-none_left), abs=1e-6)


def test_the_chance_to_stay_worked_out_by_hand() -> None:
    # Rate Gamma(1, 10 + 20), chance to leave Beta(1, 1 + 0 + 1): in 30 days 2 * integral of (1 - p) / (1 + p) = 2 * (2 log 2 - 1).
    rate = OrderRate(r=1.0, alpha=10.0, a=1.0, b=1.0)
    assert rate.staying(np.zeros(1), np.array([20.0]), 30.0)[0] == pytest.approx(4 * np.log(2) - 2)


@pytest.mark.parametrize(
    "rate", [TRUE_RATE, OrderRate(r=2.0, alpha=10.0, a=1.0, b=1.0), OrderRate(r=0.3, alpha=90.0, a=4.0, b=7.0)]
)
@pytest.mark.parametrize("repeats", [0.0, 1.0, 8.0, 40.0])
def test_the_chance_to_stay_equals_the_integral_over_what_is_still_uncertain(rate: OrderRate, repeats: float) -> None:
    def stays(chance: float) -> float:
        log_density = (rate.a - 1) * np.log(chance) + (rate.b + repeats) * np.log1p(-chance)
        log_density -= betaln(rate.a, rate.b + repeats + 1)
        return float(np.exp(log_density - (rate.r + repeats) * np.log1p(chance * 90 / (rate.alpha + 200))))

    found = rate.staying(np.array([repeats]), np.array([200.0]), 90.0)[0]
    assert found == pytest.approx(quad(stays, 0, 1)[0], rel=1e-5)


def test_as_many_of_the_simulated_who_are_customers_stay_as_is_predicted(crowd: dict[str, np.ndarray]) -> None:
    customers = crowd["is_alive"]
    assert np.array_equal(crowd["leaves_in"] > 0, customers)
    for days in (30.0, 90.0, 365.0):
        predicted = TRUE_RATE.staying(crowd["repeats"], crowd["age"], days)[customers]
        stayed = crowd["leaves_in"][customers] > days
        for fifth in np.array_split(np.argsort(predicted, kind="stable"), 5):
            assert predicted[fifth].mean() == pytest.approx(stayed[fifth].mean(), abs=0.02)


def test_as_many_of_the_simulated_have_left_by_the_days_given_as_the_quantile_says(crowd: dict[str, np.ndarray]) -> None:
    alive = TRUE_RATE.alive(crowd["repeats"], crowd["last"], crowd["age"])
    quantiles = (0.1, 0.25, 0.5)
    days = TRUE_RATE.days_until_leaving(alive, crowd["repeats"], crowd["age"], quantiles=quantiles, days_max=np.inf)
    for column, quantile in enumerate(quantiles):
        to_come = days[:, column] > 0
        assert np.array_equal(to_come, 1 - alive < quantile)
        assert to_come.sum() > 500
        left = crowd["leaves_in"] <= days[:, column]
        assert left[to_come].mean() == pytest.approx(quantile, abs=0.03)


def test_days_until_leaving_are_where_the_chance_to_stay_meets_the_quantile() -> None:
    repeats, age, alive = (
        np.array([0.0, 3.0, 3.0, 900.0]),
        np.array([1.0, 200.0, 900.0, 900.0]),
        np.array([1.0, 0.9, 0.6, 0.95]),
    )
    days = TRUE_RATE.days_until_leaving(alive, repeats, age, quantiles=(0.2, 0.5), days_max=1e9)
    for column, quantile in enumerate((0.2, 0.5)):
        left = 1 - alive * TRUE_RATE.staying(repeats, age, days[:, column])
        assert left == pytest.approx(np.maximum(quantile, 1 - alive), abs=1e-3)
    assert days[2, 0] == 0  # she has left with 0.4 already


def test_days_until_leaving_do_not_exceed_what_is_asked_for_and_whoever_has_left_has_none() -> None:
    repeats, age = np.array([20.0, 20.0]), np.array([400.0, 400.0])
    assert TRUE_RATE.days_until_leaving(np.array([1.0, 0.0]), repeats, age, days_max=30.0)[:, 2].tolist() == [30.0, 0.0]


def test_whoever_cannot_leave_stays() -> None:
    steady = OrderRate(r=0.8, alpha=40.0, a=0.0, b=1.0)
    rhythm = np.array([0.0, 3.0]), np.array([0.0, 20.0]), np.array([900.0, 900.0])
    assert steady.alive(*rhythm).tolist() == [1.0, 1.0]
    assert steady.staying(rhythm[0], rhythm[2], 365.0).tolist() == [1.0, 1.0]
    assert steady.days_until_leaving(np.ones(2), rhythm[0], rhythm[2], days_max=365.0).tolist() == [[365.0] * 3] * 2
    assert steady.expected_orders(*rhythm, 94.0) == pytest.approx([0.8 / 10, 3.8 / 10])


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


def slow_log_likelihood(rate: OrderRate, repeats: float, last: float, age: float) -> float:
    """Integrated over the chance p to leave: she stayed after all her orders, or after all but the last."""

    def density(p: float) -> float:
        log_beta = (rate.a - 1) * np.log(p) + (rate.b - 1) * np.log1p(-p) - betaln(rate.a, rate.b)
        log_rate = gammaln(rate.r + repeats) - gammaln(rate.r) + rate.r * np.log(rate.alpha)
        stayed = (1 - p) * (rate.alpha + age) ** -(rate.r + repeats)
        left = p * (rate.alpha + last) ** -(rate.r + repeats)
        return float(np.exp(log_beta + log_rate + repeats * np.log1p(-p)) * (stayed + left))

    return float(np.log(quad(density, 0, 1, limit=200)[0]))


def test_no_parameters_nearby_are_likelier_than_the_fitted_ones() -> None:
    past = simulated(150, seed=5)
    scale = 100 / WATCHED_DAYS  # the unit of time in which alpha is drawn to 1
    fitted = fit_order_rate(past["repeats"], past["last"], past["age"])
    assert fitted.remark == ""
    histories, count = np.unique(np.column_stack([past["repeats"], past["last"], past["age"]]), axis=0, return_counts=True)

    def loss(parameters: np.ndarray) -> float:
        rate = OrderRate(*parameters)
        each = [slow_log_likelihood(rate, *history) for history in histories]
        return float(-np.average(each, weights=count) + SHRINKAGE * np.sum(np.log(parameters * [1, scale, 1, 1]) ** 2))

    best = np.array([fitted.r, fitted.alpha, fitted.a, fitted.b])
    for k in range(4):
        for factor in (0.9, 1.1):
            assert loss(best * np.where(np.arange(4) == k, factor, 1.0)) > loss(best)


def test_neither_the_order_of_the_customers_nor_their_number_changes_the_fit() -> None:
    past = simulated(6_000, seed=6)
    rhythm = np.floor(np.stack([past["repeats"], past["last"], past["age"]]))
    once = fit_order_rate(*rhythm)
    assert fit_order_rate(*rhythm[:, ::-1]) == once
    many = np.tile(rhythm, 10)
    assert many.shape[1] > CUSTOMERS_MAX  # so that only some of them are looked at
    fitted = fit_order_rate(*many)
    assert [fitted.r, fitted.alpha, fitted.a, fitted.b] == pytest.approx([once.r, once.alpha, once.a, once.b], rel=0.01)
    assert fit_order_rate(*many[:, ::-1]) == fitted


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


@settings(max_examples=40)
@given(rates, st.integers(0, 3_000), st.floats(0, 4_000), st.floats(0, 1))
def test_whatever_the_parameters_staying_is_a_chance_that_falls_with_the_days(
    rate: OrderRate, repeats: int, age: float, alive: float
) -> None:
    stays = rate.staying(np.array([float(repeats)]), np.array([age]), np.array([0.0, 1.0, 30.0, 365.0, 3650.0, 1e6]))
    assert stays[0] == 1
    assert np.all((stays >= 0) & (np.diff(stays, prepend=1) <= 1e-9))
    days = rate.days_until_leaving(
        np.array([alive]), np.array([float(repeats)]), np.array([age]), quantiles=(0, 0.1, 0.5, 0.9, 1)
    )
    assert np.all((days >= 0) & (days <= 3650))
    assert np.all(np.diff(days) >= 0)
    surer = rate.days_until_leaving(
        np.array([alive / 2]), np.array([float(repeats)]), np.array([age]), quantiles=(0, 0.1, 0.5, 0.9, 1)
    )
    assert np.all(surer <= days)


def test_what_is_not_known_stays_not_known() -> None:
    unknown, known = np.array([np.nan, 3.0]), np.array([50.0, 50.0])
    assert np.isnan(TRUE_RATE.alive(unknown, known, 2 * known)).tolist() == [True, False]
    assert np.isnan(TRUE_RATE.expected_orders(unknown, known, 2 * known, 90.0)).tolist() == [True, False]
    assert np.isnan(TRUE_RATE.staying(unknown, known, 90.0)).tolist() == [True, False]
    assert np.isnan(TRUE_RATE.days_until_leaving(np.ones(2), unknown, known)).all(axis=1).tolist() == [True, False]


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


DEGENERATE = {
    "nobody": ([], [], []),
    "one who ordered once": ([0], [0], [100]),
    "one who ordered twice": ([1], [50], [100]),
    "one who ordered all the time": ([5], [90], [100]),
    "all on the same day": ([0] * 50, [0] * 50, [30] * 50),
    "all once": ([0] * 300, [0] * 300, range(300)),
    "all but one once": ([0] * 999 + [1], [0] * 999 + [20], [365] * 1000),
    "all new today": ([0] * 5, [0] * 5, [0] * 5),
    "all a day old": ([0, 1, 0, 1], [0, 1, 0, 1], [0, 1, 1, 1]),
    "all every day": ([365] * 100, [365] * 100, [365] * 100),
    "all once a month": ([12] * 100, [360] * 100, [365] * 100),
    "all gone": ([3] * 100, [10] * 100, [3650] * 100),
    "one with a hundred thousand orders": ([0] * 20 + [100_000], [0] * 20 + [700], [365] * 20 + [720]),
    "contradictions": ([-3, 2, 1e9, 4], [-5, 500, 1, 20], [-10, 10, 1, 19]),
    "some not known": ([np.nan, 1, 2, 0], [1, 5, 9, np.nan], [10, 20, np.nan, 5]),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_histories_that_say_little_give_possible_answers(case: str) -> None:
    rhythm = [np.array(column, dtype=float) for column in DEGENERATE[case]]
    fitted = fit_order_rate(*rhythm)
    assert np.all(np.isfinite([fitted.r, fitted.alpha, fitted.a, fitted.b]))
    asked = np.array([0.0, 1.0, 4.0]), np.array([0.0, 30.0, 300.0]), np.array([60.0, 60.0, 365.0])
    alive, orders = fitted.alive(*asked), fitted.expected_orders(*asked, 90.0)
    assert np.all((alive >= 0) & (alive <= 1))
    assert np.all((orders >= 0) & (orders < np.inf))
    assert np.all(np.isfinite(fitted.some_order(*asked, 90.0)))
    assert np.all(np.isfinite(fitted.days_until_leaving(alive, asked[0], asked[2])))


def test_who_all_ordered_once_are_expected_to_hardly_order_and_it_is_said() -> None:
    fitted = fit_order_rate(np.zeros(300), np.zeros(300), np.full(300, 365.0))
    assert fitted.remark == "Nobody has ordered twice: nothing is known of rhythm, and everybody is taken as active."
    # Half an order in the 301 years watched, as it were.
    expected = fitted.expected_orders(np.zeros(1), np.zeros(1), np.array([365.0]), 365.0)
    assert expected[0] == pytest.approx(0.5 / 301, rel=1e-3)


def test_who_all_order_every_day_are_expected_to_go_on_and_it_is_said() -> None:
    fitted = fit_order_rate(np.full(100, 365.0), np.full(100, 365.0), np.full(100, 365.0))
    assert fitted.remark == "Customers could not be told apart by rhythm: everybody is taken to order at the mean rate."
    assert fitted.expected_orders(np.array([365.0]), np.array([365.0]), np.array([365.0]), 90.0)[0] == pytest.approx(
        90, rel=0.02
    )


def test_who_orders_a_hundred_times_a_day_is_expected_to_go_on_and_it_is_said() -> None:
    once = np.array([139.0]), np.array([0.0]), np.array([1.0])
    fitted = fit_order_rate(*once)
    assert fitted.remark == "Who has left could not be told from rhythm: nobody is taken to."
    assert fitted.alive(*once).tolist() == [1.0]
    assert fitted.expected_orders(*once, 10.0)[0] == pytest.approx(1390, rel=0.01)


def test_order_values_that_do_not_vary_stay_and_it_is_said() -> None:
    orders, means = np.arange(1.0, 50.0), np.full(49, 50.0)
    fitted = fit_order_value(orders, means)
    assert fitted.expected(orders, means) == pytest.approx(means)
    assert fitted.remark == "How order values vary could not be told: values are means, drawn to everybody's."


def test_where_many_bring_losses_values_are_means_drawn_to_everybodys_and_it_is_said() -> None:
    # Two customers with one order each, -30 and 10: everybody's mean is -10, and half of the way to it is gone.
    orders, means = np.ones(2), np.array([-30.0, 10.0])
    fitted = fit_order_value(orders, means)
    assert fitted.expected(orders, means).tolist() == [-20.0, 0.0]
    assert fitted.remark.startswith("50% of the customers brought nothing or less")


@pytest.mark.parametrize(
    "means", [[-5.0, -6.0, -7.0], [0.0, 0.0, 0.0], [np.nan, 3.0, -3.0], [1e-9, 1.0, 1e12], [np.nan] * 3, [-3.0, 20.0, 21.0]]
)
@pytest.mark.parametrize("orders", [[1.0, 2.0, 3.0], [1.0, 1.0, 100_000.0]])
def test_whatever_customers_brought_gives_finite_order_values(orders: list[float], means: list[float]) -> None:
    fitted = fit_order_value(np.array(orders), np.array(means))
    assert np.all(np.isfinite([fitted.p, fitted.q, fitted.gamma]))
    assert np.all(np.isfinite(fitted.expected(np.array(orders), np.array([-5.0, 0.0, 5.0]))))
