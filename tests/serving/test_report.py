"""The analysts' page, made of a tiny made-up project: nothing missing, nothing foreign, no number but the measured ones."""

from __future__ import annotations

import json
import re
import shutil
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xgboost as xgb
from numpy.typing import NDArray

from features.calendar import DAY_OF_YEAR
from features.feature import Words, slug
from features.problems import BadInput
from features.project import CohortSection, Project
from features.snapshots import Cohort, Manifest, TableReport, snapshot_folder
from models.bundle import Bundle, booster_columns
from models.calibration import uncalibrated
from models.churn import CHURN
from models.clv import CLV
from models.contract import Contract, InputColumn, Roles, Task
from models.evaluation import CalibrationPoint, Difference, Evaluation, Metric, OutputEvaluation
from models.horizons import Horizons, OtherHorizon
from models.inputs import Inputs
from models.intervals import Intervals
from models.linear import Linear
from models.plots import as_svg, beeswarm_plot, calibration_plot
from models.propensity import PROPENSITY
from models.recipe import Recipe
from models.registry import Registered
from models.shares import Shares
from serving.batch import predictions, predictions_file
from serving.report import glossary
from serving.report.build import problems_with, report_file, report_on
from serving.report.comparison import compare, counts, verdict
from serving.report.moved import gather_moved
from serving.report.page import gather_report, render
from serving.scorer import Scorer
from tests.serving.test_translation import untranslated
from training.coverage import judge_interval, judge_quantiles, with_coverage
from training.metrics import AMOUNT, PROBABILITY, churn_figures, tenths
from training.resampling import judged_beside

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
    "summary", "company", "data", "churn", "clv", "propensity", "scored", "moved", "drift", "customers", "cards", "claims",
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
    mapping = {"from": "orders.csv", "where": "amount > 0", "customer_id": "c", "order_id": "o", "occurred_at": "t"}
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
                quarantine_reasons={f"customer_id ({EVIL}) is missing": 299, "amount (a) is not finite": 1},
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
def scored(project: Project, scorer: Scorer, snapshot: pd.DataFrame) -> pd.DataFrame:
    """The scored table and the snapshots before it, written where the report reads them."""
    write_earlier(project, snapshot)
    table = predictions(scorer, snapshot)
    pq.write_table(table, predictions_file(project))
    return table.to_pandas()


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
    shutil.copy(predictions_file(project), predictions_file(ready))
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


# The page


def test_every_section_is_there_in_order(page: str) -> None:
    assert Page(page).sections == list(SECTIONS)


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    assert set(re.findall(r"https?://[^\"'\s<]+", page)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert {link.split(":")[0] for link in Page(page).links if not link.startswith("#")} <= {"data"}
    assert "Content-Security-Policy" in page


def test_names_from_the_data_are_text_and_never_code(page: str) -> None:
    assert Page(page).tags.count("script") == SCRIPTS
    assert EVIL in unescape(page)
    assert "<script>steal(" in unescape(page)


def test_every_picture_has_its_own_ids_and_every_link_on_the_page_has_its_target(page: str) -> None:
    found = Page(page)
    assert len(set(found.ids)) == len(found.ids)
    assert {link[1:].split("?")[0] for link in found.links if link.startswith("#")} <= set(found.ids)


def test_only_the_scripts_of_the_project_may_run(page: str) -> None:
    allowed = set(re.findall(r"'sha256-([^']+)'", page))
    there = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert {b64encode(sha256(script.encode()).digest()).decode() for script in there} == allowed
    assert len(there) == SCRIPTS - 2


def test_every_text_is_there_in_chinese_but_what_the_data_brought(page: str) -> None:
    brought = ("<script>", "tea & toys", "made_up", "3 trials & more", "xxx", "amount (a)")
    assert "\n".join(text for text in untranslated(page, ()) if not any(word in text for word in brought)) == ""


# The customers behind the figures


def customer_data(page: str) -> dict[str, Any]:
    (found,) = re.findall(r'<script type="application/json" id="customer-data">(.*?)</script>', page, flags=re.DOTALL)
    return dict(json.loads(found))


def members(data: dict[str, Any], group_id: str) -> list[bool]:
    (group,) = [group for group in data["groups"] if group["id"] == group_id]
    bits = np.unpackbits(np.frombuffer(b64decode(group["members"]), dtype=np.uint8), bitorder="little")
    return [bool(bit) for bit in bits[: len(data["columns"][0]["cells"])]]


def test_every_figure_that_is_a_link_leads_to_as_many_customers(page: str) -> None:
    links = dict(re.findall(r'href="#customers\?([^"]+)"[^>]*>([^<]+)<', page))
    data = customer_data(page)
    counts = {group["id"]: group["count"] for group in data["groups"]}
    assert len(links) > 10
    assert set(links) <= set(counts)
    for group_id, said in links.items():
        assert sum(members(data, group_id)) == counts[group_id]
        if "%" not in said:
            assert said.strip() == f"{counts[group_id]:,}"


def test_the_customers_of_a_group_are_those_the_figure_counts(page: str, snapshot: pd.DataFrame) -> None:
    data = customer_data(page)
    ids = np.array(data["columns"][0]["cells"])
    by_id = snapshot.set_index("customer_id")
    returned = by_id.loc[ids, "refund_count"].to_numpy() > 0
    bought = by_id.loc[ids, "order_day_count"].to_numpy() > 0
    assert members(data, "return-rate") == list(returned & bought)
    assert members(data, "active") == list(by_id.loc[ids, "days_since_last_order"].to_numpy() <= 365)


def test_tiers_and_segments_have_every_eligible_customer_once(page: str, scored: pd.DataFrame) -> None:
    data = customer_data(page)
    ids = data["columns"][0]["cells"]
    eligible = scored.set_index("customer_id").loc[ids, "eligible"].tolist()
    segments = [members(data, group["id"]) for group in data["groups"] if group["id"].startswith("segment-")]
    assert [sum(row) for row in zip(*segments, strict=True)] == [int(one) for one in eligible]
    tiers = [members(data, group["id"]) for group in data["groups"] if group["id"].startswith("tier-")]
    assert max(sum(row) for row in zip(*tiers, strict=True)) == 1


def test_the_list_has_the_numbers_and_the_strongest_reason_of_each_customer(page: str, scored: pd.DataFrame) -> None:
    columns = {column["title"]: column["cells"] for column in customer_data(page)["columns"]}
    rows = scored.set_index("customer_id").loc[columns["customer"]]
    assert columns["risk of leaving"][0] == pytest.approx(rows["churn_probability"].iloc[0], abs=1e-4)
    at_risk = [number for number in columns["value at risk"] if number is not None]
    assert at_risk == sorted(at_risk, reverse=True)
    first = rows["churn_probability_explanation"].iloc[0]["reasons"][0]
    said = columns["strongest reason"]["texts"][columns["strongest reason"]["place"][0]]
    assert said == f"{'+' if first['share'] > 0 else '-'}{first['label']}"


def test_of_more_customers_than_fit_those_with_most_at_stake_are_on_the_page(
    page: str, project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("serving.report.customers.CUSTOMERS_MAX", 7)
    fewer = render(gather_report(project, manifest, scorer, snapshot=snapshot, predictions=scored))
    assert "7 of 200 known customers, those with most at stake; all are in predictions.parquet" in in_words(fewer)
    assert customer_data(fewer)["columns"][0]["cells"] == customer_data(page)["columns"][0]["cells"][:7]


def test_what_moved_a_value_adds_up_to_the_change(
    project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame
) -> None:
    eligible = snapshot[scored["eligible"].to_numpy()]
    moved = gather_moved(project, manifest, scorer, eligible)
    assert moved is not None
    assert moved.then == "29 Aug 2023"
    for one in (*moved.fell, *moved.rose):
        then, now, change, rest, *whys = (
            amount_of(said) for said in (one.then, one.now, one.change, one.rest, *(why.amount for why in one.whys))
        )
        assert now - then == pytest.approx(change, abs=0.011)
        assert sum(whys) + rest == pytest.approx(change, abs=0.03)
        assert all(change < 0 for _ in moved.fell if one in moved.fell)


def amount_of(said: str) -> float:
    return float(re.sub(r"[€,+]", "", said))


def test_every_figure_of_the_evaluations_is_shown_exactly(page: str, scorer: Scorer) -> None:
    outputs = [output for model in scorer.models.values() for output in model.bundle.evaluation.outputs.values()]
    tables = [metrics for output in outputs for metrics in (output.metrics, *output.baselines.values())]
    wanted = [metric.value for metrics in tables for metric in metrics.values()]
    assert sorted(Page(page).figures) == sorted(wanted)
    for name in {name for metrics in tables for name in metrics}:
        assert f'id="figure-{name}"' in page


def test_every_row_of_the_data_is_accounted_for(page: str) -> None:
    text = in_words(page)
    for said in ("4,321", "21", "4,000", "300", "299", "amount (a) is not finite", "no order before the date"):
        assert said in text


def test_the_customers_are_listed_by_churn_probability_times_clv(page: str, scored: pd.DataFrame) -> None:
    eligible = scored[scored["eligible"]]
    order = eligible.assign(at_risk=eligible["churn_probability"] * eligible["clv_90d"]).nlargest(20, "at_risk")
    section = page[page.index('<section id="scored">') : page.index('<section id="moved">')]
    listed = re.findall(r'data-says="customer">([^<]*)<', section)
    assert [unescape(one) for one in listed] == list(order["customer_id"])
    assert "<code>churn_probability x clv</code>" in page
    first = order.iloc[0]
    assert first["churn_probability_explanation"]["reasons"][0]["text"] in unescape(page)
    assert first["clv_90d_explanation"]["reasons"][0]["text"] in unescape(page)


def test_the_summary_at_the_head_says_how_far_to_trust_it(page: str, scored: pd.DataFrame) -> None:
    text = in_words(page)
    assert f"190 of {CUSTOMERS} known customers could be scored" in text
    assert f"expect {scored['churn_probability'].mean() * 100:.0f} % of them" in text
    assert "How far to trust that was measured once, on 29 Aug 2023" in text


def test_claims_we_do_not_make_carry_the_measured_numbers(page: str, scorer: Scorer) -> None:
    text, metrics = in_words(page), scorer.models["clv"].bundle.evaluation.outputs["clv_90d"].metrics
    assert "Nothing here is a cause or an uplift" in text
    assert f"it held the outcome of {metrics['coverage_80'].value * 100:.1f} % of all customers" in text
    assert "300 of 4,321 rows of orders" in text
    assert "as mapped in the mapping file" in text


def test_model_cards_say_what_made_them(page: str) -> None:
    text = in_words(page)
    for said in ("made_up-churn v7", "churnxxxxxxxxxxx", "f" * 16, "2" * 12, "6 dates, 1 Jan 2023 to 31 May 2023", "max depth"):
        assert said in text


def test_model_cards_say_in_plain_words_what_was_chosen(page: str) -> None:
    text = in_words(page)
    for said in (
        "correction trees alone",
        "kept to, which costs 0.0004 of AUC: of 12 features it is known whether more goes with staying",
        "30, 90 and 180 days; not 365 days: no inner date has a window of 365 days that closed",
        "chance of buying pianos: it happened to only 3 customers",
        "not split: every step asks about a later date than it is fitted on",
        "windows of the whole horizon",
    ):
        assert said in text
    assert "monotone constraints" not in text


def test_model_cards_say_what_the_linear_half_makes_and_from_how_many_days_was_learned(
    project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame
) -> None:
    def changed(model: Registered) -> Registered:
        bundle = model.bundle
        contract = bundle.contract.model_copy(update={"linear_share": 0.5, "learned_horizon_days": 45})
        return replace(model, bundle=replace(bundle, contract=contract, linear=linear_of_zeros(bundle)))

    other = Scorer({task: changed(model) for task, model in scorer.models.items()})
    text = in_words(render(gather_report(project, manifest, other, snapshot=snapshot, predictions=scored)))
    assert "correction the mean of trees and a linear half" in text
    assert "windows of 45 days: no two windows of 90 days in a row had closed" in text
    assert "the 90 days ahead (45 for a fit) whose outcomes were counted" in text


def linear_of_zeros(bundle: Bundle) -> Linear:
    """A linear half that moves nobody."""
    columns = [name for name in bundle.inputs(bundle.golden).columns if name != DAY_OF_YEAR]
    zeros, ones, outputs = (0.0,) * len(columns), (1.0,) * len(columns), len(bundle.contract.outputs)
    return Linear(
        columns=columns, medians=zeros, lowest=zeros, highest=ones, means=zeros, per_unit=ones,
        weights=(zeros,) * outputs, intercepts=(0.0,) * outputs,
    )  # fmt: skip


def test_the_page_says_when_customers_leave(page: str, scored: pd.DataFrame) -> None:
    text, eligible = in_words(page), scored[scored["eligible"]]
    for days, name in ((30, "churn_probability_30d"), (180, "churn_probability_180d")):
        assert f"{days} days {eligible[name].mean() * 100:.1f} % {eligible[name].sum():,.0f}" in text
    soon = int(((eligible["days_until_leaving"] >= 0.5) & (eligible["days_until_leaving"] < 30.5)).sum())
    assert soon == 0 or f"within 30 days {soon}" in text
    assert "no order within mean chance" in text


def test_what_is_not_predicted_is_said_where_the_model_is_shown(page: str) -> None:
    assert "No number is given for: chance of buying pianos it happened to only 3 customers" in in_words(page)


def test_the_same_numbers_give_the_same_page(
    page: str, project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame
) -> None:
    assert render(gather_report(project, manifest, scorer, snapshot=snapshot, predictions=scored)) == page


def test_a_project_without_product_groups_has_a_page_without_propensity(
    project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame
) -> None:
    plain = manifest.model_copy(
        update={"words": Words(windows_days=(90,), horizon_days=HORIZON, mapped={"orders": ("amount",)})}
    )
    two = Scorer({task: model for task, model in scorer.models.items() if task != "propensity"})
    text = render(gather_report(project, plain, two, snapshot=snapshot, predictions=scored))
    assert "propensity" not in Page(text).sections
    assert "most likely to buy" not in text
    assert "Categories are not" not in text


def test_a_single_eligible_customer_is_enough_for_a_page(
    project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame
) -> None:
    one = snapshot.assign(not_eligible_because=snapshot["not_eligible_because"].where(snapshot.index > 0, None))
    one.loc[1:, "not_eligible_because"] = "no order before the date"
    alone = scored.assign(eligible=scored.index == 0)
    assert problems_with(alone, scorer, one) == []
    text = in_words(render(gather_report(project, manifest, scorer, snapshot=one, predictions=alone)))
    assert "1 of 1 eligible customers" in text


# Comparison and words


def test_the_best_of_each_figure_is_marked_whichever_way_is_better() -> None:
    metrics = {"auc": (0.8, True), "brier": (0.2, False), "sum_ratio": (0.7, None), "coverage_80": (0.75, None)}
    rivals = {"base_rate": {"auc": 0.5, "brier": 0.3, "sum_ratio": 1.2}, "logistic_regression": {"auc": 0.8, "brier": 0.1}}
    found = compare(evaluation_of(metrics, **rivals), title="churn", currency="EUR")
    marked = {line.name: [bool(cell and cell.is_best) for cell in line.cells] for line in found.lines}
    assert marked == {
        "the model": [True, False, False, False],  # a tie counts for both, and what nobody else has is no contest
        "base rate": [False, False, True, False],
        "logistic regression": [True, True, False, False],
    }
    assert [column.direction for column in found.columns] == [
        "higher is better",
        "lower is better",
        "closest to 1 is best",
        "closest to 80 % is best",
    ]


def test_a_baseline_that_beats_the_model_is_named_with_both_values() -> None:
    metrics = {"auc": (0.8, True), "brier": (0.20001, False)}
    evaluation = evaluation_of(metrics, logistic_regression={"auc": 0.7, "brier": 0.2}, base_rate={"auc": 0.9})
    assert verdict((compare(evaluation, title="churn", currency="EUR"),)) == [
        "The model is best on 0 of 2 figures that model and baselines share.",
        "Logistic regression beats the model on Brier score (0.20000 against 0.20001).",
        "Base rate beats the model on AUC (0.900 against 0.800), but gives everybody the same number.",
    ]


def test_it_is_said_when_no_baseline_beats_the_model() -> None:
    one = compare(evaluation_of({"auc": (0.8, True)}, base_rate={"auc": 0.5}), title="churn", currency="EUR")
    assert verdict((one,))[-1] == "No baseline beats it on any of them."
    assert verdict((one, one))[-1] == "No baseline beats the model on any figure in any category."


def test_several_categories_are_counted() -> None:
    won = compare(evaluation_of({"auc": (0.8, True)}, logistic_regression={"auc": 0.5}), title="tea", currency="EUR")
    lost = compare(evaluation_of({"auc": (0.8, True)}, logistic_regression={"auc": 0.9}), title="toys", currency="EUR")
    assert verdict((won, won, lost)) == [
        "The model is best on AUC in 2 of 3 categories.",
        "Logistic regression beats the model on AUC in 1 of 3 categories.",
    ]


def test_every_figure_that_training_makes_has_a_meaning(scorer: Scorer) -> None:
    for model in scorer.models.values():
        for output in model.bundle.evaluation.outputs.values():
            for name in output.metrics:
                assert glossary.entry(name).meaning != "No description yet."


def with_difference(
    greater_is_better: bool | None, ours: float, theirs: float, ends: tuple[float, float]
) -> tuple[Metric, Metric]:
    """A figure of the model and of a baseline, with the interval of the difference."""
    shown = Metric(value=ours, greater_is_better=greater_is_better, low=ours - 0.01, high=ours + 0.01)
    less = Difference(value=sum(ends) / 2, low=ends[0], high=ends[1])
    return shown, Metric(value=theirs, greater_is_better=greater_is_better, ours_less_this=less)


def beside_one(**figures: tuple[Metric, Metric]) -> OutputEvaluation:
    return OutputEvaluation(
        metrics={name: ours for name, (ours, _) in figures.items()},
        baselines={"logistic_regression": {name: theirs for name, (_, theirs) in figures.items()}},
        tenths=(CalibrationPoint(customers=5, predicted=0.2, actual=0.1),),
    )


def test_where_it_is_known_the_sentences_say_what_chance_cannot() -> None:
    evaluation = beside_one(
        auc=with_difference(True, 0.8, 0.7, (0.05, 0.15)),
        brier=with_difference(False, 0.2, 0.19, (0.005, 0.015)),
        ece=with_difference(False, 0.02, 0.03, (-0.03, 0.01)),
        sum_ratio=with_difference(None, 0.9, 1.3, (-0.3, -0.1)),
    )
    one = compare(evaluation, title="churn", currency="EUR")
    assert verdict((one,)) == [
        "The model is ahead of every baseline, by more than chance, on AUC and predicted / actual total.",
        "On calibration error no difference to the best baseline can be told.",
        "It is behind the best baseline, by more than chance, on Brier score (logistic regression: 0.190).",
    ]
    assert [each.said for each in one.stands] == [
        "better by 0.100 (0.050 to 0.150)",
        "worse by 0.010 (0.005 to 0.015)",
        "no difference can be told: 1.0 points worse to 3.0 points better",
        "nearer by 0.200 (0.100 to 0.300)",
    ]
    assert one.stands[0].interval == "0.790 to 0.810"
    assert one.is_behind


def test_the_best_baseline_of_a_figure_is_the_one_compared() -> None:
    ours, near = with_difference(True, 0.8, 0.79, (-0.01, 0.03))
    _, far = with_difference(True, 0.8, 0.5, (0.2, 0.4))
    evaluation = beside_one(auc=(ours, far)).model_copy(
        update={"baselines": {"base_rate": {"auc": far}, "recency_rule": {"auc": near}}}
    )
    (found,) = compare(evaluation, title="churn", currency="EUR").stands
    assert (found.baseline, found.theirs, found.standing) == ("recency rule", "0.790", "undecided")


def test_a_figure_that_no_baseline_has_stands_alone() -> None:
    covered = Metric(value=0.77, greater_is_better=None, low=0.76, high=0.78)
    compared = beside_one(auc=with_difference(True, 0.8, 0.7, (0.05, 0.15)))
    evaluation = compared.model_copy(update={"metrics": compared.metrics | {"coverage_80": covered}})
    one = compare(evaluation, title="clv", currency="EUR")
    assert [(each.interval, each.theirs, each.standing, each.said) for each in one.stands[1:]] == [
        ("76.0 to 78.0 %", "-", None, "closest to 80 % is best")
    ]
    assert verdict((one,)) == ["The model is ahead of every baseline, by more than chance, on AUC."]


def test_a_baseline_that_tells_nobody_apart_is_said_to_when_it_is_ahead() -> None:
    ours, rate = with_difference(False, 0.04, 0.01, (0.02, 0.04))
    evaluation = beside_one(ece=(ours, rate)).model_copy(update={"baselines": {"base_rate": {"ece": rate}}})
    one = compare(evaluation, title="tea", currency="EUR")
    said = "calibration error (base rate: 1.0 %, but gives everybody the same number)"
    assert verdict((one,)) == [f"It is behind the best baseline, by more than chance, on {said}."]
    assert verdict((one, one))[1] == (
        "Base rate is ahead on calibration error in 2 of 2 categories, but gives everybody the same number."
    )


def test_over_several_categories_it_is_counted_what_can_be_told() -> None:
    ahead, behind, undecided = (
        compare(beside_one(auc=with_difference(True, 0.8, 0.7, ends)), title="tea", currency="EUR")
        for ends in ((0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1))
    )
    (count,) = counts((ahead, ahead, behind, undecided))
    assert (count.ahead, count.undecided, count.behind) == (2, 1, 1)
    assert counts((ahead,)) == ()
    assert verdict((ahead, ahead, behind, undecided)) == [
        "Each of 4 categories was compared with its best baseline on each of 1 figures: in 2 of 4 comparisons the model is "
        "ahead by more than chance, in 1 behind, and in 1 no difference can be told.",
        "Logistic regression is ahead on AUC in 1 of 4 categories.",
    ]


def test_the_page_shows_intervals_and_what_can_be_told(page: str) -> None:
    text = in_words(page)
    assert "with 95 % intervals in brackets:" in text
    assert "Under a figure of the model stands its 95 % interval." in text
    assert "inside the interval" in text
    assert "no difference can be told" in text


def test_bundles_without_intervals_still_have_a_page(
    project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame
) -> None:
    old = Scorer({task: replace(model, bundle=without_intervals(model.bundle)) for task, model in scorer.models.items()})
    text = in_words(render(gather_report(project, manifest, old, snapshot=snapshot, predictions=scored)))
    assert "How far to trust that was measured once, on 29 Aug 2023:" in text
    assert "The model is best on" in text
    for said in ("can be told", "Under a figure of the model", "inside the interval"):
        assert said not in text


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


def test_a_picture_draws_names_as_they_are() -> None:
    inputs = tuple(
        InputColumn(name=slug(f"f{k}"), family="breadth", unit="lines", meaning=name, meaning_zh=name)
        for k, name in enumerate((EVIL, "茶", "a" * 300))
    )
    rng = np.random.default_rng(3)
    read = Inputs(tuple(column.name for column in inputs), rng.normal(size=(30, 3)))
    values, zeros = rng.normal(size=(30, 1, 3)), np.zeros((30, 1))
    found = Shares("log_odds", read, zeros, values, values.sum(axis=2), missed=zeros)
    drawn = as_svg(beeswarm_plot(found, 0, inputs), name="one", label=EVIL)
    assert "<script" not in drawn
    assert "$\\frac{" in unescape(drawn)
    assert "茶" in drawn


def test_tenths_in_which_nothing_happened_can_be_drawn() -> None:
    nothing = tuple(CalibrationPoint(customers=5, predicted=0.0, actual=0.0) for _ in range(10))
    evaluation = evaluation_of({"auc": (0.5, True)}).model_copy(update={"tenths": nothing})
    assert as_svg(calibration_plot(evaluation, unit="EUR"), name="empty", label="nothing").startswith("<svg")


# The step


def test_the_step_writes_report_and_summary_and_says_where_everything_is(
    ready_and_scored: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    report_on(ready_and_scored)
    said = capsys.readouterr().out
    assert len(report_file(ready_and_scored).read_bytes()) < 3_000_000
    assert json.loads((ready_and_scored.folder / "summary.json").read_text(encoding="utf-8"))["scored"]["eligible"] == 190
    for place in ("report.html", "summary.json", "predictions.parquet", "snapshots", "quarantine_orders.parquet"):
        assert place in said
    assert "mlflow ui --backend-store-uri sqlite:///mlflow.db" in said


def test_a_password_of_the_registry_is_not_shown(
    ready_and_scored: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://someone:secret@host/mlflow")
    report_on(ready_and_scored)
    assert "secret" not in capsys.readouterr().out


def test_without_scores_it_says_how_to_make_them(ready: Project) -> None:
    with pytest.raises(BadInput, match=r"no scored customers in .*predictions\.parquet.*python -m serving score CONFIG"):
        report_on(ready)


def test_without_champions_and_without_scores_both_are_said_at_once(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_champion(*_: object) -> Scorer:
        raise BadInput("no champion of made_up-churn in the registry")

    monkeypatch.setattr("serving.report.build.load_scorer", no_champion)
    with pytest.raises(BadInput) as bad:
        report_on(ready)
    assert [problem.split(" in ")[0] for problem in bad.value.problems] == [
        "no champion of made_up-churn",
        "no scored customers",
    ]


def test_a_scored_table_that_cannot_be_read_is_said(ready: Project) -> None:
    predictions_file(ready).parent.mkdir(parents=True, exist_ok=True)
    predictions_file(ready).write_bytes(b"half")
    with pytest.raises(BadInput, match="not a readable parquet file; score the customers again"):
        report_on(ready)


def test_scores_of_other_versions_are_refused_each_by_name(
    ready_and_scored: Project, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Scorer({task: replace(model, version="8") for task, model in scorer.models.items()})
    monkeypatch.setattr("serving.report.build.load_scorer", lambda *_: later)
    with pytest.raises(BadInput) as bad:
        report_on(ready_and_scored)
    assert bad.value.problems[0] == (
        "churn_model: scored by made_up-churn v7 churnxxxxxxxxxxx, but the champion is made_up-churn v8 churnxxxxxxxxxxx"
    )
    assert len(bad.value.problems) == 4
    assert bad.value.problems[-1] == "score made_up again: python -m serving score CONFIG"
    assert not report_file(ready_and_scored).exists()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda table: table.drop(columns="clv_90d"), "the scored table has no column clv_90d"),
        (lambda table: table.drop(columns="clv_model"), "clv_model: scored by no model, but the champion is"),
        (lambda table: table.assign(as_of=FIRST), "as_of: scored 2023-01-01, but the last snapshot is of 2024-01-01"),
        (lambda table: table.assign(customer_id=table["customer_id"] + "x"), "customer_id: the scored customers are not"),
        (lambda table: table.assign(eligible=True), "eligible: other customers are eligible"),
        (lambda table: table.assign(clv_90d=1.0), "the champions give these customers other numbers"),
    ],
    ids=["no column", "no version", "another date", "other customers", "others eligible", "other numbers"],
)
def test_scores_that_do_not_belong_to_the_last_snapshot_are_refused(
    change, problem: str, scored: pd.DataFrame, scorer: Scorer, snapshot: pd.DataFrame
) -> None:
    found = problems_with(change(scored), scorer, snapshot)
    assert len(found) == 1
    assert found[0].startswith(problem)


def test_a_date_on_which_nobody_is_eligible_is_said(scored: pd.DataFrame, scorer: Scorer, snapshot: pd.DataFrame) -> None:
    nobody = snapshot.assign(not_eligible_because="no order before the date")
    found = problems_with(scored.assign(eligible=False), scorer, nobody)
    assert found == ["eligible: nobody is eligible on 2024-01-01, so there is nothing to report on"]


def test_scores_of_these_champions_and_this_snapshot_are_accepted_in_any_order(
    scored: pd.DataFrame, scorer: Scorer, snapshot: pd.DataFrame
) -> None:
    assert problems_with(scored.iloc[::-1], scorer, snapshot) == []
