"""A person's list as a calendar that their own calendar asks for again and again (RFC 5545)."""

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from icalendar import Alarm, Calendar
from icalendar import Event as Entry

from journey.plan import Planned
from journey.standing import Standing
from store.journey import Mine
from web.listed import TO_DO, Owner, Words, knows_enough, name_of, of_employer, of_recruit, stand_of

AGAIN = timedelta(hours=12)
# Of an event that lasts all day this counts from midnight where the person is: at 9 in the morning of the day before.
DAY_BEFORE = timedelta(hours=-15)
SHORT = timedelta(minutes=15)
LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
STARS = re.compile(r"(\*{1,2})(?=\S)(.+?)(?<=\S)\1")


@dataclass(frozen=True, slots=True)
class Event:
    """starts: a day, or a moment in UTC. uid: the same for as long as the address holds."""

    uid: str
    starts: date | datetime
    summary: str
    description: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    name: str
    events: tuple[Event, ...]

    @property
    def etag(self) -> str:
        """Changes with what the calendar says, not with when it was asked for; therefore weak."""
        return f'W/"{hashlib.sha256(repr(self).encode()).hexdigest()[:32]}"'


def feed(owner: Owner, words: Words) -> Feed:
    """Every task that is to be done on a day that we know, each legal limit, and the person's own reminders."""
    name = f"Velkommen – {words.t.gettext('My list')}"
    return Feed(name, (*_events(owner, words), *_own_reminders(owner)))


def calendar(feed: Feed, *, now: datetime) -> bytes:
    made = Calendar()
    made.add("version", "2.0")
    made.add("prodid", "-//Velkommen//My list//EN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", feed.name)
    made.add("refresh-interval", AGAIN, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT12H")
    for event in feed.events:
        made.add_component(_entry(event, now))
    return bytes(made.to_ical())


def _events(owner: Owner, words: Words) -> Iterator[Event]:
    if owner.is_employer:
        for number, profile, mine in owner.recruits:
            stand = _stand(profile, mine, words)
            for planned in of_employer(stand):
                # Not the recruit's own number: a calendar is often shared.
                about = uuid.uuid5(owner.link, str(number)).hex[:12]
                yield from _of_task(planned, f"{planned.task.id}.{about}", owner, words, name_of(profile, words))
    elif knows_enough(owner):
        for planned in of_recruit(_stand(owner.profile, owner.mine, words)):
            yield from _of_task(planned, planned.task.id, owner, words)


def _stand(profile: Mapping[str, str], mine: Mine, words: Words) -> Standing:
    return stand_of(words.library, profile, mine, words.day)


def _of_task(planned: Planned, id_: str, owner: Owner, words: Words, about: str = "") -> Iterator[Event]:
    if planned.state not in TO_DO:
        return
    task, text = planned.task, words.library.task_text(planned.task.id, words.language)
    title = f"{text.title} – {about}" if about else text.title
    known_limit = planned.legal if not planned.legal_estimated else None
    parts = [plain(words.filled(text.details, words.language))]
    if known_limit:
        parts.append(words.say("task_legal", day=words.written(known_limit)))
    elif text.legal:
        parts.append(plain(words.filled(text.legal, words.language)))
    description = "\n\n".join([*parts, task.link])
    if planned.due and not planned.estimated:
        yield Event(f"{id_}@{owner.link}", planned.due, _one_line(title), description, task.link)
    if known_limit:
        limit = "⚠ " + words.t.gettext("Legal limit: {title}", title=title)
        yield Event(f"{id_}.legal@{owner.link}", known_limit, _one_line(limit), description, task.link)


def _own_reminders(owner: Owner) -> Iterator[Event]:
    for reminder in owner.mine.reminders:
        starts = reminder.due_at.astimezone(UTC)
        yield Event(f"reminder-{reminder.id}@{owner.link}", starts, _one_line(f"⏰ {reminder.text}"))


def _entry(event: Event, now: datetime) -> Entry:
    timed = isinstance(event.starts, datetime)
    entry = Entry()
    entry.add("uid", event.uid)
    entry.add("dtstamp", now.astimezone(UTC))
    entry.add("dtstart", event.starts)
    entry.add("dtend", event.starts + (SHORT if timed else timedelta(days=1)))
    entry.add("summary", event.summary)
    if event.description:
        entry.add("description", event.description)
    if event.link:
        entry.add("url", event.link)
    if not timed:
        entry.add("transp", "TRANSPARENT")
        entry.add_component(_alarm(event))
    return entry


def _alarm(event: Event) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", event.summary)
    alarm.add("trigger", DAY_BEFORE)
    return alarm


def plain(markdown: str) -> str:
    """Text without its marks: calendars show them as they stand."""
    text = STARS.sub(r"\2", LINK.sub(r"\1 (\2)", markdown))
    return "\n".join(_one_line(line) for line in text.split("\n"))


def _one_line(text: str) -> str:
    """Nothing in it can begin a line of its own; the joiners that Devanagari and emojis need stay."""
    kept = (" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    return " ".join("".join(kept).split())
