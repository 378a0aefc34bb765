"""Reasons in words, English and Chinese: the customer's own value, what to compare it with, which way it moves the answer.

"Days since the last order: 94 days (usually 30 days), which with the rest of recency raises the risk of leaving by 12 points."
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.feature import FAMILY_ZH, Family, Unit
from models.bundle import Bundle
from models.contract import InputColumn, Output
from models.inputs import Inputs
from models.languages import Language, say_points, writer
from models.tiers import TIERS
from models.yardsticks import own_usual

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Places = NDArray[np.intp]
Texts = NDArray[np.object_]


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
        fact="{label}: ",
        alone=", which",
        with_the_rest=", which with the rest of {family}",
        raises=" raises the {output} by ",
        lowers=" lowers the {output} by ",
        usually=" (usually {value})",
        median=" (median of {whom}: {value})",
        yes=" (yes for {value} of {whom})",
        never_above=" (never seen above {value})",
        never_below=" (never seen below {value})",
        everybody="all customers",
        tier="{tier} customers",
    ),
    "zh": Words(
        fact="{label}：",
        alone="，",
        with_the_rest="，连同{family}类的其他因素，",
        raises="使{output}上升",
        lowers="使{output}下降",
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


@dataclass(frozen=True)
class Numbers:
    """Numbers of which those that occur often are there once: what is said of them is said once, too."""

    different: Floats
    place: Places  # in `different`, one per row

    @classmethod
    def of(cls, numbers: Floats) -> Self:
        """The different ones of one number per row."""
        if len(numbers) == 1:
            return cls(numbers, np.zeros(1, dtype=np.intp))
        place, different = pd.factorize(numbers, use_na_sentinel=False)
        return cls(np.asarray(different), place)

    def said(self, write: Callable[[float], str]) -> Texts:
        """One text per row."""
        return texts(write(number) for number in self.different.tolist())[self.place]


@dataclass(frozen=True)
class Fact:
    """What there is to say about one feature to some customers, whatever the language."""

    column: InputColumn
    rows: Places
    values: Floats
    value: Numbers
    usual: Floats | None
    usual_value: Numbers | None
    group: Places  # whose median each is compared with: 0 all customers, then the tiers
    medians: tuple[float | None, ...]
    low: float | None
    high: float | None


def facts(bundle: Bundle, read: Inputs, rows: Places, leads: Places) -> list[Fact]:
    """By feature, what there is to say: `leads` names a feature for each of `rows` of `read`."""
    order = np.argsort(leads, kind="stable")
    ends = np.flatnonzero(np.diff(leads[order])) + 1
    sticks, found = bundle.yardsticks, []
    tiers = np.zeros(len(read), dtype=np.intp) if sticks is None else sticks.of(read)
    for own in np.split(order, ends) if len(order) else []:
        lead = int(leads[own[0]])
        column, of_rows = bundle.contract.explained[lead], rows[own]
        values, usual = read.numbers[of_rows, lead], own_usual(column.usual, read, of_rows) if sticks else None
        found.append(
            Fact(
                column=column,
                rows=own,
                values=values,
                value=Numbers.of(values),
                usual=usual,
                usual_value=None if usual is None else Numbers.of(usual),
                group=tiers[of_rows],
                medians=(None,) if sticks is None else tuple(medians[lead] for medians in sticks.medians),
                low=None if sticks is None else sticks.lowest[lead],
                high=None if sticks is None else sticks.highest[lead],
            )
        )
    return found


class Sentences:
    """Says the reasons of one model in one language."""

    def __init__(self, bundle: Bundle, language: Language) -> None:
        self.contract, self.language, self.words = bundle.contract, language, WORDS[language]
        self._writers: dict[Unit, Callable[[float], str]] = {}

    def say(self, told: list[Fact], families: Sequence[Family], family: Places, alone: Bools, moved: Floats, k: int) -> Texts:
        """One sentence for each row: its fact, its place in `families`, and by how much output `k` is moved.

        `moved` is points of a probability, or money; `alone` says that no other feature of the family adds anything.
        """
        found: Any = np.empty(len(moved), dtype=object)
        for fact in told:
            found[fact.rows] = self._fact(fact)
        output = self.contract.outputs[k]
        label = output.label if self.language == "en" else output.label_zh
        rest = [self.words.with_the_rest.format(family=self.family(name)) for name in families]
        found += texts([*rest, self.words.alone])[np.where(alone, len(rest), family)]
        found += texts(way.format(output=label) for way in (self.words.lowers, self.words.raises))[(moved > 0).astype(np.intp)]
        sizes: Floats = np.abs(moved).round(2 if self.contract.link == "exp" else 1)
        found += Numbers.of(sizes).said(self._size)
        said: Texts = found
        return said

    def family(self, name: Family) -> str:
        """A family as readers call it."""
        return name if self.language == "en" else FAMILY_ZH[name]

    def _size(self, moved: float) -> str:
        return self._writer("money")(moved) if self.contract.link == "exp" else say_points(moved, self.language)

    def _fact(self, fact: Fact) -> Texts:
        """The value of one feature and in brackets what to compare it with."""
        column = fact.column
        meaning = column.meaning_zh if self.language == "zh" else f"{column.meaning[:1].upper()}{column.meaning[1:]}"
        before, write = self.words.fact.format(label=meaning), self._writer(column.unit)
        found: Texts = fact.value.said(lambda value: before + write(value)) + self._yardstick(fact, write)
        return found

    def _yardstick(self, fact: Fact, write: Callable[[float], str]) -> Texts:
        """Beyond what was ever seen, else the own usual value, else the median of the tier; or nothing."""
        found = texts(self._median(fact.column, group, median, write) for group, median in enumerate(fact.medians))[fact.group]
        if fact.usual is not None and fact.usual_value is not None:
            usual = fact.usual_value.said(lambda value: self.words.usually.format(value=write(value)))
            found = np.where(np.isnan(fact.usual), found, usual)
        if fact.high is not None and (above := fact.values > fact.high).any():
            found = np.where(above, self.words.never_above.format(value=write(fact.high)), found)
        if fact.low is not None and (below := fact.values < fact.low).any():
            found = np.where(below, self.words.never_below.format(value=write(fact.low)), found)
        return np.where(np.isnan(fact.values) | (fact.column.unit == "day"), "", found).astype(object)

    def _median(self, column: InputColumn, group: int, median: float | None, write: Callable[[float], str]) -> str:
        if median is None:
            return ""
        tier = TIERS[group - 1]
        name = tier.name if self.language == "en" else tier.name_zh
        whom = self.words.tier.format(tier=name) if group else self.words.everybody
        if column.unit == "yes or no":
            return self.words.yes.format(whom=whom, value=self._writer("share")(median))
        return self.words.median.format(whom=whom, value=write(median))

    def _writer(self, unit: Unit) -> Callable[[float], str]:
        if unit not in self._writers:
            self._writers[unit] = writer(unit, self.contract.currency, self.language)
        return self._writers[unit]


def texts(said: Iterable[str]) -> Texts:
    """Texts as an array that can be looked up and added."""
    return np.array(list(said), dtype=object)
