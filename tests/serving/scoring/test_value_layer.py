"""The value layer of the demo and of a company that records everything: columns, value.json, alerts, back-test."""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.project import Project
from features.snapshots import Manifest, load_snapshot
from models.bundle import CHURN
from models.value.quadrants import QUADRANTS
from models.value.report import ValueReport
from models.value.score_evaluation import ScoreEvaluation, score_file
from models.value.settings import Layer
from models.value.standing import GROUPS, SCORE, stand
from models.value.worth import AT_RISK, INFLUENCE, LIFETIME, POTENTIAL, REALISED
from serving.answers.champions import Champions
from serving.answers.messages import Answer, AnswerList
from serving.answers.release import from_registry, kept_folder
from serving.answers.requests import ScoreCustomers
from serving.scoring.everybody import predictions_file
from serving.scoring.value_layer import alerts_file, value_file
from tests.serving.conftest import Demo
from training.judging.score_back_test import back_test_score


@pytest.fixture(scope="module")
def scored(demo: Demo) -> pd.DataFrame:
    return pd.read_parquet(predictions_file(demo.project))


@pytest.fixture(scope="module")
def report(demo: Demo) -> ValueReport:
    return ValueReport.model_validate_json(value_file(demo.project).read_bytes())


def test_every_customer_is_in_exactly_one_group_of_each_kind(scored: pd.DataFrame, report: ValueReport) -> None:
    assert [one.kind for one in report.groupings] == list(GROUPS)
    for one in report.groupings:
        members = scored if one.kind != "rfm_segment" else scored[scored["eligible"]]
        names = [part.name for part in one.parts]
        assert len(set(names)) == len(names)
        assert members[one.kind].isin(names).all()
        assert [part.customers for part in one.parts] == [int((members[one.kind] == name).sum()) for name in names]


def test_sums_of_groups_are_those_of_all(report: ValueReport) -> None:
    for one in report.groupings:
        if one.kind == "rfm_segment":
            continue  # of eligible customers alone
        for name, total in report.totals.items():
            sums = [part.sums[name] for part in one.parts if part.sums[name] is not None]
            if total is not None:
                assert sum(sums) == pytest.approx(total)


def test_money_of_the_scored_table(scored: pd.DataFrame, demo: Demo) -> None:
    snapshot = load_snapshot(demo.project, demo.manifest.scored_at)
    assert scored[REALISED].to_numpy() == pytest.approx(
        (snapshot["spend_sum"] - snapshot["refund_sum"]).fillna(0).to_numpy(), abs=1e-6
    )
    known = scored[scored["eligible"]]
    assert known[AT_RISK].to_numpy() == pytest.approx((known[CHURN] * known["clv_90d"]).to_numpy())
    assert known[LIFETIME].to_numpy() == pytest.approx((known[REALISED] + known[POTENTIAL]).to_numpy())
    assert (known[f"{POTENTIAL}_lower_80"] <= known[POTENTIAL]).all()
    assert (known[POTENTIAL] <= known[f"{POTENTIAL}_upper_80"]).all()
    assert scored.loc[~scored["eligible"], [POTENTIAL, LIFETIME, AT_RISK, SCORE]].isna().all().all()
    assert INFLUENCE not in scored


def test_the_report_says_what_is_not_recorded(report: ValueReport) -> None:
    assert len(report.unrecorded) == 3
    assert report.influence_unknown == "nobody records who brought whom (tables.customers.referred_by)"
    assert report.totals[INFLUENCE] is None


def test_equity_is_the_sum_of_potential_values_and_its_movement_adds_up(scored: pd.DataFrame, report: ValueReport) -> None:
    assert report.equity is not None
    assert report.equity.value == pytest.approx(scored[POTENTIAL].sum())
    assert report.equity.lower < report.equity.value < report.equity.upper
    moved = report.movement
    assert moved is not None
    assert moved.now == pytest.approx(report.equity.value)
    assert moved.then == pytest.approx(moved.kept + moved.shrunk + moved.lost)
    assert moved.now == pytest.approx(moved.kept + moved.grown + moved.won)


def test_fifths_part_the_eligible_customers_and_best_is_five(scored: pd.DataFrame, demo: Demo) -> None:
    snapshot = load_snapshot(demo.project, demo.manifest.scored_at)
    known = scored["eligible"]
    for name, feature in (("rfm_recency", "days_since_last_order"), ("rfm_monetary", "spend_sum")):
        assert scored.loc[~known, name].isna().all()
        assert set(scored.loc[known, name]) == {1, 2, 3, 4, 5}
        means = snapshot.loc[known, feature].groupby(scored.loc[known, name]).mean()
        assert means.is_monotonic_increasing if name == "rfm_monetary" else means.is_monotonic_decreasing


def test_migration_counts_everybody_once(scored: pd.DataFrame, report: ValueReport, demo: Demo) -> None:
    assert report.before is not None
    assert (report.as_of - report.before).days >= demo.manifest.horizon_days
    for kind in ("tier", "life_stage", "quadrant"):
        grouping = report.grouping(kind)
        assert grouping is not None
        assert grouping.migration is not None
        matrix = np.array(grouping.migration)
        assert matrix.sum() == len(scored)  # who is known stays known
        assert matrix[:, :-1].sum(axis=0).tolist() == [part.customers for part in grouping.parts]


def test_alerts_are_those_who_changed_tiers_and_each_has_a_reason(
    report: ValueReport, demo: Demo, scored: pd.DataFrame
) -> None:
    alerts = pd.read_parquet(alerts_file(demo.project)).set_index("customer_id")
    tiers = report.grouping("tier")
    assert tiers is not None
    matrix = np.array(tiers.migration)[:-1, :-1]
    assert len(alerts) == report.alerts == matrix.sum() - np.trace(matrix) > 0
    assert (alerts["now"] == scored.set_index("customer_id").loc[alerts.index, "tier"]).all()
    assert (alerts["then"] != alerts["now"]).all()
    assert alerts["reason"].str.len().min() > 0
    assert alerts["moved"].is_monotonic_increasing


def test_figures_by_segment_have_sizes_and_intervals(report: ValueReport, scored: pd.DataFrame) -> None:
    dates = {one.as_of for one in report.figures}
    assert report.as_of in dates
    assert len(dates) == 13
    now = [one for one in report.figures if one.as_of == report.as_of and one.figure == "repurchase_rate"]
    assert sum(one.customers for one in now if one.segment != "all") == scored["eligible"].sum()
    for one in report.figures:
        assert one.lower <= one.value <= one.upper
        assert one.customers > 0


def test_the_back_test_compares_the_score_on_the_judged_date(demo: Demo) -> None:
    found = back_test_score(demo.project, Layer())
    assert ScoreEvaluation.model_validate_json(score_file(demo.project).read_bytes()) == found
    assert found.judged_at == demo.manifest.judged_at
    assert set(found.metrics) == {"score", "rfm", "clv", "learned"}
    assert set(found.models) == {"churn", "clv"}
    score, rfm = (found.metrics[name]["gini_normalized"] for name in ("score", "rfm"))
    assert score.value > rfm.value
    assert len(found.verdict) == 3


def test_the_service_says_the_same_as_the_table(demo: Demo, scored: pd.DataFrame) -> None:
    champions, some = Champions.open(from_registry(demo.config, kept_folder(demo.config))), scored.sample(30, random_state=1)

    def told(*ids: str) -> list[Answer]:
        return msgspec.json.decode(msgspec.json.encode(champions.by_id(ScoreCustomers(list(ids)))), type=AnswerList).answers

    for answer, row in zip(told(*some["customer_id"]), some.to_dict("records"), strict=True):
        assert answer.worth is not None
        assert answer.standing is not None
        assert answer.worth.realised == pytest.approx(row[REALISED])
        assert answer.standing.tier == row["tier"]
        assert answer.standing.life_stage == row["life_stage"]
        assert answer.standing.quadrant == row["quadrant"]
        assert answer.standing.strategy in {one.strategy for one in QUADRANTS}
        if row["eligible"]:
            assert answer.worth.potential == pytest.approx(row[POTENTIAL])
            assert answer.standing.score == pytest.approx(row[SCORE])
            assert answer.standing.rfm_segment == row["rfm_segment"]
        else:
            assert answer.worth.potential is None
            assert answer.standing.score is None
    (unknown,) = told("nobody")
    assert (unknown.worth, unknown.standing, unknown.next_action) == (None, None, None)


def test_a_company_that_records_everything_has_costs_satisfaction_and_influence(
    whole_company: tuple[Project, Manifest],
) -> None:
    project, manifest = whole_company
    snapshot = load_snapshot(project, manifest.scored_at)
    rng = np.random.default_rng(0)
    numbers = pd.DataFrame({CHURN: rng.uniform(size=len(snapshot))})
    brought = pd.DataFrame(
        {"customer_id": snapshot["customer_id"][:5], "referred_by": snapshot["customer_id"][5:10].to_numpy()}
    )
    found = stand(
        snapshot,
        numbers,
        clv=None,
        brought=brought,
        layer=Layer(),
        as_of=manifest.scored_at,
        horizon_days=manifest.horizon_days,
        windows_days=manifest.words.windows_days,
    ).columns
    costs = snapshot[["refund_sum", "goods_cost_sum", "acquisition_cost", "treatment_cost_sum"]].fillna(0).sum(axis=1)
    assert found[REALISED].to_numpy() == pytest.approx((snapshot["spend_sum"].fillna(0) - costs).to_numpy())
    assert found[INFLUENCE][5:10].to_numpy() == pytest.approx(found[REALISED][:5].to_numpy())
    eligible = snapshot["not_eligible_because"].isna()
    assert found.loc[eligible, ["score_value", "score_satisfaction", "score_loyalty"]].notna().all().all()
    for kind in ("tier", "life_stage", "quadrant"):
        assert found[kind].notna().all()
    assert isinstance(pa.Table.from_pandas(found), pa.Table)
