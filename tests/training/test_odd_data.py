"""Short histories, given outcomes, and data that a model can hardly be made from: a finite answer, or a sentence.

Everything goes through `train`; only the registry is left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import training.__main__ as front_door
import training.train
from features.problems import BadData
from features.project import read_project, read_section
from features.snapshots import build_snapshots, load_snapshot
from models.bundle import Bundle
from models.contract import TASKS, Task
from models.reasons.shares import shares
from models.registry import Registered
from tests.training.club import members, write_club
from tests.training.company import order_lines, write_company
from training.settings import TrainingSettings

Train = Callable[..., Bundle]
ONE_DATE = "customers are split for tuning, calibration, judgement: no later date has outcomes"
NEEDED = "30 are needed to tell what sets them apart"


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """A function that builds snapshots and trains a model of a mapping file; nothing is registered."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training.train, "made_from", lambda *_: None)
    monkeypatch.setattr(training.train, "known_parameters", lambda *_: [])
    monkeypatch.setattr(training.train, "tracked_run", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(training.train, "record", lambda bundle, _: Registered("made_up", "1", None, "0", bundle))
    monkeypatch.setattr(training.train, "introduce", lambda *_: "champion")

    def train(config: Path, task: Task, **settings: object) -> Bundle:
        project = read_project(config)
        build_snapshots(project)
        told = read_section(config, "training", TrainingSettings).model_copy(update={"judged_dates": 1, **settings})
        return training.train.train(project, told, task).bundle

    return train


def scored(config: Path) -> pd.DataFrame:
    """Everybody on the date to score."""
    project = read_project(config)
    return load_snapshot(project, build_snapshots(project).scored_at)


def answers_everybody(bundle: Bundle, rows: pd.DataFrame) -> None:
    """A finite answer for each, with reasons that add up to it."""
    assert np.isfinite(bundle.predict(rows).to_numpy()).all()
    assert np.isfinite(shares(bundle, rows).values).all()


@pytest.mark.parametrize("task", TASKS)
def test_one_date_with_given_outcomes_is_enough(
    tmp_path: Path, trained: Train, capsys: pytest.CaptureFixture[str], task: Task
) -> None:
    config = write_club(tmp_path, members())
    bundle = trained(config, task)
    said = capsys.readouterr().out
    for role in ("tuning", "calibration", "judgement"):
        assert f"  {role}: no later date has outcomes, customers are split instead\n" in said
    assert bundle.evaluation.choices["split"] == ONE_DATE
    assert (bundle.contract.told_by, bundle.contract.starts_from_prior, bundle.prior) == ("labels", False, None)
    assert bundle.contract.learned_horizon_days is None
    assert bundle.evaluation.customers + bundle.contract.rows_fitted == 400
    assert 50 <= bundle.evaluation.customers <= 110  # a fifth
    (judged,) = bundle.evaluation.outputs.values()
    if task == "clv":
        assert judged.metrics["spearman"].value > 0.2
    else:
        assert judged.metrics["auc"].value > 0.7
    rows = scored(config)
    answers_everybody(bundle, rows)
    names = {
        "churn": ["churn_probability", "days_until_leaving_lower_80", "days_until_leaving", "days_until_leaving_upper_80"],
        "clv": ["clv_30d", "clv_30d_lower_80", "clv_30d_upper_80"],
        "propensity": ["propensity_visit"],
    }
    assert list(bundle.predict(rows).columns) == names[task]
    assert bundle.horizons is None  # given outcomes are of one horizon


def test_two_trainings_on_one_date_split_the_same_customers_and_give_the_same_model(tmp_path: Path, trained: Train) -> None:
    config = write_club(tmp_path, members(200))
    one, other = trained(config, "churn"), trained(config, "churn")
    assert one.booster.save_raw("json") == other.booster.save_raw("json")
    assert (one.linear, one.calibrator, one.evaluation) == (other.linear, other.calibrator, other.evaluation)


@pytest.mark.parametrize("task", ["churn", "clv"])
def test_a_history_of_one_closed_window_is_learned_from_a_shorter_horizon(
    tmp_path: Path, trained: Train, capsys: pytest.CaptureFixture[str], task: Task
) -> None:
    # 425 days before the judged date, 390 of them before the first snapshot: one of 30 days before it.
    changes = (("history_days_min = 180", "history_days_min = 380"), ("every_days = 30", "every_days = 10"))
    config = write_company(tmp_path, order_lines(600), "shop", *changes)
    bundle = trained(config, task)
    assert "  no two windows of 30 days in a row have closed: learned from 15 days\n" in capsys.readouterr().out
    assert bundle.contract.learned_horizon_days == 15
    assert (bundle.contract.horizon_days, bundle.prior.horizon_days) == (30, 15)
    assert all(as_of + timedelta(days=15) <= bundle.contract.roles.judge for as_of in bundle.contract.roles.fitted_on)
    answers_everybody(bundle, scored(config))
    # What is served is for 30 days nevertheless: the total is about right, and not half of it.
    judged = load_snapshot(read_project(config), bundle.contract.roles.judge)
    served = bundle.predict(judged[judged["not_eligible_because"].isna()]).iloc[:, 0]
    (evaluation,) = bundle.evaluation.outputs.values()
    assert evaluation.tenths[0].predicted <= served.mean() <= evaluation.tenths[-1].predicted
    if task == "clv":
        # How far 30 days stray is told by the one window of 30 days that had closed.
        latest = bundle.contract.roles.judge - timedelta(days=30)
        assert f"in the 30 days from {latest}), by models fitted" in bundle.evaluation.choices["interval"]
        assert 0.6 < evaluation.metrics["sum_ratio"].value < 1.6


def test_a_history_without_tuning_dates_says_which_roles_split_their_customers(
    tmp_path: Path, trained: Train, capsys: pytest.CaptureFixture[str]
) -> None:
    # Dates 60, 30 and 0 days before the judged one: two windows in a row, tuning asks about a date it is fitted on.
    config = write_company(tmp_path, order_lines(200), "shop", ("history_days_min = 180", "history_days_min = 350"))
    bundle = trained(config, "churn")
    assert bundle.evaluation.choices["split"] == "customers are split for tuning: no later date has outcomes"
    assert "  tuning: no later date has outcomes, customers are split instead\n" in capsys.readouterr().out
    assert bundle.contract.learned_horizon_days is None
    # Inner dates teach 30 days only; longer windows had not closed.
    assert bundle.horizons.all_days[0] == 30
    assert (
        "not 180 days: no inner date has a window of 180 days that closed by 2021-03-01"
        in (bundle.evaluation.choices["horizons"])
    )
    answers_everybody(bundle, scored(config))


def test_a_category_with_five_buyers_is_left_out_and_that_is_said(
    tmp_path: Path, trained: Train, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = order_lines()
    some = lines["customer"].isin(["c001", "c002", "c003", "c004", "c005"])
    lines.loc[some, "kind"] = "rare"
    change = ("windows_days = [30, 90]", 'windows_days = [30, 90]\nmain_categories = ["tea", "rare"]')
    bundle = trained(write_company(tmp_path, lines, "shop", change), "propensity")
    assert [output.label for output in bundle.contract.outputs] == ["chance of buying tea"]
    assert list(bundle.predict(bundle.golden).columns) == ["propensity_tea"]
    (why,) = bundle.contract.unpredictable.values()
    assert list(bundle.contract.unpredictable) == ["chance of buying rare"]
    assert why.startswith("it happened to only ")
    assert int(why.split()[4]) <= 5
    assert why.endswith(NEEDED)
    assert f"  chance of buying rare: not predicted, {why}\n" in capsys.readouterr().out


def stops(config: Path, task: Task, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Training stops with a sentence and status 2."""
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setattr("sys.argv", ["training", task, str(config)])
    build_snapshots(read_project(config))
    assert front_door.main() == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("task", "column", "outcome", "why"),
    [
        ("churn", "left", lambda number: number < 5, "it happened to only {} customers"),
        ("churn", "left", lambda number: number >= 5, "it happened to all but {} customers"),
        ("churn", "left", lambda number: number < 0, "it happened to only 0 customers"),
        ("propensity", "visited", lambda number: number >= 0, "it happened to all but 0 customers"),
        ("clv", "paid", lambda number: number < 10, "it happened to only {} customers"),
        ("clv", "paid", lambda number: number < 0, "it happened to only 0 customers"),
    ],
)
def test_outcomes_that_hardly_anybody_or_nearly_everybody_brought_about_are_not_learned(
    tmp_path: Path,
    trained: Train,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    task: Task,
    column: str,
    outcome: Callable[[np.ndarray], np.ndarray],
    why: str,
) -> None:
    rows = members(200)
    rows[column] = outcome(np.arange(200)).astype(int)
    config = write_club(tmp_path, rows)
    with pytest.raises(BadData) as refused:
        trained(config, task)
    (said,) = refused.value.problems
    before, after = why.split("{}") if "{}" in why else (why, "")
    assert said.startswith(f"{task} of club cannot be learned: {before}")
    assert f"{after} after the dates 2024-01-01 to 2024-01-01; {NEEDED}" in said
    stops(config, task, said, monkeypatch, capsys)


def test_thirty_customers_are_too_few_and_that_is_said(
    tmp_path: Path, trained: Train, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = members(30)
    rows["left"] = np.arange(30) % 2
    config = write_club(tmp_path, rows)
    with pytest.raises(BadData, match=f"churn of club cannot be learned: it happened to .*; {NEEDED}"):
        trained(config, "churn")
    stops(config, "churn", NEEDED, monkeypatch, capsys)


def test_thirty_customers_with_a_history_get_a_model_or_a_sentence(tmp_path: Path, trained: Train) -> None:
    config = write_company(tmp_path, order_lines(30))
    for task in TASKS:
        try:
            bundle = trained(config, task)
        except BadData as refused:
            assert NEEDED in str(refused) or "nothing to judge by" in str(refused)  # noqa: PT017
        else:
            answers_everybody(bundle, scored(config))


@pytest.mark.parametrize("task", TASKS)
def test_customers_who_are_all_new_get_finite_answers(tmp_path: Path, trained: Train, task: Task) -> None:
    # Everybody ordered first within the last five days before the only date; what they then did is given.
    rows, rng = members(300), np.random.default_rng(1)
    start = datetime(2023, 12, 27)
    orders = pd.DataFrame({"id": rows["id"].repeat(2), "price": np.round(rng.gamma(3, 9, 600), 2)})
    orders["bought_at"] = [start + timedelta(days=days) for days in rng.uniform(0, 4.9, 600)]
    orders.assign(invoice=[f"i{n}" for n in range(600)]).to_csv(tmp_path / "orders.csv", index=False)
    table = '[tables.orders]\nfrom = "orders.csv"\ncustomer_id = "id"\norder_id = "invoice"\noccurred_at = "bought_at"\n'
    config = write_club(tmp_path, rows, ("[tables.labels]", f'{table}amount = "price"\n\n[tables.labels]'))
    bundle = trained(config, task)
    assert bundle.prior is not None  # rhythm is read, and not started from: it is not orders that are told
    assert not bundle.contract.starts_from_prior
    rows_asked = scored(config)
    assert rows_asked["days_since_first_order"].max() <= 5
    answers_everybody(bundle, rows_asked)


@pytest.mark.parametrize("task", ["churn", "clv"])
def test_an_attribute_that_is_constant_missing_or_infinite_does_no_harm(tmp_path: Path, trained: Train, task: Task) -> None:
    # Infinite and enormous numbers are taken as missing; no row is set aside for them.
    rows = members(300)
    more = '"try_cast(fee AS DOUBLE)", same = "same", never = "try_cast(never AS DOUBLE)", odd = "try_cast(odd AS DOUBLE)"'
    change = ('"try_cast(fee AS DOUBLE)"', more)
    odd = np.where(np.arange(300) % 7 == 0, "inf", np.where(np.arange(300) % 7 == 1, "-inf", "1e300"))
    config = write_club(tmp_path, rows.assign(same=5, never="", odd=odd), change)
    bundle = trained(config, task)
    asked = scored(config)
    answers_everybody(bundle, asked)
    assert asked["never"].isna().all()
    # None of them has a say, in either half.
    for name in ("same", "never", "odd"):
        assert name in bundle.contract.features
        place = shares(bundle, asked).read.place[name]
        assert np.abs(shares(bundle, asked).values[:, :, place]).max() < 1e-6


def test_a_level_that_is_first_seen_when_scoring_gets_a_finite_answer(tmp_path: Path, trained: Train) -> None:
    bundle = trained(write_club(tmp_path, members(300)), "churn")
    before = scored(tmp_path / "club.toml")
    new = members(300).assign(plan=np.where(np.arange(300) < 20, "premium", members(300)["plan"]))
    after = scored(write_club(tmp_path, new))
    assert "plan_is_premium" in after.columns
    assert "plan_is_premium" not in bundle.contract.features
    answers_everybody(bundle, after)
    # Whose plan is an old one is answered as before.
    unmoved = [f"m{number}" for number in range(20, 300)]
    one, other = (bundle.predict(rows.set_index("customer_id").loc[unmoved]) for rows in (before, after))
    pd.testing.assert_frame_equal(one, other)


def test_a_product_group_that_is_first_sold_after_training_gets_a_finite_answer(tmp_path: Path, trained: Train) -> None:
    lines = order_lines()
    config = write_company(tmp_path, lines)
    bundle = trained(config, "propensity")
    late = pd.to_datetime(lines["bought_at"]) >= "2021-03-20"
    lines.loc[late, "kind"] = "garden"
    answers_everybody(bundle, scored(write_company(tmp_path, lines)))
    assert {output.name for output in bundle.contract.outputs} == {"propensity_tea", "propensity_toys"}


def test_value_is_learned_net_of_what_goods_cost_where_orders_say_so(tmp_path: Path, trained: Train) -> None:
    lines = order_lines()
    sold_dear = lines["kind"] == "tea"
    lines["paid_for_it"] = np.where(sold_dear, 0.0, lines["price"] * 0.9).round(2)
    change = ('amount = "price"', 'amount = "price"\ncost = "paid_for_it"')
    bundle = trained(write_company(tmp_path, lines, "shop", change), "clv")
    assert bundle.contract.outputs[0].target == "net margin within 30 days, in EUR, at least 0"
    judged = bundle.evaluation.outputs["clv_30d"]
    day = pd.to_datetime(lines["bought_at"])
    window = lines[(day >= "2021-03-01") & (day < "2021-03-31")]
    net = (window["price"] - window["paid_for_it"]).groupby(window["customer"]).sum().clip(lower=0).sum()
    assert sum(tenth.customers * tenth.actual for tenth in judged.tenths) == pytest.approx(net, rel=0.01)
