"""The sections of the mapping file that the value layer reads."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from features.settings import Settings, read_toml, validated

COMPONENTS = ("value", "satisfaction", "loyalty")


class ValueSettings(Settings):
    """The section `value`: how far potential value looks ahead, and what money a year from now is worth less."""

    horizon_days: int = Field(default=365, ge=1, le=3650, description="how far potential value looks ahead")
    discount_rate_per_year: float = Field(
        default=0.1, ge=0.0, lt=1.0, description="how much less money of a year from now is worth"
    )


class ScoreSettings(Settings):
    """The section `score`: what each component weighs; together 1."""

    value: float = Field(default=0.5, ge=0.0, le=1.0, description="the weight of value; the three sum to 1")
    satisfaction: float = Field(default=0.25, ge=0.0, le=1.0, description="the weight of satisfaction; the three sum to 1")
    loyalty: float = Field(default=0.25, ge=0.0, le=1.0, description="the weight of loyalty; the three sum to 1")

    @model_validator(mode="after")
    def _together_one(self) -> ScoreSettings:
        if not math.isclose(total := self.value + self.satisfaction + self.loyalty, 1.0, abs_tol=1e-6):
            raise ValueError(f"value, satisfaction and loyalty sum to {total:g}: expected 1")
        return self

    @property
    def weights(self) -> dict[str, float]:
        """By component."""
        return {name: float(getattr(self, name)) for name in COMPONENTS}


Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Tier(Settings):
    """One step of the pyramid: of the customers by what counts, from the lowest, those between two shares."""

    name: str = Field(min_length=1, description="its name")
    name_zh: str = Field(default="", description="its name in Chinese; as in English where it is not given")
    share: tuple[Share, Share] = Field(
        description="from which to which share of the customers, the lowest first; the steps leave no gap between 0 and 1"
    )

    @property
    def below(self) -> float:
        """The share of customers who stand below it."""
        return self.share[0]

    @property
    def in_chinese(self) -> str:
        """Its name for Chinese readers."""
        return self.name_zh or self.name


# Zeithaml, Rust, Lemon (2001): four tiers; the shares are Curry and Curry's (2000) pyramid, top 1, 4, 15 and 80 %.
TIERS = (
    Tier(name="bronze", name_zh="铜级", share=(0.0, 0.8)),
    Tier(name="silver", name_zh="银级", share=(0.8, 0.95)),
    Tier(name="gold", name_zh="金级", share=(0.95, 0.99)),
    Tier(name="platinum", name_zh="铂金级", share=(0.99, 1.0)),
)


class TierSettings(Settings):
    """The section `tiers`: what counts (a feature; by default the net spend of a year), and the steps from the lowest."""

    by: str | None = Field(default=None, description="the feature that counts; without it the net spend of a year")
    steps: tuple[Tier, ...] = Field(default=TIERS, description="the tiers, the lowest first")

    @field_validator("steps")
    @classmethod
    def _next_to_one_another(cls, steps: tuple[Tier, ...]) -> tuple[Tier, ...]:
        if not steps:
            raise ValueError("expected one tier at least")
        if len({step.name for step in steps}) < len(steps):
            raise ValueError("two tiers have the same name")
        for step in steps:
            if step.share[0] >= step.share[1]:
                raise ValueError(
                    f"{step.name} goes from {step.share[0]:g} to {step.share[1]:g}: expected the lower share first"
                )
        for low, high in pairwise(steps):
            if low.share[1] != high.share[0]:
                what = "they overlap" if low.share[1] > high.share[0] else "that leaves a gap"
                raise ValueError(f"{low.name} ends at {low.share[1]:g} and {high.name} begins at {high.share[0]:g}: {what}")
        if (steps[0].share[0], steps[-1].share[1]) != (0.0, 1.0):
            first, last = steps[0], steps[-1]
            raise ValueError(
                f"from {first.name} at {first.share[0]:g} to {last.name} at {last.share[1]:g}: expected 0 to 1, so that "
                "everybody is in a tier"
            )
        return steps


class Stage(Settings):
    """One stage, and a SQL condition on the scored table; the last stage has none and takes everybody else."""

    name: str = Field(min_length=1, description="its name")
    name_zh: str = Field(default="", description="its name in Chinese; as in English where it is not given")
    where: str | None = Field(default=None, description="a SQL condition on the features; only the last stage has none")
    is_lost: bool = Field(default=False, description="whether who is in it counts as having left")

    @property
    def in_chinese(self) -> str:
        """Its name for Chinese readers."""
        return self.name_zh or self.name


class LifeStageSettings(Settings):
    """The section `life_stages`: the stages in the order in which they are asked."""

    steps: tuple[Stage, ...] = Field(
        default=(), description="the stages in the order in which they are asked; without them those of [value](value.md)"
    )

    @field_validator("steps")
    @classmethod
    def _everybody_has_one(cls, steps: tuple[Stage, ...]) -> tuple[Stage, ...]:
        if len({step.name for step in steps}) < len(steps):
            raise ValueError("two stages have the same name")
        if steps and steps[-1].where is not None:
            raise ValueError(f"the last stage, {steps[-1].name}, has a where: leave it out, so that it takes everybody else")
        if without := [step.name for step in steps[:-1] if step.where is None]:
            raise ValueError(f"{', '.join(without)}: only the last stage goes without a where")
        return steps


class QuadrantSettings(Settings):
    """The section `quadrants`: above which share of the customers profit and loyalty count as high."""

    profit_above_share: float = Field(
        default=0.5, gt=0.0, lt=1.0, description="profit counts as high above this share of the customers"
    )
    loyalty_above_share: float = Field(
        default=0.5, gt=0.0, lt=1.0, description="loyalty counts as high above this share of the customers"
    )


class Layer(Settings):
    """The sections of the mapping file that the value layer reads."""

    value: ValueSettings = ValueSettings()
    score: ScoreSettings = ScoreSettings()
    tiers: TierSettings = TierSettings()
    life_stages: LifeStageSettings = LifeStageSettings()
    quadrants: QuadrantSettings = QuadrantSettings()


def read_layer(path: Path) -> Layer:
    """Raises BadConfig with everything that is wrong in any of the sections."""
    content = read_toml(path)
    return validated(path, Layer, {name: content[name] for name in Layer.model_fields if name in content})
