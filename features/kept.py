"""The checked tables that lie beside the snapshots, and a customer's rows in them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.feature import Words
from features.project import Project
from features.snapshots import snapshot_folder


def kept_table(project: Project, name: str, columns: list[str] | None = None) -> pa.Table:
    """The rows of a raw table that kept its contract, in contract columns."""
    return pq.read_table(snapshot_folder(project) / f"{name}.parquet", columns=columns)


def events_of(project: Project, words: Words, customer_id: str) -> dict[str, list[dict[str, Any]]]:
    """Her rows by table, as `Online.row` takes them; of `customers` her own first, then those of whom she brought."""
    found = {}
    for name in words.mapped:
        if name != "identities":
            file, own = snapshot_folder(project) / f"{name}.parquet", pc.field("customer_id") == customer_id
            brought = (pc.field("referred_by") == customer_id) & ~own
            wanted = [own, brought] if name == "customers" and words.has("customers.referred_by") else [own]
            found[name] = [row for rows in wanted for row in pq.read_table(file, filters=rows).to_pylist()]
    return found


def customer_of(project: Project, words: Words, alias: str) -> str | None:
    """The customer whom the table identities gives an alias to; None where it gives it to nobody."""
    if "identities" not in words.mapped:
        return None
    found = kept_table(project, "identities").filter(pc.field("alias") == alias)["customer_id"].to_pylist()
    return str(found[0]) if found else None
