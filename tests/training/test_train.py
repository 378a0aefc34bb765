"""From order lines to a registered, judged, promoted bundle, on a small made-up company."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

import models.bundle
from features.feature import FAMILY_ZH
from features.problems import BadConfig, BadInput, ContractMismatch
from features.project import Project, read_project, read_section
from features.snapshots import Manifest, build_snapshots, load_snapshot
from models.bundle import Bundle, bundle_hash
from models.contract import TASKS, Task
from models.registry import Registered, champion, find, version_at
from tests.training.company import DATA_UNTIL, JUDGED_AT, order_lines, write_company
from training.compare import Candidate, compare, side_by_side
from training.frame import Frame, training_frame
from training.judging.coverage import judge_interval
from training.judging.metrics import AMOUNT, PROBABILITY
from training.judging.resampling import judged as judged_alone
from training.promote import promote_challenger, restore_previous
from training.settings import TrainingSettings
from training.train import possible_tasks, train

# Of MLflow and what it builds on; nothing here can mend them.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore:.*Any type hint is inferred as AnyType"
)


@dataclass(frozen=True)
class Company:
    """Two years of orders, their snapshots, and the three models trained on them."""

    folder: Path
    lines: pd.DataFrame
    project: Project
    settings: TrainingSettings
    manifest: Manifest
    models: dict[Task, Registered]

    def frame(self, task: Task) -> Frame:
        """The judged customers."""
        return training_frame(self.project, self.manifest, task, [JUDGED_AT])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current folder, with a registry of its own."""
    folder = tmp_path_factory.mktemp("company")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        patch.delenv("MLFLOW_RUN_ID", raising=False)
        yield folder


@pytest.fixture(scope="module")
def company(folder: Path) -> Company:
    """The company with everything done."""
    lines = order_lines()
    config = write_company(folder, lines)
    project, settings = read_project(config), read_section(config, "training", TrainingSettings)
    manifest = build_snapshots(project)
    models = {task: train(project, settings, task) for task in TASKS}
    return Company(folder, lines, project, settings, manifest, models)


def test_the_first_version_of_every_model_is_champion(company: Company) -> None:
    for task in TASKS:
        found = champion("shop", task)
        assert (found.version, found.hash) == ("1", company.models[task].hash)
        assert find("shop", task, "challenger") is None


def test_the_numbers_of_the_judgement_are_those_of_the_served_bundle(company: Company) -> None:
    for task in TASKS:
        bundle, frame = champion("shop", task).bundle, company.frame(task)
        served = bundle.predict(frame.rows)
        assert bundle.evaluation.judged_at == JUDGED_AT
        assert bundle.evaluation.customers == len(frame.rows)
        for k, output in enumerate(bundle.contract.outputs):
            own = served[output.name].to_numpy()
            if task == "clv":
                actual = np.maximum(frame.outcomes[:, k], 0)
                ends = served["clv_30d_lower_80"].to_numpy(), served["clv_30d_upper_80"].to_numpy()
                again = judged_alone(AMOUNT, actual, own, seed=0) | judge_interval(actual, own, *ends, 0.8)
            else:
                again = judged_alone(PROBABILITY, frame.outcomes[:, k], own, seed=0)
            judged = bundle.evaluation.outputs[output.name].metrics
            assert set(again) <= set(judged)
            assert {name: judged[name].value for name in again} == pytest.approx(
                {name: metric.value for name, metric in again.items()}, rel=1e-4
            )


def test_every_model_stands_beside_baselines_judged_on_the_same_figures(company: Company) -> None:
    for task in TASKS:
        for evaluation in company.models[task].bundle.evaluation.outputs.values():
            assert len(evaluation.baselines) >= 3
            for metrics in evaluation.baselines.values():
                assert metrics.keys() <= evaluation.metrics.keys()
                assert len(metrics) >= 5


def test_the_models_learn_what_the_company_was_made_of(company: Company) -> None:
    metrics = {task: company.models[task].bundle.evaluation.outputs for task in TASKS}
    assert metrics["churn"]["churn_probability"].metrics["auc"].value > 0.7
    assert metrics["clv"]["clv_30d"].metrics["spearman"].value > 0.4
    assert metrics["propensity"]["propensity_tea"].metrics["auc"].value > 0.7


def test_outcomes_are_what_customers_did_and_silence_is_an_outcome_too(company: Company) -> None:
    churn, clv, propensity = (company.frame(task) for task in TASKS)
    day = pd.to_datetime(company.lines["bought_at"]).dt.date
    window = company.lines[(day >= JUDGED_AT) & (day < JUDGED_AT + timedelta(days=30))]
    net, bought = window.groupby("customer")["price"].sum(), window[window["price"] > 0]
    assert 0 < churn.outcomes.mean() < 1
    for row, customer in enumerate(churn.customer_id):
        assert churn.outcomes[row, 0] == float(customer not in set(bought["customer"]))
        assert clv.outcomes[row, 0] == pytest.approx(net.get(customer, 0.0), abs=1e-9)
        kinds = set(bought.loc[bought["customer"] == customer, "kind"])
        wanted = [float(kind in kinds) for kind in company.manifest.categories]
        assert propensity.outcomes[row].tolist() == wanted


def test_only_eligible_customers_are_learned_from(company: Company) -> None:
    snapshot = load_snapshot(company.project, JUDGED_AT)
    eligible = snapshot[snapshot["not_eligible_because"].isna()]
    frame = company.frame("churn")
    assert sorted(frame.customer_id) == sorted(eligible["customer_id"])
    assert list(frame.rows.columns) == [feature.name for feature in company.manifest.features()]
    some = eligible.set_index("customer_id").loc[frame.customer_id, frame.rows.columns]
    pd.testing.assert_frame_equal(some.reset_index(drop=True), frame.rows.reset_index(drop=True))


def test_the_contract_says_what_the_model_is(company: Company) -> None:
    for task in TASKS:
        contract = company.models[task].bundle.contract
        assert contract.problems_with(company.project, list(load_snapshot(company.project, JUDGED_AT).columns)) == []
        assert contract.roles.judge == JUDGED_AT
        assert all(as_of + timedelta(days=30) <= JUDGED_AT for as_of in contract.roles.fitted_on)
        assert contract.rounds == company.models[task].bundle.booster.num_boosted_rounds()
        assert contract.rows_fitted == len(
            training_frame(company.project, company.manifest, task, contract.roles.fitted_on).rows
        )
        assert not {"scale_pos_weight", "max_delta_step"} & set(contract.parameters)
        assert contract.data_fingerprint == company.manifest.data_fingerprint


def test_no_customer_is_in_a_bundle_or_in_its_run(company: Company) -> None:
    files = [file for file in (company.folder / "mlruns").rglob("*") if file.is_file()]
    assert {file.name for file in files} >= {"contract.json", "golden.json", "churn_probability_calibration.png"}
    customers = set(company.lines["customer"])
    for file in files:
        text = file.read_bytes().decode("utf-8", errors="ignore")
        assert not [customer for customer in customers if f'"{customer}"' in text], file.name
    rows = company.frame("churn").rows
    for task in TASKS:
        golden = company.models[task].bundle.golden
        assert golden.merge(rows, how="inner", on=list(golden.columns)).empty


def test_training_again_on_the_same_keeps_what_is_there(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    kept = train(company.project, company.settings, "churn")
    assert (kept.version, kept.hash) == ("1", company.models["churn"].hash)
    assert "unchanged data, settings and code, kept as champion" in capsys.readouterr().out


def test_a_run_records_parameters_figures_and_pictures(company: Company) -> None:
    (run,) = mlflow.search_runs(experiment_names=["shop"], filter_string="tags.task = 'clv'", output_format="list")
    assert run.info.run_name == f"clv {JUDGED_AT} {company.models['clv'].hash[:8]}"
    contract, evaluation = company.models["clv"].bundle.contract, company.models["clv"].bundle.evaluation
    assert run.info.status == "FINISHED"
    assert run.data.params["judge"] == str(JUDGED_AT)
    assert run.data.params["seed"] == str(contract.seed)
    assert run.data.tags["made_from"] == contract.made_from
    assert run.data.metrics["wape"] == pytest.approx(evaluation.outputs["clv_30d"].metrics["wape"].value)
    assert run.data.metrics["mean_value.wape"] == pytest.approx(
        evaluation.outputs["clv_30d"].baselines["mean_value"]["wape"].value
    )
    wape, rival = evaluation.outputs["clv_30d"].metrics["wape"], evaluation.outputs["clv_30d"].baselines["mean_value"]["wape"]
    assert run.data.metrics["wape_low"] == pytest.approx(wape.low)
    assert run.data.metrics["wape_high"] == pytest.approx(wape.high)
    assert run.data.metrics["mean_value.wape_ours_less_this"] == pytest.approx(wape.value - rival.value)
    assert run.data.metrics["mean_value.wape_ours_less_this_low"] < run.data.metrics["mean_value.wape_ours_less_this_high"]
    assert run.data.metrics["tuning_loss"] <= run.data.metrics["tuning_loss_of_defaults"]


def test_nothing_from_the_judged_date_on_is_in_the_model(company: Company) -> None:
    lines = company.lines.copy()
    later = pd.to_datetime(lines["bought_at"]).dt.date >= JUDGED_AT
    assert later.sum() > 30
    lines.loc[later, "price"] = 999.99
    lines.loc[later, "kind"] = "rare"
    lines.loc[later, "customer"] = np.random.default_rng(0).permutation(lines.loc[later, "customer"])
    config = write_company(company.folder, lines, "other")
    project = read_project(config)
    build_snapshots(project)
    before, after = company.models["clv"].bundle, train(project, company.settings, "clv").bundle
    assert before.evaluation != after.evaluation  # it is judged by other outcomes
    assert before.booster.save_raw("json") == after.booster.save_raw("json")
    assert before.prior == after.prior
    assert (before.linear, before.season, before.contract.linear_share) == (
        after.linear,
        after.season,
        after.contract.linear_share,
    )
    assert before.evaluation.earlier == after.evaluation.earlier  # windows that closed by the judged date
    assert (before.calibrator, before.intervals) == (after.calibrator, after.intervals)
    assert before.contract.parameters == after.contract.parameters
    assert before.evaluation.choices == after.evaluation.choices
    pd.testing.assert_frame_equal(before.golden, after.golden)


def test_earlier_dates_are_judged_too_by_models_that_knew_no_more_than_they_could(company: Company) -> None:
    for task in TASKS:
        evaluation = company.models[task].bundle.evaluation
        (earlier,) = evaluation.earlier  # the judged date and one more
        assert earlier.judged_at == JUDGED_AT - timedelta(days=30)
        eligible = load_snapshot(company.project, earlier.judged_at)["not_eligible_because"].isna().sum()
        assert earlier.customers == eligible
        assert earlier.outputs.keys() == evaluation.outputs.keys()
        for name, figures in earlier.outputs.items():
            assert np.isfinite(list(figures.values())).all()
            assert figures.keys() <= evaluation.outputs[name].metrics.keys()


def test_a_later_version_is_challenger_until_somebody_promotes_it(company: Company) -> None:
    with pytest.raises(BadInput) as refused:
        promote_challenger("shop", "churn")
    assert str(refused.value) == (
        "shop has no challenger for churn in the registry that MLFLOW_TRACKING_URI names; train one first: "
        "python -m training churn CONFIG"
    )
    with pytest.raises(BadInput, match="no earlier champion for churn than v1, which stays: nothing was promoted"):
        restore_previous("shop", "churn")
    other_seed = company.settings.model_copy(update={"seed": 1})
    challenger = train(company.project, other_seed, "churn")
    assert challenger.version == "2"
    assert challenger.hash != company.models["churn"].hash
    assert champion("shop", "churn").version == "1"
    waiting = find("shop", "churn", "challenger")
    assert waiting is not None
    assert waiting.hash == challenger.hash
    promoted = promote_challenger("shop", "churn")
    assert (promoted.champion.hash, promoted.before, promoted.challenger) == (challenger.hash, 1, None)
    assert champion("shop", "churn").hash == challenger.hash
    assert find("shop", "churn", "challenger") is None
    restored = restore_previous("shop", "churn")
    assert (restored.champion.version, restored.before, restored.challenger) == ("1", 2, 2)
    assert champion("shop", "churn").hash == company.models["churn"].hash
    waiting = find("shop", "churn", "challenger")
    assert waiting is not None
    assert waiting.version == "2"
    with pytest.raises(BadInput, match=r"no earlier champion for churn than v1, which stays: .* it was taken back already"):
        restore_previous("shop", "churn")
    assert champion("shop", "churn").version == "1"


def test_going_back_leaves_a_later_challenger_in_its_place(company: Company) -> None:
    config = write_company(company.folder, company.lines, "waiting")
    project = read_project(config)
    build_snapshots(project)
    for seed in (0, 1):
        train(project, company.settings.model_copy(update={"seed": seed}), "churn")
    promote_challenger("waiting", "churn")
    train(project, company.settings.model_copy(update={"seed": 2}), "churn")
    restored = restore_previous("waiting", "churn")
    assert (restored.champion.version, restored.before, restored.challenger) == ("1", 2, 3)
    assert version_at("waiting", "churn", "challenger").version == 3


def test_the_challenger_is_compared_with_the_champion(company: Company) -> None:
    config = write_company(company.folder, company.lines, "compared")
    project = read_project(config)
    build_snapshots(project)
    champion_of = train(project, company.settings, "churn")
    challenger = train(project, company.settings.model_copy(update={"seed": 1}), "churn")
    lines = compare("compared")
    assert lines[0] == "churn of compared"
    assert lines[1].split() == ["champion", "challenger"]
    assert lines[2].split() == ["version", "v1", champion_of.hash, "v2", challenger.hash]
    (auc,) = [line for line in lines if line.startswith("  auc ")]
    for each in (champion_of, challenger):
        metric = each.bundle.evaluation.outputs["churn_probability"].metrics["auc"]
        assert f"{metric.value:.3f} ({metric.low:.3f} to {metric.high:.3f})" in auc
    assert auc.endswith("more is better")
    assert lines[-1] == f"  comparable: both were judged on {JUDGED_AT}, on the same data"


def changed(registered: Registered, *, judged_at: date = JUDGED_AT, **contract: object) -> Candidate:
    """The model as if it had been made from something else."""
    bundle = registered.bundle
    evaluation = bundle.evaluation.model_copy(update={"judged_at": judged_at})
    other = replace(bundle, evaluation=evaluation, contract=bundle.contract.model_copy(update=contract))
    return Candidate(replace(registered, bundle=other), date(2021, 4, 2))


def test_it_is_said_when_figures_of_champion_and_challenger_are_not_comparable(company: Company) -> None:
    model = company.models["churn"]
    challengers = {
        "NOT comparable: the champion was judged on 2021-03-01, the challenger on 2021-04-01": changed(
            model, judged_at=date(2021, 4, 1)
        ),
        "NOT comparable: they answer different questions (project.horizon_days changed between them)": changed(
            model, horizon_days=60
        ),
        "comparable with care: both were judged on 2021-03-01, but the data have changed between them": changed(
            model, data_fingerprint="another"
        ),
    }
    for said, challenger in challengers.items():
        *table, last = side_by_side("shop", "churn", {"champion": changed(model), "challenger": challenger})
        assert last.startswith(f"  {said}")
        leads = [line for line in table if line.startswith("  auc less that of recency_rule")]
        assert len(leads) == ("judged on 2021-03-01, the challenger on" in said)


def test_of_several_outputs_the_main_figures_of_each_are_shown_and_one_that_is_new_is_marked(company: Company) -> None:
    model = company.models["propensity"]
    outputs = model.bundle.evaluation.outputs
    fewer = model.bundle.evaluation.model_copy(update={"outputs": {"propensity_tea": outputs["propensity_tea"]}})
    champion_of = Candidate(replace(model, bundle=replace(model.bundle, evaluation=fewer)), date(2021, 4, 2))
    lines = list(side_by_side("shop", "propensity", {"champion": champion_of, "challenger": changed(model)}))
    figures = [line.split()[0] for line in lines if "better" in line or "best" in line]
    assert set(figures) == {f"{output}.{name}" for output in outputs for name in ("auc", "logloss", "sum_ratio")}
    (new,) = [line for line in lines if line.startswith("  propensity_toys.auc")]
    assert new.split()[1:3] == ["not", "judged"]


def test_a_champion_that_can_no_longer_be_read_makes_way_and_it_is_said(
    company: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_company(company.folder, company.lines, "moved")
    project = read_project(config)
    build_snapshots(project)
    first = train(project, company.settings, "churn")
    second = train(project, company.settings.model_copy(update={"seed": 1}), "churn")
    assert (first.version, second.version, find("moved", "churn", "challenger").version) == ("1", "2", "2")
    reads = models.bundle._read

    def another_version(folder: Path) -> tuple[Bundle, pd.DataFrame]:
        if bundle_hash(folder) == first.hash:
            raise ContractMismatch("made by another version of cvm")
        return reads(folder)

    monkeypatch.setattr(models.bundle, "_read", another_version)
    with pytest.raises(ContractMismatch, match=r"^moved-churn v1: made by another version of cvm$"):
        champion("moved", "churn")
    third = train(project, company.settings.model_copy(update={"seed": 2}), "churn")
    assert (
        "  note: moved-churn v1: made by another version of cvm; the new version takes its place\n" in capsys.readouterr().out
    )
    assert champion("moved", "churn").hash == third.hash
    assert find("moved", "churn", "challenger") is None  # the one before is older than the champion now
    assert version_at("moved", "churn", "previous").version == 1


def test_without_product_groups_propensity_is_left_out_and_asking_for_it_is_refused(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_company(company.folder, company.lines, "plain", ('category = "kind"\n', ""))
    project = read_project(config)
    build_snapshots(project)
    capsys.readouterr()
    assert possible_tasks(project) == ["churn", "clv"]
    said = "it needs product groups (tables.orders.category) or responses (tables.labels.bought_...), and neither is mapped"
    assert capsys.readouterr().out == f"propensity of plain: left out, {said}\n"
    with pytest.raises(BadConfig, match=f"^{re.escape(f'propensity cannot be trained: {said}')}$"):
        train(project, company.settings, "propensity")


@pytest.mark.parametrize("task", ["churn", "propensity"])
def test_a_history_too_short_is_refused_before_anything_is_fitted(company: Company, task: Task) -> None:
    # The only earlier date is 30 days before the judged one: no window of 31 days has closed, and no two shorter ones.
    config = write_company(
        company.folder,
        company.lines,
        "hasty",
        ("horizon_days = 30", "horizon_days = 31"),
        ("history_days_min = 180", "history_days_min = 380"),
    )
    project = read_project(config)
    assert len(build_snapshots(project).grid) == 2
    with pytest.raises(BadConfig, match=r"project\.horizon_days = 31: too long for the history"):
        train(project, company.settings, task)
    assert champion("shop", task)
    with pytest.raises(BadInput, match=f"no champion of hasty-{task} in the registry"):
        champion("hasty", task)


def test_the_data_ends_where_the_judged_window_closes() -> None:
    assert JUDGED_AT + timedelta(days=30) <= DATA_UNTIL


def test_a_feature_that_readers_could_not_be_told_about_stops_training(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAMILY_ZH, "rhythm", " ")
    with pytest.raises(BadConfig, match="gap_days_mean has no text in English and Chinese: the catalogue says 'usual days"):
        train(company.project, company.settings, "churn")


def test_a_trained_bundle_knows_what_to_compare_its_customers_with(company: Company) -> None:
    for task, model in company.models.items():
        bundle = model.bundle
        sticks, columns = bundle.yardsticks, [column.name for column in bundle.contract.explained]
        fitted = company.frame(task).rows
        latest = load_snapshot(company.project, max(bundle.contract.roles.fitted_on))
        latest = latest[latest["not_eligible_because"].isna()]
        place = columns.index("days_since_last_order")
        assert sticks.medians[0][place] == pytest.approx(latest["days_since_last_order"].median())
        assert sticks.highest[place] >= latest["days_since_last_order"].max()
        assert sticks.tiers.counted.by == "spend_sum"  # this company has no window of a year
        assert set(sticks.of(bundle.inputs(fitted))) <= set(range(1, 5))
