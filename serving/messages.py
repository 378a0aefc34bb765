"""What the service takes and gives, typed. One meaning per name, the same as in predictions.parquet."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from models.contract import Frozen
from models.explanations import Explanation
from serving.examples import ANSWERS, CARD
from serving.what_next import NextCategory


class Amount(Frozen):
    """Expected money with an interval that holds the outcome for `coverage` of customers; without ends where there is none."""

    value: float
    lower: float | None
    upper: float | None
    coverage: float | None
    currency: str


class UntilLeaving(Frozen):
    """The days by which the customer has left with chance 50 %, and with 10 and 90 %: the ends of an 80 % interval.

    0 means: has probably left already. 1,825 means: five years or more. `text` says it in words.
    """

    days: float
    lower_80: float
    upper_80: float
    text: str


class Worth(Frozen):
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


class Standing(Frozen):
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


class NextAction(Frozen):
    """What the last plan does about the customer; `none` is to do nothing.

    `basis` says whether the gain was `measured` in a trial or is `assumed`: somebody believes in it and nobody measured.
    """

    action: str
    basis: Literal["measured", "assumed"] | None
    cost: float
    expected_gain: float


class Answer(Frozen):
    """What is known about one customer, or why nothing can be said.

    Null and empty is what the project has no model for. `churn_by_horizon_days` has the chance of leaving by horizon, the
    model's own included. `days_until_leaving` is null, too, where the rhythm of the customer's orders is not known.
    `worth`, `standing` and `next_action` are those of known customers, not of feature rows: they follow from comparing all
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
    churn_by_horizon_days: dict[int, float] = Field(default_factory=dict)
    days_until_leaving: UntilLeaving | None = None
    clv: Amount | None = None
    propensity: dict[str, float] = Field(default_factory=dict)
    what_next: tuple[NextCategory, ...] = ()
    explanations: dict[str, Explanation] = Field(default_factory=dict)
    explanation_unavailable: str | None = None


class Answers(Frozen):
    """Answers in the order they were asked for, and the model versions that gave them.

    `not_predicted` says by label what these models give no number for, and why.
    """

    model_config = ConfigDict(json_schema_extra={"example": ANSWERS})

    answers: tuple[Answer, ...]
    models: dict[str, str]
    not_predicted: dict[str, str] = Field(default_factory=dict)


class ModelCard(Frozen):
    """Which model speaks for a task, and how it did on the date it was judged.

    `customers_split_for` names the steps for which customers were split because no later date has outcomes: their figures
    do not show how the model does next time.
    """

    model_config = ConfigDict(json_schema_extra={"example": CARD})

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
