"""The pictures of a model: which date did what, predicted against actual, what drives it, and whom it scored.

Names of categories and features are somebody's data: they are drawn as they are, never read as mathematics.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from html import escape
from textwrap import fill, shorten

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.dates import AutoDateLocator, DateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter
from numpy.typing import NDArray

from models.contract import InputColumn, Roles
from models.evaluation import OutputEvaluation
from models.plot_scales import (
    apart,
    fix_ticks,
    inner_ends,
    is_wide,
    log_scale,
    plain_log_ticks,
    plain_ticks,
    symlog_where_wide,
    with_margins,
    within,
)
from models.reasons.shares import Shares

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
INK, FAINT, GRID = "#22303c", "#8b98a3", "#dfe4e8"
MODEL, ACTUAL, UNKNOWN = "#1f6f8b", "#e07a3f", "#a9b2b9"
LOW_TO_HIGH = LinearSegmentedColormap.from_list("low_to_high", [MODEL, "#e3c77b", "#c1440e"])
LABEL_CHARACTERS, LABEL_LINES = 38, 2
BARS, BEESWARM_ROWS_MIN, BEESWARM_ROWS_MAX = 40, 4, 12
WHOLE = re.compile(r"\.0+$")  # cents of a round amount
DOTS_PER_INCH = 160  # of what is drawn as dots inside an SVG
TWO_VALUES_MIDDLE = 0.9  # of the customers with a value, whose shares the line of it holds


def calibration_plot(evaluation: OutputEvaluation, *, unit: str, small: bool = False) -> Figure:
    """Predicted against actual for tenths of the customers; on the dashed line they agree.

    Amounts are on a log scale where they differ much. Small pictures share their ends, so that they can be compared.
    """
    figure, axes = _figure(2.7, 2.45) if small else _figure(4.4, 3.9)
    predicted = [tenth.predicted for tenth in evaluation.tenths]
    actual = [tenth.actual for tenth in evaluation.tenths]
    both = np.array([*predicted, *actual])
    ends = (min(0.0, both.min()), both.max() * 1.05 or 1.0)
    if small and unit == "probability":
        ends = (0.0, 1.0)
    if has_log_tenths(evaluation, unit=unit):
        ends = log_scale(both, axes.set_xscale, axes.set_yscale)
        plain_log_ticks(ends, axes.xaxis, axes.yaxis)
    else:
        plain_ticks(axes.xaxis, axes.yaxis, unit=unit)
    axes.grid(color=GRID, linewidth=0.6)
    axes.plot(ends, ends, linestyle=(0, (4, 3)), color=FAINT, linewidth=1)
    axes.plot(predicted, actual, marker="o", markersize=4 if small else 5.5, color=MODEL, linewidth=1.4)
    axes.set(xlim=ends, ylim=ends, aspect="equal", xlabel=f"predicted ({unit})", ylabel=f"actual ({unit})")
    return figure


def tenths_plot(evaluation: OutputEvaluation, *, unit: str) -> Figure:
    """Predicted and actual side by side for tenths of the customers, lowest prediction first.

    Bars, or dots on a log scale where amounts differ much: the bars of most tenths would be too low to be seen.
    """
    figure, axes = _figure(5.8, 3.9)
    place = np.arange(1, len(evaluation.tenths) + 1)
    predicted = np.array([tenth.predicted for tenth in evaluation.tenths])
    actual = np.array([tenth.actual for tenth in evaluation.tenths])
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    if has_log_tenths(evaluation, unit=unit):
        axes.plot(place - 0.12, predicted, "o", markersize=7, color=MODEL, label="predicted")
        axes.plot(place + 0.12, actual, "o", markersize=7, color=ACTUAL, label="actual")
        ends = log_scale(np.concatenate([predicted, actual]), axes.set_yscale)
        axes.set_ylim(ends)
        plain_log_ticks(ends, axes.yaxis)
    else:
        axes.bar(place - 0.2, predicted, width=0.38, color=MODEL, label="predicted")
        axes.bar(place + 0.2, actual, width=0.38, color=ACTUAL, label="actual")
        plain_ticks(axes.yaxis, unit=unit)
    axes.set_xticks(place)
    axes.tick_params(axis="x", length=0)
    axes.set(xlabel="tenth of the customers, lowest prediction first", ylabel=f"mean per customer ({unit})")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False, labelcolor=INK)
    return figure


def has_log_tenths(evaluation: OutputEvaluation, *, unit: str) -> bool:
    """Whether the tenths differ so much that they are drawn on a log scale."""
    both = np.array([number for tenth in evaluation.tenths for number in (tenth.predicted, tenth.actual)])
    return unit != "probability" and is_wide(both)


def drivers_plot(found: Shares, output: int, inputs: tuple[InputColumn, ...], *, top: int = 12) -> Figure:
    """The mean size of the shares of the most influential features."""
    size = np.abs(found.values[:, output, :]).mean(axis=0)
    order = np.argsort(size)[-top:]
    figure, axes = _figure(5.8, 0.36 * len(order) + 0.8)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.barh(np.arange(len(order)), size[order], height=0.62, color=MODEL)
    axes.tick_params(axis="y", length=0)
    _name_rows(axes, [inputs[i].meaning for i in order])
    axes.set_xlabel(f"mean size of the share ({_scale(found)})")
    return figure


def beeswarm_plot(found: Shares, output: int, inputs: tuple[InputColumn, ...], *, seed: int = 0) -> tuple[Figure, int]:
    """One dot per customer: where the feature pushed the answer, coloured by the feature's value, grey if not known.

    A feature with two values has a dot for each instead, at the mean share, and a line that holds most shares. Shares in
    money are on a scale that is linear near zero and logarithmic further out. Beside the figure how many customers have a dot
    beyond its axis.
    """
    values, order = found.values[:, output, :], strongest(found, output, top=BEESWARM_ROWS_MAX)
    near_zero = _near_zero(values[:, order]) if found.scale == "money" else 0.0
    numbers, drawn = found.read.numbers[:, order], (np.arcsinh(values / near_zero) if near_zero else values)[:, order]
    figure, axes = _figure(9.2, 0.4 * max(len(order), BEESWARM_ROWS_MIN) + 1.2)
    with _numpy_seed(seed), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own deprecations, and a column that is missing for everybody has no colours
        import shap  # costs seconds to import; only the report needs it

        explanation = shap.Explanation(values=drawn, data=numbers, feature_names=[inputs[i].meaning for i in order])
        shap.plots.beeswarm(
            explanation, order=np.arange(len(order)), max_display=len(order), ax=axes, show=False, plot_size=None,
            color=LOW_TO_HIGH, color_bar=False, s=9, group_remaining_features=False,
        )  # fmt: skip
    of_two = {len(order) - 1 - k: k for k in range(len(order)) if has_two_values(numbers[:, k])}  # by row, from below
    for dots in list(axes.collections):
        if of_two.keys() & np.rint(np.asarray(dots.get_offsets())[:, 1]).tolist():
            dots.remove()
        else:
            dots.set_rasterized(True)  # thousands of dots as one picture: a tenth of the size
    for row, k in of_two.items():
        _two_dots(axes, row, numbers[:, k], drawn[:, k])
    beyond = _cut(axes, drawn, np.array([k not in of_two.values() for k in range(len(order))]))
    _name_rows(axes, [inputs[i].meaning for i in reversed(order)])
    _finish_beeswarm(figure, axes, _scale(found), near_zero)
    return figure, beyond


def strongest(found: Shares, output: int, *, top: int = 12) -> list[int]:
    """The places of the features with the largest shares of an output, the largest first."""
    return [int(k) for k in np.argsort(-np.abs(found.values[:, output, :]).mean(axis=0), kind="stable")[:top]]


def has_two_values(numbers: Floats) -> bool:
    """Whether a feature has just two values, as yes and no, which more dots would not tell apart better."""
    return len(np.unique(numbers[np.isfinite(numbers)])) == 2


def _two_dots(axes: matplotlib.axes.Axes, row: int, numbers: Floats, drawn: Floats) -> None:
    """A dot at the mean share of each value, larger for more customers, and a line that holds most of their shares."""
    known = np.isfinite(numbers)
    low = numbers[known].min()
    for who, color in ((numbers == low, LOW_TO_HIGH(0.0)), (known & (numbers > low), LOW_TO_HIGH(1.0)), (~known, UNKNOWN)):
        if who.any():
            tail = (1 - TWO_VALUES_MIDDLE) / 2
            axes.hlines(row, *np.quantile(drawn[who], [tail, 1 - tail]), color=color, linewidth=2.5, alpha=0.5, zorder=3)
            axes.scatter([drawn[who].mean()], [row], s=20 + 100 * who.mean(), color=color, zorder=4)


def _cut(axes: matplotlib.axes.Axes, drawn: Floats, has_swarm: Bools) -> int:
    """Cut the axis to where most dots of every row are; how many customers have a dot beyond."""
    ends = np.array([inner_ends(row) for row in drawn.T])
    low, high = with_margins(min(0.0, ends[:, 0].min()), max(0.0, ends[:, 1].max()))
    axes.set_xlim(low, high)
    return int((has_swarm & ((drawn < low) | (drawn > high))).any(axis=1).sum())


def dependence_plot(found: Shares, output: int, k: int, *, write: Callable[[float], str]) -> tuple[Figure, int]:
    """The shares of one feature against its values, in its own units; the line joins the medians of tenths of the customers.

    A feature with two values has a line at the median of each. Values that differ much are on a scale that is linear near zero
    and logarithmic further out. Beside the figure how many customers lie beyond its axes.
    """
    known = np.isfinite(found.read.numbers[:, k])
    value, share = found.read.numbers[known, k], found.values[known, output, k]
    figure, axes = _figure(3.1, 2.6)
    axes.grid(color=GRID, linewidth=0.6)
    axes.axhline(0, color=FAINT, linewidth=0.8)
    if found.scale == "money":
        symlog_where_wide(axes.set_yscale, share)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:+,.10g}" if at else "0"))
    is_shown = (_columns if has_two_values(value) else _line)(axes, value, share) & within(axes.yaxis, share)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: WHOLE.sub("", write(at))))
    for axis in (axes.xaxis, axes.yaxis):
        fix_ticks(axis)
    axes.set_ylabel(f"share ({_scale(found)})")
    return figure, int((~is_shown).sum())


def _columns(axes: matplotlib.axes.Axes, value: Floats, share: Floats) -> Bools:
    """Two values as two columns of dots side by side, each with a line at its median; everybody is shown."""
    low, high = np.unique(value)
    aside = np.random.default_rng(0).uniform(-0.15, 0.15, len(value)) * (high - low)
    axes.scatter(value + aside, share, s=7, color=MODEL, alpha=0.35, linewidths=0, rasterized=True)
    half = 0.25 * (high - low)
    for at in (low, high):
        axes.hlines(np.median(share[value == at]), at - half, at + half, color=ACTUAL, linewidth=1.8)
    axes.set(xlim=(low - 2 * half, high + 2 * half), xticks=[low, high])
    return np.ones(len(value), dtype=bool)


def _line(axes: matplotlib.axes.Axes, value: Floats, share: Floats) -> Bools:
    """A dot for each customer, and the medians of tenths as a line; who is within the axis."""
    axes.scatter(value, share, s=7, color=MODEL, alpha=0.35, linewidths=0, rasterized=True)
    tenths = [tenth for tenth in np.array_split(np.argsort(value, kind="stable"), 10) if len(tenth)]
    axes.plot([np.median(value[t]) for t in tenths], [np.median(share[t]) for t in tenths], color=ACTUAL, linewidth=1.8)
    symlog_where_wide(axes.set_xscale, value)
    axes.tick_params(axis="x", labelrotation=30)
    return within(axes.xaxis, value)


def dates_plot(roles: Roles, *, horizon_days: int, scored_at: date, learned_days: int | None = None) -> Figure:
    """Which date did what: a dot for each snapshot, and the days ahead over which its outcomes were counted.

    Before the judged date those are `learned_days`, where they are not the horizon.
    """
    steps = {
        "tune: fitted on": (roles.tuned_on, MODEL),
        "tune: chosen on": ((roles.tune,), ACTUAL),
        "calibrate": ((roles.calibrate,), ACTUAL),
        "final fit": (roles.fitted_on, MODEL),
        "judge": ((roles.judge,), ACTUAL),
        "score": ((scored_at,), INK),
    }
    figure, axes = _figure(9.2, 2.5)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    for row, (days, color) in enumerate(steps.values()):
        starts = date2num(days)
        if days != (scored_at,):
            ahead = horizon_days if days == (roles.judge,) else learned_days or horizon_days
            closed = date2num(max(days) + timedelta(days=ahead))
            axes.barh(row, closed - starts.min(), left=starts.min(), height=0.5, color=color, alpha=0.18)
        axes.plot(starts, [row] * len(starts), "o", color=color, markersize=5, linestyle="none")
    axes.set_yticks(range(len(steps)), list(steps))
    axes.invert_yaxis()
    axes.margins(x=0.02)
    axes.use_sticky_edges = False  # else the first dots are cut in half
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(AutoDateLocator(minticks=4, maxticks=9))
    axes.xaxis.set_major_formatter(DateFormatter("%b %Y"))
    return figure


def distribution_plot(values: Floats, *, unit: str) -> tuple[Figure, int]:
    """How many customers have which number, with the median marked; amounts are on a log scale.

    Beside the figure how many customers lie beyond its axis.
    """
    figure, axes = _figure(5.6, 3.0)
    is_log = unit != "probability" and values.min() > 0
    places = np.log10(values) if is_log else values
    low, high = (0.0, 1.0) if unit == "probability" else inner_ends(places)
    counted, edges = np.histogram(places, BARS, (low, high))
    bins = 10.0**edges if is_log else edges
    if is_log:
        axes.set_xscale("log")
        plain_log_ticks((bins[0], bins[-1]), axes.xaxis)
    else:
        plain_ticks(axes.xaxis, unit=unit)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.bar(bins[:-1], counted, np.diff(bins), align="edge", color=MODEL, edgecolor="white", linewidth=0.5)
    axes.axvline(float(np.median(values)), color=ACTUAL, linewidth=1.6, label="median")
    plain_ticks(axes.yaxis, unit="customers")
    axes.set(xlabel=unit, ylabel="customers", xlim=(bins[0], bins[-1]))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", frameon=False, labelcolor=INK)
    return figure, int(len(values) - counted.sum())


def gain_plot(curve: Sequence[tuple[float, float]], spent: float, *, unit: str) -> Figure:
    """What the best plan for each budget gains; a dot marks what was spent."""
    figure, axes = _figure(5.8, 3.2)
    budgets, gains = (np.array(values, dtype=np.float64) for values in zip(*curve, strict=True))
    axes.grid(color=GRID, linewidth=0.6)
    axes.plot(budgets, gains, color=MODEL, linewidth=1.6)
    axes.plot([spent], [np.interp(spent, budgets, gains)], marker="o", markersize=6, color=ACTUAL)
    plain_ticks(axes.xaxis, axes.yaxis, unit=unit)
    axes.set(xlabel=f"budget ({unit})", ylabel=f"gain ({unit})", xlim=(0, None), ylim=(0, None))
    return figure


def as_svg(figure: Figure, *, name: str, label: str) -> str:
    """The figure as an <svg> element read aloud as `label`; `name` makes its ids differ from every other picture's."""
    stream = io.StringIO()
    no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the browser has the letters that this font lacks
        figure.savefig(stream, format="svg", dpi=DOTS_PER_INCH, metadata=no_metadata)
    text = stream.getvalue()
    text = re.sub("<[^>]*>", lambda tag: _with_own_ids(tag[0], name), text[text.index("<svg") :])
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1)


def _with_own_ids(tag: str, name: str) -> str:
    return re.sub(r'(\sid="|url\(#|href="#)', rf"\1{name}-", tag)


def _figure(width: float, height: float) -> tuple[Figure, matplotlib.axes.Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["bottom", "left"]].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9)
    axes.xaxis.label.set(color=INK, fontsize=9.5)
    axes.yaxis.label.set(color=INK, fontsize=9.5)
    axes.set_axisbelow(True)
    return figure, axes


def _name_rows(axes: matplotlib.axes.Axes, names: list[str]) -> None:
    """The names at the rows 0, 1, 2 ... in at most two lines each."""
    longest = LABEL_CHARACTERS * LABEL_LINES
    lines = [fill(shorten(name, longest, placeholder=" ..."), LABEL_CHARACTERS) for name in names]
    axes.set_yticks(range(len(names)), lines, fontsize=9, color=INK, linespacing=1.0)
    for text in axes.get_yticklabels():
        text.set_parse_math(False)


def _finish_beeswarm(figure: Figure, axes: matplotlib.axes.Axes, scale: str, near_zero: float) -> None:
    """Our axis, our fonts, and a colour bar without numbers: every feature has its own range."""
    axes.set_xlabel(f"share of the answer ({scale})", fontsize=9.5, color=INK)
    axes.tick_params(axis="x", colors=INK, labelsize=9)
    if near_zero:
        powers = near_zero * 10.0 ** np.arange(0, 12)
        ends = sorted((near_zero * np.sinh(axes.get_xlim())).tolist())
        money = apart(
            np.array([*-powers, 0.0, *powers]), (ends[0], ends[1]), lambda amounts: np.arcsinh(amounts / near_zero), most=10
        )
        axes.xaxis.set_major_locator(FixedLocator(np.arcsinh(np.array(money) / near_zero).tolist()))
        axes.set_xticklabels([f"{amount:+,.10g}" if amount else "0" for amount in money])
    bar = figure.colorbar(matplotlib.cm.ScalarMappable(cmap=LOW_TO_HIGH), ax=axes, ticks=[0, 1], aspect=40, pad=0.015)
    bar.ax.set_yticklabels(["low", "high"], fontsize=9, color=INK)
    bar.set_label("the feature's own value", size=9, color=INK, labelpad=-12)
    bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)


def _near_zero(values: Floats) -> float:
    """A round amount that most shares are below: up to it the scale is linear."""
    typical = float(np.quantile(np.abs(values), 0.75))
    return 10.0 ** np.floor(np.log10(typical)) if typical > 0 else 1.0


def _scale(found: Shares) -> str:
    return found.scale.replace("_", "-")


@contextmanager
def _numpy_seed(seed: int) -> Iterator[None]:
    """The plots of shap draw from numpy's global numbers: the same picture every time, and nobody else disturbed."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
