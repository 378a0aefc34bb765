"""A column made from the outcomes follows them closer than chance lets any other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.leaks.encodings import encoded_said

RNG = np.random.default_rng(5)
ZIP = RNG.integers(0, 300, 6_000)
CHANCE = RNG.beta(2, 4, 300)  # of each zip code
HAPPENED = RNG.uniform(size=6_000) < CHANCE[ZIP]


def mean_of_zip(happened: np.ndarray) -> np.ndarray:
    return pd.Series(happened.astype(float)).groupby(ZIP).transform("mean").to_numpy()


def said(values: np.ndarray) -> str | None:
    return encoded_said("zip_rate", values, HAPPENED[:, None], np.arange(6_000))


def test_the_mean_outcome_of_the_zip_code_is_found_with_the_row_itself_in_it() -> None:
    assert said(mean_of_zip(HAPPENED)) == (
        "feature zip_rate: rows with the same value have the mean outcome that the value says with only 0% of the scatter "
        "that chance brings (below 50%); it was probably computed from the outcomes"
    )


def test_it_is_found_in_other_units_with_gaps_and_drawn_to_the_mean() -> None:
    encoded = mean_of_zip(HAPPENED)
    assert said(100 - 20 * encoded) is not None
    assert said(np.where(np.arange(6_000) % 7 == 0, np.nan, encoded)) is not None
    count = np.bincount(ZIP)[ZIP]
    assert said((count * encoded + 5 * HAPPENED.mean()) / (count + 5)) is not None


def test_the_mean_of_an_earlier_year_is_honest() -> None:
    earlier = RNG.uniform(size=6_000) < CHANCE[ZIP]
    assert said(mean_of_zip(earlier)) is None


def test_the_chance_itself_is_honest() -> None:
    assert said(CHANCE[ZIP]) is None


def test_a_column_of_chance_of_one_value_or_of_none_is_honest() -> None:
    assert said(RNG.integers(0, 40, 6_000).astype(float)) is None
    assert said(np.ones(6_000)) is None
    assert said(np.full(6_000, np.nan)) is None
    assert said(RNG.normal(size=6_000)) is None


@pytest.mark.parametrize("trend", [0.003, 0.006, 0.01])
@pytest.mark.parametrize("firm", [0.98, 0.95, 0.9])
def test_days_since_a_campaign_are_honest_though_the_same_customers_scatter_less_than_chance(firm: float, trend: float) -> None:
    rng = np.random.default_rng(5)
    customers, dates = 600, np.arange(20)
    buys = rng.uniform(size=customers) < 0.3  # as a rule, on whatever date
    rule = np.where(rng.uniform(size=(20, customers)) < firm, buys, rng.uniform(size=(20, customers)) < 0.3)
    happened = (rule | (rng.uniform(size=rule.shape) < trend * dates[:, None])).ravel()
    days_since, who = np.repeat(30.0 * dates, customers), np.tile(np.arange(customers), 20)
    assert encoded_said("days_since_last_treatment", days_since, happened[:, None], who) is None


def test_the_mean_of_a_zip_code_on_its_date_is_found() -> None:
    rng = np.random.default_rng(5)
    customers, dates = 1_000, 10
    zips, chances = rng.integers(0, 60, customers), rng.beta(2, 4, customers)
    happened = (rng.uniform(size=(dates, customers)) < chances).ravel()
    groups = (np.arange(dates)[:, None] * 60 + zips).ravel()
    values = pd.Series(happened.astype(float)).groupby(groups).transform("mean").to_numpy()
    assert encoded_said("zip_rate", values, happened[:, None], np.tile(np.arange(customers), dates)) is not None


def test_a_number_along_which_hardly_anything_changes_is_honest() -> None:
    rng = np.random.default_rng(1)
    rows = np.full(30, 400)
    happened = np.concatenate([np.arange(count) < count * (0.3 + 0.0002 * k) for k, count in enumerate(rows)])
    assert encoded_said("days", np.repeat(np.arange(30.0), rows), happened[:, None], rng.permutation(len(happened))) is None
