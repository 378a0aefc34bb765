"""What the company sells: products in categories, what they cost, and how their prices rise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.simulate.calendar import Calendar
from features.simulate.chunk import Numbers

CATEGORIES = (
    "tea", "coffee", "kitchen", "garden", "toys", "books", "lights", "paper", "bags", "bath", "textiles", "jewellery",
)  # fmt: skip
PRODUCT_COUNT = 400
PRICE_ERA_DAYS = 182
RISING_SHARE = 0.15  # of the products, at the start of each price era
COST_GROWTH_PER_ERA = 0.01
FAVOURITE_SHARE = 0.5  # of the lines come from the customer's favourite category
TICKETS = 1 << 16  # the random numbers that choose a product: 16 bits


@dataclass(frozen=True)
class Products:
    """The catalogue. Money per unit by price era (rows) and product (columns).

    `tickets[c]` lists, for a customer whose favourite category is c, the product behind each 16-bit number: half of
    them by overall popularity (Zipf: 1 / rank), half by popularity within the category. `mean_price[c]` and
    `mean_cost[c]` are means over exactly these tickets, by era.
    """

    category: NDArray[np.int8]
    price: Numbers
    cost: Numbers
    tickets: NDArray[np.int16]
    mean_price: Numbers
    mean_cost: Numbers

    def era(self, day: Numbers) -> NDArray[np.int16]:
        """The price era of each day."""
        return (day // PRICE_ERA_DAYS).astype(np.int16)


def draw_products(calendar: Calendar, *, seed: int) -> Products:
    """The catalogue of one company."""
    rng = np.random.default_rng([seed])
    count = PRODUCT_COUNT
    shares = 1 / np.arange(1, len(CATEGORIES) + 1) ** 0.7
    later = rng.choice(len(CATEGORIES), count - len(CATEGORIES), p=shares / shares.sum())
    category = rng.permutation(np.concatenate([np.arange(len(CATEGORIES)), later])).astype(np.int8)  # none is empty
    popularity = rng.permutation(1 / np.arange(1.0, count + 1))
    eras = calendar.last_day // PRICE_ERA_DAYS + 1
    first_price = rng.lognormal(np.log(8), 0.6, count) + 1
    rises = rng.uniform(1.05, 1.2, (eras, count))
    rises[rng.random((eras, count)) >= RISING_SHARE] = 1.0
    rises[0] = 1.0
    price = np.round(first_price * np.cumprod(rises, axis=0, dtype=np.float64), 2)
    cost_growth = np.cumprod(np.full((eras, 1), 1 + COST_GROWTH_PER_ERA), axis=0, dtype=np.float64)
    first_cost = first_price * rng.uniform(0.45, 0.7, count)
    cost = np.round(first_cost * cost_growth, 2)
    tickets = np.stack([_tickets(popularity, category == own) for own in range(len(CATEGORIES))])
    return Products(category, price, cost, tickets, _means(price, tickets), _means(cost, tickets))


def _tickets(popularity: Numbers, in_favourite: NDArray[np.bool_]) -> NDArray[np.int16]:
    """The products of one favourite category, each as often as its share of the 16-bit numbers."""
    own = np.where(in_favourite, popularity, 0.0)
    share = (1 - FAVOURITE_SHARE) * popularity / popularity.sum() + FAVOURITE_SHARE * own / own.sum()
    return np.searchsorted(np.cumsum(share), (np.arange(TICKETS) + 0.5) / TICKETS).clip(max=len(share) - 1).astype(np.int16)


def _means(money: Numbers, tickets: NDArray[np.int16]) -> Numbers:
    """Mean money per unit of a line: one row per favourite category, one column per era."""
    return np.stack([money[:, own].mean(axis=1) for own in tickets])
