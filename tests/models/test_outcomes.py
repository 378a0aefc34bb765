"""Which table tells what customers did, and what is said where none does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from features.feature import Words
from features.problems import BadConfig
from features.snapshots import Manifest
from models.baselines import Lengthened, baselines, mean_outcome
from models.contract import TASKS, Task
from models.outcomes import Mapped, given_columns, said_of_tasks, teller, untold, what_counts
from models.recipes import RECIPES, has_rhythm, outputs_of, possible, recipe_for, told

ORDERS = ("customer_id", "order_id", "occurred_at", "amount")
SUBSCRIPTIONS = ("customer_id", "started_at", "ended_at")


@pytest.mark.parametrize(
    ("mapped", "told_by"),
    [
        ({"orders": ORDERS}, {"churn": "orders", "clv": "orders", "propensity": None}),
        ({"orders": (*ORDERS, "category")}, {"churn": "orders", "clv": "orders", "propensity": "orders"}),
        ({"subscriptions": SUBSCRIPTIONS}, {"churn": "subscriptions", "clv": None, "propensity": None}),
        ({"orders": ORDERS, "subscriptions": SUBSCRIPTIONS}, {"churn": "orders", "clv": "orders", "propensity": None}),
        ({"labels": ("churned",)}, {"churn": "labels", "clv": None, "propensity": None}),
        ({"labels": ("value", "bought_x")}, {"churn": None, "clv": "labels", "propensity": "labels"}),
        # Given outcomes go first, and the other tasks keep what tells theirs.
        (
            {"orders": (*ORDERS, "category"), "labels": ("churned",)},
            {"churn": "labels", "clv": "orders", "propensity": "orders"},
        ),
        (
            {"subscriptions": SUBSCRIPTIONS, "labels": ("value",)},
            {"churn": "subscriptions", "clv": "labels", "propensity": None},
        ),
        ({"interactions": ("customer_id",)}, dict.fromkeys(TASKS)),
    ],
)
def test_the_table_that_tells(mapped: Mapped, told_by: dict[Task, str | None]) -> None:
    assert {task: teller(task, mapped) for task in TASKS} == told_by


def test_the_columns_of_given_outcomes() -> None:
    mapped = {"labels": ("customer_id", "as_of", "churned", "value", "bought_a", "bought_b")}
    assert {task: given_columns(task, mapped) for task in TASKS} == {
        "churn": ["churned"],
        "clv": ["value"],
        "propensity": ["bought_a", "bought_b"],
    }
    assert given_columns("churn", {"orders": ORDERS}) == []


def test_an_order_brings_its_margin_where_cost_is_known_and_else_what_was_paid() -> None:
    assert what_counts({"orders": ORDERS}) == "net spend"
    assert what_counts({"orders": (*ORDERS, "cost")}) == "net margin"
    assert what_counts({}) == "net spend"


def test_what_is_missing_is_said_with_the_columns_that_would_help() -> None:
    assert {task: untold(task) for task in TASKS} == {
        "churn": "no table tells who left; map tables.orders, or tables.labels.churned or tables.subscriptions",
        "clv": "no table tells what customers brought; map tables.orders, or tables.labels.value (fees of subscriptions do not)",
        "propensity": (
            "it needs product groups (tables.orders.category) or responses (tables.labels.bought_...), and neither is mapped"
        ),
    }


def manifest(mapped: Mapped, categories: tuple[str, ...] = ()) -> Manifest:
    day = date(2021, 1, 1)
    words = Words(windows_days=(30,), horizon_days=60, categories=categories, mapped=mapped)
    return Manifest.model_construct(project="made_up", currency="EUR", horizon_days=60, grid=(day,), words=words)


def test_margins_start_from_rhythm_only_where_orders_tell_the_outcome() -> None:
    orders = manifest({"orders": (*ORDERS, "category")}, ("Tea",))
    assert has_rhythm(orders)
    assert {task: recipe_for(task, orders).starts_from_prior for task in TASKS} == {
        task: RECIPES[task].starts_from_prior for task in TASKS
    }
    assert recipe_for("churn", orders).starts_from_prior
    given = manifest({"orders": ORDERS, "labels": ("churned",)})
    assert has_rhythm(given)  # its columns are there for the trees
    assert not recipe_for("churn", given).starts_from_prior
    assert recipe_for("clv", given).starts_from_prior
    nothing = manifest({"subscriptions": SUBSCRIPTIONS})
    assert not has_rhythm(nothing)
    assert not recipe_for("churn", nothing).starts_from_prior


def test_a_task_is_possible_where_a_table_tells_it_and_has_outputs() -> None:
    assert possible(manifest({"orders": (*ORDERS, "category")}, ("Tea",))) == ["churn", "clv", "propensity"]
    assert possible(manifest({"orders": (*ORDERS, "category")})) == ["churn", "clv"]  # no category is bought by enough
    assert possible(manifest({"labels": ("bought_x",)})) == ["propensity"]
    assert possible(manifest({"subscriptions": SUBSCRIPTIONS})) == ["churn"]


def test_a_task_that_no_table_tells_is_refused_with_what_to_map() -> None:
    for mapped in ({"subscriptions": SUBSCRIPTIONS}, {"labels": ("churned",)}):
        for ask in (told, outputs_of):
            with pytest.raises(BadConfig) as refused:
                ask("clv", manifest(mapped))
            assert str(refused.value) == f"clv cannot be trained: {untold('clv')}"
    assert told("churn", manifest({"subscriptions": SUBSCRIPTIONS})) == "subscriptions"


def test_the_features_of_orders_hold_what_the_prior_reads() -> None:
    words = manifest({"orders": ORDERS}).words
    assert has_rhythm(manifest({"orders": ORDERS}))
    assert {feature.name for feature in catalogue(words)} >= {"order_day_count", "days_since_first_order"}


def test_a_task_that_is_not_one_of_ours_is_never_taken_for_another() -> None:
    fourth: Any = "loyalty"
    asked: tuple[Callable[[], object], ...] = (
        lambda: given_columns(fourth, {}),
        lambda: untold(fourth),
        lambda: baselines(fourth, (), horizon_days=90, windows_days=()),
        lambda: Lengthened(mean_outcome, fourth, 3.0)(pd.DataFrame(), np.ones(1), pd.DataFrame(index=[0])),
    )
    for ask in asked:
        with pytest.raises(AssertionError, match="loyalty"):
            ask()


def test_a_mapping_is_told_which_models_it_allows_and_what_the_others_miss() -> None:
    assert said_of_tasks({"subscriptions": SUBSCRIPTIONS}) == [
        "churn: what customers did is told by tables.subscriptions",
        f"clv: left out, {untold('clv')}",
        f"propensity: left out, {untold('propensity')}",
    ]
