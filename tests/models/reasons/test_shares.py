"""Shares add up to the served number, and they are Shapley values."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from math import factorial

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from features.families.calendar import DAY_OF_YEAR
from models.bundle import Bundle
from models.calibration import Calibrator, uncalibrated
from models.contract import TASKS, InputColumn, Task
from models.reasons.shares import TOLERANCE, shares
from models.season import Season
from tests.models.conftest import frame_read


def served_on_the_scale_of_shares(bundle: Bundle, rows: pd.DataFrame) -> np.ndarray:
    """What the shares must add up to, from what `predict` serves and nothing else."""
    served = bundle.predict(rows)[[output.name for output in bundle.contract.outputs]].to_numpy()
    return served if bundle.contract.link == "exp" else np.log(served / (1 - served))


def test_base_and_shares_add_up_to_the_served_number(bundle: Bundle, odd_customers: pd.DataFrame) -> None:
    found = shares(bundle, odd_customers)
    outputs, features = len(bundle.contract.outputs), len(bundle.contract.explained)
    assert found.values.shape == (len(odd_customers), outputs, features)
    assert found.base.shape == found.total.shape == (len(odd_customers), outputs)
    assert np.abs(found.base + found.values.sum(axis=2) - found.total).max() < TOLERANCE
    assert np.abs(found.total - served_on_the_scale_of_shares(bundle, odd_customers)).max() < TOLERANCE


def test_probabilities_are_shared_out_as_log_odds_and_amounts_as_money(
    bundles: dict[Task, Bundle], customers: pd.DataFrame
) -> None:
    scales = {task: shares(bundle, customers.head(1)).scale for task, bundle in bundles.items()}
    assert scales == {"churn": "log_odds", "propensity": "log_odds", "clv": "money"}


def test_a_steeper_calibration_makes_every_share_larger_by_its_slope(
    bundles: dict[Task, Bundle], customers: pd.DataFrame
) -> None:
    calibrated = bundles["propensity"]
    plain = shares(replace(calibrated, calibrator=uncalibrated("sigmoid", 3)), customers)
    found = shares(calibrated, customers)
    for k, (slope, intercept) in enumerate(zip(calibrated.calibrator.slopes, calibrated.calibrator.intercepts, strict=True)):
        assert found.values[:, k] == pytest.approx(slope * plain.values[:, k])
        assert found.base[:, k] == pytest.approx(slope * plain.base[:, k] + intercept)


def test_a_calibrated_amount_is_shared_out_too(bundles: dict[Task, Bundle], odd_customers: pd.DataFrame) -> None:
    calibrated = replace(bundles["clv"], calibrator=Calibrator(link="exp", slopes=(0.8,), intercepts=(0.5,)))
    found = shares(calibrated, odd_customers)
    assert found.base + found.values.sum(axis=2) == pytest.approx(found.total, abs=TOLERANCE)
    assert found.total == pytest.approx(served_on_the_scale_of_shares(calibrated, odd_customers))


def test_every_customer_starts_from_the_same_base(bundle: Bundle, odd_customers: pd.DataFrame) -> None:
    base = shares(bundle, odd_customers).base
    assert base == pytest.approx(np.broadcast_to(base[0], base.shape), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("task", ["churn", "clv"])
def test_what_her_rhythm_lets_expect_is_credited_to_the_column_that_says_it(
    bundles: dict[Task, Bundle], odd_customers: pd.DataFrame, task: Task
) -> None:
    bundle = bundles[task]
    contract = bundle.contract.model_copy(update={"link": "sigmoid", "task": "propensity"})
    as_margins = replace(bundle, calibrator=uncalibrated("sigmoid", 1), contract=contract)
    unstarted = replace(as_margins, contract=contract.model_copy(update={"starts_from_prior": False}))
    credited = shares(as_margins, odd_customers).values - shares(unstarted, odd_customers).values
    column = [column.name for column in contract.explained].index("order_probability_90d")
    expected = bundle.prior.offset(odd_customers, "sigmoid", 90) - bundle.prior.usual_offset("sigmoid", 90)
    assert expected.std() > 0.1
    assert credited[:, 0, column] == pytest.approx(expected)
    assert not np.delete(credited[:, 0], column, axis=1).any()


def test_nobody_is_credited_for_a_rhythm_that_is_not_known(bundles: dict[Task, Bundle], odd_customers: pd.DataFrame) -> None:
    prior = bundles["churn"].prior
    unknown = odd_customers[odd_customers["order_day_count"].isna()]
    for link in ("sigmoid", "exp"):
        assert len(unknown) == 2
        assert prior.offset(unknown, link, 60) == pytest.approx(prior.usual_offset(link, 60))


def test_the_shares_stand_beside_the_values_that_were_read(bundle: Bundle, odd_customers: pd.DataFrame) -> None:
    read = shares(bundle, odd_customers).read
    assert list(read.columns) == [column.name for column in bundle.contract.explained]
    for name in bundle.contract.features:
        assert np.array_equal(read[name], odd_customers[name], equal_nan=True)


def test_money_is_shared_out_in_proportion_to_the_shares_of_the_margin(
    clv_without_prior: Bundle, customers: pd.DataFrame
) -> None:
    margin_shares = shares_of_margins(clv_without_prior, customers)[:, 0]
    money = shares(clv_without_prior, customers).values[:, 0]
    rate = money.sum(axis=1) / margin_shares.sum(axis=1)
    assert np.all(rate > 0)  # what raises the margin raises the amount
    assert money == pytest.approx(rate[:, None] * margin_shares, rel=1e-4, abs=1e-4)


def fitted_on(bundle: Bundle, rows: pd.DataFrame, label: np.ndarray, rounds: int = 20, **parameters: object) -> Bundle:
    """The bundle with a booster fitted on other rows; a base score of its own keeps the margins where they are wanted."""
    read = xgb.DMatrix(rows.to_numpy(np.float32), label=label, feature_names=bundle.contract.features, nthread=1)
    told = {"objective": "reg:tweedie", "nthread": 1, "max_depth": 1, "learning_rate": 1.0, "reg_lambda": 0.0} | parameters
    return replace(bundle, booster=xgb.train(told, read, num_boost_round=rounds))


def test_large_amounts_can_be_explained_although_boosters_add_small_numbers(
    clv_without_prior: Bundle, customers: pd.DataFrame
) -> None:
    rich = fitted_on(clv_without_prior, customers, 3e7 * customers["spend_sum_90d"].to_numpy(), max_depth=3)
    found = shares(rich, customers)
    assert found.total.max() > 1e8
    assert np.abs(found.base + found.values.sum(axis=2) - found.total).max() < TOLERANCE


def test_a_model_that_found_nothing_gives_everybody_the_base_and_no_shares(
    clv_without_prior: Bundle, customers: pd.DataFrame
) -> None:
    label = 2 * customers["spend_sum_90d"].to_numpy() + 100_000
    flat = fitted_on(clv_without_prior, customers, label, rounds=60, learning_rate=0.1, base_score=50_000, gamma=1e9)
    found = shares(flat, customers)
    assert np.all(found.values == 0)
    assert np.all(found.base == found.total)


def test_what_is_only_rounding_in_the_booster_is_no_reason_in_money(clv_without_prior: Bundle, customers: pd.DataFrame) -> None:
    label = np.full(len(customers), 123_456.0)  # trees split on differences in the ninth digit
    flat = fitted_on(clv_without_prior, customers, label, rounds=60, learning_rate=0.1, base_score=100_000)
    assert np.abs(shares(flat, customers).values).max() < 0.01


def test_shares_that_cancel_stay_small(clv_without_prior: Bundle, customers: pd.DataFrame) -> None:
    # Two stumps, one raising and one lowering the margin by the same: money moves up and down by as much as
    # either alone would, not by some rounding error blown up.
    rows = customers.fillna(0)
    up, down = (rows[name] > rows[name].median() for name in ("order_count", "spend_sum_90d"))
    label = 1000 * np.exp(0.5 * up.to_numpy() - 0.5 * down.to_numpy())
    bundle = fitted_on(clv_without_prior, rows, label, rounds=40, learning_rate=0.5)
    found = shares(bundle, rows)
    assert np.abs(found.values).max() < 2_000
    assert np.abs(found.base + found.values.sum(axis=2) - found.total).max() < TOLERANCE


def test_by_how_much_shares_miss_the_served_number_is_said(
    bundle: Bundle, customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Calibrator.linear
    assert shares(bundle, customers).missed.max() < TOLERANCE / 10
    monkeypatch.setattr(Calibrator, "linear", lambda self, margins: honest(self, margins) + 0.01)
    assert shares(bundle, customers).missed == pytest.approx(0.01, abs=1e-5)


def test_an_amount_that_is_no_number_misses_although_its_margin_adds_up(
    clv_without_prior: Bundle, customers: pd.DataFrame
) -> None:
    endless = replace(clv_without_prior, calibrator=Calibrator(link="exp", slopes=(1.0,), intercepts=(1_000.0,)))
    with np.errstate(over="ignore", invalid="ignore"):
        found = shares(endless, customers)
    assert np.isinf(found.total).all()
    assert not (found.missed <= TOLERANCE).any()


def test_one_row_that_does_not_add_up_is_told_from_the_others(
    bundle: Bundle, customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Calibrator.linear

    def tampered(self: Calibrator, margins: np.ndarray) -> np.ndarray:
        margins = honest(self, margins)
        margins[17, -1] = np.nan
        return margins

    monkeypatch.setattr(Calibrator, "linear", tampered)
    missed = shares(bundle, customers).missed
    assert [tuple(place) for place in np.argwhere(~(missed <= TOLERANCE))] == [(17, missed.shape[1] - 1)]


def test_shares_are_shapley_values_by_their_definition(bundle: Bundle, odd_customers: pd.DataFrame) -> None:
    rows = odd_customers.tail(8)
    assert shares_of_margins(bundle, rows) == pytest.approx(shapley_values(bundle, rows), abs=1e-4)


def shares_of_margins(bundle: Bundle, rows: pd.DataFrame) -> np.ndarray:
    """The shares before calibration and before they become money."""
    contract = bundle.contract.model_copy(update={"link": "sigmoid", "starts_from_prior": False})
    plain = replace(bundle, contract=contract, calibrator=uncalibrated("sigmoid", len(contract.outputs)))
    return shares(plain, rows).values


def shapley_values(bundle: Bundle, rows: pd.DataFrame) -> np.ndarray:
    """The slow, obvious way: every subset of the features, every tree, one row at a time."""
    features, outputs = [column.name for column in bundle.contract.explained], len(bundle.contract.outputs)
    nodes = bundle.booster.trees_to_dataframe()
    trees = [tree.set_index("ID").to_dict("index") for _, tree in nodes.groupby("Tree", sort=True)]
    found = np.zeros((len(rows), outputs, len(features)))
    for r, row in enumerate(frame_read(bundle, rows).astype(np.float32).to_dict("records")):
        for t, tree in enumerate(trees):
            asked = sorted({node["Feature"] for node in tree.values()} - {"Leaf"})  # the others have no share
            value = {
                subset: expected(tree, f"{t}-0", row, frozenset(subset))
                for size in range(len(asked) + 1)
                for subset in itertools.combinations(asked, size)
            }
            for feature in asked:
                for subset in value:
                    if feature not in subset:
                        larger = tuple(sorted({*subset, feature}))
                        weight = factorial(len(subset)) * factorial(len(asked) - len(subset) - 1) / factorial(len(asked))
                        found[r, t % outputs, features.index(feature)] += weight * (value[larger] - value[subset])
    return found


def expected(tree: dict[str, dict[str, object]], at: str, row: dict[str, float], known: frozenset[str]) -> float:
    """What a tree answers when only some features are known: the others go both ways, as the training rows did."""
    node = tree[at]
    if node["Feature"] == "Leaf":
        return float(node["Gain"])
    if node["Feature"] in known:
        value = row[node["Feature"]]
        way = "Missing" if math.isnan(value) else "Yes" if value < np.float32(node["Split"]) else "No"
        return expected(tree, node[way], row, known)
    ways = [node["Yes"], node["No"]]
    covers = np.array([tree[way]["Cover"] for way in ways])
    return float(np.average([expected(tree, way, row, known) for way in ways], weights=covers))


def test_shap_finds_the_same_shares(bundle: Bundle, odd_customers: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # of matplotlib, at import
        import shap
    explainer = shap.TreeExplainer(bundle.booster, feature_perturbation="tree_path_dependent")
    explainer.model.model_type = "internal"  # its own implementation; otherwise it asks the booster, as we do
    theirs = np.asarray(explainer.shap_values(frame_read(bundle, odd_customers), check_additivity=False))
    theirs = theirs.reshape(len(odd_customers), len(bundle.contract.explained), -1).transpose(0, 2, 1)
    assert shares_of_margins(bundle, odd_customers) == pytest.approx(theirs, abs=1e-4)


def test_shares_do_not_depend_on_who_else_is_asked_about(bundle: Bundle, odd_customers: pd.DataFrame) -> None:
    together = shares(bundle, odd_customers)
    for place in (0, len(odd_customers) - 1):
        alone = shares(bundle, odd_customers.iloc[[place]])
        assert alone.values[0] == pytest.approx(together.values[place], rel=1e-6, abs=1e-6)


def test_a_feature_that_the_trees_never_ask_for_has_no_share(bundles: dict[Task, Bundle], customers: pd.DataFrame) -> None:
    bundle = bundles["churn"]
    silent = replace(bundle, booster=bundle.booster[:1])  # the first tree asks for a few features only
    found = shares(silent, customers)
    unused = set(found.read.columns) - set(silent.booster.get_score()) - {"order_probability_90d"}  # the prior's own
    assert unused
    for name in unused:
        assert np.all(found.values[:, 0, found.read.place[name]] == 0)


@pytest.mark.parametrize("task", TASKS)
def test_the_day_of_the_year_is_credited_with_its_level_beside_the_usual_one(
    bundles: dict[Task, Bundle], customers: pd.DataFrame, task: Task
) -> None:
    bundle, outputs = bundles[task], len(bundles[task].contract.outputs)
    day = InputColumn(name=DAY_OF_YEAR, family="season", unit="day", meaning="day of the year", meaning_zh="一年中的第几天")
    contract = bundle.contract.model_copy(update={"inputs": (*bundle.contract.inputs[:2], day, *bundle.contract.inputs[2:])})
    season = Season(usual=(0.25,) * outputs, days=(50, 250), levels=((0.75,) * outputs, (-0.25,) * outputs))
    seasonal, rows = replace(bundle, contract=contract, season=season), customers.assign(**{DAY_OF_YEAR: 50.0})
    found = shares(seasonal, rows)
    assert found.read.columns.index(DAY_OF_YEAR) == 2
    assert found.base + found.values.sum(axis=2) == pytest.approx(found.total, abs=TOLERANCE)
    assert found.total == pytest.approx(served_on_the_scale_of_shares(seasonal, rows))
    if task == "clv":
        assert (found.values[:, :, 2] > 0).all()
    else:
        assert found.values[:, :, 2] == pytest.approx(np.tile(bundle.calibrator.slopes, (len(rows), 1)) * 0.5)
    # On an unknown day nothing is known to be unusual.
    unknown = shares(seasonal, rows.assign(**{DAY_OF_YEAR: np.nan}))
    assert np.all(unknown.values[:, :, 2] == 0)


@pytest.mark.parametrize("task", TASKS)
def test_with_a_linear_half_base_and_shares_add_up_to_the_served_number(
    blended: dict[Task, Bundle], odd_customers: pd.DataFrame, task: Task
) -> None:
    bundle = blended[task]
    found = shares(bundle, odd_customers)
    assert found.values.shape == (len(odd_customers), len(bundle.contract.outputs), len(bundle.contract.explained))
    assert np.abs(found.base + found.values.sum(axis=2) - found.total).max() < TOLERANCE
    # Up to 1e-4 of the amount, where an amount is far beyond what was ever seen.
    assert found.total == pytest.approx(served_on_the_scale_of_shares(bundle, odd_customers), abs=TOLERANCE)


@pytest.mark.parametrize("task", TASKS)
def test_shares_of_both_halves_are_shapley_values_of_the_trees_and_weights_times_columns_each_by_its_part(
    blended: dict[Task, Bundle], customers: pd.DataFrame, task: Task
) -> None:
    bundle = blended[task]
    values = bundle.inputs(customers)
    weights = bundle.linear.standardised(values)[:, None, :] * np.asarray(bundle.linear.weights)
    trees = shares_of_margins(replace(bundle, linear=None), customers)
    assert shares_of_margins(bundle, customers) == pytest.approx(0.4 * weights + 0.6 * trees, abs=1e-4)


@pytest.mark.parametrize("task", TASKS)
def test_a_feature_that_only_the_linear_half_reads_has_its_weight_as_share(
    bundles: dict[Task, Bundle], with_linear: Callable[..., Bundle], customers: pd.DataFrame, task: Task
) -> None:
    bundle = with_linear(bundles[task], 0.25)
    bundle = replace(bundle, booster=bundle.booster[:1])  # the first tree of each output asks for a few features only
    margins = shares_of_margins(bundle, customers)
    unread = set(bundle.linear.columns) - set(bundle.booster.get_score())
    assert unread
    for place, name in enumerate(bundle.linear.columns):
        if name in unread:
            for k, weights in enumerate(bundle.linear.weights):
                column = bundle.linear.standardised(bundle.inputs(customers))[:, place]
                assert margins[:, k, place] == pytest.approx(0.25 * weights[place] * column, abs=1e-12)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_one_half_alone_is_explained_by_itself(
    bundles: dict[Task, Bundle], with_linear: Callable[..., Bundle], customers: pd.DataFrame, share: float
) -> None:
    bundle = with_linear(bundles["churn"], share)
    found = shares_of_margins(bundle, customers)
    if share == 0:
        assert found == pytest.approx(shares_of_margins(bundles["churn"], customers))
    else:
        assert found == pytest.approx(bundle.linear.parts(bundle.linear.standardised(bundle.inputs(customers))))


def test_with_a_linear_half_the_day_of_the_year_is_credited_all_the_same(
    blended: dict[Task, Bundle], customers: pd.DataFrame
) -> None:
    day = InputColumn(name=DAY_OF_YEAR, family="season", unit="day", meaning="day of the year", meaning_zh="一年中的第几天")
    bundle = blended["churn"]
    contract = bundle.contract.model_copy(update={"inputs": (day, *bundle.contract.inputs)})
    season = Season(usual=(0.25,), days=(50, 250), levels=((0.75,), (-0.25,)))
    found = shares(replace(bundle, contract=contract, season=season), customers.assign(**{DAY_OF_YEAR: 50.0}))
    assert found.base + found.values.sum(axis=2) == pytest.approx(found.total, abs=TOLERANCE)
    assert found.values[:, 0, 0] == pytest.approx(0.5 * bundle.calibrator.slopes[0])
    assert found.values[:, :, 1:] == pytest.approx(shares(bundle, customers).values)
