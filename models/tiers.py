"""The pyramid of customers: its steps as a mapping file gives them, where they begin, and who is in which."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from features.settings import Settings
from models.contract import Frozen
from models.inputs import Columns
from models.spend import Counted

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


class Tiers(Frozen):
    """Where the tiers of a company begin: amounts of what counts, the lowest tier's left out."""

    counted: Counted
    begin: tuple[float, ...]
    steps: tuple[Tier, ...] = TIERS

    @classmethod
    def fit(cls, rows: Columns, settings: TierSettings | None = None) -> Self | None:
        """From the customers of one date; None where no column says what counts."""
        settings = settings or TierSettings()
        counted = Counted.net_spend(rows) if settings.by is None else Counted(by=settings.by)
        if counted is None or counted.by not in rows.columns:
            return None
        amounts = counted.of(rows)
        if np.isnan(amounts).all():
            return None
        begin = tuple(float(np.nanquantile(amounts, step.below)) for step in settings.steps[1:])
        return cls(counted=counted, begin=begin, steps=settings.steps)

    def of(self, rows: Columns) -> NDArray[np.intp]:
        """The place in `steps` of every row's tier; -1 where what counts is not known of her.

        Whoever lies on a border is below it: where most have the same, as 0, they stay together at the foot.
        """
        amounts = self.counted.of(rows)
        place = np.searchsorted(np.asarray(self.begin), amounts, side="left")
        return np.where(np.isnan(amounts), -1, place)
