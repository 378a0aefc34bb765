"""Answers that are none, in one shape: status, code, message, and the path of each thing to mend."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from features.problems import BadInput
from serving.answers.errors import Code, ErrorAnswer, NotServed, Problem, Problems

PATH = re.compile(r"\w+(\[\d+\])?(\..*)?", re.DOTALL)  # of a field; what follows it can be any name a user made up
PATH_LONGEST, MESSAGE_LONGEST, PROBLEMS_MOST = 300, 1_000, 20


class Refused(Exception):  # noqa: N818 (it is an answer)
    """A request that gets no answer, and why."""

    def __init__(
        self,
        status: int,
        code: Code,
        message: str,
        problems: Sequence[Problem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message[: PATH_LONGEST + MESSAGE_LONGEST]
        self.problems, self.headers = list(problems), dict(headers or {})

    def answer(self) -> ErrorAnswer:
        """What is sent."""
        return ErrorAnswer(Problems(self.status, self.code, self.message, self.problems))


def of_bad_input(bad: BadInput) -> Refused:
    """What a user has to mend, each with its path where it has one."""
    found = [_problem(said) for said in bad.problems[:PROBLEMS_MOST]] or [Problem("", "the request cannot be read")]
    return of_problems(found, "not_served" if isinstance(bad, NotServed) else "bad_request", in_all=len(bad.problems))


def of_problems(problems: Sequence[Problem], code: Code = "bad_request", *, in_all: int = 0) -> Refused:
    """The first one is said, and how many more there are; there can be more than are named."""
    first, more = problems[0], max(in_all, len(problems)) - 1
    said = f"{first.path}: {first.message}" if first.path else first.message
    return Refused(400, code, f"{said} and {more} more" if more else said, problems)


def too_busy(message: str) -> Refused:
    """Come back in a second."""
    return Refused(429, "too_busy", message, headers={"retry-after": "1"})


def too_large(message: str) -> Refused:
    """More than is read of one request."""
    return Refused(413, "too_large", message)


def _problem(said: str) -> Problem:
    path, colon, rest = said.partition(": ")
    if colon and PATH.fullmatch(path[:PATH_LONGEST]):
        return Problem(path[:PATH_LONGEST], rest[:MESSAGE_LONGEST])
    return Problem("", said[:MESSAGE_LONGEST])
