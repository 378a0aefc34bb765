"""The quadrant: profit against loyalty, four groups, each with the strategy it calls for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.contract import Frozen
from models.value.settings import QuadrantSettings

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Quadrant:
    """One group and what to do about it."""

    name: str
    name_zh: str
    strategy: str
    strategy_zh: str


# Reinartz, Kumar (2002), "The mismanagement of customer loyalty"; in the order low and high profit, low and high loyalty.
QUADRANTS = (
    Quadrant(
        "strangers",
        "陌生人型",
        "Spend nothing on keeping them; let every order pay for itself.",
        "不投入维系成本，确保每笔交易盈利。",
    ),
    Quadrant(
        "barnacles",
        "藤壶型",
        "They stay but bring little: find out whether they could buy more; if not, serve them at less cost.",
        "长期但利润低：先判断是否有增购潜力，没有则降低服务成本。",
    ),
    Quadrant(
        "butterflies",
        "蝴蝶型",
        "They bring much and do not stay: sell while they buy, and stop spending when they leave.",
        "利润高但不长久：趁活跃时成交，离开后不再投入。",
    ),
    Quadrant(
        "true friends",
        "挚友型",
        "Keep them: care and recognition, no pressure; ask them to recommend.",
        "重点维系：给予关怀与认可，不过度推销，邀请其推荐。",
    ),
)


class Quadrants(Frozen):
    """Above which profit and which loyalty a company's customers count as high."""

    profit_above: float
    loyalty_above: float

    @classmethod
    def fit(cls, profit: Floats, loyalty: Floats, settings: QuadrantSettings) -> Self | None:
        """From the customers of one date; None where of one of both nothing is known."""
        if np.isnan(profit).all() or np.isnan(loyalty).all():
            return None
        return cls(
            profit_above=float(np.nanquantile(profit, settings.profit_above_share)),
            loyalty_above=float(np.nanquantile(loyalty, settings.loyalty_above_share)),
        )

    def of(self, profit: Floats, loyalty: Floats) -> Places:
        """The place in QUADRANTS of every customer; what is not known of her is not high."""
        return 2 * (profit > self.profit_above).astype(np.intp) + (loyalty > self.loyalty_above)
