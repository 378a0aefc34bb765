"""What a row must honour, table by table, and what is only suspicious about one.

A rule looks at one row. What it says names the columns as the user mapped them: {score} becomes score (the expression).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import ibis

from features.mappings import TableMapping
from features.project import Project
from features.raw.expressions import LOST, UNREAD
from features.tables import CONTRACTS, EXACT_LIMIT, NO_ACTION, SCALES, TableContract, TableName

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
EVENT_TIMES = ("occurred_at", "started_at")
PAST = (*EVENT_TIMES, "acquired_at")  # what happens at these times is over by the end of the data; labels.as_of may not be
EXPRESSION_SHOWN = 100

# Columns that the checks add to a row from other tables.
IS_KNOWN = "_is_known"  # the customer has a row in customers
ACQUIRED_AT = "_acquired_at"  # customers.acquired_at of the customer
REFERRER_IS_KNOWN = "_referrer_is_known"
NEXT = "_next"  # identities: who customer_id is an alias of, if it is one


@dataclass(frozen=True)
class Rule:
    """When a row fails, and what is then said of it. It holds for tables that have all the columns it needs.

    `shows` is the column whose value is said with an example.
    """

    needs: tuple[str, ...]
    fails: Callable[[ibis.Table], ibis.Value]
    says: str
    shows: str | None = None


def breaks(rows: ibis.Table, mapping: TableMapping, project: Project) -> list[Rule]:
    """The rules whose failing sets a row aside, in the order in which its reason is found."""
    rules = [*_required(mapping), *_dates(mapping.contract), *_until(project.dates.data_until)]
    rules += _of_one_row(mapping.table, list(mapping.expressions()), project.project.currency)
    if project.quarantine.unknown_customers == "quarantine":
        rules.append(UNKNOWN_CUSTOMER)
    return _that_hold(rules, rows, mapping)


def breaks_alone(rows: ibis.Table, name: TableName, currency: str) -> list[Rule]:
    """The same for rows in contract columns that come by themselves, in the contract's words; missing values pass."""
    rules = [*_dates(CONTRACTS[name]), *_of_one_row(name, rows.columns, currency)]
    words = {column: column for column in rows.columns}
    return [_in_words(rule, words) for rule in rules if set(rule.needs) <= set(rows.columns)]


def _of_one_row(name: TableName, columns: Iterable[str], currency: str) -> list[Rule]:
    return [*_OWN.get(name, ()), _currency(currency), *_outcomes(columns)]


def suspicions(rows: ibis.Table, mapping: TableMapping, project: Project) -> list[Rule]:
    """The rules whose failing is only reported: the row is kept."""
    rules = [
        Rule(("recorded_at", time), _before("recorded_at", time), f"{{recorded_at}} is before {{{time}}}")
        for time in EVENT_TIMES
    ]
    if project.quarantine.unknown_customers == "keep":
        rules.append(UNKNOWN_CUSTOMER)
    rules += [
        Rule((ACQUIRED_AT, time), _before(time, ACQUIRED_AT), f"{{{time}}} is before acquired_at of the customer")
        for time in EVENT_TIMES
    ]
    rules += [
        Rule(("referred_by",), lambda rows: rows.referred_by == rows.customer_id, "{referred_by} is the customer"),
        Rule((REFERRER_IS_KNOWN,), lambda rows: ~rows[REFERRER_IS_KNOWN], "{referred_by} is not in tables.customers"),
    ]
    rules += _UNRECORDED.get(mapping.table, ())
    for lost in (column for column in rows.columns if column.startswith(LOST)):
        said = f"{{{lost.removeprefix(LOST)}}} is not finite, or not below {EXACT_LIMIT:.0e}, and taken as missing"
        rules.append(Rule((lost,), lambda rows, lost=lost: rows[lost], said))  # type: ignore[misc]
    strict = {column.name for column in mapping.contract.required if not column.nullable}
    unread = {column.removeprefix(UNREAD) for column in rows.columns if column.startswith(UNREAD)}
    rules += [_unread(name, ", and is taken as missing") for name in sorted(unread - strict)]
    return _that_hold(rules, rows, mapping)


def _that_hold(rules: Iterable[Rule], rows: ibis.Table, mapping: TableMapping) -> list[Rule]:
    """The rules for the columns that a table has, in the words of its mapping."""
    words = {name: f"{name} ({_shown(expression)})" for name, expression in mapping.expressions().items()}
    return [_in_words(rule, words) for rule in rules if set(rule.needs) <= set(rows.columns)]


def _in_words(rule: Rule, words: Mapping[str, str]) -> Rule:
    return replace(rule, says=rule.says.format_map(words))


def _shown(expression: str) -> str:
    line = " ".join(expression.split())
    return line if len(line) <= EXPRESSION_SHOWN else f"{line[:EXPRESSION_SHOWN]}..."


def _required(mapping: TableMapping) -> list[Rule]:
    rules = []
    for column in mapping.contract.required:
        if not column.nullable:
            rules.append(_unread(column.name, ""))
            wanted = "missing" if column.kind != "number" else f"missing, not finite, or not below {EXACT_LIMIT:.0e}"
            rules.append(_rule(column.name, lambda value: value.isnull(), f"is {wanted}"))
    return rules


def _unread(name: str, more: str) -> Rule:
    column = UNREAD + name
    said = f"{{{name}}} makes nothing of the value that is there{more}"
    return Rule((column,), lambda rows: rows[column].notnull(), said, shows=column)


def _dates(contract: TableContract) -> list[Rule]:
    first, after = _midnight(FIRST_DAY), _midnight(date(LAST_DAY.year + 1, 1, 1))
    said = f"is before {FIRST_DAY} or after {LAST_DAY} (make a date that stands for none missing, e.g. with nullif)"
    times = [column.name for column in contract.columns if column.kind == "timestamp"]
    return [_rule(name, lambda time: (time < first) | (time >= after), said) for name in times]


def _until(data_until: date | None) -> list[Rule]:
    if data_until is None:
        return []
    end = _midnight(data_until)
    return [_rule(name, lambda time: time >= end, f"is not before dates.data_until = {data_until}") for name in PAST]


def _outcomes(columns: Iterable[str]) -> list[Rule]:
    outcomes = [name for name in columns if name == "churned" or name.startswith("bought_")]
    return [_rule(name, lambda value: ~value.isin([0, 1]), "is not 0 or 1") for name in outcomes]


def _currency(currency: str) -> Rule:
    return _rule("currency", lambda value: value.upper() != currency, f"is not project.currency = {currency}")


def _rule(name: str, fails: Callable[[ibis.Value], ibis.Value], says: str) -> Rule:
    """A rule about one column."""
    return Rule((name,), lambda rows: fails(rows[name]), f"{{{name}}} {says}")


def _before(name: str, other: str) -> Callable[[ibis.Table], ibis.Value]:
    """`name` is before `other`; a midnight is a date without a clock, and may be anywhen on its day."""
    return lambda rows: (rows[name] < rows[other]) & (rows[name] != rows[other].truncate("D"))


def _midnight(day: date) -> ibis.Value:
    return ibis.literal(day).cast("timestamp")


def _scale(rows: ibis.Table) -> tuple[ibis.Value, ibis.Value]:
    lowest = ibis.cases(*[(rows.instrument == name, low) for name, (low, _) in SCALES.items()])
    highest = ibis.cases(*[(rows.instrument == name, high) for name, (_, high) in SCALES.items()])
    if "scale_min" in rows.columns:
        lowest = ibis.coalesce(rows.scale_min, lowest)
    if "scale_max" in rows.columns:
        highest = ibis.coalesce(rows.scale_max, highest)
    return lowest, highest


def _has_no_width(rows: ibis.Table) -> ibis.Value:
    lowest, highest = _scale(rows)
    return lowest >= highest


def _outside_its_scale(rows: ibis.Table) -> ibis.Value:
    lowest, highest = _scale(rows)
    return (rows.score < lowest) | (rows.score > highest)


UNKNOWN_CUSTOMER = Rule((IS_KNOWN,), lambda rows: ~rows[IS_KNOWN], "{customer_id} is not in tables.customers")
_USUAL_SCALES = ", ".join(f"{name} {low} to {high}" for name, (low, high) in SCALES.items())

_COUNTS_AS_0 = "is missing, and counts as 0"
_UNRECORDED: dict[TableName, tuple[Rule, ...]] = {
    "orders": (_rule("cost", lambda cost: cost.isnull(), _COUNTS_AS_0),),
    "customers": (_rule("acquisition_cost", lambda cost: cost.isnull(), _COUNTS_AS_0),),
    "treatments": (Rule(("cost",), lambda rows: rows.cost.isnull() & (rows.action != NO_ACTION), f"{{cost}} {_COUNTS_AS_0}"),),
}

_OWN: dict[TableName, tuple[Rule, ...]] = {
    "orders": (_rule("discount", lambda value: value < 0, "is below 0"),),
    "interactions": (
        Rule(("resolved_at",), _before("resolved_at", "occurred_at"), "{resolved_at} is before {occurred_at}"),
    ),
    "surveys": (
        _rule("instrument", lambda value: ~value.isin(list(SCALES)), f"is not one of {', '.join(SCALES)}"),
        Rule(("scale_min",), _has_no_width, "{scale_min} is not below the highest score of its scale"),
        Rule(("scale_max",), _has_no_width, "{scale_max} is not above the lowest score of its scale"),
        Rule(("score",), _outside_its_scale, f"{{score}} is outside its scale ({_USUAL_SCALES}, or scale_min to scale_max)"),
    ),
    "subscriptions": (Rule(("ended_at",), _before("ended_at", "started_at"), "{ended_at} is before {started_at}"),),
    "treatments": (
        _rule("assignment", lambda value: ~value.isin(["random", "rule"]), "is not random or rule"),
        _rule("propensity", lambda value: (value <= 0) | (value > 1), "is not above 0 and up to 1"),
    ),
    "identities": (
        Rule(("alias",), lambda rows: rows["alias"] == rows.customer_id, "{alias} points at itself"),
        Rule((NEXT,), lambda rows: rows[NEXT].notnull(), "{customer_id} is itself an alias: point each at the final customer"),
    ),
}  # fmt: skip
