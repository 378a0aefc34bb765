"""Reports of made-up companies that differ in what tells of their customers and in what training chose, and other sayings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, get_args

import ibis
import pandas as pd
import pytest

from features.cohort import rules
from features.data_span import DaysWithRows, notes_on_end, notes_on_recording, notes_on_start
from features.engines.engine import connect
from features.feature import Words
from features.project import CohortSection, Project
from features.raw import checks
from features.raw.duplicates import COPY
from features.raw.expressions import LOST, UNREAD
from features.raw.quarantine import IDENTICAL, NO_ROWS
from features.raw.strangers import notes_on_strangers
from features.snapshots import Manifest, snapshot_folder
from features.tables import CONTRACTS
from models.contract import Roles, Task, Teller
from models.drift import Verdict
from models.evaluation import CalibrationPoint, Difference, EarlierJudgement, Metric, OutputEvaluation
from models.languages import YES_NO
from models.registry import Registered
from models.value.settings import Layer
from serving.report.company import FIGURES, who_is_known
from serving.report.comparison import compare, verdict
from serving.report.customers import FEATURES
from serving.report.directions import say_directions
from serving.report.model import OF_TWO_VALUES
from serving.report.page import gather_report, render
from serving.report.shown import shown_texts
from serving.report.split import caution_of, say_split
from serving.report.when import ENDS
from serving.report.wording import off_by
from serving.scoring.everybody import write_scores
from serving.scoring.scorer import Scorer
from serving.scoring.until_leaving import say_days
from tests.serving.report.made_up_decisions import (
    write_assumed_plan,
    write_decisions,
    write_exact_plan,
    write_other_decisions,
)
from tests.serving.report.made_up_report import (
    GRID,
    RECIPES,
    ROLES,
    SCORED_AT,
    champion,
    linear_of_zeros,
    project_in,
    without_intervals,
    write_earlier,
)  # fmt: skip
from training.fitting.levels import YEAR_AGO, YEAR_AGO_CORRECTED

TWO_DATES = Roles(
    tuned_on=GRID[-1:],
    tune=GRID[-1],
    rehearsed_on=GRID[-1:],
    calibrate=GRID[-1],
    fitted_on=(GRID[-1], SCORED_AT),
    judge=SCORED_AT,
)
ONE_DATE = Roles(
    tuned_on=(SCORED_AT,),
    tune=SCORED_AT,
    rehearsed_on=(SCORED_AT,),
    calibrate=SCORED_AT,
    fitted_on=(SCORED_AT,),
    judge=SCORED_AT,
)
GIVEN = ("churned", "value", "bought_tea", "bought_toys", "bought_card")
BASELINES = (
    "base_rate",
    "mean_value",
    "recency_rule",
    "bought_before_rule",
    "trailing_90d_spend",
    "buy_till_you_die",
    "ridge_regression",
)
CHOSEN = "of AUC in the trees; they are kept to", "of the loss in the trees; they are not kept to"
SPREAD = "(95 % interval -0.01% to +1.62%)"
TRIALS = "parameters tried: 25, of them stopped early: 3"
HALVES = f"change of the loss on 2023-06-30 against the mean of trees and linear half, by trees alone: +0.80% {SPREAD}; by linear half alone: -0.02% {SPREAD}"
LEVELS = "off on 2023-06-30 by where the level is taken from, on the scale of margins"
LOSS = "log-loss on 2023-06-30: 0.4928 as fitted, 0.4923 with Platt scaling from"
CHOICES = (  # as training writes them
    {
        "tuning": f"{TRIALS}; none did better than the defaults",
        "monotone": "12 known directions cost +0.0004 of AUC in the trees; they are kept to",
        "blend": f"{HALVES}; the mean of trees and linear half is used",
        "season": f"{LEVELS}: year_ago 0.453, year_ago_corrected 0.124, rhythm 0.095, last 0.185; year_ago_corrected is used",
        "calibration": f"{LOSS} 2023-04-01; Platt scaling is used",
        "horizons": "answered for 30, 90, 180 days; not 365 days: no inner date has a window of 365 days that closed by 2023-08-29",
        "interval": "conformal, from customers on inner dates (1,234 in the 90 days from 2023-06-30 and 987 in the 90 days from 2023-04-01), "
        "by models fitted without them and on the level of each date",
    },
    {
        "tuning": f"{TRIALS}; the loss on 2023-06-30 changes by -3.39% {SPREAD}; what was found is used",
        "monotone": "12 known directions cost +0.0176 of the loss in the trees; they are not kept to",
        "blend": f"{HALVES}; trees is used",
        "season": f"{LEVELS}: rhythm 0.095, last 0.185; no window of a year ago was known there, so the mean of all rules is used",
        "calibration": f"{LOSS} the other half of its customers; the margins are left as they are",
        "split": "customers are split for tuning, calibration, judgement: no later date has outcomes",
    },
    {
        "tuning": f"{TRIALS}; the loss on 2023-06-30 changes by +0.39% {SPREAD}; the defaults are used",
        "blend": f"{HALVES}; linear half is used",
        "season": f"{LEVELS}: year_ago 0.453, rhythm 0.095, last 0.185; last is used",
    },
)  # fmt: skip
NEVER = "after the dates 2023-01-01 to 2023-05-31; 30 are needed to tell what sets them apart"
UNPREDICTABLE = {
    "chance of buying pianos": f"it happened to only 3 customers {NEVER}",
    "chance of buying tea": f"it happened to all but 2 customers {NEVER}",
    "chance of buying harps": "it happened to none of the 1,234 customers judged on 2023-08-29: nothing to judge by",
    "chance of buying bags": "it happened to all of the 1,234 customers judged on 2023-08-29: nothing to judge by",
}


@dataclass(frozen=True)
class Shown:
    """Texts that readers see, and the words among them that bring their own Chinese."""

    texts: tuple[str, ...]
    known: Mapping[str, str]


def pages(folder: Path, manifest: Manifest, snapshot: pd.DataFrame) -> Iterator[Shown]:
    """Reports of companies whose customers are told of by orders, subscriptions, or labels."""
    every = _manifest(manifest)
    champions = {task: champion(task, manifest, snapshot) for task in RECIPES}
    orders = {task: _with(model, "orders", every, CHOICES[0]) for task, model in champions.items()}
    labels = {task: _with(model, "labels", every, CHOICES[1], roles=TWO_DATES) for task, model in champions.items()}
    yield _page(folder / "orders", every, snapshot, orders, write_decisions)
    given = every.model_copy(update={"tables": every.tables | {"labels": every.tables["orders"]}})
    yield _page(folder / "labels", given, snapshot, labels)
    yield _page(folder / "responses", every, snapshot, {"propensity": labels["propensity"]})
    yield _page(folder / "subscriptions", every, snapshot, {"churn": _of_subscribers(champions["churn"], every)})
    yield _page(
        folder / "judged_before",
        every,
        snapshot,
        {"churn": _judged_before(orders["churn"]), "clv": _judged_before(orders["clv"])},
        write_other_decisions,
    )
    yield _page(folder / "value", every, snapshot, {"clv": _judged_before(labels["clv"])}, write_exact_plan)
    yield _page(folder / "assumed", every, snapshot, {"clv": labels["clv"]}, write_assumed_plan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serving.report.customers.CUSTOMERS_MAX", 7)
        yield from _of_one_category(folder, manifest, snapshot)


def _of_one_category(folder: Path, manifest: Manifest, snapshot: pd.DataFrame) -> Iterator[Shown]:
    """A company of one category, with one date and no fault in its rows; judged with and without intervals."""
    words = manifest.words.model_copy(update={"categories": ("tea",)})
    cohorts = {SCORED_AT: manifest.cohorts[SCORED_AT]}
    clean = {"orders": manifest.tables["orders"].model_copy(update={"rows_quarantined": 0, "quarantine_reasons": {}})}
    one = manifest.model_copy(update={"words": words, "cohorts": cohorts, "tables": clean})
    who, numbers = snapshot.iloc[:, :3], snapshot.iloc[:, 3:]
    others = {feature.name: numbers.iloc[:, k % numbers.shape[1]] for k, feature in enumerate(one.features())}
    snapshot = pd.concat([who, pd.DataFrame(others)], axis=1)
    model = champion("propensity", one, snapshot)
    contract = model.bundle.contract.model_copy(update={"roles": ONE_DATE, "linear_share": 1.0})
    model = replace(model, bundle=replace(model.bundle, contract=contract, linear=linear_of_zeros(model.bundle)))
    yield _page(folder / "category", one, snapshot, {"propensity": model})
    yield _page(folder / "category_before", one, snapshot, {"propensity": _judged_before(model, but=("sum_ratio",))})


def _manifest(manifest: Manifest) -> Manifest:
    """Everything that may be wrong with rows and customers is; what goods cost is known, and what labels say."""
    reasons, notes = findings()
    rows = {
        "quarantine_reasons": dict.fromkeys(reasons, 5),
        "notes": dict.fromkeys(notes, 2),
        "rows_merged": 3,
        "rows_repeated": 4,
    }
    report = manifest.tables["orders"].model_copy(update=rows)
    cohorts = {
        as_of: cohort.model_copy(update={"not_eligible": dict.fromkeys(not_eligible(), 10)})
        for as_of, cohort in manifest.cohorts.items()
    }
    mapped = {"orders": (*manifest.words.mapped["orders"], "cost"), "labels": GIVEN}
    words = manifest.words.model_copy(update={"mapped": mapped})
    changes = {"tables": {"orders": report}, "cohorts": cohorts, "words": words, "campaigns": GRID[1:2]}
    return manifest.model_copy(update=changes | {"notes": tuple(_odd_tables())})


def _odd_tables() -> Iterator[str]:
    """Tables that end before or after they should, and tables that speak of hardly anybody."""
    rows = DaysWithRows("orders", "occurred_at", (date(2024, 1, 1), date(2024, 1, 5)), (1, 1))
    early = DaysWithRows("orders", "occurred_at", (date(1970, 1, 1), date(2024, 1, 1), date(2024, 1, 5)), (1, 1_000, 1_000))
    late = ibis.memtable({"occurred_at": [datetime(2024, 1, 1)] * 2, "recorded_at": [datetime(2024, 1, 5)] * 2})
    yield from notes_on_recording("orders", late, "occurred_at", date(2024, 1, 4))
    yield from notes_on_start(early, timedelta(days=30))
    yield from notes_on_end(rows, None, today=date(2023, 1, 1))
    yield from notes_on_end(rows, date(2025, 1, 1), today=date(2025, 1, 1))
    shop, others = [str(number) for number in range(40)], [str(number) for number in range(500, 580)]
    for known in range(3):
        yield from _strangers(orders=shop, surveys=[*shop[:known], *others[: 15 if not known else None]])
        yield from _strangers(orders=shop, subscriptions=shop, surveys=[*shop[:known], *others[: 15 if not known else None]])
    yield from _strangers(orders=shop, subscriptions=others)


def _strangers(**ids: list[str]) -> tuple[str, ...]:
    tables = {name: ibis.memtable(pd.DataFrame({"customer_id": given})) for name, given in ids.items()}
    return notes_on_strangers(connect(), tables)


def findings() -> tuple[list[str], list[str]]:
    """Why a row of any table may be set aside, and what may be suspicious about one that is kept."""
    tables = {
        name: {"from": "x.csv", **{column.name: column.name for column in table.columns}} for name, table in CONTRACTS.items()
    }
    reasons = [COPY, "2 different rows for this key (customer_id, as_of)"]
    notes = [IDENTICAL, NO_ROWS]
    for unknown_customers in ("quarantine", "keep"):
        content: dict[str, Any] = {
            "project": {"name": "all", "currency": "EUR"},
            "tables": tables,
            "quarantine": {"unknown_customers": unknown_customers},
            "dates": {"data_until": "2024-01-01"},
        }
        project = Project.model_validate(content)
        for mapping in project.mappings().values():
            more = (checks.IS_KNOWN, checks.NEXT, checks.ACQUIRED_AT)
            more += (checks.REFERRER_IS_KNOWN,) if "referred_by" in mapping.expressions() else ()
            lost = (f"{before}{name}" for name in mapping.expressions() for before in (LOST, UNREAD))
            rows = ibis.table(dict.fromkeys((*mapping.expressions(), *more, *lost), "string"), name=mapping.table)
            reasons += [rule.says for rule in checks.breaks(rows, mapping, project)]
            notes += [rule.says for rule in checks.suspicions(rows, mapping, project)]
    return list(dict.fromkeys(reasons)), list(dict.fromkeys(notes))


def not_eligible() -> list[str]:
    """Why a customer may not be eligible."""
    orders, subscriptions = (
        Words(windows_days=(90,), horizon_days=90, mapped={table: ()}) for table in ("orders", "subscriptions")
    )
    settings = (CohortSection(), CohortSection(orders_min=3, ordered_within_days=365))
    return list({rule.reason: 0 for one, words in product(settings, (orders, subscriptions)) for rule in rules(one, words)})


def _with(model: Registered, told_by: Teller, manifest: Manifest, choices: dict[str, str], **contract: Any) -> Registered:
    """The same numbers, told by another table; each baseline has another name."""
    bundle = model.bundle
    outputs = RECIPES[bundle.contract.task].outputs(manifest, told_by)
    names = [output.name for output in outputs]
    judged = dict(zip(names, map(_renamed, bundle.evaluation.outputs.values()), strict=True))
    earlier = EarlierJudgement(judged_at=GRID[-2], customers=190, outputs={name: {"auc": 0.7, "wape": 0.7} for name in names})
    evaluation = bundle.evaluation.model_copy(update={"outputs": judged, "choices": choices, "earlier": (earlier,)})
    contract |= {"told_by": told_by, "outputs": outputs}
    contract |= {"unpredictable": UNPREDICTABLE} if bundle.contract.task == "propensity" else {}
    return replace(model, bundle=replace(bundle, contract=bundle.contract.model_copy(update=contract), evaluation=evaluation))


def _renamed(one: OutputEvaluation) -> OutputEvaluation:
    figures = one.baselines["logistic_regression"]
    return one.model_copy(update={"baselines": dict.fromkeys(BASELINES, figures) | one.baselines})


def _of_subscribers(model: Registered, manifest: Manifest) -> Registered:
    """Learned from a shorter horizon, on other data, with a weighed linear half."""
    changes = {"linear_share": 0.4, "learned_horizon_days": 45, "data_fingerprint": "e" * 16}
    found = _with(model, "subscriptions", manifest, CHOICES[2], **changes)
    return replace(found, bundle=replace(found.bundle, linear=linear_of_zeros(found.bundle)))


def _judged_before(model: Registered, *, but: tuple[str, ...] = ()) -> Registered:
    """Judged when there were no intervals, and by fewer figures."""
    bundle = replace(without_intervals(model.bundle), intervals=None)
    outputs = {
        name: one.model_copy(
            update={"metrics": {figure: metric for figure, metric in one.metrics.items() if figure not in but}}
        )
        for name, one in bundle.evaluation.outputs.items()
    }
    return replace(model, bundle=replace(bundle, evaluation=bundle.evaluation.model_copy(update={"outputs": outputs})))


def _page(
    folder: Path,
    manifest: Manifest,
    snapshot: pd.DataFrame,
    models: Mapping[Task, Registered],
    more: Callable[[Project, Manifest, Mapping[Task, Registered]], None] | None = None,
) -> Shown:
    folder.mkdir()
    project, scorer = project_in(folder), Scorer(dict(models))
    write_earlier(project, snapshot)
    snapshot.to_parquet(snapshot_folder(project) / "snapshots" / f"{SCORED_AT}.parquet")
    scored = write_scores(project, manifest, scorer, snapshot, Layer())
    if more is not None:
        more(project, manifest, models)
    report = gather_report(project, manifest, scorer, snapshot=snapshot, predictions=scored.to_pandas())
    return Shown((*shown_texts(render(report)), *report.customers.texts), report.chinese)


def sayings() -> Shown:
    """What depends on figures that no page above has."""
    texts = [text for said in FIGURES.values() for text in said]
    texts += [*_who_are_known(), OF_TWO_VALUES, *get_args(Verdict), *YES_NO["en"], *(title for _, title, _ in FEATURES)]
    texts += [f"{rule} is used" for rule in (YEAR_AGO, YEAR_AGO_CORRECTED, "rhythm", "last")]
    texts += [*ENDS.values(), *map(say_days, (0.0, 1.0, 42.0, 2000.0, float("nan")))]
    texts += [f"On the judged date the total was {off_by(ratio)}." for ratio in (0.5, 1.0, 1.5)]
    texts += [
        say_directions(f"{n} known directions cost {cost}0.0176 {end}") for n, cost, end in product((1, 48), "+-", CHOSEN)
    ]
    texts += [
        say_directions(None),
        say_split(ROLES),
        say_split(ONE_DATE),
        say_split(ROLES.model_copy(update={"tuned_on": (ROLES.tune,)})),
    ]
    texts.append(caution_of({"churn": ROLES, "clv": ONE_DATE}))
    texts += [*_standings(), *_verdicts()]
    return Shown(tuple(texts), {"EUR": "EUR"})


def _who_are_known() -> Iterator[str]:
    """Where other tables tell who is a customer."""
    for tables in (("labels",), ("orders",), ("subscriptions", "customers"), ("orders", "subscriptions", "customers")):
        yield who_is_known(Words(windows_days=(90,), horizon_days=90, mapped=dict.fromkeys(tables, ())))


def _standings() -> Iterator[str]:
    """Better, worse, or not to be told, in every unit; and in sentences."""
    ways = {"auc": True, "brier": False, "ece": False, "lift_10": True, "rmse": False, "sum_ratio": None, "coverage_80": None}
    for ends in ((0.05, 0.15), (-0.15, -0.05), (-0.03, 0.01)):
        figures = {name: _beside(way, ends) for name, way in ways.items()}
        ours = {name: pair[0] for name, pair in figures.items()}
        for baseline in ("base_rate", "logistic_regression"):
            theirs = {baseline: {name: pair[1] for name, pair in figures.items()}}
            one = compare(_judged(ours, theirs), title="tea", currency="EUR")
            yield from (each.said for each in one.stands)
            yield from (*verdict((one,)), *verdict((one, one, one)))


def _verdicts() -> Iterator[str]:
    """Where nobody knows how sure a difference is."""
    for ours, theirs, baseline in product((0.8, 0.5), (0.7, 0.9), ("base_rate", "logistic_regression")):
        metric = Metric(value=ours, greater_is_better=True)
        one = compare(
            _judged({"auc": metric}, {baseline: {"auc": metric.model_copy(update={"value": theirs})}}),
            title="tea",
            currency="EUR",
        )
        yield from (*verdict((one,)), *verdict((one, one)))


def _beside(way: bool | None, ends: tuple[float, float]) -> tuple[Metric, Metric]:
    ours = Metric(value=0.8, greater_is_better=way, low=0.7, high=0.9)
    less = Difference(value=sum(ends) / 2, low=ends[0], high=ends[1])
    return ours, Metric(value=0.75, greater_is_better=way, ours_less_this=less)


def _judged(metrics: dict[str, Metric], baselines: dict[str, dict[str, Metric]]) -> OutputEvaluation:
    tenths = (CalibrationPoint(customers=5, predicted=0.2, actual=0.1),)
    return OutputEvaluation(metrics=metrics, baselines=baselines, tenths=tenths)
