"""Colleagues sign in: passwords, lock-out, forged forms, the one-time link, and accounts that are switched off."""

import json
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
import structlog
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import text

from bot.channels.telegram.mentors import LINK
from bot.services import Services
from core.errors import VelkommenError
from operations import mentors
from operations.assemble import web_doors
from operations.cli import parser
from store import staff
from store.staff import Colleague
from tests.support.fakes import Clock
from tests.support.inbox import ORIGIN, Browser, add, signed_in
from web.app import create_app
from web.headers import loggable
from web.passwords import Passwords
from web.staff import COOKIE, FORM_COOKIE, PASSWORD, safe_next

GOOD = "three words together"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

type Velkommen = Callable[..., Awaitable[str]]


@pytest.fixture
async def app(services: Services) -> FastAPI:
    async with services.database.begin() as connection:
        await connection.execute(text("delete from staff"))
    return create_app(web_doors(services))


@pytest.fixture
async def maria(services: Services, app: FastAPI) -> Colleague:
    who = await add(services, "Maria")
    await has_password(services, who, CHEAP.hash(GOOD))
    return who


@pytest.fixture
def clock(services: Services) -> Clock:
    assert isinstance(services.now, Clock)
    return services.now


async def has_password(services: Services, who: Colleague, hashed: str) -> None:
    async with services.database.begin() as connection:
        await staff.set_password(connection, who.id, hashed)


async def link(services: Services, who: Colleague) -> str:
    async with services.database.begin() as connection:
        return await staff.make_link(connection, who.id, PASSWORD, now=services.now())


async def kept_hash(services: Services, who: Colleague) -> str:
    async with services.database.connect() as connection:
        row = await staff.sign_in_row(connection, who.email)
    assert row is not None
    assert row.password_hash is not None
    return row.password_hash


class Door(Browser):
    """In front of the sign-in page."""

    async def tries(self, email: str, password: str, **fields: str):  # type: ignore[no-untyped-def]
        page = await self.http.get("/staff/login")
        token = page.text.partition('name="token" value="')[2].partition('"')[0]
        data = {"token": token, "email": email, "password": password, **fields}
        return await self.http.post("/staff/login", data=data)


# --- signing in -------------------------------------------------------------------------------------------------------


async def test_signing_in_opens_the_inbox_and_leaves_a_strict_cookie(app: FastAPI, maria: Colleague) -> None:
    door = Door(app)
    answer = await door.tries(" MARIA@example.org ", GOOD)

    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{COOKIE}="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie  # this test comes by http
    assert (await door.get("/inbox/api/start")).json()["me"]["name"] == "Maria"


async def test_only_the_hash_of_the_cookie_is_kept(services: Services, app: FastAPI, maria: Colleague) -> None:
    door = Door(app)
    await door.tries(maria.email, GOOD)
    token = door.http.cookies[COOKIE]

    async with services.database.connect() as connection:
        rows = (await connection.execute(text("select token_hash from staff_sessions"))).scalars().all()
    assert rows == [staff.hashed(token)]
    assert token not in rows


async def test_behind_https_the_cookie_is_for_https_only(app: FastAPI, maria: Colleague) -> None:
    door = Door(app)
    door.http.base_url = "https://desk.test"  # type: ignore[assignment]
    door.http.headers["Origin"] = "https://desk.test"
    answer = await door.tries(maria.email, GOOD)

    assert all("Secure" in line for line in answer.headers.get_list("set-cookie") if "Max-Age=0" not in line)


async def test_signing_in_again_takes_a_new_secret_and_ends_the_old_one(app: FastAPI, maria: Colleague) -> None:
    door = Door(app)
    await door.tries(maria.email, GOOD)
    before = door.http.cookies[COOKIE]
    page = await Browser(app).http.get("/staff/login")
    door.http.cookies.set(FORM_COOKIE, page.cookies[FORM_COOKIE], path="/staff")
    token = page.text.partition('name="token" value="')[2].partition('"')[0]
    await door.http.post("/staff/login", data={"token": token, "email": maria.email, "password": GOOD})

    assert door.http.cookies[COOKIE] != before
    old = Browser(app, token=before)
    assert (await old.get("/inbox/api/start")).status_code == 401


@pytest.mark.parametrize(
    ("email", "password"),
    [("maria@example.org", "not this one at all"), ("nobody@example.org", GOOD), ("", ""), ("maria@example.org", "")],
)
async def test_what_does_not_fit_is_answered_the_same_whoever_is_meant(
    app: FastAPI, maria: Colleague, email: str, password: str
) -> None:
    answer = await Door(app).tries(email, password)

    assert answer.status_code == 401
    assert "do not fit" in answer.text
    assert COOKIE not in answer.cookies
    assert password not in answer.text or not password


async def test_somebody_unknown_waits_as_long_as_a_colleague() -> None:
    passwords = Passwords(PasswordHasher(time_cost=2, memory_cost=8192, parallelism=1))
    kept = await passwords.hashed(GOOD)
    await passwords.fits(None, "warm up")
    spans: dict[str | None, list[float]] = {kept: [], None: []}
    for _ in range(9):
        for known, taken in spans.items():
            began = time.perf_counter()
            assert not await passwords.fits(known, "another one")
            taken.append(time.perf_counter() - began)

    colleague, nobody = (statistics.median(taken) for taken in spans.values())
    assert 0.5 < nobody / colleague < 2


async def test_an_account_that_is_off_or_has_no_password_is_answered_alike(
    services: Services, app: FastAPI, maria: Colleague
) -> None:
    await add(services, "Jens")
    async with services.database.begin() as connection:
        await staff.switch(connection, maria.id, active=False)

    off, none = [await Door(app).tries(email, GOOD) for email in (maria.email, "jens@example.org")]
    assert (off.status_code, none.status_code) == (401, 401)
    assert "do not fit" in off.text
    assert "do not fit" in none.text


async def test_ten_failures_lock_the_account_for_a_quarter_of_an_hour(
    services: Services, maria: Colleague, clock: Clock
) -> None:
    for _ in range(10):  # each in a process of its own, so that the pace of one process does not count
        answer = await Door(create_app(web_doors(services))).tries(maria.email, "wrong wrong wrong")
        assert answer.status_code == 401

    async def right() -> int:
        return int((await Door(create_app(web_doors(services))).tries(maria.email, GOOD)).status_code)

    assert await right() == 401
    clock.pass_(minutes=14)
    assert await right() == 401
    clock.pass_(minutes=2)
    assert await right() == 303


async def test_a_process_answers_ten_attempts_a_minute_for_one_address(app: FastAPI, maria: Colleague) -> None:
    app.state.frame.sign_ins._clock = lambda: 0.0  # the whole minute passes in one moment
    door = Door(app)
    statuses = [(await door.tries("nobody@example.org", "wrong wrong wrong")).status_code for _ in range(11)]

    assert statuses == [401] * 10 + [429]
    assert (await door.tries(maria.email, GOOD)).status_code == 303


async def test_a_hash_of_older_parameters_is_made_anew(services: Services, app: FastAPI, maria: Colleague) -> None:
    before = await kept_hash(services, maria)
    await Door(app).tries(maria.email, GOOD)

    after = await kept_hash(services, maria)
    assert after != before
    assert not PasswordHasher().check_needs_rehash(after)
    assert (await Door(app).tries(maria.email, GOOD)).status_code == 303
    assert await kept_hash(services, maria) == after


# --- forged forms -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://desk.test.evil.example"])
async def test_no_other_site_can_sign_somebody_in(app: FastAPI, maria: Colleague, origin: str) -> None:
    door = Door(app)
    door.http.headers["Origin"] = origin
    answer = await door.tries(maria.email, GOOD)

    assert answer.status_code == 403
    assert COOKIE not in answer.cookies


async def test_a_page_without_referrer_is_known_by_what_the_browser_says(app: FastAPI, maria: Colleague) -> None:
    door = Door(app)
    door.http.headers.update({"Origin": "null", "Sec-Fetch-Site": "same-origin"})
    assert (await door.tries(maria.email, GOOD)).status_code == 303

    door.http.headers["Sec-Fetch-Site"] = "cross-site"
    assert (await door.tries(maria.email, GOOD)).status_code != 303


async def test_the_forms_token_fits_this_browser_only(app: FastAPI, maria: Colleague) -> None:
    mine, other = Door(app), Door(app)
    page = await other.http.get("/staff/login")
    token = page.text.partition('name="token" value="')[2].partition('"')[0]
    answer = await mine.tries(maria.email, GOOD, token=token)

    assert answer.status_code == 403
    assert 'value="maria@example.org"' in answer.text  # nothing is lost
    assert GOOD not in answer.text


async def test_two_open_forms_of_one_browser_both_work(app: FastAPI, maria: Colleague) -> None:
    door = Door(app)
    first = await door.http.get("/staff/login")
    await door.http.get("/staff/login")
    token = first.text.partition('name="token" value="')[2].partition('"')[0]
    answer = await door.http.post("/staff/login", data={"token": token, "email": maria.email, "password": GOOD})

    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/inbox?open=12", "/inbox?open=12"),
        ("/inbox/desk", "/inbox/desk"),
        ("/admin/figures?q=tax", "/admin/figures?q=tax"),
        ("/admin/me", "/admin/me"),
        ("/inbox", ""),
        ("/admin", ""),
        ("", ""),
        ("/", ""),
        ("/staff/logout", ""),
        ("https://evil.example/inbox", ""),
        ("//evil.example/inbox", ""),
        ("/\\evil.example/admin/", ""),
        ("/adminevil/", ""),
        ("/admin/../staff/logout", ""),
        ("/admin/\\evil", ""),
        ("javascript:alert(1)//admin/", ""),
        ("/inboxevil", ""),
        ("/inbox/../staff/logout", ""),
        ("/inbox/api/start", ""),
        ("/inbox\\evil", ""),
        ("/inbox?\r\nSet-Cookie: a=b", ""),
        ("/inbox/ø", ""),
        ("/inbox?" + "x" * 400, ""),
    ],
)
async def test_after_signing_in_it_goes_on_where_somebody_wanted_to_be_or_at_home(wanted: str, goes: str) -> None:
    assert safe_next(wanted) == goes


@pytest.mark.parametrize(
    ("role", "home"),
    [
        ("mentor", "/inbox"),
        ("supervisor", "/inbox"),
        ("editor", "/admin"),
        ("reviewer", "/admin"),
        ("auditor", "/admin"),
        ("admin", "/admin/me/second"),
    ],
)
async def test_each_role_has_a_home(services: Services, app: FastAPI, role: str, home: str) -> None:
    who = await add(services, "Rolf", role)
    await has_password(services, who, CHEAP.hash(GOOD))
    assert (await Door(app).tries(who.email, GOOD)).headers["location"] == home


async def test_the_way_back_is_kept_through_the_form(app: FastAPI, maria: Colleague) -> None:
    door = Door(app)
    sent_away = await door.http.get("/inbox/desk?saved=1")
    form = await door.http.get(sent_away.headers["location"])
    answer = await door.tries(maria.email, GOOD, next="/inbox/desk?saved=1")

    assert sent_away.status_code == 303
    assert 'name="next" value="/inbox/desk?saved=1"' in form.text
    assert answer.headers["location"] == "/inbox/desk?saved=1"
    assert (await door.http.get("/staff/login")).status_code == 303


# --- signing out, and being switched off ------------------------------------------------------------------------------


async def test_signing_out_ends_the_session(services: Services, app: FastAPI, maria: Colleague) -> None:
    browser = await signed_in(services, app, maria)
    forged = await browser.send("/staff/logout", csrf="wrong")
    still = (await browser.get("/inbox/api/start")).status_code
    token = browser.http.cookies[COOKIE]
    answer = await browser.send("/staff/logout")

    assert (forged.status_code, still) == (403, 200)
    assert answer.headers["location"] == "/staff/login"
    assert (await Browser(app, token=token).get("/inbox/api/start")).status_code == 401


async def test_switching_off_ends_everything_at_once(services: Services, app: FastAPI, maria: Colleague) -> None:
    browser = await signed_in(services, app, maria)
    assert (await browser.get("/inbox/api/start")).status_code == 200
    async with services.database.begin() as connection:
        await staff.switch(connection, maria.id, active=False)

    answer = await browser.get("/inbox/api/start")
    assert (answer.status_code, answer.json()["error"]) == (401, "signed_out")
    assert (await browser.get("/inbox")).headers["location"] == "/staff/login"


async def test_a_session_lasts_twelve_hours_after_the_last_step(
    services: Services, app: FastAPI, maria: Colleague, clock: Clock
) -> None:
    browser = await signed_in(services, app, maria)
    clock.pass_(hours=11)
    assert (await browser.get("/inbox/api/start")).status_code == 200
    clock.pass_(hours=11)
    assert (await browser.get("/inbox/api/start")).status_code == 200
    clock.pass_(hours=13)
    assert (await browser.get("/inbox/api/start")).status_code == 401


# --- the link to choose a password ------------------------------------------------------------------------------------


async def test_a_link_is_used_once_and_signs_in(services: Services, app: FastAPI, maria: Colleague) -> None:
    token = await link(services, maria)
    browser = Browser(app)
    await browser.opens_form(f"/staff/invite/{token}")
    first = await browser.send(f"/staff/invite/{token}", password="a brand new password")
    again = await browser.send(f"/staff/invite/{token}", password="yet another password")

    assert (first.status_code, first.headers["location"]) == (303, "/inbox")
    assert (await browser.get("/inbox/api/start")).status_code == 200
    assert again.status_code == 410
    assert "used already" in again.text
    assert (await Door(app).tries(maria.email, "a brand new password")).status_code == 303
    assert (await Door(app).tries(maria.email, GOOD)).status_code == 401


async def test_a_new_password_ends_the_sessions_that_were_open(
    services: Services, app: FastAPI, maria: Colleague
) -> None:
    before = await signed_in(services, app, maria)
    token = await link(services, maria)
    browser = Browser(app)
    await browser.opens_form(f"/staff/invite/{token}")
    await browser.send(f"/staff/invite/{token}", password="a brand new password")

    assert (await before.get("/inbox/api/start")).status_code == 401


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("too short", "at least 12 characters"),
        ("x" * 12, "too easy"),
        ("Maria@Example.org", "too easy"),
        ("y1" * 600, "at most 1000"),
    ],
)
async def test_a_weak_password_is_refused_and_the_link_still_works(
    services: Services, app: FastAPI, maria: Colleague, password: str, says: str
) -> None:
    token = await link(services, maria)
    browser = Browser(app)
    await browser.opens_form(f"/staff/invite/{token}")
    answer = await browser.send(f"/staff/invite/{token}", password=password)

    assert answer.status_code == 422
    assert says in answer.text
    assert (await browser.send(f"/staff/invite/{token}", password=GOOD)).status_code == 303


async def test_a_link_that_is_too_old_void_or_unknown_is_none(
    services: Services, app: FastAPI, maria: Colleague, clock: Clock
) -> None:
    old = await link(services, maria)
    newer = await link(services, maria)
    browser = Browser(app)
    statuses = [(await browser.get(f"/staff/invite/{each}")).status_code for each in (old, newer, "unknown")]
    clock.now += timedelta(hours=49)
    late = await browser.get(f"/staff/invite/{newer}")

    assert statuses == [410, 200, 410]
    assert late.status_code == 410
    assert "<form" not in late.text


async def test_a_link_cannot_be_used_from_another_site(services: Services, app: FastAPI, maria: Colleague) -> None:
    token = await link(services, maria)
    browser = Browser(app)
    await browser.opens_form(f"/staff/invite/{token}")
    foreign = await browser.http.post(
        f"/staff/invite/{token}",
        data={"csrf": browser.csrf, "password": GOOD},
        headers={"Origin": "https://evil.example"},
    )
    without = await browser.send(f"/staff/invite/{token}", csrf="none", password=GOOD)

    assert (foreign.status_code, without.status_code) == (403, 403)
    assert (await browser.get(f"/staff/invite/{token}")).status_code == 200


# --- from the command line --------------------------------------------------------------------------------------------


@pytest.fixture
def velkommen(services: Services, app: FastAPI) -> Velkommen:
    async def run(*words: str) -> str:
        return await mentors.answer(
            services.database, services.settings, parser().parse_args(["mentor", *words]), services.now()
        )

    return run


async def test_an_account_from_the_command_line(services: Services, app: FastAPI, velkommen: Velkommen) -> None:
    wanted = (
        "--role",
        "supervisor",
        "--languages",
        "da,fil",
        "--kommuner",
        "aarhus",
        "--themes",
        "tax",
        "--capacity",
        "4",
    )
    told = await velkommen("add", "Nina@example.org", "--name", "Nina", *wanted)
    browser = Browser(app)
    path = "/staff/invite/" + told.rpartition("/staff/invite/")[2].strip()
    await browser.opens_form(path)
    await browser.send(path, password=GOOD)

    me = (await browser.get("/inbox/api/start")).json()["me"]
    assert (me["name"], me["role"], me["languages"]) == ("Nina", "supervisor", ["da", "fil"])
    listed = await velkommen("list")
    assert "nina@example.org" in listed
    assert "kommuner aarhus" in listed
    assert "at most 4" in listed


async def test_off_on_and_new_links_from_the_command_line(app: FastAPI, maria: Colleague, velkommen: Velkommen) -> None:
    assert (await Door(app).tries(maria.email, GOOD)).status_code == 303
    assert "is off" in await velkommen("off", maria.email)
    assert (await Door(app).tries(maria.email, GOOD)).status_code == 401
    with pytest.raises(VelkommenError, match="velkommen mentor on"):
        await velkommen("link", maria.email)
    await velkommen("on", maria.email)
    assert "/staff/invite/" in await velkommen("link", maria.email)
    assert f"/start {LINK}" in await velkommen("telegram", maria.email)


async def test_shifts_from_the_command_line(services: Services, maria: Colleague, velkommen: Velkommen) -> None:
    weekly = await velkommen("shift", maria.email, "--weekday", "mon", "--from", "09:00", "--to", "15:00")
    once = await velkommen("shift", maria.email, "--on-call", "--day", "2026-12-24", "--from", "20:00", "--to", "06:00")
    async with services.database.begin() as connection:
        await staff.link_telegram(connection, maria.id, "42")
    linked = await velkommen("shift", maria.email, "--on-call", "--weekday", "sun", "--from", "20:00", "--to", "06:00")
    await velkommen("shift", maria.email, "--remove", linked.partition("shift ")[2].partition(":")[0])
    number = once.partition("shift ")[2].partition(":")[0]
    await velkommen("shift", maria.email, "--remove", number)

    assert "duty mon 09:00-15:00" in weekly
    assert "on call 2026-12-24 20:00-06:00" in once
    assert [("no Telegram linked" in said) for said in (weekly, once, linked)] == [False, True, False]
    assert "on call" not in await velkommen("list")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "no address", "--name", "Nina"), "maria@example.org"),
        (("add", "nina@example.org", "--name", "Nina", "--kommuner", "atlantis"), "kommuner 'atlantis'"),
        (("add", "nina@example.org", "--name", "Nina", "--languages", "da,xx"), "--languages da,fil"),
        (("add", "nina@example.org", "--name", "Nina", "--capacity", "many"), "--capacity 15"),
        (("add", "maria@example.org", "--name", "Maria"), "has an account already"),
        (("link", "nobody@example.org"), "velkommen mentor list"),
        (("shift", "maria@example.org", "--weekday", "mon", "--from", "9", "--to", "15:00"), "--from 09:00"),
        (("shift", "maria@example.org", "--day", "24.12.2026", "--from", "09:00", "--to", "15:00"), "--day 2026-12-24"),
        (("shift", "maria@example.org", "--remove", "999999"), "has no shift 999999"),
    ],
)
async def test_what_does_not_fit_is_told_with_an_example(
    maria: Colleague, velkommen: Velkommen, words: tuple[str, ...], says: str
) -> None:
    with pytest.raises(VelkommenError, match=says):
        await velkommen(*words)


# --- what is kept silent about ----------------------------------------------------------------------------------------


async def test_logs_hold_neither_addresses_nor_secrets(services: Services, app: FastAPI, maria: Colleague) -> None:
    token = await link(services, maria)
    with structlog.testing.capture_logs() as logs:
        await Door(app).tries(maria.email, "wrong wrong wrong")
        await Door(app).tries(maria.email, GOOD)
        await Browser(app).get(f"/staff/invite/{token}")

    told = json.dumps(logs)
    assert logs
    for secret in (maria.email, maria.name, GOOD, "wrong wrong", token):
        assert secret not in told
    assert loggable(f"/staff/invite/{token}") == "/staff/invite/…/"


@pytest.mark.parametrize(("language", "says"), [("da", 'lang="da"'), ("pl", 'lang="pl"'), ("fr", 'lang="en"')])
async def test_the_form_speaks_the_browsers_language(app: FastAPI, language: str, says: str) -> None:
    page = await Browser(app).http.get("/staff/login", headers={"Accept-Language": language})

    assert says in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert ORIGIN not in page.text


async def test_fields_that_are_odd_are_no_failure_of_ours(app: FastAPI, maria: Colleague) -> None:
    door = Door(app)
    for content in (b"\xff\xfe", b"a=1&" * 100, b"email=%00&password=%ff", b"{}", b""):
        assert (await door.http.post("/staff/login", content=content)).status_code in (403, 422)
    assert (await door.http.post("/staff/login", content=b"x" * 70_000)).status_code == 413
    assert (await door.tries("a\0b@example.org", "c\0d\ud7ff")).status_code == 401
