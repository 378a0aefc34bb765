"""Numbers, money, dates and units as readers of a language expect them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Literal, get_args

from babel.dates import format_date
from babel.numbers import get_currency_precision, get_currency_symbol

from features.feature import Unit

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LOCALES: dict[Language, str] = {"en": "en_GB", "zh": "zh_Hans_CN"}  # both write 1,234.5
UNKNOWN: dict[Language, str] = {"en": "not known", "zh": "未知"}
YES_NO: dict[Language, tuple[str, str]] = {"en": ("no", "yes"), "zh": ("否", "是")}
UNITS: dict[Unit, tuple[str, str, str]] = {  # one, several, and in Chinese
    "days": (" day", " days", "天"),
    "orders": (" order", " orders", "单"),
    "lines": (" line", " lines", "行"),
    "units": (" unit", " units", "件"),
    "products": (" product", " products", "种"),
    "categories": (" category", " categories", "类"),
    "refunds": (" refund", " refunds", "笔"),
    "contacts": (" contact", " contacts", "次"),
    "complaints": (" complaint", " complaints", "件"),
    "answers": (" answer", " answers", "次"),
    "points": (" point", " points", "分"),
    "subscriptions": (" subscription", " subscriptions", "份"),
    "treatments": (" treatment", " treatments", "次"),
    "customers": (" customer", " customers", "位"),
    "seconds": (" second", " seconds", "秒"),
    "visits": (" visit", " visits", "次"),
    "ratio": ("", "", ""),
    "number": ("", "", ""),
}
DECIMALS: dict[Unit, int] = {"ratio": 2, "number": 2, "share": 3, "yes or no": 2, "day": 2}
DECIMALS_OF_OTHERS = 1
TOO_LONG = 1e15  # and larger numbers are said in powers of ten
ORDINARY_YEAR = 2001  # the day of the year is said as the date it is in most years


@cache
def writer(unit: Unit, currency: str, language: Language) -> Callable[[float], str]:
    """How values of a unit are written.

    >>> days, chinese_days = writer("days", "GBP", "en"), writer("days", "GBP", "zh")
    >>> days(1.04), days(94), days(float("nan")), chinese_days(30.46)
    ('1 day', '94 days', 'not known', '30.5天')
    >>> pounds = writer("money", "GBP", "en")
    >>> pounds(1234.5), pounds(-0.004), writer("money", "CNY", "zh")(-3), writer("share", "GBP", "en")(0.123)
    ('£1,234.50', '£0.00', '-¥3.00', '12.3 %')
    >>> writer("day", "GBP", "en")(343), writer("day", "GBP", "zh")(343)
    ('9 December', '12月9日')
    """
    unknown = UNKNOWN[language]
    if unit == "money":
        return _money(currency, language)
    if unit == "share":
        percent = " %" if language == "en" else "%"
        return lambda value: f"{_number(100 * value, 1)}{percent}" if value == value else unknown
    if unit == "day":
        return lambda value: _say_day_of_year(value, language) if value == value else unknown
    if unit == "yes or no":
        no, yes = YES_NO[language]
        return lambda value: (yes if value else no) if value == value else unknown
    one, several, zh = UNITS[unit]
    decimals = decimals_said(unit, currency)
    if language == "zh":
        return lambda value: f"{_number(value, decimals)}{zh}" if value == value else unknown

    def write(value: float) -> str:
        if value != value:
            return unknown
        number = _number(value, decimals)
        return f"{number}{one if number == '1' else several}"

    return write


def _money(currency: str, language: Language) -> Callable[[float], str]:
    (before, decimals), unknown = sign_and_decimals(currency, language), UNKNOWN[language]
    fixed = f",.{decimals}f"

    def write(value: float) -> str:
        if 0 < value < TOO_LONG:
            return before + format(value, fixed)  # by far the most; a million of them are written in a second
        value = round(value, decimals) + 0.0  # nobody owes nothing
        return f"{'-' if value < 0 else ''}{before}{_fixed(abs(value), decimals)}" if value == value else unknown

    return write


def decimals_said(unit: Unit, currency: str) -> int:
    """How many decimals of a value can be told from what is written of it."""
    return get_currency_precision(currency) if unit == "money" else DECIMALS.get(unit, DECIMALS_OF_OTHERS)


def _number(value: float, decimals: int) -> str:
    """With thousands separated, and no more decimals than it has.

    >>> _number(1234, 1), _number(30.46, 1), _number(0.254, 2), _number(-0.001, 1), _number(2.999, 2)
    ('1,234', '30.5', '0.25', '0', '3')
    """
    text = _fixed(value, decimals)
    text = text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return "0" if text == "-0" else text


def _fixed(value: float, decimals: int) -> str:
    """With thousands separated and as many decimals.

    >>> _fixed(1234.5, 2), _fixed(-1e300, 1)
    ('1,234.50', '-1e+300')
    """
    return f"{value:.3g}" if abs(value) >= TOO_LONG else f"{value:,.{decimals}f}"


@cache
def sign_and_decimals(code: str, language: Language) -> tuple[str, int]:
    """What stands before an amount, and how many decimals it has. A code that is no currency's stands as it is."""
    symbol = get_currency_symbol(code, locale=LOCALES[language])
    return (f"{symbol} " if symbol == code else symbol), get_currency_precision(code)


def say_points(points: float, language: Language) -> str:
    """The size of a change in percentage points, without its sign.

    >>> say_points(-12.34, "en"), say_points(0.96, "zh"), say_points(0.01, "en")
    ('12.3 points', '1.0个百分点', 'less than 0.1 points')
    """
    size = f"{abs(points):.1f}"
    if language == "zh":
        return "不到0.1个百分点" if size == "0.0" else f"{size}个百分点"
    return "less than 0.1 points" if size == "0.0" else f"{size} points"


@cache
def _say_day_of_year(day: float, language: Language) -> str:
    """A day of the year as a date; what no year has is said as the number it is."""
    if not 1 <= day <= 366:
        return _number(day, 1)
    found = date(ORDINARY_YEAR, 1, 1) + timedelta(days=min(int(day), 365) - 1)
    return format_date(found, "d MMMM" if language == "en" else "M月d日", locale=LOCALES[language])
