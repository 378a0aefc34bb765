"""Frames: rows of some dates, with fewer columns or with the prior's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from models.contract import TASKS, Roles, Task
from models.prior import Prior
from models.recipe import Recipe
from training.frame import outcome_columns


def test_the_rows_of_some_dates_stay_together(make_frame: Any, roles: Roles) -> None:
    frame = make_frame("clv")
    some = frame.at(roles.judge, roles.tune)
    assert set(some.as_of) == {roles.judge, roles.tune}
    assert len(some.rows) == len(some.outcomes) == len(some.customer_id) == 160
    places = np.flatnonzero(np.isin(frame.as_of, np.array([roles.judge, roles.tune], dtype=object)))
    assert_frame_equal(some.rows, frame.rows.iloc[places])
    assert np.array_equal(some.outcomes, frame.outcomes[places])


def test_a_date_that_is_not_there_has_no_rows(make_frame: Any, roles: Roles) -> None:
    assert len(make_frame("clv").at(roles.judge.replace(year=1999)).rows) == 0


def test_the_prior_adds_columns_and_where_the_recipe_says_so_the_margins_to_start_from(
    make_frame: Any, recipes: dict[Task, Recipe], roles: Roles
) -> None:
    for task in TASKS:
        frame = make_frame(task)
        prior = Prior.fit(frame.rows, 90)
        more = frame.with_prior(prior, recipes[task])
        added = more.rows[[column.name for column in prior.inputs()]]
        assert_frame_equal(added, prior.columns(frame.rows))
        assert (more.start is not None) is recipes[task].starts_from_prior
        if more.start is not None:
            chosen = more.at(roles.judge)
            offset = prior.offset(frame.at(roles.judge).rows, recipes[task].link, 90)
            assert np.array_equal(chosen.start[:, 0], offset)
            assert np.array_equal(chosen.starts(), chosen.start)
        else:
            assert np.array_equal(more.starts(), np.zeros(more.outcomes.shape))


def test_without_a_prior_nothing_is_added_and_everybody_starts_from_0(make_frame: Any, recipes: dict[Task, Recipe]) -> None:
    frame = make_frame("churn")
    assert frame.with_prior(None, recipes["churn"]) is frame
    assert np.array_equal(frame.starts(), np.zeros((len(frame.rows), 1)))


def test_some_rows_keep_their_start_and_some_outputs_theirs(make_frame: Any) -> None:
    frame = make_frame("propensity")
    start = np.column_stack([np.arange(len(frame.rows)), -np.arange(len(frame.rows))]).astype(float)
    odd = np.arange(len(frame.rows)) % 2 == 1
    some = replace(frame, start=start).where(odd).with_outputs([1])
    assert np.array_equal(some.start, start[odd][:, [1]])
    assert np.array_equal(some.outcomes, frame.outcomes[odd][:, [1]])
    assert list(some.customer_id) == list(frame.customer_id[odd])
    assert frame.with_outputs([0]).start is None


@pytest.mark.parametrize(
    ("task", "columns"),
    [
        ("churn", ["has_ordered"]),
        ("clv", ["net_value"]),
        ("propensity", ["bought_tea", "bought_toys_games"]),
    ],
)
def test_each_task_reads_its_own_labels(task: Task, columns: list[str]) -> None:
    assert outcome_columns(task, ("Tea", "Toys & Games")) == columns


def test_a_task_that_is_not_one_of_ours_reads_no_labels() -> None:
    fourth: Any = "loyalty"
    with pytest.raises(AssertionError, match="loyalty"):
        outcome_columns(fourth, ("Tea",))
