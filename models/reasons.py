"""The few reasons that matter most for one answer, in words, and one remainder, so that the sum still holds.

Features of one family make one reason: its share is the family's, and the feature that pushes hardest the same way speaks for
it, with the customer's own value and what to compare it with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.feature import FAMILY_ZH, Family
from models.bundle import Bundle
from models.contract import Frozen
from models.inputs import Inputs
from models.languages import LANGUAGES
from models.sentences import Sentences
from models.shares import TOLERANCE, OnScale, Scale, Shares, shares

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
ROWS_AT_ONCE = 8_192


class Reason(Frozen):
    """What the features of one family add to one answer.

    `feature` is the one that pushes hardest the way the family goes, `value` the customer's own, null where it is not known.
    """

    family: Family
    feature: str
    label: str
    label_zh: str
    value: float | None
    share: float
    text: str
    text_zh: str


class Addition(Frozen):
    """The same reasons on another scale: base + shares + rest = total."""

    base: float
    shares: tuple[float, ...]
    rest: float
    total: float


class Explanation(Frozen):
    """base + the shares of the reasons + rest = total; total is the served number on `scale`.

    `points` says it in percentage points of a probability, `money` in the money at stake, where that is known.
    """

    scale: Scale
    base: float
    reasons: tuple[Reason, ...]
    rest: float
    total: float
    points: Addition | None = None
    money: Addition | None = None


@dataclass(frozen=True)
class Families:
    """The families of a model's features, and which columns each has."""

    names: tuple[Family, ...]
    members: tuple[Places, ...]

    @classmethod
    def of(cls, bundle: Bundle) -> Families:
        """In the order in which the model reads them."""
        of_column = [column.family for column in bundle.contract.explained]
        names = tuple(dict.fromkeys(of_column))
        return cls(names, tuple(np.flatnonzero([family == name for family in of_column]) for name in names))


@dataclass(frozen=True)
class Chosen:
    """The reasons of one output for many customers, the strongest first: customers x reasons, and customers."""

    families: Families
    family: Places
    lead: Places  # the feature that speaks for the family
    alone: NDArray[np.bool_]  # whether no other feature of the family adds anything
    share: Floats  # 0 where there is no further reason

    @classmethod
    def of(cls, values: Floats, families: Families, top: int) -> Chosen:
        """From shares of one output: customers x features."""
        by_feature = values.T
        sums = np.stack([by_feature[members].sum(axis=0) for members in families.members])
        leads, several = np.empty(sums.shape, dtype=np.intp), np.empty(sums.shape, dtype=np.bool_)
        for k, members in enumerate(families.members):
            pushes = by_feature[members] * np.where(sums[k] < 0, -1.0, 1.0)
            leads[k] = members[pushes.argmax(axis=0)]
            several[k] = np.count_nonzero(pushes, axis=0) > 1
        order = np.argsort(-np.abs(sums), axis=0, kind="stable")[:top]
        share = np.take_along_axis(sums, order, axis=0)
        lead, alone = np.take_along_axis(leads, order, axis=0), ~np.take_along_axis(several, order, axis=0)
        return cls(families, order.T, lead.T, alone.T, share.T)


def explain(
    bundle: Bundle, rows: pd.DataFrame | Inputs, *, top: int, stake: Floats | None = None
) -> list[dict[str, Explanation | str]]:
    """One dictionary per row: for each output by its name an explanation, or why there is none.

    There is none where shares and served number disagree. `stake` is the money at stake for each row, where it is known.
    """
    read = bundle.inputs(rows)
    sentences = [Sentences(bundle, language) for language in LANGUAGES]
    names = [output.name for output in bundle.contract.outputs]
    found: list[dict[str, Explanation | str]] = []
    for begin in range(0, len(read), ROWS_AT_ONCE):
        some = slice(begin, begin + ROWS_AT_ONCE)
        part = shares(bundle, Inputs(read.columns, read.numbers[some]))
        scales = _other_scales(part, None if stake is None else stake[some])
        columns = [_column(bundle, part, scales, k, sentences, top) for k in range(len(names))]
        found += [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return found


def _other_scales(found: Shares, stake: Floats | None) -> dict[str, OnScale]:
    """Points for probabilities; money for those with something at stake."""
    if found.scale == "money":
        return {}
    points = {"points": found.points()}
    return points if stake is None else points | {"money": found.money(stake)}


def _column(
    bundle: Bundle, found: Shares, scales: dict[str, OnScale], k: int, sentences: list[Sentences], top: int
) -> list[Explanation | str]:
    """The explanations of one output."""
    chosen = Chosen.of(found.values[:, k], Families.of(bundle), top)
    said = [_texts(chosen, found, scales, k, own) for own in sentences]
    return [
        _explanation(bundle, found, scales, k, chosen, [[text[row] for text in each] for each in said], row)
        for row in range(len(found.read))
    ]


def _texts(chosen: Chosen, found: Shares, scales: dict[str, OnScale], k: int, sentences: Sentences) -> list[list[str]]:
    """For every reason a list with one sentence per customer."""
    moved = chosen.share * (scales["points"].rate[:, k, None] if "points" in scales else 1.0)
    names = [sentences.family(name, FAMILY_ZH[name]) for name in chosen.families.names]
    return [
        sentences.say(
            found.read,
            chosen.lead[:, place],
            [names[family] for family in chosen.family[:, place]],
            chosen.alone[:, place],
            moved[:, place],
            k,
        )
        for place in range(chosen.share.shape[1])
    ]


def _explanation(
    bundle: Bundle, found: Shares, scales: dict[str, OnScale], k: int, chosen: Chosen, said: list[list[str]], row: int
) -> Explanation | str:
    """One customer's; or that it does not add up, and by how much."""
    missed, base, total = (float(part[row, k]) for part in (found.missed, found.base, found.total))
    if not missed <= TOLERANCE:
        return f"the reasons miss the served number by {missed:.2g} (allowed {TOLERANCE:g})"
    reasons = []
    for place, share in enumerate(chosen.share[row].tolist()):
        if share != 0:
            lead = chosen.lead[row, place]
            column, value = bundle.contract.explained[lead], float(found.read.numbers[row, lead])
            reasons.append(
                Reason(
                    family=column.family,
                    feature=column.name,
                    label=column.meaning,
                    label_zh=column.meaning_zh,
                    value=None if math.isnan(value) else value,
                    share=share,
                    text=said[0][place],
                    text_zh=said[1][place],
                )
            )
    given = tuple(reason.share for reason in reasons)
    others = {
        name: Addition(
            base=float(scale.base[row, k]),
            shares=tuple(share * float(scale.rate[row, k]) for share in given),
            rest=float(scale.total[row, k] - scale.base[row, k]) - sum(given) * float(scale.rate[row, k]),
            total=float(scale.total[row, k]),
        )
        for name, scale in scales.items()
    }
    return Explanation(
        scale=found.scale,
        base=base,
        reasons=tuple(reasons),
        rest=total - base - sum(given),
        total=total,
        points=others.get("points"),
        money=others.get("money"),
    )
