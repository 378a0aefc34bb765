"""What a model is made from: its frames, its recipe, and which date does what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from features.problems import BadData
from features.project import Project
from features.snapshots import Manifest
from models.contract import Output, Roles, Task, Teller
from models.recipe import Recipe
from models.recipes import outputs_of, recipe_for, told
from training.dates import assign_roles, closed_by, learned_horizon
from training.folds import judged_fold
from training.frame import Frame, training_frame
from training.predictable import all_alike, too_few


@dataclass(frozen=True)
class Job:
    """What a model is made from: the recipe, what is learned from and what is judged, and which date does what."""

    recipe: Recipe
    told_by: Teller
    roles: Roles
    past: Frame  # everything that may be learned from, within the horizon to learn from
    judged: Frame
    outputs: tuple[Output, ...]
    unpredictable: dict[str, str]  # label of an output that is left out: why
    directions: dict[str, int]  # of features where more is known to go with staying (1) or with leaving (-1)
    whole: Frame | None = None  # amounts learned within a shorter horizon: the latest date whose whole window has closed


def prepare(project: Project, manifest: Manifest, task: Task, *, judged_at: date | None = None) -> Job:
    """Read the frames of one model, judged on the project's date or on an earlier one of its grid.

    Raises BadInput where there is nothing to learn or to judge.
    """
    recipe, horizon, judged_at = recipe_for(task, manifest), manifest.horizon_days, judged_at or manifest.judged_at
    grid = tuple(as_of for as_of in manifest.grid if as_of <= judged_at)
    told_by = told(task, manifest)
    if recipe.starts_from_prior:
        horizon = learned_horizon(grid, judged_at=judged_at, horizon_days=horizon)
    if horizon < manifest.horizon_days:
        print(f"  no two windows of {manifest.horizon_days} days in a row have closed: learned from {horizon} days")
    roles = assign_roles(grid, judged_at=judged_at, horizon_days=horizon)
    for role in roles.split_by_customers:
        print(f"  {role}: no later date has outcomes, customers are split instead")
    past = training_frame(project, manifest, task, roles.fitted_on, horizon_days=horizon, known_by=roles.judge)
    if roles.judge in roles.fitted_on:
        fold = judged_fold(past, roles)
        past, judged = fold.fit, fold.asked
    else:
        judged = training_frame(project, manifest, task, (roles.judge,))
    outputs = outputs_of(task, manifest)
    unpredictable = all_alike(judged, roles, outputs) | too_few(past, roles, outputs)
    kept = [k for k, output in enumerate(outputs) if output.label not in unpredictable]
    for label, why in unpredictable.items():
        print(f"  {label}: not predicted, {why}")
    if not kept:
        raise BadData(f"{task} of {project.name} cannot be learned: {'; '.join(set(unpredictable.values()))}")
    whole = None
    if recipe.link == "exp" and horizon < manifest.horizon_days:
        latest = closed_by(judged_at, grid, manifest.horizon_days)[-1:]
        whole = training_frame(project, manifest, task, latest, known_by=judged_at).with_outputs(kept) if latest else None
    directions = {feature.name: int(feature.direction) for feature in manifest.features() if feature.direction}
    past, judged = past.with_outputs(kept), judged.with_outputs(kept)
    return Job(recipe, told_by, roles, past, judged, tuple(outputs[k] for k in kept), unpredictable, directions, whole)
