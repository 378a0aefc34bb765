"""The axes of the pictures: where 99 % of the customers lie, logarithmic where amounts differ much, and ticks to be read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axis import Axis, XAxis, YAxis
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
WIDE_RANGE = 30  # amounts that differ by more than this factor are drawn on a log scale
TAIL = 0.005  # of the customers at either end may be left out
WORTH_A_CUT = 0.25  # of the inner range: by how much a tail must stretch the axis to be left out
MARGIN = 0.04  # of the axis, beyond its last dots
TICKS_MAX = 6


def inner_ends(values: Floats) -> tuple[float, float]:
    """Where to begin and end an axis: at the last values, but without the half per cent at an end that would stretch it.

    >>> inner_ends(np.array([*range(1_000), 90_000.0]))
    (0.0, 995.0)
    >>> inner_ends(np.arange(5.0))
    (0.0, 4.0)
    """
    lowest, low, high, highest = np.quantile(values, [0, TAIL, 1 - TAIL, 1]).tolist()
    enough = WORTH_A_CUT * (high - low) if high > low else highest - lowest
    return lowest if low - lowest <= enough else low, highest if highest - high <= enough else high


def with_margins(low: float, high: float) -> tuple[float, float]:
    """A little further out on both sides, so that no dot is cut in half.

    >>> with_margins(0, 100)
    (-4.0, 104.0)
    """
    margin = MARGIN * (high - low) or 0.5
    return low - margin, high + margin


def within(axis: XAxis | YAxis, values: Floats) -> Bools:
    """Which values are shown, after the axis was cut to where most of them are, on its own scale."""
    scale = axis.get_transform()
    places = np.asarray(scale.transform(values), dtype=np.float64)
    low, high = with_margins(*inner_ends(places))
    axis.axes.set(**{f"{axis.axis_name}lim": scale.inverted().transform(np.array([low, high]))})
    return (places >= low) & (places <= high)


def is_wide(amounts: Floats) -> bool:
    """Whether amounts differ so much that on a plain scale most of them would lie on one another."""
    size = np.abs(amounts[amounts != 0])
    return len(size) > 0 and bool(size.max() > WIDE_RANGE * size.min())


def log_scale(amounts: Floats, *set_scale: Callable[..., None]) -> tuple[float, float]:
    """A log scale that holds all amounts, linear near zero where some are not above it; its ends."""
    low, high, near = amounts.min(), amounts.max(), np.abs(amounts[amounts != 0]).min()
    for set_one in set_scale:
        if low > 0:
            set_one("log")
        else:
            set_one("symlog", linthresh=near)
    return float(low / 1.3 if low > 0 else low * 1.3), float(high * 1.3 if high > 0 else near)


def symlog_where_wide(set_scale: Callable[..., None], values: Floats) -> None:
    """Linear near zero and logarithmic further out, where sizes differ much."""
    size = np.abs(values[values != 0])
    if len(size) and np.quantile(size, 1 - TAIL) > WIDE_RANGE * (near := np.quantile(size, 0.25)):
        set_scale("symlog", linthresh=near)


def plain_ticks(*axis: Axis, unit: str) -> None:
    """Percent for probabilities, 1,000 for everything else."""
    say = (lambda value, _: f"{value:.0%}") if unit == "probability" else (lambda value, _: f"{value:,.10g}")
    for one in axis:
        one.set_major_formatter(FuncFormatter(say))


def plain_log_ticks(ends: tuple[float, float], *axis: Axis) -> None:
    """1, 3, 10, 30 ... between two ends; powers of ten only where they are far apart, and 1, 2, 5 where they are near.

    Ends on both sides of zero have zero and powers of ten.
    """
    for one in axis:
        one.set_major_locator(FixedLocator(_log_ticks(*ends) if ends[0] > 0 else _symlog_ticks(one, ends)))
        one.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        one.set_minor_locator(NullLocator())
        one.set_minor_formatter(NullFormatter())


def _log_ticks(low: float, high: float) -> list[float]:
    first, last = np.floor(np.log10(low)), np.ceil(np.log10(high))
    steps = (1.0, 2.0, 5.0) if last - first <= 2 else (1.0, 3.0) if last - first <= 5 else (1.0,)
    ticks = [step * 10.0**power for power in np.arange(first, last + 1) for step in steps]
    return [tick for tick in ticks if low <= tick <= high]


def _symlog_ticks(axis: Axis, ends: tuple[float, float]) -> list[float]:
    powers = 10.0 ** np.arange(-3, np.ceil(np.log10(max(map(abs, ends)))) + 1)
    return apart(np.array([0.0, *powers, *-powers]), ends, axis.get_transform().transform)


def apart(ticks: Floats, ends: tuple[float, float], place: Callable[[Floats], Floats], *, most: int = TICKS_MAX) -> list[float]:
    """The ticks between two ends that lie far enough apart to be read, those nearest to zero before others.

    >>> apart(np.array([-10.0, 0, 1, 2, 3, 4, 5, 6, 7]), (0, 7), lambda values: values)
    [0.0, 2.0, 4.0, 6.0]
    """
    low, high = place(np.array(ends))
    nearest = (high - low) / most - 1e-9
    kept: list[float] = []
    for tick in sorted(ticks[(ticks >= ends[0]) & (ticks <= ends[1])].tolist(), key=abs):
        if all(abs(place(np.array(tick)) - place(np.array(other))) >= nearest for other in kept):
            kept.append(tick)
    return sorted(kept)


def fix_ticks(axis: Axis) -> None:
    """At most a few of the ticks, and none between them."""
    low, high = axis.get_view_interval()
    ticks = apart(np.asarray(axis.get_majorticklocs()), (low, high), axis.get_transform().transform)
    axis.set_minor_locator(NullLocator())
    axis.set_major_locator(FixedLocator(ticks))
