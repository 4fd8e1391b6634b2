"""A process that takes one message through a turn and may be killed on the way; run by `test_crash.py`.

`python -m tests.support.crashing DATABASE_URL OUTBOX STEP REPEATABLE UPDATE…` receives the updates, answers them and
sweeps, appending to OUTBOX what reaches the person. At STEP it kills itself with SIGKILL; "none" lets it live.
"""

import asyncio
import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from bot import turns
from bot.background import Background
from bot.services import Services, utc_now
from core import acts
from core.acts import Act
from core.messages import Inbound, Kind, Reply
from core.settings import Settings
from knowledge.shelf import Shelf
from store import database

KNOWLEDGE = Path(__file__).parent.parent.parent / "knowledge"


class FileChannel:
    """What reaches the person stands in a file, safe from the death of the process."""

    name = "fake"
    interactive = True

    def __init__(self, path: Path, *, repeatable: bool) -> None:
        self.path, self.repeatable = path, repeatable

    async def send(self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None) -> str | None:
        payloads = [button.payload for button in reply.buttons]
        with self.path.open("a") as out:
            out.write(json.dumps({"id": message_id, "title": reply.title, "payloads": payloads}) + "\n")
            out.flush()
            os.fsync(out.fileno())
        return None

    async def standing(self, address: str) -> None:
        return

    async def typing(self, address: str, who: str = "") -> None:
        return


class OneAnswer:
    async def next_acts(self, **asked: str) -> list[Act]:
        return [acts.AnswerTopics(("tax-card",), (), 0.99)]

    async def ready(self) -> bool:
        return True


async def main(url: str, outbox: Path, fatal: str, repeatable: bool, updates: list[str]) -> None:
    def step(name: str) -> None:
        if name == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    engine = database.connect(url)
    sessions = database.sessions(engine)
    services = Services(
        settings=Settings(database_url=url, burst_seconds=0),
        database=engine,
        sessions=sessions,
        shelf=Shelf(sessions),
        engine=OneAnswer(),
        channels={"fake": FileChannel(outbox, repeatable=repeatable)},
        background=Background(),
        step=step,
    )
    for update in updates:
        kind, _, words = update.partition("=")
        fields = {"payload": words} if kind == "button" else {"text": words}
        inbound = Inbound("fake", "anna", update, Kind(kind), services.now(), **fields)
        conversation_id = await turns.receive(services, inbound)
        if conversation_id is not None:
            await turns.handle(services, conversation_id)
    for later in (timedelta(0), timedelta(minutes=1)):
        services.now = lambda later=later: utc_now() + later  # type: ignore[misc]
        await turns.sweep(services, older=timedelta(0))
        await services.background.drain()
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4] == "yes", sys.argv[5:]))
