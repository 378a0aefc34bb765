"""Events of every table of a company that has them all, as nobody should send them: refused with their path, never a fault."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import pytest

from features.kept import events_of, kept_table
from features.online import Online
from features.problems import BadInput
from features.project import Project
from features.snapshots import Manifest
from serving.answers.by_events import read_events
from serving.answers.errors import Problem
from serving.answers.requests import ScoreEvents
from serving.http.refusals import of_bad_input
from tests.serving.broken.asking import plain
from tests.serving.broken.bad_bodies import DATES, NASTY, NUMBERS, OTHERS, TIMES

DAYS = [date(1970, 1, 1), date(2020, 2, 29), date(2024, 6, 1), date(2200, 1, 1)]
VALUES = [*NASTY[:-1], *DATES, *TIMES, *NUMBERS, *[one for one in OTHERS if not isinstance(one, list | dict)]]


def changed(events: dict[str, list[dict[str, Any]]], chance: random.Random) -> dict[str, list[dict[str, Any]]]:
    """Some rows of a customer with other values, without a column, twice, or of another table."""
    found = {name: [dict(row) for row in rows] for name, rows in events.items() if chance.random() < 0.8}
    for _ in range(chance.randrange(1, 4)):
        rows = found.get(chance.choice(list(found) or [""]), [])
        if not rows:
            continue
        row, what = chance.choice(rows), chance.random()
        name = chance.choice(list(row) or ["x"])
        if what < 0.7:
            row[name] = chance.choice(VALUES)
        elif what < 0.8:
            row.pop(name, None)
        elif what < 0.9:
            rows.append(dict(row))
        else:
            rows.clear()
    return found


def answers_or_refuses(online: Online, project: Project, customer_id: str, events: Any, as_of: date) -> bool:
    """Whether there is a row of features; where events are refused, something to mend is said with its path."""
    raw = json.dumps({"events": events, "customer_id": customer_id}, default=plain)
    try:
        asked = msgspec.json.decode(raw, type=ScoreEvents)
    except msgspec.DecodeError:
        return False
    problems: Sequence[Problem] = ()
    row = {}
    try:
        row = online.row(customer_id, read_events(asked, project), as_of)
    except BadInput as bad:
        problems = of_bad_input(bad).problems
    assert all(one.path.startswith("events") and one.message for one in problems), (problems, events)
    return bool(row)


@pytest.fixture(scope="module")
def customers(whole_company: tuple[Project, Manifest]) -> list[str]:
    return sorted(set(kept_table(whole_company[0], "customers", ["customer_id"])["customer_id"].to_pylist()))


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))])
def test_bad_events_of_every_table_are_refused_with_their_path(
    whole_company: tuple[Project, Manifest], customers: list[str], seed: int
) -> None:
    project, manifest = whole_company
    online, chance = Online(manifest.words, project.cohort, manifest.reach, manifest.currency), random.Random(seed)
    found = []
    for _ in range(12):
        one = chance.choice(customers)
        events = json.loads(json.dumps(events_of(project, manifest.words, one), default=plain))
        found.append(answers_or_refuses(online, project, one, events, manifest.scored_at))
        found += [
            answers_or_refuses(online, project, one, changed(events, chance), chance.choice([*DAYS, manifest.scored_at]))
            for _ in range(12)
        ]
    assert any(found)
    assert not all(found)
