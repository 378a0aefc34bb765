"""Intervals for a horizon longer than the one learned from: outcomes of the longer one say how far they stray."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.contract import Roles, Task
from models.intervals import NOTHING, Intervals
from models.recipe import Recipe
from training.fitting.fit import fit, tuned_for
from training.frame import Frame
from training.job import Job
from training.settings import TrainingSettings

LONGER = 180


@pytest.fixture(scope="module")
def short(
    make_frame: Callable[..., Frame], recipes: dict[Task, Recipe], roles: Roles, quick: TrainingSettings
) -> tuple[Job, Intervals]:
    """What is learned from 90 days, and the intervals of these."""
    frame = make_frame("clv", customers=200)
    job = Job(recipes["clv"], "orders", roles, frame.at(*roles.fitted_on), frame.at(roles.judge), (), {}, {})
    return job, intervals_of(job, quick)


def intervals_of(job: Job, quick: TrainingSettings) -> Intervals:
    found = fit(job, tuned_for(job, quick.model_copy(update={"trials": quick.trials.model_copy(update={"clv": 1})})), quick)
    assert found.rehearsed.intervals is not None
    return found.rehearsed.intervals


@pytest.mark.parametrize("split", [False, True])
def test_the_intervals_are_those_of_the_whole_horizon(
    short: tuple[Job, Intervals], quick: TrainingSettings, split: bool
) -> None:
    # Whoever brings nothing in 90 days brings 50 in 180; everybody else twice as much.
    job, of_short = short
    as_of = job.roles.fitted_on[1 if split else -3]  # for the second date no window of 90 days had closed before: split
    here = job.past.at(as_of)
    whole = replace(here, outcomes=np.where(here.outcomes > 0, 2 * here.outcomes, 50.0), horizon_days=LONGER)
    of_whole = intervals_of(replace(job, whole=whole), quick)
    assert all(below > NOTHING for below in of_whole.below)  # nobody brings nothing any longer
    assert any(below == NOTHING for below in of_short.below)


def test_without_a_whole_window_the_intervals_stay(short: tuple[Job, Intervals], quick: TrainingSettings) -> None:
    job, of_short = short
    assert intervals_of(replace(job, whole=None), quick) == of_short
