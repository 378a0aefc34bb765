"""What a contract says when its bundle is asked to speak for another project."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from features.project import Project
from models.bundle import Bundle
from models.contract import Contract, Task


def project(**sections: Any) -> Project:
    mapping = {"from": "orders.csv", "customer_id": "c", "order_id": "o", "occurred_at": "t", "amount": "a"}
    own = {"name": "made_up", "currency": "EUR", "horizon_days": 90} | sections.pop("project", {})
    return Project.model_validate({"project": own, "tables": {"orders": mapping}} | sections)


@pytest.fixture(scope="session")
def contract(bundles: dict[Task, Bundle]) -> Contract:
    """The contract of the churn bundle."""
    return bundles["churn"].contract


def test_the_project_it_was_trained_for_has_no_problems(contract: Contract) -> None:
    assert contract.problems_with(project(), contract.features) == []
    assert contract.problems_with(project(), ["customer_id", *reversed(contract.features), "a_new_feature"]) == []


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"name": "shop"}, "project.name = made_up, the mapping file says shop"),
        ({"currency": "GBP"}, "project.currency = EUR, the mapping file says GBP"),
        ({"horizon_days": 30}, "project.horizon_days = 90, the mapping file says 30"),
    ],
)
def test_another_project_is_said_in_words(contract: Contract, section: dict[str, Any], said: str) -> None:
    found = contract.problems_with(project(project=section), contract.features)
    assert found == [f"the churn model was trained for {said}"]


def test_another_cohort_is_said_in_words(contract: Contract) -> None:
    (said,) = contract.problems_with(project(cohort={"orders_min": 2}), contract.features)
    assert said.startswith("the churn model was trained for cohort = orders_min=1 ")
    assert "the mapping file says orders_min=2 " in said


def test_features_that_are_not_there_are_all_named(contract: Contract) -> None:
    without = [name for name in contract.features if name not in ("order_count", "gap_days_mean")]
    assert contract.problems_with(project(), without) == [
        "the churn model needs features that these snapshots do not have: order_count, gap_days_mean"
    ]


def test_all_problems_are_said_at_once(contract: Contract) -> None:
    other = project(project={"name": "shop", "currency": "GBP", "horizon_days": 30}, cohort={"orders_min": 2})
    assert len(contract.problems_with(other, [])) == 5


def test_a_contract_comes_back_from_json_as_it_was(contract: Contract) -> None:
    assert Contract.model_validate_json(contract.model_dump_json(indent=1)) == contract


def test_a_contract_with_an_unknown_field_or_without_one_is_refused(contract: Contract) -> None:
    with pytest.raises(ValidationError, match="threshold"):
        Contract.model_validate(contract.model_dump() | {"threshold": 0.5})
    with pytest.raises(ValidationError, match="horizon_days"):
        Contract.model_validate({key: value for key, value in contract.model_dump().items() if key != "horizon_days"})
