"""The clock: asks at an interval what is due. The truth stands in the database; a clock that starts anew loses nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger()
EVERY = timedelta(seconds=15)


@asynccontextmanager
async def ticking(tick: Callable[[], Awaitable[object]], *, every: timedelta = EVERY) -> AsyncIterator[None]:
    """Call `tick` every so often while the block runs, never twice at a time; a failure is logged, the next one comes."""

    async def once() -> None:
        try:
            await tick()
        except Exception:
            log.exception("the clock's tick failed")

    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        once, "interval", seconds=every.total_seconds(), max_instances=1, coalesce=True, misfire_grace_time=None
    )
    scheduler.start()
    try:
        await once()
        yield
    finally:
        scheduler.shutdown(wait=False)
