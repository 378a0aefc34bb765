"""What could plausibly happen to a customer, by kind, the smallest first."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import numpy as np
import pyarrow.compute as pc

from features.changes import Attribute, Change, Event, Events, Settled, WhatIfSection, open_complaints, own_row, was_known
from features.families.satisfaction import on_usual_scale
from features.kept import kept_table
from features.orders import ORDER
from features.project import Project
from features.snapshots import Manifest
from features.tables import SCALES

ORDERS_DAYS = 365
ORDER_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
ATTRIBUTE_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def plausible_changes(
    project: Project, manifest: Manifest, section: WhatIfSection, customer_id: str, events: Events
) -> dict[str, list[Change]]:
    """An order of the size others make, settled complaints, a better answer, another attribute that may change.

    Only of tables that are mapped, and only what is not so already.
    """
    words, found = manifest.words, dict[str, list[Change]]()
    if "orders" in words.mapped:
        found["order"] = [Event("orders", order) for order in _orders(project, manifest, events)]
    if words.has("interactions.resolved_at") and open_complaints(events, manifest.scored_at):
        found["complaint"] = [Settled()]
    for instrument in words.instruments:
        found[instrument] = [
            Event("surveys", {"instrument": instrument, "score": score}) for score in _better(instrument, events, manifest)
        ]
    if (row := own_row(customer_id, events)) is not None:
        found |= {name: _others(project, manifest, name, row.get(name)) for name in section.attributes}
    return {kind: changes for kind, changes in found.items() if changes}


def _orders(project: Project, manifest: Manifest, events: Events) -> list[dict[str, object]]:
    """One order of each size, of the kind of product she has bought most often."""
    times = [name for name in ("occurred_at", "recorded_at") if manifest.words.has(f"orders.{name}")]
    rows = kept_table(project, "orders", ["customer_id", "order_id", *times, "amount"])
    for name in times:  # what was known by then
        rows = rows.filter(pc.field(name).is_null() | (pc.field(name) < pc.scalar(manifest.scored_at)))
    since = manifest.scored_at - timedelta(days=ORDERS_DAYS)
    rows = rows.set_column(rows.column_names.index("amount"), "amount", rows["amount"].cast("float64"))
    recent = rows.filter((pc.field("occurred_at") >= pc.scalar(since)) & (pc.field("amount") > 0))
    if not len(recent):
        return []
    recent = recent.append_column("day", recent["occurred_at"].cast("date32"))
    totals = recent.group_by(ORDER).aggregate([("amount", "sum")])["amount_sum"]
    sizes = dict.fromkeys(round(float(size), 2) for size in np.quantile(totals.to_numpy(), ORDER_QUANTILES))
    own = [row for row in events["orders"] if was_known(row, manifest.scored_at)]
    bought = Counter(row["category"] for row in own if row.get("category") in manifest.categories)
    usual = {"category": bought.most_common(1)[0][0]} if bought else {}
    return [{"amount": size, **usual} for size in sizes if size > 0]


def _better(instrument: str, events: Events, manifest: Manifest) -> list[int]:
    """The scores above her last one; those above the middle of the scale, where she has given none."""
    answers = [row for row in events.get("surveys", ()) if was_known(row, manifest.scored_at)]
    own = [row for row in answers if row["instrument"] == instrument]
    low, high = SCALES[instrument]
    last_day = max((row["occurred_at"].date() for row in own), default=None)
    of_last_day = [on_usual_scale(row) for row in own if row["occurred_at"].date() == last_day]
    last = float(np.mean(of_last_day)) if own else (low + high) / 2
    return [score for score in range(low, high + 1) if score > last]


def _others(project: Project, manifest: Manifest, name: str, own: object) -> list[Change]:
    """Her attribute with another value."""
    words = manifest.words
    if name in words.numeric:
        return [Attribute(name, value) for value in _numbers(project, manifest, name, own)]
    return [Attribute(name, level) for level in words.levels[name] if level != own]


def _numbers(project: Project, manifest: Manifest, name: str, own: object) -> list[float]:
    """Values that customers of that day have, those near her own first; near the median, where hers is not known."""
    rows = kept_table(project, "customers", [name, *(["acquired_at"] if manifest.words.has("customers.acquired_at") else [])])
    if "acquired_at" in rows.column_names:
        rows = rows.filter(pc.field("acquired_at").is_null() | (pc.field("acquired_at") < pc.scalar(manifest.scored_at)))
    values = rows[name].cast("float64").to_numpy()
    known = values[np.isfinite(values)]
    if not len(known):
        return []
    others = {float(value) for value in np.quantile(known, ATTRIBUTE_QUANTILES)}
    middle = float(np.median(known)) if own is None else float(str(own))
    return sorted(others if own is None else others - {middle}, key=lambda value: abs(value - middle))
