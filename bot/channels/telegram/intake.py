"""One update from the door to the store, however it arrived."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from telegram import Update

from bot.channels.telegram.inbound import Blocked, Unblocked, to_inbound
from core.errors import VelkommenError
from core.messages import Inbound


class UnreadableUpdateError(VelkommenError):
    """Not an update, or of a shape that the library does not know. It will not get better by coming again."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Stores updates and starts the answer.

    receive: stores a message, if it was not stored before, and has it answered in the background.
    set_reachable: notes since when nobody can be reached at an address; None: somebody can again.
    mentors: carries out what a colleague wants in their group or their own chat; False for anybody else's update.
    """

    receive: Callable[[Inbound], Awaitable[object]]
    set_reachable: Callable[[str, datetime | None], Awaitable[None]]
    now: Callable[[], datetime]
    mentors: Callable[[Update], Awaitable[bool]] | None = None

    async def take(self, data: object) -> str | None:
        """Store one update. Once this returns, Telegram need not send it again.

        Returns the id of the button press to be answered, so that the button stops blinking. Raises
        UnreadableUpdateError for what can be left out; any other error means that the update has to come again.
        """
        update = read_update(data)
        pressed = update.callback_query.id if update.callback_query else None
        if self.mentors is not None and await self.mentors(update):
            return pressed
        try:
            arrival = to_inbound(update, self.now())
        except (AttributeError, TypeError, ValueError) as error:
            raise UnreadableUpdateError(f"Update {update.update_id} cannot be read: {type(error).__name__}.") from error
        match arrival:
            case Inbound():
                await self.receive(arrival)
            case Blocked(address):
                await self.set_reachable(address, self.now())
            case Unblocked(address):
                await self.set_reachable(address, None)
            case None:
                pass
            case _:
                assert_never(arrival)
        return pressed


def read_update(data: object) -> Update:
    if not isinstance(data, Mapping) or not isinstance(data.get("update_id"), int):
        raise UnreadableUpdateError("This is not an update: it has no update_id.")
    fields: dict[str, Any] = {str(name): value for name, value in data.items()}
    try:
        return Update.de_json(fields, None)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnreadableUpdateError(f"Update {fields['update_id']} cannot be read: {type(error).__name__}.") from error
