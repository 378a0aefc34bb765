"""The scored table: everybody is there once, with numbers or with the why, and every explanation adds up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.mappings import SCORED, TAKEN
from serving.scoring.everybody import predictions_file
from serving.scoring.scorer import load_scorer
from tests.serving.conftest import Demo


@pytest.fixture(scope="module")
def scored(demo: Demo) -> pd.DataFrame:
    return pq.read_table(demo.folder / predictions_file(demo.project)).to_pandas()


def outputs(demo: Demo) -> list[tuple[str, str]]:
    """(name, link) of every number that is served."""
    contracts = [model.bundle.contract for model in demo.models.values()]
    return [(output.name, contract.link) for contract in contracts for output in contract.outputs]


def test_every_customer_known_at_the_last_date_has_exactly_one_row(demo: Demo, scored: pd.DataFrame) -> None:
    cohort = demo.manifest.cohorts[demo.manifest.scored_at]
    assert scored["customer_id"].is_unique
    assert len(scored) == cohort.eligible + sum(cohort.not_eligible.values())
    assert int(scored["eligible"].sum()) == cohort.eligible


def test_customers_who_are_not_eligible_have_the_why_and_no_numbers(demo: Demo, scored: pd.DataFrame) -> None:
    others = scored[~scored["eligible"]]
    assert len(others) > 0
    assert others["not_eligible_because"].notna().all()
    for name, _ in outputs(demo):
        assert others[name].isna().all()
        assert others[f"{name}_explanation"].isna().all()


def test_numbers_are_probabilities_and_amounts_inside_their_interval(demo: Demo, scored: pd.DataFrame) -> None:
    eligible = scored[scored["eligible"]]
    for name, link in outputs(demo):
        assert eligible[name].notna().all()
        assert (eligible[name] >= 0).all()
        assert link == "exp" or (eligible[name] <= 1).all()
    assert (eligible["clv_90d_lower_80"] <= eligible["clv_90d"]).all()
    assert (eligible["clv_90d"] <= eligible["clv_90d_upper_80"]).all()


def test_churn_is_rarer_the_longer_the_horizon_and_the_ends_of_the_days_are_in_order(demo: Demo, scored: pd.DataFrame) -> None:
    eligible = scored[scored["eligible"]]
    churn = demo.models["churn"].bundle
    columns = {90: "churn_probability"} | {days: f"churn_probability_{days}d" for days in churn.other_horizons_days}
    assert len(columns) > 1
    by_horizon = eligible[[columns[days] for days in sorted(columns)]]
    assert (by_horizon.diff(axis=1).iloc[:, 1:] <= 1e-12).all(axis=None)
    days = eligible[["days_until_leaving_lower_80", "days_until_leaving", "days_until_leaving_upper_80"]]
    assert days.notna().all(axis=None)
    assert (days.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)


def test_served_reasons_sum_to_the_served_number_for_200_customers_and_all_three_models(
    demo: Demo, scored: pd.DataFrame
) -> None:
    chosen = scored[scored["eligible"]].sample(200, random_state=7)
    for name, link in outputs(demo):
        for served, said in zip(chosen[name], chosen[f"{name}_explanation"], strict=True):
            total = said["base"] + sum(reason["share"] for reason in said["reasons"]) + said["rest"]
            on_scale = served if link == "exp" else np.log(served / (1 - served))
            assert total == pytest.approx(on_scale, abs=1e-4)
            assert said["total"] == pytest.approx(on_scale, abs=1e-4)


def test_all_shares_without_a_remainder_sum_to_the_served_number(demo: Demo, scored: pd.DataFrame) -> None:
    """The remainder could hide anything; with every feature shown it has to vanish."""
    snapshot = pd.read_parquet(demo.folder / f"out/online_retail/features/snapshots/{demo.manifest.scored_at}.parquet")
    rows = snapshot[(snapshot["as_of"].astype(str) == str(demo.manifest.scored_at)) & snapshot["not_eligible_because"].isna()]
    rows = rows.sample(200, random_state=8)
    scorer = load_scorer(demo.project, demo.manifest, list(rows.columns))
    by_id = scored.set_index("customer_id")
    for customer_id, why in zip(rows["customer_id"], scorer.explanations(rows, top=1000), strict=True):
        said = why.explanations
        assert why.unavailable is None
        for name, link in outputs(demo):
            served = by_id.loc[customer_id, name]
            on_scale = served if link == "exp" else np.log(served / (1 - served))
            assert said[name].rest == pytest.approx(0, abs=1e-4)
            assert said[name].base + sum(reason.share for reason in said[name].reasons) == pytest.approx(on_scale, abs=1e-4)


def test_each_row_names_the_model_versions_that_scored_it(demo: Demo, scored: pd.DataFrame) -> None:
    for task, model in demo.models.items():
        assert set(scored[f"{task}_model"]) == {model.label}


def test_no_attribute_of_a_company_can_have_the_name_of_a_scored_column(scored: pd.DataFrame) -> None:
    free = [name for name in scored.columns if name not in TAKEN and not SCORED.fullmatch(name)]
    assert free == ["customer_id"]  # the key of the attributes themselves
