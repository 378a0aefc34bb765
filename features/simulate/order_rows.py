"""The table of orders: bought and returned lines, in time order within a chunk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.simulate.chunk import Chunk, Numbers, Stream
from features.simulate.columns import SECONDS_PER_DAY, coded, numbered, order_ids, seconds, timestamps
from features.simulate.market import Market
from features.simulate.orders import LATE_SHARE, ORDER_CHANNELS, Lines, Orders
from features.simulate.products import CATEGORIES
from features.simulate.times import late_days


@dataclass(frozen=True)
class _Rows:
    """The rows to write: the line behind each, whether it is its return, and when (seconds)."""

    line: NDArray[np.int64]
    is_return: NDArray[np.bool_]
    occurred: NDArray[np.int64]
    recorded: NDArray[np.int64]


def orders_table(chunk: Chunk, orders: Orders, lines: Lines, market: Market, *, customer_id: pa.Array) -> pa.Table:
    """One row per line bought, and one with the signs turned per line returned (same order_id, a later time).

    A return gives back what was paid; its discount is 0. Rows recorded after the calendar's end are left out.
    """
    rows = _rows(chunk, orders, lines, days=market.calendar.days)
    order, sign = lines.order[rows.line], np.where(rows.is_return, -1, 1)
    size = chunk.size
    customer = (orders.customer + np.where(orders.is_under_alias, size, 0)).astype(np.int32)
    product, starts_at = lines.product[rows.line], market.calendar.starts_at
    columns = {
        "customer_id": coded(customer[order], customer_id),
        "order_id": coded(order, order_ids(chunk, len(orders.at))),
        "occurred_at": timestamps(rows.occurred, starts_at),
        "recorded_at": timestamps(rows.recorded, starts_at),
        "amount": _signed(lines.paid, rows, sign),
        "product_id": coded(product, numbered("P", np.arange(len(market.products.category)), 5)),
        "category": coded(market.products.category[product], CATEGORIES),
        "quantity": lines.units[rows.line] * sign,
        "cost": _signed(lines.cost, rows, sign),
        "discount": np.where(rows.is_return, 0.0, lines.discount[rows.line]),
        "channel": coded(orders.channel[order], ORDER_CHANNELS),
    }
    return pa.table(columns)


def _rows(chunk: Chunk, orders: Orders, lines: Lines, *, days: int) -> _Rows:
    end = days * SECONDS_PER_DAY
    bought = seconds(orders.at)[lines.order]
    returned = np.flatnonzero(lines.returned_at < days)
    returned = returned[np.argsort(lines.returned_at[returned])]
    rng = chunk.rng(Stream.RETURN_ROWS)
    return_days = late_days(rng, rng.random(len(returned)) < LATE_SHARE)
    occurred = np.concatenate([bought, seconds(lines.returned_at[returned])])
    recorded = occurred + seconds(np.concatenate([lines.late_days, return_days]))
    line = np.concatenate([np.arange(len(bought)), returned])
    # Both parts ascend already, which a stable sort turns into one merge.
    in_time = np.argsort(occurred, kind="stable")
    in_time = in_time[recorded[in_time] < end]
    is_return = in_time >= len(bought)
    return _Rows(line[in_time], is_return, occurred[in_time], recorded[in_time])


def _signed(money: Numbers, rows: _Rows, sign: NDArray[np.int64]) -> Numbers:
    signed: Numbers = money[rows.line] * sign
    return signed
