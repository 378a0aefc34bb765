"""Levels: what moves all customers of a date alike is taken out before fitting, and expected by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from features.problems import BadInput
from models.calibration import Floats, inverse_link
from models.contract import Link
from models.season import YEAR_DAYS, Season
from training.frame import Frame

Levels = dict[date, Floats]  # by date, one number per output
RARE = 1e-6  # no chance is taken to be smaller
YEAR = timedelta(days=YEAR_DAYS)
YEAR_AGO, YEAR_AGO_CORRECTED, UNTRIED = "year_ago", "year_ago_corrected", "untried"


def date_levels(frame: Frame, margins: Floats, link: Link) -> Levels:
    """What has to be added to the margins of a frame's rows for the outcomes of each date to come out in total."""
    levels = {}
    for as_of in sorted(set(frame.as_of)):
        here = frame.as_of == as_of
        outcomes, own = frame.outcomes[here], margins[here]
        levels[as_of] = np.array([level_of(own[:, k], outcomes[:, k], link) for k in range(own.shape[1])])
    return levels


def on_their_levels(frame: Frame, levels: Levels) -> Frame:
    """The frame, starting from where each date stood: a booster then learns only what sets customers apart."""
    return replace(frame, start=frame.starts() + np.stack([levels[as_of] for as_of in frame.as_of]))


def seasons(levels: Levels, asked: date, *, from_prior: bool) -> dict[str, Season]:
    """The levels that can be expected from a date on, by rule, the most trusted first.

    `year_ago`: as on the same day of last year, where a window has closed since. `year_ago_corrected`: that, and by how
    much the last closed date stands above or below its own day of last year. `rhythm`: as the prior expects, where
    margins start from it. `last`: as on the last date whose window has closed; on that date itself, as it is.
    """
    if asked in levels:  # its customers are split: how high it stands is known from the others
        return {"last": Season(usual=tuple(map(float, levels[asked])))}
    dates = sorted(levels)
    last, half_step = levels[dates[-1]], (dates[1] - dates[0]) / 2 if len(dates) > 1 else timedelta(0)
    found = {}
    if dates[0] <= asked - YEAR + half_step:
        since_then = {as_of: levels[as_of] for as_of in dates if as_of >= asked - YEAR - half_step}
        found[YEAR_AGO] = _season(since_then)
        if dates[0] <= dates[-1] - YEAR + half_step:
            then = min(dates, key=lambda as_of: abs(as_of - (dates[-1] - YEAR)))
            found[YEAR_AGO_CORRECTED] = _season({as_of: level + last - levels[then] for as_of, level in since_then.items()})
    if from_prior:
        found["rhythm"] = Season(usual=(0.0,) * len(last))
    return found | {"last": Season(usual=tuple(map(float, last)))}


def season_for(rule: str, levels: Levels, asked: date, *, from_prior: bool) -> Season:
    """The level from a date on, by a rule of `seasons`; the most trusted one where the date is too early for that rule.

    `untried`: where no year ago could be tried, the mean of what all rules that need no year before last expect. None of
    them is right in a business with seasons, and they are wrong in different directions.
    """
    found = seasons(levels, asked, from_prior=from_prior)
    if rule == UNTRIED:
        return _mean_season([season for name, season in found.items() if name != YEAR_AGO_CORRECTED])
    return found.get(rule) or next(iter(found.values()))


def _mean_season(parts: list[Season]) -> Season:
    """The mean of levels, of which at most one moves with the day of the year."""
    usual = np.sum([part.usual for part in parts], axis=0)
    moving = next((part for part in parts if part.days), parts[0])
    moved = [usual - moving.usual + level for level in moving.levels]
    return Season(
        usual=tuple(map(float, usual / len(parts))),
        days=moving.days,
        levels=tuple(tuple(map(float, level / len(parts))) for level in moved),
    )


def miss_of(margins: Floats, outcomes: Floats, link: Link) -> tuple[float, float]:
    """How far the totals are off, as a shift of margins, and the standard error of that; the mean over outputs."""
    shifts = [abs(level_of(margins[:, k], outcomes[:, k], link)) for k in range(margins.shape[1])]
    errors = [_error_of_level(outcomes[:, k], link) for k in range(margins.shape[1])]
    return float(np.mean(shifts)), float(np.mean(errors))


def level_of(margin: Floats, outcome: Floats, link: Link) -> float:
    """What to add to all margins for their total to be that of the outcomes; money given back counts as nothing brought."""
    if link == "exp":
        brought = float(np.maximum(outcome, 0).sum())
        if brought <= 0:
            raise BadInput(
                "the customers of a date brought nothing in its label window: how high the season stood cannot be told"
            )
        return float(np.log(brought) - np.log(np.exp(margin).sum()))
    return shift_to_mean(margin, _mean(outcome))


def shift_to_mean(margin: Floats, mean: float) -> float:
    """The intercept with which the probabilities average to `mean`, by Newton's method from the mean margin."""
    mean = min(max(mean, RARE), 1 - RARE)
    shift = float(np.log(mean / (1 - mean)) - margin.mean())
    for _ in range(20):
        probability = inverse_link(margin + shift, "sigmoid")
        step = (mean - probability.mean()) / max(float((probability * (1 - probability)).mean()), 1e-9)
        shift += float(np.clip(step, -2, 2))
        if abs(step) < 1e-9:
            break
    return shift


def _error_of_level(outcome: Floats, link: Link) -> float:
    """The standard error of the log of a total, or of the log-odds of a mean."""
    if link == "exp":
        brought = np.maximum(outcome, 0)
        return float(brought.std() / brought.mean() / np.sqrt(len(brought)))
    mean = _mean(outcome)
    return float(1 / np.sqrt(len(outcome) * mean * (1 - mean)))


def _mean(outcome: Floats) -> float:
    """The share of customers who did, with half a customer more in one more: that nobody did is no proof of never."""
    return (float(outcome.sum()) + 0.5) / (len(outcome) + 1)


def _season(levels: Levels) -> Season:
    by_day = {as_of.timetuple().tm_yday: level for as_of, level in levels.items()}
    days = sorted(by_day)
    return Season(
        usual=tuple(map(float, np.mean([by_day[day] for day in days], axis=0))),
        days=tuple(days),
        levels=tuple(tuple(map(float, by_day[day])) for day in days),
    )
