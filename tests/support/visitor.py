"""A visitor of the web chat."""

import asyncio
import json
import uuid
from typing import Any

import httpx

TOKEN = "X-Velkommen-Token"


class Browser:
    """What a page does, without the page."""

    def __init__(self, url: str, **headers: str) -> None:
        self.http = httpx.AsyncClient(base_url=url, headers=headers, timeout=5)
        self.origin = url

    async def opens(self, path: str = "/") -> httpx.Response:
        page = await self.http.get(path)
        self.token = page.text.partition('name="velkommen-token" content="')[2].partition('"')[0]
        return page

    async def posts(self, path: str, body: Any, **headers: str) -> httpx.Response:
        own = {TOKEN: self.token, "Origin": self.origin, **headers}
        return await self.http.post(path, json=body, headers=own)

    async def says(self, text: str, *, id_: str | None = None, **headers: str) -> httpx.Response:
        return await self.posts("/api/messages", {"id": id_ or str(uuid.uuid4()), "text": text}, **headers)

    async def reads(self, after: int = 0) -> list[dict[str, Any]]:
        answer = await self.http.get("/api/messages", params={"after": after})
        messages: list[dict[str, Any]] = answer.json()["messages"]
        return messages

    async def answers(self, count: int = 1) -> list[dict[str, Any]]:
        """Waits until so many replies are there."""
        async with asyncio.timeout(5):
            while len(replies := [each for each in await self.reads() if each["type"] == "reply"]) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return replies

    async def listens(self, count: int, *, last: int | None = None, after: int = 0) -> list[dict[str, Any]]:
        """The first so many replies of a new stream."""
        return await self.hears("reply", count, last=last, after=after)

    async def hears(
        self, name: str, count: int = 1, *, last: int | None = None, after: int = 0
    ) -> list[dict[str, Any]]:
        """The first so many events of that name of a new stream."""
        headers = {"Last-Event-ID": str(last)} if last is not None else {}
        found: list[dict[str, Any]] = []
        request = self.http.stream("GET", "/api/stream", params={"after": after}, headers=headers)
        async with asyncio.timeout(5), request as stream:
            heard = ""
            async for line in stream.aiter_lines():
                heard = line.removeprefix("event: ") if line.startswith("event: ") else heard
                if line.startswith("data: ") and heard == name:
                    found.append(json.loads(line.removeprefix("data: ")))
                    if len(found) == count:
                        break
        return found

    async def stands(self, **asked: str) -> dict[str, Any]:
        standing: dict[str, Any] = (await self.http.get("/api/standing", params=asked)).json()
        return standing

    async def sends(
        self, content: bytes, name: str = "letter.png", *, id_: str | None = None, **headers: str
    ) -> httpx.Response:
        """A file."""
        own = {TOKEN: self.token, "Origin": self.origin, "Content-Type": "image/png", **headers}
        asked = {"id": id_ or str(uuid.uuid4()), "name": name}
        return await self.http.post("/api/files", params=asked, content=content, headers=own)
