"""Connecting to the engine of [source]."""

from __future__ import annotations

import sys

import ibis
import pytest

from features.engines.engine import connect
from features.problems import BadConfig
from features.project import SourceSection


def test_the_embedded_engine_keeps_the_time_zone_of_the_project() -> None:
    now = ibis.literal("2020-01-01T20:00:00+00").cast("timestamp('UTC')").cast("timestamp")
    for zone, hour in (("UTC", 20), ("Asia/Shanghai", 4)):
        assert connect(SourceSection(time_zone=zone)).execute(now).hour == hour


def test_a_database_is_reached_by_a_url_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_DB", raising=False)
    with pytest.raises(BadConfig, match=r"source\.connection_from_env = 'SHOP_DB': this environment variable is not set"):
        connect(SourceSection(backend="postgres", connection_from_env="SHOP_DB"))


def test_an_engine_that_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(BadConfig, match=r"source\.backend = 'pyspark' needs the extra \[spark\].*pip install '\.\[spark\]'"):
        connect(SourceSection(backend="pyspark"))
    monkeypatch.setenv("SHOP_DB", "postgres://localhost:1/shop")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BadConfig, match=r"source\.backend = 'postgres' needs the extra \[postgres\]"):
        connect(SourceSection(backend="postgres", connection_from_env="SHOP_DB"))
