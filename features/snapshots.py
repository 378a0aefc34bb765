"""Build, keep and fingerprint the snapshots: all features of the cohort at every date, in one folder.

The folder holds `snapshots.parquet` (one row per customer_id and as_of), the checked tables, the rows in
quarantine, and `manifest.json`, which says what they were made from.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
from ibis.backends.duckdb import Backend
from pydantic import BaseModel, ConfigDict, ValidationError

from features.catalogue import DAY_OF_YEAR, Feature, catalogue
from features.categories import category_features, most_bought_categories, slug
from features.cohort import not_eligible_because
from features.command import step
from features.dates import SnapshotDates, snapshot_dates
from features.known import with_days, with_history_days
from features.outputs import whole_directory
from features.problems import BadConfig, BadData, BadInput, nearest
from features.project import Project
from features.quarantine import Checked, check_table
from features.rfm import KEY, rfm
from features.sources import connect, file_fingerprint, source_files
from features.version import code_version


class TableReport(BaseModel):
    """What became of the rows of one raw table."""

    model_config = ConfigDict(frozen=True)
    rows_read: int
    rows_left_out_by_where: int
    rows_kept: int
    rows_quarantined: int
    quarantine_reasons: dict[str, int]


class Cohort(BaseModel):
    """The customers known before one date."""

    model_config = ConfigDict(frozen=True)
    eligible: int
    not_eligible: dict[str, int]
    snapshot_hash: str


class Manifest(BaseModel):
    """What a folder of snapshots holds and what it was made from."""

    model_config = ConfigDict(frozen=True)
    project: str
    currency: str
    horizon_days: int
    made_from: str  # changes with the data, the settings and the code of this package
    data_fingerprint: str
    tables: dict[str, TableReport]
    data_from: date
    data_until: date
    judged_at: date
    grid: tuple[date, ...]
    scored_at: date
    windows_days: tuple[int, ...]
    categories: tuple[str, ...]
    mapped: tuple[str, ...]
    cohorts: dict[date, Cohort]

    def features(self) -> tuple[Feature, ...]:
        """The features of these snapshots, in column order."""
        return catalogue(
            windows_days=self.windows_days, horizon_days=self.horizon_days, categories=self.categories, mapped=self.mapped
        )


def snapshot_folder(project: Project) -> Path:
    """Where a project's snapshots are."""
    return project.folder / "features"


def build_snapshots(project: Project) -> Manifest:
    """Make the snapshots of every date, or say that those at hand were made from the same data, settings and code."""
    made_from, data_fingerprint = _made_from(project)
    folder = snapshot_folder(project)
    if (at_hand := _manifest(folder)) and at_hand.made_from == made_from:
        print(f"  snapshots in {folder}: unchanged data, settings and code, kept")
        return at_hand
    connection = connect()
    with step("reading and checking orders"):
        orders = check_table(
            connection,
            "orders",
            project.mappings()["orders"],
            share_max=project.quarantine.share_max,
            data_until=project.dates.data_until,
        )
    dates = _dates(project, orders.kept)
    _refuse_dates_before_records(dates, orders.kept)
    categories = _categories(project, orders.kept, dates)
    with whole_directory(folder) as unfinished:
        with step(f"building snapshots of {len(dates.all)} dates"):
            _write(connection, orders.kept, unfinished / "orders.parquet")
            _write(connection, orders.quarantined, unfinished / "quarantine_orders.parquet")
            snapshots = snapshot_table(project, orders.kept, dates=dates.all, categories=categories)
            _write(connection, snapshots.order_by(["as_of", "customer_id"]), unfinished / "snapshots.parquet")
        manifest = Manifest(
            project=project.name,
            currency=project.project.currency,
            horizon_days=project.project.horizon_days,
            made_from=made_from,
            data_fingerprint=data_fingerprint,
            tables={"orders": _table_report(orders)},
            data_from=dates.data_from,
            data_until=dates.data_until,
            judged_at=dates.judged_at,
            grid=dates.grid,
            scored_at=dates.scored_at,
            windows_days=project.features.windows_days,
            categories=categories,
            mapped=tuple(orders.kept.columns),
            cohorts=_cohorts(pd.read_parquet(unfinished / "snapshots.parquet")),
        )
        (unfinished / "manifest.json").write_text(manifest.model_dump_json(indent=1))
    return manifest


def snapshot_table(project: Project, orders: ibis.Table, *, dates: tuple[date, ...], categories: tuple[str, ...]) -> ibis.Table:
    """One row per customer_id and as_of for every customer known before it: why not eligible (or null), and features.

    Every feature is a float64 column, in the order of the catalogue.
    """
    horizon_days, windows_days = project.project.horizon_days, project.features.windows_days
    points = ibis.memtable(pd.DataFrame({"as_of": list(dates)}), schema={"as_of": "date"})
    points = with_history_days(points, orders)
    table = rfm(orders, points, windows_days=windows_days, horizon_days=horizon_days)
    if categories:
        wide = category_features(orders, points, categories)
        table = table.left_join(wide, KEY).drop("customer_id_right", "as_of_right")
        # A customer who never bought in any main category has no row there: no orders and no spend is what she has.
        table = table.mutate(**{c: table[c].fill_null(0) for c in wide.columns if c.startswith(("order_count_", "spend_sum_"))})
    table = table.mutate(table.as_of.day_of_year().name(DAY_OF_YEAR))
    features = catalogue(windows_days=windows_days, horizon_days=horizon_days, categories=categories, mapped=orders.columns)
    return table.select(
        "customer_id",
        "as_of",
        not_eligible_because=not_eligible_because(table, project.cohort),
        **{feature.name: table[feature.name].cast("float64") for feature in features},
    )


def load_manifest(project: Project) -> Manifest:
    """The manifest of a project's snapshots. Raises BadInput when they have not been built, or for other settings."""
    manifest = _manifest(snapshot_folder(project))
    if manifest is None:
        raise BadInput(f"no snapshots in {snapshot_folder(project)}; build them first: python -m features build CONFIG")
    if manifest.made_from != _made_from(project)[0]:
        raise BadInput(
            f"the snapshots in {snapshot_folder(project)} were made from other data, settings or code; "
            "build them again: python -m features build CONFIG"
        )
    return manifest


def load_snapshot(project: Project, *as_of: date) -> pd.DataFrame:
    """The rows of some dates: customer_id, as_of, not_eligible_because and the features."""
    return pd.read_parquet(snapshot_folder(project) / "snapshots.parquet", filters=[("as_of", "in", list(as_of))])


def snapshot_hash(snapshot: pd.DataFrame) -> str:
    """A hash over the rows of one date, whatever their order: the same past gives the same hash."""
    ordered = snapshot.sort_values("customer_id", ignore_index=True)
    rows = pd.util.hash_pandas_object(ordered.astype({"as_of": str}), index=False)
    return hashlib.sha256(rows.to_numpy().tobytes() + ",".join(ordered.columns).encode()).hexdigest()[:16]


def _made_from(project: Project) -> tuple[str, str]:
    mappings = project.mappings()
    data = {name: file_fingerprint(source_files(name, mapping)) for name, mapping in mappings.items()}
    data_fingerprint = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]
    everything = [data_fingerprint, project.model_dump_json(by_alias=True), code_version("features")]
    return hashlib.sha256("\n".join(everything).encode()).hexdigest()[:16], data_fingerprint


def _manifest(folder: Path) -> Manifest | None:
    file = folder / "manifest.json"
    try:
        return Manifest.model_validate_json(file.read_text()) if file.exists() else None
    except ValidationError:  # other code wrote it
        return None


def _dates(project: Project, orders: ibis.Table) -> SnapshotDates:
    bounds = orders.agg(first=orders.occurred_at.min().date(), last=orders.occurred_at.max().date()).execute()
    first, last = (pd.Timestamp(bounds[name].iloc[0]).date() for name in ("first", "last"))
    return snapshot_dates(project, first_day=first, last_day=last)


def _categories(project: Project, orders: ibis.Table, dates: SnapshotDates) -> tuple[str, ...]:
    """The main categories: those configured, else the most bought ones before the first snapshot."""
    wanted = project.features.main_categories
    if "category" not in orders.columns:
        if wanted:
            raise BadConfig("features.main_categories is set, but tables.orders.category is not mapped")
        return ()
    categories = wanted or most_bought_categories(orders, ibis.literal(dates.all[0]), project.features.main_category_count)
    if wanted:
        present = set(orders.category.topk(10_000).execute()["category"].dropna())
        unknown = [name for name in wanted if name not in present]
        if unknown:
            raise BadConfig([f"features.main_categories: no order has category '{n}'; {nearest(n, present)}" for n in unknown])
    slugs = [slug(category) for category in categories]
    if clash := {name for name in slugs if slugs.count(name) > 1 or not name}:
        raise BadConfig(f"tables.orders.category: categories {categories} share the column name {sorted(clash)}; rename one")
    return tuple(categories)


def _table_report(checked: Checked) -> TableReport:
    return TableReport(
        rows_read=checked.rows_read,
        rows_left_out_by_where=checked.rows_left_out_by_where,
        rows_kept=checked.rows_kept,
        rows_quarantined=checked.rows_quarantined,
        quarantine_reasons=checked.reasons,
    )


def _cohorts(snapshots: pd.DataFrame) -> dict[date, Cohort]:
    return {
        pd.Timestamp(str(as_of)).date(): Cohort(
            eligible=int(rows["not_eligible_because"].isna().sum()),
            not_eligible={str(why): int(n) for why, n in rows["not_eligible_because"].value_counts().items()},
            snapshot_hash=snapshot_hash(rows),
        )
        for as_of, rows in snapshots.groupby("as_of", sort=True)
    }


def _refuse_dates_before_records(dates: SnapshotDates, orders: ibis.Table) -> None:
    """Every date has orders before it; it has customers only if one of these orders was recorded by then."""
    first_known = pd.Timestamp(with_days(orders).known_day.min().execute()).date()
    empty = [day for day in dates.all if day <= first_known]
    if empty:
        raise BadData(
            f"tables.orders.recorded_at: orders go back to {dates.data_from}, but the first was recorded on {first_known}, so "
            f"nobody is known at {len(empty)} of {len(dates.all)} dates (first: {empty[0]}). Raise dates.history_days_min to "
            "start later; if recorded_at is only when the table was loaded, leave it out"
        )


def _write(connection: Backend, table: ibis.Table, path: Path) -> None:
    connection.to_parquet(table, path)
