"""Keep the rows that honour the contract; set the others aside, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
from ibis.backends.duckdb import Backend

from features.problems import BadData
from features.project import TableMapping
from features.sources import ENGINE_ERRORS, EXACT_LIMIT, conversion_problems, count_rows, engine_says, map_table, read_source
from features.tables import CONTRACTS


@dataclass(frozen=True)
class Checked:
    """A table split in two, and how many rows went where."""

    kept: ibis.Table
    quarantined: ibis.Table
    rows_read: int
    rows_left_out_by_where: int
    rows_kept: int
    reasons: dict[str, int]

    @property
    def rows_quarantined(self) -> int:
        """Rows set aside, whatever the reason."""
        return sum(self.reasons.values())


def check_table(connection: Backend, name: str, mapping: TableMapping, *, share_max: float, data_until: date | None) -> Checked:
    """Read, map and check a table; `quarantined` has one more column, `reason`.

    Raises BadData when nothing is left, or when more than `share_max` of the mapped rows break the contract.
    """
    source = read_source(connection, name, mapping)
    rows_read = count_rows(source, name, mapping)
    mapped = map_table(source, name, mapping)
    try:
        marked = connection.create_table(f"checked_{name}", mapped.mutate(reason=_reason(mapped, name, mapping, data_until)))
        counts = marked.group_by("reason").agg(rows=marked.count()).order_by(ibis.desc("rows"), "reason").execute()
    except ENGINE_ERRORS as error:
        problems = conversion_problems(source, name, mapping)
        raise BadData(problems or f"tables.{name}: a row cannot be converted: {engine_says(error)}") from None
    tally = {reason if isinstance(reason, str) else None: int(rows) for reason, rows in counts.itertuples(index=False)}
    rows_kept = tally.pop(None, 0)
    checked = Checked(
        kept=marked.filter(marked.reason.isnull()).drop("reason"),
        quarantined=marked.filter(marked.reason.notnull()),
        rows_read=rows_read,
        rows_left_out_by_where=rows_read - rows_kept - sum(tally.values()),
        rows_kept=rows_kept,
        reasons={str(reason): rows for reason, rows in tally.items()},
    )
    _refuse_if_too_little_is_left(name, mapping, checked, share_max)
    return checked


def _reason(mapped: ibis.Table, name: str, mapping: TableMapping, data_until: date | None) -> ibis.Value:
    """The first reason why a row breaks the contract, in the user's own expressions; null if it does not."""
    expressions = mapping.expressions()
    broken = []
    for column in CONTRACTS[name].required:
        wanted = "missing" if column.kind != "number" else f"missing, not finite, or not below {EXACT_LIMIT:.0e}"
        broken.append((mapped[column.name].isnull(), f"{column.name} ({expressions[column.name]}) is {wanted}"))
    if data_until is not None:
        late = mapped.occurred_at >= ibis.literal(data_until).cast("timestamp")
        broken.append((late, f"occurred_at ({expressions['occurred_at']}) is not before dates.data_until = {data_until}"))
    return ibis.cases(*broken)


def _refuse_if_too_little_is_left(name: str, mapping: TableMapping, checked: Checked, share_max: float) -> None:
    if checked.rows_kept + checked.rows_quarantined == 0:
        raise BadData(f"tables.{name}.where = '{mapping.where}' leaves out all {checked.rows_read:,} rows")
    reasons = "; ".join(f"{rows:,} rows: {reason}" for reason, rows in checked.reasons.items())
    if checked.rows_kept == 0:
        raise BadData(f"tables.{name}: all {checked.rows_quarantined:,} rows break the contract: {reasons}")
    share = checked.rows_quarantined / (checked.rows_kept + checked.rows_quarantined)
    if share > share_max:
        raise BadData(
            f"tables.{name}: {share:.1%} of the rows break the contract, more than quarantine.share_max = {share_max:.1%} "
            f"({reasons}). Mend the data or the mapping, or raise quarantine.share_max if this is expected"
        )
