"""What is asked of the servers: the same customers of all of them, in turn, none twice before all were asked about."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.serving_inprocess import FILE
from benchmarks.serving_load import Ask, post

BY_ID, BY_ROW, SCORES = "by id", "by row", "scores only"
CHURN = {"top_reasons": 3, "tasks": ["churn"]}
ALL = {"top_reasons": 3}
BULK, MANY = 10_000, 200
BAD_BODIES = (  # each with the path that refuses it
    ("/v1/score", b'{"customer_ids": ["12'),
    ("/v1/score", b'{"customer_ids": "12347"}'),
    ("/v1/score", b'{"customer_ids": ["12347"], "reasons": 3}'),
    ("/v1/score", b'{"customer_ids": ["12347"], "top_reasons": 21}'),
    ("/v1/score_rows", b'{"rows": [{"no_such_feature": 1}]}'),
    ("/v1/score_rows", b'{"rows": [{"recency_days": "yesterday"}]}'),
    ("/v1/score_rows", b"\xff\xfe"),
)


class Questions:
    """Whom to ask about, from the file that `benchmarks.serving_inprocess` wrote."""

    def __init__(self, folder: Path) -> None:
        found = json.loads((folder / FILE).read_bytes())
        self.ids: list[str] = found["ids"]
        self.rows: list[dict[str, float | None]] = found["rows"]
        self.eligible: list[str] = found["eligible"]
        self.churn_features: list[str] = found["churn_features"]
        self.project, self.model, self.tracking_uri = found["project"], found["model"], found["tracking_uri"]

    def by_id(self, wanted: Mapping[str, Any]) -> list[Ask]:
        """One customer each."""
        return [post("/v1/score", _bytes({"customer_ids": [one]} | wanted)) for one in self.ids]

    def by_row(self, wanted: Mapping[str, Any]) -> list[Ask]:
        """One customer's features each."""
        return [post("/v1/score_rows", _bytes({"rows": [row]} | wanted)) for row in self.rows]

    def scores(self, form: str) -> list[Ask]:
        """The same rows for MLflow, all columns of its signature, in one of the two forms that it reads frames in."""
        return [post("/invocations", self.frame(row, form)) for row in self.rows]

    def frame(self, row: Mapping[str, float | None], form: str) -> bytes:
        """The body of one row."""
        known = {name: row[name] for name in self.churn_features}
        if form == "dataframe_records":
            return _bytes({form: [known]})
        return _bytes({form: {"columns": list(known), "data": [list(known.values())]}})

    def many(self, count: int, top: int) -> Ask:
        """Eligible customers in one request, again from the first where there are fewer."""
        ids = list(itertools.islice(itertools.cycle(self.eligible), count))
        return post("/v1/score", _bytes({"customer_ids": ids, "top_reasons": top}))

    @cached_property
    def mixed(self) -> list[Ask]:
        """By id and by row in turn, and among every 200 of them two for all models, two bad bodies, two unknown customers and
        one for 200 customers, of whom every fifth such request wants reasons, too.
        """
        found = [one for both in zip(self.by_id(CHURN), self.by_row(CHURN), strict=True) for one in both]
        all_models = self.by_id(ALL), self.by_row(ALL)
        for k in range(0, len(found) - 199, 200):
            found[k] = self.many(MANY, 0 if k % 1000 else 3)
            for at, of_all in ((k + 50, all_models[0]), (k + 150, all_models[1])):
                path, body = BAD_BODIES[at // 50 % len(BAD_BODIES)]
                found[at] = post(path, body, 400)
                found[at + 10] = of_all[at // 2]
                found[at + 25] = post("/v1/score", _bytes({"customer_ids": [f"nobody {at}"]}))
        return found


def around(asks: Sequence[Ask]) -> Iterator[Ask]:
    """Without end."""
    return itertools.cycle(asks)


def _bytes(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
