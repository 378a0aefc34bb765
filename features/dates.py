"""Which dates get a snapshot. What each date is for is decided in `training.dates`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from features.problems import BadConfig
from features.project import Project


@dataclass(frozen=True)
class SnapshotDates:
    """The dates of one project, all of them midnights: a snapshot sees what happened before them."""

    data_from: date  # the day of the first order
    data_until: date  # the day after the last one
    judged_at: date
    grid: tuple[date, ...]  # ascending, the last is judged_at
    scored_at: date  # everything is known

    @property
    def all(self) -> tuple[date, ...]:
        """Every date that gets a snapshot, ascending."""
        return tuple(sorted({*self.grid, self.scored_at}))


def snapshot_dates(project: Project, *, first_day: date, last_day: date) -> SnapshotDates:
    """The judged date, the dates every `every_days` before it, and the date to score.

    Raises BadConfig when the label window of the judged date has not closed, or when no earlier date has a
    closed label window and enough history.
    """
    # e.g. orders from 2009-12-01 to 2011-12-09, horizon 90 days, judged_at 2011-09-09, every 30 days:
    settings, horizon = project.dates, project.horizon
    data_until = settings.data_until or last_day + timedelta(days=1)  # 2011-12-10
    judged_at = settings.judged_at or data_until - horizon  # 2011-09-09 (its window ends before 2011-12-08)
    if judged_at + horizon > data_until:
        raise BadConfig(
            f"dates.judged_at = {judged_at}: its label window of project.horizon_days = {horizon.days} closes on "
            f"{judged_at + horizon}, but the data ends before {data_until}; the latest possible date is {data_until - horizon}"
        )
    earliest = first_day + timedelta(days=settings.history_days_min)  # 2010-03-01
    count = (judged_at - earliest).days // settings.every_days  # 18 steps of 30 days
    if count < 0 or judged_at - horizon < earliest:
        raise BadConfig(
            f"project.horizon_days = {horizon.days} is too long for the history: data from {first_day} to {last_day}, judged "
            f"at {judged_at}, leaves no earlier date with dates.history_days_min = {settings.history_days_min} days before it "
            "and a closed label window after it"
        )
    grid = tuple(judged_at - timedelta(days=settings.every_days * back) for back in range(count, -1, -1))
    return SnapshotDates(first_day, data_until, judged_at, grid, scored_at=data_until)  # grid[0] = 2010-03-18
