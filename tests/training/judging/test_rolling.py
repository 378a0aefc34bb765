"""Which earlier dates are judged."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

import training.judging.rolling
from features.problems import BadInput
from training.judging.rolling import judged_earlier
from training.settings import TrainingSettings

GRID = tuple(date(2021, month, 1) for month in (1, 2, 3, 4))


@pytest.mark.parametrize(("judged_dates", "asked"), [(1, []), (3, [3, 2]), (4, [3, 2, 1]), (5, [3, 2, 1]), (9, [3, 2, 1])])
def test_the_latest_dates_before_the_judged_one_are_judged_and_all_where_there_are_fewer(
    monkeypatch: pytest.MonkeyPatch, judged_dates: int, asked: list[int]
) -> None:
    found: list[int] = []

    def prepare(*_: object, judged_at: date) -> None:
        found.append(judged_at.month)
        raise BadInput("nothing can be learned by then")

    monkeypatch.setattr(training.judging.rolling, "prepare", prepare)
    manifest: Any = SimpleNamespace(grid=GRID, judged_at=GRID[-1])
    past = SimpleNamespace(horizon_days=30)
    job: Any = SimpleNamespace(roles=SimpleNamespace(tune=GRID[0]), past=past, recipe=SimpleNamespace(task="churn"))
    project: Any = None
    tuned: Any = None
    assert judged_earlier(project, manifest, job, tuned, TrainingSettings(judged_dates=judged_dates)) == ()
    assert found == asked
