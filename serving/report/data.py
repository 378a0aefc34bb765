"""What the data were: rows read, left out and in quarantine, and who was there on which date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from features.project import Project, TableMapping
from features.snapshots import Manifest, TableReport
from models.contract import Roles
from serving.report.wording import count, day, days, percent


@dataclass(frozen=True)
class Part:
    """Some of the rows of a table."""

    name: str
    rows: str
    share: str
    of_all: float


@dataclass(frozen=True)
class Finding:
    """What is wrong or suspicious about some rows; `examples` are the ids of a few."""

    what: str
    rows: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """What became of the rows of one raw table, why some are in quarantine, and what is suspicious about those kept."""

    name: str
    parts: tuple[Part, ...]
    reasons: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    wheres: tuple[tuple[str, str], ...]  # what each source is called, and its condition where it has one
    once_per: tuple[tuple[str, str], ...]  # likewise, and what names a line of it


@dataclass(frozen=True)
class Snapshot:
    """The customers known before one date. `others` has one number for every why of the section."""

    as_of: str
    iso: str  # the same for programs
    used: str
    eligible: str
    of_largest: float
    others: tuple[str, ...]
    hash: str


@dataclass(frozen=True)
class Data:
    """Everything the section on data shows."""

    tables: tuple[Table, ...]
    span: str  # the days of the data, or the dates of given labels, in a few words
    span_sentence: str
    notes: tuple[str, ...]  # what is odd about whole tables and the end of the data
    fingerprint: str
    why_not: tuple[str, ...]
    snapshots: tuple[Snapshot, ...]
    category: str | None  # the expression of the mapping file


def gather_data(project: Project, manifest: Manifest, roles: Roles) -> Data:
    """The facts about tables and cohorts; `roles` say what each date was used for."""
    why_not = tuple(sorted({why for cohort in manifest.cohorts.values() for why in cohort.not_eligible}))
    mappings, (span, span_sentence) = project.mappings(), _span(manifest)
    return Data(
        tables=tuple(_table(mapping, manifest.tables[name]) for name, mapping in mappings.items()),
        span=span,
        span_sentence=span_sentence,
        notes=tuple(f"{note}." for note in manifest.notes),
        fingerprint=manifest.data_fingerprint,
        why_not=why_not,
        snapshots=_snapshots(manifest, roles, why_not),
        category=mappings["orders"].expressions().get("category") if manifest.words.has("orders.category") else None,
    )


def _span(manifest: Manifest) -> tuple[str, str]:
    """From when to when the data run, in short and as a sentence. Labels do not run: they are given as of some dates."""
    if "labels" in manifest.tables:
        dates = days(manifest.grid)
        return f"outcomes as of {dates}", f"Outcomes are given as of {dates}."
    first, end = day(manifest.data_from), day(manifest.data_until)
    return f"data from {first} up to {end}", f"The data run from {first} up to, not including, {end}."


def _table(mapping: TableMapping, report: TableReport) -> Table:
    rows = {
        "read": report.rows_read,
        "left out by the mapping file's where": report.rows_left_out_by_where,
        "left out by its once_per": report.rows_repeated,
        "merged into the row of the final customer": report.rows_merged,
        "quarantined": report.rows_quarantined,
        "kept": report.rows_kept,
    }
    parts = tuple(
        Part(part, count(n), percent(n / report.rows_read) if report.rows_read else "-", n / max(report.rows_read, 1))
        for part, n in rows.items()
        if n or not part.startswith(("left out by its", "merged"))
    )
    reasons, notes = _findings(report, report.quarantine_reasons), _findings(report, report.notes)
    wheres = tuple((called, source.where.strip()) for called, source in mapping.sources if source.where)
    named = [(called, ", ".join(getattr(source, "once_per", ()))) for called, source in mapping.sources]
    return Table(mapping.table, parts, reasons, notes, wheres, tuple(each for each in named if each[1]))


def _findings(report: TableReport, found: Mapping[str, int]) -> tuple[Finding, ...]:
    """The most frequent first."""
    ordered = sorted(found.items(), key=lambda pair: -pair[1])
    return tuple(Finding(what, count(rows), report.examples.get(what, ())) for what, rows in ordered)


def _snapshots(manifest: Manifest, roles: Roles, why_not: tuple[str, ...]) -> tuple[Snapshot, ...]:
    largest = max((cohort.eligible for cohort in manifest.cohorts.values()), default=0)
    return tuple(
        Snapshot(
            as_of=day(as_of),
            iso=str(as_of),
            used=_used(as_of, roles, manifest),
            eligible=count(cohort.eligible),
            of_largest=cohort.eligible / max(largest, 1),
            others=tuple(count(cohort.not_eligible.get(why, 0)) for why in why_not),
            hash=cohort.snapshot_hash,
        )
        for as_of, cohort in sorted(manifest.cohorts.items())
    )


def _used(as_of: date, roles: Roles, manifest: Manifest) -> str:
    uses = {
        "final fit": roles.fitted_on,
        "tune": (roles.tune,),
        "calibrate": (roles.calibrate,),
        "judge": (roles.judge,),
        "score": (manifest.scored_at,),
        "effects of campaigns": manifest.campaigns,
    }
    is_open = roles.fitted_on[-1] < as_of < roles.judge
    said = ", ".join(use for use, dates in uses.items() if as_of in dates)
    return said or ("not used: outcomes not known by the judged date" if is_open else "")
