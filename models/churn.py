"""P(leaves within the horizon). Leaving means: no order in it, no subscription at its end, or what given labels say.

Where orders tell, margins start from the log-odds of no order that the rhythm of orders lets expect (`models.prior`).
"""

from __future__ import annotations

from features.snapshots import Manifest
from models.contract import Output, Teller
from models.recipe import DEFAULTS, Recipe, booster_space

LEAVES: dict[Teller, str] = {
    "orders": "places no order within {h} days",
    "subscriptions": "has no subscription {h} days later",
    "labels": "leaves, as tables.labels.churned says",
}


def _outputs(manifest: Manifest, told_by: Teller) -> tuple[Output, ...]:
    target = LEAVES[told_by].format(h=manifest.horizon_days)
    return (Output(name="churn_probability", target=target, label="risk of leaving", label_zh="流失风险"),)


CHURN = Recipe(
    task="churn",
    link="sigmoid",
    fixed={"objective": "binary:logistic"},
    defaults=DEFAULTS,
    search_space=booster_space,
    outputs=_outputs,
    starts_from_prior=True,
)
