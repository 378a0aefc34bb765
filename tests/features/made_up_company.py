"""Made-up companies with rows in every table, and the snapshots that the package makes of them, by each executor."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, Literal

import ibis
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st
from ibis.backends import BaseBackend

from features.build import Reach, each_snapshot, history_days, reach_of
from features.catalogue import make_facts, steps_and_features
from features.cohort import known_customers, rule_steps, rules
from features.engines.engine import connect, kept_in_engine
from features.executors.in_engine import engine_rows
from features.feature import Words
from features.online import Online
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


def types_of(company: Company, asked: Asked, without: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """The types of the columns of its tables; `without` names columns that are not mapped, as table.column."""
    types: dict[str, dict[str, str]] = {}
    for name, row in ROWS.items():
        if getattr(company, name) is not None:
            kinds = {column.name: column.kind for column in CONTRACTS[name].columns}  # type: ignore[index]
            own = {each.name: TYPES[kinds[each.name]] for each in fields(row) if each.name in kinds}
            if name == "customers":
                own |= dict.fromkeys(asked.numeric, "float64") | dict.fromkeys(asked.levels, "string")
            types[name] = {column: dtype for column, dtype in own.items() if f"{name}.{column}" not in without}
    return types


def records(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Raw rows by column name, attributes beside the others."""
    return [vars(row) | dict(getattr(row, "attributes", {})) for row in rows]


def tables_of(company: Company, types: dict[str, dict[str, str]]) -> dict[str, ibis.Table]:
    """The rows as checked tables hold them: numbers are exact decimals."""
    return {name: _table(getattr(company, name), schema) for name, schema in types.items()}


def _table(rows: Sequence[Any], schema: dict[str, str]) -> ibis.Table:
    frame = pd.DataFrame(records(rows), columns=list(schema))
    for column, dtype in schema.items():
        if dtype == "timestamp":
            frame[column] = pd.to_datetime(frame[column])
    table = ibis.memtable(frame, schema=schema)
    return table.mutate(**{column: table[column].cast(EXACT) for column, dtype in schema.items() if dtype == "float64"})


def words_of(types: dict[str, dict[str, str]], asked: Asked) -> Words:
    """What the features are about, as the package says it."""
    return Words(
        windows_days=asked.windows_days,
        horizon_days=asked.horizon_days,
        mapped={name: tuple(schema) for name, schema in types.items()},
        categories=asked.categories if "orders" in types else (),
        kinds=asked.kinds if "interactions" in types else (),
        channels=asked.channels if "interactions" in types else (),
        instruments=asked.instruments if "surveys" in types else (),
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
    connection, types = connect(), types_of(company, asked, without)
    tables = {name: connection.create_table(name, table, temp=True) for name, table in tables_of(company, types).items()}
    return snapshot_of_tables(connection, tables, words_of(types, asked), _dates(as_of), executor=executor, **settings)


def _dates(days: Sequence[date | str]) -> list[date]:
    return [date.fromisoformat(day) if isinstance(day, str) else day for day in days]


def snapshot_of_tables(
    connection: BaseBackend,
    tables: dict[str, ibis.Table],
    words: Words,
    dates: Sequence[date],
    *,
    executor: Executor = "in memory",
    **settings: Any,
) -> pd.DataFrame:
    """The snapshot rows of some dates by one of the two executors, both of them on DuckDB."""
    cohort = CohortSection(**settings)
    found: dict[date, pa.Table] = {}
    if executor == "in memory":
        each_snapshot(connection, tables, words, cohort, dates, found.__setitem__)
    else:
        features = (*steps_and_features(words), *rule_steps(words))
        made = make_facts(features, tables, words)
        facts = {name: kept_in_engine(connection, f"facts_{name}", rows) for name, rows in made.items()}
        reach, known = reach_of(connection, tables), known_customers(tables)
        history = {day: history_days(reach, day) for day in dates}
        found = dict(engine_rows(connection, known, facts, features, rules(cohort, words), history))
    return pd.concat([found[day].to_pandas() for day in sorted(dates)], ignore_index=True)


def online_rows(
    company: Company,
    *as_of: date | str,
    asked: Asked = ALL_WORDS,
    without: Sequence[str] = (),
    reach: Reach = (),
    **settings: Any,
) -> pd.DataFrame:
    """The same rows one by one from raw events, which takes milliseconds where the batch takes Ibis half a second.

    Without a `reach` nobody knows how far back the data goes, so that last year's season is missing.
    """
    types = types_of(company, asked, without)
    online = _online(words_of(types, asked).model_dump_json(), CohortSection(**settings), reach)
    rows_of = {name: [{c: row.get(c) for c in types[name]} for row in records(getattr(company, name))] for name in types}
    found = []
    for customer_id in sorted({row["customer_id"] for rows in rows_of.values() for row in rows}):
        events = {
            n: [r for r in rows if customer_id in (r["customer_id"], r.get("referred_by"))] for n, rows in rows_of.items()
        }
        found += [online.row(customer_id, events, day) for day in _dates(as_of)]
    found = sorted((row for row in found if row), key=lambda row: (row["as_of"], row["customer_id"]))
    rows = pd.DataFrame(found).astype({"not_eligible_because": "str"})
    return rows.astype(dict.fromkeys(rows.columns[3:], "float64"))


@cache
def _online(words: str, cohort: CohortSection, reach: Reach) -> Online:
    return Online(Words.model_validate_json(words), cohort, reach, "EUR")


def online_row(customer_id: str, company: Company, as_of: str, **settings: Any) -> dict[str, Any]:
    """One customer's row on one date, by column name."""
    return dict(online_rows(company, as_of, **settings).set_index("customer_id").loc[customer_id])


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
