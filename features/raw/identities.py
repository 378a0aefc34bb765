"""Customers known under several ids: every table speaks of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis

from features.tables import CONTRACTS, TableName


@dataclass(frozen=True)
class Merged:
    """The tables in final ids, and how many rows of each had to make way for the customer's own."""

    tables: dict[TableName, ibis.Table]
    rows_dropped: dict[TableName, int]


def merge_identities(tables: Mapping[TableName, ibis.Table]) -> Merged:
    """The tables with each alias (in customer_id, and in customers.referred_by) replaced by the final customer_id.

    In a table where a customer may have one row only (customers; labels of one date), the row of an alias makes way for
    the customer's own. Where she has none, the row of her first alias becomes hers. `identities` must have been checked:
    no alias twice, none that points at another.
    """
    if "identities" not in tables:
        return Merged(dict(tables), {})
    aliases = tables["identities"]
    merged = dict(tables)
    dropped: dict[TableName, int] = {}
    for name, rows in tables.items():
        if name == "identities":
            continue
        key = CONTRACTS[name].key
        merged[name] = _in_final_ids(rows, aliases, key)
        if key:
            dropped[name] = int(rows.count().execute()) - int(merged[name].count().execute())
    return Merged(merged, dropped)


def with_next(identities: ibis.Table) -> ibis.Table:
    """The identities with `_next`: who an alias's customer is an alias of, null when she is none (as she should)."""
    further = identities.filter(identities["alias"] != identities.customer_id)
    further = further.group_by("alias").agg(_next=further.customer_id.min())
    return identities.left_join(further, identities.customer_id == further["alias"]).drop("alias_right")


def _in_final_ids(rows: ibis.Table, aliases: ibis.Table, key: Sequence[str]) -> ibis.Table:
    finals = aliases.select(_alias=aliases["alias"], _final=aliases.customer_id)
    found = rows.left_join(finals, rows.customer_id == finals["_alias"])
    found = found.mutate(customer_id=ibis.coalesce(found["_final"], found.customer_id))
    if key:
        found = _one_per_key(found, key)
    found = found.select(*rows.columns)
    if "referred_by" not in rows.columns:
        return found
    by = found.left_join(finals, found.referred_by == finals["_alias"])
    return by.mutate(referred_by=ibis.coalesce(by["_final"], by.referred_by)).select(*rows.columns)


def _one_per_key(found: ibis.Table, key: Sequence[str]) -> ibis.Table:
    """Without the rows of an alias where the customer has a row of her own, or one of an alias that comes before."""
    same = ibis.window(group_by=key)
    found = found.mutate(
        _own_rows=found["_alias"].isnull().cast("int32").sum().over(same), _first_alias=found["_alias"].min().over(same)
    )
    is_hers = (found["_own_rows"] == 0) & (found["_alias"] == found["_first_alias"])
    return found.filter(found["_alias"].isnull() | is_hers)
