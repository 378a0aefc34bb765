"""A company of a few customers, its scored table written by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from starlette.applications import Starlette
from starlette.testclient import TestClient

from features.project import Project, read_project
from models.actions.plan_report import ActionLine, PlanReport
from models.reasons.explanations import ADDITION
from serving.desk.desk import RetentionDesk
from serving.desk.marks import Clock, utc_now
from serving.desk.pages import desk_routes

AS_OF = date(2024, 1, 1)
MODELS = {"churn": "small-churn v1 aaaa", "clv": "small-clv v1 bbbb"}
REASON = pa.struct(
    [(name, pa.string()) for name in ("family", "feature", "label", "label_zh")]
    + [("value", pa.float64()), ("share", pa.float64()), ("text", pa.string()), ("text_zh", pa.string())]
)
SUM = [("base", pa.float64()), ("reasons", pa.list_(REASON)), ("rest", pa.float64()), ("total", pa.float64())]
EXPLANATION = pa.struct([("scale", pa.string()), *SUM, ("points", ADDITION), ("money", ADDITION)])
MAPPING = """
[project]
name = "small"
currency = "GBP"
horizon_days = 90
out = "{out}"
[source]
backend = "duckdb"
[tables.orders]
from = "{out}/orders.csv"
customer_id = "customer_id"
order_id = "order_id"
occurred_at = "occurred_at"
amount = "amount"
"""


def write_project(folder: Path) -> Project:
    file = folder / "small.toml"
    file.write_text(MAPPING.format(out=folder), encoding="utf-8")
    return read_project(file)


def reason(feature: str, share: float, said: str = "") -> dict[str, Any]:
    said = said or f"{feature} speaks"
    return {
        "family": "recency",
        "feature": feature,
        "label": feature.replace("_", " "),
        "label_zh": f"特征{feature}",
        "value": 1.0,
        "share": share,
        "text": said,
        "text_zh": f"{said}（中文）",
    }


def explained(base: float, shares: list[float], rest: float, said: str = "") -> dict[str, Any]:
    """Of a risk, in percentage points; the log-odds do not matter here."""
    reasons = [reason(f"feature_{k}", share, said) for k, share in enumerate(shares)]
    points = {"base": base, "shares": shares, "rest": rest, "total": base + sum(shares) + rest}
    return {"scale": "log_odds", "base": 0.0, "reasons": reasons, "rest": 0.0, "total": 0.0, "points": points, "money": None}


def customer(customer_id: str, risk: float | None = 0.5, value: float | None = 100.0, **others: Any) -> dict[str, Any]:
    """A row of the scored table; without a risk she is not eligible."""
    eligible = risk is not None
    row = {
        "customer_id": customer_id,
        "as_of": AS_OF,
        "eligible": eligible,
        "not_eligible_because": None if eligible else "no order in 400 days",
        "churn_probability": risk,
        "clv_90d": value if eligible else None,
        "value_at_risk": risk * value if risk is not None and value is not None else None,
        "tier": "gold",
        "life_stage": "loyal",
        "quadrant": "true friends",
        "churn_probability_explanation": explained(30.0, [15.0, 10.0], 100 * risk - 55.0) if risk is not None else None,
        "churn_model": MODELS["churn"],
        "clv_model": MODELS["clv"],
    }
    return row | others


def write_scored(project: Project, rows: list[dict[str, Any]], without: tuple[str, ...] = ()) -> None:
    project.folder.mkdir(parents=True, exist_ok=True)
    fields = [("as_of", pa.date32()), ("eligible", pa.bool_()), ("churn_probability_explanation", EXPLANATION)]
    numbers = ("churn_probability", "churn_probability_30d", "clv_90d", "value_at_risk", "customer_score", "propensity_tea")
    types = dict(fields) | {name: pa.float64() for name in numbers}
    names = [name for name in rows[0] if name not in without]
    columns = {name: pa.array([row[name] for row in rows], types.get(name, pa.string())) for name in names}
    pq.write_table(pa.table(columns), project.folder / "predictions.parquet", row_group_size=2)


def write_plan(project: Project, actions: dict[str, str], models: dict[str, str] | None = None) -> None:
    """`actions` are by customer_id."""
    rows = []
    for who, action in actions.items():
        cost, gain = (0.0, 0.0) if action == "none" else (3.0, 7.5)
        own = {"customer_id": who, "as_of": AS_OF, "action": action, "basis": "assumed"}
        rows.append(own | {"cost": cost, "expected_gain": gain, "sure_gain": gain})
    pq.write_table(pa.Table.from_pylist(rows), project.folder / "plan.parquet")
    none = dict.fromkeys(
        ("cost", "expected_gain", "largest_gain", "sure_gain", "bound", "gap", "budget_price", "next_money", "next_gain"), 0.0
    )
    line = ActionLine(
        name="call",
        label="phone call",
        label_zh="电话回访",
        basis="assumed",
        effect=0.2,
        cost_each=3.0,
        capacity=None,
        eligible=2,
        customers=1,
        cost=3.0,
        expected_gain=7.5,
        sure_gain=7.5,
        place_price=0.0,
    )
    report = PlanReport(
        as_of=AS_OF,
        horizon_days=90,
        currency="GBP",
        customers=len(rows),
        budget=None,
        treated=1,
        assumed=True,
        actions=(line,),
        policies=(),
        curve=(),
        lost=(),
        remarks=(),
        models=MODELS if models is None else models,
        **none,
    )
    (project.folder / "plan.json").write_text(report.model_dump_json(), encoding="utf-8")


def visit(project: Project, clock: Clock = utc_now, champions: dict[str, str] | None = None) -> TestClient:
    """A browser at the desk."""
    desk = RetentionDesk.open(project, (lambda: champions) if champions else None, clock=clock)
    return TestClient(Starlette(routes=list(desk_routes(desk))), follow_redirects=False)
