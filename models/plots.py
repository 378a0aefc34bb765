"""The pictures of a model: predicted against actual, tenths of the customers, and what drives it."""

from __future__ import annotations

import io
import warnings

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from models.contract import InputColumn
from models.evaluation import OutputEvaluation
from models.shares import Shares

INK, MODEL, ACTUAL = "#22303c", "#1f6f8b", "#e07a3f"
matplotlib.rcParams["svg.hashsalt"] = "cvm"  # the same picture gives the same bytes


def calibration_plot(evaluation: OutputEvaluation, *, unit: str) -> Figure:
    """Predicted against actual for tenths of the customers; on the dashed line they agree."""
    figure, axes = _figure(4.2, 3.8)
    predicted = [tenth.predicted for tenth in evaluation.tenths]
    actual = [tenth.actual for tenth in evaluation.tenths]
    ends = [0.0, max([*predicted, *actual]) * 1.05 or 1.0]
    axes.plot(ends, ends, linestyle="--", color="#9aa5ad", linewidth=1)
    axes.plot(predicted, actual, marker="o", color=MODEL)
    axes.set_xlabel(f"predicted ({unit})")
    axes.set_ylabel(f"actual ({unit})")
    return figure


def tenths_plot(evaluation: OutputEvaluation, *, unit: str) -> Figure:
    """Predicted and actual side by side for tenths of the customers, lowest prediction first."""
    figure, axes = _figure(5.6, 3.8)
    place = np.arange(1, len(evaluation.tenths) + 1)
    axes.bar(place - 0.2, [tenth.predicted for tenth in evaluation.tenths], width=0.4, color=MODEL, label="predicted")
    axes.bar(place + 0.2, [tenth.actual for tenth in evaluation.tenths], width=0.4, color=ACTUAL, label="actual")
    axes.set_xticks(place)
    axes.set_xlabel("tenth of the customers, lowest prediction first")
    axes.set_ylabel(f"mean per customer ({unit})")
    axes.legend(frameon=False)
    return figure


def drivers_plot(found: Shares, output: int, inputs: tuple[InputColumn, ...], *, top: int = 12) -> Figure:
    """The mean size of the shares of the most influential features."""
    size = np.abs(found.values[:, output, :]).mean(axis=0)
    order = np.argsort(size)[-top:]
    figure, axes = _figure(6.4, 0.32 * len(order) + 1.1)
    axes.barh([inputs[i].meaning for i in order], size[order], color=MODEL)
    axes.set_xlabel(f"mean size of the share ({found.scale.replace('_', '-')})")
    return figure


def beeswarm_plot(found: Shares, output: int, rows: pd.DataFrame, inputs: tuple[InputColumn, ...], *, top: int = 12) -> Figure:
    """One dot per customer: where the feature pushed the answer, coloured by the feature's value."""
    import shap  # costs seconds to import; only the report needs it
    from matplotlib import pyplot

    matplotlib.use("svg")
    explanation = shap.Explanation(
        values=found.values[:, output, :],
        base_values=found.base[:, output],
        data=rows[found.features].to_numpy(dtype=np.float64),
        feature_names=[column.meaning for column in inputs],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a column that is missing for everybody has no colour scale
        axes = shap.plots.beeswarm(explanation, max_display=top, show=False, plot_size=(8.5, 0.38 * top + 1.2))
    axes.set_xlabel(f"share of the answer ({found.scale.replace('_', '-')})")
    figure: Figure = axes.get_figure()
    pyplot.close(figure)
    return figure


def as_svg(figure: Figure) -> str:
    """The figure as an <svg> element."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]


def _figure(width: float, height: float) -> tuple[Figure, matplotlib.axes.Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK)
    return figure, axes
