"""Accounts of colleagues in the admin backend, everybody's own account, and the first administrator."""

import argparse
import json
import re

import pytest
import structlog
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import text

from bot.services import Services
from core.errors import VelkommenError
from operations import admins
from operations.assemble import web_doors
from operations.cli import parser
from store import staff
from store.staff import Colleague
from tests.support.fakes import Clock
from tests.support.inbox import Browser, add, signed_in
from web.admin.me import browser_name
from web.app import create_app
from web.staff import COOKIE

GOOD = "three words together"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
PEOPLE = ("nobody", "mentor", "supervisor", "admin", "editor", "reviewer", "auditor")
FIELDS = {"email": "new@example.org", "name": "New", "role": "mentor", "capacity": "5"}


class House:
    def __init__(self, services: Services, app: FastAPI, people: dict[str, Browser]) -> None:
        self.services, self.app, self._people = services, app, people

    def __getitem__(self, role: str) -> Browser:
        return self._people[role]

    def who(self, role: str) -> Colleague:
        found = self._people[role].who
        assert found is not None
        return found

    async def account(self, role: str) -> Colleague:
        async with self.services.database.connect() as connection:
            found = await staff.by_id(connection, self.who(role).id)
        assert found is not None
        return found

    async def noted(self) -> list[tuple[str, str, dict[str, object]]]:
        async with self.services.database.connect() as connection:
            rows = await connection.execute(text("select what, about, data from audit order by id"))
        return [(row.what, row.about, row.data) for row in rows]


@pytest.fixture
async def house(services: Services) -> House:
    app = create_app(web_doors(services))
    people = {"nobody": Browser(app)}
    for role in (*PEOPLE[1:], "spare"):
        who = await add(services, role.capitalize(), "mentor" if role == "spare" else role)
        people[role] = await signed_in(services, app, who)
    return House(services, app, people)


# --- who may what -----------------------------------------------------------------------------------------------------

LOOKS = [
    #                            nobody mentor superv admin editor review auditor
    ("/admin/settings",            (303, 403, 200, 200, 403, 403, 200)),
    ("/admin/settings/new",        (303, 403, 200, 200, 403, 403, 403)),
    ("/admin/settings/{mentor}",   (303, 403, 200, 200, 403, 403, 200)),
    ("/admin/settings/{admin}",    (303, 403, 200, 200, 403, 403, 200)),
    ("/admin/settings/999999999",  (303, 403, 404, 404, 403, 403, 404)),
    ("/admin/settings/99999999999999999999", (303, 403, 404, 404, 403, 403, 404)),
    ("/admin/settings/nobody",     (303, 403, 404, 404, 403, 403, 404)),
    ("/admin/me",                  (303, 200, 200, 200, 200, 200, 200)),
    ("/admin/me/second",           (303, 200, 200, 200, 200, 200, 200)),
    ("/admin/audit",               (303, 403, 403, 200, 403, 403, 200)),
    ("/admin/audit/csv",           (303, 403, 403, 200, 403, 403, 200)),
]  # fmt: skip
STEPS = [
    #                                         nobody mentor superv admin editor review auditor
    ("new", FIELDS,                             (303, 403, 200, 200, 403, 403, 403)),
    ("new", {**FIELDS, "role": "admin"},        (303, 403, 422, 200, 403, 403, 403)),
    ("new", {**FIELDS, "role": "auditor"},      (303, 403, 422, 200, 403, 403, 403)),
    ("{spare}/save", FIELDS,                    (303, 403, 303, 303, 403, 403, 403)),
    ("{spare}/save", {**FIELDS, "role": "admin"}, (303, 403, 422, 303, 403, 403, 403)),
    ("{auditor}/save", {**FIELDS, "role": "auditor"}, (303, 403, 403, 303, 403, 403, 403)),
    ("{spare}/switch", {"active": "0"},         (303, 403, 303, 303, 403, 403, 403)),
    ("{auditor}/switch", {"active": "0"},       (303, 403, 403, 303, 403, 403, 403)),
    ("{admin}/switch", {"active": "0"},         (303, 403, 403, 422, 403, 403, 403)),
    ("{supervisor}/switch", {"active": "0"},    (303, 403, 422, 303, 403, 403, 403)),
    ("{spare}/link", {},                        (303, 403, 200, 200, 403, 403, 403)),
    ("{admin}/link", {},                        (303, 403, 403, 200, 403, 403, 403)),
    ("999999999/link", {},                      (303, 403, 404, 404, 403, 403, 403)),
    ("{spare}/second", {},                      (303, 403, 303, 303, 403, 403, 403)),
    ("{admin}/second", {},                      (303, 403, 403, 422, 403, 403, 403)),
    ("{spare}/sessions", {},                    (303, 403, 303, 303, 403, 403, 403)),
    ("{auditor}/sessions", {},                  (303, 403, 403, 303, 403, 403, 403)),
    ("{spare}/unlink", {},                      (303, 403, 303, 303, 403, 403, 403)),
]  # fmt: skip


def filled(house: House, path: str) -> str:
    return path.format(**{role: house.who(role).id for role in (*PEOPLE[1:], "spare")})


async def test_who_may_look(house: House) -> None:
    found = {
        path: tuple([(await house[role].get(filled(house, path))).status_code for role in PEOPLE]) for path, _ in LOOKS
    }
    assert found == dict(LOOKS)


async def test_who_may_change_accounts(house: House) -> None:
    wrong = []
    for path, fields, statuses in STEPS:
        for role, status in zip(PEOPLE, statuses, strict=True):
            answer = await house[role].send(f"/admin/settings/{filled(house, path)}", **fields)
            if answer.status_code != status:
                wrong.append((path, fields, role, status, answer.status_code))
            await as_before(house)
    assert wrong == []


async def as_before(house: House) -> None:
    """The accounts and who is signed in, afterwards."""
    async with house.services.database.begin() as connection:
        await connection.execute(text("delete from staff where email = 'new@example.org'"))
        await connection.execute(text("update staff set active = true"))
        for role in (*PEOPLE[1:], "spare"):
            role_then = "mentor" if role == "spare" else role
            await staff.change(connection, house.who(role).id, role=role_then, name=role.capitalize())
            browser = house[role]
            gone = await staff.session(connection, browser.http.cookies[COOKIE], now=house.services.now()) is None
            if gone:
                token, browser.csrf = await staff.open_session(
                    connection, house.who(role).id, now=house.services.now(), second=True
                )
                browser.http.cookies.clear()
                browser.http.cookies.set(COOKIE, token)


@pytest.mark.parametrize("csrf", ["", "wrong"])
async def test_no_step_without_the_token_of_the_page(house: House, csrf: str) -> None:
    for path, fields, _ in STEPS:
        answer = await house["admin"].send(f"/admin/settings/{filled(house, path)}", **{**fields, "csrf": csrf})
        assert answer.status_code == 403, path
    for path in ("password", "sessions/end", "sessions/1/end"):
        assert (await house["mentor"].send(f"/admin/me/{path}", csrf=csrf)).status_code == 403
    foreign = await house["admin"].http.post(
        "/admin/settings/new", data={"csrf": house["admin"].csrf, **FIELDS}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403


# --- the accounts -----------------------------------------------------------------------------------------------------


async def test_a_colleague_is_added_with_a_link_shown_once(house: House) -> None:
    fields = {
        "email": "Nina@example.org",
        "name": "Nina",
        "role": "editor",
        "capacity": "7",
        "kommuner": "Aarhus, odense",
    }
    refused = await house["supervisor"].send("/admin/settings/new", **fields)
    assert refused.status_code == 422, "who looks after mentors does not make a second reader of themselves"
    page = await house["admin"].send("/admin/settings/new", **fields, languages=["pl", "uk"], themes=["tax"])
    async with house.services.database.connect() as connection:
        nina = await staff.by_email(connection, "nina@example.org")
    assert nina is not None
    later = await house["supervisor"].get(f"/admin/settings/{nina.id}")

    assert "/staff/invite/" in page.text
    assert "/staff/invite/" not in later.text
    assert (nina.languages, nina.kommuner, nina.themes) == (("pl", "uk"), ("aarhus", "odense"), ("tax",))
    assert ("staff.add", f"staff:{nina.id}", {"role": "editor"}) in await house.noted()
    browser = Browser(house.app)
    path = "/staff/invite/" + page.text.partition("/staff/invite/")[2].partition('"')[0]
    await browser.opens_form(path)
    assert (await browser.send(path, password=GOOD)).headers["location"] == "/admin"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "mentor@example.org"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"role": "king"}, "role"),
        ({"capacity": "0"}, "capacity"),
        ({"capacity": "many"}, "capacity"),
        ({"kommuner": "atlantis"}, "kommuner"),
        ({"languages": "xx"}, "languages"),
        ({"themes": "weather"}, "themes"),
        ({"occupations": "pirate"}, "occupations"),
    ],
)
async def test_what_does_not_fit_is_said_beside_it_and_nothing_is_lost(
    house: House, wrong: dict[str, str], field: str
) -> None:
    page = await house["admin"].send(
        "/admin/settings/new", **{**FIELDS, "name": "Nina <b>", "email": "n@example.org", **wrong}
    )

    assert page.status_code == 422
    assert f'id="why-{field}"' in page.text
    assert page.text.count('class="why"') == 1
    if field != "name":
        assert 'value="Nina &lt;b&gt;"' in page.text
    if field != "email":
        assert 'value="n@example.org"' in page.text


async def test_a_refused_change_is_shown_again(house: House) -> None:
    where = f"/admin/settings/{house.who('mentor').id}"
    page = await house["supervisor"].send(f"{where}/save", name="Otto", role="mentor", capacity="0", kommuner="aalborg")

    assert page.status_code == 422
    assert 'value="Otto"' in page.text
    assert re.search(r'name="capacity"[^>]* value="0"[^>]* aria-invalid="true" autofocus', page.text)
    assert (await house.account("mentor")).name == "Mentor"


async def test_the_list_is_narrowed_by_the_address(house: House) -> None:
    await house["admin"].send(f"/admin/settings/{house.who('spare').id}/switch", active="0")

    async def names(**asked: str) -> list[str]:
        page = await house["auditor"].get("/admin/settings", **asked)
        return re.findall(r'<th scope="row"><a href="/admin/settings/\d+"><bdi>(\w+)</bdi>', page.text)

    assert len(await names()) == 7
    assert await names(role="mentor") == ["Mentor", "Spare"]
    assert await names(role="mentor", active="on") == ["Mentor"]
    assert await names(active="off") == ["Spare"]
    assert await names(q="EDITOR@") == ["Editor"]
    assert await names(q="nobody at all") == []
    assert len(await names(role="king", active="maybe", page="99")) == 7


async def test_a_role_change_is_noted_with_what_it_was(house: House) -> None:
    number = house.who("spare").id
    fields = {"name": "Spare", "role": "admin", "capacity": "15", "languages": "pl"}
    await house["admin"].send(f"/admin/settings/{number}/save", **fields)
    noted = await house.noted()

    assert ("staff.role", f"staff:{number}", {"before": "mentor", "after": "admin"}) in noted
    assert ("staff.change", f"staff:{number}", {"changed": ["languages"]}) in noted


async def test_who_becomes_an_administrator_sets_up_a_second_factor_first(house: House) -> None:
    plain = await signed_in(house.services, house.app, house.who("spare"), second=False)
    assert (await plain.get("/inbox/api/start")).status_code == 200
    fields = {"name": "Spare", "role": "admin", "capacity": "15"}
    await house["admin"].send(f"/admin/settings/{house.who('spare').id}/save", **fields)

    assert (await plain.get("/admin/settings")).headers["location"] == "/admin/me/second"


async def test_resetting_a_second_factor_signs_out_and_leaves_the_password(house: House) -> None:
    mentor = house.who("mentor")
    async with house.services.database.begin() as connection:
        await staff.set_factor(connection, mentor.id, "sealed", used=5)
        await staff.set_recovery(connection, mentor.id, ["abc"])
    answer = await house["supervisor"].send(f"/admin/settings/{mentor.id}/second")
    page = await house["supervisor"].http.get(answer.headers["location"])

    assert "The second factor is gone" in page.text
    assert (await house.account("mentor")).has_code is False
    assert (await house["mentor"].get("/inbox/api/start")).status_code == 401
    assert ("staff.second", f"staff:{mentor.id}", {}) in await house.noted()
    async with house.services.database.connect() as connection:
        assert await staff.recovery_left(connection, mentor.id) == 0


async def test_ending_a_colleagues_sessions_ends_all_of_them(house: House) -> None:
    mentor = house.who("mentor")
    second = await signed_in(house.services, house.app, mentor)
    await house["supervisor"].send(f"/admin/settings/{mentor.id}/sessions")
    own = await house["supervisor"].send(f"/admin/settings/{house.who('supervisor').id}/sessions")

    for browser in (second, house["mentor"]):
        assert (await browser.get("/inbox/api/start")).status_code == 401
    assert own.status_code == 303
    assert (await house["supervisor"].get("/admin/settings")).status_code == 200


async def test_an_unlinked_account_can_be_linked_anew(house: House) -> None:
    async with house.services.database.begin() as connection:
        await staff.link_subject(connection, house.who("mentor").id, "issuer|1")
    await house["supervisor"].send(f"/admin/settings/{house.who('mentor').id}/unlink")
    assert (await house.account("mentor")).subject is None


# --- one's own account ------------------------------------------------------------------------------------------------


async def has_password(house: House, role: str) -> None:
    """Kept without ending who is signed in."""
    async with house.services.database.begin() as connection:
        await staff.change(connection, house.who(role).id, password_hash=CHEAP.hash(GOOD))


async def test_sessions_are_listed_and_ended(house: House) -> None:
    me = house.who("editor")
    async with house.services.database.begin() as connection:
        agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        one, _ = await staff.open_session(connection, me.id, now=house.services.now(), agent=agent)
        two, _ = await staff.open_session(connection, me.id, now=house.services.now(), agent="curl <b>")
    page = await house["editor"].get("/admin/me")
    number = re.findall(r"/admin/me/sessions/(\d+)/end", page.text)[-1]
    foreign = re.findall(r"/admin/me/sessions/(\d+)/end", (await house["mentor"].get("/admin/me")).text)
    await house["mentor"].send(f"/admin/me/sessions/{number}/end")  # nobody else's
    still = await Browser(house.app, token=one).get("/admin/me")
    await house["editor"].send(f"/admin/me/sessions/{number}/end")
    ended = await Browser(house.app, token=one).get("/admin/me")
    await house["editor"].send("/admin/me/sessions/end")

    assert "Firefox, Linux" in page.text
    assert "curl" not in page.text
    assert page.text.count("this one") == 1
    assert foreign == []
    assert (still.status_code, ended.status_code) == (200, 303)
    assert (await Browser(house.app, token=two).get("/admin/me")).status_code == 303
    assert (await house["editor"].get("/admin/me")).status_code == 200


async def test_a_new_password_ends_the_other_sessions_and_renews_this_one(house: House) -> None:
    await has_password(house, "editor")
    other = await signed_in(house.services, house.app, house.who("editor"))
    before = house["editor"].http.cookies[COOKIE]
    with structlog.testing.capture_logs() as logs:
        done = await house["editor"].send("/admin/me/password", old=GOOD, password="a brand new password")
    token = done.cookies[COOKIE]

    assert done.headers["location"] == "/admin/me?said=password_changed"
    assert (await other.get("/admin/me")).status_code == 303
    assert (await Browser(house.app, token=before).get("/admin/me")).status_code == 303
    assert (await Browser(house.app, token=token).get("/admin/me")).status_code == 200
    assert "a brand new password" not in json.dumps(logs) + json.dumps(await house.noted())
    assert ("password.changed", f"staff:{house.who('editor').id}", {}) in await house.noted()


@pytest.mark.parametrize(
    ("old", "password", "field"),
    [
        ("not this one", "a brand new password", "old"),
        ("", "a brand new password", "old"),
        (GOOD, "short", "password"),
        (GOOD, "editor@example.org", "password"),
        (GOOD, "x" * 1001, "password"),
    ],
)
async def test_a_password_that_is_wrong_or_weak_changes_nothing(
    house: House, old: str, password: str, field: str
) -> None:
    await has_password(house, "editor")
    page = await house["editor"].send("/admin/me/password", old=old, password=password)

    assert page.status_code == 422
    assert f'id="why-{field}"' in page.text
    assert f'name="password" value="{password}"' not in page.text
    assert (await house["editor"].get("/admin/me")).status_code == 200


async def test_guessing_the_old_password_locks_the_account(house: House) -> None:
    await has_password(house, "editor")
    house.app.state.frame.sign_ins._clock = iter(range(0, 10_000, 60)).__next__
    for _ in range(10):
        await house["editor"].send("/admin/me/password", old="wrong wrong wrong", password="a brand new password")
    right = await house["editor"].send("/admin/me/password", old=GOOD, password="a brand new password")

    assert right.status_code == 422
    about = f"staff:{house.who('editor').id}"
    assert ("sign_in.locked", about, {"by": "password"}) in await house.noted()
    assert isinstance(house.services.now, Clock)
    house.services.now.pass_(minutes=16)
    again = await house["editor"].send("/admin/me/password", old=GOOD, password="a brand new password")
    assert again.status_code == 303


WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"(Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge, Windows"),
        (
            f"(iPhone; CPU iPhone OS 18_0 like Mac OS X) {WEBKIT} Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        (f"(Linux; Android 15) {WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Mac"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_browsers_as_people_call_them(agent: str, name: str) -> None:
    assert browser_name(agent) == name


# --- the first administrator ------------------------------------------------------------------------------------------


async def command(house: House, *words: str) -> str:
    arguments = parser().parse_args(["admin", *words])
    assert isinstance(arguments, argparse.Namespace)
    return await admins.answer(house.services.database, house.services.settings, arguments, house.services.now())


async def test_the_first_administrator_comes_from_the_command_line(house: House) -> None:
    told = await command(house, "create", "Boss@example.org", "--name", "Bo")
    path = "/staff/invite/" + told.partition("/staff/invite/")[2].split()[0]
    browser = Browser(house.app)
    await browser.opens_form(path)
    chosen = await browser.send(path, password=GOOD)

    assert chosen.headers["location"] == "/admin/me/second"
    with pytest.raises(VelkommenError, match="has an account already"):
        await command(house, "create", "boss@example.org", "--name", "Bo")
    with pytest.raises(VelkommenError, match="example"):
        await command(house, "create", "no address", "--name", "Bo")
    async with house.services.database.connect() as connection:
        boss = await staff.by_email(connection, "boss@example.org")
    assert boss is not None
    assert ("staff.add", f"staff:{boss.id}", {"role": "admin"}) in await house.noted()


async def test_a_second_factor_is_reset_from_the_command_line(house: House) -> None:
    async with house.services.database.begin() as connection:
        await staff.set_factor(connection, house.who("admin").id, "sealed", used=5)
    told = await command(house, "reset-second", "ADMIN@example.org")

    assert "next sign-in" in told
    assert (await house.account("admin")).has_code is False
    assert (await house["admin"].get("/admin/me")).status_code == 303
    assert ("staff.second", f"staff:{house.who('admin').id}", {}) in await house.noted()
    with pytest.raises(VelkommenError, match="Nobody has an account"):
        await command(house, "reset-second", "nobody@example.org")
