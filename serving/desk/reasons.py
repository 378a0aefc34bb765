"""The reasons of a customer's numbers as lines that sum to the number, in words and as bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.bundle import CHURN
from serving.desk.bars import Bar, waterfall
from serving.desk.language import Texts, text
from serving.desk.scored_table import EXPECTED, EXPLANATION, Row
from serving.desk.words import Words


@dataclass(frozen=True)
class Line:
    """One line of a sum: what it is, how much it adds, and its bar. `feature` is empty for base, rest and total."""

    said: str
    amount: str
    bar: Bar
    feature: str = ""
    label: str = ""


@dataclass(frozen=True)
class Sum:
    """base + reasons + rest = total, in one unit."""

    lines: list[Line]
    zero: float


@dataclass(frozen=True)
class ExplainedNumber:
    """One number with its reasons. `in_money` says those of a risk once more, as parts of the value at risk."""

    number: str
    title: str
    value: str
    sum: Sum
    in_money: Sum | None

    @property
    def more_is_good(self) -> bool:
        """Of every number but the risk of leaving."""
        return self.number != CHURN

    @property
    def features(self) -> list[tuple[str, str]]:
        """The reasons that can be said to be wrong: name and label of the feature."""
        return [(line.feature, line.label) for line in self.sum.lines if line.feature]


def explained(row: Row, words: Words) -> list[ExplainedNumber]:
    """Every number that has an explanation: risk, value, then what she may buy, the likeliest first."""
    numbers = [name.removesuffix(EXPLANATION) for name, found in row.items() if name.endswith(EXPLANATION) and found]
    numbers.sort(key=lambda name: (name != CHURN, not EXPECTED.fullmatch(name), -(row.get(name) or 0.0)))
    return [_explained(name, row, words) for name in numbers]


def _explained(number: str, row: Row, words: Words) -> ExplainedNumber:
    found, say = row[number + EXPLANATION], words.say
    points, money = found.get("points"), found.get("money")
    if points is None:  # money, or a scale of its own
        own = {**found, "shares": [reason["share"] for reason in found["reasons"]]}
        only = _sum(own, found["reasons"], say, in_points=False)
        return ExplainedNumber(number, words.title(number), words.value(row, number), only, None)
    in_money = _sum(money, found["reasons"], say, in_points=False) if money else None
    return ExplainedNumber(
        number, words.title(number), words.value(row, number), _sum(points, found["reasons"], say, in_points=True), in_money
    )


def _sum(parts: dict[str, Any], reasons: list[dict[str, Any]], say: Texts, *, in_points: bool) -> Sum:
    """The base and the total stand as they are, what is between them with a sign."""
    whole = (lambda value: say.share(value / 100)) if in_points else say.money
    signed = say.signed_points if in_points else say.signed_money
    falls = waterfall(parts["base"], parts["shares"], parts["rest"], parts["total"])
    first, *between, rest, total = falls.bars
    lines = [Line(say(text("What is usual, before anything is known of this customer")), whole(parts["base"]), first)]
    for reason, share, bar in zip(reasons, parts["shares"], between, strict=True):
        label = say.either(reason["label"], reason["label_zh"])
        said = say.either(reason["text"], reason["text_zh"])
        lines.append(Line(said, signed(share), bar, reason["feature"], label))
    lines.append(Line(say(text("All other reasons together")), signed(parts["rest"]), rest))
    lines.append(Line(say(text("Together")), whole(parts["total"]), total))
    return Sum(lines, falls.zero)
