"""Expected net spend within the horizon: what the rhythm of orders lets expect, corrected by a Tweedie booster.

The booster starts from the log of the prior's expected spend (`models.prior`), so that it only has to learn what makes
a customer worth more or less than others with the same rhythm.

Most customers spend nothing, a few spend very much; a Tweedie distribution with variance power between 1 and 2 is
an amount that is exactly zero with some probability and positive and skewed otherwise (Joergensen 1987). The
booster's margin is the log of the expected amount. Customers who give back more than they buy count as zero, in fitting
and in judging; `sum_ratio_net` says what the total is when they do not.
"""

from __future__ import annotations

from features.snapshots import Manifest
from models.contract import Output, Teller
from models.outcomes import what_counts
from models.recipe import DEFAULTS, Parameters, Recipe, Trial

TWEEDIE_VARIANCE_POWER = 1.7


def _outputs(manifest: Manifest, told_by: Teller) -> tuple[Output, ...]:
    h, currency = manifest.horizon_days, manifest.currency
    of_what = {"orders": f"{what_counts(manifest.words.mapped)} within {h} days", "labels": "what tables.labels.value says"}
    return (
        Output(
            name=f"clv_{h}d",
            target=f"{of_what[told_by]}, in {currency}, at least 0",
            label="expected value",
            label_zh="预期价值",
        ),
    )


def _search_space(trial: Trial) -> Parameters:
    """Only where many rows must agree: a few large customers, learned by heart, look good on any one date."""
    return {
        "max_depth": trial.suggest_int("max_depth", 2, 6),
        "min_child_weight": trial.suggest_float("min_child_weight", 20.0, 300.0, log=True),
        "subsample": trial.suggest_float("subsample", 0.4, 0.9),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.1, 0.6),
        "reg_lambda": trial.suggest_float("reg_lambda", 10.0, 300.0, log=True),
        "gamma": trial.suggest_float("gamma", 0.0, 5.0),
    }


CLV = Recipe(
    task="clv",
    link="exp",
    fixed={"objective": "reg:tweedie", "tweedie_variance_power": TWEEDIE_VARIANCE_POWER},
    # A few large customers decide amounts: many rows must agree before a leaf moves away from the prior.
    defaults=DEFAULTS | {"max_depth": 5, "subsample": 0.5, "reg_lambda": 50.0},
    search_space=_search_space,
    outputs=_outputs,
    ridge=0.1,
    starts_from_prior=True,
)
