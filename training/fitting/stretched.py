"""Intervals for a horizon longer than the one learned from, taken from a date whose whole window has closed.

Within a longer window fewer customers bring nothing: intervals of a shorter one are too short for most customers.
"""

from __future__ import annotations

from training.dates import closed_by
from training.fitting.rehearsal import Rehearsed, ask, on_its_level, with_intervals
from training.folds import folds
from training.job import Job
from training.settings import TrainingSettings


def with_whole_intervals(job: Job, rehearsed: Rehearsed, settings: TrainingSettings) -> Rehearsed:
    """The same, with how far outcomes of the whole horizon strayed; as it is where no window of it has closed.

    The customers of that date are answered for as the judged ones will be: by models fitted, without them, on shorter windows.
    """
    if job.whole is None or rehearsed.intervals is None:
        return rehearsed
    as_of, dates = max(job.whole.as_of), job.roles.fitted_on
    fitted_on = closed_by(as_of, dates, job.past.horizon_days) or tuple(each for each in dates if each <= as_of)
    prepared = folds(job.past, fitted_on, as_of, asked_in=job.whole)
    asked = ask(job.recipe, prepared, rehearsed.tuned, settings)
    return with_intervals(rehearsed, [on_its_level(job.recipe, asked, rehearsed.linear_share)], settings)
