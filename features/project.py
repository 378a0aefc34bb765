"""The mapping file: everything a company tells us, read into closed, frozen settings.

Each section belongs to the package that uses it; this file owns the common ones and checks the section names.
Other packages read theirs with `read_section`.
"""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, field_validator

from features.problems import BadConfig, nearest
from features.tables import CONTRACTS, TableContract

SECTIONS = ("project", "source", "tables", "dates", "cohort", "features", "quarantine", "training")


class Settings(BaseModel):
    """A section of the mapping file: frozen, and closed against unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ProjectSection(Settings):
    """Who the project is and what every model looks ahead."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    horizon_days: int = Field(default=90, ge=1, le=730)
    out: str = "out"


class SourceSection(Settings):
    """The engine that holds the data."""

    backend: Literal["duckdb"] = "duckdb"


class TableMapping(Settings):
    """Where a table comes from and what each contract column is: a SQL expression in DuckDB's dialect."""

    from_: str = Field(alias="from")
    where: str | None = None

    def expressions(self) -> dict[str, str]:
        """The mapped columns and their SQL expressions, in contract order."""
        own = {name: getattr(self, name) for name in type(self).model_fields if name not in ("from_", "where")}
        return {name: expression for name, expression in own.items() if expression is not None}


class DatesSection(Settings):
    """Which dates get a snapshot (see `features.dates`), and where the data ends.

    Rows from `data_until` on are in the future and are quarantined; without it the data ends with its last row.
    """

    judged_at: date | None = None
    data_until: date | None = None
    every_days: int = Field(default=30, ge=1)
    history_days_min: int = Field(default=90, ge=1)


class CohortSection(Settings):
    """Who is eligible on a date."""

    orders_min: int = Field(default=1, ge=1)
    ordered_within_days: int | None = Field(default=None, ge=1)


class FeaturesSection(Settings):
    """Windows and categories of the features."""

    windows_days: tuple[Annotated[int, Field(ge=1)], ...] = (30, 90, 180, 365)
    main_categories: tuple[str, ...] | None = None
    main_category_count: int = Field(default=8, ge=0, le=50)

    @field_validator("windows_days")
    @classmethod
    def _each_once(cls, windows_days: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(windows_days)) < len(windows_days):
            raise ValueError("a window is there twice")
        return windows_days


class QuarantineSection(Settings):
    """How much of a table may break its contract before the run stops."""

    share_max: float = Field(default=0.01, ge=0.0, lt=1.0)


def _mapping_model(name: str, contract: TableContract) -> type[TableMapping]:
    columns: dict[str, Any] = {
        column.name: (str, ...) if column.required else (str | None, None) for column in contract.columns
    }
    return create_model(f"{name.title()}Mapping", __base__=TableMapping, **columns)


_Tables: type[Settings] = create_model(
    "TablesSection",
    __base__=Settings,
    **{name: (_mapping_model(name, contract), ...) for name, contract in CONTRACTS.items()},  # type: ignore[call-overload]
)


class Project(Settings):
    """The sections of the mapping file that every package shares."""

    project: ProjectSection
    source: SourceSection = SourceSection()
    tables: _Tables
    dates: DatesSection = DatesSection()
    cohort: CohortSection = CohortSection()
    features: FeaturesSection = FeaturesSection()
    quarantine: QuarantineSection = QuarantineSection()

    @property
    def name(self) -> str:
        """The project's name, which is also its folder and the prefix of its models."""
        return self.project.name

    @property
    def horizon(self) -> timedelta:
        """How far labels look ahead."""
        return timedelta(days=self.project.horizon_days)

    @property
    def folder(self) -> Path:
        """Where this project's outputs are."""
        return Path(self.project.out) / self.name

    def mappings(self) -> dict[str, TableMapping]:
        """The mapped tables by name."""
        return {name: getattr(self.tables, name) for name in CONTRACTS}


def read_project(path: Path) -> Project:
    """The shared sections of a mapping file.

    Raises BadConfig naming each unknown key, missing key and wrong value, with the nearest valid key.
    """
    content = _read_toml(path)
    own = {name: content[name] for name in Project.model_fields if name in content}
    unknown = [f"{path}: unknown section [{name}]; {nearest(name, SECTIONS)}" for name in content if name not in SECTIONS]
    try:
        project = _validated(path, Project, own)
    except BadConfig as bad:
        raise BadConfig([*unknown, *bad.problems]) from None
    if unknown:
        raise BadConfig(unknown)
    return project


S = TypeVar("S", bound=Settings)


def read_section(path: Path, name: str, settings: type[S]) -> S:
    """The section `name` of a mapping file as its owner's settings; defaults where the file is silent."""
    return _validated(path, settings, _read_toml(path).get(name, {}), prefix=(name,))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise BadConfig(f"{path}: no such mapping file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadConfig(f"{path}: not a readable TOML file: {error}") from None
    return content


def _validated(path: Path, settings: type[S], content: Any, prefix: tuple[str, ...] = ()) -> S:
    try:
        return settings.model_validate(content)
    except ValidationError as error:
        raise BadConfig([f"{path}: {_problem(settings, prefix, dict(e))}" for e in error.errors()]) from None


def _problem(settings: type[BaseModel], prefix: tuple[str, ...], error: dict[str, Any]) -> str:
    """One pydantic error in the words of the mapping file."""
    where = error["loc"]
    key = ".".join(str(part) for part in (*prefix, *where))
    if error["type"] == "extra_forbidden":
        return f"unknown key {key}; {nearest(str(where[-1]), _keys_at(settings, where[:-1]))}"
    if error["type"] == "missing":
        return f"{key} is missing"
    message = error["msg"].removeprefix("Value error, ")
    return f"{key} = {error['input']!r}: {message[:1].lower()}{message[1:]}"


def _keys_at(settings: type[BaseModel], where: tuple[Any, ...]) -> list[str]:
    """The valid keys of the (nested) section at `where`."""
    for part in where:
        nested = settings.model_fields[str(part)].annotation
        if not (isinstance(nested, type) and issubclass(nested, BaseModel)):
            return []
        settings = nested
    return [field.alias or name for name, field in settings.model_fields.items()]
