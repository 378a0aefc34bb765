"""An answer that is none, typed: one shape, with a code for programs and the path of each thing to mend."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from features.problems import BadInput
from serving.answers.examples import PROBLEM

Code = Literal[
    "bad_request", "not_json", "not_served", "gone", "too_slow", "compressed", "no_token", "unknown_token", "wrong_scope",
    "wrong_host", "other_site", "no_such_path", "no_such_page", "wrong_method", "too_large", "too_busy", "fault",
    "log_unavailable",
]  # fmt: skip


class NotServed(BadInput):
    """What is asked cannot be answered for anybody here: there is no snapshot, no action, or no such model."""


class Problem(Struct, frozen=True):
    """One thing to mend: where in the request, and what was expected."""

    path: Annotated[str, Meta(description="where in the request, such as rows[1].order_count; empty where it is all of it")]
    message: Annotated[str, Meta(description="what was expected, and what was found, in words")]


class Problems(Struct, frozen=True):
    """What every answer that is none looks like."""

    status: Annotated[int, Meta(description="the status of the answer, once more")]
    code: Annotated[Code, Meta(description="what is wrong, for programs; docs/service.md says when each comes")]
    message: Annotated[str, Meta(description="the first problem in words, with its path, and how many more there are")]
    problems: Annotated[list[Problem], Meta(description="what has to be mended, 20 at most; empty where it is not the request")]


class ErrorAnswer(Struct, frozen=True):
    """The one shape of errors."""

    error: Annotated[Problems, Meta(description="what is wrong")]


ErrorSaid = Annotated[ErrorAnswer, Meta(examples=[PROBLEM])]
