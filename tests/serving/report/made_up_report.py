"""A tiny made-up project with names that would be code if they were not escaped, its champions, its scores and its page."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from numpy.typing import NDArray

from features.families.calendar import DAY_OF_YEAR
from features.feature import Words
from features.project import CohortSection, Project
from features.snapshots import Cohort, Manifest, TableReport, snapshot_folder
from models.bundle import Bundle, booster_columns
from models.calibration import uncalibrated
from models.churn import CHURN
from models.clv import CLV
from models.contract import Contract, InputColumn, Roles, Task
from models.evaluation import CalibrationPoint, Evaluation, Metric, OutputEvaluation
from models.horizons import Horizons, OtherHorizon
from models.intervals import Intervals
from models.linear import Linear
from models.propensity import PROPENSITY
from models.recipe import Recipe
from models.registry import Registered
from models.value.settings import Layer
from serving.report.page import gather_report, render
from serving.scoring.everybody import predictions_file, write_scores
from serving.scoring.scorer import Scorer
from serving.scoring.value_layer import alerts_file, value_file
from training.judging.coverage import judge_interval, judge_quantiles, with_coverage
from training.judging.metrics import AMOUNT, PROBABILITY, churn_figures, tenths
from training.judging.resampling import judged_beside

CUSTOMERS, HORIZON = 200, 90
EVIL = '<script>alert("$\\frac{")</script>'
CATEGORIES = ("tea & toys", EVIL, "茶")
FIRST, SCORED_AT = date(2023, 1, 1), date(2024, 1, 1)
GRID = tuple(FIRST + timedelta(days=30 * step) for step in range(9))
JUDGED_AT = GRID[-1]
ROLES = Roles(tuned_on=GRID[:1], tune=GRID[3], rehearsed_on=GRID[:4], calibrate=GRID[6], fitted_on=GRID[:6], judge=JUDGED_AT)
RECIPES: dict[Task, Recipe] = {"churn": CHURN, "clv": CLV, "propensity": PROPENSITY}
HORIZONS = Horizons(
    own_days=HORIZON, others=(OtherHorizon(days=30, slope=0, shift=1), OtherHorizon(days=180, slope=0, shift=-1)), falls=True
)
UNPREDICTABLE = {
    "chance of buying pianos": "it happened to only 3 customers after the dates 2023-01-01 to 2023-05-31; "
    "30 are needed to tell what sets them apart"
}
CHOICES = {
    "tuning": "3 trials & more",
    "monotone": "12 known directions cost +0.0004 of AUC in the trees; they are kept to",
    "horizons": "answered for 30, 90, 180 days; not 365 days: no inner date has a window of 365 days that closed by 2023-08-29",
}
SECTIONS = (
    "summary", "company", "worth", "data", "churn", "clv", "propensity", "scored", "moved", "drift", "customers", "cards", "claims",
    "glossary",
)  # fmt: skip
SCRIPTS = 5  # the customers, the Chinese, and what runs


class Page(HTMLParser):
    """What a browser finds in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.figures: list[float] = []
        self.sections: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            said = value or ""
            if name == "id":
                self.ids.append(said)
            if name in ("href", "xlink:href", "src"):
                self.links.append(said)
            self.links += [f"#{target}" for target in re.findall(r"url\(#([^)]+)\)", said)]
            if tag == "data" and name == "value":
                self.figures.append(float(said))
            if tag == "section" and name == "id":
                self.sections.append(said)


def project_in(folder: Path) -> Project:
    mapping = {
        "from": "orders.csv",
        "where": "amount > 0",
        "once_per": ["o", "p"],
        "customer_id": "c",
        "order_id": "o",
        "occurred_at": "t",
    }
    content = {
        "project": {"name": "made_up", "currency": "EUR", "horizon_days": HORIZON, "out": str(folder)},
        "tables": {"orders": mapping | {"amount": "a", "category": f"'{EVIL}'"}},
    }
    return Project.model_validate(content)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return project_in(tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    cohort = Cohort(
        eligible=CUSTOMERS - 10, not_eligible={"no order before the date": 10}, snapshot_hash="abc", past_hash="def", figures={}
    )
    return Manifest(
        project="made_up",
        currency="EUR",
        horizon_days=HORIZON,
        made_from="0" * 16,
        data_fingerprint="f" * 16,
        tables={
            "orders": TableReport(
                rows_read=4_321,
                rows_left_out_by_where=21,
                rows_kept=4_000,
                rows_quarantined=300,
                quarantine_reasons={"amount (a) is not finite": 1, f"customer_id ({EVIL}) is missing": 299},
                notes={"recorded_at (r) is before occurred_at (o)": 7},
                examples={
                    f"customer_id ({EVIL}) is missing": ("A1", f"B2{EVIL}"),
                    "recorded_at (r) is before occurred_at (o)": ("C3",),
                },
            )
        },
        data_from=date(2022, 1, 1),
        data_until=SCORED_AT,
        judged_at=JUDGED_AT,
        grid=GRID,
        scored_at=SCORED_AT,
        words=Words(
            windows_days=(90,),
            horizon_days=HORIZON,
            categories=CATEGORIES,
            mapped={"orders": ("customer_id", "order_id", "occurred_at", "amount", "category")},
        ),
        reach=(),
        day_hashes={},
        backfills=(),
        cohorts=dict.fromkeys((*GRID, SCORED_AT), cohort),
    )


@pytest.fixture(scope="module")
def snapshot(manifest: Manifest) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({feature.name: rng.gamma(2, 20, CUSTOMERS).round(1) for feature in manifest.features()})
    rows = rows.mask(rng.uniform(size=rows.shape) < 0.1)
    rows.insert(0, "customer_id", [f"<script>steal({k})</script>" for k in range(CUSTOMERS)])
    rows.insert(1, "as_of", SCORED_AT)
    rows.insert(2, "not_eligible_because", [None] * (CUSTOMERS - 10) + ["no order before the date"] * 10)
    return rows


def write_earlier(project: Project, snapshot: pd.DataFrame) -> None:
    """The same customers on every earlier date, with other numbers, and in another order."""
    folder = snapshot_folder(project) / "snapshots"
    folder.mkdir(parents=True)
    for step, as_of in enumerate(GRID):
        rows = snapshot.assign(as_of=as_of, spend_sum=snapshot["spend_sum"] * (step + 1) / 10)
        rows.sample(frac=1, random_state=step).to_parquet(folder / f"{as_of}.parquet")


@pytest.fixture(scope="module")
def scorer(manifest: Manifest, snapshot: pd.DataFrame) -> Scorer:
    return Scorer({task: champion(task, manifest, snapshot) for task in RECIPES})


@pytest.fixture(scope="module")
def scored(project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame) -> pd.DataFrame:
    """The scored table and the snapshots before it, written where the report reads them."""
    write_earlier(project, snapshot)
    return write_scores(project, manifest, scorer, snapshot, Layer()).to_pandas()


@pytest.fixture(scope="module")
def page(project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame) -> str:
    return render(gather_report(project, manifest, scorer, snapshot=snapshot, predictions=scored))


@pytest.fixture
def ready(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame
) -> Project:
    """A project whose snapshots and champions are there, and nothing else."""
    monkeypatch.setattr("serving.report.build.load_manifest", lambda _: manifest)
    monkeypatch.setattr("serving.report.build.load_snapshot", lambda *_: snapshot)
    monkeypatch.setattr("serving.report.build.load_scorer", lambda *_: scorer)
    monkeypatch.setattr("serving.report.build.waiting_challenger", lambda *_: None)
    project = project_in(tmp_path)
    write_earlier(project, snapshot)
    return project


@pytest.fixture
def ready_and_scored(ready: Project, project: Project, scored: pd.DataFrame) -> Project:  # noqa: ARG001 (it is the file)
    for file in (predictions_file, value_file, alerts_file):
        shutil.copy(file(project), file(ready))
    return ready


def champion(task: Task, manifest: Manifest, snapshot: pd.DataFrame) -> Registered:
    """A small booster on made-up outcomes, judged by the figures that training uses."""
    recipe, rng = RECIPES[task], np.random.default_rng(2)
    inputs = tuple(InputColumn.of(f) for f in manifest.features())
    contract = Contract(
        project="made_up", currency="EUR", task=task, horizon_days=HORIZON, link=recipe.link,
        unpredictable=UNPREDICTABLE if task == "propensity" else {}, outputs=recipe.outputs(manifest, "orders"), inputs=inputs, windows_days=(90,), categories=CATEGORIES, cohort=CohortSection(),
        roles=ROLES, rows_fitted=CUSTOMERS, parameters={"max_depth": 2, "monotone_constraints": "(0)"},
        rounds=5, seed=0, made_from="1" * 16,
        data_fingerprint=manifest.data_fingerprint, code_version="2" * 12,
    )  # fmt: skip
    rows = snapshot[contract.features]
    moved = rows.fillna(0)["spend_sum_90d"].to_numpy() / 40 + rng.normal(size=CUSTOMERS)
    outcomes = np.column_stack([moved > shift for shift in np.linspace(0.5, 1.5, len(contract.outputs))]).astype(float)
    if recipe.link == "exp":
        outcomes *= rng.gamma(2, 100, (CUSTOMERS, 1))
    label = outcomes[:, 0] if outcomes.shape[1] == 1 else outcomes
    read = booster_columns(rows)
    matrix = xgb.DMatrix(read.to_numpy(np.float32), label=label, feature_names=list(read.columns))
    booster = xgb.train({**recipe.fixed, "max_depth": 2, "nthread": 1}, matrix, num_boost_round=5)
    fitted = Bundle(
        booster=booster,
        calibrator=uncalibrated(recipe.link, len(contract.outputs)),
        intervals=None,
        contract=contract,
        evaluation=Evaluation(judged_at=JUDGED_AT, customers=0, outputs={}, calibration_kept=False, choices={}),
        golden=rows.head(2),
        horizons=HORIZONS if task == "churn" else None,
    )
    return Registered(f"made_up-{task}", "7", "champion", f"{task:x<16}", judged(fitted, rows, outcomes))


def judged(bundle: Bundle, rows: pd.DataFrame, outcomes: NDArray[np.float64]) -> Bundle:
    served = bundle.predict(rows).to_numpy()
    is_money = bundle.contract.link == "exp"
    intervals = Intervals.fit(served[:, 0], outcomes[:, 0], 0.8) if is_money else None
    figures = AMOUNT if is_money else churn_figures() if bundle.contract.task == "churn" else PROBABILITY
    outputs = {}
    for k, output in enumerate(bundle.contract.outputs):
        actual, predicted = outcomes[:, k], served[:, k]
        rivals = {"base_rate": np.full(CUSTOMERS, actual.mean()), "logistic_regression": predicted * 0.5 + 0.1}
        beside = judged_beside(figures, actual, predicted, rivals, seed=0)
        metrics, points = beside.ours, tenths(actual, predicted)
        if intervals is not None:
            metrics |= judge_interval(actual, predicted, *intervals.around(predicted), 0.8)
            metrics |= judge_quantiles(actual, predicted, intervals.quantiles(predicted))
            points = with_coverage(points, intervals, actual, predicted)
        outputs[output.name] = OutputEvaluation(metrics=metrics, baselines=beside.rivals, tenths=points)
    evaluation = Evaluation(judged_at=JUDGED_AT, customers=CUSTOMERS, outputs=outputs, calibration_kept=False, choices=CHOICES)
    return replace(bundle, intervals=intervals, evaluation=evaluation)


def evaluation_of(metrics: dict[str, tuple[float, bool | None]], **baselines: dict[str, float]) -> OutputEvaluation:
    ways = {name: way for name, (_, way) in metrics.items()}
    return OutputEvaluation(
        metrics={name: Metric(value=value, greater_is_better=way) for name, (value, way) in metrics.items()},
        baselines={
            baseline: {name: Metric(value=value, greater_is_better=ways[name]) for name, value in figures.items()}
            for baseline, figures in baselines.items()
        },
        tenths=(CalibrationPoint(customers=5, predicted=0.2, actual=0.1),),
    )


def in_words(page: str) -> str:
    """The text of a page, without tags, scripts and line ends."""
    page = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def without_intervals(bundle: Bundle) -> Bundle:
    """As it would have been judged before there were intervals."""
    text = bundle.evaluation.model_dump()
    for output in text["outputs"].values():
        for metrics in (output["metrics"], *output["baselines"].values()):
            for metric in metrics.values():
                for new in ("unit", "low", "high", "ours_less_this"):
                    del metric[new]
        for tenth in output["tenths"]:
            del tenth["coverage"], tenth["width"]
    return replace(bundle, evaluation=Evaluation.model_validate(text))


def linear_of_zeros(bundle: Bundle) -> Linear:
    """A linear half that moves nobody."""
    columns = [name for name in bundle.inputs(bundle.golden).columns if name != DAY_OF_YEAR]
    zeros, ones, outputs = (0.0,) * len(columns), (1.0,) * len(columns), len(bundle.contract.outputs)
    return Linear(
        columns=columns, medians=zeros, lowest=zeros, highest=ones, means=zeros, per_unit=ones,
        weights=(zeros,) * outputs, intercepts=(0.0,) * outputs,
    )  # fmt: skip
