"""The API as another system uses it: keys and what they may, pages of lists, problems, invitations, progress with consent."""

import json
import re
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from bot.services import Services
from operations.assemble import web_doors
from store import api_keys
from store.api_keys import SCOPES
from tests.support.inbox import comes_over
from web.api.__main__ import FILE, described
from web.app import create_app
from web.limits import Limits

PROBLEM = "application/problem+json"


class System:
    """Another system, with a key."""

    def __init__(self, app: FastAPI, secret: str) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        self.http = httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=headers)

    async def get(self, path: str, **asked: Any) -> httpx.Response:
        return await self.http.get(f"/api/v1{path}", params=asked)

    async def invite(self, *people: dict[str, Any]) -> httpx.Response:
        return await self.http.post("/api/v1/invitations", json={"people": people})


@pytest.fixture
def app(services: Services) -> FastAPI:
    return create_app(web_doors(services))


async def system(services: Services, app: FastAPI, *scopes: str, kommuner: tuple[str, ...] = (), **more: Any) -> System:
    async with services.database.begin() as connection:
        _, secret = await api_keys.make(
            connection, name="HR", scopes=scopes or SCOPES, kommuner=kommuner, staff_id=None, now=services.now(), **more
        )
    return System(app, secret)


@pytest.fixture
async def hr(services: Services, app: FastAPI) -> AsyncIterator[System]:
    made = await system(services, app)
    yield made
    await made.http.aclose()


def is_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    return body


@pytest.mark.parametrize("secret", ["", "vk_wrong", "x" * 5000, "vk_ü"])
async def test_without_a_key_nothing_is_told(app: FastAPI, secret: str) -> None:
    for path in ("/topics", "/people", "/invitations", f"/people/{uuid.uuid4()}"):
        answer = await app_call(app, path, secret)
        is_problem(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


async def app_call(app: FastAPI, path: str, secret: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.test") as http:
        headers = {"Authorization": f"Bearer {secret}".encode()} if secret else {}
        return await http.get(f"/api/v1{path}", headers=headers)  # type: ignore[arg-type]


async def test_a_key_may_what_it_may_and_no_more(services: Services, app: FastAPI) -> None:
    paths = {
        "topics:read": "/topics", "people:read": "/people", "invitations:read": "/invitations",
        "progress:read": f"/people/{uuid.uuid4()}/progress",
    }  # fmt: skip
    for scope in paths:
        own = await system(services, app, scope)
        for other, path in paths.items():
            answer = await own.get(path)
            assert (answer.status_code == 403) == (other != scope), (scope, path)
    reader = await system(services, app, "invitations:read")
    is_problem(await reader.invite({"name": "Joy"}), 403)


async def test_a_revoked_and_an_expired_key_open_nothing(services: Services, app: FastAPI, hr: System) -> None:
    assert (await hr.get("/topics")).status_code == 200
    async with services.database.begin() as connection:
        for key in await api_keys.every(connection):
            await api_keys.revoke(connection, key.id, now=services.now())
    is_problem(await hr.get("/topics"), 401)
    over = await system(services, app, expires_at=services.now())
    is_problem(await over.get("/topics"), 401)


async def test_more_than_its_pace_is_told_to_wait(app: FastAPI, hr: System) -> None:
    app.state.api.calls = Limits(3, clock=lambda: 0.0)
    answers = [(await hr.get("/people", limit=1)) for _ in range(4)]
    is_problem(answers[-1], 429)
    assert int(answers[-1].headers["retry-after"]) > 0
    assert {answer.status_code for answer in answers[:-1]} == {200}


async def test_topics_with_todays_amounts_and_a_tag(hr: System) -> None:
    listed = (await hr.get("/topics", language="pl")).json()["items"]
    assert len(listed) > 100
    answer = await hr.get("/topics/tax-card", language="pl")
    topic = answer.json()
    assert (topic["language"], topic["theme"]) == ("pl", "tax")
    assert not re.search(r"\{[a-z-]+\}", topic["text"])
    again = await hr.http.get("/api/v1/topics/tax-card?language=pl", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    is_problem(await hr.get("/topics/no-such-topic"), 404)
    is_problem(await hr.get("/topics/tax-card", language="xx"), 422)


async def test_inviting_is_all_or_none_and_harmless_to_repeat(services: Services, hr: System) -> None:
    joy = {"name": "Joy", "reference": "HR-1", "language": "fil", "kommune": "Odense", "arrival": "2027-01-15"}
    refused = is_problem(
        await hr.invite(joy, {"name": "Marek", "kommune": "Hogsmeade-upon-Nowhere 7", "origin": "??"}), 422
    )
    assert {each["pointer"].split("/")[2] for each in refused["errors"]} == {"1"}
    assert (await hr.get("/invitations")).json()["items"] == []

    made = await hr.invite(joy)
    assert made.status_code == 201, made.text
    (item,) = made.json()["items"]
    assert item["state"] == "open"
    assert item["web"].endswith(f"/i/{item['code']}")
    assert (await hr.invite(joy)).json() == {"items": [], "already": ["HR-1"]}
    is_problem(await hr.invite(joy, joy), 422)
    found = (await hr.get("/invitations", reference="HR-1")).json()["items"]
    assert [each["id"] for each in found] == [item["id"]]

    gone = await hr.http.delete(f"/api/v1/invitations/{item['id']}")
    assert gone.status_code == 204
    is_problem(await hr.http.delete(f"/api/v1/invitations/{item['id']}"), 409)
    is_problem(await hr.http.delete(f"/api/v1/invitations/{uuid.uuid4()}"), 404)


async def test_a_key_sees_its_own_invitations_only(services: Services, app: FastAPI, hr: System) -> None:
    (item,) = (await hr.invite({"name": "Joy"})).json()["items"]
    other = await system(services, app)
    assert (await other.get("/invitations")).json()["items"] == []
    is_problem(await other.http.delete(f"/api/v1/invitations/{item['id']}"), 404)


async def test_a_list_comes_in_pages_without_gap_or_double(hr: System) -> None:
    await hr.invite(*({"name": "Joy", "reference": f"R{place}"} for place in range(7)))
    seen: list[str] = []
    there: str | None = "/api/v1/invitations?limit=3"
    while there:
        answer = await hr.http.get(there)
        seen += [each["reference"] for each in answer.json()["items"]]
        there = answer.json()["next"]
        assert (there or "") in answer.headers.get("link", "")
    assert sorted(seen) == [f"R{place}" for place in range(7)]
    is_problem(await hr.get("/invitations", cursor="nonsense"), 422)
    is_problem(await hr.get("/invitations", limit=0), 422)


async def person(services: Services, **profile: str) -> str:
    number = await comes_over(services, "zqxwaldmeister")
    async with services.database.begin() as connection:
        found = await connection.execute(
            text(
                "update recruits set profile = profile || cast(:profile as jsonb) where id = (select recruit_id from "
                "addresses a join conversations c on c.address_id = a.id where c.id = :id) returning id"
            ),
            {"profile": json.dumps(profile), "id": number},
        )
        return str(found.scalar_one())


async def test_people_without_their_words_and_progress_with_consent_only(services: Services, hr: System) -> None:
    joy = await person(services, name="Joy", kommune="odense", arrival="2026-11-01", origin="non-eu")
    listed = await hr.get("/people", kommune="odense")
    assert [each["id"] for each in listed.json()["items"]] == [joy]
    assert "zqxwaldmeister" not in listed.text
    assert "Joy" not in listed.text
    is_problem(await hr.get(f"/people/{joy}/progress"), 403)

    async with services.database.begin() as connection:
        await connection.execute(text("""update recruits set profile = profile || '{"shares_progress": "yes"}'"""))
    progress = (await hr.get(f"/people/{joy}/progress", language="fil")).json()
    assert progress["total"] > 10
    assert {task["state"] for task in progress["tasks"]} <= {"open", "blocked", "done", "skipped"}

    async with services.database.begin() as connection:
        await connection.execute(text("update recruits set consent = 'declined'"))
    is_problem(await hr.get(f"/people/{joy}"), 404)
    assert (await hr.get("/people")).json()["items"] == []


async def test_a_key_of_one_municipality_sees_nobody_elsewhere(services: Services, app: FastAPI) -> None:
    joy, marek = await person(services, kommune="odense"), await person(services, kommune="aarhus")
    odense = await system(services, app, kommuner=("odense",))
    assert [each["id"] for each in (await odense.get("/people")).json()["items"]] == [joy]
    assert (await odense.get("/people", kommune="aarhus")).json()["items"] == []
    is_problem(await odense.get(f"/people/{marek}"), 404)
    is_problem(await odense.invite({"name": "Joy", "kommune": "Aarhus"}), 422)


async def test_every_look_and_change_is_in_the_audit_log(services: Services, hr: System) -> None:
    joy = await person(services, kommune="odense")
    await hr.get(f"/people/{joy}")
    await hr.invite({"name": "Zqxwaldmeister"})
    async with services.database.connect() as connection:
        rows = (
            await connection.execute(text("select who, what, about, data::text from audit order by id desc limit 2"))
        ).all()
    assert [(row[0], row[1]) for row in rows] == [("key HR", "people.invite"), ("key HR", "people.read")]
    assert rows[1][2] == f"recruit:{joy}"
    assert "Zqxwaldmeister" not in str(rows)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("PUT", "/people", None, 405),
        ("GET", "/people/a%0Ab", None, 404),
        ("POST", "/invitations", b"{", 400),
        ("POST", "/invitations", b"[]", 422),
        ("POST", "/invitations", b'{"people": []}', 422),
        ("POST", "/invitations", b'{"people": [{"name": "Joy", "nickname": "J"}]}', 422),
        ("POST", "/invitations", b'{"people": [{"name": "J\\u0000y"}]}', 422),
        ("POST", "/invitations", b"x" * 300_000, 413),
        ("GET", "/people/not-a-number", None, 422),
        ("GET", "/people?heard_since=yesterday", None, 422),
    ],
)
async def test_whatever_does_not_fit_is_a_problem(
    hr: System, method: str, path: str, body: bytes | None, status: int
) -> None:
    answer = await hr.http.request(
        method, f"/api/v1{path}", content=body, headers={"Content-Type": "application/json"} if body else {}
    )
    is_problem(answer, status)


def test_the_description_in_the_repository_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == described(), "`python -m web.api` writes it"


async def test_the_description_is_served(app: FastAPI) -> None:
    answer = await app_call(app, "/openapi.json", "")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")
