"""The service, asked over HTTP in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from serving.batch import predictions_file
from serving.messages import Answers, ModelCard
from tests.serving.conftest import Demo


@pytest.fixture(scope="module")
def client(demo: Demo) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CVM_CONFIG", str(demo.config))
        from serving.service import CustomerValue

        with TestClient(CustomerValue.to_asgi(), raise_server_exceptions=False) as opened:
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


def test_the_description_of_the_service_has_examples_that_are_answers(client: TestClient) -> None:
    described = client.get("/docs.json").json()
    schemas = described["components"]["schemas"]
    assert Answers.model_validate(schemas["AnswersIODescriptor"]["example"]).answers[0].what_next[0].stands_out
    assert ModelCard.model_validate(schemas["ModelCard"]["example"]).horizon_days == 90
    assert schemas["score__Input"]["properties"]["customer_ids"]["examples"] == [["12347", "12748"]]


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
    assert "rows[1].order_cuont: no such feature; did you mean 'order_count'?" in response.text


@pytest.mark.parametrize(
    ("route", "body", "path"),
    [
        ("/v1/score", {}, "customer_ids"),
        ("/v1/score", {"customer_ids": "12347"}, "customer_ids"),
        ("/v1/score_rows", {"rows": [{"order_count": "many"}]}, "order_count"),
    ],
)
def test_a_bad_field_is_answered_with_its_path(client: TestClient, route: str, body: dict[str, Any], path: str) -> None:
    response = client.post(route, json=body)
    assert response.status_code == 400
    assert path in response.text


def test_the_model_cards_name_what_was_evaluated(client: TestClient, demo: Demo) -> None:
    cards = client.post("/v1/models", json={}).json()
    for task, model in demo.models.items():
        assert cards[task]["hash"] == model.hash
        assert cards[task]["customers_split_for"] == model.bundle.contract.roles.split_by_customers
        for name, metrics in cards[task]["metrics"].items():
            assert metrics == {k: m.value for k, m in model.bundle.evaluation.outputs[name].metrics.items()}
