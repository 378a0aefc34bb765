"""What-if answers on the screen: the numbers before and after, why, and the nearest change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from features.changes import Attribute, Change, Event, Settled, WhatIfSection, typed
from features.problems import BadInput
from features.project import Project
from models.bundle import CHURN
from models.languages import writer
from serving.what_if.ask import Nearest, Said, WhatIf
from serving.what_if.in_words import NOT_AN_EFFECT, say_changes
from serving.what_if.plausible import plausible_changes


def read_changes(adds: Sequence[Sequence[str]], sets: Sequence[str], *, settle: bool) -> tuple[Change, ...]:
    """Changes as they are written on the command line: TABLE column=value ..., name=value; all values are text.

    Raises BadInput for other words.
    """
    if wrong := [word for words in [*(add[1:] for add in adds), sets] for word in words if "=" not in word]:
        raise BadInput([f"{word}: expected name=value" for word in wrong])
    events = [Event(table, dict(_pair(word) for word in words)) for table, *words in adds]
    return (*events, *([Settled()] if settle else []), *(Attribute(*_pair(word)) for word in sets))


def show_what_if(project: Project, section: WhatIfSection, customer_id: str, changes: tuple[Change, ...]) -> str:
    """One customer as she is and as she would be."""
    what_if = WhatIf.open(project, section)
    events, changes = what_if.events(customer_id), typed(changes, what_if.manifest.words)
    before, after = what_if.said(customer_id, events), what_if.said(customer_id, events, changes)
    currency = project.project.currency
    return "\n".join(
        [
            f"  customer {customer_id} as of {what_if.as_of}, and with {say_changes(changes, currency, 'en')}",
            *_side_by_side(what_if, before, after, currency),
            f"\n  {NOT_AN_EFFECT}",
        ]
    )


def show_nearest(project: Project, section: WhatIfSection, customer_id: str, below: float) -> str:
    """The smallest plausible changes that bring one customer's risk of leaving below a threshold."""
    what_if = WhatIf.open(project, section)
    events = what_if.events(customer_id)
    options = plausible_changes(project, what_if.manifest, section, customer_id, events)
    found = what_if.nearest(customer_id, events, options, below=below)
    lines = say_nearest(found, project.project.currency)
    return "\n".join(
        [f"  customer {customer_id} as of {what_if.as_of}", *(f"  {line}" for line in lines), f"\n  {NOT_AN_EFFECT}"]
    )


def say_nearest(found: Nearest, currency: str) -> list[str]:
    """In sentences."""
    now, below = f"{100 * found.now:.1f} %", f"{100 * found.below:.1f} %"
    if found.now < found.below:
        return [f"The risk of leaving is {now}: below {below} already."]
    lines = [f"The risk of leaving is {now}. {found.tried} plausible changes were tried."]
    for one in found.enough:
        lines.append(f"It would be {100 * one.churn_probability:.1f} % with {say_changes(one.changes, currency, 'en')}.")
    if found.enough:
        return lines
    if found.closest is None or found.closest.churn_probability >= found.now:
        return [*lines, f"None brings it below {below}, and none lowers it."]
    closest = f"{say_changes(found.closest.changes, currency, 'en')}: {100 * found.closest.churn_probability:.1f} %"
    return [*lines, f"None brings it below {below}; the closest is {closest}."]


def _side_by_side(what_if: WhatIf, before: Said, after: Said, currency: str) -> Iterator[str]:
    for task, model in what_if.scorer.models.items():
        for output in model.bundle.contract.outputs:
            write = writer("money" if task == "clv" else "share", currency, "en")
            was, would_be = write(before.numbers[output.name]), write(after.numbers[output.name])
            yield f"\n  {output.label}: {was} -> {would_be}"
            if output.name == CHURN or task == "clv":
                for said, standing in (("as is", before), ("then", after)):
                    explained = standing.explained.explanations.get(output.name)
                    texts = (
                        [reason.text for reason in explained.reasons] if explained else [standing.explained.unavailable or ""]
                    )
                    yield from (f"    {said:6} {text}" for text in texts)


def _pair(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name, value
