"""Colleagues in front of the pages on which knowledge is edited; what they publish is gone after the test."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from bot.services import Services
from operations.assemble import web_doors
from tests.support.inbox import Browser, add, signed_in
from web.app import create_app


@dataclass
class Editors:
    services: Services
    app: FastAPI
    people: dict[str, Browser] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Browser:
        return self.people[name]

    async def joins(self, name: str, role: str, **fields: Any) -> Browser:
        self.people[name] = await signed_in(self.services, self.app, await add(self.services, name, role, **fields))
        return self.people[name]

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.services.database.connect() as connection:
            return list((await connection.execute(text(query), values)).all())

    async def audited(self) -> list[tuple[str, str]]:
        found = await self.rows("select what, about from audit where staff_id = any(:ids) order by id", ids=self._ids())
        return [(what, about) for what, about in found]

    def _ids(self) -> list[int]:
        return [each.who.id for each in self.people.values() if each.who]


ROLES = {"Ed": "editor", "Eva": "editor", "Rita": "reviewer", "Ada": "admin", "Sune": "supervisor", "Maria": "mentor"}


@asynccontextmanager
async def editors_of(services: Services, *, review: bool = False) -> AsyncIterator[Editors]:
    settings = replace(services.settings, review=review)
    office = Editors(services, create_app(web_doors(replace(services, settings=settings))))
    async with services.database.begin() as connection:
        before = (await connection.execute(text("select coalesce(max(id), 0) from revisions"))).scalar_one()
        await connection.execute(text("delete from drafts"))
    for name, role in ROLES.items():
        await office.joins(name, role)
    try:
        yield office
    finally:
        await as_before(services, before)


async def as_before(services: Services, newest: int) -> None:
    """What was published after that revision is undone."""
    async with services.database.begin() as connection:
        await connection.execute(text("delete from drafts"))
        await connection.execute(
            text(
                "delete from knowledge k using revisions r where r.id > :newest "
                "and (k.kind, k.key, k.language) = (r.kind, r.key, r.language)"
            ),
            {"newest": newest},
        )
        await connection.execute(
            text(
                "insert into knowledge (kind, key, language, data, origin, updated_at, revision_id) "
                "select kind, key, language, data, origin, at, id from ("
                "  select distinct on (kind, key, language) * from revisions where id <= :newest "
                "  and (kind, key, language) in (select kind, key, language from revisions where id > :newest) "
                "  order by kind, key, language, id desc) as before where data is not null"
            ),
            {"newest": newest},
        )
        await connection.execute(text("delete from revisions where id > :newest"), {"newest": newest})


class Form(HTMLParser):
    """The fields of the form with an action, as a browser would send them."""

    def __init__(self, page: httpx.Response, action: str) -> None:
        super().__init__()
        self.wanted = action
        self.fields: list[tuple[str, str]] = []
        self.actions: set[str] = set()
        self._inside = self._done = False
        self._area: str | None = None
        self._select: str | None = None
        self.feed(page.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.actions.add(own.get("action", ""))
            self._inside = (
                not self._done
                and own.get("method") == "post"
                and unquote(own.get("action", "")) == unquote(self.wanted)
            )
        if not self._inside:
            return
        if tag == "input" and own.get("name"):
            kind = own.get("type", "text")
            if kind not in ("checkbox", "radio") or "checked" in own:
                self.fields.append((own["name"], own.get("value", "on" if kind == "checkbox" else "")))
        elif tag == "textarea":
            self._area = own["name"]
            self.fields.append((own["name"], ""))
        elif tag == "select":
            self._select = own["name"]
            self.fields.append((own["name"], ""))
        elif tag == "option" and self._select and "selected" in own:
            self.fields[-1] = (self._select, own.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._inside:
            self._inside, self._done = False, True
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area is not None and self.fields:
            name, value = self.fields[-1]
            self.fields[-1] = (name, value + data)

    def __getitem__(self, name: str) -> str:
        return next(value for own, value in self.fields if own == name).removeprefix("\n")

    def filled(self, changes: Mapping[str, Any]) -> list[tuple[str, str]]:
        """As somebody sends it who wrote this in it; None leaves a field out, a list sends it several times."""
        kept = [(name, value.removeprefix("\n")) for name, value in self.fields if name not in changes]
        for name, value in changes.items():
            kept += [(name, each) for each in (value if isinstance(value, list) else [value]) if each is not None]
        return kept


async def fills(browser: Browser, address: str, changes: Mapping[str, Any], *, action: str = "") -> httpx.Response:
    """Opens a page and sends its form back, with changes; the page that answers."""
    page = await browser.http.get(address)
    assert page.status_code == 200, page.text
    return await sends(browser, page, changes, action=action, to=action or address.partition("?")[0])


async def sends(
    browser: Browser, page: httpx.Response, changes: Mapping[str, Any], *, action: str = "", to: str = ""
) -> httpx.Response:
    """The form with that action (else: with the page's own address) of a page that is open already."""
    form = Form(page, action or page.url.path)
    pairs = form.filled(changes)
    assert any(name == "csrf" for name, _ in pairs), form.actions
    body: dict[str, list[str]] = {}
    for name, value in pairs:
        body.setdefault(name, []).append(value)
    return await browser.http.post(to or str(page.url.path), data=body)
