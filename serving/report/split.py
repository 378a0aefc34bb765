"""Where customers were split because no later date has outcomes, in words."""

from __future__ import annotations

from collections.abc import Mapping

from models.contract import Roles
from serving.report.wording import listed

NOT_NEXT_TIME = "this shows how the model does on other customers of that date, and not how it does next time"


def say_split(roles: Roles) -> str:
    """For which steps customers were split, and what that means; that they were not, where they were not."""
    split = roles.split_by_customers
    if not split:
        return "not split: every step asks about a later date than it is fitted on"
    said = f"for {listed(split)}, because no later date has outcomes"
    return f"{said}: {NOT_NEXT_TIME}" if "judgement" in split else f"{said}; the judged date is a later one"


def caution(roles: Roles) -> str:
    """What has to be said wherever figures of such a judgement are; empty where a later date was judged."""
    return caution_of({"the model": roles})


def caution_of(roles: Mapping[str, Roles]) -> str:
    """The same for several models by name; those that it is about are named where it is not about all."""
    split = [name for name, each in roles.items() if "judgement" in each.split_by_customers]
    if not split:
        return ""
    whose = "" if len(split) == len(roles) else f" for {listed(split)}"
    return f"No later date has outcomes{whose}, so customers were split: {NOT_NEXT_TIME}."
