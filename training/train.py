"""Make one model, from snapshots to a registered bundle. Reads like the table of contents of a training run."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from importlib.metadata import version

from threadpoolctl import threadpool_limits

from features.command import step
from features.families.calendar import DAY_OF_YEAR
from features.problems import BadConfig
from features.project import Project
from features.snapshots import Manifest, load_manifest
from features.version import code_version
from models.bundle import Bundle, made_up_rows
from models.contract import TASKS, Contract, InputColumn, Task
from models.inputs import Inputs
from models.outcomes import untold
from models.reasons.sentences import wordless
from models.recipes import outputs_of, possible
from models.registry import Registered, made_from
from models.tiers import TierSettings
from models.yardsticks import Yardsticks
from training.fitting.earlier import known_parameters
from training.fitting.fit import Fitted, fit, tuned_for
from training.fitting.horizons import fit_horizons
from training.frame import Frame, training_frame
from training.job import Job, prepare
from training.judging.judge import judge
from training.judging.rolling import judged_earlier
from training.leaks.check import refuse_leaks, refuse_unknown_waivers
from training.promote import introduce
from training.settings import TrainingSettings
from training.tracking import record, tracked_run

LIBRARIES = ("numpy", "optuna", "scikit-learn", "scipy", "xgboost-cpu")


def possible_tasks(project: Project) -> list[Task]:
    """The models that the project's data can have; what is left out is said."""
    found = possible(load_manifest(project))
    for task in [task for task in TASKS if task not in found]:
        print(f"{task} of {project.name}: left out, {untold(task)}")
    return found


def train(project: Project, settings: TrainingSettings, task: Task, tiers: TierSettings | None = None) -> Registered:
    """Train, judge and register one model; one made from the same data, settings, code and libraries is kept instead."""
    manifest = load_manifest(project)
    refuse_unknown_waivers(settings.waived_features, [feature.name for feature in manifest.features()])
    outputs = outputs_of(task, manifest)  # or say at once that no table tells the outcome
    if untellable := wordless((InputColumn.of(feature) for feature in manifest.features()), outputs):
        raise BadConfig(untellable)
    tiers = tiers or TierSettings()
    key = _made_from(manifest, settings, task, tiers)
    if kept := made_from(project.name, task, key):
        alias = introduce(kept, project.name, task)
        print(f"  {kept.label}: unchanged data, settings and code, kept as {alias}")
        return kept
    # Sums of several threads end in other last digits, and so in another hash.
    with threadpool_limits(1, user_api="blas"), tracked_run(project.name, task, manifest.judged_at):
        with step("joining snapshots and labels"):
            job = prepare(project, manifest, task)
            refuse_leaks(job.past, settings.waived_features)
        tuned = tuned_for(job, settings, known=known_parameters(project.name, task, job.roles))
        fitted = fit(job, tuned, settings)
        if task == "churn" and job.told_by != "labels":
            with step("fitting other horizons"):
                fitted = _with_horizons(project, manifest, job, fitted, settings)
        with step(f"judging on {job.roles.judge}"):
            bundle = _judged_bundle(job, fitted, _contract(job, manifest, project, settings, fitted, key), settings, tiers)
        with step(f"judging on up to {settings.judged_dates - 1} earlier dates"):
            earlier = judged_earlier(project, manifest, job, tuned, settings)
            bundle = replace(bundle, evaluation=bundle.evaluation.model_copy(update={"earlier": earlier}))
        with step("recording the run"):
            registered = record(bundle, fitted.rehearsed.tuned)
    alias = introduce(registered, project.name, task)
    print(f"  {registered.label} is {alias}")
    return registered


def _with_horizons(project: Project, manifest: Manifest, job: Job, fitted: Fitted, settings: TrainingSettings) -> Fitted:
    """The same with the other horizons that inner dates can teach; why one cannot is added to the choices."""

    def outcomes(as_of: date, horizon_days: int) -> Frame:
        return training_frame(project, manifest, "churn", (as_of,), horizon_days=horizon_days, known_by=job.roles.judge)

    horizons, missing = fit_horizons(
        fitted.rehearsed.levelled,
        fitted.prior if job.told_by == "orders" else None,
        outcomes,
        own_days=manifest.horizon_days,
        wanted_days=settings.churn_horizons_days,
        until=job.roles.judge,
        falls=job.told_by == "orders",
    )
    said = "; ".join(f"not {days}: {why}" for days, why in missing.items())
    answered = "answered for " + ", ".join(f"{days}" for days in horizons.all_days) + " days"
    choices = fitted.rehearsed.choices | {"horizons": f"{answered}; {said}" if said else answered}
    return replace(fitted, horizons=horizons, rehearsed=replace(fitted.rehearsed, choices=choices))


def _judged_bundle(
    job: Job, fitted: Fitted, contract: Contract, settings: TrainingSettings, tiers: TierSettings | None = None
) -> Bundle:
    """The fitted parts with their contract and with how they did on the judged customers."""
    rehearsed = fitted.rehearsed
    known, asked = (frame.with_prior(fitted.prior, job.recipe) for frame in (job.past, job.judged))
    margins, choices = fitted.margins(asked, settings), dict(rehearsed.choices)
    if split := job.roles.split_by_customers:
        choices["split"] = f"customers are split for {', '.join(split)}: no later date has outcomes"
    evaluation = judge(contract, margins, rehearsed.calibrator, rehearsed.intervals, past=known, judged=asked, choices=choices)
    return Bundle(
        booster=fitted.correction.booster,
        calibrator=rehearsed.calibrator,
        intervals=rehearsed.intervals,
        contract=contract,
        evaluation=evaluation,
        golden=made_up_rows(job.past.rows[contract.features], seed=settings.seed),
        prior=fitted.prior,
        season=fitted.season,
        linear=fitted.correction.linear if rehearsed.linear_share else None,
        horizons=fitted.horizons,
        yardsticks=_yardsticks(contract, known, tiers),
    )


def _yardsticks(contract: Contract, known: Frame, tiers: TierSettings | None) -> Yardsticks:
    """What readers compare with, from what was learned from."""
    columns = [column.name for column in contract.explained]
    latest = known.at(max(contract.roles.fitted_on)).rows
    return Yardsticks.fit(contract.explained, Inputs.of(latest, columns), Inputs.of(known.rows, columns), tiers)


def _contract(job: Job, manifest: Manifest, project: Project, settings: TrainingSettings, fitted: Fitted, key: str) -> Contract:
    recipe, rehearsed = job.recipe, fitted.rehearsed
    return Contract(
        project=project.name,
        currency=manifest.currency,
        task=recipe.task,
        told_by=job.told_by,
        horizon_days=manifest.horizon_days,
        link=recipe.link,
        outputs=job.outputs,
        unpredictable=job.unpredictable,
        inputs=tuple(InputColumn.of(f) for f in manifest.features() if f.name != DAY_OF_YEAR or fitted.season.days),
        derived=fitted.prior.inputs() if fitted.prior else (),
        starts_from_prior=recipe.starts_from_prior,
        learned_horizon_days=job.past.horizon_days if job.past.horizon_days != manifest.horizon_days else None,
        linear_share=rehearsed.linear_share,
        windows_days=manifest.windows_days,
        categories=manifest.categories,
        cohort=project.cohort,
        roles=job.roles,
        rows_fitted=fitted.rows,
        parameters={
            **recipe.fixed,
            **rehearsed.tuned.all_parameters(),
            "ridge": rehearsed.tuned.ridge,
            "learning_rate": settings.learning_rate or recipe.learning_rate,
        },
        rounds=fitted.correction.booster.num_boosted_rounds(),
        seed=settings.seed,
        made_from=key,
        data_fingerprint=manifest.data_fingerprint,
        code_version=code_version("features", "models", "training"),
    )


def _made_from(manifest: Manifest, settings: TrainingSettings, task: Task, tiers: TierSettings) -> str:
    parts = [manifest.made_from, settings.model_dump_json(), tiers.model_dump_json(), task]
    parts.append(code_version("features", "models", "training"))
    parts += [f"{library} {version(library)}" for library in LIBRARIES]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
