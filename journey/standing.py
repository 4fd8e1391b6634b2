"""Where a person's list stands: the plan, with what must lie behind somebody who joins late taken as settled."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from journey.anchors import ANCHORS, resolve_all
from journey.plan import Planned, Profile, applies, due_day, plan, presumed
from knowledge.models import Task

OTHERS = ("employer", "mentor", "municipality")
UNHEARD_OF = timedelta(days=14)  # after its day, what others were to do blocks nobody any more


@dataclass(frozen=True, slots=True)
class Standing:
    """The plan, and which of its tasks are settled only by presumption."""

    plan: tuple[Planned, ...]
    presumed: frozenset[str]

    def of(self, task: str) -> Planned | None:
        return next((planned for planned in self.plan if planned.task.id == task), None)


def profile_of(known: Mapping[str, str]) -> Profile:
    return Profile(known.get("origin") or None, known.get("occupation") or None, known.get("household") or None)


def anchors_of(known: Mapping[str, str]) -> dict[str, date]:
    return {name: date.fromisoformat(known[name]) for name in ANCHORS if known.get(name)}


def standing(
    tasks: Sequence[Task],
    known: Mapping[str, str],
    done: Mapping[str, date],
    skipped: Collection[str] = (),
    reopened: Collection[str] = (),
    *,
    today: date,
) -> Standing:
    """The plan of a person. Settled by presumption: what lies behind a known anchor, and what others were to do two
    weeks ago or more, as nobody tells us of it; never what somebody said is not done after all.
    """
    who, anchors = profile_of(known), anchors_of(known)
    days = resolve_all(anchors, done)
    behind = presumed(tasks, who, anchors, done, today=today) - frozenset(reopened)
    settled: dict[str, date | None] = {**dict.fromkeys(behind), **done}
    unheard = {
        task.id
        for task in tasks
        if task.who in OTHERS
        and task.id not in settled
        and task.id not in skipped
        and task.id not in reopened
        and applies(task, who)
        and (due := due_day(task, days)) is not None
        and today - due > UNHEARD_OF
    }
    planned = plan(tasks, who, anchors, {**dict.fromkeys(unheard), **settled}, skipped, today=today)
    return Standing(planned, frozenset((behind | unheard) - done.keys()))
