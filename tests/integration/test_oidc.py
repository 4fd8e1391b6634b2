"""Signing in with the organisation: who is let in, what is asked besides, and every forgery that we know."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import structlog
from aiohttp import web
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import text

from bot.services import Services
from operations.assemble import web_doors
from store import staff
from store.staff import Colleague
from tests.emulators.oidc import CLIENT, SECRET, OidcEmulator
from tests.support.fakes import Clock
from tests.support.inbox import ORIGIN, Browser, add
from web.app import create_app
from web.oidc import COOKIE as ATTEMPT
from web.staff import COOKIE


@pytest.fixture
async def provider(services: Services) -> AsyncIterator[OidcEmulator]:
    async with OidcEmulator(services.now) as running:
        yield running


@pytest.fixture
def app(services: Services, provider: OidcEmulator) -> FastAPI:
    services.settings = replace(services.settings, public_url=ORIGIN, **provider.settings)
    return create_app(web_doors(services))


@pytest.fixture
async def maria(services: Services) -> Colleague:
    return await add(services, "Maria")


async def leaves(browser: Browser, wanted: str = "") -> str:
    """Where the provider sends somebody back to who wants to sign in."""
    away = await browser.get("/staff/oidc", **({"next": wanted} if wanted else {}))
    assert away.status_code == 303, away.text
    async with httpx.AsyncClient() as outside:
        back = (await outside.get(away.headers["location"])).headers["location"]
    assert back.startswith(f"{ORIGIN}/staff/oidc/back?")
    return back.removeprefix(ORIGIN)


async def signs_in(browser: Browser, wanted: str = "") -> httpx.Response:
    return await browser.http.get(await leaves(browser, wanted))


async def subject(services: Services, who: Colleague) -> str | None:
    async with services.database.connect() as connection:
        found = await staff.by_id(connection, who.id)
    assert found is not None
    return found.subject


async def test_it_is_offered_only_where_it_is_configured(services: Services, app: FastAPI) -> None:
    with_it = await Browser(app).get("/staff/login", next="/inbox/desk")
    services.settings = replace(services.settings, oidc_issuer="")
    bare = create_app(web_doors(services))
    without = await Browser(bare).get("/staff/login")

    assert 'href="/staff/oidc?next=/inbox/desk"' in with_it.text
    assert "/staff/oidc" not in without.text
    assert (await Browser(bare).get("/staff/oidc")).status_code == 404
    assert (await Browser(bare).get("/staff/oidc/back")).status_code == 404


async def test_the_first_time_somebody_is_known_by_a_confirmed_address(
    services: Services, app: FastAPI, provider: OidcEmulator, maria: Colleague
) -> None:
    browser = Browser(app)
    first = await signs_in(browser, "/inbox?open=3")
    linked = await subject(services, maria)
    provider.person = {"sub": "s-1", "email": "other@example.org", "email_verified": False}  # married, moved …
    again = Browser(app)
    later = await signs_in(again)

    assert first.headers["location"] == "/inbox?open=3"
    assert linked == f"{provider.issuer}|s-1"
    assert later.headers["location"] == "/inbox"
    assert (await again.get("/inbox/api/start")).json()["me"]["name"] == "Maria"
    async with services.database.connect() as connection:
        rows = (await connection.execute(text("select what, data from audit order by id"))).all()
    assert [(row.what, row.data.get("how")) for row in rows][-3:] == [
        ("oidc.linked", None), ("sign_in", "oidc"), ("sign_in", "oidc"),
    ]  # fmt: skip


async def test_the_cookies_are_strict(app: FastAPI, maria: Colleague) -> None:
    browser = Browser(app)
    away = await browser.get("/staff/oidc")
    line = next(each for each in away.headers.get_list("set-cookie") if each.startswith(f"{ATTEMPT}="))
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    done = await signs_in(browser)
    session = next(each for each in done.headers.get_list("set-cookie") if each.startswith(f"{COOKIE}="))

    for each in (line, session):
        assert "HttpOnly" in each
        assert "SameSite=lax" in each
    assert "Path=/staff/oidc" in line
    for name in ("state", "nonce"):
        assert asked[name][0] not in line  # sealed
    assert f'{ATTEMPT}=""' in " ".join(done.headers.get_list("set-cookie"))


@pytest.mark.parametrize(
    "person",
    [
        {"sub": "s-1", "email": "maria@example.org", "email_verified": False},
        {"sub": "s-1", "email": "maria@example.org"},
        {"sub": "s-1", "email": "maria@example.org", "email_verified": "true"},
        {"sub": "s-1", "email": "nobody@example.org", "email_verified": True},
        {"sub": "s-1", "email": ["maria@example.org"], "email_verified": True},
        {"sub": "s-1"},
    ],
)
async def test_whoever_has_no_account_is_told_whom_to_ask(
    services: Services, app: FastAPI, provider: OidcEmulator, maria: Colleague, person: dict[str, Any]
) -> None:
    provider.person = person
    answer = await signs_in(Browser(app))

    assert answer.status_code == 403
    assert "Ask a supervisor" in answer.text
    assert COOKIE not in answer.cookies
    assert await subject(services, maria) is None


async def test_an_account_belongs_to_one_subject_and_may_be_switched_off(
    services: Services, app: FastAPI, provider: OidcEmulator, maria: Colleague
) -> None:
    await signs_in(Browser(app))
    provider.person["sub"] = "s-2"
    other = await signs_in(Browser(app))
    provider.person["sub"] = "s-1"
    async with services.database.begin() as connection:
        await staff.switch(connection, maria.id, active=False)
    off = await signs_in(Browser(app))

    assert (other.status_code, off.status_code) == (403, 403)
    assert await subject(services, maria) == f"{provider.issuer}|s-1"


@pytest.mark.parametrize(
    ("amr", "goes"),
    [
        (["pwd", "mfa"], "/inbox"),
        (["otp"], "/inbox"),
        (["pwd"], "/staff/second"),
        ("mfa", "/staff/second"),
        ([["mfa"]], "/staff/second"),
        (None, "/staff/second"),
    ],
)
async def test_a_second_factor_of_the_organisation_counts(
    services: Services, app: FastAPI, provider: OidcEmulator, maria: Colleague, amr: Any, goes: str
) -> None:
    async with services.database.begin() as connection:
        await staff.set_factor(connection, maria.id, "sealed", used=None)
    provider.claims = {"amr": amr}
    assert (await signs_in(Browser(app))).headers["location"] == goes


@pytest.mark.parametrize(("amr", "goes"), [(["mfa"], "/admin"), (["pwd"], "/admin/me/second")])
async def test_an_administrator_needs_one_here_too(
    services: Services, app: FastAPI, provider: OidcEmulator, amr: list[str], goes: str
) -> None:
    await add(services, "Anders", "admin")
    provider.person = {"sub": "s-9", "email": "Anders@Example.org", "email_verified": True, "amr": amr}
    assert (await signs_in(Browser(app))).headers["location"] == goes


# --- forgeries --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"aud": [CLIENT, "another-client"], "azp": "another-client"},
        {"azp": "another-client"},
        {"iss": "https://evil.example"},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"sub": ""},
        {"sub": None},
        {"sub": 7},
        {"sub": "x" * 400},
    ],
)
async def test_a_token_that_does_not_fit_lets_nobody_in(
    services: Services, app: FastAPI, provider: OidcEmulator, maria: Colleague, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    answer = await signs_in(Browser(app))

    assert answer.status_code == 502
    assert COOKIE not in answer.cookies
    assert await subject(services, maria) is None


async def test_a_token_signed_by_nobody_by_another_or_with_our_secret_is_none(
    app: FastAPI, provider: OidcEmulator, maria: Colleague
) -> None:
    stranger = RSAKey.generate_key(2048, {"kid": "one"})
    public = OctKey.import_key(json.dumps(provider.key.as_dict(private=False)))
    shared = OctKey.import_key(SECRET.ljust(32, "."))

    def by(alg: str, key: Any, kid: str = "one") -> Any:
        return lambda claims: jwt.encode({"alg": alg, "kid": kid}, claims, key)

    forged = [
        provider.unsigned, by("RS256", stranger), by("RS256", stranger, "three"), by("HS256", public), by("HS256", shared),
        lambda claims: provider.signed(claims)[:-6] + "AAAAAA", lambda claims: "no.token", lambda claims: "",
    ]  # fmt: skip
    for sign in forged:
        provider.sign = sign
        answer = await signs_in(Browser(app))
        assert answer.status_code == 502
        assert COOKIE not in answer.cookies


async def test_an_attempt_is_finished_in_the_browser_that_began_it(app: FastAPI, maria: Colleague) -> None:
    mine, attackers = Browser(app), Browser(app)
    theirs = await leaves(attackers)
    without = await mine.http.get(theirs)
    own = await leaves(mine)
    swapped = await mine.http.get(theirs)
    await leaves(mine)
    code = parse_qs(urlsplit(own).query)["code"][0]
    forged = await mine.get("/staff/oidc/back", code=code, state="forged")
    await leaves(mine)
    nothing = await mine.get("/staff/oidc/back")

    for answer in (without, swapped, forged, nothing):
        assert answer.status_code == 403
        assert "not begun in this browser" in answer.text
        assert COOKIE not in answer.cookies


async def test_a_code_is_good_once_and_an_attempt_for_ten_minutes(
    services: Services, app: FastAPI, maria: Colleague
) -> None:
    browser = Browser(app)
    back = await leaves(browser)
    attempt = browser.http.cookies[ATTEMPT]
    first = await browser.http.get(back)
    browser.http.cookies.set(ATTEMPT, attempt, path="/staff/oidc")
    replayed = await browser.http.get(back)
    late = Browser(app)
    back = await leaves(late)
    assert isinstance(services.now, Clock)
    services.now.pass_(minutes=11)

    assert (first.status_code, replayed.status_code) == (303, 502)
    assert (await late.http.get(back)).status_code == 403


async def test_who_turns_back_there_is_told_so(app: FastAPI, maria: Colleague) -> None:
    browser = Browser(app)
    state = parse_qs(urlsplit(await leaves(browser)).query)["state"][0]
    said = "<script>alert(1)</script>"
    answer = await browser.get("/staff/oidc/back", error="access_denied", error_description=said, state=state)

    assert answer.status_code == 401
    assert "You did not sign in with your organisation" in answer.text
    assert "alert(1)" not in answer.text


@pytest.mark.parametrize("wanted", ["//evil.example", "/\\evil.example", "https://evil.example/admin/", "/admin/../x"])
async def test_it_never_leads_to_another_site(app: FastAPI, maria: Colleague, wanted: str) -> None:
    assert (await signs_in(Browser(app), wanted)).headers["location"] == "/inbox"


# --- a provider in trouble --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "response"),
    [
        ("configuration", {"status": 500, "text": "stack trace"}),
        ("configuration", {"status": 200, "text": "<html>"}),
        ("configuration", {"status": 200, "text": "[]"}),
        ("configuration", {"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}}),
        ("token", {"status": 400, "text": '{"error": "invalid_grant", "error_description": "stack trace"}'}),
        ("token", {"status": 200, "text": '{"access_token": "x"}'}),
        ("token", {"status": 200, "text": '{"id_token": 7}'}),
        ("jwks", {"status": 500}),
        ("jwks", {"status": 200, "text": '{"keys": []}'}),
        ("jwks", {"status": 200, "text": '{"keys": 7}'}),
        ("jwks", {"status": 200, "text": '{"keys": [{"kty": "RSA"}]}'}),
    ],
)
async def test_trouble_there_is_a_clear_page_here(
    app: FastAPI, provider: OidcEmulator, maria: Colleague, where: str, response: dict[str, Any]
) -> None:
    provider.fails[where] = web.Response(**response)
    browser = Browser(app)
    answer = await browser.get("/staff/oidc") if where == "configuration" else await signs_in(browser)

    assert answer.status_code == 502
    assert "does not work at the moment" in answer.text
    assert "stack trace" not in answer.text
    assert "<form" in answer.text  # the password is still there


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
)
async def test_a_provider_that_says_odd_things_is_not_followed(
    app: FastAPI, provider: OidcEmulator, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    assert (await Browser(app).get("/staff/oidc")).status_code == 502


async def test_what_it_says_of_itself_is_kept_and_a_new_key_is_found(
    services: Services, app: FastAPI, provider: OidcEmulator, maria: Colleague
) -> None:
    for _ in range(2):
        assert (await signs_in(Browser(app))).status_code == 303
    before = list(provider.asked)
    provider.rotates()
    rotated = await signs_in(Browser(app))
    assert isinstance(services.now, Clock)
    services.now.pass_(hours=2)
    later = await signs_in(Browser(app))

    assert before == ["configuration", "token", "jwks", "token"]
    assert (rotated.status_code, later.status_code) == (303, 303)
    assert provider.asked[len(before) :] == ["token", "jwks", "configuration", "token", "jwks"]


async def test_nothing_is_fetched_before_somebody_wants_to_sign_in(app: FastAPI, provider: OidcEmulator) -> None:
    await Browser(app).get("/staff/login")
    assert provider.asked == []


async def test_our_secret_may_go_in_the_form(app: FastAPI, provider: OidcEmulator, maria: Colleague) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await signs_in(Browser(app))).status_code == 303


async def test_logs_and_the_audit_hold_no_code_token_or_address(
    services: Services, app: FastAPI, provider: OidcEmulator, maria: Colleague
) -> None:
    tokens: list[str] = []

    def kept(claims: dict[str, Any]) -> str:
        tokens.append(provider.signed(claims))
        return tokens[-1]

    provider.sign = kept
    with structlog.testing.capture_logs() as logs:
        back = await leaves(browser := Browser(app))
        await browser.http.get(back)
        provider.claims = {"nonce": "another"}
        await signs_in(Browser(app))
    async with services.database.connect() as connection:
        rows = (await connection.execute(text("select data::text || about || who from audit"))).scalars().all()

    told = json.dumps(logs) + " ".join(rows)
    code = parse_qs(urlsplit(back).query)["code"][0]
    for secret in (*tokens, code, SECRET, maria.email, browser.http.cookies[COOKIE]):
        assert secret not in told
