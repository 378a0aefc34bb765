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
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator
from numpy.typing import NDArray

from models.contract import InputColumn, Roles
from models.evaluation import OutputEvaluation
from models.reasons.shares import Shares

Floats = NDArray[np.float64]
INK, FAINT, GRID = "#22303c", "#8b98a3", "#dfe4e8"
MODEL, ACTUAL, UNKNOWN = "#1f6f8b", "#e07a3f", "#a9b2b9"
LOW_TO_HIGH = LinearSegmentedColormap.from_list("low_to_high", [MODEL, "#e3c77b", "#c1440e"])
LABEL_CHARACTERS, LABEL_LINES = 38, 2
DOTS_PER_INCH = 160  # of what is drawn as dots inside an SVG
TICKS_MAX = 5
WIDE_RANGE = 30  # amounts that differ by more than this factor are drawn on a log scale


def calibration_plot(evaluation: OutputEvaluation, *, unit: str, small: bool = False) -> Figure:
    """Predicted against actual for tenths of the customers; on the dashed line they agree.

    Amounts are on a log scale where they differ much. Small pictures share their ends, so that they can be compared.
    """
    figure, axes = _figure(2.7, 2.45) if small else _figure(4.4, 3.9)
    predicted = [tenth.predicted for tenth in evaluation.tenths]
    actual = [tenth.actual for tenth in evaluation.tenths]
    both = [*predicted, *actual]
    is_log = unit != "probability" and min(both) > 0 and max(both) / min(both) > WIDE_RANGE
    ends = [min(both) / 1.3, max(both) * 1.3] if is_log else [min(0.0, *both), max(both) * 1.05 or 1.0]
    if small and unit == "probability":
        ends = [0.0, 1.0]
    if is_log:
        axes.set_xscale("log")
        axes.set_yscale("log")
        _plain_log_ticks(ends, axes.xaxis, axes.yaxis)
    else:
        _plain_ticks(axes.xaxis, axes.yaxis, unit=unit)
    axes.grid(color=GRID, linewidth=0.6)
    axes.plot(ends, ends, linestyle=(0, (4, 3)), color=FAINT, linewidth=1)
    axes.plot(predicted, actual, marker="o", markersize=4 if small else 5.5, color=MODEL, linewidth=1.4)
    axes.set(xlim=ends, ylim=ends, aspect="equal", xlabel=f"predicted ({unit})", ylabel=f"actual ({unit})")
    return figure


def tenths_plot(evaluation: OutputEvaluation, *, unit: str) -> Figure:
    """Predicted and actual side by side for tenths of the customers, lowest prediction first."""
    figure, axes = _figure(5.8, 3.9)
    place = np.arange(1, len(evaluation.tenths) + 1)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.bar(place - 0.2, [tenth.predicted for tenth in evaluation.tenths], width=0.38, color=MODEL, label="predicted")
    axes.bar(place + 0.2, [tenth.actual for tenth in evaluation.tenths], width=0.38, color=ACTUAL, label="actual")
    axes.set_xticks(place)
    axes.tick_params(axis="x", length=0)
    _plain_ticks(axes.yaxis, unit=unit)
    axes.set(xlabel="tenth of the customers, lowest prediction first", ylabel=f"mean per customer ({unit})")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False, labelcolor=INK)
    return figure


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


def beeswarm_plot(found: Shares, output: int, inputs: tuple[InputColumn, ...], *, top: int = 12, seed: int = 0) -> Figure:
    """One dot per customer: where the feature pushed the answer, coloured by the feature's value, grey if not known.

    Shares in money are on a scale that is linear near zero and logarithmic further out.
    """
    values = found.values[:, output, :]
    order = np.argsort(-np.abs(values).mean(axis=0), kind="stable")[:top]
    near_zero = _near_zero(values[:, order]) if found.scale == "money" else 0.0
    figure, axes = _figure(9.2, 0.4 * len(order) + 1.2)
    with _numpy_seed(seed), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own deprecations, and a column that is missing for everybody has no colours
        import shap  # costs seconds to import; only the report needs it

        explanation = shap.Explanation(
            values=(np.arcsinh(values / near_zero) if near_zero else values)[:, order],
            data=found.read.numbers[:, order],
            feature_names=[inputs[i].meaning for i in order],
        )
        shap.plots.beeswarm(
            explanation, order=np.arange(len(order)), max_display=len(order), ax=axes, show=False, plot_size=None,
            color=LOW_TO_HIGH, color_bar=False, s=9, group_remaining_features=False,
        )  # fmt: skip
    for dots in axes.collections:
        dots.set_rasterized(True)  # thousands of dots as one picture: a tenth of the size
    _name_rows(axes, [inputs[i].meaning for i in reversed(order)])
    _finish_beeswarm(figure, axes, _scale(found), near_zero)
    return figure


def dependence_plot(found: Shares, output: int, k: int, *, write: Callable[[float], str]) -> Figure:
    """The shares of one feature against its values, in its own units; the line is their mean in tenths of the customers.

    Values that differ much are on a scale that is linear near zero and logarithmic further out.
    """
    value, share = found.read.numbers[:, k], found.values[:, output, k]
    known = np.isfinite(value)
    figure, axes = _figure(3.1, 2.6)
    axes.grid(color=GRID, linewidth=0.6)
    axes.axhline(0, color=FAINT, linewidth=0.8)
    axes.scatter(value[known], share[known], s=7, color=MODEL, alpha=0.35, linewidths=0, rasterized=True)
    tenths = np.array_split(np.flatnonzero(known)[np.argsort(value[known], kind="stable")], 10)
    some = [tenth for tenth in tenths if len(tenth)]
    axes.plot([np.median(value[t]) for t in some], [share[t].mean() for t in some], color=ACTUAL, linewidth=1.8)
    _symlog(axes.set_xscale, value[known])
    if found.scale == "money":
        _symlog(axes.set_yscale, share[known])
        axes.yaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:+,.0f}" if at else "0"))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: write(at)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        ticks = [
            at for at in axis.get_majorticklocs() if np.min(axis.get_view_interval()) <= at <= np.max(axis.get_view_interval())
        ]
        axis.set_major_locator(FixedLocator(ticks[:: -(-len(ticks) // TICKS_MAX)]))
    axes.tick_params(axis="x", labelrotation=30)
    axes.set_ylabel(f"share ({_scale(found)})")
    return figure


def _symlog(set_scale: Callable[..., None], values: Floats) -> None:
    """Linear near zero and logarithmic further out, where sizes differ much."""
    size = np.abs(values[values != 0])
    if len(size) and size.max() > WIDE_RANGE * (near := np.quantile(size, 0.25)):
        set_scale("symlog", linthresh=near)


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


def distribution_plot(values: Floats, *, unit: str) -> Figure:
    """How many customers have which number, with the median marked; amounts are on a log scale.

    There the lowest and the highest few are counted in the bars at the ends.
    """
    figure, axes = _figure(5.6, 3.0)
    low, high = np.quantile(values, [0.005, 0.999])
    if unit != "probability" and 0 < low < high:
        axes.set_xscale("log")
        bins = np.geomspace(low, high, 41).tolist()
        _plain_log_ticks(bins, axes.xaxis)
        values = np.clip(values, low, high)
    else:
        bins = (np.linspace(0.0, 1.0, 41) if unit == "probability" else np.histogram_bin_edges(values, 40)).tolist()
        _plain_ticks(axes.xaxis, unit=unit)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.hist(values, bins=bins, color=MODEL, edgecolor="white", linewidth=0.5)
    axes.axvline(float(np.median(values)), color=ACTUAL, linewidth=1.6, label="median")
    _plain_ticks(axes.yaxis, unit="customers")
    axes.set(xlabel=unit, ylabel="customers", xlim=(bins[0], bins[-1]))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", frameon=False, labelcolor=INK)
    return figure


def gain_plot(curve: Sequence[tuple[float, float]], spent: float, *, unit: str) -> Figure:
    """What the best plan for each budget gains; a dot marks what was spent."""
    figure, axes = _figure(5.8, 3.2)
    budgets, gains = (np.array(values, dtype=np.float64) for values in zip(*curve, strict=True))
    axes.grid(color=GRID, linewidth=0.6)
    axes.plot(budgets, gains, color=MODEL, linewidth=1.6)
    axes.plot([spent], [np.interp(spent, budgets, gains)], marker="o", markersize=6, color=ACTUAL)
    _plain_ticks(axes.xaxis, axes.yaxis, unit=unit)
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


def _plain_ticks(*axis: matplotlib.axis.Axis, unit: str) -> None:
    """Percent for probabilities, 1,000 for everything else."""
    say = (lambda value, _: f"{value:.0%}") if unit == "probability" else (lambda value, _: f"{value:,.10g}")
    for one in axis:
        one.set_major_formatter(FuncFormatter(say))


def _plain_log_ticks(ends: Sequence[float], *axis: matplotlib.axis.Axis) -> None:
    """1, 3, 10, 30 ... between two ends; powers of ten only where they are far apart, and 1, 2, 5 where they are near."""
    first, last = np.floor(np.log10(ends[0])), np.ceil(np.log10(ends[-1]))
    steps = (1.0, 2.0, 5.0) if last - first <= 2 else (1.0, 3.0) if last - first <= 5 else (1.0,)
    ticks = [step * 10.0**power for power in np.arange(first, last + 1) for step in steps]
    for one in axis:
        one.set_major_locator(FixedLocator([tick for tick in ticks if ends[0] <= tick <= ends[-1]]))
        one.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        one.set_minor_locator(NullLocator())
        one.set_minor_formatter(NullFormatter())


def _finish_beeswarm(figure: Figure, axes: matplotlib.axes.Axes, scale: str, near_zero: float) -> None:
    """Our axis, our fonts, and a colour bar without numbers: every feature has its own range."""
    axes.set_xlabel(f"share of the answer ({scale})", fontsize=9.5, color=INK)
    axes.tick_params(axis="x", colors=INK, labelsize=9)
    if near_zero:
        reach = float(np.abs(axes.get_xlim()).max())
        powers = near_zero * 10.0 ** np.arange(0, 12)
        ticks = [power for power in powers if np.arcsinh(power / near_zero) <= reach]
        money = np.array([*[-tick for tick in reversed(ticks)], 0.0, *ticks])
        low, high = axes.get_xlim()
        places = np.arcsinh(money / near_zero)
        inside = (places >= low) & (places <= high)
        axes.xaxis.set_major_locator(FixedLocator(places[inside].tolist()))
        axes.set_xticklabels([f"{amount:+,.10g}" if amount else "0" for amount in money[inside]])
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
