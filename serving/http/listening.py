"""Where the service can be asked from: the addresses a command names, and those this process listens at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import psutil


def named_hosts(arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The address that `bentoml serve` was told; none where it was told none, so that the service binds to 127.0.0.1."""
    found = [environment["BENTOML_HOST"]] if environment.get("BENTOML_HOST") else []
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word in ("--host", "-h"):
            found = [following]
        elif word.startswith("--host="):
            found = [word.removeprefix("--host=")]
    return found


def listening_hosts() -> list[str]:
    """The addresses of the sockets this process has been given to listen at."""
    connections = psutil.Process().net_connections(kind="inet")
    return [str(one.laddr.ip) for one in connections if one.status == psutil.CONN_LISTEN]
