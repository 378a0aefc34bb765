"""The population stability index by hand, and what it does not mind."""

from __future__ import annotations

import numpy as np
import pytest

from models.drift import drift

TENTHS = np.arange(10.0)


def test_the_same_customers_have_not_moved() -> None:
    found = drift("spend", TENTHS, TENTHS)
    assert (found.psi, found.verdict) == (pytest.approx(0, abs=1e-12), "stable")
    assert (found.median_then, found.median_now) == (4.5, 4.5)


def test_half_of_the_customers_gone_to_the_highest_tenth_by_hand() -> None:
    now = np.array([0.0, 1, 2, 3, 4, 9, 9, 9, 9, 9])
    found = drift("spend", TENTHS, now)
    moved = 4 * (0.0001 - 0.1) * np.log(0.0001 / 0.1) + (0.5 - 0.1) * np.log(
        0.5 / 0.1
    )  # four tenths empty, one five times as full
    assert found.psi == pytest.approx(moved)
    assert found.verdict == "moved much"


def test_what_is_missing_has_a_bin_of_its_own() -> None:
    now = np.where(TENTHS < 5, np.nan, TENTHS)
    found = drift("score", TENTHS, now)
    assert (found.missing_then, found.missing_now) == (0.0, 0.5)
    assert found.verdict == "moved much"
    nobody = drift("score", np.full(10, np.nan), np.full(10, np.nan))
    assert (nobody.psi, nobody.median_then) == (0, None)


def test_a_little_more_of_one_value_is_stable_or_moved() -> None:
    then, now = np.repeat([0.0, 1.0], [50, 50]), np.repeat([0.0, 1.0], [35, 65])
    found = drift("is_member", then, now)
    assert found.psi == pytest.approx(0.15 * np.log(0.65 / 0.5) - 0.15 * np.log(0.35 / 0.5), abs=1e-6)
    assert found.verdict == "stable"


def test_nobody_to_compare_with_is_no_drift() -> None:
    assert drift("spend", np.zeros(0), TENTHS).psi == 0
