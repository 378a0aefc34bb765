"""Which version speaks: the first one is champion, later ones challenge it until somebody promotes them."""

from __future__ import annotations

from typing import NamedTuple

from features.problems import BadInput, ContractMismatch
from models.contract import Task
from models.registry import Alias, Registered, find, no_champion, registry_in_words, remove_alias, set_alias, version_at


class Moved(NamedTuple):
    """Who is champion now; the numbers of the version that was, and of the one that is challenger now."""

    champion: Registered
    before: int | None
    challenger: int | None


def introduce(registered: Registered, project: str, task: Task) -> Alias:
    """Give a newly trained version its alias and say which. A champion that can no longer be read makes way, and it is said."""
    current = version_at(project, task, "champion")
    if current is not None and str(current.version) == registered.version:
        return "champion"
    if current is not None and _is_readable(project, task):
        set_alias(registered, "challenger")
        return "challenger"
    if current is not None:
        set_alias(current, "previous")
    set_alias(registered, "champion")
    if current is not None and (challenger := version_at(project, task, "challenger")):
        remove_alias(challenger, "challenger")  # it is older than the version that now speaks
    return "champion"


def _is_readable(project: str, task: Task) -> bool:
    try:
        find(project, task, "champion")
    except ContractMismatch as error:
        print(f"  note: {error}; the new version takes its place")
        return False
    return True


def promote_challenger(project: str, task: Task) -> Moved:
    """Make the challenger the champion. Raises BadInput when there is no challenger."""
    challenger = find(project, task, "challenger")
    if challenger is None:
        raise BadInput(
            f"{project} has no challenger for {task} in {registry_in_words()}; train one first: "
            f"python -m training {task} CONFIG"
        )
    former = version_at(project, task, "champion")
    if former is not None:
        set_alias(former, "previous")  # first: whatever ends this half-way, there is a way back
    set_alias(challenger, "champion")
    remove_alias(challenger, "challenger")
    return Moved(challenger, former and former.version, None)


def restore_previous(project: str, task: Task) -> Moved:
    """Make the former champion the champion again; who replaced it is challenger, unless a later version waits already.

    Raises BadInput when there is none: one former champion is kept, so that going back twice is refused.
    """
    replaced, former = version_at(project, task, "champion"), find(project, task, "previous")
    if replaced is None:
        raise no_champion(project, task)
    if former is None:
        raise BadInput(
            f"{project} has no earlier champion for {task} than v{replaced.version}, which stays: nothing was promoted, or it "
            "was taken back already"
        )
    waiting = version_at(project, task, "challenger")
    if waiting is None:
        set_alias(replaced, "challenger")
    set_alias(former, "champion")
    remove_alias(former, "previous")
    return Moved(former, replaced.version, (waiting or replaced).version)
