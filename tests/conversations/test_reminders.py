"""Reminders in the chat: own ones, those of the list when they come, their buttons, and pause, stop, fewer."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from bot import reminding
from core.acts import Journey, JourneyCommand
from core.messages import Reply
from i18n.languages import LANGUAGES
from tests.support.talk import Chat


@pytest.fixture
async def joy(chat: Chat) -> Chat:
    """A nurse who arrives on 3 March 2027 from Manila."""
    await chat.presses("consent:yes")
    for name, value in {
        "origin": "non-eu",
        "occupation": "nurse",
        "household": "single",
        "contract_signed": "2026-11-01",
        "arrival": "2027-03-03",
        "first_working_day": "2027-04-01",
    }.items():
        await chat.presses(f"meet:set:{name}:{value}")
    return chat


async def commands(chat: Chat, command: Journey, words: str) -> list[Reply]:
    chat.engine.will(JourneyCommand(command))
    return await chat.says(words)


async def at(chat: Chat, moment: str) -> list[Reply]:
    """Turn the clock to a moment (UTC) and let it tick, as the worker does."""
    chat.clock.now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    batches: list[uuid.UUID] = []

    async def defer(batch: uuid.UUID) -> None:
        batches.append(batch)

    await reminding.tick(chat.services, defer)
    for batch in batches:
        await reminding.send_batch(chat.services, batch)
    return chat.new()


async def ledger(chat: Chat, where: str = "true") -> list[Any]:
    return await chat.rows(f"select task, status, reason, due_at from reminders where {where} order by due_at, id")


def payloads(reply: Reply) -> list[str]:
    return [button.payload for button in reply.buttons]


async def test_own_reminder_is_confirmed_listed_and_comes(joy: Chat) -> None:
    (reply,) = await commands(joy, Journey.SET_REMINDER, "remind me tomorrow at 9 to call the landlord")
    assert "Sunday, 22 November 2026, 09:00 (Copenhagen)" in reply.text
    assert "call the landlord" in reply.text
    (reply,) = await commands(joy, Journey.LIST_REMINDERS, "my reminders")
    assert "call the landlord" in reply.text
    (row,) = await ledger(joy, "kind = 'own'")
    assert row.status == "planned"
    assert await at(joy, (row.due_at.astimezone(UTC).isoformat()[:19])) != []
    assert "You asked me to remind you: call the landlord" in joy.all[-1].text
    (row,) = await ledger(joy, "kind = 'own'")
    assert row.status == "sent"


async def test_without_a_moment_it_is_asked(joy: Chat) -> None:
    (asked,) = await commands(joy, Journey.SET_REMINDER, "remind me about the bank")
    assert "When shall I remind you" in asked.text
    (reply,) = await joy.says("on friday at 10")
    assert "27 November 2026, 10:00" in reply.text
    assert "bank" in reply.text.casefold()


async def test_moving_and_deleting(joy: Chat) -> None:
    await commands(joy, Journey.SET_REMINDER, "remind me tomorrow at 9 to call the landlord")
    (reply,) = await commands(joy, Journey.CHANGE_REMINDER, "make it friday instead")
    assert "Moved to Friday, 27 November 2026" in reply.text
    await commands(joy, Journey.SET_REMINDER, "remind me on monday to buy a bike")
    (reply,) = await commands(joy, Journey.CANCEL_REMINDER, "delete the reminder about the bike")
    assert "Deleted: buy a bike" in reply.text
    rows = await ledger(joy, "kind = 'own'")
    assert sorted(row.status for row in rows) == ["planned", "skipped"]
    (reply,) = await commands(joy, Journey.CANCEL_REMINDER, "delete them all")
    assert {row.status for row in await ledger(joy, "kind = 'own'")} == {"skipped"}


async def test_the_list_reminds_in_the_morning_where_the_person_is(joy: Chat) -> None:
    rows = await ledger(joy, "kind = 'task'")
    assert rows
    before_arrival = [row for row in rows if row.due_at < datetime(2027, 3, 1, tzinfo=UTC)]
    assert {row.due_at.hour for row in before_arrival} == {8}, "nine in Copenhagen, as nobody named another place"
    (reply, *_) = await at(joy, before_arrival[0].due_at.isoformat()[:19])
    assert "⏰" in reply.text
    assert any(p.endswith(":done") or p.endswith(":more") for p in payloads(reply))


async def test_done_under_a_reminder(joy: Chat) -> None:
    first = (await ledger(joy, "kind = 'task'"))[0]
    (reply, *_) = await at(joy, first.due_at.isoformat()[:19])
    button = next(p for p in payloads(reply) if p.endswith((":done", ":more")))
    await joy.presses(button.replace(":more", ":done"))
    rows = await joy.rows("select task, status from task_changes")
    assert [row.status for row in rows] == ["done"]
    left = await ledger(joy, f"task = '{rows[0].task}' and status in ('planned', 'postponed')")
    assert left == [], "nothing more is to come about what is done"


async def test_snooze(joy: Chat) -> None:
    first = (await ledger(joy, "kind = 'task'"))[0]
    (reply, *_) = await at(joy, first.due_at.isoformat()[:19])
    number = next(p.split(":")[1] for p in payloads(reply) if p.startswith("remind:"))
    (choice,) = await joy.presses(f"remind:{number}:later")
    assert payloads(choice) == [f"remind:{number}:{what}" for what in ("1d", "7d", "choose")]
    await joy.presses(f"remind:{number}:choose")
    (reply,) = await joy.says("in 3 days")
    assert "come back to it" in reply.text
    (row,) = await ledger(joy, "occurrence like 'snooze%'")
    assert row.status == "planned"


async def test_somebody_elses_reminder_cannot_be_pressed(joy: Chat) -> None:
    other = Chat(joy.services, address="bo")
    await other.presses("consent:yes")
    (row,) = await joy.rows("select id from reminders where kind = 'task' limit 1")
    await other.presses(f"remind:{row.id}:done")
    assert await joy.rows("select * from task_changes") == []


async def test_stop_is_obeyed_at_once_and_can_be_taken_back(joy: Chat) -> None:
    (reply,) = await commands(joy, Journey.PAUSE_REMINDERS, "stop writing me")
    assert "won't send any reminders" in reply.text
    assert await at(joy, "2026-12-20T12:00:00") == []
    assert "stopped by the person" in {row.reason for row in await ledger(joy, "status = 'skipped'")}
    (reply,) = await commands(joy, Journey.RESUME_REMINDERS, "you can write again")
    assert "on again" in reply.text
    assert await at(joy, "2027-03-12T10:00:00") != []


async def test_pause_until_a_day(joy: Chat) -> None:
    (reply,) = await commands(joy, Journey.PAUSE_REMINDERS, "pause for two weeks please")
    assert "No reminders until" in reply.text
    first = (await ledger(joy, "kind = 'task'"))[0]
    if first.due_at < datetime(2026, 12, 5, tzinfo=UTC):
        assert await at(joy, first.due_at.isoformat()[:19]) == []
        assert (await ledger(joy, "status = 'postponed'"))[0].reason == "paused by the person"


async def test_text_in_the_language_of_now(joy: Chat) -> None:
    first = (await ledger(joy, "kind = 'task'"))[0]
    await joy.presses("language:da")
    (reply, *_) = await at(joy, first.due_at.isoformat()[:19])
    assert reply.language == "da"


async def test_after_an_outage_one_message_with_an_apology(joy: Chat) -> None:
    rows = await ledger(joy, "kind = 'task' and due_at < '2026-12-05'")
    assert len(rows) > 1
    (reply, *more) = await at(joy, "2026-12-05T10:00:00")
    assert more == []
    assert "Sorry, this comes later" in reply.text
    done = await ledger(joy, "due_at < '2026-12-05' and status not in ('planned', 'postponed')")
    assert {row.status for row in done} <= {"sent", "skipped"}
    assert all(row.reason for row in done if row.status == "skipped")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_reminders_speak_every_language(joy: Chat, language: str) -> None:
    await joy.presses(f"language:{language}")
    first = (await ledger(joy, "kind = 'task'"))[0]
    (reply, *_) = await at(joy, first.due_at.isoformat()[:19])
    assert reply.language == language


async def test_what_a_person_wrote_is_no_mark_up_in_our_replies(joy: Chat) -> None:
    (reply,) = await commands(joy, Journey.SET_REMINDER, "remind me tomorrow at 9 **x** [a](javascript:1)")
    assert r"\*\*x\*\* \[a\](javascript:1)" in reply.text
    (reply,) = await commands(joy, Journey.LIST_REMINDERS, "my reminders")
    assert r"\*\*x\*\* \[a\](javascript:1)" in reply.text
    (row,) = await joy.rows("select text from reminders where kind = 'own'")
    assert row.text == "**x** [a](javascript:1)"


async def test_one_persons_odd_data_does_not_hold_up_the_others(joy: Chat) -> None:
    other = Chat(joy.services, address="bo")
    await other.presses("consent:yes")
    for name, value in {"origin": "eu", "arrival": "2026-12-15"}.items():
        await other.presses(f"meet:set:{name}:{value}")
    async with joy.services.database.begin() as connection:
        spoil = "update recruits set profile = profile || '{\"arrival\": \"soon\"}' where profile ->> 'arrival' = '2027-03-03'"
        await connection.execute(text(spoil))
    await at(joy, "2026-12-16T10:00:00")
    assert other.new() != []
    assert {row.status for row in await ledger(joy, "reason like 'an error of ours%'")} == {"failed"}
