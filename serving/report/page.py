"""The page: all facts of the sections, and the template that lays them out."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from features.project import Project
from features.snapshots import Manifest
from models.actions.settings import Action
from models.contract import Task
from models.registry import Registered
from models.value.segments import SEGMENTS
from serving.report import glossary
from serving.report.cards import Cards, model_cards
from serving.report.claims import Claim, disclaim
from serving.report.company import Company, gather_company
from serving.report.customers import CustomerList, list_customers
from serving.report.data import Data, gather_data
from serving.report.drift import DriftPart, gather_drift
from serving.report.headline import Headline, judged_days, write_headline
from serving.report.model import ModelPart, gather_model
from serving.report.moved import Moved, gather_moved
from serving.report.plan import CampaignPart, PlanPart, gather_campaigns, gather_plan
from serving.report.scored import Scored, gather_scored
from serving.report.translation import Chinese, translations
from serving.report.value import ValuePart, gather_value, load_value_report
from serving.report.wording import day
from serving.scoring.scorer import Scorer
from serving.scoring.what_next import PREFIX

HERE = Path(__file__).parent
SCRIPTS = ("page.js", "customers.js", "language.js")  # only these may run, whatever the data bring
NO_CHINESE = '<script type="application/json" id="zh">{}</script>'


@dataclass(frozen=True)
class Report:
    """Everything the page shows."""

    project: str
    currency: str
    horizon_days: int
    judged_at: str
    scored_at: str
    headline: Headline
    company: Company
    data: Data
    models: tuple[ModelPart, ...]
    scored: Scored
    value: ValuePart
    plan: PlanPart | None
    campaigns: CampaignPart | None
    moved: Moved | None
    drift: DriftPart
    customers: CustomerList
    cards: Cards
    claims: tuple[Claim, ...]
    glossary: tuple[glossary.Entry, ...]
    chinese: dict[str, str]  # what has its own, by the English text


def gather_report(
    project: Project,
    manifest: Manifest,
    scorer: Scorer,
    *,
    snapshot: pd.DataFrame,
    predictions: pd.DataFrame,
    actions: tuple[Action, ...] = (),
) -> Report:
    """The facts of every section. `snapshot` and `predictions` are of the last date, one row per customer.

    `actions` are those that the mapping file names.
    """
    eligible = snapshot[snapshot["not_eligible_because"].isna()]
    models = scorer.models
    first = next(iter(models.values())).bundle
    scored = gather_scored(project, manifest, scorer, predictions)
    snapshot = snapshot.set_index("customer_id").loc[predictions["customer_id"]].reset_index()
    value_report = load_value_report(project, manifest, scorer.versions)
    company = gather_company(project, manifest, scorer, predictions, snapshot, value_report)
    value = gather_value(project, manifest, scorer, value_report, predictions, company.groups)
    plan = gather_plan(project, manifest, scorer.versions)
    campaigns = gather_campaigns(project, manifest, actions)
    return Report(
        project=manifest.project,
        currency=manifest.currency,
        horizon_days=manifest.horizon_days,
        judged_at=judged_days(models),
        scored_at=day(manifest.scored_at),
        headline=write_headline(manifest, models, scored),
        company=company,
        data=gather_data(project, manifest, first.contract.roles),
        models=tuple(gather_model(task, model, eligible, manifest.scored_at) for task, model in models.items()),
        scored=scored,
        value=value,
        plan=plan,
        campaigns=campaigns,
        moved=gather_moved(project, manifest, scorer, eligible),
        drift=gather_drift(project, first.contract, eligible),
        customers=list_customers(project, scorer, predictions, snapshot, company.groups),
        cards=model_cards(models),
        claims=tuple(disclaim(manifest, models)),
        glossary=_glossary(models),
        chinese=own_chinese(models)
        | scored.first.chinese
        | value.chinese
        | (campaigns.chinese if campaigns else {})
        | (plan.chinese if plan else {})
        | {name: name for name in (*manifest.tables, manifest.currency)},
    )


def render(report: Report) -> str:
    """One HTML file that needs no other. Whatever comes from the data is escaped."""
    rooms = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scripts = [Markup((HERE / name).read_text(encoding="utf-8")) for name in SCRIPTS]
    allowed = " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
    page = rooms.get_template("template.html").render(report=report, scripts=scripts, allowed_scripts=Markup(allowed))
    found, _ = translations(page, Chinese(report.chinese), report.customers.texts)
    return page.replace(NO_CHINESE, NO_CHINESE.replace("{}", json.dumps(found, ensure_ascii=False).replace("<", "\\u003c")))


def own_chinese(models: dict[Task, Registered]) -> dict[str, str]:
    """The words of features, answers and segments."""
    contracts = [model.bundle.contract for model in models.values()]
    found = {column.meaning: column.meaning_zh for contract in contracts for column in contract.explained}
    found |= {output.label: output.label_zh for contract in contracts for output in contract.outputs}
    names = {
        label.removeprefix(PREFIX)
        for contract in contracts
        for label in (*(output.label for output in contract.outputs), *contract.unpredictable)
        if contract.task == "propensity"
    }
    found |= {name: name for name in names}  # of the company's own data
    return found | {segment.name: segment.name_zh for segment in SEGMENTS}


def _glossary(models: dict[Task, Registered]) -> tuple[glossary.Entry, ...]:
    """Every figure that is shown, once, in the order of the tables."""
    outputs = [one for model in models.values() for one in model.bundle.evaluation.outputs.values()]
    return tuple(glossary.entry(name) for name in dict.fromkeys(name for one in outputs for name in one.metrics))
