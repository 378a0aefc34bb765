"""The columns that a file turned out to have, in words, and the sign that seems to separate them."""

from __future__ import annotations

from collections.abc import Sequence

COLUMNS_SHOWN = 8
CHARACTERS_SHOWN = 40
SEPARATORS = ";|\t,~^:"


def columns_found(name: str, columns: Sequence[str]) -> str:
    """The columns, shortened, and what to write where they look like one that was not taken apart.

    >>> columns_found("orders", ["customer", "day"])
    "its columns are 'customer', 'day'"
    >>> columns_found("orders", ["customer~day"])
    "its columns are 'customer~day'; they seem to be separated by '~': set tables.orders.delimiter = '~'"
    """
    more = f" and {len(columns) - COLUMNS_SHOWN} more" if len(columns) > COLUMNS_SHOWN else ""
    shown = ", ".join(f"'{_short(column)}'" for column in columns[:COLUMNS_SHOWN])
    sign = separator_of(columns)
    return f"its columns are {shown}{more}" + (f"; {delimiter_hint(name, sign)}" if sign else "")


def separator_of(columns: Sequence[str]) -> str | None:
    """The sign that would take the names apart into more columns than there are."""
    counts = {sign: sum(column.count(sign) for column in columns) for sign in SEPARATORS}
    sign = max(counts, key=counts.__getitem__)
    return sign if counts[sign] >= len(columns) else None


def delimiter_hint(name: str, sign: str) -> str:
    """How to say by which sign the columns of a file are separated."""
    return f"they seem to be separated by {as_toml(sign)}: set tables.{name}.delimiter = {as_toml(sign)}"


def as_toml(sign: str) -> str:
    """A sign as it stands in a mapping file."""
    return '"\\t"' if sign == "\t" else f"'{sign}'"


def _short(column: str) -> str:
    return column if len(column) <= CHARACTERS_SHOWN else f"{column[:CHARACTERS_SHOWN]}..."
