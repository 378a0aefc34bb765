"""Company figures from the rows of a date."""

from __future__ import annotations

import pyarrow as pa

from features.figures import Figure, company_figures

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
    return company_figures(pa.table({name: pa.array(values, pa.float64()) for name, values in columns.items()}))


def test_each_figure_says_over_how_many_customers_it_is_taken() -> None:
    assert figures() == {
        "nps": Figure(value=100 / 3, customers=3),
        "csat": Figure(value=2 / 3, customers=3),  # 4 and 5 count as satisfied
        "complaint_rate_365d": Figure(value=1 / 2, customers=2),  # buyers of the last 365 days
        "repurchase_rate": Figure(value=2 / 3, customers=3),
        "return_rate": Figure(value=1 / 3, customers=3),
    }


def test_a_figure_whose_features_are_absent_is_absent() -> None:
    assert set(figures("nps_class", "complaint_count_365d")) == {"csat", "repurchase_rate", "return_rate"}
    assert set(figures("order_day_count")) == {"nps", "csat", "complaint_rate_365d"}


def test_a_figure_about_nobody_is_absent() -> None:
    nobody: list[float | None] = [None] * 4
    assert {"nps", "csat"}.isdisjoint(figures(nps_class=nobody, csat_score_last=nobody))
    assert "complaint_rate_365d" not in figures(order_count_365d=[0.0] * 4)
