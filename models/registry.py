"""Fitted models by alias: log a bundle to the MLflow registry, and get the champion back."""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import ColSpec, Schema

from features.problems import BadInput, ContractMismatch
from models.bundle import Bundle, bundle_hash, load_bundle
from models.contract import Task

Alias = Literal["champion", "challenger", "previous"]
DEFAULT_FILE = Path("mlflow.db")
DEFAULT_TRACKING_URI = f"sqlite:///{DEFAULT_FILE}"
NO_SUCH_MODEL_OR_ALIAS = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
# What it takes, beside this project's packages, to load a bundle; stored with it in the versions it was made with.
REQUIREMENTS = (
    "duckdb",
    "ibis-framework",
    "mlflow",
    "numpy",
    "pandas",
    "pydantic",
    "scikit-learn",
    "scipy",
    "sqlglot",
    "xgboost-cpu",
)


@dataclass(frozen=True)
class Registered:
    """A bundle in the registry."""

    name: str
    version: str
    alias: Alias | None
    hash: str
    bundle: Bundle

    @property
    def label(self) -> str:
        """Name, version and content hash, as written beside every prediction."""
        return f"{self.name} v{self.version} {self.hash}"


def use_registry() -> MlflowClient:
    """The registry named by MLFLOW_TRACKING_URI, else the SQLite file in the current folder."""
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_TRACKING_URI)
    return MlflowClient()


def _model_name(project: str, task: Task) -> str:
    """What a project's model of one kind is called in the registry."""
    return f"{project}-{task}"


def log_and_register(bundle: Bundle, folder: Path) -> Registered:
    """Log the bundle saved in `folder` to the current run and register it, without any alias."""
    contract, hash_ = bundle.contract, bundle_hash(folder)
    answers = list(bundle.predict(bundle.golden).columns)
    signature = ModelSignature(
        inputs=Schema([ColSpec("double", name) for name in contract.features]),
        outputs=Schema([ColSpec("double", name) for name in answers]),
    )
    info = mlflow.pyfunc.log_model(
        name="bundle",
        python_model=str(Path(__file__).with_name("pyfunc.py")),
        artifacts={"bundle": str(folder)},
        signature=signature,
        input_example=bundle.golden.head(2),
        pip_requirements=[f"{library}=={installed(library)}" for library in REQUIREMENTS],
    )
    if info.signature is None:
        raise RuntimeError("MLflow stored the model without its signature")
    name = _model_name(contract.project, contract.task)
    tags = {"bundle_hash": hash_, "made_from": contract.made_from}
    version = mlflow.register_model(info.model_uri, name, tags=tags).version
    return Registered(name, str(version), None, hash_, bundle)


def made_from(project: str, task: Task, key: str) -> Registered | None:
    """The registered bundle made from the same data, settings, code and libraries, if there is one."""
    wanted = f"name = '{_model_name(project, task)}' and tags.made_from = '{key}'"
    for version in use_registry().search_model_versions(wanted):
        with suppress(ContractMismatch):  # one whose files were changed is made again
            return _load(version, None)
    return None


def remove_alias(registered: Registered | ModelVersion, alias: Alias) -> None:
    """Take an alias away from a model."""
    use_registry().delete_registered_model_alias(registered.name, alias)


def set_alias(registered: Registered | ModelVersion, alias: Alias) -> None:
    """Point an alias at a version."""
    use_registry().set_registered_model_alias(registered.name, alias, registered.version)


def find(project: str, task: Task, alias: Alias) -> Registered | None:
    """The bundle an alias points at, its golden rows checked; None when the alias is not set."""
    version = version_at(project, task, alias)
    return None if version is None else _load(version, alias)


def champion_into(folder: Path, project: str, task: Task) -> Registered:
    """The champion with its files copied into a new folder, from which `load_kept` loads it without a registry."""
    version = version_at(project, task, "champion")
    if version is None:
        raise no_champion(project, task)
    with TemporaryDirectory() as local:
        found = _checked(_downloaded(version, Path(local)), version.name, str(version.version), "champion", _stored_as(version))
        shutil.copytree(found.folder, folder)
    return found.registered


def load_kept(folder: Path, name: str, version: str, stored_as: str) -> Registered:
    """A bundle that `champion_into` left in a folder. Raises ContractMismatch where any byte of it has changed or is gone."""
    try:
        return _checked(folder, name, version, "champion", stored_as).registered
    except OSError as error:
        raise ContractMismatch(f"{name} v{version}: {folder}: {error.strerror}") from None


def waiting_challenger(project: str, task: Task) -> str | None:
    """Name and version of the challenger, if there is one; its bundle is not read."""
    version = version_at(project, task, "challenger")
    return None if version is None else f"{version.name} v{version.version}"


def champion(project: str, task: Task) -> Registered:
    """The champion. Raises BadInput when there is none."""
    found = find(project, task, "champion")
    if found is None:
        raise no_champion(project, task)
    return found


def no_champion(project: str, task: Task) -> BadInput:
    """What to say where there is none."""
    return BadInput(
        f"no champion of {_model_name(project, task)} in {registry_in_words()}; train it first: "
        f"python -m training {task} CONFIG"
    )


def registry_in_words() -> str:
    """Where models are looked for, and how to look elsewhere. An address is not said: it may hold a password."""
    if os.environ.get("MLFLOW_TRACKING_URI"):
        return "the registry that MLFLOW_TRACKING_URI names"
    return (
        f"the registry of the current folder ({DEFAULT_TRACKING_URI}; models trained in another folder are found from there, "
        "or with MLFLOW_TRACKING_URI set)"
    )


def version_at(project: str, task: Task, alias: Alias) -> ModelVersion | None:
    """The version an alias points at; its bundle is not read, which another version of this project may have written."""
    if _is_nowhere():
        return None
    try:
        return use_registry().get_model_version_by_alias(_model_name(project, task), alias)
    except MlflowException as error:
        if error.error_code in NO_SUCH_MODEL_OR_ALIAS:
            return None
        raise  # a registry that cannot be asked is not one without a champion


def _is_nowhere() -> bool:
    """Whether nothing was ever trained from the current folder; to ask would leave an empty registry there."""
    return not os.environ.get("MLFLOW_TRACKING_URI") and not DEFAULT_FILE.exists()


def _load(version: ModelVersion, alias: Alias | None) -> Registered:
    with TemporaryDirectory() as local:
        folder = _downloaded(version, Path(local))
        return _checked(folder, version.name, str(version.version), alias, _stored_as(version)).registered


class _Checked(NamedTuple):
    folder: Path
    registered: Registered


def _downloaded(version: ModelVersion, local: Path) -> Path:
    mlflow.artifacts.download_artifacts(f"models:/{version.name}/{version.version}", dst_path=str(local))
    folders = [path.parent for path in local.rglob("contract.json")]
    if len(folders) != 1:
        raise ContractMismatch(f"{version.name} v{version.version}: its files are not there; train it again")
    return folders[0]


def _stored_as(version: ModelVersion) -> str | None:
    hash_: str | None = version.tags.get("bundle_hash")
    return hash_


def _checked(folder: Path, name: str, version: str, alias: Alias | None, stored_as: str | None) -> _Checked:
    """The bundle in a folder: its hash is the one it was registered with, and its golden rows come out."""
    hash_ = bundle_hash(folder)
    if hash_ != stored_as:  # asked before anything of it is read
        raise ContractMismatch(
            f"{name} v{version} {hash_}: its files were changed since it was registered as {stored_as}; train it again"
        )
    try:
        return _Checked(folder, Registered(name, version, alias, hash_, load_bundle(folder)))
    except ContractMismatch as error:
        raise ContractMismatch(f"{name} v{version}: {error}") from None
