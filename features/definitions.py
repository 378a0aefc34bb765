"""How features are said: a small language of sums over what was known, and of what follows from them row by row.

A definition is data, not code, so every engine reads the same one: `features.executors.running_totals` computes it from arrays
in memory (batch on the embedded engine, and one customer online), `features.executors.in_engine` says it to a database or a
cluster. `days_ago` of a fact is whole days from its `day` to `as_of`; yesterday is 1 day ago.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args


@dataclass(frozen=True)
class Sum:
    """The sum of a measure over facts with `until_days < days_ago <= since_days`; 0 where there are none.

    With `history_days` it is missing on dates that the data reaches back less than that many days.
    """

    measure: str
    since_days: int | None = None
    until_days: int = 0
    history_days: int = 0


@dataclass(frozen=True)
class Largest:
    """The largest value of a measure so far; missing where there is none."""

    measure: str


@dataclass(frozen=True)
class Latest:
    """The last value of a measure, by day and then by when it became known; missing where there is none."""

    measure: str


@dataclass(frozen=True)
class DaysSinceLast:
    """Days since the last fact whose measure is above 0; missing where there is none."""

    measure: str


@dataclass(frozen=True)
class DaysSinceFirst:
    """Days since the first fact whose measure is above 0; missing where there is none."""

    measure: str


@dataclass(frozen=True)
class Gaps:
    """The days between successive days on which a measure is above 0.

    `days`: how many such days there are; `count`, `sum` and `squares` of the gaps (0 without any); `largest`: the
    largest gap, missing without any.
    """

    measure: str
    statistic: Literal["days", "count", "sum", "squares", "largest"]


@dataclass(frozen=True)
class Ratio:
    """One column over another; missing where the second is 0 or either is missing."""

    above: str
    below: str


@dataclass(frozen=True)
class Difference:
    """One column less another; missing where either is."""

    of: str
    less: str


@dataclass(frozen=True)
class Spread:
    """The sample standard deviation from a count, a sum and a sum of squares; missing below two values.

    sqrt((squares - sum^2 / count) / (count - 1)): from whole numbers it is exact, and the same in any row order.
    """

    count: str
    total: str
    squares: str


@dataclass(frozen=True)
class Step:
    """-1 below `low`, 0 from there, 1 from `high` on; missing where the column is."""

    of: str
    low: float
    high: float


@dataclass(frozen=True)
class AtLeast:
    """1 where a column reaches `bound`, else 0; missing where the column is."""

    of: str
    bound: float


@dataclass(frozen=True)
class DayOfYear:
    """The day of the year of `as_of`, from 1."""


OverFacts = Sum | Largest | Latest | DaysSinceLast | DaysSinceFirst | Gaps
RowByRow = Ratio | Difference | Spread | Step | AtLeast | DayOfYear
Definition = OverFacts | RowByRow
OVER_FACTS: tuple[type, ...] = get_args(OverFacts)


def facts_of(definition: OverFacts) -> str:
    """The name of the facts a definition reads.

    >>> facts_of(Sum("orders.spend", since_days=30))
    'orders'
    """
    return definition.measure.split(".")[0]


def measure_of(definition: OverFacts) -> str:
    """The measure a definition reads, without the name of its facts."""
    return definition.measure.split(".")[1]


def columns_read(definition: Definition) -> tuple[str, ...]:
    """The columns that a row-by-row definition follows from; none for the others."""
    match definition:
        case Ratio(above, below):
            return (above, below)
        case Difference(of, less):
            return (of, less)
        case Spread(count, total, squares):
            return (count, total, squares)
        case Step(of) | AtLeast(of):
            return (of,)
    return ()
