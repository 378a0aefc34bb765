"""Days until a customer leaves, in words."""

from __future__ import annotations

import math
from functools import lru_cache

from models.languages import LANGUAGES, UNKNOWN, Language, writer
from models.leaving import DAYS_MAX

TOO_FAR: dict[Language, str] = {"en": "five years or more", "zh": "五年及以上"}
NOW: dict[Language, str] = {"en": "now", "zh": "现在"}
GONE: dict[Language, str] = {"en": "has probably left already", "zh": "很可能已流失"}


def say_days(days: float, language: Language = "en") -> str:
    """Days as a reader takes them; what lies beyond five years is not known any better.

    >>> say_days(0.0), say_days(1.0), say_days(41.6), say_days(1825.0), say_days(float("nan"))
    ('now', '1 day', '42 days', 'five years or more', 'not known')
    """
    if math.isnan(days):
        return UNKNOWN[language]
    return _whole(round(days) if days < DAYS_MAX else None, language)


def _whole(days: int | None, language: Language) -> str:
    if days is None:
        return TOO_FAR[language]
    return writer("days", "", language)(days) if days else NOW[language]


def say_until_leaving(lower: float, days: float, upper: float) -> tuple[str, str]:
    """When she leaves, with the ends of the interval: in English and in Chinese.

    >>> say_until_leaving(12.0, 90.4, 1825.0)
    ('90 days (80 %: 12 days to five years or more)', '90天（80%区间：12天至五年及以上）')
    >>> say_until_leaving(0.0, 0.0, 31.0)
    ('has probably left already (80 %: now to 31 days)', '很可能已流失（80%区间：现在至31天）')
    >>> say_until_leaving(1825.0, 1825.0, 1825.0)
    ('five years or more', '五年及以上')
    """
    if math.isnan(days):
        return UNKNOWN["en"], UNKNOWN["zh"]
    return _said(*(round(one) if one < DAYS_MAX else None for one in (lower, days, upper)))


@lru_cache(maxsize=4_096)  # bulk requests say the same few things again and again
def _said(lower: int | None, days: int | None, upper: int | None) -> tuple[str, str]:
    """Of whole days; None is too far."""
    if lower is None:
        return TOO_FAR["en"], TOO_FAR["zh"]
    median, median_zh = (GONE[language] if days == 0 else _whole(days, language) for language in LANGUAGES)
    if upper == 0:
        return median, median_zh
    return (
        f"{median} (80 %: {_whole(lower, 'en')} to {_whole(upper, 'en')})",
        f"{median_zh}（80%区间：{_whole(lower, 'zh')}至{_whole(upper, 'zh')}）",
    )
