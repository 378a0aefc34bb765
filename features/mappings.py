"""Where each raw table comes from, and the SQL expression behind each of its columns.

Expressions are written in DuckDB's dialect, whichever engine runs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, create_model, field_validator, model_validator

from features.problems import nearest
from features.settings import Settings
from features.tables import CONTRACTS, SOURCES_OF_CUSTOMERS, Column, Kind, TableContract, TableName, quoted

ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]*")
# Columns that our own tables carry beside a company's attributes.
TAKEN = (
    "as_of", "reason", "day", "known_day", "recorded_at", "number", "is_dated", "history_days",
    "not_eligible_because",
)  # fmt: skip
# Columns of the scored table (docs/answers.md), which conditions of the mapping file read beside the attributes.
SCORED = re.compile(
    r"eligible|(churn_probability|days_until_leaving|propensity)(_.*)?|clv_\d+d(_.*)?|(realised|potential|lifetime|influence)_value(_.*)?"
    r"|value_at_risk|customer_score|score_(value|satisfaction|loyalty)|tier|life_stage|quadrant"
    r"|rfm_(segment|recency|frequency|monetary)|(churn|clv|propensity)_model|.*_explanation|explanation_unavailable"
)
MORE = "_more"  # the sources of a table after its first
ENCODINGS = ("utf-8", "gbk", "gb18030", "big5", "shift_jis", "euc_kr", "cp1252", "latin-1", "utf-16")


@dataclass(frozen=True)
class MappedColumn:
    """A column that the company has: what it is, its SQL expression, and its key in the table's section."""

    column: Column
    expression: str
    key: str


class TableMapping(Settings):
    """Where a table comes from and what each of its columns is: a SQL expression in DuckDB's dialect.

    A table of several sources, [[tables.orders]] and so on, is the first of them with the others in `more`.
    """

    table: ClassVar[TableName]
    contract: ClassVar[TableContract]

    from_: str = Field(
        alias="from", description="files (csv, tsv, txt, parquet; patterns such as sales/*.csv), or a table of the database"
    )
    where: str | None = Field(
        default=None,
        description="a SQL condition on your columns; other rows are left out",
    )
    encoding: str | None = Field(default=None, description="of csv files that are not UTF-8, e.g. gbk")
    delimiter: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="the sign between the columns of csv files, where it is not found by itself, e.g. ~",
    )

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str | None) -> str | None:
        try:
            "".encode(encoding or "utf-8")
        except (LookupError, UnicodeError):
            raise ValueError(f"no such text encoding; {nearest(str(encoding), ENCODINGS)}") from None
        return encoding

    @property
    def sources(self) -> tuple[tuple[str, TableMapping], ...]:
        """The mapping of each source, and what it is called in messages: the table, numbered where there are several."""
        more: tuple[TableMapping, ...] = getattr(self, "more", ())
        if not more:
            return ((self.table, self),)
        each = (self.model_copy(update={"more": ()}), *more)
        return tuple((f"{self.table}[{number}]", source) for number, source in enumerate(each, start=1))

    def conditions(self) -> dict[str, str]:
        """The SQL expressions that decide which rows of the source count, by key: `where`, and each of `once_per`."""
        once_per: tuple[str, ...] = getattr(self, "once_per", ())
        where = {"where": self.where} if self.where else {}
        return where | {f"once_per[{number}]": expression for number, expression in enumerate(once_per, start=1)}

    def mapped(self) -> tuple[MappedColumn, ...]:
        """The columns that any source has: those of the contract in its order, then the table's own."""
        found: dict[str, list[MappedColumn]] = {column.name: [] for column in self.contract.columns}
        for _, source in self.sources:
            for mapped in source._columns():
                found.setdefault(mapped.column.name, []).append(mapped)
        return tuple(_of_several(columns) for columns in found.values() if columns)

    def expressions(self) -> dict[str, str]:
        """The SQL expression of each mapped column, in the order of `mapped`."""
        return {mapped.column.name: mapped.expression for mapped in self.mapped()}

    def _columns(self) -> Iterator[MappedColumn]:
        for column in self.contract.columns:
            if (expression := getattr(self, column.name)) is not None:
                yield MappedColumn(column, expression, column.name)


def _of_several(columns: list[MappedColumn]) -> MappedColumn:
    """A column of several sources; where they differ, its expression is only to be read."""
    return replace(columns[0], expression=" | ".join(dict.fromkeys(column.expression for column in columns)))


def _attributes(given: Any) -> Any:
    """Names and expressions of attributes, given as such or as the names of source columns."""
    if isinstance(given, list) and all(isinstance(name, str) for name in given):
        if twice := sorted({name for name in given if given.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)} is there twice")
        given = {name: quoted(name) for name in given}
    if not isinstance(given, dict):
        raise ValueError("expected a list of columns, or a table of names and SQL expressions")
    for name, expression in given.items():
        if not ATTRIBUTE.fullmatch(name):
            raise ValueError(
                f"'{name}' cannot be the name of an attribute (small letters, digits and _); {_renamed(name, expression)}"
            )
    return given


def _renamed(name: str, expression: Any) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    plain = plain if ATTRIBUTE.fullmatch(plain) else "my_name"
    return f"give it one in the table form, e.g. {plain} = '{expression}'"


Attributes = Annotated[dict[str, str], BeforeValidator(_attributes)]


def _names(given: Any) -> Any:
    if isinstance(given, str):
        raise ValueError('expected a list of columns, such as ["Invoice", "Line"]')
    return given


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class _CustomersMapping(TableMapping):
    numeric: Attributes = Field(
        default={}, description="attributes that are numbers: a list of columns, or names and expressions"
    )
    categorical: Attributes = Field(default={}, description="attributes that are words, likewise")

    @model_validator(mode="after")
    def _each_name_once(self) -> _CustomersMapping:
        taken = {column.name for column in self.contract.columns} | set(TAKEN)
        for key, names in (("numeric", self.numeric), ("categorical", self.categorical)):
            # Words become columns of their levels and cannot clash with what is scored.
            scored = {name for name in names if key == "numeric" and SCORED.fullmatch(name)}
            if clash := sorted(taken & set(names) | scored):
                raise ValueError(f"{key} has {clash[0]}, a name that is taken; give it another in the table form")
            taken |= set(names)
        return self

    def _columns(self) -> Iterator[MappedColumn]:
        yield from super()._columns()
        kinds: tuple[tuple[str, Kind, dict[str, str]], ...] = (
            ("numeric", "number", self.numeric),
            ("categorical", "text", self.categorical),
        )
        for key, kind, attributes in kinds:
            for name, expression in attributes.items():
                column = Column(name, kind, f"an attribute of the customer, {key}")
                yield MappedColumn(column, expression, f"{key}.{name}")


class _LabelsMapping(TableMapping):
    # A closed section cannot have keys that only the company knows: the validator gathers them under this one.
    bought: dict[Annotated[str, Field(pattern=r"^bought_[a-z0-9_]+$")], str] = Field(
        default={}, alias="bought_", description="1 for who bought <name> within the horizon, else 0"
    )

    @model_validator(mode="before")
    @classmethod
    def _gather_bought(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        bought = {key: value for key, value in content.items() if key.startswith("bought_")}
        return {key: value for key, value in content.items() if key not in bought} | {"bought_": bought}

    @model_validator(mode="after")
    def _some_outcome(self) -> _LabelsMapping:
        if not self.bought and all(getattr(self, name) is None for name in ("churned", "value")):
            raise ValueError("map at least one outcome: churned, value or bought_<name>")
        return self

    def _columns(self) -> Iterator[MappedColumn]:
        yield from super()._columns()
        for name, expression in self.bought.items():
            column = Column(name, "number", f"1 if they bought {name.removeprefix('bought_')} within the horizon, else 0")
            yield MappedColumn(column, expression, name)


_OWN: dict[str, type[TableMapping]] = {"customers": _CustomersMapping, "labels": _LabelsMapping}


def _mapping_model(name: TableName) -> type[TableMapping]:
    contract = CONTRACTS[name]
    columns: dict[str, Any] = {
        column.name: (str, ...) if column.required else (str | None, None) for column in contract.columns
    }
    if not contract.key:  # the others cannot have two lines of one key
        said = (
            "of tables of events: columns (or SQL expressions) that tell lines apart; of lines alike in all of them the one "
            "known first counts"
        )
        columns["once_per"] = (Names, Field(default=(), description=said))
    make: Any = create_model  # its type knows no keys that are named at run time
    title = f"{name.title()}Mapping"
    if name not in _OWN:  # what a company names itself is named in one place
        columns["more"] = (tuple[title, ...], Field(default=(), alias=MORE))  # type: ignore[valid-type]
    model: type[TableMapping] = make(title, __base__=_OWN.get(name, TableMapping), **columns)
    model.table, model.contract = name, contract
    model.model_rebuild(_types_namespace={title: model})
    return model


class _AnyTables(Settings):
    @model_validator(mode="before")
    @classmethod
    def _several_sources(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        return {name: _first_with_the_others(name, given) for name, given in content.items()}

    @model_validator(mode="after")
    def _somewhere_customers_come_from(self) -> _AnyTables:
        if all(getattr(self, name) is None for name in SOURCES_OF_CUSTOMERS):
            raise ValueError(f"map at least one of {', '.join(SOURCES_OF_CUSTOMERS)}")
        return self


def _first_with_the_others(name: str, given: Any) -> Any:
    if not isinstance(given, list) or not given or not all(isinstance(source, dict) for source in given):
        return given
    if name in _OWN and len(given) > 1:
        raise ValueError(f"[[{name}]] is there {len(given)} times, but {name} has one source")
    return given[0] | {MORE: given[1:]} if len(given) > 1 else given[0]


TablesSection: type[Settings] = create_model(
    "TablesSection",
    __base__=_AnyTables,
    **{name: (_mapping_model(name) | None, None) for name in CONTRACTS},  # type: ignore[call-overload]
)
