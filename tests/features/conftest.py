"""A made-up shop in a folder of its own, and its front door."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import features.__main__ as front_door

CONFIG = """
[project]
name = "shop"
currency = "EUR"
horizon_days = 30

[tables.orders]
from = "orders.csv"
customer_id = "customer"
order_id = "invoice"
occurred_at = "bought_on"
amount = "price"
category = "kind"

[dates]
every_days = 30
history_days_min = 60
"""
HEADER = "customer,invoice,bought_on,price,kind\n"
# Two customers, twelve months, three lines each: 72 lines from 2020-01-01 to 2020-12-02.
LINES = "".join(
    f"{customer},{customer}{month},2020-{month:02}-0{day},{10 + month}.5,{kind}\n"
    for day, customer in ((1, "ada"), (2, "bo"))
    for month in range(1, 13)
    for kind in ("tea", "toys", "")
)


@dataclass(frozen=True)
class Answer:
    """What a command says and how it ends."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Shop:
    """The files of the shop, and the command that builds its snapshots."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def built(self) -> Path:
        return self.folder / "out" / "shop" / "features"

    def write(self, *, config: str = CONFIG, orders: str = HEADER + LINES) -> None:
        (self.folder / "shop.toml").write_text(config, encoding="utf-8")
        (self.folder / "orders.csv").write_text(orders, encoding="utf-8")

    def build(self) -> Answer:
        self.monkeypatch.setattr("sys.argv", ["features", "build", "shop.toml"])
        self.capsys.readouterr()
        status = front_door.main()
        out, err = self.capsys.readouterr()
        return Answer(status, out, err)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    """A shop whose files are in the current folder."""
    monkeypatch.chdir(tmp_path)
    made = Shop(tmp_path, monkeypatch, capsys)
    made.write()
    return made


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The text with each old part replaced; every old part must be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text
