"""What answers: champions, checked, with everything it takes to make features as they were trained on. In memory or a folder.

The folder holds a bundle for each task, the mapping file and `release.json`; no customer row. A service leaves one behind
when it has loaded champions, so that it starts without a registry, too; a Bento brings one.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from features.build import Reach
from features.changes import WhatIfSection, read_what_if
from features.feature import Words
from features.outputs import whole_directory
from features.problems import BadInput, ContractMismatch
from features.project import Project, read_project
from features.snapshots import Manifest, load_manifest, manifest_at_hand
from models.actions.settings import Action, read_actions
from models.contract import TASKS, Frozen, Task
from models.recipes import possible
from models.registry import Registered, champion_into, load_kept, version_at
from models.value.settings import Layer, read_layer
from serving.scoring.scorer import Scorer, fitting, load_scorer

FILE = "release.json"
MAPPING = "mapping.toml"


class Version(Frozen):
    """A registered bundle by name, version and content hash."""

    name: str
    version: str
    hash: str


class Kept(Frozen):
    """`release.json`: which versions, and what features were made from for them."""

    models: dict[Task, Version]
    scored_at: date
    words: Words
    reach: Reach


@dataclass(frozen=True)
class Release:
    """Champions and the settings they were trained with. `manifest` is None where no snapshots are at hand."""

    project: Project
    layer: Layer
    section: WhatIfSection
    actions: tuple[Action, ...]
    scorer: Scorer
    scored_at: date
    words: Words
    reach: Reach
    manifest: Manifest | None
    remark: str | None = None  # what is to be said of the snapshots


def kept_folder(config: Path | None) -> Path:
    """Where a service keeps the champions of a project for its next start."""
    if config is None:
        raise BadInput("nothing to serve: CVM_CONFIG names a mapping file, or CVM_RELEASE a folder with champions")
    return read_project(config).folder / "champions"


def from_registry(config: Path, folder: Path) -> Release:
    """The champions of now, their hashes and golden rows checked, and copied into a new folder for a start without a registry.

    Raises BadInput where snapshots or champions are missing or do not fit, where the mapping file has faults, and for a folder
    that holds anything but a release; a folder that is there stays as it was then.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not (folder / FILE).is_file()):
        raise BadInput(f"{folder} holds something else than a release; name a new or an empty folder")
    with whole_directory(folder) as unfinished:
        return into(unfinished, config)


def into(folder: Path, config: Path) -> Release:
    """The same into an empty folder."""
    project, sections = read_project(config), _sections(config)
    manifest = manifest_at_hand(project)
    if manifest is None:
        raise BadInput(f"no snapshots of {project.name} in {project.folder}; build them first: python -m features build CONFIG")
    columns = [feature.name for feature in manifest.features()]
    scorer = load_scorer(project, manifest, columns, lambda name, task: champion_into(folder / task, name, task))
    versions = {task: Version(name=one.name, version=one.version, hash=one.hash) for task, one in scorer.models.items()}
    kept = Kept(models=versions, scored_at=manifest.scored_at, words=manifest.words, reach=manifest.reach)
    (folder / FILE).write_text(kept.model_dump_json(indent=1), encoding="utf-8")
    shutil.copyfile(config, folder / MAPPING)
    return replace(_release(project, sections, scorer, kept, manifest), remark=_remark(project))


def _remark(project: Project) -> str | None:
    """Whether data, settings or code have changed since the snapshots: they still answer, and it is said."""
    try:
        load_manifest(project)
    except BadInput as bad:
        return "; ".join(bad.problems)
    return None


def from_folder(folder: Path) -> Release:
    """What `from_registry` kept, checked again. Raises BadInput where it is not there, or any byte of a bundle has changed."""
    file = folder / FILE
    if not file.exists():
        raise BadInput(f"no champions are kept in {folder}")
    try:
        kept = Kept.model_validate_json(file.read_bytes())
    except ValidationError:
        raise ContractMismatch(f"{file} was written by another version of cvm or was changed") from None
    project, sections = read_project(folder / MAPPING), _sections(folder / MAPPING)
    models: dict[Task, Registered] = {
        task: load_kept(folder / task, one.name, one.version, one.hash) for task, one in kept.models.items()
    }
    manifest = manifest_at_hand(project)
    columns = {name for one in models.values() for name in one.bundle.contract.features}
    scorer = fitting(models, project, [f.name for f in manifest.features()] if manifest else list(columns))
    return _release(project, sections, scorer, kept, manifest)


def champions_now(project: Project) -> Mapping[Task, str]:
    """Version and registered hash of every champion the registry has now; no bundle is read."""
    manifest = manifest_at_hand(project)
    asked = {task: version_at(project.name, task, "champion") for task in (possible(manifest) if manifest else TASKS)}
    return {task: f"{one.version} {one.tags.get('bundle_hash')}" for task, one in asked.items() if one is not None}


class _Sections(NamedTuple):
    """What the service reads of a mapping file beside the project."""

    layer: Layer
    section: WhatIfSection
    actions: tuple[Action, ...]


def _sections(config: Path) -> _Sections:
    return _Sections(read_layer(config), read_what_if(config, read_project(config)), read_actions(config))


def _release(project: Project, sections: _Sections, scorer: Scorer, kept: Kept, manifest: Manifest | None) -> Release:
    return Release(
        project=project,
        layer=sections.layer,
        section=sections.section,
        actions=sections.actions,
        scorer=scorer,
        scored_at=manifest.scored_at if manifest else kept.scored_at,
        words=manifest.words if manifest else kept.words,
        reach=manifest.reach if manifest else kept.reach,
        manifest=manifest,
    )
