"""A warm start from the champion, but not from one that has looked further ahead."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

import training.fitting.earlier
from models.contract import Roles
from training.dates import assign_roles
from training.fitting.earlier import known_parameters

JUDGED_AT = date(2021, 3, 1)
PARAMETERS = {"max_depth": 3, "subsample": 0.7, "ridge": 0.1}


def roles(judged_at: date) -> Roles:
    grid = tuple(judged_at - timedelta(days=30 * back) for back in range(5, -1, -1))
    return assign_roles(grid, judged_at=judged_at, horizon_days=30)


@pytest.mark.parametrize(("days_later", "known"), [(-90, [PARAMETERS]), (0, [PARAMETERS]), (1, []), (90, [])])
def test_parameters_of_a_champion_that_was_judged_later_are_not_used(
    monkeypatch: pytest.MonkeyPatch, days_later: int, known: list[dict[str, float]]
) -> None:
    contract = SimpleNamespace(roles=roles(JUDGED_AT + timedelta(days=days_later)), parameters=PARAMETERS)
    champion = SimpleNamespace(bundle=SimpleNamespace(contract=contract))
    asked = []

    def find(*words: str) -> SimpleNamespace:
        asked.append(words)
        return champion

    monkeypatch.setattr(training.fitting.earlier, "find", find)
    assert known_parameters("shop", "churn", roles(JUDGED_AT)) == known
    assert asked == [("shop", "churn", "champion")]


def test_without_a_champion_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training.fitting.earlier, "find", lambda *_: None)
    assert known_parameters("shop", "churn", roles(JUDGED_AT)) == []
