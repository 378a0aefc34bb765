"""The few reasons that matter most for one answer, in words, and one remainder, so that the sum still holds.

Features of one family make one reason: its share is the family's, and the feature that pushes hardest the same way speaks for
it, with the customer's own value and what to compare it with.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from models.bundle import Bundle, Reading
from models.inputs import Inputs
from models.reasons.explanations import Column, Explanation, Found, Sum, column, objects
from models.reasons.sentences import Facts, Sentences
from models.reasons.shares import TOLERANCE, OnScale, Shares, shares
from models.yardsticks import Usuals

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Bools = NDArray[np.bool_]
Rows = pd.DataFrame | Inputs | Reading
ROWS_AT_ONCE = 4_096


@dataclass(frozen=True)
class Sums:
    """What the shares of one output add up to, one entry per customer."""

    base: Floats
    total: Floats
    missed: Floats
    rest: Floats  # what the reasons leave
    points: OnScale | None  # of a probability


@dataclass(frozen=True)
class Chosen:
    """The reasons of one output, customer after customer, the strongest first: one entry per reason."""

    count: Places  # how many each customer has
    facts: Facts
    share: Floats


class Explainer:
    """Explains the answers of one model; what does not depend on a customer is worked out once."""

    def __init__(self, bundle: Bundle) -> None:
        columns, families = bundle.contract.explained, bundle.contract.families
        self._bundle = bundle
        bundle.tree_shares, bundle.tree_bias  # noqa: B018  worked out here, before threads ask for them
        self._members = [np.array(own, dtype=np.intp) for own in families.values()]
        self._by_family = np.concatenate(self._members)  # all columns, family after family
        self._begin = np.cumsum([0, *map(len, self._members[:-1])])
        self._usuals, self._sentences = Usuals.of(columns), Sentences(bundle, tuple(families))
        words = ("family", "name", "meaning", "meaning_zh")
        texts = [pa.array([getattr(column, word) for column in columns], pa.string()) for word in words]
        self._words = pa.StructArray.from_arrays(texts, names=["family", "feature", "label", "label_zh"])

    def explain(self, rows: Rows, *, top: int, stake: Floats | None = None) -> list[dict[str, Explanation | str]]:
        """One dictionary per row: for each output by its name an explanation, or why there is none.

        There is none where shares and served number disagree. `stake` is the money at stake for each row, where it is known.
        """
        columns = self._bundle.contract.explained
        found = {name: objects(one, columns) for name, one in self._found(rows, top, stake).items()}
        return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]

    def columns(self, rows: Rows, *, top: int, stake: Floats | None = None, threads: int = 1) -> dict[str, Column]:
        """The same for many customers as columns of a table, by output."""
        return {name: column(one, self._words) for name, one in self._found(rows, top, stake, threads).items()}

    def _found(self, rows: Rows, top: int, stake: Floats | None, threads: int = 1) -> dict[str, Found]:
        """All there is to say, by output."""
        parts = [_some(rows, begin) for begin in range(0, max(len(rows), 1), ROWS_AT_ONCE)]
        if threads == 1 or len(parts) == 1:
            found = [self._choose(part, top) for part in parts]
        else:
            with ThreadPoolExecutor(threads) as pool:
                found = list(pool.map(lambda part: self._choose(part, top), parts))
        return {
            output.name: self._said(k, _joined([sums for sums, _ in own]), _joined([why for _, why in own]), stake)
            for k, (output, own) in enumerate(zip(self._bundle.contract.outputs, zip(*found, strict=True), strict=True))
        }

    def _choose(self, rows: Rows, top: int) -> list[tuple[Sums, Chosen]]:
        """The reasons that matter most, by output."""
        found, sticks = shares(self._bundle, rows), self._bundle.yardsticks
        points = None if found.scale == "money" else found.points()
        group = np.zeros(len(found.read), dtype=np.intp) if sticks is None else sticks.of(found.read)
        return [
            self._choose_of(found, k, None if points is None else points.of(k), group, top)
            for k in range(len(self._bundle.contract.outputs))
        ]

    def _choose_of(self, found: Shares, k: int, points: OnScale | None, group: Places, top: int) -> tuple[Sums, Chosen]:
        """Of one output. Features of one family make one reason, and the one that pushes hardest its way speaks for it."""
        by_column = found.values[:, k].T
        of_families = np.add.reduceat(by_column[self._by_family], self._begin, axis=0)
        order = np.argsort(-np.abs(of_families), axis=0, kind="stable")[:top].T  # customers x reasons
        shared = of_families[order, np.arange(len(group))[:, None]]
        given = shared != 0
        base, total = found.base[:, k], found.total[:, k]
        sums = Sums(base, total, found.missed[:, k], total - base - shared.sum(axis=1), points)
        customer, family, share = np.nonzero(given)[0], order[given], shared[given]
        lead, alone = self._leads(by_column, customer, family, share)
        facts = Facts(
            family=family,
            lead=lead,
            alone=alone,
            value=found.read.numbers[customer, lead],
            usual=self._usuals.at(found.read, customer, lead),
            group=group[customer],
        )
        return sums, Chosen(given.sum(axis=1), facts, share)

    def _leads(self, by_column: Floats, customer: Places, family: Places, share: Floats) -> tuple[Places, Bools]:
        """Which column speaks for each reason, and whether no other of its family adds anything."""
        lead, alone = np.empty(len(family), dtype=np.intp), np.empty(len(family), dtype=np.bool_)
        for k in np.flatnonzero(np.bincount(family)):
            members, here = self._members[k], np.flatnonzero(family == k)
            own = by_column[members[:, None], customer[here]]
            hardest = (own * np.sign(share[here])).argmax(axis=0)
            lead[here], alone[here] = members[hardest], own[hardest, np.arange(len(here))] == share[here]
        return lead, alone

    def _said(self, k: int, sums: Sums, chosen: Chosen, stake: Floats | None) -> Found:
        """The reasons of one output in words and on every scale."""
        own = Sum(sums.base, chosen.share, sums.rest, sums.total)
        points = None if sums.points is None else _on_scale(own, sums.points, chosen.count)
        money = None if sums.points is None or stake is None else _on_scale(own, sums.points.of_stake(stake), chosen.count)
        unavailable: list[str | None] = [None] * len(sums.missed)
        for row in np.flatnonzero(~(sums.missed <= TOLERANCE)):
            unavailable[row] = f"the reasons miss the served number by {sums.missed[row]:.2g} (allowed {TOLERANCE:g})"
        return Found(
            scale="money" if self._bundle.contract.link == "exp" else "log_odds",
            own=own,
            points=points,
            money=money,
            unavailable=unavailable,
            ends=chosen.count.cumsum(),
            lead=chosen.facts.lead,
            value=chosen.facts.value,
            texts=self._sentences.say(chosen.facts, (points or own).shares, k),
        )


Joined = TypeVar("Joined", Sums, Chosen, Facts, OnScale)


def _joined(parts: list[Joined]) -> Joined:
    """Records of arrays of several parts of the customers as one."""
    first, *others = parts
    if not others:
        return first
    together: dict[str, Any] = {}
    for field in fields(first):
        values = [getattr(part, field.name) for part in parts]
        if is_dataclass(values[0]):
            together[field.name] = _joined(values)
        else:
            together[field.name] = None if values[0] is None else np.concatenate(values)
    return type(first)(**together)


def _some(rows: Rows, begin: int) -> Rows:
    if len(rows) <= ROWS_AT_ONCE:
        return rows
    part = slice(begin, begin + ROWS_AT_ONCE)
    if isinstance(rows, Reading):  # of many rows nothing is gained by what was read already
        rows = rows.inputs
    return Inputs(rows.columns, rows.numbers[part]) if isinstance(rows, Inputs) else rows.iloc[part]


def _on_scale(own: Sum, scale: OnScale, count: Places) -> Sum:
    """The same on another scale; `count` is how many reasons each customer has."""
    rest = scale.total - scale.base - scale.rate * (own.total - own.base - own.rest)
    return Sum(scale.base, own.shares * np.repeat(scale.rate, count), rest, scale.total)
