"""The mapping file: everything a company tells us, read into closed, frozen settings.

Each section belongs to the package that uses it; this file owns the common ones and checks the section names.
Other packages read theirs with `read_section`.
"""

from __future__ import annotations

import zoneinfo
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, create_model, field_validator, model_validator

from features.feature import Family
from features.mappings import TableMapping as TableMapping
from features.mappings import TablesSection
from features.problems import BadConfig, nearest
from features.settings import Settings as Settings
from features.settings import read_section as read_section
from features.settings import read_toml, validated
from features.tables import CONTRACTS, TableName

HORIZON_DAYS_MAX = 730
SECTIONS = (
    "project",
    "source",
    "tables",
    "dates",
    "cohort",
    "features",
    "quarantine",
    "training",
    "what_if",
    "campaigns",
    "value",
    "score",
    "tiers",
    "life_stages",
    "quadrants",
    "actions",
    "plan",
)


class ProjectSection(Settings):
    """Who the project is and what every model looks ahead."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="the folder of its outputs, and the prefix of its models")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="of all amounts, ISO 4217, e.g. EUR")
    horizon_days: int = Field(default=90, ge=1, le=HORIZON_DAYS_MAX, description="how far labels and predictions look ahead")
    out: str = Field(default="out", description="the folder in which the project has its own, `<out>/<name>`")


class SourceSection(Settings):
    """The engine that holds the data, and where its days begin.

    Timestamps with a time zone become local time in `time_zone`; those without one are taken as they are.
    """

    backend: Literal["duckdb", "postgres", "pyspark"] = Field(default="duckdb", description="the engine that holds the data")
    time_zone: str = Field(default="UTC", description="where days begin; times with an offset become local time there")
    connection_from_env: str | None = Field(
        default=None, description="for postgres: the environment variable that holds the connection URL"
    )
    master: str = Field(default="local[2]", description="for pyspark: the Spark master")

    @field_validator("time_zone")
    @classmethod
    def _known_time_zone(cls, time_zone: str) -> str:
        if time_zone not in (zones := zoneinfo.available_timezones()):
            raise ValueError(f"no such time zone; {nearest(time_zone, zones) if time_zone else 'e.g. Asia/Shanghai'}")
        return time_zone

    @model_validator(mode="after")
    def _keys_of_the_backend(self) -> SourceSection:
        if self.backend == "postgres" and self.connection_from_env is None:
            raise ValueError("backend postgres needs connection_from_env, the environment variable with the URL")
        for key, backend in (("connection_from_env", "postgres"), ("master", "pyspark")):
            if key in self.model_fields_set and self.backend != backend:
                raise ValueError(f"{key} is for backend {backend}, not {self.backend}")
        return self


class DatesSection(Settings):
    """Which dates get a snapshot (see `features.dates`), and where the data ends.

    Rows from `data_until` on are in the future and are quarantined; without it the data ends with its last row.
    """

    judged_at: date | None = Field(
        default=None, description="the date models are judged on; without it the last one whose label window has closed"
    )
    data_until: date | None = Field(
        default=None,
        description="the first day the data do not know; its rows are quarantined. Without it the data end with their last row",
    )
    every_days: int = Field(default=30, ge=1, description="days between snapshots")
    history_days_min: int = Field(default=90, ge=1, description="days of data before the first snapshot")


class CohortSection(Settings):
    """Who is eligible on a date."""

    orders_min: int = Field(
        default=1, ge=1, description="orders a customer must have had; others are not eligible, and it is said"
    )
    ordered_within_days: int | None = Field(
        default=None, ge=1, description="how lately a customer must have ordered; without it, ever"
    )


class FeaturesSection(Settings):
    """Which features there are: families (all by default), windows, and how many words of the data get their own.

    Categories of products and kinds and channels of interactions get features of their own where most customers had them
    before the first snapshot (`main_categories` and `main_kinds` name them instead), levels of attributes where most have
    them.
    """

    families: tuple[Family, ...] | None = Field(default=None, description="the families of features; without it all")
    windows_days: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(30, 90, 180, 365), min_length=1, description="windows of counts and sums before each date"
    )
    main_categories: tuple[str, ...] | None = Field(
        default=None, description="product categories with features (and a propensity) of their own; without it the most bought"
    )
    main_category_count: int = Field(default=8, ge=0, le=50, description="how many, where they are not named")
    main_kinds: tuple[str, ...] | None = Field(
        default=None, description="kinds of interactions with features of their own; without it the most frequent"
    )
    main_kind_count: int = Field(default=8, ge=0, le=50, description="how many, where they are not named")
    main_channel_count: int = Field(default=4, ge=0, le=50, description="channels of interactions with features of their own")
    main_level_count: int = Field(
        default=10, ge=0, le=50, description="levels of a categorical attribute with features of their own"
    )

    @field_validator("windows_days")
    @classmethod
    def _each_once(cls, windows_days: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(windows_days)) < len(windows_days):
            raise ValueError("a window is there twice")
        return windows_days


Share = Annotated[float, Field(ge=0.0, lt=1.0)]

_ShareMaxOf: type[Settings] = create_model(
    "ShareMaxOfSection",
    __base__=Settings,
    __doc__="The share past which the run stops, for one table.",
    **{name: (Share | None, Field(default=None, description=f"of `tables.{name}`")) for name in CONTRACTS},  # type: ignore[call-overload]
)


class QuarantineSection(Settings):
    """How much of a table may break its contract before the run stops, and what becomes of unknown customers."""

    share_max: Share = Field(default=0.01, description="the share of a table's rows past which the run stops")
    share_max_of: _ShareMaxOf = Field(default=_ShareMaxOf(), description="the same for one table")
    unknown_customers: Literal["keep", "quarantine"] = Field(
        default="keep", description="what becomes of rows of a customer_id that `tables.customers` does not have"
    )

    def share_max_and_key(self, name: TableName) -> tuple[float, str]:
        """The share that holds for a table, and the key that sets it."""
        own: float | None = getattr(self.share_max_of, name)
        return (self.share_max, "quarantine.share_max") if own is None else (own, f"quarantine.share_max_of.{name}")


class Project(Settings):
    """The sections of the mapping file that every package shares."""

    project: ProjectSection
    source: SourceSection = SourceSection()
    tables: TablesSection
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

    def mappings(self) -> dict[TableName, TableMapping]:
        """The mapped tables by name, in the order of the contracts."""
        return {name: mapping for name in CONTRACTS if (mapping := getattr(self.tables, name)) is not None}


def read_project(path: Path) -> Project:
    """The shared sections of a mapping file.

    Raises BadConfig naming each unknown key, missing key and wrong value, with the nearest valid key.
    """
    content = read_toml(path)
    own = {name: content[name] for name in Project.model_fields if name in content}
    unknown = [f"{path}: unknown section [{name}]; {nearest(name, SECTIONS)}" for name in content if name not in SECTIONS]
    try:
        project = validated(path, Project, own)
    except BadConfig as bad:
        raise BadConfig([*unknown, *bad.problems]) from None
    if unknown:
        raise BadConfig(unknown)
    return project
