"""Actions: read, refused with a sentence, and what they would gain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.problems import BadConfig
from features.settings import read_section
from models.actions.action import offered
from models.actions.settings import Action, PlanSettings, read_actions
from models.actions.uplift import Effect
from models.linear import Scales

SCORED = pa.table({"customer_id": ["a", "b", "c"], "tier": ["gold", "bronze", "gold"]})
ROWS = pd.DataFrame({"spend_sum": [1.0, 2.0, 3.0]})
VALUE, AT_RISK = np.array([100.0, 200.0, np.nan]), np.array([50.0, 20.0, np.nan])
NOTHING = Scales(columns=(), medians=(), lowest=(), highest=(), means=(), per_unit=())
MEASURED = Effect(action="mail", log_factor=float(np.log(1.2)), weights=(), covariance=((0.0,),), moderators=NOTHING)
CALL = Action(name="call", cost=4.0, effect=0.2, eligible="tier = 'gold'")


def read(tmp_path: Path, text: str) -> tuple[Action, ...]:
    config = tmp_path / "shop.toml"
    config.write_text(text, encoding="utf-8")
    return read_actions(config)


def test_actions_are_read_in_their_order(tmp_path: Path) -> None:
    text = '[actions.call_back]\ncost = 4\ncapacity = 10\neffect = 0.2\n[actions.mail]\nlabel = "letter"\nlabel_zh = "信件"\ncost = 0\n'
    call, mail = read(tmp_path, text)
    assert (call.name, call.said, call.cost, call.capacity, call.effect) == ("call_back", "call back", 4.0, 10, 0.2)
    assert (mail.said, mail.said_zh, mail.effect) == ("letter", "信件", None)
    assert read(tmp_path, "") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[actions.call]\ncost = -1", "actions.call.cost = -1: expected at least 0"),
        ("[actions.call]\ncost = 1\neffect = 1.2", "actions.call.effect = 1.2: expected at most 1"),
        ("[actions.call]\ncost = 1\ncapacity = -2", "actions.call.capacity = -2: expected at least 0"),
        ("[actions.call]\ncosts = 1", "unknown key actions.call.costs; did you mean 'cost'?"),
        ("[actions.call]\neffect = 0.1", "actions.call.cost is missing"),
        ("[actions.none]\ncost = 1", "actions.none: this name is that of doing nothing; choose another"),
        ("actions = 3", "actions: expected one section for each action, [actions.<name>]"),
        ("[actions.call]\ncost = inf", "actions.call.cost = inf: expected a finite number"),
    ],
)
def test_what_is_wrong_is_said_in_the_keys_of_the_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadConfig) as bad:
        read(tmp_path, text)
    assert f"{tmp_path / 'shop.toml'}: {said}" in bad.value.problems


def test_a_negative_budget_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "shop.toml"
    config.write_text("[plan]\nbudget = -5", encoding="utf-8")
    with pytest.raises(BadConfig) as bad:
        read_section(config, "plan", PlanSettings)
    assert bad.value.problems == (f"{config}: plan.budget = -5: expected at least 0",)


def test_gains_by_hand() -> None:
    mail = Action(name="mail", cost=10.0)
    found = offered((CALL, mail), {"mail": MEASURED}, SCORED, ROWS, value=VALUE, at_risk=AT_RISK)
    assert found.basis == ("assumed", "measured")
    # call: 0.2 x 50 - 4, not for b; mail: 100 x 0.2 - 10, 200 x 0.2 - 10; of c no value is known
    assert found.expected == pytest.approx(np.array([[6.0, 10.0], [-np.inf, 30.0], [-np.inf, -np.inf]]))
    assert found.eligible.tolist() == [[True, True], [False, True], [False, False]]
    assert found.limits(None).budget == np.inf
    assert found.limits(7.0).budget == 7.0


def test_an_action_for_customers_of_whom_nothing_is_expected_is_refused() -> None:
    only_c = CALL.model_copy(update={"eligible": "customer_id = 'c'"})
    with pytest.raises(BadConfig) as bad:
        offered((only_c,), {}, SCORED, ROWS, value=VALUE, at_risk=AT_RISK)
    assert bad.value.problems == (
        "actions.call: of the 1 customers it is for nobody has a value at risk, so it cannot gain anything",
    )


def test_a_measured_effect_counts_even_where_another_is_assumed() -> None:
    mail = Action(name="mail", cost=10.0, effect=0.9)
    found = offered((mail,), {"mail": MEASURED}, SCORED, ROWS, value=VALUE, at_risk=AT_RISK)
    assert found.basis == ("measured",)


def test_plans_go_by_the_lower_end_of_what_was_measured() -> None:
    unsure = MEASURED.model_copy(update={"covariance": ((0.01,),)})
    found = offered((Action(name="mail", cost=10.0),), {"mail": unsure}, SCORED, ROWS, value=VALUE, at_risk=AT_RISK)
    lower = 100 * (np.exp(np.log(1.2) - 1.2815515655 * 0.1) - 1) - 10
    assert found.sure[0, 0] == pytest.approx(lower)
    assert found.expected[0, 0] == pytest.approx(10.0)


def test_an_action_without_an_effect_and_one_that_nobody_is_eligible_for_are_refused_at_once() -> None:
    actions = (Action(name="mail", cost=1.0), CALL.model_copy(update={"eligible": "tier = 'platinum'"}))
    with pytest.raises(BadConfig) as bad:
        offered(actions, {}, SCORED, ROWS, value=VALUE, at_risk=AT_RISK)
    first, second = bad.value.problems
    assert first.startswith("actions.mail: no trial has measured what it changes; say what you believe it saves")
    assert second == "actions.call.eligible = \"tier = 'platinum'\": nobody of 3 customers is"
