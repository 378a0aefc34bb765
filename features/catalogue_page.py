"""docs/features.md: every feature there can be, from the catalogue itself."""

from __future__ import annotations

from features.catalogue import catalogue
from features.definitions import (
    AtLeast,
    DayOfYear,
    DaysSinceFirst,
    DaysSinceLast,
    Definition,
    Difference,
    Gaps,
    Largest,
    Latest,
    Ratio,
    Spread,
    Step,
    Sum,
)
from features.feature import FAMILY_ZH, Feature, Words
from features.tables import CONTRACTS, SCALES

# A company that maps everything. The words in capitals stand for words of a company's own data.
EVERYTHING = Words(
    windows_days=(30, 90, 180, 365),
    horizon_days=90,
    mapped={name: tuple(column.name for column in contract.columns) for name, contract in CONTRACTS.items()},
    categories=("CATEGORY",),
    kinds=("KIND", "complaint", "email_open", "email_click", "survey_invite"),
    channels=("CHANNEL",),
    instruments=tuple(SCALES),
    numeric=("attribute",),
    levels={"attribute": ("LEVEL",)},
)
HEAD = """# Features

Every feature of a company that maps every table, for a horizon of 90 days and the default windows. Features of tables or
columns that are not mapped are absent. Each row is one customer as of one date and knows only what had happened and had
been recorded before it. `category`, `kind`, `channel`, `attribute` and `level` stand for words of the company's own data.
`+` marks features of which more is known to go with staying and buying, `-` those of which more goes with leaving.

Written by `python -m features catalogue > docs/features.md`; do not edit.
"""


def catalogue_page() -> str:
    """The page as Markdown, one table per family."""
    features = catalogue(EVERYTHING)
    families = dict.fromkeys(feature.family for feature in features)
    return HEAD + "".join(_family(family, [f for f in features if f.family == family]) for family in families)


def _family(family: str, features: list[Feature]) -> str:
    columns = "| name | unit | | meaning | 含义 | definition |\n|---|---|---|---|---|---|\n"
    return f"\n## {family} ({FAMILY_ZH[features[0].family]})\n\n{columns}" + "".join(_row(feature) for feature in features)


def _row(feature: Feature) -> str:
    sign = {1: "+", -1: "-", None: ""}[feature.direction]
    cells = (f"`{feature.name}`", feature.unit, sign, feature.meaning, feature.meaning_zh, _said(feature.definition))
    return "| " + " | ".join(cells) + " |\n"


def _said(definition: Definition) -> str:
    match definition:
        case Sum(measure, None, 0):
            return f"sum of `{measure}`"
        case Sum(measure, since, until):
            return f"sum of `{measure}`, {until + 1} to {since} days ago"
        case Largest(measure):
            return f"largest `{measure}`"
        case Latest(measure):
            return f"last `{measure}`"
        case DaysSinceLast(measure):
            return f"days since the last `{measure}` above 0"
        case DaysSinceFirst(measure):
            return f"days since the first `{measure}` above 0"
        case Gaps(measure, statistic):
            return f"days between days with `{measure}` above 0: {statistic}"
    return _said_of_columns(definition)


def _said_of_columns(definition: Definition) -> str:
    match definition:
        case Ratio(above, below):
            return f"`{above}` / `{below}`"
        case Difference(of, less):
            return f"`{of}` - `{less}`"
        case Spread(count, total, squares):
            return f"standard deviation from `{count}`, `{total}`, `{squares}`"
        case Step(of, low, high):
            return f"`{of}`: -1 below {low:g}, 0, 1 from {high:g}"
        case AtLeast(of, bound):
            return f"`{of}` >= {bound:g}"
        case DayOfYear():
            return "day of the year of `as_of`"
    raise TypeError(f"{definition} is not a definition")
