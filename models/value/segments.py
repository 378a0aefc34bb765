"""RFM segments: how lately, how often and for how much net of refunds, each in fifths, and names for what they make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.inputs import Columns, column
from models.spend import Counted

Places = NDArray[np.intp]
Floats = NDArray[np.float64]
RFM = ("days_since_last_order", "order_day_count", "spend_sum", "refund_sum")  # recency, frequency; monetary is net
FIFTHS = 5


@dataclass(frozen=True)
class Segment:
    """A named group of customers: in which fifths of recency, and of frequency and spend together (the better of both)."""

    name: str
    name_zh: str
    recency: tuple[int, int]  # from, to: 5 bought last, 1 longest ago
    weight: tuple[int, int]  # 5 is most


# The usual map of recency against frequency and spend (Hughes 1994 for the fifths); every pair of fifths is in exactly one.
SEGMENTS = (
    Segment("champions", "冠军客户", (5, 5), (4, 5)),
    Segment("loyal", "忠诚客户", (3, 4), (4, 5)),
    Segment("promising", "潜力客户", (4, 5), (2, 3)),
    Segment("new", "新客户", (5, 5), (1, 1)),
    Segment("need attention", "需关注客户", (3, 3), (2, 3)),
    Segment("about to sleep", "即将沉睡客户", (3, 4), (1, 1)),
    Segment("at risk", "流失预警客户", (1, 2), (3, 4)),
    Segment("cannot lose", "重要挽留客户", (1, 2), (5, 5)),
    Segment("hibernating", "沉睡客户", (1, 2), (1, 2)),
)


def fifths(values: Floats, *, most_is_best: bool = True) -> Places:
    """1 to 5 for every value, 5 the best; equal values share a fifth, and what is not known is in the worst.

    The fifth of a value is that of its mean rank: ties, as of customers who ordered once, are not torn apart.
    """
    known = ~np.isnan(values)
    found = np.ones(len(values), dtype=np.intp)
    if known.any():
        own = values[known] if most_is_best else -values[known]
        ordered = np.sort(own)
        middle = (np.searchsorted(ordered, own, "left") + np.searchsorted(ordered, own, "right")) / 2
        found[known] = np.minimum((middle / len(own) * FIFTHS).astype(np.intp) + 1, FIFTHS)
    return found


def can_be_told(rows: Columns) -> bool:
    """Whether the columns of recency, frequency and spend are there."""
    return all(name in rows.columns for name in RFM)


def rfm_fifths(rows: Columns) -> tuple[Places, Places, Places]:
    """Recency, frequency and net spend of every row in fifths among these rows: 5 bought last, most often, for most."""
    recency, frequency = (column(rows, name) for name in RFM[:2])
    monetary = Counted.net_spend_so_far().of(rows)
    return fifths(recency, most_is_best=False), fifths(frequency), fifths(monetary)


def segments(rows: Columns) -> Places:
    """The place in SEGMENTS of every row, one for each, from the fifths among these rows."""
    last, frequency, monetary = rfm_fifths(rows)
    weight = np.maximum(frequency, monetary)
    table = np.full((FIFTHS + 1, FIFTHS + 1), -1)
    for place, segment in enumerate(SEGMENTS):
        table[segment.recency[0] : segment.recency[1] + 1, segment.weight[0] : segment.weight[1] + 1] = place
    found: Places = table[last, weight]
    return found
