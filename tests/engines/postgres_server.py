"""A PostgreSQL server of the tests' own: in a temporary folder, on a free port of this machine, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

BINARIES = Path("/usr/lib/postgresql")  # where Debian keeps them, by version
USER = "postgres"  # PostgreSQL refuses to run as root


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server with an empty database and yield its URL; stop and remove it at the end."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="cvm_postgres_"))
    data, port = folder / "data", _free_port()
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER)
        # Text in the order of a language, as most databases have it, which is not the order of its bytes.
        order = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
        _run(binaries / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync", *order)
        options = f"-p {port} -h 127.0.0.1 -k {folder} -F"  # -F: nothing here has to survive a crash
        _run(binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgres://{USER}@127.0.0.1:{port}/postgres"
        finally:
            _run(binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path:
    found = sorted(BINARIES.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    assert found, f"no PostgreSQL server under {BINARIES}: apt-get install postgresql"
    return found[-1].parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _run(*command: object) -> None:
    as_user = USER if os.geteuid() == 0 else None
    words = [str(word) for word in command]
    done = subprocess.run(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/", user=as_user, check=False
    )
    assert done.returncode == 0, done.stderr


def copy_into(url: str, tables: Mapping[str, pa.Table], schema: str = "raw") -> None:
    """Make each table in the database and fill it; infinite and missing numbers stay what they are."""
    import psycopg

    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")  # type: ignore[arg-type]
        for name, table in tables.items():
            columns = ", ".join(f'"{field.name}" {_type(field.type)}' for field in table.schema)
            cursor.execute(f"CREATE TABLE {schema}.{name} ({columns})")  # type: ignore[arg-type]
            with cursor.copy(f"COPY {schema}.{name} FROM STDIN") as copy:  # type: ignore[arg-type]
                for row in table.to_pylist():
                    copy.write_row(tuple(row.values()))


def _type(dtype: pa.DataType) -> str:
    if pa.types.is_timestamp(dtype):
        return "timestamptz" if dtype.tz else "timestamp"
    if pa.types.is_decimal(dtype):
        return f"numeric({dtype.precision}, {dtype.scale})"
    return {"string": "text", "double": "float8", "date32[day]": "date", "int64": "bigint", "bool": "boolean"}[str(dtype)]
