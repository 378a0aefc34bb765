"""configs/telco_churn.toml."""

from __future__ import annotations

import contextlib
from datetime import date

import pandas as pd
import pytest

import training.train
from models.registry import Registered
from tests.configs.building import Built, build, data_of
from training.settings import TrainingSettings, Trials


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
    assert len(built.manifest.features()) == 46
    assert {feature.family for feature in built.manifest.features()} == {"profile", "season"}


def test_one_date_is_enough_to_train_and_the_evaluation_says_that_customers_were_split(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training.train, "made_from", lambda *_: None)
    monkeypatch.setattr(training.train, "known_parameters", lambda *_: [])
    monkeypatch.setattr(training.train, "tracked_run", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(training.train, "record", lambda bundle, _: Registered("telco", "1", None, "0", bundle))
    monkeypatch.setattr(training.train, "introduce", lambda *_: "champion")
    quick = TrainingSettings(trials=Trials(churn=0), rounds_max=60, learning_rate=0.1, threads=1)
    bundle = training.train.train(built.project, quick, "churn").bundle
    evaluation = bundle.evaluation
    assert bundle.contract.told_by == "labels"
    assert evaluation.choices["split"].startswith("customers are split for tuning, calibration, judgement")
    assert evaluation.customers + bundle.contract.rows_fitted == 7_043
    figures = evaluation.outputs["churn_probability"]
    assert figures.metrics["auc"].value > 0.82
    assert figures.metrics["logloss"].value < figures.baselines["base_rate"]["logloss"].value * 0.8
