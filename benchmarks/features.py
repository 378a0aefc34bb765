"""Feature engines side by side: this project's, pandas and polars, on the same simulated order lines.

    python -m benchmarks.features [--size 1m|10m|100m]

Each engine reads one parquet file of order lines and writes one file of features per date, in a process of its own, so that
its memory is its own too. The last line printed is one JSON object; its keys:

    speedup_vs_pandas                one group-by per date
    speedup_vs_polars                one lazy query per date
    speedup_vs_polars_prepared       one lazy query per date over orders summed, coded and sorted once, tuned for these features
    cost_12_dates_over_1             what 12 dates cost in units of one
    cost_10m_over_1m                 what ten times the lines cost
    peak_rss_gb                      of this project's process
    equal                            whether all engines wrote the same numbers on every date, to 1e-9
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

CUSTOMERS = {"1m": 50_000, "10m": 500_000, "100m": 5_000_000}  # about 20 order lines each
WINDOWS_DAYS, HORIZON_DAYS = (30, 90, 180, 365), 90
FAMILIES = ("recency", "frequency", "monetary", "rhythm", "trend", "basket", "breadth", "refunds", "season")
COLUMNS = ("customer_id", "order_id", "occurred_at", "recorded_at", "amount", "product_id", "category", "quantity")
DATES = [date(2023, month, 1) for month in range(1, 13)]
PEERS = {
    "pandas": "benchmarks.features_pandas",
    "polars": "benchmarks.features_polars",
    "polars_prepared": "benchmarks.features_polars_prepared",
}


def main() -> None:
    """Run the engines one after the other, compare what they wrote, and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", choices=CUSTOMERS, default="10m")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)  # engine, lines, out, number of dates
    arguments = parser.parse_args()
    if arguments.run:
        engine, lines, out, dates = arguments.run
        run(engine, Path(lines), Path(out), DATES[-int(dates) :])
        return
    with TemporaryDirectory(prefix="cvm_bench_") as folder:
        print(json.dumps(figures(Path(folder), arguments.size, arguments.repeat)))


def figures(folder: Path, size: str, repeat: int) -> dict[str, object]:
    """What is printed last."""
    lines = order_lines(folder, CUSTOMERS[size])
    if size == "100m":  # only ours is asked to: the others were not tried
        return {"size": size, "ours": timed("ours", lines, folder / "ours", len(DATES))}
    return side_by_side(folder, lines, size, repeat)


def side_by_side(folder: Path, lines: Path, size: str, repeat: int) -> dict[str, object]:
    """The figures: ratios of the best of several runs, each engine in turn."""
    best: dict[str, dict[str, float]] = {}
    for turn in range(repeat):
        for engine in ("ours", *PEERS):
            if engine == "pandas" and turn:
                continue  # so much slower that once is enough
            found = timed(engine, lines, folder / engine, len(DATES))
            print(f"  {engine}: {found}", flush=True)
            best[engine] = min(best.get(engine, found), found, key=seconds)
    one = min((timed("ours", lines, folder / "one", 1) for _ in range(repeat)), key=seconds)
    figures: dict[str, object] = {f"speedup_vs_{peer}": ratio(best[peer], best["ours"]) for peer in PEERS}
    figures["cost_12_dates_over_1"] = ratio(best["ours"], one)
    if size == "10m":
        tenth = order_lines(folder / "tenth", CUSTOMERS["1m"])
        small = min((timed("ours", tenth, folder / "small", len(DATES)) for _ in range(repeat)), key=seconds)
        figures["cost_10m_over_1m"] = ratio(best["ours"], small)
    figures["peak_rss_gb"] = best["ours"]["peak_rss_gb"]
    figures["equal"] = all(are_equal(folder / "ours", folder / peer) for peer in PEERS)
    return figures


def seconds(found: dict[str, float]) -> float:
    """How long an engine took."""
    return found["seconds"]


def ratio(above: dict[str, float], below: dict[str, float]) -> float:
    """How many times as long one took as the other."""
    return round(seconds(above) / seconds(below), 2)


def order_lines(folder: Path, customers: int) -> Path:
    """The order lines of a made-up company, with the columns that all engines read; money is an exact decimal."""
    import duckdb

    from features.simulate import simulate

    started = time.perf_counter()
    company = simulate(folder / "company", customers=customers, seed=0, tables=("orders",))
    print(f"  {company.rows['orders']:,} order lines made in {time.perf_counter() - started:.1f} s", flush=True)
    made, lines = folder / "company" / "orders.parquet", folder / "lines.parquet"
    exact = "* REPLACE (amount::DECIMAL(18, 4) AS amount, quantity::DECIMAL(18, 4) AS quantity)"
    duckdb.sql(f"COPY (SELECT {exact} FROM (SELECT {', '.join(COLUMNS)} FROM '{made}')) TO '{lines}'")
    return lines


def timed(engine: str, lines: Path, out: Path, dates: int) -> dict[str, float]:
    """Seconds and peak memory of one engine in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.features", "--run", engine, str(lines), str(out), str(dates)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(said.splitlines()[-1]))


def run(engine: str, lines: Path, out: Path, dates: list[date]) -> None:
    """Build with one engine and print the seconds, from an imported library to the last file, and the peak memory."""
    build = ours if engine == "ours" else by_peer(PEERS[engine])
    out.mkdir(parents=True, exist_ok=True)
    took = build(lines, out, dates)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"seconds": round(took, 2), "peak_rss_gb": round(peak, 2)}))


def ours(lines: Path, out: Path, dates: list[date]) -> float:
    """This project's engine, as `python -m features build` runs it on checked tables."""
    from features.build import build
    from features.engines.engine import connect
    from features.feature import Words
    from features.project import CohortSection

    started = time.perf_counter()
    connection = connect()
    orders = connection.read_parquet(lines).select(*COLUMNS)
    words = Words(windows_days=WINDOWS_DAYS, horizon_days=HORIZON_DAYS, mapped={"orders": COLUMNS}, families=FAMILIES)
    build(connection, {"orders": orders}, words, CohortSection(), {as_of: out / f"{as_of}.parquet" for as_of in dates})
    return time.perf_counter() - started


def by_peer(module: str) -> Callable[[Path, Path, list[date]], float]:
    """The same by another engine."""
    peer = import_module(module)

    def built(lines: Path, out: Path, dates: list[date]) -> float:
        started = time.perf_counter()
        peer.build(lines, dates, out, WINDOWS_DAYS, HORIZON_DAYS)
        return time.perf_counter() - started

    return built


def are_equal(ours: Path, other: Path) -> bool:
    """Whether two engines wrote the same numbers for the same customers, to 1e-9, on every date."""
    for as_of in DATES:
        mine = pd.read_parquet(ours / f"{as_of}.parquet").sort_values("customer_id", ignore_index=True)
        theirs = pd.read_parquet(other / f"{as_of}.parquet").sort_values("customer_id", ignore_index=True)
        if not mine["customer_id"].astype(str).equals(theirs["customer_id"].astype(str)):
            print(f"  {other.name} {as_of}: other customers")
            return False
        for name in mine.columns[3:]:
            a, b = mine[name].to_numpy(dtype=float), theirs[name].to_numpy(dtype=float)
            if not np.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True):
                where = int(np.flatnonzero(~np.isclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True))[0])
                print(f"  {other.name} {as_of} {name}: {mine['customer_id'][where]} {a[where]} {b[where]}")
                return False
    return True


if __name__ == "__main__":
    main()
