"""One customer, as the page shows her: worth, standing and how it changed, numbers with reasons, what to do, what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from models.bundle import CHURN
from models.outcomes import teller
from models.value.quadrants import QUADRANTS
from models.value.settings import COMPONENTS
from models.value.standing import GROUPS, RFM_FIFTHS, SCORE
from models.value.worth import AT_RISK, INFLUENCE, LIFETIME, POTENTIAL, REALISED
from serving.desk.history import History, history_of
from serving.desk.language import Texts, text
from serving.desk.reasons import ExplainedNumber, explained
from serving.desk.scored_table import Row, Scored
from serving.desk.words import Words
from serving.scoring.value_layer import BEFORE, alerts_file, before_file
from serving.scoring.what_next import ranked

WORTH = (AT_RISK, REALISED, POTENTIAL, LIFETIME, INFLUENCE)
MEANINGS = {
    AT_RISK: text("risk of leaving times the value expected within the same days"),
    REALISED: text("{what} so far, less what winning and keeping cost"),
    POTENTIAL: text("{what} to expect within {days} days"),
    LIFETIME: text("realised and potential value, less contacts still to come"),
    INFLUENCE: text("what the customers are worth whom this one has brought"),
}
TASKS = {"churn": text("risk of leaving"), "clv": text("expected value"), "propensity": text("propensity")}
RISK_OF = {"orders": text("no order for {days} days"), "subscriptions": text("no subscription after {days} days")}
PARTS_OF_SCORE = {"value": text("value"), "satisfaction": text("satisfaction"), "loyalty": text("loyalty")}
FIFTHS = {"rfm_recency": text("recency"), "rfm_frequency": text("frequency"), "rfm_monetary": text("spend")}
LOWER, UPPER = "_lower_", "_upper_"


@dataclass(frozen=True)
class Fact:
    """A figure with its title and what it means, or why it is not known."""

    title: str
    value: str
    note: str = ""
    is_known: bool = True


@dataclass(frozen=True)
class ThenAndNow:
    """A figure or a group then and now."""

    title: str
    then: str
    now: str

    @property
    def is_one(self) -> bool:
        """Whether anything changed."""
        return self.then != self.now


@dataclass(frozen=True)
class Changes:
    """How a customer stood a horizon earlier; `why_none` where nothing is known of that."""

    before: str
    lines: list[ThenAndNow]
    alert: str
    why_none: str


@dataclass(frozen=True)
class NextBuy:
    """A category: the chance, what is usual, and how many times that."""

    category: str
    chance: str
    usual: str
    times: str
    stands_out: bool
    width: float


@dataclass(frozen=True)
class Suggestion:
    """What the plan does about her: the action, its price, the gain to expect, and what that is based on."""

    action: str
    does: bool
    cost: str
    gain: str
    basis: str
    basis_said: str


@dataclass(frozen=True)
class CustomerPage:
    """Everything the page of one customer shows."""

    customer_id: str
    not_eligible: str
    worth: list[Fact]
    score: str
    score_parts: list[tuple[str, str, float]]
    groups: list[Fact]
    strategy: str
    fifths: list[tuple[str, int]]
    changes: Changes
    risks: list[Fact]
    leaving: Fact | None
    expected: Fact | None
    explained: list[ExplainedNumber]
    unexplained: str
    next_buys: list[NextBuy]
    suggestion: Suggestion | None
    history: History | None
    models: list[tuple[str, str]]


def customer_of(scored: Scored, row: Row, say: Texts) -> CustomerPage:
    """`row` has the columns of the list; the rest is read from the file."""
    words = Words(scored, say)
    whole = scored.file.row(row["place"])
    customer_id = str(whole["customer_id"])
    return CustomerPage(
        customer_id=customer_id,
        not_eligible="" if whole["eligible"] else say.other(str(whole["not_eligible_because"] or "")),
        worth=[_worth(name, whole, words) for name in WORTH],
        score=words.value(whole, SCORE),
        score_parts=_score_parts(whole, say),
        groups=[Fact(words.title(name), words.value(whole, name)) for name in GROUPS if whole.get(name)],
        strategy=_strategy(whole, say),
        fifths=[(say(FIFTHS[name]), int(whole[name])) for name in RFM_FIFTHS if _has(whole, name)],
        changes=_changes(customer_id, whole, words),
        risks=_risks(whole, words),
        leaving=_leaving(whole, say),
        expected=_expected(whole, words),
        explained=explained(whole, words),
        unexplained=say.other(str(whole.get("explanation_unavailable") or "")),
        next_buys=_next_buys(whole, words),
        suggestion=_suggestion(row, words),
        history=history_of(scored, customer_id, say),
        models=[(say(TASKS.get(task, task)), version) for task, version in scored.models.items()],
    )


def _has(row: Row, name: str) -> bool:
    value = row.get(name)
    return value is not None and value == value


def _worth(name: str, row: Row, words: Words) -> Fact:
    say, value = words.say, words.scored.value
    if _has(row, name):
        days = value.horizon_days if value else 365
        what = say(text("margin") if value and value.is_of_margins else text("net spend"))
        meaning = say(MEANINGS[name], days=days, what=what)
        between = _between(row, name, say)
        note = say(text("{meaning} ({between})"), meaning=meaning, between=between) if between else meaning
        return Fact(words.title(name), words.value(row, name), note)
    return Fact(words.title(name), say(text("not known")), _why_unknown(name, row, words), is_known=False)


def _why_unknown(name: str, row: Row, words: Words) -> str:
    say, value = words.say, words.scored.value
    if name in row and not row["eligible"]:
        return say(text("this customer is not eligible"))
    if name == INFLUENCE:
        why = value.influence_unknown if value else None
        return say.other(why) if why else say(text("nobody records who brought whom"))
    if name == REALISED:
        return say(text("nothing tells what was earned so far"))
    if name not in row:
        return say(text("this project has no model of value"))
    return say(text("nothing tells of it for this customer"))


def _between(row: Row, name: str, say: Texts) -> str:
    """The interval of an amount in words, where there is one."""
    found = _interval(row, name)
    if found is None:
        return ""
    percent, lower, upper = found
    return say(text("{percent} %: {lower} to {upper}"), percent=percent, lower=say.money(lower), upper=say.money(upper))


def _interval(row: Row, name: str) -> tuple[str, float, float] | None:
    lower = next((one for one in row if one.startswith(f"{name}{LOWER}")), None)
    if lower is None or not _has(row, lower):
        return None
    percent = lower.rpartition("_")[2]
    upper = f"{name}{UPPER}{percent}"
    return (percent, float(row[lower]), float(row[upper])) if _has(row, upper) else None


def _score_parts(row: Row, say: Texts) -> list[tuple[str, str, float]]:
    parts = ((PARTS_OF_SCORE.get(name, name), row.get(f"score_{name}")) for name in COMPONENTS if _has(row, f"score_{name}"))
    return [(say(title), say.number(value), round(float(value or 0.0), 1)) for title, value in parts]


def _strategy(row: Row, say: Texts) -> str:
    found = next((one for one in QUADRANTS if one.name == row.get("quadrant")), None)
    return say.either(found.strategy, found.strategy_zh) if found else ""


def _changes(customer_id: str, row: Row, words: Words) -> Changes:
    scored, say = words.scored, words.say
    if scored.value is None or scored.value.before is None:
        return Changes("", [], "", say(text("There is no snapshot a horizon earlier to compare with.")))
    before = say.day(scored.value.before)
    then = scored.beside(before_file(scored.project), customer_id)
    if then is None or _date(then["as_of"]) != scored.value.before:
        return Changes(before, [], "", say(text("Not known as a customer on {day}."), day=before))
    unknown = say(text("not known"))
    lines = [
        ThenAndNow(words.title(name), words.value(then, name) or unknown, words.value(row, name) or unknown)
        for name in BEFORE
        if name in then and name in row
    ]
    alert = scored.beside(alerts_file(scored.project), customer_id)
    if alert and _date(alert["as_of"]) != scored.as_of:  # of a table that has come since
        alert = None
    return Changes(before, lines, say.either(alert["reason"], alert["reason_zh"]) if alert else "", "")


def _date(value: object) -> date:
    return date.fromisoformat(str(value)[:10])


def _risks(row: Row, words: Words) -> list[Fact]:
    """By horizon, the shortest first; the served one among them."""
    if not _has(row, CHURN):
        return []
    manifest = words.scored.manifest
    own, told_by = (manifest.horizon_days, teller("churn", manifest.words.mapped)) if manifest else (None, None)
    others = {
        int(days): name
        for name in row
        if name.startswith(f"{CHURN}_") and (days := name.removeprefix(f"{CHURN}_").removesuffix("d")).isdigit()
    }
    by_days = others | ({own: CHURN} if own else {})
    said = words.say(RISK_OF.get(told_by or "", text("within {days} days")))
    shown = [(days, row[name]) for days, name in sorted(by_days.items()) if _has(row, name)]
    return [Fact(said.format(days=days), words.say.share(risk)) for days, risk in shown]


def _leaving(row: Row, say: Texts) -> Fact | None:
    if "days_until_leaving" not in row:
        return None
    title = say(text("Days until gone for good"))
    if not _has(row, "days_until_leaving"):
        why = text("this customer is not eligible") if not row["eligible"] else text("the rhythm of orders is not known")
        return Fact(title, say(text("not known")), say(why), is_known=False)
    found = _interval(row, "days_until_leaving")
    if found is None:
        return Fact(title, say.days(row["days_until_leaving"]))
    percent, lower, upper = found
    between = say(text("{percent} %: {lower} to {upper}"), percent=percent, lower=say.days(lower), upper=say.days(upper))
    return Fact(title, say.days(row["days_until_leaving"]), between)


def _expected(row: Row, words: Words) -> Fact | None:
    name = words.scored.expected
    if name is None or not _has(row, name):
        return None
    return Fact(words.title(name), words.value(row, name), _between(row, name, words.say))


def _next_buys(row: Row, words: Words) -> list[NextBuy]:
    """In the order of `what_next`."""
    say, usual = words.say, words.scored.file.usual_chances
    names = [name for name in words.scored.propensities if _has(row, name) and usual.get(name)]
    if not names:
        return []
    chances = np.array([[float(row[name]) for name in names]])
    (found,) = ranked(names, [words.category(name) for name in names], [usual[name] for name in names], chances)
    return [
        NextBuy(
            category=one.category,
            chance=say.share(one.chance),
            usual=say.share(one.usual),
            times=say.number(one.lift, 1),
            stands_out=one.stands_out,
            width=round(100 * one.chance, 1),
        )
        for one in found
    ]


def _suggestion(row: Row, words: Words) -> Suggestion | None:
    plan, say = words.scored.plan, words.say
    if plan is None:
        return None
    line = next((one for one in plan.actions if one.name == row["action"]), None)
    if line is None:
        return Suggestion(say(text("nothing")), False, "", "", "", "")
    if line.basis == "measured":
        said = say(text("A trial has measured what this action changes."))
    else:
        share = say.share(line.effect or 0.0)
        said = say(text("Nobody has measured it: it is believed to save {share} of the value at risk."), share=share)
    gain, cost = say.money(row["expected_gain"]), say.money(row["cost"])
    return Suggestion(words.action(line.name), True, cost, gain, line.basis, said)
