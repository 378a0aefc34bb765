"""Made-up order lines for the tests, and the snapshot that the package makes of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from features.build import each_snapshot
from features.engines.engine import connect
from features.feature import Words
from features.project import Project
from features.tables import EXACT
from tests.features.made_up_company import online_rows
from tests.reference.raw_rows import Asked, Company, Line

SCHEMA = {
    "customer_id": "string",
    "order_id": "string",
    "occurred_at": "timestamp",
    "amount": "float64",
    "recorded_at": "timestamp",
    "product_id": "string",
    "category": "string",
    "quantity": "float64",
}
REQUIRED = ("customer_id", "order_id", "occurred_at", "amount")
LEAP_DAY = date(2012, 2, 29)


def line(customer_id: str, occurred_at: str, amount: float, order_id: str | None = None, **optional: Any) -> Line:
    """One order line; without an `order_id` it is an order of its own. Times are ISO texts."""
    if optional.get("recorded_at"):
        optional["recorded_at"] = datetime.fromisoformat(optional["recorded_at"])
    return Line(
        customer_id, order_id or f"{customer_id} {occurred_at}", datetime.fromisoformat(occurred_at), amount, **optional
    )


def project(**sections: Any) -> Project:
    """A project whose settings are the defaults, but for `sections`."""
    mapping = {"from": "orders.csv", "customer_id": "c", "order_id": "o", "occurred_at": "t", "amount": "a"}
    content = {"project": {"name": "made_up", "currency": "EUR"}, "tables": {"orders": mapping}}
    return Project.model_validate(content | sections)


def orders_table(lines: Sequence[Line], columns: Sequence[str] = tuple(SCHEMA)) -> ibis.Table:
    """The lines as a checked table of orders holds them: numbers are exact decimals."""
    frame = pd.DataFrame([vars(each) for each in lines], columns=list(SCHEMA))
    for column, dtype in SCHEMA.items():
        if dtype == "timestamp":
            frame[column] = pd.to_datetime(frame[column])
    table = ibis.memtable(frame, schema=SCHEMA)
    table = table.mutate(amount=table.amount.cast(EXACT), quantity=table.quantity.cast(EXACT))
    return table.select(*columns)


def snapshot(
    lines: Sequence[Line],
    *as_of: date | str,
    windows_days: tuple[int, ...] = (30,),
    horizon_days: int = 90,
    categories: tuple[str, ...] = (),
    columns: Sequence[str] = tuple(SCHEMA),
    **sections: Any,
) -> pd.DataFrame:
    """The snapshot rows of some dates, in the order of date and customer."""
    own = project(
        project={"name": "made_up", "currency": "EUR", "horizon_days": horizon_days},
        features={"windows_days": windows_days},
        **sections,
    )
    dates = tuple(date.fromisoformat(day) if isinstance(day, str) else day for day in as_of)
    words = Words(
        windows_days=own.features.windows_days,
        horizon_days=horizon_days,
        mapped={"orders": tuple(columns)},
        categories=categories,
    )
    return snapshots_of({"orders": orders_table(lines, columns)}, own, words, dates)


def snapshots_of(tables: dict[str, ibis.Table], own: Project, words: Words, dates: Sequence[date]) -> pd.DataFrame:
    """The snapshot rows of some dates, in the order of date and customer."""
    found: dict[date, pa.Table] = {}
    each_snapshot(connect(), tables, words, own.cohort, dates, found.__setitem__)
    return pd.concat([found[day].to_pandas() for day in sorted(dates)], ignore_index=True)


def rows_of(lines: Sequence[Line], *as_of: str, cohort: dict[str, int] | None = None, **asked: Any) -> pd.DataFrame:
    """The same rows from raw events, which is much faster; last year's season is left out (see `online_rows`)."""
    return online_rows(Company(orders=lines), *as_of, asked=Asked(**asked), **(cohort or {}))


def features_of(customer_id: str, lines: Sequence[Line], as_of: str, **asked: Any) -> dict[str, Any]:
    """One customer's row on one date, by column name, from raw events."""
    return dict(rows_of(lines, as_of, **asked).set_index("customer_id").loc[customer_id])


CUSTOMERS = ("ada", "bo", "cy", "di")
CLOCK = (timedelta(0), timedelta(hours=12), timedelta(hours=24) - timedelta(microseconds=1))
DELAYS = (None, None, timedelta(0), timedelta(days=1), timedelta(days=30), timedelta(days=-1))
AMOUNTS = (10.0, 19.99, 0.01, 1234.56, 7.5, 0.0, -10.0, -19.99)


def random_lines(seed: int, size: int = 60) -> list[Line]:
    """Any order lines: late or not, bought, free or given back, on days that others share or alone.

    The lines of one order may fall on several days, and those of one day may become known on several days.
    """
    rng = random.Random(seed)
    span = rng.choice([60, 300, 800])  # short spans make gaps, orders and days meet; long ones reach last year
    days = [LEAP_DAY, *(LEAP_DAY + timedelta(days=rng.randint(-span, 40)) for _ in range(size // 3))]
    lines = []
    for _ in range(size):
        occurred_at = datetime.combine(rng.choice(days), time()) + rng.choice(CLOCK)
        delay = rng.choice(DELAYS)
        lines.append(
            Line(
                customer_id=rng.choice(CUSTOMERS),
                order_id=rng.choice("12345"),
                occurred_at=occurred_at,
                recorded_at=None if delay is None else occurred_at + delay,
                amount=rng.choice(AMOUNTS),
                product_id=rng.choice([None, "p1", "p2", "p3", "p4"]),
                category=rng.choice([None, "Tea", "Toys & Games", "Rare"]),
                quantity=rng.choice([None, 1.0, 3.0, 0.5, 0.0]),
            )
        )
    return lines
