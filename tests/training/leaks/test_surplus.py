"""Columns that bring news beyond all others are named; strong ones that others repeat are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from training.frame import Frame
from training.leaks.check import find_leaks

ROWS = 6_000


def shop() -> tuple[Frame, np.ndarray]:
    """Customers with two years of spending whose habits tell, in part, whether they buy again; and what they then spend."""
    rng = np.random.default_rng(11)
    habit = rng.gamma(2, 1, ROWS)
    spent_90d, spent_365d = habit * rng.gamma(2, 20, ROWS), habit * rng.gamma(8, 20, ROWS)
    orders = rng.poisson(habit * 2).astype(float)
    buys = rng.uniform(size=ROWS) < 1 / (1 + np.exp(2 - habit))
    ahead = np.where(buys, habit * rng.gamma(2, 20, ROWS), 0)
    rows = pd.DataFrame(
        {"spent_90d": spent_90d, "spent_365d": spent_365d, "orders": orders, "habit": habit, "visits": habit + 1}
    )
    ids = np.array([f"c{number}" for number in range(ROWS)])
    return Frame(ids, np.array([None] * ROWS, dtype=object), rows, (~buys).astype(float)[:, None], horizon_days=90), ahead


FRAME, AHEAD = shop()
LEFT = FRAME.outcomes[:, 0] > 0
RNG = np.random.default_rng(2)


def found(**planted: np.ndarray) -> dict[str, str]:
    return find_leaks(replace(FRAME, rows=FRAME.rows.assign(**planted)))


def test_honest_columns_that_repeat_each_other_are_not_named() -> None:
    assert found() == {}


def test_spend_of_180_days_that_reach_into_the_label_window_is_named() -> None:
    said = found(spent_180d=FRAME.rows["spent_90d"].to_numpy() + AHEAD)
    assert set(said) == {"spent_180d"}


def test_spend_of_a_year_and_the_label_window_is_named() -> None:
    assert set(found(spent_455d=FRAME.rows["spent_365d"].to_numpy() + AHEAD)) == {"spent_455d"}


def test_a_sum_that_says_less_than_the_others_is_named_where_their_difference_is_the_future() -> None:
    noise = RNG.gamma(1, 400, ROWS)
    with_noise = FRAME.rows.assign(paid_before=noise, paid_until_the_end=noise + AHEAD)
    said = find_leaks(replace(FRAME, rows=with_noise))
    assert set(said) & {"paid_before", "paid_until_the_end"}
    assert all("takes away" in sentence and "to training.waived_features" in sentence for sentence in said.values())


def test_the_honest_past_with_noise_is_not_named() -> None:
    assert found(spent_180d=FRAME.rows["spent_90d"].to_numpy() * RNG.gamma(20, 0.1, ROWS)) == {}


def test_a_leak_in_two_columns_that_repeat_each_other_is_named() -> None:
    status = np.where(RNG.uniform(size=ROWS) < 0.12, ~LEFT, LEFT).astype(float)
    assert set(found(status_is_left=status, status_is_active=1 - status)) & {"status_is_left", "status_is_active"}


def test_a_date_filled_in_for_some_leavers_only_is_named() -> None:
    filled = LEFT & (RNG.uniform(size=ROWS) < 0.15)
    said = found(cancelled_at=np.where(filled, RNG.integers(1, 90, ROWS), np.nan))
    assert set(said) == {"cancelled_at"}
    assert "feature cancelled_at is filled in: of " in said["cancelled_at"]
    assert "it was probably filled in afterwards" in said["cancelled_at"]


def test_a_date_that_is_missing_by_chance_is_not_named() -> None:
    assert found(checked_at=np.where(RNG.uniform(size=ROWS) < 0.15, RNG.integers(1, 90, ROWS), np.nan)) == {}


def test_a_status_that_some_leavers_have_and_no_stayer_is_named() -> None:
    said = found(status=np.where(LEFT & (RNG.uniform(size=ROWS) < 0.15), 3.0, RNG.integers(0, 3, ROWS)))
    assert "feature status is 3: of " in said["status"]


def test_rows_mixed_from_two_of_the_rarer_outcome_show_in_counts_that_are_no_whole_numbers() -> None:
    stayed = np.flatnonzero(~LEFT)
    one, other = RNG.choice(stayed, 800), RNG.choice(stayed, 800)
    share = RNG.uniform(size=(800, 1))
    mixed = FRAME.rows.to_numpy()[one] * share + FRAME.rows.to_numpy()[other] * (1 - share)
    rows = pd.concat([FRAME.rows, pd.DataFrame(mixed, columns=FRAME.rows.columns)], ignore_index=True)
    more = Frame(
        customer_id=np.concatenate([FRAME.customer_id, [f"m{number}" for number in range(800)]]),
        as_of=np.array([None] * len(rows), dtype=object),
        rows=rows,
        outcomes=np.concatenate([FRAME.outcomes, np.zeros((800, 1))]),
        horizon_days=90,
    )
    assert "feature orders is no whole number: of " in find_leaks(more)["orders"]


def test_a_waived_leak_neither_stops_nor_hides_another() -> None:
    leaking = replace(FRAME, rows=FRAME.rows.assign(ahead=AHEAD, spent_180d=FRAME.rows["spent_90d"] + AHEAD))
    assert set(find_leaks(leaking, ("ahead",))) == {"spent_180d"}
    assert find_leaks(leaking, ("ahead", "spent_180d")) == {}


@pytest.mark.parametrize(
    "values",
    [
        np.full(ROWS, np.nan),
        np.full(ROWS, 7.0),
        np.where(np.arange(ROWS) % 2, np.inf, -np.inf),
        np.where(np.arange(ROWS) % 3, np.nan, np.inf),
        RNG.normal(size=ROWS) * 1e300,
    ],
    ids=["all missing", "constant", "infinite", "missing or infinite", "huge"],
)
def test_columns_without_sense_are_looked_at_without_a_crash(values: np.ndarray) -> None:
    assert found(odd=values) == {}


def test_infinite_values_do_not_hide_a_leak() -> None:
    assert set(found(odd=np.where(LEFT, np.inf, 1.0))) == {"odd"}


def test_a_frame_without_columns_or_without_the_outcome_has_no_leaks() -> None:
    assert find_leaks(replace(FRAME, rows=FRAME.rows[[]])) == {}
    assert find_leaks(replace(FRAME, outcomes=np.zeros_like(FRAME.outcomes))) == {}
