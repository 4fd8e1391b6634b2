"""The web chat as a channel: a reply is announced through PostgreSQL, and whichever web process holds the person's
open page reads and shows it (`web/stream.py`). The page asks for what it missed, so announcing twice shows once."""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from core.errors import ChannelError
from core.messages import Reply

ANNOUNCED_ON = "velkommen_web"
TYPING = "typing"
RECEIVED = "received"
EDITED = "edited"
STANDING = "standing"


class WebChannel:
    name = "web"
    repeatable = True
    interactive = True

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    async def send(self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None) -> str | None:
        """Announce a stored reply. The attachment is not carried: the page links to where it is made."""
        await self._announce(address, str(message_id))
        return None

    async def edit(self, address: str, external_id: str | None, message_id: int, reply: Reply) -> None:
        """Have open pages show the newer version; whoever comes later sees it anyway."""
        await self._announce(address, f"{EDITED}:{message_id}")

    async def fetch(self, source: str) -> bytes:
        raise ChannelError("Files of the web chat come with their message.", permanent=True)

    async def standing(self, address: str) -> None:
        """Tell open pages that somebody else speaks now. Best effort."""
        try:
            await self._announce(address, STANDING)
        except ChannelError:
            return

    async def typing(self, address: str, who: str = "") -> None:
        """who: the mentor who is writing; otherwise it is Velkommen."""
        try:
            await self._announce(address, f"{TYPING}:{who}" if who else TYPING)
        except ChannelError:
            return  # only a sign; the reply itself will tell if the database is away

    async def received(self, address: str, message: str) -> None:
        """Tell the person's other open pages that a message of theirs was stored. Best effort, too."""
        try:
            await self._announce(address, f"{RECEIVED}:{message}")
        except ChannelError:
            return

    async def _announce(self, address: str, what: str) -> None:
        try:
            async with self._sessions.begin() as session:
                await session.execute(
                    text("select pg_notify(:channel, :what)"), {"channel": ANNOUNCED_ON, "what": f"{address}:{what}"}
                )
        except SQLAlchemyError as error:
            raise ChannelError("The web page could not be told of a reply; it is tried again.") from error
