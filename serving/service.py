"""The BentoML service: the application of `serving.http` on a project's champions. Its environment: docs/service.md."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import bentoml

from features.problems import BadInput
from serving.http.access import refuse_open_doors
from serving.http.listening import listening_hosts, named_hosts
from serving.open import open_application
from serving.settings import IS_BENTO, read_settings
from serving.supervised import LOOKS_EVERY, end_when_told, is_supervisor, leave

logger = logging.getLogger("cvm")


class Mounted:
    """Stands for the application until the server has started: what is mounted has to be there when this file is read."""

    application: Callable[..., Awaitable[None]]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Hand over to the application."""
        await self.application(scope, receive, send)


def _refuse(bad: BadInput) -> None:
    for problem in bad.problems:
        print(f"cvm: {problem}", file=sys.stderr)
    leave()


class Straight:
    """Instead of BentoML's limit of time, which keeps a timer of each request to its end; ours are in `serving.http`."""

    def __init__(self, app: Any, timeout: float) -> None:
        del timeout
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Hand over."""
        await self._app(scope, receive, send)


def _keep_no_timers() -> None:
    with suppress(ImportError, AttributeError):
        from bentoml._internal.server.http import traffic

        traffic.TimeoutMiddleware = Straight


def _supervise() -> None:
    """BentoML has no setting for how often it looks after its workers."""
    end_when_told()
    with suppress(ImportError, AttributeError):
        from bentoml._internal.utils import circus

        circus.create_standalone_arbiter = partial(circus.create_standalone_arbiter, check_delay=LOOKS_EVERY)


# Relative paths are those of the folder in which the service was started; of a Bento BentoML itself begins in the Bento.
FOLDER = Path(os.environ.get("PWD") or Path.cwd()) if IS_BENTO else Path.cwd()
try:  # before anything is bound
    settings = read_settings()
    refuse_open_doors(settings.access, named_hosts(sys.argv, os.environ))
except BadInput as bad:
    _refuse(bad)
if is_supervisor(sys.argv):
    _supervise()
_keep_no_timers()
mounted = Mounted()


@bentoml.service(
    name="cvm",
    workers=settings.workers,
    http={"host": "127.0.0.1", "port": 3000},
    traffic={"timeout": 120},
    metrics={"enabled": False},  # the application counts by itself, at /metrics
    tracing={"excluded_urls": ".*"},  # spans that nobody collects took half the time of a request
    logging={"access": {"enabled": False}},
)
@bentoml.asgi_app(mounted, path="/")
class CustomerValue:
    """Churn, value and propensity of customers, with reasons; of these what the project's data can teach."""

    def __init__(self) -> None:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
        os.chdir(FOLDER)
        try:
            refuse_open_doors(settings.access, listening_hosts())
            self.live, mounted.application = open_application(settings)
        except BadInput as bad:
            _refuse(bad)
        except Exception:  # a fault of ours: another start would end the same way
            logger.exception("the service cannot start")
            leave()
        self.live.watch(settings.poll_seconds)

    @bentoml.on_shutdown
    def close(self) -> None:
        """Watch no longer."""
        self.live.stop()
