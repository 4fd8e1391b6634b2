"""A human is asked for, comes, and gives the conversation back."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import escalating
from bot.handing import HandingError
from core import acts
from core.messages import FileSent, Kind
from i18n.languages import LANGUAGES
from tests.support.mentors import Mentor, hire
from tests.support.talk import Chat

OPEN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday, 13:00 in Denmark
NIGHT = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
async def maria(chat: Chat) -> Mentor:
    chat.clock.now = OPEN
    return Mentor(chat.services, await hire(chat.services, "Maria", languages=("en", "da")))


async def conversation(chat: Chat) -> int:
    return int((await chat.rows("select id from conversations"))[0][0])


async def asks(chat: Chat) -> int:
    chat.engine.will(acts.MessageMentor())
    await chat.says("i want to talk to a human")
    return await conversation(chat)


def said(chat: Chat) -> list[str]:
    return [reply.text for reply in chat.new()]


# --- asking -----------------------------------------------------------------------------------------------------------


async def test_the_person_hears_when_somebody_will_write(chat: Chat, maria: Mentor) -> None:
    chat.engine.will(acts.MessageMentor())
    (reply,) = await chat.says("i want to talk to a human")

    assert "today before 13:30" in reply.text
    assert [button.payload for button in reply.buttons] == ["mentor:cancel"]
    ((status, promised),) = await chat.rows("select status, promised_at from handovers")
    assert (status, promised) == ("waiting", OPEN + timedelta(minutes=30))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_promise_is_in_the_language(chat: Chat, maria: Mentor, language: str) -> None:
    await chat.presses(f"language:{language}")
    chat.new()
    chat.engine.will(acts.MessageMentor())
    (reply,) = await chat.says("12345 xyz")
    assert "13:30" in reply.text
    assert "[[" not in reply.text
    chat.clock.now = NIGHT
    (later,) = await chat.presses("mentor:yes")
    assert later.language == language


async def test_out_of_hours_it_says_when_they_are_back(chat: Chat, maria: Mentor) -> None:
    chat.clock.now = NIGHT
    chat.engine.will(acts.MessageMentor())
    (reply,) = await chat.says("i want to talk to a human")
    assert "tomorrow at 09:00" in reply.text
    assert "tomorrow before 09:30" in reply.text

    chat.engine.will(acts.AnswerTopics(("tax-card",)))
    answers = await chat.says("where do i get the tax card?")
    assert all("09:30" not in answer.text for answer in answers)  # once, not on top of each reply


async def test_somebody_far_away_reads_their_own_time_too(chat: Chat, maria: Mentor) -> None:
    await chat.commands("start")
    async with chat.services.database.begin() as connection:
        from sqlalchemy import text

        told = """update recruits set consent = 'given', profile = '{"arrival": "2027-01-10", "zone": "Asia/Manila"}'"""
        await connection.execute(text(told))
    chat.engine.will(acts.MessageMentor())
    (reply,) = await chat.says("i want to talk to a human")
    assert "20:30" in reply.text
    assert "13:30" in reply.text


async def test_it_can_be_called_off(chat: Chat, maria: Mentor) -> None:
    await asks(chat)
    await chat.presses("mentor:cancel")
    assert await chat.rows("select status from handovers") == [("cancelled",)]
    assert await chat.rows("select owner, epoch from conversations") == [("bot", 0)]


async def test_asking_again_tells_how_it_stands(chat: Chat, maria: Mentor) -> None:
    await asks(chat)
    chat.engine.will(acts.MessageMentor())
    (reply,) = await chat.says("where is the human??")
    assert "13:30" in reply.text
    assert await chat.rows("select count(*) from handovers") == [(1,)]


async def test_not_understood_twice_offers_a_human(chat: Chat, maria: Mentor) -> None:
    chat.engine.will(acts.Unsure((), 0.1))
    await chat.says("blorf the gnarl")
    chat.engine.will(acts.Unsure((), 0.1))
    replies = await chat.says("gnarl of blorf")
    assert any("mentor:yes" in [button.payload for button in reply.buttons] for reply in replies)
    await chat.presses("mentor:yes")
    assert await chat.rows("select reason from handovers") == [("unsure",)]


async def test_a_thumb_down_offers_a_human(chat: Chat, maria: Mentor) -> None:
    chat.engine.will(acts.AnswerTopics(("tax-card",)))
    await chat.says("tax card?")
    ((number,),) = await chat.rows("select id from outbound where body ->> 'rate' = 'true'")
    (reply,) = await chat.presses(f"rate:{number}:-1")
    assert [button.payload for button in reply.buttons] == ["mentor:yes", "mentor:no"]
    chat.engine.will(acts.MessageMentor())
    await chat.says("yes")
    assert await chat.rows("select reason from handovers") == [("rated_down",)]


async def test_danger_tells_the_mentor_on_call_whatever_the_hour(chat: Chat, maria: Mentor) -> None:
    night_watch = await hire(chat.services, "Nadia", on_call=True)
    chat.clock.now = NIGHT
    warning, told = await chat.says("i want to kill myself")
    assert "112" in warning.text
    assert "on call" in told.text
    await escalating.tick(chat.services)
    offers = await chat.rows("select staff_id from handover_offers")
    assert offers == [(night_watch.id,)]
    ((urgent, reason),) = await chat.rows("select urgent, reason from handovers")
    assert (urgent, reason) == (True, "danger:suicide")


# --- with a mentor ----------------------------------------------------------------------------------------------------


async def test_a_mentor_takes_it_and_the_bot_is_silent_until_it_is_back(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    chat.new()
    await maria.claims(number)
    assert ["Maria" in text for text in said(chat)] == [True]

    assert await chat.says("hello, are you there?") == []
    await maria.writes(number, "Hi! <b>1.</b> *Yes*, I am.\n2. Tell me more.")
    (reply,) = chat.new()
    assert (reply.said_by, reply.text) == ("Maria", "Hi! <b>1.</b> *Yes*, I am.\n2. Tell me more.")

    await maria.resolves(number)
    (back,) = chat.new()
    assert "Velkommen" in back.text
    assert [button.payload for button in back.buttons] == ["mentor:rate:5", "mentor:rate:3", "mentor:rate:1"]
    assert await chat.says("thanks")  # the bot again


async def test_what_a_mentor_writes_twice_is_sent_once(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    chat.new()
    first = await maria.writes(number, "Hello", source="page:1")
    assert await maria.writes(number, "Hello", source="page:1") == first
    assert said(chat) == ["Hello"]


async def test_what_was_written_before_giving_back_is_delivered_all_the_same(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    chat.new()
    await maria.desk.write(maria.me, number, "Goodbye", source="a")
    await maria.resolves(number)
    assert next(reply.text for reply in chat.new()) == "Goodbye"


async def test_the_texts_are_there_for_the_mentor_without_consent_and_gone_a_day_later(
    chat: Chat, maria: Mentor
) -> None:
    number = await asks(chat)
    await chat.says("my landlord keeps the deposit")
    await maria.claims(number)
    package = await maria.desk.package(maria.me, number)
    assert "my landlord keeps the deposit" in [each.text for each in package.messages]
    assert (package.profile, package.tasks) == ({}, None)
    await maria.resolves(number)
    chat.clock.pass_(hours=25)
    from store import people

    async with chat.services.database.begin() as connection:
        await people.retain(connection, now=chat.services.now(), days=365)
    assert await chat.rows("select text from inbound where text is not null") == []


async def test_danger_is_answered_even_while_a_mentor_has_it(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    chat.new()
    replies = await chat.says("i want to kill myself")
    assert "112" in replies[0].text
    assert await chat.rows("select urgent from handovers") == [(True,)]


async def test_at_night_the_person_hears_once_that_nobody_is_there(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    chat.clock.now = NIGHT - timedelta(minutes=40)
    await maria.writes(number, "See you tomorrow")
    chat.new()
    assert await chat.says("thank you!") == []  # Maria is still there, whatever the hour
    chat.clock.now = NIGHT
    (notice,) = await chat.says("one more thing")
    assert "Maria" in notice.text
    assert [button.payload for button in notice.buttons] == ["mentor:meanwhile"]
    assert await chat.says("and another") == []

    (meanwhile,) = await chat.presses("mentor:meanwhile")
    assert "Maria" in meanwhile.text
    assert await chat.rows("select owner, epoch from conversations") == [("bot", 2)]
    chat.engine.will(acts.AnswerTopics(("tax-card",)))
    assert await chat.says("where is the tax card?")


async def test_own_things_work_beside_a_mentor(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    chat.new()
    assert await chat.presses("topic:tax-card") == []
    (export,) = await chat.commands("mydata")
    assert export.attach
    await chat.commands("forget")
    (gone,) = await chat.presses("forget:yes")
    assert gone
    assert await chat.rows("select count(*) from handovers") == [(0,)]


async def test_a_file_reaches_the_mentor(chat: Chat, maria: Mentor) -> None:
    await chat.sends(Kind.PHOTO, file=FileSent("f0", "early.png", "image/png", len(PNG)))
    assert await chat.rows("select * from attachments") == []  # nobody has been asked yet
    number = await asks(chat)
    chat.channel.files["f1"] = PNG
    (reply,) = await chat.sends(Kind.PHOTO, file=FileSent("f1", "../my 010190-1234.exe", "image/png", len(PNG)))
    assert "mentor" in reply.text
    await maria.claims(number)
    (file,) = [file for each in (await maria.desk.package(maria.me, number)).messages for file in each.attachments]
    assert (file.name, file.kind, file.status) == ("my [CPR].png", "image/png", "stored")
    _, content = await maria.desk.attachment(maria.me, file.id)
    assert content == PNG
    assert {what for (what,) in await chat.rows("select what from looks")} == {"conversation", "attachment"}


async def test_a_file_that_is_none_is_refused(chat: Chat, maria: Mentor) -> None:
    await asks(chat)
    chat.channel.files["f1"] = b"MZ this is a program"
    await chat.sends(Kind.FILE, file=FileSent("f1", "letter.pdf", "application/pdf", 20))
    assert await chat.rows("select status, reason, content from attachments") == [("refused", "kind", None)]


# --- handing on -------------------------------------------------------------------------------------------------------


async def test_another_cannot_write_into_it(chat: Chat, maria: Mentor) -> None:
    nadia = Mentor(chat.services, await hire(chat.services, "Nadia"))
    number = await asks(chat)
    await maria.claims(number)
    with pytest.raises(HandingError) as taken:
        await nadia.writes(number, "hi")
    assert (taken.value.code, taken.value.named) == ("taken", {"name": "Maria"})
    with pytest.raises(HandingError, match="taken"):
        await nadia.claims(number)


async def test_passing_on_and_joining(chat: Chat, maria: Mentor) -> None:
    nadia = Mentor(chat.services, await hire(chat.services, "Nadia"))
    omar = Mentor(chat.services, await hire(chat.services, "Omar"))
    number = await asks(chat)
    await maria.claims(number)
    chat.new()
    await maria.desk.pass_on(maria.me, number, nadia.me.id, "speaks Hindi")
    await chat.services.background.drain()
    assert ["Nadia" in text for text in said(chat)] == [True]
    with pytest.raises(HandingError, match="taken"):
        await maria.writes(number, "one more")
    await nadia.desk.invite(nadia.me, number, omar.me.id)
    await omar.desk.join(omar.me, number)
    await omar.writes(number, "Hello from Omar")
    assert [reply.said_by for reply in chat.new()] == ["", "Omar"]


async def test_back_to_the_queue_the_bot_answers_again(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    await maria.desk.pass_on(maria.me, number, 0, "wrong town")
    await chat.services.background.drain()
    assert await chat.rows("select owner from conversations") == [("bot",)]
    assert await chat.rows("select status, mentor_id from handovers") == [("waiting", None)]
    chat.engine.will(acts.AnswerTopics(("tax-card",)))
    assert await chat.says("tax card?")


async def test_put_aside_it_comes_back_by_itself_or_with_a_message(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    await maria.desk.snooze(maria.me, number, OPEN + timedelta(hours=2))
    chat.clock.pass_(hours=3)
    await escalating.tick(chat.services)
    assert await chat.rows("select status from handovers") == [("with_mentor",)]
    await maria.desk.snooze(maria.me, number, chat.services.now() + timedelta(hours=2))
    await chat.says("it came!")
    assert await chat.rows("select status, unread > 0 from handovers") == [("with_mentor", True)]


async def test_a_new_message_stops_giving_back(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    ((seen,),) = await chat.rows("select max(id) from inbound")
    await chat.says("wait, there is more")
    with pytest.raises(HandingError, match="newer"):
        await maria.desk.resolve(maria.me, number, outcome="solved", seen=seen)


async def test_an_edit_reaches_the_person_and_both_versions_are_kept(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    message = await maria.writes(number, "Borgerservice opens at 8")
    await maria.desk.edit(maria.me, message, "Borgerservice opens at 10")
    ((_, _, newer),) = chat.channel.edited
    assert (newer.text, newer.edited) == ("Borgerservice opens at 10", True)
    (kept,) = [each for each in await maria.desk.transcript(maria.me, number) if each.id == message and each.text]
    assert (kept.text, kept.edited) == ("Borgerservice opens at 10", ("Borgerservice opens at 8",))


# --- by itself --------------------------------------------------------------------------------------------------------


async def test_a_missed_promise_is_apologised_for_once(chat: Chat, maria: Mentor) -> None:
    await asks(chat)
    chat.new()
    chat.clock.pass_(minutes=61)
    for _ in range(3):
        await escalating.tick(chat.services)
        await chat.services.background.drain()
    (sorry,) = said(chat)
    assert "sorry" in sorry
    kinds = [kind for (kind,) in await chat.rows("select kind from handover_events order by id")]
    assert kinds.count("sorry") == 1


async def test_whoever_was_promised_in_vain_moves_up(chat: Chat, maria: Mentor) -> None:
    first, second = chat, Chat(chat.services, address="bo")
    await asks(first)
    second.clock.pass_(minutes=5)
    second.engine.will(acts.MessageMentor())
    await second.says("a human please")
    third = Chat(chat.services, address="cy")
    third.clock.pass_(minutes=20)
    await third.says("i want to kill myself")
    third.clock.pass_(minutes=10)
    await escalating.tick(chat.services)
    order = await chat.rows("""
        select a.external_id from handovers h join conversations c on c.id = h.conversation_id
        join addresses a on a.id = c.address_id where h.id = any(:ids) order by array_position(:ids, h.id)
    """, ids=[row.id for row in await maria.desk.box(maria.me, "queue")])  # fmt: skip
    assert [address for (address,) in order] == ["cy", "anna", "bo"], "danger, then whom we kept waiting"


async def test_nobody_takes_it_so_the_next_are_asked_and_then_the_supervisor(chat: Chat, maria: Mentor) -> None:
    others = [await hire(chat.services, name) for name in ("Nadia", "Omar", "Piotr")]
    boss = await hire(chat.services, "Berit", role="supervisor")
    await asks(chat)
    asked = []
    for _ in range(4):
        await escalating.tick(chat.services)
        rows = await chat.rows("select staff_id from handover_offers order by offered_at, staff_id")
        asked.append({number for (number,) in rows})
        chat.clock.pass_(minutes=11)
    everybody = {maria.me.id, *(other.id for other in others)}
    assert len(asked[0]) == 3
    assert maria.me.id in asked[0]  # speaks English
    assert asked[1] == everybody
    assert asked[2] == everybody | {boss.id}
    assert asked[3] == asked[2]


async def test_not_solved_goes_back_to_the_same_mentor(chat: Chat, maria: Mentor) -> None:
    await hire(chat.services, "Nadia", languages=("en",))
    number = await asks(chat)
    await maria.claims(number)
    await maria.resolves(number)
    chat.new()
    (reply,) = await chat.presses("mentor:rate:1")
    assert "Maria" in reply.text
    await escalating.tick(chat.services)
    assert await chat.rows("select staff_id from handover_offers") == [(maria.me.id,)]
    rows = await chat.rows("select status, rating, reopened_of is not null from handovers order by id")
    assert rows == [("resolved", 1, False), ("waiting", None, True)]


async def test_a_rating_and_a_line(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    await maria.resolves(number)
    await chat.presses("mentor:rate:5")
    await chat.presses("mentor:line")
    await chat.says("very kind, thank you")
    assert await chat.rows("select rating, rating_text from handovers") == [(5, "very kind, thank you")]
    chat.engine.will(acts.AnswerTopics(("tax-card",)))
    assert await chat.says("where is my tax card")


async def test_a_muted_person_is_told_once_and_danger_is_still_heard(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    chat.new()
    await maria.desk.mute(maria.me, number, chat.services.now() + timedelta(hours=24))
    await chat.services.background.drain()
    (told,) = said(chat)
    assert "112" in told
    await maria.resolves(number)
    chat.new()
    assert await chat.says("you are all idiots") == []
    assert await chat.says("i want to kill myself")


async def test_a_mentor_who_is_switched_off_can_do_nothing(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await maria.claims(number)
    from dataclasses import replace

    off = Mentor(chat.services, replace(maria.me, active=False))
    with pytest.raises(HandingError):
        await off.writes(number, "hello")
    with pytest.raises(HandingError):
        await off.desk.package(off.me, number)


async def test_a_suggestion_holds_no_name(chat: Chat, maria: Mentor) -> None:
    number = await asks(chat)
    await chat.says("Maria, my landlord wants 010190-1234, call 20 30 40 50")
    await maria.claims(number)
    await maria.writes(number, "Never give it. Maria")
    draft = await maria.desk.suggestion(maria.me, number)
    assert draft.question == "[NAME], my landlord wants [CPR], call [PHONE]"
    assert draft.text == "Never give it. [NAME]"
