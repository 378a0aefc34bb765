"""Write a made-up company to disk, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

from features.outputs import whole_directory
from features.problems import BadInput, nearest
from features.simulate.calendar import Calendar
from features.simulate.campaigns import draw_campaigns
from features.simulate.chunk import Chunk, chunks
from features.simulate.columns import customer_ids
from features.simulate.contacts import draw_contacts, interactions_table
from features.simulate.known_tables import customers_table, identities_table, treatments_table
from features.simulate.leaving import draw_moods
from features.simulate.mapping import mapping_file
from features.simulate.market import Market, draw_market
from features.simulate.order_rows import orders_table
from features.simulate.orders import draw_lines, draw_orders
from features.simulate.people import draw_people
from features.simulate.subscriptions import draw_subscriptions, subscriptions_table
from features.simulate.surveys import draw_invitations, surveys_table
from features.simulate.truth import Lives, customers_truth, truth_tables

TRUTH = "truth"
TABLES = ("orders", "customers", "interactions", "surveys", "subscriptions", "treatments", "identities", TRUTH)
CONFIG_FILE = "company.toml"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class SimulatedCompany:
    """What was written: rows by file, named as in the folder without `.parquet` (`orders`, `truth/expected`, ...)."""

    folder: Path
    config: Path
    customers: int
    seed: int
    calendar: Calendar
    rows: Mapping[str, int]


def simulate(
    folder: Path,
    *,
    customers: int,
    seed: int,
    calendar: Calendar = Calendar(),  # noqa: B008 (frozen)
    tables: Sequence[str] = TABLES,
    progress: Progress | None = None,
) -> SimulatedCompany:
    """Write the raw tables of a made-up company, its truth and its mapping file to `folder`, whole or not at all.

    The same customers, seed and calendar give the same bytes, whichever `tables` are written. About 20 order lines
    per customer. `progress` is called after each chunk with the customers written so far and all customers.
    An earlier company in `folder` is replaced. Raises BadInput for a folder that holds anything else.
    """
    _refuse(folder, customers=customers, seed=seed, tables=tables)
    market = draw_market(calendar, seed=seed)
    with whole_directory(folder) as unfinished:
        with _Files(unfinished) as files:
            done = 0
            for chunk, made in _in_turn(chunks(customers=customers, seed=seed), market, frozenset(tables)):
                files.append(made)
                done += chunk.size
                if progress:
                    progress(done, customers)
        raw = {name: files.columns[name] for name in TABLES if files.rows.get(name)}
        (unfinished / CONFIG_FILE).write_text(mapping_file(folder, raw, calendar), encoding="utf-8")
    return SimulatedCompany(folder, folder / CONFIG_FILE, customers, seed, calendar, MappingProxyType(files.rows))


def _refuse(folder: Path, *, customers: int, seed: int, tables: Sequence[str]) -> None:
    """Raise BadInput with everything that is wrong with the wishes."""
    problems = [f"tables: there is no '{name}'; {nearest(name, TABLES)}" for name in tables if name not in TABLES]
    if not tables:
        problems.append(f"tables: none is named; valid: {', '.join(TABLES)}")
    if customers < 1:
        problems.append(f"customers = {customers} is less than 1")
    if seed < 0:
        problems.append(f"seed = {seed} is less than 0")
    if folder.name in ("", ".."):
        problems.append(f"{folder} is not the name of a folder to make; name one")
    elif folder.exists() and not (folder / CONFIG_FILE).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        problems.append(
            f"{folder} is there and is not a made-up company (no {CONFIG_FILE}); it would be replaced: name another"
        )
    if problems:
        raise BadInput(problems)


def _in_turn(coming: Iterator[Chunk], market: Market, wanted: frozenset[str]) -> Iterator[tuple[Chunk, dict[str, pa.Table]]]:
    """The tables of each chunk, in the sequence of the chunks; the next one is made while this one is written."""
    with ThreadPoolExecutor(max_workers=1) as worker:
        ahead: list[tuple[Chunk, Future[dict[str, pa.Table]]]] = []
        for chunk in coming:
            ahead.append((chunk, worker.submit(_chunk_tables, chunk, market, wanted)))
            if len(ahead) > 1:
                ready, made = ahead.pop(0)
                yield ready, made.result()
        for ready, made in ahead:
            yield ready, made.result()


def _chunk_tables(chunk: Chunk, market: Market, wanted: frozenset[str]) -> dict[str, pa.Table]:
    """The wanted tables of one chunk, by file name."""
    people = draw_people(chunk, market.calendar)
    campaigns = draw_campaigns(chunk, people, market.calendar)
    moods = draw_moods(chunk, people, campaigns, market.calendar)
    orders = draw_orders(chunk, people, moods, campaigns, market)
    lives = Lives(people, campaigns, moods, orders)
    ids = customer_ids(chunk)
    makers: dict[str, Callable[[], pa.Table]] = {
        "customers": lambda: customers_table(people, market, customer_id=ids),
        "treatments": lambda: treatments_table(campaigns, market, customer_id=ids),
        "identities": lambda: identities_table(people.has_alias, customer_id=ids),
        "subscriptions": lambda: subscriptions_table(draw_subscriptions(chunk, people, moods, market), market, customer_id=ids),
    }
    made = {name: make() for name, make in makers.items() if name in wanted}
    return made | _asked(chunk, lives, market, wanted, ids) | _bought(chunk, lives, market, wanted, ids)


def _asked(chunk: Chunk, lives: Lives, market: Market, wanted: frozenset[str], ids: pa.Array) -> dict[str, pa.Table]:
    """The wanted ones of surveys and interactions, which share the invitations."""
    made = {}
    if wanted & {"surveys", "interactions"}:
        invitations = draw_invitations(chunk, lives.people, lives.moods, lives.orders, market)
    if "surveys" in wanted:
        made["surveys"] = surveys_table(chunk, invitations, market, customer_id=ids)
    if "interactions" in wanted:
        contacts = draw_contacts(chunk, lives.people, lives.moods, lives.orders, invitations, market)
        has_alias = lives.people.has_alias
        made["interactions"] = interactions_table(chunk, contacts, market, has_alias=has_alias, customer_id=ids)
    return made


def _bought(chunk: Chunk, lives: Lives, market: Market, wanted: frozenset[str], ids: pa.Array) -> dict[str, pa.Table]:
    """The wanted ones of orders and truth, which share the order lines."""
    made = {}
    if wanted & {"orders", TRUTH}:
        lines = draw_lines(chunk, lives.people, lives.orders, market.products)
    if "orders" in wanted:
        made["orders"] = orders_table(chunk, lives.orders, lines, market, customer_id=ids)
    if TRUTH in wanted:
        made["truth/customers"] = customers_truth(lives.people, lives.moods, market, customer_id=ids)
        made |= {f"truth/{name}": table for name, table in truth_tables(lives, lines, market, customer_id=ids).items()}
    return made


class _Files:
    """The parquet files of a company, one row group per chunk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, pq.ParquetWriter] = {}
        self._closing = ExitStack()
        self.rows: dict[str, int] = {}
        self.columns: dict[str, list[str]] = {}

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.close()

    def append(self, tables: Mapping[str, pa.Table]) -> None:
        for name, table in tables.items():
            if name not in self._open:
                path = self._folder / f"{name}.parquet"
                path.parent.mkdir(exist_ok=True)
                # Without the Arrow schema in the file, readers see plain text where the writer had codes.
                writer = pq.ParquetWriter(path, table.schema, store_schema=False, use_dictionary=_repeated(table))
                self._open[name] = self._closing.enter_context(writer)
                self.rows[name], self.columns[name] = 0, table.column_names
            self._open[name].write_table(table, row_group_size=max(1, len(table)))
            self.rows[name] += len(table)


def _repeated(table: pa.Table) -> list[str]:
    """The columns whose values come again and again: texts and whole numbers. Money rarely does."""
    return [field.name for field in table.schema if pa.types.is_dictionary(field.type) or pa.types.is_integer(field.type)]
