"""One customer's raw events -> features, by the definitions of the batch -> an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from features.online import Online
from features.problems import BadInput
from features.project import Project
from features.raw.checks import FIRST_DAY, LAST_DAY
from features.tables import CONTRACTS
from models.inputs import Inputs
from serving.answers.champions import Champions
from serving.answers.customers import not_eligible
from serving.answers.messages import Answer, AnswerList, NotEligible
from serving.answers.release import Release
from serving.answers.requests import ScoreEvents

Rows = Sequence[Mapping[str, Any]]


def score_events(champions: Champions, online: Online, asked: ScoreEvents) -> AnswerList:
    """The answer for a customer who need not be known here. Raises BadInput for tables, columns and values that do not fit."""
    as_of = asked.as_of or champions.release.scored_at
    if not FIRST_DAY <= as_of <= LAST_DAY:
        raise BadInput(f"as_of: {as_of}: expected a date from {FIRST_DAY} to {LAST_DAY}")
    row = online.row(asked.customer_id, read_events(asked, champions.release.project), as_of)
    tasks = champions.tasks(asked.tasks)
    if why := _why_not(row, champions.release, as_of):
        answer = Answer(asked.customer_id, as_of, False, *why)
    else:
        names = champions.release.scorer.features
        values = [np.nan if row[name] is None else float(row[name]) for name in names]
        rows = Inputs(tuple(names), np.array([values], dtype=np.float64))
        (answer,) = champions.of_rows(rows, [asked.customer_id], as_of, tasks, asked.top_reasons)
    return champions.signed([answer], tasks)


def _why_not(row: Mapping[str, Any], release: Release, as_of: date) -> NotEligible | None:
    if not row:
        return NotEligible(f"not known before {as_of}", "not_known_yet")
    reason = row["not_eligible_because"]
    return not_eligible(reason, release.project, release.words) if reason else None


def read_events(asked: ScoreEvents, project: Project) -> dict[str, list[dict[str, Any]]]:
    """The rows with their customer, and times as times of the company. Raises BadInput for values that no row can have."""
    problems: list[str] = []
    found: dict[str, list[dict[str, Any]]] = {}
    for table, rows in asked.events.items():
        times = _times_of(table)
        found[table] = []
        for k, row in enumerate(rows):
            path = f"events.{table}[{k}]"
            own: dict[str, Any] = {"customer_id": asked.customer_id, **row}
            if own["customer_id"] != asked.customer_id and table != "customers":
                problems.append(f"{path}.customer_id: of another customer than customer_id, {asked.customer_id!r}")
            for name in times & set(row):
                try:
                    own[name] = _time(row[name], project)
                except (ValueError, OverflowError):  # the latter by a zone, at either end of the calendar
                    problems.append(
                        f"{path}.{name}: expected a time such as 2024-05-31T09:30:00, found {str(row[name])[:50]!r}"
                    )
            found[table].append(own)
    if problems:
        raise BadInput(problems[:20])
    return found


def _times_of(table: str) -> set[str]:
    contract: Any = CONTRACTS.get(table)  # type: ignore[call-overload]
    return {column.name for column in contract.columns if column.kind == "timestamp"} if contract else set()


def _time(value: Any, project: Project) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError
    found = datetime.fromisoformat(value)
    if found.tzinfo is not None:
        found = found.astimezone(ZoneInfo(project.source.time_zone)).replace(tzinfo=None)
    return found
