"""Messages to many: who is meant, in which language, and what would become of it. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from core.days import COPENHAGEN, danish_day
from i18n.languages import DEFAULT
from journey.calendar import is_holiday
from reminders import hours
from reminders.decide import Decision, Item, Postpone, Receiver, Send, Skip, decide
from store.announcements import SEGMENT, Kept, Recipient, Wanted

# The last day of each phase, counted from the day of arrival; after the last of them somebody is staying.
LAST_DAYS = {"before-departure": -1, "arrival-week": 7, "first-month": 31, "first-3-months": 92, "first-year": 365}
STAYING = "staying"
# What of a profile a decision about an announcement depends on.
DECIDING = ("paused", "announcements", "arrival", "zone", "quiet")


def phase_of(arrival: date | None, today: date) -> str | None:
    """How far somebody is on the way; None as long as no arrival is known."""
    if arrival is None:
        return None
    return next((phase for phase, last in LAST_DAYS.items() if (today - arrival).days <= last), STAYING)


def arrivals(phase: str, today: date) -> tuple[date, date]:
    """The first and the last day of arrival of those who are in a phase today; `phase_of` turned round."""
    lasts = [None, *LAST_DAYS.values(), None]
    before, last = dict(zip((*LAST_DAYS, STAYING), pairwise(lasts)))[phase]
    return (
        date.min if last is None else today - timedelta(days=last),
        date.max if before is None else today - timedelta(days=before + 1),
    )


def wanted(segment: Mapping[str, Sequence[str]], today: date) -> Wanted:
    """A segment as the query takes it; whoever acts for an employer is meant only where the audience says so."""
    phases = segment.get("phase")
    return Wanted(
        language=segment.get("language"),
        kommune=segment.get("kommune"),
        origin=segment.get("origin"),
        occupation=segment.get("occupation"),
        household=segment.get("household"),
        employer=segment.get("employer"),
        audience=segment.get("audience") or ("recruit",),
        arrivals=None if phases is None else [arrivals(phase, today) for phase in phases],
    )


def wanted_by(kept: Kept, today: date) -> Wanted:
    """Whom one that is kept is meant for: its segment, or the people whom a correction or an answer names."""
    if kept.kind == SEGMENT:
        return wanted(kept.segment, today)
    return Wanted(audience=("recruit", "employer"), named_by=kept.id)


def language_of(texts: Mapping[str, str], language: str | None) -> str:
    """The language in which somebody gets it: their own, English where there is no text in it."""
    return language if language in texts and language is not None else DEFAULT


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would become of an announcement at a moment.

    languages: people by their language and that of the text they get. skipped, postponed: people by reason, in the
    words that the ledger would keep.
    """

    people: int
    languages: Mapping[tuple[str, str], int]
    skipped: Mapping[str, int]
    postponed: Mapping[str, int]

    @property
    def reached(self) -> int:
        return self.people - sum(self.skipped.values())


def foresee(recipients: Iterable[Recipient], texts: Mapping[str, str], at: datetime) -> Outlook:
    """Each recipient decided on as the sending will decide, as far as that can be known before."""
    languages, skipped, postponed, people = Counter[tuple[str, str]](), Counter[str](), Counter[str](), 0
    item = Item("announcement", "", at, at)
    decided: dict[tuple[object, ...], Decision] = {}  # the same for everybody who is alike in what it depends on
    for person in recipients:
        people += 1
        language = person.language or DEFAULT
        languages[language, language_of(texts, language)] += 1
        key = (person.language, person.reachable, *(person.profile.get(name) for name in DECIDING))
        if key not in decided:
            profile = {name: value for name, value in person.profile.items() if value}
            receiver = Receiver(
                "given", profile, person.language, person.reachable, with_mentor=False, busy=False, seen_at=at
            )
            decided[key] = decide(item, receiver, now=at)
        match decided[key]:
            case Skip(reason):
                skipped[reason] += 1
            case Postpone(_, reason):
                postponed[reason] += 1
            case Send():
                pass
    return Outlook(people, languages, skipped, postponed)


def silence(at: datetime) -> str:
    """Why most people would get it later than that, in words; empty where they would not."""
    if hours.is_quiet(at, COPENHAGEN, (hours.QUIET_FROM, hours.QUIET_TO)):
        return f"the quiet hours ({hours.QUIET_FROM} to {hours.QUIET_TO} o'clock)"
    return "a Danish holiday" if is_holiday(danish_day(at)) else ""
