"""The orders of a made-up company look like those of a real one."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest

from features.simulate.market import draw_market
from tests.features.simulate.on_disk import CALENDAR, Company


def test_lines_are_not_in_the_sequence_of_customers_nor_row_groups_a_range_of_them(company: Company) -> None:
    file = pq.ParquetFile(company.made.folder / "orders.parquet")
    assert file.num_row_groups == 2
    for group in range(file.num_row_groups):
        ids = file.read_row_group(group, columns=["customer_id"]).column(0).to_pandas()
        assert (ids != ids.shift()).mean() > 0.3
        assert ids.min() < "C0000100"
        assert ids.max() > "C0039900"


def test_each_order_has_an_id_of_its_own(company: Company) -> None:
    assert company.ask("SELECT order_id FROM {own orders} GROUP BY 1 HAVING count(DISTINCT customer_id) > 1").empty
    assert company.ask("SELECT order_id FROM {orders} WHERE amount > 0 GROUP BY 1 HAVING count(DISTINCT occurred_at) > 1").empty
    assert company.one(
        "SELECT min(regexp_full_match(order_id, 'O[0-9]{8}') AND regexp_full_match(customer_id, 'C[0-9]{7}')) FROM {orders}"
    )


def test_baskets_have_one_to_eight_lines(company: Company) -> None:
    sizes = company.ask("SELECT order_id, count(*) AS n FROM {orders} WHERE amount > 0 GROUP BY 1").n
    assert set(sizes) == set(range(1, 9))


def test_prices_rise_for_some_products_and_fall_for_none(company: Company) -> None:
    prices = company.ask("""
        SELECT product_id, year(occurred_at) AS year, median((amount + discount) / quantity) AS price
        FROM {orders} WHERE amount > 0 GROUP BY ALL HAVING count(*) > 100
    """).pivot_table(index="product_id", columns="year", values="price")
    rise = (prices[2023] / prices[2021]).dropna()
    assert rise.min() > 0.99
    assert 0.2 < (rise > 1.03).mean() < 0.9


def test_returns_are_negative_lines_of_an_earlier_order_on_a_later_day(company: Company) -> None:
    returns = company.ask("""
        SELECT r.*, b.customer_id AS buyer, count(b.order_id) AS bought, min(r.occurred_at - b.occurred_at) AS wait
        FROM {orders} r LEFT JOIN {orders} b
            ON b.order_id = r.order_id AND b.product_id = r.product_id
            AND b.amount = -r.amount AND b.quantity = -r.quantity AND b.cost = -r.cost
        WHERE r.amount < 0 GROUP BY ALL
    """)
    assert (returns.bought >= 1).mean() > 0.95  # the rest: the bought line itself is not known yet
    assert (returns.buyer.dropna() == returns.customer_id[returns.buyer.notna()]).all()
    assert returns.wait.min() > timedelta(days=1) - timedelta(seconds=1)
    assert returns.wait.max() < timedelta(days=30) + timedelta(seconds=1)
    assert (returns.discount == 0).all()
    assert len(returns) / company.made.rows["orders"] == pytest.approx(0.03, abs=0.01)


def test_some_orders_become_known_late_most_of_them_at_once_and_some_in_parts(company: Company) -> None:
    orders = company.ask("""
        SELECT count(*) AS lines, max(recorded_at - occurred_at) AS delay, count(DISTINCT recorded_at) AS parts
        FROM {orders} WHERE amount > 0 GROUP BY order_id
    """)
    late = orders[orders.delay > timedelta(0)]
    assert 0.02 < len(late) / len(orders) < 0.05
    assert late.delay.min() >= timedelta(days=0.5)
    assert timedelta(days=40) < late.delay.max() < timedelta(days=46)
    assert 0.05 < (late[late.lines > 1].parts > 1).mean() < 0.3


def test_the_discount_is_money_taken_off_the_list_price(company: Company) -> None:
    shares = company.ask("SELECT discount / (amount + discount) AS share FROM {orders} WHERE amount > 20").share
    assert set(shares.round(2)) == {0.0, 0.1, 0.2, 0.3}


def test_demand_has_a_season(company: Company) -> None:
    months = (
        company.ask("""
        SELECT month(occurred_at) AS month, count(*) AS n FROM {orders}
        WHERE occurred_at >= '2022-01-01' AND occurred_at < '2023-01-01' GROUP BY 1
    """)
        .set_index("month")
        .n
    )
    assert months[11] > 1.5 * months[5]


def test_each_line_has_the_list_price_of_its_day(company: Company) -> None:
    products = draw_market(CALENDAR, seed=company.made.seed).products
    lines = company.ask(f"""
        SELECT (amount + discount) / quantity AS price, cost / quantity AS cost, substr(product_id, 2)::INT AS product,
            date_diff('day', DATE '{CALENDAR.starts_at}', occurred_at::DATE) AS day
        FROM {{orders}} WHERE amount > 0
    """)
    era = lines.day // 182
    np.testing.assert_allclose(lines.price, products.price[era, lines["product"]])
    np.testing.assert_allclose(lines.cost, products.cost[era, lines["product"]])


def test_customers_have_a_favourite_category_and_few_products_make_most_of_the_sales(company: Company) -> None:
    share = company.one("""
        SELECT avg((category = favourite_category)::INT) FROM {own orders} JOIN {truth/customers} USING (customer_id) WHERE amount > 0
    """)
    assert 0.52 < share < 0.65  # a half, and what falls into it by chance
    sales = company.ask("SELECT count(*) AS n FROM {orders} GROUP BY product_id ORDER BY n DESC").n
    assert sales.head(40).sum() > 0.5 * sales.sum()
    assert len(sales) == 400
