"""Where replies go that nobody reads one by one: questions asked in bulk, and the bench."""

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

    async def typing(self, address: str) -> None:
        return
