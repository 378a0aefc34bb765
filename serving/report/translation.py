"""The page in Chinese: every text of it is looked up in zh.toml, which has the English text as the key, as gettext does.

A message may have slots for what varies. {n}, {n2} stand for a number; {data}, {data2} for what stays as it is, such as a code
name; any other slot for words that are translated in their turn. A message fits only where all its slots are understood, so
that no English is left within Chinese. Words of the bundles (features, answers, reasons) bring their own Chinese.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path

from models.languages import UNITS
from serving.report.shown import shown_texts

FILE = Path(__file__).parent / "zh.toml"
SLOT = re.compile(r"\{(\w+)\}")
NUMBER = re.compile(r"[-+]?(?:[A-Z]{0,3}[£€$¥]|[A-Z]{3} )?-?[\d,]*\.?\d+")  # an amount has its currency before it
LETTER = re.compile("[A-Za-z]")
CLAUSES = {r"(?<=\.) (?=[A-Z\d])": "", "; ": "；", r"(?<=:) ": ""}  # what they are split at, and what joins them in Chinese
ENDS = re.compile(r"\. [A-Z]|; ")  # of what a slot may stand for
PARTS = re.compile(", | and ")  # of a list
LONGEST = 400  # characters of it, so that odd texts are soon given up
UNIT = {word.strip(): zh for one, several, zh in UNITS.values() for word in (one, several) if word}
DATES = {
    "%d %b %Y": "{0.year}年{0.month}月{0.day}日",
    "%b %Y": "{0.year}年{0.month}月",
    "%Y-%m-%d": "{0.year}年{0.month}月{0.day}日",
}


@dataclass(frozen=True)
class Message:
    """One English text cut at its slots, and what it is in Chinese."""

    words: tuple[str, ...]  # before, between and after the slots
    slots: tuple[str, ...]
    zh: str

    @classmethod
    def of(cls, en: str, zh: str) -> Message:
        """An entry of the catalogue."""
        parts = SLOT.split(en)
        return cls(tuple(parts[::2]), tuple(parts[1::2]), zh)

    @property
    def literal(self) -> int:
        """Characters outside slots: of several messages that fit, the one with most is meant."""
        return sum(map(len, self.words))

    @property
    def has_parts(self) -> bool:
        """Whether it has words that would part a list, too."""
        return any(PARTS.search(words) for words in self.words)


@cache
def catalogue() -> Mapping[str, str]:
    """The messages of zh.toml."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Chinese:
    """Translates texts; `known` are those that bring their own Chinese, all others are in the catalogue."""

    known: Mapping[str, str]
    messages: Mapping[str, str] = field(default_factory=catalogue)
    _said: dict[str, str | None] = field(default_factory=dict)

    def say_text(self, text: str) -> str | None:
        """A whole text of the page: a word that the company's data happen to have too is the page's."""
        return self.messages[text] if text in self.messages and self.known.get(text) == text else self.say(text)

    def say(self, text: str) -> str | None:
        """A text or a part of one in Chinese; None where it is not understood."""
        if text not in self._said:
            self._said[text] = self._say(text)
        return self._said[text]

    def _say(self, text: str) -> str | None:
        if found := self.known.get(text) or self.messages.get(text):
            return found
        if not LETTER.search(text) and "(" not in text:
            return _value(text) or text.replace(" %", "%").replace(", ", "、")
        ways = (_value, self._with_parts, self._clauses, self._list, self._without_parts, self._in_small_letters)
        return next(filter(None, (way(text) for way in ways)), None)

    @cached_property
    def _slotted(self) -> tuple[list[Message], list[Message]]:
        """The messages with slots, the most specific first: those that have the words of a list in them, and the others."""
        found = sorted((Message.of(*pair) for pair in self.messages.items() if SLOT.search(pair[0])), key=lambda m: -m.literal)
        return [message for message in found if message.has_parts], [message for message in found if not message.has_parts]

    def _with_parts(self, text: str) -> str | None:
        """By a message that says how the parts of a text belong together, before the text is taken for a list of them."""
        return self._by_one_of(self._slotted[0], text)

    def _without_parts(self, text: str) -> str | None:
        return self._by_one_of(self._slotted[1], text)

    def _by_one_of(self, messages: Iterable[Message], text: str) -> str | None:
        """By the first message that fits."""
        for message in messages:
            if filled := next(self._fillings(text, message.words, message.slots), None):
                return message.zh.format(**dict(zip(message.slots, filled, strict=True)))
        return None

    def _fillings(self, text: str, words: tuple[str, ...], slots: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """The Chinese of what stands between `words`, in every way in which all of it is understood."""
        first, *rest = words
        if not text.startswith(first):
            return
        text = text[len(first) :]
        if len(slots) == 1:
            if text.endswith(rest[0]) and (said := self._slot(slots[0], text[: len(text) - len(rest[0])])):
                yield (said,)
            return
        at = text.find(rest[0], 1)
        while at > 0:
            if said := self._slot(slots[0], text[:at]):
                yield from ((said, *more) for more in self._fillings(text[at:], tuple(rest), slots[1:]))
            at = text.find(rest[0], at + 1)

    def _slot(self, name: str, text: str) -> str | None:
        if not text or len(text) > LONGEST or ENDS.search(text):
            return None
        if name.startswith("data"):
            return text
        if name.startswith("n"):
            return text if NUMBER.fullmatch(text) else None
        return self.say(text)

    def _clauses(self, text: str) -> str | None:
        """Several sentences, or parts of one, each by itself."""
        for separator, glue in CLAUSES.items():
            parts = re.split(separator, text)
            if len(parts) > 1 and all(said := [self.say(part) for part in parts]):
                return glue.join(map(str, said))
        return None

    def _list(self, text: str) -> str | None:
        """A list of words, which may have commas in them: the first one and the others."""
        for found in PARTS.finditer(text) if len(text) <= LONGEST else ():
            if (first := self.say(text[: found.start()])) and (others := self.say(text[found.end() :])):
                return f"{first}、{others}"
        return None

    def _in_small_letters(self, text: str) -> str | None:
        """A text that begins with a capital letter only because it stands at the head of something."""
        return self.say(text[0].lower() + text[1:]) if text[:1].isupper() else None


def translations(page: str, chinese: Chinese, more: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The Chinese of every text of a page and of `more` texts that scripts show, and the texts that have none."""
    found, missing = {}, []
    for text in dict.fromkeys([*shown_texts(page), *more]):
        said = chinese.say_text(text)
        if said is None:
            missing.append(text)
        elif said != text:
            found[text] = said
    return found, missing


def _value(text: str) -> str | None:
    """Dates, amounts, and numbers with a unit."""
    for form, zh in DATES.items():
        if when := _parsed(text, form):
            return zh.format(when)
    if when := _parsed(f"{text} 2000", "%d %B %Y"):
        return f"{when.month}月{when.day}日"
    if NUMBER.fullmatch(text):
        return text
    number, _, unit = text.partition(" ")
    if NUMBER.fullmatch(number) and (unit == "x" or unit in UNIT):
        return f"{number}{'倍' if unit == 'x' else UNIT[unit]}"
    return None


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None
