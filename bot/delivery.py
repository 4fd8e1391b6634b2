"""Replies on their way: claimed, sent, marked. Nothing known to be sent is sent again.

What may have been sent already (a time-out, a crash between sending and marking) is sent again only where
the channel shows a message once however often it comes. Elsewhere it is marked `unknown`, logged and counted,
and the person is asked whether to show it again.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import metrics
from bot.channels import Channel
from bot.services import Services
from core.errors import ChannelError
from core.messages import Button, Reply
from i18n.languages import DEFAULT
from i18n.translator import translator
from store import conversations, people
from store.conversations import Context, Due
from store.database import together

log = structlog.get_logger()
MOST_ATTEMPTS = 8
UNKNOWN_NOTICE_AFTER = timedelta(seconds=20)


async def deliver(services: Services, connection: AsyncConnection, context: Context) -> None:
    """Deliver what is due in this conversation, in order. The caller holds the conversation's lock."""
    channel = services.channels.get(context.channel)
    if channel is None:
        return
    for due in await conversations.due(connection, context.conversation_id):
        if due.due_at > services.now() and due.body.get("notice"):
            continue  # that one of ours may be lost is said later; nothing waits for it
        if due.due_at > services.now() or not await _one(services, connection, context, channel, due):
            return


async def _one(services: Services, connection: AsyncConnection, context: Context, channel: Channel, due: Due) -> bool:
    """Bring one reply to its end; False when the ones behind it must wait."""
    now = services.now()
    if due.late:
        await _mark(connection, context, due, "dropped")
        return True
    if due.status == "sending" and due.body.get("bulk") and not channel.repeatable:
        return await _again(services, connection, context, channel, due)
    if due.status == "sending" and not channel.repeatable:
        await _unknown(services, connection, context, due, "the process ended while sending")
        return True
    if due.status == "pending" and not await conversations.claim(connection, due.id, now=now):
        return False
    services.step("claimed")
    attachment = await _attachment(connection, context, due)
    try:
        external_id = await channel.send(context.address, due.id, Reply.from_json(due.body), attachment)
    except ChannelError as error:
        return await _failed(services, connection, context, due, error)
    services.step("sent")
    await _mark(connection, context, due, "sent", sent_at=services.now(), external_id=external_id)
    services.step("marked")
    return True


async def _again(services: Services, connection: AsyncConnection, context: Context, channel: Channel, due: Due) -> bool:
    """A reminder is rather shown twice than lost: what may have been sent is sent once more, and it is written down."""
    if due.error is not None:
        await _mark(connection, context, due, "unknown", error="may have been sent, twice")
        return True
    await conversations.send_again(connection, due.id, now=services.now())
    try:
        external_id = await channel.send(context.address, due.id, Reply.from_json(due.body))
    except ChannelError as error:
        return await _failed(services, connection, context, replace(due, error="sent again"), error)
    await _mark(connection, context, due, "sent", sent_at=services.now(), external_id=external_id)
    return True


async def unreachable(connection: AsyncConnection, channel: str, address: str, *, since: datetime) -> None:
    await conversations.set_reachable(connection, channel, address, since=since)


async def _attachment(connection: AsyncConnection, context: Context, due: Due) -> bytes | None:
    if not due.body.get("attach"):
        return None
    data = await people.export(connection, context.recruit_id)
    return json.dumps(data, ensure_ascii=False, indent=2).encode()


async def _failed(
    services: Services, connection: AsyncConnection, context: Context, due: Due, error: ChannelError
) -> bool:
    now = services.now()
    log.warning("delivery failed", outbound=due.id, channel=context.channel, error=str(error))
    if error.permanent:
        await _mark(connection, context, due, "failed", error=str(error))
        await conversations.set_reachable(connection, context.channel, context.address, since=now)
        return True
    bulk = due.body.get("bulk")
    if error.maybe_sent and not (bulk and due.error is None):
        await _unknown(services, connection, context, due, str(error))
        return True
    if error.retry_after is None and due.attempts + 1 >= MOST_ATTEMPTS:
        await _mark(connection, context, due, "failed", error=str(error))
        return True
    at = now + timedelta(seconds=backoff(due.attempts + 1, error.retry_after))
    # Of a reminder only what may have arrived is kept as its error: from that the ledger says "maybe sent twice".
    kept = None if bulk and not error.maybe_sent else str(error)
    await _mark(connection, context, due, "pending", due_at=at, error=kept)
    await services.retry(context.conversation_id, at)
    return False


def backoff(attempt: int, retry_after: float | None) -> float:
    """Seconds to wait before the next attempt: as told, else 2, 4, 8 … up to five minutes."""
    return retry_after if retry_after is not None else min(2.0**attempt, 300.0)


async def _unknown(services: Services, connection: AsyncConnection, context: Context, due: Due, reason: str) -> None:
    """It may have arrived: say so instead of repeating it, and let the person decide."""
    now = services.now()
    log.error("delivery unknown", outbound=due.id, channel=context.channel, reason=reason)
    metrics.DELIVERIES.labels(context.channel, "unknown").inc()
    library = await services.shelf.library()
    language = context.language or DEFAULT
    button = Button(translator(language).gettext("Show it again"), payload=f"again:{due.id}")
    text = library.reply("not_delivered", language, now.date())
    notice = Reply(text, language, buttons=(button,))
    at = now + UNKNOWN_NOTICE_AFTER
    async with together(connection):
        await conversations.mark(connection, due.id, "unknown", error=reason)
        if not due.body.get("notice") and not due.body.get("bulk"):
            body = {**notice.to_json(), "notice": True}
            await conversations.add_replies(connection, context, [body], inbound_id=due.inbound_id, due_at=at, now=now)
    await services.retry(context.conversation_id, at)


async def _mark(
    connection: AsyncConnection,
    context: Context,
    due: Due,
    status: str,
    *,
    sent_at: datetime | None = None,
    due_at: datetime | None = None,
    external_id: str | None = None,
    error: str | None = None,
) -> None:
    await conversations.mark(
        connection, due.id, status, sent_at=sent_at, due_at=due_at, external_id=external_id, error=error
    )
    if status != "pending":
        metrics.DELIVERIES.labels(context.channel, status).inc()
