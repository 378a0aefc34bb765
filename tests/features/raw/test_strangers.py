"""Tables that speak of nobody whom the others know."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest

from features.engines.engine import connect
from features.problems import BadData
from features.raw.strangers import notes_on_strangers

SHOP = [str(number) for number in range(100, 140)]
KASSE = [f"K-{number}" for number in range(100, 140)]


def notes(**ids: list[str]) -> tuple[str, ...]:
    connection = connect()
    frames = {name: pd.DataFrame({"customer_id": list(given)}, dtype="str") for name, given in ids.items()}
    tables = {name: connection.create_table(name, ibis.memtable(frame)) for name, frame in frames.items()}
    return notes_on_strangers(connection, tables)


def test_a_table_that_speaks_of_no_customer_is_refused_with_ids_of_both_sides() -> None:
    with pytest.raises(BadData) as caught:
        notes(orders=SHOP, interactions=[*KASSE, *KASSE], surveys=KASSE, customers=SHOP)
    said, other = caught.value.problems
    assert said == (
        "tables.interactions.customer_id: none of 40 ids (such as K-100, K-101, K-102) is in tables.orders (such as 100, 101, 102). "
        "Write both alike, or say in tables.identities which alias is which customer; if it is about others, leave "
        "tables.interactions out"
    )
    assert other.startswith("tables.surveys.customer_id: none of 40 ids")


def test_a_table_that_speaks_of_nearly_no_customer_is_noted() -> None:
    (said,) = notes(orders=SHOP, interactions=["100", "101", *KASSE])
    assert said == (
        "tables.interactions.customer_id: only 2 of 42 ids (such as K-100, K-101, K-102) are in tables.orders (such as 102, 103, 104). "
        "Write both alike, or say in tables.identities which alias is which customer"
    )
    assert notes(orders=SHOP, interactions=["100", "101", "102", *KASSE]) == ()


def test_prospects_do_not_count_against_a_table_that_has_the_customers_too() -> None:
    assert notes(orders=SHOP, customers=[*SHOP, *(f"p{number}" for number in range(5_000))]) == ()
    assert notes(orders=[*SHOP, *KASSE], surveys=["100"], interactions=[]) == ()


def test_none_of_a_handful_is_noted() -> None:
    (said,) = notes(orders=SHOP, surveys=KASSE[:19])
    assert "none of 19 ids" in said
    with pytest.raises(BadData, match="none of 20 ids"):
        notes(orders=SHOP, surveys=KASSE[:20])


def test_two_tables_that_both_say_who_is_a_customer_may_have_nobody_in_common() -> None:
    shop, periods = notes(orders=SHOP, subscriptions=KASSE, interactions=KASSE)
    assert shop.startswith(
        "tables.orders.customer_id: none of 40 ids (such as 100, 101, 102) is in tables.subscriptions (such as K-100"
    )
    assert periods.startswith("tables.subscriptions.customer_id: none of 40 ids")
    with pytest.raises(BadData, match=r"is in tables\.orders or tables\.subscriptions \(such as 100,"):
        notes(orders=SHOP, subscriptions=KASSE, interactions=[f"x{number}" for number in range(20)])
