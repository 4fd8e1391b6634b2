"""What a second reader found in the admin backend: each of it must hold from now on."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import date, timedelta

import httpx
import openpyxl
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from bot.services import Services
from knowledge.shelf import FRESH
from operations.assemble import web_doors
from store import api_keys, audit, editing, invitations, progress, staff
from store.audit import Sought
from store.editing import Name
from store.invitations import Wanted
from store.progress import Place
from tests.support.editors import Editors, Form, editors_of, fills, sends
from tests.support.inbox import add, comes_over, signed_in
from tests.support.talk import Chat
from web.admin import sheets
from web.app import create_app

ODENSE: Name = ("municipality", "odense", "")
TASK = "r-library-visit"


@pytest.fixture
def app(services: Services) -> FastAPI:
    return create_app(web_doors(services))


@pytest.fixture
async def office(services: Services) -> AsyncIterator[Editors]:
    async with editors_of(services) as office:
        yield office


@pytest.fixture
async def careful(services: Services) -> AsyncIterator[Editors]:
    """Where what one person wrote is published by another."""
    async with editors_of(services, review=True) as office:
        yield office


async def told(office: Editors, name: Name) -> editing.Data | None:
    async with office.services.database.connect() as connection:
        found = await editing.published(connection, name)
    return found.data if found else None


async def drafted(office: Editors, name: Name) -> editing.Draft | None:
    async with office.services.database.connect() as connection:
        return await editing.draft(connection, name)


# --- a second person --------------------------------------------------------------------------------------------------


async def a_task_that_nothing_needs(office: Editors) -> str:
    """A published task, with its English text."""
    rule, words = (
        await told(office, ("task", "r-bank-nemkonto", "")),
        await told(office, ("task_text", "r-bank-nemkonto", "en")),
    )
    assert rule is not None
    assert words is not None
    rule, words = (
        rule | {"id": TASK, "prerequisites": []},
        words | {"title": "Visit the library", "called": ["bookish", "books to borrow"]},
    )
    async with office.services.database.begin() as connection:
        changes: dict[Name, editing.Data | None] = {
            ("task", TASK, ""): rule, ("task_text", TASK, "en"): words, ("task_text", TASK, "da"): words,
        }  # fmt: skip
        await editing.publish(connection, changes, staff_id=None, now=office.services.now())
    await asyncio.sleep(FRESH)
    return f"/admin/checklists/{TASK}"


async def test_no_task_is_taken_away_by_one_person_alone(careful: Editors) -> None:
    address = await a_task_that_nothing_needs(careful)
    refused = await fills(careful["Ed"], f"{address}/remove", {"word": "DELETE"})
    assert refused.status_code == 422
    assert await told(careful, ("task", TASK, "")) is not None


async def test_no_half_of_a_new_topic_is_published_that_was_changed_after_it_was_sent_to_review(
    careful: Editors,
) -> None:
    slug = await a_new_topic(careful)
    facts, english = (f"/admin/answers/{slug}/{part}" for part in ("topic", "en"))
    page = await careful["Ed"].http.get(english)
    submitted = await sends(careful["Ed"], page, {"body": "Here."}, action=f"{english}/save", to=f"{english}/submit")
    assert submitted.status_code == 303, submitted.text
    page = await careful["Rita"].http.get(english)
    saved = await fills(careful["Eva"], facts, {"caution": "Unseen."}, action=f"{facts}/save")
    assert saved.status_code == 303, saved.text
    await sends(careful["Rita"], page, {}, action=f"{english}/show", to=f"{english}/approve")
    assert await told(careful, ("topic", slug, "")) is None


async def a_new_topic(office: Editors) -> str:
    """Drafts of Ed's; the English text is complete, and not sent to review."""
    slug = "where-do-i-get-a-bus-card"
    fields = {
        "title": "Where do I get a bus card?", "theme": "transport", "slug": slug, "source_name": "Midttrafik",
        "source_url": "https://www.midttrafik.dk",
    }  # fmt: skip
    await fills(office["Ed"], "/admin/answers/new", fields)
    english = f"/admin/answers/{slug}/en"
    saved = await fills(office["Ed"], english, {"body": "At the bus stop."}, action=f"{english}/save")
    assert saved.status_code == 303, saved.text
    return slug


# --- who keeps to languages and themes --------------------------------------------------------------------------------


async def test_a_translator_takes_no_topic_away_in_other_languages(office: Editors) -> None:
    pia = await office.joins("Pia", "editor", languages=("pl",))
    facts, words = await told(office, ("topic", "tax-card", "")), await told(office, ("text", "tax-card", "en"))
    assert facts is not None
    assert words is not None
    facts, words = facts | {"related": [], "near": []}, words | {"near": {}}
    async with office.services.database.begin() as connection:
        changes: dict[Name, editing.Data | None] = {("topic", "bus-card", ""): facts, ("text", "bus-card", "en"): words}
        await editing.publish(connection, changes, staff_id=None, now=office.services.now())
    await asyncio.sleep(FRESH)
    answer = await pia.send("/admin/answers/bus-card/topic/remove", slug="bus-card")
    assert answer.status_code == 403, answer.headers
    assert await told(office, ("text", "bus-card", "en")) is not None

    assert (await office["Ed"].send("/admin/answers/bus-card/topic/remove", slug="bus-card")).status_code == 303
    ((gone,),) = await office.rows(
        "select id from revisions where kind = 'topic' and key = 'bus-card' and data is not null"
    )
    assert (await pia.send("/admin/answers/bus-card/topic/restore", revision=gone)).status_code == 403
    assert await told(office, ("text", "bus-card", "en")) is None


async def test_a_translator_takes_no_task_away_in_other_languages(office: Editors) -> None:
    address = await a_task_that_nothing_needs(office)
    pia = await office.joins("Pia", "editor", languages=("pl",))
    refused = await fills(pia, f"{address}/remove", {"word": "DELETE"})
    assert refused.status_code == 422
    assert await told(office, ("task_text", TASK, "en")) is not None


async def test_an_editor_of_one_theme_drafts_no_older_text_of_another(office: Editors) -> None:
    """… of a task that belongs to a topic of another theme."""
    tea = await office.joins("Tea", "editor", themes=("transport",))
    library = await office.services.shelf.library()
    task = next(each for each in library.tasks if each.topic and library.topics[each.topic].theme != "transport")
    ((number,),) = await office.rows(
        "select max(id) from revisions where kind = 'task_text' and key = :task and language = 'en'", task=task.id
    )
    answer = await tea.send(f"/admin/checklists/{task.id}/en/restore", revision=number)
    assert answer.status_code == 403
    assert await drafted(office, ("task_text", task.id, "en")) is None


async def test_a_reviewer_sends_back_only_what_is_theirs(careful: Editors) -> None:
    rut = await careful.joins("Rut", "reviewer", languages=("pl",))
    address, name = "/admin/checklists/r-bank-nemkonto/ro", ("task_text", "r-bank-nemkonto", "ro")
    assert (await fills(careful["Ed"], address, {"title": "Altul"}, action=f"{address}/save")).status_code == 303
    body = dict(Form(await careful["Ed"].http.get(address), f"{address}/save").filled({}))
    assert (await careful["Ed"].http.post(f"{address}/submit", data=body)).status_code == 303
    draft = await drafted(careful, name)
    assert draft is not None
    assert draft.state == "in_review"
    answer = await rut.send(f"{address}/send-back", version=draft.version, note="no")
    assert answer.status_code == 422
    after = await drafted(careful, name)
    assert after is not None
    assert after.state == "in_review"


async def changed_in_english(office: Editors) -> None:
    """Ed drafts another English sentence of Odense."""
    saved = await fills(office["Ed"], "/admin/municipalities/odense", {"line.0.text.en": "New words.", "do": "draft"})
    assert saved.status_code == 303, saved.text


async def test_a_translator_publishes_no_draft_in_other_languages_of_a_municipality(office: Editors) -> None:
    pia, before = await office.joins("Pia", "editor", languages=("pl",)), await told(office, ODENSE)
    await changed_in_english(office)
    answer = await fills(pia, "/admin/municipalities/odense", {"do": "publish"})
    assert answer.status_code == 422
    assert await told(office, ODENSE) == before

    draft = await drafted(office, ODENSE)
    assert draft is not None
    assert (await pia.send("/admin/municipalities/odense/discard", version=draft.version)).status_code == 422
    assert (await pia.send("/admin/municipalities/odense/remove", word="DELETE")).status_code == 422
    assert await told(office, ODENSE) == before
    assert await drafted(office, ODENSE) is not None


async def test_a_reviewer_approves_no_other_language_of_a_municipality(careful: Editors) -> None:
    rut, before = await careful.joins("Rut", "reviewer", languages=("pl",)), await told(careful, ODENSE)
    await changed_in_english(careful)
    await fills(careful["Ed"], "/admin/municipalities/odense", {"do": "submit"})
    draft = await drafted(careful, ODENSE)
    assert draft is not None
    assert draft.state == "in_review"
    for step in ("approve", "send-back"):
        answer = await rut.send(f"/admin/municipalities/odense/{step}", version=draft.version, note="no")
        assert answer.status_code == 422
    assert await told(careful, ODENSE) == before
    assert await drafted(careful, ODENSE) == draft


async def test_a_municipalitys_lines_stand_on_cards_of_the_editors_themes_only(office: Editors) -> None:
    tea, before = await office.joins("Tea", "editor", themes=("housing",)), await told(office, ODENSE)
    assert before is not None
    place = len(before["lines"])
    line = {"topics": "tax-card", "text.en": "Pay cash.", "link": "https://example.org/", "as_of": "2026-11-01"}
    typed = {f"line.{place}.{name}": value for name, value in line.items()}
    answer = await fills(tea, "/admin/municipalities/odense", {**typed, "do": "publish"})
    assert answer.status_code == 422
    assert await told(office, ODENSE) == before


# --- people -----------------------------------------------------------------------------------------------------------


async def test_an_invitation_does_not_say_who_somebody_is_that_has_not_agreed(services: Services, app: FastAPI) -> None:
    """Of whoever has not agreed there is a number alone, and no name beside it, whichever page it is."""
    sofie = await signed_in(services, app, await add(services, "Sofie", "supervisor"))
    async with services.database.begin() as connection:
        await connection.execute(text("delete from invitations"))
        await invitations.make(connection, [Wanted("Zoraida", "HR-77")], now=services.now())
        ((code,),) = await connection.execute(text("select code from invitations"))
    joy = Chat(services, address="joy")
    await joy.commands(f"start i-{code}")
    ((who, consent),) = await joy.rows("select id, consent from recruits")
    assert consent != "given"
    page = (await sofie.get("/admin/invitations")).text
    assert "Zoraida" in page
    assert str(who) not in page
    person = (await sofie.get(f"/admin/people/{who}")).text
    assert "HR-77" not in person
    await joy.presses("consent:yes")
    assert str(who) in (await sofie.get("/admin/invitations")).text
    assert "HR-77" in (await sofie.get(f"/admin/people/{who}")).text


async def test_all_looks_at_a_person_are_found_under_one_name(services: Services, app: FastAPI) -> None:
    sofie = await signed_in(services, app, await add(services, "Sofie", "supervisor"))
    await comes_over(services, name="Joy")
    async with services.database.connect() as connection:
        ((who,),) = await connection.execute(text("select id from recruits"))
    await sofie.get(f"/admin/people/{who}")
    async with services.database.connect() as connection:
        found = await audit.page(connection, Sought(about=f"recruit:{who}"), most=10)
        elsewhere = await connection.execute(
            text("select about from audit where about like :like and about <> :own"),
            {"like": f"%{who}", "own": f"recruit:{who}"},
        )
        assert list(elsewhere) == []
    assert {each.what for each in found} == {"look.person", "people.read"}


async def test_whoever_reads_the_list_of_people_is_in_the_audit_log(services: Services, app: FastAPI) -> None:
    sofie = await signed_in(services, app, await add(services, "Sofie", "supervisor"))
    await comes_over(services, name="Joy")
    async with services.database.begin() as connection:
        await connection.execute(text("delete from invitations"))
        await invitations.make(connection, [Wanted("Joyce")], now=services.now())
    await sofie.get("/admin/people", q="Joy")
    await sofie.get("/admin/invitations", q="Joy")
    await sofie.get("/admin/invitations/cards")
    assert sofie.who is not None
    async with services.database.connect() as connection:
        rows = await audit.page(connection, Sought(staff_id=sofie.who.id), most=10)
    assert {each.about for each in rows if each.what == "people.list"} == {
        "people:list", "people:invitations", "people:cards",
    }  # fmt: skip
    assert "Joy" not in str([each.data for each in rows])


async def test_the_gap_board_tells_nobodys_own_deadline(services: Services, app: FastAPI) -> None:
    """A day of one person, beside their question and their language, says who it is."""
    ed = await signed_in(services, app, await add(services, "Ed", "editor"))
    conversation = await comes_over(services, name="Joy")
    async with services.database.begin() as connection:
        await connection.execute(text("delete from gaps"))
        ((who,),) = await connection.execute(text("select id from recruits"))
        place = Place("first-month", 1, 9, date(2026, 12, 3), date(2026, 12, 5), [])
        await progress.keep(connection, {who: place}, now=services.now())
        gap = (await connection.execute(text("insert into gaps (created_at) values (now()) returning id"))).scalar_one()
        await connection.execute(
            text(
                "insert into unanswered (conversation_id, language, text, candidates, created_at, gap_id) "
                "values (:conversation, 'uk', 'dog?', '[]', now(), :gap)"
            ),
            {"conversation": conversation, "gap": gap},
        )
    page = (await ed.get("/admin/gaps")).text
    assert "dog?" in page
    assert "nearest legal limit" not in page
    assert "2026-12-05" not in page


async def test_no_share_of_a_whole_gives_away_a_number_that_is_hidden(services: Services, app: FastAPI) -> None:
    """30 % of ten are three."""
    ada = await signed_in(services, app, await add(services, "Ada", "admin"))
    today = services.now().date()
    async with services.database.begin() as connection:
        await connection.execute(text("delete from counts"))
        for days, what, number in ((1, "answered", 3), (1, "unanswered", 7), (9, "answered", 2), (9, "asked_back", 8)):
            await connection.execute(
                text("insert into counts (day, what, language, number) values (:day, :what, 'en', :number)"),
                {"day": today - timedelta(days=days), "what": what, "number": number},
            )
    page = (await ada.get("/admin/numbers", period="7", compare="1")).text
    async with services.database.begin() as connection:
        await connection.execute(text("delete from counts"))
    assert "30 %" not in page
    assert "20 %" not in page


async def test_a_key_reads_no_number_that_another_system_gave_somebody(services: Services, app: FastAPI) -> None:
    await comes_over(services, name="Joy", kommune="odense")
    seen = {}
    async with services.database.begin() as connection:
        await connection.execute(text("delete from invitations"))
        keys = {}
        for name in ("HR", "Bank"):
            keys[name], secret = await api_keys.make(
                connection, name=name, scopes=["people:read"], staff_id=None, now=services.now()
            )
            seen[name] = secret
        await invitations.make(connection, [Wanted("Joy", "HR-77")], api_key_id=keys["HR"], now=services.now())
        await connection.execute(
            text("update invitations set used_at = :now, recruit_id = (select id from recruits)"),
            {"now": services.now()},
        )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.test") as http:
        for name, reference in (("HR", "HR-77"), ("Bank", None)):
            answer = await http.get("/api/v1/people", headers={"Authorization": f"Bearer {seen[name]}"})
            assert [each["reference"] for each in answer.json()["items"]] == [reference], name


async def test_whoever_closes_a_report_is_in_the_audit_log(services: Services, app: FastAPI) -> None:
    sofie = await signed_in(services, app, await add(services, "Sofie", "supervisor"))
    conversation = await comes_over(services, name="Joy")
    async with services.database.begin() as connection:
        report = (
            await connection.execute(
                text(
                    "insert into abuse_reports (conversation_id, reason, created_at) values (:id, 'rude', now()) returning id"
                ),
                {"id": conversation},
            )
        ).scalar_one()
    assert (await sofie.send(f"/inbox/desk/reports/{report}/close")).status_code == 303
    async with services.database.connect() as connection:
        found = await audit.page(connection, Sought(about=f"report:{report}"), most=5)
    assert [(each.who, each.what) for each in found] == [("Sofie", "report.close")]


# --- what comes from outside ------------------------------------------------------------------------------------------


async def test_no_body_of_unknown_length_is_read_by_the_api(app: FastAPI) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(40):
            read += 1
            yield b" " * 10_000

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.test") as http:
        for coding in ("chunked", "Chunked", "gzip, CHUNKED"):
            headers = {"Transfer-Encoding": coding, "Content-Type": "application/json"}
            answer = await http.post("/api/v1/invitations", content=endless(), headers=headers)
            assert answer.status_code == 413, coding


def test_a_workbook_that_defines_words_of_its_own_is_not_read() -> None:
    """Each of them could stand for a million letters, however small the file is."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Name"])
    book.active.append(["Joy"])
    plain = io.BytesIO()
    book.save(plain)
    for encoding in ("utf-8", "utf-16"):
        changed = io.BytesIO()
        with zipfile.ZipFile(plain) as parts, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as made:
            for name in parts.namelist():
                content = parts.read(name)
                if name == "xl/worksheets/sheet1.xml":
                    _, _, rest = content.decode().rpartition("?>")
                    rest = rest.replace("Joy", "&joy;")
                    begin = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE worksheet [<!ENTITY joy "Joy">]>'
                    content = (begin + rest).encode(encoding)
                made.writestr(name, content)
        with pytest.raises(sheets.SheetError) as refused:
            sheets.read(changed.getvalue())
        assert refused.value.sentence == sheets.UNREADABLE


async def test_a_changed_password_ends_links_that_are_still_open(services: Services, app: FastAPI) -> None:
    who = await add(services, "Maria")
    async with services.database.begin() as connection:
        token = await staff.make_link(connection, who.id, "password", now=services.now())
        other = await staff.make_link(connection, who.id, "telegram", now=services.now())
        await staff.set_password(connection, who.id, "new")
        assert await staff.peek_link(connection, token, "password", now=services.now()) is None
        assert await staff.peek_link(connection, other, "telegram", now=services.now()) == who.id


async def test_nobody_approves_a_draft_that_they_had_a_hand_in(services: Services) -> None:
    name = ("reply", "zq-written-by-two", "en")
    now = services.now()
    one, two = await add(services, "Ada", "admin"), await add(services, "Ed", "editor")
    async with services.database.begin() as connection:
        first = await editing.save_draft(connection, name, {"text": "One."}, version=0, staff_id=one.id, now=now)
        second = await editing.save_draft(
            connection, name, {"text": "Two."}, version=first.version, staff_id=two.id, now=now
        )
        await editing.discard(connection, name, version=second.version)
    assert second.wrote(one.id)
    assert second.wrote(two.id)
    assert not second.wrote(one.id + two.id)
