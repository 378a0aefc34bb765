"""Bars that sum to a number: where each one begins and ends, as widths of inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 100.0  # of the picture, in units of its own
THINNEST = 0.6  # so that a share of next to nothing can be seen


@dataclass(frozen=True)
class Bar:
    """One bar: its left end and width, and whether it adds, takes away, or stands for itself."""

    x: float
    width: float
    kind: str  # base, up, down, total


@dataclass(frozen=True)
class Waterfall:
    """The bars of base, shares, rest and total, in this order, and where zero is."""

    bars: tuple[Bar, ...]
    zero: float


def waterfall(base: float, shares: Sequence[float], rest: float, total: float) -> Waterfall:
    """Each share begins where the one before it ended.

    >>> [(bar.x, bar.width, bar.kind) for bar in waterfall(50.0, [-30.0], 30.0, 50.0).bars]
    [(0.0, 100.0, 'base'), (40.0, 60.0, 'down'), (40.0, 60.0, 'up'), (0.0, 100.0, 'total')]
    """
    steps, at = [(0.0, base, "base")], base
    for share in (*shares, rest):
        steps.append((at, at + share, "up" if share >= 0 else "down"))
        at += share
    steps.append((0.0, total, "total"))
    low = min(min(begin, end) for begin, end, _ in steps)
    high = max(max(begin, end) for begin, end, _ in steps)
    scale = WIDTH / (high - low) if high > low else 0.0
    bars = (_bar((min(begin, end) - low) * scale, abs(end - begin) * scale, kind) for begin, end, kind in steps)
    return Waterfall(tuple(bars), round(-low * scale, 2))


def _bar(x: float, width: float, kind: str) -> Bar:
    width = max(width, THINNEST)
    return Bar(round(min(x, WIDTH - width), 2), round(width, 2), kind)
