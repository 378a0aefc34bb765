"""What finished campaigns brought, beside those withheld by chance."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.problems import BadData, BadInput
from features.project import Project
from features.snapshots import build_snapshots
from models.actions.follow_up import FollowUp, follow_up_file
from tests.training.campaigns.test_tried import CAMPAIGN_DAY, ROOT, built, shop, write
from training.campaigns.follow_up import follow_up, say_follow_up
from training.campaigns.tried import read_campaigns
from training.settings import CampaignSettings

COST = ('assignment = "how"', 'assignment = "how"\ncost = "price"')


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop of the campaigns; a letter costs 2, a call 9."""
    orders, treatments = shop()
    treatments["price"] = treatments["what"].map({"letter": 2.0, "call": 9.0}).fillna(0.0)
    return write(tmp_path_factory.mktemp("followed"), orders, treatments, COST)


@pytest.fixture(scope="module")
def project(config: Path) -> Project:
    return built(config)


@pytest.fixture(scope="module")
def found(project: Project) -> FollowUp:
    return follow_up(project, CampaignSettings(), None)


def test_only_the_finished_campaign_and_only_what_was_drawn_by_chance(found: FollowUp) -> None:
    assert [(one.action, one.as_of) for one in found.campaigns] == [("letter", CAMPAIGN_DAY), ("call", CAMPAIGN_DAY)]
    assert list(found.left_out) == ["gift"]


def test_money_is_that_of_the_treated_beyond_those_withheld_and_after_cost(project: Project, found: FollowUp) -> None:
    trial = read_campaigns(project, build_snapshots(project), CampaignSettings()).trial
    letter = found.campaigns[0]
    treated, withheld = (np.asarray(trial.value)[trial.action == name] for name in ("letter", "none"))
    assert (letter.treated, letter.withheld) == (len(treated), len(withheld))
    assert letter.per_customer.value == pytest.approx(treated.mean() - withheld.mean())
    assert letter.brought.value == pytest.approx(letter.treated * letter.per_customer.value)
    assert letter.cost == 2.0 * letter.treated
    assert letter.net is not None
    assert letter.net.value == pytest.approx(letter.brought.value - letter.cost)
    # Welch: the bootstrap's interval is as wide as that of the two means
    error = np.hypot(treated.std(ddof=1) / np.sqrt(len(treated)), withheld.std(ddof=1) / np.sqrt(len(withheld)))
    assert letter.per_customer.upper - letter.per_customer.lower == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_a_letter_that_doubles_orders_is_seen_and_a_call_that_does_nothing_is_not(found: FollowUp) -> None:
    letter, call = found.campaigns
    assert letter.is_seen
    assert letter.per_customer.lower > 0
    assert not call.is_seen


def test_the_next_campaign_must_show_that_it_pays_unless_something_else_is_hoped_for(project: Project, found: FollowUp) -> None:
    letter, call = found.campaigns
    assert (letter.hoped, call.hoped) == (2.0, 9.0)  # what one costs
    assert letter.controls_needed is not None
    hoping = follow_up(project, CampaignSettings(), 4.0).campaigns[0]
    assert hoping.controls_needed == pytest.approx(letter.controls_needed / 4, abs=1)  # twice the effect, a quarter


def test_the_terminal_says_it_and_the_file_holds_it(project: Project, config: Path) -> None:
    command = [sys.executable, "-m", "training", "follow_up", str(config), "--hope", "4"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    assert "letter: " in run.stdout
    assert "call: " in run.stdout
    assert "it may have been nothing" in run.stdout
    assert "to see €4.00 per customer the next one needs " in run.stdout
    assert "not followed up: gift: all 200 treatments were assigned by a rule" in run.stdout
    kept = FollowUp.model_validate_json(follow_up_file(project).read_bytes())
    rained = kept.model_copy(update={"days_left_out": (("it rained", (date(2024, 3, 1),)),)})
    assert say_follow_up(rained, "EUR")[-1] == "not followed up: campaigns of 2024-03-01: it rained"
    assert say_follow_up(kept, "EUR")[0] in run.stdout


def test_a_touch_without_a_cost_is_not_taken_for_one_that_cost_nothing(tmp_path: Path) -> None:
    orders, treatments = shop()
    cost = treatments["what"].map({"letter": 2.0, "call": 9.0})
    first = treatments.index[(treatments["what"] == "letter") & (treatments["how"] == "random")][0]
    config = write(tmp_path, orders, treatments.assign(cost=cost.drop(first)), ("action =", 'cost = "cost"\naction ='))
    letter, call = follow_up(built(config), CampaignSettings(), None).campaigns
    assert (letter.cost, letter.net, letter.hoped) == (None, None, letter.per_customer.value)
    assert call.cost == 9.0 * call.treated


def test_treatments_without_controls_are_refused(tmp_path: Path) -> None:
    orders, treatments = shop()
    only = treatments[treatments["what"].isin(["letter", "call"])]
    project = built(write(tmp_path, orders, pd.DataFrame(only)))
    with pytest.raises(BadData, match="campaigns of 2024-03-01, 2024-05-20: nobody was withheld by chance"):
        follow_up(project, CampaignSettings(), None)


@pytest.mark.parametrize("hoped", [-1.0, 0.0, float("nan"), float("inf")])
def test_nothing_can_be_planned_for_a_hope_that_is_none(project: Project, hoped: float) -> None:
    with pytest.raises(BadInput, match="expected money per customer, more than 0"):
        follow_up(project, CampaignSettings(), hoped)
