"""Which date does what, with the embargo kept: a window must close before the date it is used for.

Everything that is chosen is chosen one horizon before the judged date, in a rehearsal of the real thing:

    tune       fit on dates whose windows closed by `tune`; parameters and rounds are chosen on `tune`
    calibrate  fit again, on dates whose windows closed by `calibrate`; there it shows whether calibration helps,
               and, there and on `tune`, how far outcomes stray from predictions
    judge      fit for good, on dates whose windows closed by `judge`; looked at once

A short history has no date for every role. A date is then asked about although it is fitted on: its customers are split
(`training.folds`), and the model card says so.
"""

from __future__ import annotations

from datetime import date, timedelta

from features.problems import BadConfig
from models.contract import Roles


def assign_roles(grid: tuple[date, ...], *, judged_at: date, horizon_days: int) -> Roles:
    """The roles of the dates of a grid that ends with `judged_at`.

    Raises BadConfig when no window has closed before the judged date, unless that date is the only one there is.
    """
    # e.g. judged_at 2011-09-09, horizon 90 days, a grid of 30 days from 2010-06-16 on:
    fitted_on = closed_by(judged_at, grid, horizon_days)  # 2010-06-16 ... 2011-06-11
    if not fitted_on:
        if grid != (judged_at,):
            raise BadConfig(_too_long(grid, judged_at, horizon_days))
        fitted_on = grid  # outcomes of one date only: customers are split for everything
    calibrate = fitted_on[-1]  # 2011-06-11: its window closes on the judged date
    rehearsed_on = closed_by(calibrate, grid, horizon_days) or fitted_on  # ... 2011-03-13
    tune = rehearsed_on[-1]  # 2011-03-13
    tuned_on = closed_by(tune, grid, horizon_days) or rehearsed_on  # ... 2010-12-13
    return Roles(
        tuned_on=tuned_on, tune=tune, rehearsed_on=rehearsed_on, calibrate=calibrate, fitted_on=fitted_on, judge=judged_at
    )


def closed_by(when: date, grid: tuple[date, ...], horizon_days: int) -> tuple[date, ...]:
    """The dates of the grid whose label windows have closed by `when`."""
    return tuple(as_of for as_of in grid if as_of + timedelta(days=horizon_days) <= when)


def learned_horizon(grid: tuple[date, ...], *, judged_at: date, horizon_days: int) -> int:
    """The horizon to learn from: a half, a third or a quarter where no two windows in a row have closed before the judged date.

    What is learned is by how much customers differ from what their rhythm lets expect, which speaks of any horizon; so this
    is for models that start from the prior. The horizon itself is kept where a shorter one does not help either.
    """
    for parts in (1, 2, 3, 4):
        shorter = max(horizon_days // parts, 1)
        fitted_on = closed_by(judged_at, grid, shorter)
        if fitted_on and closed_by(fitted_on[-1], grid, shorter):
            return shorter
    return horizon_days


def _too_long(grid: tuple[date, ...], judged_at: date, horizon_days: int) -> str:
    return (
        f"project.horizon_days = {horizon_days}: too long for the history. Training needs a label window that has closed "
        f"before dates.judged_at = {judged_at}; the first possible snapshot is {grid[0]}. Shorten the horizon, lower "
        "dates.history_days_min, or bring older data"
    )
