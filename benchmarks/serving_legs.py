"""What is asked of the service alone: bulk requests, a long load, and champions that change under load."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.serving_load import Load, Measured, ended, run
from benchmarks.serving_questions import BULK, CHURN, Questions, around
from benchmarks.serving_systems import SILENT, Place, System, start_ours

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

CLIENTS = 8
MB = 2**20
SQLITE = "sqlite:///"
SWAPS_WITHIN = 120  # seconds for one


@dataclass(frozen=True)
class Extent:
    """How long each leg is."""

    bulk_turns: int
    soak_warm_up: tuple[int, float]  # requests and seconds: both have to be reached
    soak_requests: int
    soak_line: int
    swaps: int


FULL = Extent(bulk_turns=7, soak_warm_up=(20_000, 150), soak_requests=100_000, soak_line=10_000, swaps=8)
QUICK = Extent(bulk_turns=2, soak_warm_up=(200, 1), soak_requests=800, soak_line=200, swaps=2)


@dataclass
class Tally:
    """What went wrong with the service, over all legs."""

    wrong: Counter[str] = field(default_factory=Counter)

    @property
    def of_ours(self) -> int:
        """Answers with a status of 500 or more."""
        return sum(count for status, count in self.wrong.items() if status.startswith("5"))


def said(wrong: Mapping[str, int]) -> str:
    """Errors by class."""
    return ", ".join(f"{count:,} x {name}" for name, count in sorted(wrong.items())) or "none"


def bulk(ours: System, questions: Questions, turns: int, tally: Tally) -> float:
    """Rows a second of a request for 10,000 customers, all models, no reasons: the median of some turns after two."""
    known = len(questions.eligible)
    found = _one_after_the_other(ours, questions, BULK, turns, tally)
    rate = BULK / (float(np.median(found.milliseconds)) / 1000)
    print(f"bulk: {BULK:,} ids of {min(known, BULK):,} customers, no reasons, all models: {rate:,.0f} rows/s", flush=True)
    if known < BULK:
        own = _one_after_the_other(ours, questions, known, turns, tally)
        apart = known / (float(np.median(own.milliseconds)) / 1000)
        print(f"  only {known:,} customers are eligible, so ids came again; each of them once: {apart:,.0f} rows/s", flush=True)
    return rate


def _one_after_the_other(ours: System, questions: Questions, count: int, turns: int, tally: Tally) -> Measured:
    load = Load(ours.port, around([questions.many(count, 0)]), 1, turns + 2)
    run(load.run())
    tally.wrong.update(load.wrong)
    if load.wrong or len(json.loads(load.last.body)["answers"]) != count:
        raise SystemExit(f"bulk: not answered as asked: {said(load.wrong)}")
    all_turns = load.measured()
    return Measured(all_turns.seconds, all_turns.milliseconds[2:], all_turns.wrong)


def soak(place: Place, questions: Questions, extent: Extent, tally: Tally) -> float:
    """Megabytes by which the worker of a fresh service grows over many requests, once it has reached its steady state."""
    with ExitStack() as stack:
        ours = start_ours(stack, place, "soak")
        ours.wait("/v1/health")
        load = Load(ours.port, around(questions.mixed), CLIENTS)
        grown = run(_soaked(load, ours, extent))
    tally.wrong.update(load.wrong)
    return grown


async def _soaked(load: Load, ours: System, extent: Extent) -> float:
    worker, (least, seconds) = ours.worker(), extent.soak_warm_up
    began, running = time.monotonic(), asyncio.create_task(load.run())
    print(f"soak: {CLIENTS} clients, all sorts of requests; RSS of the worker at its start {_rss(worker):.1f} MB", flush=True)
    while load.answered < least or time.monotonic() - began < seconds:
        await _look(running)
        _rss(worker)  # raises where it has gone
    warm, first = _rss(worker), load.answered
    print(f"  warmed up by {first:,} requests in {time.monotonic() - began:.0f} s: {warm:.1f} MB", flush=True)
    began, peak, line = time.monotonic(), warm, 0
    while (done := load.answered - first) < extent.soak_requests:
        await _look(running)
        peak = max(peak, _rss(worker))
        if done >= line + extent.soak_line:
            line = done - done % extent.soak_line
            spent = time.monotonic() - began
            print(f"  {done:,} requests, {done / spent:,.0f}/s: {_rss(worker):.1f} MB; errors: {said(load.wrong)}", flush=True)
    grown = _rss(worker) - warm
    await ended(load, running)
    print(f"  grown by {grown:+.1f} MB, at most by {peak - warm:+.1f} MB; errors: {said(load.wrong)}", flush=True)
    return grown


async def _look(running: asyncio.Task[None]) -> None:
    """A moment; a load that has ended by itself has failed."""
    await asyncio.sleep(0.1)
    if running.done():
        running.result()
        raise SystemExit("the load ended before its time")


def _rss(worker: object) -> float:
    return worker.memory_info().rss / MB  # type: ignore[attr-defined,no-any-return]


def swap(place: Place, questions: Questions, swaps: int, tally: Tally) -> int | None:
    """Requests that fail while the champion of churn changes to and fro; None where no change was seen.

    All in a copy of the registry, whose second version reads the same files: the registry that is there stays as it was.
    """
    copy = copied_registry(questions.tracking_uri, place.folder / "swap.db")
    before = {name: os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", *SILENT)}
    os.environ |= {"MLFLOW_TRACKING_URI": copy} | SILENT
    try:
        versions = two_versions(questions.project)
        with ExitStack() as stack:
            ours = start_ours(stack, place, "swap", MLFLOW_TRACKING_URI=copy, CVM_POLL_SECONDS="0.5")
            ours.wait("/v1/health")
            asks = [one for both in zip(questions.by_id(CHURN), questions.by_row(CHURN), strict=True) for one in both]
            load = Load(ours.port, around(asks), CLIENTS)
            taken = run(_swapped(load, ours, versions, swaps))
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    tally.wrong.update(load.wrong)
    failed = sum(load.wrong.values())
    print(f"  {taken} swaps, {load.answered:,} requests, {failed} failed: {said(load.wrong)}", flush=True)
    return failed if taken else None


def copied_registry(tracking_uri: str, file: Path) -> str:
    """Its address. Only a registry in an SQLite file is copied."""
    if not tracking_uri.startswith(SQLITE):
        raise SystemExit(f"{tracking_uri}: expected a registry in an SQLite file, which is copied for the swaps")
    own = Path(tracking_uri.removeprefix(SQLITE)).resolve()
    with closing(sqlite3.connect(f"{own.as_uri()}?mode=ro", uri=True)) as there, closing(sqlite3.connect(file)) as here:
        there.backup(here)
    return f"{SQLITE}{file}"


def two_versions(project: str) -> tuple[ModelVersion, ModelVersion]:
    """The champion of churn, and a second version of the same bundle."""
    from models.registry import use_registry, version_at

    first = version_at(project, "churn", "champion")
    if first is None:
        raise SystemExit(f"{project} has no champion of churn")
    second = use_registry().create_model_version(
        first.name, first.source, run_id=first.run_id, tags=first.tags, model_id=first.model_id
    )
    return first, second


async def _swapped(load: Load, ours: System, versions: tuple[ModelVersion, ModelVersion], swaps: int) -> int:
    running, waits = asyncio.create_task(load.run()), [0.0]
    print(f"swap: {CLIENTS} clients by id and by row, and the champion of churn changes {swaps} times", flush=True)
    await asyncio.sleep(1)
    load.forget()
    while len(waits) <= swaps and waits[-1] < SWAPS_WITHIN:
        waits.append(await _taken_over(load, running, ours, versions[len(waits) % 2]))
    measured, taken = load.measured(), int((await _cards(load, ours))["swaps"])
    await ended(load, running)
    print(
        f"  from the alias to the answer {np.median(waits[1:]):.1f} s (median), at most {max(waits):.1f} s; meanwhile", end=" "
    )
    print(f"{measured.per_second:,.0f}/s, p99 {measured.percentile(99):.1f} ms, at most {measured.percentile(100):.1f} ms")
    return taken


async def _taken_over(load: Load, running: asyncio.Task[None], ours: System, wanted: ModelVersion) -> float:
    """Seconds from the change of the alias until the version answers, or until nobody waits any longer."""
    from models.registry import set_alias

    began = time.monotonic()
    await asyncio.to_thread(set_alias, wanted, "champion")
    while (await _cards(load, ours))["models"]["churn"]["version"] != f"{wanted.name} v{wanted.version}":
        await _look(running)
        if time.monotonic() - began > SWAPS_WITHIN:
            print(f"  {wanted.name} v{wanted.version} does not answer after {SWAPS_WITHIN} s", flush=True)
            break
    return time.monotonic() - began


async def _cards(load: Load, ours: System) -> dict[str, Any]:
    got = await asyncio.to_thread(ours.ask, "GET", "/v1/models")
    if got.status != 200:
        load.wrong[str(got.status)] += 1
        return {"models": {"churn": {"version": None}}, "swaps": 0}
    return dict(json.loads(got.body))
