"""The three recipes, fitted to what a project's tables can tell."""

from __future__ import annotations

from dataclasses import replace

from features.problems import BadConfig
from features.snapshots import Manifest
from models.churn import CHURN
from models.clv import CLV
from models.contract import Output, Task, Teller
from models.outcomes import teller, untold
from models.prior import RHYTHM
from models.propensity import PROPENSITY
from models.recipe import Recipe

RECIPES: dict[Task, Recipe] = {"churn": CHURN, "clv": CLV, "propensity": PROPENSITY}


def recipe_for(task: Task, manifest: Manifest) -> Recipe:
    """The recipe of a task. The prior expects orders: margins start from it only where orders tell the outcome."""
    recipe = RECIPES[task]
    expected = teller(task, manifest.words.mapped) == "orders" and has_rhythm(manifest)
    return recipe if expected else replace(recipe, starts_from_prior=False)


def has_rhythm(manifest: Manifest) -> bool:
    """Whether snapshots have what the prior reads."""
    return set(RHYTHM) <= {feature.name for feature in manifest.features()}


def told(task: Task, manifest: Manifest) -> Teller:
    """The table that tells the outcome of a task. Raises BadConfig where none does."""
    told_by = teller(task, manifest.words.mapped)
    if told_by is None or not RECIPES[task].outputs(manifest, told_by):
        raise BadConfig(f"{task} cannot be trained: {untold(task)}")
    return told_by


def outputs_of(task: Task, manifest: Manifest) -> tuple[Output, ...]:
    """The numbers a model of the project serves. Raises BadConfig where no table tells the outcome."""
    return RECIPES[task].outputs(manifest, told(task, manifest))


def possible(manifest: Manifest) -> list[Task]:
    """The tasks whose outcome the project's tables tell."""
    tellers = {task: teller(task, manifest.words.mapped) for task in RECIPES}
    return [task for task, told_by in tellers.items() if told_by and RECIPES[task].outputs(manifest, told_by)]
