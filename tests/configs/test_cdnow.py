"""configs/cdnow.toml, beside what the literature publishes of this data."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tests.configs.building import Built, build, data_of


@pytest.fixture(scope="module")
def source() -> pd.DataFrame:
    orders = pd.read_parquet(data_of("cdnow") / "cdnow_master.parquet")
    return orders.assign(customer_id=orders.customer_id.astype(str), date=pd.to_datetime(orders.date))


@pytest.fixture(scope="module")
def built(source: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Built:  # noqa: ARG001 (skips without data)
    return build("cdnow", tmp_path_factory.mktemp("cdnow"))


def test_every_order_is_kept_and_adds_up_to_the_published_total(built: Built) -> None:
    assert built.kept("orders") == (69_659, 69_659, 0)
    assert float(built.table("orders").amount.sum()) == pytest.approx(2_500_315.63)
    assert built.table("orders").customer_id.nunique() == 23_570


def test_lines_that_are_there_twice_are_noted(built: Built, source: pd.DataFrame) -> None:
    (said, rows), *others = built.manifest.tables["orders"].notes.items()
    assert said.startswith("the same as another row in all mapped columns")
    assert rows == int(source.duplicated(["customer_id", "date", "cds", "spend"]).sum()) == 255
    assert others == []


def test_those_who_never_paid_for_an_order_are_not_eligible(built: Built, source: pd.DataFrame) -> None:
    known = source[source.date < "1998-04-02"]
    paid = known[known.spend > 0].customer_id.nunique()
    cohort = built.manifest.cohorts[date(1998, 4, 2)]
    assert (cohort.eligible, cohort.not_eligible) == (paid, {"no order before the date": 23_570 - paid})
    assert (built.manifest.judged_at, built.manifest.scored_at) == (date(1998, 4, 2), date(1998, 7, 1))


def test_features_equal_those_of_pandas_for_every_customer(built: Built, source: pd.DataFrame) -> None:
    as_of = date(1998, 4, 2)
    rows = built.rows(as_of)
    paid = source[(source.date < pd.Timestamp(as_of)) & (source.spend > 0)].groupby("customer_id")
    expected = pd.DataFrame(
        {
            "days_since_last_order": (pd.Timestamp(as_of) - paid.date.max()).dt.days,
            "order_day_count": paid.date.nunique(),
            "order_count": paid.date.nunique(),  # what was bought on one day is one order
            "spend_sum": paid.spend.sum(),
        }
    )
    found = rows.loc[expected.index, expected.columns]
    np.testing.assert_allclose(found.to_numpy(float), expected.to_numpy(float), atol=1e-6)


def test_frequency_and_recency_equal_the_published_summary_of_the_sample(tmp_path_factory: pytest.TempPathFactory) -> None:
    """x: days with a repeat purchase by 1997-09-30; t_x: weeks from the first purchase to the last; T: weeks since the first."""
    published = pd.read_parquet(data_of("cdnow") / "cdnow_sample_rfm_reference.parquet").set_index("id")
    sample = pd.read_parquet(data_of("cdnow") / "cdnow_sample.parquet")
    # Days without a paid order count in the publication and not here; these customers are left out.
    unpaid = set(sample.groupby(["sample_id", "date"]).spend.sum().loc[lambda spend: spend == 0].reset_index().sample_id)
    ids = sample.drop_duplicates("sample_id").set_index("sample_id").customer_id.astype(str).drop(index=list(unpaid))
    folder = tmp_path_factory.mktemp("cdnow_calibration")
    built = build("cdnow", folder, ("every_days = 30", "judged_at = 1997-10-01\nevery_days = 30"))
    rows = built.rows(date(1997, 10, 1)).loc[ids]
    expected = published.loc[ids.index]
    assert len(rows) > 2_300
    assert list(rows.order_day_count - 1) == list(expected.x)
    np.testing.assert_allclose(rows.days_first_to_last_order / 7, expected.t_x, atol=0.005)
    np.testing.assert_allclose((rows.days_since_first_order - 1) / 7, expected.t, atol=0.005)
