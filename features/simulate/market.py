"""What is the same for every customer: the days, the demand, the products."""

from __future__ import annotations

from dataclasses import dataclass

from features.simulate.calendar import Calendar, Demand, demand_by_week
from features.simulate.products import Products, draw_products


@dataclass(frozen=True)
class Market:
    """The surroundings in which the customers of one company live."""

    calendar: Calendar
    demand: Demand
    products: Products


def draw_market(calendar: Calendar, *, seed: int) -> Market:
    """The market of the company with this seed."""
    return Market(calendar, demand_by_week(calendar), draw_products(calendar, seed=seed))
