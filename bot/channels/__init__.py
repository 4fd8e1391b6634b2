"""How messages travel. A new channel: a folder here, its line in `CHANNELS`, and the contract tests pass."""

from typing import Protocol

from core.messages import Reply


class Channel(Protocol):
    """One way to reach a person.

    name: as in the database; repeatable: sending the same message id twice shows it once, so a delivery
    that may have happened can simply be done again.
    """

    name: str
    repeatable: bool

    async def send(self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None) -> str | None:
        """Deliver one reply (with a JSON file, if given); the channel's own id of it, if any. Raises ChannelError."""
        ...

    async def typing(self, address: str) -> None:
        """Show that an answer is being written. Best effort: never raises for a person's sake."""
        ...
