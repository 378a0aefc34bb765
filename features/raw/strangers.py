"""Tables that speak of nobody whom the others know: their ids are of another system, or written another way."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
from ibis.backends import BaseBackend

from features.engines.engine import kept_in_engine
from features.problems import BadData
from features.tables import SOURCES_OF_CUSTOMERS

FEW = 0.05  # of the ids that could be the same, fewer are hardly an accident
NONE_MIN = 20  # none of fewer ids may be chance
EXAMPLES = 3


def notes_on_strangers(connection: BaseBackend, tables: Mapping[str, ibis.Table]) -> tuple[str, ...]:
    """In sentences, the tables (in final ids) that have few customers in common with those that say who is one.

    Raises BadData with those that have none, unless they are very small: nothing could be made of them. Of two tables that
    both say who is a customer even that is only noted, and prospects among the rows do not count against a table.
    """
    ids = {
        name: kept_in_engine(connection, f"ids_{name}", rows.select("customer_id").distinct())
        for name, rows in tables.items()
        if name != "identities"
    }
    problems: list[str] = []
    notes: list[str] = []
    for name, own in ids.items():
        others = [other for other in SOURCES_OF_CUSTOMERS if other in ids and other != name]
        if not others:
            continue
        customers = ibis.union(*[ids[other] for other in others], distinct=True) if len(others) > 1 else ids[others[0]]
        count, possible, found = _counts(own, customers)
        if possible and found <= FEW * possible:
            said = _said(name, others, (own, customers), (count, found))
            is_noted = found or possible < NONE_MIN or name in SOURCES_OF_CUSTOMERS
            (notes if is_noted else problems).append(said)
    if problems:
        raise BadData(problems)
    return tuple(notes)


def _counts(own: ibis.Table, customers: ibis.Table) -> tuple[int, int, int]:
    """How many ids a table has, how many of them could be customers at most, and how many are."""
    count, known, found = (int(ids.count().execute()) for ids in (own, customers, own.semi_join(customers, "customer_id")))
    return count, min(count, known), found


def _said(name: str, others: list[str], ids: tuple[ibis.Table, ibis.Table], counts: tuple[int, int]) -> str:
    own, customers = (_examples(one.anti_join(other, "customer_id")) for one, other in (ids, ids[::-1]))
    count, found = counts
    where = " or ".join(f"tables.{other}" for other in others)
    return (
        f"tables.{name}.customer_id: {'none' if not found else f'only {found:,}'} of {count:,} ids ({own}) "
        f"{'are' if found > 1 else 'is'} in {where} ({customers}). Write both alike, or say in tables.identities which alias "
        f"is which customer{'' if found else f'; if it is about others, leave tables.{name} out'}"
    )


def _examples(ids: ibis.Table) -> str:
    found = ids.order_by("customer_id").limit(EXAMPLES).execute()["customer_id"]
    return f"such as {', '.join(found)}"
