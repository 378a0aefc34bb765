"""The line of a csv file that does not split as the first one does."""

from __future__ import annotations

import csv
from pathlib import Path


def uneven_line(file: Path, delimiter: str, encoding: str | None) -> str | None:
    """In words, the first line that has more or fewer values than the names; None where all have as many."""
    with file.open(encoding=encoding or "utf-8-sig", newline="", errors="replace") as stream:
        lines = csv.reader(stream, delimiter=delimiter)
        names = next(lines, [])
        try:
            odd = next((values for values in lines if values and len(values) != len(names)), None)
        except csv.Error as error:
            return f"line {lines.line_num:,}: {error}"
    return None if odd is None else f"line {lines.line_num:,} has {len(odd)} values, the first has {len(names)}"
