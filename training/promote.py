"""Which version speaks: the first one is champion, later ones challenge it until somebody promotes them."""

from __future__ import annotations

from features.problems import BadInput, ContractMismatch
from models.contract import Task
from models.registry import Alias, Registered, find, remove_alias, set_alias, version_at


def introduce(registered: Registered, project: str, task: Task) -> Alias:
    """Give a newly trained version its alias and say which. A champion that can no longer be read makes way, and it is said."""
    current = version_at(project, task, "champion")
    if current is not None and str(current.version) == registered.version:
        return "champion"
    if current is not None and _is_readable(project, task):
        set_alias(registered, "challenger")
        return "challenger"
    set_alias(registered, "champion")
    if current is not None:
        set_alias(current, "previous")
        if challenger := version_at(project, task, "challenger"):
            remove_alias(challenger, "challenger")  # it is older than the version that now speaks
    return "champion"


def _is_readable(project: str, task: Task) -> bool:
    try:
        find(project, task, "champion")
    except ContractMismatch as error:
        print(f"  note: {error}; the new version takes its place")
        return False
    return True


def promote_challenger(project: str, task: Task) -> Registered:
    """Make the challenger the champion. Raises BadInput when there is no challenger."""
    challenger = find(project, task, "challenger")
    if challenger is None:
        raise BadInput(f"{project} has no challenger for {task}; train one first: python -m training {task} CONFIG")
    former = version_at(project, task, "champion")
    set_alias(challenger, "champion")
    remove_alias(challenger, "challenger")
    if former is not None:
        set_alias(former, "previous")
    return challenger


def restore_previous(project: str, task: Task) -> Registered:
    """Make the former champion the champion again. Raises BadInput when there is none."""
    former = find(project, task, "previous")
    if former is None:
        raise BadInput(f"{project} has no previous champion for {task}: nothing was promoted, or it was taken back already")
    replaced = version_at(project, task, "champion")
    set_alias(former, "champion")
    remove_alias(former, "previous")
    if replaced is not None:
        set_alias(replaced, "challenger")
    return former
