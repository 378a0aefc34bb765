"""configs/fenxiang_xiaoke.toml on made-up exports in both encodings that a Chinese Excel saves."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from features.problems import BadData
from tests.configs.building import Built, build
from tests.configs.fenxiang_exports import NUMBER, write_fenxiang_exports

WITHOUT_ENCODING = ('encoding = "gbk"\n', "")


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fenxiang_gbk")
    write_fenxiang_exports(folder, encoding="gbk")
    return folder


@pytest.fixture(scope="module")
def gbk(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build("fenxiang_xiaoke", tmp_path_factory.mktemp("fenxiang"), data=exports)


@pytest.fixture(scope="module")
def utf8(tmp_path_factory: pytest.TempPathFactory) -> Built:
    exports = tmp_path_factory.mktemp("fenxiang_utf8")
    write_fenxiang_exports(exports, encoding="utf-8-sig")
    return build("fenxiang_xiaoke", tmp_path_factory.mktemp("fenxiang"), WITHOUT_ENCODING, data=exports)


def test_both_encodings_give_the_same_snapshots(gbk: Built, utf8: Built) -> None:
    hashes = [{as_of: cohort.snapshot_hash for as_of, cohort in built.manifest.cohorts.items()} for built in (gbk, utf8)]
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) > 5


def test_a_date_and_an_amount_that_cannot_be_read_are_quarantined(gbk: Built) -> None:
    aside = gbk.quarantine("orders").set_index("order_id").reason
    assert aside.to_dict() == {
        "SO-4": "occurred_at (try_cast(下单日期 AS TIMESTAMP) | try_cast(退货日期 AS TIMESTAMP)) makes nothing of the value that is there",
        "SO-5": aside["SO-5"],
    }
    assert aside["SO-5"].startswith("amount (try_cast(regexp_replace(CAST(")
    assert aside["SO-5"].endswith(" makes nothing of the value that is there")
    assert {name: gbk.kept(name)[2] for name in gbk.manifest.tables} == {
        "orders": 2, "customers": 0, "interactions": 0, "identities": 0,
    }  # fmt: skip


def test_orders_that_are_void_or_under_review_are_left_out(gbk: Built, exports: Path) -> None:
    orders, returns = (pd.read_csv(exports / f"{name}.csv", encoding="gbk") for name in ("销售订单", "退货单"))
    valid = orders.生命状态.isin(["正常", "变更中"])
    assert gbk.kept("orders") == (len(orders) + len(returns), valid.sum() + len(returns) - 2, 2)
    assert {"SO-3", *orders.销售订单编号[~valid]}.isdisjoint(set(gbk.table("orders").query("amount > 0").order_id))
    paid = orders[valid & orders.下单日期.ne("待定")]["销售订单金额(元)"].str.replace("[￥,]", "", regex=True)
    paid = pd.to_numeric(paid, errors="coerce").sum()
    given_back = pd.to_numeric(returns["退货金额(元)"].str.replace("[￥,]", "", regex=True)).sum()
    assert float(gbk.table("orders").amount.sum()) == pytest.approx(paid - given_back)


def test_returns_are_negative_amounts_of_their_order(gbk: Built) -> None:
    hers = gbk.table("orders").query("customer_id == @NUMBER").sort_values("occurred_at")
    assert hers.order_id.tolist() == ["SO-1", "SO-1", "SO-2"]
    assert hers.amount.astype(float).tolist() == [1234.5, -234.5, 765.5]
    assert hers.occurred_at.tolist() == [pd.Timestamp("2024-03-01"), pd.Timestamp("2024-03-11"), pd.Timestamp("2025-06-01")]


def test_the_features_of_one_customer_by_hand(gbk: Built) -> None:
    assert gbk.manifest.scored_at == date(2025, 7, 1)
    her = gbk.rows().loc[NUMBER]
    expected = {
        "order_count": 2, "spend_sum": 2000.0, "refund_count": 1, "refund_sum": 234.5, "days_since_last_order": 30,
        "days_since_first_order": 487, "days_since_last_refund": 477, "comeback_count": 1,
        "follow_up_count": 2, "field_visit_count": 1, "service_request_count": 1, "interaction_count": 6,
        "days_since_last_interaction": 2, "complaint_count": 2, "complaint_open_count": 1, "complaint_days_to_resolve_mean": 3,
        "days_since_acquired": 538, "industry_is_批发零售": 1, "province_is_北京市": 1, "province_is_广东省": 0,
    }  # fmt: skip
    assert her[list(expected)].to_dict() == expected


def test_an_order_is_known_when_it_is_entered(gbk: Built) -> None:
    """SO-2 was made on 2025-06-01 and entered on 2025-06-03: a snapshot between the two does not see it."""
    between = gbk.rows(date(2025, 4, 2)).loc[NUMBER]
    assert (between.order_count, between.days_since_last_order) == (1, 397)
    orders = gbk.table("orders").set_index("order_id")
    assert orders.loc["SO-2", "recorded_at"] == pd.Timestamp("2025-06-03 09:00")


def test_what_the_status_of_today_says_is_no_attribute(gbk: Built) -> None:
    assert not [name for name in gbk.rows().columns if any(word in name for word in ("level", "deal", "重要客户", "成交"))]


def test_a_gbk_file_without_its_encoding_is_refused_with_the_line_to_add(tmp_path: Path) -> None:
    write_fenxiang_exports(tmp_path, encoding="gbk")
    with pytest.raises(BadData, match=r'客户.csv is not UTF-8 \(line 1\).*tables.customers.encoding = "gbk"'):
        build("fenxiang_xiaoke", tmp_path, WITHOUT_ENCODING, data=tmp_path)
