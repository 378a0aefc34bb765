"""Axes that show where the customers are."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from models.plot_scales import apart, inner_ends, is_wide, log_scale, plain_log_ticks, within


def test_a_few_outliers_do_not_stretch_an_axis() -> None:
    assert inner_ends(np.array([*range(1_000), 90_000.0])) == (0.0, 995.0)
    assert inner_ends(np.array([-90_000.0, *range(1_000)])) == (4.0, 999.0)


def test_an_axis_without_outliers_holds_everybody() -> None:
    assert inner_ends(np.arange(1_000.0)) == (0.0, 999.0)
    assert inner_ends(np.array([7.0])) == (7.0, 7.0)
    assert inner_ends(np.array([0.0] * 999 + [1.0])) == (0.0, 1.0)


def test_who_is_beyond_an_axis_is_told() -> None:
    axes = Figure().add_subplot()
    values = np.array([*range(1_000), 90_000.0])
    assert np.flatnonzero(~within(axes.xaxis, values)).tolist() == [1_000]
    assert axes.get_xlim() == pytest.approx((-39.8, 1034.8))


def test_outliers_are_those_of_the_scale() -> None:
    axes = Figure().add_subplot()
    axes.set_xscale("symlog", linthresh=1)
    assert within(axes.xaxis, np.geomspace(1, 90_000, 1_000)).all()


def test_amounts_that_differ_much_are_wide_whatever_is_zero() -> None:
    assert is_wide(np.array([0.0, 1.0, 31.0]))
    assert not is_wide(np.array([0.0, 1.0, 30.0]))
    assert not is_wide(np.array([0.0, 0.0]))


def test_amounts_with_a_zero_are_on_a_scale_that_is_linear_near_it() -> None:
    axes = Figure().add_subplot()
    ends = log_scale(np.array([0.0, 2.0, 1_000.0]), axes.set_yscale)
    assert axes.get_yscale() == "symlog"
    assert ends == pytest.approx((0.0, 1_300.0))
    plain_log_ticks(ends, axes.yaxis)
    assert 0.0 in axes.get_yticks()
    assert 100.0 in axes.get_yticks()


def test_amounts_above_zero_are_on_a_log_scale() -> None:
    axes = Figure().add_subplot()
    assert log_scale(np.array([2.0, 1_000.0]), axes.set_yscale) == pytest.approx((2 / 1.3, 1_300.0))
    assert axes.get_yscale() == "log"


def test_ticks_that_would_be_written_over_one_another_are_left_out() -> None:
    ticks = apart(np.array([-100.0, -1, 0, 1, 10, 100]), (-100, 100), lambda values: np.arcsinh(values / 20))
    assert ticks == [-100.0, 0.0, 100.0]
