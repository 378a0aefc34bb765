"""configs/telco_churn.toml."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from tests.configs.building import Built, build, data_of


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build("telco_churn", tmp_path_factory.mktemp("telco_churn"))


def test_every_customer_has_an_outcome_on_the_only_date(built: Built) -> None:
    assert built.kept("labels") == built.kept("customers") == (7_043, 7_043, 0)
    assert built.eligible() == {date(2018, 9, 1): 7_043}
    assert int(built.table("labels").churned.sum()) == 1_869


def test_attributes_are_those_of_the_source(built: Built) -> None:
    source = pd.read_parquet(data_of("telco_churn") / "telco_churn.parquet").set_index("customer_id")
    rows = built.rows().loc[source.index]
    for name in ("senior_citizen", "tenure", "monthly_charges", "total_charges"):
        pd.testing.assert_series_equal(rows[name], source[name].astype(float), check_names=False)
    assert rows.total_charges.isna().sum() == 11  # they have just come
    assert (rows.contract_is_month_to_month == (source.contract == "Month-to-month")).all()
    assert (rows.payment_method_is_electronic_check == (source.payment_method == "Electronic check")).all()


def test_the_outcome_is_no_feature(built: Built) -> None:
    assert not [name for name in built.rows().columns if "churn" in name]
    assert len(built.manifest.features()) == 45
    assert {feature.family for feature in built.manifest.features()} == {"profile"}
