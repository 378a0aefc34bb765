"""Which table tells what customers did: the outcome of a task, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from models.contract import TASKS, Task, Teller

Mapped = Mapping[str, tuple[str, ...]]  # the columns of every table that is mapped


def teller(task: Task, mapped: Mapped) -> Teller | None:
    """The table that tells the outcome: given labels first, then orders, then for churn subscriptions; None if none does."""
    if given_columns(task, mapped):
        return "labels"
    if "orders" in mapped:
        return "orders" if task != "propensity" or "category" in mapped["orders"] else None
    return "subscriptions" if task == "churn" and "subscriptions" in mapped else None


def given_columns(task: Task, mapped: Mapped) -> list[str]:
    """The columns of the labels table that are the outcomes of a task."""
    labels = mapped.get("labels", ())
    match task:
        case "churn":
            return [name for name in labels if name == "churned"]
        case "clv":
            return [name for name in labels if name == "value"]
        case "propensity":
            return [name for name in labels if name.startswith("bought_")]
    assert_never(task)


def what_counts(mapped: Mapped) -> str:
    """What an order brings: the margin where cost is known, else the money paid; goods given back subtract."""
    return "net margin" if "cost" in mapped.get("orders", ()) else "net spend"


def said_of_tasks(mapped: Mapped) -> list[str]:
    """A line for each task: the table that tells its outcome, or what is missing."""
    tellers = {task: teller(task, mapped) for task in TASKS}
    return [
        f"{task}: what customers did is told by tables.{told_by}" if told_by else f"{task}: left out, {untold(task)}"
        for task, told_by in tellers.items()
    ]


def untold(task: Task) -> str:
    """What is missing where no table tells the outcome of a task."""
    match task:
        case "churn":
            return "no table tells who left; map tables.orders, or tables.labels.churned or tables.subscriptions"
        case "clv":
            known = "tables.orders, or tables.labels.value (fees of subscriptions do not)"
            return f"no table tells what customers brought; map {known}"
        case "propensity":
            groups, responses = "product groups (tables.orders.category)", "responses (tables.labels.bought_...)"
            return f"it needs {groups} or {responses}, and neither is mapped"
    assert_never(task)
