"""Columns that know the answer are named; honest ones pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.problems import BadConfig, BadData
from models.contract import TASKS, Task
from training.frame import Frame
from training.leaks.check import find_leaks, refuse_leaks, refuse_unknown_waivers
from training.leaks.copies import COPIED_ROWS


def with_column(frame: Frame, values: np.ndarray, name: str = "planted") -> Frame:
    return replace(frame, rows=frame.rows.assign(**{name: values}))


@pytest.mark.parametrize("task", TASKS)
def test_honest_features_and_noise_pass(make_frame: Any, task: Task) -> None:
    frame = make_frame(task)
    refuse_leaks(frame, ())


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_copy_of_an_outcome_is_named_whichever_way_it_points(make_frame: Any, task: Task, sign: int) -> None:
    frame = make_frame(task)
    leaking = with_column(frame, sign * frame.outcomes[:, -1])
    with pytest.raises(BadData) as refused:
        refuse_leaks(leaking, ())
    assert refused.value.problems == (
        "feature planted alone tells the outcome with AUC 1.000 (above 0.95): it probably knows the future. "
        'Take it out of the mapping, or, if it is honest, add "planted" to training.waived_features',
    )


def test_a_copy_that_is_noisy_or_missing_for_some_is_named_too(make_frame: Any) -> None:
    frame = make_frame("churn")
    rng = np.random.default_rng(0)
    copy = frame.outcomes[:, 0] + rng.normal(0, 0.2, len(frame.rows))
    with pytest.raises(BadData, match="feature planted "):
        refuse_leaks(with_column(frame, copy), ())
    gaps = np.where((frame.outcomes[:, 0] == 0) & (rng.uniform(size=len(copy)) < 0.9), np.nan, copy)
    with pytest.raises(BadData, match="feature planted "):
        refuse_leaks(with_column(frame, gaps), ())


def test_being_missing_can_be_the_leak(make_frame: Any) -> None:
    frame = make_frame("churn")
    cancelled_at = np.where(frame.outcomes[:, 0] == 1, 100.0, np.nan)
    with pytest.raises(BadData, match="feature cancelled_at "):
        refuse_leaks(with_column(frame, cancelled_at, "cancelled_at"), ())


def test_a_waived_feature_passes_and_the_others_do_not(make_frame: Any) -> None:
    frame = make_frame("churn")
    leaking = with_column(with_column(frame, frame.outcomes[:, 0], "one"), frame.outcomes[:, 0], "other")
    refuse_leaks(leaking, ("one", "other"))
    with pytest.raises(BadData) as refused:
        refuse_leaks(leaking, ("one",))
    assert [problem.split()[1] for problem in refused.value.problems] == ["other"]


def test_all_leaks_are_named_at_once(make_frame: Any) -> None:
    frame = make_frame("propensity")
    leaking = with_column(with_column(frame, frame.outcomes[:, 0], "one"), frame.outcomes[:, 1], "other")
    with pytest.raises(BadData) as refused:
        refuse_leaks(leaking, ())
    assert [problem.split()[1] for problem in refused.value.problems] == ["one", "other"]


def test_for_amounts_the_question_is_whether_anything_was_spent(make_frame: Any) -> None:
    frame = make_frame("clv")
    assert (frame.outcomes < 0).any()  # goods given back are no spend
    assert list(find_leaks(with_column(frame, frame.outcomes[:, 0] > 0))) == ["planted"]


def contacts(rows: int = 6_000) -> Frame:
    """Calls whose length is known only after them and tells a little more than all that was known before."""
    rng = np.random.default_rng(3)
    known = rng.normal(size=(rows, 3))
    wish = known.sum(axis=1) * 0.6 + rng.logistic(size=rows)
    answer = (wish > 1).astype(float)
    rows_ = pd.DataFrame(known, columns=["a", "b", "c"]).assign(call_s=answer + rng.normal(0, 0.75, rows))
    ids = np.array([f"c{number}" for number in range(rows)])
    return Frame(ids, np.array([None] * rows, dtype=object), rows_, answer[:, None], horizon_days=90)


def without_calls(frame: Frame) -> Frame:
    return replace(frame, rows=frame.rows.drop(columns="call_s"))


def test_a_column_that_says_more_than_all_others_together_is_named() -> None:
    frame = contacts()
    with pytest.raises(
        BadData, match=r"feature call_s alone tells the outcome with AUC 0\.8\d\d, all others together with 0\.7"
    ):
        refuse_leaks(frame, ())
    refuse_leaks(frame, ("call_s",))
    refuse_leaks(without_calls(frame), ())


def test_a_strong_column_whose_news_is_in_the_others_passes() -> None:
    frame = without_calls(contacts())
    total = with_column(frame, frame.rows.sum(axis=1).to_numpy(), "total")
    refuse_leaks(total, ())


def test_a_waiver_of_what_is_no_feature_is_refused_with_the_nearest_one() -> None:
    refuse_unknown_waivers(("running_fee", COPIED_ROWS), ["running_fee", "order_count"])
    with pytest.raises(BadConfig, match=r"training\.waived_features: no feature runing_fee; did you mean 'running_fee'"):
        refuse_unknown_waivers(("runing_fee",), ["running_fee", "order_count"])
