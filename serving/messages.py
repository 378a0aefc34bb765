"""What the service takes and gives, typed. One meaning per name, the same as in predictions.parquet."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from models.contract import Frozen
from models.reasons import Explanation


class Amount(Frozen):
    """Expected money with an interval that holds the outcome for `coverage` of customers."""

    value: float
    lower: float
    upper: float
    coverage: float
    currency: str


class Answer(Frozen):
    """What is known about one customer, or why nothing can be said.

    `explanations` has one entry per number: base + shares of the reasons + rest = total, which is the log-odds of a
    probability or the amount itself. If shares and number ever disagree, it is empty and
    `explanation_unavailable` says why.
    """

    customer_id: str | None
    as_of: date | None
    eligible: bool
    not_eligible_because: str | None = None
    churn_probability: float | None = None
    clv: Amount | None = None
    propensity: dict[str, float] = Field(default_factory=dict)
    explanations: dict[str, Explanation] = Field(default_factory=dict)
    explanation_unavailable: str | None = None


class Answers(Frozen):
    """Answers in the order they were asked for, and the model versions that gave them."""

    answers: tuple[Answer, ...]
    models: dict[str, str]


class ModelCard(Frozen):
    """Which model speaks for a task, and how it did on the date it was judged."""

    version: str
    hash: str
    target: dict[str, str]
    horizon_days: int
    judged_at: date
    fitted_on: tuple[date, ...]
    metrics: dict[str, dict[str, float]]
    features: tuple[str, ...]
