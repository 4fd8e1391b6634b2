"""One turn, safely: store, take the conversation's lock, think, store the replies with the state, deliver, mark.

Whatever ends the process in between, the next one to look goes on where the database says we are.
"""

import json
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.turn import Outcome, Outcomes
from bot import asking, counting, delivery, files, journeys, metrics
from bot.burst import wait_for_more
from bot.services import Services
from bot.think import Thought, batches, sorry, think
from core.days import danish_day
from core.masking import mask
from core.messages import Inbound, Kind, storable
from store import conversations, forum, gaps, handovers, people
from store.conversations import Context, Decided, Waiting
from store.database import committing, together

SEEN_BY = ("kommune", "employer")

log = structlog.get_logger()
ERASE_AFTER = timedelta(seconds=60)
LONGEST_NUMBER = 18  # digits; the database has none longer


@dataclass(frozen=True, slots=True)
class Turned:
    """What one batch of messages led to; for whoever asks in bulk."""

    thought: Thought
    inbound_ids: tuple[int, ...]


async def receive(services: Services, inbound: Inbound, content: bytes | None = None) -> int | None:
    """Store an update, masked, before anything else; its conversation, or None if it was stored before.

    A file is kept only while a human is asked for: its `content` where it came along, else what to fetch it by.
    """
    masked = mask(storable(inbound.text))
    text, kinds = masked.text, json.dumps(masked.kinds)
    async with committing(services.database) as connection, _whole(connection, inbound):
        conversation_id = await conversations.receive_known(connection, inbound, text=text, masked=kinds)
        if conversation_id is None:
            async with nullcontext() if inbound.file is not None else together(connection):
                conversation_id = await conversations.receive(
                    connection, inbound, text=text, masked=kinds, now=services.now()
                )
        elif inbound.file is not None:
            await files.keep(connection, inbound, content, now=services.now())
    services.step("stored")
    return conversation_id


def _whole(connection: AsyncConnection, inbound: Inbound) -> AbstractAsyncContextManager[None]:
    """A message and its file are stored together or not at all; a message alone is one statement."""
    return together(connection) if inbound.file is not None else nullcontext()


async def receive_and_answer(services: Services, inbound: Inbound, content: bytes | None = None) -> int | None:
    """Store an update and have it answered in the background; None if it was stored before."""
    conversation_id = await receive(services, inbound, content)
    if conversation_id is not None:
        wait = wait_for_more(inbound, seconds=services.settings.burst_seconds)
        if wait and inbound.channel in services.channels and await _is_ours(services, conversation_id):
            await services.channels[inbound.channel].typing(inbound.address)
        handle_soon(services, conversation_id, wait=wait)
    return conversation_id


async def _is_ours(services: Services, conversation_id: int) -> bool:
    """Whether it is us who will answer, rather than a mentor."""
    async with services.database.connect() as connection:
        return await conversations.owner(connection, conversation_id) == "bot"


def handle_soon(services: Services, conversation_id: int, *, wait: float = 0) -> None:
    """Answer what waits in a conversation, in the background of this process."""
    services.background.soon(conversation_id, lambda: handle(services, conversation_id), wait=wait)


async def handle(services: Services, conversation_id: int) -> list[Turned]:
    """Answer all that waits in a conversation, in order, and deliver what is due. Safe to call at any time."""
    turned: list[Turned] = []
    async with locked(services, conversation_id) as connection:
        while True:
            found = await conversations.read(connection, conversation_id)
            if found is None:
                return turned
            context, waiting = found
            left = batches(waiting)
            one: Turned | None = None
            for batch in left[:1]:
                one = await _turn(services, connection, context, batch)
                if one is None:
                    break
                turned.append(one)
            if left and one is None:
                continue  # it changed hands while we looked: look again, so that nobody's message is left to nobody
            await delivery.deliver(services, connection, context)
            await files.fetch(services, connection, context)
            # What has arrived meanwhile is not looked for: whoever stored it waits for the lock already.
            if len(left) < 2 and len(waiting) < conversations.MOST_WAITING:
                return turned


@asynccontextmanager
async def locked(services: Services, conversation_id: int) -> AsyncIterator[AsyncConnection]:
    """The conversation's lock on a connection of its own; it goes with the connection if the process ends."""
    async with services.at_once, committing(services.database) as connection:
        await conversations.lock(connection, conversation_id)
        try:
            yield connection
        finally:
            if not connection.closed and not connection.invalidated:
                await conversations.unlock(connection, conversation_id)


async def _turn(
    services: Services, connection: AsyncConnection, context: Context, batch: list[Waiting]
) -> Turned | None:
    """None if the conversation changed hands meanwhile: what was thought fits no longer, and the batch still waits."""
    began = time.perf_counter()
    services.step("locked")
    thought = await _think(services, context, batch)
    services.step("thought")
    if not await _write(services, connection, context, batch, thought):
        return None
    services.step("replied")
    if context.handover is not None or thought.outcome.handing is not None:
        await asking.call_in(services, context, thought.outcome)
        await services.mirror(context.conversation_id)
    seconds = time.perf_counter() - began
    metrics.TURNS.labels(context.channel, thought.outcome.kind.value).inc()
    metrics.TURN_SECONDS.observe(seconds)
    log.info(
        "turn",
        conversation=context.conversation_id,
        kind=thought.outcome.kind.value,
        language=thought.language,
        replies=len(thought.replies),
        milliseconds=round(seconds * 1000, 1),
    )
    return Turned(thought, tuple(message.id for message in batch))


async def _write(
    services: Services, connection: AsyncConnection, context: Context, batch: list[Waiting], thought: Thought
) -> bool:
    """All that a turn changes, or nothing; mostly that is one statement, which needs no transaction around it.

    False, with nothing written, if the conversation has changed hands since it was read.
    """
    outcome = thought.outcome
    shared = context.handover is not None or context.owner != "bot" or outcome.handing is not None
    several = batch[-1].kind == Kind.BUTTON or outcome.erase or outcome.consent is False or outcome.changes_journey
    async with together(connection) if several or shared else nullcontext():
        if shared:
            epoch = await _hold(services, connection, context, batch, thought)
            if epoch is None:
                return False
            context = replace(context, epoch=epoch)
        await _apply_buttons(connection, context, batch)
        context = await asking.apply(services, connection, context, outcome)
        await conversations.write(connection, context, _decided(services, context, batch, thought), now=services.now())
        if outcome.unanswered and batch[-1].kind == Kind.BUTTON:
            await gaps.not_meant(connection, batch[-1].id, now=services.now())
        if outcome.changes_journey or outcome.consent:
            await journeys.apply(services, connection, context, outcome)
        if outcome.consent is False:
            await people.erase_texts(connection, context.conversation_id)
        if outcome.erase:
            for chat_id, number in await forum.topics_of(connection, context.recruit_id):
                await services.drop_topic(chat_id, number)
            await people.erase_all_but_last(connection, context.recruit_id, context.conversation_id)
    return True


async def _hold(
    services: Services, connection: AsyncConnection, context: Context, batch: list[Waiting], thought: Thought
) -> int | None:
    """Keep mentors' steps out until the turn is written; its epoch, None if one of them was faster.

    The batch is left to the mentor who has the conversation.
    """
    if context.owner == "bot":
        return await handovers.hold_epoch(connection, context.conversation_id, context.epoch)
    return await handovers.heard(
        connection,
        context.conversation_id,
        epoch=context.epoch,
        recruit_id=context.recruit_id,
        inbound_ids=[message.id for message in batch],
        now=services.now(),
        noticed=thought.outcome.act == asking.AWAY,
    )


async def _think(services: Services, context: Context, batch: list[Waiting]) -> Thought:
    if _seen(batch):
        language = context.language or "en"
        return Thought(Outcome(Outcomes.ACT, ()), language, language)
    try:
        return await think(services, context, batch)
    except Exception as error:
        # The one handler at the edge of a turn. The type and the places only: a message might hold what was written.
        places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]]
        log.error("turn failed", conversation=context.conversation_id, error=type(error).__name__, places=places)
        return await sorry(services, context)


def _seen(batch: list[Waiting]) -> bool:
    """A press that only asks for something stored (show again) needs no thought."""
    return batch[-1].kind == Kind.BUTTON and batch[-1].payload.startswith("again:")


async def _apply_buttons(connection: AsyncConnection, context: Context, batch: list[Waiting]) -> None:
    """Presses that concern one earlier reply: a rating, or showing it again; or one earlier question without an answer."""
    name, _, rest = batch[-1].payload.partition(":")
    number, _, value = rest.partition(":")
    if batch[-1].kind != Kind.BUTTON or not number.isdecimal() or len(number) > LONGEST_NUMBER:
        return
    if name == "again":
        await people.show_again(connection, context, int(number), inbound_id=batch[-1].id, now=batch[-1].received_at)
    if name == "rate" and value in ("1", "-1"):
        now = batch[-1].received_at
        if await people.rate(connection, context.channel, context.address, int(number), int(value), now=now):
            await gaps.rated(connection, int(number), int(value), now=now)
    if name == "tell_me":
        await gaps.want_answer(connection, context.conversation_id, int(number))


def _decided(services: Services, context: Context, batch: list[Waiting], thought: Thought) -> Decided:
    """The outcome as what is written. Texts are kept with consent only."""
    outcome, now = thought.outcome, services.now()
    recruit: dict[str, object] = {}
    if outcome.set_language is not None:
        recruit |= {"language": outcome.set_language, "language_chosen": True}
    elif batch[-1].kind == Kind.TEXT and thought.language != context.language:
        recruit |= {"language": thought.language, "language_chosen": False}
    if thought.asks_consent:
        recruit |= {"consent": "asked", "consent_at": now}
    if outcome.consent is not None:
        recruit |= {"consent": "given" if outcome.consent else "declined", "consent_at": now}
    # A warning and what concerns one's own things is due whoever has the conversation by the time it is sent.
    spoken = {"always": True} if asking.is_due_always(batch, outcome) else {}
    return Decided(
        inbound_ids=[message.id for message in batch],
        replies=[{**reply.to_json(), **spoken} for reply in outcome.replies],
        state={} if outcome.erase else counting.noted(_state(context, outcome), day=danish_day(now)),
        recruit=recruit,
        # A mentor reads what is written from the moment one is asked for; so the person was told.
        keep_texts=context.consent == "given" or _for_a_mentor(context, outcome),
        unanswered=_unanswered(batch, thought) if outcome.unanswered and context.consent == "given" else None,
        profile=_kept_profile(context, outcome),
        for_mentor=context.handover is not None and context.owner == "bot",
        tallies=counting.tallies(context, outcome, thought.language, day=danish_day(now), themes=thought.themes),
        erase_at=now + ERASE_AFTER if outcome.erase else None,
    )


def _for_a_mentor(context: Context, outcome: Outcome) -> bool:
    """Whether somebody will read what was written; a wish that nobody can take yet keeps no words."""
    if context.handover is not None:
        return bool(context.handover["promised"])
    return outcome.handing is not None and outcome.handing.promised is not None


def _kept_profile(context: Context, outcome: Outcome) -> dict[str, str]:
    """What is told of oneself is remembered with consent; until that is decided it waits in the conversation.

    Whoever moves to another municipality or workplace has not agreed that those see how far they are.
    """
    told = {**(context.state.get("told", {}) if outcome.consent else {}), **outcome.profile}
    if any(
        context.profile.get(name) and told.get(name, context.profile[name]) != context.profile[name] for name in SEEN_BY
    ):
        told = {"shares_progress": "", **told}
    return told if outcome.consent or context.consent == "given" else {}


def _state(context: Context, outcome: Outcome) -> dict[str, object]:
    offered = outcome.alternatives or (() if outcome.topics else tuple(context.state.get("offered", ())))
    state: dict[str, object] = {
        "pending": outcome.pending.value,
        "topics": list(outcome.topics),
        "offered": list(offered),
    }
    if outcome.asks:
        state["asks"] = outcome.asks
    if outcome.kind is Outcomes.FALLBACK and outcome.unanswered:
        state["unsure"] = True
    form = outcome.form or (context.state.get("form", {}) if _leaves_form_open(outcome) else {})
    kept = {"shown": list(outcome.shown), "form": dict(form), "waiting": dict(outcome.waiting)}
    kept |= {"then": dict(outcome.after_consent), "why": outcome.why}
    state |= {name: value for name, value in kept.items() if value}
    if context.consent in ("unasked", "asked") and outcome.consent is None:
        state["told"] = {**context.state.get("told", {}), **outcome.profile}
    return {**state, "group": True} if outcome.act == Kind.GROUP or context.state.get("group") else state


def _leaves_form_open(outcome: Outcome) -> bool:
    """A topic, small talk or a refusal in the middle of our questions; any command of the list ends them."""
    return outcome.kind in (Outcomes.ANSWER, Outcomes.ASK_BACK, Outcomes.SMALLTALK, Outcomes.REFUSED, Outcomes.DANGER)


def _unanswered(batch: list[Waiting], thought: Thought) -> dict[str, object] | None:
    text = "\n".join(message.text for message in batch if message.text)
    if not text:
        return None
    return {"language": thought.spoken, "text": text, "candidates": list(thought.outcome.alternatives)}


async def sweep(services: Services, *, older: timedelta = timedelta(seconds=10)) -> int:
    """Take up what another process left unfinished; the number of conversations."""
    now = services.now()
    async with services.database.begin() as connection:
        for chat_id, number in await forum.topics_due(connection, now):
            await services.drop_topic(chat_id, number)
        await people.erase_due(connection, now=now)
        found = await conversations.unfinished(connection, before=now - older, now=now)
    for conversation_id in found:
        handle_soon(services, conversation_id)
    if found:
        log.info("taken up again", conversations=len(found))
    return len(found)
