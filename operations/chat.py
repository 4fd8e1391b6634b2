"""`make chat`: a conversation in the terminal, through the same path as every other channel."""

import asyncio
import getpass
import itertools
import sys
import uuid
from datetime import datetime

from bot import turns
from bot.channels import Channel
from bot.channels.terminal import TerminalChannel
from core.messages import Inbound, Kind
from core.settings import Settings
from operations.assemble import open_services
from operations.stack import open_stack


async def chat(settings: Settings) -> None:
    """Read lines until the end of input; a number presses a button, /help and the like are commands."""
    terminal = TerminalChannel()
    channels: dict[str, Channel] = {"terminal": terminal}
    address, start = getpass.getuser(), uuid.uuid4()
    async with open_stack(settings) as ready, open_services(ready, channels=channels, queue=False) as (services, _):
        print("Write a question. A number presses a button; /help, /language, /mydata, /forget; Ctrl-D ends.")
        for number in itertools.count():
            line = await asyncio.to_thread(_read)
            if line is None:
                return
            if not line.strip():
                continue
            inbound = to_inbound(line, terminal, address=address, update_id=f"{start}:{number}", now=services.now())
            conversation_id = await turns.receive(services, inbound)
            if conversation_id is not None:
                await turns.handle(services, conversation_id)


def to_inbound(line: str, terminal: TerminalChannel, *, address: str, update_id: str, now: datetime) -> Inbound:
    button = terminal.pressed(line)
    if button is not None:
        return Inbound("terminal", address, update_id, Kind.BUTTON, now, payload=button.payload)
    if line.startswith("/"):
        return Inbound("terminal", address, update_id, Kind.COMMAND, now, line[1:].strip())
    return Inbound("terminal", address, update_id, Kind.TEXT, now, line.strip())


def _read() -> str | None:
    try:
        return input("\n> ") if sys.stdin.isatty() else (sys.stdin.readline() or None)
    except EOFError:
        return None
