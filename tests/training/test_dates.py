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
from training.dates import assign_roles, closed_by
from training.rehearsal import rehearsed_on

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
            calibrate=day("2011-06-11"),
            fitted_on=tuple(grid[:13]),  # to 2011-06-11
            judge=day("2011-09-09"),
        )
    )
    assert online_retail.tuned_on[-1] == day("2010-12-13")
    assert rehearsed_on(online_retail) == tuple(grid[:10])  # to 2011-03-13


def embargo_holds(roles: Roles, horizon_days: int) -> None:
    horizon = timedelta(days=horizon_days)
    assert all(as_of + horizon <= roles.tune for as_of in roles.tuned_on)
    assert all(as_of + horizon <= roles.calibrate for as_of in rehearsed_on(roles))
    assert all(as_of + horizon <= roles.judge for as_of in roles.fitted_on)
    # Parameters and rounds are chosen with the outcomes of the tune date, calibration with those of both.
    assert roles.tune + horizon <= roles.calibrate
    assert roles.calibrate + horizon <= roles.judge


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
def test_the_embargo_holds_on_every_grid_that_is_long_enough(grid: tuple[date, ...], horizon_days: int) -> None:
    try:
        roles = assign_roles(grid, judged_at=grid[-1], horizon_days=horizon_days)
    except BadConfig:
        assert (grid[-1] - grid[0]).days < 3 * (horizon_days + (grid[-1] - grid[0]).days / max(len(grid) - 1, 1))
        return
    embargo_holds(roles, horizon_days)
    assert max(roles.tuned_on) < roles.tune < roles.calibrate < roles.judge
    assert roles.judge == grid[-1]
    assert roles.judge not in roles.fitted_on
    assert {*roles.tuned_on, roles.tune, roles.calibrate, *roles.fitted_on} <= set(grid)
    assert set(roles.tuned_on) < set(rehearsed_on(roles)) < set(roles.fitted_on)


@given(grids, st.integers(1, 400))
def test_no_closed_window_is_left_unused(grid: tuple[date, ...], horizon_days: int) -> None:
    assume((grid[-1] - grid[0]).days >= 3 * (horizon_days + 120))
    roles = assign_roles(grid, judged_at=grid[-1], horizon_days=horizon_days)
    horizon = timedelta(days=horizon_days)
    assert set(roles.fitted_on) == {as_of for as_of in grid if as_of + horizon <= roles.judge}
    assert set(rehearsed_on(roles)) == {as_of for as_of in grid if as_of + horizon <= roles.calibrate}
    assert set(roles.tuned_on) == {as_of for as_of in grid if as_of + horizon <= roles.tune}


@pytest.mark.parametrize(
    ("dates", "is_enough"),
    [
        (["2021-01-01", "2021-01-11", "2021-01-21", "2021-01-31"], True),
        (["2021-01-02", "2021-01-11", "2021-01-21", "2021-01-31"], False),  # the first window closes a day late
        (["2021-01-21", "2021-01-31"], False),
        (["2021-01-31"], False),
    ],
)
def test_three_windows_one_after_the_other_are_just_enough(dates: list[str], is_enough: bool) -> None:
    grid = tuple(map(day, dates))
    if is_enough:
        assert assign_roles(grid, judged_at=grid[-1], horizon_days=10).tuned_on == grid[:1]
        return
    with pytest.raises(BadConfig) as refused:
        assign_roles(grid, judged_at=grid[-1], horizon_days=10)
    assert str(refused.value) == (
        "project.horizon_days = 10: too long for the history. Training needs three label windows one after the other before "
        f"dates.judged_at = 2021-01-31; the first possible snapshot is {grid[0]}. Shorten the horizon, lower "
        "dates.history_days_min, or bring older data"
    )
