"""How quickly the retention desk answers over many customers: the list, a customer's page, a mark, and a new table.

    python -m benchmarks.desk --customers 1000000

A made-up company of 4,000 customers is trained and scored, and its files are then written so many times over, each time under
other ids. The pages are asked one after the other, without a network, by a process that does nothing else. The list: every
filter, every order and the first, a middle and the last page, each warm, the median of five; the least and the most of these. A
first order: the slowest first visit of an order that is not ready when the table is loaded. A customer's page and a mark: the
median over twenty customers. The last line is

{"customers": n, "load_seconds": s, "list_ms": [a, b], "first_order_ms": f, "customer_ms": c, "mark_ms": m, "peak_rss_gb": r,
"events_seconds": e, "predictions_gb": g, "order_lines": l}:

`events_seconds` is what scoring takes to put the tables in the order of customers, the memory that of the process of the desk.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from starlette.applications import Starlette
from starlette.testclient import TestClient

from benchmarks.models_data import Company, company
from benchmarks.models_kept import FOLDER
from features.outputs import whole_file
from features.project import read_project
from features.simulate import simulate
from features.snapshots import snapshot_folder
from serving.desk.desk import RetentionDesk
from serving.desk.pages import desk_routes
from serving.desk.scored_table import Scored
from serving.desk.work_list import PAGE
from serving.scoring.by_customer import write_by_customer
from serving.scoring.everybody import ROWS_AT_ONCE, predictions_file
from serving.scoring.value_layer import before_file

MADE_UP, TURNS, ASKED = 4_000, 5, 20
EVERY_DAYS, ROUNDS = 90, 50


def main() -> None:
    """Make the company, write it many times over, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.desk")
    parser.add_argument("--customers", type=int, default=1_000_000, help="so many, by 4,000 (default: 1000000)")
    copies = max(parser.parse_args().customers // MADE_UP, 1)
    made = scored()
    tables = [snapshot_folder(made.project) / f"{name}.parquet" for name in made.manifest.words.mapped if name != "identities"]
    for file in (predictions_file(made.project), before_file(made.project), *tables):
        repeat(file, copies)
    events = seconds(lambda: write_by_customer(made.project, made.manifest))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        asked = alone.submit(ask, made.config).result()
    size = predictions_file(made.project).stat().st_size / 1e9
    lines = pq.read_metadata(snapshot_folder(made.project) / "orders.parquet").num_rows
    print(json.dumps(asked | {"events_seconds": round(events, 1), "predictions_gb": round(size, 2), "order_lines": lines}))


def scored() -> Company:
    """A made-up company with champions of its own and a scored table; how good they are does not matter here."""
    shutil.rmtree(FOLDER / "desk", ignore_errors=True)  # an earlier run has written its tables many times over
    raw = simulate(FOLDER / "desk_raw", customers=MADE_UP, seed=0)
    changes: dict[str, object] = {"project.name": "bench_desk", "dates.every_days": EVERY_DAYS}
    changes |= {"training.judged_dates": 1, "training.rounds_max": ROUNDS}
    made = company(raw.config, "desk", changes | {f"training.trials.{task}": 0 for task in ("churn", "clv", "propensity")})
    with TemporaryDirectory(prefix="cvm_bench_desk_") as folder:
        registry = {"MLFLOW_TRACKING_URI": f"sqlite:///{Path(folder) / 'mlflow.db'}"}
        for step in (("training", "all"), ("serving", "score")):
            command = [sys.executable, "-m", *step, str(made.config)]
            run = subprocess.run(command, capture_output=True, text=True, env=os.environ | registry, check=False)
            if run.returncode:
                raise SystemExit(run.stdout + run.stderr)
    return made


def repeat(file: Path, copies: int) -> None:
    """Write the rows of a file so many times over, copy after copy, each with ids of its own."""
    table = pq.read_table(file)
    place, ids = table.column_names.index("customer_id"), table["customer_id"]
    with whole_file(file) as unfinished, pq.ParquetWriter(unfinished, table.schema) as writer:
        for copy in range(copies):
            own = pc.binary_join_element_wise(f"{copy:04d}_", ids.cast("string"), "").cast(ids.type)
            writer.write_table(table.set_column(place, table.schema.field(place), own), row_group_size=ROWS_AT_ONCE)


def ask(config: Path) -> dict[str, Any]:
    """All measurements of one process."""
    project = read_project(config)
    (project.folder / "desk.sqlite").unlink(missing_ok=True)  # marks of an earlier run
    desk = RetentionDesk.open(project)
    load = seconds(desk.table.now)
    browser, table = TestClient(Starlette(routes=list(desk_routes(desk))), follow_redirects=False), desk.table.now()
    ready = [f"sort={name}&way=desc" for name in table.usual_orders]
    orders = [f"sort={name}&way={way}" for name in table.numbers for way in ("desc", "asc")]
    first = max(milliseconds(browser, f"/desk?{order}") for order in orders if order not in ready)
    lists = [warm(browser, f"/desk?{asked}") for asked in (*orders, *filters(table), *offsets(table))]
    some = [row["customer_id"] for row in table.ask(f"SELECT customer_id FROM customers USING SAMPLE {ASKED + 1} ROWS")]
    milliseconds(browser, f"/desk/customers/{some[0]}")
    pages = [milliseconds(browser, f"/desk/customers/{one}") for one in some[1:]]
    marks = [seconds(lambda one=one: mark(browser, one)) * 1000 for one in some[1:]]
    return {
        "customers": table.count,
        "load_seconds": round(load, 2),
        "list_ms": [round(min(lists), 1), round(max(lists), 1)],
        "first_order_ms": round(first, 1),
        "customer_ms": round(statistics.median(pages), 1),
        "mark_ms": round(statistics.median(marks), 1),
        "peak_rss_gb": round(peak_kb() / 1024**2, 2),
    }


def peak_kb() -> int:
    """The most memory this process had; what `resource` says of a new process begins with that of the one that made it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


def filters(table: Scored) -> list[str]:
    """One of each kind."""
    groups = [f"{column}={found[0][0]}" for column, found in table.groups.items() if found]
    return [*groups, "eligible=no", "risk=50", "marked=done", "search=99", "&".join([*groups[:2], "risk=20", "search=9"])]


def offsets(table: Scored) -> list[str]:
    """The first page, one in the middle, and the last."""
    last = max(table.count // PAGE, 1)
    return [f"page={page}&marked=all" for page in (1, max(last // 2, 1), last)]


def warm(browser: TestClient, address: str) -> float:
    """The median of some visits after a first one."""
    milliseconds(browser, address)
    return statistics.median(milliseconds(browser, address) for _ in range(TURNS))


def milliseconds(browser: TestClient, address: str) -> float:
    """Of one visit, which has to be answered."""
    started = time.perf_counter()
    answer = browser.get(address)
    spent = time.perf_counter() - started
    if answer.status_code != 200:
        raise SystemExit(f"{address}: {answer.status_code}")
    return 1000 * spent


def mark(browser: TestClient, customer_id: str) -> None:
    """She is done."""
    answer = browser.post(f"/desk/customers/{customer_id}/marks", data={"kind": "done"})
    if answer.status_code != 303:
        raise SystemExit(f"{customer_id}: {answer.status_code} {answer.text}")


def seconds(run: Callable[[], object]) -> float:
    """Of one run."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
