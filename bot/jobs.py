"""Work that must not be lost, in Procrastinate's queue: deliveries to try again, reminders, the sweep, retention.

The queue only says when to look; what there is to do stands in our own tables.
"""

import math
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from procrastinate import App, RetryStrategy
from procrastinate.connector import BaseAsyncConnector
from procrastinate.exceptions import AlreadyEnqueued

from bot import gaps, journeys, progress, reminding, turns
from bot.services import Services
from core.days import danish_day, danish_midnight
from store import forum, invitations, numbers, people, staff

log = structlog.get_logger()
BULK = -10  # priority: after deliveries
AGAIN = RetryStrategy(max_attempts=6, exponential_wait=3)
COUNTED_FOR = 60  # days; what became of older reminders does not change any more
BEHIND, OVER = timedelta(minutes=1), timedelta(days=1)
TELL_FOR = timedelta(minutes=15)
# Telegram deletes no message that is older than two days: looked for every hour, and room for another attempt.
CLEAR_AFTER, CLEAR_OVER_AFTER = timedelta(hours=46), timedelta(hours=1)


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


async def mirror_soon(app: App, conversation_id: int, *, after: float = 0) -> None:
    """Have mentors told in Telegram what is new in a conversation, in so many seconds; once, however often it is asked."""
    # What is to be done later has a lock of its own, so that what is new meanwhile need not wait for it.
    lock = f"mirror-later:{conversation_id}" if after else f"mirror:{conversation_id}"
    when = {"seconds": math.ceil(after)} if after else None
    task = app.configure_task("mirror", queueing_lock=lock, schedule_in=when, allow_unknown=True)
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
    """Have a topic of the mentors' group deleted, with everything in it; or a message of a mentor's own chat."""
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
        async with services.database.begin() as connection:
            await numbers.roll_up(connection)

    @app.periodic(cron="* * * * *")
    @app.task(name="replan", queueing_lock="replan")
    async def replan(timestamp: int) -> None:
        await journeys.follow_tasks(services)

    @app.periodic(cron="11 * * * *")
    @app.task(name="progress", queueing_lock="progress")
    async def keep_progress(timestamp: int) -> None:
        await progress.renew(services)

    @app.periodic(cron="17 3 * * *")
    @app.task(name="retention", queueing_lock="retention")
    async def retention(timestamp: int) -> None:
        now, days = services.now(), services.settings.retention_days
        async with services.database.begin() as connection:
            topics = await forum.topics_gone(connection, now - timedelta(days=days))
            for chat_id, number in (*topics, *await forum.forget_unkept(connection, now)):
                await services.drop_topic(chat_id, number)
            gone = await people.retain(connection, now=now, days=days)
            gone["invitations"] = await invitations.retain(connection, now=now)
            await staff.forget_old(connection, now=now)
        log.info("retention", **gone)

    _add_gaps(app, services)

    @app.periodic(cron="23 * * * *")
    @app.task(name="numbers", queueing_lock="numbers")
    async def count_reminders(timestamp: int) -> None:
        today = danish_day(services.now())
        since, until = (danish_midnight(today + timedelta(days=days)) for days in (-COUNTED_FOR, 1))
        async with services.database.begin() as connection:
            await numbers.keep_reminders(connection, since=since, until=until)

    _add_telling(app, services)


def _add_gaps(app: App, services: Services) -> None:
    """What the editors' board of questions without an answer needs."""

    @app.periodic(cron="* * * * *")
    @app.task(name="gaps", queueing_lock="gaps")
    async def group(timestamp: int) -> None:
        await gaps.group_new(services)
        await gaps.settle(services)

    @app.periodic(cron="23 * * * *")
    @app.task(name="gaps_left", queueing_lock="gaps_left")
    async def left(timestamp: int) -> None:
        await gaps.collect_left(services)

    @app.periodic(cron="37 2 * * *")
    @app.task(name="gaps_again", queueing_lock="gaps_again")
    async def again(timestamp: int) -> None:
        await gaps.regroup(services)


def _add_telling(app: App, services: Services) -> None:
    """What mentors are told in Telegram; without a bot there, such a job does nothing."""
    telling = None
    if "telegram" in services.channels:
        from bot.channels.telegram.desk import telling_of  # brings the whole of Telegram's library with it

        telling = telling_of(services)

    @app.task(name="mirror", retry=AGAIN)
    async def mirror(conversation_id: int) -> None:
        if telling is not None and (after := await telling.mirror(conversation_id)) is not None:
            await mirror_soon(app, conversation_id, after=after)

    @app.task(name="tell", retry=AGAIN)
    async def tell(conversation_id: int, staff_id: int, what: str, since: float = 0) -> None:
        """since: when it was first tried."""
        if telling is None or (after := await telling.tell(conversation_id, staff_id, what)) is None:
            return
        now = services.now().timestamp()
        if now - (since or now) > TELL_FOR.total_seconds():
            log.error("mentor not told", conversation=conversation_id, staff=staff_id)
            return
        later = app.configure_task("tell", schedule_in={"seconds": math.ceil(after)})
        await later.defer_async(conversation_id=conversation_id, staff_id=staff_id, what=what, since=since or now)

    @app.task(name="drop_topic", retry=AGAIN)
    async def drop_topic(chat_id: int, thread_id: int) -> None:
        if telling is not None and (after := await telling.drop(chat_id, thread_id)) is not None:
            later = app.configure_task("drop_topic", schedule_in={"seconds": math.ceil(after)})
            await later.defer_async(chat_id=chat_id, thread_id=thread_id)

    @app.periodic(cron="*/5 * * * *")
    @app.task(name="mirror_behind", queueing_lock="mirror_behind")
    async def mirror_behind(timestamp: int) -> None:
        """Take up what a group or a chat that was away, or a process that ended, has left behind."""
        group, now = services.settings.mentor_group, services.now()
        if telling is None:
            return
        async with services.database.connect() as connection:
            if group:
                behind = await forum.behind(connection, int(group), before=now - BEHIND, since=now - OVER)
            else:
                behind = await forum.untold(connection, before=now - BEHIND, since=now - OVER)
        for conversation_id in behind:
            await mirror_soon(app, conversation_id)

    @app.periodic(cron="7 * * * *")
    @app.task(name="clear_chats", queueing_lock="clear_chats")
    async def clear_chats(timestamp: int) -> None:
        """Delete what stands in mentors' own chats of conversations that are over; of the others, see to it in time."""
        if telling is None:
            return
        async with services.database.begin() as connection:
            up_to = await forum.marks(connection)
            for chat_id, number in await forum.clear_over(connection, services.now() - CLEAR_OVER_AFTER):
                await services.drop_topic(chat_id, number)
        if up_to:
            later = app.configure_task("clear_up_to", schedule_in={"seconds": int(CLEAR_AFTER.total_seconds())})
            await later.defer_async(up_to=[list(place) for place in up_to])

    @app.task(name="clear_up_to", retry=AGAIN)
    async def clear_up_to(up_to: list[list[int]]) -> None:
        """Delete what has stood in mentors' own chats since these were the newest messages there."""
        if telling is None:
            return
        async with services.database.begin() as connection:
            for chat_id, number in await forum.clear_old(connection, [(place[0], place[1]) for place in up_to]):
                await services.drop_topic(chat_id, number)
