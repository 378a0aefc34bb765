"""Made-up customers at some dates, with outcomes that their features partly tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from features.families.calendar import DAY_OF_YEAR
from models.calibration import inverse_link
from models.churn import CHURN
from models.clv import CLV
from models.contract import Roles, Task
from models.propensity import PROPENSITY
from models.recipe import Recipe
from training.dates import assign_roles
from training.frame import Frame
from training.settings import TrainingSettings

CUSTOMERS = 80
HORIZON_DAYS = 90
JUDGED_AT = date(2021, 9, 9)
GRID = tuple(JUDGED_AT - timedelta(days=30 * back) for back in range(11, -1, -1))
MakeFrame = Callable[..., Frame]


@pytest.fixture(scope="session")
def quick() -> TrainingSettings:
    """Few rounds of large steps, on one thread."""
    return TrainingSettings(threads=1, rounds_max=30, learning_rate=0.3)


@pytest.fixture(scope="session")
def recipes() -> dict[Task, Recipe]:
    """The three recipes, with trees that may grow on few rows."""
    return {
        task: replace(recipe, defaults=recipe.defaults | {"min_child_weight": 2.0})
        for task, recipe in {"churn": CHURN, "clv": CLV, "propensity": PROPENSITY}.items()
    }


@pytest.fixture(scope="session")
def roles() -> Roles:
    """What each date of the made-up grid is for."""
    return assign_roles(GRID, judged_at=JUDGED_AT, horizon_days=HORIZON_DAYS)


@pytest.fixture(scope="session")
def make_frame() -> MakeFrame:
    """A function that makes up a frame of a task: as many customers at every date, all their rows independent."""

    def make(task: Task, *, customers: int = CUSTOMERS, seed: int = 0, grid: tuple[date, ...] = GRID) -> Frame:
        rng = np.random.default_rng(seed)
        dates = np.repeat(np.array(grid, dtype=object), customers)
        count = len(dates)
        days, silent = rng.geometric(0.3, count).astype(float), rng.integers(1, 300, count).astype(float)
        first_to_last = np.where(days == 1, 0, (days - 1) * 30)
        spend = np.round(days * rng.gamma(3, 40, count), 2)
        rows = pd.DataFrame(
            {
                "days_since_last_order": silent,
                "days_since_first_order": silent + first_to_last,
                "days_first_to_last_order": first_to_last,
                "order_day_count": days,
                "spend_sum": spend,
                "refund_sum": np.where(rng.uniform(size=count) < 0.1, spend / 4, 0.0),
                "gap_days_mean": np.where(days == 1, np.nan, 30.0),
                "noise": rng.normal(size=count),
                DAY_OF_YEAR: [float(day.timetuple().tm_yday) for day in dates],
            }
        )
        return Frame(
            customer_id=np.tile([f"c{number:03}" for number in range(customers)], len(grid)),
            as_of=dates,
            rows=rows,
            outcomes=_outcomes(task, rows, rng),
            horizon_days=HORIZON_DAYS,
        )

    return make


def _outcomes(task: Task, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    leaving = 0.02 * (rows["days_since_last_order"].to_numpy() - 150) - 0.4 * (rows["order_day_count"].to_numpy() - 3)
    leaves = rng.uniform(size=len(rows)) < inverse_link(leaving, "sigmoid")
    if task == "churn":
        return leaves.astype(float)[:, None]
    if task == "clv":
        spend = rows["spend_sum"].to_numpy() / rows["order_day_count"].to_numpy() * rng.gamma(2, 0.5, len(rows))
        given_back = np.where(rng.uniform(size=len(rows)) < 0.05, -20.0, 0.0)
        return np.where(leaves, given_back, spend)[:, None]
    chances = np.column_stack([np.where(leaves, 0.1, 0.6), np.where(rows["spend_sum"] > 300, 0.6, 0.2)])
    return (rng.uniform(size=chances.shape) < chances).astype(float)
