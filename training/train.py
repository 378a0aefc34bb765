"""Make one model, from snapshots to a registered bundle. Reads like the table of contents of a training run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version

import xgboost as xgb

from features.command import step
from features.problems import BadConfig
from features.project import Project
from features.snapshots import Manifest, load_manifest
from features.version import code_version
from models.bundle import Bundle, made_up_rows
from models.calibration import Calibrator, fit_platt, uncalibrated
from models.churn import CHURN
from models.clv import CLV
from models.contract import Contract, InputColumn, Roles, Task
from models.intervals import Intervals
from models.propensity import PROPENSITY
from models.recipe import Recipe
from models.registry import Registered, made_from
from training.dates import assign_roles
from training.fitting import fit_booster, log_loss, matrices, raw_margins
from training.frame import Frame, training_frame
from training.judging import judge
from training.leakage import refuse_leaks
from training.promote import introduce
from training.settings import TrainingSettings
from training.tracking import record, tracked_run
from training.tuning import Tuned, tune

RECIPES: dict[Task, Recipe] = {"churn": CHURN, "clv": CLV, "propensity": PROPENSITY}
LIBRARIES = ("numpy", "optuna", "scikit-learn", "xgboost-cpu")


def train(project: Project, settings: TrainingSettings, task: Task) -> Registered:
    """Train, judge and register one model; one made from the same data, settings, code and libraries is kept instead."""
    manifest = load_manifest(project)
    recipe = RECIPES[task]
    roles = assign_roles(manifest.grid, judged_at=manifest.judged_at, horizon_days=manifest.horizon_days)
    key = _made_from(manifest, settings, task)
    if kept := made_from(project.name, task, key):
        alias = introduce(kept, project.name, task)
        print(f"  {kept.label}: unchanged data, settings and code, kept as {alias}")
        return kept
    if not recipe.outputs(manifest):
        raise BadConfig(f"{task} needs product groups: map tables.orders.category, or leave this step out")
    with tracked_run(project.name, task):
        with step("joining snapshots and labels"):
            frame = training_frame(project, manifest, task, {*roles.fitted_on, roles.judge})
            refuse_leaks(frame.at(*roles.fitted_on), settings.waived_features)
        fitted = _fit(recipe, frame, roles, settings)
        contract = _contract(recipe, manifest, project, settings, roles, fitted)
        with step(f"judging on {roles.judge}"):
            bundle = _judged_bundle(contract, fitted, frame, settings)
        with step("recording the run"):
            registered = record(bundle, fitted.tuned)
    alias = introduce(registered, project.name, task)
    print(f"  {registered.label} is {alias}")
    return registered


@dataclass(frozen=True)
class Fitted:
    """What was chosen on inner dates, and the booster fitted for good."""

    tuned: Tuned
    calibrator: Calibrator
    intervals: Intervals | None
    booster: xgb.Booster
    rows: int
    choices: dict[str, str]


def _fit(recipe: Recipe, frame: Frame, roles: Roles, settings: TrainingSettings) -> Fitted:
    """Tune, rehearse one horizon before the judged date, then fit on every closed window."""
    trials = settings.trials.of(recipe.task)
    with step(f"tuning {recipe.task}, up to {max(trials, 1)} trials"):
        data = matrices(recipe, frame.at(*roles.tuned_on), frame.at(roles.tune), settings)
        tuned = tune(recipe, data, trials, settings, say=lambda said: print(f"    {said}", flush=True))
    with step("rehearsing: does calibration help, how far do outcomes stray"):
        calibrator, intervals, choices = _rehearse(recipe, frame, roles, tuned, settings)
    with step(f"fitting {recipe.task} on {len(roles.fitted_on)} dates"):
        past = frame.at(*roles.fitted_on)
        booster = _fit_tuned(recipe, past, tuned, settings)
    gain = 1 - tuned.loss / tuned.loss_of_defaults
    choices["tuning"] = (
        f"{tuned.trials} trials, {tuned.pruned} stopped early; loss on {roles.tune} {gain:.2%} below the defaults'"
    )
    return Fitted(tuned, calibrator, intervals, booster, len(past.rows), choices)


def _rehearse(
    recipe: Recipe, frame: Frame, roles: Roles, tuned: Tuned, settings: TrainingSettings
) -> tuple[Calibrator, Intervals | None, dict[str, str]]:
    """Calibration and interval from dates before the judged one.

    Platt scaling fitted on the tune date has to help on the calibrate date, one horizon later, with a booster that
    knows one horizon more: that is how it would be used. Only then is it fitted again, on the calibrate date.
    """
    tune_at, calibrate_at = frame.at(roles.tune), frame.at(roles.calibrate)
    known_by_tune, known_by_calibrate = frame.at(*roles.tuned_on), frame.at(*_known_by(roles))
    later = _fit_tuned(recipe, known_by_calibrate, tuned, settings)
    margins = raw_margins(later, calibrate_at.rows, settings)
    plain = uncalibrated(recipe.link, margins.shape[1])
    if recipe.link == "exp":
        served = plain.served(margins)[:, 0]
        intervals = Intervals.fit(served, calibrate_at.outcomes[:, 0], settings.interval_coverage)
        return plain, intervals, {"interval": f"conformal, from {len(served):,} customers on {roles.calibrate}"}
    earlier = _fit_tuned(recipe, known_by_tune, tuned, settings)
    platt = fit_platt(raw_margins(earlier, tune_at.rows, settings), tune_at.outcomes)
    raw_loss = log_loss(plain.linear(margins), calibrate_at.outcomes)
    platt_loss = log_loss(platt.linear(margins), calibrate_at.outcomes)
    kept = platt_loss < raw_loss
    said = f"log-loss on {roles.calibrate}: {raw_loss:.4f} as fitted, {platt_loss:.4f} with Platt scaling from {roles.tune}"
    choices = {"calibration": f"{said}; {'Platt scaling is used' if kept else 'the booster is left as it is'}"}
    return (fit_platt(margins, calibrate_at.outcomes) if kept else plain), None, choices


def _fit_tuned(recipe: Recipe, frame: Frame, tuned: Tuned, settings: TrainingSettings) -> xgb.Booster:
    return fit_booster(recipe, frame, tuned.parameters, tuned.rounds_for(len(frame.rows)), settings)


def _known_by(roles: Roles) -> tuple[date, ...]:
    """The dates whose label windows closed by the calibrate date: those up to the tune date."""
    return tuple(as_of for as_of in roles.fitted_on if as_of <= roles.tune)


def _judged_bundle(contract: Contract, fitted: Fitted, frame: Frame, settings: TrainingSettings) -> Bundle:
    """The fitted parts with their contract and with how they did on the judged date."""
    past, judged = frame.at(*contract.roles.fitted_on), frame.at(contract.roles.judge)
    margins = raw_margins(fitted.booster, judged.rows, settings)
    evaluation = judge(contract, margins, fitted.calibrator, fitted.intervals, past=past, judged=judged, choices=fitted.choices)
    golden = made_up_rows(past.rows, seed=settings.seed)
    return Bundle(fitted.booster, fitted.calibrator, fitted.intervals, contract, evaluation, golden)


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
        ),
        windows_days=manifest.windows_days,
        categories=manifest.categories,
        cohort=project.cohort,
        roles=roles,
        rows_fitted=fitted.rows,
        parameters={**recipe.fixed, **fitted.tuned.parameters, "learning_rate": settings.learning_rate},
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
