"""The analysts' page: nothing missing, nothing foreign, no number but the measured ones."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from datetime import date
from hashlib import sha256
from html import unescape

import numpy as np
import pandas as pd
import pytest

from features.feature import Words, slug
from features.problems import BadInput
from features.project import Project
from features.snapshots import Manifest
from models.contract import InputColumn
from models.evaluation import CalibrationPoint
from models.inputs import Inputs
from models.plots import as_svg, beeswarm_plot, calibration_plot
from models.reasons.shares import Shares
from models.registry import Registered
from models.value.report import ValueReport
from serving.report.build import problems_with
from serving.report.headline import judged_days
from serving.report.model import not_drawn
from serving.report.page import gather_report, render
from serving.scoring.scorer import Scorer
from serving.scoring.value_layer import value_file
from tests.serving.report.made_up_report import (
    CUSTOMERS,
    EVIL,
    HORIZON,
    SCRIPTS,
    SECTIONS,
    Page,
    evaluation_of,
    in_words,
    linear_of_zeros,
)
from tests.serving.report.made_up_report import manifest as manifest
from tests.serving.report.made_up_report import page as page
from tests.serving.report.made_up_report import project as project
from tests.serving.report.made_up_report import scored as scored
from tests.serving.report.made_up_report import scorer as scorer
from tests.serving.report.made_up_report import snapshot as snapshot
from tests.serving.report.test_translation import untranslated


def test_every_section_is_there_in_order(page: str) -> None:
    assert Page(page).sections == list(SECTIONS)


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    assert set(re.findall(r"https?://[^\"'\s<]+", page)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert {link.split(":")[0] for link in Page(page).links if not link.startswith("#")} <= {"data"}
    assert "Content-Security-Policy" in page


def test_names_from_the_data_are_text_and_never_code(page: str) -> None:
    assert Page(page).tags.count("script") == SCRIPTS
    assert EVIL in unescape(page)
    assert "<script>steal(" in unescape(page)


def test_every_picture_has_its_own_ids_and_every_link_on_the_page_has_its_target(page: str) -> None:
    found = Page(page)
    assert len(set(found.ids)) == len(found.ids)
    assert {link[1:].split("?")[0] for link in found.links if link.startswith("#")} <= set(found.ids)


def test_only_the_scripts_of_the_project_may_run(page: str) -> None:
    allowed = set(re.findall(r"'sha256-([^']+)'", page))
    there = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert {b64encode(sha256(script.encode()).digest()).decode() for script in there} == allowed
    assert len(there) == SCRIPTS - 2


def test_every_text_is_there_in_chinese_but_what_the_data_brought(page: str) -> None:
    brought = ("<script>", "tea & toys", "made_up", "3 trials & more", "xxx", "amount (a)")
    assert "\n".join(text for text in untranslated(page, ()) if not any(word in text for word in brought)) == ""


def test_every_figure_of_the_evaluations_is_shown_exactly(page: str, scorer: Scorer) -> None:
    outputs = [output for model in scorer.models.values() for output in model.bundle.evaluation.outputs.values()]
    tables = [metrics for output in outputs for metrics in (output.metrics, *output.baselines.values())]
    wanted = [metric.value for metrics in tables for metric in metrics.values()]
    assert sorted(Page(page).figures) == sorted(wanted)
    for name in {name for metrics in tables for name in metrics}:
        assert f'id="figure-{name}"' in page


def test_every_row_of_the_data_is_accounted_for(page: str) -> None:
    text = in_words(page)
    for said in ("4,321", "21", "4,000", "300", "299", "amount (a) is not finite", "no order before the date"):
        assert said in text


def test_why_rows_are_set_aside_or_suspicious_is_said_with_examples_the_most_frequent_first(page: str) -> None:
    said = in_words(page)
    missing = f"customer_id ({EVIL}) is missing 299 A1, B2{EVIL} amount (a) is not finite 1 "
    assert f"Why rows are in quarantine reason rows for example {missing}The rows themselves" in said
    assert "Suspicious, and kept what rows for example recorded_at (r) is before occurred_at (o) 7 C3 " in said


def test_the_customers_are_listed_by_churn_probability_times_clv(page: str, scored: pd.DataFrame) -> None:
    here = scored[scored["eligible"] & ~(scored["days_until_leaving"] < 0.5)]
    order = here.assign(at_risk=here["churn_probability"] * here["clv_90d"]).nlargest(20, "at_risk")
    section = page[page.index('<section id="scored">') : page.index('<section id="moved">')]
    listed = re.findall(r'data-says="customer">([^<]*)<', section)
    assert [unescape(one) for one in listed] == list(order["customer_id"])
    assert "Value at risk is the risk of leaving times the expected value." in page
    first = order.iloc[0]
    assert first["churn_probability_explanation"]["reasons"][0]["text"] in unescape(page)
    assert first["clv_90d_explanation"]["reasons"][0]["text"] in unescape(page)


def test_the_summary_at_the_head_says_how_far_to_trust_it(page: str, scored: pd.DataFrame) -> None:
    text = in_words(page)
    assert f"190 of {CUSTOMERS} known customers could be scored" in text
    assert f"expect {scored['churn_probability'].mean() * 100:.0f} % of them" in text
    assert "How far to trust that was measured once, on 29 Aug 2023" in text


def test_claims_we_do_not_make_carry_the_measured_numbers(page: str, scorer: Scorer) -> None:
    text, metrics = in_words(page), scorer.models["clv"].bundle.evaluation.outputs["clv_90d"].metrics
    assert "No reason and no prediction is a cause" in text
    assert f"it held the outcome of {metrics['coverage_80'].value * 100:.1f} % of all customers" in text
    assert "300 of 4,321 rows of orders" in text
    assert "as mapped in the mapping file" in text


def test_model_cards_say_what_made_them(page: str) -> None:
    text = in_words(page)
    for said in ("made_up-churn v7", "churnxxxxxxxxxxx", "f" * 16, "2" * 12, "6 dates, 1 Jan 2023 to 31 May 2023", "max depth"):
        assert said in text


def test_model_cards_say_in_plain_words_what_was_chosen(page: str) -> None:
    text = in_words(page)
    for said in (
        "correction trees alone",
        "kept to, which costs 0.0004 of AUC: of 12 features it is known whether more goes with staying",
        "30, 90 and 180 days; not 365 days: no inner date has a window of 365 days that closed",
        "chance of buying pianos: it happened to only 3 customers",
        "not split: every step asks about a later date than it is fitted on",
        "windows of the whole horizon",
    ):
        assert said in text
    assert "monotone constraints" not in text


def test_model_cards_say_what_the_linear_half_makes_and_from_how_many_days_was_learned(
    project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame
) -> None:
    def changed(model: Registered) -> Registered:
        bundle = model.bundle
        contract = bundle.contract.model_copy(update={"linear_share": 0.5, "learned_horizon_days": 45})
        return replace(model, bundle=replace(bundle, contract=contract, linear=linear_of_zeros(bundle)))

    other = Scorer({task: changed(model) for task, model in scorer.models.items()})
    text = in_words(render(gather_report(project, manifest, other, snapshot=snapshot, predictions=scored)))
    assert "correction the mean of trees and a linear half" in text
    assert "windows of 45 days: no two windows of 90 days in a row had closed" in text
    assert "the 90 days ahead (45 for a fit) whose outcomes were counted" in text


def test_the_page_says_when_customers_leave(page: str, scored: pd.DataFrame) -> None:
    text, eligible = in_words(page), scored[scored["eligible"]]
    for days, name in ((30, "churn_probability_30d"), (180, "churn_probability_180d")):
        assert f"{days} days {eligible[name].mean() * 100:.1f} % {eligible[name].sum():,.0f}" in text
    soon = int(((eligible["days_until_leaving"] >= 0.5) & (eligible["days_until_leaving"] < 30.5)).sum())
    assert soon == 0 or f"within 30 days {soon}" in text
    assert "no order within mean chance" in text


def test_what_is_not_predicted_is_said_where_the_model_is_shown(page: str) -> None:
    assert "No number is given for: chance of buying pianos it happened to only 3 customers" in in_words(page)


def test_the_same_numbers_give_the_same_page(
    page: str, project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame
) -> None:
    assert render(gather_report(project, manifest, scorer, snapshot=snapshot, predictions=scored)) == page


def test_a_project_without_product_groups_has_a_page_without_propensity(
    project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame
) -> None:
    plain = manifest.model_copy(
        update={"words": Words(windows_days=(90,), horizon_days=HORIZON, mapped={"orders": ("amount",)})}
    )
    two = Scorer({task: model for task, model in scorer.models.items() if task != "propensity"})
    written = value_file(project).read_text()
    value = ValueReport.model_validate_json(written).model_copy(update={"models": two.versions})
    value_file(project).write_text(value.model_dump_json(), encoding="utf-8")
    text = render(gather_report(project, plain, two, snapshot=snapshot, predictions=scored))
    value_file(project).write_text(written, encoding="utf-8")
    with pytest.raises(BadInput, match="does not say what the customers of 2024-01-01 are worth by the models that answer"):
        gather_report(project, plain, two, snapshot=snapshot, predictions=scored)
    assert "propensity" not in Page(text).sections
    assert "most likely to buy" not in text
    assert "Categories are not" not in text


def test_every_date_on_which_models_were_judged_is_named(scorer: Scorer) -> None:
    clv = scorer.models["clv"]
    earlier = clv.bundle.evaluation.model_copy(update={"judged_at": date(2023, 6, 1)})
    models = scorer.models | {"clv": replace(clv, bundle=replace(clv.bundle, evaluation=earlier))}
    assert judged_days(scorer.models) == "29 Aug 2023"
    assert judged_days(models) == "1 Jun 2023 and 29 Aug 2023"


def test_a_single_eligible_customer_is_enough_for_a_page(
    project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame
) -> None:
    one = snapshot.assign(not_eligible_because=snapshot["not_eligible_because"].where(snapshot.index > 0, None))
    one.loc[1:, "not_eligible_because"] = "no order before the date"
    alone = scored.assign(eligible=scored.index == 0)
    assert problems_with(alone, scorer, one) == []
    text = in_words(render(gather_report(project, manifest, scorer, snapshot=one, predictions=alone)))
    assert "1 of 1 eligible customers" in text


def test_a_picture_draws_names_as_they_are() -> None:
    inputs = tuple(
        InputColumn(name=slug(f"f{k}"), family="breadth", unit="lines", meaning=name, meaning_zh=name)
        for k, name in enumerate((EVIL, "茶", "a" * 300))
    )
    rng = np.random.default_rng(3)
    read = Inputs(tuple(column.name for column in inputs), rng.normal(size=(30, 3)))
    values, zeros = rng.normal(size=(30, 1, 3)), np.zeros((30, 1))
    found = Shares("log_odds", read, zeros, values, values.sum(axis=2), missed=zeros)
    drawn = as_svg(beeswarm_plot(found, 0, inputs)[0], name="one", label=EVIL)
    assert "<script" not in drawn
    assert "$\\frac{" in unescape(drawn)
    assert "茶" in drawn


def test_tenths_in_which_nothing_happened_can_be_drawn() -> None:
    nothing = tuple(CalibrationPoint(customers=5, predicted=0.0, actual=0.0) for _ in range(10))
    evaluation = evaluation_of({"auc": (0.5, True)}).model_copy(update={"tenths": nothing})
    assert as_svg(calibration_plot(evaluation, unit="EUR"), name="empty", label="nothing").startswith("<svg")


def test_a_picture_says_how_many_customers_it_leaves_out() -> None:
    assert not_drawn(12, 1_000, "axes") == "Not drawn, beyond the axes: 12 of 1,000 customers."
    assert not_drawn(0, 1_000, "axes") == ""
