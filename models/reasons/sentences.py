"""Reasons in words, English and Chinese: the customer's own value, what to compare it with, which way it moves the answer.

"Days since the last order: 94 days (usually 30 days), which with the rest of recency raises the risk of leaving by 12 points."

A sentence is five texts, one after the other; those that many sentences share are written once, for there are few ways to say
a number of days and many customers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.feature import FAMILY_ZH, Family
from models.bundle import Bundle
from models.contract import InputColumn, Output
from models.languages import LANGUAGES, Language, decimals_said, say_points, writer
from models.tiers import TIERS, Tier

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Places = NDArray[np.intp]
Write = Callable[[float], str]
Said: TypeAlias = "list[str] | pa.StringArray"  # few, or many
Texts = tuple[list[str], Places]  # different ones, and where each is among them
EXACT_BELOW = 1e12  # larger numbers have no decimals to round
AS_USUAL = 1  # the place of these words among the fixed ones
FEW = 64  # so many are not worth looking for equal ones


@dataclass(frozen=True)
class Words:
    """The words of one language that join a fact, a way and a size to a sentence."""

    fact: str
    alone: str
    with_the_rest: str
    raises: str
    lowers: str
    usually: str
    as_usual: str
    median: str
    yes: str
    average: str
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
        as_usual=" (as usual)",
        median=" (median of {whom}: {value})",
        yes=" (yes for {value} of {whom})",
        average=" (average of {whom}: {value})",
        never_above=" (never seen above {value})",
        never_below=" (never seen below {value})",
        everybody="all customers",
        tier="{tier} customers",
    ),
    "zh": Words(
        fact="{label}：",
        alone="，",
        with_the_rest="，与“{family}”类其他因素合计，",
        raises="使{output}上升",
        lowers="使{output}下降",
        usually="（平时{value}）",
        as_usual="（与平时相同）",
        median="（{whom}中位数：{value}）",
        yes="（{whom}中{value}为是）",
        average="（{whom}平均：{value}）",
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
class Facts:
    """What there is to say of reasons, whatever the language: one entry per reason."""

    family: Places  # in the families of the model
    lead: Places  # the column that speaks for the family
    alone: Bools  # whether no other column of the family adds anything
    value: Floats  # the customer's own
    usual: Floats  # what hers usually is; missing where that is not known
    group: Places  # whose median hers is compared with: 0 all customers, then the tiers


@dataclass(frozen=True)
class Numbers:
    """Numbers of columns, of which those that occur often are there once."""

    column: list[int]  # of the different ones
    number: list[float]
    place: Places  # of each number in these

    @classmethod
    def of(cls, columns: Places, numbers: Floats, decimals: Places) -> Numbers:
        """Rounded to what is said of each column."""
        rounded = _rounded(numbers, decimals[columns])
        if len(numbers) <= FEW:
            return cls(columns.tolist(), rounded.tolist(), np.arange(len(numbers)))
        place, different = pd.factorize(rounded, use_na_sentinel=False)
        both, pairs = pd.factorize(place * len(decimals) + columns)
        own, column = np.divmod(pairs, len(decimals))
        return cls(column.tolist(), np.asarray(different)[own].tolist(), both)

    def said(self, write: Sequence[Write]) -> list[str]:
        """One text per different number, as `write` writes those of its column."""
        return [write[column](number) for column, number in zip(self.column, self.number, strict=True)]


@dataclass(frozen=True)
class Told:
    """What sentences are put together from, whatever the language: one entry per reason."""

    lead: Places
    value: Numbers
    usual: Numbers  # only where `has_usual`
    has_usual: Bools
    yardstick: Places  # among its fixed texts, where there is no usual value
    way: Places  # 2 x its family, or the number of families where it is alone, + 1 where it raises
    size: Numbers


class Sentences:
    """Says the reasons of one model in every language."""

    def __init__(self, bundle: Bundle, families: Sequence[Family]) -> None:
        """What does not depend on a customer is worked out here, once."""
        columns, sticks, currency = bundle.contract.explained, bundle.yardsticks, bundle.contract.currency
        self._decimals = np.array([decimals_said(column.unit, currency) for column in columns])
        self._size_decimals = np.array([decimals_said("money", currency) if bundle.contract.link == "exp" else 1])
        self._is_day = np.array([column.unit == "day" for column in columns])
        self._families, self._groups = len(families), 1 if sticks is None else len(sticks.medians)
        lowest, highest = ((), ()) if sticks is None else (sticks.lowest, sticks.highest)
        self._lowest, self._highest = (_rounded(_ends(ends, len(columns)), self._decimals) for ends in (lowest, highest))
        medians = [()] if sticks is None else sticks.medians
        self._known = np.array([[median is not None for median in own] or [False] * len(columns) for own in medians])
        self._languages = [Sayings(bundle, families, language) for language in LANGUAGES]

    def say(self, facts: Facts, moved: Floats, k: int) -> tuple[Said, ...]:
        """One sentence per reason, in each of LANGUAGES: by `moved` points or money it moves output `k`."""
        has_usual, yardstick = self._yardsticks(facts)
        told = Told(
            lead=facts.lead,
            value=Numbers.of(facts.lead, facts.value, self._decimals),
            usual=Numbers.of(facts.lead[has_usual], facts.usual[has_usual], self._decimals),
            has_usual=has_usual,
            yardstick=yardstick,
            way=2 * np.where(facts.alone, self._families, facts.family) + (moved > 0),
            size=Numbers.of(np.zeros(len(moved), dtype=np.intp), np.abs(moved), self._size_decimals),
        )
        return tuple(language.say(told, k) for language in self._languages)

    def _yardsticks(self, facts: Facts) -> tuple[Bools, Places]:
        """Who is compared with her own usual value, and where among `Sayings` all others' yardsticks are.

        Beyond what was ever seen comes first, then the usual value, then the median of the tier, or of all where nobody in
        the tier has one. Of a day, and of what is not known, nothing is said; nor is a usual value that reads as her own does.
        """
        lead, value = facts.lead, _rounded(facts.value, self._decimals[facts.lead])
        group = np.where(self._known[facts.group, lead], facts.group, 0)
        nothing, above, below = np.isnan(value) | self._is_day[lead], value > self._highest[lead], value < self._lowest[lead]
        # 0 is no yardstick, 1 as usual; then, column after column, below, above, medians
        of_column = AS_USUAL + 1 + lead * (2 + self._groups)
        place = of_column + np.where(below, 0, np.where(above, 1, 2 + group))
        has_usual = ~(nothing | above | below | np.isnan(facts.usual))
        as_usual = has_usual & (value == _rounded(facts.usual, self._decimals[lead]))
        return has_usual & ~as_usual, np.where(nothing, 0, np.where(as_usual, AS_USUAL, place))


class Sayings:
    """The texts of one model in one language that sentences are put together from."""

    def __init__(self, bundle: Bundle, families: Sequence[Family], language: Language) -> None:
        contract, sticks, self._words, self._language = bundle.contract, bundle.yardsticks, WORDS[language], language
        self._write = [writer(column.unit, contract.currency, language) for column in contract.explained]
        money, self._share = writer("money", contract.currency, language), writer("share", contract.currency, language)
        self._size: Write = money if contract.link == "exp" else lambda points: say_points(points, language)
        self._heads = [self._words.fact.format(label=self._label(column)) for column in contract.explained]
        self._ways = [self._ways_of(families, output) for output in contract.outputs]
        start, average = _start(bundle)
        self._tiers: tuple[Tier, ...] = TIERS if sticks is None or sticks.tiers is None else sticks.tiers.steps
        fixed = ["", self._words.as_usual]
        for k, (column, write) in enumerate(zip(contract.explained, self._write, strict=True)):
            ends = (None, None) if sticks is None else (sticks.lowest[k], sticks.highest[k])
            for end, words in zip(ends, (self._words.never_below, self._words.never_above), strict=True):
                fixed.append("" if end is None else words.format(value=write(end)))
            medians = (None,) if sticks is None else tuple(own[k] for own in sticks.medians)
            if column.name == start:
                fixed += [self._words.average.format(whom=self._words.everybody, value=write(average))] * len(medians)
            else:
                fixed += [self._median(column, group, median, write) for group, median in enumerate(medians)]
        self._fixed = fixed

    def say(self, told: Told, k: int) -> Said:
        """One sentence per reason."""
        return _joined_texts(
            (self._heads, told.lead),
            (told.value.said(self._write), told.value.place),
            self._yardsticks(told),
            (self._ways[k], told.way),
            (told.size.said([self._size]), told.size.place),
        )

    def _yardsticks(self, told: Told) -> Texts:
        """What each value is compared with: her own usual one, or one of the fixed texts."""
        if not told.has_usual.any():
            return self._fixed, told.yardstick
        place = told.yardstick.copy()
        place[told.has_usual] = len(self._fixed) + told.usual.place
        before, after = self._words.usually.split("{value}")
        return [*self._fixed, *(f"{before}{usual}{after}" for usual in told.usual.said(self._write))], place

    def _label(self, column: InputColumn) -> str:
        return column.meaning_zh if self._language == "zh" else f"{column.meaning[:1].upper()}{column.meaning[1:]}"

    def _ways_of(self, families: Sequence[Family], output: Output) -> list[str]:
        """Of each family down and up, then of a feature that is alone."""
        label = output.label_zh if self._language == "zh" else output.label
        names = [FAMILY_ZH[name] if self._language == "zh" else name for name in families]
        who = [*(self._words.with_the_rest.format(family=name) for name in names), self._words.alone]
        ways = [way.format(output=label) for way in (self._words.lowers, self._words.raises)]
        return [one + way for one in who for way in ways]

    def _median(self, column: InputColumn, group: int, median: float | None, write: Write) -> str:
        if median is None:
            return ""
        whom = self._words.everybody
        if group:
            tier = self._tiers[group - 1]
            whom = self._words.tier.format(tier=tier.name if self._language == "en" else tier.in_chinese)
        if column.unit == "yes or no":
            return self._words.yes.format(whom=whom, value=self._share(median))
        return self._words.median.format(whom=whom, value=write(median))


def _joined_texts(*parts: Texts) -> Said:
    """What is at each place of the parts, one after the other."""
    if len(parts[0][1]) <= FEW:
        said = ([texts[k] for k in place.tolist()] for texts, place in parts)
        return ["".join(words) for words in zip(*said, strict=True)]
    return pc.binary_join_element_wise(*(pa.array(texts, pa.string()).take(pa.array(place)) for texts, place in parts), "")


def _start(bundle: Bundle) -> tuple[str | None, float]:
    """The column that says where margins start from, and its value that the base stands for: reasons begin there."""
    if bundle.prior is None or not bundle.contract.starts_from_prior:
        return None, np.nan
    return bundle.prior.offset_column(bundle.contract.link), bundle.prior.usual(bundle.contract.link)


def _rounded(numbers: Floats, decimals: Places) -> Floats:
    """As they are said; zero has no sign."""
    scale = 10.0**decimals
    return np.where(np.abs(numbers) < EXACT_BELOW, np.rint(numbers * scale) / scale, numbers) + 0.0


def _ends(ends: Sequence[float | None], count: int) -> Floats:
    return np.array([np.nan if end is None else end for end in ends] or [np.nan] * count, dtype=np.float64)
