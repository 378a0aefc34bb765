"""Whatever ends a promotion half-way, the champion that was can be found again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import training.promote
from training.promote import introduce, promote_challenger, restore_previous


class Aliases(dict[str, str]):
    """Who has which alias, and what would be left had it ended after each step."""

    def __init__(self, **given: str) -> None:
        super().__init__(given)
        self.steps: list[dict[str, str]] = []

    def point(self, version: Any, alias: str) -> None:
        self[alias] = version.version
        self.steps.append(dict(self))

    def take(self, _: Any, alias: str) -> None:
        del self[alias]
        self.steps.append(dict(self))

    def at(self, _project: str, _task: str, alias: str) -> Any:
        return SimpleNamespace(version=self[alias], name="shop-churn") if alias in self else None


def use(monkeypatch: pytest.MonkeyPatch, **given: str) -> Aliases:
    aliases = Aliases(**given)
    for name, stand_in in {
        "set_alias": aliases.point,
        "remove_alias": aliases.take,
        "find": aliases.at,
        "version_at": aliases.at,
    }.items():
        monkeypatch.setattr(training.promote, name, stand_in)
    return aliases


def test_the_way_back_is_there_before_another_is_champion(monkeypatch: pytest.MonkeyPatch) -> None:
    aliases = use(monkeypatch, champion="1", challenger="2")
    promote_challenger("shop", "churn")
    assert aliases == {"champion": "2", "previous": "1"}
    assert all(left["champion"] == "1" or left["previous"] == "1" for left in aliases.steps)


def test_who_was_replaced_waits_before_the_one_before_is_champion_again(monkeypatch: pytest.MonkeyPatch) -> None:
    aliases = use(monkeypatch, champion="2", previous="1")
    restore_previous("shop", "churn")
    assert aliases == {"champion": "1", "challenger": "2"}
    assert all("2" in left.values() and "1" in left.values() for left in aliases.steps)


def test_a_champion_that_cannot_be_read_is_kept_as_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    aliases = use(monkeypatch, champion="1", challenger="2")
    monkeypatch.setattr(training.promote, "_is_readable", lambda *_: False)
    new: Any = SimpleNamespace(version="3")
    assert introduce(new, "shop", "churn") == "champion"
    assert aliases == {"champion": "3", "previous": "1"}
    assert all("1" in left.values() for left in aliases.steps)
