"""The mapping file of a made-up company."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from features.simulate.calendar import Calendar

NUMERIC, CATEGORICAL = ("age",), ("region", "segment")


def mapping_file(folder: Path, tables: Mapping[str, Sequence[str]], calendar: Calendar) -> str:
    """The text of `company.toml`: each table's file in `folder` and its columns, which bear the contract's names."""
    judged = [day for day in calendar.as_of if calendar.day(day) + calendar.horizon_days <= calendar.days]
    dates = [f"judged_at = {judged[-1]}"] if judged else []
    lines = [
        "# A made-up company (features.simulate). What is true of it is in the folder truth beside the tables.",
        "",
        "[project]",
        'name = "made_up_company"',
        'currency = "EUR"',
        f"horizon_days = {calendar.horizon_days}",
        "",
        "[source]",
        'backend = "duckdb"',
        *(line for name, columns in tables.items() for line in _table(folder, name, columns)),
        "",
        "[dates]",
        *dates,
        f"data_until = {calendar.ends_at}",
        "every_days = 30",
        "history_days_min = 180",
    ]
    return "\n".join(lines) + "\n"


def _table(folder: Path, name: str, columns: Sequence[str]) -> list[str]:
    path = json.dumps((folder / f"{name}.parquet").as_posix(), ensure_ascii=False)
    mapped = [f'{column} = "{column}"' for column in columns if column not in (*NUMERIC, *CATEGORICAL)]
    attributes = {"numeric": NUMERIC, "categorical": CATEGORICAL} if name == "customers" else {}
    named = [f"{key} = {json.dumps(list(names))}" for key, names in attributes.items()]
    return ["", f"[tables.{name}]", f"from = {path}", *mapped, *named]
