"""A plan for a list of customers is the plan of all where the list has all of them, and keeps to its budget where it has some."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.problems import BadInput
from models.actions.settings import read_actions
from models.value.settings import Layer
from serving.answers.champions import Champions
from serving.answers.errors import NotServed
from serving.answers.plan import Offers, gather_offers, plan_for
from serving.answers.release import from_registry
from serving.answers.requests import AskPlan
from serving.plan import make_plan
from tests.serving.conftest import Demo
from tests.serving.test_plan_command import _leave_no_plan as _leave_no_plan
from tests.serving.test_plan_command import config as config
from tests.serving.test_plan_command import read


@pytest.fixture
def champions(config: Path, tmp_path: Path) -> Champions:
    return Champions.open(from_registry(config, tmp_path / "champions"))


@pytest.fixture
def offers(champions: Champions) -> Offers:
    return gather_offers(champions)


def test_for_everybody_it_is_the_plan_of_the_command(demo: Demo, config: Path, champions: Champions, offers: Offers) -> None:
    make_plan(demo.project, read_actions(config), 150.0, Layer())
    plan, report = read(demo.project)
    found = plan_for(champions, offers, AskPlan(plan["customer_id"].tolist(), 150.0))
    told = [one.next_action.action if one.next_action else "none" for one in found.customers]
    assert told == plan["action"].tolist()
    assert (found.cost, found.sure_gain) == (pytest.approx(report.cost), pytest.approx(report.sure_gain))
    assert found.expected_gain == pytest.approx(
        sum(one.next_action.expected_gain for one in found.customers if one.next_action)
    )
    assert found.assumed


def test_a_list_keeps_its_order_and_its_budget(champions: Champions, offers: Offers) -> None:
    ids = list(champions.known().place)[50:0:-1]
    without, tight = (plan_for(champions, offers, AskPlan([*ids, "nobody"], budget)) for budget in (None, 3.0))
    assert [one.customer_id for one in tight.customers] == [*ids, "nobody"]
    assert tight.customers[-1].not_eligible_because == "unknown customer"
    assert tight.cost <= 3.0 < without.cost
    assert tight.sure_gain <= without.sure_gain
    nothing = plan_for(champions, offers, AskPlan(ids, 0.0))
    assert {one.next_action.action for one in nothing.customers if one.next_action} == {"none"}


def test_an_empty_list_costs_nothing(champions: Champions, offers: Offers) -> None:
    found = plan_for(champions, offers, AskPlan([], 100.0))
    assert (found.customers, found.cost, found.assumed) == ([], 0.0, False)


def test_nobody_is_planned_for_twice(champions: Champions, offers: Offers) -> None:
    one, other = list(champions.known().place)[:2]
    with pytest.raises(BadInput, match=r"customer_ids\[0\]: .* is named twice"):
        plan_for(champions, offers, AskPlan([one, other, one], 100.0))


def test_without_actions_there_is_nothing_to_plan_with(demo: Demo, tmp_path: Path) -> None:
    with pytest.raises(NotServed, match="names no action"):
        gather_offers(Champions.open(from_registry(demo.config, tmp_path / "champions")))
