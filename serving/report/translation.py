"""The page in Chinese: every text of it is looked up in zh.toml, which has the English text as the key, as gettext does.

A message may have slots, {a} and so on, for what varies, {n} for a number. What stands in a slot is translated too. Words
of the bundles (features, answers, reasons) bring their own Chinese; what comes from the company's data stays as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

from models.languages import UNITS

FILE = Path(__file__).parent / "zh.toml"
SHOWN_ATTRIBUTES = ("title", "aria-label", "data-says")
UNTOUCHED = frozenset({"script", "style", "code", "pre"})
SURE = 10  # characters outside slots; of a shorter message every slot has to be understood
SLOT = re.compile(r"\{(\w+)\}")
NUMBER = r"[-+]?[£€$¥]?-?[\d,]*\.?\d+"
UNIT = {word.strip(): zh for one, several, zh in UNITS.values() for word in (one, several) if word}
DATES = {
    "%d %b %Y": "{0.year}年{0.month}月{0.day}日",
    "%b %Y": "{0.year}年{0.month}月",
    "%Y-%m-%d": "{0.year}年{0.month}月{0.day}日",
}


@dataclass(frozen=True)
class Message:
    """One English text with slots, as a pattern, and what it is in Chinese."""

    pattern: re.Pattern[str]
    zh: str
    literal: int  # characters outside slots: of several that fit, the one with most is meant

    @classmethod
    def of(cls, en: str, zh: str) -> Message:
        """A slot stands for something within a sentence, one that is called n for a number."""
        parts = SLOT.split(en)
        slots = {name: NUMBER if name[0] == "n" else r"(?:(?!\. [A-Z]|; ).)+?" for name in parts[1::2]}
        pattern = "".join(re.escape(part) if k % 2 == 0 else f"(?P<{part}>{slots[part]})" for k, part in enumerate(parts))
        return cls(re.compile(pattern), zh, sum(map(len, parts[::2])))


@dataclass(frozen=True)
class Chinese:
    """Translates texts; `known` are those that bring their own Chinese."""

    known: Mapping[str, str]

    @cached_property
    def _messages(self) -> tuple[dict[str, str], list[Message]]:
        written = tomllib.loads(FILE.read_text(encoding="utf-8"))
        exact = {en: zh for en, zh in written.items() if not SLOT.search(en)}
        some = [Message.of(en, zh) for en, zh in written.items() if SLOT.search(en)]
        return exact | dict(self.known), sorted(some, key=lambda message: -message.literal)

    def say(self, text: str) -> str | None:
        """A text in Chinese; None where no message fits."""
        exact, messages = self._messages
        if text in exact:
            return exact[text]
        if not re.search("[A-Za-z]", text):
            return _value(text) or text.replace(" %", "%")
        sure, unsure = ([m for m in messages if (m.literal >= SURE) == is_sure] for is_sure in (True, False))
        return (
            self._with_slots(text, sure, all_understood=False)
            or _value(text)
            or self._with_slots(text, unsure, all_understood=True)
            or self._several(text)
        )

    def _with_slots(self, text: str, messages: list[Message], *, all_understood: bool) -> str | None:
        """By the message with most literal characters that fits."""
        for message in messages:
            if found := message.pattern.fullmatch(text):
                slots = {name: self.say(slot) for name, slot in found.groupdict().items()}
                if not all_understood or None not in slots.values():
                    return message.zh.format(**{name: said or found[name] for name, said in slots.items()})
        return None

    def _several(self, text: str) -> str | None:
        """A list, or several sentences, each by itself."""
        for separator, glue in ((r"(?<=[.:]) (?=[A-Z])", ""), ("; ", "；"), (", | and ", "、")):
            parts = re.split(separator, text)
            if len(parts) > 1 and all(said := [self.say(part) for part in parts]):
                return glue.join(str(one) for one in said)
        return None


def translations(page: str, chinese: Chinese, more: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The Chinese of every text of a page and of `more` texts that scripts show, and the texts that have none."""
    found, missing = {}, []
    for text in dict.fromkeys([*shown_texts(page), *more]):
        said = chinese.say(text)
        if said is None:
            missing.append(text)
        elif said != text:
            found[text] = said
    return found, missing


def shown_texts(page: str) -> list[str]:
    """Every text that a reader sees, spaces made one; the lines of a label in a picture are one text."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return [text for text in dict.fromkeys(reader.texts) if text]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._within: list[str] = []
        self._label: list[str] | None = None  # of a picture, while its lines are read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within.append(tag)
        if tag == "g":
            self._close_label()
            self._label = []
        self.texts += [_plain(value) for name, value in attrs if name in SHOWN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop() != tag:
            pass
        if tag in ("g", "svg"):
            self._close_label()

    def handle_data(self, text: str) -> None:
        if UNTOUCHED & set(self._within):
            return
        if "text" in self._within and self._label is not None:
            self._label.append(_plain(text))
        else:
            self.texts.append(_plain(text))

    def _close_label(self) -> None:
        if self._label:
            self.texts.append(" ".join(filter(None, self._label)))
        self._label = None


def _plain(text: str) -> str:
    return " ".join(text.split())


def _value(text: str) -> str | None:
    """Dates, amounts, and numbers with a unit."""
    for form, zh in DATES.items():
        if when := _parsed(text, form):
            return zh.format(when)
    if when := _parsed(f"{text} 2000", "%d %B %Y"):
        return f"{when.month}月{when.day}日"
    if found := re.fullmatch(rf"({NUMBER}) (.+)", text):
        number, unit = found.groups()
        if unit in UNIT:
            return f"{number}{UNIT[unit]}"
        if re.fullmatch("[A-Z]{3}", unit) or unit == "x":
            return f"{number}倍" if unit == "x" else text
    return None


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None
