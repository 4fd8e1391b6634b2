"""Answering after the update is stored: one task a conversation, which waits for the rest of a burst."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()


class Background:
    """Runs `handle` for conversations. Asking again while it runs makes it run once more afterwards."""

    def __init__(self) -> None:
        self._until: dict[int, float] = {}
        self._again: set[int] = set()
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def soon(self, conversation_id: int, handle: Callable[[], Awaitable[object]], *, wait: float = 0) -> None:
        """Start handling in `wait` seconds; a further message within that time moves the start."""
        self._until[conversation_id] = asyncio.get_running_loop().time() + wait
        if conversation_id in self._tasks:
            self._again.add(conversation_id)
            return
        task = asyncio.create_task(self._run(conversation_id, handle))
        self._tasks[conversation_id] = task

    async def drain(self) -> None:
        """Wait until everything started is done."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, conversation_id: int, handle: Callable[[], Awaitable[object]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                while (left := self._until[conversation_id] - loop.time()) > 0:  # noqa: ASYNC110
                    await asyncio.sleep(left)  # a further message moves the moment, so it is looked at again
                self._again.discard(conversation_id)
                await handle()
                if conversation_id not in self._again:
                    return
        except Exception:
            # The edge: what was not finished stays in the database, and the sweep takes it up again.
            log.exception("handling failed", conversation=conversation_id)
        finally:
            del self._tasks[conversation_id]
            self._until.pop(conversation_id, None)
            self._again.discard(conversation_id)
