"""Speaking first: claim what is due, decide afresh, send what is to be sent, settle. The ledger says where each row is.

Kill it anywhere: what was claimed is claimed again; what was being sent is sent again by the delivery, once, and the
ledger says which rows that concerns. A person's rows are looked at under the lock of their conversation, so no turn
of theirs is under way meanwhile.
"""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.turn import Pending
from bot import asking, delivery, metrics, turns
from bot.services import Services
from core.days import danish_day
from core.errors import ChannelError
from core.messages import Reply
from i18n.languages import DEFAULT
from journey.standing import Standing, standing
from knowledge.library import Library
from reminders import announce, decide
from reminders.compose import Line, compose
from reminders.decide import Item, Postpone, Receiver, Send, Skip
from store import announcements, reminders
from store.database import committing, together
from store.reminders import Claimed, Person, Verdict

log = structlog.get_logger()

AT_A_TIME = 200  # rows claimed by one tick of the clock for one job
CHUNK, CHUNKS = 25, 2  # people whose conversations are held at once, so many times
BUSY_WAIT = timedelta(seconds=10)
UNFINISHED = timedelta(minutes=2)
MENTOR_WAIT = timedelta(hours=1)
IGNORED = 3  # messages with reminders without any reaction
ASKING = (Pending.FORM, Pending.WHEN, Pending.PROFILE, Pending.CONSENT, Pending.FORGET)

type Defer = Callable[[uuid.UUID], Awaitable[None]]


async def tick(services: Services, defer: Defer) -> int:
    """What the clock does: claim all that is due, in batches, and have each batch sent; the number of batches."""
    batches = 0
    while True:
        now = services.now()
        async with services.database.begin() as connection:
            batch, people = await reminders.claim_due(connection, most=AT_A_TIME, now=now)
        services.step("reminders claimed")
        if not people:
            break
        await defer(batch)
        batches += 1
    return batches


async def sweep(services: Services, defer: Defer, *, older: timedelta = UNFINISHED) -> int:
    """Take over what a worker claimed and did not finish, and carry over to the ledger how messages ended."""
    now = services.now()
    async with services.database.begin() as connection:
        await reminders.settle(connection, now=now, later=now + MENTOR_WAIT)
        await reminders.settle_lost(connection, now=now)
        batch, rows = await reminders.claim_again(connection, before=now - older, most=AT_A_TIME, now=now)
    if rows:
        log.warning("reminders taken over", rows=rows)
        await defer(batch)
    return rows


async def send_batch(services: Services, batch: uuid.UUID) -> None:
    """Bring a batch to its end, in chunks; safe to call again."""
    async with services.database.connect() as connection:
        people = await reminders.people_in(connection, batch)
    gate = asyncio.Semaphore(CHUNKS)  # while one is being sent, the next is decided

    async def one(chunk: Sequence[Person]) -> None:
        async with gate:
            await _chunk(services, chunk)

    # One that fails must not end the other in the middle of its sending; the queue tries again.
    chunks = [one(people[start : start + CHUNK]) for start in range(0, len(people), CHUNK)]
    for ended in await asyncio.gather(*chunks, return_exceptions=True):
        if isinstance(ended, BaseException):
            raise ended


async def _chunk(services: Services, people: Sequence[Person]) -> None:
    """A few people at once: their conversations are locked from the decision until their message is on its way."""
    async with committing(services.database) as connection:
        talks = [person.conversation_id for person in people if person.conversation_id is not None]
        held = await reminders.try_locks(connection, talks)
        try:
            free = [person.recruit_id for person in people if person.conversation_id in (*held, None)]
            # Read again: what was read before the locks may have changed since.
            fresh = await reminders.people_by_id(connection, free)
            claimed = await reminders.claimed_for(connection, [person.recruit_id for person in people])
            await _send(services, connection, people, fresh, claimed)
        finally:
            if not connection.closed and not connection.invalidated:
                await reminders.unlock(connection, held)


@dataclass(slots=True)
class _Message:
    person: Person
    reply: Reply
    rows: list[int]


async def _send(
    services: Services,
    connection: AsyncConnection,
    people: Sequence[Person],
    fresh: Sequence[Person],
    claimed: Sequence[Claimed],
) -> None:
    now = services.now()
    library = await services.shelf.library()
    lists = await reminders.lists_of(connection, list({row.about_id or row.recruit_id for row in claimed}))
    told = await announcements.messages_of(connection, {row.task for row in claimed if row.kind == "announcement"})
    contacts = await reminders.contacts_of(connection, {row.about_id for row in claimed if row.about_id})
    stands = _Stands(library, lists, contacts, now)
    rows = defaultdict(list)
    for row in claimed:
        rows[row.recruit_id].append(row)
    verdicts, messages, notes = list[Verdict](), list[_Message](), list[tuple[uuid.UUID, str, str]]()
    ready = {person.recruit_id for person in fresh}
    for person in people:
        if person.recruit_id not in ready:  # a turn is under way there; it has the right of way
            verdicts += [
                Verdict(row.id, "postponed", "in the middle of a turn", now + BUSY_WAIT)
                for row in rows[person.recruit_id]
            ]
    for person in fresh:
        await asyncio.sleep(0)  # what is just being sent must not be late because of this
        theirs = rows[person.recruit_id]
        try:
            judged, message = _for_person(services, person, theirs, stands, library, told, now)
            notes += _legal_notes(theirs, stands)
        except Exception:
            # The edge: one person's odd data must not hold up the others, nor be tried for ever.
            log.exception("reminder failed", recruit=str(person.recruit_id))
            judged, message = [Verdict(row.id, "failed", "an error of ours; see the log") for row in theirs], None
        verdicts += judged
        if message is not None:
            messages.append(message)
    async with together(connection):
        await reminders.judge(connection, verdicts, now=now)
        passed = await reminders.note(connection, notes, now=now)
        numbers = await reminders.begin_sending(
            connection, [_stored(services, message) for message in messages], now=now
        )
        asked = await asking.for_legal_limits(services, connection, passed, fresh)
    services.step("reminders sending")
    marks = await asyncio.gather(
        *(
            _deliver(services, message, numbers[place])
            for place, message in enumerate(messages)
            if place in numbers and _goes_now(services, message.person)
        )
    )
    services.step("reminders sent")
    await _settle(services, connection, messages, marks, now)
    for conversation_id in asked:
        turns.handle_soon(services, conversation_id)


async def _settle(
    services: Services,
    connection: AsyncConnection,
    messages: Sequence[_Message],
    marks: Sequence[Mapping[str, Any]],
    now: datetime,
) -> None:
    async with together(connection):
        if marks:
            await reminders.mark(connection, marks)
        await reminders.settle(connection, now=now, later=now + MENTOR_WAIT)
        people = [message.person.recruit_id for message in messages]
        await reminders.note_ignored(connection, people, most=IGNORED, now=now)
    services.step("reminders settled")
    for mark in marks:
        metrics.REMINDERS.labels(str(mark["status"])).inc()
        if mark["status"] == "pending":
            await services.retry(int(mark["conversation"]), mark["due_at"])
    for message in messages:
        if message.person.undelivered and message.person.conversation_id is not None:
            turns.handle_soon(services, message.person.conversation_id)


def _goes_now(services: Services, person: Person) -> bool:
    """Else the delivery sends it: after what waits there already, or in the process that has the person's channel."""
    return not person.undelivered and person.channel in services.channels


def _stored(services: Services, message: _Message) -> dict[str, Any]:
    person = message.person
    return {
        "conversation_id": person.conversation_id,
        "epoch": person.epoch,
        "body": message.reply.to_json(),
        "status": "sending" if _goes_now(services, person) else "pending",
        "reminders": message.rows,
    }


async def _deliver(services: Services, message: _Message, number: int) -> dict[str, Any]:
    """Send one message; how it ended, for the ledger."""
    person, now = message.person, services.now
    known = {"id": number, "conversation": person.conversation_id}
    try:
        external = await services.channels[person.channel].send(person.address, number, message.reply)
    except ChannelError as error:
        if error.permanent:
            async with services.database.begin() as connection:
                await delivery.unreachable(connection, person.channel, person.address, since=now())
            return {**known, "status": "failed", "error": str(error)}
        if error.maybe_sent:
            again = now() + timedelta(seconds=delivery.backoff(1, error.retry_after))
            return {**known, "status": "pending", "due_at": again, "error": str(error)}
        again = now() + timedelta(seconds=delivery.backoff(1, error.retry_after))
        return {**known, "status": "pending", "due_at": again, "error": None}
    return {**known, "status": "sent", "sent_at": now(), "external_id": external}


# --- deciding ---------------------------------------------------------------------------------------------------------


class _Stands:
    """Where each list stands, worked out once a person."""

    def __init__(
        self,
        library: Library,
        lists: Mapping[uuid.UUID, Any],
        contacts: Mapping[uuid.UUID, uuid.UUID | None],
        now: datetime,
    ) -> None:
        self._library, self._lists, self._contacts, self._day = library, lists, contacts, danish_day(now)
        self._known: dict[uuid.UUID, Standing] = {}

    def of(self, recruit_id: uuid.UUID) -> Standing | None:
        if recruit_id not in self._lists:
            return None
        if recruit_id not in self._known:
            profile, changes = self._lists[recruit_id]
            by_status: dict[str, dict[str, Any]] = {"done": {}, "skipped": {}, "open": {}}
            for change in changes:
                by_status[change.status][change.task] = change.day
            known = {name: value for name, value in profile.items() if value}
            self._known[recruit_id] = standing(
                self._library.tasks,
                known,
                by_status["done"],
                by_status["skipped"],
                by_status["open"],
                today=self._day,
            )
        return self._known[recruit_id]

    def concerns(self, row: Claimed) -> bool:
        """Whether the task is still this person's to hear of; a contact's, while the recruit gives that employer."""
        return row.about_id is None or self._contacts.get(row.about_id) == row.recruit_id

    def name_of(self, recruit_id: uuid.UUID) -> str:
        return str(self._lists[recruit_id][0].get("name", "")) if recruit_id in self._lists else ""

    def agrees_to_notes(self, recruit_id: uuid.UUID) -> bool:
        return recruit_id in self._lists and self._lists[recruit_id][0].get("mentor") == "yes"


def _for_person(
    services: Services,
    person: Person,
    rows: Sequence[Claimed],
    stands: _Stands,
    library: Library,
    told: Mapping[str, announcements.Message],
    now: datetime,
) -> tuple[list[Verdict], _Message | None]:
    """What becomes of a person's rows, and the one message that they make."""
    receiver = _receiver(person)
    language = person.language or DEFAULT
    verdicts, lines, late = list[Verdict](), dict[tuple[str, str], Line](), False
    for row in rows:
        stand = stands.of(row.about_id or row.recruit_id)
        planned = stand.of(row.task) if stand and row.kind == "task" else None
        if row.kind == "announcement" and row.task not in told:
            verdicts.append(Verdict(row.id, "skipped", announcements.STOPPED))
            continue
        if not stands.concerns(row):
            verdicts.append(Verdict(row.id, "skipped", "no longer a recruit of theirs"))
            continue
        stuck = bool(
            stand and planned and planned.legal and any(b.late for b in map(stand.of, planned.blocked_by) if b)
        )
        item = Item(row.kind, row.occurrence, row.planned_for, row.due_at, planned, stuck)
        match decide.decide(item, receiver, now=now):
            case Skip(reason):
                verdicts.append(Verdict(row.id, "skipped", reason))
            case Postpone(until, reason):
                verdicts.append(Verdict(row.id, "postponed", reason, until))
            case Send(came_late):
                late = late or came_late
                message = told.get(row.task) if row.kind == "announcement" else None
                text = _announced(message.texts, person.language) if message else row.text or ""
                topics = message.topics if message else ()
                about = stands.name_of(row.about_id) if row.about_id else ""
                # Two of the same task due together are one line: the newer says it better.
                key = (row.task, str(row.about_id)) if row.kind == "task" else (str(row.id), "")
                if key in lines:
                    verdicts.append(Verdict(lines[key].id, "skipped", "a later one of the same came with it"))
                lines[key] = Line(row.id, row.kind, row.occurrence, text, planned, about, topics)
    if not lines:
        return verdicts, None
    reply = compose(list(lines.values()), library, language, danish_day(now), late=late)
    return verdicts, _Message(person, reply, [line.id for line in lines.values()])


def _announced(texts: Mapping[str, str], language: str | None) -> str:
    return texts[announce.language_of(texts, language)]


def _receiver(person: Person) -> Receiver:
    return Receiver(
        consent=person.consent,
        profile={name: value for name, value in person.profile.items() if value},
        language=person.language,
        reachable=person.reachable,
        with_mentor=person.owner != "bot",
        busy=person.state.get("pending") in ASKING,
        seen_at=person.seen_at,
    )


def _legal_notes(rows: Sequence[Claimed], stands: _Stands) -> list[tuple[uuid.UUID, str, str]]:
    """A legal limit that passed undone, whatever becomes of the reminder, where the person agreed that a mentor may know."""
    notes = []
    for row in rows:
        whose = row.about_id or row.recruit_id
        stand = stands.of(whose) if row.kind == "task" and row.occurrence.startswith(decide.LEGAL) else None
        planned = stand.of(row.task) if stand else None
        if planned is not None and planned.legally_late and stands.agrees_to_notes(whose):
            notes.append((whose, "legal_limit_passed", row.task))
    return notes
