"""Announcements in the admin backend: written, looked at, sent once, stopped, reported on."""

import asyncio
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot import announcing, reminding
from bot.services import Services
from core.days import COPENHAGEN
from operations.assemble import web_doors
from store import announcements
from tests.support.fakes import FakeChannel
from tests.support.inbox import Browser, add, signed_in
from web.admin.announcements import DIMENSIONS, moment
from web.admin.room import Unfit
from web.app import create_app
from web.limits import Limits

TEXTS = {"text-en": "Get **winter** tyres.", "text-pl": "Załóż opony zimowe."}
TYRES = "/admin/announcements/winter-tyres"


@pytest.fixture(autouse=True)
async def nothing_announced(services: Services) -> None:
    async with services.database.begin() as connection:
        await connection.execute(text("delete from announcements"))
        await connection.execute(text("delete from employers"))


@pytest.fixture
def app(services: Services) -> FastAPI:
    return create_app(web_doors(services))


@pytest.fixture
async def editor(services: Services, app: FastAPI) -> Browser:
    return await signed_in(services, app, await add(services, "Edith", "editor"))


@pytest.fixture
async def boss(services: Services, app: FastAPI) -> Browser:
    return await signed_in(services, app, await add(services, "Susan", "supervisor"))


async def people(services: Services, *, many: int = 1, language: str = "en", **profile: str) -> None:
    """People on the fake channel who agreed that we keep their data."""
    async with services.database.begin() as connection:
        for _ in range(many):
            number = uuid.uuid4()
            await connection.execute(
                text("""
                    with r as (insert into recruits (id, created_at, seen_at, language, consent, profile)
                               values (:id, :now, :now, :language, 'given', cast(:profile as jsonb)) returning id),
                    a as (insert into addresses (recruit_id, channel, external_id)
                          select id, 'fake', cast(id as text) from r returning id)
                    insert into conversations (address_id) select id from a
                """),
                {"id": number, "now": services.now(), "language": language, "profile": json.dumps(profile)},
            )


async def the_mark(browser: Browser, path: str) -> str:
    """What a page knows of the draft that it shows."""
    page = await browser.get(path)
    assert page.status_code == 200, page.text
    return page.text.partition('name="seen" value="')[2].partition('"')[0]


async def written(browser: Browser, **fields: Any) -> Any:
    """A draft of that name."""
    return await browser.send(
        "/admin/announcements/new", **{"name": "Winter tyres", "everybody": "yes", **TEXTS, **fields}
    )


async def clock_ticks(services: Services) -> None:
    batches: list[uuid.UUID] = []

    async def defer(batch: uuid.UUID) -> None:
        batches.append(batch)

    await announcing.expand_due(services)
    await reminding.tick(services, defer)
    for batch in batches:
        await reminding.send_batch(services, batch)
    await announcing.expand_due(services)


def sent(services: Services) -> list[str]:
    channel = services.channels["fake"]
    assert isinstance(channel, FakeChannel)
    return [reply.text for _, _, reply, _ in channel.sent]


async def status_of(services: Services) -> str:
    async with services.database.connect() as connection:
        kept = await announcements.named(connection, "winter-tyres")
    return kept.status if kept else ""


# --- writing ----------------------------------------------------------------------------------------------------------


async def test_the_first_page_says_what_to_do(editor: Browser) -> None:
    page = await editor.get("/admin/announcements")
    assert page.status_code == 200
    assert "There is no announcement yet." in page.text


async def test_a_draft_is_written_changed_and_listed_with_who_made_it(editor: Browser, services: Services) -> None:
    made = await written(editor, everybody="", kommune=["odense"], phase=["first-month", "first-year"])
    assert (made.status_code, made.headers["location"]) == (303, f"{TYRES}?said=saved")
    mark = await the_mark(editor, TYRES)
    changed = await editor.send(f"{TYRES}/save", seen=mark, check="yes", origin=["eu"], **TEXTS)
    assert changed.headers["location"] == f"{TYRES}/check?said=saved"
    async with services.database.connect() as connection:
        kept = await announcements.named(connection, "winter-tyres")
        noted = await connection.execute(text("select what, data from audit where about = 'announcement:winter-tyres'"))
        assert [row.what for row in noted] == ["announcements.write", "announcements.write"]
    assert kept is not None
    assert (kept.status, kept.segment, set(kept.texts)) == ("draft", {"origin": ["eu"]}, {"en", "pl"})
    listed = (await editor.get("/admin/announcements", status="draft", q="winter")).text
    assert "winter-tyres" in listed
    assert "Edith" in listed
    assert "winter-tyres" not in (await editor.get("/admin/announcements", status="done")).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "…"}, "Give it a name"),
        ({"text-en": "  "}, "The English text is missing."),
        ({"text-da": "Ring på 010190-1234."}, "looks like a number of one person"),
        ({"text-en": "It costs {winter-fee}."}, "{winter-fee} is not filled in here. Write the value itself."),
        ({"text-en": "Dear [[name]]"}, "[[name]] is not filled in here."),
        ({"text-pl": "x" * 1501}, "This is longer than 1500 characters."),
        ({"everybody": ""}, "Tick for whom it is"),
        ({"kommune": "odense"}, "Either everybody, or those whom you tick."),
        ({"everybody": "", "kommune": "atlantis"}, "does not exist."),
    ],
)
async def test_what_cannot_be_taken_is_said_and_nothing_typed_is_lost(
    editor: Browser, fields: dict[str, str], sentence: str
) -> None:
    page = await written(editor, **{"text-ro": "Anvelope de iarnă.", **fields})
    assert page.status_code == 422
    assert sentence in page.text
    assert "Anvelope de iarnă." in page.text


async def test_a_name_is_given_once(editor: Browser) -> None:
    await written(editor)
    again = await written(editor, name="Winter  TYRES!")
    assert again.status_code == 422
    assert "There is an announcement of this name already." in again.text


async def test_the_second_of_two_editors_sees_both_texts(editor: Browser, boss: Browser) -> None:
    await written(editor)
    mark = await the_mark(editor, TYRES)
    first = await boss.send(f"{TYRES}/save", seen=mark, everybody="yes", **{"text-en": "Hers."})
    assert first.status_code == 303
    second = await editor.send(f"{TYRES}/save", seen=mark, everybody="yes", **{"text-en": "Mine."})
    assert second.status_code == 409
    assert "Mine." in second.text
    assert "Hers." in second.text
    mark = second.text.partition('name="seen" value="')[2].partition('"')[0]
    assert (await editor.send(f"{TYRES}/save", seen=mark, everybody="yes", **{"text-en": "Mine."})).status_code == 303


# --- looking ------------------------------------------------------------------------------------------------------


async def test_it_is_looked_at_as_it_will_be_shown(editor: Browser) -> None:
    await written(editor, **{"text-en": "Get **winter** tyres.\n\n<script>alert(1)</script>"})
    page = (await editor.get(f"{TYRES}/check")).text
    assert "<strong>winter</strong>" in page
    assert "<b>winter</b>" in page
    assert "<script>alert" not in page
    assert "Załóż opony zimowe." in page


async def test_the_dry_run_says_how_many_in_which_language_and_who_not(editor: Browser, services: Services) -> None:
    await people(services, language="pl", many=2)
    await people(services, language="de")
    await people(services, language="en", announcements="no")
    await written(editor)
    page = (await editor.get(f"{TYRES}/check")).text
    assert "4 people are meant." in page
    assert "3 of them would get it." in page
    assert "no text in their language" in page
    assert "They want no announcements." in page
    assert await status_of(services) == "draft"


# --- sending ------------------------------------------------------------------------------------------------------


async def test_an_editor_may_draft_and_not_send(editor: Browser, services: Services) -> None:
    await people(services)
    await written(editor)
    mark = await the_mark(editor, TYRES)
    assert "Supervisors and administrators send announcements." in (await editor.get(f"{TYRES}/check")).text
    for step in ("schedule", "stop"):
        assert (await editor.send(f"{TYRES}/{step}", seen=mark)).status_code == 403
    assert await status_of(services) == "draft"


async def test_an_auditor_reads_and_does_not_write(services: Services, app: FastAPI, editor: Browser) -> None:
    await written(editor)
    auditor = await signed_in(services, app, await add(services, "Audrey", "auditor"))
    page = await auditor.get(TYRES)
    assert page.status_code == 200
    assert "Your role may read this draft" in page.text
    assert (await written(auditor, name="other")).status_code == 403


async def test_it_is_sent_and_reported_in_plain_words(boss: Browser, services: Services) -> None:
    await people(services, language="pl")
    await people(services, announcements="no")
    await written(boss)
    done = await boss.send(f"{TYRES}/schedule", seen=await the_mark(boss, f"{TYRES}/check"))
    assert done.headers["location"] == f"{TYRES}?said=scheduled"
    await clock_ticks(services)
    assert [reply.partition("\n")[0] for reply in sent(services)] == ["Załóż opony zimowe."]
    assert await status_of(services) == "done"
    page = (await boss.get(TYRES)).text
    assert "got it" in page
    assert "They want no announcements." in page


async def test_scheduled_twice_at_once_it_is_sent_once(boss: Browser, services: Services) -> None:
    await people(services, many=3)
    await written(boss)
    mark = await the_mark(boss, f"{TYRES}/check")
    answers = await asyncio.gather(*(boss.send(f"{TYRES}/schedule", seen=mark) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    await asyncio.gather(clock_ticks(services), clock_ticks(services))
    await clock_ticks(services)
    assert len(sent(services)) == 3


async def test_to_more_than_a_hundred_its_name_is_typed(boss: Browser, services: Services) -> None:
    await people(services, many=101)
    await written(boss)
    mark = await the_mark(boss, f"{TYRES}/check")
    refused = await boss.send(f"{TYRES}/schedule", seen=mark, typed="yes")
    assert refused.status_code == 422
    assert "It goes to 101 people." in refused.text
    assert (await boss.send(f"{TYRES}/schedule", seen=mark, typed="winter-tyres")).status_code == 303


async def test_what_nobody_has_seen_is_not_sent(boss: Browser, editor: Browser, services: Services) -> None:
    await people(services)
    await written(editor)
    mark = await the_mark(boss, f"{TYRES}/check")
    await editor.send(f"{TYRES}/save", seen=mark, everybody="yes", **{"text-en": "Changed."})
    refused = await boss.send(f"{TYRES}/schedule", seen=mark)
    assert refused.status_code == 409
    assert "Look at it again" in refused.text
    assert await status_of(services) == "draft"


async def test_without_anybody_it_is_not_sent(boss: Browser, services: Services) -> None:
    await written(boss)
    refused = await boss.send(f"{TYRES}/schedule", seen=await the_mark(boss, f"{TYRES}/check"))
    assert refused.status_code == 422
    assert "Nobody is meant" in refused.text


async def test_it_is_stopped_and_a_new_one_begins_as_it(boss: Browser, services: Services) -> None:
    await people(services)
    await written(boss)
    tomorrow = (services.now() + timedelta(days=2)).astimezone(COPENHAGEN).strftime("%Y-%m-%dT10:00")
    await boss.send(f"{TYRES}/schedule", seen=await the_mark(boss, f"{TYRES}/check"), at=tomorrow)
    assert (await boss.send(f"{TYRES}/save", seen="", everybody="yes", **TEXTS)).status_code == 422
    assert (await boss.send(f"{TYRES}/stop")).headers["location"] == f"{TYRES}?said=stopped"
    assert await status_of(services) == "stopped"
    page = (await boss.get("/admin/announcements/new", **{"from": "winter-tyres"})).text
    assert "Załóż opony zimowe." in page


NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-12-01T10:00", datetime(2026, 12, 1, 9, 0, tzinfo=UTC)),
        ("2027-07-01 10:00", datetime(2027, 7, 1, 8, 0, tzinfo=UTC)),
        ("2027-03-28T02:30", "does not exist"),
        ("2027-10-31T02:30", "comes twice"),
        ("2026-11-22T12:00", "is past"),
        ("2029-01-01T10:00", "more than a year"),
        ("2026-12-01", "Write the day"),
        ("2026-12-01T10:00+01:00", "Write the day"),
        ("0001-01-01T00:00", "Write the day"),
        ("soon", "Write the day"),
    ],
)
def test_danish_times(typed: str, meant: datetime | str) -> None:
    if isinstance(meant, datetime):
        assert moment(typed, NOW) == meant
    else:
        with pytest.raises(Unfit, match=meant):
            moment(typed, NOW)


# --- anything at all ----------------------------------------------------------------------------------------------

NAMES = [
    "name", "everybody", "seen", "check", "at", "typed", "from", *DIMENSIONS, *(f"text-{code}" for code in ("en", "pl", "xx")),
]  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["yes", "odense", "eu", "en", "9999-12-31T23:59", "new", "../x", "{a}", "[[b]]", "**", "\0", "%00"]
    ),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(st.sampled_from(NAMES), st.lists(VALUES, max_size=2)), path=VALUES)
async def test_no_form_and_no_address_is_an_error_of_ours(
    app: FastAPI, boss: Browser, fields: dict[str, Any], path: str
) -> None:
    app.state.frame = replace(app.state.frame, steps=Limits(100_000))
    await written(boss)
    for step in ("new", "winter-tyres/save", "winter-tyres/schedule"):
        assert (await boss.send(f"/admin/announcements/{step}", **fields)).status_code < 500
    for address in (f"/admin/announcements/{quote(path, safe='')}", f"{TYRES}/check"):
        assert (await boss.get(address, at=path, q=path, page=path, **{"from": path})).status_code < 500
