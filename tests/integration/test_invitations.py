"""Somebody is invited before they write: a list is brought, looked at and taken; the links are opened, once."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text
from telegram import Update

from bot.channels.telegram.inbound import to_inbound
from bot.services import Services
from core.messages import Inbound, Reply
from operations.assemble import web_doors
from store import invitations, people
from store import journey as lists
from store.invitations import Wanted
from tests.support.fakes import FakeChannel
from tests.support.inbox import ORIGIN, Browser, add, signed_in
from tests.support.talk import Chat
from web.admin import newcomers, sheets
from web.admin.invitations import packed, unpacked
from web.app import create_app
from web.headers import loggable

HEAD = "Navn;Reference;Sprog;Kommune;Arbejdsgiver;Stilling;Statsborgerskab;Husstand;Ankomst;Startdato"
JOY = "Joy Reyes;17;filipino;Aarhus;Nordbo Plejecenter;nurse;Filippinerne;family;2027-03-03;1.4.2027"
JAN = "Jan Kowalski;18;pl;Odense;NORD-7K3Q;SOSU;PL;alone;2027-02-01;"
EVA = "Éva Nagy;19;;Køge;;other work;Hungary;;;"
THREE = "\r\n".join([HEAD, JOY, JAN, EVA])


@dataclass
class Office:
    services: Services
    app: FastAPI
    sofie: Browser

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.services.database.connect() as connection:
            return list((await connection.execute(text(query), values)).all())

    async def brings(self, content: bytes | str) -> httpx.Response:
        data = content.encode() if isinstance(content, str) else content
        files = {"file": ("list.csv", data)}
        return await self.sofie.http.post("/admin/invitations/check", data={"csrf": self.sofie.csrf}, files=files)

    async def takes(self, preview: httpx.Response, **ticks: str) -> httpx.Response:
        sheet = re.search(r'name="sheet" value="([^"]*)"', preview.text)
        assert sheet, preview.text
        return await self.sofie.send("/admin/invitations/import", sheet=sheet[1], **ticks)

    async def invites(self, content: str = THREE) -> dict[str, str]:
        """The codes by name."""
        taken = await self.takes(await self.brings(content))
        assert taken.status_code == 303, taken.text
        return await self.codes()

    async def codes(self) -> dict[str, str]:
        return dict(await self.rows("select name, code from invitations"))


@pytest.fixture
async def office(services: Services) -> AsyncIterator[Office]:
    services.channels = {**services.channels, "web": FakeChannel("web", repeatable=True)}
    async with services.database.begin() as connection:
        await connection.execute(text("delete from invitations"))
        await connection.execute(text("delete from employers"))
        await lists.add_employer(
            connection, "Nordbo Plejecenter", code="NORD-7K3Q", contact_code="secret", now=services.now()
        )
    app = create_app(web_doors(services))
    sofie = await signed_in(services, app, await add(services, "Sofie", "supervisor"))
    yield Office(services, app, sofie)
    await services.background.drain()
    async with services.database.begin() as connection:
        await connection.execute(text("delete from invitations"))
        await connection.execute(text("delete from employers"))


# --- bringing a list --------------------------------------------------------------------------------------------------


async def test_a_list_is_looked_at_before_anybody_is_invited(office: Office) -> None:
    preview = await office.brings(THREE)

    assert preview.status_code == 200
    for shown in ("Joy Reyes", "Philippines", "3 March 2027", "1 April 2027", "Nordbo Plejecenter", "Køge", "Polski"):
        assert shown in preview.text, shown
    assert "Invite 3 people" in preview.text
    assert await office.rows("select 1 from invitations") == []


async def test_a_list_that_was_looked_at_invites_everybody_at_once(office: Office) -> None:
    taken = await office.takes(await office.brings(THREE))

    assert taken.status_code == 303
    page = await office.sofie.http.get(taken.headers["location"])
    assert "They are invited." in page.text
    rows = await office.rows(
        "select name, reference, language, profile, created_by, batch from invitations order by name"
    )
    assert [(row.name, row.reference, row.language) for row in rows] == [
        ("Jan Kowalski", "18", "pl"),
        ("Joy Reyes", "17", "fil"),
        ("Éva Nagy", "19", None),
    ]
    assert rows[1].profile == {
        "name": "Joy Reyes",
        "kommune": "aarhus",
        "employer": "NORD-7K3Q",
        "occupation": "nurse",
        "origin": "non-eu",
        "country": "PH",
        "zone": "Asia/Manila",
        "household": "family",
        "arrival": "2027-03-03",
        "first_working_day": "2027-04-01",
    }
    assert len({row.batch for row in rows}) == 1
    audited = await office.rows(
        "select what, data ->> 'people' from audit where staff_id = :id and what <> 'people.list'",
        id=office.sofie.who.id,
    )
    assert audited == [("people.invite", "3")]
    assert all(re.fullmatch("[a-z]{16}", code) for code in (await office.codes()).values())


async def test_a_row_with_an_error_says_where_and_what_to_do_and_stops_the_file(office: Office) -> None:
    preview = await office.brings(f"{HEAD}\n{JOY}\nBo;20;;Aarhsu;Elvers;;;;soon;\n;21;;;;;;;;")

    assert "2 rows with errors" in preview.text
    assert "Row 3, Municipality:" in preview.text
    assert "Did you mean “Aarhus”?" in preview.text
    assert "There is no employer with this code or name." in preview.text
    assert "This is no day that we understand." in preview.text
    assert "Row 4, Name:" in preview.text

    refused = await office.takes(preview)
    assert refused.status_code == 422
    assert "Correct the file, or tick that they are left out." in refused.text
    assert await office.rows("select 1 from invitations") == []

    await office.takes(refused, leave_out="1")
    assert list(await office.codes()) == ["Joy Reyes"]


async def test_a_number_that_identifies_somebody_is_never_taken(office: Office) -> None:
    preview = await office.brings(f"{HEAD}\nJoy;010190-1234;;;;;;;;")
    assert "This looks like a number that identifies somebody" in preview.text
    assert "Invite 1 person" not in preview.text


async def test_a_heading_that_is_nearly_known_is_asked_about(office: Office) -> None:
    preview = await office.brings("Name;Arival;Shoes\nJoy;2027-03-03;38")
    assert preview.status_code == 422
    assert "The heading “Arival” is not known. Did you mean “Arrival”?" in preview.text
    assert "The column “Shoes” is not known, and is left out." in preview.text


@pytest.mark.parametrize("content", [b"", b"\0\0", sheets.EXCEL + b"nothing", sheets.OLD_EXCEL])
async def test_what_is_no_list_is_refused_in_a_sentence(office: Office, content: bytes) -> None:
    refused = await office.brings(content)
    assert refused.status_code == 422
    assert 'id="why-file"' in refused.text


async def test_bringing_a_list_twice_warns_and_leaves_them_out(office: Office) -> None:
    await office.invites()
    preview = await office.brings(f"{THREE}\nAnna Berg;20;;;;;;;;")
    assert "3 people seem to have been invited before: rows 2, 3, 4." in preview.text

    await office.takes(preview, leave_known="1")
    assert len(await office.rows("select 1 from invitations")) == 4
    said = await office.takes(preview, leave_known="1")
    assert "said=nobody_invited" in said.headers["location"]
    await office.takes(preview)
    assert len(await office.rows("select 1 from invitations")) == 8, "whoever wants it can"


async def test_the_template_is_a_list_that_is_understood(office: Office) -> None:
    csv = (await office.sofie.get("/admin/invitations/template.csv")).content
    head = csv.decode("utf-8-sig").strip().split(";")
    line = ["Joy" if heading == "Name" else "" for heading in head]
    preview = await office.brings(csv + ";".join(line).encode())
    assert preview.status_code == 200
    assert "Invite 1 person" in preview.text
    excel = await office.sofie.get("/admin/invitations/template.xlsx")
    with pytest.raises(sheets.SheetError):
        sheets.read(excel.content)  # headings only


async def test_an_excel_file_is_taken_like_any_other(office: Office) -> None:
    content = sheets.as_excel([["Name", "Language", "Arrival"], ["Joy", "Tagalog", "2027-03-03"]])
    await office.takes(await office.brings(content))
    assert await office.rows("select name, language, profile ->> 'arrival' from invitations") == [
        ("Joy", "fil", "2027-03-03")
    ]


SENT = st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.hex())


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sheet=SENT, number=SENT)
async def test_no_form_ends_in_an_error_of_ours(office: Office, sheet: str, number: str) -> None:
    assert (await office.sofie.send("/admin/invitations/import", sheet=sheet)).status_code == 422
    listed = await office.sofie.get("/admin/invitations", batch=number, state=sheet, q=number, page=sheet)
    assert listed.status_code == 200


@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=3), min_size=2, max_size=4))
def test_the_page_carries_a_list_along_unchanged(rows: list[list[str]]) -> None:
    try:
        table = sheets.table_of(enumerate(rows, start=1))
    except sheets.SheetError:
        return
    assert unpacked(packed(table)) == table


def test_every_column_is_a_fact_that_the_bot_knows() -> None:
    assert newcomers.COLUMNS.keys() - {"reference", "language"} <= newcomers.meet.LABELS.keys()


# --- cards, and looking after them ------------------------------------------------------------------------------------


async def test_cards_show_both_codes_and_a_sentence_in_the_language_of_each(office: Office) -> None:
    codes = await office.invites()
    cards = (await office.sofie.get("/admin/invitations/cards")).text
    assert cards.count("<svg") == 3, "there is no bot, so one code each"
    assert f"/i/{codes['Joy Reyes']}" in cards
    assert 'lang="fil"' in cards
    assert 'style="' not in cards


async def test_with_a_bot_each_card_has_a_code_for_telegram_whose_link_opens_the_invitation(services: Services) -> None:
    async def name() -> str:
        return "velkommen_test_bot"

    app = create_app(replace(web_doors(services), telegram_name=name))
    sofie = await signed_in(services, app, await add(services, "Sofie", "supervisor"))
    async with services.database.begin() as connection:
        await connection.execute(text("delete from invitations"))
        await invitations.make(connection, [Wanted("Joy", "", "pl", {"name": "Joy"})], now=services.now())
    cards = (await sofie.get("/admin/invitations/cards")).text
    assert cards.count("<svg") == 2
    (start,) = re.findall(r"https://t.me/velkommen_test_bot\?start=([A-Za-z0-9_-]{1,64})<", cards)
    sent = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "text": f"/start {start}"}
    arrived = to_inbound(Update.de_json({"update_id": 1, "message": sent}), services.now())
    assert isinstance(arrived, Inbound)
    (hello,) = await Chat(services, address="joy").sends(arrived.kind, text=arrived.text)
    assert "Joy" in hello.text
    assert hello.language == "pl"
    async with services.database.begin() as connection:
        await connection.execute(text("delete from invitations"))


async def test_a_link_can_be_revoked_and_renewed(office: Office) -> None:
    await office.invites()
    ((number, before),) = await office.rows("select id, code from invitations where name = 'Joy Reyes'")
    await office.sofie.send(f"/admin/invitations/{number}/revoke", state="open")
    chat = Chat(office.services, address="joy")
    assert "not valid any more" in (await chat.commands(f"start i-{before}"))[0].text

    again = await office.sofie.send(f"/admin/invitations/{number}/renew")
    assert "invitation_renewed" in again.headers["location"]
    after = (await office.codes())["Joy Reyes"]
    assert after != before
    assert "Joy Reyes" in (await chat.commands(f"start i-{after}"))[0].text
    gone = await office.sofie.send(f"/admin/invitations/{number}/renew")
    assert gone.status_code == 404, "it was used"


@pytest.mark.parametrize("role", ["mentor", "editor", "reviewer", "auditor"])
async def test_whoever_may_not_invite_sees_no_invitation(office: Office, role: str) -> None:
    other = await signed_in(office.services, office.app, await add(office.services, "Otto", role))
    for path in ("", "/cards", "/template.csv"):
        assert (await other.get(f"/admin/invitations{path}")).status_code == 403
    assert (await other.send("/admin/invitations/import", sheet="")).status_code == 403


# --- opening a link ---------------------------------------------------------------------------------------------------


async def profile_at(office: Office, channel: str, address: str) -> tuple[str | None, str, dict[str, str]]:
    ((language, consent, profile),) = await office.rows(
        "select r.language, r.consent, r.profile from recruits r join addresses a on a.recruit_id = r.id "
        "where a.channel = :channel and a.external_id = :address",
        channel=channel,
        address=address,
    )
    return language, consent, profile


def payloads(reply: Reply) -> list[str]:
    return [button.payload for button in reply.buttons]


async def test_whoever_opens_the_link_hears_what_was_told_and_decides(office: Office) -> None:
    codes = await office.invites()
    joy = Chat(office.services, address="joy")
    (hello,) = await joy.commands(f"start i-{codes['Joy Reyes']}")

    assert hello.language == "fil", "spoken to in her language"
    assert "Joy Reyes" in hello.text
    assert "Nordbo Plejecenter" in hello.text
    assert "Aarhus" in hello.text
    assert payloads(hello) == ["consent:yes", "consent:no"]
    assert await profile_at(office, "fake", "joy") == ("fil", "unasked", {})

    (asked,) = await joy.presses("consent:yes")
    language, consent, profile = await profile_at(office, "fake", "joy")
    assert (language, consent) == ("fil", "given")
    assert profile["name"] == "Joy Reyes"
    assert profile["arrival"] == "2027-03-03"
    assert "meet:stop" in payloads(asked), "our questions go on with what is not known"
    assert await office.rows("select done, phase from progress") == [(0, "before-departure")]
    assert await office.rows("select profile, name from invitations where recruit_id is not null") == [
        ({}, "Joy Reyes")
    ]
    assert await office.rows("select 1 from reminders limit 1")


async def test_a_no_leaves_nothing_of_what_was_told(office: Office) -> None:
    codes = await office.invites()
    joy = Chat(office.services, address="joy")
    await joy.commands(f"start i-{codes['Joy Reyes']}")
    await joy.presses("consent:no")

    assert (await profile_at(office, "fake", "joy"))[1:] == ("declined", {})
    assert await office.rows("select name, reference, profile from invitations where recruit_id is not null") == [
        ("", "", {})
    ]
    assert "Reyes" not in str(await office.rows("select state from conversations"))


async def test_what_somebody_said_themselves_is_never_overwritten(office: Office) -> None:
    codes = await office.invites()
    joy = Chat(office.services, address="joy")
    await joy.presses("consent:yes")
    await joy.presses("language:pl")
    await joy.presses("meet:set:kommune:odense")
    (noted,) = await joy.commands(f"start i-{codes['Joy Reyes']}")

    language, _, profile = await profile_at(office, "fake", "joy")
    assert language == "pl", "chosen by her"
    assert profile["kommune"] == "odense"
    assert profile["arrival"] == "2027-03-03"
    assert "Aarhus" not in noted.text
    assert await office.rows("select profile from invitations where recruit_id is not null") == [({},)]


async def test_one_who_said_no_before_may_say_yes_now(office: Office) -> None:
    codes = await office.invites()
    joy = Chat(office.services, address="joy")
    await joy.presses("consent:no")
    await joy.commands(f"start i-{codes['Joy Reyes']}")
    await joy.presses("consent:yes")
    assert (await profile_at(office, "fake", "joy"))[2]["name"] == "Joy Reyes"


async def test_the_link_on_the_web_opens_the_chat_with_one_press(office: Office) -> None:
    codes = await office.invites()
    browser = Browser(office.app)
    page = await browser.opens_form(f"/i/{codes['Jan Kowalski']}")
    assert "You are invited" in page.text
    assert "Kowalski" not in page.text, "whoever only looks learns nothing"
    assert await office.rows("select 1 from invitations where used_at is not null") == []

    opened = await browser.http.post(f"/i/{codes['Jan Kowalski']}", data={"token": browser.csrf})
    assert (opened.status_code, opened.headers["location"]) == (303, "/")
    await office.services.background.drain()
    ((channel, language),) = await office.rows(
        "select a.channel, r.language from invitations i join recruits r on r.id = i.recruit_id "
        "join addresses a on a.recruit_id = r.id"
    )
    assert (channel, language) == ("web", "pl")
    shown = (await browser.get("/api/messages")).json()["messages"]
    assert shown[0]["text"] == "I was invited"
    assert "Jan Kowalski" in shown[1]["html"]


async def test_another_site_cannot_make_a_browser_open_a_link(office: Office) -> None:
    codes = await office.invites()
    browser = Browser(office.app)
    await browser.opens_form(f"/i/{codes['Joy Reyes']}")
    evil = {"Origin": "https://evil.test"}
    for token, headers in ((browser.csrf, evil), ("wrong", {"Origin": ORIGIN})):
        await browser.http.post(f"/i/{codes['Joy Reyes']}", data={"token": token}, headers=headers)
    await office.services.background.drain()
    assert await office.rows("select 1 from invitations where used_at is not null") == []


async def test_a_code_works_once_and_the_second_is_answered_kindly(office: Office) -> None:
    codes = await office.invites()
    joy, eve = Chat(office.services, address="joy"), Chat(office.services, address="eve")
    await joy.commands(f"start i-{codes['Joy Reyes']}")
    over, welcome = await eve.commands(f"start i-{codes['Joy Reyes']}")
    assert "not valid any more" in over.text
    assert "Reyes" not in over.text
    assert "list" in payloads(welcome), "and the chat goes on"
    (again,) = await joy.commands(f"start i-{codes['Joy Reyes'].upper()}")
    assert "Joy Reyes" in again.text, "whoever has it gets it again"


async def test_two_who_open_a_link_at_once_do_not_both_get_it(office: Office) -> None:
    codes = await office.invites()
    chats = [Chat(office.services, address=f"person {number}") for number in range(6)]
    replies = await asyncio.gather(*(chat.commands(f"start i-{codes['Joy Reyes']}") for chat in chats))
    assert sum("Joy Reyes" in said[0].text for said in replies) == 1
    assert sum("not valid any more" in said[0].text for said in replies) == 5


async def test_an_invitation_ends_after_ninety_days(office: Office) -> None:
    codes = await office.invites()
    chat = Chat(office.services, address="joy")
    chat.clock.pass_(hours=24 * 90 + 1)
    assert "not valid any more" in (await chat.commands(f"start i-{codes['Joy Reyes']}"))[0].text


async def test_whoever_guesses_is_not_answered_for_an_hour(office: Office) -> None:
    codes = await office.invites()
    chat = Chat(office.services, address="eve")
    for number in range(32):
        await chat.commands(f"start i-guess{number}")
    assert "not valid any more" in (await chat.commands(f"start i-{codes['Joy Reyes']}"))[0].text
    chat.clock.pass_(minutes=61)
    assert "Joy Reyes" in (await chat.commands(f"start i-{codes['Joy Reyes']}"))[0].text


# --- privacy ----------------------------------------------------------------------------------------------------------


async def test_an_invitation_is_exported_and_deleted_with_the_person(office: Office) -> None:
    codes = await office.invites()
    joy = Chat(office.services, address="joy")
    await joy.commands(f"start i-{codes['Joy Reyes']}")
    ((who,),) = await office.rows("select recruit_id from invitations where recruit_id is not null")
    async with office.services.database.connect() as connection:
        exported = await people.export(connection, who)
    assert exported["invitations"][0]["name"] == "Joy Reyes"

    await joy.commands("forget")
    await joy.presses("forget:yes")
    assert sorted(await office.codes()) == ["Jan Kowalski", "Éva Nagy"]


async def test_what_nobody_used_is_gone_thirty_days_after_its_end(office: Office) -> None:
    codes = await office.invites()
    joy = Chat(office.services, address="joy")
    await joy.commands(f"start i-{codes['Joy Reyes']}")
    for days, left in ((119, 3), (121, 1)):
        async with office.services.database.begin() as connection:
            await invitations.retain(connection, now=office.services.now() + timedelta(days=days))
        assert len(await office.rows("select 1 from invitations")) == left
    assert await office.rows("select name, profile from invitations") == [("", {})], "she never agreed"


async def test_known_before_means_the_same_reference_or_the_same_person(office: Office) -> None:
    await office.invites()
    asked = [
        Wanted("Somebody Else", "17"),
        Wanted("joy reyes", "", None, {"kommune": "aarhus", "employer": "NORD-7K3Q"}),
        Wanted("Joy Reyes", "", None, {"kommune": "odense"}),
        Wanted("Nobody"),
    ]
    async with office.services.database.connect() as connection:
        assert await invitations.known(connection, asked, now=office.services.now()) == [True, True, False, False]


def test_a_code_is_in_no_log() -> None:
    assert loggable("/i/bcdfghjkmnpqrstv") == "/i/…/"
