"""The service, asked over HTTP in this process."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from features.kept import events_of
from serving.answers.errors import ErrorAnswer
from serving.answers.examples import (
    ANSWERS,
    CARDS,
    EVENT_ANSWERS,
    HEALTH,
    INPUTS,
    NAMES,
    NEAREST,
    PLAN,
    PROBLEM,
    ROW_ANSWERS,
    WHAT_IF,
)
from serving.answers.inputs import Inputs
from serving.answers.messages import AnswerList, NearestAnswer, PlanAnswer, WhatIfAnswer
from serving.answers.names import Names
from serving.answers.state import Cards, Health
from serving.http.routes import ROUTES
from serving.scoring.everybody import predictions_file
from tests.serving.conftest import Demo


@pytest.fixture(scope="module")
def client(demo: Demo) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CVM_CONFIG", str(demo.config))
        from serving.service import CustomerValue

        with TestClient(CustomerValue.to_asgi(), base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
            yield opened


@pytest.fixture(scope="module")
def scored(demo: Demo) -> pd.DataFrame:
    return pd.read_parquet(demo.folder / predictions_file(demo.project)).set_index("customer_id")


def answers(client: TestClient, route: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    response = client.post(route, json=body)
    assert response.status_code == 200, response.text
    return response.json()["answers"]


def test_scores_by_id_are_the_numbers_of_the_scored_table_in_the_order_asked(client: TestClient, scored: pd.DataFrame) -> None:
    ids = list(scored[scored["eligible"]].sample(50, random_state=1).index)
    found = answers(client, "/v1/score", {"customer_ids": ids})
    assert [answer["customer_id"] for answer in found] == ids
    for answer in found:
        assert answer["churn_probability"] == pytest.approx(scored.loc[answer["customer_id"], "churn_probability"], abs=1e-9)
        assert answer["clv"]["value"] == pytest.approx(scored.loc[answer["customer_id"], "clv_90d"], abs=1e-6)


def test_churn_by_horizon_and_days_until_leaving_are_those_of_the_scored_table(
    client: TestClient, demo: Demo, scored: pd.DataFrame
) -> None:
    (answer,) = answers(client, "/v1/score", {"customer_ids": [one := scored[scored["eligible"]].index[5]]})
    others = demo.models["churn"].bundle.other_horizons_days
    assert set(answer["churn_by_horizon_days"]) == {"90", *map(str, others)}
    assert answer["churn_by_horizon_days"]["90"] == answer["churn_probability"]
    for days in others:
        assert answer["churn_by_horizon_days"][str(days)] == pytest.approx(scored.loc[one, f"churn_probability_{days}d"])
    for name in ("days", "lower_80", "upper_80"):
        column = "days_until_leaving" + name.removeprefix("days").replace("lower", "_lower").replace("upper", "_upper")
        assert answer["days_until_leaving"][name] == pytest.approx(scored.loc[one, column], abs=1e-6)


def test_every_category_has_a_place_in_what_next(client: TestClient, scored: pd.DataFrame) -> None:
    ids = list(scored[scored["eligible"]].sample(50, random_state=3).index)
    for answer in answers(client, "/v1/score", {"customer_ids": ids}):
        assert len(answer["what_next"]) == len(answer["propensity"])
        assert sorted(one["chance"] for one in answer["what_next"]) == sorted(answer["propensity"].values())
        order = [(not one["stands_out"], -one["chance"]) for one in answer["what_next"]]
        assert order == sorted(order)


def test_days_until_leaving_are_null_where_the_rhythm_is_not_known(client: TestClient) -> None:
    (empty,) = answers(client, "/v1/score_rows", {"rows": [{}]})
    assert empty["days_until_leaving"] is None
    assert empty["churn_probability"] is not None


def test_the_description_of_the_service_has_examples_that_are_requests_and_answers(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for kind, example in (
        (AnswerList, ANSWERS),
        (AnswerList, ROW_ANSWERS),
        (AnswerList, EVENT_ANSWERS),
        (WhatIfAnswer, WHAT_IF),
        (NearestAnswer, NEAREST),
        (PlanAnswer, PLAN),
        (Cards, CARDS),
        (Inputs, INPUTS),
        (Names, NAMES),
        (Health, HEALTH),
        (ErrorAnswer, PROBLEM),
    ):
        told = msgspec.convert(example, kind, strict=True)
        assert set(example) <= {field.name for field in msgspec.structs.fields(kind)}
        assert told == msgspec.json.decode(msgspec.json.encode(told), type=kind)
    assert schemas["ScoreCustomers"]["properties"]["customer_ids"]["examples"] == [["12347", "12748"]]


def test_the_page_of_the_api_has_every_path_and_its_examples(client: TestClient) -> None:
    page = client.get("/docs").text
    for route in ROUTES:
        assert f"{route.method} {route.path}" in page
    targets = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets
    assert {"Answer", "Worth", "Health", "Problems"} <= targets
    assert "&#34;customer_ids&#34;: [" in page


def test_only_the_models_asked_for_answer_and_only_so_many_reasons_are_told(client: TestClient, scored: pd.DataFrame) -> None:
    ids = [scored[scored["eligible"]].index[7]]
    (one,) = answers(client, "/v1/score", {"customer_ids": ids, "tasks": ["clv"], "top_reasons": 1})
    assert one["churn_probability"] is None
    assert list(one["explanations"]) == ["clv_90d"]
    assert len(one["explanations"]["clv_90d"]["reasons"]) == 1
    (none,) = answers(client, "/v1/score", {"customer_ids": ids, "top_reasons": 0})
    assert none["explanations"] == {}
    assert none["clv"] == one["clv"]


def test_versions_and_what_is_not_predicted_are_told_of_the_models_asked_for_only(client: TestClient, demo: Demo) -> None:
    row = {"order_id": "A1", "occurred_at": "2011-05-31T09:30:00", "amount": 12}
    for path, body in {
        "/v1/score": {"customer_ids": ["nobody"]},
        "/v1/score_rows": {"rows": [{}]},
        "/v1/score_events": {"events": {"orders": [row]}},
    }.items():
        found = client.post(path, json={**body, "tasks": ["clv"]}).json()
        assert found["models"] == {"clv": demo.models["clv"].label}
        assert found["not_predicted"] == demo.models["clv"].bundle.contract.unpredictable
        assert set(client.post(path, json=body).json()["models"]) == set(demo.models)


def test_a_category_has_the_key_of_its_propensity_beside_its_name(client: TestClient) -> None:
    (answer,) = answers(client, "/v1/score_rows", {"rows": [{}]})
    assert {one["key"]: one["chance"] for one in answer["what_next"]} == answer["propensity"]
    assert any(one["key"] != one["category"] for one in answer["what_next"])


def test_the_time_until_leaving_is_said_in_both_languages(client: TestClient, scored: pd.DataFrame) -> None:
    (answer,) = answers(client, "/v1/score", {"customer_ids": [scored[scored["eligible"]].index[5]]})
    assert "(80 %: " in answer["days_until_leaving"]["text"]
    assert "（80%区间：" in answer["days_until_leaving"]["text_zh"]


def test_raw_events_get_the_numbers_of_the_snapshot(client: TestClient, demo: Demo, scored: pd.DataFrame) -> None:
    for customer_id in scored[scored["eligible"]].sample(5, random_state=4).index:
        events = events_of(demo.project, demo.manifest.words, customer_id)
        body = {"customer_id": customer_id, "events": json.loads(json.dumps(events, default=str))}
        (answer,) = answers(client, "/v1/score_events", body)
        assert answer["churn_probability"] == pytest.approx(scored.loc[customer_id, "churn_probability"], abs=1e-9)
        assert answer["clv"]["value"] == pytest.approx(scored.loc[customer_id, "clv_90d"], abs=1e-9)


def test_a_customer_without_events_before_the_date_is_not_known(client: TestClient) -> None:
    row = {"order_id": "A1", "occurred_at": "2011-05-31T09:30:00", "amount": 12}
    (before,) = answers(client, "/v1/score_events", {"events": {"orders": [row]}, "as_of": "2011-05-31"})
    (after,) = answers(client, "/v1/score_events", {"events": {"orders": [row]}, "as_of": "2011-06-01"})
    assert (before["eligible"], before["not_eligible_because"]) == (False, "not known before 2011-05-31")
    assert (before["not_eligible_code"], after["not_eligible_code"]) == ("not_known_yet", None)
    assert after["eligible"]


def test_times_with_a_zone_become_times_of_the_company(client: TestClient) -> None:
    def asked(time: str) -> float:
        body = {"events": {"orders": [{"order_id": "A1", "occurred_at": time, "amount": 12}]}, "as_of": "2011-06-01"}
        (answer,) = answers(client, "/v1/score_events", body)
        return answer["churn_probability"]

    assert asked("2011-05-20T23:30:00") == asked("2011-05-21T07:30:00+08:00") != asked("2011-05-22T07:30:00")


def test_what_if_says_before_and_after_in_both_languages(client: TestClient, scored: pd.DataFrame) -> None:
    customer_id = scored[scored["eligible"]].sort_values("churn_probability").index[-1]
    changes = [{"kind": "add", "table": "orders", "values": {"amount": 50}}]
    found = client.post("/v1/what_if", json={"customer_id": customer_id, "changes": changes}).json()
    assert (found["text"], found["text_zh"]) == ("an order of £50.00", "下一笔£50.00的订单")
    assert found["before"]["churn_probability"] == pytest.approx(scored.loc[customer_id, "churn_probability"])
    assert found["after"]["churn_probability"] < found["before"]["churn_probability"]
    nearest = client.post("/v1/nearest", json={"customer_id": customer_id, "below": 0.6}).json()
    assert nearest["now"] == pytest.approx(found["before"]["churn_probability"])
    assert all(one["churn_probability"] < 0.6 for one in nearest["enough"])


def test_what_if_of_nobody_is_an_answer(client: TestClient) -> None:
    changes = [{"kind": "settle"}]
    found = client.post("/v1/what_if", json={"customer_id": "nobody", "changes": changes}).json()
    assert (found["before"]["not_eligible_because"], found["after"]) == ("unknown customer", None)
    nearest = client.post("/v1/nearest", json={"customer_id": "nobody", "below": 0.5}).json()
    assert (nearest["now"], nearest["not_eligible_because"]) == (None, "unknown customer")
    assert found["before"]["not_eligible_code"] == nearest["not_eligible_code"] == "unknown_customer"


def test_what_cannot_happen_is_refused(client: TestClient, scored: pd.DataFrame) -> None:
    customer_id = scored[scored["eligible"]].index[0]
    changes = [{"kind": "add", "table": "orders", "values": {"amount": -5}}]
    response = client.post("/v1/what_if", json={"customer_id": customer_id, "changes": changes})
    assert response.status_code == 400
    assert response.json()["error"]["problems"] == [{"path": "changes[0].values.amount", "message": "-5: expected more than 0"}]


def test_reasons_over_http_sum_to_the_served_number(client: TestClient, scored: pd.DataFrame) -> None:
    ids = list(scored[scored["eligible"]].sample(200, random_state=2).index)
    for answer in answers(client, "/v1/score", {"customer_ids": ids}):
        for name, said in answer["explanations"].items():
            if name == "churn_probability":
                served, scale = answer["churn_probability"], "log_odds"
            elif name.startswith("clv_"):
                served, scale = answer["clv"]["value"], "money"
            else:
                served, scale = answer["propensity"][name.removeprefix("propensity_")], "log_odds"
            assert said["scale"] == scale
            total = said["base"] + sum(reason["share"] for reason in said["reasons"]) + said["rest"]
            assert total == pytest.approx(served if scale == "money" else np.log(served / (1 - served)), abs=1e-4)


def test_unknown_and_not_eligible_customers_are_answers(client: TestClient, scored: pd.DataFrame) -> None:
    not_eligible = scored[~scored["eligible"]].index[0]
    first, second, third = answers(client, "/v1/score", {"customer_ids": ["nobody", not_eligible, "nobody"]})
    assert first == third
    assert (first["eligible"], first["not_eligible_because"]) == (False, "unknown customer")
    assert (second["eligible"], second["not_eligible_because"]) == (False, "no order before the date")
    assert (first["not_eligible_code"], second["not_eligible_code"]) == ("unknown_customer", "too_few_orders")
    assert second["churn_probability"] is None


def test_a_feature_row_gets_the_same_numbers_as_its_customer(client: TestClient, demo: Demo, scored: pd.DataFrame) -> None:
    snapshot = pd.read_parquet(demo.folder / f"out/online_retail/features/snapshots/{demo.manifest.scored_at}.parquet")
    last = snapshot[snapshot["as_of"].astype(str) == str(demo.manifest.scored_at)].set_index("customer_id")
    customer_id = scored[scored["eligible"]].index[3]
    row = {k: None if pd.isna(v) else v for k, v in last.loc[customer_id].drop(["as_of", "not_eligible_because"]).items()}
    (by_row,) = answers(client, "/v1/score_rows", {"rows": [row]})
    assert by_row["churn_probability"] == pytest.approx(scored.loc[customer_id, "churn_probability"], abs=1e-9)
    assert by_row["customer_id"] is None


def test_absent_features_are_not_known_rather_than_zero(client: TestClient) -> None:
    rhythm = ("days_since_last_order", "days_since_first_order", "days_first_to_last_order", "order_count", "order_day_count")
    empty, zero = answers(client, "/v1/score_rows", {"rows": [{}, dict.fromkeys(rhythm, 0.0)]})
    assert empty["churn_probability"] != zero["churn_probability"]
    assert any("not known" in reason["text"] for reason in empty["explanations"]["churn_probability"]["reasons"])


def test_an_unknown_feature_is_refused_with_the_nearest_name(client: TestClient) -> None:
    response = client.post("/v1/score_rows", json={"rows": [{}, {"order_cuont": 1.0}]})
    assert response.status_code == 400
    (problem,) = response.json()["error"]["problems"]
    assert problem == {"path": "rows[1].order_cuont", "message": "no such feature; did you mean 'order_count'?"}


@pytest.mark.parametrize(
    ("route", "body", "path"),
    [
        ("/v1/score", {}, "customer_ids"),
        ("/v1/score", {"customer_ids": "12347"}, "customer_ids"),
        ("/v1/score", {"customer_ids": ["1", 2]}, "customer_ids[1]"),
        ("/v1/score", {"customer_ids": [], "top_reasons": 21}, "top_reasons"),
        ("/v1/score", {"customer_ids": [], "tasks": ["chrun"]}, "tasks[0]"),
        ("/v1/score", {"customer_ids": [], "colour": "red"}, "colour"),
        ("/v1/score_rows", {"rows": [{"order_count": "many"}]}, "rows[0].order_count"),
        ("/v1/score_rows", {"rows": [{}, {"order_count": True}]}, "rows[1].order_count"),
        ("/v1/score_events", {"events": {"orders": [{"amount": [1]}]}}, "events.orders[0].amount"),
        ("/v1/score_events", {"events": {"ordres": []}}, "events.ordres"),
        ("/v1/score_events", {"events": {"orders": [{"amonut": 1}]}}, "events.orders.amonut"),
        ("/v1/score_events", {"events": {}, "as_of": "yesterday"}, "as_of"),
        ("/v1/nearest", {"customer_id": "1", "below": 1.5}, "below"),
        ("/v1/what_if", {"customer_id": "1", "changes": [{"kind": "buy"}]}, "changes[0].kind"),
        ("/v1/plan", {"customer_ids": ["1"], "budget": -1}, "budget"),
    ],
)
def test_a_bad_field_is_answered_with_its_path(client: TestClient, route: str, body: dict[str, Any], path: str) -> None:
    response = client.post(route, json=body)
    assert response.status_code == 400
    assert response.json()["error"]["problems"][0]["path"] == path


def test_the_model_cards_name_what_was_evaluated(client: TestClient, demo: Demo) -> None:
    cards = client.get("/v1/models").json()
    assert (cards["snapshot"], cards["refused"]) == (str(demo.manifest.scored_at), None)
    for task, model in demo.models.items():
        card = cards["models"][task]
        assert card["hash"] == model.hash
        assert card["customers_split_for"] == model.bundle.contract.roles.split_by_customers
        assert card["contract"]["data_fingerprint"] == model.bundle.contract.data_fingerprint
        for name, metrics in card["metrics"].items():
            assert metrics == {k: m.value for k, m in model.bundle.evaluation.outputs[name].metrics.items()}
    assert client.get("/v1/health").json()["status"] == "ready"


def test_health_and_metrics_tell_the_age_of_the_snapshot(client: TestClient, demo: Demo) -> None:
    health, lines = client.get("/v1/health").json(), client.get("/metrics").text.splitlines()
    began = datetime.combine(demo.manifest.scored_at, time(), UTC)
    age = (datetime.now(UTC) - began).days
    assert health["snapshot_age_days"] in (age, age - 1)  # midnight may have passed
    told = dict(line.split(" ") for line in lines if line.startswith("cvm_snapshot"))
    assert float(told["cvm_snapshot_age_days"]) in (age, age - 1)
    assert float(told["cvm_snapshot_timestamp_seconds"]) == began.timestamp()


def test_metrics_count_requests_and_name_the_champions(client: TestClient, demo: Demo) -> None:
    client.post("/v1/score", json={"customer_ids": ["nobody", "nobody"]})
    text = client.get("/metrics").text
    assert 'cvm_requests_total{path="/v1/score",status="200"}' in text
    churn = demo.models["churn"]
    assert f'cvm_champion{{hash="{churn.hash}",task="churn",version="{churn.version}"}} 1.0' in text


def test_every_answer_is_in_the_prediction_log_under_a_pseudonym(client: TestClient, demo: Demo, scored: pd.DataFrame) -> None:
    one = scored[scored["eligible"]].index[9]
    log = demo.folder / demo.project.folder / "predictions.log.jsonl"
    (answer,) = answers(client, "/v1/score", {"customer_ids": [one]})
    line = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    key = log.with_name("pseudonym.key").read_bytes()
    assert line["customers"] == [hmac.digest(key, one.encode(), "sha256")[:16].hex()]
    assert (line["churn_probability"], line["clv"]) == ([answer["churn_probability"]], [answer["clv"]["value"]])
    assert (line["snapshot"], line["kind"]) == (str(demo.manifest.scored_at), "score")
    assert line["models"]["churn"] == demo.models["churn"].label
    assert f'"{one}"' not in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o077 == 0
