"""From tables to what actions change: campaigns of a made-up shop, as the command learns from them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.problems import BadConfig, BadData
from features.project import Project, read_project
from features.snapshots import build_snapshots
from models.actions.uplift import uplift_file
from training.campaigns.learn_uplift import learn_uplift, uplift_report
from training.campaigns.tried import read_campaigns
from training.frame import training_frame
from training.settings import CampaignSettings, TrainingSettings

CONFIG = """
[project]
name = "shop"
currency = "EUR"
horizon_days = 30

[tables.orders]
from = "orders.csv"
customer_id = "who"
order_id = "nr"
occurred_at = "day"
amount = "money"

[tables.treatments]
from = "treatments.csv"
customer_id = "who"
occurred_at = "day"
action = "what"
assignment = "how"

[dates]
every_days = 30
history_days_min = 30
"""
SETTINGS, CAMPAIGN_DAY, LATER_DAY = TrainingSettings(threads=1), date(2024, 3, 1), date(2024, 5, 20)
CUSTOMERS = 3_000
ROOT = Path(__file__).parents[3]


def shop(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Orders and treatments: a letter doubles the rate of orders for a month, a call does nothing; a gift goes to whom they like.

    The second campaign is too late for its window to close.
    """
    rng = np.random.default_rng(seed)
    who = np.array([f"c{k}" for k in range(CUSTOMERS)])
    rate = rng.gamma(2, 0.25, CUSTOMERS)  # orders a month
    drawn = rng.choice(["none", "letter", "call"], CUSTOMERS, p=[0.4, 0.4, 0.2])
    orders = [pd.DataFrame({"who": who, "day": "2024-01-02"})]
    for begin in pd.date_range("2024-01-03", periods=5, freq="30D"):
        own = rate * np.where((drawn == "letter") & (begin == pd.Timestamp("2024-03-03")), 2.0, 1.0)
        days = [begin + pd.Timedelta(days=int(day)) for day in rng.integers(0, 30, CUSTOMERS)]
        bought = rng.random(CUSTOMERS) < -np.expm1(-own)
        orders.append(pd.DataFrame({"who": who, "day": [f"{day:%Y-%m-%d}" for day in days]})[bought])
    lines = pd.concat(orders, ignore_index=True)
    lines = lines.assign(nr=[f"o{k}" for k in range(len(lines))], money=np.round(rng.gamma(2, 20, len(lines)), 2))
    best = who[np.argsort(-rate)[:200]]
    tables = [
        pd.DataFrame({"who": who, "day": f"{CAMPAIGN_DAY}", "what": drawn, "how": "random"}),
        pd.DataFrame({"who": best, "day": f"{CAMPAIGN_DAY}", "what": "gift", "how": "rule"}),
        pd.DataFrame({"who": who, "day": f"{LATER_DAY}", "what": drawn[::-1], "how": "random"}),
    ]
    return lines, pd.concat(tables, ignore_index=True)


def write(folder: Path, orders: pd.DataFrame, treatments: pd.DataFrame, *changes: tuple[str, str]) -> Path:
    text = CONFIG.replace("[project]", f"[project]\nout = {json.dumps(str(folder / 'out'))}")
    for table, rows in (("orders", orders), ("treatments", treatments)):
        rows.to_csv(folder / f"{table}.csv", index=False)
        text = text.replace(f'"{table}.csv"', json.dumps(str(folder / f"{table}.csv")))
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    config = folder / "shop.toml"
    config.write_text(text, encoding="utf-8")
    return config


def built(config: Path) -> Project:
    project = read_project(config)
    build_snapshots(project)
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return built(write(tmp_path_factory.mktemp("shop"), *shop()))


def test_only_campaigns_whose_windows_have_closed_get_a_snapshot(project: Project) -> None:
    manifest = build_snapshots(project)
    assert manifest.campaigns == (CAMPAIGN_DAY,)
    assert CAMPAIGN_DAY in manifest.cohorts
    assert CAMPAIGN_DAY not in manifest.grid


def test_a_campaign_with_less_history_than_every_snapshot_has_gets_none(tmp_path: Path) -> None:
    project = built(write(tmp_path, *shop(), ("history_days_min = 30", "history_days_min = 60")))
    assert build_snapshots(project).campaigns == ()  # it is the 59th day


def drawn_on(day: date, *actions: str) -> pd.DataFrame:
    who = [f"c{k}" for k in range(len(actions))]
    return pd.DataFrame({"who": who, "day": f"{day}", "what": actions, "how": "random"})


def test_campaigns_that_are_not_learned_from_are_said_with_the_reason(tmp_path: Path) -> None:
    orders, treatments = shop()
    early, alone, nothing, by_rule = date(2024, 1, 10), date(2024, 3, 5), date(2024, 3, 6), date(2024, 3, 7)
    more = [drawn_on(early, "none", "call"), drawn_on(alone, "letter", "call"), drawn_on(nothing, "none", "none")]
    more.append(drawn_on(by_rule, "letter", "call").assign(how="rule"))
    project = built(write(tmp_path, orders, pd.concat([treatments, *more])))
    uplift = learn_uplift(project, SETTINGS, CampaignSettings())
    assert dict(uplift.days_left_out) == {
        "fewer than 30 days of data lie before them (dates.history_days_min)": (early,),
        "nobody was withheld by chance (action none), so nobody can tell what they changed": (alone,),
        "everybody was withheld (action none)": (nothing,),
        "nothing was drawn by chance (assignment rule), so who was treated differs from who was not": (by_rule,),
        "their windows of 30 days had not closed when the data ended": (LATER_DAY,),
    }
    said = uplift_report(uplift, "EUR")
    assert "not learned from campaigns of 2024-05-20: their windows of 30 days had not closed when the data ended" in said


def test_of_very_many_campaigns_those_beyond_the_largest_are_said(tmp_path: Path) -> None:
    orders, treatments = shop()
    smaller = [date(2024, 3, day) for day in range(2, 15)]
    more = [drawn_on(day, *["none", "call"] * (20 - k)) for k, day in enumerate(smaller)]
    project = built(write(tmp_path, orders, pd.concat([treatments[treatments["day"] == f"{CAMPAIGN_DAY}"], *more])))
    manifest = build_snapshots(project)
    assert dict(manifest.campaigns_left_out) == {"only the 12 largest are learned from": tuple(smaller[11:])}


def test_of_labelled_outcomes_campaigns_of_other_days_are_said(tmp_path: Path) -> None:
    orders, treatments = shop()
    labels = tmp_path / "labels.csv"
    days = [f"{CAMPAIGN_DAY}", "2024-04-01"]
    table = [pd.DataFrame({"who": sorted(set(treatments["who"])), "day": day, "tea": 0}) for day in days]
    pd.concat(table).to_csv(labels, index=False)
    text = (
        f'[tables.labels]\nfrom = {json.dumps(str(labels))}\ncustomer_id = "who"\nas_of = "day"\nbought_tea = "tea"\n\n[dates]'
    )
    project = built(write(tmp_path, orders, treatments, ("[dates]", text)))
    manifest = build_snapshots(project)
    assert dict(manifest.campaigns_left_out) == {"no outcomes are given as of these days": (LATER_DAY,)}


def test_where_no_campaign_can_be_learned_from_each_is_said_with_its_reason(tmp_path: Path) -> None:
    project = built(write(tmp_path, *shop(), ("history_days_min = 30", "history_days_min = 60")))
    with pytest.raises(BadData) as refused:
        learn_uplift(project, SETTINGS, CampaignSettings())
    assert refused.value.problems[1:] == (
        "tables.treatments: campaigns of 2024-03-01: fewer than 60 days of data lie before them (dates.history_days_min)",
        "tables.treatments: campaigns of 2024-05-20: their windows of 30 days had not closed when the data ended",
    )


def test_a_trial_has_what_was_drawn_what_was_known_and_what_followed(project: Project) -> None:
    manifest = build_snapshots(project)
    found = read_campaigns(project, manifest, CampaignSettings())
    orders, treatments = shop()
    trial = found.trial
    assert (len(trial), trial.actions, found.outcome) == (CUSTOMERS, ("letter", "call"), "order")
    drawn = treatments[treatments["day"] == f"{CAMPAIGN_DAY}"].query("how == 'random'").set_index("who")["what"]
    assert (drawn.loc[trial.customer_id].to_numpy() == trial.action).all()
    shares = drawn.value_counts(normalize=True)
    assert trial.propensity == pytest.approx(shares.loc[trial.action].to_numpy())
    ahead = orders[(orders["day"] >= "2024-03-01") & (orders["day"] < "2024-03-31")].groupby("who")["money"].sum()
    assert trial.value == pytest.approx(ahead.reindex(trial.customer_id).fillna(0).to_numpy())
    assert trial.event.tolist() == [float(who in ahead.index) for who in trial.customer_id]
    before = orders[orders["day"] < "2024-03-01"].groupby("who")["money"].sum()
    assert trial.rows["spend_sum"].to_numpy() == pytest.approx(before.loc[trial.customer_id].to_numpy())
    assert (trial.rows["treatment_count"] == 0).all()  # of the campaign nothing is known yet


def test_what_letters_do_is_found_what_calls_do_is_nothing_and_gifts_by_rule_are_refused(project: Project) -> None:
    uplift = learn_uplift(project, SETTINGS, CampaignSettings())
    letter, call = uplift.effects
    assert (letter.action, call.action) == ("letter", "call")
    # Twice the rate in 28 of the 30 days.
    assert abs(letter.log_factor - np.log(1 + 28 / 30)) < 3 * letter.covariance[0][0] ** 0.5
    assert letter.evidence.on_chance.lower > 0
    assert call.evidence.on_chance.lower < 0 < call.evidence.on_chance.upper
    assert uplift.left_out == {"gift": "all 200 treatments were assigned by a rule, so who got it differs from who did not"}
    assert type(uplift).model_validate_json(uplift_file(project).read_text()) == uplift


def test_attributes_may_have_any_name_and_the_order_of_rows_decides_nothing(tmp_path: Path) -> None:
    orders, treatments = shop()
    names = ["event", "action", "value", "cost", "followed_value", "has_ordered", "net_value"]
    config = write(tmp_path, orders, pd.concat([treatments, treatments.assign(what="call")])[::-1])
    pd.DataFrame({"who": [f"c{k}" for k in range(CUSTOMERS)], **dict.fromkeys(names, 1.5)}).to_csv(tmp_path / "customers.csv")
    own = f'[tables.customers]\nfrom = "{tmp_path / "customers.csv"}"\ncustomer_id = "who"\nnumeric = {json.dumps(names)}\n'
    config.write_text(config.read_text() + own)
    project = built(config)
    trial = read_campaigns(project, build_snapshots(project), CampaignSettings()).trial
    assert set(trial.action) == {"call"}  # of two draws at one moment the first by the alphabet
    assert not set(trial.event) - {0.0, 1.0}
    assert (trial.rows["event"] == 1.5).all()
    frame = training_frame(project, build_snapshots(project), "churn", build_snapshots(project).grid[-1:])
    assert not set(frame.outcomes.ravel()) - {0.0, 1.0}


def test_the_terminal_says_what_is_known_of_every_action(project: Project) -> None:
    uplift = learn_uplift(project, SETTINGS, CampaignSettings())
    said = uplift_report(uplift, "EUR")
    assert said[0].startswith("letter: 1,")
    assert "chance of order +" in said[0]
    assert "EUR per customer +" in said[0]
    assert said[2].startswith("  EUR per customer had these been treated: nobody +")
    assert said[3].startswith("  before, of ")
    assert said[5] == "  no difference between customers was found"
    assert said[8].startswith("not learned: gift: all 200 treatments")


def test_the_same_campaigns_teach_the_same(project: Project) -> None:
    first, second = (learn_uplift(project, SETTINGS, CampaignSettings()) for _ in range(2))
    assert first == second


def test_orders_after_the_window_and_treatments_after_the_campaign_change_nothing(tmp_path: Path, project: Project) -> None:
    orders, treatments = shop()
    later = orders["day"] >= "2024-03-31"
    orders = orders.assign(money=np.where(later, 999.0, orders["money"]))
    treatments = treatments.assign(what=np.where(treatments["day"] == f"{LATER_DAY}", "call", treatments["what"]))
    treatments.loc[treatments.index[-1], "what"] = "none"
    other = built(write(tmp_path, orders, treatments))
    before, after = (learn_uplift(each, SETTINGS, CampaignSettings()) for each in (project, other))
    assert before.effects == after.effects


def test_without_treatments_or_without_a_word_on_how_they_were_assigned_nothing_is_learned(tmp_path: Path) -> None:
    orders, treatments = shop()
    project = built(write(tmp_path, orders, treatments, ('assignment = "how"\n', "")))
    with pytest.raises(BadConfig, match="nobody knows whether chance or a rule decided who gets what"):
        learn_uplift(project, SETTINGS, CampaignSettings())
    config = tmp_path / "none.toml"
    text = (tmp_path / "shop.toml").read_text()
    config.write_text(text[: text.index("[tables.treatments]")] + text[text.index("[dates]") :])
    with pytest.raises(BadConfig, match=r"uplift is learned from randomised treatments; map tables.treatments"):
        learn_uplift(built(config), SETTINGS, CampaignSettings())


def test_without_controls_nothing_is_learned_and_nothing_is_written(tmp_path: Path) -> None:
    orders, treatments = shop()
    project = built(write(tmp_path, orders, treatments[treatments["what"] != "none"]))
    with pytest.raises(BadData) as refused:
        learn_uplift(project, SETTINGS, CampaignSettings())
    assert "gift: all 200 treatments were assigned by a rule" in str(refused.value)
    assert not uplift_file(project).exists()


def test_an_outcome_that_no_table_tells_is_named_with_those_there_are(project: Project) -> None:
    with pytest.raises(BadConfig, match=r"campaigns\.outcome = 'bought_tea': no table tells it; there is order"):
        learn_uplift(project, SETTINGS, CampaignSettings(outcome="bought_tea"))


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=False, cwd=ROOT)


def test_the_command_learns_and_says_where_effects_are(project: Project) -> None:
    found = command("training", "uplift", str(uplift_file(project).parents[2] / "shop.toml"))
    assert found.returncode == 0, found.stdout + found.stderr
    assert "letter: 1," in found.stdout
    assert f"in {uplift_file(project)}" in found.stdout


@pytest.mark.parametrize("step", ["uplift", "check"])
def test_a_wrong_key_is_said_before_any_work(project: Project, tmp_path: Path, step: str) -> None:
    wrong = tmp_path / "wrong.toml"
    text = (uplift_file(project).parents[2] / "shop.toml").read_text()
    wrong.write_text(text + '\n[campaigns]\noutcom = "order"\n')
    found = command("training", step, str(wrong))
    assert found.returncode == 2
    assert "unknown key campaigns.outcom; did you mean 'outcome'?" in found.stdout + found.stderr
