"""The satisfaction family the slow, obvious way.

The rules, in words (those for time and sums are in `raw_rows`):

- A score on a scale of its own is brought to the instrument's usual one: its lowest score to the lowest, its highest
  to the highest, what is between in proportion, to four decimal places.
- The last score is that of the last day with an answer. Of several answers of one day those that became known last
  count, and of several that became known on the same day, their mean.
- A customer recommends (1) from 9 of 10 on, is passive (0) from 7 on and advises against (-1) below, by the last score.
- The response rate is answers to any instrument over invitations (contacts of the kind survey_invite).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tests.reference.raw_rows import NAN, Answer, Asked, Contact, became_known, days_before, is_seen, quotient, total

USUAL_SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7), "rating": (1, 5)}


def satisfaction(
    all_answers: Sequence[Answer], all_contacts: Sequence[Contact] | None, as_of: date, asked: Asked
) -> dict[str, float]:
    """One customer's features from all her answers and contacts, seen or not."""
    answers = [each for each in all_answers if is_seen(each.occurred_at, each.recorded_at, as_of)]
    features: dict[str, float] = {}
    for instrument in asked.instruments:
        features |= of_instrument([each for each in answers if each.instrument == instrument], instrument, as_of)
    if "nps" in asked.instruments:
        features["nps_class"] = nps_class(features["nps_score_last"])
    if "survey_invite" in asked.kinds:
        seen = [each for each in all_contacts or () if is_seen(each.occurred_at, each.recorded_at, as_of)]
        features["survey_response_rate"] = quotient(len(answers), len([c for c in seen if c.kind == "survey_invite"]))
    return features


def of_instrument(answers: Sequence[Answer], name: str, as_of: date) -> dict[str, float]:
    mean = quotient(total(usual_score(each) for each in answers), len(answers))
    last = last_score(answers)
    return {
        f"{name}_answer_count": len(answers),
        f"{name}_score_last": last,
        f"{name}_score_mean": mean,
        f"{name}_score_last_less_mean": last - mean,
        f"days_since_last_{name}": min((days_before(as_of, each.occurred_at) for each in answers), default=NAN),
    }


def usual_score(answer: Answer) -> float:
    low, high = USUAL_SCALES[answer.instrument]
    own_low = low if answer.scale_min is None else answer.scale_min
    own_high = high if answer.scale_max is None else answer.scale_max
    return round(low + (answer.score - own_low) * (high - low) / (own_high - own_low), 4)


def last_score(answers: Sequence[Answer]) -> float:
    if not answers:
        return NAN
    when = max((each.occurred_at.date(), became_known(each.occurred_at, each.recorded_at)) for each in answers)
    scores = []
    for each in answers:
        if (each.occurred_at.date(), became_known(each.occurred_at, each.recorded_at)) == when:
            scores.append(usual_score(each))
    return total(scores) / len(scores)


def nps_class(score: float) -> float:
    if score >= 9:
        return 1
    if score >= 7:
        return 0
    return -1 if score < 7 else NAN
