"""The champions without HTTP: writes down whom to ask about, then says its p99 for each number of seconds it is told.

    python -m benchmarks.serving_inprocess CONFIG FOLDER

Started by benchmarks.serving, as a process of its own; one line of its input is one measurement.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from features.problems import BadInput
from models.registry import DEFAULT_TRACKING_URI
from serving.answers.champions import Champions
from serving.answers.release import from_registry
from serving.answers.requests import ScoreCustomers

CUSTOMERS = 5_000  # distinct ones, over which requests go round
FILE, READY = "questions.json", "ready"


def main() -> None:
    """Open, write questions, measure when told to."""
    config, folder = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        champions = Champions.open(from_registry(config, folder / "champions_inprocess"))
        found = questions(champions)
    except BadInput as bad:
        raise SystemExit("\n".join([*bad.problems, f"`make demo CONFIG={config}` first"])) from None
    (folder / FILE).write_bytes(msgspec.json.encode(found))
    champions.by_id(ScoreCustomers(found["ids"][:1], 3, ["churn"]))  # what is made once is made now
    print(READY, flush=True)
    for line in sys.stdin:
        print(p99(champions, found["ids"], float(line)), flush=True)


def questions(champions: Champions) -> dict[str, Any]:
    """Eligible customers with their features, in an order that is none, and where the champion is."""
    customers, models = champions.known(), champions.release.scorer.models
    if "churn" not in models:
        raise BadInput(f"{champions.release.project.name} has no churn model, which is what is measured")
    eligible = [k for k, why in enumerate(customers.why_not) if why is None]
    chosen = np.random.default_rng(0).permutation(eligible)[:CUSTOMERS]
    ids, names = list(customers.place), champions.release.scorer.features
    numbers = customers.inputs.numbers[:, [customers.inputs.place[name] for name in names]]
    return {
        "ids": [ids[k] for k in chosen],
        "rows": [{name: None if x != x else x for name, x in zip(names, numbers[k].tolist(), strict=True)} for k in chosen],
        "eligible": [ids[k] for k in eligible],
        "churn_features": list(models["churn"].bundle.contract.features),
        "project": champions.release.project.name,
        "model": models["churn"].name,
        "tracking_uri": os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_TRACKING_URI,
    }


def p99(champions: Champions, ids: list[str], seconds: float) -> float:
    """Milliseconds of `Champions.by_id`, churn with three reasons, one customer after the other; a quarter more to warm up."""
    asked, spent = itertools.cycle([ScoreCustomers([one], 3, ["churn"]) for one in ids]), []
    begun = time.perf_counter()
    while (now := time.perf_counter()) < begun + 1.25 * seconds:
        champions.by_id(next(asked))
        if now >= begun + 0.25 * seconds:
            spent.append(time.perf_counter() - now)
    return 1000 * float(np.percentile(spent, 99))


if __name__ == "__main__":
    main()
