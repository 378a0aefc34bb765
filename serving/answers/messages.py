"""What the service gives, typed: one meaning per name, as in predictions.parquet. `requests` is what it takes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct, field

from features.cohort import RuleCode
from models.reasons.explanations import Explanation
from serving.answers.examples import ANSWERS, EVENT_ANSWERS, NEAREST, PLAN, ROW_ANSWERS, WHAT_IF
from serving.scoring.what_next import NextCategory

# gc=False: of what holds only numbers and words there are tens of thousands in a bulk answer, and nothing for the collector.

Currency = Annotated[str, Meta(description="the currency of the amounts beside it, ISO 4217")]
Models = Annotated[
    dict[str, str],
    Meta(description="by task, the version and content hash of the model that answered; of the tasks that were asked"),
]
CustomerId = Annotated[str, Meta(description="who, as asked for")]
NotEligibleCode = Literal["unknown_customer", "not_known_yet", "other"] | RuleCode
NotEligibleBecause = Annotated[str | None, Meta(description="why nothing is predicted, in words; null where something is")]
WhyCode = Annotated[
    NotEligibleCode | None,
    Meta(
        description="the same for programs: unknown_customer is not in the snapshot, not_known_yet has no event before as_of, "
        "too_few_orders, no_recent_order and no_running_subscription are the rules of the mapping file, other is one of "
        "settings that have changed since the snapshot"
    ),
]
Text = Annotated[str, Meta(description="in words, English")]
TextZh = Annotated[str, Meta(description="the same in Chinese")]
Remark = Annotated[str, Meta(description="how this is to be read: always the same sentence")]


class NotEligible(NamedTuple):
    """Why nothing can be said of a customer, for people and for programs."""

    because: str
    code: NotEligibleCode


class Amount(Struct, frozen=True, gc=False):
    """Expected money with an interval that holds the outcome for `coverage` of customers; without ends where there is none."""

    value: Annotated[float, Meta(description="money expected within the horizon of the model of value (/v1/models)")]
    lower: Annotated[float | None, Meta(description="money: the lower end of the interval, within the same days")]
    upper: Annotated[float | None, Meta(description="money: the upper end of the interval, within the same days")]
    coverage: Annotated[
        float | None, Meta(description="the share (0 to 1) of customers whose outcome the interval holds, such as 0.8")
    ]
    currency: Currency


class UntilLeaving(Struct, frozen=True, gc=False):
    """The days by which the customer has left with chance 50 %, and with 10 and 90 %: the ends of an 80 % interval."""

    days: Annotated[
        float,
        Meta(
            description="days after as_of by which she has left with chance 50 %; 0: has probably left already, 1825: five "
            "years or more"
        ),
    ]
    lower_80: Annotated[float, Meta(description="days after as_of by which she has left with chance 10 %")]
    upper_80: Annotated[float, Meta(description="days after as_of by which she has left with chance 90 %")]
    text: Text
    text_zh: TextZh


class Worth(Struct, frozen=True, gc=False):
    """Value in money; null is what nothing tells."""

    realised: Annotated[
        float | None, Meta(description="money up to as_of: margin to date less the cost of winning and keeping her")
    ]
    potential: Annotated[float | None, Meta(description="money: margin expected within the next `potential_days`, discounted")]
    potential_days: Annotated[int, Meta(description="how many days `potential` looks ahead")]
    lifetime: Annotated[
        float | None, Meta(description="money: realised and potential value, less the cost of keeping her still to come")
    ]
    influence: Annotated[
        float | None,
        Meta(description="money: the lifetime value of the customers she has brought; null where nobody records it"),
    ]
    at_risk: Annotated[
        float | None, Meta(description="money: the risk of leaving times the value expected within the same horizon")
    ]
    currency: Currency


class Standing(Struct, frozen=True):
    """Where the customer stands among all others: score with its components, and one group of each kind.

    Null is what the project's data cannot tell. The names of groups are stable; /v1/names lists them with their Chinese.
    """

    score: Annotated[float | None, Meta(description="0 to 100 points, 100 the best, among the customers of the snapshot")]
    components: Annotated[
        dict[str, float],
        Meta(description="the parts of the score that are known, by name (value, satisfaction, loyalty), 0 to 100"),
    ]
    tier: Annotated[str | None, Meta(description="the tier, a name of `tiers` in /v1/names")]
    life_stage: Annotated[str | None, Meta(description="the life stage, a name of `life_stages` in /v1/names")]
    quadrant: Annotated[str | None, Meta(description="profit against loyalty, a name of `quadrants` in /v1/names")]
    strategy: Annotated[
        str | None, Meta(description="what her quadrant calls for, English words; Chinese and English by quadrant in /v1/names")
    ]
    rfm_segment: Annotated[
        str | None, Meta(description="the segment of recency, frequency and spend, a name of `rfm_segments` in /v1/names")
    ]


class NextAction(Struct, frozen=True, gc=False):
    """What the plan does about the customer."""

    action: Annotated[str, Meta(description="a name of `actions` in /v1/names: the mapping file's, or none, to do nothing")]
    basis: Annotated[
        Literal["measured", "assumed"] | None,
        Meta(
            description="whether the gain was measured in a trial, or is assumed: somebody believes in it and nobody measured; "
            "null of none"
        ),
    ]
    cost: Annotated[float, Meta(description="money that the action costs, in the project's currency")]
    expected_gain: Annotated[float, Meta(description="money it is expected to bring within the project's horizon, net of cost")]


class Answer(Struct, frozen=True):
    """What is known about one customer, or why nothing can be said.

    Null and empty is what was not asked for or what the project has no model for. `worth`, `standing` and `next_action` are
    those of customers asked for by id: they follow from comparing all customers of the date, by all models, and from the plan
    where there is one.
    """

    customer_id: Annotated[str | None, Meta(description="who; null of a feature row")]
    as_of: Annotated[
        date | None, Meta(description="the date before which everything counts; null of a row and of who is unknown")
    ]
    eligible: Annotated[bool, Meta(description="whether there are predictions; where not, not_eligible_code says why")]
    not_eligible_because: NotEligibleBecause = None
    not_eligible_code: WhyCode = None
    worth: Annotated[Worth | None, Meta(description="value in money, of customers asked for by id")] = None
    standing: Annotated[Standing | None, Meta(description="where she stands, of customers asked for by id")] = None
    next_action: Annotated[
        NextAction | None, Meta(description="what the last plan does about her; null where there is none of these models")
    ] = None
    churn_probability: Annotated[
        float | None, Meta(description="the chance (0 to 1) of leaving within the horizon of the churn model, from as_of on")
    ] = None
    churn_by_horizon_days: Annotated[
        dict[str, float], Meta(description="the chance (0 to 1) of leaving by days ahead, the model's own horizon included")
    ] = field(default_factory=dict)
    days_until_leaving: Annotated[
        UntilLeaving | None, Meta(description="when she leaves, in days after as_of; null where her rhythm is not known")
    ] = None
    clv: Annotated[Amount | None, Meta(description="the money to expect within the horizon of the model of value")] = None
    propensity: Annotated[
        dict[str, float],
        Meta(
            description="by category (a name of `categories` in /v1/names), the chance (0 to 1) of buying it within the horizon"
        ),
    ] = field(default_factory=dict)
    what_next: Annotated[
        tuple[NextCategory, ...],
        Meta(description="the categories in the order to look at: those that stand out first, the likeliest first"),
    ] = ()
    explanations: Annotated[
        dict[str, Explanation],
        Meta(
            description="why, by number: churn_probability, clv_<days>d, propensity_<category>; base + shares of the reasons + "
            "rest = total. A number with which its shares disagree has no entry"
        ),
    ] = field(default_factory=dict)
    explanation_unavailable: Annotated[
        str | None, Meta(description="why an entry of explanations is missing, where one is; in words")
    ] = None


class AnswerList(Struct, frozen=True):
    """Answers in the order they were asked for, and the model versions that gave them."""

    answers: Annotated[list[Answer], Meta(description="one for each customer or row, in the order of the request")]
    snapshot: Annotated[date, Meta(description="the date before which the customers of the service are known")]
    models: Models
    not_predicted: Annotated[
        dict[str, str], Meta(description="by label, what the models that were asked give no number for, and why, in words")
    ]


class Change(Struct, frozen=True):
    """A change that was tried, in words, and the risk of leaving after it."""

    text: Text
    text_zh: TextZh
    churn_probability: Annotated[
        float, Meta(description="the chance (0 to 1) of leaving after it, within the horizon of the churn model")
    ]


class WhatIfAnswer(Struct, frozen=True):
    """One customer as she is, and as the models would see her after the changes. Not what making them happen would bring."""

    text: Annotated[str, Meta(description="the changes in words, English; empty for who is not known or not eligible")]
    text_zh: TextZh
    before: Annotated[Answer, Meta(description="as she is at the date of the snapshot, or why nothing can be said")]
    after: Annotated[Answer | None, Meta(description="after the changes; null for who is not known or not eligible")]
    models: Models
    remark: Remark


class NearestAnswer(Struct, frozen=True):
    """The smallest plausible changes after which the risk of leaving is below a threshold, and the one that came closest."""

    below: Annotated[float, Meta(description="the chance (0 to 1) that was asked for")]
    now: Annotated[
        float | None,
        Meta(
            description="the chance (0 to 1) of leaving as she is, within the horizon of the churn model; null for who is not "
            "known or not eligible"
        ),
    ]
    enough: Annotated[
        list[Change],
        Meta(description="the changes that are enough; empty where none of those tried is, or the risk is below already"),
    ]
    closest: Annotated[Change | None, Meta(description="what came closest, enough or not; null where nothing was tried")]
    tried: Annotated[int, Meta(description="how many changes were tried")]
    models: Models
    remark: Remark
    not_eligible_because: NotEligibleBecause = None
    not_eligible_code: WhyCode = None


class PlannedFor(Struct, frozen=True):
    """What the plan does about one customer of the list."""

    customer_id: CustomerId
    next_action: Annotated[NextAction | None, Meta(description="what is done; null for who is not known or not eligible")]
    not_eligible_because: NotEligibleBecause = None
    not_eligible_code: WhyCode = None


class PlanAnswer(Struct, frozen=True):
    """The plan for a list of customers and a budget. Gains are net of cost, within `horizon_days`.

    The plan maximises `sure_gain`.
    """

    customers: Annotated[list[PlannedFor], Meta(description="one for each customer, in the order of the list")]
    budget: Annotated[float | None, Meta(description="the money there was, as asked; null: as much as pays")]
    cost: Annotated[float, Meta(description="money that the plan costs")]
    expected_gain: Annotated[float, Meta(description="money it is expected to bring, net of cost, within horizon_days")]
    sure_gain: Annotated[
        float,
        Meta(
            description="money, net of cost, within horizon_days: of measured effects what each gain exceeds with a chance of "
            "nine in ten, of assumed ones the assumption"
        ),
    ]
    gap: Annotated[float, Meta(description="by which share (0 to 1) of the upper bound the plan may at most miss the best one")]
    horizon_days: Annotated[int, Meta(description="days after the snapshot within which gains count")]
    currency: Currency
    assumed: Annotated[bool, Meta(description="whether any effect in it is one that nobody measured")]
    models: Models
    remarks: Annotated[list[str], Meta(description="what is to be said of the effects, for people, in English")]


Answers = Annotated[AnswerList, Meta(examples=[ANSWERS])]
RowAnswers = Annotated[AnswerList, Meta(examples=[ROW_ANSWERS])]
EventAnswers = Annotated[AnswerList, Meta(examples=[EVENT_ANSWERS])]
WhatIfSaid = Annotated[WhatIfAnswer, Meta(examples=[WHAT_IF])]
NearestSaid = Annotated[NearestAnswer, Meta(examples=[NEAREST])]
Planned = Annotated[PlanAnswer, Meta(examples=[PLAN])]
