"""P(leaves within the horizon). Leaving means: no order in it.

The booster starts from the log-odds of no order that the rhythm of orders lets expect (`models.prior`).
"""

from __future__ import annotations

from features.snapshots import Manifest
from models.contract import Output
from models.recipe import DEFAULTS, Recipe, booster_space


def _outputs(manifest: Manifest) -> tuple[Output, ...]:
    h = manifest.horizon_days
    return (Output(name="churn_probability", target=f"places no order within {h} days", label="risk of leaving"),)


CHURN = Recipe(
    task="churn",
    link="sigmoid",
    fixed={"objective": "binary:logistic"},
    defaults=DEFAULTS,
    search_space=booster_space,
    outputs=_outputs,
    starts_from_prior=True,
)
