"""What to write for a column that is kept as text: judged by a sample of its values."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime

import ibis

SAMPLE_ROWS = 200
YEAR_FIRST = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}\b")
DAY_FORMATS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%Y年%m月%d日",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
)
CLOCK_FORMATS = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", " %I:%M %p", " %H:%M:%S.%f")
FORMATS = tuple(day + clock for clock in CLOCK_FORMATS for day in DAY_FORMATS)
SIGNS_MAX = 3  # a value with more kinds of signs in it than these is no number with decoration
# One comma, with one or two digits behind it or a point before it; 1,234 may be either.
DECIMAL_COMMA = re.compile(r"[^,]*(,\d{1,2}|\.\d+,\d+)(?!\d)[^,]*")
UNIT = re.compile(r"^([^\W\d_]{1,4})(?=[\s\d+-])|(?<=[\d\s])([^\W\d_]{1,4})$")
COMMA_AND_POINT = re.compile(r",\d+\.\d")


def date_hint(values: ibis.Table, expression: str) -> str:
    """What to write for dates kept as text or as numbers such as 20250307.

    `values` has one column, `value`. The format is the one that reads most of a sample; where days and months cannot be
    told apart, both are named.
    """
    sample = _sample(values)
    text = expression if values.value.type().is_string() else f"({expression})::VARCHAR"
    counts = {pattern: sum(_is_read(value, pattern) for value in sample) for pattern in FORMATS}
    best = max(counts.values())
    if sum(bool(YEAR_FIRST.match(value)) for value in sample) > best:  # with a clock and without, say
        return f"; write e.g. try_cast({text} AS TIMESTAMP)"
    if best == 0:
        return f"; for text write e.g. try_strptime({text}, '%Y-%m-%d')" if text == expression else ""
    fitting = [pattern for pattern in FORMATS if counts[pattern] == best]
    example = next(value for value in sample if _is_read(value, fitting[0]))
    month_first = [pattern for pattern in fitting[1:] if pattern.startswith("%m")]
    other = f", or '{month_first[0]}' if the month comes first" if month_first else ""
    return f"; for values such as '{example}' write try_strptime({text}, '{fitting[0]}'){other}"


def number_hint(values: ibis.Table, expression: str) -> str:
    """What to write for numbers kept as text, with the signs that stand in them (such as ¥) taken out.

    A comma is a decimal comma where most values that tell say so. Where none tells, both ways are named.
    """
    sample = [*_sample(values), *_sample(values.filter(values.value.contains(",") & values.value.contains(".")))]
    signs = sorted({sign for value in sample for sign in value if not (sign.isalnum() or sign in "+-.,")}) + _units(sample)
    commas = [value for value in sample if "," in value]
    decorated = commas or [value for value in sample if any(sign in value for sign in signs)]
    if not decorated or len(signs) + bool(commas) > SIGNS_MAX:
        return f"; for text write e.g. try_cast({expression} AS DOUBLE)"
    plain = _replaced(expression, "", *signs)
    grouped = f"try_cast({_replaced(plain, '', ',') if commas else plain} AS DOUBLE)"
    pointless = _replaced(plain, "", ".") if any("." in value for value in sample) else plain
    decimal = f"try_cast({_replaced(pointless, '.', ',')} AS DOUBLE)"
    decimals = [value for value in commas if DECIMAL_COMMA.fullmatch(value)]
    thousands = [value for value in commas if COMMA_AND_POINT.search(value)]
    if len(decimals) > len(thousands):
        return f"; for values such as '{decimals[0]}' write e.g. {decimal}"
    either = f" where the comma groups thousands, {decimal} where it is a decimal comma" if commas and not thousands else ""
    return f"; for values such as '{(thousands or decorated)[0]}' write e.g. {grouped}{either}"


def _units(sample: list[str]) -> list[str]:
    """The words that stand before or behind most of the numbers (EUR, kr, 元), without a stop."""
    counts = Counter("".join(found) for value in sample for found in UNIT.findall(value))
    return sorted(unit for unit, count in counts.items() if count >= len(sample) / 2)


def _replaced(expression: str, by: str, *signs: str) -> str:
    for sign in signs:
        shown = sign.replace("'", "''")
        expression = f"replace({expression}, '{shown}', '{by}')"
    return expression


def _sample(values: ibis.Table) -> list[str]:
    found = values.filter(values.value.notnull()).limit(SAMPLE_ROWS).execute()["value"]
    return [str(value).strip() for value in found]


def _is_read(value: str, pattern: str) -> bool:
    try:
        datetime.strptime(value, pattern)
    except ValueError:
        return False
    return True
