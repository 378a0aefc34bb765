"""Company figures from the rows of a date."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from features.figures import Figure, company_figures, figure

#          one who buys and recommends, one who buys, one who gave back and complained, one who only answered
CUSTOMERS = {
    "order_day_count": [3.0, 1.0, 2.0, 0.0],
    "order_count_365d": [2.0, 0.0, 1.0, 0.0],
    "refund_count": [0.0, 0.0, 1.0, 1.0],
    "complaint_count_365d": [0.0, 5.0, 1.0, 1.0],
    "nps_class": [1.0, None, -1.0, 1.0],
    "csat_score_last": [5.0, 4.0, 3.9, None],
}


def figures(*left_out: str, **changes: list[float | None]) -> dict[str, Figure]:
    columns = {name: values for name, values in (CUSTOMERS | changes).items() if name not in left_out}
    return company_figures(pa.table({name: pa.array(values, pa.float64()) for name, values in columns.items()}), 90)


def test_each_figure_says_over_how_many_customers_it_is_taken() -> None:
    assert {name: (found.value, found.customers) for name, found in figures().items()} == {
        "nps": (100 / 3, 3),
        "csat": (2 / 3, 3),  # 4 and 5 count as satisfied
        "complaint_rate_365d": (1 / 2, 2),  # buyers of the last 365 days
        "repurchase_rate": (2 / 3, 3),
        "refund_rate": (1 / 3, 3),
    }


def test_first_time_buyers_who_came_back_are_counted_among_those_who_have_had_a_horizon_to_do_so() -> None:
    # of the buyers whose first order was 91 to 180 days ago: one of two
    found = figures(order_day_count=[3.0, 1.0, 2.0, 1.0], days_since_first_order=[180.0, 91.0, 90.0, 181.0])
    assert (found["first_time_return_rate"].value, found["first_time_return_rate"].customers) == (0.5, 2)


@pytest.mark.parametrize(
    ("name", "values", "value", "customers", "lower", "upper"),
    [
        ("csat", [1.0] * 3 + [0.0] * 7 + [np.nan], 0.3, 10, 0.10779, 0.60322),
        ("csat", [1.0], 1.0, 1, 0.20655, 1.0),
        ("nps", [100.0, 100.0, 0.0, -100.0], 25.0, 4, -68.82, 100.0),  # standard deviation 95.74, standard error 47.87
        ("nps", [0.0], 0.0, 1, -100.0, 100.0),
    ],
)
def test_intervals_of_shares_are_wilsons_and_that_of_the_nps_goes_by_its_standard_error(
    name: str, values: list[float], value: float, customers: int, lower: float, upper: float
) -> None:
    found = figure(name, np.array(values))
    assert found is not None
    assert (found.value, found.customers) == (pytest.approx(value), customers)
    assert (found.lower, found.upper) == (pytest.approx(lower, abs=0.01), pytest.approx(upper, abs=0.01))


def test_of_nobody_there_is_no_figure() -> None:
    assert figure("nps", np.array([np.nan])) is None


def test_a_figure_whose_features_are_absent_is_absent() -> None:
    assert set(figures("nps_class", "complaint_count_365d")) == {"csat", "repurchase_rate", "refund_rate"}
    assert set(figures("order_day_count")) == {"nps", "csat", "complaint_rate_365d"}


def test_a_figure_about_nobody_is_absent() -> None:
    nobody: list[float | None] = [None] * 4
    assert {"nps", "csat"}.isdisjoint(figures(nps_class=nobody, csat_score_last=nobody))
    assert "complaint_rate_365d" not in figures(order_count_365d=[0.0] * 4)
