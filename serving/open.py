"""Put together what the service is: champions, log, pages and limits."""

from __future__ import annotations

import os

from serving.answers.release import kept_folder
from serving.desk.desk import RetentionDesk
from serving.desk.pages import desk_routes
from serving.http import metrics
from serving.http.app import Application
from serving.http.pages import Pages
from serving.live.prediction_log import PredictionLog, open_log
from serving.live.room import Room
from serving.live.watch import Live
from serving.settings import Settings

QUICK = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
}  # a registry that is away is soon known to be


def open_application(settings: Settings) -> tuple[Live, Application]:
    """The champions of now, and the application that answers by them. Raises BadInput where nothing can be served."""
    for name, value in QUICK.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    kept = settings.release or settings.kept or kept_folder(settings.config)
    live = Live.open(settings.config, kept)
    models = live.champions.release.scorer.models
    metrics.show_champions(models, {})
    live.on_swap = metrics.Swaps(live)
    pages = Pages(desk_routes(RetentionDesk.open(live.champions.release.project, lambda: live.champions.versions)))
    return live, Application(Room(live), settings.access, settings.limits, _log(settings, live), pages)


def _log(settings: Settings, live: Live) -> PredictionLog | None:
    if not settings.has_log:
        return None
    file = settings.prediction_log or live.champions.release.project.folder / "predictions.log.jsonl"
    return open_log(file, settings.pseudonym_key)
