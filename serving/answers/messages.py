"""What the service gives, typed: one meaning per name, as in predictions.parquet. `requests` is what it takes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from models.reasons.explanations import Explanation
from serving.answers.examples import ANSWERS, CARDS, NEAREST, PLAN, PROBLEM, WHAT_IF
from serving.scoring.what_next import NextCategory

# gc=False: of what holds only numbers and words there are tens of thousands in a bulk answer, and nothing for the collector.


class Amount(Struct, frozen=True, gc=False):
    """Expected money with an interval that holds the outcome for `coverage` of customers; without ends where there is none."""

    value: float
    lower: float | None
    upper: float | None
    coverage: float | None
    currency: str


class UntilLeaving(Struct, frozen=True, gc=False):
    """The days by which the customer has left with chance 50 %, and with 10 and 90 %: the ends of an 80 % interval.

    0 means: has probably left already. 1,825 means: five years or more. `text` says it in words.
    """

    days: float
    lower_80: float
    upper_80: float
    text: str


class Worth(Struct, frozen=True, gc=False):
    """Value in money; null is what nothing tells.

    `realised` is margin to date less the cost of winning and keeping; `potential` the margin expected within
    `potential_days`, discounted; `lifetime` both, less the cost of keeping still to come; `influence` the lifetime value of the
    customers she has brought; `at_risk` the risk of leaving times the value expected within the horizon.
    """

    realised: float | None
    potential: float | None
    potential_days: int
    lifetime: float | None
    influence: float | None
    at_risk: float | None
    currency: str


class Standing(Struct, frozen=True):
    """Where the customer stands among all others: score (0 to 100) with its components, and one group of each kind.

    Null is what the project's data cannot tell. `strategy` is what her quadrant calls for.
    """

    score: float | None
    components: dict[str, float]
    tier: str | None
    life_stage: str | None
    quadrant: str | None
    strategy: str | None
    rfm_segment: str | None


class NextAction(Struct, frozen=True, gc=False):
    """What the plan does about the customer; `none` is to do nothing.

    `basis` says whether the gain was `measured` in a trial or is `assumed`: somebody believes in it and nobody measured.
    """

    action: str
    basis: Literal["measured", "assumed"] | None
    cost: float
    expected_gain: float


class Answer(Struct, frozen=True):
    """What is known about one customer, or why nothing can be said.

    Null and empty is what was not asked for or what the project has no model for. `churn_by_horizon_days` has the chance of
    leaving by horizon, the model's own included. `days_until_leaving` is null, too, where the rhythm of her orders is not
    known. `worth`, `standing` and `next_action` are those of customers asked for by id: they follow from comparing all
    customers of the date, and from the plan where there is one. `what_next` ranks the categories: those whose chance is at
    least 1.5 times the usual one first, the likeliest first.

    `explanations` has one entry per number: base + shares of the reasons + rest = total, which is the log-odds of a
    probability or the amount itself. A number with which its shares ever disagree has no entry, and
    `explanation_unavailable` says why.
    """

    customer_id: str | None
    as_of: date | None
    eligible: bool
    not_eligible_because: str | None = None
    worth: Worth | None = None
    standing: Standing | None = None
    next_action: NextAction | None = None
    churn_probability: float | None = None
    churn_by_horizon_days: dict[str, float] = field(default_factory=dict)
    days_until_leaving: UntilLeaving | None = None
    clv: Amount | None = None
    propensity: dict[str, float] = field(default_factory=dict)
    what_next: tuple[NextCategory, ...] = ()
    explanations: dict[str, Explanation] = field(default_factory=dict)
    explanation_unavailable: str | None = None


class AnswerList(Struct, frozen=True):
    """Answers in the order they were asked for, and the model versions that gave them.

    `snapshot` is the date up to which the customers of the service are known. `not_predicted` says by label what these models
    give no number for, and why.
    """

    answers: list[Answer]
    snapshot: date
    models: dict[str, str]
    not_predicted: dict[str, str]


class Change(Struct, frozen=True):
    """A change that was tried, in words, and the risk of leaving after it."""

    text: str
    text_zh: str
    churn_probability: float


class WhatIfAnswer(Struct, frozen=True):
    """One customer as she is, and as the models would see her after the changes. Not what making them happen would bring.

    `after` is null for who is not known or not eligible; `before` says why.
    """

    text: str
    text_zh: str
    before: Answer
    after: Answer | None
    models: dict[str, str]
    remark: str


class NearestAnswer(Struct, frozen=True):
    """The smallest plausible changes after which the risk of leaving is below a threshold, and the one that came closest.

    `enough` is empty where none of the `tried` changes is, or where the risk is below already. `now` is null for who is not
    known or not eligible.
    """

    below: float
    now: float | None
    enough: list[Change]
    closest: Change | None
    tried: int
    models: dict[str, str]
    remark: str
    not_eligible_because: str | None = None


class PlannedFor(Struct, frozen=True):
    """What the plan does about one customer of the list; null for who is not known or not eligible."""

    customer_id: str
    next_action: NextAction | None
    not_eligible_because: str | None = None


class PlanAnswer(Struct, frozen=True):
    """The plan for a list of customers and a budget, in the order of the list. Gains are net of cost, within `horizon_days`.

    The plan maximises `sure_gain`: of measured effects what each gain exceeds with a chance of nine in ten, of assumed ones the
    assumption. `gap` is by how much of the upper bound it may at most miss the best plan. `assumed` says whether any effect in
    it is one that nobody measured.
    """

    customers: list[PlannedFor]
    budget: float | None
    cost: float
    expected_gain: float
    sure_gain: float
    gap: float
    horizon_days: int
    currency: str
    assumed: bool
    models: dict[str, str]
    remarks: list[str]


class ModelCard(Struct, frozen=True):
    """Which model speaks for a task, and how it did on the date it was judged.

    `customers_split_for` names the steps for which customers were split because no later date has outcomes: their figures
    do not show how the model does next time.
    """

    version: str
    hash: str
    target: dict[str, str]
    horizon_days: int
    other_horizons_days: tuple[int, ...]
    not_predicted: dict[str, str]
    judged_at: date
    fitted_on: tuple[date, ...]
    customers_split_for: tuple[str, ...]
    metrics: dict[str, dict[str, float]]
    features: tuple[str, ...]
    contract: dict[str, Any]


class NotTaken(Struct, frozen=True):
    """Why what the registry or the disk has now was not taken over, and when it was looked at."""

    at: str
    because: str


class Cards(Struct, frozen=True):
    """What answers: a card for each model, the snapshot, and since when. `refused` is null where all is as it should be."""

    models: dict[str, ModelCard]
    snapshot: date
    customers: int | None
    since: str
    swaps: int
    refused: NotTaken | None


class Health(Struct, frozen=True):
    """`status` is `ready`, or `degraded` where answers are given and something is wrong, which `because` says."""

    status: Literal["ready", "degraded"]
    because: list[str]
    models: dict[str, str]
    snapshot: date


class Problem(Struct, frozen=True):
    """One thing to mend: where in the request, and what was expected."""

    path: str
    message: str


class Problems(Struct, frozen=True):
    """What every answer that is none looks like."""

    status: int
    code: str
    message: str
    problems: list[Problem]


class ErrorAnswer(Struct, frozen=True):
    """The one shape of errors."""

    error: Problems


Answers = Annotated[AnswerList, Meta(examples=[ANSWERS])]
WhatIfSaid = Annotated[WhatIfAnswer, Meta(examples=[WHAT_IF])]
NearestSaid = Annotated[NearestAnswer, Meta(examples=[NEAREST])]
Planned = Annotated[PlanAnswer, Meta(examples=[PLAN])]
CardsSaid = Annotated[Cards, Meta(examples=[CARDS])]
ErrorSaid = Annotated[ErrorAnswer, Meta(examples=[PROBLEM])]
