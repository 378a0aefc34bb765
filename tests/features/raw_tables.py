"""Raw tables written as literal csv, whose columns are called what the contracts call them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from features.engines.engine import connect
from features.project import Project
from features.raw.quarantine import Checked, check_tables
from features.tables import TableName

# An order of the one customer that everything else is about, so that there is a source of customers.
ORDERS = "customer_id,order_id,occurred_at,amount\nada,1,2020-06-01,10\n"


def raw_project(
    folder: Path, tables: dict[str, str], keys: dict[str, dict[str, Any]] | None = None, **sections: Any
) -> Project:
    """A project over the tables; `keys` adds to a table's mapping or replaces parts of it."""
    mappings: dict[str, dict[str, Any]] = {}
    for name, csv in ({"orders": ORDERS} | tables).items():
        (folder / f"{name}.csv").write_text(csv, encoding="utf-8")
        columns = csv.partition("\n")[0].split(",")
        mappings[name] = {"from": str(folder / f"{name}.csv")} | {column: column for column in columns}
        mappings[name] |= (keys or {}).get(name, {})
    return Project.model_validate({"project": {"name": "made_up", "currency": "EUR"}, "tables": mappings} | sections)


def check_raw(
    folder: Path,
    tables: dict[str, str],
    keys: dict[str, dict[str, Any]] | None = None,
    *,
    share_max: float = 0.9,
    **sections: Any,
) -> dict[TableName, Checked]:
    """The tables, checked; by default nearly all rows may break their contract."""
    quarantine = {"share_max": share_max} | sections.pop("quarantine", {})
    own = raw_project(folder, tables, keys, quarantine=quarantine, **sections)
    return check_tables(connect(own.source), own)
