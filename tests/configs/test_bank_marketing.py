"""configs/bank_marketing.toml, and the column it leaves out because it knows the answer."""

from __future__ import annotations

import itertools
from datetime import date

import pandas as pd
import pytest

from features.problems import BadData
from tests.configs.building import Built, build, data_of
from training.frame import Frame, training_frame
from training.leaks.check import refuse_leaks

WITH_DURATION = ("[tables.customers.numeric]\n", '[tables.customers.numeric]\nduration = "duration"\n')


@pytest.fixture(scope="module")
def source() -> pd.DataFrame:
    """The calls in the order of the file, by the number of the row."""
    rows = pd.read_parquet(data_of("bank_marketing") / "bank_additional_full.parquet")
    return rows.set_index(pd.Index(range(1, len(rows) + 1)).astype(str))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build("bank_marketing", tmp_path_factory.mktemp("bank_marketing"))


@pytest.fixture(scope="module")
def with_duration(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build("bank_marketing", tmp_path_factory.mktemp("bank_marketing_with_duration"), WITH_DURATION)


@pytest.fixture(scope="module")
def labels(built: Built, source: pd.DataFrame) -> pd.DataFrame:
    """The labels in the order of the file."""
    return built.table("labels").set_index("customer_id").loc[source.index]


def test_every_call_is_kept_although_12_are_copies(built: Built, source: pd.DataFrame, labels: pd.DataFrame) -> None:
    assert source.duplicated().sum() == 12
    assert built.kept("labels") == built.kept("customers") == (41_188, 41_188, 0)
    assert labels.bought_deposit.astype(int).tolist() == (source.y == "yes").astype(int).tolist()
    assert labels.bought_deposit.sum() == 4_640


def test_months_are_in_the_order_of_the_file_and_run_from_may_2008_to_november_2010(
    source: pd.DataFrame, labels: pd.DataFrame
) -> None:
    assert labels.as_of.is_monotonic_increasing
    assert (labels.as_of.iloc[0], labels.as_of.iloc[-1]) == (pd.Timestamp("2008-05-01"), pd.Timestamp("2010-11-01"))
    assert (labels.as_of.dt.strftime("%b").str.lower() == source.month).all()
    runs = [(month, len(list(rows))) for month, rows in itertools.groupby(source.month)]
    by_date = labels.groupby("as_of").size()
    assert [(f"{as_of:%b}".lower(), calls) for as_of, calls in by_date.items()] == runs
    assert len(runs) == 26


def test_a_call_is_in_the_snapshot_of_its_month_only(built: Built, labels: pd.DataFrame) -> None:
    by_date = labels.groupby(labels.as_of.dt.date).size().to_dict()
    eligible = built.eligible()
    assert built.manifest.judged_at == date(2009, 5, 1)
    assert eligible == {as_of: by_date[as_of] for as_of in eligible}
    assert eligible[date(2009, 5, 1)] == 5_794
    assert sum(eligible.values()) == 36_352


def test_attributes_are_those_of_the_call(built: Built, source: pd.DataFrame) -> None:
    rows = built.rows(date(2009, 5, 1))
    calls = source.loc[rows.index]
    assert set(calls.month) == {"may"}
    for name, column in (("age", "age"), ("euribor_3m", "euribor3m"), ("calls_in_campaign", "campaign")):
        assert rows[name].tolist() == pytest.approx(calls[column].tolist())
    assert rows.days_since_last_campaign.isna().tolist() == (calls.pdays == 999).tolist()
    known = calls.job != "unknown"
    assert rows.job_is_retired[known].tolist() == (calls.job[known] == "retired").astype(float).tolist()
    assert rows.job_is_retired[~known].isna().all()


def frame_of(built: Built) -> Frame:
    dates = [as_of for as_of in built.manifest.grid if as_of < built.manifest.judged_at]
    return training_frame(built.project, built.manifest, "propensity", dates)


def test_what_the_shipped_file_maps_is_not_taken_for_a_leak(built: Built) -> None:
    refuse_leaks(frame_of(built), ())


def test_the_duration_of_the_call_is_refused_as_a_leak(with_duration: Built) -> None:
    with pytest.raises(BadData, match=r"feature duration alone tells the outcome with AUC"):
        refuse_leaks(frame_of(with_duration), ())


def test_the_duration_can_be_mapped_as_an_attribute(with_duration: Built, source: pd.DataFrame) -> None:
    rows = with_duration.rows(date(2009, 5, 1))
    assert rows.duration.tolist() == source.loc[rows.index].duration.tolist()
