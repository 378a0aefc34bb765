"""The bundle on disk: it comes back as it was, says when it was changed, and holds no customer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from features.problems import ContractMismatch
from models.bundle import DAYS_UNTIL_LEAVING, Bundle, bundle_hash, load_bundle, made_up_rows, margins, matrix, save_bundle
from models.calibration import Calibrator, inverse_link
from models.contract import TASKS, Task
from models.horizons import Horizons, OtherHorizon
from models.season import Season
from tests.models.conftest import frame_read


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    """Each of the bundles in turn, saved."""
    save_bundle(bundle, tmp_path)
    return tmp_path


def edit(file: Path, change: object) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)  # type: ignore[operator]
    file.write_text(json.dumps(content), encoding="utf-8")


def test_a_saved_bundle_predicts_the_same_to_the_last_digit(bundle: Bundle, folder: Path, odd_customers: pd.DataFrame) -> None:
    assert_frame_equal(load_bundle(folder).predict(odd_customers), bundle.predict(odd_customers), check_exact=True)


def test_a_saved_bundle_comes_back_whole(bundle: Bundle, folder: Path) -> None:
    again = load_bundle(folder)
    assert again.contract == bundle.contract
    assert again.calibrator == bundle.calibrator
    assert again.intervals == bundle.intervals
    assert again.prior == bundle.prior
    assert again.evaluation == bundle.evaluation
    assert_frame_equal(again.golden, bundle.golden)


def test_a_loaded_bundle_is_saved_with_the_same_hash(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert save_bundle(load_bundle(folder), tmp_path_factory.mktemp("again")) == bundle_hash(folder)


def test_predictions_are_named_after_the_outputs(bundles: dict[Task, Bundle], customers: pd.DataFrame) -> None:
    columns = {task: list(bundle.predict(customers).columns) for task, bundle in bundles.items()}
    assert columns == {
        "churn": ["churn_probability", "days_until_leaving_lower_80", "days_until_leaving", "days_until_leaving_upper_80"],
        "clv": ["clv_90d", "clv_90d_lower_80", "clv_90d_upper_80"],
        "propensity": ["propensity_tea", "propensity_toys_games", "propensity_garden"],
    }


def test_predictions_keep_the_index_of_the_rows(bundle: Bundle, customers: pd.DataFrame) -> None:
    some = customers.iloc[[7, 3]]
    assert list(bundle.predict(some).index) == list(some.index)


def test_probabilities_are_the_calibrated_margins_of_what_rhythm_lets_expect_and_the_trees(
    bundles: dict[Task, Bundle], customers: pd.DataFrame
) -> None:
    for task in ("churn", "propensity"):
        bundle = bundles[task]
        values = pd.concat([customers, bundle.prior.columns(customers)], axis=1)
        start = bundle.prior.offset(values, "sigmoid", 90) if task == "churn" else None
        read = xgb.DMatrix(values.to_numpy(np.float32), feature_names=list(values.columns), base_margin=start)
        raw = bundle.booster.predict(read, output_margin=True).reshape(len(customers), -1)
        linear = raw.astype(float) * bundle.calibrator.slopes + bundle.calibrator.intercepts
        names = [output.name for output in bundle.contract.outputs]
        assert bundle.predict(customers)[names].to_numpy() == pytest.approx(
            1 / (1 + np.exp(-linear)), rel=1e-5
        )  # the booster adds float32


def test_the_interval_lies_around_the_amount(bundles: dict[Task, Bundle], odd_customers: pd.DataFrame) -> None:
    answers = bundles["clv"].predict(odd_customers)
    assert (answers["clv_90d_lower_80"] <= answers["clv_90d"]).all()
    assert (answers["clv_90d"] <= answers["clv_90d_upper_80"]).all()
    assert (answers["clv_90d_lower_80"] >= 0).all()


def test_columns_in_another_order_and_columns_too_many_change_nothing(bundle: Bundle, customers: pd.DataFrame) -> None:
    shuffled = customers[customers.columns[::-1]].assign(customer_id="somebody", not_eligible_because=None)
    assert_frame_equal(bundle.predict(shuffled), bundle.predict(customers))


def test_columns_that_are_whole_numbers_or_nullable_are_read_as_numbers(bundle: Bundle, customers: pd.DataFrame) -> None:
    whole = customers.assign(days_since_last_order_of_tea=customers["days_since_last_order_of_tea"].astype("Int64"))
    whole = whole.assign(order_count=whole["order_count"].astype("int32"))
    assert_frame_equal(bundle.predict(whole), bundle.predict(customers))


def test_absent_columns_are_named_all_at_once(bundle: Bundle, customers: pd.DataFrame) -> None:
    less = customers.drop(columns=["order_count", "spend_sum"])
    with pytest.raises(ContractMismatch, match=f"the {bundle.contract.task} model needs columns order_count, spend_sum"):
        bundle.predict(less)


def test_margins_have_a_row_per_row_and_a_column_per_output(bundles: dict[Task, Bundle], customers: pd.DataFrame) -> None:
    for task, outputs in {"churn": 1, "clv": 1, "propensity": 3}.items():
        for count in (1, 5):
            some = customers.head(count)
            assert margins(bundles[task].booster, matrix(frame_read(bundles[task], some))).shape == (count, outputs)
            assert bundles[task].margins(bundles[task].inputs(some)).shape == (count, outputs)


def test_a_booster_that_starts_from_the_prior_multiplies_what_the_rhythm_lets_expect(
    bundles: dict[Task, Bundle], customers: pd.DataFrame
) -> None:
    bundle = bundles["clv"]
    values = frame_read(bundle, customers)
    correction = bundle.booster.predict(
        xgb.DMatrix(values.to_numpy(np.float32), feature_names=list(values.columns), base_margin=np.zeros(len(values)))
    )
    expected = np.maximum(values["expected_spend_90d"], 0.01)
    assert bundle.predict(customers)["clv_90d"].to_numpy() == pytest.approx(correction * expected, rel=1e-4)


def test_the_same_content_has_the_same_hash(bundle: Bundle, tmp_path: Path) -> None:
    hashes = set()
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        hashes.add(save_bundle(bundle, tmp_path / name))
    assert len(hashes) == 1


def test_one_flipped_byte_in_any_file_changes_the_hash(folder: Path) -> None:
    before = bundle_hash(folder)
    for file in sorted(folder.iterdir()):
        content = file.read_bytes()
        file.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
        assert bundle_hash(folder) != before, file.name
        file.write_bytes(content)
    assert bundle_hash(folder) == before


def test_a_file_more_or_with_another_name_changes_the_hash(folder: Path) -> None:
    before = bundle_hash(folder)
    (folder / "notes.json").write_text("{}")
    assert bundle_hash(folder) != before
    (folder / "notes.json").unlink()
    (folder / "calibrator.json").rename(folder / "calibration.json")
    assert bundle_hash(folder) != before


def shift_leaves(booster: dict) -> None:
    for tree in booster["learner"]["gradient_booster"]["model"]["trees"]:
        tree["split_conditions"] = [
            value + 0.1 if child == -1 else value
            for value, child in zip(tree["split_conditions"], tree["left_children"], strict=True)
        ]


def move_intercept(calibrator: dict) -> None:
    calibrator["intercepts"][-1] += 0.01


def raise_an_answer(golden: dict) -> None:
    golden["answers"][0] = {name: value * 1.01 + 0.001 for name, value in golden["answers"][0].items()}


def rename_an_answer(golden: dict) -> None:
    golden["answers"] = [{f"{name}_old": value for name, value in answer.items()} for answer in golden["answers"]]


@pytest.mark.parametrize(
    ("file", "tamper"),
    [
        ("booster.json", shift_leaves),
        ("calibrator.json", move_intercept),
        ("golden.json", raise_an_answer),
        ("golden.json", rename_an_answer),
    ],
)
def test_a_bundle_that_answers_otherwise_than_it_says_is_not_loaded(
    bundle: Bundle, folder: Path, file: str, tamper: object
) -> None:
    edit(folder / file, tamper)
    with pytest.raises(ContractMismatch) as refused:
        load_bundle(folder)
    said = str(refused.value)
    assert f"the golden rows of the {bundle.contract.task} bundle in {folder} do not come out as stored" in said
    assert said.endswith("train it again")


def test_a_tampered_interval_is_not_loaded(bundles: dict[Task, Bundle], tmp_path: Path) -> None:
    save_bundle(bundles["clv"], tmp_path)
    edit(tmp_path / "intervals.json", lambda content: content.update(above=[a * 2 for a in content["above"]]))
    with pytest.raises(ContractMismatch, match="the golden rows of the clv bundle"):
        load_bundle(tmp_path)


def test_a_tampered_prior_is_not_loaded(bundles: dict[Task, Bundle], tmp_path: Path) -> None:
    save_bundle(bundles["clv"], tmp_path)
    edit(tmp_path / "prior.json", lambda content: content["order_value"].__setitem__(0, content["order_value"][0] * 1.1))
    with pytest.raises(ContractMismatch, match="the golden rows of the clv bundle"):
        load_bundle(tmp_path)


def test_features_in_another_order_are_not_loaded(bundles: dict[Task, Bundle], tmp_path: Path) -> None:
    save_bundle(bundles["churn"], tmp_path)
    edit(tmp_path / "contract.json", lambda content: content["inputs"].reverse())
    with pytest.raises((ContractMismatch, ValueError)):
        load_bundle(tmp_path)


def test_a_bundle_of_another_version_of_the_project_says_so(folder: Path) -> None:
    edit(folder / "contract.json", lambda content: content["roles"].pop("rehearsed_on"))
    with pytest.raises(ContractMismatch) as refused:
        load_bundle(folder)
    assert str(refused.value) == (
        "written by another version of cvm, which this one cannot read (Contract: roles.rehearsed_on); train it again"
    )


def test_a_bundle_is_json_and_nothing_else(bundle: Bundle, folder: Path) -> None:
    expected = {"booster.json", "calibrator.json", "contract.json", "evaluation.json", "golden.json"}
    expected |= ({"intervals.json"} if bundle.contract.task == "clv" else set()) | ({"prior.json"} if bundle.prior else set())
    assert {file.name for file in folder.iterdir()} == expected
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} in a JSON file"))


def test_no_training_row_is_in_a_bundle(folder: Path, customers: pd.DataFrame) -> None:
    golden = pd.DataFrame(json.loads((folder / "golden.json").read_text())["rows"], dtype="float64")
    assert len(golden) >= 10
    both = golden.merge(customers, how="inner", on=list(customers.columns))
    assert both.empty
    # Nor the numbers of one side by side in any order or form: money with its cents would give a customer away.
    text = "".join(file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name != "booster.json")
    cents = [f"{spend:.2f}" for spend in customers["spend_sum"] if round(spend, 1) != spend and spend > 1]
    assert len(cents) > 100
    assert not [amount for amount in cents if f": {amount}" in text or f":{amount}," in text]


def test_golden_rows_have_missing_values_and_columns_in_order(customers: pd.DataFrame) -> None:
    rows = made_up_rows(customers, seed=0)
    assert list(rows.columns) == list(customers.columns)
    assert rows.iloc[-2].isna().all()
    assert (rows.iloc[-1] == 0).all()
    assert rows["gap_days_mean"].iloc[:-2].isna().any()
    assert rows["gap_days_mean"].iloc[:-2].notna().any()
    assert rows["order_count"].iloc[:-2].notna().all()


def test_golden_rows_reach_different_answers(bundle: Bundle) -> None:
    answers = bundle.predict(bundle.golden)[[output.name for output in bundle.contract.outputs]]
    assert (answers.nunique() >= len(answers) / 2).all()


def test_the_same_seed_makes_up_the_same_rows(customers: pd.DataFrame) -> None:
    assert_frame_equal(made_up_rows(customers, seed=3), made_up_rows(customers, seed=3))
    assert not made_up_rows(customers, seed=3).equals(made_up_rows(customers, seed=4))


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from([np.nan, 0.0, 1.0, 2.0]), st.sampled_from([np.nan, 0.0, 0.1])), min_size=1, max_size=30),
    st.integers(0, 1000),
)
def test_no_made_up_row_is_a_customers_however_few_values_there_are(rows: list[tuple[float, float]], seed: int) -> None:
    frame = pd.DataFrame(rows, columns=["order_count", "refund_share_of_spend"], dtype="float64")
    customers = set(frame.fillna(-1).itertuples(index=False, name=None))
    made_up = set(made_up_rows(frame, seed=seed).fillna(-1).itertuples(index=False, name=None))
    assert not customers & made_up


def test_a_column_that_nobody_has_stays_missing(customers: pd.DataFrame) -> None:
    rows = made_up_rows(customers.assign(gap_days_mean=np.nan), seed=0)
    assert rows["gap_days_mean"].iloc[:-1].isna().all()


def test_a_calibrator_is_part_of_what_golden_rows_check(bundles: dict[Task, Bundle]) -> None:
    bundle = bundles["churn"]
    plain = replace(bundle, calibrator=Calibrator(link="sigmoid", slopes=(1.0,), intercepts=(0.0,)))
    assert not np.allclose(bundle.predict(bundle.golden), plain.predict(bundle.golden), atol=1e-4)
    own = plain.margins(plain.inputs(plain.golden))
    assert np.allclose(plain.predict(bundle.golden)[["churn_probability"]], inverse_link(own, "sigmoid"))


def test_a_bundle_with_a_season_comes_back_with_it(
    bundles: dict[Task, Bundle], customers: pd.DataFrame, tmp_path: Path
) -> None:
    season = Season(usual=(0.1,), days=(10, 200), levels=((0.3,), (-0.1,)))
    seasonal = replace(bundles["churn"], season=season)
    save_bundle(seasonal, tmp_path)
    again = load_bundle(tmp_path)
    assert again.season == season
    pd.testing.assert_frame_equal(again.predict(customers), seasonal.predict(customers))
    # Everybody's log-odds are the usual level higher than without, times the slope.
    odds = [
        np.log(p / (1 - p))
        for p in (b.predict(customers)["churn_probability"].to_numpy() for b in (seasonal, bundles["churn"]))
    ]
    assert odds[0] - odds[1] == pytest.approx(0.1 * seasonal.calibrator.slopes[0], abs=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_margins_are_where_customers_start_from_and_both_halves_each_by_its_share(
    bundles: dict[Task, Bundle], with_linear: Callable[..., Bundle], customers: pd.DataFrame, task: Task
) -> None:
    plain = bundles[task]
    outputs = len(plain.contract.outputs)
    season = Season(usual=(0.3,) * outputs)
    start = 0.3
    if plain.contract.starts_from_prior:
        start = 0.3 + plain.prior.offset(customers, plain.contract.link, 90)[:, None]
    for share in (0.0, 0.4, 1.0):
        bundle = replace(with_linear(plain, share), season=season)
        values = bundle.inputs(customers)
        trees, weights = margins(bundle.booster, matrix(frame_read(bundle, customers))), bundle.linear.margins(values)
        assert bundle.margins(values) == pytest.approx(start + share * weights + (1 - share) * trees)
    # Without a linear half the trees are the whole correction, whatever the contract says.
    alone = replace(bundle, linear=None)
    assert alone.margins(values) == pytest.approx(start + trees)
    assert alone.parts(values).standardised is None


@pytest.mark.parametrize("task", TASKS)
def test_a_bundle_with_every_part_comes_back_with_them(
    blended: dict[Task, Bundle], odd_customers: pd.DataFrame, tmp_path: Path, task: Task
) -> None:
    bundle = blended[task]
    if task == "churn":
        others = (OtherHorizon(days=30, slope=0.9, shift=0.4), OtherHorizon(days=180, slope=1.1, shift=-0.5))
        bundle = replace(bundle, horizons=Horizons(own_days=90, others=others, falls=True))
    save_bundle(bundle, tmp_path)
    again = load_bundle(tmp_path)
    assert (again.linear, again.horizons, again.prior) == (bundle.linear, bundle.horizons, bundle.prior)
    assert (tmp_path / "linear.json").exists()
    assert (tmp_path / "horizons.json").exists() is (task == "churn")
    assert_frame_equal(again.predict(odd_customers), bundle.predict(odd_customers), check_exact=True)


def test_a_tampered_linear_half_is_not_loaded(blended: dict[Task, Bundle], tmp_path: Path) -> None:
    save_bundle(blended["propensity"], tmp_path)
    edit(tmp_path / "linear.json", lambda content: content["intercepts"].__setitem__(2, content["intercepts"][2] + 0.1))
    with pytest.raises(ContractMismatch, match="the golden rows of the propensity bundle"):
        load_bundle(tmp_path)


def test_tampered_horizons_are_not_loaded(bundles: dict[Task, Bundle], tmp_path: Path) -> None:
    horizons = Horizons(own_days=90, others=(OtherHorizon(days=180, slope=1.0, shift=-0.5),), falls=True)
    save_bundle(replace(bundles["churn"], horizons=horizons), tmp_path)
    edit(tmp_path / "horizons.json", lambda content: content["others"][0].update(shift=-0.6))
    with pytest.raises(ContractMismatch, match="the golden rows of the churn bundle"):
        load_bundle(tmp_path)


def test_churn_is_answered_for_other_horizons_and_they_agree_with_the_served_one(
    blended: dict[Task, Bundle], odd_customers: pd.DataFrame
) -> None:
    others = tuple(OtherHorizon(days=days, slope=1.0, shift=0.0) for days in (30, 60, 180))
    bundle = replace(blended["churn"], horizons=Horizons(own_days=90, others=others, falls=True))
    answers = bundle.predict(odd_customers)
    assert list(answers.columns) == [
        "churn_probability",
        "churn_probability_30d",
        "churn_probability_60d",
        "churn_probability_180d",
        *DAYS_UNTIL_LEAVING,
    ]
    assert_frame_equal(answers[["churn_probability"]], blended["churn"].predict(odd_customers)[["churn_probability"]])
    chances = answers[["churn_probability_30d", "churn_probability_60d", "churn_probability", "churn_probability_180d"]]
    assert (np.diff(chances, axis=1) <= 0).all()  # no order becomes rarer the longer one waits
    assert (answers["churn_probability_30d"] > answers["churn_probability_180d"]).any()


def test_days_until_leaving_are_missing_where_the_rhythm_is_and_ascend_elsewhere(
    bundles: dict[Task, Bundle], odd_customers: pd.DataFrame
) -> None:
    days = bundles["churn"].predict(odd_customers)[list(DAYS_UNTIL_LEAVING)]
    unknown = odd_customers[["order_day_count", "days_first_to_last_order", "days_since_first_order"]].isna().any(axis=1)
    assert unknown.any()
    assert (days.isna().all(axis=1) == unknown).all()
    known = days[~unknown]
    assert known.notna().all(axis=None)
    assert (np.diff(known, axis=1) >= 0).all()
    assert known.min(axis=None) >= 0
    assert known.max(axis=None) <= 1825


def test_where_it_is_not_orders_that_are_predicted_days_until_leaving_follow_from_the_chance_alone(
    make_bundle: Callable[..., Bundle], odd_customers: pd.DataFrame
) -> None:
    bundle = make_bundle("churn", told_by="subscriptions")
    answers = bundle.predict(odd_customers)
    chance = answers["churn_probability"].to_numpy()
    assert answers["days_until_leaving"].to_numpy() == pytest.approx(np.minimum(90 * np.log(0.5) / np.log1p(-chance), 1825))
    assert bundle.offsets(bundle.inputs(odd_customers), (30, 90)) == {}


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300, -1e300])
def test_a_number_beyond_all_bounds_sent_by_hand_gets_a_finite_answer(
    blended: dict[Task, Bundle], customers: pd.DataFrame, value: float
) -> None:
    for bundle in blended.values():
        for name in customers.columns:
            if np.isinf(value) and name in ("spend_sum", "refund_sum"):
                continue  # who has spent without end is worth without end
            answers = bundle.predict(customers.head(3).assign(**{name: value}))
            assert np.isfinite(answers.to_numpy()).all(), name
