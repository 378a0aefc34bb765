"""Expressions of the mapping, written in DuckDB's dialect, said in the words of another engine.

sqlglot translates most of them. What it says wrongly or not at all is put right here, or refused: an expression has one
meaning, whichever engine runs it. What slips through is found on the company's own rows by `features.raw.agreement`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import sqlglot
from ibis.backends import BaseBackend
from ibis.backends.sql.dialects import Postgres, PySpark
from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from features.tables import Kind

Rewrite = Callable[[Any], exp.Expression]
NO_TRY = (
    "a value that cannot be converted stops the query there; say which can, "
    "e.g. CASE WHEN regexp_matches(x, '^[0-9]+$') THEN CAST(x AS BIGINT) END"
)


def said_to(engine: str, query: str, columns: Iterable[str]) -> str:
    """A query in DuckDB's dialect, in that of an engine. Raises UnsupportedError where it cannot be said alike.

    `columns` are those of the table it reads: as in DuckDB, small and capital letters are the same in their names.
    """
    rewrites = _REWRITES.get(engine)
    if rewrites is None:
        return query
    said = sqlglot.parse_one(query, dialect="duckdb")
    spelled = {name.lower(): name for name in columns}
    for node in reversed(list(said.walk())):  # the inner ones first
        if isinstance(node, exp.Column) and node.name.lower() in spelled:
            node.set("this", exp.to_identifier(spelled[node.name.lower()], quoted=True))
        rewrite = rewrites.get(type(node))
        if rewrite and (new := rewrite(node)) is not node:
            node.replace(new)
    return str(said.sql(_DIALECTS[engine], unsupported_level=ErrorLevel.RAISE))


def as_kept(connection: BaseBackend, expression: str, kind: Kind) -> str:
    """An expression (still in DuckDB's dialect) as checked tables of the engine keep it.

    Text is in the order of its bytes, as in DuckDB, not in that of a language; a time has no time zone.
    """
    if connection.name == "postgres" and kind == "text":
        return f'CAST(({expression}\n) AS VARCHAR) COLLATE "C"'
    if connection.name == "pyspark" and kind == "timestamp":
        return f"CAST(({expression}\n) AS TIMESTAMP_NTZ)"
    return expression


def _refused(why: str) -> Rewrite:
    def refuse(node: exp.Expression) -> exp.Expression:
        raise UnsupportedError(f"{node.sql('duckdb')}: {why}")

    return refuse


def _days_between(node: exp.DateDiff) -> tuple[exp.Expression, exp.Expression]:
    """The two days. DuckDB counts the midnights between two times, the others whole days, months and so on."""
    if node.text("unit").upper() != "DAY":
        raise UnsupportedError(f"{node.sql('duckdb')}: of all units only days are counted alike there")
    return exp.cast(node.this, "DATE"), exp.cast(node.expression, "DATE")


def _divided(node: exp.Expression) -> exp.Expression:
    """By 0: missing, instead of an error. (DuckDB makes x / 0 infinite, which no number of a table may be either.)"""
    divisor = node.expression
    if not isinstance(divisor, exp.Literal):
        node.set("expression", exp.Nullif(this=divisor, expression=exp.Literal.number(0)))
    return node


def _with_pattern(node: exp.Expression, of_engine: Callable[[str], str]) -> exp.Expression:
    pattern = node.expression
    if isinstance(pattern, exp.Literal):
        node.set("expression", exp.Literal.string(of_engine(pattern.this)))
    return node


def _matches(of_engine: Callable[[str], str]) -> Rewrite:
    def matches(node: exp.RegexpLike) -> exp.Expression:
        flag = node.text("flag")
        if flag not in ("", "i"):
            raise UnsupportedError(f"{node.sql('duckdb')}: of the flags only 'i' is known there")
        node.set("flag", None)
        return _with_pattern(node, lambda pattern: ("(?i)" if flag else "") + of_engine(pattern))

    return matches


def _matches_whole(of_engine: Callable[[str], str]) -> Rewrite:
    def matches(node: exp.Expression) -> exp.Expression:
        like = exp.RegexpLike(this=node.this, expression=node.expression)
        return _with_pattern(like, lambda pattern: f"^(?:{of_engine(pattern)})$")

    return matches


def _postgres_pattern(pattern: str) -> str:
    r"""A regular expression in PostgreSQL's words, where \b is a backspace and \y the edge of a word.

    >>> _postgres_pattern(r"\bBAGS?\b")
    '\\yBAGS?\\y'
    """
    words = {r"\b": r"\y", r"\B": r"\Y", r"\z": r"\Z"}
    return re.sub(r"\\.", lambda found: words.get(found[0], found[0]), pattern, flags=re.DOTALL)


def _postgres_extract(node: exp.RegexpExtract) -> exp.Expression:
    """A group of the first match; without a match empty, not missing."""
    node = _with_pattern(node, _postgres_pattern)
    first, group = exp.Literal.number(1), node.args.get("group") or exp.Literal.number(0)
    nothing = exp.Literal.string("")
    found = exp.func("REGEXP_SUBSTR", node.this, node.expression, first, first.copy(), nothing, group)
    is_there = exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.Null()))
    return exp.Case().when(is_there, exp.func("COALESCE", found, nothing.copy()))


def _postgres_replace(node: exp.RegexpReplace) -> exp.Expression:
    return _with_pattern(node, _postgres_pattern)


def _postgres_days(node: exp.DateDiff) -> exp.Expression:
    later, earlier = _days_between(node)
    return exp.Paren(this=exp.Sub(this=later, expression=earlier))


def _postgres_contains(node: exp.Contains) -> exp.Expression:
    place = exp.Anonymous(this="STRPOS", expressions=[node.this, node.expression])
    return exp.Paren(this=exp.GT(this=place, expression=exp.Literal.number(0)))


def _postgres_round(node: exp.Round) -> exp.Expression:
    if node.args.get("decimals"):
        node.set("this", exp.cast(node.this, "DECIMAL"))
    return node


def _postgres_is_nan(node: exp.IsNan) -> exp.Expression:
    number, nan = (exp.cast(part, "DOUBLE") for part in (node.this, exp.Literal.string("NaN")))
    return exp.Paren(this=exp.EQ(this=number, expression=nan))


def _postgres_function(node: exp.Anonymous) -> exp.Expression:
    return _refused(NO_TRY)(node) if node.name.upper() == "TRY_STRPTIME" else node


def _part(name: str) -> Rewrite:
    return lambda node: exp.Extract(this=exp.var(name), expression=node.this)


def _spark_function(node: exp.Anonymous) -> exp.Expression:
    if node.name.upper() != "TRY_STRPTIME" or len(node.expressions) != 2:
        return node
    text, pattern = node.expressions
    parsed = exp.StrToTime(this=text.copy(), format=pattern.copy()).sql("spark")
    return exp.maybe_parse(parsed.replace("TO_TIMESTAMP(", "TRY_TO_TIMESTAMP(", 1), dialect="spark")


def _spark_replace(node: exp.RegexpReplace) -> exp.Expression:
    if "g" not in node.text("modifiers"):
        raise UnsupportedError(f"{node.sql('duckdb')}: every match is replaced there, not only the first; add the flag 'g'")
    new = node.args.get("replacement")
    if isinstance(new, exp.Literal):
        node.set("replacement", exp.Literal.string(re.sub(r"\\(\d)", r"$\1", new.this.replace("$", r"\$"))))
    return node


def _spark_days(node: exp.DateDiff) -> exp.Expression:
    later, earlier = _days_between(node)
    return exp.Anonymous(this="DATEDIFF", expressions=[later, earlier])


def _spark_day_of_week(node: exp.Expression) -> exp.Expression:
    """From 0 for Sunday on, where Spark begins with 1."""
    return exp.Paren(this=exp.Sub(this=node.copy(), expression=exp.Literal.number(1)))


def _spark_part(node: exp.Extract) -> exp.Expression:
    return _spark_day_of_week(node) if node.this.name.upper() in ("DOW", "DAYOFWEEK") else node


def _spark_concat(node: exp.Concat) -> exp.Expression:
    """Parts that are no text become it first: a missing one is left out as '', which is no number."""
    parts = [part if isinstance(part, exp.Literal | exp.Cast) else exp.cast(part.copy(), "TEXT") for part in node.expressions]
    node.set("expressions", parts)
    return node


def _same(pattern: str) -> str:
    return pattern


_DIALECTS = {"postgres": Postgres, "pyspark": PySpark}
_REWRITES: dict[str, dict[type[exp.Expression], Rewrite]] = {
    "postgres": {
        exp.Anonymous: _postgres_function,
        exp.Contains: _postgres_contains,
        exp.DateDiff: _postgres_days,
        exp.DayOfWeek: _part("DOW"),
        exp.DayOfWeekIso: _part("ISODOW"),
        exp.DayOfYear: _part("DOY"),
        exp.Div: _divided,
        exp.IntDiv: _divided,
        exp.IsNan: _postgres_is_nan,
        exp.Mod: _divided,
        exp.Quarter: _part("QUARTER"),
        exp.RegexpExtract: _postgres_extract,
        exp.RegexpFullMatch: _matches_whole(_postgres_pattern),
        exp.RegexpLike: _matches(_postgres_pattern),
        exp.RegexpReplace: _postgres_replace,
        exp.Round: _postgres_round,
        exp.SimilarTo: _matches_whole(_postgres_pattern),
        exp.TryCast: _refused(NO_TRY),
    },
    "pyspark": {
        exp.Anonymous: _spark_function,
        exp.Concat: _spark_concat,
        exp.AtTimeZone: _refused("what it means there depends on the kind of time; set source.time_zone instead"),
        exp.DateDiff: _spark_days,
        exp.DayOfWeek: _spark_day_of_week,
        exp.Div: _divided,
        exp.Extract: _spark_part,
        exp.IntDiv: _divided,
        exp.Mod: _divided,
        exp.RegexpFullMatch: _matches_whole(_same),
        exp.RegexpLike: _matches(_same),
        exp.RegexpReplace: _spark_replace,
        exp.SimilarTo: _matches_whole(_same),
    },
}
