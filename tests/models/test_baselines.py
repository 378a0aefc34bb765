"""What a sceptic would use instead, on tables small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.baselines import AsItStands, OneColumn, baselines, logistic, mean_outcome, ridge
from models.contract import Task
from models.linear import signed_log

PAST = pd.DataFrame(
    {
        "days_since_last_order": [5.0, 10, 20, 200, 300, 400],
        "order_count_365d_of_tea": [0.0, 0, 1, 1, 4, 5],
        "spend_sum_90d": [100.0, 80, 60, 0, 0, 0],
        "gap_days_mean": [np.nan, 10, 20, np.nan, 30, 40],
        "never_known": [np.nan] * 6,
    }
)
LEFT = np.array([0.0, 0, 0, 1, 1, 1])
ROWS = PAST.iloc[[0, 5]]


COLUMNS = (*PAST.columns, "expected_orders_90d", "expected_spend_90d")


def test_each_task_has_the_baselines_a_sceptic_would_name() -> None:
    settings = {"columns": COLUMNS, "horizon_days": 90, "windows_days": (30, 90, 365)}
    assert list(baselines("churn", **settings)) == ["base_rate", "recency_rule", "buy_till_you_die", "logistic_regression"]
    assert list(baselines("clv", **settings)) == ["mean_value", "trailing_90d_spend", "buy_till_you_die", "ridge_regression"]
    assert list(baselines("propensity", **settings, category="tea")) == [
        "base_rate",
        "bought_before_rule",
        "logistic_regression",
    ]


def test_a_baseline_whose_column_is_not_there_is_left_out() -> None:
    settings = {"columns": ("age", "monthly_bill"), "horizon_days": 90, "windows_days": (90,)}
    assert list(baselines("churn", **settings)) == ["base_rate", "logistic_regression"]
    assert list(baselines("clv", **settings)) == ["mean_value", "ridge_regression"]
    assert list(baselines("propensity", **settings, category="tea")) == ["base_rate", "logistic_regression"]


def test_rhythm_that_looks_a_shorter_horizon_ahead_is_read_there_and_scaled_to_the_whole() -> None:
    columns = ("expected_orders_30d", "expected_spend_30d")
    settings = {"horizon_days": 90, "windows_days": (), "learned_horizon_days": 30}
    assert list(baselines("churn", columns, **settings)) == ["base_rate", "buy_till_you_die", "logistic_regression"]
    rows = pd.DataFrame({"expected_spend_30d": [7.0, 0.0]})
    assert baselines("clv", columns, **settings)["buy_till_you_die"](PAST, LEFT, rows).tolist() == [21.0, 0.0]


@pytest.mark.parametrize(
    ("task", "outcomes", "rival", "answer"),
    [
        ("churn", [1.0, 0, 1, 0, 0, 1], "base_rate", 0.5**3),  # nobody stays away for 90 days who does not for each 30
        ("propensity", [1.0, 0, 1, 0, 0, 1], "base_rate", 1 - 0.5**3),
        ("clv", [6.0, 0, 0, 0, 0, 6], "mean_value", 6.0),
    ],
)
def test_what_was_learned_from_30_days_is_answered_for_90(task: Task, outcomes: list[float], rival: str, answer: float) -> None:
    offered = baselines(task, PAST.columns, horizon_days=90, windows_days=(), learned_horizon_days=30, category="tea")
    assert offered[rival](PAST, np.array(outcomes), ROWS) == pytest.approx([answer] * 2)


def test_everybody_is_average() -> None:
    assert mean_outcome(PAST, np.array([0.0, 0, 0, 1, 1, 4]), ROWS).tolist() == [1.0, 1.0]


def test_the_trailing_window_is_the_one_nearest_to_the_horizon_and_scaled_to_it() -> None:
    rows = pd.DataFrame({"spend_sum_30d": [9.0], "spend_sum_180d": [60.0]})
    offered = baselines("clv", rows.columns, horizon_days=120, windows_days=(30, 180))
    assert offered["trailing_180d_spend"](PAST, LEFT, rows).tolist() == [40.0]
    offered = baselines("clv", rows.columns, horizon_days=60, windows_days=(30, 180))
    assert offered["trailing_30d_spend"](PAST, LEFT, rows).tolist() == [18.0]


def test_without_windows_there_is_no_trailing_spend() -> None:
    offered = baselines("clv", COLUMNS, horizon_days=90, windows_days=())
    assert list(offered) == ["mean_value", "buy_till_you_die", "ridge_regression"]


def test_trailing_spend_looks_at_nothing_but_its_column() -> None:
    spent = AsItStands("spend_sum_90d", 2.0)
    assert spent(PAST, LEFT, ROWS).tolist() == [200.0, 0.0]
    assert spent(PAST.head(0), LEFT[:0], ROWS[["spend_sum_90d"]]).tolist() == [200.0, 0.0]


def test_the_recency_rule_says_that_the_longer_silent_are_likelier_to_leave() -> None:
    rule = baselines("churn", PAST.columns, horizon_days=90, windows_days=(90,))["recency_rule"]
    answers = rule(PAST, LEFT, PAST)
    assert np.all(np.diff(answers) > 0)
    assert answers[0] < 0.5 < answers[-1]
    assert answers.mean() == pytest.approx(LEFT.mean(), abs=0.01)  # fairly calibrated where it was fitted
    others = PAST.assign(spend_sum_90d=-1e6, gap_days_mean=1e6)
    assert rule(PAST, LEFT, others).tolist() == answers.tolist()


def test_the_bought_before_rule_looks_at_its_own_category() -> None:
    rule = baselines("propensity", PAST.columns, horizon_days=90, windows_days=(90,), category="tea")["bought_before_rule"]
    answers = rule(PAST, LEFT, PAST)
    assert answers[0] == answers[1] < answers[2] == answers[3] < answers[4] < answers[5]


def test_a_rule_on_one_column_of_two_values_gives_about_the_rates_seen() -> None:
    column = pd.DataFrame({"bought": np.repeat([0.0, 1.0], 1000)})
    outcomes = np.concatenate([np.arange(1000) < 100, np.arange(1000) < 600]).astype(float)
    answers = OneColumn("bought")(column, outcomes, pd.DataFrame({"bought": [0.0, 1.0]}))
    assert answers == pytest.approx([0.1, 0.6], abs=0.01)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_with_one_class_seen_the_regression_falls_back_to_the_base_rate(outcome: float) -> None:
    answers = logistic(PAST, np.full(6, outcome), ROWS)
    assert answers.tolist() == [outcome, outcome]


def test_columns_with_missing_values_or_nothing_but_them_are_no_trouble() -> None:
    for regression in (logistic, ridge):
        answers = regression(PAST, LEFT, PAST)
        assert np.all(np.isfinite(answers))
        nothing_known = pd.DataFrame(np.nan, index=[0], columns=PAST.columns)
        assert np.isfinite(regression(PAST, LEFT, nothing_known)).all()


def test_probabilities_are_probabilities_and_follow_the_signal() -> None:
    answers = logistic(PAST, LEFT, PAST)
    assert np.all((answers > 0) & (answers < 1))
    assert answers[:3].max() < answers[3:].min()


def test_an_expected_amount_follows_the_signal_and_is_never_below_zero() -> None:
    past = pd.DataFrame({"spend": np.expm1(np.linspace(0, 6, 500))})
    outcomes = 10 * np.log1p(past["spend"].to_numpy())
    answers = ridge(past, outcomes, pd.DataFrame({"spend": np.expm1([-3.0, 3.0, 6.0])}))
    assert answers[0] == 0  # the line goes below zero there
    assert answers[1] == pytest.approx(30, rel=0.01)
    assert answers[2] == pytest.approx(60, rel=0.15)  # drawn towards the mean a little


def test_the_log_scale_keeps_signs_and_zero() -> None:
    values = np.array([-np.expm1(2), 0.0, np.expm1(3), np.nan])
    assert signed_log(values)[:3] == pytest.approx([-2, 0, 3])
    assert np.isnan(signed_log(values)[3])


def test_a_baseline_that_saw_other_outcomes_gives_other_answers() -> None:
    # Against baselines that peek: only the past's outcomes are handed over, and they matter.
    for regression in (logistic, ridge, mean_outcome):
        assert regression(PAST, LEFT, ROWS).tolist() != regression(PAST, np.array([1.0, 1, 1, 1, 0, 0]), ROWS).tolist()
