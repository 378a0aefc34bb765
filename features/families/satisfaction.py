"""The satisfaction family: scores of each survey instrument, their age and trend, NPS class, response rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis

from features.definitions import DaysSinceLast, Difference, Latest, Ratio, Step, Sum
from features.feature import Feature, Usual, Words, step
from features.known import FACT_KEY, with_days
from features.tables import EXACT, SCALES

INVITE = "survey_invite"  # the kind of interaction that asks for an answer
NPS_PASSIVE, NPS_PROMOTER = 7, 9  # Reichheld 2003: detractors 0 to 6, passives 7 and 8, promoters 9 and 10


def satisfaction_features(words: Words) -> list[Feature]:
    """What answers to surveys tell, in column order."""
    features = [feature for instrument in words.instruments for feature in _instrument(instrument)]
    if "nps" in words.instruments:
        features.append(Feature("nps_class", "satisfaction", "points", "recommendation by the last answer, from -1 (detractor) to 1 (promoter)", "最近一次回答的NPS类别，从-1（贬损者）到1（推荐者）", Step("nps_score_last", NPS_PASSIVE, NPS_PROMOTER), 1))  # fmt: skip
    if INVITE in words.kinds:
        features += [
            step("_invite_count", Sum(f"interactions.count_of_{INVITE}")),
            step("_answer_count", Sum("surveys.answer_count")),
            Feature("survey_response_rate", "satisfaction", "share", "answers over survey invitations so far", "问卷回复率", Ratio("_answer_count", "_invite_count")),
        ]  # fmt: skip
    return features


def _instrument(name: str) -> list[Feature]:
    said = name.upper() if name in ("nps", "csat", "ces") else name
    return [
        Feature(f"{name}_answer_count", "satisfaction", "answers", f"{said} answers so far", f"累计{said}回答次数", Sum(f"surveys.{name}_count")),
        Feature(f"{name}_score_last", "satisfaction", "points", f"last {said} score", f"最近一次{said}得分", Latest(f"surveys.{name}_score"), 1, usual=Usual(feature=f"{name}_score_mean")),
        step(f"_{name}_score_sum", Sum(f"surveys.{name}_total")),
        Feature(f"{name}_score_mean", "satisfaction", "points", f"average {said} score", f"{said}平均得分", Ratio(f"_{name}_score_sum", f"{name}_answer_count"), 1),
        Feature(f"{name}_score_last_less_mean", "satisfaction", "points", f"last {said} score less the average", f"最近一次{said}得分与平均分之差", Difference(f"{name}_score_last", f"{name}_score_mean"), 1),
        Feature(f"days_since_last_{name}", "satisfaction", "days", f"days since the last {said} answer", f"距上次{said}回答天数", DaysSinceLast(f"surveys.{name}_count")),
    ]  # fmt: skip


def survey_facts(surveys: ibis.Table, words: Words) -> ibis.Table:
    """One row per customer, day and known day: answers, and per instrument their number, total and mean that day.

    Scores on a scale of their own are brought to the instrument's usual one.
    """
    answers = with_days(surveys)
    answers = answers.mutate(score=_on_usual_scale(answers).cast(EXACT))
    sums: dict[str, ibis.Value] = {"answer_count": answers.count()}
    for instrument in words.instruments:
        own = answers.instrument == instrument
        total, count = answers.score.sum(where=own), own.sum().cast("int64")
        sums[f"{instrument}_count"] = count
        sums[f"{instrument}_total"] = total.fill_null(0).cast(EXACT)
        sums[f"{instrument}_score"] = total.cast("float64") / count.cast("float64").nullif(0)
    return answers.group_by(FACT_KEY).agg(**sums)


def on_usual_scale(answer: Mapping[str, Any]) -> float:
    """The score of one answer, a row of surveys, on the instrument's usual scale."""
    low, high = SCALES[answer["instrument"]]
    own_low, own_high = own_scale(answer)
    return low + (float(answer["score"]) - own_low) * (high - low) / (own_high - own_low)


def own_scale(answer: Mapping[str, Any]) -> tuple[float, float]:
    """The lowest and the highest score one answer can have."""
    given = (answer.get("scale_min"), answer.get("scale_max"))
    low, high = (usual if end is None else float(end) for end, usual in zip(given, SCALES[answer["instrument"]], strict=True))
    return low, high


def _on_usual_scale(answers: ibis.Table) -> ibis.Value:
    if not {"scale_min", "scale_max"} & set(answers.columns):
        return answers.score
    low, high = (ibis.cases(*((answers.instrument == name, scale[end]) for name, scale in SCALES.items())) for end in (0, 1))
    own_low, own_high = (
        answers[name].cast("float64").fill_null(usual) if name in answers.columns else usual
        for name, usual in (("scale_min", low), ("scale_max", high))
    )
    usual = low + (answers.score.cast("float64") - own_low) * (high - low) / (own_high - own_low)
    return ibis.ifelse((own_low == low) & (own_high == high), answers.score.cast("float64"), usual)
