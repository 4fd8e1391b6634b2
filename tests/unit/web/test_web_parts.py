"""Small decisions of the web: announcements, languages, who may read the metrics, the widget's colours."""

import asyncio

import pytest
from fastapi import Request

from core.settings import Settings
from web.chat import Sent, parse_sent
from web.errors import Refused
from web.frame import preferred
from web.headers import content_policy
from web.health import may_read_metrics
from web.pages import palette
from web.stream import (
    PAGES_A_VISITOR,
    Arrived,
    CatchUp,
    Changed,
    Close,
    Edited,
    Hub,
    Received,
    Typing,
    event,
    parse,
)
from web.visitor import is_secure


@pytest.mark.parametrize(
    ("payload", "signal"),
    [
        ("anna:12", ("anna", Arrived(12))),
        ("anna:typing", ("anna", Typing())),
        ("anna:typing:Maria", ("anna", Typing("Maria"))),
        ("anna:typing:Maria: the first", ("anna", Typing("Maria: the first"))),
        ("anna:standing", ("anna", Changed())),
        ("anna:edited:12", ("anna", Edited(12))),
        ("anna:edited:x", None),
        ("anna:standing:x", None),
        ("anna:received:6f1e", ("anna", Received("6f1e"))),
        ("anna:something", None),
        ("anna", None),
    ],
)
def test_announcements(payload: str, signal: object) -> None:
    assert parse(payload) == signal


async def test_a_reply_goes_to_every_page_of_one_person_only() -> None:
    hub = Hub("")
    with hub.subscribe("anna") as one, hub.subscribe("anna") as two, hub.subscribe("ben") as other:
        hub.hand_out("anna:7")

        assert (one.get_nowait(), two.get_nowait()) == (Arrived(7), Arrived(7))
        assert other.empty()
    hub.hand_out("anna:8")


async def test_a_page_that_does_not_read_catches_up_instead() -> None:
    hub = Hub("")
    with hub.subscribe("anna") as signals:
        for number in range(1, 202):
            hub.hand_out(f"anna:{number}")

        assert (signals.get_nowait(), signals.get_nowait()) == (CatchUp(), Arrived(201))


async def test_the_oldest_of_too_many_pages_rests() -> None:
    hub = Hub("")
    pages = [hub.subscribe("anna") for _ in range(PAGES_A_VISITOR + 1)]
    queues: list[asyncio.Queue[object]] = [page.__enter__() for page in pages]  # type: ignore[misc]

    assert queues[0].get_nowait() == Close(rest=True)
    assert all(queue.empty() for queue in queues[1:])
    for page in pages:
        page.__exit__(None, None, None)


def test_an_event_is_one_line_of_data() -> None:
    assert event("reply", {"text": "a\nb\u2028ø"}, id_=3) == 'id: 3\nevent: reply\ndata: {"text": "a\\nb\u2028ø"}\n\n'


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("pl-PL,pl;q=0.9,en;q=0.8", "pl"),
        ("en;q=0.3, da;q=0.7", "da"),
        ("es-ES,es;q=0.9,ro;q=0.5", "ro"),
        ("es", "en"),
        ("tl", "fil"),
        ("en-GB,uk;q=0.5", "en"),
        (";;q=x,,*", "en"),
    ],
)
def test_the_browsers_languages(header: str, language: str) -> None:
    assert preferred(header) == language


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"id": "12345678", "text": " hello "}, Sent("12345678", "hello", "")),
        ({"id": "12345678", "payload": "topic:tax-card"}, Sent("12345678", "", "topic:tax-card")),
        ({"id": "12345678", "text": "a\0b\ud800c"}, Sent("12345678", "ab?c", "")),
        ({"id": "12345678", "text": "x" * 4000}, Sent("12345678", "x" * 4000, "")),
        ({"id": "12345678", "text": "x" * 4001}, 413),
        ({"id": "12345678", "text": "   "}, 400),
        ({"id": "12345678"}, 400),
        ({"id": "12345678", "text": "a", "payload": "b"}, 400),
        ({"id": "12345678", "payload": "ø" * 33}, 400),
        ({"id": "1234:678", "text": "a"}, 400),
        ({"id": 12345678, "text": "a"}, 400),
        ({"text": "a"}, 400),
        ({"id": "12345678", "text": ["a"]}, 400),
    ],
)
def test_what_counts_as_a_message(body: dict[str, object], sent: Sent | int) -> None:
    if isinstance(sent, Sent):
        assert parse_sent(body) == sent  # type: ignore[arg-type]
    else:
        with pytest.raises(Refused) as refused:
            parse_sent(body)  # type: ignore[arg-type]
        assert refused.value.status == sent


def request(*, host: str = "127.0.0.1", scheme: str = "http", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "scheme": scheme, "path": "/", "headers": raw, "client": (host, 1), "server": None})


def with_host(name: str) -> Request:
    headers = [(b"host", name.encode())]
    return Request({"type": "http", "scheme": "http", "path": "/", "headers": headers, "server": None})


@pytest.mark.parametrize(
    ("asking", "token", "may"),
    [
        (request(), "", True),
        (request(host="::1"), "", True),
        (request(host="10.0.0.1"), "", False),
        (request(x_forwarded_for="10.0.0.1"), "", False),
        (request(), "secret", False),
        (request(host="10.0.0.1", authorization="Bearer secret"), "secret", True),
        (request(authorization="Bearer other"), "secret", False),
    ],
)
def test_who_may_read_the_metrics(asking: Request, token: str, may: bool) -> None:
    assert may_read_metrics(asking, token) is may


@pytest.mark.parametrize(
    ("asking", "secure"),
    [
        (request(scheme="https"), True),
        (request(), False),
        (with_host("velkommen.dk"), True),
        (with_host("10.0.0.1:8000"), False),
    ],
)
def test_secure_follows_the_scheme(asking: Request, secure: bool) -> None:
    assert is_secure(asking, Settings(public_url="https://velkommen.dk")) is secure


def test_only_named_towns_may_frame_us() -> None:
    assert content_policy(()).endswith("frame-ancestors 'none'")
    assert content_policy(("https://a.dk", "https://b.dk")).endswith("frame-ancestors https://a.dk https://b.dk")
    assert "unsafe" not in content_policy(())


def test_the_widget_has_the_colours_of_the_style_sheet() -> None:
    assert "--mark: #c8102e;" in palette()
    assert "--paper: light-dark(#fbf8f3, #14191f);" in palette()
