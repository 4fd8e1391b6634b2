"""The chat's API and its stream, over HTTP and a real database."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from tests.support.scripted_web import Scripted, free_port
from tests.support.visitor import TOKEN, Browser


@pytest.fixture
def web(database_url: str, no_people: None) -> Iterator[Scripted]:
    running = Scripted(database_url, port=free_port())
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def anna(web: Scripted) -> AsyncIterator[Browser]:
    browser = Browser(web.url)
    await browser.opens()
    yield browser
    await browser.http.aclose()


@pytest.fixture
async def ben(web: Scripted) -> AsyncIterator[Browser]:
    browser = Browser(web.url)
    await browser.opens()
    yield browser
    await browser.http.aclose()


async def test_the_same_message_twice_counts_once(web: Scripted, anna: Browser) -> None:
    id_ = str(uuid.uuid4())
    answers = [await anna.says("hello", id_=id_) for _ in range(2)]
    await anna.answers()

    assert [answer.status_code for answer in answers] == [202, 202]
    assert web.received == 1
    assert [each["text"] for each in await anna.reads() if each["type"] == "own"] == ["hello"]


async def test_the_same_id_of_two_people_is_two_messages(web: Scripted, anna: Browser, ben: Browser) -> None:
    id_ = str(uuid.uuid4())
    await anna.says("hello", id_=id_)
    await ben.says("hello", id_=id_)

    assert web.received == 2


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"id": "12345678", "text": "x" * 4001}, 413, "at most 4000 characters"),
        ({"id": "12345678", "text": "x" * 70_000}, 413, "at most 4000 characters"),
        ({"id": "12345678", "text": " "}, 400, "could not be sent"),
        (["no", "message"], 400, "could not be sent"),
    ],
)
async def test_what_is_no_message_is_refused_with_a_sentence(
    anna: Browser, body: Any, status: int, sentence: str
) -> None:
    answer = await anna.posts("/api/messages", body)

    assert answer.status_code == status
    assert sentence in answer.json()["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {TOKEN: ""},
        {TOKEN: "wrong"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Cookie": "velkommen=x.y"},
    ],
)
async def test_only_our_own_page_may_send(web: Scripted, anna: Browser, headers: dict[str, str]) -> None:
    answer = await anna.says("hello", **headers)

    assert answer.status_code == 403
    assert web.received == 0


async def test_a_token_is_worth_nothing_with_another_cookie(web: Scripted, anna: Browser, ben: Browser) -> None:
    ben.token = anna.token

    assert (await ben.says("hello")).status_code == 403


async def test_too_many_messages_are_told_when_to_come_back(database_url: str, no_people: None) -> None:
    web = Scripted(database_url, port=free_port(), per_minute=2)
    web.start()
    browser = Browser(web.url)
    await browser.opens()
    answers = [await browser.says("hello") for _ in range(3)]
    danish = await browser.posts("/api/messages?lang=da", {"id": str(uuid.uuid4()), "text": "hej"})
    await browser.http.aclose()
    web.stop()

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[2].headers["Retry-After"] in ("29", "30")
    assert "Please wait" in answers[2].json()["message"]
    assert "Please wait" not in danish.json()["message"]


async def test_the_stream_brings_what_comes_and_what_was_missed(anna: Browser) -> None:
    listening = asyncio.create_task(anna.listens(1))
    await asyncio.sleep(0.2)
    await anna.says("one")
    first = (await listening)[0]
    await anna.says("two")
    await anna.says("three")
    await anna.answers(3)

    missed = await anna.listens(2, last=first["id"])
    assert sorted(each["html"] for each in missed) == ["<p>You wrote: three</p>", "<p>You wrote: two</p>"]
    assert [each["id"] for each in await anna.listens(2, after=first["id"])] == [each["id"] for each in missed]


async def test_two_web_processes_show_each_others_replies(web: Scripted, anna: Browser, database_url: str) -> None:
    other = Scripted(database_url, port=free_port())
    other.start()
    at_other = Browser(other.url)
    at_other.http.cookies = anna.http.cookies
    listening = asyncio.create_task(at_other.listens(1))
    await asyncio.sleep(0.2)
    await anna.says("hello")

    assert (await listening)[0]["html"] == "<p>You wrote: hello</p>"
    await at_other.http.aclose()
    other.stop()


async def test_nobody_reads_or_rates_what_was_said_to_another(anna: Browser, ben: Browser) -> None:
    await anna.says("tax")
    reply = (await anna.answers())[0]

    assert await ben.reads() == []
    assert (await ben.posts("/api/rating", {"reply": reply["id"], "value": 1})).status_code == 404
    assert (await anna.posts("/api/rating", {"reply": reply["id"], "value": 1})).status_code == 204
    assert (await anna.posts("/api/rating", {"reply": reply["id"], "value": -1})).status_code == 204
    assert (await anna.answers())[0]["rated"] == -1


@pytest.mark.parametrize("value", [0, 2, "1", None, 1.5])
async def test_a_rating_is_up_or_down(anna: Browser, value: Any) -> None:
    assert (await anna.posts("/api/rating", {"reply": 1, "value": value})).status_code == 400


async def test_only_answers_that_ask_for_it_are_rated(anna: Browser) -> None:
    await anna.says("hello")
    reply = (await anna.answers())[0]

    assert (await anna.posts("/api/rating", {"reply": reply["id"], "value": 1})).status_code == 404


async def test_own_data_is_a_file_and_a_strangers_is_empty(anna: Browser, ben: Browser) -> None:
    await anna.says("hello")
    await anna.answers()
    own = await anna.http.get("/mydata.json")

    assert "attachment" in own.headers["Content-Disposition"]
    assert own.json()["person"]["id"]
    assert (await ben.http.get("/mydata.json")).json() == {}


async def test_pages_are_strict(anna: Browser) -> None:
    page = await anna.opens()

    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["X-Request-ID"]
    assert page.headers["Cache-Control"] == "no-store"
    assert "<script>" not in page.text
    assert " style=" not in page.text


async def test_only_the_frame_page_names_the_towns(database_url: str, no_people: None) -> None:
    web = Scripted(database_url, port=free_port(), embed_origins=("https://www.odense.dk",))
    web.start()
    async with httpx.AsyncClient(base_url=web.url) as http:
        framed, plain, script = [await http.get(path) for path in ("/embed", "/", "/widget.js")]
    web.stop()

    assert "frame-ancestors https://www.odense.dk" in framed.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed.headers
    assert "frame-ancestors 'none'" in plain.headers["Content-Security-Policy"]
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "__" not in script.text


async def test_behind_https_the_frames_cookie_may_cross_sites(web: Scripted) -> None:
    proxied = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    async with httpx.AsyncClient(base_url=web.url, headers=proxied) as http:
        framed, plain = (await http.get("/embed?lang=da")), (await http.get("/"))

    for line in framed.headers.get_list("set-cookie"):
        assert "SameSite=none; Secure; Partitioned" in line
    assert "SameSite=lax; Secure" in plain.headers["set-cookie"]
    assert "Strict-Transport-Security" in plain.headers


async def test_static_files_are_kept_for_good_under_their_version(anna: Browser) -> None:
    page = await anna.opens()
    address = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    current = await anna.http.get(address)
    older = await anna.http.get("/static/older/velkommen.css")

    assert "immutable" in current.headers["Cache-Control"]
    assert older.headers["Cache-Control"] == "no-cache"
    assert (await anna.http.get("/static/older/..%2f..%2fapp.py")).status_code == 404


async def test_health(web: Scripted, anna: Browser) -> None:
    assert (await anna.http.get("/healthz")).text == "ok"
    assert (await anna.http.get("/readyz")).json() == {"database": True, "dialogue": True}
    assert "velkommen_" in (await anna.http.get("/metrics")).text
    assert (await anna.http.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"})).status_code == 403


async def test_an_unknown_address_says_so_in_the_persons_language(anna: Browser) -> None:
    page = await anna.http.get("/nowhere", headers={"Accept-Language": "da"})
    answer = await anna.http.get("/api/nowhere")

    assert page.status_code == answer.status_code == 404
    assert '<html lang="da"' in page.text
    assert answer.json()["message"] == "Page not found"
