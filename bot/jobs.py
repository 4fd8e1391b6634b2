"""Work that must not be lost, in Procrastinate's queue: deliveries to try again, reminders, the sweep, retention.

The queue only says when to look; what there is to do stands in our own tables.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import partial

import structlog
from procrastinate import App, RetryStrategy
from procrastinate.connector import BaseAsyncConnector
from procrastinate.exceptions import AlreadyEnqueued

from bot import reminding, turns
from bot.services import Services
from store import people

log = structlog.get_logger()
BULK = -10  # priority: after deliveries


def make_queue(connector: BaseAsyncConnector) -> App:
    """The queue, for whoever only adds to it."""
    app = App(connector=connector)
    return app


async def deliver_later(app: App, conversation_id: int, at: datetime) -> None:
    """Have a conversation's replies delivered at a moment; once, however often it is asked."""
    task = app.configure_task("deliver", schedule_at=at, queueing_lock=f"deliver:{conversation_id}", allow_unknown=True)
    try:
        await task.defer_async(conversation_id=conversation_id)
    except AlreadyEnqueued:
        log.debug("already queued", conversation=conversation_id)


async def remind_soon(app: App, batch: uuid.UUID) -> None:
    """Have a batch of reminders sent, after whatever else waits."""
    await app.configure_task("remind", priority=BULK, allow_unknown=True).defer_async(batch=str(batch))


async def mirror_soon(app: App, conversation_id: int) -> None:
    """Have the mentors' group told what is new in a conversation; once, however often it is asked."""
    task = app.configure_task("mirror", queueing_lock=f"mirror:{conversation_id}", allow_unknown=True)
    try:
        await task.defer_async(conversation_id=conversation_id)
    except AlreadyEnqueued:
        log.debug("already queued", conversation=conversation_id)


async def tell_soon(app: App, conversation_id: int, staff_ids: Sequence[int], what: str) -> None:
    """Have mentors told in their own chats that a conversation is offered to them, or passed on …"""
    for staff_id in staff_ids:
        task = app.configure_task("tell", allow_unknown=True)
        await task.defer_async(conversation_id=conversation_id, staff_id=staff_id, what=what)


async def drop_topic_soon(app: App, chat_id: int, thread_id: int) -> None:
    """Have a topic of the mentors' group deleted, with everything in it."""
    await app.configure_task("drop_topic", allow_unknown=True).defer_async(chat_id=chat_id, thread_id=thread_id)


def add_tasks(app: App, services: Services) -> None:
    """What a worker does."""

    @app.task(name="deliver")
    async def deliver(conversation_id: int) -> None:
        await turns.handle(services, conversation_id)

    @app.task(name="remind", retry=RetryStrategy(max_attempts=8, exponential_wait=2))
    async def remind(batch: str) -> None:
        await reminding.send_batch(services, uuid.UUID(batch))

    @app.periodic(cron="* * * * *")
    @app.task(name="sweep", queueing_lock="sweep")
    async def sweep(timestamp: int) -> None:
        await turns.sweep(services)
        await reminding.sweep(services, partial(remind_soon, app))

    @app.periodic(cron="17 3 * * *")
    @app.task(name="retention", queueing_lock="retention")
    async def retention(timestamp: int) -> None:
        async with services.database.begin() as connection:
            gone = await people.retain(connection, now=services.now(), days=services.settings.retention_days)
        log.info("retention", **gone)
