"""The [training] section: defaults, and typos that are named with the nearest key."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.problems import BadConfig
from features.project import read_section
from models.contract import TASKS
from training.settings import TrainingSettings, Trials


def read(tmp_path: Path, text: str) -> TrainingSettings:
    file = tmp_path / "shop.toml"
    file.write_text(text, encoding="utf-8")
    return read_section(file, "training", TrainingSettings)


def test_without_a_section_the_defaults_hold(tmp_path: Path) -> None:
    assert read(tmp_path, "") == TrainingSettings()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        '[training]\nseed = 7\ninterval_coverage = 0.9\nwaived_features = ["fee"]\n[training.trials]\nchurn = 3\nclv = 0\n',
    )
    assert (found.seed, found.interval_coverage, found.waived_features) == (7, 0.9, ("fee",))
    assert {task: found.trials.of(task) for task in TASKS} == {"churn": 3, "clv": 0, "propensity": Trials().propensity}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[training]\nchurn_horizons_days = [0, 30]\n", "training.churn_horizons_days"),
        ("[training]\nchurn_horizons_days = [30, 731]\n", "training.churn_horizons_days"),
        ("[training]\ntrails = 3\n", "unknown key training.trails; did you mean 'trials'?"),
        ("[training]\ntrial = {churn = 3}\n", "unknown key training.trial; did you mean 'trials'?"),
        ("[training.trials]\nchurm = 1\n", "unknown key training.trials.churm; did you mean 'churn'?"),
        ("[training]\ninterval_coverge = 0.9\n", "unknown key training.interval_coverge; did you mean 'interval_coverage'?"),
        ("[training]\nzzz = 1\n", "unknown key training.zzz; valid: churn_horizons_days, interval_coverage, "),
        ("[training]\ntrials = 3\n", "training.trials = 3: "),
        ("[training]\nseed = -1\n", "training.seed = -1: expected at least 0"),
        ("[training]\ninterval_coverage = 1.0\n", "training.interval_coverage = 1.0: expected less than 1"),
        ("[training]\nlearning_rate = 0\n", "training.learning_rate = 0: expected more than 0"),
        ("[training]\nrounds_max = 5\n", "training.rounds_max = 5: expected at least 10"),
        ("[training]\nthreads = 0\n", "training.threads = 0: expected at least 1"),
        ("[training.trials]\nclv = -1\n", "training.trials.clv = -1: expected at least 0"),
    ],
)
def test_what_cannot_be_is_said_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadConfig) as refused:
        read(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'shop.toml'}: {said}")


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadConfig) as refused:
        read(tmp_path, "[training]\ntrails = 3\nseed = -1\n[training.trials]\nchurm = 1\n")
    assert len(refused.value.problems) == 3


def test_settings_never_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        TrainingSettings().seed = 1  # type: ignore[misc]
