"""What would make a plan impossible: found when the tasks are written, not when somebody waits."""

from collections import Counter
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from knowledge.models import Task


def check(tasks: Sequence[Task]) -> list[str]:
    """A sentence for each double id, each unknown prerequisite and each ring of tasks that wait for each other."""
    count = Counter(task.id for task in tasks)
    problems = [f"{id_} stands in the lists {times} times" for id_, times in count.items() if times > 1]
    problems += [
        f"{task.id} waits for {needed}, which does not exist"
        for task in tasks
        for needed in task.prerequisites
        if needed not in count
    ]
    return problems + _rings({task.id: set(task.prerequisites) for task in tasks})


def _rings(waits_for: dict[str, set[str]]) -> list[str]:
    rings: list[str] = []
    while True:
        try:
            TopologicalSorter(waits_for).prepare()
        except CycleError as error:
            ring: list[str] = error.args[1]
            rings.append(f"these tasks wait for each other: {' → '.join(reversed(ring))}")
            waits_for[ring[1]].discard(ring[0])  # broken here, so that the next ring is found
        else:
            return rings
