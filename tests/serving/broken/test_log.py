"""The prediction log where a disk is full, a file is moved away, pieces are torn, threads and workers write at once, clocks are wrong."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from features.problems import BadInput
from serving.answers.messages import Answer, AnswerList
from serving.live.prediction_log import LogFull, PredictionLog, open_log
from tests.serving.broken.asking import Asked, lines_of

KEY = b"k" * 32
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[3]


def answers(*ids: str) -> AnswerList:
    return AnswerList([Answer(one, None, False) for one in ids], NOW.date(), {"churn": "m v1"}, {})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log" / "predictions.log.jsonl"


@pytest.fixture
def log(file: Path) -> Iterator[PredictionLog]:
    found = PredictionLog(file, KEY)
    yield found
    found.close()


def writing(most: Callable[[int], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes only so many bytes of a line."""
    write = os.write

    def limited(descriptor: int, data: bytes) -> int:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return write(descriptor, data)
        room = most(len(data))
        if room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[:room])

    monkeypatch.setattr(os, "write", limited)


@pytest.mark.parametrize("room", [0, 1, 50])
def test_what_cannot_be_written_is_not_answered_and_comes_back_when_there_is_room(
    ask: Asked, file: Path, eligible: list[str], monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    log = PredictionLog(file, KEY)
    asked, body = ask.with_(log=log), {"customer_ids": eligible[:3]}
    assert asked("/v1/score", body).status == 200
    with monkeypatch.context() as patch:
        writing(lambda _: room, patch)
        for path, one in (("/v1/score", body), ("/v1/score_rows", {"rows": [{}]}), ("/v1/score_events", {"events": {}})):
            reply = asked(path, one)
            assert reply.status == 503
            assert reply.error["code"] == "log_unavailable"
            assert int(reply.headers["retry-after"]) > 0
            assert b"churn_probability" not in reply.body
        assert asked("/v1/health").status == 200
        assert asked("/v1/nearest", {"customer_id": eligible[0], "below": 0.3}).status == 200  # is not written down
    assert asked("/v1/score", body).status == 200
    found = lines_of(file)
    assert [line["customers"] for line in found] == [[log.pseudonym(one) for one in eligible[:3]]] * 2


def test_a_full_disk_in_truth_loses_no_acknowledged_line(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting is not permitted here")
    try:
        file, filler = small / "predictions.log.jsonl", small / "filler"
        log, acknowledged = PredictionLog(file, KEY), []
        filler.write_bytes(b"x" * 16_384)
        for k in range(2_000):
            one = f"customer {k}" * (k % 7 + 1)
            try:
                log.write("score", answers(one))
                acknowledged.append([log.pseudonym(one)])
            except LogFull:
                filler.unlink(missing_ok=True)
                if k > 500:
                    break
        log.close()
        assert len(acknowledged) > 50
        assert not filler.exists()
        assert [line["customers"] for line in lines_of(file)] == acknowledged
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_piece_that_another_process_left_does_not_swallow_the_next_line(log: PredictionLog, file: Path) -> None:
    log.write("score", answers("a"))
    with file.open("ab") as other:
        other.write(b'{"at":"2026-01-01","proc')
    log.write("score", answers("b"))
    PredictionLog(file, KEY).write("score", answers("c"))
    assert [line["customers"] for line in lines_of(file)] == [[log.pseudonym(one)] for one in "abc"]
    assert len(file.read_bytes().splitlines()) == 4


def test_a_log_that_ended_in_a_torn_piece_is_gone_on_with_after_a_restart(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b'{"at":"2026')
    PredictionLog(file, KEY).write("score", answers("a"))
    assert len(lines_of(file)) == 1


def test_a_file_that_is_moved_away_is_written_anew(log: PredictionLog, file: Path) -> None:
    log.write("score", answers("a"))
    file.rename(file.with_suffix(".1"))
    log.write("score", answers("b"))
    assert [len(lines_of(one)) for one in (file.with_suffix(".1"), file)] == [1, 1]


def test_a_file_that_another_worker_has_made_anew_is_gone_on_with(log: PredictionLog, file: Path) -> None:
    other = PredictionLog(file, KEY)
    for one in (log, other):
        one.write("score", answers("a"))
    file.rename(file.with_suffix(".1"))
    for one in (log, other, log):
        one.write("score", answers("b"))
    assert [len(lines_of(one)) for one in (file.with_suffix(".1"), file)] == [2, 3]


def test_a_folder_that_is_removed_is_made_anew(ask: Asked, file: Path, eligible: list[str]) -> None:
    asked, body = ask.with_(log=PredictionLog(file, KEY)), {"customer_ids": eligible[:1]}
    assert asked("/v1/score", body).status == 200
    shutil.rmtree(file.parent)
    assert asked("/v1/score", body).status == 200
    assert len(lines_of(file)) == 1


def test_where_the_folder_cannot_be_made_nothing_is_answered(ask: Asked, file: Path) -> None:
    file.parent.write_text("a file where the folder was", encoding="utf-8")
    asked = ask.with_(log=PredictionLog(file, KEY))
    assert asked("/v1/score", {"customer_ids": []}).status == 503
    file.parent.unlink()
    assert asked("/v1/score", {"customer_ids": []}).status == 200


def test_threads_that_write_while_files_are_moved_away_lose_no_line(log: PredictionLog, file: Path) -> None:
    def write(number: int) -> None:
        for k in range(100):
            log.write("score", answers(f"{number} {k}"))
            if number == 0 and k % 10 == 0:
                file.rename(file.with_suffix(f".{k}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    lines = [line for one in file.parent.iterdir() for line in lines_of(one)]
    assert len(lines) == 800
    assert sorted(line["number"] for line in lines) == list(range(800))
    for one in file.parent.iterdir():
        numbers = [line["number"] for line in lines_of(one)]
        assert numbers == sorted(numbers)


WORKER = """
import sys
from pathlib import Path
from datetime import date
from serving.answers.messages import Answer, AnswerList
from serving.live.prediction_log import open_log
log = open_log(Path(sys.argv[1]), None)
for k in range(200):
    log.write("score", AnswerList([Answer(f"{sys.argv[2]} {k}", None, False)] * 200, date(2026, 1, 1), {}, {}))
print(log.pseudonym("x"))
"""


def test_processes_that_start_at_once_share_one_key_and_one_file(file: Path) -> None:
    command = [sys.executable, "-c", WORKER, str(file)]
    workers = [subprocess.Popen([*command, str(k)], stdout=subprocess.PIPE, cwd=ROOT, text=True) for k in range(3)]
    assert len({one.communicate()[0] for one in workers}) == 1
    assert len(lines_of(file)) == 600
    assert sorted(one.name for one in file.parent.iterdir()) == ["predictions.log.jsonl", "pseudonym.key"]


@pytest.mark.parametrize("content", [b"", b"k" * 31, b"k" * 33])
def test_a_key_that_was_cut_is_refused(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.with_name("pseudonym.key").write_bytes(content)
    with pytest.raises(BadInput, match="expected 32 bytes"):
        open_log(file, None)


CLOCKS: list[Callable[[int], timedelta]] = [
    lambda k: timedelta(days=-365 * (k > 4)),
    lambda k: timedelta(days=365 * (k > 4)),
    lambda k: timedelta(seconds=-k),
    lambda k: timedelta(days=36_500 * (-1) ** k),
    lambda _: timedelta(0),
]


@pytest.mark.parametrize("moved", CLOCKS)
def test_a_clock_that_is_moved_changes_neither_answers_nor_the_order_of_lines(
    ask: Asked, file: Path, eligible: list[str], moved: Callable[[int], timedelta]
) -> None:
    times = iter([NOW + moved(k) for k in range(10)])
    asked = ask.with_(log=PredictionLog(file, KEY, clock=lambda: next(times)))
    found = [asked.scores("/v1/score", {"customer_ids": eligible[:2]}) for _ in range(10)]
    assert all(one == found[0] for one in found)
    lines = lines_of(file)
    assert [line["at"] for line in lines] == [(NOW + moved(k)).isoformat(timespec="milliseconds") for k in range(10)]
    assert sorted(lines, key=lambda line: (line["start"], line["number"])) == lines


def test_a_service_under_a_wrong_clock_answers_as_under_the_right_one(
    ask: Asked, file: Path, eligible: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`libfaketime` is seldom there: the modules that ask for the time are told another."""
    before = ask.scores("/v1/score_events", {"events": {}}), ask.scores("/v1/score", {"customer_ids": eligible[:5]})

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Wrong:
            return cls(1971, 1, 1, tzinfo=tz)

    for module in ("serving.live.watch", "serving.live.prediction_log"):
        monkeypatch.setattr(f"{module}.datetime", Wrong)
    monkeypatch.setattr("time.time", lambda: 31_536_000.0)
    asked = ask.with_(log=PredictionLog(file, KEY))
    after = asked.scores("/v1/score_events", {"events": {}}), asked.scores("/v1/score", {"customer_ids": eligible[:5]})
    assert after == before
    assert not asked.live.look()
    assert asked("/v1/health").json()["status"] == "ready"
    assert lines_of(file)[0]["at"].startswith("1971-01-01") or lines_of(file)[0]["at"] < "2100"


def test_no_customer_stands_in_the_log_under_her_id(ask: Asked, file: Path, eligible: list[str]) -> None:
    asked = ask.with_(log=PredictionLog(file, KEY))
    asked("/v1/score", {"customer_ids": [f"secret-{k}" for k in range(5)] + eligible[:3]})
    asked("/v1/score_events", {"customer_id": "secret-6", "events": {}})
    text = file.read_text(encoding="utf-8")
    assert "secret" not in text
    assert not any(json.dumps(one) in text for one in eligible[:3])
