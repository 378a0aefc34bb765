"""Pictures that a few customers do not squeeze, and features with two values."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from numpy.typing import NDArray

from models.contract import InputColumn
from models.evaluation import CalibrationPoint, OutputEvaluation
from models.inputs import Inputs
from models.plots import beeswarm_plot, calibration_plot, dependence_plot, distribution_plot, has_two_values, tenths_plot
from models.reasons.shares import Scale, Shares

Floats = NDArray[np.float64]
NOT_KNOWN = float("nan")


def shares_of(values: Floats, numbers: Floats, scale: Scale = "log_odds") -> Shares:
    """One output; `values` and `numbers` are customers x features."""
    nothing = np.zeros((len(values), 1))
    read = Inputs(tuple(f"f{k}" for k in range(numbers.shape[1])), numbers)
    return Shares(scale, read, nothing, values[:, None, :], values.sum(axis=1, keepdims=True), missed=nothing)


def inputs(*names: str) -> tuple[InputColumn, ...]:
    return tuple(
        InputColumn(name=f"f{k}", family="breadth", unit="lines", meaning=name, meaning_zh=name) for k, name in enumerate(names)
    )


def judged(*amounts: float) -> OutputEvaluation:
    """Tenths whose predictions came true."""
    tenths = tuple(CalibrationPoint(customers=5, predicted=amount, actual=amount) for amount in amounts)
    return OutputEvaluation(metrics={}, baselines={}, tenths=tenths)


# Tenths


def test_tenths_that_differ_much_are_dots_on_a_log_scale() -> None:
    axes = tenths_plot(judged(1, 2, 4, 8, 16, 32, 64, 128, 256, 5_000), unit="EUR").axes[0]
    assert axes.get_yscale() == "log"
    assert len(axes.patches) == 0
    assert [line.get_label() for line in axes.lines] == ["predicted", "actual"]


def test_tenths_that_differ_little_and_probabilities_are_bars() -> None:
    for evaluation, unit in ((judged(10, 20, 100), "EUR"), (judged(0.001, 0.01, 0.9), "probability")):
        axes = tenths_plot(evaluation, unit=unit).axes[0]
        assert axes.get_yscale() == "linear"
        assert len(axes.patches) == 6


def test_a_tenth_that_brought_nothing_does_not_squeeze_the_others() -> None:
    for draw in (calibration_plot, tenths_plot):
        assert draw(judged(0, 2, 40, 5_000), unit="EUR").axes[0].get_yscale() == "symlog"


# Spread


def test_amounts_are_drawn_where_99_percent_of_the_customers_are() -> None:
    figure, beyond = distribution_plot(np.array([*np.geomspace(1, 100, 998), 1e9, 1e9]), unit="EUR")
    assert beyond == 5  # above the quantile at 99.5 %
    assert figure.axes[0].get_xlim() == pytest.approx((1, 100), rel=0.05)


def test_nobody_is_beyond_an_axis_that_holds_everybody() -> None:
    for values in (np.geomspace(7.3, 134.1, 600), np.linspace(0, 77.7, 600)):
        assert distribution_plot(values, unit="EUR")[1] == 0
    assert distribution_plot(np.array([0.001, 0.5, 1.0]), unit="probability")[1] == 0


# One feature


def test_a_feature_is_drawn_where_most_customers_are() -> None:
    value = np.array([*range(100, 1_099), 90_000.0])
    share = np.array([*np.linspace(-1, 1, 999), 1.0])
    figure, beyond = dependence_plot(shares_of(share[:, None], value[:, None]), 0, 0, write=str)
    assert beyond == 1
    assert figure.axes[0].get_xlim()[1] < 1_200


def test_shares_are_drawn_where_most_are() -> None:
    share = np.array([*np.linspace(-1, 1, 999), 50.0])
    figure, beyond = dependence_plot(shares_of(share[:, None], np.arange(1_000.0)[:, None]), 0, 0, write=str)
    assert beyond == 1
    assert figure.axes[0].get_ylim()[1] < 1.2


def test_yes_and_no_are_two_columns() -> None:
    value, share = np.array([0.0, 1, 0, 1, NOT_KNOWN]), np.array([-1.0, 2, -1, 2, 0])
    figure, beyond = dependence_plot(shares_of(share[:, None], value[:, None]), 0, 0, write=lambda at: "yes" if at else "no")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["no", "yes"]
    assert beyond == 0
    assert len(axes.lines) == 1  # the line at no share, and none from no to yes


def test_small_shares_in_money_are_told_apart_on_the_axis() -> None:
    share = np.linspace(-0.4, 0.4, 50)
    figure, _ = dependence_plot(shares_of(share[:, None], np.arange(50.0)[:, None], "money"), 0, 0, write=str)
    figure.draw_without_rendering()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(set(labels)) == len(labels)
    assert not {"-0", "+0"} & set(labels)


def test_cents_of_round_amounts_are_not_written_on_an_axis() -> None:
    value = np.linspace(0, 400, 50)
    figure, _ = dependence_plot(shares_of(value[:, None], value[:, None]), 0, 0, write=lambda at: f"£{at:,.2f}")
    figure.draw_without_rendering()
    assert "£400" in [label.get_text() for label in figure.axes[0].get_xticklabels()]


# All features


def test_two_values_are_those_that_are_known() -> None:
    assert has_two_values(np.array([0.0, 1, NOT_KNOWN, 1]))
    assert not has_two_values(np.array([0.0, 1, 2]))
    assert not has_two_values(np.array([1.0, 1, NOT_KNOWN]))


def test_a_feature_with_two_values_has_a_dot_for_each_and_one_for_who_is_not_known() -> None:
    rng = np.random.default_rng(2)
    numbers = np.column_stack([rng.normal(size=30), [0.0, 1.0, NOT_KNOWN] * 10])
    values = np.column_stack([rng.normal(size=30), [-3.0, 3.0, 0.5] * 10])
    figure, _ = beeswarm_plot(shares_of(values, numbers), 0, inputs("many", "yes or no"))
    dots = [np.asarray(one.get_offsets()) for one in figure.axes[0].collections if isinstance(one, PathCollection)]
    of_two = [offsets.tolist() for offsets in dots if (np.rint(offsets[:, 1]) == 1).all()]  # the strongest is on top
    assert [[-3.0, 1.0]] in of_two
    assert [[3.0, 1.0]] in of_two
    assert [[0.5, 1.0]] in of_two
    assert sum(map(len, dots)) - sum(map(len, of_two)) == 30


def test_a_beeswarm_ends_where_most_dots_of_its_rows_do() -> None:
    values = np.column_stack([[*np.linspace(-1, 1, 999), 50.0], np.linspace(-0.1, 0.1, 1_000)])
    figure, beyond = beeswarm_plot(shares_of(values, values), 0, inputs("wide", "narrow"))
    assert beyond == 1
    assert figure.axes[0].get_xlim()[1] < 1.2
