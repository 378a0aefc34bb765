"""Reasons in words, English and Chinese: the customer's own value, what to compare it with, which way it moves the answer.

"Days since the last order: 94 days (usually 30 days), which with the rest of recency raises the risk of leaving by 12 points."
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.feature import FAMILY_ZH
from models.bundle import Bundle
from models.contract import InputColumn, Output
from models.inputs import Inputs
from models.languages import Language, Said, said, say_points
from models.tiers import TIERS
from models.yardsticks import own_usual

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Words:
    """The words of one language that join a fact, a way and a size to a sentence."""

    fact: str
    alone: str
    with_the_rest: str
    raises: str
    lowers: str
    usually: str
    median: str
    yes: str
    never_above: str
    never_below: str
    everybody: str
    tier: str


WORDS: dict[Language, Words] = {
    "en": Words(
        fact="{label}: {value}",
        alone=", which",
        with_the_rest=", which with the rest of {family}",
        raises=" raises the {output} by {size}",
        lowers=" lowers the {output} by {size}",
        usually=" (usually {value})",
        median=" (median of {whom}: {value})",
        yes=" (yes for {value} of {whom})",
        never_above=" (never seen above {value})",
        never_below=" (never seen below {value})",
        everybody="all customers",
        tier="{tier} customers",
    ),
    "zh": Words(
        fact="{label}：{value}",
        alone="，",
        with_the_rest="，连同{family}类的其他因素，",
        raises="使{output}上升{size}",
        lowers="使{output}下降{size}",
        usually="（平时{value}）",
        median="（{whom}中位数：{value}）",
        yes="（{whom}中{value}为是）",
        never_above="（训练数据中从未超过{value}）",
        never_below="（训练数据中从未低于{value}）",
        everybody="全部客户",
        tier="{tier}客户",
    ),
}


def wordless(columns: Iterable[InputColumn], outputs: Iterable[Output]) -> list[str]:
    """What a reader could not be told about: features and answers without words in one of the languages."""
    said: dict[str, tuple[str, ...]] = {}
    said |= {column.name: (column.meaning, column.meaning_zh, FAMILY_ZH.get(column.family, "")) for column in columns}
    said |= {output.name: (output.label, output.label_zh) for output in outputs}
    return [
        f"{name} has no text in English and Chinese: the catalogue says {' and '.join(repr(word) for word in words)}"
        for name, words in said.items()
        if not all(word.strip() for word in words)
    ]


class Sentences:
    """Says the reasons of one model in one language; values that were written once are looked up."""

    def __init__(self, bundle: Bundle, language: Language) -> None:
        self.bundle, self.language, self.words = bundle, language, WORDS[language]
        self.columns = bundle.contract.explained
        self._said: dict[str, Said] = {}
        self._money = said("money", bundle.contract.currency, language)

    def say(
        self, read: Inputs, leads: NDArray[np.intp], families: Sequence[str], alone: NDArray[np.bool_], moved: Floats, k: int
    ) -> list[str]:
        """One sentence for each row of `read` about the feature `leads` names.

        `families` has the words for the family that moves output `k` by `moved`: points of a probability, or money.
        """
        facts = np.empty(len(leads), dtype=object)
        for lead in np.unique(leads):
            own = np.flatnonzero(leads == lead)
            facts[own] = list(self._facts(Inputs(read.columns, read.numbers[own]), int(lead)))
        output = self.bundle.contract.outputs[k]
        label = output.label if self.language == "en" else output.label_zh
        ways = {
            way: words.format(output=label, size="{}") for way, words in ((True, self.words.raises), (False, self.words.lowers))
        }
        rest = {family: self.words.with_the_rest.format(family=family) for family in set(families)}
        return [
            f"{fact}{self.words.alone if only else rest[family]}{ways[size > 0].format(self.size(size))}"
            for fact, family, only, size in zip(facts.tolist(), families, alone.tolist(), moved.tolist(), strict=True)
        ]

    def size(self, moved: float) -> str:
        """How much an answer moves, without the way."""
        if self.bundle.contract.link == "exp":
            return self._money[round(abs(moved), 2)]
        return say_points(moved, self.language)

    def family(self, name: str, zh: str) -> str:
        """A family as readers call it."""
        return name if self.language == "en" else zh

    def _facts(self, read: Inputs, lead: int) -> Iterator[str]:
        """The value of one feature and what to compare it with, row by row."""
        column = self.columns[lead]
        meaning = column.meaning_zh if self.language == "zh" else f"{column.meaning[:1].upper()}{column.meaning[1:]}"
        write, values = self._writes(column), read.numbers[:, lead]
        before = self.words.fact.format(label=meaning, value="")
        for value, yardstick in zip(values.tolist(), self._yardsticks(read, lead, column, values, write), strict=True):
            yield f"{before}{write[value]}{yardstick}"

    def _writes(self, column: InputColumn) -> Said:
        if column.unit not in self._said:
            self._said[column.unit] = said(column.unit, self.bundle.contract.currency, self.language)
        return self._said[column.unit]

    def _yardsticks(self, read: Inputs, lead: int, column: InputColumn, values: Floats, write: Said) -> list[str]:
        """In brackets: beyond what was ever seen, else the own usual value, else the median of the tier; or nothing."""
        sticks = self.bundle.yardsticks
        if sticks is None:
            return [""] * len(values)
        low, high = sticks.lowest[lead], sticks.highest[lead]
        own = own_usual(column.usual, read)
        usual = np.full(len(values), np.nan) if own is None else own
        medians = [self._median(column, group, numbers[lead], write) for group, numbers in enumerate(sticks.medians)]
        found = []
        for value, hers, group in zip(values.tolist(), usual.tolist(), sticks.of(read).tolist(), strict=True):
            if value != value or column.unit == "day":
                found.append("")
            elif high is None or value > high:
                found.append("" if high is None else self.words.never_above.format(value=write[high]))
            elif low is not None and value < low:
                found.append(self.words.never_below.format(value=write[low]))
            else:
                found.append(self.words.usually.format(value=write[hers]) if hers == hers else medians[group])
        return found

    def _median(self, column: InputColumn, group: int, median: float | None, write: Said) -> str:
        if median is None:
            return ""
        tier = TIERS[group - 1]
        name = tier.name if self.language == "en" else tier.name_zh
        whom = self.words.tier.format(tier=name) if group else self.words.everybody
        if column.unit == "yes or no":
            return self.words.yes.format(whom=whom, value=said("share", "", self.language)[median])
        return self.words.median.format(whom=whom, value=write[median])
