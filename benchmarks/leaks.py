"""The leakage check on data with planted leaks, and on ten sets without.

    python -m benchmarks.leaks

Data goes through the project's own pipeline into a temporary folder. Sets that the repository does not carry (cdnow) are
looked for in $CVM_DATA/<name>/ and left out, which is said, where they are not there.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.problems import BadInput
from features.project import Project, read_project
from features.simulate import TABLES, simulate
from features.snapshots import build_snapshots, load_manifest
from models.contract import TASKS, Task
from training.frame import Frame
from training.leaks.check import find_leaks
from training.leaks.copies import COPIED_ROWS
from training.leaks.report import rows_to_look_at

REPOSITORY = Path(__file__).parents[1]
Change = tuple[str, str]
EARLY: Change = ("judged_at = 2011-09-09", "judged_at = 2011-03-13")
CALL_SECONDS: Change = ("[tables.customers.numeric]\n", '[tables.customers.numeric]\ncall_seconds = "duration"\n')
CONFIGS: dict[str, tuple[str, tuple[Change, ...]]] = {
    "online_retail": ("online_retail", ()),
    "online_retail_early": ("online_retail", (EARLY,)),
    "cdnow": ("cdnow", ()),
    "telco": ("telco_churn", ()),
    "iranian": ("iranian_churn", ()),
    "bank": ("bank_marketing", ()),
    "ravenstack": ("ravenstack_saas", ()),
}
WITHOUT_ORDERS = tuple(table for table in TABLES if table not in ("orders", "treatments"))
SIMULATED = {"simulated_1": (1, TABLES), "simulated_2": (2, TABLES), "simulated_contracts": (3, WITHOUT_ORDERS)}
CUSTOMERS = 3_000
PLANTED = "planted"


@dataclass(frozen=True)
class Looked:
    """The rows of a set that the check may look at, by task."""

    frames: dict[Task, Frame]

    @property
    def frame(self) -> Frame:
        """Those of its first task: churn where it can be told."""
        return next(iter(self.frames.values()))

    @property
    def occurred(self) -> NDArray[np.bool_]:
        """Its outcome."""
        happened: NDArray[np.bool_] = self.frame.outcomes[:, 0] > 0
        return happened

    def feature(self, name: str) -> NDArray[np.float64]:
        """A feature, 0 where it is missing."""
        return self.frame.rows[name].fillna(0).to_numpy(dtype=np.float64)


def main() -> None:
    """Print every sentence, then the figures as one JSON object."""
    print(json.dumps(leaks()))


def leaks() -> dict[str, object]:
    """Which plants are found and which clean sets are refused.

    `found` is the share of plants that are named, `false_alarms` that of clean sets in which anything is.
    """
    with TemporaryDirectory(prefix="cvm_bench_") as folder:
        sets = {name: looked for name in (*CONFIGS, *SIMULATED) if (looked := _looked(Path(folder), name))}
        duration = _rows(_shipped(Path(folder), "bank_duration", "bank_marketing", (CALL_SECONDS,)))
    clean = {name: _is_refused(name, looked) for name, looked in sets.items()}
    plants = {"call_seconds@bank": _is_found("call_seconds@bank", duration.frame, "call_seconds")}
    for plant, (make, where, called) in PLANTS.items():
        for name in where:
            if name in sets:
                case = f"{plant}@{name}"
                plants[case] = _is_found(case, make(sets[name], np.random.default_rng(0)), called)
    found, refused = float(np.mean(list(plants.values()))), float(np.mean(list(clean.values())))
    return {"found": found, "false_alarms": refused, "plants": plants, "clean": {name: not bad for name, bad in clean.items()}}


def _looked(folder: Path, name: str) -> Looked | None:
    if name in SIMULATED:
        seed, tables = SIMULATED[name]
        company = simulate(folder / name, customers=CUSTOMERS, seed=seed, tables=tables)
        return _rows(_built(folder, name, company.config.read_text(encoding="utf-8")))
    config, changes = CONFIGS[name]
    try:
        return _rows(_shipped(folder, name, config, changes))
    except FileNotFoundError as missing:
        print(f"{name}: left out, {missing}")
        return None


def _shipped(folder: Path, name: str, config: str, changes: tuple[Change, ...]) -> Project:
    """A shipped mapping file with its changes, built from where its data is. Raises FileNotFoundError without data."""
    text = (REPOSITORY / "configs" / f"{config}.toml").read_text(encoding="utf-8")
    (stored,) = set(re.findall(r"data/(\w+)/", text))
    places = [REPOSITORY / "data" / stored, Path(os.environ.get("CVM_DATA", "")) / stored]
    place = next((place for place in places if place.is_dir()), None)
    if place is None:
        raise FileNotFoundError(f"its data is not carried here; CVM_DATA names a folder that has {stored}/")
    for old, new in (*changes, (f"data/{stored}/", f"{place.resolve().as_posix()}/")):
        text = text.replace(old, new)
    return _built(folder, name, text)


def _built(folder: Path, name: str, text: str) -> Project:
    config = folder / f"{name}.toml"
    out = (folder / f"{name}_out").as_posix()
    config.write_text(text.replace("[project]\n", f'[project]\nout = "{out}"\n', 1), encoding="utf-8")
    project = read_project(config)
    build_snapshots(project)
    return project


def _rows(project: Project) -> Looked:
    frames: dict[Task, Frame] = {}
    manifest = load_manifest(project)
    for task in TASKS:
        try:
            frame = rows_to_look_at(project, manifest, task)
        except BadInput:
            continue  # a set does not tell every outcome
        if frame.outcomes.shape[1]:
            frames[task] = frame
    return Looked(frames)


def _is_refused(name: str, looked: Looked) -> bool:
    said = [f"{task}: {one}" for task, frame in looked.frames.items() for one in find_leaks(frame).values()]
    print(f"clean {name}: " + ("; ".join(said) or "nothing found"), flush=True)
    return bool(said)


def _is_found(case: str, frame: Frame, called: str) -> bool:
    """Whether the plant is named; of rows made up by mixing others, any sentence counts."""
    found = find_leaks(frame)
    said = found.get(called) or (next(iter(found.values()), None) if called == ANY else None)
    print(f"plant {case}: {said or 'NOT FOUND'}", flush=True)
    return said is not None


Rng = np.random.Generator
Plant = Callable[[Looked, Rng], Frame]
ANY = "*"


def _with(looked: Looked, values: NDArray[np.float64]) -> Frame:
    return replace(looked.frame, rows=looked.frame.rows.assign(**{PLANTED: values}))


def status(looked: Looked, rng: Rng) -> Frame:
    """The customer's status of today, wrong for one in ten."""
    wrong = rng.random(len(looked.occurred)) < 0.1
    return _with(looked, (looked.occurred ^ wrong).astype(float))


def cancelled_at(looked: Looked, rng: Rng) -> Frame:
    """A date that is filled in for six of ten of those with the outcome, and for nobody else."""
    filled = looked.occurred & (rng.random(len(looked.occurred)) < 0.6)
    return _with(looked, np.where(filled, rng.integers(1, 90, len(filled)), np.nan))


def rare_reason(looked: Looked, rng: Rng) -> Frame:
    """A reason asked of one in five of those with the outcome; what is filled in says nothing more."""
    filled = looked.occurred & (rng.random(len(looked.occurred)) < 0.2)
    return _with(looked, np.where(filled, rng.integers(1, 90, len(filled)), np.nan))


def spend_ahead(looked: Looked, _: Rng) -> Frame:
    """What is spent in the label window."""
    return _with(looked, looked.frames["clv"].outcomes[:, 0])


def spend_180_days(looked: Looked, _: Rng) -> Frame:
    """What is spent in 180 days of which the last 90 are the label window."""
    return _with(looked, looked.feature("spend_sum_90d") + looked.frames["clv"].outcomes[:, 0])


def spend_455_days(looked: Looked, _: Rng) -> Frame:
    """What is spent in 455 days of which the last 90 are the label window."""
    return _with(looked, looked.feature("spend_sum_365d") + looked.frames["clv"].outcomes[:, 0])


def bills_of_two_months(looked: Looked, rng: Rng) -> Frame:
    """Last month's bill and that of the label window, in which leavers pay for the days they stayed."""
    stayed = np.where(looked.occurred, rng.random(len(looked.occurred)), 1)
    return _with(looked, looked.feature("monthly_charges") * (1 + stayed))


def appended_twice(looked: Looked, _: Rng) -> Frame:
    """Every row once more under a new id."""
    return _appended(looked.frame, np.full(len(looked.occurred), True))


def fifth_appended(looked: Looked, rng: Rng) -> Frame:
    """A fifth of the customers once more, under new ids."""
    customers = pd.unique(looked.frame.customer_id)
    again = rng.choice(customers, len(customers) // 5, replace=False)
    return _appended(looked.frame, np.isin(looked.frame.customer_id, again))


def mixed_rows(looked: Looked, rng: Rng) -> Frame:
    """As many rows of the rarer outcome as of the other: points between two of its rows (SMOTE without a neighbour search)."""
    rarer = looked.occurred if looked.occurred.mean() < 0.5 else ~looked.occurred
    at, missing = np.flatnonzero(rarer), max(0, int((~rarer).sum() - rarer.sum()))
    one, other = rng.choice(at, missing), rng.choice(at, missing)
    rows, share = looked.frame.rows.to_numpy(dtype=np.float64), rng.random(missing)[:, None]
    made = _appended(looked.frame, one)
    mixed = rows[one] + share * (rows[other] - rows[one])
    both = np.vstack([rows, np.where(np.isnan(mixed), rows[one], mixed)])
    return replace(made, rows=pd.DataFrame(both, columns=looked.frame.rows.columns))


def _appended(frame: Frame, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Frame:
    """The rows, then the chosen ones under new ids."""
    return replace(
        frame,
        customer_id=np.concatenate([frame.customer_id, np.char.add("again ", frame.customer_id[chosen])]),
        as_of=np.concatenate([frame.as_of, frame.as_of[chosen]]),
        rows=pd.concat(
            [frame.rows, frame.rows[chosen] if chosen.dtype == bool else frame.rows.iloc[chosen]], ignore_index=True
        ),
        outcomes=np.concatenate([frame.outcomes, frame.outcomes[chosen]]),
    )


def mean_of_customer(looked: Looked, _: Rng) -> Frame:
    """The mean outcome of the customer over all dates."""
    return _mean_of(looked, looked.frame.customer_id)


def mean_of_zip(looked: Looked, _: Rng) -> Frame:
    """The mean outcome of about ten customers who share a made-up zip code."""
    codes = np.array([crc32(customer.encode()) for customer in looked.frame.customer_id])
    return _mean_of(looked, codes % max(1, len(set(looked.frame.customer_id)) // 10))


def _mean_of(looked: Looked, groups: np.ndarray) -> Frame:
    return _with(looked, pd.Series(looked.occurred.astype(float)).groupby(groups).transform("mean").to_numpy())


def number_in_sorted_file(looked: Looked, _: Rng) -> Frame:
    """The number of the row in a file sorted by outcome."""
    return _with(looked, np.argsort(np.argsort(~looked.occurred, kind="stable")).astype(float))


ATTRIBUTES, ORDERS = ("telco", "iranian", "bank"), ("online_retail", "cdnow", "simulated_1")
PLANTS: dict[str, tuple[Plant, tuple[str, ...], str]] = {
    "status": (status, (*ATTRIBUTES, "online_retail"), PLANTED),
    "cancelled_at": (cancelled_at, (*ATTRIBUTES, "online_retail"), PLANTED),
    "rare_reason": (rare_reason, (*ATTRIBUTES, "online_retail"), PLANTED),
    "spend_ahead": (spend_ahead, ORDERS, PLANTED),
    "spend_180_days": (spend_180_days, ORDERS, PLANTED),
    "spend_455_days": (spend_455_days, ORDERS, PLANTED),
    "bills_of_two_months": (bills_of_two_months, ("telco",), PLANTED),
    "appended_twice": (appended_twice, (*ATTRIBUTES, *ORDERS), COPIED_ROWS),
    "fifth_appended": (fifth_appended, (*ATTRIBUTES, *ORDERS), COPIED_ROWS),
    "mixed_rows": (mixed_rows, (*ATTRIBUTES, "online_retail"), ANY),
    "mean_of_customer": (mean_of_customer, (*ORDERS, "simulated_contracts"), PLANTED),
    "mean_of_zip": (mean_of_zip, (*ATTRIBUTES, *ORDERS), PLANTED),
    "number_in_sorted_file": (number_in_sorted_file, ATTRIBUTES, PLANTED),
}


if __name__ == "__main__":
    main()
