"""A turn and the human side: what a person who has, or asks for, a mentor hears of us, and what is written with it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions import human
from actions.turn import Desk, Outcome, Outcomes, Turn
from bot import desk, journeys
from bot.services import Services
from core.days import danish_day
from core.messages import Kind
from handover.promise import promise
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import translator
from store import gaps, handovers
from store.conversations import Context, Waiting
from store.reminders import Person

AWAY = "mentor_away"
STILL_HERE = timedelta(minutes=30)  # so long after the last word a mentor counts as there, whatever the hour
WITH_MENTOR = ("with_mentor", "snoozed")
# What a person does with their own data and list works while a mentor has the conversation, too.
OWN_BUTTONS = journeys.PRESSES | {"forget", "mydata", "language", "consent", "rate", "again", "mentor", "tell_me"}
OWN_COMMANDS = ("forget", "mydata", "language", "stop", "reminders", "list", "me", "mentor")


def is_own(batch: list[Waiting]) -> bool:
    """Whether this is a press or a command about the person's own things, rather than something said."""
    last = batch[-1]
    if last.kind == Kind.BUTTON:
        return last.payload.partition(":")[0] in OWN_BUTTONS
    return last.kind == Kind.COMMAND and last.text.partition(" ")[0].lower() in OWN_COMMANDS


def is_due_always(batch: list[Waiting], outcome: Outcome) -> bool:
    """Whether what is said is due even if the conversation changes hands before it is sent.

    A warning is, and what concerns one's own things. What was said about a mentor is not: it holds no longer.
    """
    return outcome.kind is Outcomes.DANGER or (is_own(batch) and not _concerns_mentor(batch))


def _concerns_mentor(batch: list[Waiting]) -> bool:
    last = batch[-1]
    return last.payload.partition(":")[0] == "mentor" or last.text.partition(" ")[0].lower() == "mentor"


async def beside_mentor(services: Services, context: Context, batch: list[Waiting], turn: Turn) -> Outcome:
    """What is said while a mentor has the conversation: nothing; or, once, that nobody is there to read it now."""
    silent = Outcome(Outcomes.ACT, ())
    if not any(message.text for message in batch) or (context.handover or {}).get("noticed"):
        return silent
    turn = await desk.with_desk(services, context, turn)
    if turn.desk.open or turn.desk.status not in WITH_MENTOR:
        return silent
    async with services.database.connect() as connection:
        if await handovers.was_here(connection, context.conversation_id, since=services.now() - STILL_HERE):
            return silent
    return Outcome(Outcomes.ACT, (human.away(turn),), act=AWAY)


async def apply(services: Services, connection: AsyncConnection, context: Context, outcome: Outcome) -> Context:
    """Write what becomes of the handover; the conversation as it stands then."""
    if context.handover is not None:
        await handovers.announce(connection, context.conversation_id, "said")
        await handovers.announce(connection, context.conversation_id, "row")
    handing, now = outcome.handing, services.now()
    if handing is None:
        return context
    match handing.what:
        case "ask" | "reopen":
            newest = await handovers.row(connection, context.conversation_id)
            if handing.what == "reopen" and newest is not None and not newest.is_open:
                await _rate(connection, newest.id, handing.rating, now)
            await handovers.ask(
                connection,
                context.conversation_id,
                reason=handing.reason,
                urgent=handing.urgent,
                theme=await _theme(services, context, outcome),
                language=context.language,
                promised_at=handing.promised,
                reopened_of=newest.id if handing.what == "reopen" and newest else None,
                now=now,
            )
            if handing.urgent and newest is not None and newest.status in WITH_MENTOR:
                for number in await _on_call(services, connection, newest):
                    await handovers.member(connection, newest.id, number, now=now)
        case "cancel":
            row = await handovers.hold(connection, context.conversation_id)
            if row is not None and row.status == "waiting":
                await handovers.change(connection, row.id, status="cancelled", closed_at=now, unread=0)
                await handovers.event(connection, row.id, "cancelled", now=now)
                await handovers.announce(connection, context.conversation_id, "row")
        case "meanwhile":
            row = await handovers.hold(connection, context.conversation_id)
            if row is not None and row.status in WITH_MENTOR:
                epoch = await handovers.change_owner(connection, context.conversation_id, "bot")
                await handovers.change(
                    connection, row.id, status="waiting", promised_at=handing.promised, snoozed_until=None,
                    apologised_at=None, answered_at=None, round=0, offered_at=None, supervisors_at=None,
                )  # fmt: skip
                await handovers.event(connection, row.id, "meanwhile", now=now)
                await handovers.announce(connection, context.conversation_id, "row")
                return replace(context, owner="bot", epoch=epoch)
        case "rate":
            newest = await handovers.row(connection, context.conversation_id)
            if newest is not None and not newest.is_open:
                await _rate(connection, newest.id, handing.rating, now)
        case "line":
            newest = await handovers.row(connection, context.conversation_id)
            if newest is not None:
                await handovers.change(connection, newest.id, rating_text=handing.text)
                await handovers.event(connection, newest.id, "rated_line", now=now)
                await handovers.announce(connection, context.conversation_id, "row")
    return context


async def for_legal_limits(
    services: Services, connection: AsyncConnection, passed: Sequence[tuple[UUID, str]], people: Sequence[Person]
) -> list[int]:
    """A legal limit passed undone, and the person agreed that a mentor may know: one is asked, and the person told.

    The conversations that this concerns.
    """
    there = await desk.floor(services, connection) if passed else None
    if there is None or not there.takers:
        return []
    promised = promise(there.hours, there.load(await handovers.ahead(connection)), there.now)
    library = await services.shelf.library()
    known, asked = {person.recruit_id: person for person in people}, []
    for recruit_id, task in passed:
        person = known.get(recruit_id)
        if person is None or person.conversation_id is None:
            continue
        language = person.language if person.language in LANGUAGES else DEFAULT
        number = await handovers.ask(
            connection, person.conversation_id, reason=f"legal_limit:{task}", language=language, promised_at=promised,
            now=there.now,
        )  # fmt: skip
        if number is None:
            continue
        turn = Turn(
            "", language, translator(language), library, danish_day(there.now), now=there.now,
            profile={name: value for name, value in person.profile.items() if value},
            desk=Desk(staffed=True, promised=promised),
        )  # fmt: skip
        body = human.legal(library.task_text(task, language).title, turn).to_json()
        await handovers.store_written(
            connection, person.conversation_id, body, epoch=person.epoch, mentor_id=None, source=None, now=there.now
        )
        asked.append(person.conversation_id)
    return asked


async def call_in(services: Services, context: Context, outcome: Outcome) -> None:
    """Danger while a mentor has it, and it is written: they are told, and whoever is on call, who may join at once."""
    handing, stood = outcome.handing, context.handover or {}
    if handing is None or not handing.urgent or stood.get("status") not in WITH_MENTOR or stood.get("urgent"):
        return  # not in danger, nobody's yet, or told already
    async with services.database.connect() as connection:
        row = await handovers.row(connection, context.conversation_id)
        called = await _on_call(services, connection, row) if row is not None else ()
    if row is not None:
        await services.tell(row.conversation_id, (*called, *([row.mentor_id] if row.mentor_id else [])), "urgent")


async def _on_call(services: Services, connection: AsyncConnection, row: handovers.Row) -> tuple[int, ...]:
    """Besides the mentor who has it; where nobody is on call, the supervisors."""
    there = await desk.floor(services, connection)
    supervisors = tuple(each.id for each in there.takers if each.role == "supervisor")
    return tuple(number for number in there.on_call() or supervisors if number != row.mentor_id)


async def _rate(connection: AsyncConnection, handover_id: int, rating: int, now: object) -> None:
    await handovers.change(connection, handover_id, rating=rating, rated_at=now)
    await handovers.event(connection, handover_id, "rated", now=now, rating=rating)  # type: ignore[arg-type]
    if rating == human.NOT_SOLVED:
        await gaps.not_solved(connection, handover_id, now=now)  # type: ignore[arg-type]


async def _theme(services: Services, context: Context, outcome: Outcome) -> str | None:
    """The theme of what was last spoken about."""
    library = await services.shelf.library()
    slugs = (*outcome.topics, *context.state.get("topics", ()))
    return next((library.topics[slug].theme for slug in slugs if slug in library.topics), None)
