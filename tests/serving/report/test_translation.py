"""The report in Chinese: every text has a message, and a message keeps the values of its text."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from datetime import datetime

import pytest

from serving.report.build import report_file
from serving.report.shown import shown_texts
from serving.report.translation import SLOT, Chinese, catalogue
from tests.serving.conftest import Demo

OWN = {"risk of leaving": "流失风险", "at risk": "流失预警客户"}
DATA = ("orders", "customers", "bags", "kitchen and table", "loan, or credit", "EUR")
CHINESE = Chinese({**OWN, **{word: word for word in DATA}})
STAYS = re.compile(  # codes, versions, words of libraries, other languages
    r"English|CSV|[A-Z]{3}|-?[A-Z]{2,3} ?[£€$¥]?[\d.,]+|[\w]+(?:[.:-]\w+)+(?: v\d+)?|[0-9a-f]{12,16}"
)
TERMS = re.compile(  # of the field, codes and file names, which Chinese writes as they are
    r"\b(?:AUC|Brier|CRPS|EMPC|PSI|NPS|CSAT|BTYD|MBG/NBD|Gamma-Gamma|Platt|Spearman|Tweedie|L2|JavaScript|where|once_per|nullif|random|rule|"
    r"scale_min|scale_max|nps|csat|ces|rating|features/|[A-Z]{3}|[A-Z]{2}\$|\de\+\d+|\w+(?:[./]\w+)+)(?![A-Za-z])",
    re.ASCII,
)
MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"


@pytest.mark.parametrize(
    ("en", "zh"),
    [
        ("Summary", "摘要"),
        ("12.3 %", "12.3%"),
        ("9 Sep 2011", "2011年9月9日"),
        ("2011-06-11", "2011年6月11日"),
        ("Jul 2010", "2010年7月"),
        ("9 December", "12月9日"),
        ("1 order", "1单"),
        ("94 days", "94天"),
        ("1.604 x", "1.604倍"),
        ("€1,083", "€1,083"),
        ("-CHF 1,083", "-CHF 1,083"),
        ("0.798 to 0.820", "0.798至0.820"),
        ("89.1 % (84 %)", "89.1%（84%）"),
        ("30, 90, 180", "30、90、180"),
        ("Rows of orders", "orders表的行"),
        ("Risk of leaving", "流失风险"),
        ("On AUC, Brier score and log-loss no difference to the best baseline can be told.", "在AUC、Brier分数、对数损失上，模型与最佳基线差异不显著。"),
        ("Leaving means: no order within 90 days. No cost is mapped: it is revenue and not profit.", "流失指：90天内不下单。未映射成本：这是收入而非利润。"),
        ("What drives the risk of leaving", "流失风险的驱动因素"),
        ("better by 0.083 (0.065 to 0.099)", "优于基线0.083（0.065至0.099）"),
        ("better by 8.6 points (3.0 to 12.9)", "优于基线8.6个百分点（3.0至12.9）"),
        (
            "Logistic regression is ahead on lift of the top tenth in 1, Brier score in 2 and log-loss in 2 of 8 categories.",
            "8个品类中，逻辑回归显著领先的指标及品类数：最高十分位组的提升度（1）、Brier分数（2）、对数损失（2）。",
        ),
        (
            "It is behind the best baseline, by more than chance, on calibration error (base rate: 1.0 %, but gives everybody the "
            "same number) and AUC (recency rule: 0.812).",
            "在校准误差（总体比率：1.0%，但对每个人给出相同的数字）、AUC（最近购买规则：0.812）上，模型显著不如最佳基线。",
        ),
        (
            "We expect 33 % of them (195) to leave, as tables.labels.churned says and all of them together to bring €28,270 "
            "within 30 days.",
            "预计其中33%（195位）会流失（以tables.labels.churned为准），全部客户在30天内合计带来€28,270。",
        ),
        (
            "In total, churn was 6.8 % too high; clv was 6.9 % too low; propensity was between 33.2 % too low and 1.4 % too high, by category.",
            "总量上，流失偏高6.8%；客户终身价值偏低6.9%；购买倾向按品类在偏低33.2%与偏高1.4%之间。",
        ),
        (
            "On 9 Sep 2011 it held the outcome of 78.2 % of all customers and 83.4 % of the tenth predicted highest.",
            "在2011年9月9日，它包含了全部客户中78.2%、预测最高的十分位组中83.4%的实际结果。",
        ),
        (
            "conformal, from customers on inner dates (1,234 in the 90 days from 2023-06-30 and 987 in the 90 days from 2023-04-01), by "
            "models fitted without them and on the level of each date",
            "共形预测区间，来自内部日期的客户（2023年6月30日起90天内1,234位、2023年4月1日起90天内987位），由未用这些客户拟合的模型按各日期的水平得出",
        ),
        (
            "Nothing is known from 300 of 4,321 rows of orders and 5 of 6 rows of customers: they are in quarantine, with the reason, "
            "and no customer's numbers hold them.",
            "orders表4,321行中的300行、customers表6行中的5行未被使用：它们连同原因在隔离区中，不计入任何客户的数字。",
        ),
        (
            "We expect 444 of them to buy kitchen and table, 117 of them to buy loan, or credit and 3 of them to buy bags.",
            "预计444位会购买kitchen and table、117位会购买loan, or credit，3位会购买bags。",
        ),
    ],
)  # fmt: skip
def test_texts_with_their_values(en: str, zh: str) -> None:
    assert CHINESE.say(en) == zh


def test_what_no_message_says_is_nothing() -> None:
    assert CHINESE.say("We went to the market to buy a hat.") is None
    assert CHINESE.say("something unheard of") is None
    assert CHINESE.say("") == ""


def test_no_english_is_left_within_chinese() -> None:
    assert CHINESE.say("What drives the risk of leaving") == "流失风险的驱动因素"
    assert CHINESE.say("What drives the price of tea") is None


def test_the_message_with_most_letters_of_its_own_is_meant() -> None:
    chinese = Chinese(
        {}, {"{a} days": "{a}天", "within {a} days": "{a}天内", "within {a}": "在{a}之内", "within 7 days": "一周内"}
    )
    assert [chinese.say(text) for text in ("8 days", "within 8 days", "within 8", "within 7 days")] == [
        "8天",
        "8天内",
        "在8之内",
        "一周内",
    ]


def test_a_less_specific_message_is_taken_where_a_slot_of_the_other_is_not_understood() -> None:
    chinese = Chinese({"tea": "茶", "tea for two": "双人茶"}, {"buys {a} for {n}": "用{n}买{a}", "buys {a}": "买{a}"})
    assert chinese.say("buys tea for 3") == "用3买茶"
    assert chinese.say("buys tea for two") == "买双人茶"


def test_what_stands_in_slots_is_translated_in_its_turn() -> None:
    chinese = Chinese({}, {"on {a}": "在{a}", "{a}: {b}": "{a}：{b}", "closed by {a}": "{a}前结束", "a window": "一个窗口"})
    assert chinese.say("on 9 Sep 2011: a window, closed by 3 Oct 2011") == "在2011年9月9日：一个窗口、2011年10月3日前结束"


def test_a_slot_ends_where_all_slots_are_understood() -> None:
    chinese = Chinese({"salt and pepper": "盐和胡椒", "oil": "油"}, {"{a} and {b} are sold": "售卖{a}与{b}"})
    assert chinese.say("salt and pepper and oil are sold") == "售卖盐和胡椒与油"


def test_numbers_and_data_have_slots_of_their_own() -> None:
    chinese = Chinese({}, {"{n} of {n2}": "{n2}中的{n}", "{data} is missing": "{data}缺失"})
    assert chinese.say("1,083 of 2,000") == "2,000中的1,083"
    assert chinese.say("some of all") is None
    assert chinese.say("c (upper(id)) is missing") == "c (upper(id))缺失"
    assert chinese.say("c is missing; d is missing") == "c缺失；d缺失"


def test_a_word_of_the_page_that_the_data_have_too_is_the_pages_unless_it_stands_in_a_sentence() -> None:
    assert CHINESE.say_text("customers") == "客户数"
    assert CHINESE.say_text("Rows of customers") == "customers表的行"
    assert CHINESE.say_text("at risk") == "流失预警客户"


def test_braces_and_markup_in_data_are_text() -> None:
    odd = '{a} {0} {} <script>"</script>'
    assert Chinese({odd: odd}).say(f"expected to buy {odd}") == f"预计购买{odd}的客户占比"


def test_long_texts_that_nobody_understands_are_soon_given_up() -> None:
    for odd in ("a, and (b to c: d) of e. F; g " * 40, "a and " * 200, "1 to 2 (3 to 4), " * 100):
        assert CHINESE.say(f"{odd}x (y) is unheard of") is None


def test_a_long_list_is_said() -> None:
    assert CHINESE.say("; ".join(f"buys bags within {n} days" for n in range(500))).count("购买bags") == 500  # type: ignore[union-attr]


def test_every_message_fills_the_slots_of_its_text() -> None:
    for en, zh in catalogue().items():
        assert sorted(SLOT.findall(en)) == sorted(SLOT.findall(zh)), en
        assert "(" not in zh or en == zh, zh  # brackets of the language
        assert not re.search("[,;:?!]", zh.replace("project.currency", "")), zh


def in_chinese(page: str) -> dict[str, str]:
    """The Chinese that a page brings along, by the English text."""
    (found,) = re.findall(r'<script type="application/json" id="zh">(.*?)</script>', page, flags=re.DOTALL)
    return dict(json.loads(found))


def untranslated(page: str, data: Collection[str]) -> list[str]:
    """The texts of a page that have no Chinese and should: neither codes nor words of the company's data."""
    chinese = in_chinese(page)
    missing = [text for text in shown_texts(page) if text not in chinese and re.search("[A-Za-z]", text)]
    return [text for text in missing if text not in data and not STAYS.fullmatch(text)]


def half_translated(chinese: dict[str, str], data: Iterable[str]) -> list[str]:
    """What is Chinese with English words in it that are neither terms of the field nor of the company's data."""
    words = re.compile("|".join(re.escape(word) for word in sorted(data, key=len, reverse=True)) or "(?!)")
    return [zh for zh in chinese.values() if re.search("[A-Za-z]", words.sub("", TERMS.sub("", zh)))]


def values(text: str) -> tuple[list[tuple[int, ...]], list[str]]:
    """The dates of an English or Chinese text, and its other numbers."""
    dates: list[tuple[int, ...]] = []

    def found(match: re.Match[str]) -> str:
        year, month, day, *_ = (match.groupdict().get(part) for part in ("year", "month", "day"))
        number = int(month) if str(month).isdigit() else datetime.strptime(str(month)[:3], "%b").month
        dates.append((int(year or 0), number, int(day or 0)))
        return ""

    for form in (
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)",
        r"(?P<year>\d{4})年(?P<month>\d+)月(?:(?P<day>\d+)日)?",
        r"(?P<month>\d+)月(?P<day>\d+)日",
        rf"(?:(?P<day>\d+) )?\b(?P<month>{MONTHS})[a-z]* (?P<year>\d{{4}})",
        rf"(?P<day>\d+) (?P<month>{MONTHS})[a-z]*\b",
    ):
        text = re.sub(form, found, text)
    return sorted(dates), sorted(number.rstrip(".,") for number in re.findall(r"\d[\d,]*\.?\d*", text))


@pytest.fixture(scope="module")
def page(demo: Demo) -> str:
    """The report of the main job."""
    return report_file(demo.project).read_text(encoding="utf-8")


def test_every_text_of_the_report_is_there_in_chinese(page: str, demo: Demo) -> None:
    assert untranslated(page, demo.manifest.categories) == []
    assert half_translated(in_chinese(page), (*demo.manifest.categories, "online_retail", "customer_id", "orders")) == []


def test_values_are_the_same_in_both_languages(page: str) -> None:
    chinese = in_chinese(page)
    assert len(chinese) > 500
    assert [(en, zh) for en, zh in chinese.items() if values(en) != values(zh)] == []


def test_values_are_read_in_both_languages() -> None:
    assert values("On 9 Sep 2011, 5 of 1,083 (Jul 2010, 9 December)") == (
        [(0, 12, 9), (2010, 7, 0), (2011, 9, 9)],
        ["1,083", "5"],
    )
    assert values("2011年9月9日，1,083中的5（2010年7月，12月9日）") == (
        [(0, 12, 9), (2010, 7, 0), (2011, 9, 9)],
        ["1,083", "5"],
    )


def test_no_slot_is_left_on_the_page(page: str) -> None:
    assert [zh for zh in in_chinese(page).values() if SLOT.search(zh)] == []
