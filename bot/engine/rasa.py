"""The only place that speaks to Rasa: its REST channel, with acts as custom payloads.

Rasa logs its own errors and still answers 200 with an empty list, so an empty answer is a failure here.
It keeps nothing between two requests; what it must know of the conversation travels along as metadata.
"""

import asyncio

import aiohttp

from core.acts import Act, parse_act
from core.errors import ActError, EngineError

TIMEOUT = aiohttp.ClientTimeout(total=10, connect=2)
CONNECT_TRIES = 4


class RasaEngine:
    """Rasa at `url`; one keep-alive connection pool per process. Close it when done."""

    def __init__(self, url: str, *, pause: float = 0.5) -> None:
        self._url = url
        self._pause = pause
        self._session: aiohttp.ClientSession | None = None

    async def next_acts(self, *, sender: str, text: str, language: str, pending: str, audience: str) -> list[Act]:
        metadata = {"language": language, "pending": pending, "audience": audience}
        answer = await self._post({"sender": sender, "message": text, "metadata": metadata})
        if not isinstance(answer, list) or not answer:
            raise EngineError("Rasa answered nothing; look into its log for the reason")
        try:
            return [parse_act(message["custom"]) for message in answer]
        except (ActError, KeyError, TypeError) as error:
            raise EngineError(f"Rasa answered something that is not an act: {error}") from error

    async def ready(self) -> bool:
        """Whether Rasa is up with a model loaded."""
        try:
            async with self._client().get(f"{self._url}/webhooks/rest/") as response:
                return response.status == 200
        except (TimeoutError, aiohttp.ClientError):
            return False

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, body: dict[str, object]) -> object:
        for attempt in range(CONNECT_TRIES):
            try:
                async with self._client().post(f"{self._url}/webhooks/rest/webhook", json=body) as response:
                    if response.status != 200:
                        raise EngineError(f"Rasa answered with status {response.status}")
                    return await response.json()
            except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError) as error:
                # Not listening (just restarting): asking again is safe, for Rasa keeps nothing.
                if attempt == CONNECT_TRIES - 1:
                    raise EngineError("Rasa can't be reached") from error
                await asyncio.sleep(self._pause * 2**attempt)
            except (TimeoutError, aiohttp.ClientError, ValueError) as error:
                raise EngineError(f"Rasa gave no usable answer: {type(error).__name__}") from error
        raise AssertionError("unreachable")

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT)
        return self._session
