"""The second factor: setting it up, signing in with it, recovery codes, and what a half session may not do."""

import json
import re
from datetime import datetime

import pyotp
import pytest
import structlog
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import text

from bot.services import Services
from operations.assemble import web_doors
from store import staff
from store.staff import Colleague
from tests.support.fakes import Clock
from tests.support.inbox import Browser, add, signed_in
from web.app import create_app
from web.seal import sealed, unsealed
from web.second import STEP, plain, recovery_code, step_of
from web.staff import COOKIE, PASSWORD

GOOD = "three words together"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
INSIDE = ("/inbox", "/admin", "/admin/me", "/admin/settings", "/inbox/desk", "/inbox/measures")


@pytest.fixture
async def app(services: Services) -> FastAPI:
    return create_app(web_doors(services))


@pytest.fixture
def clock(services: Services) -> Clock:
    assert isinstance(services.now, Clock)
    return services.now


async def account(services: Services, name: str, role: str) -> Colleague:
    who = await add(services, name, role)
    async with services.database.begin() as connection:
        await staff.set_password(connection, who.id, CHEAP.hash(GOOD))
    return who


@pytest.fixture
async def anders(services: Services) -> Colleague:
    return await account(services, "Anders", "admin")


@pytest.fixture
async def maria(services: Services) -> Colleague:
    return await account(services, "Maria", "mentor")


class Telephone:
    """An app for codes."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.secret = ""

    def scans(self, page: str) -> str:
        """The key of the form, once the app has the secret of the page."""
        self.secret = re.findall(r'class="key"[^>]*>([A-Z2-7 ]+)<', page)[0].replace(" ", "")
        return re.findall(r'name="key" value="([^"]+)"', page)[0]

    def shows(self, steps: int = 0) -> str:
        return pyotp.HOTP(self.secret).at(int(self._services.now().timestamp()) // STEP + steps)


@pytest.fixture
def telephone(services: Services) -> Telephone:
    return Telephone(services)


async def at_the_door(app: FastAPI, who: Colleague, password: str = GOOD) -> Browser:
    """A browser after the password."""
    browser = Browser(app, who)
    page = await browser.http.get("/staff/login")
    token = page.text.partition('name="token" value="')[2].partition('"')[0]
    await browser.http.post("/staff/login", data={"token": token, "email": who.email, "password": password})
    if COOKIE in browser.http.cookies:
        await browser.opens_form("/staff/second")
    return browser


async def sets_up(browser: Browser, telephone: Telephone) -> list[str]:
    """The recovery codes."""
    page = await browser.opens_form("/admin/me/second")
    done = await browser.send("/admin/me/second", key=telephone.scans(page.text), code=telephone.shows())
    assert done.status_code == 200, done.text
    return re.findall(r"<code>([a-z0-9-]+)</code>", done.text)


async def has_factor(services: Services, who: Colleague, telephone: Telephone) -> list[str]:
    telephone.secret = SECRET
    codes = [recovery_code() for _ in range(10)]
    async with services.database.begin() as connection:
        kept = sealed(services.settings.secret_key, "second factor", SECRET, now=services.now())
        await staff.set_factor(connection, who.id, kept, used=None)
        await staff.set_recovery(connection, who.id, map(plain, codes))
    return codes


async def noted(services: Services) -> list[tuple[str, str]]:
    async with services.database.connect() as connection:
        rows = await connection.execute(text("select what, about from audit order by id"))
    return [(row.what, row.about) for row in rows]


# --- codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "used", "fits"),
    [
        (0, None, True),
        (-1, None, True),
        (1, None, True),
        (-2, None, False),
        (2, None, False),
        (0, 0, False),
        (1, 0, True),
    ],
)
def test_a_code_is_good_for_its_half_minute_and_those_beside_it(steps: int, used: int | None, fits: bool) -> None:
    now = datetime.fromisoformat("2026-11-21T12:00:00Z")
    current = int(now.timestamp()) // STEP
    code = pyotp.HOTP(SECRET).at(current + steps)
    found = step_of(SECRET, code, now=now, used=None if used is None else current + used)

    assert found == (current + steps if fits else None)


def test_what_is_sealed_opens_with_its_key_for_its_purpose_in_its_time() -> None:
    now = datetime.fromisoformat("2026-11-21T12:00:00Z")
    token = sealed("k" * 40, "a", "hush", now=now)

    assert "hush" not in token
    assert unsealed("k" * 40, "a", token, now=now) == "hush"
    assert unsealed("k" * 40, "b", token, now=now) is None
    assert unsealed("l" * 40, "a", token, now=now) is None
    assert unsealed("k" * 40, "a", token[:-2] + "xx", now=now) is None
    assert unsealed("k" * 40, "a", "", now=now) is None
    assert unsealed("k" * 40, "a", "ø\ud800", now=now) is None
    later = datetime.fromisoformat("2026-11-21T12:01:01Z")
    assert unsealed("k" * 40, "a", token, now=later, seconds=60) is None
    assert unsealed("k" * 40, "a", token, now=later, seconds=62) == "hush"


# --- setting it up ----------------------------------------------------------------------------------------------------


async def test_an_administrator_sets_it_up_before_anything_else(
    services: Services, app: FastAPI, anders: Colleague, telephone: Telephone
) -> None:
    browser = await at_the_door(app, anders)
    before = [(await browser.get(path)).headers["location"] for path in INSIDE]
    refused = await browser.send("/admin/settings/new", email="x@example.org", name="X", role="admin", capacity="1")
    half = browser.http.cookies[COOKIE]
    codes = await sets_up(browser, telephone)

    assert before == ["/admin/me/second"] * len(INSIDE)
    assert refused.headers["location"] == "/admin/me/second"
    assert len(set(codes)) == 10
    assert (await browser.get("/admin/me")).status_code == 200
    assert browser.http.cookies[COOKIE] != half
    assert (await Browser(app, token=half).get("/admin/me")).headers["location"].startswith("/staff/login")
    assert ("second.on", f"staff:{anders.id}") in await noted(services)


async def test_the_secret_is_kept_encrypted_and_the_codes_as_hashes(
    services: Services, app: FastAPI, anders: Colleague, telephone: Telephone
) -> None:
    with structlog.testing.capture_logs() as logs:
        codes = await sets_up(await at_the_door(app, anders), telephone)
    async with services.database.connect() as connection:
        kept = (await connection.execute(text("select totp_secret from staff"))).scalar_one()
        hashes = (await connection.execute(text("select code_hash from staff_recovery"))).scalars().all()
        audited = (await connection.execute(text("select data::text || about || who from audit"))).scalars().all()

    told = json.dumps(logs) + " ".join(audited)
    assert telephone.secret not in kept
    assert unsealed(services.settings.secret_key, "second factor", kept, now=services.now()) == telephone.secret
    assert len(hashes) == 10
    for code in codes:
        assert code not in told
        assert plain(code) not in " ".join(hashes)
    assert telephone.secret not in told


async def test_a_wrong_code_shows_the_same_picture_again(app: FastAPI, anders: Colleague, telephone: Telephone) -> None:
    browser = await at_the_door(app, anders)
    page = await browser.opens_form("/admin/me/second")
    key = telephone.scans(page.text)
    again = await browser.send("/admin/me/second", key=key, code="000000")

    assert again.status_code == 422
    assert telephone.scans(again.text) == key
    assert "does not fit" in again.text
    assert 'src="data:image/svg+xml' in again.text


async def test_a_key_is_good_for_its_own_account_for_half_an_hour(
    services: Services, app: FastAPI, anders: Colleague, maria: Colleague, telephone: Telephone, clock: Clock
) -> None:
    hers, his = await at_the_door(app, maria), await at_the_door(app, anders)
    key = telephone.scans((await hers.opens_form("/admin/me/second")).text)
    await his.opens_form("/admin/me/second")
    foreign = await his.send("/admin/me/second", key=key, code=telephone.shows())
    forged = await his.send("/admin/me/second", key="gAAAAA", code=telephone.shows())
    clock.pass_(minutes=31)
    late = await hers.send("/admin/me/second", key=key, code=telephone.shows())

    assert (foreign.status_code, forged.status_code, late.status_code) == (422, 422, 422)
    async with services.database.connect() as connection:
        assert (await connection.execute(text("select count(totp_secret) from staff"))).scalar_one() == 0


async def test_one_that_is_set_up_is_not_replaced_without_a_code_of_it(
    services: Services, app: FastAPI, maria: Colleague, telephone: Telephone, clock: Clock
) -> None:
    browser = await at_the_door(app, maria)
    early = telephone.scans((await browser.opens_form("/admin/me/second")).text)  # a form left open
    early_code = telephone.shows()
    await sets_up(browser, telephone)
    old = telephone.secret
    page = await browser.opens_form("/admin/me/second")
    refused = await browser.send("/admin/me/second", key=early, code=early_code)
    clock.pass_(minutes=1)
    wrong = await browser.send("/admin/me/second/again", code="000000")
    shown = await browser.send("/admin/me/second/again", code=telephone.shows())
    key = telephone.scans(shown.text)
    done = await browser.send("/admin/me/second", key=key, code=telephone.shows())

    assert "It is on" in page.text
    assert (refused.status_code, wrong.status_code, done.status_code) == (303, 401, 200)
    assert telephone.secret != old


async def test_switching_it_off_needs_a_code_and_is_not_for_administrators(
    services: Services, app: FastAPI, anders: Colleague, maria: Colleague, telephone: Telephone
) -> None:
    await has_factor(services, maria, telephone)
    await has_factor(services, anders, telephone)
    hers, his = await signed_in(services, app, maria), await signed_in(services, app, anders)
    without = await hers.send("/admin/me/second/off", code="")
    done = await hers.send("/admin/me/second/off", code=telephone.shows())
    admin = await his.send("/admin/me/second/off", code=telephone.shows())

    assert (without.status_code, done.headers["location"]) == (401, "/admin/me?said=second_off")
    assert admin.status_code == 403
    async with services.database.connect() as connection:
        kept = (await connection.execute(text("select name from staff where totp_secret is not null"))).scalars().all()
        left = (await connection.execute(text("select distinct staff_id from staff_recovery"))).scalars().all()
    assert (kept, left) == (["Anders"], [anders.id])
    assert ("second.off", f"staff:{maria.id}") in await noted(services)


async def test_new_recovery_codes_take_the_place_of_the_old(
    services: Services, app: FastAPI, maria: Colleague, telephone: Telephone
) -> None:
    before = await has_factor(services, maria, telephone)
    browser = await signed_in(services, app, maria)
    page = await browser.send("/admin/me/second/codes", code=telephone.shows())
    codes = re.findall(r"<code>([a-z0-9-]+)</code>", page.text)
    old, new = await at_the_door(app, maria), await at_the_door(app, maria)

    assert len(codes) == 10
    assert (await old.send("/staff/second", code=before[0])).status_code == 401
    assert (await new.send("/staff/second", code=codes[0])).status_code == 303


# --- signing in with it -----------------------------------------------------------------------------------------------


async def test_after_the_password_nothing_is_open_before_the_code(
    services: Services, app: FastAPI, maria: Colleague, telephone: Telephone
) -> None:
    await has_factor(services, maria, telephone)
    browser = await at_the_door(app, maria)
    pages = [(await browser.get(path)).headers["location"] for path in INSIDE]
    api = await browser.get("/inbox/api/start")
    stream = await browser.get("/inbox/api/stream")
    step = await browser.post("/inbox/api/conversations/1/claim", {})
    setting_up = await browser.get("/admin/me/second")
    half = browser.http.cookies[COOKIE]
    done = await browser.send("/staff/second", code=telephone.shows(), next="/inbox?open=3")

    assert all(place.startswith("/staff/second") for place in pages)
    assert pages[2] == "/staff/second?next=%2Fadmin%2Fme"
    assert [(each.status_code, each.json()["error"]) for each in (api, stream, step)] == [(401, "second")] * 3
    assert setting_up.headers["location"].startswith("/staff/second")
    assert done.headers["location"] == "/inbox?open=3"
    assert (await browser.get("/inbox/api/start")).status_code == 200
    assert browser.http.cookies[COOKIE] != half
    assert (await Browser(app, token=half).get("/inbox/api/start")).json()["error"] == "signed_out"


async def test_a_code_is_taken_once(services: Services, app: FastAPI, maria: Colleague, telephone: Telephone) -> None:
    await has_factor(services, maria, telephone)
    one, two = await at_the_door(app, maria), await at_the_door(app, maria)
    code = telephone.shows()
    first = await one.send("/staff/second", code=f" {code[:3]} {code[3:]} ")
    replayed = await two.send("/staff/second", code=code)
    earlier = await two.send("/staff/second", code=telephone.shows(-1))
    later = await two.send("/staff/second", code=telephone.shows(1))

    assert [each.status_code for each in (first, replayed, earlier, later)] == [303, 401, 401, 303]


async def test_a_recovery_code_signs_in_once(
    services: Services, app: FastAPI, maria: Colleague, anders: Colleague, telephone: Telephone
) -> None:
    await has_factor(services, anders, telephone)
    codes = await has_factor(services, maria, telephone)
    one, two, other = [await at_the_door(app, who) for who in (maria, maria, anders)]
    foreign = await other.send("/staff/second", code=codes[0])
    first = await one.send("/staff/second", code=codes[0].upper().replace("-", " "))
    again = await two.send("/staff/second", code=codes[0])

    assert [each.status_code for each in (foreign, first, again)] == [401, 303, 401]
    page = await one.get("/admin/me/second")
    assert "9 recovery codes are left" in page.text
    assert ("sign_in", f"staff:{maria.id}") in await noted(services)


async def test_ten_wrong_codes_lock_the_account_and_the_password_forgives_none(
    services: Services, maria: Colleague, telephone: Telephone, clock: Clock
) -> None:
    codes = await has_factor(services, maria, telephone)
    for _ in range(10):  # each in a process of its own, and after the right password each time
        browser = await at_the_door(create_app(web_doors(services)), maria)
        assert (await browser.send("/staff/second", code="000000")).status_code == 401

    async def right(code: str) -> int:
        browser = await signed_in(services, create_app(web_doors(services)), maria, second=False)
        return (await browser.send("/staff/second", code=code)).status_code

    assert await right(telephone.shows()) == 401
    assert await right(codes[0]) == 401
    assert COOKIE not in (await at_the_door(create_app(web_doors(services)), maria)).http.cookies
    assert ("sign_in.locked", f"staff:{maria.id}") in await noted(services)
    clock.pass_(minutes=16)
    assert await right(telephone.shows()) == 303


async def test_codes_are_paced(services: Services, app: FastAPI, maria: Colleague, telephone: Telephone) -> None:
    await has_factor(services, maria, telephone)
    browser = await at_the_door(app, maria)
    app.state.frame.sign_ins._clock = lambda: 0.0  # the whole minute passes in one moment
    statuses = [(await browser.send("/staff/second", code="000000")).status_code for _ in range(12)]

    assert 429 in statuses


async def test_a_half_session_does_not_last(
    services: Services, app: FastAPI, maria: Colleague, telephone: Telephone, clock: Clock
) -> None:
    await has_factor(services, maria, telephone)
    browser = await at_the_door(app, maria)
    clock.pass_(minutes=20)
    assert (await browser.get("/staff/second")).status_code == 200
    clock.pass_(minutes=11)
    assert (await browser.send("/staff/second", code=telephone.shows())).headers["location"] == "/staff/login"


@pytest.mark.parametrize("csrf", ["", "wrong"])
async def test_no_other_site_can_send_a_code(
    services: Services, app: FastAPI, maria: Colleague, telephone: Telephone, csrf: str
) -> None:
    await has_factor(services, maria, telephone)
    browser = await at_the_door(app, maria)
    foreign = await browser.http.post(
        "/staff/second",
        data={"csrf": browser.csrf, "code": telephone.shows()},
        headers={"Origin": "https://evil.example"},
    )
    forged = await browser.send("/staff/second", csrf=csrf, code=telephone.shows())

    assert (foreign.status_code, forged.status_code) == (403, 403)
    for path in ("", "/again", "/codes", "/off"):
        whole = await signed_in(services, app, maria)
        assert (await whole.send(f"/admin/me/second{path}", csrf=csrf, code=telephone.shows())).status_code == 403


@pytest.mark.parametrize("wanted", ["//evil.example", "/\\evil.example", "https://evil.example/admin/", "/admin/../x"])
async def test_the_code_never_leads_to_another_site(
    services: Services, app: FastAPI, maria: Colleague, telephone: Telephone, wanted: str
) -> None:
    await has_factor(services, maria, telephone)
    browser = await at_the_door(app, maria)
    page = await browser.get("/staff/second", next=wanted)
    done = await browser.send("/staff/second", code=telephone.shows(), next=wanted)

    assert 'name="next" value=""' in page.text
    assert done.headers["location"] == "/inbox"


async def test_a_password_link_does_not_stand_for_the_second_factor(
    services: Services, app: FastAPI, maria: Colleague, telephone: Telephone
) -> None:
    await has_factor(services, maria, telephone)
    async with services.database.begin() as connection:
        token = await staff.make_link(connection, maria.id, PASSWORD, now=services.now())
    browser = Browser(app)
    await browser.opens_form(f"/staff/invite/{token}")
    chosen = await browser.send(f"/staff/invite/{token}", password="a brand new password")

    assert chosen.headers["location"] == "/staff/second"
    assert (await browser.get("/inbox/api/start")).status_code == 401


async def test_a_session_left_behind_by_somebody_else_is_not_taken_over(
    services: Services, app: FastAPI, maria: Colleague, anders: Colleague
) -> None:
    """Fixation: who plants a cookie of theirs learns nothing, for signing in makes a new one and ends the old."""
    planted = (await signed_in(services, app, anders)).http.cookies[COOKIE]
    browser = Browser(app, maria)
    page = await browser.http.get("/staff/login")
    token = page.text.partition('name="token" value="')[2].partition('"')[0]
    browser.http.cookies.set(COOKIE, planted, domain="desk.test")
    await browser.http.post("/staff/login", data={"token": token, "email": maria.email, "password": GOOD})

    assert browser.http.cookies[COOKIE] != planted
    assert (await Browser(app, token=planted).get("/admin/me")).headers["location"].startswith("/staff/login")


async def test_a_secret_made_under_another_key_still_lets_recovery_codes_in(
    services: Services, app: FastAPI, maria: Colleague, telephone: Telephone
) -> None:
    codes = await has_factor(services, maria, telephone)
    async with services.database.begin() as connection:
        other = sealed("another key" * 4, "second factor", SECRET, now=services.now())
        await connection.execute(text("update staff set totp_secret = :other"), {"other": other})
    browser = await at_the_door(app, maria)

    assert (await browser.send("/staff/second", code=telephone.shows())).status_code == 401
    assert (await browser.send("/staff/second", code=codes[0])).status_code == 303
