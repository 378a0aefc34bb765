"""The next best action for every customer within a budget: plan.parquet, plan.json, and the same on the screen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.command import step
from features.outputs import whole_file
from features.problems import BadConfig, BadInput
from features.project import Project
from features.records import read_record
from features.snapshots import Manifest, load_manifest, load_snapshot
from features.tables import NO_ACTION
from models.actions.action import Offered, offered
from models.actions.plan import NOTHING, Plan
from models.actions.plan_report import (
    NEXT_MONEY,
    PlanReport,
    action_lines,
    curve_points,
    largest_gain,
    lost_lines,
    next_gain,
    planned,
    policy_lines,
)
from models.actions.settings import Action
from models.actions.uplift import ORDER, Effect, Uplift, uplift_file
from models.bundle import CHURN
from models.contract import TASKS, Task
from models.languages import writer
from models.registry import version_at
from models.value.life_stages import stages_of
from models.value.settings import Layer
from models.value.worth import AT_RISK
from serving.scoring.everybody import SCORE_COMMAND, predictions_file

SEED = 0
NO_ACTION_NAMED = "the mapping file names no action; add sections [actions.<name>] with cost and effect"
ONE_SAID = 0.1  # of the expected gain


def plan_file(project: Project) -> Path:
    """Where a project's plan is, one row per customer."""
    return project.folder / "plan.parquet"


def plan_report_file(project: Project) -> Path:
    """Where what is to be said of the plan is."""
    return project.folder / "plan.json"


def make_plan(project: Project, actions: tuple[Action, ...], budget: float | None, layer: Layer) -> PlanReport:
    """Plan for the scored customers and write both files. Raises BadConfig or BadInput where there is nothing to plan with."""
    if not actions:
        raise BadConfig(NO_ACTION_NAMED)
    manifest = load_manifest(project)
    scored, snapshot = _scored(project, manifest)
    _refuse_former_champions(project, scored)
    effects, remarks = measured_effects(project, manifest, actions)
    with step(f"planning {len(actions)} actions for {len(scored):,} customers"):
        offers = offers_for(manifest, actions, effects, scored, snapshot)
        plan, limits = planned(offers, budget)
        lines = action_lines(offers, plan)
        stages = stages_of(layer.life_stages, list(snapshot.columns), manifest.horizon_days, manifest.words.windows_days)
        tiers = [step.name for step in reversed(layer.tiers.steps)]
        report = PlanReport(
            as_of=manifest.scored_at,
            horizon_days=manifest.horizon_days,
            currency=manifest.currency,
            customers=len(scored),
            budget=budget,
            cost=plan.cost,
            treated=int((plan.action != NOTHING).sum()),
            expected_gain=sum(one.expected_gain for one in lines),
            largest_gain=largest_gain(offers, plan),
            sure_gain=plan.gain,
            bound=plan.bound,
            gap=plan.gap,
            budget_price=plan.budget_price,
            next_money=NEXT_MONEY,
            next_gain=next_gain(offers, plan, limits),
            assumed=any(one.basis == "assumed" and one.customers for one in lines),
            actions=lines,
            policies=policy_lines(offers, plan, limits, _churn(scored), seed=SEED),
            curve=curve_points(offers, limits),
            lost=lost_lines(scored, [stage.name for stage in stages if stage.is_lost], tiers, offers, plan.action),
            remarks=tuple(remarks),
            models=dict(_models(scored)),
        )
    with whole_file(plan_file(project)) as unfinished:
        pq.write_table(_table(scored, offers, plan), unfinished)
    with whole_file(plan_report_file(project)) as unfinished:
        unfinished.write_text(report.model_dump_json(indent=1), encoding="utf-8")
    return report


def rests_on_one(report: PlanReport) -> bool:
    """Whether one customer brings so much of the expected gain that it must be said."""
    return report.largest_gain > ONE_SAID * report.expected_gain > 0


def load_plan_report(project: Project, as_of: date, models: Mapping[str, str]) -> PlanReport | None:
    """The last plan; None where there is none, or where it is for another date or the numbers of other models."""
    found = read_record(plan_report_file(project), PlanReport)
    return found if found and found.as_of == as_of and found.models == models else None


def say_plan(report: PlanReport) -> list[str]:
    """Lines for the screen."""
    money = writer("money", report.currency, "en")
    assumed = " (assumed effects in it: see below)" if report.assumed else ""
    sure = f"; {money(report.sure_gain)} by the lower ends of measured effects" if report.rests_on_measured else ""
    budget = f"of {money(report.budget)}" if report.budget is not None else "without a limit"
    lines = [
        f"{report.treated:,} of {report.customers:,} customers, {money(report.cost)} spent, budget {budget}",
        f"expected to gain {money(report.expected_gain)} within {report.horizon_days} days, net of cost{assumed}{sure}",
        f"by these numbers no plan within the limits gains more than {money(report.bound)} (gap {report.gap:.1g})",
    ]
    if rests_on_one(report):
        lines.append(f"{report.largest_gain / report.expected_gain:.0%} of the expected gain is that of one customer")
    if report.budget is not None:
        lines.append(f"the next {money(report.next_money)} would gain {money(report.next_gain)}")
    for one in report.actions:
        basis = f"assumed, saves {one.effect:.0%} of the value at risk" if one.effect is not None else one.basis
        room = f", room for {one.capacity:,}" if one.capacity is not None else ""
        lines.append(
            f"  {one.label}: {one.customers:,} of {one.eligible:,} eligible{room}, {money(one.cost)}, "
            f"gains {money(one.expected_gain)} ({basis})"
        )
    for other in report.policies[1:]:
        beyond = " (not held to the limits)" if other.name == "everybody" else ""
        lines.append(
            f"  instead {other.name}{beyond}: {other.customers:,} customers, {money(other.cost)}, "
            f"gains {money(other.expected_gain)}"
        )
    for lost in report.lost:
        lines.append(
            f"  lost, {lost.tier}: {lost.customers:,} customers, {lost.in_plan:,} in the plan, "
            f"{lost.not_worth_it:,} not worth winning back by any of these actions"
        )
    return [*lines, *report.remarks]


def measured_effects(project: Project, manifest: Manifest, actions: tuple[Action, ...]) -> tuple[dict[str, Effect], list[str]]:
    """What trials taught about the actions, by name, and what must be said of what they did not."""
    file = uplift_file(project)
    if not file.exists():
        return {}, []
    uplift = read_record(file, Uplift)
    if uplift is None:
        raise BadInput(f"{file} was written by another version of cvm; learn again: python -m training uplift CONFIG")
    effects, named = {effect.action: effect for effect in uplift.effects}, {action.name for action in actions}
    if uplift.data_fingerprint != manifest.data_fingerprint:
        again = f"{file} was learned from other data; learn again: python -m training uplift CONFIG"
        if not named & set(effects):  # no number of it would be used
            return {}, [again]
        raise BadInput(again)
    if uplift.horizon_days != manifest.horizon_days:
        raise BadInput(
            f"{file} was learned for {uplift.horizon_days} days, and the project looks {manifest.horizon_days} days ahead; "
            "learn again: python -m training uplift CONFIG"
        )
    if uplift.outcome != ORDER:
        return {}, [f"trials measured {uplift.outcome}, which is not money: assumed effects are used"]
    said = [
        f"{action.name}: measured, so the assumed effect of {action.effect:.0%} is not used"
        for action in actions
        if action.name in effects and action.effect is not None
    ]
    unnamed = [
        f"{name}: measured, but no action of the mapping file has this name, as the table treatments writes it; for it: "
        f"[actions.{json.dumps(name, ensure_ascii=False)}]"
        for name in effects
        if name not in named
    ]
    refused = [f"{action.name}: {uplift.left_out[action.name]}" for action in actions if action.name in uplift.left_out]
    return effects, [*said, *unnamed, *(f"not measured: {why}" for why in refused)]


def offers_for(
    manifest: Manifest, actions: tuple[Action, ...], effects: dict[str, Effect], scored: pd.DataFrame, snapshot: pd.DataFrame
) -> Offered:
    """What each action would gain for each of the scored customers; `snapshot` has their features, in the same order."""
    features = snapshot.drop(columns=[name for name in snapshot.columns if name in scored.columns])
    table = pa.Table.from_pandas(pd.concat([scored, features], axis=1), preserve_index=False)
    value = scored[f"clv_{manifest.horizon_days}d"].to_numpy(dtype=np.float64)
    return offered(actions, effects, table, snapshot, value=value, at_risk=scored[AT_RISK].to_numpy(dtype=np.float64))


def _scored(project: Project, manifest: Manifest) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The scored table and the snapshot it belongs to, in the same order."""
    file = predictions_file(project)
    if not file.exists():
        raise BadInput(f"no scored customers in {file}; score them first: {SCORE_COMMAND}")
    names = [name for name in pq.read_schema(file).names if not name.endswith("_explanation")]
    scored, snapshot = pd.read_parquet(file, columns=names), load_snapshot(project, manifest.scored_at)
    if AT_RISK not in names or not scored["customer_id"].equals(snapshot["customer_id"]):
        raise BadInput(
            f"{file} does not hold the value at risk of the customers of {manifest.scored_at}; a plan needs churn and clv "
            f"champions and a fresh table: {SCORE_COMMAND}"
        )
    return scored, snapshot


def _refuse_former_champions(project: Project, scored: pd.DataFrame) -> None:
    """A plan is made by the numbers of now. Raises BadInput where another version has been promoted since the scoring."""
    found = {task: (version_at(project.name, task, "champion"), by) for task, by in _models(scored).items()}
    former = [
        f"{task}_model: scored by {by}, but the champion is {now.name} v{now.version}; score again: {SCORE_COMMAND}"
        for task, (now, by) in found.items()
        if now is not None and not by.startswith(f"{now.name} v{now.version} ")
    ]
    if former:
        raise BadInput(former)


def _models(scored: pd.DataFrame) -> dict[Task, str]:
    """By task, the version that scored the customers."""
    return {task: str(scored[f"{task}_model"].iloc[0]) for task in TASKS if f"{task}_model" in scored}


def _churn(scored: pd.DataFrame) -> np.ndarray:
    return scored[CHURN].to_numpy(dtype=np.float64) if CHURN in scored else np.full(len(scored), np.nan)


def _table(scored: pd.DataFrame, offers: Offered, plan: Plan) -> pa.Table:
    """One row per customer: her action or none, what it costs and gains, and whether that was measured or assumed."""
    some = plan.action != NOTHING
    place = np.where(some, plan.action, 0)
    rows = np.arange(len(scored))
    names, basis = (np.array(values, dtype=object) for values in ([one.name for one in offers.actions], offers.basis))
    found = pd.DataFrame(
        {
            "customer_id": scored["customer_id"],
            "as_of": scored["as_of"],
            "action": np.where(some, names[place], NO_ACTION),
            "basis": pd.Series(basis[place]).where(some),
            "cost": np.where(some, offers.cost[rows, place], 0.0),
            "expected_gain": np.where(some, offers.expected[rows, place], 0.0),
            "sure_gain": np.where(some, offers.sure[rows, place], 0.0),
        }
    )
    kept = [name for name in (AT_RISK, "tier", "life_stage") if name in scored]
    return pa.Table.from_pandas(pd.concat([found, scored[kept]], axis=1), preserve_index=False)
