"""Build, keep and fingerprint the snapshots: all features of the cohort at every date, in one folder.

The folder holds `snapshots/<as_of>.parquet` (one row per customer), the checked tables, the rows in quarantine, and
`manifest.json`, which says what they were made from. A snapshot whose past has not changed is kept when others are made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pyarrow.parquet as pq
from ibis.backends import BaseBackend
from pydantic import BaseModel, ConfigDict

from features.build import Reach, build, reach_of
from features.catalogue import catalogue
from features.command import step
from features.dates import SnapshotDates, snapshot_dates
from features.engines.engine import connect, is_embedded, write_parquet
from features.feature import Feature, Words
from features.figures import Figure, company_figures
from features.fingerprints import DayHashes, changed_days, day_hashes, past_hash
from features.known import ALWAYS_DAY
from features.outputs import whole_directory
from features.problems import BadInput
from features.project import Project, TableMapping
from features.raw.quarantine import Checked, check_tables
from features.raw.quarantine import TableReport as TableReport
from features.raw.sources import file_fingerprint, source_files
from features.raw.strangers import notes_on_strangers
from features.records import read_record
from features.tables import TableName
from features.version import code_version
from features.vocabulary import choose_words


class Cohort(BaseModel):
    """The customers known before one date."""

    model_config = ConfigDict(frozen=True)
    eligible: int
    not_eligible: dict[str, int]
    snapshot_hash: str
    past_hash: str  # of all that was known before the date and of how it is read
    figures: dict[str, Figure]


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
    campaigns: tuple[date, ...] = ()
    campaigns_left_out: tuple[tuple[str, tuple[date, ...]], ...] = ()  # why, and the days it holds for
    words: Words
    reach: Reach
    day_hashes: DayHashes
    notes: tuple[str, ...] = ()  # what is odd about whole tables: about their customers, and where the data end
    backfills: tuple[str, ...]  # what this build found changed in the past of snapshots that were there already
    cohorts: dict[date, Cohort]

    @property
    def categories(self) -> tuple[str, ...]:
        """The main categories of products."""
        return self.words.categories

    @property
    def windows_days(self) -> tuple[int, ...]:
        """The windows of the features."""
        return self.words.windows_days

    def features(self) -> tuple[Feature, ...]:
        """The features of these snapshots, in column order."""
        return catalogue(self.words)


def snapshot_folder(project: Project) -> Path:
    """Where a project's snapshots are."""
    return project.folder / "features"


def build_snapshots(project: Project) -> Manifest:
    """Make the snapshots of every date, or say that those at hand were made from the same data, settings and code.

    A snapshot at hand whose past, settings and code are the same is kept as it is; what changed in the past of the others
    is said and goes into the manifest.
    """
    made_from, data_fingerprint = _made_from(project)
    folder = snapshot_folder(project)
    at_hand = _manifest(folder)
    # A database may hold other rows than it did: only files tell by themselves that they are the same.
    is_file_based = project.source.backend != "postgres"
    if at_hand and at_hand.made_from == made_from and is_file_based and _is_whole(folder, at_hand):
        print(f"  snapshots in {folder}: unchanged data, settings and code, kept")
        return at_hand
    connection = connect(project.source)
    with step("reading and checking the tables"):
        checked = check_tables(connection, project)
        tables: dict[str, ibis.Table] = {name: table.kept for name, table in checked.items()}
        strangers = notes_on_strangers(connection, tables)
    dates = snapshot_dates(project, tables)
    words = choose_words(project, tables, dates.all[0])
    past = _Past.of(connection, project, tables, words, dates)
    kept = {as_of: cohort for as_of, cohort in past.still_holding(at_hand).items() if _file(folder, as_of).is_file()}
    backfills = past.backfills(at_hand, kept)
    for said in backfills:
        print(f"  changed past: {said}")
    with whole_directory(folder) as unfinished:
        _write_tables(connection, checked, unfinished)
        (unfinished / "snapshots").mkdir()
        for as_of in kept:
            _keep(_file(folder, as_of), _file(unfinished, as_of))
        missing = tuple(as_of for as_of in dates.all if as_of not in kept)
        with step(f"building snapshots of {len(missing)} dates" + (f" ({len(kept)} kept)" if kept else "")):
            files = {as_of: _file(unfinished, as_of) for as_of in missing}
            made = build(connection, tables, words, project.cohort, files)
        manifest = Manifest(
            project=project.name,
            currency=project.project.currency,
            horizon_days=project.project.horizon_days,
            made_from=made_from,
            data_fingerprint=data_fingerprint,
            tables={name: table.report for name, table in checked.items()},
            data_from=dates.data_from,
            data_until=dates.data_until,
            judged_at=dates.judged_at,
            grid=dates.grid,
            scored_at=dates.scored_at,
            campaigns=dates.campaigns.days,
            campaigns_left_out=dates.campaigns.left_out,
            words=words,
            reach=past.reach,
            day_hashes=past.hashes,
            notes=(*strangers, *dates.notes),
            backfills=backfills,
            cohorts={
                as_of: kept.get(as_of) or _cohort(files[as_of], made[as_of], past.of_date[as_of], project.project.horizon_days)
                for as_of in dates.all
            },
        )
        (unfinished / "manifest.json").write_text(manifest.model_dump_json(indent=1))
    return manifest


class _Past:
    """What was known before each date, as hashes, beside what an earlier build knew."""

    def __init__(self, hashes: DayHashes, reach: Reach, of_date: Mapping[date, str]) -> None:
        self.hashes, self.reach, self.of_date = hashes, reach, of_date

    @classmethod
    def of(
        cls, connection: BaseBackend, project: Project, tables: Mapping[str, ibis.Table], words: Words, dates: SnapshotDates
    ) -> _Past:
        hashes = day_hashes(connection, tables) if is_embedded(connection) else {}  # elsewhere no snapshot is kept
        settings = (words.model_dump_json(), project.cohort.model_dump_json(), code_version("features"))
        return cls(hashes, reach_of(connection, tables), {as_of: past_hash(hashes, as_of, *settings) for as_of in dates.all})

    def still_holding(self, at_hand: Manifest | None) -> dict[date, Cohort]:
        """The snapshots of an earlier build that would come out the same."""
        cohorts = at_hand.cohorts if at_hand and self.hashes else {}
        return {day: cohorts[day] for day, past in self.of_date.items() if day in cohorts and cohorts[day].past_hash == past}

    def backfills(self, at_hand: Manifest | None, kept: Mapping[date, Cohort]) -> tuple[str, ...]:
        """In sentences, the rows of the past that are not what an earlier build saw."""
        redone = [day for day in self.of_date if at_hand and day in at_hand.cohorts and day not in kept]
        if not redone or not at_hand:
            return ()
        changed = changed_days(at_hand.day_hashes, self.hashes, redone[-1])
        return tuple(
            f"tables.{name}: {_which(days, redone[-1])} are not as they were: the data have changed, or what the mapping file "
            f"makes of them; snapshots from {min(d for d in redone if d > days[0])} on are made again, their old hashes no "
            "longer hold"
            for name, days in changed.items()
        )


def _which(days: list[date], before: date) -> str:
    """The rows that became known on these days, in words."""
    dated = [day for day in days if day != ALWAYS_DAY]
    undated = "rows without a date, which count at every date," if len(dated) < len(days) else ""
    of_days = f"rows that became known on {_days(len(dated))} before {before} (first: {dated[0]})" if dated else ""
    return " and ".join(filter(None, (undated, of_days)))


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count:,} days"


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
    if not _is_whole(snapshot_folder(project), manifest):
        raise BadInput(f"files are gone from {snapshot_folder(project)}; build them again: python -m features build CONFIG")
    return manifest


def manifest_at_hand(project: Project) -> Manifest | None:
    """The manifest as it lies there, without asking whether the data have changed since; None where there is none."""
    return _manifest(snapshot_folder(project))


def load_snapshot(project: Project, *as_of: date) -> pd.DataFrame:
    """The rows of some dates: customer_id, as_of, not_eligible_because and the features."""
    parts = [pd.read_parquet(_file(snapshot_folder(project), day)) for day in sorted(as_of)]
    return pd.concat(parts, ignore_index=True)


def load_eligible(project: Project, *as_of: date) -> pd.DataFrame:
    """The eligible customers of some dates; `as_of` is a date."""
    rows = load_snapshot(project, *as_of)
    eligible = rows[rows["not_eligible_because"].isna()]
    return eligible.assign(as_of=pd.to_datetime(eligible["as_of"]).dt.date)


def _file(folder: Path, as_of: date) -> Path:
    return folder / "snapshots" / f"{as_of}.parquet"


def _is_whole(folder: Path, manifest: Manifest) -> bool:
    """Whether everything that a build leaves is still there."""
    tables = [folder / f"{before}{name}.parquet" for name in manifest.tables for before in ("", "quarantine_")]
    return all(file.is_file() for file in (*tables, *(_file(folder, as_of) for as_of in manifest.cohorts)))


def _keep(old: Path, new: Path) -> None:
    try:
        new.hardlink_to(old)
    except OSError:  # a disk without hard links
        new.write_bytes(old.read_bytes())


def _write_tables(connection: BaseBackend, checked: Mapping[TableName, Checked], folder: Path) -> None:
    for name, table in checked.items():
        write_parquet(connection, table.kept, folder / f"{name}.parquet")
        write_parquet(connection, table.quarantined, folder / f"quarantine_{name}.parquet")


def _cohort(file: Path, digest: str, past: str, horizon_days: int) -> Cohort:
    rows = pq.read_table(file)
    reasons = rows["not_eligible_because"].value_counts().to_pylist()
    not_eligible = {entry["values"]: int(entry["counts"]) for entry in reasons if entry["values"] is not None}
    return Cohort(
        eligible=rows.num_rows - sum(not_eligible.values()),
        not_eligible=dict(sorted(not_eligible.items())),
        snapshot_hash=digest,
        past_hash=past,
        figures=company_figures(rows, horizon_days),
    )


def _made_from(project: Project) -> tuple[str, str]:
    data = {name: _source_fingerprint(project, mapping) for name, mapping in project.mappings().items()}
    data_fingerprint = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]
    everything = [data_fingerprint, project.model_dump_json(by_alias=True), code_version("features")]
    return hashlib.sha256("\n".join(everything).encode()).hexdigest()[:16], data_fingerprint


def _source_fingerprint(project: Project, mapping: TableMapping) -> str:
    """Of files every byte counts; what a database holds is looked at anew by every build."""
    if project.source.backend == "postgres":
        return ", ".join(source.from_ for _, source in mapping.sources)
    return file_fingerprint([file for called, source in mapping.sources for file in source_files(called, source)])


def _manifest(folder: Path) -> Manifest | None:
    return read_record(folder / "manifest.json", Manifest)
