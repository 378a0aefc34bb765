"""The three recipes: what they say they predict, and what tuning may try."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pytest

from features.feature import Words
from features.snapshots import Manifest
from models.churn import CHURN
from models.clv import CLV
from models.propensity import PROPENSITY
from models.recipe import Recipe

RECIPES = [CHURN, CLV, PROPENSITY]


def manifest(
    horizon_days: int = 60, categories: tuple[str, ...] = ("Tea", "Toys & Games"), **mapped: tuple[str, ...]
) -> Manifest:
    day = date(2021, 1, 1)
    return Manifest.model_construct(
        project="made_up",
        currency="EUR",
        horizon_days=horizon_days,
        grid=(day,),
        words=Words(windows_days=(30,), horizon_days=horizon_days, categories=categories, mapped=mapped),
    )


@dataclass
class Ends:
    """A trial that always takes one end of a range, and remembers the ranges."""

    low: bool
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        assert not log or low > 0
        self.ranges[name] = (low, high)
        return low if self.low else high

    def suggest_int(self, name: str, low: int, high: int) -> int:
        self.ranges[name] = (low, high)
        return low if self.low else high


def test_targets_are_said_in_words_with_the_horizon_and_the_currency() -> None:
    said = {recipe.task: [output.target for output in recipe.outputs(manifest(), "orders")] for recipe in RECIPES}
    assert said == {
        "churn": ["places no order within 60 days"],
        "clv": ["net spend within 60 days, in EUR, at least 0"],
        "propensity": ["buys Tea within 60 days", "buys Toys & Games within 60 days"],
    }


def test_targets_told_by_subscriptions_or_given_labels_are_said_in_words() -> None:
    (churn,) = CHURN.outputs(manifest(), "subscriptions")
    assert churn.target == "has no subscription 60 days later"
    (churn,) = CHURN.outputs(manifest(), "labels")
    assert churn.target == "leaves, as tables.labels.churned says"
    (clv,) = CLV.outputs(manifest(), "labels")
    assert clv.target == "what tables.labels.value says, in EUR, at least 0"
    given = manifest(categories=(), labels=("customer_id", "as_of", "bought_term_deposit", "bought_visit"))
    assert [(output.name, output.target) for output in PROPENSITY.outputs(given, "labels")] == [
        ("propensity_term_deposit", "buys term_deposit, as tables.labels.bought_term_deposit says"),
        ("propensity_visit", "buys visit, as tables.labels.bought_visit says"),
    ]


def test_where_orders_have_a_cost_their_margin_is_predicted() -> None:
    (clv,) = CLV.outputs(manifest(orders=("amount", "cost")), "orders")
    assert clv.target == "net margin within 60 days, in EUR, at least 0"


def test_outputs_are_named_after_the_columns_of_the_predictions() -> None:
    named = {recipe.task: [output.name for output in recipe.outputs(manifest(), "orders")] for recipe in RECIPES}
    assert named == {
        "churn": ["churn_probability"],
        "clv": ["clv_60d"],
        "propensity": ["propensity_tea", "propensity_toys_games"],
    }


def test_without_categories_there_is_no_propensity_to_predict() -> None:
    assert PROPENSITY.outputs(manifest(categories=()), "orders") == ()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.task)
def test_the_defaults_lie_in_the_search_space_and_fill_it(recipe: Recipe) -> None:
    lows, highs = Ends(low=True), Ends(low=False)
    assert set(recipe.search_space(lows)) == set(recipe.search_space(highs)) == set(recipe.defaults)
    for name, (low, high) in lows.ranges.items():
        assert low <= recipe.defaults[name] <= high, name


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.task)
def test_no_recipe_weighs_one_class_more_than_the_other(recipe: Recipe) -> None:
    told = {*recipe.fixed, *recipe.defaults, *recipe.search_space(Ends(low=True))}
    assert not told & {"scale_pos_weight", "max_delta_step", "weight", "class_weight"}


def test_the_link_fits_the_objective() -> None:
    assert {recipe.task: (recipe.link, recipe.fixed["objective"]) for recipe in RECIPES} == {
        "churn": ("sigmoid", "binary:logistic"),
        "clv": ("exp", "reg:tweedie"),
        "propensity": ("sigmoid", "binary:logistic"),
    }
