"""What the orders come to, as the build says it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from features.order_amounts import order_amounts


def said_of(folder: Path, *lines: tuple[str, str, float]) -> str | None:
    frame = pd.DataFrame(list(lines), columns=["customer_id", "order_id", "amount"])
    frame.to_parquet(folder / "orders.parquet")
    return order_amounts(folder / "orders.parquet", "EUR")


def test_the_lines_of_an_order_are_added_up_and_refunds_are_no_orders(tmp_path: Path) -> None:
    lines = [("ada", "1", 10.5), ("ada", "1", 20.0), ("bo", "2", 1000.0), ("cy", "3", 7.0), ("cy", "4", -7.0)]
    assert said_of(tmp_path, *lines) == "3 orders of 1,037.50 EUR in all, 30.50 EUR the median order"


def test_where_most_lines_are_below_0_their_sign_is_asked_about(tmp_path: Path) -> None:
    lines = [("ada", "1", 10.5), ("bo", "2", -3.0), ("cy", "3", -7.0)]
    said = "1 orders of 10.50 EUR in all, 10.50 EUR the median order"
    assert said_of(tmp_path, *lines) == f"{said}; 67% of the lines are below 0, as refunds are: has amount the right sign?"


def test_without_orders_nothing_is_said(tmp_path: Path) -> None:
    assert said_of(tmp_path, ("ada", "1", -10.5)) is None
