"""What leaving means, in words: it depends on the table that tells what customers did."""

from __future__ import annotations

from models.contract import Contract


def leavers_do(contract: Contract) -> str:
    """What those do who leave, to follow "expected to"."""
    return {
        "orders": f"place no order within {contract.horizon_days} days",
        "subscriptions": f"have no subscription {contract.horizon_days} days later",
        "labels": "leave, as tables.labels.churned says",
    }[contract.told_by]


def leaving_means(contract: Contract) -> str:
    """What counts as leaving, and what it does not mean."""
    h = contract.horizon_days
    if contract.told_by == "orders":
        return (
            f"Leaving means: no order within {h} days. A customer who orders once a year leaves by this measure and comes back."
        )
    if contract.told_by == "subscriptions":
        return f"Leaving means: no subscription {h} days later. Whoever takes one again after that has left all the same."
    return (
        f"Leaving means what tables.labels.churned says, taken to happen within {h} days. What counts there is not known here."
    )


def how_days_are_found(contract: Contract) -> str:
    """Where the days until leaving come from."""
    if contract.expects_orders:
        return (
            "Days until a customer is gone for good come from the served chance and the rhythm of orders. That is not the "
            "same as no order within a horizon: whoever orders rarely is silent for long and stays."
        )
    return (
        f"Days are reckoned from the chance within {contract.horizon_days} days alone, as if every such period were as risky "
        "as the next: that is assumed and was not measured."
    )
