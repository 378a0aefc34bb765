"""Features said to a database or a cluster: every definition as an Ibis expression over facts and dates.

The same definitions as in `features.executors.running_totals`, for engines whose facts do not fit, or must not leave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import ibis
import pandas as pd
import pyarrow as pa
from ibis.backends import BaseBackend

from features.cohort import Rule
from features.definitions import (
    OVER_FACTS,
    AtLeast,
    DayOfYear,
    DaysSinceFirst,
    DaysSinceLast,
    Difference,
    Gaps,
    Largest,
    Latest,
    OverFacts,
    Ratio,
    RowByRow,
    Spread,
    Step,
    Sum,
    columns_read,
    facts_of,
    measure_of,
)
from features.engines.engine import kept_in_engine, let_go
from features.feature import Feature

KEY = ["customer_id", "as_of"]
DATES_AT_ONCE = 12
FAR = 1_000_000  # days: more than there are between any two dates


def engine_rows(
    connection: BaseBackend,
    known: ibis.Table,
    facts: Mapping[str, ibis.Table],
    features: tuple[Feature, ...],
    rules: tuple[Rule, ...],
    history: Mapping[date, int],
) -> Iterator[tuple[date, pa.Table]]:
    """The snapshot rows of each date, as `in_memory.InMemory.rows` gives them, computed by the engine.

    `history` says how many days of history there are on each date. Several dates are one query, because Ibis takes ten
    seconds to write it.
    """
    dates = sorted(history)
    for first in range(0, len(dates), DATES_AT_ONCE):
        some = dates[first : first + DATES_AT_ONCE]
        base = kept_in_engine(connection, "snapshot_keys", _keys(known, {day: history[day] for day in some}))
        table = _snapshot_expression(base, facts, features)
        shown = {f.name: table[f.name].cast("float64") for f in features if not f.is_step}
        rows = table.select("customer_id", "as_of", not_eligible_because=_reason(table, rules), **shown)
        kept = kept_in_engine(connection, "snapshots", rows)
        for as_of in some:
            yield as_of, connection.to_pyarrow(kept.filter(kept.as_of == ibis.literal(as_of)).order_by("customer_id"))
        for done in (kept, base):
            let_go(connection, done)


def _keys(known: ibis.Table, history: Mapping[date, int]) -> ibis.Table:
    """One row per customer and date on which they are known, with `history_days`."""
    days = pd.DataFrame({"as_of": list(history), "history_days": list(history.values())})
    dates = ibis.memtable(days, schema={"as_of": "date", "history_days": "int64"})
    if "known_day" in known.columns:
        return known.join(dates, known.known_day < dates.as_of).drop("known_day")
    return known.join(dates, "as_of")


def _reason(table: ibis.Table, rules: tuple[Rule, ...]) -> ibis.Value:
    broken = []
    for rule in rules:
        value = table[rule.column]
        fine = value.notnull()
        if rule.at_least is not None:
            fine = fine & (value >= rule.at_least)
        if rule.at_most is not None:
            fine = fine & (value <= rule.at_most)
        broken.append((~fine, rule.reason))
    return ibis.cases(*broken) if broken else ibis.null("string")


def _snapshot_expression(base: ibis.Table, facts: Mapping[str, ibis.Table], features: tuple[Feature, ...]) -> ibis.Table:
    """`base` (one row per customer_id and as_of, with `history_days`) with a float64 column for every feature and step."""
    over = {feature.name: feature.definition for feature in features if isinstance(feature.definition, OVER_FACTS)}
    dates = base.select("as_of").distinct()
    table = base
    for name, rows in facts.items():
        own = {column: d for column, d in over.items() if facts_of(d) == name}  # type: ignore[arg-type]
        for number, part in enumerate(_parts(_seen(rows, dates), own)):  # type: ignore[arg-type]
            table = table.left_join(part, KEY, rname=f"{{name}}_of_{name}_{number}")
    filled = {column: _filled(table, column, d) for column, d in over.items()}  # type: ignore[arg-type]
    table = table.select(*KEY, "history_days", **filled)
    following = {feature.name: feature.definition for feature in features if feature.name not in over}
    while following:  # all that can follow at once: a select for each column would take Ibis minutes to compile
        ready = {column: d for column, d in following.items() if set(columns_read(d)) <= set(table.columns)}
        assert ready, f"{sorted(following)} follow from columns that are not there"
        table = table.mutate(**{column: _follow(d, table) for column, d in ready.items()})  # type: ignore[arg-type]
        following = {column: d for column, d in following.items() if column not in ready}
    return table


def _seen(facts: ibis.Table, dates: ibis.Table) -> ibis.Table:
    """One row per fact and snapshot date that could see it, with `_days_ago` = whole days from `day` to `as_of`.

    `_oldness` orders facts from the newest on: by `day`, and those of one day by `known_day`.
    """
    visible = facts.join(dates, facts.known_day < dates.as_of)
    days_ago, known_ago = (visible.as_of.delta(visible[day], unit="day") for day in ("day", "known_day"))
    return visible.mutate(_days_ago=days_ago, _oldness=days_ago * FAR + known_ago)


def _parts(seen: ibis.Table, definitions: Mapping[str, OverFacts]) -> list[ibis.Table]:
    """Tables of one row per customer and date that together hold all columns."""
    gaps = {name: d for name, d in definitions.items() if isinstance(d, Gaps)}
    plain = {name: _aggregate(seen, d) for name, d in definitions.items() if name not in gaps}
    parts = [seen.group_by(KEY).agg(**plain)] if plain else []
    for measure in dict.fromkeys(measure_of(d) for d in gaps.values()):
        parts.append(_gaps(seen, measure, {name: d for name, d in gaps.items() if measure_of(d) == measure}))
    return parts


def _aggregate(seen: ibis.Table, definition: OverFacts) -> ibis.Value:
    measure = seen[measure_of(definition)]
    match definition:
        case Sum():
            within = seen["_days_ago"] > definition.until_days
            if definition.since_days is not None:
                within = within & (seen["_days_ago"] <= definition.since_days)
            return measure.sum(where=within).cast("float64")
        case Largest():
            return measure.max().cast("float64")
        case Latest():
            return measure.argmin(seen["_oldness"], where=measure.notnull()).cast("float64")
        case DaysSinceLast():
            return seen["_days_ago"].min(where=measure > 0).cast("float64")
        case DaysSinceFirst():
            return seen["_days_ago"].max(where=measure > 0).cast("float64")
    raise TypeError(f"{definition} is not an aggregate")


def _gaps(seen: ibis.Table, measure: str, wanted: Mapping[str, Gaps]) -> ibis.Table:
    counted = seen.filter(seen[measure] > 0)
    window = ibis.window(group_by=KEY, order_by=counted.day)
    # The same day twice is one day whose facts became known on two: its gap is 0 and counts for nothing.
    gaps = counted.mutate(gap=counted.day.delta(counted.day.lag().over(window), unit="day").fill_null(0))
    statistics = {
        "days": (gaps.gap > 0).sum() + 1,
        "count": (gaps.gap > 0).sum(),
        "sum": gaps.gap.sum(),
        "squares": (gaps.gap * gaps.gap).sum(),
        "largest": gaps.gap.max().nullif(0),
    }
    return gaps.group_by(KEY).agg(**{name: statistics[d.statistic].cast("float64") for name, d in wanted.items()})


def _filled(table: ibis.Table, name: str, definition: OverFacts) -> ibis.Value:
    """No facts make a sum 0 and anything else missing; a sum that needs more history than there is, missing."""
    column = table[name]
    if isinstance(definition, Sum):
        sums = column.fill_null(0.0)
        needed = definition.history_days
        return ibis.ifelse(table.history_days >= needed, sums, None) if needed else sums
    if isinstance(definition, Gaps) and definition.statistic != "largest":
        return column.fill_null(0.0)
    return column


def _follow(definition: RowByRow, table: ibis.Table) -> ibis.Value:
    match definition:
        case Ratio(above, below):
            return table[above] / table[below].nullif(0.0)
        case Difference(of, less):
            return table[of] - table[less]
        case Spread(count, total, squares):
            n, s, q = (table[column] for column in (count, total, squares))
            several = ibis.ifelse(n > 1, n, None)
            return ((q - s * s / several) / (several - 1)).clip(lower=0.0).sqrt()
        case Step(of, low, high):
            return (table[of] >= low).cast("float64") + (table[of] >= high).cast("float64") - 1.0
        case AtLeast(of, bound):
            return (table[of] >= bound).cast("float64")
        case DayOfYear():
            return table.as_of.day_of_year().cast("float64")
