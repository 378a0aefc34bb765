"""Reasons in words: the customer's own value, a yardstick, which way it pushes and how far, and a remainder for the sum."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.feature import FAMILY_ZH
from models.bundle import Bundle
from models.calibration import Calibrator
from models.contract import TASKS, Task
from models.reasons.explanations import Explanation, Reason
from models.reasons.shares import TOLERANCE, shares
from models.reasons.strongest import Explainer
from models.tiers import TIERS
from models.yardsticks import Usuals, Yardsticks


@pytest.fixture(scope="session")
def told(bundles: dict[Task, Bundle], customers: pd.DataFrame) -> dict[Task, Bundle]:
    """The bundles with yardsticks from the customers themselves."""

    def with_yardsticks(bundle: Bundle) -> Bundle:
        read = bundle.inputs(customers)
        return replace(bundle, yardsticks=Yardsticks.fit(bundle.contract.explained, read, read))

    return {task: with_yardsticks(bundle) for task, bundle in bundles.items()}


def explanations(bundle: Bundle, rows: pd.DataFrame, **options: object) -> list[tuple[int, int, Explanation]]:
    """Every explanation with the row and the output it belongs to."""
    found = []
    for row, answers in enumerate(Explainer(bundle).explain(rows, **{"top": 20} | options)):
        for k, answer in enumerate(answers.values()):
            assert isinstance(answer, Explanation)
            found.append((row, k, answer))
    return found


def a_year_of_silence(customers: pd.DataFrame, **other: float) -> pd.DataFrame:
    """One customer who has not ordered for a year and a bit, with anything else changed."""
    ada = dict.fromkeys(customers.columns, np.nan) | {
        "days_since_last_order": 380.0,
        "days_since_first_order": 700.0,
        "days_first_to_last_order": 320.0,
        "order_count": 9.0,
        "order_day_count": 9.0,
        "spend_sum": 1234.5,
        "refund_sum": 0.0,
        "spend_sum_90d": 0.0,
        "gap_days_mean": 40.0,
    }
    return pd.DataFrame([ada | other])


def about(found: Explanation, feature: str) -> Reason:
    (reason,) = [reason for reason in found.reasons if reason.feature == feature]
    return reason


def test_a_reason_says_the_value_the_usual_one_the_way_and_the_size(told: dict[Task, Bundle], customers: pd.DataFrame) -> None:
    ((_, _, found),) = explanations(told["churn"], a_year_of_silence(customers))
    reason = about(found, "days_since_last_order")
    points = found.points.shares[found.reasons.index(reason)]
    rest = ", which with the rest of recency" if "rest of" in reason.text else ", which"
    assert reason.share > 0
    assert (reason.family, reason.label, reason.value) == ("recency", "days since the last order", 380)
    assert (
        reason.text
        == f"Days since the last order: 380 days (usually 40 days){rest} raises the risk of leaving by {points:.1f} points"
    )
    rest = "，与“最近购买”类其他因素合计，" if "rest of" in rest else "，"
    assert reason.text_zh == f"距上次下单天数：380天（平时40天）{rest}使流失风险上升{points:.1f}个百分点"


def test_a_usual_value_that_reads_as_her_own_is_not_said_twice(told: dict[Task, Bundle], customers: pd.DataFrame) -> None:
    ((_, _, found),) = explanations(told["churn"], a_year_of_silence(customers, gap_days_mean=380.04))
    reason = about(found, "days_since_last_order")
    assert reason.text.startswith("Days since the last order: 380 days (as usual), which")
    assert reason.text_zh.startswith("距上次下单天数：380天（与平时相同），")


def test_without_a_usual_value_of_her_own_the_median_of_her_tier_is_said(
    told: dict[Task, Bundle], customers: pd.DataFrame
) -> None:
    bundle, rows = told["churn"], a_year_of_silence(customers, gap_days_mean=np.nan)
    sticks = bundle.yardsticks
    ((_, _, found),) = explanations(bundle, rows)
    (tier,) = sticks.tiers.of(bundle.inputs(rows))
    lead = [column.name for column in bundle.contract.explained].index("days_since_last_order")
    median = f"{sticks.medians[tier + 1][lead]:,.1f}".removesuffix(".0")
    text = about(found, "days_since_last_order")
    assert f" 380 days (median of {TIERS[tier].name} customers: {median} days)" in text.text
    assert f"：380天（{TIERS[tier].name_zh}客户中位数：{median}天）" in text.text_zh


def test_where_it_is_not_known_what_she_spent_the_median_of_all_is_said(
    told: dict[Task, Bundle], customers: pd.DataFrame
) -> None:
    ((_, _, found),) = explanations(told["churn"], a_year_of_silence(customers, spend_sum=np.nan, gap_days_mean=np.nan))
    assert any("(median of all customers: " in reason.text for reason in found.reasons)
    assert any("（全部客户中位数：" in reason.text_zh for reason in found.reasons)
    assert not any("gold customers" in reason.text for reason in found.reasons)


def test_where_nobody_in_her_tier_has_a_value_the_median_of_all_is_said(
    told: dict[Task, Bundle], customers: pd.DataFrame
) -> None:
    bundle, rows = told["churn"], a_year_of_silence(customers, gap_days_mean=np.nan)
    lead = [column.name for column in bundle.contract.explained].index("days_since_last_order")
    everybody, *tiers = bundle.yardsticks.medians
    without = tuple((*own[:lead], None, *own[lead + 1 :]) for own in tiers)
    sticks = bundle.yardsticks.model_copy(update={"medians": (everybody, *without)})
    ((_, _, found),) = explanations(replace(bundle, yardsticks=sticks), rows)
    assert "(median of all customers: " in about(found, "days_since_last_order").text
    assert "（全部客户中位数：" in about(found, "days_since_last_order").text_zh


def test_what_is_said_to_be_the_same_is_not_said_to_lie_beyond(told: dict[Task, Bundle], customers: pd.DataFrame) -> None:
    bundle = told["churn"]
    lead = [column.name for column in bundle.contract.explained].index("days_since_last_order")
    highest = (*bundle.yardsticks.highest[:lead], 398.04, *bundle.yardsticks.highest[lead + 1 :])
    told_end = replace(bundle, yardsticks=bundle.yardsticks.model_copy(update={"highest": highest}))
    for days, beyond in ((398.04, False), (398.0449, False), (398.3, True)):
        ((_, _, found),) = explanations(told_end, a_year_of_silence(customers, days_since_last_order=days))
        assert ("never seen above 398 days" in about(found, "days_since_last_order").text) == beyond


def test_a_value_that_was_never_seen_is_said_to_be_one(told: dict[Task, Bundle], customers: pd.DataFrame) -> None:
    highest = customers["days_since_last_order"].max()
    ((_, _, found),) = explanations(told["churn"], a_year_of_silence(customers, days_since_last_order=9_999))
    text = about(found, "days_since_last_order")
    assert f"9,999 days (never seen above {highest:.0f} days)" in text.text
    assert f"9,999天（训练数据中从未超过{highest:.0f}天）" in text.text_zh


@pytest.mark.parametrize("task", TASKS)
def test_a_missing_value_is_said_not_to_be_known(told: dict[Task, Bundle], customers: pd.DataFrame, task: Task) -> None:
    nothing = pd.DataFrame([dict.fromkeys(customers.columns, np.nan)])
    reasons = [reason for _, _, found in explanations(told[task], nothing) for reason in found.reasons]
    assert reasons
    for reason in reasons:
        if reason.value is None:
            assert re.match(r"[^:]+: not known, which ", reason.text)
            assert re.search("：未知，(与“.+”类其他因素合计，)?使", reason.text_zh)
    assert any(reason.value is None for reason in reasons)


@pytest.mark.parametrize("task", TASKS)
def test_a_thousand_sentences_read_back_say_what_the_numbers_say(
    told: dict[Task, Bundle], customers: pd.DataFrame, odd_customers: pd.DataFrame, task: Task
) -> None:
    """Way, size, value and usual value in both languages, parsed again and compared with the numbers they come from."""
    bundle = told[task]
    read_back = 0
    for rows in (customers, odd_customers):
        inputs = bundle.inputs(rows)
        for row, k, found in explanations(bundle, rows):
            output = bundle.contract.outputs[k]
            sizes = [reason.share for reason in found.reasons] if task == "clv" else found.points.shares
            for reason, size in zip(found.reasons, sizes, strict=True):
                for text, parsed in ((reason.text, read_english(reason.text)), (reason.text_zh, read_chinese(reason.text_zh))):
                    label, value, usual, family, way, label_of_output, moved = parsed
                    assert label.lower() == (reason.label if text == reason.text else reason.label_zh).lower()
                    assert way == (reason.share > 0), text
                    assert label_of_output in (output.label, output.label_zh)
                    if "less than" in text or "不到" in text:
                        assert abs(size) < moved, text
                    else:
                        assert moved == pytest.approx(abs(size), abs=0.0501 if task != "clv" else 0.00501), text
                    assert family in ("", reason.family, FAMILY_ZH[reason.family])
                    expected = inputs.numbers[row, inputs.place[reason.feature]]
                    assert said_number(value) == pytest.approx(expected, abs=0.0501, nan_ok=True), text
                    if usual:
                        place = np.array([inputs.place[reason.feature]])
                        own = Usuals.of(bundle.contract.explained).at(inputs, np.array([row]), place)
                        assert said_number(usual) == pytest.approx(own[0], abs=0.0501), text
                    read_back += 1
    assert read_back > 1_000


ENGLISH = re.compile(
    r"(?P<label>.+?): (?P<value>[^(]+?)(?: \((?:usually (?P<usual>[^)]+)|[^)]+)\))?, which(?: with the rest of (?P<family>\w+))? "
    r"(?P<way>raises|lowers) the (?P<output>.+) by (?:less than )?(?P<size>.+)"
)
CHINESE = re.compile(
    r"(?P<label>.+?)：(?P<value>[^（]+?)(?:（(?:平时(?P<usual>[^）]+)|[^）]+)）)?，(?:与“(?P<family>.+)”类其他因素合计，)?"
    r"使(?P<output>.+)(?P<way>上升|下降)(?:不到)?(?P<size>.+)"
)


def read_english(text: str) -> tuple[str, str, str, str, bool, str, float]:
    found = ENGLISH.fullmatch(text)
    assert found, text
    return parts(found, found["way"] == "raises")


def read_chinese(text: str) -> tuple[str, str, str, str, bool, str, float]:
    found = CHINESE.fullmatch(text)
    assert found, text
    return parts(found, found["way"] == "上升")


def parts(found: re.Match[str], way: bool) -> tuple[str, str, str, str, bool, str, float]:
    usual, family = found["usual"] or "", found["family"] or ""
    return found["label"], found["value"], usual, family, way, found["output"], said_number(found["size"])


def said_number(text: str) -> float:
    """The number in a text; percent as a share."""
    if text in ("not known", "未知"):
        return np.nan
    number = float(re.search(r"-?[\d.]+", re.sub(r"[,£€¥]", "", text))[0])
    return number / 100 if "%" in text else number


@pytest.mark.parametrize("top", [1, 3, 20])
def test_base_reasons_and_rest_add_up_on_every_scale(bundle: Bundle, odd_customers: pd.DataFrame, top: int) -> None:
    stake = np.linspace(0, 500, len(odd_customers))
    served = bundle.predict(odd_customers)
    for row, k, found in explanations(bundle, odd_customers, top=top, stake=stake):
        answer = served.iloc[row][bundle.contract.outputs[k].name]
        assert len(found.reasons) <= top
        assert found.base + sum(reason.share for reason in found.reasons) + found.rest == pytest.approx(found.total, abs=1e-9)
        if bundle.contract.link == "exp":
            assert found.total == pytest.approx(answer, abs=TOLERANCE)
            assert found.points is None
            assert found.money is None
        else:
            assert found.total == pytest.approx(np.log(answer / (1 - answer)), abs=TOLERANCE)
            for other, total in ((found.points, 100 * answer), (found.money, stake[row] * answer)):
                assert other.base + sum(other.shares) + other.rest == pytest.approx(other.total, abs=1e-9)
                assert other.total == pytest.approx(total, abs=TOLERANCE)
                assert [np.sign(share) for share in other.shares] == [
                    np.sign(reason.share) if total else 0 for reason in found.reasons
                ]


@pytest.mark.parametrize("task", ["churn", "propensity"])
def test_with_all_families_given_points_and_money_leave_no_rest_and_begin_at_the_base(
    bundles: dict[Task, Bundle], odd_customers: pd.DataFrame, task: Task
) -> None:
    stake = np.linspace(0, 500, len(odd_customers))
    for row, _, found in explanations(bundles[task], odd_customers, top=20, stake=stake):
        chance = 1 / (1 + np.exp(-found.base))
        for other, size in ((found.points, 100), (found.money, stake[row])):
            assert other.base == pytest.approx(size * chance, abs=1e-4)
            assert other.rest == pytest.approx(0, abs=1e-4)
            assert sum(other.shares) == pytest.approx(other.total - other.base, abs=1e-4)
            if abs(found.total - found.base) > 0.1:
                rate = (other.total - other.base) / (found.total - found.base)
                assert other.shares == pytest.approx([rate * reason.share for reason in found.reasons], rel=1e-4, abs=1e-4)


def test_a_reason_has_the_share_of_its_family_and_the_feature_that_pushes_hardest_its_way(
    bundle: Bundle, odd_customers: pd.DataFrame
) -> None:
    found_shares = shares(bundle, odd_customers)
    columns = bundle.contract.explained
    for row, k, found in explanations(bundle, odd_customers):
        assert len({reason.family for reason in found.reasons}) == len(found.reasons)
        for reason in found.reasons:
            own = {
                column.name: found_shares.values[row, k, place]
                for place, column in enumerate(columns)
                if column.family == reason.family
            }
            assert reason.share == pytest.approx(sum(own.values()))
            assert reason.feature == max(own, key=lambda name: own[name] * np.sign(reason.share))
            several = sum(share != 0 for share in own.values()) > 1
            assert (" with the rest of " in reason.text) == several


def test_the_reason_that_matters_most_comes_first_and_what_changed_nothing_is_none(
    bundle: Bundle, odd_customers: pd.DataFrame
) -> None:
    for _, _, found in explanations(bundle, odd_customers):
        sizes = [abs(reason.share) for reason in found.reasons]
        assert sizes == sorted(sizes, reverse=True)
        assert all(sizes)
        assert found.rest == pytest.approx(0, abs=1e-4)  # all families are given


def test_the_rest_is_what_the_reasons_left_out_would_have_added(bundle: Bundle, customers: pd.DataFrame) -> None:
    few, every = (explanations(bundle, customers.head(50), top=top) for top in (2, 20))
    for (_, _, less), (_, _, more) in zip(few, every, strict=True):
        assert less.reasons == more.reasons[:2]
        assert less.rest == pytest.approx(sum(reason.share for reason in more.reasons[2:]), abs=1e-4)


def test_no_code_name_of_a_feature_is_ever_said(bundle: Bundle, odd_customers: pd.DataFrame) -> None:
    names = [column.name for column in bundle.contract.explained]
    said = [
        word
        for _, _, found in explanations(bundle, odd_customers)
        for reason in found.reasons
        for word in (reason.text, reason.text_zh, reason.label, reason.label_zh)
    ]
    assert len(said) > 100
    assert not [text for text in said if re.search(r"[a-z0-9]_[a-z0-9]", text) or any(name in text for name in names)]


def test_of_one_customer_who_does_not_add_up_only_she_is_left_without_reasons(
    bundle: Bundle, customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest: Callable[..., np.ndarray] = Calibrator.linear

    def tampered(self: Calibrator, margins: np.ndarray) -> np.ndarray:
        margins = honest(self, margins)
        margins[1, 0] += 0.01
        return margins

    monkeypatch.setattr(Calibrator, "linear", tampered)
    found = Explainer(bundle).explain(customers.head(3), top=3)
    name = bundle.contract.outputs[0].name
    assert found[1][name] == "the reasons miss the served number by 0.01 (allowed 0.0001)"
    others = [answer for row, answers in enumerate(found) for output, answer in answers.items() if (row, output) != (1, name)]
    assert all(isinstance(answer, Explanation) for answer in others)


def test_explained_in_parts_or_alone_a_customer_has_the_same_reasons(
    bundle: Bundle, odd_customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = Explainer(bundle).explain(odd_customers, top=3)
    alone = [Explainer(bundle).explain(odd_customers.iloc[[row]], top=3)[0] for row in range(len(odd_customers))]
    columns = Explainer(bundle).columns(odd_customers, top=3)
    monkeypatch.setattr("models.reasons.strongest.ROWS_AT_ONCE", 7)
    by_threads = Explainer(bundle).columns(odd_customers, top=3, threads=3)
    assert [column.explanations.equals(by_threads[name].explanations) for name, column in columns.items()] == [True] * len(
        columns
    )
    in_parts = Explainer(bundle).explain(odd_customers, top=3)
    texts = [[[reason.text for reason in one.reasons] for one in row.values()] for row in together]
    for others in (in_parts, alone):
        assert texts == [[[reason.text for reason in one.reasons] for one in row.values()] for row in others]


def test_of_where_a_model_starts_from_the_average_is_said_because_the_base_is_the_average_customer(
    told: dict[Task, Bundle], customers: pd.DataFrame
) -> None:
    bundle = told["churn"]
    assert bundle.contract.starts_from_prior
    name, average = bundle.prior.offset_column("sigmoid"), 100 * bundle.prior.order_probability_mean
    reasons = [reason for _, _, found in explanations(bundle, customers) for reason in found.reasons if reason.feature == name]
    known = [reason for reason in reasons if "never seen" not in reason.text]
    assert known
    for reason in known:
        assert f" (average of all customers: {average:.1f}".removesuffix(".0") in reason.text
        assert f"（全部客户平均：{average:.1f}".removesuffix(".0") in reason.text_zh
