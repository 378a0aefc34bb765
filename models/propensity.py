"""P(buys category c within the horizon) for every main category, or P(responds) as given labels say: one output each."""

from __future__ import annotations

from features.feature import slug
from features.snapshots import Manifest
from models.contract import PROPENSITY_PREFIX, Output, Teller
from models.outcomes import given_columns
from models.recipe import DEFAULTS, Recipe, booster_space


def _outputs(manifest: Manifest, told_by: Teller) -> tuple[Output, ...]:
    h = manifest.horizon_days
    if told_by == "labels":
        given = [name.removeprefix("bought_") for name in given_columns("propensity", manifest.words.mapped)]
        said = "as tables.labels.bought_{} says"
        return tuple(
            Output(
                name=f"{PROPENSITY_PREFIX}{g}",
                target=f"buys {g}, {said.format(g)}",
                label=f"chance of buying {g}",
                label_zh=f"购买“{g}”的可能性",
            )
            for g in given
        )
    return tuple(
        Output(
            name=f"{PROPENSITY_PREFIX}{slug(c)}",
            target=f"buys {c} within {h} days",
            label=f"chance of buying {c}",
            label_zh=f"购买“{c}”的可能性",
        )
        for c in manifest.categories
    )


PROPENSITY = Recipe(
    task="propensity",
    link="sigmoid",
    fixed={"objective": "binary:logistic"},
    defaults=DEFAULTS,
    search_space=booster_space,
    outputs=_outputs,
    # As many trees again for every category: half the rounds cost 0.0005 of log-loss and save half of the time.
    learning_rate=0.1,
)
