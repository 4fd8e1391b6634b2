"""The plan of one person: which tasks apply, by when each is due, what can be done now, and who else must act first.

Nothing is kept: the same facts give the same plan, so whatever changes, everything that is not done is planned anew.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from journey.anchors import Dates, Day, Done, resolve_all
from journey.calendar import add_months, add_working_days, working_day_after, working_day_before
from knowledge.models import Anchor, DayRule, Task

RECRUITS = ("recruit", "family")  # `who` of a task that the person acts on
OPENS_AGAIN = timedelta(days=120)  # so long before its next due day a yearly task is offered again
SOON = timedelta(days=14)

type Days = Mapping[Anchor, Day]


@dataclass(frozen=True, slots=True)
class Profile:
    """None: not known yet."""

    origin: str | None = None
    occupation: str | None = None
    household: str | None = None


class State(StrEnum):
    """What the person can do with a task. OPEN may be another's to do: see `who`."""

    OPEN = "open"
    BLOCKED = "blocked"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Planned:
    """A task with its days.

    A task that is done has no days any more, unless it is yearly: then they are those of the next time.
    estimated, legal_estimated: the day rests on an anchor that we guessed. late, legally_late: that day has passed and
    the task is neither done nor skipped; legal_soon: the last day is today or within two weeks.
    blocked_by: prerequisites that apply and are neither done nor skipped; unblocked_by: whose they are.
    """

    task: Task
    state: State
    due: date | None
    estimated: bool
    legal: date | None
    legal_estimated: bool
    late: bool
    legally_late: bool
    legal_soon: bool
    blocked_by: tuple[str, ...]
    unblocked_by: tuple[str, ...]


def applies(task: Task, profile: Profile) -> bool:
    """As long as we do not know a person's group, what is meant for some groups only does not apply."""
    return (
        (not task.origin or profile.origin in task.origin)
        and (not task.occupation or profile.occupation in task.occupation)
        and (not task.household or profile.household in task.household)
    )


def plan(
    tasks: Sequence[Task],
    profile: Profile,
    anchors: Dates,
    done: Done,
    skipped: Collection[str] = (),
    *,
    today: date,
) -> tuple[Planned, ...]:
    """The tasks that apply, in the order of the lists. `today` is the day in Denmark.

    A task that was done counts as done even if it is skipped, too. A yearly task, done once, blocks nothing any more.
    """
    applying = [task for task in tasks if applies(task, profile)]
    waits = {task.id: task.who for task in applying if task.id not in done and task.id not in skipped}
    days = resolve_all(anchors, done)
    return tuple(_planned(task, days, done, skipped, waits, today) for task in applying)


def due_day(task: Task, days: Days) -> date | None:
    """By when a task that is not done is to be done, whether or not it applies."""
    due, _ = _days(task, days)
    return due.day if due else None


def presumed(tasks: Sequence[Task], profile: Profile, anchors: Dates, done: Done, *, today: date) -> frozenset[str]:
    """What must have been settled before somebody came to us: an anchor of its `behind` was given and is not in the future."""
    return frozenset(
        task.id
        for task in tasks
        if task.behind
        and task.id not in done
        and applies(task, profile)
        and any(anchors.get(anchor, date.max) <= today for anchor in task.behind)
    )


def next_steps(planned: Sequence[Planned], *, most: int = 3) -> tuple[Planned, ...]:
    """What the person can do now: what the law presses for first, and what holds that up; then what is late, by due day."""
    steps = [step for step in steps_of(planned, *RECRUITS) if step.state is State.OPEN]
    pressing = _needed_by([step for step in planned if step.legally_late or step.legal_soon], planned)
    steps.sort(
        key=lambda step: (
            not step.legally_late,
            not (step.legal_soon or step.task.id in pressing),
            not step.late,
            step.due or date.max,
        )
    )
    return tuple(steps[:most])


def waiting_for(planned: Sequence[Planned]) -> tuple[Planned, ...]:
    """What others can do now and what holds up the person, be it through further tasks in between."""
    needed = _needed_by([step for step in steps_of(planned, *RECRUITS) if step.state is State.BLOCKED], planned)
    return tuple(
        step
        for step in planned
        if step.task.id in needed and step.state is State.OPEN and step.task.who not in RECRUITS
    )


def _needed_by(held_up: list[Planned], planned: Sequence[Planned]) -> set[str]:
    """What these tasks wait for, be it through further tasks in between."""
    by_id = {step.task.id: step for step in planned}
    needed: set[str] = set()
    while held_up:
        new = set(held_up.pop().blocked_by) - needed
        needed |= new
        held_up += [by_id[id_] for id_ in new]
    return needed


def steps_of(planned: Sequence[Planned], *who: str) -> tuple[Planned, ...]:
    return tuple(step for step in planned if step.task.who in who)


def progress(planned: Sequence[Planned]) -> tuple[int, int]:
    """How many are done, of all that apply and are not skipped."""
    counted = [step.state for step in planned if step.state is not State.SKIPPED]
    return counted.count(State.DONE), len(counted)


def _planned(
    task: Task, days: Days, done: Done, skipped: Collection[str], waits: Mapping[str, str], today: date
) -> Planned:
    due_day, legal_day = _days_now(task, days, done, today)
    blocked_by = tuple(dict.fromkeys([needed for needed in task.prerequisites if needed in waits]))
    state = _state(task, due_day, blocked_by, done, skipped, today)
    to_do = state is State.OPEN or state is State.BLOCKED
    due, estimated = due_day or (None, False)
    legal, legal_estimated = legal_day or (None, False)
    return Planned(
        task=task,
        state=state,
        due=due,
        estimated=estimated,
        legal=legal,
        legal_estimated=legal_estimated,
        late=to_do and due is not None and due < today,
        legally_late=to_do and legal is not None and legal < today,
        legal_soon=to_do and legal is not None and today <= legal <= today + SOON,
        blocked_by=blocked_by if to_do else (),
        unblocked_by=tuple(dict.fromkeys([waits[needed] for needed in blocked_by])) if to_do else (),
    )


def _state(
    task: Task, due: Day | None, blocked_by: tuple[str, ...], done: Done, skipped: Collection[str], today: date
) -> State:
    if task.id in done and not (task.yearly and due and today >= due.day - OPENS_AGAIN):
        return State.DONE
    if task.id in skipped:
        return State.SKIPPED
    return State.BLOCKED if blocked_by else State.OPEN


def _days_now(task: Task, days: Days, done: Done, today: date) -> tuple[Day | None, Day | None]:
    """The days of a task that is not done; of a yearly one that was, those of the first year it was not done for."""
    if task.id not in done:
        return _days(task, days)
    if not task.yearly:
        return None, None
    settled = done[task.id] or today
    years = 0
    while (found := _days(task, days, years))[0] and settled >= found[0].day - OPENS_AGAIN:
        years += 1
    return found


def _days(task: Task, days: Days, years: int = 0) -> tuple[Day | None, Day | None]:
    """By when the task is due, and its legal limit."""
    due = legal = None
    for rule in task.due:
        if anchor := days.get(rule.anchor):
            due = Day(working_day_before(_counted(rule, anchor.day, years)), anchor.estimated)
            break
    if task.legal and (anchor := days.get(task.legal.anchor)):
        last = _counted(task.legal, anchor.day, years)
        legal = Day(working_day_after(last) if task.legal.weekend == "next-working-day" else last, anchor.estimated)
        # A limit that we know is due, too, even if nothing else says when the task is.
        if due is None or legal.day < due.day:
            due = Day(working_day_before(legal.day), legal.estimated)
    return due, legal


def _counted(rule: DayRule, anchor: date, years: int) -> date:
    day = add_months(anchor, 12 * years + rule.months)
    if rule.days:
        day += timedelta(days=rule.days)
    return add_working_days(day, rule.working_days) if rule.working_days else day
