"""Made-up customers and one small fitted bundle per task, for the tests of `models`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from numpy.typing import NDArray

from features.catalogue import catalogue
from features.feature import Words
from features.project import CohortSection
from models.bundle import Bundle, made_up_rows
from models.calibration import Calibrator, inverse_link, uncalibrated
from models.contract import TASKS, Contract, InputColumn, Output, Roles, Task
from models.evaluation import CalibrationPoint, Evaluation, Metric, OutputEvaluation
from models.intervals import Intervals
from models.linear import Linear, signed_log
from models.prior import Prior

CUSTOMERS = 300
CATEGORIES = ("Tea", "Toys & Games", "Garden")
NAMES = (
    "days_since_last_order",
    "days_since_first_order",
    "days_first_to_last_order",
    "order_count",
    "order_day_count",
    "spend_sum",
    "refund_sum",
    "spend_sum_90d",
    "gap_days_mean",
    "days_since_last_order_of_tea",
)
OBJECTIVES: dict[Task, dict[str, str]] = {
    "churn": {"objective": "binary:logistic"},
    "propensity": {"objective": "binary:logistic"},
    "clv": {"objective": "reg:tweedie"},
}
CALIBRATORS: dict[Task, Calibrator] = {
    "churn": Calibrator(link="sigmoid", slopes=(1.7,), intercepts=(-0.4,)),
    "propensity": Calibrator(link="sigmoid", slopes=(0.6, 1.0, 2.5), intercepts=(0.2, 0.0, -1.0)),
    "clv": uncalibrated("exp", 1),
}
ROLES = Roles(
    tuned_on=(date(2020, 1, 1),),
    tune=date(2020, 4, 1),
    rehearsed_on=(date(2020, 1, 1), date(2020, 4, 1)),
    calibrate=date(2020, 7, 1),
    fitted_on=(date(2020, 1, 1), date(2020, 4, 1), date(2020, 7, 1)),
    judge=date(2020, 10, 1),
)


@pytest.fixture(scope="session")
def customers() -> pd.DataFrame:
    """The features of customers who never lived. Who ordered once has no usual gap; not everybody buys tea."""
    rng = np.random.default_rng(7)
    days, silent = rng.geometric(0.3, CUSTOMERS), rng.integers(1, 400, CUSTOMERS)
    first_to_last = np.where(days == 1, 0, (days - 1) * rng.integers(5, 60, CUSTOMERS))
    rows = pd.DataFrame(
        {
            "days_since_last_order": silent,
            "days_since_first_order": silent + first_to_last,
            "days_first_to_last_order": first_to_last,
            "order_count": days + rng.poisson(0.3, CUSTOMERS),
            "order_day_count": days,
            "spend_sum": np.round(days * rng.gamma(3, 40, CUSTOMERS), 2),
        },
        dtype="float64",
    )
    rows["refund_sum"] = np.where(rng.uniform(size=CUSTOMERS) < 0.2, np.round(rows["spend_sum"] / 3, 2), 0.0)
    rows["spend_sum_90d"] = np.where(silent <= 90, np.round(rows["spend_sum"] * rng.uniform(0.2, 1, CUSTOMERS), 2), 0.0)
    rows["gap_days_mean"] = (rows["days_first_to_last_order"] / (rows["order_day_count"] - 1)).where(days > 1)
    rows["days_since_last_order_of_tea"] = (rows["days_since_last_order"] + rng.integers(0, 90, CUSTOMERS)).where(
        rng.uniform(size=CUSTOMERS) < 0.6
    )
    return rows[list(NAMES)]


@pytest.fixture(scope="session")
def odd_customers(customers: pd.DataFrame) -> pd.DataFrame:
    """Rows that no training date ever saw: nothing known, one thing known, all zero, enormous, negative."""
    nothing = dict.fromkeys(NAMES, np.nan)
    rows = [
        nothing,
        nothing | {"days_since_last_order": 12.0},
        dict.fromkeys(NAMES, 0.0),
        dict.fromkeys(NAMES, 1e9),
        dict.fromkeys(NAMES, -1e9),
    ]
    return pd.concat([customers.head(40), pd.DataFrame(rows)], ignore_index=True)


@pytest.fixture(scope="session")
def make_bundle(customers: pd.DataFrame) -> Callable[..., Bundle]:
    """A function that fits a small bundle of a task; other parts of its contract may be given by name."""

    def make(task: Task, *, with_prior: bool = True, **contract: object) -> Bundle:
        outcomes, described, prior = _outcomes(task, customers), _contract(task, **contract), None
        values, start = customers, None
        if with_prior:
            prior = Prior.fit(customers, 90)
            values = pd.concat([customers, prior.columns(customers)], axis=1)
            start = None if task == "propensity" else prior.offset(values, described.link, 90)
            described = described.model_copy(update={"derived": prior.inputs(), "starts_from_prior": task != "propensity"})
        matrix = xgb.DMatrix(
            values.to_numpy(np.float32),
            label=outcomes[:, 0] if outcomes.shape[1] == 1 else outcomes,
            feature_names=list(values.columns),
            base_margin=start,
            nthread=1,
        )
        base_score = 1.0 if task == "clv" else 0.5  # a margin of 0, as in training
        parameters = OBJECTIVES[task] | {
            "max_depth": 3,
            "learning_rate": 0.3,
            "nthread": 1,
            "seed": 0,
            "base_score": base_score,
        }
        booster = xgb.train(parameters, matrix, num_boost_round=12)
        intervals = None
        if task == "clv":
            predicted = np.asarray(booster.predict(matrix), dtype=np.float64)
            intervals = Intervals.fit(predicted, outcomes[:, 0], 0.8)
        return Bundle(
            booster=booster,
            calibrator=CALIBRATORS[task],
            intervals=intervals,
            contract=described,
            evaluation=_evaluation(task),
            golden=made_up_rows(customers, seed=0),
            prior=prior,
        )

    return make


@pytest.fixture(scope="session")
def bundles(make_bundle: Callable[..., Bundle]) -> dict[Task, Bundle]:
    """One bundle per task: churn and propensity with Platt slopes that are not 1, propensity with three outputs."""
    return {task: make_bundle(task) for task in TASKS}


@pytest.fixture(scope="session")
def clv_without_prior(make_bundle: Callable[..., Bundle]) -> Bundle:
    """A clv bundle whose booster starts from nothing."""
    return make_bundle("clv", with_prior=False)


@pytest.fixture(scope="session")
def with_linear(customers: pd.DataFrame) -> Callable[..., Bundle]:
    """A function that gives a bundle a linear half with made-up weights, on the scales of the customers."""

    def extended(bundle: Bundle, share: float = 0.5) -> Bundle:
        values, rng = frame_read(bundle, customers), np.random.default_rng(13)
        logs = pd.DataFrame(signed_log(values.to_numpy()), columns=values.columns)
        logs = logs.fillna(logs.median())
        outputs = len(bundle.contract.outputs)
        linear = Linear(
            columns=tuple(values.columns),
            medians=tuple(logs.median()),
            lowest=tuple(logs.min()),
            highest=tuple(logs.max()),
            means=tuple(logs.mean()),
            per_unit=tuple(1 / logs.std(ddof=0)),
            weights=tuple(tuple(row) for row in rng.normal(0, 0.3, (outputs, logs.shape[1]))),
            intercepts=tuple(rng.normal(0, 0.3, outputs)),
        )
        return replace(bundle, linear=linear, contract=bundle.contract.model_copy(update={"linear_share": share}))

    return extended


@pytest.fixture(scope="session")
def blended(bundles: dict[Task, Bundle], with_linear: Callable[..., Bundle]) -> dict[Task, Bundle]:
    """The bundles, each with a linear half that makes 40 % of the correction."""
    return {task: with_linear(bundle, 0.4) for task, bundle in bundles.items()}


@pytest.fixture(params=[*TASKS, "clv_without_prior"])
def bundle(request: pytest.FixtureRequest, bundles: dict[Task, Bundle], clv_without_prior: Bundle) -> Bundle:
    """Each of the bundles in turn."""
    return bundles.get(request.param, clv_without_prior)


def frame_read(bundle: Bundle, rows: pd.DataFrame) -> pd.DataFrame:
    """What a bundle reads of rows, as a frame."""
    read = bundle.inputs(rows)
    return pd.DataFrame(read.numbers, columns=list(read.columns))


def _outcomes(task: Task, customers: pd.DataFrame) -> NDArray[np.float64]:
    rng = np.random.default_rng(11)
    leaving = 0.015 * (customers["days_since_last_order"] - 150) - 0.3 * (customers["order_count"] - 3)
    leaves = (rng.uniform(size=CUSTOMERS) < inverse_link(leaving.to_numpy(), "sigmoid")).astype(float)
    if task == "churn":
        return leaves[:, None]
    if task == "clv":
        spend = customers["spend_sum_90d"].to_numpy() * rng.gamma(2, 0.5, CUSTOMERS)
        return np.where(leaves == 1, 0.0, spend)[:, None]
    drinks_tea = customers["days_since_last_order_of_tea"].notna().to_numpy()
    chances = np.column_stack([0.1 + 0.6 * drinks_tea, 0.7 - 0.5 * leaves, np.full(CUSTOMERS, 0.3)])
    return (rng.uniform(size=chances.shape) < chances).astype(float)


def _outputs(task: Task) -> tuple[Output, ...]:
    if task == "churn":
        return (
            Output(
                name="churn_probability", target="places no order within 90 days", label="risk of leaving", label_zh="流失风险"
            ),
        )
    if task == "clv":
        return (Output(name="clv_90d", target="net spend within 90 days, in EUR", label="expected value", label_zh="预期价值"),)
    names = ("tea", "toys_games", "garden")
    return tuple(
        Output(
            name=f"propensity_{name}",
            target=f"buys {c} within 90 days",
            label=f"chance of buying {c}",
            label_zh=f"购买“{c}”的可能性",
        )
        for name, c in zip(names, CATEGORIES, strict=True)
    )


def _contract(task: Task, **other: object) -> Contract:
    known = catalogue(Words(windows_days=(90,), horizon_days=90, categories=CATEGORIES, mapped={"orders": ("category",)}))
    by_name = {feature.name: feature for feature in known}
    described = Contract(
        project="made_up",
        currency="EUR",
        task=task,
        horizon_days=90,
        link="exp" if task == "clv" else "sigmoid",
        outputs=_outputs(task),
        inputs=tuple(InputColumn.of(by_name[name]) for name in NAMES),
        windows_days=(90,),
        categories=CATEGORIES,
        cohort=CohortSection(),
        roles=ROLES,
        rows_fitted=CUSTOMERS,
        parameters={"max_depth": 3, "learning_rate": 0.3},
        rounds=12,
        seed=0,
        made_from="0123456789abcdef",
        data_fingerprint="fedcba9876543210",
        code_version="abcdef012345",
    )
    return described.model_copy(update=other)


def _evaluation(task: Task) -> Evaluation:
    auc = {"auc": Metric(value=0.75, greater_is_better=True)}
    points = tuple(CalibrationPoint(customers=30, predicted=k / 10, actual=k / 9) for k in range(10))
    judged = OutputEvaluation(metrics=auc, baselines={"base_rate": auc}, tenths=points)
    return Evaluation(
        judged_at=ROLES.judge,
        customers=CUSTOMERS,
        outputs={output.name: judged for output in _outputs(task)},
        calibration_kept=CALIBRATORS[task].changes_anything,
        choices={"calibration": "made up"},
    )
