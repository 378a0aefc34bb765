"""Made-up companies with known truth: how much of what the true model knows does a prediction hold?

`hazard_share_of_truth`: the rank correlation of who is said to have left or to leave soonest with the true hazard of leaving
on the judged date, upset or content as each customer then is; whoever has left already, unseen, stands above all others. It is
given as a share of the correlation that the true chance of no order reaches. Our side says it by its days until leaving, the
buy-till-you-die models by their chance of having left, whoever answers neither by the chance of no order.
`value_share_of_truth`: the rank correlation of predicted spend with the true rate of value (orders a day times their value, 0
for whoever has left), as a share of what the true expected spend reaches. Both are means over the companies.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks import models_ours
from benchmarks.models_case import Case, Floats, Peer, Predicted, Protocol
from benchmarks.models_data import Company, company
from benchmarks.models_kept import FOLDER
from benchmarks.models_online_retail import order_peers
from benchmarks.models_snapshot_peers import snapshot_peers
from features.simulate import simulate

CUSTOMERS, SEEDS, EVERY_DAYS = 2_000, range(5), 60
HAS_LEFT = 1e9  # stands above every hazard


def simulated() -> Protocol:
    """Five companies that differ in nothing but chance."""
    made = [_company(seed) for seed in SEEDS]
    truths = [_truth(each) for each in made]
    actual = {name: np.concatenate([truth[name] for truth in truths]) for name in truths[0]}
    part = np.repeat(np.arange(len(made)), [len(each.customers) for each in made])
    by_company = [order_peers(each) | snapshot_peers(each, with_autogluon=False) for each in made]

    def peer(name: str) -> Peer:
        several = [peers[name] for peers in by_company]
        return Peer(lambda: _together([each.predict() for each in several]), (*several[0].modules, "models_simulated"))

    return Protocol(
        key="simulated",
        case=Case(
            actual, ("hazard_share_of_truth", "value_share_of_truth"), np.arange(len(part))[:, None], part, ("auc", "wape")
        ),
        fingerprint=" ".join(each.manifest.made_from for each in made),
        peers={name: peer(name) for name in by_company[0]},
        ours=lambda: _together([models_ours.simulated(each) for each in made]),
        said=(
            f"{len(made)} companies of {CUSTOMERS:,} customers, {len(part):,} of them eligible on {made[0].judged_at}",
            "autogluon is not asked: five companies would take it too long",
        ),
    )


def _company(seed: int) -> Company:
    made = simulate(FOLDER / f"simulated_{seed}_raw", customers=CUSTOMERS, seed=seed)
    return company(made.config, f"simulated_{seed}", {"dates.every_days": EVERY_DAYS})


def _truth(made: Company) -> dict[str, Floats]:
    """What is true of the judged customers, and what they did."""
    folder = FOLDER / f"{made.config.stem}_raw" / "truth"
    expected = pd.read_parquet(folder / "expected.parquet")
    expected = expected[pd.to_datetime(expected["as_of"]).dt.date == made.judged_at]
    expected = expected.set_index(expected["customer_id"].astype(str)).loc[list(made.customers)]
    people = pd.read_parquet(folder / "customers.parquet")
    people = people.set_index(people["customer_id"].astype(str)).loc[list(made.customers)]
    upset, alive = expected["is_upset"].to_numpy(dtype=bool), expected["is_alive"].to_numpy(dtype=bool)
    hazard = np.where(upset, people["leave_hazard_upset_per_day"], people["leave_hazard_per_day"])
    return {
        "hazard": np.where(alive, hazard, HAS_LEFT).astype(np.float64),
        "value": np.where(alive, people["orders_per_day"] * people["order_value_mean"], 0.0).astype(np.float64),
        "true_gone": expected["churn_probability"].to_numpy(dtype=np.float64),
        "true_spend": expected["spend_expected"].to_numpy(dtype=np.float64),
        "chance": made.outcome(made.buys),
        "spend": made.outcome(made.spends),
    }


def _together(found: list[Predicted]) -> Predicted:
    together = {name: np.concatenate([each[name] for each in found]) for name in found[0]}
    return {"gone": 1 - together["chance"]} | together if "chance" in together else together
