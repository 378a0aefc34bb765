"""Fitted models by alias, in a registry of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from mlflow.types import DataType
from pandas.testing import assert_frame_equal

from features.problems import BadInput, ContractMismatch
from models.bundle import Bundle, bundle_hash, save_bundle
from models.contract import Task
from models.registry import Registered, champion, find, log_and_register, made_from, remove_alias, set_alias, use_registry

# Of MLflow and what it builds on; nothing here can mend them.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore:.*Any type hint is inferred as AnyType"
)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty registry, which the tests of this file fill."""
    folder = tmp_path_factory.mktemp("registry")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        patch.delenv("MLFLOW_RUN_ID", raising=False)
        use_registry()
        mlflow.set_experiment("made_up")
        yield folder


def register(bundle: Bundle, folder: Path) -> Registered:
    """Save and log a bundle as training does."""
    folder.mkdir()
    save_bundle(bundle, folder)
    with mlflow.start_run():
        return log_and_register(bundle, folder)


@pytest.fixture(scope="module")
def registered(registry: Path, bundles: dict[Task, Bundle]) -> Registered:
    """The clv bundle as version 1, without an alias."""
    return register(bundles["clv"], registry / "first")


def test_a_registered_bundle_is_known_by_name_version_and_the_hash_of_its_files(registered: Registered, registry: Path) -> None:
    assert registered.label == f"made_up-clv v1 {bundle_hash(registry / 'first')}"
    assert registered.alias is None


def test_the_signature_names_every_feature_as_a_double(registered: Registered) -> None:
    info = mlflow.models.get_model_info("models:/made_up-clv/1")
    columns = info.signature.inputs.inputs
    assert [column.name for column in columns] == registered.bundle.contract.features
    assert {column.type for column in columns} == {DataType.double}
    answers = info.signature.outputs.inputs
    assert [column.name for column in answers] == ["clv_90d", "clv_90d_lower_80", "clv_90d_upper_80"]
    assert {column.type for column in answers} == {DataType.double}


@pytest.mark.usefixtures("registered")
def test_what_it_takes_to_load_a_bundle_is_stored_with_it_in_the_locked_versions() -> None:
    stored = Path(mlflow.pyfunc.get_model_dependencies("models:/made_up-clv/1")).read_text(encoding="utf-8").split()
    lock = (Path(__file__).parents[2] / "requirements/run.txt").read_text(encoding="utf-8").split()
    assert {line.split("==")[0] for line in stored} >= {"ibis-framework", "scipy", "xgboost-cpu"}
    assert [line for line in stored if line not in lock] == []


def test_mlflow_serves_the_numbers_of_the_bundle(registered: Registered, odd_customers: pd.DataFrame) -> None:
    served = mlflow.pyfunc.load_model("models:/made_up-clv/1").predict(odd_customers)
    assert_frame_equal(served, registered.bundle.predict(odd_customers), check_exact=True)


@pytest.mark.usefixtures("registered")
def test_no_pickle_is_stored(registry: Path) -> None:
    mlflow.artifacts.download_artifacts("models:/made_up-clv/1", dst_path=str(registry / "downloaded"))
    stored = {file.suffix for file in (registry / "downloaded").rglob("*") if file.is_file()}
    assert ".json" in stored
    assert not stored & {".pkl", ".pickle", ".joblib", ".cloudpickle", ".skops"}


def test_a_bundle_made_from_the_same_is_found_and_no_other(
    registered: Registered, bundles: dict[Task, Bundle], odd_customers: pd.DataFrame
) -> None:
    found = made_from("made_up", "clv", "0123456789abcdef")
    assert found is not None
    assert (found.version, found.hash) == ("1", registered.hash)
    assert_frame_equal(found.bundle.predict(odd_customers), bundles["clv"].predict(odd_customers), check_exact=True)
    assert made_from("made_up", "clv", "another") is None
    assert made_from("made_up", "churn", "0123456789abcdef") is None


@pytest.mark.usefixtures("registered")
def test_without_a_champion_it_is_said_what_to_do() -> None:
    assert find("made_up", "clv", "champion") is None
    assert find("made_up", "churn", "champion") is None
    for task in ("clv", "churn"):
        with pytest.raises(BadInput) as refused:
            champion("made_up", task)
        said = f"no champion of made_up-{task} in the registry that MLFLOW_TRACKING_URI names; train it first: python -m training {task} CONFIG"
        assert str(refused.value) == said


@pytest.mark.usefixtures("registered")
def test_a_registry_that_cannot_be_asked_is_not_taken_for_one_without_a_champion(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_locked(*_: object) -> None:
        raise MlflowException("database is locked")

    monkeypatch.setattr(MlflowClient, "get_model_version_by_alias", is_locked)
    monkeypatch.setattr(MlflowClient, "search_model_versions", is_locked)
    for ask in (lambda: champion("made_up", "clv"), lambda: made_from("made_up", "clv", "0123456789abcdef")):
        with pytest.raises(MlflowException, match="database is locked"):
            ask()


def test_a_version_whose_files_were_changed_is_not_used(registered: Registered, registry: Path) -> None:
    # The judgement is no part of the golden rows; the hash covers it.
    (file,) = registry.glob("mlruns/**/evaluation.json")
    honest = file.read_text(encoding="utf-8")
    file.write_text(honest.replace("0.75", "0.95"), encoding="utf-8")
    assert made_from("made_up", "clv", "0123456789abcdef") is None  # so that it is made again
    set_alias(registered, "previous")
    with pytest.raises(ContractMismatch, match=f"its files were changed since it was registered as {registered.hash}"):
        find("made_up", "clv", "previous")
    file.write_text(honest, encoding="utf-8")
    assert made_from("made_up", "clv", "0123456789abcdef") is not None
    (contract,) = registry.glob("mlruns/**/contract.json")
    contract.rename(registry / "contract.json")
    with pytest.raises(ContractMismatch, match="made_up-clv v1: its files are not there; train it again"):
        find("made_up", "clv", "previous")
    (registry / "contract.json").rename(contract)
    remove_alias(registered, "previous")


def test_an_alias_moves_from_version_to_version(
    registered: Registered, registry: Path, make_bundle: Callable[..., Bundle]
) -> None:
    set_alias(registered, "champion")
    assert champion("made_up", "clv").version == "1"
    second = register(make_bundle("clv", made_from="another", seed=1), registry / "second")
    assert (second.version, second.hash != registered.hash) == ("2", True)
    assert champion("made_up", "clv").version == "1"  # registering alone changes nothing that is served
    set_alias(second, "champion")
    now = champion("made_up", "clv")
    assert (now.version, now.alias, now.hash) == ("2", "champion", second.hash)
    set_alias(registered, "champion")
    assert champion("made_up", "clv").hash == registered.hash
