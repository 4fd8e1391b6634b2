"""An employer and its contact, from the code to the recruit's list; and what mentors hear of."""

import uuid
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from bot import reminding
from bot.services import Services
from core.errors import VelkommenError
from core.messages import Reply
from operations import employers
from store import journey as lists
from tests.support.mentors import hire
from tests.support.talk import Chat

JOY = {
    "origin": "non-eu",
    "occupation": "nurse",
    "household": "single",
    "contract_signed": "2026-11-23",
    "arrival": "2027-03-03",
    "first_working_day": "2027-04-01",
}
HOUSING, HOME = "e-temporary-housing", "r-confirm-first-home"  # the second waits for the first


@pytest.fixture(autouse=True)
async def no_employers(services: Services) -> None:
    async with services.database.begin() as connection:
        await connection.execute(text("delete from employers"))


@pytest.fixture
async def nordbo(services: Services) -> Any:
    """An employer as the command makes it."""
    await employers.add(services.database, "Nordbo Plejecenter", now=services.now())
    async with services.database.connect() as connection:
        (row,) = await lists.employers(connection)
    return row


@pytest.fixture
def boss(services: Services) -> Chat:
    return Chat(services, address="boss")


@pytest.fixture
async def joy(services: Services) -> Chat:
    joy = Chat(services, address="joy")
    await tells(joy, JOY)
    await joy.presses("meet:ask:name")
    await joy.says("Joy")
    return joy


async def tells(chat: Chat, facts: dict[str, str]) -> None:
    await chat.presses("consent:yes")
    for name, value in facts.items():
        await chat.presses(f"meet:set:{name}:{value}")


async def joins(boss: Chat, employer: Any) -> list[Reply]:
    await boss.commands(f"start employer-{employer.contact_code}")
    return await boss.presses("consent:yes")


async def gives_code(chat: Chat, code: str) -> list[Reply]:
    await chat.presses("meet:ask:employer")
    return await chat.says(code)


async def planned(chat: Chat, where: str) -> list[Any]:
    return await chat.rows(
        f"select id, recruit_id, about_id, task, status, reason, due_at from reminders where {where} order by due_at, id"
    )


async def at(chat: Chat, moment: datetime) -> list[Reply]:
    """Turn the clock to a moment and let it tick, as the worker does."""
    chat.clock.now = moment
    batches: list[uuid.UUID] = []

    async def defer(batch: uuid.UUID) -> None:
        batches.append(batch)

    await reminding.tick(chat.services, defer)
    for batch in batches:
        await reminding.send_batch(chat.services, batch)
    return chat.new()


# --- the command ----------------------------------------------------------------------------------------------------


async def test_an_employer_gets_two_codes(services: Services) -> None:
    told = await employers.add(services.database, " Nordbo  Plejecenter ", now=services.now())
    async with services.database.connect() as connection:
        (row,) = await lists.employers(connection)
    assert row.name == "Nordbo Plejecenter"
    assert row.code.startswith("NORD-")
    assert f"Code for its recruits: {row.code}" in told
    assert f"/start employer-{row.contact_code}" in told
    assert len(f"employer-{row.contact_code}") <= 64, "Telegram takes no more in a link"
    with pytest.raises(VelkommenError, match=f"is there already; its code is {row.code}"):
        await employers.add(services.database, "nordbo plejecenter", now=services.now())
    with pytest.raises(VelkommenError, match="needs a name"):
        await employers.add(services.database, "  ", now=services.now())


async def test_the_list_of_employers(services: Services, nordbo: Any, boss: Chat, joy: Chat) -> None:
    assert "no contact yet: /start employer-" in await employers.every(services.database)
    await joins(boss, nordbo)
    await gives_code(joy, nordbo.code)
    assert await employers.every(services.database) == (
        f"Nordbo Plejecenter  {nordbo.code}  1 recruit; its contact is here"
    )


# --- contact and recruit ----------------------------------------------------------------------------------------------


async def test_the_contact_joins_once_they_agree(nordbo: Any, boss: Chat) -> None:
    (asked,) = await boss.commands(f"start employer-{nordbo.contact_code}")
    assert "May I?" in asked.text
    (joined,) = await boss.presses("consent:yes")
    assert "You are now the contact of Nordbo Plejecenter" in joined.text
    assert await boss.rows("select profile ->> 'audience' from recruits") == [("employer",)]
    assert await planned(boss, "true") == [], "a contact is reminded of no list of their own"
    (empty,) = await boss.presses("list")
    assert "No recruit has given your employer code yet" in empty.text


async def test_a_wrong_code_lets_nobody_in(nordbo: Any, boss: Chat) -> None:
    (reply,) = await boss.commands(f"start employer-{nordbo.code}")
    assert "I don't know this code" in reply.text
    assert await boss.rows("select contact_id from employers") == [(None,)]


@pytest.mark.parametrize("first", ["contact", "recruit"])
async def test_the_contact_is_reminded_and_done_opens_the_recruits_task(
    nordbo: Any, boss: Chat, joy: Chat, first: str
) -> None:
    if first == "contact":
        await joins(boss, nordbo)
    (noted,) = await gives_code(joy, f"it is {nordbo.code.lower()}")
    assert "Employer: Nordbo Plejecenter" in noted.text
    if first == "recruit":
        await joins(boss, nordbo)

    row = (await planned(boss, f"about_id is not null and task = '{HOUSING}' and status = 'planned'"))[-1]
    others = await planned(boss, f"about_id is not null and task <> '{HOUSING}' and due_at <= '{row.due_at}'")
    assert others, "there is more to do for the employer"
    (message,) = await at(boss, row.due_at)
    assert "(Joy)" in message.text
    press = next(b.payload for b in message.buttons if b.payload.startswith(f"remind:{row.id}:"))
    before = await joy.presses(f"task:{HOME}")
    assert "your employer" in before[-1].text

    (done,) = await boss.presses(press.rpartition(":")[0] + ":done")
    assert done.text.startswith("✓ Done:")
    assert "0 of" not in done.text, "no word of a list that the contact does not have"
    assert await joy.rows("select task, status, said_by from task_changes") == [(HOUSING, "done", "employer")]
    after = await joy.presses(f"task:{HOME}")
    assert "your employer" not in after[-1].text
    assert "waits for" not in after[-1].text
    left = await planned(boss, f"task = '{HOUSING}' and status in ('planned', 'postponed')")
    assert left == [], "nothing more is to come about what is done"


async def test_more_under_a_contacts_reminder_is_the_recruits_task(nordbo: Any, boss: Chat, joy: Chat) -> None:
    await joins(boss, nordbo)
    await gives_code(joy, nordbo.code)
    row = (await planned(boss, "about_id is not null"))[0]
    await at(boss, row.due_at)
    (card,) = await boss.presses(f"remind:{row.id}:more")
    assert card.buttons[0].payload == f"edone:{row.task}:0"


async def test_the_contact_sees_the_name_and_the_employers_tasks_only(nordbo: Any, boss: Chat, joy: Chat) -> None:
    await joins(boss, nordbo)
    await gives_code(joy, nordbo.code)
    (shown,) = await boss.presses("list")
    assert shown.text.startswith("For Joy:")
    assert {b.payload.split(":")[1][:2] for b in shown.buttons} == {"e-"}


async def test_somebody_who_is_no_contact_changes_nobodys_list(nordbo: Any, boss: Chat, joy: Chat) -> None:
    await joins(boss, nordbo)
    await gives_code(joy, nordbo.code)
    row = (await planned(boss, "about_id is not null"))[0]
    other = Chat(boss.services, address="other")
    await other.presses("consent:yes")
    await other.presses(f"remind:{row.id}:done")
    await other.presses(f"edone:{row.task}:0")
    assert await joy.rows("select * from task_changes") == []


@pytest.mark.parametrize("why", ["another employer", "consent taken back", "another contact", "forgotten"])
async def test_the_contact_hears_no_more_of_who_is_no_longer_theirs(
    nordbo: Any, boss: Chat, joy: Chat, why: str
) -> None:
    services = boss.services
    await joins(boss, nordbo)
    await gives_code(joy, nordbo.code)
    rows = await planned(boss, "about_id is not null and status = 'planned'")
    match why:
        case "another employer":
            await employers.add(services.database, "Sydbo", now=services.now())
            ((code,),) = await boss.rows("select code from employers where name = 'Sydbo'")
            await gives_code(joy, code)
        case "consent taken back":
            await joy.presses("consent:no")
        case "another contact":
            await joins(Chat(services, address="successor"), nordbo)
        case _:
            await joy.commands("forget")
            await joy.presses("forget:yes")
    assert await at(boss, rows[0].due_at) == []
    assert [row.reason for row in await planned(boss, f"id = {rows[0].id} and status = 'skipped'")] in (
        ["no longer a recruit of theirs"],
        [],  # gone with the person
    )
    if why == "another contact":
        assert any("(Joy)" in reply.text for reply in Chat(services, address="successor").new())


# --- notes to mentors -------------------------------------------------------------------------------------------------


MAREK = {
    "origin": "eu",
    "occupation": "other",
    "household": "single",
    "arrival": "2026-11-25",
    "moved_in": "2026-11-25",
}


@pytest.mark.parametrize("agrees", ["yes", "no", ""])
async def test_a_legal_limit_that_passed_is_noted_with_consent(services: Services, agrees: str) -> None:
    marek = Chat(services, address="marek")
    await tells(marek, {**MAREK, **({"mentor": agrees} if agrees else {})})
    await marek.presses("meet:ask:name")
    await marek.says("Marek")
    (limit,) = await planned(marek, "task = 'r-register-cpr' and occurrence like 'legal%'")
    assert limit.due_at.date() == date(2026, 12, 1)
    await at(marek, limit.due_at)
    notes = await marek.rows("select kind, task from mentor_notes")
    assert notes == ([("legal_limit_passed", "r-register-cpr")] if agrees == "yes" else [])

    told = await employers.open_notes(services.database)
    if agrees != "yes":
        assert told == "There is no open note."
        return
    ((number,),) = await marek.rows("select id from mentor_notes")
    ((who,),) = await marek.rows("select id from recruits")
    title = (await services.shelf.library()).task_text("r-register-cpr", "da").title
    assert told.splitlines()[0] == f"{number:4}  2026-12-01 09:00  legal limit passed: {title}  Marek ({who})"
    assert f"Note {number} is closed." == await employers.close_note(services.database, number, now=services.now())
    assert await employers.open_notes(services.database) == "There is no open note."
    with pytest.raises(VelkommenError, match="no open note"):
        await employers.close_note(services.database, number, now=services.now())


async def test_the_name_goes_when_the_consent_to_notes_goes(services: Services) -> None:
    marek = Chat(services, address="marek")
    await tells(marek, {**MAREK, "mentor": "yes"})
    await marek.presses("meet:ask:name")
    await marek.says("Marek")
    (limit,) = await planned(marek, "task = 'r-register-cpr' and occurrence like 'legal%'")
    await at(marek, limit.due_at)
    await marek.presses("meet:set:mentor:no")
    assert "Marek" not in await employers.open_notes(services.database)


async def test_three_ignored_reminders_are_one_note(services: Services) -> None:
    marek = Chat(services, address="marek")
    await tells(marek, {**MAREK, "mentor": "yes"})
    messages = 0
    ignored = "select kind from mentor_notes where kind = 'reminders_ignored'"
    for _ in range(30):
        rows = await planned(marek, "status in ('planned', 'postponed')")
        messages += len(await at(marek, rows[0].due_at))
        assert await marek.rows(ignored) == ([("reminders_ignored",)] if messages >= reminding.IGNORED else [])
        if messages > reminding.IGNORED:
            break
    assert messages == reminding.IGNORED + 1
    assert "reminders ignored  " in await employers.open_notes(services.database)


async def test_who_answers_in_between_ignores_nothing(services: Services) -> None:
    marek = Chat(services, address="marek")
    await tells(marek, {**MAREK, "mentor": "yes"})
    messages = 0
    while messages < 5:
        rows = await planned(marek, "status in ('planned', 'postponed')")
        if sent := await at(marek, rows[0].due_at):
            messages += len(sent)
            marek.clock.pass_(minutes=1)
            await marek.presses("list")
    assert await marek.rows("select kind from mentor_notes where kind = 'reminders_ignored'") == []


async def test_with_a_mentor_there_one_is_asked_and_the_person_told(services: Services) -> None:
    await hire(services, "Maria")
    marek = Chat(services, address="marek")
    await tells(marek, {**MAREK, "mentor": "yes"})
    await marek.presses("meet:ask:name")
    await marek.says("Marek")
    (limit,) = await planned(marek, "task = 'r-register-cpr' and occurrence like 'legal%'")

    replies = await at(marek, limit.due_at)

    assert await marek.rows("select reason, status from handovers") == [("legal_limit:r-register-cpr", "waiting")]
    await services.background.drain()
    told = next(
        reply for reply in (*replies, *marek.new()) if reply.buttons and reply.buttons[0].payload == "mentor:cancel"
    )
    assert "legal limit" in told.text
