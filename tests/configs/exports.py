"""Csv files as a CRM exports them: one per module, its headers, some known records and a few hundred made-up ones."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

Record = Mapping[str, object]


def write_export(file: Path, headers: Sequence[str], records: Iterable[Record], *, encoding: str = "utf-8") -> None:
    """Write records under all the headers of a module; a field that a record does not have stays empty."""
    with file.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, headers, restval="")
        writer.writeheader()
        writer.writerows(records)
