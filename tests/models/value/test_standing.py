"""Where customers stand, on this date and beside another one; what cannot be counted is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.problems import BadConfig
from models.bundle import CHURN, Bundle
from models.value.settings import Layer
from models.value.standing import Groups, Standing, stand
from models.value.worth import AT_RISK, INFLUENCE, LIFETIME, POTENTIAL, REALISED

WHY = "no order before the date"


def snapshot(*, eligible: bool = True) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d"],
            "as_of": date(2024, 1, 1),
            "not_eligible_because": None if eligible else WHY,
            "spend_sum": [100.0, 50.0, 20.0, 10.0],
            "refund_sum": np.nan,
            "order_day_count": [4.0, 3.0, 2.0, 1.0],
            "days_since_last_order": [5.0, 50.0, 500.0, 5.0],
            "nps_score_last": [np.nan] * 4,
        }
    )


def standing(
    rows: pd.DataFrame, layer: Layer | None = None, groups: Groups | None = None, brought: pd.DataFrame | None = None
) -> Standing:
    return stand(
        rows,
        pd.DataFrame({CHURN: [0.1, 0.2, 0.9, 0.5]}),
        clv=None,
        brought=brought,
        layer=layer or Layer(),
        as_of=date(2024, 1, 1),
        horizon_days=90,
        windows_days=(30, 90),
        groups=groups,
    )


def test_a_condition_may_speak_of_the_score_also_on_a_date_when_nobody_had_one() -> None:
    layer = Layer.model_validate(
        {"life_stages": {"steps": [{"name": "top", "where": "customer_score > 50"}, {"name": "none", "where": "not eligible"}, {"name": "other"}]}}
    )  # fmt: skip
    now = standing(snapshot(), layer)
    assert now.columns["life_stage"].tolist() == ["top", "top", "other", "other"]
    then = standing(snapshot(eligible=False), layer, now.groups)
    assert then.columns["life_stage"].tolist() == ["none"] * 4
    assert then.columns["customer_score"].isna().all()


def test_segments_are_those_of_eligible_customers_with_the_fifths_they_follow_from() -> None:
    rows = snapshot().assign(not_eligible_because=[None, None, WHY, None])
    found = standing(rows).columns
    assert found["rfm_segment"].isna().tolist() == [False, False, True, False]
    assert found["rfm_monetary"].tolist()[:2] == [5, 3]
    assert np.isnan(found["rfm_monetary"][2])


@pytest.mark.parametrize("by", ["as_of", "customer_id", "not_eligible_because", "fee"])
def test_tiers_by_what_is_no_feature_are_refused(by: str) -> None:
    with pytest.raises(BadConfig, match=f"tiers.by = '{by}': no such feature"):
        standing(snapshot(), Layer.model_validate({"tiers": {"by": by}}))


def test_tiers_by_what_nobody_has_are_refused() -> None:
    with pytest.raises(BadConfig, match="no eligible customer has it, so nobody can be put into a tier by it"):
        standing(snapshot(), Layer.model_validate({"tiers": {"by": "nps_score_last"}}))


def test_where_nothing_tells_what_customers_are_worth_nobody_has_influence_of_zero() -> None:
    brought = pd.DataFrame({"customer_id": ["b"], "referred_by": ["a"]})
    assert standing(snapshot(), brought=brought).columns[INFLUENCE].tolist() == [50.0, 0.0, 0.0, 0.0]
    without = snapshot().drop(columns=["spend_sum", "order_day_count", "days_since_last_order"])
    found = standing(without, brought=brought).columns
    assert INFLUENCE not in found
    assert found[REALISED].isna().all()


def test_lifetime_value_by_hand(clv_without_prior: Bundle) -> None:
    rows = snapshot().assign(treatment_cost_sum=[4.0, 0.0, 0.0, 0.0], days_since_first_order=[180.0, 90.0, 600.0, 30.0])
    (name,) = (output.name for output in clv_without_prior.contract.outputs)
    expected = [30.0, 20.0, 10.0, 40.0]
    numbers = pd.DataFrame({CHURN: [0.5, 0.0, 1.0, 0.25], name: expected})
    for end in ("lower", "upper"):
        numbers[f"{name}_{end}_80"] = expected
    found = stand(
        rows,
        numbers,
        clv=clv_without_prior,
        brought=None,
        layer=Layer.model_validate({"value": {"horizon_days": 180, "discount_rate_per_year": 0.0}}),
        as_of=date(2024, 1, 1),
        horizon_days=90,
        windows_days=(30, 90),
    ).columns
    # two periods: 30 x 1.5, 20 x 2, 10 x 1, 40 x 1.75
    assert found[POTENTIAL].tolist() == [45.0, 40.0, 10.0, 70.0]
    assert found[AT_RISK].tolist() == [15.0, 0.0, 10.0, 10.0]  # risk times what is expected within one
    # 100 - 4 realised; touches of 4 in 180 days are 2 in 90, for 1.5 periods 3 more
    assert found[LIFETIME].tolist() == [96 + 45 - 3, 50 + 40, 20 + 10, 10 + 70]
