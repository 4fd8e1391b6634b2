"""Colleagues in front of their inbox: accounts, and a browser that is signed in."""

import itertools
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from bot.services import Services
from core.messages import Inbound, Kind
from store import conversations, handovers, staff
from store.staff import Colleague
from web.staff import COOKIE
from web.visitor import CSRF_HEADER

ORIGIN = "http://desk.test"
NUMBERS = itertools.count(1)


class Browser:
    """What a page of the inbox does, without the page."""

    def __init__(self, app: FastAPI, who: Colleague | None = None, token: str = "", csrf: str = "") -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN})
        self.who, self.csrf = who, csrf
        if token:
            self.http.cookies.set(COOKIE, token)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(path, params=params)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        own = {CSRF_HEADER: self.csrf, **headers}
        if isinstance(body, bytes):
            return await self.http.post(path, content=body, headers=own)
        return await self.http.post(path, json={} if body is None else body, headers=own)

    async def send(self, path: str, **fields: Any) -> httpx.Response:
        """A plain form."""
        return await self.http.post(path, data={"csrf": self.csrf, **fields})

    async def opens_form(self, path: str) -> httpx.Response:
        """A page with a form, whose token is sent along from now on."""
        page = await self.http.get(path)
        for name in ("token", "csrf"):
            found = page.text.partition(f'name="{name}" value="')[2].partition('"')[0]
            self.csrf = found or self.csrf
        return page


async def add(services: Services, name: str, role: str = "mentor", **fields: Any) -> Colleague:
    """An account; given names only, so that nobody real is meant."""
    async with services.database.begin() as connection:
        number = await staff.add(
            connection, email=f"{name.lower()}@example.org", name=name, role=role, now=services.now(), **fields
        )
        found = await staff.by_id(connection, number)
    assert found is not None
    return found


async def signed_in(services: Services, app: FastAPI, who: Colleague, *, second: bool = True) -> Browser:
    """second: with a second factor, too, so that nothing is asked any more."""
    async with services.database.begin() as connection:
        token, csrf = await staff.open_session(connection, who.id, now=services.now(), second=second)
    return Browser(app, who, token, csrf)


async def comes_over(
    services: Services, *said: str, address: str = "", name: str = "", kommune: str = "", **asked: Any
) -> int:
    """Somebody writes, lets it be kept, and asks for a human; the conversation's number."""
    address = address or f"person-{next(NUMBERS)}"
    conversation = 0
    async with services.database.begin() as connection:
        for words in said or ("How do I get a tax card?",):
            inbound = Inbound("fake", address, f"i{next(NUMBERS)}", Kind.TEXT, services.now(), text=words)
            found = await conversations.receive(connection, inbound, text=words, masked="[]", now=services.now())
            conversation = found or conversation
        profile = f'{{"name": "{name}", "kommune": "{kommune}"}}'
        await connection.execute(
            text(
                "update recruits set consent = 'given', profile = cast(:profile as jsonb) where id = (select recruit_id "
                "from addresses a join conversations c on c.address_id = a.id where c.id = :conversation)"
            ),
            {"profile": profile, "conversation": conversation},
        )
        await connection.execute(
            text("update inbound set handled_at = :now where conversation_id = :conversation"),
            {"now": services.now(), "conversation": conversation},
        )
        await handovers.ask(
            connection,
            conversation,
            **{"reason": "asked", "now": services.now(), "promised_at": services.now(), **asked},
        )
    return conversation


async def offered(services: Services, conversation: int, *who: Colleague) -> None:
    async with services.database.begin() as connection:
        row = await handovers.row(connection, conversation)
        assert row is not None
        for each in who:
            await handovers.offer(connection, row.id, each.id, round_=1, reasons=(), now=services.now())
