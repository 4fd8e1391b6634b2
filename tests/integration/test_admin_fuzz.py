"""All pages and forms of the admin backend under random hands: nothing fails, leads elsewhere or runs what was written.

Shortened in the normal suite; VELKOMMEN_FUZZ=full sends ten times as many, other ones each time.
"""

import asyncio
import os
import re
import string
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import unquote, urlencode

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bot.services import Services
from core.settings import Settings
from knowledge.publish import import_folder
from knowledge.shelf import Shelf
from operations.assemble import web_doors
from store import database
from store.staff import Colleague
from tests.conftest import KNOWLEDGE, NOW, services_over
from tests.support.inbox import ORIGIN, Browser, add, signed_in
from tests.support.rooms import Filled, address, fill, routes
from web.app import create_app
from web.limits import Limits

SCRIPT = "<script>zqx()</script>"
ELSEWHERE = "https://elsewhere.test/"
FULL = os.environ.get("VELKOMMEN_FUZZ") == "full"
EXAMPLES = settings(
    max_examples=60 if FULL else 6, derandomize=not FULL, deadline=None, database=None, phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
# What breaks forms: what can't be stored or counted, what is no day, what is a piece of a page, an address or a query.
ODD = st.sampled_from([
    "", " ", "\0", "\ud800", "x\0y", "‮", "a\u0301" * 50, "0", "-1", "00", "1e999", "NaN", "²", "٣", "99999999999999999999",
    "9223372036854775808", "2147483648", "1.5", "0001-01-01", "9999-12-31", "2026-02-30", "12026-01-01", "2026-11-22T99:99",
    "9999-12-31T23:59", "0001-01-01T00:00", "24:00", "23:59:59.999999", "on", "null", "[]", "{}", "{0}", "{name}", "{{ 7 * 7 }}",
    "[[name]]", "%", "%s", "%00", "'; drop table staff; --", "\\", "../../etc/passwd", f'"><{SCRIPT}', SCRIPT, ELSEWHERE,
    "//elsewhere.test", "/\\elsewhere.test", "javascript:zqx()", "en", "xx", "pl,da", "tax-card", "odense", "x" * 70_000,
    "\n" * 3000,
    "=1+1", "- a\n- [b", "&a [*a, *a]", "!!python/object:os.system", "(" * 500, "[" * 500, "*" * 500, "{tax-card-wait}", "[a](b)",
])  # fmt: skip
VALUES = st.one_of(
    ODD, st.text(max_size=40), st.integers().map(str), st.dates().map(str), st.datetimes().map(lambda at: at.isoformat()),
    st.text(string.digits + "-:.,/", max_size=12),
)  # fmt: skip
FILES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda written: written.encode("utf-8", "replace")),
    st.lists(st.lists(VALUES, max_size=4).map(";".join), max_size=4).map(
        lambda lines: "\n".join(["name;arrival;kommune;employer", *lines]).encode("utf-8", "replace")
    ),
    st.sampled_from([b"PK\3\4" + b"\0" * 30, b"\xff\xfe", b"name\n" * 3000, b"%PDF-1.4"]),
)
type Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Written:
    """A form of a page, as a browser would send it untouched; all names that it has."""

    action: str
    method: str
    pairs: Pairs
    names: tuple[str, ...]


class Forms(HTMLParser):
    def __init__(self, page: httpx.Response) -> None:
        super().__init__()
        self.path = page.url.path
        self.found: list[Written] = []
        self._open = self._select = ""
        self._pairs: Pairs = []
        self._names: list[str] = []
        self.feed(page.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attributes}
        name, value = own.get("name", ""), own.get("value", "")
        if tag == "form":
            self._action, self._method = own.get("action") or self.path, own.get("method", "get")
            self._pairs, self._names = [], []
        elif tag in ("input", "textarea", "select", "button") and name:
            self._names.append(name)
            self._select = name if tag == "select" else ""
            ticked = own.get("type") not in ("checkbox", "radio", "file") or "checked" in own
            if tag in ("textarea", "select") or (tag == "input" and ticked):
                self._pairs.append((name, value))
            self._open = name if tag == "textarea" else ""
        elif tag == "option" and self._select and ("selected" in own or not self._pairs[-1][1]):
            self._pairs[-1] = (self._select, value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.found.append(Written(self._action, self._method, self._pairs, tuple(dict.fromkeys(self._names))))
        elif tag == "textarea":
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self._pairs[-1] = (self._open, self._pairs[-1][1] + data)


@dataclass(slots=True)
class Office:
    """An administrator in front of every page with something on it. pages: each address with the forms that it shows."""

    services: Services
    app: FastAPI
    who: Colleague
    filled: Filled
    pages: dict[str, list[Written]] = field(default_factory=dict)
    browser: Browser = field(init=False)

    async def signs_in(self) -> None:
        """Again, whatever has been done to the session meanwhile. What fails is raised here, so that it is seen where."""
        self.browser = await signed_in(self.services, self.app, self.who)
        cookies = self.browser.http.cookies
        await self.browser.http.aclose()
        self.browser.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url=ORIGIN, headers={"Origin": ORIGIN}, cookies=cookies
        )

    async def opens(self, there: str) -> list[Written]:
        page = await self.browser.http.get(there)
        fine(page)
        return Forms(page).found if "text/html" in page.headers.get("content-type", "") else []


@pytest.fixture(scope="module")
def database_url(postgres: str) -> str:
    """A database of these tests' own, with the knowledge of this repository: what they publish, nobody should read."""
    server = make_url(postgres).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("create database fuzzing"))
    engine.dispose()
    url = make_url(postgres).set(database="fuzzing").render_as_string(hide_password=False)
    database.migrate(url)

    async def fill_it() -> None:
        own = database.connect(url)
        async with database.sessions(own).begin() as session:
            await import_folder(session, KNOWLEDGE, now=NOW)
        await own.dispose()

    asyncio.run(fill_it())
    return url


@pytest.fixture(scope="module")
async def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    own = Settings(
        data_dir=tmp_path_factory.mktemp("data"), database_url=database_url, secret_key="x" * 48, burst_seconds=0
    )
    async with services_over(own) as services:
        services.shelf = Shelf(services.sessions)
        colleague = await add(services, "Maria", "mentor")
        filled = await fill(services, colleague.id)
        app = create_app(web_doors(services))
        app.state.frame = replace(app.state.frame, steps=Limits(10**6), searches=Limits(10**6))
        made = Office(services, app, await add(services, "Ada", "admin"), filled)
        await made.signs_in()
        for route in routes("GET"):
            there = address(route.path, filled)
            made.pages[there] = await made.opens(there)
        yield made
        await made.browser.http.aclose()


def fine(answer: httpx.Response) -> None:
    shown = f"{answer.request.method} {answer.request.url}"
    assert answer.status_code < 500, shown
    assert SCRIPT not in answer.text or "text/html" not in answer.headers["content-type"], shown
    to = answer.headers.get("location", "/").removeprefix(ORIGIN)
    assert re.match(r"/(?![/\\])", to), (to, shown)


def named(route: APIRoute) -> str:
    return route.path.removeprefix("/admin")


@pytest.mark.parametrize("route", routes("GET"), ids=named)
@EXAMPLES
@given(data=st.data())
async def test_a_page_is_shown_whatever_its_address_asks_for(
    office: Office, route: APIRoute, data: st.DataObject
) -> None:
    there, _, query = address(route.path, office.filled).partition("?")
    forms = office.pages[f"{there}?{query}" if query else there]
    known = {name for form in forms if form.method == "get" for name in form.names} | {
        "page",
        "said",
        "lang",
        "q",
        "language",
    }
    asked = data.draw(st.lists(st.tuples(st.sampled_from(sorted(known)), VALUES), min_size=1, max_size=4))
    short = [(name, value[:2000]) for name, value in asked]
    await office.opens(f"{there}?{urlencode(short, errors='surrogatepass')}")


@pytest.mark.parametrize("route", [route for route in routes("GET") if "{" in route.path], ids=named)
@EXAMPLES
@given(data=st.data())
async def test_what_is_not_there_is_not_found(office: Office, route: APIRoute, data: st.DataObject) -> None:
    def odd(match: re.Match[str]) -> str:
        value = data.draw(VALUES)[:500].encode("utf-8", "surrogatepass")
        return "".join(f"%{byte:02x}" for byte in value) or "0"

    fine(await office.browser.http.get(re.sub(r"\{\w+(?::\w+)?\}", odd, route.path)))


@pytest.mark.parametrize("route", routes("POST"), ids=named)
@EXAMPLES
@given(
    drawn=st.dictionaries(st.integers(0, 59), st.lists(VALUES, max_size=3), min_size=1, max_size=4),
    file=st.none() | FILES,
)
async def test_a_form_is_taken_or_refused_whatever_is_in_it(
    office: Office, route: APIRoute, drawn: dict[int, list[str]], file: bytes | None
) -> None:
    """drawn: values by the place of a field, as what a form has changes with what is sent."""
    await office.signs_in()
    there, form = await form_of(office, route)
    pool = [name for name in form.names if name != "csrf"] or ["none"]
    changed = {pool[place % len(pool)]: values for place, values in drawn.items()}
    kept = [(name, value) for name, value in form.pairs if name not in changed and name != "csrf"]
    pairs = [
        ("csrf", office.browser.csrf),
        *kept,
        *((name, each) for name, values in changed.items() for each in values),
    ]
    if file is not None and "file" in form.names:
        fields = {name: value.encode("utf-8", "replace") for name, value in pairs}
        files = {"file": ("list.csv", file)}
        fine(await office.browser.http.post(there, data=fields, files=files))
        return
    body = urlencode(pairs, errors="surrogatepass").encode()
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    fine(await office.browser.http.post(there, content=body, headers=form_type))


async def form_of(office: Office, route: APIRoute) -> tuple[str, Written]:
    """The form that leads to that step, on a page opened now. Where none does by itself, a button sends the page's largest."""
    for page, forms in office.pages.items():
        if any(form.method == "post" and leads_to(route, form.action) for form in forms):
            for form in await office.opens(page):
                if form.method == "post" and leads_to(route, form.action):
                    return unquote(form.action), form
    there = address(route.path, office.filled).partition("?")[0]
    page = max((page for page in office.pages if there.startswith(page)), key=len)
    posted = [form for form in await office.opens(page) if form.method == "post"]
    largest = max(posted, key=lambda form: len(form.pairs), default=Written("", "post", [], ()))
    pairs = [("revision", str(office.filled.revision)), *largest.pairs]
    return there, replace(largest, pairs=pairs, names=("revision", *largest.names))


def leads_to(route: APIRoute, action: str) -> bool:
    return bool(route.path_regex.match(unquote(action).partition("?")[0]))
