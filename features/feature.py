"""What a feature is: a column of a snapshot with its name, meaning, unit, family, known direction and definition."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from features.definitions import Definition

Family = Literal[
    "recency", "frequency", "monetary", "rhythm", "trend", "basket", "breadth", "refunds", "season", "category", "loyalty",
    "subscription", "interaction", "complaint", "campaign", "satisfaction", "profile", "relationship",
]  # fmt: skip
Unit = Literal[
    "days", "orders", "money", "lines", "units", "products", "categories", "refunds", "ratio", "day", "contacts", "complaints",
    "answers", "points", "subscriptions", "treatments", "customers", "seconds", "yes or no", "number", "visits", "share",
]  # fmt: skip
FAMILY_ZH: dict[Family, str] = {
    "recency": "最近购买", "frequency": "购买频次", "monetary": "消费金额", "rhythm": "购买节奏", "trend": "变化趋势",
    "basket": "订单构成", "breadth": "购买广度", "refunds": "退货退款", "season": "季节", "category": "品类偏好",
    "loyalty": "忠诚度", "subscription": "订阅", "interaction": "互动", "complaint": "投诉", "campaign": "营销触达",
    "satisfaction": "满意度", "profile": "客户属性", "relationship": "客户关系",
}  # fmt: skip


class Usual(BaseModel):
    """What a feature usually is for the same customer: another feature, or what one comes to in as many days.

    With `days` it is `feature` over the days since it began (`since`), but at least over `days`, times `days`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    feature: str
    since: str | None = None
    days: int | None = None


@dataclass(frozen=True)
class Feature:
    """One column of a snapshot.

    `needs` names the raw columns it is computed from beyond the required ones, as table.column. `direction` is 1 where
    more of it is known to go with staying and buying, -1 where it goes with leaving, None where that is not known. `usual`
    is what readers compare it with first.
    A name that starts with _ is a step on the way to other features and no column; so is a feature of a family that is
    not wanted, where one that is wanted follows from it (`is_wanted` is False).
    """

    name: str
    family: Family
    unit: Unit
    meaning: str
    meaning_zh: str
    definition: Definition
    direction: Literal[1, -1] | None = None
    needs: tuple[str, ...] = ()
    is_wanted: bool = True
    usual: Usual | None = None

    @property
    def is_step(self) -> bool:
        """Whether it only serves other features."""
        return self.name.startswith("_") or not self.is_wanted


def step(name: str, definition: Definition, *needs: str) -> Feature:
    """A step on the way to other features: no column of the snapshot."""
    return Feature(name, "rhythm", "number", "", "", definition, needs=needs)


class Words(BaseModel):
    """What the features of a project are about: its settings, its columns, and the words its own data brings.

    The words (categories, kinds and channels of contact) are those most customers had before the first snapshot: no later row
    can change them. Levels of attributes, which hold at any time, are those of most customers; instruments are all there are.
    """

    model_config = ConfigDict(frozen=True)
    windows_days: tuple[int, ...]
    horizon_days: int
    mapped: dict[str, tuple[str, ...]]  # by table
    categories: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()  # of interactions
    channels: tuple[str, ...] = ()  # of interactions
    instruments: tuple[str, ...] = ()  # of surveys
    numeric: tuple[str, ...] = ()  # attributes
    levels: dict[str, tuple[str, ...]] = {}  # of categorical attributes
    families: tuple[Family, ...] | None = None  # None: all

    def has(self, need: str) -> bool:
        """Whether the company maps a column, said as table.column, or a table."""
        table, _, column = need.partition(".")
        return table in self.mapped and (not column or column in self.mapped[table])


def slug(word: str) -> str:
    """A word of the data as it stands in column names.

    >>> slug("Tea & Baking")
    'tea_baking'
    """
    return re.sub(r"\W+", "_", word.lower()).strip("_")
