"""How many controls the next campaign needs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from models.actions.follow_up import controls_needed


def test_by_hand() -> None:
    # (1.96 + 0.8416)^2 = 7.849; 7.849 x (50^2 + 60^2 / 4) / 10^2 = 266.9
    assert controls_needed(50.0, 60.0, 4.0, 10.0) == 267
    assert controls_needed(50.0, 60.0, 4.0, 5.0) == 1068  # half the effect takes four times as many
    assert controls_needed(50.0, 60.0, 4.0, 0.0) is None
    assert controls_needed(50.0, 60.0, 4.0, -3.0) is None
    assert controls_needed(50.0, 60.0, 4.0, float("nan")) is None


def test_with_so_many_the_effect_is_seen_four_times_in_five() -> None:
    rng, effect, per_control = np.random.default_rng(0), 10.0, 3
    controls = controls_needed(50.0, 50.0, per_control, effect)
    assert controls is not None
    seen = 0
    for _ in range(2_000):
        withheld, treated = rng.normal(0, 50, controls), rng.normal(effect, 50, controls * per_control)
        error = np.hypot(withheld.std() / np.sqrt(len(withheld)), treated.std() / np.sqrt(len(treated)))
        seen += abs(treated.mean() - withheld.mean()) > norm.ppf(0.975) * error
    assert seen / 2_000 == pytest.approx(0.8, abs=0.03)
