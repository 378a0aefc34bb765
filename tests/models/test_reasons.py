"""Reasons in words: the customer's own value, which way it pushes, how far, and a remainder so that the sum holds."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest

from models.bundle import Bundle
from models.calibration import Calibrator
from models.contract import Task
from models.reasons import Explanation, Reason, explain, points_per_log_odds, say_value
from models.shares import ExplanationUnavailable, shares


def only(bundle: Bundle, row: pd.Series, *, top: int = 50) -> Explanation:
    """The explanation of the first output for one customer."""
    return explain(bundle, row.to_frame().T, top=top)[0][bundle.contract.outputs[0].name]


def reason_about(found: Explanation, feature: str) -> Reason:
    (reason,) = [reason for reason in found.reasons if reason.feature == feature]
    return reason


@pytest.fixture(scope="session")
def ada(customers: pd.DataFrame) -> pd.Series:
    """A customer with a year's silence, one order, no usual gap and no tea."""
    return pd.Series(
        {
            "days_since_last_order": 380.0,
            "days_since_first_order": 380.0,
            "days_first_to_last_order": 0.0,
            "order_count": 1.0,
            "order_day_count": 1.0,
            "spend_sum": 1234.5,
            "refund_sum": 0.0,
            "spend_sum_90d": 0.0,
            "gap_days_mean": math.nan,
            "days_since_last_order_of_tea": math.nan,
        }
    )[list(customers.columns)]


def test_a_reason_says_the_value_the_direction_and_the_size(bundles: dict[Task, Bundle], ada: pd.Series) -> None:
    found = only(bundles["churn"], ada)
    reason = reason_about(found, "days_since_last_order")
    assert reason.share > 0
    assert (reason.value, reason.label) == (380, "days since the last order")
    points = reason.share * points_per_log_odds(found.base, found.total)
    assert reason.text == f"Days since the last order: 380; raises the risk of leaving by {points:.1f} points"


def test_a_reason_for_less_is_said_to_lower(bundles: dict[Task, Bundle], ada: pd.Series) -> None:
    reason = reason_about(only(bundles["churn"], ada.replace(380, 3)), "days_since_last_order")
    assert reason.share < 0
    assert re.fullmatch(r"Days since the last order: 3; lowers the risk of leaving by \d+\.\d points", reason.text)


def test_a_reason_for_an_amount_speaks_of_money(bundles: dict[Task, Bundle], ada: pd.Series) -> None:
    lately = ada.replace(380, 20).replace(0, 1234.5)
    reason = reason_about(only(bundles["clv"], lately), "spend_sum_90d")
    assert reason.share > 0
    assert reason.text == (
        f"Spend in the last 90 days, before refunds: 1,234.50 EUR; raises the expected value by {reason.share:,.2f} EUR"
    )


def test_a_reason_for_a_smaller_amount_says_by_how_much_without_a_sign(bundles: dict[Task, Bundle], ada: pd.Series) -> None:
    reason = reason_about(only(bundles["clv"], ada), "spend_sum_90d")
    assert reason.share < 0
    assert reason.text.endswith(f": 0.00 EUR; lowers the expected value by {-reason.share:,.2f} EUR")


def test_the_points_of_all_reasons_add_up_to_the_change_of_the_probability(
    bundles: dict[Task, Bundle], customers: pd.DataFrame
) -> None:
    for row in explain(bundles["churn"], customers, top=50):
        (found,) = row.values()
        base, total = (1 / (1 + np.exp(-odds)) for odds in (found.base, found.total))
        points = [float(re.findall(r"by ([\d,.]+) points$", reason.text)[0]) for reason in found.reasons]
        signed = [np.sign(reason.share) * size for reason, size in zip(found.reasons, points, strict=True)]
        assert sum(signed) == pytest.approx(100 * (total - base), abs=0.05 * len(points) + 0.01)


@pytest.mark.parametrize("base", [-6.0, -0.5, 0.0, 2.0])
@pytest.mark.parametrize("moved", [-3.0, -1e-3, -1e-12, 0.0, 1e-12, 1e-3, 3.0])
def test_shares_times_their_rate_are_percentage_points(base: float, moved: float) -> None:
    low, high = (1 / (1 + np.exp(-odds)) for odds in (base, base + moved))
    assert points_per_log_odds(base, base + moved) * moved == pytest.approx(100 * (high - low), rel=1e-6, abs=1e-9)
    assert points_per_log_odds(base, base + moved) > 0


def test_what_is_not_known_is_said_to_be_not_known(bundle: Bundle, ada: pd.Series) -> None:
    texts = {}
    for explanation in explain(bundle, ada.to_frame().T, top=50)[0].values():
        for reason in explanation.reasons:
            if math.isnan(ada.get(reason.feature, 0.0)):
                assert reason.value is None
                texts[reason.feature] = reason.text
    assert texts
    assert all(": not known; " in text for text in texts.values())
    assert not any("nan" in text.lower() for text in texts.values())


def test_no_text_or_label_holds_the_name_of_a_column(bundle: Bundle, odd_customers: pd.DataFrame) -> None:
    names = [*bundle.contract.features, *(output.name for output in bundle.contract.outputs)]
    said = [
        word
        for row in explain(bundle, odd_customers, top=50)
        for explanation in row.values()
        for reason in explanation.reasons
        for word in (reason.text, reason.label)
    ]
    assert len(said) > 100
    assert not [text for text in said if re.search(r"[a-z0-9]_[a-z0-9]", text) or any(name in text for name in names)]


def test_every_text_says_which_way_its_share_goes(bundle: Bundle, odd_customers: pd.DataFrame) -> None:
    for row in explain(bundle, odd_customers, top=50):
        for output, explanation in zip(bundle.contract.outputs, row.values(), strict=True):
            for reason in explanation.reasons:
                assert f"; {'raises' if reason.share > 0 else 'lowers'} the {output.label} " in reason.text


@pytest.mark.parametrize("top", [1, 3, 6, 50])
def test_base_reasons_and_rest_add_up_to_the_served_number(bundle: Bundle, odd_customers: pd.DataFrame, top: int) -> None:
    served = bundle.predict(odd_customers)
    for row, explanations in enumerate(explain(bundle, odd_customers, top=top)):
        assert list(explanations) == [output.name for output in bundle.contract.outputs]
        for name, found in explanations.items():
            assert len(found.reasons) <= top
            added = found.base + sum(reason.share for reason in found.reasons) + found.rest
            assert added == pytest.approx(found.total, abs=1e-9)
            answer = served.loc[row, name]
            assert found.total == pytest.approx(
                answer if bundle.contract.link == "exp" else np.log(answer / (1 - answer)), abs=1e-4
            )


def test_with_every_reason_given_nothing_is_left_over(bundle: Bundle, odd_customers: pd.DataFrame) -> None:
    for row in explain(bundle, odd_customers, top=50):
        for found in row.values():
            assert found.rest == pytest.approx(0, abs=1e-4)


def test_the_rest_is_what_the_reasons_left_out_would_have_added(bundle: Bundle, customers: pd.DataFrame) -> None:
    for few, all_ in zip(explain(bundle, customers, top=2), explain(bundle, customers, top=50), strict=True):
        for name in few:
            left_out = sum(reason.share for reason in all_[name].reasons[2:])
            assert few[name].rest == pytest.approx(left_out, abs=1e-4)
            assert few[name].reasons == all_[name].reasons[:2]


def test_the_reason_that_matters_most_comes_first(bundle: Bundle, odd_customers: pd.DataFrame) -> None:
    found = shares(bundle, odd_customers)
    for row, explanations in enumerate(explain(bundle, odd_customers, top=3)):
        for k, explanation in enumerate(explanations.values()):
            sizes = [abs(reason.share) for reason in explanation.reasons]
            assert sizes == sorted(sizes, reverse=True)
            assert sizes == sorted(np.abs(found.values[row, k]), reverse=True)[: len(sizes)]


def test_a_feature_that_changed_nothing_is_no_reason(bundle: Bundle, odd_customers: pd.DataFrame) -> None:
    for row in explain(bundle, odd_customers, top=50):
        for explanation in row.values():
            assert all(reason.share != 0 for reason in explanation.reasons)


def test_reasons_that_would_not_be_true_are_not_given(
    bundle: Bundle, customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Calibrator, "linear", lambda _, margins: margins * 1.01 + 5)
    with pytest.raises(ExplanationUnavailable, match="the reasons miss the served number"):
        explain(bundle, customers, top=3)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (94.0, "days", "94"),
        (0.0, "days", "0"),
        (1234.0, "orders", "1,234"),
        (2.345, "ratio", "2.3"),
        (-2.0, "orders", "-2"),
        (1234.5, "money", "1,234.50 EUR"),
        (-0.5, "money", "-0.50 EUR"),
        (math.nan, "money", "not known"),
        (math.nan, "days", "not known"),
    ],
)
def test_values_are_said_as_a_reader_expects_them(value: float, unit: str, said: str) -> None:
    assert say_value(value, unit, "EUR") == said
