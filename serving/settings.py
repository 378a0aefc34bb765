"""What the service is told by its environment: what to serve, who may ask, and how much at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from features.problems import BadConfig
from serving.http.access import Access, read_access
from serving.http.app import Limits

DEFAULT_CONFIG = "configs/online_retail.toml"
ROOT = Path(__file__).parents[1]
IS_BENTO = (ROOT.parent / "bento.yaml").exists()
SHIPPED = ROOT / "champion"  # in a Bento; in a checkout it is what the next Bento will hold, and is not served
OFF = "off"


@dataclass(frozen=True)
class Settings:
    """The environment, read. `config` is None where a release is served as it is, without a registry to watch."""

    config: Path | None
    release: Path | None
    kept: Path | None  # None: where the project's outputs are
    access: Access
    limits: Limits
    poll_seconds: float
    prediction_log: Path | None  # None: where the project's outputs are
    has_log: bool
    pseudonym_key: str | None
    workers: int


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """From variables whose names begin with CVM_. Raises BadConfig naming each that is wrong."""
    problems: list[str] = []

    def number(name: str, default: float, least: float) -> float:
        try:
            found = float(environment.get(name) or default)
        except ValueError:
            found = least - 1
        if not least <= found < float("inf"):
            problems.append(f"{name} = {environment.get(name)!r}: expected a number, at least {least:g}")
        return found

    config, release = environment.get("CVM_CONFIG"), environment.get("CVM_RELEASE")
    if not config and not release and IS_BENTO:
        release = str(SHIPPED)
    if config and release:
        problems.append("CVM_CONFIG and CVM_RELEASE: name one; CVM_KEPT is the folder where champions are kept")
    log, kept = environment.get("CVM_PREDICTION_LOG") or "", environment.get("CVM_KEPT")
    limits = Limits(
        body_bytes=int(number("CVM_BODY_MB_MAX", 16, 0.001) * 2**20),
        in_flight=int(number("CVM_IN_FLIGHT_MAX", 256, 1)),
        waiting=int(number("CVM_WAITING_MAX", 16, 1)),
    )
    poll_seconds, workers = number("CVM_POLL_SECONDS", 10, 0.1), number("CVM_WORKERS", 1, 1)
    try:
        access = read_access(environment.get("CVM_TOKENS", ""))
    except BadConfig as bad:
        problems += bad.problems
    if problems:
        raise BadConfig(problems)
    return Settings(
        config=None if release else Path(config or DEFAULT_CONFIG),
        release=Path(release) if release else None,
        kept=Path(kept) if kept else None,
        access=access,
        limits=limits,
        poll_seconds=poll_seconds,
        prediction_log=Path(log) if log and log != OFF else None,
        has_log=log != OFF,
        pseudonym_key=environment.get("CVM_PSEUDONYM_KEY") or None,
        workers=int(workers),
    )
