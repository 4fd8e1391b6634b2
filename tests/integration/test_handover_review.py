"""What a second reader found in handing over to mentors: each test states a promise and shows where it is not kept."""

import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot import escalating
from bot.handing import HandingError
from bot.services import Services
from core import acts
from core.errors import ChannelError
from core.messages import FileSent, Kind, Reply
from operations.assemble import web_doors
from store import handovers, people, staff
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_rules import person
from tests.support.fakes import FakeChannel
from tests.support.inbox import Browser, add, comes_over, signed_in
from tests.support.mentors import Mentor, hire
from tests.support.talk import Chat
from tests.support.telegram import ANNA, GROUP, Office
from web.app import create_app

OPEN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday, 13:00 in Denmark
NIGHT = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
MARIA = 91

type Told = list[tuple[tuple[int, ...], str]]


@pytest.fixture
async def maria(chat: Chat) -> Mentor:
    chat.clock.now = OPEN
    return Mentor(chat.services, await hire(chat.services, "Maria", languages=("en", "da")))


@pytest.fixture
def told(chat: Chat) -> Told:
    """Whom of the colleagues somebody reaches out to, and why."""
    found: Told = []

    async def tell(conversation_id: int, staff_ids: Sequence[int], what: str) -> None:
        found.append((tuple(staff_ids), what))

    chat.services.tell = tell
    return found


async def asks(chat: Chat) -> int:
    chat.engine.will(acts.MessageMentor())
    await chat.says("i want to talk to a human")
    return int((await chat.rows("select id from conversations"))[0][0])


async def hours_pass(chat: Chat, hours: int) -> None:
    """The clock of a worker goes on: four looks an hour."""
    for _ in range(hours * 4):
        chat.clock.pass_(minutes=15)
        await escalating.tick(chat.services)
    await chat.services.background.drain()


# --- nobody is left alone ---------------------------------------------------------------------------------------------


async def test_what_a_mentor_had_who_is_switched_off_is_somebody_elses(chat: Chat, maria: Mentor, told: Told) -> None:
    berit = await hire(chat.services, "Berit", role="supervisor")
    number = await asks(chat)
    await maria.claims(number)
    await maria.writes(number, "I look into it")
    async with chat.services.database.begin() as connection:
        await staff.switch(connection, maria.me.id, active=False)
    chat.new()
    told.clear()
    replies = await chat.says("are you still there?")
    await hours_pass(chat, 3)

    assert replies or any(berit.id in who for who, _ in told)


async def test_an_answer_that_does_not_come_is_noticed_after_the_first_one_too(
    chat: Chat, maria: Mentor, told: Told
) -> None:
    await hire(chat.services, "Berit", role="supervisor")
    number = await asks(chat)
    await maria.claims(number)
    await maria.writes(number, "I look into it")
    chat.new()
    told.clear()
    await chat.says("and what now?")
    await hours_pass(chat, 24)

    assert told or chat.new()


async def test_who_took_an_urgent_one_and_does_not_write_is_not_waited_for(chat: Chat, told: Told) -> None:
    chat.clock.now = NIGHT
    called = Mentor(chat.services, await hire(chat.services, "Maria", on_call=True))
    berit = await hire(chat.services, "Berit", role="supervisor")
    await chat.says("i want to kill myself")
    await escalating.tick(chat.services)
    number = int((await chat.rows("select id from conversations"))[0][0])
    await called.claims(number)
    told.clear()
    await hours_pass(chat, 3)

    assert any(berit.id in who for who, _ in told)


async def test_danger_with_a_mentor_who_is_off_duty_reaches_a_supervisor(chat: Chat, maria: Mentor, told: Told) -> None:
    """As it does where nobody has the conversation yet."""
    berit = await hire(chat.services, "Berit", role="supervisor")
    number = await asks(chat)
    await maria.claims(number)
    await maria.writes(number, "See you tomorrow")
    chat.clock.now = NIGHT
    told.clear()
    await chat.says("i want to kill myself")
    await hours_pass(chat, 1)

    assert any(berit.id in who for who, _ in told)


async def test_a_warning_does_not_wait_for_files(chat: Chat, maria: Mentor) -> None:
    await asks(chat)
    order: list[str] = []

    class Slow(FakeChannel):
        async def fetch(self, source: str) -> bytes:
            order.append("fetched")
            raise ChannelError("The file could not be fetched.")

        async def send(
            self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None
        ) -> str | None:
            order.append("said")
            return await super().send(address, message_id, reply, attachment)

    chat.services.channels = {"fake": Slow()}
    await chat.sends(Kind.PHOTO, text="i want to kill myself", file=FileSent("f1", "a.png", "image/png", 40))

    assert order[0] == "said"


# --- what a colleague may see and do ----------------------------------------------------------------------------------


@pytest.fixture
async def desk(services: Services) -> AsyncIterator[dict[str, Browser]]:
    """Otto, Maria and Sofie in front of their inboxes."""
    app = create_app(web_doors(services))
    roles = {"Otto": "mentor", "Maria": "mentor", "Sofie": "supervisor"}
    yield {name: await signed_in(services, app, await add(services, name, role)) for name, role in roles.items()}
    await services.background.drain()


async def rows(services: Services, query: str) -> list[Any]:
    async with services.database.connect() as connection:
        return list((await connection.execute(text(query))).all())


async def test_whoever_is_invited_sees_so_in_the_inbox(services: Services, desk: dict[str, Browser]) -> None:
    number = await comes_over(services, kommune="aarhus")
    path = f"/inbox/api/conversations/{number}"
    await desk["Maria"].post(f"{path}/claim")
    otto = desk["Otto"].who
    assert otto is not None
    await desk["Maria"].post(f"{path}/invite", {"who": otto.id})
    found = [
        row
        for box in ("queue", "mine", "others")
        for row in (await desk["Otto"].get("/inbox/api/rows", box=box)).json()["rows"]
    ]

    assert [row["can"]["join"] for row in found] == [True]


@pytest.mark.parametrize("path", ["since", "messages", "suggestion"])
async def test_every_look_at_what_was_said_is_kept(services: Services, desk: dict[str, Browser], path: str) -> None:
    number = await comes_over(services, "My boss keeps my passport")
    await desk["Sofie"].post(f"/inbox/api/conversations/{number}/claim")
    answer = await desk["Sofie"].get(f"/inbox/api/conversations/{number}/{path}", before="2030-01-01T00:00:00Z")

    assert "passport" in answer.text
    assert await rows(services, "select what from looks")


async def test_without_consent_no_name_is_shown(services: Services, desk: dict[str, Browser]) -> None:
    number = await comes_over(services, name="Anna Kowalska")
    async with services.database.begin() as connection:
        await connection.execute(text("update recruits set consent = 'declined'"))
    opened = await desk["Maria"].get(f"/inbox/api/conversations/{number}")
    listed = await desk["Maria"].get("/inbox/api/rows", box="queue")

    assert "Kowalska" not in opened.text
    assert "Kowalska" not in listed.text


async def test_ones_own_resolved_conversations_are_listed_however_many_others_have(
    services: Services, desk: dict[str, Browser]
) -> None:
    mine = await comes_over(services)
    await desk["Maria"].post(f"/inbox/api/conversations/{mine}/claim")
    await desk["Maria"].post(f"/inbox/api/conversations/{mine}/resolve", {"outcome": "solved"})
    async with services.database.begin() as connection:
        await connection.execute(
            text("""
                with p as (insert into recruits (id, created_at, seen_at)
                           select gen_random_uuid(), now(), now() from generate_series(1, 301) returning id),
                a as (insert into addresses (recruit_id, channel, external_id) select id, 'fake', id::text from p returning id),
                c as (insert into conversations (address_id) select id from a returning id)
                insert into handovers (conversation_id, reason, status, created_at, last_at, closed_at, outcome)
                select id, 'asked', 'resolved', :at, :at, :at, 'solved' from c
            """),
            {"at": services.now() + timedelta(hours=1)},
        )
    listed = (await desk["Maria"].get("/inbox/api/rows", box="resolved")).json()["rows"]

    assert [row["conversationId"] for row in listed] == [mine]


@pytest.mark.parametrize("until", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_a_time_out_of_any_calendar_is_refused(services: Services, desk: dict[str, Browser], until: str) -> None:
    number = await comes_over(services)
    await desk["Maria"].post(f"/inbox/api/conversations/{number}/claim")
    answer = await desk["Maria"].post(f"/inbox/api/conversations/{number}/snooze", {"until": until})

    assert answer.status_code == 422


async def test_a_topic_stays_what_the_editors_wrote(chat: Chat, maria: Mentor) -> None:
    """Corrected like a message, a mentor's text would stand as Markdown under the topic's title and source."""
    number = await asks(chat)
    await maria.claims(number)
    sent = await maria.desk.send_topic(maria.me, number, "tax-card", source=str(uuid.uuid4()))
    await chat.services.background.drain()
    try:
        await maria.desk.edit(maria.me, sent, "**Pay** [here](https://example.org)")
    except HandingError:
        return
    (_, _, shown) = chat.channel.edited[-1]

    assert shown.said_by == "Maria"


async def test_a_suggestion_holds_no_part_of_a_name(chat: Chat) -> None:
    chat.clock.now = OPEN
    maria = Mentor(chat.services, await hire(chat.services, "Maria Lund"))
    number = await asks(chat)
    async with chat.services.database.begin() as connection:
        told = """update recruits set consent = 'given', profile = '{"name": "Anita Reyes"}'"""
        await connection.execute(text(told))
    await chat.says("This is Anita, my landlord keeps the deposit")
    await maria.claims(number)
    await maria.writes(number, "Dear Anita, write to him. Best, Maria")
    draft = await maria.desk.suggestion(maria.me, number)

    assert "Anita" not in draft.question + draft.text
    assert "Maria" not in draft.text


# --- what is kept -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["handovers", "handover_events", "handover_offers", "abuse_reports"])
async def test_without_consent_no_word_is_left_a_day_after_the_talk(chat: Chat, maria: Mentor, where: str) -> None:
    marker = "sapphire"
    nadia = Mentor(chat.services, await hire(chat.services, "Nadia"))
    number = await asks(chat)
    await escalating.tick(chat.services)
    async with chat.services.database.connect() as connection:
        row = await handovers.row(connection, number)
    assert row is not None
    assert row.offered
    first = maria if maria.me.id in row.offered else nadia
    second = nadia if first is maria else maria
    await first.desk.decline(first.me, number, f"knows her {marker}")
    await second.claims(number)
    await second.desk.report(second.me, number, f"wrote of a {marker}")
    await second.resolves(number)
    await chat.presses("mentor:rate:5")
    await chat.presses("mentor:line")
    await chat.says(f"thank you for the {marker}")
    chat.clock.pass_(hours=26)
    async with chat.services.database.begin() as connection:
        await people.retain(connection, now=chat.services.now(), days=365)
    kept = await chat.rows(f"select t::text from {where} t where t::text like '%{marker}%'")

    assert kept == []


# --- Telegram ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
async def office(services: Services, telegram: TelegramEmulator) -> AsyncIterator[Office]:
    made = Office(services, telegram)
    made.clock.now = OPEN
    yield made
    await made.close()


@pytest.fixture
async def direct(services: Services, telegram: TelegramEmulator) -> AsyncIterator[Office]:
    """Without a group."""
    made = Office(services, telegram, group=False)
    made.clock.now = OPEN
    yield made
    await made.close()


async def test_a_button_with_a_number_too_large_holds_nobody_up(office: Office) -> None:
    """What cannot be taken comes again before anything else does."""
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    update = await office.telegram.presses(GROUP, "Take it", by=person(MARIA))
    update["callback_query"]["data"] = f"m:claim:{10**20}"
    await office.takes(update)


async def test_a_day_out_of_any_calendar_holds_nobody_up(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    await office.in_group(MARIA, "/claim", thread=office.thread())
    await office.in_group(MARIA, "/snooze 0001-01-01 00:00", thread=office.thread())


async def test_who_is_on_call_is_told_again_if_telegram_was_away_for_a_moment(direct: Office) -> None:
    await direct.mentor("Maria", MARIA, on_call=True)
    direct.clock.now = NIGHT
    await direct.anna("i want to kill myself")
    conversation = (await direct.rows("select id from conversations"))[0][0]
    await escalating.advance(direct.services, conversation)
    ((number, who, what),) = direct.to_tell
    direct.to_tell = []
    direct.telegram.fail("sendMessage", how="drop")
    again = await direct.telling.tell(number, who, what)

    assert again is not None or direct.texts(MARIA)


async def test_what_the_person_writes_comes_again_if_telegram_was_away_for_a_moment(direct: Office) -> None:
    maria = await direct.mentor("Maria", MARIA)
    conversation = await direct.anna_asks()
    await direct.desk.claim(maria, conversation)
    await direct.settle()
    await direct.intake.take(await direct.telegram.says(ANNA, "are you there?"))
    await direct.services.background.drain()
    direct.to_mirror = []
    direct.telegram.fail("sendMessage", how="drop")
    again = await direct.telling.mirror(conversation)

    assert again is not None or any("are you there?" in each for each in direct.texts(MARIA))


async def test_nobody_is_promised_who_cannot_be_reached(direct: Office) -> None:
    """On call, but with no account linked: at night nothing reaches them."""
    await direct.mentor("Maria", MARIA, linked=False, on_call=True)
    await direct.anna("/start")
    direct.clock.now = NIGHT
    await direct.anna("i want to kill myself")

    assert not any("told our mentor on call" in each for each in direct.texts(ANNA))


async def test_what_comes_back_by_itself_is_shown_in_the_group(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    await maria.desk.snooze(maria.me, number, chat.services.now() + timedelta(hours=1))
    mirrored: list[int] = []

    async def mirror(conversation_id: int) -> None:
        mirrored.append(conversation_id)

    chat.services.mirror = mirror
    chat.clock.pass_(hours=2)
    await escalating.tick(chat.services)

    assert mirrored == [number]


async def test_what_is_written_after_not_me_goes_to_nobody(direct: Office) -> None:
    await direct.mentor("Maria", MARIA)
    await direct.mentor("Nadia", MARIA + 1)
    conversation = await direct.anna_asks()
    await escalating.advance(direct.services, conversation)
    await direct.settle()
    await direct.in_private(MARIA, f"/open {conversation}")
    await direct.in_private(MARIA, "/decline")
    await direct.in_private(MARIA, "I cannot stand this one any more")

    assert not any("cannot stand" in each for each in direct.texts(ANNA))


async def test_a_group_that_was_away_for_long_misses_nothing(services: Services) -> None:
    """What came after a number, from there on: who is told so takes the rest next time."""
    conversation = await comes_over(services, *(f"line {number}" for number in range(1, 251)))
    async with services.database.connect() as connection:
        said = await handovers.said_since(connection, conversation, inbound=0, outbound=0, event=0, note=0)

    assert next(each.text for each in said if each.kind == "recruit") == "line 1"
