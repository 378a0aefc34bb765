"""Which date does what, with the embargo kept: a window must close before the date it is used for.

Everything that is chosen is chosen one horizon before the judged date, in a rehearsal of the real thing:

    tune       fit on dates whose windows closed by `tune`; parameters and rounds are chosen on `tune`
    calibrate  fit again, on dates whose windows closed by `calibrate`; there it shows whether calibration helps,
               and how far outcomes stray from predictions
    judge      fit for good, on dates whose windows closed by `judge`; looked at once
"""

from __future__ import annotations

from datetime import date, timedelta

from features.problems import BadConfig
from models.contract import Roles


def assign_roles(grid: tuple[date, ...], *, judged_at: date, horizon_days: int) -> Roles:
    """The roles of the dates of a grid that ends with `judged_at`.

    Raises BadConfig when there are too few closed windows for every role.
    """
    # e.g. judged_at 2011-09-09, horizon 90 days, a grid of 30 days from 2010-06-16 on:
    fitted_on = closed_by(judged_at, grid, horizon_days)  # 2010-06-16 ... 2011-06-11
    calibrate = fitted_on[-1] if fitted_on else None  # 2011-06-11: its window closes on the judged date
    rehearsed_on = closed_by(calibrate, grid, horizon_days) if calibrate else ()  # ... 2011-03-13
    tune = rehearsed_on[-1] if rehearsed_on else None  # 2011-03-13
    tuned_on = closed_by(tune, grid, horizon_days) if tune else ()  # ... 2010-12-13
    if not (calibrate and tune and tuned_on):
        raise BadConfig(
            f"project.horizon_days = {horizon_days}: too long for the history. Training needs three label windows one after "
            f"the other before dates.judged_at = {judged_at}; the first possible snapshot is {grid[0]}. Shorten the horizon, "
            "lower dates.history_days_min, or bring older data"
        )
    return Roles(tuned_on=tuned_on, tune=tune, calibrate=calibrate, fitted_on=fitted_on, judge=judged_at)


def closed_by(when: date, grid: tuple[date, ...], horizon_days: int) -> tuple[date, ...]:
    """The dates of the grid whose label windows have closed by `when`."""
    return tuple(as_of for as_of in grid if as_of + timedelta(days=horizon_days) <= when)
