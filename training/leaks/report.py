"""The leakage check by itself: what was looked at and what was found, for every task that the data can tell."""

from __future__ import annotations

from features.problems import BadData, BadInput
from features.project import Project
from features.snapshots import Manifest, load_manifest
from models.contract import TASKS, Task
from training.dates import closed_by
from training.frame import Frame, training_frame
from training.leaks.check import find_leaks, refuse_unknown_waivers
from training.leaks.copies import copies_note
from training.settings import TrainingSettings


def report_leaks(project: Project, settings: TrainingSettings) -> None:
    """Print what was looked at for each task. Raises BadData with every leak that has not been waived."""
    manifest = load_manifest(project)  # says what to do where features have not been built
    refuse_unknown_waivers(settings.waived_features, [feature.name for feature in manifest.features()])
    found: dict[str, str] = {}
    for task in TASKS:
        try:
            frame = rows_to_look_at(project, manifest, task)
        except BadInput as untold:
            print(f"  left out: {untold}")
            continue
        if not frame.outcomes.shape[1]:
            print(f"  left out: {task} of {project.name}: no outcome is mapped")
            continue
        said = find_leaks(frame, settings.waived_features)
        print(f"  {task}: {_looked_at(frame)}: {len(said) or 'nothing'} found")
        if note := copies_note(frame):
            print(f"    note: {note}")
        found |= {name: f"{task}: {sentence}" for name, sentence in said.items() if name not in found}
    if found:
        raise BadData(list(found.values()))


def rows_to_look_at(project: Project, manifest: Manifest, task: Task) -> Frame:
    """The rows a model would be fitted on; all labelled rows where there is one date only."""
    judged = manifest.judged_at
    if dates := closed_by(judged, manifest.grid, manifest.horizon_days):
        return training_frame(project, manifest, task, dates, known_by=judged)
    return training_frame(project, manifest, task, manifest.grid)


def _looked_at(frame: Frame) -> str:
    dates = sorted(set(frame.as_of))
    when = f"{dates[0]} to {dates[-1]}, {len(dates)} dates" if len(dates) > 1 else str(dates[0]) if dates else "no date"
    return f"looked at {len(frame.rows):,} rows, {frame.rows.shape[1]} features ({when})"
