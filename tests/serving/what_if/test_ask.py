"""What the models would say if something happened, and the nearest change."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import cast

import pandas as pd
import pytest

from features.changes import Change, Event, WhatIfSection
from features.kept import kept_table
from features.problems import BadInput
from features.project import Project
from features.snapshots import Manifest
from models.bundle import CHURN
from serving.__main__ import main
from serving.scoring.everybody import predictions_file
from serving.scoring.scorer import Scorer
from serving.what_if.ask import WhatIf
from serving.what_if.command import read_changes, say_nearest
from serving.what_if.plausible import plausible_changes
from tests.serving.conftest import Demo

NOTHING = WhatIfSection()


@pytest.fixture(scope="module")
def what_if(demo: Demo) -> WhatIf:
    return WhatIf.open(demo.project, NOTHING)


@pytest.fixture(scope="module")
def scored(demo: Demo) -> pd.DataFrame:
    return pd.read_parquet(predictions_file(demo.project)).set_index("customer_id")


@pytest.fixture(scope="module")
def silent(scored: pd.DataFrame) -> str:
    """A customer who is expected to leave, neither surely nor hardly."""
    return str((scored[CHURN] - 0.8).abs().idxmin())


def options(what_if: WhatIf, demo: Demo, customer_id: str) -> Mapping[str, Sequence[Change]]:
    return plausible_changes(demo.project, demo.manifest, NOTHING, customer_id, what_if.events(customer_id))


def test_without_a_change_it_says_what_the_scored_table_says(what_if: WhatIf, scored: pd.DataFrame) -> None:
    for customer_id in scored.index[scored["eligible"]][:20]:
        found = what_if.said(customer_id, what_if.events(customer_id))
        for name, number in found.numbers.items():
            assert number == pytest.approx(scored.loc[customer_id, name], rel=1e-5, nan_ok=True)
        assert found.explained.unavailable is None


def test_an_order_lowers_the_risk_and_is_among_the_reasons(what_if: WhatIf, silent: str) -> None:
    events = what_if.events(silent)
    before, after = (what_if.said(silent, events, changes) for changes in ((), (Event("orders", {"amount": 100.0}),)))
    assert after.numbers[CHURN] < before.numbers[CHURN]
    why = after.explained.explanations[CHURN]
    assert why.base + sum(reason.share for reason in why.reasons) + why.rest == pytest.approx(why.total)
    assert after.explained != before.explained


def test_the_nearest_change_is_the_smallest_of_its_kind_that_is_enough(what_if: WhatIf, demo: Demo, silent: str) -> None:
    events, some = what_if.events(silent), options(what_if, demo, silent)
    risks = [what_if.said(silent, events, (change,)).numbers[CHURN] for change in some["order"]]
    for below in sorted(risks):
        found = what_if.nearest(silent, events, some, below=below + 1e-9)
        first = next(k for k, risk in enumerate(risks) if risk < below + 1e-9)
        assert [one.changes for one in found.enough] == [(some["order"][first],)]
        assert found.enough[0].churn_probability == pytest.approx(risks[first])


def test_where_nothing_is_enough_that_is_said_with_what_came_closest(what_if: WhatIf, demo: Demo, silent: str) -> None:
    events, some = what_if.events(silent), options(what_if, demo, silent)
    found = what_if.nearest(silent, events, some, below=1e-6)
    assert found.enough == ()
    assert found.closest is not None
    assert found.closest.churn_probability < found.now
    assert say_nearest(found, "GBP")[-1].startswith("None brings it below 0.0 %; the closest is an order of £")


def test_kinds_are_put_together_only_where_none_is_enough_alone(
    what_if: WhatIf, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here every change takes 0.2 from a risk of 0.9, and one of each kind takes 0.3."""
    weak, strong = ([Event("orders", {"amount": float(size)}) for size in sizes] for sizes in ((1, 2, 3), (10, 20, 30)))
    takes = {id(change): 0.3 if change in (weak[2], strong[1]) else 0.2 for change in (*weak, *strong)}
    monkeypatch.setattr(WhatIf, "_risk", lambda _, __, ___, changes: 0.9 - sum(takes[id(change)] for change in changes))

    def enough(below: float) -> list[tuple[Change, ...]]:
        return [one.changes for one in what_if.nearest(silent, {}, {"weak": weak, "strong": strong}, below=below).enough]

    assert enough(0.8) == [(weak[0],), (strong[0],)]
    assert enough(0.65) == [(weak[2],), (strong[1],)]
    assert enough(0.5) == [(weak[2], strong[1])]
    assert enough(0.2) == []


def test_a_risk_that_is_low_enough_needs_no_change(what_if: WhatIf, demo: Demo, silent: str) -> None:
    found = what_if.nearest(silent, what_if.events(silent), options(what_if, demo, silent), below=0.99)
    assert (found.enough, found.tried) == ((), 0)
    assert say_nearest(found, "GBP") == [f"The risk of leaving is {100 * found.now:.1f} %: below 99.0 % already."]


def test_plausible_orders_are_as_large_as_those_of_others_the_smallest_first(what_if: WhatIf, demo: Demo, silent: str) -> None:
    orders = [change.values for change in options(what_if, demo, silent)["order"] if isinstance(change, Event)]
    sizes = [order["amount"] for order in orders]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 5
    assert {order["category"] for order in orders} <= set(demo.manifest.categories)


def test_unknown_customers_and_thresholds_are_refused(what_if: WhatIf, silent: str) -> None:
    with pytest.raises(BadInput, match="customer_id 'nobody': not known before"):
        what_if.events("nobody")
    with pytest.raises(BadInput, match="expected a probability between 0 and 1"):
        what_if.nearest(silent, what_if.events(silent), {}, below=30)


def test_changes_are_read_from_the_command_line() -> None:
    add = [["orders", "amount=50", "category=tea & cups"], ["surveys", "instrument=nps", "score=9"]]
    found = read_changes(add, ["plan=gold"], settle=True)
    assert [getattr(change, "values", None) for change in found] == [
        {"amount": "50", "category": "tea & cups"}, {"instrument": "nps", "score": "9"}, None, None,
    ]  # fmt: skip
    with pytest.raises(BadInput, match="gold: expected name=value"):
        read_changes([], ["gold"], settle=False)


def test_the_commands_show_both_and_bad_input_ends_with_2(
    demo: Demo, silent: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["serving", *words])
        return main()

    assert run("what_if", str(demo.config), silent, "--add", "orders", "amount=50") == 0
    said = capsys.readouterr().out
    assert "and with an order of £50.00" in said
    assert "risk of leaving: " in said
    assert "not what making it happen would bring" in said
    assert run("nearest", str(demo.config), silent, "--below", "0.5") == 0
    assert "plausible changes were tried" in capsys.readouterr().out
    assert run("what_if", str(demo.config), silent, "--add", "orders", "amont=50") == 2
    assert "orders.amont: not a mapped column; did you mean 'amount'?" in capsys.readouterr().err


def test_an_alias_is_refused_with_the_customer_whose_rows_they_are(whole_company: tuple[Project, Manifest]) -> None:
    project, manifest = whole_company
    alias, own = kept_table(project, "identities", ["alias", "customer_id"]).to_pylist()[0].values()
    asked = WhatIf(cast(Scorer, None), manifest, project, NOTHING)
    with pytest.raises(
        BadInput, match=f"'{alias}': not known before .*; by the table identities its rows are those of .*'{own}'"
    ):
        asked.events(alias)
