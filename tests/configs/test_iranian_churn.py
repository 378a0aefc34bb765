"""configs/iranian_churn.toml."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from tests.configs.building import Built, build, data_of


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build("iranian_churn", tmp_path_factory.mktemp("iranian_churn"))


@pytest.fixture(scope="module")
def source() -> pd.DataFrame:
    rows = pd.read_parquet(data_of("iranian_churn") / "iranian_churn.parquet")
    return rows.set_index(pd.Index(range(1, len(rows) + 1)).astype(str))


def test_every_row_is_a_customer_although_300_are_copies(built: Built, source: pd.DataFrame) -> None:
    assert source.duplicated().sum() == 300
    assert built.kept("labels") == built.kept("customers") == (3_150, 3_150, 0)
    assert built.eligible() == {date(2020, 1, 1): 3_150}


def test_outcomes_and_attributes_are_of_the_same_row(built: Built, source: pd.DataFrame) -> None:
    churned = built.table("labels").set_index("customer_id").churned.astype(int)
    assert churned.sum() == 495
    assert churned.loc[source.index].tolist() == source.churn.tolist()
    rows = built.rows().loc[source.index]
    for name in ("complains", "seconds_of_use", "customer_value"):
        assert rows[name].tolist() == pytest.approx(source[name].tolist())
    assert rows.status_is_non_active.tolist() == (source.status == 2).astype(float).tolist()
    assert rows.tariff_plan_is_contractual.tolist() == (source.tariff_plan == 2).astype(float).tolist()


def test_complaints_tell_much_of_who_leaves(built: Built) -> None:
    """As published: four of five who complained left, one of ten of the others."""
    churned = built.table("labels").set_index("customer_id").churned.astype(int)
    rows = built.rows()
    share = churned.loc[rows.index].groupby(rows.complains).mean()
    assert share.loc[1] > 0.8
    assert share.loc[0] < 0.11
