"""The next best action of the demo's customers, from the command to the service and the report."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from features.problems import BadInput
from features.project import Project
from models.actions.plan_report import PlanReport
from models.actions.settings import Action, read_actions
from models.actions.uplift import Effect, Uplift
from models.linear import Scales
from models.value.settings import Layer
from serving.__main__ import main
from serving.answers.champions import Champions
from serving.answers.release import from_registry, kept_folder
from serving.answers.requests import ScoreCustomers
from serving.live.watch import Seen
from serving.plan import load_plan_report, make_plan, plan_file, plan_report_file, say_plan
from serving.scoring.everybody import predictions_file
from tests.serving.conftest import Demo

ACTIONS = """
[actions.call]
cost = 6.0
capacity = 20
effect = 0.3
eligible = "tier in ('gold', 'platinum') and days_since_last_order > 10"

[actions.mail]
cost = 0.5
effect = 0.05

[plan]
budget = 150
"""


@pytest.fixture
def config(demo: Demo, tmp_path: Path) -> Path:
    """The demo's mapping file with actions."""
    found = tmp_path / "online_retail.toml"
    found.write_text(demo.config.read_text(encoding="utf-8") + ACTIONS, encoding="utf-8")
    return found


@pytest.fixture(autouse=True)
def _leave_no_plan(demo: Demo) -> Iterator[None]:
    yield
    for file in (plan_file(demo.project), plan_report_file(demo.project), demo.project.folder / "uplift.json"):
        file.unlink(missing_ok=True)


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["serving", *words])
    return main()


def read(project: Project) -> tuple[pd.DataFrame, PlanReport]:
    report = PlanReport.model_validate_json(plan_report_file(project).read_bytes())
    return pd.read_parquet(plan_file(project)), report


def test_a_service_sees_that_the_plan_is_gone_and_that_it_is_back(demo: Demo, config: Path) -> None:
    without = Seen.now(config, demo.project)
    plan_file(demo.project).write_bytes(b"")
    assert Seen.now(config, demo.project) != without
    plan_file(demo.project).unlink()
    assert Seen.now(config, demo.project) == without


def test_the_command_writes_a_plan_within_its_limits_and_marks_what_is_assumed(
    demo: Demo, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "plan", str(config)) == 0
    said = capsys.readouterr().out
    plan, report = read(demo.project)
    scored = pd.read_parquet(predictions_file(demo.project))
    assert plan["customer_id"].tolist() == scored["customer_id"].tolist()
    assert plan["cost"].sum() == pytest.approx(report.cost)
    assert report.cost <= 150
    calls = plan[plan["action"] == "call"]
    assert 0 < len(calls) <= 20
    assert calls["tier"].isin(["gold", "platinum"]).all()
    treated = plan[plan["action"] != "none"]
    assert set(treated["basis"]) == {"assumed"}
    assert plan.loc[plan["action"] == "none", ["cost", "expected_gain"]].eq(0).all().all()
    effect = treated["action"].map({"call": 0.3, "mail": 0.05})
    assert treated["expected_gain"].to_numpy() == pytest.approx(
        (effect * treated["value_at_risk"] - treated["cost"]).to_numpy()
    )
    assert report.assumed
    assert report.expected_gain == pytest.approx(plan["expected_gain"].sum())
    assert "assumed effects in it" in said
    assert "the next £1,000.00 would gain" in said
    assert "not worth winning back" in said


def test_the_budget_of_the_command_line_counts_and_a_negative_one_is_refused(
    demo: Demo, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "plan", str(config), "--budget", "0") == 0
    plan, report = read(demo.project)
    assert (report.cost, set(plan["action"])) == (0.0, {"none"})
    plan_file(demo.project).unlink()
    assert run(monkeypatch, "plan", str(config), "--budget", "-1") == 2
    assert "--budget -1: expected money, at least 0" in capsys.readouterr().err
    assert not plan_file(demo.project).exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (ACTIONS, "", "the mapping file names no action"),
        ("'gold', 'platinum'", "'golden'", "customers is"),
        ("tier in", "tear in", "the scored table has no column tear; did you mean 'tier'?"),
        ("effect = 0.05", "", "actions.mail: no trial has measured what it changes"),
        ("budget = 150", "budget = -150", "plan.budget = -150: expected at least 0"),
        ("effect = 0.3", "effect = 3", "actions.call.effect = 3: expected at most 1"),
    ],
)
def test_what_cannot_be_planned_ends_with_2_before_anything_is_written(
    demo: Demo,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    said: str,
) -> None:
    config.write_text(config.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert run(monkeypatch, "plan", str(config)) == 2
    assert said in capsys.readouterr().err
    assert not plan_file(demo.project).exists()


def test_the_service_gives_the_action_of_the_plan_and_says_on_what_it_rests(
    demo: Demo, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "plan", str(config)) == 0
    plan, _ = read(demo.project)
    champions = open_desk(demo)
    treated, left = plan[plan["action"] != "none"].iloc[0], plan[plan["action"] == "none"].iloc[0]
    one, other = (
        answer.next_action for answer in champions.by_id(ScoreCustomers([treated["customer_id"], left["customer_id"]])).answers
    )
    assert one is not None
    assert (one.action, one.basis, one.cost) == (treated["action"], "assumed", treated["cost"])
    assert other is not None
    assert (other.action, other.basis, other.cost) == ("none", None, 0.0)


def open_desk(demo: Demo) -> Champions:
    return Champions.open(from_registry(demo.config, kept_folder(demo.config)))


def test_a_plan_for_the_numbers_of_other_models_is_not_served(
    demo: Demo, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "plan", str(config)) == 0
    plan, report = read(demo.project)
    versions = open_desk(demo).versions
    assert load_plan_report(demo.project, demo.manifest.scored_at, versions) == report
    assert load_plan_report(demo.project, demo.manifest.scored_at, versions | {"clv": "another v9"}) is None
    other = report.model_copy(update={"models": versions | {"clv": "another v9"}})
    plan_report_file(demo.project).write_text(other.model_dump_json(), encoding="utf-8")
    assert open_desk(demo).by_id(ScoreCustomers([plan["customer_id"].iloc[0]])).answers[0].next_action is None


def test_a_measured_effect_replaces_the_assumed_one_and_is_marked_measured(demo: Demo) -> None:
    nothing = Scales(columns=(), medians=(), lowest=(), highest=(), means=(), per_unit=())
    mail = Effect(action="mail", log_factor=float(np.log(1.3)), weights=(), covariance=((0.0,),), moderators=nothing)
    uplift = Uplift(
        project="online_retail",
        outcome="order",
        horizon_days=90,
        campaigns=(),
        effects=(mail,),
        left_out={},
        data_fingerprint=demo.manifest.data_fingerprint,
    )
    file = demo.project.folder / "uplift.json"
    file.write_text(uplift.model_dump_json(), encoding="utf-8")
    actions = (Action(name="mail", cost=1.0, effect=0.9),)
    report = make_plan(demo.project, actions, None, Layer())
    plan, _ = read(demo.project)
    scored = pd.read_parquet(predictions_file(demo.project))
    treated = (plan["action"] == "mail").to_numpy()
    assert set(plan.loc[treated, "basis"]) == {"measured"}
    assert plan.loc[treated, "expected_gain"].to_numpy() == pytest.approx((0.3 * scored.loc[treated, "clv_90d"] - 1).to_numpy())
    assert not report.assumed
    assert report.actions[0].effect is None
    assert any("measured, so the assumed effect of 90% is not used" in line for line in say_plan(report))

    file.write_text(uplift.model_copy(update={"data_fingerprint": "x"}).model_dump_json(), encoding="utf-8")
    with pytest.raises(ValueError, match="learned from other data"):
        make_plan(demo.project, actions, None, Layer())
    file.write_text(uplift.model_copy(update={"data_fingerprint": "x", "effects": ()}).model_dump_json(), encoding="utf-8")
    assert any(
        "learned from other data; learn again" in said for said in make_plan(demo.project, actions, None, Layer()).remarks
    )
    file.write_text(
        uplift.model_copy(update={"effects": (mail, mail.model_copy(update={"action": "Ruf an"}))}).model_dump_json(),
        encoding="utf-8",
    )
    remarks = make_plan(demo.project, actions, None, Layer()).remarks
    assert any("Ruf an: measured, but no action" in said and '[actions."Ruf an"]' in said for said in remarks)
    file.write_text(uplift.model_copy(update={"horizon_days": 30}).model_dump_json(), encoding="utf-8")
    with pytest.raises(ValueError, match="learned for 30 days, and the project looks 90 days ahead"):
        make_plan(demo.project, actions, None, Layer())
    refused = {"effects": (), "left_out": {"mail": "the arms are not alike"}}
    file.write_text(uplift.model_copy(update=refused).model_dump_json(), encoding="utf-8")
    assert "not measured: mail: the arms are not alike" in make_plan(demo.project, actions, None, Layer()).remarks
    file.write_text(uplift.model_copy(update={"outcome": "bought_visit"}).model_dump_json(), encoding="utf-8")
    assert make_plan(demo.project, actions, None, Layer()).actions[0].basis == "assumed"


def test_a_plan_by_the_numbers_of_a_former_champion_is_refused(
    demo: Demo, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = SimpleNamespace(name="online_retail-churn", version="2")
    monkeypatch.setattr("serving.plan.version_at", lambda _project, task, _alias: newer if task == "churn" else None)
    with pytest.raises(
        BadInput, match=r"churn_model: scored by online_retail-churn v1 .+, but the champion is online_retail-churn v2"
    ):
        make_plan(demo.project, read_actions(config), 150.0, Layer())
