"""Where a command will listen, before it does."""

from __future__ import annotations

import pytest

from serving.http.listening import named_hosts

SERVE = ["/opt/bin/bentoml", "serve", "serving.service:CustomerValue"]


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([*SERVE, "--host", "127.0.0.1"], {}, ["127.0.0.1"]),
        ([*SERVE, "--host=::1"], {}, ["::1"]),
        ([*SERVE, "--host", "127.0.0.1", "--host", "0.0.0.0"], {}, ["0.0.0.0"]),
        (SERVE, {"BENTOML_HOST": "10.0.0.1"}, ["10.0.0.1"]),
        ([*SERVE, "--host", "127.0.0.1"], {"BENTOML_HOST": "10.0.0.1"}, ["127.0.0.1"]),
        (SERVE, {}, []),
        ([*SERVE, "--host"], {}, [""]),
        (["/opt/bin/pytest", "tests"], {}, []),
        (["_bentoml_impl/worker/service.py", "serving.service:CustomerValue", "--fd", "3"], {}, []),
    ],
)
def test_the_address_is_the_one_the_command_was_told_or_none(
    arguments: list[str], environment: dict[str, str], expected: list[str]
) -> None:
    assert named_hosts(arguments, environment) == expected
