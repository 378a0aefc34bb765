"""Which version speaks: the first one is champion, later ones challenge it until somebody promotes them."""

from __future__ import annotations

from features.problems import BadInput
from models.contract import Task
from models.registry import Alias, Registered, find, set_alias


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
    set_alias(challenger, "champion")
    return challenger
