"""Whether a reminder that is due is sent now. Pure: everything is looked at afresh, nothing was decided when planning."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.days import COPENHAGEN
from journey.calendar import is_holiday
from journey.plan import RECRUITS, Planned, State
from reminders import hours

FORM_WAIT, FORM_AGE = timedelta(minutes=20), timedelta(minutes=30)
MENTOR_WAIT = timedelta(hours=1)
TOO_LATE, TOO_LATE_OWN = timedelta(days=4), timedelta(days=14)
URGENT = timedelta(days=3)  # before a legal limit
OUTAGE = timedelta(hours=2)  # what is sent later than that comes with an apology
STOPPED = "stopped"
LEGAL = "legal"  # the occurrence on the day after a legal limit


@dataclass(frozen=True, slots=True)
class Item:
    """A row of the ledger. task: as it stands in the plan now; None when it is no task of this person (any more).

    stuck: it has a legal limit, and what it waits for is late itself: nothing else would remind of either.
    """

    kind: str
    occurrence: str
    planned_for: datetime
    due_at: datetime
    task: Planned | None = None
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class Receiver:
    """The person at this moment. busy: in the middle of our questions; seen_at: when they wrote last."""

    consent: str
    profile: Mapping[str, str]
    language: str | None
    reachable: bool
    with_mentor: bool
    busy: bool
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Send:
    late: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    reason: str


@dataclass(frozen=True, slots=True)
class Postpone:
    until: datetime
    reason: str


type Decision = Send | Skip | Postpone


def decide(item: Item, person: Receiver, *, now: datetime) -> Decision:
    """Send, skip for good, or postpone; with the reason that the ledger keeps."""
    return _unwanted(item, person, now) or _not_now(item, person, now) or Send(late=now - item.due_at > OUTAGE)


def _unwanted(item: Item, person: Receiver, now: datetime) -> Skip | None:
    if person.consent != "given":
        return Skip("consent withdrawn")
    if item.kind == "task" and (reason := _settled(item)):
        return Skip(reason)
    if person.profile.get("paused") == STOPPED:
        return Skip("stopped by the person")
    if item.kind == "announcement" and person.profile.get("announcements") == "no":
        return Skip("no announcements wished")
    if item.kind == "task" and person.profile.get("pace") == "fewer" and not _matters(item):
        return Skip("fewer reminders wished")
    if not person.reachable:
        return Skip("unreachable")
    if now - item.planned_for > (TOO_LATE_OWN if item.kind == "own" or _matters(item) else TOO_LATE):
        return Skip("too late to be useful")
    return None


def _settled(item: Item) -> str | None:
    task = item.task
    if task is None:
        return "no longer applies"
    match task.state:
        case State.DONE:
            return "done meanwhile"
        case State.SKIPPED:
            return "not for this person"
        case State.BLOCKED if not item.stuck and set(RECRUITS) & set(task.unblocked_by) and not _again(item):
            return f"waits for {', '.join(task.blocked_by)}"
        case _:
            return None


def _again(item: Item) -> bool:
    return item.occurrence.startswith("snooze")


def _matters(item: Item) -> bool:
    """With fewer reminders only what has a legal limit, and what somebody asked to be told again."""
    return _again(item) or (item.task is not None and item.task.legal is not None)


def _not_now(item: Item, person: Receiver, now: datetime) -> Postpone | None:
    zone = hours.zone_of(person.profile, person.language, now)
    if paused := person.profile.get("paused"):
        until = hours.at(date.fromisoformat(paused), hours.MORNING, zone)
        if until > now:
            return Postpone(until, "paused by the person")
    if person.with_mentor:
        return Postpone(now + MENTOR_WAIT, "talking to a mentor")
    if person.busy and now - person.seen_at < FORM_AGE:
        return Postpone(now + FORM_WAIT, "in the middle of our questions")
    exact = item.kind == "own" and now - item.due_at < OUTAGE  # asked for at this very hour
    if not exact and hours.is_quiet(now, zone, quiet := hours.quiet_hours(person.profile)):
        return Postpone(hours.next_opening(now, zone, quiet), "quiet hours")
    if item.kind != "own" and not _urgent(item, now) and is_holiday(now.astimezone(COPENHAGEN).date()):
        return Postpone(hours.morning_after_holiday(now, zone), "a Danish holiday")
    return None


def _urgent(item: Item, now: datetime) -> bool:
    legal = item.task.legal if item.task else None
    return legal is not None and legal - now.astimezone(COPENHAGEN).date() <= URGENT
