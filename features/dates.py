"""Which dates get a snapshot. What each date is for is decided in `training.dates`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial

import ibis
import pandas as pd

from features.campaign_days import CampaignDays, campaign_days
from features.data_span import DaysWithRows, days_with_rows, notes_on_end, notes_on_recording, notes_on_start, refuse_stray_rows
from features.known import with_days
from features.problems import BadConfig, BadData
from features.project import Project
from features.tables import EVENTS_OF_CUSTOMERS

# Why a campaign cannot have a snapshot.
NOT_LABELLED = "no outcomes are given as of these days"
TOO_EARLY = "fewer than {days} days of data lie before them (dates.history_days_min)"
STILL_OPEN = "their windows of {days} days had not closed when the data ended"


@dataclass(frozen=True)
class SnapshotDates:
    """The dates of one project, all of them midnights: a snapshot sees what happened before them."""

    data_from: date  # the day of the first order
    data_until: date  # the day after the last one
    judged_at: date
    grid: tuple[date, ...]  # ascending, the last is judged_at
    scored_at: date  # everything is known
    campaigns: CampaignDays = field(default_factory=CampaignDays)  # of randomised treatments
    notes: tuple[str, ...] = ()  # what is odd about the end of the data

    @property
    def all(self) -> tuple[date, ...]:
        """Every date that gets a snapshot, ascending."""
        return tuple(sorted({*self.grid, self.scored_at, *self.campaigns.days}))


def snapshot_dates(project: Project, tables: Mapping[str, ibis.Table]) -> SnapshotDates:
    """The dates of checked tables: those of the labels where outcomes are given, else a grid over the events.

    Raises BadConfig when the dates do not fit the data, BadData when nobody is known at one of them, or when it is a slip
    that says where the data end.
    """
    events = [(name, at) for name, at in EVENTS_OF_CUSTOMERS.items() if name in tables]
    if "labels" in tables:
        return _labelled_dates(project, tables, events)
    (name, at), *_ = events
    found = _days(project, name, tables[name], at)
    first_day, last_day = found.days[0], found.days[-1]
    if name == "subscriptions" and not project.dates.data_until:
        last_day = _last_end(tables[name], last_day, project.horizon)
    dates = grid_dates(project, first_day=first_day, last_day=last_day)
    notes = (
        *notes_on_start(found, project.horizon),
        *notes_on_end(found, project.dates.data_until, date.today()),
        *notes_on_recording(name, tables[name], at, dates.scored_at),
    )
    dates = replace(dates, notes=notes)
    if "treatments" in tables:
        dates = replace(dates, campaigns=campaign_days(tables["treatments"], partial(_campaign_why_not, project, dates)))
    _refuse_dates_before_records(dates, tables[name], name, at)
    return dates


def _last_end(periods: ibis.Table, last_start: date, horizon: timedelta) -> date:
    """The day of the last start or end. Raises BadConfig where ends lie so far ahead that they cannot be when the data end."""
    times = [periods[name].max() for name in ("ended_at", "recorded_at") if name in periods.columns]
    latest, *recorded = (pd.Timestamp(time.execute()) for time in times)
    if pd.isna(latest):
        return last_start
    last_end = latest.date()
    known = max([last_start, *(time.date() for time in recorded if not pd.isna(time))])
    if last_end - known > horizon:
        raise BadConfig(
            f"tables.subscriptions.ended_at: the last end, {last_end}, is {(last_end - known).days} days after the last start "
            f"or recording, {known}. Ends that lie ahead do not tell where the data end: set dates.data_until to the "
            "day after the last one that is recorded in full"
        )
    return max(last_start, last_end)


def _campaign_why_not(project: Project, dates: SnapshotDates, day: date) -> str | None:
    history_days, horizon_days = project.dates.history_days_min, project.project.horizon_days
    if day < dates.data_from + timedelta(days=history_days):
        return TOO_EARLY.format(days=history_days)
    return STILL_OPEN.format(days=horizon_days) if day + project.horizon > dates.data_until else None


def _labelled_dates(project: Project, tables: Mapping[str, ibis.Table], events: list[tuple[str, str]]) -> SnapshotDates:
    days = tables["labels"].select(day=tables["labels"].as_of.date()).distinct().order_by("day").execute()["day"]
    grid = tuple(pd.Timestamp(day).date() for day in days)
    judged_at = project.dates.judged_at or grid[-1]
    if judged_at not in grid:
        raise BadConfig(f"dates.judged_at = {judged_at}: no label has this as_of; labels are dated {grid[0]} to {grid[-1]}")
    last = grid[-1]
    if events:  # labels say how it went, events go on: everybody can be scored at their end
        last = max(last, *(_days(project, name, tables[name], at).days[-1] + timedelta(days=1) for name, at in events))
    closed = max(grid[-1] + project.horizon, last)
    judged = tuple(day for day in grid if day <= judged_at)
    dates = SnapshotDates(grid[0], closed, judged_at, judged, last)
    if "treatments" not in tables:
        return dates
    labelled = campaign_days(tables["treatments"], lambda day: None if day in grid else NOT_LABELLED)
    return replace(dates, campaigns=labelled)


def _days(project: Project, name: str, table: ibis.Table, at: str) -> DaysWithRows:
    """The days with rows. Raises BadData where stray rows would say where the data end, and the mapping file does not."""
    found = days_with_rows(name, table, at)
    if project.dates.data_until is None:
        refuse_stray_rows(found, table, project.horizon)
    return found


def _refuse_dates_before_records(dates: SnapshotDates, table: ibis.Table, name: str, at: str) -> None:
    """Every date has rows before it; it has customers only if one of these rows was recorded by then."""
    first_known = pd.Timestamp(with_days(table, at=at).known_day.min().execute()).date()
    empty = [day for day in dates.all if day <= first_known]
    if empty:
        raise BadData(
            f"tables.{name}.recorded_at: {name} go back to {dates.data_from}, but the first was recorded on {first_known}, so "
            f"nobody is known at {len(empty)} of {len(dates.all)} dates (first: {empty[0]}). Raise dates.history_days_min to "
            "start later; if recorded_at is only when the table was loaded, leave it out"
        )


def grid_dates(project: Project, *, first_day: date, last_day: date) -> SnapshotDates:
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
