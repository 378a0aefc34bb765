"""Whether another engine means by an expression what DuckDB means: both compute it for the same few rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa

from features.engines.engine import connect, engine_errors, is_embedded
from features.mappings import TableMapping
from features.project import SourceSection
from features.raw.expressions import columns_used, mapped_values
from features.tables import EXACT_PLACES

SAMPLE_ROWS = 1_000
LAST_PLACE = Decimal(1).scaleb(-EXACT_PLACES)  # a number of more places may be rounded on its way


def disagreements(source: ibis.Table, called: str, mapping: TableMapping, time_zone: str) -> list[str]:
    """The expressions that mean something else to the engine, each with a value that shows it.

    They are computed for the first rows that the engine gives, by it and by DuckDB.
    """
    engine = source.get_backend()
    if is_embedded(engine):
        return []
    raw = {f"_raw_{number}": name for number, name in enumerate(_used(source, mapping))}
    try:
        sample = engine.to_pyarrow(mapped_values(source, mapping, also=raw).limit(SAMPLE_ROWS))
        rows = pa.table({name: sample[column] for column, name in raw.items()}) if raw else pa.table({"_": [0] * len(sample)})
        duckdb = connect(SourceSection(time_zone=time_zone))
        ours = duckdb.to_pyarrow(mapped_values(duckdb.create_table("sample", rows, temp=True), mapping))
    except (*engine_errors(), pa.ArrowException):
        return []  # some value cannot be converted; reading all rows will say which
    keys = {mapped.column.name: (mapped.key, mapped.expression) for mapped in mapping.mapped()}
    keys |= {key: (key, expression) for key, expression in mapping.conditions().items()}
    return [
        f"tables.{called}.{key} = '{expression.strip()}': {engine.name} makes {_shown(theirs)} of a row of which DuckDB, in "
        f"whose dialect it is written, makes {_shown(own)}; write it so that both agree"
        for column, (key, expression) in keys.items()
        for theirs, own in _first_difference(sample[column], ours[column])
    ]


def _used(source: ibis.Table, mapping: TableMapping) -> list[str]:
    used = columns_used(mapping)
    return [name for name in source.columns if name.lower() in used]


def _first_difference(theirs: pa.ChunkedArray, ours: pa.ChunkedArray) -> list[tuple[Any, Any]]:
    pairs = zip(theirs.to_pylist(), ours.to_pylist(), strict=True)
    return next(([pair] for pair in pairs if not _alike(*pair)), [])


def _alike(their: Any, our: Any) -> bool:
    if isinstance(their, Decimal) and isinstance(our, Decimal):
        return abs(their - our) <= LAST_PLACE
    return bool(their == our)


def _shown(value: Any) -> str:
    return "no value" if value is None else f"'{value}'"
