"""Where replies go that nobody reads one by one: questions asked in bulk, and the bench."""

from core.errors import ChannelError
from core.messages import Reply


class BulkChannel:
    name = "bulk"
    repeatable = True
    interactive = False

    def __init__(self) -> None:
        self.delivered = 0

    async def send(self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None) -> str | None:
        self.delivered += 1
        return None

    async def edit(self, address: str, external_id: str | None, message_id: int, reply: Reply) -> None:
        return

    async def fetch(self, source: str) -> bytes:
        raise ChannelError("Nobody sends files here.", permanent=True)

    async def standing(self, address: str) -> None:
        return

    async def typing(self, address: str, who: str = "") -> None:
        return
