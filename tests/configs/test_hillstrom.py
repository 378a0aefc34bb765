"""configs/hillstrom.toml."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from tests.configs.building import Built, build, data_of


@pytest.fixture(scope="module")
def source() -> pd.DataFrame:
    rows = pd.read_parquet(data_of("hillstrom") / "hillstrom.parquet")
    return rows.set_index(pd.Index(range(1, len(rows) + 1)).astype(str))


@pytest.fixture(scope="module")
def built(source: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Built:  # noqa: ARG001 (skips without data)
    return build("hillstrom", tmp_path_factory.mktemp("hillstrom"), ("hillstrom.csv", "hillstrom.parquet"))


def test_every_customer_is_in_an_arm_by_chance(built: Built) -> None:
    treatments = built.table("treatments")
    assert built.kept("treatments") == (64_000, 64_000, 0)
    assert treatments.action.value_counts().to_dict() == {"womens_email": 21_387, "mens_email": 21_307, "none": 21_306}
    assert set(treatments.assignment) == {"random"}
    assert {float(value) for value in treatments.propensity} == {0.3333}


def test_visits_orders_and_spend_of_each_arm_are_as_published(built: Built) -> None:
    joined = built.table("labels").merge(built.table("treatments"), on="customer_id", validate="one_to_one")
    by_arm = joined.astype({"bought_visit": float, "bought_order": float, "value": float}).groupby("action")
    means = by_arm[["bought_visit", "bought_order", "value"]].mean()
    assert means.loc["mens_email"].tolist() == pytest.approx([0.1828, 0.0125, 1.42], abs=0.005)
    assert means.loc["womens_email"].tolist() == pytest.approx([0.1514, 0.0088, 1.08], abs=0.005)
    assert means.loc["none"].tolist() == pytest.approx([0.1062, 0.0057, 0.65], abs=0.005)


def test_no_feature_knows_the_mailing_or_what_followed(built: Built, source: pd.DataFrame) -> None:
    rows = built.rows().loc[source.index]
    assert built.eligible() == {date(2008, 3, 6): 64_000}
    assert {feature.name for feature in built.manifest.features()} == {
        "recency", "history", "mens", "womens", "newbie", "area_is_surburban", "area_is_urban", "area_is_rural",
        "purchase_channel_is_web", "purchase_channel_is_phone", "purchase_channel_is_multichannel",
    }  # fmt: skip
    assert rows.history.tolist() == pytest.approx(source.history.tolist())
    assert rows.area_is_rural.tolist() == (source.zip_code == "Rural").astype(float).tolist()


def test_the_csv_file_reads_like_the_parquet_file(source: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("hillstrom_csv")
    source.head(500).to_csv(folder / "hillstrom.csv", index=False)
    rows = build("hillstrom", folder, data=folder).rows()
    assert rows.loc[source.index[:500], "history"].tolist() == pytest.approx(source.history.head(500).tolist())
