"""What can be asked: one line for each path, from which requests are dispatched and the description is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Struct

from serving.answers.inputs import InputsSaid, inputs
from serving.answers.messages import Answers, EventAnswers, NearestSaid, Planned, RowAnswers, WhatIfSaid
from serving.answers.names import NamesSaid, names
from serving.answers.requests import AskNearest, AskPlan, AskWhatIf, ScoreCustomers, ScoreEvents, ScoreRows
from serving.answers.state import CardsSaid, HealthSaid
from serving.http.access import Scope
from serving.live.cards import cards, health
from serving.live.room import Room

LIGHT = 100  # customers with reasons that are answered at once; more would let others wait
BULK = 20  # so many customers without reasons cost as much as one with them


@dataclass(frozen=True)
class Route:
    """A path, what it takes and gives, and who may ask. `answer` is called with the room and the request."""

    path: str
    method: Literal["GET", "POST"]
    takes: type[Struct] | None
    gives: Any
    scopes: tuple[Scope, ...]  # of which one is needed
    answer: Callable[[Room, Any], Any]
    weight: Callable[[Any], float]  # in customers with reasons
    summary: str
    logged_as: str | None = None  # in the prediction log


def _many(customers: int, top_reasons: int) -> float:
    return customers if top_reasons else customers / BULK


def _always(_asked: Any) -> float:
    return 2 * LIGHT


ROUTES = (
    Route(
        "/v1/score",
        "POST",
        ScoreCustomers,
        Answers,
        ("read",),
        lambda room, asked: room.champions.by_id(asked),
        lambda asked: _many(len(asked.customer_ids), asked.top_reasons),
        "Score customers of the last snapshot by id, with reasons. Unknown and not eligible customers are answers, too.",
        "score",
    ),
    Route(
        "/v1/score_rows",
        "POST",
        ScoreRows,
        RowAnswers,
        ("read",),
        lambda room, asked: room.champions.by_row(asked),
        lambda asked: _many(len(asked.rows), asked.top_reasons),
        "Score feature rows, with reasons; a feature that is absent or null is not known. Unknown names are refused.",
        "score_rows",
    ),
    Route(
        "/v1/score_events",
        "POST",
        ScoreEvents,
        EventAnswers,
        ("read",),
        lambda room, asked: room.by_events(asked),
        _always,
        "Score one customer by her raw orders, contacts and answers: features are made by the code of the batch.",
        "score_events",
    ),
    Route(
        "/v1/what_if",
        "POST",
        AskWhatIf,
        WhatIfSaid,
        ("read",),
        lambda room, asked: room.what_if(asked),
        _always,
        "What the models would say of a customer if something happened, with reasons before and after.",
    ),
    Route(
        "/v1/nearest",
        "POST",
        AskNearest,
        NearestSaid,
        ("read",),
        lambda room, asked: room.nearest(asked),
        _always,
        "The smallest plausible change after which the risk of leaving is below a threshold.",
    ),
    Route(
        "/v1/plan",
        "POST",
        AskPlan,
        Planned,
        ("plan",),
        lambda room, asked: room.plan(asked),
        _always,
        "The best next action for each customer of a list within a budget; doing nothing is always one.",
    ),
    Route(
        "/v1/models",
        "GET",
        None,
        CardsSaid,
        ("read",),
        lambda room, _: cards(room.live),
        lambda _: 0,
        "Which versions answer, their contracts and figures, and what was taken over or refused since the start.",
    ),
    Route(
        "/v1/inputs",
        "GET",
        None,
        InputsSaid,
        ("read",),
        lambda room, _: inputs(room.champions),
        lambda _: 0,
        "What may be sent: features of rows, tables and columns of events, changes of what-if, by the served mapping file.",
    ),
    Route(
        "/v1/names",
        "GET",
        None,
        NamesSaid,
        ("read",),
        lambda room, _: names(room.champions),
        lambda _: 0,
        "The names that answers have (groups, actions, categories, codes), with what readers call them in English and Chinese.",
    ),
    Route(
        "/v1/health",
        "GET",
        None,
        HealthSaid,
        ("read", "admin"),
        lambda room, _: health(room.live),
        lambda _: 0,
        "Whether all is as it should be; where it is not, answers are still given, and this says what is wrong.",
    ),
)
