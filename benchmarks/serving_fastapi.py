"""The floor: a bare FastAPI application that answers by the very same champions, as fast as FastAPI can.

    uvicorn benchmarks.serving_fastapi:app --loop uvloop --http httptools --no-access-log

Bodies are read by pydantic models, as FastAPI has it; answers are encoded by msgspec and sent as they are, which spares FastAPI
its own encoder: this is FastAPI at its best. There is no log, no token, no limit, no count and no watch. Its environment is the
service's: CVM_CONFIG names the mapping file, CVM_KEPT the folder to keep champions in.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field

from models.contract import Task
from serving.answers.release import kept_folder
from serving.answers.requests import ROWS_MAX, TOP_MAX, ScoreCustomers, ScoreRows
from serving.live.watch import Live
from serving.settings import read_settings

encode = msgspec.json.Encoder().encode
settings = read_settings()
champions = Live.open(settings.config, settings.release or kept_folder(settings.config)).champions
app = FastAPI(openapi_url=None)


class Asked(BaseModel):
    """What both ask for."""

    model_config = ConfigDict(extra="forbid")
    top_reasons: Annotated[int, Field(ge=0, le=TOP_MAX)] = 3
    tasks: Annotated[list[Task], Field(min_length=1, max_length=3)] | None = None


class Customers(Asked):
    """As serving.answers.requests.ScoreCustomers."""

    customer_ids: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=ROWS_MAX)]


class Rows(Asked):
    """As serving.answers.requests.ScoreRows."""

    rows: Annotated[list[dict[str, float | None]], Field(max_length=ROWS_MAX)]


@app.post("/v1/score")
async def score(asked: Customers) -> Response:
    """By id."""
    found = champions.by_id(ScoreCustomers(asked.customer_ids, asked.top_reasons, asked.tasks))
    return Response(encode(found), media_type="application/json")


@app.post("/v1/score_rows")
async def score_rows(asked: Rows) -> Response:
    """By feature row."""
    found = champions.by_row(ScoreRows(asked.rows, asked.top_reasons, asked.tasks))
    return Response(encode(found), media_type="application/json")


@app.get("/v1/health")
async def health() -> dict[str, str]:
    """That it is there."""
    return {"status": "ready"}
