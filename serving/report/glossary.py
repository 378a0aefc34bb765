"""What each figure means in life, and how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from models.evaluation import Metric
from serving.report import wording

Kind = Literal["number", "share", "times", "money"]
NAMES = ("AUC", "Brier")  # titles that begin with a name


@dataclass(frozen=True)
class Entry:
    """A figure: its title, its meaning in one line, how it is written, and the value that is right if one is."""

    name: str
    title: str
    meaning: str
    kind: Kind = "number"
    nominal: float = 1.0

    @property
    def in_text(self) -> str:
        """The title inside a sentence."""
        return self.title if self.title.startswith(NAMES) else self.title[:1].lower() + self.title[1:]

    def say(self, value: float, currency: str, *, decimals: int = 3) -> str:
        """The value as it is written; `decimals` only where the unit has no habit of its own."""
        if self.kind == "share":
            return wording.percent(value, decimals - 2)
        if self.kind == "money":
            return wording.money(value, currency)
        return f"{value:,.{decimals}f}" + (" x" if self.kind == "times" else "")

    def span(self, low: float, high: float, currency: str) -> str:
        """From one value to another, with the unit once.

        >>> entry("ece").span(0.012, 0.034, "EUR"), entry("rmse").span(88.5, 112, "EUR")
        ('1.2 to 3.4 %', '€88.50 to €112')
        """
        lower, upper = self.say(low, currency), self.say(high, currency)
        return f"{lower.removesuffix(' %').removesuffix(' x')} to {upper}"

    def gap(self, size: float, currency: str, *, decimals: int = 3) -> str:
        """How far two values are apart; shares are so many points apart.

        >>> entry("ece").gap(0.012, "EUR"), entry("auc").gap(0.012, "EUR")
        ('1.2 points', '0.012')
        """
        said = self.say(size, currency, decimals=decimals)
        return said.replace(" %", " points") if self.kind == "share" else said


_ENTRIES = {
    entry.name: entry
    for entry in (
        Entry(
            "auc",
            "AUC",
            "Of one customer with the outcome and one without, how often the model puts the first higher: 0.5 is "
            "guessing, 1 never errs.",
        ),
        Entry(
            "average_precision",
            "Average precision",
            "Going down the list from the highest prediction, how pure it stays; guessing gives the overall rate.",
        ),
        Entry(
            "lift_10",
            "Lift of the top tenth",
            "How many times more often than on average the outcome happens in the tenth predicted highest.",
            "times",
        ),
        Entry(
            "brier",
            "Brier score",
            "Mean squared distance between probability and outcome (0 or 1): wrong ranking and wrong level both cost.",
        ),
        Entry(
            "ece",
            "Calibration error",
            "By how much the predicted rate misses the actual rate, on average over the tenths.",
            "share",
        ),
        Entry(
            "logloss",
            "Log-loss",
            "Mean surprise at what happened; being sure and wrong costs most.",
        ),
        Entry(
            "empc",
            "Profit of a campaign",
            "What the best possible campaign against leaving would earn per customer of the list, with the costs of the "
            "textbook and not this company's (EMPC: a kept customer is worth 200, an accepted offer costs 10, asking 1, and "
            "about 30 % of the leavers accept): for comparing lists, not for planning.",
            "money",
        ),
        Entry(
            "sum_ratio",
            "Predicted / actual total",
            "Everything predicted over everything that came: 0.8 means that the total was 20 % too low.",
        ),
        Entry(
            "spearman",
            "Rank correlation",
            "How well the order of predictions agrees with the order of amounts (Spearman): 0 is no relation, 1 "
            "the same order.",
        ),
        Entry(
            "gini_normalized",
            "Normalised Gini",
            "How well money is concentrated at the top of the list, as a share of what a perfect list would reach.",
        ),
        Entry(
            "top_decile_capture",
            "Capture of the top tenth",
            "Share of all money that came from the tenth predicted highest.",
            "share",
        ),
        Entry(
            "wape",
            "Weighted error",
            "Sum of all errors over the sum of all amounts: 75 % means that customers were missed by 75 % of the money.",
            "share",
        ),
        Entry(
            "rmse",
            "Root mean squared error",
            "Typical error per customer, in money; a few very large customers decide it.",
            "money",
        ),
        Entry(
            "decile_mape",
            "Error per tenth",
            "By how much the total of a tenth of the customers is missed, on average over the tenths.",
            "share",
        ),
        Entry(
            "bias",
            "Mean error",
            "Predicted less actual, per customer: above zero too much was expected.",
            "money",
            nominal=0.0,
        ),
        Entry(
            "sum_ratio_net",
            "Predicted / net total",
            "Predicted over actual total, where customers who give back more than they buy count as negative.",
        ),
        Entry(
            "crps",
            "Error of the spread",
            "How far the whole predicted spread is from what came (CRPS): like an absolute error per customer, of a "
            "prediction that says how unsure it is.",
            "money",
        ),
        Entry(
            "interval_width_mean",
            "Mean width of the interval",
            "From the lower to the upper end on average: the narrower, the more is said.",
            "money",
        ),
    )
}
_COVERAGE = re.compile(r"coverage_(\d+)(_top_decile)?")


def entry(name: str) -> Entry:
    """What is known about a figure; its bare name where nothing is.

    >>> entry("coverage_80_top_decile").nominal, entry("brand_new").title
    (0.8, 'brand new')
    """
    if covered := _COVERAGE.fullmatch(name):
        percent, top = covered.groups()
        whom = "of the tenth predicted highest" if top else "of all customers"
        title = f"{percent} % interval holds" + (", top tenth" if top else "")
        meaning = f"Share {whom} whose amount fell inside their interval; {percent} % was promised."
        return Entry(name, title, meaning, "share", int(percent) / 100)
    return _ENTRIES.get(name) or Entry(name, wording.plain(name), "No description yet.")


def direction(metric: Metric, about: Entry) -> str:
    """Which way is better, for the head of a column."""
    if metric.greater_is_better is None:
        return f"closest to {wording.percent(about.nominal, 0) if about.kind == 'share' else f'{about.nominal:g}'} is best"
    return "higher is better" if metric.greater_is_better else "lower is better"


def baseline_meaning(name: str) -> str:
    """What a baseline does, in one line; empty where nothing is known."""
    if trailing := re.fullmatch(r"trailing_(\d+)d_spend", name):
        return f"everybody spends again what they spent in the last {trailing[1]} days, scaled to the horizon"
    return {
        "base_rate": "everybody gets the average rate of the training dates, so it cannot tell customers apart",
        "mean_value": "everybody gets the average amount of the training dates, so it cannot tell customers apart",
        "recency_rule": "a curve through the days since the last order and nothing else",
        "bought_before_rule": "a curve through the orders with this category in the last 365 days and nothing else",
        "logistic_regression": "a logistic regression on the same features",
        "buy_till_you_die": "what the rhythm of orders alone lets expect (MBG/NBD, Gamma-Gamma)",
        "ridge_regression": "a linear regression on the same features",
    }.get(name, "")
