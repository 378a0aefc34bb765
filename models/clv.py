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
from models.contract import Output
from models.recipe import DEFAULTS, Recipe, booster_space

TWEEDIE_VARIANCE_POWER = 1.7


def _outputs(manifest: Manifest) -> tuple[Output, ...]:
    h, currency = manifest.horizon_days, manifest.currency
    return (Output(name=f"clv_{h}d", target=f"net spend within {h} days, in {currency}, at least 0", label="expected value"),)


CLV = Recipe(
    task="clv",
    link="exp",
    fixed={"objective": "reg:tweedie", "tweedie_variance_power": TWEEDIE_VARIANCE_POWER},
    # Amounts vary more than yes or no: deeper trees on fewer rows each did better on every inner date.
    defaults=DEFAULTS | {"max_depth": 6, "subsample": 0.5, "colsample_bytree": 0.6},
    search_space=booster_space,
    outputs=_outputs,
    starts_from_prior=True,
    season_moves_all_alike=True,
)
