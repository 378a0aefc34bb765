"""The sections of the mapping file that the value layer reads."""

from __future__ import annotations

import math
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from features.settings import Settings, read_toml, validated
from models.tiers import TierSettings

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
