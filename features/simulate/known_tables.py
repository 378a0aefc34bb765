"""The small tables: customers, treatments, identities."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from features.simulate.campaigns import ACTIONS, COSTS, NOT_IN_IT, Campaigns
from features.simulate.chunk import Flags
from features.simulate.columns import coded, numbers, seconds, timestamps
from features.simulate.market import Market
from features.simulate.people import REGIONS, SEGMENTS, People


def customers_table(people: People, market: Market, *, customer_id: pa.Array) -> pa.Table:
    """One row per customer, in no sequence: when and at what cost they came, who brought them, and what is known."""
    columns = {
        "customer_id": customer_id[: len(people)],
        "acquired_at": timestamps(seconds(people.acquired), market.calendar.starts_at),
        "acquisition_cost": people.acquisition_cost,
        "referred_by": coded(people.referred_by, customer_id),
        "age": numbers(people.age),
        "region": coded(people.region, REGIONS),
        "segment": coded(people.segment, SEGMENTS),
    }
    return pa.table(columns)


def treatments_table(campaigns: Campaigns, market: Market, *, customer_id: pa.Array) -> pa.Table:
    """One row per touch or withheld control, in time order. `propensity` is the probability of the action it got."""
    customer, campaign = np.nonzero(campaigns.action != NOT_IN_IT)
    at = campaigns.at[customer, campaign]
    in_time = np.argsort(at)
    customer, campaign = customer[in_time], campaign[in_time]
    action = campaigns.action[customer, campaign]
    occurred = timestamps(seconds(at[in_time]), market.calendar.starts_at)
    columns = {
        "customer_id": coded(customer, customer_id),
        "occurred_at": occurred,
        "recorded_at": occurred,
        "action": coded(action, ACTIONS),
        "cost": COSTS[action],
        "assignment": coded(np.zeros(len(customer), dtype=np.int8), ("random",)),
        "propensity": campaigns.propensity[customer, campaign],
    }
    return pa.table(columns)


def identities_table(has_alias: Flags, *, customer_id: pa.Array) -> pa.Table:
    """One row per known duplicate: another name under which rows of the customer are kept."""
    customer = np.flatnonzero(has_alias)
    return pa.table(
        {"alias": customer_id.take(pa.array(customer + len(has_alias))), "customer_id": customer_id.take(pa.array(customer))}
    )
