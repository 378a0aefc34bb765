"""Models side by side: this project's and every peer, on the same dates, rows and folds.

    python -m benchmarks.models [--only KEY ...] [--fresh]

Each protocol prints every peer on every figure, the goals reached and not reached, and what our side took. The last line is
one JSON object: {"<key>": {"<metric>": {"ours": x, "peer": y, "peer_name": "...", "diff_ci": [lo, hi]}}}, with the peer that
does best by that figure (for coverage_80 nearest to 0.80, for sum_ratio to 1, for bias to 0) and the 95 % interval of ours
less the peer's, drawn by customer (`models_judged`). `ours` is null where our side cannot answer yet. The keys:

    online_retail_ii_180d, online_retail_ii_90d    `models_online_retail`
    cdnow                  `models_cdnow`; its data may not be carried here: CVM_DATA names the folder that holds cdnow/
    telco, bank_marketing_time, simulated          `models_telco`, `models_bank`, `models_simulated`
    leaks                  leaks that were planted, found and not found (`leaks`)

What peers predicted is kept in out/bench_models by what it was made from; --fresh makes it again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from importlib import import_module

from benchmarks.models_case import PeerFailedError, Predicted, Protocol, SkippedError
from benchmarks.models_goals import GOALS
from benchmarks.models_judged import FIGURES, best_peer, figures, paired_interval
from benchmarks.models_kept import predicted_by

PROTOCOLS = {
    "online_retail_ii_180d": ("models_online_retail", "in_180_days"),
    "online_retail_ii_90d": ("models_online_retail", "in_90_days"),
    "cdnow": ("models_cdnow", "cdnow"),
    "telco": ("models_telco", "telco"),
    "bank_marketing_time": ("models_bank", "bank_marketing_time"),
    "simulated": ("models_simulated", "simulated"),
}
LEAKS = "leaks"
Judged = dict[str, dict[str, object]]


def main() -> None:
    """Run the protocols one after the other, print their tables, and last the JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="+", choices=(*PROTOCOLS, LEAKS), default=(*PROTOCOLS, LEAKS), metavar="KEY")
    parser.add_argument("--fresh", action="store_true", help="let peers predict again")
    arguments = parser.parse_args()
    found: dict[str, Judged] = {}
    for key in arguments.only:
        print(key, flush=True)
        try:
            found[key] = planted_leaks() if key == LEAKS else side_by_side(_protocol(key), fresh=arguments.fresh)
        except SkippedError as skipped:
            print(f"  skipped: {skipped}", flush=True)
            continue
        say_goals(key, found[key])
        say_losses(found[key])
    print(json.dumps(found))


def side_by_side(protocol: Protocol, *, fresh: bool) -> Judged:
    """The figures of everybody, printed, and ours beside the best peer's."""
    for said in protocol.said:
        print(f"  {said}", flush=True)
    predicted: dict[str, Predicted] = {}
    for name in protocol.peers:
        try:
            predicted[name] = _timed(name, lambda name=name: predicted_by(protocol, name, fresh=fresh))
        except PeerFailedError as failed:
            print(f"  {name}: {failed}", flush=True)
    by_peer = {name: figures(protocol.case, each) for name, each in predicted.items()}
    ours = _ours(protocol)
    our_figures = {} if ours is None else figures(protocol.case, ours)
    print_table(protocol, by_peer | {"ours": our_figures})
    judged: Judged = {}
    for metric in protocol.case.metrics:
        if (peer := best_peer(metric, by_peer)) is None:
            continue
        entry: dict[str, object] = {"ours": our_figures.get(metric), "peer": by_peer[peer][metric], "peer_name": peer}
        entry["diff_ci"] = None
        if ours is not None and metric in our_figures:
            entry["diff_ci"] = paired_interval(protocol.case, metric, ours, predicted[peer])
        judged[metric] = _rounded(entry)
    return judged


def planted_leaks() -> Judged:
    """What the leakage check found of what was planted, and how often it cried wolf."""
    try:
        found: dict[str, float] = import_module("benchmarks.leaks").leaks()
    except ModuleNotFoundError as error:
        if error.name != "benchmarks.leaks":
            raise
        raise SkippedError("there is no benchmarks/leaks.py yet") from None
    none = {"peer": None, "peer_name": None, "diff_ci": None}
    return {metric: _rounded({"ours": found[metric]} | none) for metric in ("found", "false_alarms")}


def print_table(protocol: Protocol, by_name: dict[str, dict[str, float]]) -> None:
    """One line per peer, one column per figure."""
    columns = [*protocol.case.metrics, *protocol.case.also]
    widest = max(map(len, by_name))
    print("  " + " " * widest + "".join(f"  {name:>{max(8, len(name))}}" for name in columns))
    for name, found in by_name.items():
        cells = [f"{found[column]:.4f}" if column in found else "-" for column in columns]
        print(f"  {name:<{widest}}" + "".join(f"  {cell:>{max(8, len(c))}}" for cell, c in zip(cells, columns, strict=True)))


def say_goals(key: str, judged: Judged) -> None:
    """Which goals are reached, and where a peer is ahead beyond chance."""
    for goal in (goal for goal in GOALS if goal.key == key and goal.metric in judged):
        value = judged[goal.metric]["ours"]
        if value is None:
            print(f"  goal {goal.metric} {goal}: not yet")
            continue
        reached = "reached" if goal.is_reached(float(str(value))) else "not reached"
        beside = judged[goal.metric]
        print(f"  goal {goal.metric} {goal}: {value}, {reached}; {beside['peer_name']} {beside['peer']}, {beside['diff_ci']}")


def say_losses(judged: Judged) -> None:
    """Where a peer does better than our side, and the interval of the difference leaves out 0."""
    for metric, beside in judged.items():
        if not isinstance(beside["diff_ci"], list):
            continue
        low, high = beside["diff_ci"]
        ours, peer = (FIGURES[metric].badness(float(str(beside[side]))) for side in ("ours", "peer"))
        if peer < ours and (low > 0 or high < 0):
            print(f"  behind on {metric}: {beside['ours']}; {beside['peer_name']} {beside['peer']}, difference {low} to {high}")


def _protocol(key: str) -> Protocol:
    module, name = PROTOCOLS[key]
    made: Protocol = getattr(import_module(f"benchmarks.{module}"), name)()
    return made


def _ours(protocol: Protocol) -> Predicted | None:
    """What our side answers, or None with what it says instead."""
    try:
        return _timed("ours", protocol.ours)
    except NotImplementedError as error:
        print(f"  ours: not yet; {error}", flush=True)
        return None


def _timed(name: str, predict: Callable[[], Predicted]) -> Predicted:
    """Answers, with a line that says how long they took."""
    started = time.perf_counter()
    answers = predict()
    print(f"  {name}: {time.perf_counter() - started:.1f} s", flush=True)
    return answers


def _rounded(entry: dict[str, object]) -> dict[str, object]:
    """Numbers to five digits after the point."""
    return json.loads(json.dumps(entry), parse_float=lambda text: round(float(text), 5))


if __name__ == "__main__":
    main()
