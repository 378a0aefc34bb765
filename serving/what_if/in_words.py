"""What-if in words: changes as readers of a language say them, and what the answer is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.changes import Attribute, Change, Event, Settled
from models.languages import Language, writer

NOT_AN_EFFECT = (
    "What the models say of such a customer; not what making it happen would bring: only random treatments can tell that."
)


def say_changes(changes: tuple[Change, ...], currency: str, language: Language) -> str:
    """What would happen, in a few words.

    >>> say_changes((Event("orders", {"amount": 50.0, "category": "bags"}), Settled()), "GBP", "en")
    'an order of £50.00 (bags) and all open complaints settled'
    >>> say_changes((Event("orders", {"amount": 50.0, "product_id": "123", "quantity": 2.0}),), "GBP", "en")
    'an order of £50.00 (product_id 123, quantity 2)'
    >>> say_changes((Attribute("contract", "Two year"),), "USD", "zh")
    'contract改为“Two year”'
    """
    said = [_say(change, currency, language) for change in changes]
    if language == "zh":
        return "，并且".join(said)
    return " and ".join(said)


def _say(change: Change, currency: str, language: Language) -> str:
    is_english = language == "en"
    match change:
        case Event("orders", values):
            amount, details = writer("money", currency, language)(float(values["amount"])), _details(values, "amount", language)
            return f"an order of {amount}{details}" if is_english else f"下一笔{amount}的订单{details}"
        case Event("surveys", values):
            name, score = str(values["instrument"]).upper(), _plain(values["score"])
            article = "an" if name.startswith("N") else "a"
            return f"{article} {name} answer of {score}" if is_english else f"一次{score}分的{name}回答"
        case Event(_, values):
            kind, details = str(values["kind"]).replace("_", " "), _details(values, "kind", language)
            return f"a contact of kind {kind}{details}" if is_english else f"一次“{kind}”{details}"
        case Settled():
            return "all open complaints settled" if is_english else "所有未解决投诉均已解决"
        case Attribute(name, value):
            said = name.replace("_", " ")
            return f"{said} is {_plain(value)}" if is_english else f"{said}改为“{_plain(value)}”"


def _details(values: Mapping[str, Any], said: str, language: Language) -> str:
    """What else is known of an event, in brackets: a category speaks for itself, others with the name of their column."""
    rest = {name: _plain(value) for name, value in values.items() if name != said}
    details = [value if name == "category" else f"{name} {value}" for name, value in rest.items()]
    if not details:
        return ""
    return f" ({', '.join(details)})" if language == "en" else f"（{'、'.join(details)}）"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
