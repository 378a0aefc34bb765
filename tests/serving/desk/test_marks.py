"""What is marked holds, for as long as it should, whatever clocks say."""

from __future__ import annotations

import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from serving.desk.marks import KINDS, OPEN, Mark, Marks, State, state_of
from serving.desk.problems import RefusedMark

AS_OF = date(2024, 1, 1)


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2024, 1, 10, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def marks(tmp_path: Path, clock: Clock) -> Marks:
    return Marks(tmp_path / "desk.sqlite", clock)


def state(marks: Marks, as_of: date = AS_OF) -> State:
    return marks.states(as_of).get("anna", OPEN)


def test_the_last_mark_decides(marks: Marks) -> None:
    assert state(marks) == OPEN
    marks.add(Mark("anna", AS_OF, "done"))
    assert state(marks).name == "done"
    marks.add(Mark("anna", AS_OF, "reopen"))
    assert state(marks) == OPEN
    marks.add(Mark("anna", AS_OF, "snooze", until=date(2024, 2, 1)))
    assert state(marks) == State("snoozed", date(2024, 2, 1))
    assert [mark.kind for mark in marks.of("anna")] == ["snooze", "reopen", "done"]


def test_the_order_is_that_of_the_marks_not_of_the_clock(marks: Marks, clock: Clock) -> None:
    marks.add(Mark("anna", AS_OF, "done"))
    clock.at -= timedelta(days=2)
    marks.add(Mark("anna", AS_OF, "reopen"))
    assert state(marks) == OPEN


def test_a_snooze_is_over_on_its_day(marks: Marks, clock: Clock) -> None:
    marks.add(Mark("anna", AS_OF, "snooze", until=date(2024, 1, 12)))
    clock.at = datetime(2024, 1, 11, 23, 59, tzinfo=UTC)
    assert state(marks).name == "snoozed"
    clock.at = datetime(2024, 1, 12, tzinfo=UTC)
    assert state(marks) == OPEN


def test_done_is_over_when_a_newer_table_comes(marks: Marks) -> None:
    marks.add(Mark("anna", AS_OF, "done"))
    assert state(marks, AS_OF - timedelta(days=30)).name == "done"
    assert state(marks, AS_OF + timedelta(days=1)) == OPEN


def test_a_wrong_reason_closes_nobody_and_opens_nobody(marks: Marks) -> None:
    wrong = Mark("anna", AS_OF, "wrong_reason", number="churn_probability", feature="x")
    marks.add(wrong)
    assert state(marks) == OPEN
    marks.add(Mark("anna", AS_OF, "done"))
    marks.add(wrong)
    assert state(marks).name == "done"
    assert marks.disputed(AS_OF) == ["anna"]
    assert marks.disputed(AS_OF + timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (Mark("anna", AS_OF, "snooze"), "still to come"),
        (Mark("anna", AS_OF, "snooze", until=date(2024, 1, 10)), "still to come"),
        (Mark("anna", AS_OF, "wrong_reason"), "Choose"),
        (Mark("anna", AS_OF, "done", note="x" * 2001), "too long"),
        (Mark("anna", AS_OF, "deleted"), "cannot be marked"),  # type: ignore[arg-type]
    ],
)
def test_a_mark_that_says_nothing_is_refused(marks: Marks, mark: Mark, said: str) -> None:
    with pytest.raises(RefusedMark, match=said):
        marks.add(mark)
    assert marks.all() == []


def test_many_people_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    with ThreadPoolExecutor(8) as people:
        ids = list(people.map(lambda k: Marks(path).add(Mark(f"c{k % 5}", AS_OF, "done", note=str(k))), range(80)))
    assert len(set(ids)) == 80
    assert {mark.note for mark in Marks(path).all()} == set(map(str, range(80)))


def test_all_states_are_those_of_each(marks: Marks, clock: Clock) -> None:
    chance = random.Random(0)
    days = [AS_OF + timedelta(days=k) for k in (-30, 0, 30)]
    for _ in range(300):
        kind = chance.choice(KINDS)
        about = {"until": clock.at.date() + timedelta(days=chance.randint(1, 9))} if kind == "snooze" else {}
        about |= {"number": "n", "feature": "f"} if kind == "wrong_reason" else {}
        marks.add(Mark(f"c{chance.randint(0, 40)}", chance.choice(days), kind, **about))  # type: ignore[arg-type]
        clock.at += timedelta(hours=chance.randint(-3, 4))
    for as_of in days:
        found = marks.states(as_of)
        for who in {mark.customer_id for mark in marks.all()}:
            assert found.get(who, OPEN) == state_of(marks.of(who), as_of, marks.today)


def test_a_mark_is_there_for_others_at_once_and_as_it_was_made(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "desk.sqlite"
    made = Mark("数'据", AS_OF, "wrong_reason", "lin", None, "clv_90d", "f", "two\nlines <b>", "v1", "call", 3.5)
    Marks(path, clock).add(made)
    (found,) = Marks(path).all()
    assert found == Mark(**{**made.__dict__, "id": 1, "marked_at": clock.at})
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
