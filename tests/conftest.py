"""Settings that all tests share."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# Examples are the same in every run and never fail for being slow on a busy machine.
settings.register_profile("cvm", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None)
settings.load_profile("cvm")


def pytest_configure(config: pytest.Config) -> None:
    # Ibis 12 uses an option and a method whose end pandas 3.1 and DuckDB 1.5 announced; nothing here can mend it.
    config.addinivalue_line("filterwarnings", "ignore:The 'future.infer_string' option is deprecated")
    config.addinivalue_line("filterwarnings", r"ignore:fetch_arrow_table\(\) is deprecated")
