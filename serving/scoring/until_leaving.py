"""Days until a customer leaves, in words."""

from __future__ import annotations

import math
from functools import lru_cache

from models.languages import UNKNOWN
from models.leaving import DAYS_MAX

TOO_FAR, TOO_FAR_ZH = "five years or more", "五年及以上"
GONE, GONE_ZH = "has probably left already", "很可能已流失"


def say_days(days: float) -> str:
    """Days as a reader takes them; what lies beyond five years is not known any better.

    >>> say_days(0.0), say_days(1.0), say_days(41.6), say_days(1825.0), say_days(float("nan"))
    ('now', '1 day', '42 days', 'five years or more', 'not known')
    """
    if math.isnan(days):
        return "not known"
    return _whole(round(days) if days < DAYS_MAX else None)


def _whole(days: int | None) -> str:
    if days is None:
        return TOO_FAR
    return "now" if days == 0 else "1 day" if days == 1 else f"{days:,} days"


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
        return TOO_FAR, TOO_FAR_ZH
    median = (GONE, GONE_ZH) if days == 0 else (_whole(days), _whole_zh(days))
    if upper == 0:
        return median
    return (
        f"{median[0]} (80 %: {_whole(lower)} to {_whole(upper)})",
        f"{median[1]}（80%区间：{_whole_zh(lower)}至{_whole_zh(upper)}）",
    )


def _whole_zh(days: int | None) -> str:
    if days is None:
        return TOO_FAR_ZH
    return "现在" if days == 0 else f"{days:,}天"
