"""Judge the same recipe on earlier dates too: how far a figure moves from date to date is what one date cannot prove.

Each earlier model learns only from windows that had closed by its own judged date, as far as they were recorded by then.
"""

from __future__ import annotations

import contextlib
import io
from datetime import timedelta

import numpy as np

from features.problems import BadInput
from features.project import Project
from features.snapshots import Manifest
from models.evaluation import EarlierJudgement
from training.fitting.fit import fit, tuned_for
from training.fitting.tuning import Tuned
from training.job import Job, prepare
from training.judging.metrics import AMOUNT, PROBABILITY
from training.settings import TrainingSettings


def judged_earlier(
    project: Project, manifest: Manifest, job: Job, tuned: Tuned, settings: TrainingSettings
) -> tuple[EarlierJudgement, ...]:
    """The plain figures on the grid dates before the judged one, latest first.

    What was tuned for `job` is used where the window of its tune date had closed by the earlier judged date, else the recipe's
    defaults. Dates by which nothing could be learned, or after which all customers did the same, are left out.
    """
    closed = job.roles.tune + timedelta(days=job.past.horizon_days)
    untuned = settings.model_copy(update={"trials": settings.trials.model_copy(update={job.recipe.task: 1})})
    dates = [as_of for as_of in manifest.grid if as_of < manifest.judged_at]
    found = []
    for judged_at in dates[::-1][: settings.judged_dates - 1]:
        with contextlib.suppress(BadInput), contextlib.redirect_stdout(io.StringIO()):
            then = prepare(project, manifest, job.recipe.task, judged_at=judged_at)
            known = closed <= judged_at and then.past.horizon_days == job.past.horizon_days
            found.append(_judged(then, tuned if known else tuned_for(then, untuned), settings))
    return tuple(found)


def _judged(job: Job, tuned: Tuned, settings: TrainingSettings) -> EarlierJudgement:
    fitted, actual = fit(job, tuned, settings), job.judged.outcomes
    margins = fitted.margins(job.judged.with_prior(fitted.prior, job.recipe), settings)
    served = fitted.rehearsed.calibrator.served(margins)
    figures = PROBABILITY if job.recipe.link == "sigmoid" else AMOUNT
    outputs = {}
    for k, output in enumerate(job.outputs):
        floored = np.maximum(actual[:, k], 0)
        if len(np.unique(floored)) > 1:
            outputs[output.name] = {figure.name: figure(floored, served[:, k]) for figure in figures}
    if fitted.rehearsed.intervals is not None:
        lower, upper = fitted.rehearsed.intervals.around(served[:, 0])
        inside = (np.maximum(actual[:, 0], 0) >= lower) & (np.maximum(actual[:, 0], 0) <= upper)
        outputs[job.outputs[0].name][f"coverage_{round(settings.interval_coverage * 100)}"] = float(inside.mean())
    return EarlierJudgement(judged_at=job.roles.judge, customers=len(actual), outputs=outputs)
