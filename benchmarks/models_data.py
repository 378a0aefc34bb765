"""The companies that are judged: a mapping file with other dates, its snapshots, and the frames of the project itself."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.models_case import Floats, SkippedError
from benchmarks.models_kept import FOLDER
from features.project import Project, read_project
from features.snapshots import Manifest, build_snapshots, snapshot_folder
from models.contract import Task
from training.dates import closed_by
from training.frame import Frame, training_frame

DATA_FROM = "CVM_DATA"  # names the folder of the data that may not be carried here


@dataclass(frozen=True)
class Company:
    """A mapping file and what the project made of it."""

    config: Path
    project: Project
    manifest: Manifest

    @property
    def judged_at(self) -> date:
        """The date whose outcomes are predicted."""
        return self.manifest.judged_at

    @property
    def closed(self) -> tuple[date, ...]:
        """The dates whose label windows have closed by the judged one."""
        return closed_by(self.judged_at, self.manifest.grid, self.manifest.horizon_days)

    def frame(self, task: Task, *dates: date) -> Frame:
        """Rows and outcomes as known on the judged date; by default of all closed dates and the judged one."""
        return training_frame(
            self.project, self.manifest, task, dates or (*self.closed, self.judged_at), known_by=self.judged_at
        )

    @cached_property
    def buys(self) -> Frame:
        """Who orders: 1."""
        frame = self.frame("churn")
        return Frame(frame.customer_id, frame.as_of, frame.rows, 1 - frame.outcomes, frame.horizon_days)

    @cached_property
    def spends(self) -> Frame:
        """Net spend; whoever gives back more than she buys brought nothing."""
        frame = self.frame("clv")
        return Frame(frame.customer_id, frame.as_of, frame.rows, np.maximum(frame.outcomes, 0), frame.horizon_days)

    @cached_property
    def customers(self) -> np.ndarray:
        """Whose outcomes are judged, in the order of all predictions."""
        return self.buys.at(self.judged_at).customer_id

    def outcome(self, frame: Frame) -> Floats:
        """The judged outcomes of `buys` or `spends`, in the order of `customers`."""
        judged = frame.at(self.judged_at)
        if not np.array_equal(judged.customer_id, self.customers):
            raise RuntimeError("the frames of two tasks have other customers")
        return judged.outcomes[:, 0]

    @cached_property
    def orders(self) -> pd.DataFrame:
        """The checked order lines known on the judged date: customer_id, day, amount."""
        lines = pd.read_parquet(snapshot_folder(self.project) / "orders.parquet")
        known = lines["occurred_at"] < pd.Timestamp(self.judged_at)
        if "recorded_at" in lines:
            known &= lines["recorded_at"] < pd.Timestamp(self.judged_at)
        lines = lines[known]
        day, amount = lines["occurred_at"].dt.normalize().astype("datetime64[ns]"), lines["amount"].astype(np.float64)
        return pd.DataFrame({"customer_id": lines["customer_id"].astype(str), "day": day, "amount": amount})


def company(config: Path, name: str, changes: dict[str, object]) -> Company:
    """The snapshots of a copy of a mapping file with some keys changed, e.g. {"dates.judged_at": date(2011, 6, 1)}."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    copy = FOLDER / f"{name}.toml"
    copy.write_text(
        changed(config.read_text(encoding="utf-8"), changes | {"project.out": str(FOLDER / name)}), encoding="utf-8"
    )
    project = read_project(copy)
    return Company(copy, project, build_snapshots(project))


def changed(text: str, changes: dict[str, object]) -> str:
    """A mapping file's text with keys set: `section.key` replaced where it is there, else put first in its section."""
    for name, value in changes.items():
        section, key = name.rsplit(".", 1)
        written = f"{key} = {value}" if isinstance(value, int | date) else f'{key} = "{value}"'
        if f"[{section}]\n" not in text:
            text += f"\n[{section}]\n"
        before, header, after = text.partition(f"[{section}]\n")
        body, *rest = re.split(r"(?m)^(?=\[)", after, maxsplit=1)
        there = re.compile(rf"(?m)^{re.escape(key)} *=.*$")
        body = there.sub(lambda _, written=written: written, body) if there.search(body) else f"{written}\n{body}"
        text = before + header + body + "".join(rest)
    return text


def outside(path: str) -> Path:
    """A file of the data that is not carried here. Raises SkippedError where it is absent."""
    if not (folder := os.environ.get(DATA_FROM)):
        raise SkippedError(f"its data may not be carried here: name the folder that holds {path} in {DATA_FROM}")
    if not (file := Path(folder) / path).is_file():
        raise SkippedError(f"{DATA_FROM} has no {path}")
    return file
