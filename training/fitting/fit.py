"""Fit one model: tune, rehearse, then fit for good on every closed window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from features.command import step
from models.calibration import Floats
from models.horizons import Horizons
from models.prior import Prior
from models.recipe import Parameters
from models.season import Season
from training.fitting.corrections import Correction
from training.fitting.levels import season_for
from training.fitting.monotone import monotone_if_cheap
from training.fitting.rehearsal import Rehearsed, fit_level_free, fit_prior, rehearse, with_levels
from training.fitting.stretched import with_whole_intervals
from training.fitting.tuning import Tuned, tune
from training.folds import folds
from training.frame import Frame
from training.job import Job
from training.settings import TrainingSettings


@dataclass(frozen=True)
class Fitted:
    """What was chosen on inner dates, and the correction fitted for good."""

    rehearsed: Rehearsed
    prior: Prior | None
    season: Season
    correction: Correction
    rows: int
    horizons: Horizons | None = None

    def margins(self, asked: Frame, settings: TrainingSettings) -> Floats:
        """The margins, before calibration, of rows that already have the prior's columns: rows x outputs."""
        corrected = self.correction.of(asked, settings).margins(self.rehearsed.linear_share)
        level: Floats = self.season.at(asked.rows)
        return corrected + level


def tuned_for(job: Job, settings: TrainingSettings, *, known: Sequence[Parameters] = ()) -> Tuned:
    """What does best on the tune date."""
    recipe, past, roles = job.recipe, job.past, job.roles
    trials = settings.trials.of(recipe.task)
    with step(f"tuning {recipe.task}, up to {max(trials, 1)} trials"):
        asked = [with_levels(recipe, fold) for fold in folds(past, roles.tuned_on, roles.tune)]
        tuned = tune(recipe, asked, trials, settings, known=known, say=_say)
        return monotone_if_cheap(recipe, asked, tuned, job.directions, settings)


def fit(job: Job, tuned: Tuned, settings: TrainingSettings) -> Fitted:
    """Rehearse one horizon before the judged date, then fit on every closed window."""
    recipe, past, roles = job.recipe, job.past, job.roles
    with step("rehearsing: tuning, blend, level, calibration, interval"):
        rehearsed = with_whole_intervals(job, rehearse(recipe, past, roles, tuned, settings), settings)
    with step(f"fitting {recipe.task} on {len(roles.fitted_on)} dates"):
        prior = fit_prior(past)
        correction, levels = fit_level_free(recipe, past.with_prior(prior, recipe), rehearsed.tuned, settings)
        season = season_for(rehearsed.season, levels, roles.judge, from_prior=recipe.starts_from_prior)
    return Fitted(rehearsed, prior, season, correction, len(past.rows))


def _say(said: str) -> None:
    print(f"    {said}", flush=True)
