import pytest
from starlette.responses import Response

from web.visitor import COOKIE, FRAME_COOKIE, Visitors, keep_visitor, same_origin

VISITORS = Visitors("one key")


def test_a_visitor_is_known_by_the_cookie() -> None:
    visitor = VISITORS.new()

    assert VISITORS.known({COOKIE: VISITORS.signed(visitor)}) == visitor
    assert VISITORS.known({FRAME_COOKIE: VISITORS.signed(visitor)}) == visitor


def test_on_our_own_page_the_first_cookie_counts() -> None:
    cookies = {COOKIE: VISITORS.signed("a"), FRAME_COOKIE: VISITORS.signed("b")}

    assert VISITORS.known(cookies) == "a"


@pytest.mark.parametrize("value", ["", "someone", "someone.else", "someone." + "x" * 27, "é.ü"])
def test_a_cookie_that_we_did_not_sign_is_nobody(value: str) -> None:
    assert VISITORS.known({COOKIE: value}) is None


def test_another_key_does_not_open() -> None:
    assert VISITORS.known({COOKIE: Visitors("another key").signed("a")}) is None


def test_a_token_fits_only_its_own_visitor() -> None:
    assert VISITORS.token_fits("a", VISITORS.token("a"))
    assert not VISITORS.token_fits("b", VISITORS.token("a"))
    assert not VISITORS.token_fits("a", "")
    assert not VISITORS.token_fits("a", "ø")
    assert not VISITORS.token_fits("a", VISITORS.signed("a").rpartition(".")[2])


@pytest.mark.parametrize(
    ("origin", "public_url", "fits"),
    [
        ("https://chat.example", "", True),
        ("http://chat.example", "", True),
        ("https://evil.example", "", False),
        ("https://chat.example.evil.example", "", False),
        ("https://velkommen.dk", "https://velkommen.dk", True),
        ("http://velkommen.dk", "https://velkommen.dk", False),
        ("null", "", False),
        (None, "", False),
    ],
)
def test_only_our_own_pages_may_send(origin: str | None, public_url: str, fits: bool) -> None:
    assert same_origin(origin, "chat.example", public_url) is fits


@pytest.mark.parametrize(
    ("framed", "secure", "wanted", "unwanted"),
    [
        (False, False, ["velkommen=", "HttpOnly", "SameSite=lax"], ["Secure", "Partitioned"]),
        (False, True, ["velkommen=", "HttpOnly", "SameSite=lax", "Secure"], ["Partitioned"]),
        (True, True, ["velkommen_frame=", "HttpOnly", "SameSite=none", "Secure", "Partitioned"], []),
        (True, False, ["velkommen_frame=", "SameSite=lax"], ["Secure", "Partitioned"]),
    ],
)
def test_the_cookie_says_where_it_may_go(framed: bool, secure: bool, wanted: list[str], unwanted: list[str]) -> None:
    response = Response()
    keep_visitor(response, "signed", framed=framed, secure=secure, days=1)
    cookie = response.headers["set-cookie"]

    assert all(part in cookie for part in wanted)
    assert not any(part in cookie for part in unwanted)
