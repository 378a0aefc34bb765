"""What an action changes: rates, chances, and factors with intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.actions.uplift import LOWER_Z, Effect, chance_at, rate
from models.linear import Scales

NOBODY_DIFFERS = Scales(columns=(), medians=(), lowest=(), highest=(), means=(), per_unit=())
ON_AGE = Scales(columns=("age",), medians=(0.0,), lowest=(-9.0,), highest=(9.0,), means=(0.0,), per_unit=(1.0,))


def test_a_rate_of_one_third_a_quarter_makes_a_chance_of_28_percent() -> None:
    assert chance_at(np.array([1 / 3])).tolist() == pytest.approx([0.2835], abs=1e-4)
    assert rate(np.array([0.2835])).tolist() == pytest.approx([1 / 3], abs=1e-3)


def test_twice_the_rate_is_two_chances_instead_of_one() -> None:
    chance = np.array([0.0, 0.2, 0.5, 0.9])
    assert chance_at(2 * rate(chance)) == pytest.approx(1 - (1 - chance) ** 2, abs=1e-5)


def test_chances_of_nothing_and_of_certainty_have_rates() -> None:
    assert np.isfinite(rate(np.array([0.0, 1.0]))).all()


def test_without_moderators_the_factor_is_the_same_for_everybody() -> None:
    effect = Effect(action="voucher", log_factor=np.log(1.25), weights=(), covariance=((0.01,),), moderators=NOBODY_DIFFERS)
    rows = pd.DataFrame({"age": [20.0, 60.0]})
    factor, lower, upper = effect.factors(rows)
    assert factor.tolist() == pytest.approx([1.25, 1.25])
    assert lower.tolist() == pytest.approx([1.25 * np.exp(-LOWER_Z * 0.1)] * 2)
    assert upper.tolist() == pytest.approx([1.25 * np.exp(LOWER_Z * 0.1)] * 2)


def test_the_interval_is_that_of_the_sum_of_all_weights() -> None:
    effect = Effect(action="call", log_factor=0.1, weights=(0.5,), covariance=((0.04, 0.01), (0.01, 0.09)), moderators=ON_AGE)
    value, error = effect.log_factors(pd.DataFrame({"age": [0.0, np.e - 1, np.nan]}))  # 0, 1 and 0 on the log scale
    assert value.tolist() == pytest.approx([0.1, 0.6, 0.1])
    assert (error**2).tolist() == pytest.approx([0.04, 0.04 + 2 * 0.01 + 0.09, 0.04])
