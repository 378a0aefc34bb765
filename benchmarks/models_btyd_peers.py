"""BG/NBD, MBG/NBD and Pareto/NBD with Gamma-Gamma by `lifetimes`, which need orders only and no labels.

Time is in weeks. A fit that does not converge, or whose expectations are not finite, is tried again with more penalty. Two
values per order: by the book from repeat orders only, and from all orders, so that one-time buyers have one of their own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.models_case import Floats, Peer

WEEK = 7.0
PENALTIES = (0.0, 0.001, 0.01, 0.05, 0.1, 0.5)
MODULES = ("models_btyd_peers",)
FITTERS = {"BG/NBD": "BetaGeoFitter", "MBG/NBD": "ModifiedBetaGeoFitter", "Pareto/NBD": "ParetoNBDFitter"}


@dataclass(frozen=True)
class Rhythm:
    """What these models know of each customer, in weeks."""

    repeats: Floats  # order days after the first
    last: Floats  # from the first order to the last
    age: Floats  # from the first order to the date
    repeat_value: Floats  # mean net spend of the order days after the first; 0 without any
    value: Floats  # the same of all order days

    @property
    def of_rate(self) -> tuple[Floats, Floats, Floats]:
        """In the order in which `lifetimes` takes it."""
        return self.repeats, self.last, self.age


def rhythm(orders: pd.DataFrame, as_of: date, customers: NDArray[Any], *, free_orders: bool = False) -> Rhythm:
    """From order lines before a date (`customer_id`, `day`, `amount`); refunds lower the value, and are no orders.

    Customers without any order are taken for those of the last day. With `free_orders`, a day on which only gifts came is
    one with an order.
    """
    lines = orders[orders["day"] < pd.Timestamp(as_of)]
    is_order = lines["amount"] >= 0 if free_orders else lines["amount"] > 0
    bought = lines[is_order].groupby(["customer_id", "day"])["amount"].sum().reset_index()
    by = bought.groupby("customer_id")
    days, first, last, spend = by["day"].size(), by["day"].min(), by["day"].max(), by["amount"].sum()
    at_first = bought[bought["day"] == bought["customer_id"].map(first)].set_index("customer_id")["amount"]
    refunds = lines[lines["amount"] < 0].groupby("customer_id")["amount"].sum().reindex(days.index).fillna(0)
    known = pd.DataFrame({"repeats": days - 1, "last": (last - first).dt.days / WEEK})
    known["age"] = (pd.Timestamp(as_of) - pd.Timedelta(days=1) - first).dt.days / WEEK  # to the last day seen, as is usual
    known["value"] = (spend + refunds).clip(lower=0) / days
    repeated = (spend - at_first + refunds).clip(lower=0)
    known["repeat_value"] = np.where(known["repeats"] > 0, repeated / known["repeats"].clip(lower=1), 0.0)
    known = known.reindex(customers)
    known = known.fillna(0.0).astype(np.float64)
    known["age"] = known["age"].clip(lower=1 / WEEK)  # with an age of 0 the formulas give no number
    return Rhythm(**{name: known[name].to_numpy() for name in known})


def btyd_peers(make: Callable[[], tuple[Rhythm, float]]) -> dict[str, Peer]:
    """A peer per model and value; `make` gives the rhythms at the judged date and the days ahead."""

    @cache
    def fitted(model: str) -> Any:
        return fit_rate(model, *make())

    def peer(model: str, *, by_the_book: bool) -> Peer:
        return Peer(lambda: expectations(model, *make(), by_the_book=by_the_book, fitted=fitted(model)), MODULES)

    found = {f"{model} + GG": peer(model, by_the_book=True) for model in FITTERS}
    return found | {f"{model} + GG, all orders": peer(model, by_the_book=False) for model in FITTERS}


def expectations(model: str, known: Rhythm, days: float, *, by_the_book: bool, fitted: Any = None) -> dict[str, Floats]:
    """Chance of an order, orders and spend in the days ahead, and chance of having left, by a model fitted now or before."""
    fitted = fitted or fit_rate(model, known, days)
    orders = _orders(fitted, known, days)
    return {
        "chance": _chance(fitted, known, days, orders),
        "gone": 1 - _alive(fitted, known),
        "orders": orders,
        "spend": orders * _value(known, by_the_book=by_the_book),
    }


def fit_rate(model: str, known: Rhythm, days: float) -> Any:
    """The first fit that converges and expects something finite of everybody."""
    import lifetimes

    for penalty in PENALTIES:
        fitter = getattr(lifetimes, FITTERS[model])(penalizer_coef=penalty)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                fitter.fit(*known.of_rate)
            except lifetimes.utils.ConvergenceError:
                continue
            finite = np.isfinite(_raw_orders(fitter, known, days)).mean()
        if np.isfinite(fitter.params_.to_numpy()).all() and finite > 0.99:
            told = ", ".join(f"{name} {value:.3g}" for name, value in fitter.params_.items())
            print(f"    {model}: penalty {penalty:g}; {told}", flush=True)
            return fitter
    raise RuntimeError(f"{model} of lifetimes does not converge with any penalty up to {PENALTIES[-1]}")


def _raw_orders(fitter: Any, known: Rhythm, days: float) -> Floats:
    expected = fitter.conditional_expected_number_of_purchases_up_to_time(days / WEEK, *known.of_rate)
    return np.asarray(expected, dtype=np.float64)


def _orders(fitter: Any, known: Rhythm, days: float) -> Floats:
    """Orders to expect; where the formula overflows, for customers with very many orders, their rate so far."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = _raw_orders(fitter, known, days)
    steady = (known.repeats + 1) / np.maximum(known.age, 1) * days / WEEK
    return np.where(np.isfinite(expected) & (expected >= 0), expected, steady)


def _chance(fitter: Any, known: Rhythm, days: float, orders: Floats) -> Floats:
    """P(some order): alive, and with the rate of the living an order comes.

    Where the formula overflows, for customers with very many orders, that of a Poisson process with the expected orders.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if hasattr(fitter, "conditional_probability_of_n_purchases_up_to_time"):  # Pareto/NBD: she may leave before
            none = fitter.conditional_probability_of_n_purchases_up_to_time(0, days / WEEK, *known.of_rate)
            chance = 1 - np.asarray(none, dtype=np.float64)
        else:
            alive = _raw_alive(fitter, known)
            r, alpha = fitter.params_["r"], fitter.params_["alpha"]
            waits = ((alpha + known.age) / (alpha + known.age + days / WEEK)) ** (r + known.repeats)
            chance = alive * (1 - waits)
    return np.clip(np.where(np.isfinite(chance), chance, -np.expm1(-orders)), 0, 1)


def _alive(fitter: Any, known: Rhythm) -> Floats:
    """P(alive); where the formula overflows, for customers with very many orders, 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alive = _raw_alive(fitter, known)
    return np.where(np.isfinite(alive), np.clip(alive, 0, 1), 1.0)


def _raw_alive(fitter: Any, known: Rhythm) -> Floats:
    return np.asarray(fitter.conditional_probability_alive(*known.of_rate), dtype=np.float64).ravel()


def _value(known: Rhythm, *, by_the_book: bool) -> Floats:
    """What an order is worth."""
    import lifetimes

    orders, value = (known.repeats, known.repeat_value) if by_the_book else (known.repeats + 1, known.value)
    usable = (orders > 0) & (value > 0)
    for penalty in PENALTIES:
        fitter = lifetimes.GammaGammaFitter(penalizer_coef=penalty)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                fitter.fit(orders[usable], value[usable])
            except lifetimes.utils.ConvergenceError:
                continue
        if fitter.params_["q"] > 1 and np.isfinite(fitter.params_.to_numpy()).all():
            p, q, v = (fitter.params_[name] for name in ("p", "q", "v"))
            return np.asarray(p * (v + orders * np.where(usable, value, 0.0)) / (p * orders + q - 1))
    return np.where(usable, value, value[usable].mean())
