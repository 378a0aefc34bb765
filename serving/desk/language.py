"""What the desk says, in English or Chinese: texts of its own from zh.toml, numbers as the language writes them."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import get_args

from babel.dates import format_date

from models.languages import LOCALES, UNKNOWN, Language, say_points, writer
from serving.report.translation import Chinese
from serving.scoring.until_leaving import say_days

FILE = Path(__file__).parent / "zh.toml"
DAY = {"en": "d MMM yyyy", "zh": "y年M月d日"}
MONTH = {"en": "MMM yyyy", "zh": "y年M月"}


def text(english: str) -> str:
    """Marks a text that is said later: whatever stands in here has its Chinese in zh.toml."""
    return english


@cache
def catalogue() -> Mapping[str, str]:
    """The Chinese of every text of the desk, by the English one."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def language_of(asked: str | None, remembered: str | None) -> Language:
    """What the address asks for, else what was chosen before, else English."""
    known: tuple[Language, ...] = get_args(Language)
    return next((one for wish in (asked, remembered) for one in known if one == wish), "en")


@dataclass(frozen=True)
class Texts:
    """Says things in one language, money in one currency."""

    language: Language
    currency: str

    def __call__(self, english: str, **slots: object) -> str:
        """A text with its slots filled.

        >>> Texts("en", "GBP")("{n} customers", n=3)
        '3 customers'
        """
        found = catalogue().get(english, english) if self.language == "zh" else english
        return found.format(**slots) if slots else found

    def other(self, english: str) -> str:
        """What another part of the project says in English, in Chinese where the report has words for it."""
        return english if self.language == "en" else Chinese({}).say(english) or english

    def either(self, english: str | None, chinese: str | None) -> str:
        """Of a text that brings its own Chinese, the one to read."""
        return (chinese if self.language == "zh" and chinese else english) or ""

    def money(self, value: float | None) -> str:
        """An amount."""
        return writer("money", self.currency, self.language)(_known(value))

    def signed_money(self, value: float) -> str:
        """An amount that is added, with its sign; what reads as nothing has none."""
        said = self.money(abs(value))
        return said if said == self.money(0.0) else f"{'+' if value > 0 else '−'}{said}"

    def share(self, value: float | None) -> str:
        """A probability or another share in percent."""
        return writer("share", self.currency, self.language)(_known(value))

    def number(self, value: float | None, decimals: int = 0) -> str:
        """A plain number."""
        return UNKNOWN[self.language] if math.isnan(_known(value)) else f"{_known(value):,.{decimals}f}"

    def signed_points(self, points: float) -> str:
        """Percentage points that are added, with their sign."""
        return f"{'+' if points >= 0 else '−'}{say_points(points, self.language)}"

    def day(self, when: date) -> str:
        """A date."""
        return str(format_date(when, DAY[self.language], locale=LOCALES[self.language]))

    def month(self, when: date) -> str:
        """The month of a date."""
        return str(format_date(when, MONTH[self.language], locale=LOCALES[self.language]))

    def days(self, days: float | None) -> str:
        """Days until somebody leaves.

        >>> say = Texts("en", "GBP")
        >>> say.days(0.2), say.days(41.6), say.days(1825.0), say.days(None)
        ('now', '42 days', 'five years or more', 'not known')
        """
        return say_days(_known(days), self.language)


def _known(value: float | None) -> float:
    return math.nan if value is None else float(value)
