"""The sections `actions` and `plan` of the mapping file."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from features.problems import BadConfig
from features.settings import Settings, read_toml, validated
from features.tables import NO_ACTION


class Action(Settings):
    """The section `actions.<name>`: money per customer, customers at most, a SQL condition on the scored table.

    `effect` is the share of the value at risk that somebody believes the action saves; it is asked for only where no trial has
    measured the action, and is marked `assumed` wherever it shows.
    """

    name: str = Field(description="the name of its section, as in treatments.action")
    label: str = Field(default="", description="its name for readers; by default that of the section")
    label_zh: str = Field(default="", description="the same in Chinese")
    cost: float = Field(ge=0.0, allow_inf_nan=False, description="money per customer")
    capacity: int | None = Field(default=None, ge=0, description="customers at most; without it any number")
    eligible: str | None = Field(default=None, description="a SQL condition on the scored table; without it everybody")
    effect: float | None = Field(
        default=None,
        ge=0.0,
        le=1.0,
        description="the share of the value at risk it is believed to save, where no trial has measured it",
    )

    @property
    def said(self) -> str:
        """Its name for readers."""
        return self.label or self.name.replace("_", " ")

    @property
    def said_zh(self) -> str:
        """The same for Chinese readers."""
        return self.label_zh or self.label or self.name.replace("_", " ")


class PlanSettings(Settings):
    """The section `plan`: the money there is; without it, as much as pays."""

    budget: float | None = Field(
        default=None, ge=0.0, allow_inf_nan=False, description="the money there is; without it, as much as pays"
    )


def read_actions(path: Path) -> tuple[Action, ...]:
    """The sections `actions.<name>` of a mapping file, in their order. Raises BadConfig with everything that is wrong."""
    content, found, problems = read_toml(path).get("actions", {}), [], []
    if not isinstance(content, dict) or not all(isinstance(one, dict) for one in content.values()):
        raise BadConfig(f"{path}: actions: expected one section for each action, [actions.<name>]")
    for name, section in content.items():
        if name == NO_ACTION:
            problems.append(f"{path}: actions.{name}: this name is that of doing nothing; choose another")
            continue
        try:
            found.append(validated(path, Action, {**section, "name": name}, prefix=("actions", name)))
        except BadConfig as bad:
            problems += bad.problems
    if problems:
        raise BadConfig(problems)
    return tuple(found)
