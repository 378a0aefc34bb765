"""How numbers and days are written on the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from models.languages import sign_and_decimals


def count(number: float) -> str:
    """A number of things.

    >>> count(5852)
    '5,852'
    """
    return f"{number:,.0f}"


def percent(share: float, decimals: int = 1) -> str:
    """A share of a whole.

    >>> percent(0.7349), percent(1, decimals=0), percent(-0.0001)
    ('73.5 %', '100 %', '0.0 %')
    """
    return "-" if math.isnan(share) else f"{share * 100:z,.{decimals}f} %"


def money(amount: float, currency: str) -> str:
    """An amount, with hundredths only where they matter.

    >>> money(1234.56, "GBP"), money(12.345, "GBP"), money(-0.0, "GBP"), money(-250, "CHF")
    ('£1,235', '£12.35', '£0.00', '-CHF 250')
    """
    if math.isnan(amount):
        return "-"
    sign, _ = sign_and_decimals(currency, "en")
    number = f"{amount:z,.{0 if abs(amount) >= 100 else 2}f}"
    return f"-{sign}{number[1:]}" if number.startswith("-") else f"{sign}{number}"


def day(when: date) -> str:
    """A day that nobody reads as another one.

    >>> day(date(2011, 9, 9))
    '9 Sep 2011'
    """
    return f"{when.day} {when:%b %Y}"


def days(dates: Sequence[date]) -> str:
    """Some days, in short.

    >>> days([date(2011, 9, 9)]), days([date(2010, 6, 16), date(2010, 7, 16), date(2011, 6, 11)])
    ('9 Sep 2011', '3 dates, 16 Jun 2010 to 11 Jun 2011')
    """
    return day(dates[0]) if len(dates) == 1 else f"{len(dates)} dates, {day(min(dates))} to {day(max(dates))}"


def plain(name: str) -> str:
    """A code name as words.

    >>> plain("logistic_regression")
    'logistic regression'
    """
    return name.replace("_", " ")


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence.

    >>> listed(["AUC"]), listed(["AUC", "Brier", "lift"])
    ('AUC', 'AUC, Brier and lift')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def off_by(ratio: float) -> str:
    """How far a predicted total is from the actual one, from their quotient.

    >>> off_by(0.492), off_by(1.216), off_by(1.0001)
    ('50.8 % too low', '21.6 % too high', 'right to within 0.1 %')
    """
    if abs(ratio - 1) < 0.0005:
        return "right to within 0.1 %"
    return f"{percent(abs(ratio - 1))} too {'high' if ratio > 1 else 'low'}"
