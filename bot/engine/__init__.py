"""What does the person want, and what comes next? The dialogue engine decides, in acts free of language."""

from typing import Protocol

from core.acts import Act


class Engine(Protocol):
    async def next_acts(self, *, sender: str, text: str, language: str, pending: str, audience: str) -> list[Act]:
        """The acts for one message, at least one. Raises EngineError when there is no usable answer.

        text: masked. pending: what our last reply left open (none, mentor, which, forget, consent, answered).
        """
        ...

    async def ready(self) -> bool:
        """Whether it would answer now."""
        ...
