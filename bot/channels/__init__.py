"""How messages travel. A new channel: a folder here, its line in `CHANNELS`, and the contract tests pass."""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from core.messages import Reply
from core.settings import Settings

type Sessions = async_sessionmaker[AsyncSession]


class Channel(Protocol):
    """One way to reach a person.

    name: as in the database; repeatable: sending the same message id twice shows it once, so a delivery
    that may have happened can simply be done again. interactive: whether somebody can press buttons.
    """

    name: str
    repeatable: bool
    interactive: bool

    async def send(self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None) -> str | None:
        """Deliver one reply (with a JSON file, if given); the channel's own id of it, if any. Raises ChannelError."""
        ...

    async def edit(self, address: str, external_id: str | None, message_id: int, reply: Reply) -> None:
        """Show a newer version of what was sent as `external_id`. Raises ChannelError."""
        ...

    async def fetch(self, source: str) -> bytes:
        """The file that a message brought, by what the channel knows it by. Raises ChannelError."""
        ...

    async def standing(self, address: str) -> None:
        """Tell the person's open pages that somebody else speaks now, where there are any. Best effort."""
        ...

    async def typing(self, address: str, who: str = "") -> None:
        """Show that an answer is being written, by the mentor `who` or by us. Best effort: never raises for a person's sake."""
        ...


def _web(settings: Settings, sessions: Sessions) -> Channel | None:
    from bot.channels.web import WebChannel

    return WebChannel(sessions)


def _telegram(settings: Settings, sessions: Sessions) -> Channel | None:
    if not settings.telegram_bot_token:
        return None
    from bot.channels.telegram import open_channel

    return open_channel(settings, sessions)


def _terminal(settings: Settings, sessions: Sessions) -> Channel | None:
    from bot.channels.terminal import TerminalChannel

    return TerminalChannel()


# Each opens its channel, or says None where the settings do not ask for it. The terminal is opened by `make chat` only.
CHANNELS: dict[str, Callable[[Settings, Sessions], Channel | None]] = {
    "web": _web,
    "telegram": _telegram,
    "terminal": _terminal,
}


def open_channels(settings: Settings, sessions: Sessions, *, names: tuple[str, ...]) -> dict[str, Channel]:
    """The channels of these names that the settings ask for."""
    opened = {name: CHANNELS[name](settings, sessions) for name in names}
    return {name: channel for name, channel in opened.items() if channel is not None}
