"""What the report says of the plan and of trials."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from features.snapshots import Manifest
from models.actions.settings import Action
from models.contract import Task
from models.registry import Registered
from serving.report.plan import gather_campaigns, gather_plan
from serving.scoring.scorer import Scorer
from tests.serving.report.made_up_decisions import effects, write_decisions
from tests.serving.report.made_up_report import GRID, project_in
from tests.serving.report.made_up_report import manifest as manifest
from tests.serving.report.made_up_report import scorer as scorer
from tests.serving.report.made_up_report import snapshot as snapshot


@pytest.fixture
def models(scorer: Scorer) -> Mapping[Task, Registered]:
    return scorer.models


def test_the_plan_begins_with_those_from_whom_most_is_expected(
    tmp_path: Path, manifest: Manifest, models: Mapping[Task, Registered]
) -> None:
    project = project_in(tmp_path)
    project.folder.mkdir(parents=True)
    write_decisions(project, manifest, models)
    plan = gather_plan(project, manifest, {task: model.label for task, model in models.items()})
    assert plan is not None
    assert [(customer, action) for customer, action, *_ in plan.whom] == [("c2", "call"), ("c0", "call")]  # c1: nothing
    assert plan.lost == (("bronze", "9", "€55.00", "1", "5", "3"),)  # the customers are those of the three together


def test_trials_name_actions_and_features_as_readers_do(
    tmp_path: Path, manifest: Manifest, models: Mapping[Task, Registered]
) -> None:
    project = project_in(tmp_path)
    project.folder.mkdir(parents=True)
    write_decisions(project, manifest, models)
    found = gather_campaigns(project, manifest, (Action(name="mail", label="a letter", label_zh="信件", cost=1.0),))
    assert found is not None
    assert {one.action for one in (*found.campaigns, *found.effects)} == {"a letter"}
    assert found.chinese["a letter"] == "信件"
    assert found.effects[0].balance[0][0] == "spend so far, before refunds"
    assert gather_campaigns(project, manifest, ()).campaigns[0].action == "mail"


def test_a_trial_that_would_withhold_more_customers_than_there_are_cannot_be_made(
    tmp_path: Path, manifest: Manifest, models: Mapping[Task, Registered]
) -> None:
    project = project_in(tmp_path)
    project.folder.mkdir(parents=True)
    write_decisions(project, manifest, models)
    found = gather_campaigns(project, manifest, ())
    assert found.is_beyond
    assert [one.controls.startswith("cannot be made: ") for one in found.campaigns] == [True, False, False]


def test_campaigns_that_were_not_learned_from_are_said_even_where_nothing_was_learned(
    tmp_path: Path, manifest: Manifest
) -> None:
    project = project_in(tmp_path)
    project.folder.mkdir(parents=True)
    few, many = GRID[:2], tuple(date(2023, 1, day) for day in range(1, 8))
    nothing = effects(manifest).model_copy(
        update={
            "effects": (),
            "left_out": {"free_tea": "nobody wanted any"},
            "days_left_out": (("it rained", few), ("it snowed", many)),
        }
    )
    (project.folder / "uplift.json").write_text(nothing.model_dump_json(), encoding="utf-8")
    found = gather_campaigns(project, manifest, ())
    assert found is not None
    assert found.not_learned_from == (
        "Nothing was learned of free tea: nobody wanted any.",
        "Not learned from the campaigns of 1 Jan 2023 and 31 Jan 2023: it rained.",
        "Not learned from the campaigns of 7 dates, 1 Jan 2023 to 7 Jan 2023: it snowed.",
    )
