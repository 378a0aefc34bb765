"""What is answered of reasons: objects for the few customers of a request, columns of a table for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, NamedTuple

import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct
from numpy.typing import NDArray

from features.feature import Family
from models.contract import InputColumn
from models.reasons.sentences import Said
from models.reasons.shares import Scale

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


class Reason(Struct, frozen=True):
    """What the features of one family add to one answer."""

    family: Annotated[Family, Meta(description="whose features these are")]
    feature: Annotated[str, Meta(description="the one of them that pushes hardest the way the family goes")]
    label: Annotated[str, Meta(description="what this feature is, English")]
    label_zh: Annotated[str, Meta(description="the same in Chinese")]
    value: Annotated[float | None, Meta(description="the customer's own, in the unit of the feature; null: not known")]
    share: Annotated[float, Meta(description="what the family adds on `scale`; below 0 it lowers the number")]
    text: Annotated[str, Meta(description="the reason as a sentence, English")]
    text_zh: Annotated[str, Meta(description="the same in Chinese")]


class Addition(Struct, frozen=True):
    """The same reasons on another scale: base + shares + rest = total."""

    base: Annotated[float, Meta(description="what is usual, before anything is known of the customer")]
    shares: Annotated[tuple[float, ...], Meta(description="what each reason adds, in the order of the reasons")]
    rest: Annotated[float, Meta(description="what all other features add")]
    total: Annotated[float, Meta(description="the sum, which is the number itself")]


ADDITION = pa.struct(
    [("base", pa.float64()), ("shares", pa.list_(pa.float64())), ("rest", pa.float64()), ("total", pa.float64())]
)


class Explanation(Struct, frozen=True):
    """base + the shares of the reasons + rest = total; total is the served number on `scale`."""

    scale: Annotated[Scale, Meta(description="on which shares add up: log_odds of a probability, or money within the horizon")]
    base: Annotated[float, Meta(description="on `scale`: what is usual, before anything is known of the customer")]
    reasons: Annotated[tuple[Reason, ...], Meta(description="the strongest reasons, the strongest first")]
    rest: Annotated[float, Meta(description="on `scale`: what all other features add")]
    total: Annotated[float, Meta(description="on `scale`: the served number")]
    points: Annotated[
        Addition | None, Meta(description="the same in percentage points of the probability; null where it is no probability")
    ] = None
    money: Annotated[
        Addition | None, Meta(description="of churn the same in money at stake within the horizon; null where none is known")
    ] = None


class Column(NamedTuple):
    """The explanations of one output for many customers, null where there is none, and then why; null where there is one."""

    explanations: pa.StructArray
    unavailable: pa.StringArray


@dataclass(frozen=True)
class Sum:
    """base + shares + rest = total on one scale: one share per reason, one of the others per customer."""

    base: Floats
    shares: Floats
    rest: Floats
    total: Floats


@dataclass(frozen=True)
class Found:
    """All there is to say of one output: the reasons of one customer after those of the other, the strongest first."""

    scale: Scale
    own: Sum  # on that scale
    points: Sum | None
    money: Sum | None
    unavailable: list[str | None]  # why there is no explanation
    ends: Places  # where the reasons of each customer end
    lead: Places  # the column that each reason is about
    value: Floats  # the customer's own
    texts: tuple[Said, ...]  # English, Chinese


def objects(found: Found, columns: Sequence[InputColumn]) -> list[Explanation | str]:
    """One for each customer: an explanation, or why there is none. `columns` are those the reasons are about."""
    texts = (said if isinstance(said, list) else said.to_pylist() for said in found.texts)
    reasons = [
        Reason(
            family=columns[lead].family,
            feature=columns[lead].name,
            label=columns[lead].meaning,
            label_zh=columns[lead].meaning_zh,
            value=value if value == value else None,
            share=share,
            text=text,
            text_zh=text_zh,
        )
        for lead, value, share, text, text_zh in zip(
            found.lead.tolist(), found.value.tolist(), found.own.shares.tolist(), *texts, strict=True
        )
    ]
    ends = found.ends.tolist()
    scales = (_additions(scale, ends) for scale in (found.own, found.points, found.money))
    return [
        cause
        or Explanation(
            scale=found.scale,
            base=own.base,
            reasons=tuple(reasons[begin:end]),
            rest=own.rest,
            total=own.total,
            points=points,
            money=money,
        )
        for cause, (begin, end), own, points, money in zip(found.unavailable, pairwise([0, *ends]), *scales, strict=True)
    ]


def column(found: Found, words: pa.StructArray) -> Column:
    """The same side by side. `words` has family, feature, label and label_zh of the columns the reasons are about."""
    of_lead = words.take(pa.array(found.lead))
    texts = (pa.array(said, pa.string()) if isinstance(said, list) else said for said in found.texts)
    reasons = _struct(
        dict(zip(words.type.names, of_lead.flatten(), strict=True))
        | {"value": pa.array(found.value, from_pandas=True), "share": found.own.shares}
        | dict(zip(("text", "text_zh"), texts, strict=True))
    )
    ends = pa.array(np.concatenate([[0], found.ends]).astype(np.int32))
    parts = {
        "scale": pa.repeat(found.scale, len(found.ends)),
        "base": found.own.base,
        "reasons": pa.ListArray.from_arrays(ends, reasons),
        "rest": found.own.rest,
        "total": found.own.total,
        "points": _addition_column(found.points, ends),
        "money": _addition_column(found.money, ends),
    }
    unavailable = pa.array(found.unavailable, pa.string())
    return Column(_struct(parts, unavailable.is_valid()), unavailable)


def _additions(scale: Sum | None, ends: list[int]) -> Sequence[Addition | None]:
    if scale is None:
        return [None] * len(ends)
    shares = scale.shares.tolist()
    return [
        Addition(base=base, shares=tuple(shares[begin:end]), rest=rest, total=total)
        for (begin, end), base, rest, total in zip(
            pairwise([0, *ends]), scale.base.tolist(), scale.rest.tolist(), scale.total.tolist(), strict=True
        )
    ]


def _addition_column(scale: Sum | None, ends: pa.Array) -> pa.Array:
    if scale is None:
        return pa.nulls(len(ends) - 1, ADDITION)
    shares = pa.ListArray.from_arrays(ends, pa.array(scale.shares))
    return _struct({"base": scale.base, "shares": shares, "rest": scale.rest, "total": scale.total})


def _struct(parts: dict[str, object], is_null: pa.BooleanArray | None = None) -> pa.StructArray:
    arrays = [part if isinstance(part, pa.Array) else pa.array(part) for part in parts.values()]
    return pa.StructArray.from_arrays(arrays, names=list(parts), mask=is_null)
