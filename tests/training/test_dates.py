"""Which date does what: the embargo holds for every one of them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from features.dates import grid_dates
from features.problems import BadConfig
from features.project import read_project
from models.contract import Roles
from training.dates import assign_roles, closed_by, learned_horizon

CONFIG = Path(__file__).parents[2] / "configs" / "online_retail.toml"


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.fixture(scope="module")
def online_retail() -> Roles:
    """The roles of the demo: two years of orders, a snapshot every 30 days, a horizon of 90."""
    project = read_project(CONFIG)
    dates = grid_dates(project, first_day=day("2009-12-01"), last_day=day("2011-12-09"))
    assert (project.project.horizon_days, dates.judged_at) == (90, day("2011-09-09"))
    return assign_roles(dates.grid, judged_at=dates.judged_at, horizon_days=90)


def test_the_roles_of_the_demo(online_retail: Roles) -> None:
    grid = [day("2011-09-09") - timedelta(days=30 * back) for back in range(15, -1, -1)]
    assert grid[0] == day("2010-06-16")  # the first with 180 days of history
    assert (
        online_retail
        == Roles(
            tuned_on=tuple(grid[:7]),  # to 2010-12-13
            tune=day("2011-03-13"),
            rehearsed_on=tuple(grid[:10]),  # to 2011-03-13
            calibrate=day("2011-06-11"),
            fitted_on=tuple(grid[:13]),  # to 2011-06-11
            judge=day("2011-09-09"),
        )
    )
    assert online_retail.tuned_on[-1] == day("2010-12-13")
    assert online_retail.split_by_customers == []


def embargo_holds(roles: Roles, horizon_days: int) -> None:
    """For every role: windows closed before the date asked about, or it is said that its customers are split."""
    horizon, split = timedelta(days=horizon_days), roles.split_by_customers
    asked = {
        "tuning": (roles.tuned_on, roles.tune),
        "calibration": (roles.rehearsed_on, roles.calibrate),
        "judgement": (roles.fitted_on, roles.judge),
    }
    for name, (fitted_on, date_asked) in asked.items():
        assert fitted_on == tuple(sorted(set(fitted_on)))
        assert len(fitted_on) > 0
        if name in split:
            assert date_asked == fitted_on[-1]
        else:
            assert all(as_of + horizon <= date_asked for as_of in fitted_on)
    # Parameters and rounds are chosen with the outcomes of the tune date, calibration with those of both: each is known by
    # the next date, or is that date.
    assert roles.tune + horizon <= roles.calibrate or roles.tune == roles.calibrate
    assert roles.calibrate + horizon <= roles.judge or fitted_on == (roles.judge,)
    # What a later role is fitted on holds what an earlier one was.
    assert set(roles.tuned_on) <= set(roles.rehearsed_on) <= set(roles.fitted_on)


def test_the_embargo_holds_in_the_demo(online_retail: Roles) -> None:
    embargo_holds(online_retail, 90)
    assert max(online_retail.tuned_on) < online_retail.tune < online_retail.calibrate < online_retail.judge


def test_a_date_whose_window_closes_on_the_day_is_closed_and_one_a_day_later_is_not() -> None:
    grid = tuple(day(f"2021-01-{number:02}") for number in (1, 2, 3))
    assert closed_by(day("2021-01-12"), grid, 10) == grid[:2]
    assert closed_by(day("2021-01-10"), grid, 10) == ()


grids = st.builds(
    lambda start, every, count: tuple(start + timedelta(days=every * number) for number in range(count)),
    st.dates(day("1999-12-01"), day("2030-01-01")),
    st.integers(1, 120),
    st.integers(1, 40),
)


@given(grids, st.integers(1, 400))
def test_the_embargo_holds_on_every_grid(grid: tuple[date, ...], horizon_days: int) -> None:
    try:
        roles = assign_roles(grid, judged_at=grid[-1], horizon_days=horizon_days)
    except BadConfig:
        assert len(grid) > 1
        assert (grid[-1] - grid[0]).days < horizon_days  # not even the first window had closed
        return
    embargo_holds(roles, horizon_days)
    assert roles.judge == grid[-1]
    assert {*roles.tuned_on, roles.tune, *roles.rehearsed_on, roles.calibrate, *roles.fitted_on} <= set(grid)
    if len(grid) > 1:
        assert roles.judge not in roles.fitted_on


@given(grids, st.integers(1, 400))
def test_a_long_history_needs_no_split(grid: tuple[date, ...], horizon_days: int) -> None:
    every = (grid[-1] - grid[0]).days / max(len(grid) - 1, 1)
    assume((grid[-1] - grid[0]).days >= 3 * (horizon_days + every))
    roles = assign_roles(grid, judged_at=grid[-1], horizon_days=horizon_days)
    assert roles.split_by_customers == []
    assert max(roles.tuned_on) < roles.tune < roles.calibrate < roles.judge
    assert set(roles.tuned_on) < set(roles.rehearsed_on) < set(roles.fitted_on)


@given(grids, st.integers(1, 400))
def test_no_closed_window_is_left_unused(grid: tuple[date, ...], horizon_days: int) -> None:
    assume((grid[-1] - grid[0]).days >= 3 * (horizon_days + 120))
    roles = assign_roles(grid, judged_at=grid[-1], horizon_days=horizon_days)
    horizon = timedelta(days=horizon_days)
    assert set(roles.fitted_on) == {as_of for as_of in grid if as_of + horizon <= roles.judge}
    assert set(roles.rehearsed_on) == {as_of for as_of in grid if as_of + horizon <= roles.calibrate}
    assert set(roles.tuned_on) == {as_of for as_of in grid if as_of + horizon <= roles.tune}


JANUARY_31 = "2021-01-31"


@pytest.mark.parametrize(
    ("dates", "fitted_on", "rehearsed_on", "tuned_on", "split"),
    [
        # Three windows of ten days, one after the other: a date for every role.
        (["2021-01-01", "2021-01-11", "2021-01-21"], 3, 2, 1, []),
        # The first window closes a day late for tuning: two in a row.
        (["2021-01-02", "2021-01-11", "2021-01-21"], 3, 2, 2, ["tuning"]),
        (["2021-01-11", "2021-01-21"], 2, 1, 1, ["tuning"]),
        # One only: calibration asks about what it is fitted on, too.
        (["2021-01-20", "2021-01-21"], 2, 2, 2, ["tuning", "calibration"]),
        (["2021-01-21"], 1, 1, 1, ["tuning", "calibration"]),
    ],
)
def test_each_role_has_a_date_as_far_as_windows_have_closed(
    dates: list[str], fitted_on: int, rehearsed_on: int, tuned_on: int, split: list[str]
) -> None:
    past = tuple(map(day, dates))
    roles = assign_roles((*past, day(JANUARY_31)), judged_at=day(JANUARY_31), horizon_days=10)
    assert roles.fitted_on == past[:fitted_on]
    assert roles.rehearsed_on == past[:rehearsed_on]
    assert roles.tuned_on == past[:tuned_on]
    assert (roles.tune, roles.calibrate, roles.judge) == (roles.rehearsed_on[-1], past[-1], day(JANUARY_31))
    assert roles.split_by_customers == split
    embargo_holds(roles, 10)


def test_where_one_date_is_all_there_is_its_customers_are_split_for_everything() -> None:
    only = day(JANUARY_31)
    roles = assign_roles((only,), judged_at=only, horizon_days=10)
    assert roles == Roles(tuned_on=(only,), tune=only, rehearsed_on=(only,), calibrate=only, fitted_on=(only,), judge=only)
    assert roles.split_by_customers == ["tuning", "calibration", "judgement"]


def test_several_dates_of_which_no_window_has_closed_are_refused() -> None:
    grid = (day("2021-01-22"), day(JANUARY_31))
    with pytest.raises(BadConfig) as refused:
        assign_roles(grid, judged_at=grid[-1], horizon_days=10)
    assert str(refused.value) == (
        "project.horizon_days = 10: too long for the history. Training needs a label window that has closed before "
        "dates.judged_at = 2021-01-31; the first possible snapshot is 2021-01-22. Shorten the horizon, lower "
        "dates.history_days_min, or bring older data"
    )


def monthly(first: str, judged_at: str) -> tuple[date, ...]:
    """A date every 30 days, back from the judged one to the first that is possible."""
    last, count = day(judged_at), (day(judged_at) - day(first)).days // 30
    return tuple(last - timedelta(days=30 * back) for back in range(count, -1, -1))


@pytest.mark.parametrize(
    ("days_before_judged", "horizon_days", "learned"),
    [
        # As in 273 days of orders: 90 before the first date, 90 after the judged one, 93 between. Dates 90, 60, 30 and 0 days
        # before it. Of 90 days one window has closed; of 45 days the last is that from 60 on, and none had closed by then;
        # of 30 days it is that from 30 on, by which those from 90 and 60 on had.
        (93, 90, 30),
        (180, 90, 90),
        (179, 90, 45),  # 150, 120, ...: of 90 days the last is from 90 on; of 45 from 60 on, where that from 150 had closed
        (60, 90, 30),
        (59, 90, 90),  # 30 days before the judged date alone: no two in a row, whatever the horizon
        (0, 90, 90),
        (60, 40, 20),  # 60, 30: of 20 days the window from 60 on has closed 30 days before
        (30, 10, 10),
    ],
)
def test_the_horizon_to_learn_from_by_hand(days_before_judged: int, horizon_days: int, learned: int) -> None:
    judged_at = day("2021-06-01")
    grid = monthly(str(judged_at - timedelta(days=days_before_judged)), str(judged_at))
    assert learned_horizon(grid, judged_at=judged_at, horizon_days=horizon_days) == learned


@given(grids, st.integers(1, 400))
def test_a_shorter_horizon_to_learn_from_has_two_windows_in_a_row(grid: tuple[date, ...], horizon_days: int) -> None:
    learned = learned_horizon(grid, judged_at=grid[-1], horizon_days=horizon_days)
    assert learned in {max(horizon_days // parts, 1) for parts in (1, 2, 3, 4)}
    if learned == horizon_days:
        return
    roles = assign_roles(grid, judged_at=grid[-1], horizon_days=learned)
    assert "calibration" not in roles.split_by_customers
    # And no longer part of the horizon has.
    for longer in {horizon_days, horizon_days // 2, horizon_days // 3} - {learned}:
        if longer > learned:
            fitted_on = closed_by(grid[-1], grid, longer)
            assert not fitted_on or not closed_by(fitted_on[-1], grid, longer)
