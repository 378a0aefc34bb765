"""Which version speaks: the first one is champion, later ones challenge it until somebody promotes them."""

from __future__ import annotations

from features.problems import BadInput
from models.contract import Task
from models.registry import Alias, Registered, find, remove_alias, set_alias


def introduce(registered: Registered, project: str, task: Task) -> Alias:
    """Give a newly trained version its alias and say which."""
    current = find(project, task, "champion")
    if current is not None and current.version == registered.version:
        return "champion"
    alias: Alias = "champion" if current is None else "challenger"
    set_alias(registered, alias)
    return alias


def promote_challenger(project: str, task: Task) -> Registered:
    """Make the challenger the champion. Raises BadInput when there is no challenger."""
    challenger = find(project, task, "challenger")
    if challenger is None:
        raise BadInput(f"{project} has no challenger for {task}; train one first: python -m training {task} CONFIG")
    former = find(project, task, "champion")
    set_alias(challenger, "champion")
    remove_alias(challenger, "challenger")
    if former is not None:
        set_alias(former, "previous")
    return challenger


def restore_previous(project: str, task: Task) -> Registered:
    """Make the former champion the champion again. Raises BadInput when there is none."""
    former = find(project, task, "previous")
    if former is None:
        raise BadInput(f"{project} has no previous champion for {task}: nothing has been promoted yet")
    replaced = find(project, task, "champion")
    set_alias(former, "champion")
    remove_alias(former, "previous")
    if replaced is not None:
        set_alias(replaced, "challenger")
    return former
