"""Answers that are none, in one shape: status, code, message, and the path of each thing to mend."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from features.problems import BadInput
from serving.answers.messages import ErrorAnswer, Problem, Problems

PATH = re.compile(r"\w+(\[\d+\])?(\..*)?", re.DOTALL)  # of a field; what follows it can be any name a user made up
PATH_LONGEST, MESSAGE_LONGEST, PROBLEMS_MOST = 300, 1_000, 20


class Refused(Exception):  # noqa: N818 (it is an answer)
    """A request that gets no answer, and why."""

    def __init__(
        self,
        status: int,
        code: str,
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
    problems = [_problem(said) for said in bad.problems[:PROBLEMS_MOST]]
    more = f" and {len(bad.problems) - 1} more" if len(bad.problems) > 1 else ""
    first = bad.problems[0][:MESSAGE_LONGEST] if bad.problems else "the request cannot be read"
    return Refused(400, "bad_request", f"{first}{more}", problems)


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
