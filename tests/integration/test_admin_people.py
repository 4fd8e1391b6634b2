"""Recruits in the admin backend: the list and its filters, one person, what is exported and deleted, and who may."""

import csv
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot import journeys, progress
from bot.services import Services
from core import acts
from operations.assemble import web_doors
from store import journey as lists
from store import people
from tests.support.inbox import Browser, add, comes_over, signed_in
from tests.support.talk import Chat
from web.app import create_app

ARRIVED = {"origin": "non-eu", "occupation": "nurse", "household": "single", "arrival": "2026-06-01"}


@dataclass
class Office:
    services: Services
    app: FastAPI
    anders: Browser
    sofie: Browser

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.services.database.connect() as connection:
            return list((await connection.execute(text(query), values)).all())

    async def knows(self, address: str, language: str = "en", **profile: str) -> str:
        """Somebody who has agreed, and of whom that is known; their number."""
        chat = Chat(self.services, address=address)
        await chat.presses("consent:yes")
        return await self._is(address, language, profile)

    async def meets(self, address: str, **profile: str) -> str:
        """Somebody who has not agreed to anything."""
        await Chat(self.services, address=address).commands("start")
        return await self._is(address, "en", profile)

    async def _is(self, address: str, language: str, profile: dict[str, str]) -> str:
        ((who, conversation),) = await self.rows(
            "select a.recruit_id, c.id from addresses a join conversations c on c.address_id = a.id "
            "where a.external_id = :address",
            address=address,
        )
        async with self.services.database.begin() as connection:
            await people.introduce(connection, conversation, language=language, profile=profile)
            await journeys.replan(self.services, connection, who)
        return str(who)

    async def names(self, **filters: str) -> list[str]:
        page = (await self.sofie.get("/admin/people", **filters)).text
        rows = page.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]
        return [row.partition("/admin/people/")[2].partition(">")[2].partition("</a>")[0] for row in rows]


@pytest.fixture
async def office(services: Services) -> AsyncIterator[Office]:
    async with services.database.begin() as connection:
        await connection.execute(text("delete from employers"))
        await lists.add_employer(connection, "Nordbo", code="NORD-7K3Q", contact_code="secret", now=services.now())
    app = create_app(web_doors(services))
    anders = await signed_in(services, app, await add(services, "Anders", "admin"))
    sofie = await signed_in(services, app, await add(services, "Sofie", "supervisor"))
    yield Office(services, app, anders, sofie)
    await services.background.drain()
    async with services.database.begin() as connection:
        await connection.execute(text("delete from employers"))


@pytest.fixture
async def three(office: Office) -> Office:
    await office.knows("joy", "fil", name="Joy", kommune="aarhus", employer="NORD-7K3Q", **ARRIVED)
    await office.knows("jan", "pl", name="Jan", kommune="odense", **{**ARRIVED, "arrival": "2027-03-01"})
    await office.meets("eve", name="Eve", kommune="aarhus")
    return office


# --- the list ---------------------------------------------------------------------------------------------------------


async def test_whoever_has_not_agreed_is_a_number(three: Office) -> None:
    page = (await three.sofie.get("/admin/people")).text
    assert "Joy" in page
    assert "Eve" not in page
    assert "not asked yet" in page
    assert "3 people" in page


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"kommune": "aarhus"}, ["Joy"]),
        ({"employer": "NORD-7K3Q"}, ["Joy"]),
        ({"phase": "before-departure"}, ["Jan"]),
        ({"phase": "first-year"}, ["Joy"]),
        ({"language": "pl"}, ["Jan"]),
        ({"q": "jO"}, ["Joy"]),
        ({"q": "Eve"}, []),
        ({"q": "100%"}, []),
        ({"late": "1"}, ["Joy"]),
        ({"kommune": "odense", "late": "1"}, []),
        ({"who": "contacts"}, []),
        ({"phase": "nonsense", "language": "xx", "sort": "nonsense", "kommune": "odense"}, ["Jan"]),
    ],
)
async def test_filters_stand_in_the_address(three: Office, filters: dict[str, str], names: list[str]) -> None:
    assert [_plain(name) for name in await three.names(**filters)] == names


async def test_the_longest_late_come_first(three: Office) -> None:
    await three.knows("bo", "da", name="Bo", **{**ARRIVED, "arrival": "2026-02-01"})
    assert [_plain(name) for name in await three.names(sort="late")][:2] == ["Bo", "Joy"]
    latest = await three.names(sort="arrival")
    assert [_plain(name) for name in latest][:3] == ["Jan", "Joy", "Bo"]


async def test_a_legal_limit_that_passed_is_named(three: Office) -> None:
    page = (await three.sofie.get("/admin/people", q="Joy")).text
    library = await three.services.shelf.library()
    ((late,),) = await three.rows(
        "select late from progress p join recruits r on r.id = p.recruit_id where r.language = 'fil'"
    )
    assert late, "somebody who came in June and has done nothing is late"
    assert library.task_text(late[0][0], "en").title in page.replace("&#39;", "'")


async def test_an_empty_list_says_what_to_do(office: Office) -> None:
    assert "Nobody has written yet." in (await office.sofie.get("/admin/people")).text
    assert "Nobody fits." in (await office.sofie.get("/admin/people", q="x")).text


async def test_the_list_goes_on_over_pages(office: Office) -> None:
    async with office.services.database.begin() as connection:
        await connection.execute(
            text("insert into recruits (id, created_at, seen_at, consent, profile) select gen_random_uuid(), :now, :now, "
                 "'given', jsonb_build_object('name', 'P' || n) from generate_series(1, 60) n"),
            {"now": office.services.now()},
        )  # fmt: skip
    assert len(await office.names()) == 50
    assert len(await office.names(page="2")) == 10
    assert len({*await office.names(), *await office.names(page="2")}) == 60
    assert await office.names(page="3") == []


async def test_the_list_as_csv_holds_what_is_shown_and_no_formula(three: Office) -> None:
    await three.knows("evil", "en", name="=1+1", kommune="aarhus")
    sent = await three.anders.send("/admin/people/export", kommune="aarhus")
    assert sent.headers["content-type"].startswith("text/csv")
    head, *rows = csv.reader(io.StringIO(sent.content.decode("utf-8-sig")), delimiter=";")
    by_name = {row[head.index("Name")]: row for row in rows}
    assert by_name.keys() == {"Joy", "'=1+1"}
    assert by_name["Joy"][head.index("Employer")] == "Nordbo"
    assert (await three.sofie.send("/admin/people/export")).status_code == 403
    ((about, data),) = await three.rows(
        "select about, data from audit where what = 'people.export' and staff_id = :id", id=three.anders.who.id
    )
    assert (about, data) == ("people:list", {"people": 2, "kommune": "aarhus"})


# --- one person -------------------------------------------------------------------------------------------------------


async def test_a_person_with_everything_but_what_was_said(three: Office) -> None:
    joy = Chat(three.services, address="joy")
    joy.engine.will(acts.Unsure((), 0.1))
    await joy.says("zqxwaldmeister?")
    ((who,),) = await three.rows("select recruit_id from addresses where external_id = 'joy'")
    page = (await three.sofie.get(f"/admin/people/{who}")).text
    for shown in (
        "Joy",
        "Philippines" if "PH" in page else "Nurse",
        "Nordbo",
        "Aarhus",
        "1 June 2026",
        "Who has looked",
        "Sofie",
    ):
        assert shown in page, shown
    assert "zqxwaldmeister" not in page
    assert "Delete this person" not in page, "a supervisor cannot"
    assert await three.rows("select what from looks") == [("person",)]
    looked = "select about from audit where what = 'people.read' and staff_id = :id"
    assert await three.rows(looked, id=three.sofie.who.id) == [(f"recruit:{who}",)]


async def test_of_somebody_who_has_not_agreed_there_is_no_profile(three: Office) -> None:
    ((who,),) = await three.rows("select recruit_id from addresses where external_id = 'eve'")
    page = (await three.sofie.get(f"/admin/people/{who}")).text
    assert "Eve" not in page
    assert "has not agreed" in page
    assert "Municipality" not in page


async def test_a_conversation_is_opened_by_whoever_may(office: Office) -> None:
    conversation = await comes_over(office.services, name="Joy")
    ((who,),) = await office.rows("select id from recruits")
    assert f"open={conversation}" in (await office.sofie.get(f"/admin/people/{who}")).text
    page = (await office.anders.get(f"/admin/people/{who}")).text
    assert "Asked for a human" in page
    assert f"open={conversation}" not in page, "an administrator reads no conversations"


async def test_everything_kept_about_a_person_as_a_file(three: Office) -> None:
    ((who,),) = await three.rows("select recruit_id from addresses where external_id = 'joy'")
    sent = await three.anders.send(f"/admin/people/{who}/export")
    assert "attachment" in sent.headers["content-disposition"]
    assert json.loads(sent.content)["person"]["profile"]["name"] == "Joy"
    assert (await three.sofie.send(f"/admin/people/{who}/export")).status_code == 403


async def test_deleting_needs_a_word_and_leaves_nothing(three: Office) -> None:
    ((who,),) = await three.rows("select recruit_id from addresses where external_id = 'joy'")
    dropped: list[tuple[int, int]] = []

    refused = await three.anders.send(f"/admin/people/{who}/delete", word="delete")
    assert refused.status_code == 422
    assert 'id="why-word"' in refused.text
    assert (await three.sofie.send(f"/admin/people/{who}/delete", word="DELETE")).status_code == 403
    assert dropped == []

    await three.anders.send(f"/admin/people/{who}/delete", word="DELETE")
    for table in (
        "recruits where id",
        "progress where recruit_id",
        "reminders where recruit_id",
        "addresses where recruit_id",
    ):
        assert await three.rows(f"select 1 from {table} = :who", who=who) == [], table
    assert (await three.anders.get(f"/admin/people/{who}")).status_code == 404
    assert len(await three.names()) == 2
    deleted = "select about, data from audit where what = 'people.delete' and staff_id = :id"
    assert await three.rows(deleted, id=three.anders.who.id) == [(f"recruit:{who}", {})]

    joy = Chat(three.services, address="joy")
    assert await joy.commands("start"), "who writes again is somebody new"


async def test_a_topic_in_the_mentors_group_goes_with_the_person(services: Services) -> None:
    dropped: list[tuple[int, int]] = []

    async def drop(chat_id: int, number: int) -> None:
        dropped.append((chat_id, number))

    services.drop_topic = drop
    app = create_app(web_doors(services))
    anders = await signed_in(services, app, await add(services, "Anders", "admin"))
    conversation = await comes_over(services, name="Joy")
    async with services.database.begin() as connection:
        await connection.execute(
            text("insert into forum_topics (conversation_id, chat_id, thread_id) values (:id, -100, 7)"),
            {"id": conversation},
        )
        who = (await connection.execute(text("select id from recruits"))).scalar_one()
    await anders.send(f"/admin/people/{who}/delete", word="DELETE")
    assert dropped == [(-100, 7)]


@pytest.mark.parametrize("role", ["mentor", "editor", "reviewer"])
async def test_whoever_may_not_sees_no_people(three: Office, role: str) -> None:
    other = await signed_in(three.services, three.app, await add(three.services, "Otto", role))
    ((who,),) = await three.rows("select recruit_id from addresses where external_id = 'joy'")
    assert (await other.get("/admin/people")).status_code == 403
    assert (await other.get(f"/admin/people/{who}")).status_code == 403


@pytest.mark.parametrize("number", ["nonsense", "00000000-0000-0000-0000-000000000000", "%00", "1" * 300])
async def test_nobody_is_where_nobody_is(office: Office, number: str) -> None:
    assert (await office.sofie.get(f"/admin/people/{number}")).status_code == 404


ODD = st.text(max_size=60)


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    filters=st.dictionaries(st.sampled_from(["q", "kommune", "employer", "phase", "late", "page", "sort", "said"]), ODD)
)
async def test_no_address_ends_in_an_error_of_ours(office: Office, filters: dict[str, str]) -> None:
    assert (await office.sofie.get("/admin/people", **filters)).status_code == 200
    assert (await office.anders.send("/admin/people/export", **filters)).status_code == 200


# --- the copy ---------------------------------------------------------------------------------------------------------


async def test_where_a_list_stands_follows_the_turn(office: Office) -> None:
    joy = Chat(office.services, address="joy")
    await joy.presses("consent:yes")
    await joy.presses("meet:set:origin:non-eu")
    await joy.presses("meet:set:arrival:2026-11-20")
    place = "select phase, done, total, next_legal is not null from progress"
    ((phase, before, total, limited),) = await office.rows(place)
    assert (phase, limited) == ("arrival-week", True)
    assert total > 20
    await joy.presses("done:r-register-cpr")
    ((_, after, _, _),) = await office.rows(place)
    assert after == before + 1
    await joy.presses("undo")
    assert (await office.rows(place))[0][1] == before


async def test_a_day_later_everybody_is_looked_at_once(three: Office) -> None:
    assert await progress.renew(three.services) == 0, "of today"
    Chat(three.services).clock.pass_(hours=24)
    assert await progress.renew(three.services) == 2
    assert await progress.renew(three.services) == 0


async def test_whoever_takes_consent_back_stands_nowhere(three: Office) -> None:
    await Chat(three.services, address="joy").presses("consent:no")
    assert len(await three.rows("select 1 from progress")) == 1


async def test_ten_thousand_people_are_looked_at_in_batches_and_listed(office: Office) -> None:
    """How long it takes is measured elsewhere; here, that it ends, and that nothing is asked once a person."""
    async with office.services.database.begin() as connection:
        await connection.execute(
            text("insert into recruits (id, created_at, seen_at, consent, language, profile) select gen_random_uuid(), :now, "
                 ":now, 'given', 'pl', jsonb_build_object('name', 'P' || n, 'arrival', '2026-06-01', 'origin', 'eu') "
                 "from generate_series(1, 250) n"),
            {"now": office.services.now()},
        )  # fmt: skip
    assert await progress.renew(office.services) == 250
    assert "250 people" in (await office.sofie.get("/admin/people", late="1")).text


def _plain(name: str) -> str:
    return name.removeprefix("<bdi>").removesuffix("</bdi>")
