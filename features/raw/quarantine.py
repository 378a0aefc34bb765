"""Read and check all tables: keep the rows that honour the contract, set the others aside, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import ibis
import pandas as pd
from ibis.backends import BaseBackend
from pydantic import BaseModel, ConfigDict

from features.engines.engine import engine_errors, engine_says, is_embedded, kept_in_engine
from features.mappings import TableMapping
from features.problems import BadData
from features.project import Project
from features.raw import checks
from features.raw.agreement import disagreements
from features.raw.duplicates import repeated, with_shared_keys_set_aside, without_repeats
from features.raw.expressions import ONCE, TYPES, conversion_problems, map_table, together
from features.raw.identities import merge_identities, with_next
from features.raw.sources import count_rows, has_rows, read_source
from features.tables import SOURCES_OF_CUSTOMERS, TableName

EXAMPLES = 3
SHOWN = "_shown"  # the value that is said with an example of a row that is set aside
SHOWN_LENGTH = 40
# Finding identical rows among 10 million takes as long as all other checks together: larger tables are spared it.
ROWS_COMPARED_MAX = 2_000_000
IDENTICAL = (
    "the same as another row in all mapped columns but recorded_at "
    "(is a file there twice? `once_per` can leave such lines out: docs/your_data.md)"
)
NO_ROWS = "no rows: what is made from this table is left out"


class TableReport(BaseModel):
    """What became of the rows of one raw table, and examples (an id) of those set aside or suspicious."""

    model_config = ConfigDict(frozen=True)
    rows_read: int
    rows_left_out_by_where: int
    rows_repeated: int = 0  # left out by once_per
    rows_merged: int = 0  # of an alias whose customer has a row of her own
    rows_kept: int
    rows_quarantined: int
    quarantine_reasons: dict[str, int]
    notes: dict[str, int] = {}
    examples: dict[str, tuple[str, ...]] = {}


@dataclass(frozen=True)
class Checked:
    """A table split in two, how many rows went where and why, and what is suspicious among those kept."""

    kept: ibis.Table
    quarantined: ibis.Table
    rows_read: int
    rows_left_out_by_where: int
    rows_kept: int
    reasons: dict[str, int]
    notes: dict[str, int] = field(default_factory=dict)
    examples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows_repeated: int = 0
    rows_merged: int = 0

    @property
    def rows_quarantined(self) -> int:
        """Rows set aside, whatever the reason."""
        return sum(self.reasons.values())

    @property
    def report(self) -> TableReport:
        """The numbers, without the rows."""
        return TableReport(
            rows_read=self.rows_read,
            rows_left_out_by_where=self.rows_left_out_by_where,
            rows_repeated=self.rows_repeated,
            rows_merged=self.rows_merged,
            rows_kept=self.rows_kept,
            rows_quarantined=self.rows_quarantined,
            quarantine_reasons=self.reasons,
            notes=self.notes,
            examples=self.examples,
        )


def tables_report(tables: Mapping[str, TableReport]) -> list[str]:
    """Lines for the terminal: what became of each table's rows, why rows were set aside, and what is suspicious."""
    lines = []
    for name, table in tables.items():
        repeated = f"{table.rows_repeated:,} by `once_per`, " if table.rows_repeated else ""
        merged = f"{table.rows_merged:,} merged, " if table.rows_merged else ""
        lines.append(
            f"{name}: {table.rows_read:,} rows read, {table.rows_left_out_by_where:,} left out by `where`, {repeated}{merged}"
            f"{table.rows_kept:,} kept, {table.rows_quarantined:,} quarantined"
        )
        lines += [f"  {_said(why, rows, table.examples)}" for why, rows in table.quarantine_reasons.items()]
        lines += [f"  note: {_said(what, rows, table.examples)}" for what, rows in table.notes.items()]
    return lines


def _said(what: str, rows: int, examples: Mapping[str, tuple[str, ...]]) -> str:
    such = f" (e.g. {', '.join(examples[what])})" if examples.get(what) else ""
    return f"{_rows(rows)}: {what}{such}" if rows else what


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def check_tables(connection: BaseBackend, project: Project) -> dict[TableName, Checked]:
    """Every mapped table, read and checked; `quarantined` has one more column, `reason`.

    Raises one BadData with the problems of all tables: what cannot be read or mapped, tables of which nothing is left,
    and those of which more rows break the contract than `quarantine.share_max` allows.
    """
    mappings = project.mappings()
    # The others speak of customers, and all speak of them under the ids that identities makes final.
    order = sorted(mappings, key=lambda name: {"identities": 0, "customers": 1}.get(name, 2))
    checked: dict[TableName, Checked] = {}
    problems: dict[TableName, tuple[str, ...]] = {}
    with TemporaryDirectory(prefix="cvm_") as folder:
        sources: dict[TableName, list[_Source]] = {}
        for name in order:
            try:
                sources[name] = _mapped_sources(connection, project, name, Path(folder))
            except BadData as bad:
                problems[name] = bad.problems
        # The embedded engine is done with the other tables in no time, so that one message can say it all.
        for name in sources if is_embedded(connection) or not problems else ():
            try:
                checked[name] = _check(connection, project, name, sources[name], checked)
            except BadData as bad:
                problems[name] = bad.problems
    if problems:
        raise BadData([problem for name in mappings for problem in problems.get(name, ())])
    return {name: checked[name] for name in mappings}


def _check(
    connection: BaseBackend,
    project: Project,
    name: TableName,
    sources: list[_Source],
    earlier: Mapping[TableName, Checked],
) -> Checked:
    mapping = project.mappings()[name]
    rows_read = sum(count_rows(source.rows, source.called, source.mapping) for source in sources)
    if rows_read == 0:
        return _nothing(mapping, rows_read)
    mapped = together(mapping, [source.mapped for source in sources])
    if name == "labels":
        mapped = mapped.mutate(as_of=mapped.as_of.truncate("D"))  # an outcome looks ahead from a date: two of one day clash
    try:
        marked = _marked(connection, project, mapping, mapped, earlier)
        checked = _tallied(marked, mapping, rows_read)
    except engine_errors() as error:
        problems = [said for each in sources for said in conversion_problems(each.rows, each.called, each.mapping)]
        raise BadData(problems or f"tables.{name}: a row cannot be converted: {engine_says(error)}") from None
    if checked.rows_kept + checked.rows_quarantined == 0:
        return _nothing(mapping, rows_read)
    _refuse_if_too_little_is_left(project, name, checked)
    return checked


@dataclass(frozen=True)
class _Source:
    """The rows of one source of a table as the company keeps them and in contract columns, and its mapping."""

    called: str
    mapping: TableMapping
    rows: ibis.Table
    mapped: ibis.Table


def _mapped_sources(connection: BaseBackend, project: Project, name: TableName, folder: Path) -> list[_Source]:
    """The sources of a table that have rows. Raises one BadData with the problems of all, before any is read in full."""
    found: list[_Source] = []
    problems: list[str] = []
    for called, mapping in project.mappings()[name].sources:
        try:
            rows = read_source(connection, called, mapping, folder)
            if has_rows(rows, called, mapping):  # the columns of an empty file have no types
                found.append(_Source(called, mapping, rows, map_table(rows, called, mapping)))
                problems += disagreements(rows, called, mapping, project.source.time_zone)
        except BadData as bad:
            problems += bad.problems
    if problems:
        raise BadData(problems)
    return found


def _nothing(mapping: TableMapping, rows_read: int) -> Checked:
    """A table without rows. Raises BadData when customers come from it."""
    if mapping.table in SOURCES_OF_CUSTOMERS:
        why = (
            f"where = '{mapping.where}' leaves out all {rows_read:,} rows"
            if rows_read
            else f"from = '{mapping.from_}' has no rows"
        )
        raise BadData(f"tables.{mapping.table}.{why}")
    schema = {mapped.column.name: TYPES[mapped.column.kind] for mapped in mapping.mapped()}
    kept, aside = (
        ibis.memtable(pd.DataFrame(columns=list(columns)), schema=columns)
        for columns in (schema, schema | {"reason": "string"})
    )
    return Checked(kept, aside, rows_read, rows_left_out_by_where=rows_read, rows_kept=0, reasons={}, notes={NO_ROWS: 0})


@dataclass(frozen=True)
class _Marked:
    """The rows of a table with `reason` (null if they are kept) and a true or false column for each note."""

    rows: ibis.Table
    notes: dict[str, checks.Rule]  # by column
    rows_repeated: int
    rows_merged: int


def _marked(
    connection: BaseBackend, project: Project, mapping: TableMapping, mapped: ibis.Table, earlier: Mapping[TableName, Checked]
) -> _Marked:
    name, key = mapping.table, mapping.contract.key
    tables = {name: mapped}
    if "identities" in earlier and earlier["identities"].rows_kept:
        tables["identities"] = earlier["identities"].kept
    merged = merge_identities(tables)
    rows = _beside_customers(merged.tables[name], name, earlier)
    broken, suspicious = (find(rows, mapping, project) for find in (checks.breaks, checks.suspicions))
    marks = {f"_note_{number}": rule.fails(rows).fill_null(False) for number, rule in enumerate(suspicious)}
    columns = [*mapping.expressions(), *({checks.NEXT} & set(rows.columns))]
    reason = ibis.cases(*[(rule.fails(rows), rule.says) for rule in broken])
    shown = ibis.cases(*[(rule.fails(rows), rows[rule.shows] if rule.shows else ibis.null("string")) for rule in broken])
    shows = {rule.shows: rows[rule.shows] for rule in suspicious if rule.shows}
    once = {column: rows[column] for column in rows.columns if column.startswith(ONCE)}
    made = kept_in_engine(
        connection, f"checked_{name}", rows.select(*columns, reason=reason, **{SHOWN: shown}, **shows, **marks, **once)
    )
    rows_repeated = 0
    if once:
        first = kept_in_engine(connection, f"checked_{name}_once", without_repeats(name, made, _happened(made), columns))
        rows_repeated = int(made.count().execute()) - int(first.count().execute())
        made = first
    if key and (keyed := with_shared_keys_set_aside(made, key, columns)) is not None:
        made = kept_in_engine(connection, f"checked_{name}_by_key", keyed)
    return _Marked(made, dict(zip(marks, suspicious, strict=True)), rows_repeated, merged.rows_dropped.get(name, 0))


def _happened(rows: ibis.Table) -> str:
    return next(time for time in checks.EVENT_TIMES if time in rows.columns)


def _beside_customers(rows: ibis.Table, name: TableName, earlier: Mapping[TableName, Checked]) -> ibis.Table:
    """The rows with what other rows say of their customer: known or not, acquired when, referred by somebody known."""
    if name == "identities":
        return with_next(rows)
    if name == "customers":
        if "referred_by" not in rows.columns:
            return rows
        ids = rows.select(_known_id=rows.customer_id).distinct()
        found = rows.left_join(ids, rows.referred_by == ids["_known_id"])
        is_known = found["_known_id"].notnull() | found.referred_by.isnull()
        return found.mutate(is_known.name(checks.REFERRER_IS_KNOWN)).drop("_known_id")
    if name == "labels" or "customers" not in earlier or not earlier["customers"].rows_kept:
        return rows
    customers = earlier["customers"].kept
    acquired = {checks.ACQUIRED_AT: customers.acquired_at} if "acquired_at" in customers.columns else {}
    known = customers.select(_known_id=customers.customer_id, **acquired)
    found = rows.left_join(known, rows.customer_id == known["_known_id"])
    return found.mutate(found["_known_id"].notnull().name(checks.IS_KNOWN)).drop("_known_id")


def _tallied(marked: _Marked, mapping: TableMapping, rows_read: int) -> Checked:
    rows, columns = marked.rows, list(mapping.expressions())
    sums = {mark: rows[mark].sum() for mark in marked.notes}
    counts = rows.group_by("reason").agg(_rows=rows.count(), **sums).order_by(ibis.desc("_rows"), "reason").execute()
    reasons = {str(why): int(n) for why, n in zip(counts["reason"], counts["_rows"], strict=True) if isinstance(why, str)}
    fine = counts[counts["reason"].isna()]
    rows_kept = int(fine["_rows"].sum())
    notes = {rule.says: int(fine[mark].sum()) for mark, rule in marked.notes.items() if fine[mark].sum() > 0}
    kept = rows.filter(rows.reason.isnull())
    examples = _examples_of_reasons(rows, mapping) if reasons else {}
    for mark, rule in marked.notes.items():
        if rule.says in notes:
            examples[rule.says] = _examples(kept.filter(kept[mark]), mapping, rule.shows)
    if not mapping.contract.key and 0 < rows_kept <= ROWS_COMPARED_MAX:
        twice = repeated(kept, [column for column in columns if column != "recorded_at"])  # exports differ in it alone
        if copies := int(twice.agg(n=twice.copies.sum().fill_null(0)).execute()["n"].iloc[0]):
            notes[IDENTICAL], examples[IDENTICAL] = copies, _examples(twice, mapping)
    return Checked(
        kept=kept.select(*columns),
        quarantined=rows.filter(rows.reason.notnull()).select(*columns, "reason"),
        rows_read=rows_read,
        rows_left_out_by_where=rows_read - marked.rows_repeated - marked.rows_merged - rows_kept - sum(reasons.values()),
        rows_kept=rows_kept,
        reasons=reasons,
        notes=notes,
        examples=examples,
        rows_repeated=marked.rows_repeated,
        rows_merged=marked.rows_merged,
    )


def _example(rows: ibis.Table, mapping: TableMapping) -> ibis.Value:
    """The id by which a row can be found: the order, else the customer; for an alias the way from it."""
    if mapping.table == "orders":
        return ibis.coalesce(rows.order_id, rows.customer_id)
    if mapping.table == "identities":
        way = rows["alias"] + " -> " + rows.customer_id
        return ibis.coalesce(way + " -> " + rows[checks.NEXT], way)
    return rows.customer_id


def _with_value(example: ibis.Value, value: ibis.Value) -> ibis.Value:
    """The example with the value of it that is to be shown, if there is one."""
    shown = "'" + value.left(SHOWN_LENGTH) + "'"
    return ibis.coalesce(example + ": " + shown, shown, example)


def _examples(rows: ibis.Table, mapping: TableMapping, shows: str | None = None) -> tuple[str, ...]:
    example = _example(rows, mapping)
    ids = rows.select(example=_with_value(example, rows[shows]) if shows else example).distinct()
    found = ids.filter(ids.example.notnull()).order_by("example").limit(EXAMPLES).execute()
    return tuple(found["example"])


def _examples_of_reasons(rows: ibis.Table, mapping: TableMapping) -> dict[str, tuple[str, ...]]:
    aside = rows.filter(rows.reason.notnull())
    ids = aside.select("reason", example=_with_value(_example(aside, mapping), aside[SHOWN])).distinct()
    ids = ids.filter(ids.example.notnull())
    placed = ids.mutate(place=ibis.row_number().over(ibis.window(group_by="reason", order_by="example")))
    found = placed.filter(placed.place < EXAMPLES).order_by(["reason", "example"]).execute()
    return {str(reason): tuple(group["example"]) for reason, group in found.groupby("reason", sort=False)}


def _refuse_if_too_little_is_left(project: Project, name: TableName, checked: Checked) -> None:
    reasons = "; ".join(_said(why, rows, checked.examples) for why, rows in checked.reasons.items())
    if checked.rows_kept == 0:
        every = "the only row breaks" if checked.rows_quarantined == 1 else f"all {checked.rows_quarantined:,} rows break"
        raise BadData(f"tables.{name}: {every} the contract: {reasons}")
    share = checked.rows_quarantined / (checked.rows_kept + checked.rows_quarantined)
    share_max, key = project.quarantine.share_max_and_key(name)
    if share > share_max:
        beyond = "; move dates.data_until on if the data go on" if "dates.data_until" in reasons else ""
        raise BadData(
            f"tables.{name}: {share:.1%} of the rows break the contract, more than {key} = {share_max:.1%} "
            f"({reasons}). Mend the data or the mapping{beyond}, or raise {key} if this is expected"
        )
