"""The service over HTTP beside `mlflow models serve` and a bare FastAPI application.

    python -m benchmarks.serving [--config configs/online_retail.toml] [--quick]

The main job has to be done for the mapping file in the current folder (`make demo`). Each server is a process of its own on the
first core, with one worker and one thread; the clients are one process on the second. They are asked one after the other, never
two at once; who is not asked stands by. The systems:

- ours: `bentoml serve serving.service:CustomerValue`, usual settings, every answer in the prediction log;
- MLflow: `mlflow models serve` of the same churn champion: scores only, by row, in the faster of the two forms it reads;
- FastAPI: `benchmarks.serving_fastapi`, which answers by the same champions, byte for byte: FastAPI at its best, the floor.

Ours and FastAPI give the chance of leaving with its three strongest reasons, for a customer who is known by id or for a row of
features; that they give the same bytes, and the same chance as MLflow, is checked first. Rounds go through all numbers of
clients, systems side by side, so that a drift of the machine hits all alike; the figures are medians of rounds, ratios those of
the same round. Then ours alone: a bulk request, a long load, champions that change under load. The last line is

{"throughput_vs_mlflow": t, "throughput_vs_fastapi": f, "p99_ms_over_inprocess_ms": r, "bulk_rows_per_s": b, "errors_5xx": 0,
"soak_rss_growth_mb": g, "swap_failed_requests": 0}:

t and f are the worst ratios over by id and by row and 1, 32 and 128 clients; r is p99 by id at one client over that of
`Champions.by_id` in a process without HTTP. The goals: t >= 3, f >= 0.8, r <= 6, b >= 50,000, 0, g <= 20, 0.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.serving_legs import FULL, QUICK, Extent, Tally, bulk, said, soak, swap
from benchmarks.serving_load import Ask, Load, Measured, run, timed
from benchmarks.serving_questions import ALL, BY_ID, BY_ROW, CHURN, SCORES, Questions, around
from benchmarks.serving_systems import CLIENTS_CORE, Guard, InProcess, Place, System, start_fastapi, start_mlflow, start_ours

CLIENTS = (1, 32, 128)
ALL_MODELS_CLIENTS = (1, 32)
CHECKED, TOLERANCE = 25, 1e-6
FORMS = ("dataframe_split", "dataframe_records")
OURS, FASTAPI, MLFLOW = "ours", "FastAPI", "MLflow"
ALL_BY_ID, ALL_BY_ROW = "all models by id", "all models by row"


@dataclass(frozen=True)
class Pace:
    """How many rounds, and seconds of each measurement."""

    rounds: int
    warm_up: float
    seconds: float
    in_process: float


@dataclass
class Rounds:
    """What was measured, one entry per round: by system, what was asked and clients; and the champions without HTTP."""

    cells: dict[tuple[str, str, int], list[Measured]] = field(default_factory=lambda: defaultdict(list))
    in_process: list[float] = field(default_factory=list)

    def ratio(self, asked: str, clients: int, other: str, others: str) -> float:
        """Of the throughput of ours to that of another, of the same round: the median."""
        pairs = zip(self.cells[OURS, asked, clients], self.cells[other, others, clients], strict=True)
        return float(np.median([ours.per_second / max(theirs.per_second, 1e-9) for ours, theirs in pairs]))


def main() -> None:
    """Start, compare, and ask ours alone; whatever happens, all that was started is stopped."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving")
    parser.add_argument("--config", type=Path, default=Path("configs/online_retail.toml"))
    parser.add_argument("--quick", action="store_true", help="a minute, to see that all of it works")
    arguments = parser.parse_args()
    _refuse_machine()
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, lambda number, _frame: sys.exit(128 + number))
    pace, extent = (Pace(1, 0.2, 0.4, 0.5), QUICK) if arguments.quick else (Pace(3, 2, 5, 5), FULL)
    with TemporaryDirectory(prefix="cvm_bench_serving_") as folder, ExitStack() as stack:
        result = measure(Place(arguments.config, Path(folder), Guard(stack)), pace, extent)
    print(json.dumps(result))
    if result["swap_failed_requests"] is None:
        raise SystemExit(1)


def measure(place: Place, pace: Pace, extent: Extent) -> dict[str, float | int | None]:
    """All legs, one after the other."""
    tally = Tally()
    with ExitStack() as stack:
        in_process = InProcess(stack, place)
        questions = Questions(place.folder)
        os.sched_setaffinity(0, {CLIENTS_CORE})
        systems = started(stack, place, questions)
        check(systems, questions)
        rounds = measured(systems, questions, in_process, pace, tally)
        worst = tell(rounds)
        rows = bulk(systems[OURS], questions, extent.bulk_turns, tally)
    grown = soak(place, questions, extent, tally)
    failed = swap(place, questions, extent.swaps, tally)
    print(f"errors of ours in all: {said(tally.wrong)}", flush=True)
    return worst | {
        "bulk_rows_per_s": round(rows),
        "errors_5xx": tally.of_ours,
        "soak_rss_growth_mb": round(grown, 1),
        "swap_failed_requests": failed,
    }


def started(stack: ExitStack, place: Place, questions: Questions) -> dict[str, System]:
    """All three."""
    ours, fastapi = start_ours(stack, place), start_fastapi(stack, place)
    mlflow = start_mlflow(stack, place, questions.model, questions.tracking_uri)
    for system, path in ((ours, "/v1/health"), (fastapi, "/v1/health"), (mlflow, "/ping")):
        system.wait(path)
    return {OURS: ours, FASTAPI: fastapi, MLFLOW: mlflow}


def check(systems: dict[str, System], questions: Questions) -> None:
    """The same bytes as FastAPI, the same chance as MLflow. Ends where they differ."""
    largest = 0.0
    for k, (one, row) in enumerate(zip(questions.ids[:CHECKED], questions.rows[:CHECKED], strict=True)):
        for path, body in (("/v1/score", {"customer_ids": [one]}), ("/v1/score_rows", {"rows": [row]})):
            for wanted in (CHURN, ALL):
                ours, theirs = (systems[name].ask("POST", path, json.dumps(body | wanted).encode()) for name in (OURS, FASTAPI))
                if ours != theirs or ours.status != 200:
                    raise SystemExit(f"{path} of {one}: ours and FastAPI differ:\n{ours}\n{theirs}")
            got = systems[MLFLOW].ask("POST", "/invocations", questions.frame(row, FORMS[k % 2]))
            if got.status != 200:
                raise SystemExit(f"MLflow: {got}")
            theirs_says = json.loads(got.body)["predictions"][0]["churn_probability"]
            largest = max(largest, abs(json.loads(ours.body)["answers"][0]["churn_probability"] - theirs_says))
    print(f"{CHECKED} customers, by id and by row: bytes as FastAPI's, chances as MLflow's to {largest:.1g}", flush=True)
    if not largest <= TOLERANCE:
        raise SystemExit("ours and MLflow differ")


def measured(systems: dict[str, System], questions: Questions, in_process: InProcess, pace: Pace, tally: Tally) -> Rounds:
    """Every system with every number of clients, round after round; each other round the other way."""
    asks = {BY_ID: questions.by_id(CHURN), BY_ROW: questions.by_row(CHURN)}
    asks |= {ALL_BY_ID: questions.by_id(ALL), ALL_BY_ROW: questions.by_row(ALL)}
    asks[SCORES] = questions.scores(faster_form(systems[MLFLOW], questions, pace))
    gc.collect()
    gc.freeze()  # what the clients hold for good is not looked through while they measure
    cells = [(name, asked, clients) for clients in CLIENTS for name, asked in _side_by_side(BY_ID, BY_ROW)]
    answers = [(name, asked) for name, asked in _side_by_side(ALL_BY_ID, ALL_BY_ROW) if name != MLFLOW]
    cells += [(name, asked, clients) for clients in ALL_MODELS_CLIENTS for name, asked in answers]
    rounds, began = Rounds(), time.monotonic()
    for turn in range(pace.rounds):
        rounds.in_process.append(in_process.p99(pace.in_process))
        for name, asked, clients in cells if turn % 2 == 0 else cells[::-1]:
            found = _once(systems[name], asks[asked], clients, pace)
            rounds.cells[name, asked, clients].append(found)
            tally.wrong.update(found.wrong if name == OURS else Counter())
        print(f"round {turn + 1} of {pace.rounds} done after {time.monotonic() - began:.0f} s", flush=True)
    return rounds


def faster_form(mlflow: System, questions: Questions, pace: Pace) -> str:
    """In which MLflow answers more requests a second."""
    rates = {form: _once(mlflow, questions.scores(form), 1, pace).per_second for form in FORMS}
    form = max(FORMS, key=lambda one: rates[one])
    print(f"MLflow is asked with {form}: {', '.join(f'{one} {rate:,.0f}/s' for one, rate in rates.items())}", flush=True)
    return form


def tell(rounds: Rounds) -> dict[str, float]:
    """The whole table, and the worst of it."""
    print(f"\n{'asked':<18}{'clients':>8} {'system':<9}{'/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'ours is':>14}  errors")
    worst = {MLFLOW: float("inf"), FASTAPI: float("inf")}
    for name, asked, clients in rounds.cells:
        for compared in _compared(name, asked):
            ratio = rounds.ratio(compared, clients, name, asked)
            _row(rounds.cells[name, asked, clients], name, asked, clients, compared, ratio)
            if compared in (BY_ID, BY_ROW) and name != OURS:
                worst[name] = min(worst[name], ratio)
    p99 = [one.percentile(99) for one in rounds.cells[OURS, BY_ID, 1]]
    over = float(np.median(np.subtract(p99, rounds.in_process)))
    print(f"\np99 by id at one client {np.median(p99):.2f} ms, in process {np.median(rounds.in_process):.2f} ms")
    return {
        "throughput_vs_mlflow": round(worst[MLFLOW], 2),
        "throughput_vs_fastapi": round(worst[FASTAPI], 2),
        "p99_ms_over_inprocess_ms": round(over, 2),
    }


def _row(found: Sequence[Measured], name: str, asked: str, clients: int, compared: str, ratio: float) -> None:
    rate, p50, p99 = (
        float(np.median([pick(one) for one in found]))
        for pick in (lambda one: one.per_second, lambda one: one.percentile(50), lambda one: one.percentile(99))
    )
    wrong = sum((one.wrong for one in found), Counter())
    beside = "" if name == OURS else f"{ratio:.2f}x" if name == FASTAPI else f"{ratio:.1f}x {compared}"
    print(f"{asked:<18}{clients:>8} {name:<9}{rate:>8,.0f}{p50:>9.2f}{p99:>9.2f}{beside:>14}  {said(wrong)}", flush=True)


def _compared(name: str, asked: str) -> tuple[str, ...]:
    """To what of ours a line is compared: MLflow's scores to both."""
    return (BY_ID, BY_ROW) if name == MLFLOW else (asked,)


def _side_by_side(by_id: str, by_row: str) -> list[tuple[str, str]]:
    return [(OURS, by_id), (FASTAPI, by_id), (MLFLOW, SCORES), (FASTAPI, by_row), (OURS, by_row)]


def _once(system: System, asks: Sequence[Ask], clients: int, pace: Pace) -> Measured:
    return run(timed(Load(system.port, around(asks), clients), pace.warm_up, pace.seconds))


def _refuse_machine() -> None:
    if not shutil.which("taskset"):
        raise SystemExit("needs taskset (Debian's util-linux)")
    if len(os.sched_getaffinity(0)) <= CLIENTS_CORE:
        raise SystemExit("needs two cores: one for the server, one for the clients")


if __name__ == "__main__":
    main()
