"""One model: its figures beside its baselines, its tenths, what drives it, and what was chosen when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.figure import Figure

from models.contract import Contract, Output, Task
from models.evaluation import CalibrationPoint, Metric, OutputEvaluation
from models.languages import writer
from models.plots import (
    as_svg,
    beeswarm_plot,
    calibration_plot,
    dates_plot,
    dependence_plot,
    drivers_plot,
    has_log_tenths,
    has_two_values,
    strongest,
    tenths_plot,
)
from models.reasons.robustness import robustness
from models.reasons.shares import Shares, shares
from models.registry import Registered
from serving.report import glossary
from serving.report.comparison import Comparison, compare, counts, verdict
from serving.report.earlier import OnDates, gather_dates
from serving.report.split import caution
from serving.report.standing import Count
from serving.report.wording import count, day, days, money, off_by, percent, plain
from serving.scoring.scorer import TOP_REASONS
from serving.scoring.what_next import PREFIX

SAMPLE_CUSTOMERS, SAMPLE_ANSWERS = 1_000, 4_000  # more dots say no more, and their shares take seconds
DRIVERS_OF_EACH, DEPENDENCE = 6, 4
ROBUSTNESS_ANSWERS = 1_000
OF_TWO_VALUES = (
    "A feature with two values has a dot for each, at the mean of the customers with it, and a line that holds nine in ten of "
    "them."
)
TITLES: dict[Task, str] = {
    "churn": "Churn: who will leave",
    "clv": "Value: what they will bring",
    "propensity": "Propensity: what they will buy",
}
CHOICES = {
    "blend": "trees or linear half",
    "monotone": "known directions",
    "season": "level of a date",
    "horizons": "other horizons",
}


@dataclass(frozen=True)
class Picture:
    """A drawing, its heading and what it shows."""

    svg: Markup
    title: str
    caption: str


@dataclass(frozen=True)
class Tenth:
    """A tenth of the customers by prediction, as it is shown."""

    place: int
    customers: str
    predicted: str
    actual: str
    ratio: str
    coverage: str  # share of outcomes inside the interval, with its own interval; empty where none is known
    width: str


@dataclass(frozen=True)
class Judged:
    """One output on the judged date."""

    title: str
    level: str  # how far the total was off, in a sentence
    calibration: Picture
    tenths: tuple[Tenth, ...]


@dataclass(frozen=True)
class Trust:
    """How far the reasons of one output can be trusted."""

    name: str
    same_first: str
    rank_correlation: str
    same_direction: str
    size_correlation: str
    covered: str


@dataclass(frozen=True)
class Drivers:
    """What drives a model."""

    sample: str
    beeswarm: Picture
    dependence: tuple[Picture, ...]  # of the strongest features, where there is one output
    robustness: tuple[Trust, ...]  # of each output
    of_each: tuple[Picture, ...]  # one bar chart per output, where there are several


@dataclass(frozen=True)
class ModelPart:
    """Everything the section on one model shows."""

    task: Task
    title: str
    predicts: str
    not_predicted: tuple[tuple[str, str], ...]  # what no number is given for, and why
    caution: str  # where customers were split to judge
    judged_at: str
    customers: str
    comparisons: tuple[Comparison, ...]
    verdict: list[str]
    standing: tuple[Count, ...]  # where there are several outputs
    baselines: tuple[tuple[str, str], ...]
    on_dates: OnDates | None  # where earlier dates were judged too
    outputs: tuple[Judged, ...]
    tenths_picture: Picture | None  # only where there is one output
    drivers: Drivers
    choices: tuple[tuple[str, str], ...]
    roles: tuple[tuple[str, str], ...]
    dates: Picture | None  # where there is more than one date


def gather_model(task: Task, model: Registered, customers: pd.DataFrame, scored_at: date) -> ModelPart:
    """The facts about one model; `customers` are the eligible rows of the last snapshot."""
    bundle = model.bundle
    contract, evaluation = bundle.contract, bundle.evaluation
    judged = [(output, evaluation.outputs[output.name]) for output in contract.outputs]
    comparisons = tuple(compare(one, title=_name(task, output), currency=contract.currency) for output, one in judged)
    baselines = dict.fromkeys(name for _, one in judged for name in one.baselines)
    return ModelPart(
        task=task,
        title=TITLES[task],
        predicts=_predicts(contract),
        not_predicted=tuple(contract.unpredictable.items()),
        caution=caution(contract.roles),
        judged_at=day(evaluation.judged_at),
        customers=count(evaluation.customers),
        comparisons=comparisons,
        verdict=verdict(comparisons),
        standing=counts(comparisons),
        baselines=tuple((plain(name), glossary.baseline_meaning(name)) for name in baselines),
        on_dates=gather_dates(contract, evaluation),
        outputs=tuple(_judged(model, output, one, small=len(judged) > 1) for output, one in judged),
        tenths_picture=_tenths_picture(model, *judged[0]) if len(judged) == 1 else None,
        drivers=_drivers(model, customers),
        choices=tuple((CHOICES.get(name, plain(name)), said) for name, said in evaluation.choices.items()),
        roles=_roles(model),
        dates=_dates(model, scored_at),
    )


def _predicts(contract: Contract) -> str:
    """What the model says of each customer, in a sentence."""
    outputs = contract.outputs
    if len(outputs) > 1:
        when = "" if contract.told_by == "labels" else f" within {contract.horizon_days} days"
        return f"For each customer and each of {len(outputs)} categories: the probability that the customer buys it{when}."
    what = "how much to expect of" if contract.task == "clv" else "the probability that the customer"
    return f"For each customer: {what} {outputs[0].target}."


def _name(task: Task, output: Output) -> str:
    """A short name: the category of a propensity, else what the model predicts."""
    return output.label.removeprefix(PREFIX) if task == "propensity" else output.label


def _unit(model: Registered) -> str:
    return model.bundle.contract.currency if model.bundle.contract.link == "exp" else "probability"


def _judged(model: Registered, output: Output, one: OutputEvaluation, *, small: bool) -> Judged:
    unit, title = _unit(model), _name(model.bundle.contract.task, output)
    figure = calibration_plot(one, unit=unit, small=small)
    caption = "" if small else "A dot is a tenth of the customers; on the dashed line prediction and outcome agree."
    caption += " The scales are logarithmic." if caption and has_log_tenths(one, unit=unit) else ""
    ratio = one.metrics.get("sum_ratio")
    return Judged(
        title=title,
        level=f"On the judged date the total was {off_by(ratio.value)}." if ratio else "",
        calibration=_picture(figure, f"{output.name}-calibration", f"Predicted against actual: {title}", caption),
        tenths=tuple(_tenth(place, tenth, unit) for place, tenth in enumerate(one.tenths, start=1)),
    )


def _tenth(place: int, tenth: CalibrationPoint, unit: str) -> Tenth:
    def say(number: float) -> str:
        return percent(number) if unit == "probability" else money(number, unit)

    ratio = f"{tenth.predicted / tenth.actual:.2f}" if tenth.actual > 0 else "-"
    return Tenth(
        place,
        count(tenth.customers),
        say(tenth.predicted),
        say(tenth.actual),
        ratio,
        _with_interval(tenth.coverage, percent),
        _with_interval(tenth.width, lambda width: money(width, unit)),
    )


def _with_interval(metric: Metric | None, say: Callable[[float], str]) -> str:
    if metric is None:
        return ""
    if metric.low is None or metric.high is None:
        return say(metric.value)
    return f"{say(metric.value)} ({say(metric.low)} to {say(metric.high)})"


def _tenths_picture(model: Registered, output: Output, one: OutputEvaluation) -> Picture:
    unit, caption = _unit(model), "Blue is what was predicted, orange what came."
    caption += " The scale is logarithmic." if has_log_tenths(one, unit=unit) else ""
    return _picture(tenths_plot(one, unit=unit), f"{output.name}-tenths", "Tenths of the customers", caption)


def _drivers(model: Registered, customers: pd.DataFrame) -> Drivers:
    """Shares of a sample of today's customers: dots for the most frequent output, bars for each if there are several."""
    contract = model.bundle.contract
    size = min(SAMPLE_CUSTOMERS, SAMPLE_ANSWERS // len(contract.outputs), len(customers))
    sample = customers.sample(size, random_state=contract.seed)
    found = shares(model.bundle, sample)
    several = len(contract.outputs) > 1
    return Drivers(
        sample=f"{count(len(sample))} of {count(len(customers))} eligible customers, drawn with seed {contract.seed}",
        beeswarm=_beeswarm(model, found, _most_frequent(model)),
        dependence=() if several else tuple(_dependence(model, found, k) for k in _strongest(found)),
        robustness=_trust(model, sample),
        of_each=tuple(_bars(model, found, k) for k in range(len(contract.outputs)) if several),
    )


def _strongest(found: Shares) -> list[int]:
    """The features with the largest shares that are not the same for all."""
    varies = np.nanmax(found.read.numbers, axis=0, initial=-np.inf) > np.nanmin(found.read.numbers, axis=0, initial=np.inf)
    size = np.abs(found.values[:, 0]).mean(axis=0) * varies
    return [int(k) for k in np.argsort(-size, kind="stable")[:DEPENDENCE] if size[k] > 0]


def _dependence(model: Registered, found: Shares, k: int) -> Picture:
    contract = model.bundle.contract
    column = contract.explained[k]
    figure, beyond = dependence_plot(found, 0, k, write=writer(column.unit, contract.currency, "en"))
    caption = not_drawn(beyond, len(found.read), "axes")
    return _picture(figure, f"{contract.outputs[0].name}-dependence-{k}", column.meaning, caption)


def _trust(model: Registered, sample: pd.DataFrame) -> tuple[Trust, ...]:
    contract = model.bundle.contract
    size = min(len(sample), ROBUSTNESS_ANSWERS // len(contract.outputs))
    found = robustness(model.bundle, sample.head(size), top=TOP_REASONS, seed=contract.seed)
    return tuple(
        Trust(
            name=_name(contract.task, output),
            same_first=percent(one.same_first),
            rank_correlation=f"{one.rank_correlation:.2f}",
            same_direction=percent(one.same_direction),
            size_correlation=f"{one.size_correlation:.2f}",
            covered=f"{percent(one.covered)} ({percent(one.covered_by_tenth, 0)})",
        )
        for output, one in zip(contract.outputs, found, strict=True)
    )


def _most_frequent(model: Registered) -> int:
    """The place of the output that came true most on the judged date."""
    outputs = [model.bundle.evaluation.outputs[output.name] for output in model.bundle.contract.outputs]
    return int(np.argmax([one.mean_outcome for one in outputs]))


def _beeswarm(model: Registered, found: Shares, k: int) -> Picture:
    contract = model.bundle.contract
    output = contract.outputs[k]
    figure, beyond = beeswarm_plot(found, k, contract.explained, seed=contract.seed)
    scale = f"Shares are in {contract.currency}" if found.scale == "money" else "Shares are in log-odds"
    caption = (
        f"One dot per customer. To the right the feature raised the answer, to the left it lowered it. {scale}; base and "
        "shares of all features add up to the served number."
    )
    if any(has_two_values(found.read.numbers[:, row]) for row in strongest(found, k)):
        caption += f" {OF_TWO_VALUES}"
    caption = f"{caption} {not_drawn(beyond, len(found.read), 'axis')}".strip()
    title = f"What drives the {output.label}" + (", the most bought category" if len(contract.outputs) > 1 else "")
    return _picture(figure, f"{output.name}-beeswarm", title, caption)


def _bars(model: Registered, found: Shares, k: int) -> Picture:
    contract = model.bundle.contract
    output = contract.outputs[k]
    figure = drivers_plot(found, k, contract.explained, top=DRIVERS_OF_EACH)
    return _picture(figure, f"{output.name}-drivers", _name(contract.task, output), "")


def _roles(model: Registered) -> tuple[tuple[str, str], ...]:
    roles, rows = model.bundle.contract.roles, count(model.bundle.contract.rows_fitted)
    split = dict.fromkeys(roles.split_by_customers, ", on customers who were not fitted on")
    return (
        ("tuned on", f"{days(roles.tuned_on)}: fitted on while tuning"),
        ("tune", f"{day(roles.tune)}: parameters and rounds were chosen here{split.get('tuning', '')}"),
        (
            "calibrate",
            f"{day(roles.calibrate)}: the rehearsal; calibration comes from here, intervals from the inner dates up to here"
            + split.get("calibration", ""),
        ),
        ("fitted on", f"{days(roles.fitted_on)}: the model's training dates, {rows} rows"),
        ("judge", f"{day(roles.judge)}: looked at once, for the figures of this page{split.get('judgement', '')}"),
    )


def _dates(model: Registered, scored_at: date) -> Picture | None:
    contract = model.bundle.contract
    if contract.roles.fitted_on == (contract.roles.judge,):
        return None
    learned_days = contract.learned_horizon_days or contract.horizon_days
    figure = dates_plot(contract.roles, horizon_days=contract.horizon_days, learned_days=learned_days, scored_at=scored_at)
    ahead = f"{contract.horizon_days} days ahead" + (
        f" ({learned_days} for a fit)" if learned_days != contract.horizon_days else ""
    )
    caption = f"A dot is a snapshot; the bar covers the {ahead} whose outcomes were counted. "
    caption += (
        "Where a date is fitted on and asked about, its customers are split."
        if contract.roles.split_by_customers
        else "No bar of a fit reaches beyond the date that it is used for."
    )
    return _picture(figure, f"{contract.task}-dates", "Which date did what", caption)


def not_drawn(beyond: int, customers: int, what: str) -> str:
    """How many customers a picture leaves out, because they would squeeze all others; empty if nobody."""
    return f"Not drawn, beyond the {what}: {count(beyond)} of {count(customers)} customers." if beyond else ""


def _picture(figure: Figure, name: str, title: str, caption: str) -> Picture:
    return Picture(Markup(as_svg(figure, name=name, label=title)), title, caption)
