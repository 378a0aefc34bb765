"""The few reasons that matter most for one answer, in words, and one remainder, so that the sum still holds.

Features of one family make one reason: its share is the family's, and the feature that pushes hardest the same way speaks for
it, with the customer's own value and what to compare it with.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.feature import Family
from models.bundle import Bundle
from models.contract import Frozen
from models.inputs import Inputs
from models.languages import LANGUAGES
from models.sentences import Sentences, facts
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


ADDITION = pa.struct(
    [("base", pa.float64()), ("shares", pa.list_(pa.float64())), ("rest", pa.float64()), ("total", pa.float64())]
)


class Column(NamedTuple):
    """The explanations of one output for many customers, null where there is none, and then why; null where there is one."""

    explanations: pa.StructArray
    unavailable: pa.StringArray


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
    columns = explain_columns(bundle, rows, top=top, stake=stake)
    found = {
        name: [
            cause or Explanation.model_validate(one)
            for one, cause in zip(column.explanations.to_pylist(), column.unavailable.to_pylist(), strict=True)
        ]
        for name, column in columns.items()
    }
    return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]


def explain_columns(
    bundle: Bundle, rows: pd.DataFrame | Inputs, *, top: int, stake: Floats | None = None, threads: int = 1
) -> dict[str, Column]:
    """The same for many customers as columns of a table, by output."""
    read = bundle.inputs(rows)
    bundle.tree_shares  # noqa: B018  worked out once, before threads ask for it
    parts = [slice(begin, begin + ROWS_AT_ONCE) for begin in range(0, max(len(read), 1), ROWS_AT_ONCE)]

    def explain_part(some: slice) -> list[Column]:
        return _explain(bundle, Inputs(read.columns, read.numbers[some]), None if stake is None else stake[some], top)

    if threads == 1 or len(parts) == 1:
        found = [explain_part(some) for some in parts]
    else:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(explain_part, parts))
    return {
        output.name: Column(*(pa.concat_arrays(pieces) for pieces in zip(*columns, strict=True)))
        for output, columns in zip(bundle.contract.outputs, zip(*found, strict=True), strict=True)
    }


def _explain(bundle: Bundle, read: Inputs, stake: Floats | None, top: int) -> list[Column]:
    """One column per output."""
    found, families = shares(bundle, read), Families.of(bundle)
    scales = {} if found.scale == "money" else {"points": found.points()}
    if scales and stake is not None:
        scales["money"] = found.money(stake)
    sentences = [Sentences(bundle, language) for language in LANGUAGES]
    return [
        _column(bundle, found, scales, k, Chosen.of(found.values[:, k], families, top), sentences)
        for k in range(len(bundle.contract.outputs))
    ]


def _column(
    bundle: Bundle, found: Shares, scales: dict[str, OnScale], k: int, chosen: Chosen, sentences: list[Sentences]
) -> Column:
    """The explanations of one output, side by side."""
    given = chosen.share != 0
    offsets = pa.array(np.concatenate([[0], given.sum(axis=1).cumsum()]), pa.int32())
    missed, base, total = found.missed[:, k], found.base[:, k], found.total[:, k]
    fails = ~(missed <= TOLERANCE)
    additions = {name: OnScale(scale.base[:, k], scale.rate[:, k], scale.total[:, k]) for name, scale in scales.items()}
    parts = {
        "scale": pa.array([found.scale] * len(base), pa.string()),
        "base": base,
        "reasons": pa.ListArray.from_arrays(offsets, _reasons(bundle, found, scales, k, chosen, given, sentences)),
        "rest": total - base - chosen.share.sum(axis=1),
        "total": total,
        "points": _addition(additions.get("points"), chosen, given, offsets),
        "money": _addition(additions.get("money"), chosen, given, offsets),
    }
    causes = [
        f"the reasons miss the served number by {off:.2g} (allowed {TOLERANCE:g})" if fail else None
        for off, fail in zip(missed.tolist(), fails.tolist(), strict=True)
    ]
    return Column(_struct(parts, fails), pa.array(causes, pa.string()))


def _reasons(
    bundle: Bundle,
    found: Shares,
    scales: dict[str, OnScale],
    k: int,
    chosen: Chosen,
    given: NDArray[np.bool_],
    sentences: list[Sentences],
) -> pa.StructArray:
    """All reasons of one output, customer after customer."""
    columns, rows, lead = bundle.contract.explained, np.nonzero(given)[0], chosen.lead[given]
    moved = (chosen.share * (scales["points"].rate[:, k, None] if "points" in scales else 1.0))[given]
    told, family, alone = facts(bundle, found.read, rows, lead), chosen.family[given], chosen.alone[given]
    said = [own.say(told, chosen.families.names, family, alone, moved, k) for own in sentences]
    labels = {
        "family": [column.family for column in columns],
        "feature": [column.name for column in columns],
        "label": [column.meaning for column in columns],
        "label_zh": [column.meaning_zh for column in columns],
    }
    return _struct(
        {name: pa.array(words, pa.string()).take(pa.array(lead)) for name, words in labels.items()}
        | {
            "value": pa.array(found.read.numbers[rows, lead], from_pandas=True),
            "share": chosen.share[given],
            "text": pa.array(said[0], pa.string()),
            "text_zh": pa.array(said[1], pa.string()),
        }
    )


def _addition(scale: OnScale | None, chosen: Chosen, given: NDArray[np.bool_], offsets: pa.Array) -> pa.Array:
    """The same reasons on another scale; null where there is none."""
    if scale is None:
        return pa.nulls(len(given), ADDITION)
    own = chosen.share * scale.rate[:, None]
    return _struct(
        {
            "base": scale.base,
            "shares": pa.ListArray.from_arrays(offsets, pa.array(own[given])),
            "rest": scale.total - scale.base - own.sum(axis=1),
            "total": scale.total,
        }
    )


def _struct(parts: dict[str, object], is_null: NDArray[np.bool_] | None = None) -> pa.StructArray:
    arrays = [part if isinstance(part, pa.Array) else pa.array(part) for part in parts.values()]
    return pa.StructArray.from_arrays(arrays, names=list(parts), mask=None if is_null is None else pa.array(is_null))
