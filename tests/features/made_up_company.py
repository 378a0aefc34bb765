"""Made-up companies with rows in every table, and the snapshots that the package makes of them, by either executor."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

import ibis
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st
from ibis.backends import BaseBackend

from features.build import each_snapshot, history_days, reach_of
from features.catalogue import facts_needed, make_facts, steps_and_features
from features.cohort import known_customers
from features.engines import connect, kept_in_engine
from features.feature import Words
from features.in_engine import snapshot_expression
from features.project import CohortSection
from features.tables import CONTRACTS, EXACT
from tests.reference.raw_rows import Answer, Asked, Company, Contact, Customer, Line, Period, Touch

Executor = Literal["in memory", "in the engine"]
EXECUTORS: tuple[Executor, ...] = ("in memory", "in the engine")
ROWS = {
    "orders": Line,
    "interactions": Contact,
    "surveys": Answer,
    "subscriptions": Period,
    "treatments": Touch,
    "customers": Customer,
}
TYPES = {"text": "string", "timestamp": "timestamp", "number": "float64"}
LEAP_DAY = date(2012, 2, 29)
ALL_WORDS = Asked(
    windows_days=(30, 1, 365),
    horizon_days=90,
    categories=("Tea", "Toys & Games"),
    kinds=("visit", "complaint", "email_open", "email_click", "survey_invite", "Web Chat"),
    channels=("web", "Phone call"),
    instruments=("nps", "csat", "ces", "rating"),
    numeric=("age", "credit_limit"),
    levels={"region": ("north", "Far East"), "segment": ("b2b",)},
)


def tables_of(company: Company, asked: Asked = ALL_WORDS, *, without: Sequence[str] = ()) -> dict[str, ibis.Table]:
    """The rows as checked tables hold them, numbers as exact decimals; `without` names columns not mapped (table.column)."""
    tables = {}
    for name in ROWS:
        rows = getattr(company, name)
        if rows is not None:
            tables[name] = _table(name, rows, asked, {left[len(name) + 1 :] for left in without if left.startswith(f"{name}.")})
    return tables


def _table(name: str, rows: Sequence[Any], asked: Asked, without: set[str]) -> ibis.Table:
    kinds = {column.name: column.kind for column in CONTRACTS[name].columns}  # type: ignore[index]
    schema = {each.name: TYPES[kinds[each.name]] for each in fields(ROWS[name]) if each.name in kinds}
    content = [vars(row) for row in rows]
    if name == "customers":
        schema |= dict.fromkeys(asked.numeric, "float64") | dict.fromkeys(asked.levels, "string")
        content = [row | dict(row["attributes"]) for row in content]
    frame = pd.DataFrame(content, columns=list(schema))
    for column, dtype in schema.items():
        if dtype == "timestamp":
            frame[column] = pd.to_datetime(frame[column])
    table = ibis.memtable(frame, schema=schema)
    table = table.mutate(**{column: table[column].cast(EXACT) for column, dtype in schema.items() if dtype == "float64"})
    return table.drop(*without) if without else table


def words_of(tables: dict[str, ibis.Table], asked: Asked) -> Words:
    """What the features are about, as the package says it."""
    return Words(
        windows_days=asked.windows_days,
        horizon_days=asked.horizon_days,
        mapped={name: tuple(table.columns) for name, table in tables.items()},
        categories=asked.categories if "orders" in tables else (),
        kinds=asked.kinds if "interactions" in tables else (),
        channels=asked.channels if "interactions" in tables else (),
        instruments=asked.instruments if "surveys" in tables else (),
        numeric=asked.numeric,
        levels=dict(asked.levels),
    )


def company_snapshot(
    company: Company,
    *as_of: date | str,
    asked: Asked = ALL_WORDS,
    executor: Executor = "in memory",
    without: Sequence[str] = (),
    **settings: Any,
) -> pd.DataFrame:
    """The snapshot rows of some dates, in the order of date and customer."""
    connection = connect()
    tables = {
        name: connection.create_table(name, table, temp=True)
        for name, table in tables_of(company, asked, without=without).items()
    }
    words, dates = words_of(tables, asked), [date.fromisoformat(day) if isinstance(day, str) else day for day in as_of]
    return snapshot_of_tables(connection, tables, words, dates, executor=executor, **settings)


def snapshot_of_tables(
    connection: BaseBackend,
    tables: dict[str, ibis.Table],
    words: Words,
    dates: Sequence[date],
    *,
    executor: Executor = "in memory",
    **settings: Any,
) -> pd.DataFrame:
    """The snapshot rows of some dates by one of the two executors, both of them on DuckDB.

    In the engine all dates are one query, because Ibis takes seconds to write it, and there is no reason beside a row.
    """
    if executor == "in memory":
        found: dict[date, pa.Table] = {}
        each_snapshot(connection, tables, words, CohortSection(**settings), dates, found.__setitem__)
        return pd.concat([found[day].to_pandas() for day in sorted(dates)], ignore_index=True)
    computed = steps_and_features(words)
    made = make_facts(facts_needed(computed), tables, words)
    facts = {name: kept_in_engine(connection, f"facts_{name}", rows) for name, rows in made.items()}
    reach, known = reach_of(connection, tables), known_customers(tables)
    days = pd.DataFrame({"as_of": list(dates), "history_days": [history_days(reach, day) for day in dates]})
    of_dates = ibis.memtable(days, schema={"as_of": "date", "history_days": "int64"})
    base = known.join(of_dates, known.known_day < of_dates.as_of).drop("known_day")
    rows = snapshot_expression(base, facts, computed).order_by("as_of", "customer_id")
    return connection.to_pyarrow(rows.select("customer_id", "as_of", *(f.name for f in computed if not f.is_step))).to_pandas()


def row_of(customer_id: str, company: Company, as_of: str, **settings: Any) -> dict[str, Any]:
    """One customer's row on one date, by column name."""
    return dict(company_snapshot(company, as_of, **settings).set_index("customer_id").loc[customer_id])


def at(text: str | None) -> datetime | None:
    """A moment, written short."""
    return None if text is None else datetime.fromisoformat(text)


CUSTOMERS = ("ada", "bo", "Cy", "di", "张", "é")
STRANGER = "stranger"  # somebody with contacts and answers whom nobody knows as a customer
CLOCK = (timedelta(0), timedelta(hours=12), timedelta(hours=24) - timedelta(microseconds=1))
DELAYS = (None, None, None, timedelta(0), timedelta(days=1), timedelta(days=30), timedelta(days=-1))
AMOUNTS = (10.0, 19.99, 0.01, 1234.56, 7.5, 0.0, -10.0, -19.99)


class Chance:
    """Random moments and rows of one company. Short spans make days meet; long ones reach last year."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        span = self.rng.choice([60, 300, 800])
        self.days = [LEAP_DAY, *(LEAP_DAY + timedelta(days=self.rng.randint(-span, 60)) for _ in range(30))]

    def moment(self) -> datetime:
        return datetime.combine(self.rng.choice(self.days), time()) + self.rng.choice(CLOCK)

    def recorded(self, happened_at: datetime) -> datetime | None:
        delay = self.rng.choice(DELAYS)
        return None if delay is None else happened_at + delay

    def later(self, happened_at: datetime) -> datetime | None:
        days = self.rng.choice([None, 0, 1, 30, 200])
        return None if days is None else happened_at + timedelta(days=days, seconds=self.rng.choice([0, 1]))

    def customer(self) -> str:
        return self.rng.choice(CUSTOMERS)

    def anybody(self) -> str:
        return self.rng.choice((*CUSTOMERS, STRANGER))

    def line(self) -> Line:
        pick, when = self.rng.choice, self.moment()
        return Line(
            customer_id=self.customer(),
            order_id=pick("12345"),
            occurred_at=when,
            recorded_at=self.recorded(when),
            amount=pick(AMOUNTS),
            product_id=pick([None, "p1", "p2", "p3", "p4"]),
            category=pick([None, "Tea", "Toys & Games", "Rare"]),
            quantity=pick([None, 1.0, 3.0, 0.5, 0.0, 2.0]),
            cost=pick([None, 5.0, 0.1]),
            discount=pick([None, 0.0, 1.5, 0.25]),
            channel=pick([None, "web", "shop"]),
        )

    def contact(self) -> Contact:
        pick, when = self.rng.choice, self.moment()
        return Contact(
            customer_id=self.anybody(),
            occurred_at=when,
            recorded_at=self.recorded(when),
            channel=pick(["web", "Phone call", "shop"]),
            kind=pick(["visit", "complaint", "complaint", "email_open", "email_click", "survey_invite", "Web Chat", "rare"]),
            value=pick([None, 0.1, 0.2, -3.0, 7.0]),
            duration_s=pick([None, 0.0, 61.5, 3600.0]),
            resolved_at=self.later(when),
        )

    def answer(self) -> Answer:
        pick, when, instrument = self.rng.choice, self.moment(), self.rng.choice(["nps", "csat", "ces", "rating"])
        low, high = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7), "rating": (1, 5)}[instrument]
        scale_min, scale_max = pick([None, 0.0, 1.0]), pick([None, 7.0, 10.0, 100.0])
        score = self.rng.randint(int(low if scale_min is None else scale_min), int(high if scale_max is None else scale_max))
        return Answer(self.anybody(), when, instrument, float(score), self.recorded(when), scale_min, scale_max)

    def period(self) -> Period:
        when = self.moment()
        return Period(self.customer(), when, self.later(when), self.recorded(when), self.rng.choice([None, 9.99, 20.0, 0.0]))

    def touch(self) -> Touch:
        pick, when = self.rng.choice, self.moment()
        return Touch(self.anybody(), when, pick(["none", "call", "voucher"]), self.recorded(when), pick([None, 0.35, 4.0]))

    def row_of_customer(self, customer_id: str) -> Customer:
        pick = self.rng.choice
        return Customer(
            customer_id,
            acquired_at=pick([None, self.moment(), self.moment()]),
            acquisition_cost=pick([None, 0.0, 12.5]),
            referred_by=pick([None, *CUSTOMERS, STRANGER]),
            attributes={
                "age": pick([None, 18.0, 77.5]),
                "credit_limit": pick([None, 0.0, -100.25]),
                "region": pick([None, "north", "Far East", "west"]),
                "segment": pick([None, "b2b", "b2c"]),
            },
        )


def random_company(seed: int, size: int = 40) -> Company:
    """Any rows in every table: late or not, on days that others share or alone; `size` order lines, fewer of the rest.

    Some customers have no row in customers, and some have nothing but that row.
    """
    chance = Chance(seed)
    some = [customer for customer in CUSTOMERS if chance.rng.random() < 0.8]
    return Company(
        orders=[chance.line() for _ in range(size)],
        interactions=[chance.contact() for _ in range(size)],
        surveys=[chance.answer() for _ in range(size // 2)],
        subscriptions=[chance.period() for _ in range(size // 4)],
        treatments=[chance.touch() for _ in range(size // 4)],
        customers=[chance.row_of_customer(customer) for customer in (*some, "only", "unlucky")],
    )


def side_by_side(*companies: Company) -> Company:
    """Several companies as one, whose customers have nothing to do with each other."""
    return Company(
        **{name: [_renamed(row, str(i)) for i, each in enumerate(companies) for row in getattr(each, name)] for name in ROWS}
    )


def _renamed(row: Any, prefix: str) -> Any:
    referred = {"referred_by": f"{prefix} {row.referred_by}"} if getattr(row, "referred_by", None) else {}
    return replace(row, customer_id=f"{prefix} {row.customer_id}", **referred)


def companies(*sizes: int) -> st.SearchStrategy[Company]:
    """Random companies of a few rows or many."""
    return st.builds(random_company, st.integers(0, 2**32), st.sampled_from(sizes))
