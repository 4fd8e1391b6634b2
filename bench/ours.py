"""Our side: a process with everything a turn needs, PostgreSQL and Rasa included; replies go nowhere."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from bench.questions import Said
from bot import metrics, turns
from bot.channels.bulk import BulkChannel
from bot.services import Services
from core.errors import VelkommenError
from core.messages import Inbound, Kind
from core.settings import Settings
from operations.assemble import open_services


@dataclass(slots=True)
class Ours:
    """The whole path but the web server: stored, masked, understood, answered, stored, delivered, marked."""

    services: Services
    sink: BulkChannel
    name: str = "ours"
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def turn(self, person: str, said: Said) -> None:
        update = f"{person}-{next(self.numbers)}"
        inbound = Inbound("bulk", person, update, Kind.TEXT, self.services.now(), said.text)
        delivered = self.sink.delivered
        conversation_id = await turns.receive(self.services, inbound)
        assert conversation_id is not None, "every update is new"
        turned = await turns.handle(self.services, conversation_id)
        if self.sink.delivered == delivered or _failed():
            raise VelkommenError(f"A turn of ours failed ({[one.thought.outcome.kind for one in turned]}).")


def _failed() -> bool:
    return any(sample.value for metric in metrics.ENGINE_FAILURES.collect() for sample in metric.samples[:1])


@asynccontextmanager
async def open_ours(settings: Settings, *, name: str = "ours") -> AsyncIterator[Ours]:
    """Over the database and the Rasa that the settings name."""
    sink = BulkChannel()
    quiet = replace(settings, burst_seconds=0)
    async with open_services(quiet, channels={sink.name: sink}, queue=False) as (services, _):
        yield Ours(services, sink, name)
