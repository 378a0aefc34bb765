"""A company's rows in contract columns: run the mapping's expressions, and say which of them cannot be used and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import ibis
import ibis.expr.datatypes as dt
import sqlglot
from sqlglot import exp

from features.engines.dialects import as_kept, said_to
from features.engines.engine import engine_errors, engine_says, exact_number, is_embedded, is_there, trimmed
from features.mappings import MappedColumn, TableMapping
from features.problems import BadData, nearest
from features.raw.columns_found import columns_found
from features.raw.hints import date_hint, number_hint
from features.raw.row_by_row import rows_problem
from features.tables import EXACT, EXACT_LIMIT, Kind, quoted

SIMPLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TYPES: dict[Kind, str] = {"text": "string", "timestamp": "timestamp", "number": EXACT}
STRANGE_MIN = 3  # fewer columns that are not there are named one by one, each with the nearest one
LOST = "_lost_"  # before the name of a number: whether it had a value that is no exact decimal
ONCE = "_once_"  # before the number of one of the values that name a line (`once_per`)
UNREAD = "_unread_"  # before the name of a column: what stands in the source where nothing came of it


def map_table(source: ibis.Table, name: str, mapping: TableMapping) -> ibis.Table:
    """The source rows in contract columns, those `where` leaves out not among them.

    Text is trimmed and empty text is missing; numbers are exact decimals. For an optional number that may not be finite
    there is one more column, `_lost_<name>`: true where it became missing for that reason. For a column that is computed
    there may be `_unread_<name>`: the text of what stands in your columns where nothing came of it. Where there is
    `once_per`, `_once_0` is the source and `_once_1` and so on are the values that name a line. Raises BadData with every
    expression that does not parse, names an unknown column, cannot be run by the engine or is of the wrong kind.
    """
    if problems := expression_problems(source, name, mapping):
        raise BadData(problems)
    src = "src" + re.sub(r"\D", "", name)  # sources of one table end up in one query, where names must differ
    raw = _raw_texts(source.columns, mapping)
    texts = "".join(f', {text} AS "{UNREAD}{name}"' for name, text in raw.items())
    once = _once_per(mapping)
    keys = "".join(f', {expression}\n AS "{key}"' for key, expression in once.items())
    where = f" WHERE {mapping.where}" if mapping.where else ""
    rows = _selected(source, f"SELECT {_columns(source, mapping)}{texts}{keys} FROM {src}{where}", src)
    lost = [
        m.column.name for m in mapping.mapped() if not m.column.required and may_be_lost(rows[m.column.name], m.column.kind)
    ]
    return rows.select(
        **{mapped.column.name: _as_kind(rows[mapped.column.name], mapped.column.kind) for mapped in mapping.mapped()},
        **{LOST + column: is_there(rows[column]) & _exact(rows[column]).isnull() for column in lost},
        **{UNREAD + column: ibis.ifelse(is_there(rows[column]), None, rows[UNREAD + column]) for column in raw},
        **({f"{ONCE}0": ibis.literal(name)} if once else {}),
        **{key: rows[key].cast("string") for key in once},
    )


def _once_per(mapping: TableMapping) -> dict[str, str]:
    expressions = [expression for key, expression in mapping.conditions().items() if key != "where"]
    return {f"{ONCE}{number}": expression for number, expression in enumerate(expressions, start=1)}


def _raw_texts(columns: Sequence[str], mapping: TableMapping) -> dict[str, str]:
    """By mapped column, the text of the source columns it is computed from: where it may be missing by a slip of the mapping.

    That is where it must not be missing, or where `try_cast`, `try_strptime` and the like make missing what does not fit.
    """
    texts = {}
    for m in mapping.mapped():
        names, is_strict = _names(m.expression), m.column.required and not m.column.nullable
        used = [f"nullif(trim(CAST({quoted(column)} AS VARCHAR)), '')" for column in columns if column.lower() in names]
        if used and not _is_column(m.expression) and (is_strict or "try_" in m.expression.lower()):
            texts[m.column.name] = " || ' ' || ".join(used)  # missing where one of them is
    return texts


def expression_problems(source: ibis.Table, name: str, mapping: TableMapping) -> list[str]:
    """The expressions that cannot be used on a table, each with its key and why; rows are looked at for hints only."""
    strange = _strange_columns(source.columns, name, mapping)
    return strange or _problems(name, mapping, partial(_expression_problem, source))


def wording_problems(engine: str, columns: Sequence[str] | None, name: str, mapping: TableMapping) -> list[str]:
    """What can be said of expressions without the engine: they do not parse, name an unknown column, cannot be translated.

    `columns` are those of the source, None where they are not known.
    """

    def problem(_: str, expression: str, mapped: MappedColumn | None) -> str | None:
        return _wording_problem(expression, columns, mapped) or _translation_problem(engine, expression, columns or ())

    strange = _strange_columns(columns, name, mapping) if columns is not None else []
    return strange or _problems(name, mapping, problem)


def _strange_columns(columns: Sequence[str], name: str, mapping: TableMapping) -> list[str]:
    """Said once where most columns that a mapping names are not there: it is another table, or was not taken apart."""
    known = {column.lower() for column in columns}
    parsed = map(_parsed, (*mapping.expressions().values(), *mapping.conditions().values()))
    used = {
        column.name.lower(): column.name for one in parsed if one for column in one.find_all(exp.Column) if not column.table
    }
    missing = [used[column] for column in used if column not in known]
    if len(missing) <= len(used) / 2 or len(missing) < STRANGE_MIN:
        return []
    named = ", ".join(f"'{column}'" for column in missing)
    return [f"tables.{name}.from = '{mapping.from_}': there is no column {named}; {columns_found(name, columns)}"]


def _problems(name: str, mapping: TableMapping, find: Callable[[str, str, MappedColumn | None], str | None]) -> list[str]:
    """What is found in each expression, by its key; a condition is of no column."""
    expressions: list[tuple[str, str, MappedColumn | None]] = [(*each, None) for each in mapping.conditions().items()]
    expressions += [(mapped.key, mapped.expression, mapped) for mapped in mapping.mapped()]
    found = ((key, expression, find(key, expression, mapped)) for key, expression, mapped in expressions)
    return [f"tables.{name}.{key} = '{expression.strip()}': {problem}" for key, expression, problem in found if problem]


def mapped_values(source: ibis.Table, mapping: TableMapping, also: Mapping[str, str] | None = None) -> ibis.Table:
    """The value of each expression and of each condition for every row, whether or not `where` leaves it out.

    `also` names further columns of the source, by what they are to be called. The expressions must have been checked.
    """
    raw = [f'{quoted(column)} AS "{name}"' for name, column in (also or {}).items()]
    conditions = [f'({expression}\n) AS "{key}"' for key, expression in mapping.conditions().items()]
    rows = _selected(source, f"SELECT {', '.join([_columns(source, mapping), *conditions, *raw])} FROM src")
    values = {mapped.column.name: _as_kind(rows[mapped.column.name], mapped.column.kind) for mapped in mapping.mapped()}
    return rows.mutate(**values)


def _columns(source: ibis.Table, mapping: TableMapping) -> str:
    engine = source.get_backend()
    # Each expression ends its line, so that a comment in it ends there too.
    return ", ".join(f'{as_kept(engine, m.expression, m.column.kind)}\n AS "{m.column.name}"' for m in mapping.mapped())


def _selected(source: ibis.Table, query: str, src: str = "src") -> ibis.Table:
    """The rows of a query in DuckDB's dialect over a table, run by the engine that has it."""
    selected: ibis.Table = source.alias(src).sql(said_to(source.get_backend().name, query, source.columns))
    return selected


def together(mapping: TableMapping, sources: Sequence[ibis.Table]) -> ibis.Table:
    """The mapped rows of a table's sources; a column that one of them does not have is missing there."""
    columns = {mapped.column.name: TYPES[mapped.column.kind] for mapped in mapping.mapped()}
    columns |= {name: "boolean" for rows in sources for name in rows.columns if name.startswith(LOST)}
    columns |= {name: "string" for rows in sources for name in rows.columns if name.startswith((UNREAD, ONCE))}
    alike = [
        rows.select(**{name: rows[name] if name in rows.columns else ibis.null(dtype) for name, dtype in columns.items()})
        for rows in sources
    ]
    return ibis.union(*alike) if len(alike) > 1 else alike[0]


def may_be_lost(value: ibis.Value, kind: Kind) -> bool:
    """Whether values of this type may be no exact decimal: not finite, or too large."""
    dtype = value.type()
    if kind != "number" or dtype.is_boolean():
        return False
    if dtype.is_decimal() and dtype.precision is not None:
        return bool(10 ** (dtype.precision - dtype.scale) > EXACT_LIMIT)
    return not (dtype.is_integer() and dtype.nbytes <= 4)


def _as_kind(value: ibis.Value, kind: Kind) -> ibis.Value:
    if kind == "text":
        return trimmed(value.cast("string")).nullif("")
    if kind == "timestamp":
        return value.cast("timestamp")
    return _exact(value)


def _exact(value: ibis.Value) -> ibis.Value:
    # true is 1; not every engine casts it to a float at once
    number = (value.cast("int32") if value.type().is_boolean() else value).cast("float64")
    return exact_number(ibis.ifelse(number.abs() < EXACT_LIMIT, number, None))


def columns_used(mapping: TableMapping) -> set[str]:
    """The source columns that a mapping's expressions name, in small letters."""
    used = (*mapping.expressions().values(), *mapping.conditions().values())
    return {name for expression in used for name in _names(expression)}


def text_columns(mapping: TableMapping) -> set[str]:
    """The source columns, in small letters, that the mapping only takes over as text (ids, say)."""
    columns = [(m.expression, m.column.kind == "text" and _is_column(m.expression)) for m in mapping.mapped()]
    texts = {name for expression, is_text in columns if is_text for name in _names(expression)}
    conditions = [expression for expression in mapping.conditions().values() if not _is_column(expression)]
    others = (*conditions, *(expression for expression, is_text in columns if not is_text))
    return texts - {name for expression in others for name in _names(expression)}


def _names(expression: str) -> set[str]:
    parsed = _parsed(expression)
    return {column.name.lower() for column in parsed.find_all(exp.Column)} if parsed else set()


def _is_column(expression: str) -> bool:
    return isinstance(_parsed(expression), exp.Column)


def _parsed(expression: str) -> exp.Expression | None:
    try:
        return sqlglot.parse_one(expression, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        return None  # mapping the table will say so


def _wording_problem(expression: str, columns: Sequence[str] | None, mapped: MappedColumn | None) -> str | None:
    """Why an expression cannot be used on a table with these columns (None: not known), whatever is in them."""
    try:
        parsed = sqlglot.parse_one(expression, dialect="duckdb")
    except sqlglot.errors.ParseError as error:
        place = [f" at line {found['line']}, column {found['col']}" for found in error.errors[:1]]
        return f"does not parse as SQL{''.join(place)}"
    except sqlglot.errors.SqlglotError as error:
        return f"does not parse as SQL: {engine_says(error)}"
    is_id = mapped is not None and mapped.column.kind == "text"
    return _names_problem(expression, parsed, columns) or rows_problem(parsed, may_number=is_id)


def _names_problem(expression: str, parsed: exp.Expression, columns: Sequence[str] | None) -> str | None:
    """A column that is not there, or is not quoted; a name where none belongs."""
    written = {name.lower(): name if SIMPLE_NAME.fullmatch(name) else quoted(name) for name in columns or ()}
    plain = expression.strip().lower()
    if plain in written and not isinstance(parsed, exp.Column):
        return f"this column name must be quoted: {written[plain]}"
    if isinstance(parsed, exp.Alias):
        return f"leave out AS {parsed.alias}: the key is the name"
    for used in parsed.find_all(exp.Column) if columns is not None else ():
        if not used.table and used.name.lower() not in written:
            return f"the table has no column '{used.name}'; {nearest(used.name, written.values())}"
    return None


def _translation_problem(engine: str, expression: str, columns: Sequence[str]) -> str | None:
    try:
        said_to(engine, f"SELECT {expression}\n AS value FROM src", columns)
    except sqlglot.errors.SqlglotError as error:
        return f"{engine} cannot run this: {engine_says(error)}"
    return None


def _expression_problem(source: ibis.Table, key: str, expression: str, mapped: MappedColumn | None) -> str | None:
    """Why an expression cannot be used, or None."""
    if problem := _wording_problem(expression, source.columns, mapped):
        return problem
    computed = f"SELECT ({expression}\n) AS value FROM src" + (f" WHERE {expression}" if key == "where" else "")
    try:
        values = _selected(source, computed)
        dtype = values.schema()["value"]
    except engine_errors() as error:
        engine = source.get_backend()
        return f"{'cannot be computed' if is_embedded(engine) else f'{engine.name} cannot run this'}: {engine_says(error)}"
    if key == "where" and not dtype.is_boolean():
        return f"is {dtype}, expected a condition (true or false)"
    return _kind_problem(values, dtype, mapped) if mapped else None


def _kind_problem(values: ibis.Table, dtype: dt.DataType, mapped: MappedColumn) -> str | None:
    kind, expression = mapped.column.kind, mapped.expression.strip()
    if kind == "timestamp" and not (dtype.is_timestamp() or dtype.is_date()):
        hint = date_hint(values, expression) if dtype.is_string() or dtype.is_integer() else ""
        return f"is {dtype}, expected a date or timestamp{hint}"
    if kind == "number" and not (dtype.is_numeric() or dtype.is_boolean()):
        return f"is {dtype}, expected a number{number_hint(values, expression) if dtype.is_string() else ''}"
    return None


def conversion_problems(source: ibis.Table, name: str, mapping: TableMapping) -> list[str]:
    """The expressions that some row makes fail, each with the engine's word on it."""
    problems = []
    for key, expression in ({mapped.key: mapped.expression for mapped in mapping.mapped()} | mapping.conditions()).items():
        try:
            _selected(source, f"SELECT max(value) AS value FROM (SELECT {expression}\n AS value FROM src) AS found").execute()
        except engine_errors() as error:
            problems.append(
                f"tables.{name}.{key} = '{expression.strip()}' fails on a row: {engine_says(error)}; try_cast and "
                "try_strptime make such a value missing instead"
            )
    return problems
