"""The retention desk of a project: its scored table, what is marked on it, and which models answer now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from features.project import Project
from serving.desk.feedback import marks_file
from serving.desk.marks import Clock, Marks, State, utc_now
from serving.desk.scored_table import Scored, ScoredTable
from serving.desk.work_list import MarkedRows

Champions = Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class Marked:
    """What is marked of the customers of a table: who is done or snoozed, and the rows of both."""

    states: dict[str, State]
    rows: MarkedRows


@dataclass
class RetentionDesk:
    """Everything the pages ask."""

    project: Project
    table: ScoredTable
    marks: Marks
    champions: Champions | None = None
    _marked: tuple[tuple[Scored, int, date], Marked] | None = field(default=None, repr=False)

    @classmethod
    def open(cls, project: Project, champions: Champions | None = None, clock: Clock = utc_now) -> Self:
        """Loads nothing yet: that a table is not there is said to those who ask. `champions` are the models that answer now."""
        return cls(project, ScoredTable(project), Marks(marks_file(project), clock), champions)

    def marked(self, scored: Scored) -> Marked:
        """What is marked now; worked out again after each mark and each midnight."""
        key = (scored, self.marks.last_id(), self.marks.today)
        if self._marked is None or self._marked[0][0] is not scored or self._marked[0][1:] != key[1:]:
            self._marked = (key, self._find_marked(scored))
        return self._marked[1]

    def other_models(self, scored: Scored) -> list[tuple[str, str, str]]:
        """Where another model answers now than the one that scored the table: task, then, now."""
        now = self.champions() if self.champions else {}
        return [(task, then, now[task]) for task, then in scored.models.items() if now.get(task, then) != then]

    def _find_marked(self, scored: Scored) -> Marked:
        states = self.marks.states(scored.as_of)
        done, snoozed = ([who for who, state in states.items() if state.name == name] for name in ("done", "snoozed"))
        disputed = self.marks.disputed(scored.as_of)
        return Marked(states, MarkedRows(*(scored.rows_of(who) for who in (done, snoozed, disputed))))
