"""Where updates go once they are read: into a turn. Apart from the rest, because turns themselves know channels."""

from datetime import datetime

from bot import turns
from bot.channels.telegram.intake import Intake
from bot.services import Services
from core.messages import Inbound
from store import conversations


def intake_of(services: Services) -> Intake:
    async def receive(inbound: Inbound) -> None:
        await turns.receive_and_answer(services, inbound)

    async def set_reachable(address: str, since: datetime | None) -> None:
        async with services.database.begin() as connection:
            await conversations.set_reachable(connection, "telegram", address, since=since)

    return Intake(receive, set_reachable, services.now)
