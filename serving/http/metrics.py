"""Counts for Prometheus: requests, seconds, customers answered, champions, swaps, and how old the snapshot is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, time

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from models.contract import Task
from models.registry import Registered
from serving.live.cards import age_days
from serving.live.watch import Live

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
REQUESTS = Counter("cvm_requests", "answers by path and status", ["path", "status"])
TIMES = Histogram("cvm_request_seconds", "from the request to its answer", ["path"], buckets=SECONDS)
CUSTOMERS = Counter("cvm_customers_answered", "customers that were scored", ["path"])
SWAPS = Counter("cvm_swaps", "what came up for taking over: taken or refused", ["outcome"])
CHAMPIONS = Gauge("cvm_champion", "1 for the versions that answer", ["task", "version", "hash"], multiprocess_mode="mostrecent")
SNAPSHOT = Gauge(
    "cvm_snapshot_timestamp_seconds", "the date of the snapshot, as midnight UTC since 1970", multiprocess_mode="mostrecent"
)
AGE = Gauge("cvm_snapshot_age_days", "days from the snapshot to today", multiprocess_mode="mostrecent")


def count(path: str, status: int, seconds: float) -> None:
    """One answer."""
    REQUESTS.labels(path, str(status)).inc()
    TIMES.labels(path).observe(seconds)


def show_champions(models: Mapping[Task, Registered], before: Mapping[Task, Registered]) -> None:
    """Which versions answer now, and that the others do no longer."""
    for task, model in before.items():
        CHAMPIONS.labels(task, model.version, model.hash).set(0)
    for task, model in models.items():
        CHAMPIONS.labels(task, model.version, model.hash).set(1)


class Swaps:
    """Counts what a `Live` takes over or refuses, and shows its champions."""

    def __init__(self, live: Live) -> None:
        self._live, self._shown = live, live.champions.release.scorer.models

    def __call__(self, taken: bool) -> None:
        """Something was taken over, or refused."""
        SWAPS.labels("taken" if taken else "refused").inc()
        models = self._live.champions.release.scorer.models
        show_champions(models, self._shown)
        self._shown = models


def exposition(live: Live) -> bytes:
    """In Prometheus' text format, of all workers where there are several."""
    release = live.champions.release
    SNAPSHOT.set(datetime.combine(release.scored_at, time(), UTC).timestamp())
    AGE.set(age_days(release, datetime.now(UTC)))
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
