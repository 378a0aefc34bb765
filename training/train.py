"""Make one model, from snapshots to a registered bundle. Reads like the table of contents of a training run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version

import xgboost as xgb

from features.command import step
from features.problems import BadConfig
from features.project import Project
from features.rfm import DAY_OF_YEAR
from features.snapshots import Manifest, load_manifest
from features.version import code_version
from models.bundle import Bundle, made_up_rows
from models.churn import CHURN
from models.clv import CLV
from models.contract import Contract, InputColumn, Roles, Task
from models.prior import Prior
from models.propensity import PROPENSITY
from models.recipe import Recipe
from models.registry import Registered, made_from
from models.season import Season
from training.dates import assign_roles
from training.fitting import matrices, raw_margins
from training.frame import Frame, training_frame
from training.judging import judge
from training.leakage import refuse_leaks
from training.levels import date_levels, on_their_levels, seasons
from training.promote import introduce
from training.rehearsal import Rehearsed, fit_level_free, fit_prior, rehearse
from training.settings import TrainingSettings
from training.tracking import record, tracked_run
from training.tuning import tune

RECIPES: dict[Task, Recipe] = {"churn": CHURN, "clv": CLV, "propensity": PROPENSITY}
NO_CATEGORIES = "it needs product groups, and tables.orders.category is not mapped"
LIBRARIES = ("numpy", "optuna", "scikit-learn", "scipy", "xgboost-cpu")


def possible_tasks(project: Project) -> list[Task]:
    """The models that the project's data can have; what is left out is said."""
    manifest = load_manifest(project)
    possible = [task for task, recipe in RECIPES.items() if recipe.outputs(manifest)]
    for task in RECIPES.keys() - possible:
        print(f"{task} of {project.name}: left out, {NO_CATEGORIES}")
    return possible


def train(project: Project, settings: TrainingSettings, task: Task) -> Registered:
    """Train, judge and register one model; one made from the same data, settings, code and libraries is kept instead."""
    manifest = load_manifest(project)
    recipe = RECIPES[task]
    if not recipe.outputs(manifest):
        raise BadConfig(f"{task} cannot be trained: {NO_CATEGORIES}")
    roles = assign_roles(manifest.grid, judged_at=manifest.judged_at, horizon_days=manifest.horizon_days)
    key = _made_from(manifest, settings, task)
    if kept := made_from(project.name, task, key):
        alias = introduce(kept, project.name, task)
        print(f"  {kept.label}: unchanged data, settings and code, kept as {alias}")
        return kept
    with tracked_run(project.name, task):
        with step("joining snapshots and labels"):
            frame = training_frame(project, manifest, task, {*roles.fitted_on, roles.judge}, known_by=roles.judge)
            refuse_leaks(frame.at(*roles.fitted_on), settings.waived_features)
        fitted = _fit(recipe, frame, roles, settings)
        contract = _contract(recipe, manifest, project, settings, roles, fitted)
        with step(f"judging on {roles.judge}"):
            bundle = _judged_bundle(recipe, contract, fitted, frame, settings)
        with step("recording the run"):
            registered = record(bundle, fitted.rehearsed.tuned)
    alias = introduce(registered, project.name, task)
    print(f"  {registered.label} is {alias}")
    return registered


@dataclass(frozen=True)
class Fitted:
    """What was chosen on inner dates, and the booster fitted for good."""

    rehearsed: Rehearsed
    prior: Prior
    season: Season
    booster: xgb.Booster
    rows: int


def _fit(recipe: Recipe, frame: Frame, roles: Roles, settings: TrainingSettings) -> Fitted:
    """Tune, rehearse one horizon before the judged date, then fit on every closed window."""
    trials = settings.trials.of(recipe.task)
    with step(f"tuning {recipe.task}, up to {max(trials, 1)} trials"):
        prior = fit_prior(frame, roles.tuned_on)
        fit_on, tune_on = (frame.at(*dates).with_prior(prior, recipe) for dates in (roles.tuned_on, (roles.tune,)))
        fit_on = on_their_levels(fit_on, date_levels(fit_on, fit_on.starts(), recipe.link))
        tuned = tune(recipe, matrices(recipe, fit_on, tune_on, settings), trials, settings, say=_say)
    with step("rehearsing: tuning, level, calibration, interval"):
        rehearsed = rehearse(recipe, frame, roles, tuned, settings)
    with step(f"fitting {recipe.task} on {len(roles.fitted_on)} dates"):
        prior = fit_prior(frame, roles.fitted_on)
        past = frame.at(*roles.fitted_on).with_prior(prior, recipe)
        booster, levels = fit_level_free(recipe, past, rehearsed.tuned, settings)
        season = seasons(levels, roles.judge, from_prior=recipe.starts_from_prior)[rehearsed.season]
    return Fitted(rehearsed, prior, season, booster, len(past.rows))


def _judged_bundle(recipe: Recipe, contract: Contract, fitted: Fitted, frame: Frame, settings: TrainingSettings) -> Bundle:
    """The fitted parts with their contract and with how they did on the judged date."""
    past, judged = frame.at(*contract.roles.fitted_on), frame.at(contract.roles.judge)
    known, asked = past.with_prior(fitted.prior, recipe), judged.with_prior(fitted.prior, recipe)
    calibrator, intervals = fitted.rehearsed.calibrator, fitted.rehearsed.intervals
    margins = raw_margins(fitted.booster, asked, settings) + fitted.season.at(asked.rows)
    evaluation = judge(contract, margins, calibrator, intervals, past=known, judged=asked, choices=fitted.rehearsed.choices)
    golden = made_up_rows(past.rows[contract.features], seed=settings.seed)
    return Bundle(fitted.booster, calibrator, intervals, contract, evaluation, golden, fitted.prior, fitted.season)


def _say(said: str) -> None:
    print(f"    {said}", flush=True)


def _contract(
    recipe: Recipe, manifest: Manifest, project: Project, settings: TrainingSettings, roles: Roles, fitted: Fitted
) -> Contract:
    return Contract(
        project=project.name,
        currency=manifest.currency,
        task=recipe.task,
        horizon_days=manifest.horizon_days,
        link=recipe.link,
        outputs=recipe.outputs(manifest),
        inputs=tuple(
            InputColumn(name=f.name, family=f.family, unit=f.unit, meaning=f.meaning, meaning_zh=f.meaning_zh)
            for f in manifest.features()
            if f.name != DAY_OF_YEAR or fitted.season.days
        ),
        derived=fitted.prior.inputs(),
        starts_from_prior=recipe.starts_from_prior,
        windows_days=manifest.windows_days,
        categories=manifest.categories,
        cohort=project.cohort,
        roles=roles,
        rows_fitted=fitted.rows,
        parameters={
            **recipe.fixed,
            **fitted.rehearsed.tuned.parameters,
            "learning_rate": settings.learning_rate or recipe.learning_rate,
        },
        rounds=fitted.booster.num_boosted_rounds(),
        seed=settings.seed,
        made_from=_made_from(manifest, settings, recipe.task),
        data_fingerprint=manifest.data_fingerprint,
        code_version=code_version("features", "models", "training"),
    )


def _made_from(manifest: Manifest, settings: TrainingSettings, task: Task) -> str:
    parts = [manifest.made_from, settings.model_dump_json(), task, code_version("features", "models", "training")]
    parts += [f"{library} {version(library)}" for library in LIBRARIES]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
