"""A small company whose eight raw tables have whatever a company's tables have, and one mapping for every engine.

Rows are those of `tests.features.made_up_company`, written as a company would: names with capitals and blanks, dates as
text, moments in UTC that fall on another day at home, numbers that are none. Some rows break each rule of the contract.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from features.project import Project
from tests.features.made_up_company import random_company, side_by_side
from tests.reference.raw_rows import Answer, Company, Contact, Customer, Line, Period, Touch

HOME = "Asia/Shanghai"
TEXT, NUMBER, MOMENT, DAY, INT = pa.string(), pa.float64(), pa.timestamp("us"), pa.date32(), pa.int64()
MOMENT_UTC, MONEY, YES_NO = pa.timestamp("us", tz="UTC"), pa.decimal128(12, 2), pa.bool_()
DATA_UNTIL = date(2012, 6, 1)


@dataclass(frozen=True)
class RawTable:
    """The rows of one table as the company keeps them."""

    types: dict[str, pa.DataType]
    rows: list[dict[str, Any]]

    @property
    def arrow(self) -> pa.Table:
        return pa.Table.from_pylist(self.rows, schema=pa.schema(self.types))


def raw_tables(seed: int = 1) -> dict[str, RawTable]:
    """The eight raw tables."""
    company = side_by_side(*(random_company(seed + number, 60) for number in range(6)), random_company(seed, 4))
    chance = random.Random(seed)
    made = {
        "orders": _table(ORDERS, company.orders, _order, chance),
        "customers": _table(CUSTOMERS, company.customers, _customer, chance),
        "interactions": _table(INTERACTIONS, company.interactions, _contact, chance),
        "surveys": _table(SURVEYS, company.surveys, _answer, chance),
        "subscriptions": _table(SUBSCRIPTIONS, company.subscriptions, _period, chance),
        "treatments": _table(TREATMENTS, company.treatments, _touch, chance),
    }
    return made | {"labels": _labels(company, chance), "identities": _identities()}


def _table(
    types: dict[str, pa.DataType], rows: Any, raw: Callable[[Any, random.Random], dict[str, Any]], chance: random.Random
) -> RawTable:
    """The raw rows, some of them spoilt: each column now and then by one of its spoilers."""
    made = [raw(row, chance) for row in rows]
    for column in types:
        for spoiler in SPOILERS.get(column, ()):
            chance.choice(made)[column] = spoiler
    made += [dict(row) for row in chance.sample(made, 3)]  # some rows are there twice
    return RawTable(types, made)


def _utc(moment: datetime | None) -> datetime | None:
    """A moment at home as the database has it."""
    return None if moment is None else moment.replace(tzinfo=ZoneInfo(HOME)).astimezone(UTC)


def _blanks(text: str | None, chance: random.Random) -> str | None:
    return (
        text
        if text is None
        else f"{chance.choice(['', '', ' ', chr(9), chr(10)])}{text}{chance.choice(['', '', ' ', chr(13)])}"
    )


ORDERS = {"Customer Id": TEXT, "Invoice No": TEXT, "bought_on": TEXT, "loaded": MOMENT_UTC, "unit_price": NUMBER, "units": INT, "SKU": TEXT, "description": TEXT, "cost": TEXT, "list_price": MONEY, "state": TEXT, "currency": TEXT, "shop": INT}  # fmt: skip
_DESCRIPTIONS = {"Tea": "green TEA 100 g", "Toys & Games": "GAME, for 3\\4", "Rare": "TEAPOT (rare)"}


def _order(line: Line, chance: random.Random) -> dict[str, Any]:
    return {
        "Customer Id": _blanks(line.customer_id, chance),
        "Invoice No": line.order_id,
        "bought_on": line.occurred_at.strftime("%d/%m/%Y %H:%M:%S"),
        "loaded": _utc(line.recorded_at),
        "unit_price": line.amount if chance.random() < 0.7 else line.amount / 3,
        "units": chance.choice([None, 1, 1, 1, 3, -1]),
        "SKU": line.product_id,
        "description": _DESCRIPTIONS.get(line.category or ""),
        "cost": None if line.cost is None else f"EUR {line.cost}",
        "list_price": None if line.discount is None else Decimal(f"{abs(line.amount) + line.discount:.2f}"),
        "state": chance.choice(["paid", "paid", "PAID", None, "cancelled"]),
        "currency": chance.choice(["EUR", "eur", "EUR", None]),
        "shop": chance.choice([None, 7, 12]),
    }


CUSTOMERS = {"id": TEXT, "joined": DAY, "won_for": MONEY, "brought_by": TEXT, "born": DAY, "limit": NUMBER, "region": TEXT, "is_business": YES_NO}  # fmt: skip


def _customer(customer: Customer, chance: random.Random) -> dict[str, Any]:
    attributes = customer.attributes
    return {
        "id": _blanks(customer.customer_id, chance),
        "joined": None if customer.acquired_at is None else customer.acquired_at.date(),
        "won_for": None if customer.acquisition_cost is None else Decimal(f"{customer.acquisition_cost:.2f}"),
        "brought_by": customer.referred_by,
        "born": None
        if attributes["age"] is None
        else date(2012, 3, 1) - timedelta(days=int(365.25 * float(attributes["age"]))),
        "limit": attributes["credit_limit"],
        "region": attributes["region"],
        "is_business": {"b2b": True, "b2c": False}.get(str(attributes["segment"])),
    }


INTERACTIONS = {"customer": TEXT, "at": MOMENT_UTC, "noted": MOMENT, "by": TEXT, "what": TEXT, "size": NUMBER, "minutes": NUMBER, "settled": MOMENT}  # fmt: skip


def _contact(contact: Contact, chance: random.Random) -> dict[str, Any]:
    return {
        "customer": _blanks(contact.customer_id, chance),
        "at": _utc(contact.occurred_at),
        "noted": contact.recorded_at,
        "by": contact.channel,
        "what": contact.kind.upper() if chance.random() < 0.3 else contact.kind,
        "size": contact.value,
        "minutes": None if contact.duration_s is None else contact.duration_s / 60,
        "settled": contact.resolved_at,
    }


SURVEYS = {"customer": TEXT, "day": DAY, "kind": TEXT, "score": INT, "lowest": INT, "highest": NUMBER}  # fmt: skip


def _answer(answer: Answer, _: random.Random) -> dict[str, Any]:
    return {
        "customer": answer.customer_id,
        "day": answer.occurred_at.date(),
        "kind": f"{answer.instrument}-2012",
        "score": int(answer.score),
        "lowest": None if answer.scale_min is None else int(answer.scale_min),
        "highest": answer.scale_max,
    }


SUBSCRIPTIONS = {"customer": TEXT, "from": MOMENT, "to": MOMENT, "noted": MOMENT_UTC, "fee": TEXT}


def _period(period: Period, _: random.Random) -> dict[str, Any]:
    return {
        "customer": period.customer_id,
        "from": period.started_at,
        "to": period.ended_at or datetime(9999, 12, 31),
        "noted": _utc(period.recorded_at),
        "fee": None if period.fee is None else f"{period.fee:,.2f}",
    }


TREATMENTS = {"customer": TEXT, "at": MOMENT, "action": TEXT, "cents": INT, "how": TEXT, "share": NUMBER}


def _touch(touch: Touch, chance: random.Random) -> dict[str, Any]:
    return {
        "customer": touch.customer_id,
        "at": touch.occurred_at,
        "action": touch.action,
        "cents": None if touch.cost is None else round(100 * touch.cost),
        "how": chance.choice(["random", "rule"]),
        "share": chance.choice([0.5, 1.0, 1 / 3]),
    }


def _labels(company: Company, chance: random.Random) -> RawTable:
    ids = sorted({row.customer_id for row in company.customers or ()})
    rows = [
        {"customer": who, "on": day, "left": chance.choice([True, False]), "worth": chance.choice([None, 10.125, -3.0])}
        for day in (date(2011, 12, 1), date(2012, 2, 29), date(2012, 4, 1))
        for who in chance.sample(ids, 20)
    ]
    rows += [rows[0], rows[1] | {"left": not rows[1]["left"]}]  # a copy, and two that differ
    return RawTable({"customer": TEXT, "on": DAY, "left": YES_NO, "worth": NUMBER}, rows)


def _identities() -> RawTable:
    pairs = [
        ("0 bo", "0 ada"),
        ("1 Cy", "1 ada"),
        ("1 bo", "1 ada"),
        ("2 é", "2 张"),
        ("2 ada", "2 é"),
        ("3 di", "3 di"),
        (None, "3 bo"),
    ]
    return RawTable({"alias": TEXT, "final": TEXT}, [{"alias": alias, "final": final} for alias, final in pairs])


SPOILERS: Mapping[str, tuple[Any, ...]] = {
    "Customer Id": (None, "", " \t", "nobody"),
    "Invoice No": (None,),
    "bought_on": ("01/01/1753 00:00:00", "31/12/2013 23:59:59", None),
    "unit_price": (None, math.nan, math.inf, -math.inf, 1e13, 1e300, 0.00005, 1.00015, -2.00025, 123456789012.34567, 1000.00005),
    "list_price": (Decimal("0.01"),),
    "currency": ("USD",),
    "id": (None,),
    "brought_by": ("nobody", "0 ada"),
    "limit": (math.nan, math.inf),
    "at": (None,),
    "by": (None, " "),
    "size": (math.nan, -math.inf, 1e14),
    "settled": (datetime(2000, 1, 1),),
    "noted": (datetime(2001, 1, 1, tzinfo=UTC),),
    "kind": ("five-2012", None),
    "score": (-1, 11, None),
    "from": (None,),
    "to": (datetime(2000, 1, 1),),
    "fee": ("",),
    "action": (None,),
    "how": ("guess",),
    "share": (0.0, 1.5, math.nan),
}  # fmt: skip

MAPPING: dict[str, dict[str, Any]] = {
    "orders": {
        "where": "coalesce(lower(state), 'paid') <> 'cancelled' AND NOT description IS NOT DISTINCT FROM 'never'",
        "customer_id": '"Customer Id"',
        "order_id": "'no ' || \"invoice no\"",  # small and capital letters are the same
        "occurred_at": "strptime(bought_on, '%d/%m/%Y %H:%M:%S')",
        "amount": "unit_price * coalesce(units, 1) -- what was paid",
        "recorded_at": "loaded",
        "product_id": "nullif(upper(left(sku, 2)), 'P4')",
        "category": r"CASE WHEN regexp_matches(description, '\bTEA\b') THEN 'Tea' WHEN description LIKE '%GAME%' THEN split_part(description, ',', 1) || ' & more' WHEN regexp_matches(description, '^tea', 'i') THEN regexp_extract(description, '\((\w+)\)', 1) END",
        "quantity": "greatest(units, 0) + 2 / 4",
        "cost": "CAST(replace(cost, 'EUR ', '') AS DECIMAL(10, 2))",
        "discount": "CASE WHEN list_price > abs(unit_price) AND isnan(unit_price) = false THEN list_price - abs(unit_price) END",
        "channel": "concat('shop ', shop)",
        "currency": "coalesce(currency, 'EUR')",
    },
    "customers": {
        "customer_id": "id",
        "acquired_at": "joined",
        "acquisition_cost": "won_for",
        "referred_by": "brought_by",
        "numeric": {
            "age": "date_diff('day', born, DATE '2012-03-01') / 365.25",
            "credit_limit": '"limit"',
            "born_on": "dayofweek(born) + 10 * quarter(born) + 100 * extract(dow FROM born)",
            "decade": "year(born) // 10",
        },
        "categorical": {"region": "coalesce(region, 'none')", "is_business": "is_business"},
    },
    "interactions": {
        "once_per": ["trim(customer)", "date_trunc('week', \"at\")", '"by"'],
        "customer_id": "customer",
        "occurred_at": '"at"',
        "recorded_at": "noted",
        "channel": '"by"',
        "kind": "lower(regexp_replace(what, '[aeiou]+', '_', 'g'))",
        "value": "size",
        "duration_s": "round(minutes * 60, 1)",
        "resolved_at": "settled",
    },
    "surveys": {
        "customer_id": "customer",
        "occurred_at": "CAST(day AS TIMESTAMP) + INTERVAL 5 HOUR",
        "instrument": "substr(kind, 1, length(kind) - 5)",
        "score": "score",
        "scale_min": "lowest",
        "scale_max": "nullif(highest, 100)",
    },
    "subscriptions": {
        "customer_id": "customer",
        "started_at": '"from"',
        "ended_at": "nullif(\"to\", TIMESTAMP '9999-12-31')",
        "recorded_at": "noted",
        "fee": "CAST(nullif(replace(fee, ',', ''), '') AS DOUBLE)",
        "plan": "strftime(\"from\", '%Y-%m')",
    },
    "treatments": {
        "customer_id": "customer",
        "occurred_at": "date_trunc('hour', \"at\")",
        "action": "action",
        "cost": "cents / 100",
        "assignment": "how",
        "propensity": "share",
    },
    "labels": {"customer_id": "customer", "as_of": '"on"', "churned": '"left"', "value": "worth"},
    "identities": {"alias": "alias", "customer_id": "final"},
}


def write_files(folder: Path, tables: Mapping[str, RawTable]) -> None:
    """Each table as a parquet file."""
    for name, table in tables.items():
        pq.write_table(table.arrow, folder / f"{name}.parquet")


def project(out: Path, source: dict[str, Any], from_: Callable[[str], str], **sections: Any) -> Project:
    """The company's mapping, read from one engine."""
    tables = {name: {"from": from_(name)} | columns for name, columns in MAPPING.items()}
    content: dict[str, Any] = {
        "project": {"name": "nasty", "currency": "EUR", "horizon_days": 60, "out": str(out)},
        "source": {"time_zone": HOME} | source,
        "tables": tables,
        "dates": {"data_until": DATA_UNTIL},
        "features": {"windows_days": [30, 365], "main_category_count": 3, "main_kind_count": 9},
        "quarantine": {"share_max": 0.9},
    }
    return Project.model_validate(content | sections)
