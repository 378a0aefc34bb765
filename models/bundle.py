"""The bundle: the one artefact that is evaluated, served, explained and reported.

A directory of JSON files: `booster.json`, `linear.json`, `prior.json`, `season.json`, `calibrator.json`, `intervals.json`,
`horizons.json`, `yardsticks.json`, `contract.json`, `evaluation.json` and `golden.json` (made-up rows with their expected
answers). Parts that a model does not have are absent. No pickle, no customer row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from features.families.calendar import DAY_OF_YEAR
from features.problems import ContractMismatch
from models.calibration import Calibrator, inverse_link
from models.contract import Contract
from models.evaluation import Evaluation
from models.horizons import Horizons
from models.inputs import Columns, Inputs, booster_numbers
from models.intervals import Intervals
from models.leaving import days_at_constant_rate
from models.linear import Linear
from models.prior import Prior
from models.season import Season
from models.tree_shares import TreeShares
from models.yardsticks import Yardsticks

Floats = NDArray[np.float64]
Part = TypeVar("Part", bound=BaseModel)
OPTIONAL_PARTS = ("intervals", "prior", "season", "linear", "horizons", "yardsticks")
CHURN = "churn_probability"
DAYS_UNTIL_LEAVING = ("days_until_leaving_lower_80", "days_until_leaving", "days_until_leaving_upper_80")
GOLDEN_TOLERANCE = 1e-4  # relative; boosters add float32 leaves, in another order on another processor
GOLDEN_ROWS = 20


@dataclass(frozen=True)
class Parts:
    """What the margins of some rows are made of, before they are added up."""

    offset: Floats | None  # what the prior lets expect, where margins start from it: one per row
    level: Floats  # rows x outputs
    trees: Floats  # rows x outputs
    standardised: Floats | None  # what the weights of the linear half read, where there is one: rows x columns

    def margins(self, bundle: Bundle) -> Floats:
        """Their sum: rows x outputs."""
        weighed = None if bundle.linear is None or self.standardised is None else bundle.linear.weighed(self.standardised)
        start = self.level if self.offset is None else self.level + self.offset[:, None]
        return start + blend(bundle.contract.linear_share, self.trees, weighed)


@dataclass(frozen=True)
class Reading:
    """Rows as a model reads them, and what their margins are made of: numbers and reasons both begin with it."""

    inputs: Inputs
    parts: Parts

    def __len__(self) -> int:
        """How many rows."""
        return len(self.inputs)


@dataclass(frozen=True)
class Bundle:
    """A fitted model, its calibration, what it promises and how it was judged."""

    booster: xgb.Booster
    calibrator: Calibrator
    intervals: Intervals | None
    contract: Contract
    evaluation: Evaluation
    golden: pd.DataFrame  # made-up rows, in contract order
    prior: Prior | None = None
    season: Season | None = None
    linear: Linear | None = None
    horizons: Horizons | None = None
    yardsticks: Yardsticks | None = None

    @property
    def other_horizons_days(self) -> tuple[int, ...]:
        """The horizons beside the contract's own for which churn is answered."""
        return () if self.horizons is None else tuple(other.days for other in self.horizons.others)

    @cached_property
    def tree_shares(self) -> TreeShares:
        """What the trees give to each feature; its tables are worked out once."""
        read = [k for k, column in enumerate(self.contract.explained) if column.name != DAY_OF_YEAR]
        return TreeShares.of(self.booster, len(self.contract.outputs), read)

    @cached_property
    def tree_bias(self) -> Floats:
        """What the trees say where no feature says anything: one number per output."""
        columns = tuple(column.name for column in self.contract.explained)
        nothing = Inputs(columns, np.full((1, len(columns)), np.nan))
        given = self.tree_shares.values(nothing.for_boosters).sum(axis=2)
        bias: Floats = (self.trees(nothing) - given)[0]
        return bias

    def inputs(self, rows: pd.DataFrame | Inputs) -> Inputs:
        """The columns the model reads: snapshot columns, then the prior's. Raises ContractMismatch naming absent ones."""
        known = set(rows.columns)
        if absent := [name for name in self.contract.features if name not in known]:
            raise ContractMismatch(f"the {self.contract.task} model needs columns {', '.join(absent)}")
        own = Inputs.of(rows, self.contract.features)
        if self.prior is None:
            return own
        return own.joined(tuple(column.name for column in self.contract.derived), self.prior.numbers(own))

    def margins(self, values: Inputs) -> Floats:
        """Where the customers stand, and by how much trees and weights move them: rows x outputs, not yet calibrated."""
        return self.parts(values).margins(self)

    def reading(self, rows: pd.DataFrame | Inputs | Reading) -> Reading:
        """Rows, read once."""
        if isinstance(rows, Reading):
            return rows
        values = self.inputs(rows)
        return Reading(values, self.parts(values))

    def parts(self, values: Inputs) -> Parts:
        """What margins are made of."""
        prior = self.prior if self.contract.starts_from_prior else None
        return Parts(
            offset=None if prior is None else prior.offset(values, self.contract.link, self.contract.horizon_days),
            level=self.level(values),
            trees=self.trees(values),
            standardised=None if self.linear is None else self.linear.standardised(values),
        )

    def trees(self, values: Inputs) -> Floats:
        """The trees' correction: rows x outputs."""
        read = values.for_boosters[:, values.all_but(DAY_OF_YEAR)]
        raw = self.booster.inplace_predict(read, predict_type="margin", validate_features=False)
        return np.asarray(raw, dtype=np.float64).reshape(len(values), len(self.contract.outputs))

    def level(self, values: Columns) -> Floats:
        """What the season adds to each margin: one row per customer, one column per output."""
        return np.zeros((len(values), len(self.contract.outputs))) if self.season is None else self.season.at(values)

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The served numbers, one column per output, and for clv the ends of the interval."""
        values = self.inputs(rows)
        return pd.DataFrame(self.answers(values, self.margins(values)), index=rows.index)

    def answers(self, values: Inputs, margins: Floats) -> dict[str, Floats]:
        """The same by column, from inputs and their margins."""
        served = self.calibrator.served(margins)
        found = {output.name: served[:, k] for k, output in enumerate(self.contract.outputs)}
        if self.intervals is not None:
            (name,), percent = found, round(self.intervals.coverage * 100)
            found[f"{name}_lower_{percent}"], found[f"{name}_upper_{percent}"] = self.intervals.around(served[:, 0])
        return found if self.contract.task != "churn" else found | self.leaving(values, served[:, 0])

    def leaving(self, values: Inputs, churn: Floats) -> dict[str, Floats]:
        """Churn only: the chance within the other horizons, and the days until leaving with the ends of an 80 % interval."""
        found, odds = {}, np.log(churn) - np.log1p(-churn)
        if self.horizons is not None:
            by_horizon = self.horizons.probabilities(odds, self.offsets(values, self.horizons.all_days))
            found = {f"{CHURN}_{days}d": chance for days, chance in by_horizon.items() if days != self.horizons.own_days}
        if self.prior is not None and self.contract.expects_orders:
            # Whoever does not order because of the season has not left: the level of the date is left out.
            own_odds = odds - self.calibrator.slopes[0] * self.level(values)[:, 0]
            days = self.prior.days_until_leaving(values, inverse_link(own_odds, "sigmoid"), self.contract.horizon_days)
        else:
            days = days_at_constant_rate(churn, self.contract.horizon_days)
        return found | dict(zip(DAYS_UNTIL_LEAVING, days.T, strict=True))

    def offsets(self, values: Columns, horizons_days: Iterable[int]) -> dict[int, Floats]:
        """What the prior expects by horizon, as log-odds of no order; nothing where it is not orders that are predicted."""
        if self.prior is None or not self.contract.expects_orders:
            return {}
        return {days: self.prior.offset(values, "sigmoid", days) for days in horizons_days}


def booster_columns(values: pd.DataFrame) -> pd.DataFrame:
    """The columns that trees may split on: all but the day of the year, by which they would know the dates by heart."""
    return values.drop(columns=DAY_OF_YEAR, errors="ignore")


def matrix(values: pd.DataFrame, nthread: int = 1) -> xgb.DMatrix:
    """The columns of a frame as boosters take them."""
    read = booster_columns(values)
    return xgb.DMatrix(booster_numbers(read.to_numpy(np.float64)), feature_names=list(read.columns), nthread=nthread)


def blend(linear_share: float, trees: Floats, linear: Floats | None) -> Floats:
    """The correction of the margins that trees and linear half make together."""
    return trees if linear is None else linear_share * linear + (1 - linear_share) * trees


def margins(booster: xgb.Booster, matrix: xgb.DMatrix) -> Floats:
    """Raw margins as a two-dimensional float64 array, one column per output."""
    raw = booster.predict(matrix, output_margin=True)
    return np.asarray(raw, dtype=np.float64).reshape(matrix.num_row(), -1)


def save_bundle(bundle: Bundle, folder: Path) -> str:
    """Write the bundle's files into an empty folder and return its content hash."""
    bundle.booster.save_model(folder / "booster.json")
    (folder / "calibrator.json").write_text(bundle.calibrator.model_dump_json(indent=1), encoding="utf-8")
    for name in OPTIONAL_PARTS:
        part = getattr(bundle, name)
        if part is not None:
            (folder / f"{name}.json").write_text(part.model_dump_json(indent=1), encoding="utf-8")
    (folder / "contract.json").write_text(bundle.contract.model_dump_json(indent=1), encoding="utf-8")
    (folder / "evaluation.json").write_text(bundle.evaluation.model_dump_json(indent=1), encoding="utf-8")
    golden = {
        "rows": json.loads(bundle.golden.to_json(orient="records", double_precision=15)),
        "answers": json.loads(bundle.predict(bundle.golden).to_json(orient="records", double_precision=15)),
    }
    (folder / "golden.json").write_text(json.dumps(golden, indent=1), encoding="utf-8")
    return bundle_hash(folder)


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle and recompute its golden rows.

    Raises ContractMismatch when they no longer come out, or when the files are of another version of this project.
    """
    try:
        bundle, answers = _read(folder)
    except ValidationError as error:
        where = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        raise ContractMismatch(
            f"written by another version of cvm, which this one cannot read ({error.title}: {where}); train it again"
        ) from None
    _check_golden(bundle, answers, folder)
    return bundle


def _read(folder: Path) -> tuple[Bundle, pd.DataFrame]:
    """The bundle, and what it answered to its golden rows when it was made."""
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(folder / "booster.json")
    contract = Contract.model_validate_json((folder / "contract.json").read_bytes())
    golden = json.loads((folder / "golden.json").read_bytes())
    bundle = Bundle(
        booster=booster,
        calibrator=Calibrator.model_validate_json((folder / "calibrator.json").read_bytes()),
        intervals=_read_part(Intervals, folder / "intervals.json"),
        prior=_read_part(Prior, folder / "prior.json"),
        season=_read_part(Season, folder / "season.json"),
        linear=_read_part(Linear, folder / "linear.json"),
        horizons=_read_part(Horizons, folder / "horizons.json"),
        yardsticks=_read_part(Yardsticks, folder / "yardsticks.json"),
        contract=contract,
        evaluation=Evaluation.model_validate_json((folder / "evaluation.json").read_bytes()),
        golden=pd.DataFrame(golden["rows"], columns=contract.features, dtype="float64"),
    )
    return bundle, pd.DataFrame(golden["answers"], dtype="float64")


def _read_part(kind: type[Part], file: Path) -> Part | None:
    return kind.model_validate_json(file.read_bytes()) if file.exists() else None


def bundle_hash(folder: Path) -> str:
    """Sixteen hex digits over names and bytes of every file of the bundle."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        digest.update(f"{file.name}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def made_up_rows(frame: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Rows for the golden test: every column drawn by itself and rounded; a row that is a customer's is left out.

    The last rows are all missing and all zero.
    """
    rng = np.random.default_rng(seed)
    rows = {}
    for name in frame.columns:
        low, high = frame[name].quantile([0.05, 0.95]) if frame[name].notna().any() else (0.0, 1.0)
        drawn = np.round(rng.uniform(low, high, size=GOLDEN_ROWS), 1)
        rows[name] = np.where(rng.uniform(size=GOLDEN_ROWS) < frame[name].isna().mean(), np.nan, drawn)
    made_up = pd.DataFrame(rows)
    made_up.iloc[-2], made_up.iloc[-1] = np.nan, 0.0
    is_customers = pd.concat([frame, made_up]).duplicated().to_numpy()[len(frame) :]
    return made_up[~is_customers].reset_index(drop=True)


def _check_golden(bundle: Bundle, expected: pd.DataFrame, folder: Path) -> None:
    answers = bundle.predict(bundle.golden)
    if list(answers.columns) != list(expected.columns) or not np.allclose(
        answers, expected, rtol=GOLDEN_TOLERANCE, atol=GOLDEN_TOLERANCE, equal_nan=True
    ):
        raise ContractMismatch(
            f"the golden rows of the {bundle.contract.task} bundle in {folder} do not come out as stored: its files were "
            "changed or another library version answers differently; train it again"
        )
