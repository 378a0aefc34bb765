"""What-if over HTTP: one customer as she is and as the models would see her, and the nearest change under a risk."""

from __future__ import annotations

import re
from collections.abc import Sequence

from features.changes import Attribute, Event, Settled, typed, why_not
from features.changes import Change as Happening
from features.online import Events
from features.problems import BadInput
from models.inputs import Inputs
from serving.answers.champions import UNKNOWN, Champions
from serving.answers.errors import NotServed
from serving.answers.messages import Answer, Change, NearestAnswer, WhatIfAnswer
from serving.answers.requests import Add, AskNearest, AskWhatIf, SetAttribute, Settle
from serving.what_if.ask import Tried, WhatIf
from serving.what_if.in_words import NOT_AN_EFFECT, say_changes
from serving.what_if.plausible import plausible_changes

OF_COLUMN = re.compile(r"[a-z]+\.(\w+)(?:: | = | )(.*)", re.DOTALL)


def answer_what_if(champions: Champions, what_if: WhatIf, asked: AskWhatIf) -> WhatIfAnswer:
    """Before and after. Raises BadInput for what cannot happen."""
    customer_id, currency = asked.customer_id, champions.release.project.project.currency
    changes = typed([_change(one) for one in asked.changes], what_if.manifest.words)
    if why := champions.why_not(customer_id):
        before = Answer(customer_id, None if why == UNKNOWN else what_if.as_of, False, *why)
        return WhatIfAnswer("", "", before, None, champions.versions, NOT_AN_EFFECT)
    events = what_if.events(customer_id)
    tasks, names = tuple(champions.release.scorer.models), champions.release.scorer.features

    _refuse_impossible(changes, customer_id, events, what_if)

    def ask(some: Sequence[Happening]) -> Inputs:
        return Inputs.of(what_if.rows(customer_id, events, some), names)

    before, after = (
        champions.of_rows(ask(some), [customer_id], what_if.as_of, tasks, asked.top_reasons)[0] for some in ((), changes)
    )
    return WhatIfAnswer(
        text=say_changes(changes, currency, "en"),
        text_zh=say_changes(changes, currency, "zh"),
        before=before,
        after=after,
        models=champions.versions,
        remark=NOT_AN_EFFECT,
    )


def answer_nearest(champions: Champions, what_if: WhatIf, asked: AskNearest) -> NearestAnswer:
    """The smallest plausible changes that are enough. Raises NotServed where leaving is not predicted."""
    if "churn" not in champions.release.scorer.models:
        raise NotServed("the risk of leaving is not predicted here")
    project, currency = champions.release.project, champions.release.project.project.currency
    if why := champions.why_not(asked.customer_id):
        return NearestAnswer(asked.below, None, [], None, 0, champions.versions, NOT_AN_EFFECT, *why)
    events = what_if.events(asked.customer_id)
    options = plausible_changes(project, what_if.manifest, what_if.section, asked.customer_id, events)
    found = what_if.nearest(asked.customer_id, events, options, below=asked.below)
    return NearestAnswer(
        below=found.below,
        now=found.now,
        enough=[_said(one, currency) for one in found.enough],
        closest=_said(found.closest, currency) if found.closest else None,
        tried=found.tried,
        models=champions.versions,
        remark=NOT_AN_EFFECT,
    )


def _refuse_impossible(changes: Sequence[Happening], customer_id: str, events: Events, what_if: WhatIf) -> None:
    """Raises BadInput naming what cannot happen by its place in the request."""
    if problems := [
        _placed(k, change, said)
        for k, change in enumerate(changes)
        for said in why_not(change, customer_id, events, what_if.as_of, what_if.manifest.words, what_if.section)
    ]:
        raise BadInput(problems)


def _placed(k: int, change: Happening, said: str) -> str:
    """What is said of a column or attribute, with its path in the request."""
    of_column = OF_COLUMN.fullmatch(said)
    if of_column is None:
        return f"changes[{k}]: {said}"
    own = "value" if isinstance(change, Attribute) else f"values.{of_column[1]}"
    return f"changes[{k}].{own}: {of_column[2]}"


def _change(asked: Add | Settle | SetAttribute) -> Happening:
    match asked:
        case Add(table, values):
            return Event(table, values)
        case SetAttribute(name, value):
            return Attribute(name, value)
        case Settle():
            return Settled()


def _said(one: Tried, currency: str) -> Change:
    return Change(say_changes(one.changes, currency, "en"), say_changes(one.changes, currency, "zh"), one.churn_probability)
