"""A company without orders: outcomes are given, on one date, and the project has only some of the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.problems import BadInput
from features.project import Project, read_project, read_section
from features.snapshots import Manifest, build_snapshots, load_manifest
from models.registry import remove_alias, set_alias
from serving.answers.champions import Champions
from serving.answers.release import from_registry, kept_folder
from serving.answers.requests import ScoreCustomers
from serving.live.cards import model_cards
from serving.report.build import report_file, report_on
from serving.scoring.everybody import predictions_file, score_customers
from serving.scoring.scorer import load_scorer
from tests.serving.report.made_up_report import in_words
from tests.serving.report.test_translation import half_translated, in_chinese, untranslated
from training.settings import TrainingSettings
from training.train import possible_tasks, train

CUSTOMERS = 600
CONFIG = """
[project]
name = "{name}"
currency = "USD"
horizon_days = 30

[tables.labels]
from = "customers.csv"
customer_id = "id"
as_of = "DATE '2024-05-01'"
{outcomes}

[tables.customers]
from = "customers.csv"
customer_id = "id"
numeric = ["months", "price"]

[training]
threads = 1
rounds_max = 20
learning_rate = 0.2

[training.trials]
churn = 0
propensity = 0
"""
CHURN, BOUGHT = (
    "churned = \"left_us = 'yes'\"",
    'bought_loan = "loan = 1"\nbought_card = "card = 1"\nbought_yacht = "yacht = 1"',
)


@dataclass(frozen=True)
class Made:
    """A project in the current folder with its main job done."""

    config: Path
    project: Project
    manifest: Manifest

    @property
    def champions(self) -> Champions:
        return Champions.open(from_registry(self.config, kept_folder(self.config)))

    @property
    def scored(self) -> pd.DataFrame:
        return pd.read_parquet(predictions_file(self.project))

    @property
    def html(self) -> str:
        return report_file(self.project).read_text(encoding="utf-8")

    @property
    def page(self) -> str:
        return in_words(self.html)


def made(folder: Path, name: str, outcomes: str) -> Made:
    config = folder / f"{name}.toml"
    config.write_text(CONFIG.format(name=name, outcomes=outcomes), encoding="utf-8")
    project = read_project(config)
    build_snapshots(project)
    for task in possible_tasks(project):
        train(project, read_section(config, "training", TrainingSettings), task)
    score_customers(project)
    report_on(project)
    return Made(config, project, load_manifest(project))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current folder while the fixture lives, with the customers."""
    folder, rng = tmp_path_factory.mktemp("given"), np.random.default_rng(5)
    months, price = rng.integers(1, 60, CUSTOMERS), rng.gamma(4, 15, CUSTOMERS).round(2)

    def happens(odds: np.ndarray) -> np.ndarray:
        return rng.uniform(size=CUSTOMERS) < 1 / (1 + np.exp(-odds))

    left = np.where(happens(1 - months / 15), "yes", "no")
    table = {"id": [f"k{k}" for k in range(CUSTOMERS)], "months": months, "price": price, "left_us": left}
    table |= {"loan": happens(price / 40 - 3).astype(int), "card": happens(price / 40 - 0.5).astype(int)}
    table["yacht"] = (np.arange(CUSTOMERS) < 3).astype(int)
    pd.DataFrame(table).to_csv(folder / "customers.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        yield folder


@pytest.fixture(scope="module")
def phones(folder: Path) -> Made:
    """Churn only."""
    return made(folder, "phones", CHURN)


@pytest.fixture(scope="module")
def bank(folder: Path) -> Made:
    """Propensity only; next to nobody bought a yacht."""
    return made(folder, "bank", BOUGHT)


# Churn only


def test_only_the_models_that_the_tables_can_teach_answer(phones: Made, bank: Made) -> None:
    assert list(phones.champions.release.scorer.models) == ["churn"]
    assert list(bank.champions.release.scorer.models) == ["propensity"]


def test_the_scored_table_has_the_days_until_leaving_and_nothing_of_other_models(phones: Made) -> None:
    scored = phones.scored
    days = scored[["days_until_leaving_lower_80", "days_until_leaving", "days_until_leaving_upper_80"]]
    assert (days.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert not [name for name in scored.columns if name.startswith(("clv", "propensity"))]


def test_an_answer_without_value_or_propensity_has_nulls_for_them(phones: Made) -> None:
    (answer,) = phones.champions.by_id(ScoreCustomers(["k7"])).answers
    assert (answer.clv, answer.propensity, answer.what_next) == (None, {}, ())
    assert answer.churn_by_horizon_days == {"30": answer.churn_probability}
    assert answer.days_until_leaving is not None
    assert answer.days_until_leaving.lower_80 <= answer.days_until_leaving.days <= answer.days_until_leaving.upper_80


def test_a_page_about_given_labels_does_not_speak_of_orders_or_money(phones: Made) -> None:
    for said in ("orders", "no order", "Expected value", "value at risk", "expected to place", "rhythm"):
        assert said not in phones.page
    assert "expected to leave, as tables.labels.churned says" in phones.page
    assert "The 20 customers most likely to leave" in phones.page
    assert "as if every such period were as risky as the next" in phones.page


def test_outcomes_are_given_as_of_a_date_and_no_data_run_from_one_day_to_another(phones: Made) -> None:
    assert "judged on 1 May 2024 · outcomes as of 1 May 2024 · amounts in USD" in phones.page
    assert "Outcomes are given as of 1 May 2024." in phones.page
    assert "The data run" not in phones.page


def test_customers_without_events_are_those_with_a_label(phones: Made) -> None:
    assert "Known customers all who have a label of that date 600" in phones.page
    assert "done anything" not in phones.page


def test_customers_of_the_date_that_was_learned_from_cannot_have_moved(phones: Made) -> None:
    assert (
        "Scored are the 600 customers of 1 May 2024 that the models learned from: nothing can have moved since." in phones.page
    )
    assert "features have moved" not in phones.page


def test_every_text_of_both_pages_is_there_in_chinese(phones: Made, bank: Made) -> None:
    data = ("card", "loan", "yacht", "months", "price")
    for made_of in (phones, bank):
        assert "\n".join(untranslated(made_of.html, data)) == ""
        assert "\n".join(half_translated(in_chinese(made_of.html), (*data, "phones", "bank", "customers", "labels"))) == ""


def test_a_judgement_on_split_customers_is_said_to_be_one_wherever_its_figures_are(phones: Made) -> None:
    said = "customers were split: this shows how the model does on other customers of that date, and not how it does next time"
    assert phones.page.count(said) == 3  # in the summary, beside the baselines, among the claims
    assert "for tuning, calibration and judgement, because no later date has outcomes" in phones.page
    assert "No bar of a fit reaches beyond" not in phones.page
    assert "The outcomes of the scored customers after 1 May 2024 are known" in phones.page
    assert model_cards(phones.champions)["churn"].customers_split_for == ("tuning", "calibration", "judgement")


def test_the_summary_counts_the_rows_of_every_table(phones: Made) -> None:
    found = json.loads((phones.project.folder / "summary.json").read_text(encoding="utf-8"))
    assert found["data"]["labels"]["rows_kept"] == found["data"]["customers"]["rows_kept"] == CUSTOMERS
    assert "clv" not in found
    assert found["churn"]["told_by"] == "labels"


# Propensity only


def test_what_cannot_be_predicted_is_named_with_the_reason_everywhere(bank: Made) -> None:
    answers = bank.champions.by_id(ScoreCustomers(["k7"]))
    assert list(answers.not_predicted) == ["chance of buying yacht"]
    assert "it happened to only 3 customers" in answers.not_predicted["chance of buying yacht"]
    assert model_cards(bank.champions)["propensity"].not_predicted == answers.not_predicted
    assert "No number is given for: chance of buying yacht it happened to only 3 customers" in bank.page
    assert "propensity_yacht" not in bank.scored.columns


def test_categories_are_ranked_in_answers_and_on_the_page(bank: Made) -> None:
    (answer,) = bank.champions.by_id(ScoreCustomers(["k7"])).answers
    assert answer.churn_probability is None
    assert answer.days_until_leaving is None
    assert {one.category: one.chance for one in answer.what_next} == answer.propensity
    assert "The 20 customers most likely to buy" in bank.page
    assert "expected to buy card" in bank.page


def test_a_page_without_churn_does_not_speak_of_leaving(bank: Made) -> None:
    for said in ("When they leave", "Leaving", "Risk of leaving", "days until gone for good"):
        assert said not in bank.page


# What is missing


def test_a_possible_model_without_a_champion_is_an_error_that_says_to_train_it(phones: Made) -> None:
    model = phones.champions.release.scorer.models["churn"]
    remove_alias(model, "champion")
    try:
        with pytest.raises(BadInput, match=r"no champion of phones-churn in the registry.*python -m training churn CONFIG"):
            score_customers(phones.project)
    finally:
        set_alias(model, "champion")


def test_a_project_that_can_have_no_model_is_told_what_to_map(phones: Made) -> None:
    words = phones.manifest.words.model_copy(update={"mapped": {"customers": ("customer_id",)}})
    with pytest.raises(BadInput) as bad:
        load_scorer(phones.project, phones.manifest.model_copy(update={"words": words}), [])
    assert len(bad.value.problems) == 3
    assert "phones can have no churn model: no table tells who left; map tables.orders" in bad.value.problems[0]


def test_an_amount_without_an_interval_has_no_ends(folder: Path) -> None:
    shop = made(folder, "shop", 'value = "price * card"')
    champions = shop.champions
    model = champions.release.scorer.models["clv"]
    plain = replace(model, bundle=replace(model.bundle, intervals=None))
    scorer = replace(champions.release.scorer, models={"clv": plain})
    (answer,) = replace(champions, release=replace(champions.release, scorer=scorer)).by_id(ScoreCustomers(["k7"])).answers
    assert answer.clv is not None
    assert (answer.clv.lower, answer.clv.upper, answer.clv.coverage) == (None, None, None)
    assert "The 20 customers expected to bring most" in shop.page
    assert "Value is what tables.labels.value says, in USD." in shop.page


def test_a_company_without_orders_shows_no_value_that_nothing_tells(phones: Made) -> None:
    section = phones.html.split('<section id="worth">')[1].split("</section>")[0]
    assert "Realised value" not in section
    assert "Customer score" in section  # of loyalty alone
    assert "Nothing tells of value and satisfaction: what that weighs is shared among the others." in section
