"""Which reminders a plan asks for. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from core.days import COPENHAGEN
from journey.plan import Planned, State
from reminders import hours
from reminders.decide import LEGAL
from store.reminders import Wanted


def wanted(plan: Iterable[Planned], profile: Mapping[str, str], language: str | None, *, now: datetime) -> list[Wanted]:
    """Every reminder still to come: each offset of each task that is not settled, and the morning after a legal limit.

    Tasks with an estimated day, or blocked, are planned as well; what holds then is decided when it is due.
    """
    return [reminder for task in plan for reminder in _of_task(task, profile, language, now)]


def settled(plan: Iterable[Planned]) -> dict[str, str]:
    """Tasks that need no reminder any more, and why."""
    reasons = {State.DONE: "done meanwhile", State.SKIPPED: "not for this person"}
    return {task.task.id: reasons[task.state] for task in plan if task.state in reasons}


def _of_task(task: Planned, profile: Mapping[str, str], language: str | None, now: datetime) -> Iterator[Wanted]:
    if task.due is None or task.estimated or task.state in (State.DONE, State.SKIPPED):
        return
    days = [(f"{task.due}{offset:+d}", task.due + timedelta(days=offset)) for offset in task.task.reminders]
    # A day that we guessed is no limit to have passed, and nobody is warned about what may not concern them.
    if task.legal is not None and not task.legal_estimated and not task.task.optional:
        days.append((f"{LEGAL} {task.legal}", task.legal + timedelta(days=1)))
    for occurrence, day in days:
        # In the zone where the person will be on that day: reminders before the flight reach them at home.
        moment = hours.at(
            day, hours.MORNING, hours.zone_of(profile, language, hours.at(day, hours.MORNING, COPENHAGEN))
        )
        if moment > now:
            yield Wanted(task.task.id, occurrence, moment)
