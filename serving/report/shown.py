"""The texts of a page that a reader sees: those between tags, and those of attributes that are shown or read aloud."""

from __future__ import annotations

from html.parser import HTMLParser

SHOWN_ATTRIBUTES = ("title", "aria-label", "data-says")
UNTOUCHED = frozenset({"script", "style", "code", "pre"})
STAYS = ("translate", "no")  # what HTML marks as nobody's language


def shown_texts(page: str) -> list[str]:
    """Every text once, spaces made one; the lines of a label in a picture are one text.

    >>> shown_texts('<p title="a hint">one <b>two</b></p><code>no</code><td translate="no">C12</td>')
    ['a hint', 'one', 'two']
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return [text for text in dict.fromkeys(reader.texts) if text]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._within: list[tuple[str, bool]] = []  # open elements, and whether their text is left alone
        self._label: list[str] | None = None  # of a picture, while its lines are read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within.append((tag, self._is_untouched or tag in UNTOUCHED or STAYS in attrs))
        if tag == "g":
            self._close_label()
            self._label = []
        self.texts += [_plain(value) for name, value in attrs if name in SHOWN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop()[0] != tag:
            pass
        if tag in ("g", "svg"):
            self._close_label()

    def handle_data(self, text: str) -> None:
        if self._is_untouched:
            return
        if self._label is not None and any(tag == "text" for tag, _ in self._within):
            self._label.append(_plain(text))
        else:
            self.texts.append(_plain(text))

    @property
    def _is_untouched(self) -> bool:
        return bool(self._within) and self._within[-1][1]

    def _close_label(self) -> None:
        if self._label:
            self.texts.append(" ".join(filter(None, self._label)))
        self._label = None


def _plain(text: str) -> str:
    return " ".join(text.split())
