"""Plans, campaigns, effects and a score of made-up companies, as the commands before the report leave them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from features.campaign_days import BY_RULE as DAYS_BY_RULE
from features.campaign_days import EVERYBODY_WITHHELD, NOBODY_WITHHELD, TOO_MANY
from features.dates import NOT_LABELLED, STILL_OPEN, TOO_EARLY
from features.project import Project
from features.snapshots import Manifest
from models.actions.follow_up import CampaignResult, FollowUp
from models.actions.plan_report import ActionLine, CurvePoint, LostLine, PlanReport, PolicyLine
from models.actions.uplift import Balance, Effect, Estimate, Evidence, Tenth, Uplift
from models.contract import Task
from models.evaluation import Difference, Metric
from models.linear import Scales
from models.registry import Registered
from models.value.report import ValueReport
from models.value.score_evaluation import ScoreEvaluation
from models.value.worth import INFLUENCE
from serving.plan import plan_file
from serving.report.plan import POLICIES, TREATED
from serving.scoring.value_layer import value_file
from tests.serving.report.made_up_report import (
    FIRST,
    GRID,
    HORIZON,
    JUDGED_AT,
)  # fmt: skip
from training.campaigns.balance import ALL_THE_SAME, NOT_ALIKE, NOT_THE_DRAW, TOO_FEW, WITHHELD
from training.campaigns.balance import TREATED as GOT
from training.campaigns.tried import BY_RULE


def write_decisions(project: Project, manifest: Manifest, models: Mapping[Task, Registered]) -> None:
    """A plan with measured and assumed effects, the back-test of the score, and what campaigns brought."""
    files = {
        "plan.json": plan_report(manifest, models),
        "score.json": score_evaluation(models),
        "follow_up.json": campaigns(manifest),
        "uplift.json": effects(manifest),
    }
    for name, record in files.items():
        (project.folder / name).write_text(record.model_dump_json(), encoding="utf-8")
    write_planned(project, c0="call", c1="none", c2="mail")


def write_planned(project: Project, **actions: str) -> None:
    """Who is in the plan, the larger the later the name the more is expected of it."""
    rows = {"customer_id": list(actions), "action": list(actions.values()), "cost": 6.0, "expected_gain": range(len(actions))}
    pd.DataFrame(rows).to_parquet(plan_file(project))


def write_other_decisions(project: Project, manifest: Manifest, models: Mapping[Task, Registered]) -> None:
    """A plan without a budget, and influence values, where all costs are recorded."""
    plan = plan_report(manifest, models).model_copy(
        update={"budget": None, "gap": 0.0, "actions": plan_report(manifest, models).actions[:1]}
    )
    (project.folder / "plan.json").write_text(plan.model_dump_json(), encoding="utf-8")
    value = ValueReport.model_validate_json(value_file(project).read_bytes())
    known = value.model_copy(update={"unrecorded": (), "influence_unknown": None, "totals": value.totals | {INFLUENCE: 77.0}})
    value_file(project).write_text(known.model_dump_json(), encoding="utf-8")


def write_exact_plan(project: Project, manifest: Manifest, models: Mapping[Task, Registered]) -> None:
    value = ValueReport.model_validate_json(value_file(project).read_bytes())
    unknown = value.model_copy(update={"influence_unknown": "nothing tells what customers are worth"})
    value_file(project).write_text(unknown.model_dump_json(), encoding="utf-8")
    plan = plan_report(manifest, models).model_copy(update={"gap": 0.0})
    (project.folder / "plan.json").write_text(plan.model_dump_json(), encoding="utf-8")


def write_assumed_plan(project: Project, manifest: Manifest, models: Mapping[Task, Registered]) -> None:
    plan = plan_report(manifest, models)
    plan = plan.model_copy(update={"actions": plan.actions[:1]})
    (project.folder / "plan.json").write_text(plan.model_dump_json(), encoding="utf-8")


def plan_report(manifest: Manifest, models: Mapping[Task, Registered]) -> PlanReport:
    action = {"label_zh": "致电", "cost_each": 6.0, "eligible": 10, "customers": 2, "cost": 12.0}
    gains = {"expected_gain": 30.0, "sure_gain": 20.0, "place_price": 0.0}
    return PlanReport(
        as_of=manifest.scored_at,
        horizon_days=HORIZON,
        currency="EUR",
        customers=200,
        budget=100.0,
        cost=12.0,
        treated=2,
        expected_gain=30.0,
        largest_gain=18.0,
        sure_gain=20.0,
        bound=31.0,
        gap=1e-7,
        budget_price=0.5,
        next_money=1_000.0,
        next_gain=17.0,
        assumed=True,
        actions=(
            ActionLine(name="call", label="call", basis="assumed", effect=0.2, capacity=7, **action, **gains),
            ActionLine(name="mail", label="call", basis="measured", effect=None, capacity=None, **action, **gains),
        ),
        policies=tuple(PolicyLine(name=name, customers=2, cost=12.0, expected_gain=30.0, sure_gain=20.0) for name in POLICIES),
        curve=(CurvePoint(budget=0.0, sure_gain=0.0, price=2.0), CurvePoint(budget=50.0, sure_gain=60.0, price=0.0)),
        lost=(LostLine(tier="bronze", customers=9, value_at_risk=55.0, in_plan=1, not_worth_it=3),),
        remarks=(),
        models={task: model.label for task, model in models.items()},
    )


def score_evaluation(models: Mapping[Task, Registered]) -> ScoreEvaluation:
    def metrics(difference: float | None) -> dict[str, Metric]:
        beside = None if difference is None else Difference(value=difference, low=difference - 0.1, high=difference + 0.1)
        one = Metric(value=0.6, greater_is_better=True, low=0.5, high=0.7, ours_less_this=beside)
        return dict.fromkeys(("gini_normalized", "spearman", "top_decile_capture"), one)

    return ScoreEvaluation(
        judged_at=JUDGED_AT,
        customers=190,
        weights={"value": 0.5, "satisfaction": 0.25, "loyalty": 0.25},
        learned_weights={"value": 0.9, "loyalty": 0.1},
        metrics={"score": metrics(None), "rfm": metrics(0.3), "clv": metrics(-0.3), "learned": metrics(0.0)},
        models={task: model.label for task, model in models.items()},
    )


def campaigns(manifest: Manifest) -> FollowUp:
    def result(low: float, **other: Any) -> CampaignResult:
        effect = Estimate(value=2.0, lower=low, upper=3.0)
        known = {"as_of": FIRST, "horizon_days": HORIZON, "treated": 100, "withheld": 50, "per_customer": effect}
        return CampaignResult(action="mail", brought=effect, **known, **other)

    return FollowUp(
        campaigns=(
            result(1.0, cost=50.0, net=Estimate(value=-48.0, lower=-49.0, upper=-47.0), hoped=0.5, controls_needed=1_234),
            result(1.0, cost=None, net=None, hoped=20.0, controls_needed=12),
            result(-1.0, cost=None, net=None, hoped=-2.0, controls_needed=None),
        ),
        left_out={},
        data_fingerprint=manifest.data_fingerprint,
    )


def _refused() -> Iterator[tuple[str, str]]:
    """Every reason for which nothing is learned of an action, each for an action of its own."""
    withheld, treated = WITHHELD.format(action="harps"), GOT.format(action="harps")
    features = "spend_sum by +0.52 standard deviations, visits by -0.31 standard deviations"
    yield "card", BY_RULE.format(count=1_200)
    yield "tea", TOO_FEW.format(count=30, who=withheld, least=100)
    yield "toys", TOO_FEW.format(count=30, who=treated, least=100)
    yield "pianos", ALL_THE_SAME.format(who=withheld, least=10)
    yield "bags", ALL_THE_SAME.format(who=treated, least=10)
    yield "tea & toys", NOT_ALIKE.format(action="harps", features=features)
    yield "harps", NOT_THE_DRAW.format(action="harps", count=1_200, other=900)


def effects(manifest: Manifest) -> Uplift:
    nothing = Scales(columns=(), medians=(), lowest=(), highest=(), means=(), per_unit=())

    def effect(qini: float, on_value: Estimate | None) -> Effect:
        some = Estimate(value=qini, lower=qini - 0.1, upper=qini + 0.1)
        known = Evidence(
            treated=100,
            withheld=50,
            on_chance=some,
            on_value=on_value,
            auuc=some,
            qini=some,
            qini_p=0.1,
            tenths=(Tenth(predicted=0.1, measured=some),),
            policies=dict.fromkeys(TREATED, some),
            balance=(Balance(feature="spend_sum", treated=1.0, withheld=1.1, apart=-0.02, error=0.03),),
        )
        return Effect(action="mail", log_factor=0.1, weights=(), covariance=((0.01,),), moderators=nothing, evidence=known)

    return Uplift(
        project="made_up",
        outcome="order",
        horizon_days=HORIZON,
        campaigns=(FIRST,),
        effects=(effect(0.2, Estimate(value=1.0, lower=0.5, upper=2.0)), effect(0.0, None)),
        left_out=dict(_refused()),
        days_left_out=(
            (NOBODY_WITHHELD, GRID[:1]),
            (EVERYBODY_WITHHELD, GRID[1:3]),
            (NOT_LABELLED, GRID[:3]),
            (TOO_EARLY.format(days=90), GRID[:7]),
            (STILL_OPEN.format(days=HORIZON), GRID[7:]),
            (TOO_MANY, GRID[3:5]),
            (DAYS_BY_RULE, GRID[5:7]),
        ),
        data_fingerprint=manifest.data_fingerprint,
    )
