"""Translation help for mentors, by a server that speaks LibreTranslate's protocol; only where one is configured."""

import httpx

from core.errors import ChannelError

SECONDS = 15.0


class Translation:
    """`source` None: the server finds out itself. What comes back is a machine's, and is shown as such."""

    def __init__(self, url: str, key: str = "") -> None:
        self._url, self._key = url, key

    @property
    def configured(self) -> bool:
        return bool(self._url)

    async def translate(self, text: str, *, source: str | None, target: str) -> str:
        """ChannelError when the server is away, or answers with anything but a text."""
        asked = {"q": text, "source": code(source) if source else "auto", "target": code(target), "format": "text"}
        if self._key:
            asked["api_key"] = self._key
        try:
            async with httpx.AsyncClient(timeout=SECONDS) as client:
                answer = await client.post(f"{self._url}/translate", json=asked)
                answer.raise_for_status()
                translated = answer.json()["translatedText"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise ChannelError(f"The translation server gave no translation ({type(error).__name__}).") from error
        if not isinstance(translated, str):
            raise ChannelError("The translation server gave no text.")
        return translated


def code(language: str) -> str:
    """As such servers know it: Filipino is Tagalog there."""
    return {"fil": "tl"}.get(language, language)
