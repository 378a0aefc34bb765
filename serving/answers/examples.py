"""What an answer looks like, with made-up numbers: for the description of the service."""

from __future__ import annotations

from typing import Any

CUSTOMER_IDS = ["12347", "12748"]
CUSTOMER_ID = "12347"
ROW: dict[str, float | None] = {
    "order_count": 12,
    "order_day_count": 11,
    "days_since_first_order": 400,
    "days_since_last_order": 40,
    "days_first_to_last_order": 360,
    "spend_sum": 1830.5,
    "refund_sum": 0,
}

MODELS = {"churn": "online_retail-churn v1 0123456789abcdef"}
UNKNOWN = {"not_eligible_because": "unknown customer", "not_eligible_code": "unknown_customer"}
ANSWERS: dict[str, Any] = {
    "answers": [
        {
            "customer_id": "12347",
            "as_of": "2011-12-09",
            "eligible": True,
            "not_eligible_because": None,
            "not_eligible_code": None,
            "worth": {
                "realised": 1830.5,
                "potential": 2410.0,
                "potential_days": 365,
                "lifetime": 4240.5,
                "influence": None,
                "at_risk": 160.0,
                "currency": "GBP",
            },
            "standing": {
                "score": 81.0,
                "components": {"value": 90.0, "loyalty": 63.0},
                "tier": "silver",
                "life_stage": "loyal",
                "quadrant": "true friends",
                "strategy": "Keep them: care and recognition, no pressure; ask them to recommend.",
                "rfm_segment": "champions",
            },
            "next_action": {"action": "call", "basis": "assumed", "cost": 6.0, "expected_gain": 18.0},
            "churn_probability": 0.25,
            "churn_by_horizon_days": {"30": 0.5, "60": 0.375, "90": 0.25, "180": 0.125},
            "days_until_leaving": {
                "days": 812.0,
                "lower_80": 95.0,
                "upper_80": 1825.0,
                "text": "812 days (80 %: 95 days to five years or more)",
                "text_zh": "812天（80%区间：95天至五年及以上）",
            },
            "clv": {"value": 640.0, "lower": 0.0, "upper": 1310.0, "coverage": 0.8, "currency": "GBP"},
            "propensity": {"bags": 0.4, "candles": 0.2},
            "what_next": [
                {"key": "candles", "category": "candles", "chance": 0.2, "usual": 0.1, "lift": 2.0, "stands_out": True},
                {"key": "bags", "category": "bags", "chance": 0.4, "usual": 0.4, "lift": 1.0, "stands_out": False},
            ],
            "explanations": {
                "churn_probability": {
                    "scale": "log_odds",
                    "base": 0.4,
                    "reasons": [
                        {
                            "family": "frequency",
                            "feature": "order_count",
                            "label": "orders so far",
                            "label_zh": "累计订单数",
                            "value": 12.0,
                            "share": -1.3,
                            "text": "Orders so far: 12 orders (median of silver customers: 6 orders), which lowers the risk of "
                            "leaving by 30.2 points",
                            "text_zh": "累计订单数：12单（银级客户中位数：6单），使流失风险下降30.2个百分点",
                        }
                    ],
                    "rest": -0.2,
                    "total": -1.1,
                    "points": {"base": 59.9, "shares": [-30.2], "rest": -4.7, "total": 25.0},
                    "money": {"base": 383.2, "shares": [-193.6], "rest": -29.8, "total": 159.6},
                }
            },
            "explanation_unavailable": None,
        },
        {"customer_id": "12748", "as_of": None, "eligible": False, **UNKNOWN},
    ],
    "snapshot": "2011-12-09",
    "models": MODELS,
    "not_predicted": {"chance of buying pianos": "it happened to only 3 customers"},
}
COMPARED = ("worth", "standing", "next_action")  # with all customers, which rows and events are not
ALONE = {name: value for name, value in ANSWERS["answers"][0].items() if name not in COMPARED}
ROW_ANSWERS: dict[str, Any] = ANSWERS | {"answers": [ALONE | {"customer_id": None, "as_of": None}]}
EVENT_ANSWERS: dict[str, Any] = ANSWERS | {"answers": [ALONE | {"customer_id": "customer"}]}

CARD: dict[str, Any] = {
    "version": "online_retail-churn v1",
    "hash": "0123456789abcdef",
    "target": {"churn_probability": "places no order within 90 days"},
    "horizon_days": 90,
    "other_horizons_days": [30, 60, 180],
    "not_predicted": {},
    "judged_at": "2011-09-09",
    "fitted_on": ["2011-05-12", "2011-06-11"],
    "customers_split_for": [],
    "metrics": {"churn_probability": {"auc": 0.8}},
    "features": ["days_since_last_order", "order_count", "spend_sum"],
}

EVENTS: dict[str, Any] = {
    "orders": [
        {"order_id": "A1", "occurred_at": "2011-05-31T09:30:00", "amount": 120.5},
        {"order_id": "A2", "occurred_at": "2011-10-02T16:00:00", "amount": 80},
    ]
}
CHANGES: list[dict[str, Any]] = [{"kind": "add", "table": "orders", "values": {"amount": 50}}]
REMARK = "What the models say of such a customer; not what making it happen would bring: only random treatments can tell that."
WHAT_IF: dict[str, Any] = {
    "text": "an order of £50.00",
    "text_zh": "下一笔£50.00的订单",
    "before": {"customer_id": "12347", "as_of": "2011-12-09", "eligible": True, "churn_probability": 0.25},
    "after": {"customer_id": "12347", "as_of": "2011-12-09", "eligible": True, "churn_probability": 0.2},
    "models": MODELS,
    "remark": REMARK,
}
NEAREST: dict[str, Any] = {
    "below": 0.3,
    "now": 0.41,
    "enough": [{"text": "an order of £50.00", "text_zh": "下一笔£50.00的订单", "churn_probability": 0.22}],
    "closest": {"text": "an order of £900.00", "text_zh": "下一笔£900.00的订单", "churn_probability": 0.2},
    "tried": 5,
    "models": MODELS,
    "remark": REMARK,
}
PLAN: dict[str, Any] = {
    "customers": [
        {"customer_id": "12347", "next_action": {"action": "call", "basis": "assumed", "cost": 6.0, "expected_gain": 18.0}},
        {"customer_id": "nobody", "next_action": None, **UNKNOWN},
    ],
    "budget": 500.0,
    "cost": 6.0,
    "expected_gain": 18.0,
    "sure_gain": 18.0,
    "gap": 0.0,
    "horizon_days": 90,
    "currency": "GBP",
    "assumed": True,
    "models": MODELS,
    "remarks": [],
}
PROBLEM: dict[str, Any] = {
    "error": {
        "status": 400,
        "code": "bad_request",
        "message": "rows[1].order_cuont: no such feature; did you mean 'order_count'?",
        "problems": [{"path": "rows[1].order_cuont", "message": "no such feature; did you mean 'order_count'?"}],
    }
}
INPUTS: dict[str, Any] = {
    "features": {
        "order_count": {
            "family": "frequency",
            "unit": "orders",
            "meaning": "orders so far",
            "meaning_zh": "累计订单数",
            "models": ["churn", "clv"],
        }
    },
    "events": {
        "orders": {
            "order_id": {"kind": "text", "needed": True, "meaning": "which order the line belongs to", "values": None},
            "occurred_at": {"kind": "timestamp", "needed": True, "meaning": "when it happened", "values": None},
            "amount": {"kind": "number", "needed": True, "meaning": "money, signed: a refund is negative", "values": None},
        }
    },
    "changes": {
        "add": {
            "orders": {
                "amount": {"kind": "number", "needed": True, "meaning": "money, signed: a refund is negative", "values": None},
                "category": {
                    "kind": "text",
                    "needed": False,
                    "meaning": "the kind of product, as the business groups them",
                    "values": ["bags", "candles"],
                },
            }
        },
        "settle": False,
        "set": {"plan": {"kind": "text", "values": ["basic", "gold"]}},
    },
}
NAMES: dict[str, Any] = {
    "tiers": [{"name": "silver", "label": "silver", "label_zh": "银级"}],
    "life_stages": [{"name": "loyal", "label": "loyal", "label_zh": "忠诚客户"}],
    "quadrants": [
        {
            "name": "true friends",
            "label": "true friends",
            "label_zh": "挚友型",
            "strategy": "Keep them: care and recognition, no pressure; ask them to recommend.",
            "strategy_zh": "重点维系：给予关怀与认可，不过度推销，邀请其推荐。",
        }
    ],
    "rfm_segments": [{"name": "champions", "label": "champions", "label_zh": "冠军客户"}],
    "actions": [{"name": "none", "label": "nothing", "label_zh": "无"}, {"name": "call", "label": "call", "label_zh": "电话"}],
    "categories": [{"name": "candles", "label": "candles", "label_zh": "candles"}],
    "families": [{"name": "frequency", "label": "frequency", "label_zh": "购买频次"}],
    "not_eligible": [{"name": "unknown_customer", "label": "unknown customer", "label_zh": "未知客户"}],
}
HEALTH: dict[str, Any] = {
    "status": "degraded",
    "because": ["snapshots of online_retail were made from other data, settings or code; build them again"],
    "codes": ["snapshots_outdated"],
    "models": MODELS,
    "snapshot": "2011-12-09",
    "snapshot_age_days": 3,
}
CARDS: dict[str, Any] = {
    "models": {"churn": CARD | {"contract": {"task": "churn"}}},
    "snapshot": "2011-12-09",
    "customers": 5875,
    "since": "2011-12-10T06:00:00+00:00",
    "swaps": 0,
    "refused": None,
}
