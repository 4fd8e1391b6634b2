"""Mentors in Telegram: the group with a topic for each conversation, and their own chats with the bot."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from procrastinate.testing import InMemoryConnector
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, OperationalError
from structlog.testing import capture_logs

from bot import escalating
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.pace import SharedPace
from bot.jobs import add_tasks, drop_topic_soon, make_queue, mirror_soon, tell_soon
from bot.mentor_chat import COMMANDS
from bot.services import Services
from core.errors import ChannelError
from core.messages import Reply
from store import forum, handovers, people, staff
from store.staff import Colleague
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_rules import Limits, person
from tests.support.telegram import ANNA, GROUP, Office

OPEN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday, 13:00 in Denmark
MARIA, NADIA, STRANGER, BERIT = 91, 92, 66, 93
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
async def office(services: Services, telegram: TelegramEmulator) -> AsyncIterator[Office]:
    """With a group."""
    made = Office(services, telegram)
    made.clock.now = OPEN
    yield made
    await made.close()


@pytest.fixture
async def direct(services: Services, telegram: TelegramEmulator) -> AsyncIterator[Office]:
    """Without a group: mentors work in their own chats."""
    made = Office(services, telegram, group=False)
    made.clock.now = OPEN
    yield made
    await made.close()


async def knows_nothing_of(office: Office, number: int) -> bool:
    """Whether nobody with that account is kept as one who asks."""
    query = "select count(*) from addresses where external_id = :id"
    return bool((await office.rows(query, id=str(number)))[0][0] == 0)


async def status(office: Office) -> Any:
    return (await office.rows("select status, mentor_id from handovers order by id desc limit 1"))[0]


# --- a whole life -----------------------------------------------------------------------------------------------------


async def test_a_conversation_from_asking_to_coming_back(office: Office) -> None:
    maria = await office.mentor("Maria", MARIA)
    await office.anna("hello")
    await office.knows_anna()
    await office.anna_asks("how do i get a tax card?")

    # A topic with all at hand, pinned; what was said since follows.
    thread = office.thread()
    topic = office.telegram.chats[GROUP].topics[thread]
    assert topic.name == "Anna · Asked for a human"
    package, *_ = office.telegram.in_topic(GROUP, thread)
    assert office.telegram.chats[GROUP].pinned == [package["message_id"]]
    for part in ("Anna", "English", "Odense", "before 14:00", "how do i get a tax card?", "Work: Nurse"):
        assert part in package["text"], part
    assert "Kowalska" not in office.topic()
    assert [button["text"] for row in package["reply_markup"]["inline_keyboard"] for button in row] == [
        "Take it", "Resolve", "Snooze 1 hour", "Back to the queue",
    ]  # fmt: skip
    assert "Yes, please" in office.topic()

    # An answer in the topic takes it, reaches Anna as it was written, and is signed.
    answer = await office.in_group(MARIA, "You need a *CPR* number <first>.", thread=thread)
    assert tuple(await status(office)) == ("with_mentor", maria.id)
    assert office.texts(ANNA)[-1] == "👤 Maria, mentor\n\nYou need a *CPR* number <first>."
    message_id = answer["message"]["message_id"]
    assert office.signs(GROUP, message_id) == ["👌"]
    assert "has taken the conversation" in office.topic()
    assert "CPR" not in office.topic(), "what stands there already is not posted again"
    assert topic.icon == "5310"

    # Correcting it there corrects it for Anna.
    await office.takes(await office.telegram.edits(GROUP, message_id, "You need a CPR number."))
    assert office.texts(ANNA)[-1] == "👤 Maria, mentor\n\nYou need a CPR number."

    # What Anna writes, and what she corrects, stands in the topic.
    mine = await office.anna("thank you, and the bnak?")
    await office.takes(await office.telegram.edits(ANNA, mine["message_id"], "thank you, and the bank?"))
    assert "Anna: thank you, and the bnak?" in office.topic()
    assert "✎ Anna (edited): thank you, and the bank?" in office.topic()

    # Notes stay among colleagues; snoozing shows.
    await office.in_group(MARIA, "/note has a bank already", thread=thread)
    assert "📝 Maria: has a bank already" in office.topic()
    assert not any("has a bank" in each for each in office.texts(ANNA))
    await office.in_group(MARIA, "/snooze 2h", thread=thread)
    assert (await status(office)).status == "snoozed"
    assert topic.icon == "5314"
    await office.in_group(MARIA, "/wake", thread=thread)

    await office.in_group(MARIA, "/resolve solved", thread=thread)
    assert (await status(office)).status == "resolved"
    assert topic.closed
    assert topic.icon == "5311"
    assert "Maria has resolved the conversation: Solved" in office.topic()

    # What Anna says to the bot afterwards is between the two; not solved opens the same topic again.
    await office.anna("how do i find a flat?")
    assert "find a flat" not in office.topic()
    await office.anna_presses("mentor:rate:1")
    assert office.thread() == thread
    assert not topic.closed
    assert topic.name == "Anna · Came back: not solved"
    assert "The person has rated the help: 1 of 5" in office.topic()
    assert "Earlier conversations" in office.topic()
    assert len(office.telegram.chats[GROUP].pinned) == 2


async def test_a_mentor_works_with_buttons(office: Office) -> None:
    maria = await office.mentor("Maria", MARIA)
    await office.anna_asks()
    await office.presses(GROUP, "Take it", MARIA)
    assert tuple(await status(office)) == ("with_mentor", maria.id)
    await office.presses(GROUP, "Snooze 1 hour", MARIA)
    assert (await status(office)).status == "snoozed"
    await office.presses(GROUP, "Back to the queue", MARIA)
    assert tuple(await status(office)) == ("waiting", None)
    await office.presses(GROUP, "Take it", MARIA)
    await office.presses(GROUP, "Resolve", MARIA)
    assert (await status(office)).status == "resolved"


async def test_topics_and_ready_sentences_are_sent_by_their_words(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    thread = office.thread()
    await office.in_group(MARIA, "/take", thread=thread)
    await office.in_group(MARIA, "/topic tax-card", thread=thread)
    assert office.topic().count("✓") == 1
    before = len(office.texts(ANNA))
    await office.in_group(MARIA, "/topic bank", thread=thread)
    assert "Which one?" in office.topic()
    choice = office.telegram.in_topic(GROUP, thread)[-1]["reply_markup"]["inline_keyboard"][0][0]["text"]
    await office.presses(GROUP, choice, MARIA)
    assert office.texts(ANNA)[before].startswith(choice)
    await office.in_group(MARIA, "/canned thank you for waiting", thread=thread)
    assert office.texts(ANNA)[-1].startswith("👤 Maria, mentor\n\nThank you for waiting")
    assert "👤 Maria: Thank you for waiting" in office.topic()
    await office.in_group(MARIA, "/topic qqqqzzzz", thread=thread)
    assert "Nothing fits" in office.topic()


async def test_it_is_passed_on_by_name_or_back_to_the_queue(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    nadia = await office.mentor("Nadia", NADIA)
    await office.anna_asks()
    thread = office.thread()
    await office.in_group(MARIA, "/claim", thread=thread)
    await office.in_group(MARIA, "/pass Nobody please", thread=thread)
    assert "Which colleague? I know: Nadia" in office.topic()
    await office.in_group(MARIA, "/pass nadia she speaks Polish", thread=thread)
    assert tuple(await status(office)) == ("with_mentor", nadia.id)
    assert "Maria has passed the conversation on to Nadia · she speaks Polish" in office.topic()
    assert office.texts(NADIA)[0].startswith("This was passed on to you\n\nEnglish · Asked for a human")
    await office.in_group(NADIA, "/pass", thread=thread)
    assert tuple(await status(office)) == ("waiting", None)


async def test_a_refusal_is_for_the_mentor_alone(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.mentor("Nadia", NADIA, languages=("da",))
    await office.anna_asks()
    thread = office.thread()
    await office.in_group(MARIA, "/claim", thread=thread)
    before = office.texts(ANNA)
    await office.in_group(NADIA, "i answer, too", thread=thread)
    await office.in_group(MARIA, "/resolve perhaps", thread=thread)
    await office.in_group(MARIA, "/dance", thread=thread)
    assert office.telegram.in_topic(GROUP, thread)[-3]["reply_to_message"]["text"] == "i answer, too"
    assert "Say how it ended." in office.topic()
    assert "I do not know this command." in office.topic()
    await office.takes(await office.telegram.sends(GROUP, {"photo": []}, by=person(MARIA), thread=thread))
    assert "Files can't be passed on yet." in office.topic()
    assert office.texts(ANNA) == before


async def test_what_has_not_been_seen_is_not_resolved(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    await office.in_group(MARIA, "/claim", thread=office.thread())
    await office.telegram.says(ANNA, "one more thing")
    await office.intake.take(office.telegram.updates[-1])
    await office.services.background.drain()
    await office.intake.take(await office.telegram.says(GROUP, "/resolve", by=person(MARIA), thread=office.thread()))
    assert "The person has written something that you have not seen yet." in office.topic()
    assert (await status(office)).status == "with_mentor"


# --- what is shown, and to whom ---------------------------------------------------------------------------------------


async def test_without_consent_neither_name_nor_profile_is_shown(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna("hello")
    await office.knows_anna()
    async with office.services.database.begin() as connection:
        await connection.execute(text("update recruits set consent = 'declined'"))
    await office.anna_asks()
    assert office.telegram.chats[GROUP].topics[office.thread()].name == "English · Asked for a human"
    for part in ("Anna", "Odense", "nurse", "Nurse"):
        assert part not in office.topic(), part


async def test_files_come_with_their_message(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    office.telegram.files |= {"letter": PNG, "paper": b"%PDF-1.7", "program": b"MZ\x90"}
    photo = {"file_id": "letter", "file_unique_id": "l", "width": 9, "height": 9, "file_size": 48}
    paper = {"file_id": "paper", "file_unique_id": "p", "file_name": "contract.pdf", "mime_type": "application/pdf"}
    program = {"file_id": "program", "file_unique_id": "q", "file_name": "game.exe"}
    sent: list[dict[str, Any]] = [
        {"photo": [photo], "caption": "what is this?"},
        {"document": paper},
        {"document": program},
    ]
    for content in sent:
        await office.takes(await office.telegram.sends(ANNA, content))
    assert "The person: what is this?" in office.topic()
    assert "[photo] The person: photo" in office.topic()
    assert "[contract.pdf] The person: contract.pdf" in office.topic()
    assert "📎 game.bin: a kind of file that we do not pass on" in office.topic()
    assert "[game" not in office.topic()


async def test_without_the_icons_a_sign_in_the_name_says_how_it_stands(office: Office) -> None:
    office.telegram.fail("getForumTopicIconStickers", status=400, description="Bad Request: x", times=99)
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    topic = office.telegram.chats[GROUP].topics[office.thread()]
    assert topic.name == "🔴 English · Asked for a human"
    await office.in_group(MARIA, "/claim", thread=office.thread())
    assert topic.name == "🟢 English · Asked for a human"
    await office.in_group(MARIA, "/resolve", thread=office.thread())
    assert topic.name == "✅ English · Asked for a human"


async def test_the_name_of_a_topic_is_given_only_once_it_is_known_to_us(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna("hello")
    await office.knows_anna()
    await office.anna_asks()
    assert [call["name"] for call in office.telegram.called("createForumTopic")] == ["🔴 English · Asked for a human"]


# --- who may speak ----------------------------------------------------------------------------------------------------


async def test_a_stranger_in_the_group_is_told_once_an_hour_and_never_passed_on(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.mentor("Piotr", 95, role="editor")
    await office.anna_asks()
    thread, before = office.thread(), office.texts(ANNA)
    for number in (STRANGER, STRANGER, 95):
        await office.in_group(number, "buy my course", thread=thread)
    assert office.topic().count("velkommen mentor telegram") == 2
    office.clock.pass_(hours=2)
    await office.in_group(STRANGER, "/claim", thread=thread)
    assert office.topic().count("velkommen mentor telegram") == 3
    await office.presses(GROUP, "Take it", STRANGER)
    assert office.texts(ANNA) == before
    assert (await status(office)).status == "waiting"
    assert await knows_nothing_of(office, GROUP)
    assert await knows_nothing_of(office, STRANGER)


async def test_a_mentor_whose_account_is_switched_off_is_a_stranger(office: Office) -> None:
    maria = await office.mentor("Maria", MARIA)
    await office.anna_asks()
    await office.in_group(MARIA, "/claim", thread=office.thread())
    async with office.services.database.begin() as connection:
        await staff.switch(connection, maria.id, active=False)
    before = office.texts(ANNA)
    await office.in_group(MARIA, "still me", thread=office.thread())
    assert office.texts(ANNA) == before
    assert "velkommen mentor telegram" in office.topic()


async def test_the_general_topic_passes_nothing_on(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.in_group(MARIA, "/queue")
    assert office.texts(GROUP)[-1] == "Nobody is waiting. Nice."
    await office.anna_asks()
    thread = office.thread()
    before = office.texts(ANNA)
    await office.in_group(MARIA, "good morning all")
    await office.in_group(MARIA, "/queue")
    *_, hint, queue = office.texts(GROUP)
    assert hint.startswith("Nothing is passed on from here.")
    assert f"https://t.me/c/1234567890/{thread}" in queue
    await office.in_group(MARIA, "/help")
    assert all(f"/{name} – " in office.texts(GROUP)[-1] for name in COMMANDS)
    # Answers in General carry a number that is no topic's.
    update = await office.telegram.says(GROUP, "an answer", by=person(MARIA))
    update["message"]["message_thread_id"] = thread
    await office.takes(update)
    assert office.texts(ANNA) == before


# --- trouble ----------------------------------------------------------------------------------------------------------


async def test_the_same_update_twice_is_done_once(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    thread = office.thread()
    for words in ("a flat is hard to find", "/note wants a flat"):
        update = await office.in_group(MARIA, words, thread=thread)
        await office.takes(update)
    assert sum("a flat is hard" in each for each in office.texts(ANNA)) == 1
    assert office.topic().count("📝 Maria: wants a flat") == 1


async def test_an_update_that_cannot_be_stored_comes_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    update = await office.telegram.says(GROUP, "here i am", by=person(MARIA), thread=office.thread())

    async def away(*_: object) -> Any:
        raise OperationalError("select", {}, Exception("away"))

    with monkeypatch.context() as patch:
        patch.setattr(forum, "topic_at", away)
        with pytest.raises(OperationalError):
            await office.intake.take(update)
    await office.takes(update)
    assert office.texts(ANNA)[-1].endswith("here i am")


async def test_a_topic_that_was_deleted_is_made_again_and_goes_on(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    first = office.thread()
    await office.in_group(MARIA, "/claim", thread=first)
    office.telegram.deletes_topic(GROUP, first)
    await office.anna("are you there?")
    second = office.thread()
    assert second != first
    assert "before 14:00" in office.topic()
    assert office.topic().count("are you there?") == 1
    await office.in_group(MARIA, "yes i am", thread=second)
    assert office.texts(ANNA)[-1].endswith("yes i am")


async def test_a_topic_that_somebody_closed_is_opened_again(office: Office) -> None:
    office.telegram.forum(GROUP)
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    office.telegram.chats[GROUP].topics[office.thread()].closed = True
    await office.anna("hello?")
    assert "hello?" in office.topic()


async def test_a_message_that_does_not_arrive_is_said_in_the_topic(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    thread = office.thread()
    await office.in_group(MARIA, "/claim", thread=thread)
    await office.telegram.blocks(ANNA)
    await office.in_group(MARIA, "are you well?", thread=thread)
    assert "👤 Maria: are you well?\n⚠ Not delivered." in office.topic() or "⚠ Not delivered." in office.topic()
    await office.in_group(MARIA, "hello?", thread=thread)
    assert "The person has stopped this chat and may not get it." in office.topic()


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", ["topic made", "package posted", "posted"])
async def test_a_worker_that_is_killed_posts_at_most_twice_and_loses_nothing(office: Office, step: str) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna("hello")

    def die(name: str) -> None:
        if name == step:
            office.services.step = lambda _: None
            raise Killed

    office.services.step = die
    with pytest.raises(Killed):
        await office.anna_asks()
    conversation = (await office.rows("select id from conversations"))[0][0]
    office.telling = office.worker()
    office.clock.pass_(minutes=3)
    async with office.services.database.connect() as connection:
        now = office.services.now()
        behind = await forum.behind(connection, GROUP, before=now, since=now - timedelta(days=1))
    assert behind == [conversation]
    await office._mirror(conversation)
    await office.works()
    assert 1 <= office.topic().count("▸ Yes, please") <= 2
    assert 1 <= len(office.telegram.chats[GROUP].pinned) <= 2
    await office.anna("and now?")
    assert office.topic().count("and now?") == 1
    async with office.services.database.connect() as connection:
        now = office.services.now()
        assert await forum.behind(connection, GROUP, before=now, since=now - timedelta(days=1)) == []


async def test_a_group_that_cannot_be_told_is_logged_once_an_hour_and_holds_nothing_up(office: Office) -> None:
    office.telegram.forum(GROUP, rights=())
    maria = await office.mentor("Maria", MARIA)
    with capture_logs() as logs:
        conversation = await office.anna_asks()
        await office.anna("hello?")
    troubles = [each for each in logs if each["event"] == "the mentors' group cannot be told"]
    assert [each["log_level"] for each in troubles] == ["error"]
    assert "not enough rights to create a topic" in troubles[0]["error"].lower()
    await office.desk.claim(maria, conversation)
    await office.desk.write(maria, conversation, "from the inbox", source="web:1")
    await office.settle()
    assert office.texts(ANNA)[-1].endswith("from the inbox")
    # Once the rights are there, nothing is missing.
    office.telegram.forum(GROUP)
    await office.anna("good")
    for part in ("hello?", "Maria: from the inbox", "good"):
        assert part in office.topic(), part


async def test_a_group_that_got_a_new_number_is_named(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    with capture_logs() as logs:
        await office.takes(await office.telegram.sends(GROUP, {"migrate_to_chat_id": -100777}, by=person(MARIA)))
    (told,) = [each for each in logs if "VELKOMMEN_MENTOR_GROUP" in each["event"]]
    assert told["number"] == -100777


async def test_two_workers_never_post_the_same_twice(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    conversation = await office.anna_asks()
    await office.telegram.says(ANNA, "one line")
    await office.intake.take(office.telegram.updates[-1])
    await office.services.background.drain()
    one, other = office.worker(), office.worker()
    await asyncio.gather(*(each.mirror(conversation) for each in (one, other, one, other)))
    assert office.topic().count("one line") == 1


# --- a colleague's own chat -------------------------------------------------------------------------------------------


async def code_for(office: Office, colleague: Colleague) -> str:
    async with office.services.database.begin() as connection:
        return await staff.make_link(connection, colleague.id, "telegram", now=office.services.now())


async def test_a_chat_is_linked_by_a_code_once_and_unlinked(direct: Office) -> None:
    maria = await direct.mentor("Maria", MARIA, linked=False)
    code = await code_for(direct, maria)
    update = await direct.in_private(MARIA, f"/start mentor-{code}")
    assert direct.texts(MARIA)[-1].startswith("Hello Maria.")
    assert {command["command"] for command in direct.telegram.chat_commands[MARIA]} >= set(COMMANDS)
    await direct.takes(update)
    assert direct.texts(MARIA)[-1].startswith("Hello Maria.")
    await direct.in_private(STRANGER, f"/start mentor-{code}")
    assert direct.texts(STRANGER) == ["This code was used already, or it is too old. Ask a supervisor for a new one."]
    assert await knows_nothing_of(direct, MARIA)
    assert await knows_nothing_of(direct, STRANGER)

    await direct.in_private(MARIA, "/unlink")
    assert MARIA not in direct.telegram.chat_commands
    await direct.in_private(MARIA, "hello")
    assert not await knows_nothing_of(direct, MARIA), "an ordinary person again"


async def test_an_offer_is_taken_in_the_chat_and_answered_there(direct: Office) -> None:
    maria = await direct.mentor("Maria", MARIA)
    await direct.anna("hello")
    await direct.knows_anna()
    conversation = await direct.anna_asks("is the tax card late?")
    await escalating.advance(direct.services, conversation)
    await direct.settle()

    (offer,) = direct.telegram.messages(MARIA)
    assert offer["text"].startswith("Can you take this?\n\nAnna · English · Odense · Asked for a human · before 14:00")
    labels = [button["text"] for row in offer["reply_markup"]["inline_keyboard"] for button in row]
    assert labels == ["Take it", "Not me", "Open in the inbox"]
    await direct.presses(MARIA, "Take it", MARIA)
    assert tuple(await status(direct)) == ("with_mentor", maria.id)
    texts = direct.texts(MARIA)
    assert any("What you write here now goes to: Anna" in each for each in texts)
    assert sum("is the tax card late?" in each for each in texts) == 2, "in the offer, and once in what is at hand"

    await direct.in_private(MARIA, "No, in time.")
    assert direct.texts(ANNA)[-1] == "👤 Maria, mentor\n\nNo, in time."
    await direct.anna("great, thanks")
    assert direct.texts(MARIA)[-1] == "Anna: great, thanks"
    await direct.in_private(MARIA, "/resolve")
    assert (await status(direct)).status == "resolved"
    assert await knows_nothing_of(direct, MARIA)


async def test_not_me_asks_the_next(direct: Office) -> None:
    await direct.mentor("Maria", MARIA)
    conversation = await direct.anna_asks()
    await escalating.advance(direct.services, conversation)
    await direct.settle()
    await direct.presses(MARIA, "Not me", MARIA)
    ((declined,),) = await direct.rows("select declined_at is not null from handover_offers")
    assert declined


async def test_two_conversations_in_one_chat_are_never_mixed_up(direct: Office) -> None:
    await direct.mentor("Maria", MARIA)
    first = await direct.anna_asks()
    piotr = 8
    await direct.in_private(piotr, "/mentor", first_name="Piotr", language_code="pl")
    await direct.takes(await direct.telegram.presses(piotr, "mentor:yes"))
    second = (await direct.rows("select max(conversation_id) from handovers"))[0][0]
    for conversation in (first, second):
        await direct.in_private(MARIA, f"/open {conversation}")
        await direct.in_private(MARIA, "/claim")
    await direct.in_private(MARIA, "for the second")
    assert direct.texts(piotr)[-1].endswith("for the second")
    # A message of the first says how to answer it; answering it reaches the first, and only it.
    await direct.anna("it is me, Anna")
    asked = direct.telegram.messages(MARIA)[-1]
    assert "Answer this message to write to English." in asked["text"]
    await direct.in_private(MARIA, "for the first", reply_to=asked["message_id"])
    assert direct.texts(ANNA)[-1].endswith("for the first")
    assert not any("for the first" in each for each in direct.texts(piotr))
    await direct.in_private(MARIA, "for the second again")
    assert direct.texts(piotr)[-1].endswith("for the second again")
    await direct.in_private(MARIA, "/mine")
    assert f"/open {first}" in direct.texts(MARIA)[-1]
    assert f"/open {second}" in direct.texts(MARIA)[-1]


async def test_with_nothing_chosen_nothing_is_passed_on(direct: Office) -> None:
    await direct.mentor("Maria", MARIA)
    await direct.anna_asks()
    before = direct.texts(ANNA)
    await direct.in_private(MARIA, "hello?")
    assert direct.texts(MARIA)[-1].startswith("About which conversation?")
    assert direct.texts(ANNA) == before
    assert await knows_nothing_of(direct, MARIA)


async def test_what_is_not_allowed_to_be_seen_is_not_told(direct: Office) -> None:
    """It waits, and was not offered to her: no word of the person."""
    maria = await direct.mentor("Maria", MARIA)
    nadia = await direct.mentor("Nadia", NADIA)
    conversation = await direct.anna_asks("a secret of mine")
    await direct.telling.tell(conversation, nadia.id, "urgent")
    (told,) = direct.telegram.messages(NADIA)
    assert told["text"].startswith("Urgent")
    assert "secret" not in told["text"]
    # Invited, she may see it.
    await direct.desk.claim(maria, conversation)
    await direct.anna("another secret")
    await direct.desk.invite(maria, conversation, nadia.id)
    await direct.settle()
    told = direct.telegram.messages(NADIA)[-1]
    assert told["text"].startswith("You are invited to this conversation")
    assert "secret" in told["text"]
    await direct.presses(NADIA, "Join", NADIA)
    await direct.in_private(NADIA, "hello from me, too")
    assert direct.texts(ANNA)[-1] == "👤 Nadia, mentor\n\nhello from me, too"


async def test_with_a_group_messages_are_not_repeated_in_own_chats(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    conversation = await office.anna_asks()
    await office.in_private(MARIA, f"/open {conversation}")
    await office.in_private(MARIA, "/claim")
    await office.anna("a line for the topic")
    assert "a line for the topic" in office.topic()
    assert not any("a line for the topic" in each for each in office.texts(MARIA))
    await office.in_private(MARIA, "from my chat")
    assert "👤 Maria: from my chat" in office.topic()


async def test_texts_reach_nobody_once_it_is_given_away(direct: Office) -> None:
    await direct.mentor("Maria", MARIA)
    await direct.mentor("Nadia", NADIA)
    conversation = await direct.anna_asks()
    for given_away in ("/pass", "/pass Nadia", "/resolve"):
        await direct.in_private(MARIA, f"/open {conversation}")
        await direct.in_private(MARIA, "/claim")
        await direct.in_private(MARIA, given_away)
        await direct.in_private(MARIA, f"too late after {given_away}")
        assert direct.texts(MARIA)[-1].startswith("About which conversation?"), given_away
        if given_away == "/pass Nadia":
            await direct.in_private(NADIA, f"/open {conversation}")
            await direct.in_private(NADIA, "/pass")
    assert not any("too late" in each for each in direct.texts(ANNA))


async def test_who_answers_a_message_of_one_that_they_gave_away_is_told_to_take_it(direct: Office) -> None:
    maria = await direct.mentor("Maria", MARIA)
    conversation = await direct.anna_asks()
    await direct.desk.claim(maria, conversation)
    await direct.anna("are you there?")
    asked = direct.telegram.messages(MARIA)[-1]
    await direct.in_private(MARIA, f"/open {conversation}")
    await direct.desk.pass_on(maria, conversation, 0)
    await direct.settle()
    for how in ({}, {"reply_to": asked["message_id"]}):
        await direct.in_private(MARIA, "never again", **how)
        assert direct.texts(MARIA)[-1].startswith("Take the conversation first.")
    await direct.in_private(MARIA, "never again")
    assert direct.texts(MARIA)[-1].startswith("About which conversation?")
    assert not any("never again" in each for each in direct.texts(ANNA))
    # A step of their own brings it back.
    await direct.in_private(MARIA, f"/open {conversation}")
    await direct.in_private(MARIA, "/claim")
    await direct.in_private(MARIA, "here i am again")
    assert direct.texts(ANNA)[-1].endswith("here i am again")


async def test_what_was_resolved_elsewhere_is_not_written_to(direct: Office) -> None:
    maria = await direct.mentor("Maria", MARIA)
    conversation = await direct.anna_asks()
    await direct.in_private(MARIA, f"/open {conversation}")
    await direct.in_private(MARIA, "/claim")
    await direct.desk.resolve(maria, conversation, outcome="solved")
    await direct.in_private(MARIA, "one more thing")
    assert direct.texts(MARIA)[-1].startswith("This conversation is over.\n\nAbout which conversation?")
    # The person comes back: what is written now is not for this one unless it is opened again.
    await direct.in_private(MARIA, f"/open {conversation}")
    await direct.settle()
    await direct.services.mirror(conversation)
    await direct.works()
    await direct.anna_presses("mentor:rate:1")
    assert (await status(direct)).status == "waiting"
    await direct.in_private(MARIA, "for somebody else")
    assert not any("one more thing" in each or "for somebody else" in each for each in direct.texts(ANNA))


async def test_in_a_topic_who_declined_takes_it_by_a_step_only(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    conversation = await office.anna_asks()
    await escalating.advance(office.services, conversation)
    await office.settle()
    thread = office.thread()
    await office.in_group(MARIA, "/decline", thread=thread)
    await office.in_group(MARIA, "not for me", thread=thread)
    assert "Take the conversation first." in office.topic()
    assert not any("not for me" in each for each in office.texts(ANNA))
    await office.in_group(MARIA, "/claim", thread=thread)
    await office.in_group(MARIA, "now i am here", thread=thread)
    assert office.texts(ANNA)[-1].endswith("now i am here")


@pytest.mark.parametrize(
    "words", ["/open 99999999999999999999", "/snooze 0001-01-01 00:00", "/snooze 9999-12-31 23:59"]
)
async def test_odd_numbers_are_answered(direct: Office, words: str) -> None:
    await direct.mentor("Maria", MARIA)
    conversation = await direct.anna_asks()
    await direct.in_private(MARIA, f"/open {conversation}")
    await direct.in_private(MARIA, "/claim")
    before = len(direct.texts(MARIA))
    await direct.in_private(MARIA, words)
    assert len(direct.texts(MARIA)) == before + 1


async def test_what_cannot_be_carried_out_is_said_and_left_out(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    update = await office.telegram.says(GROUP, "a secret", by=person(MARIA), thread=office.thread())

    async def broken(*_: object) -> Any:
        raise DataError("insert 'a secret'", {}, Exception("out of range"))

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(handovers, "written", broken)
        await office.takes(update)
    (left_out,) = [each for each in logs if each["event"] == "a mentor's update left out"]
    assert left_out["error"] == "DataError"
    assert "secret" not in str(logs)
    assert "That did not work." in office.topic()


async def test_a_call_is_tried_again_unless_it_is_refused(direct: Office) -> None:
    maria = await direct.mentor("Maria", MARIA)
    conversation = await direct.anna_asks()
    direct.telegram.fail("sendMessage", how="drop")
    assert await direct.telling.tell(conversation, maria.id, "urgent") == 30
    assert await direct.telling.tell(conversation, maria.id, "urgent") is None
    assert direct.texts(MARIA)[-1].startswith("Urgent")
    for refusal in ({"status": 400, "description": "Bad Request: no"}, {"status": 403, "description": "Forbidden: x"}):
        direct.telegram.fail("sendMessage", **refusal)
        assert await direct.telling.tell(conversation, maria.id, "urgent") is None


async def test_a_call_that_never_arrives_is_given_up_in_the_end(direct: Office) -> None:
    maria = await direct.mentor("Maria", MARIA)
    conversation = await direct.anna_asks()
    connector = InMemoryConnector()
    app = make_queue(connector)
    async with app.open_async():
        add_tasks(app, direct.services)
        tries, since = 0, 0.0
        while tries < 100:
            direct.telegram.fail("sendMessage", how="drop")
            connector.reset()
            await app.tasks["tell"](conversation, maria.id, "urgent", since)
            tries += 1
            if not connector.jobs:
                break
            ((_, job),) = connector.jobs.items()
            since = job["args"]["since"]
            direct.clock.pass_(seconds=30)
    assert 20 <= tries <= 40


async def test_what_a_chat_lacks_is_found_and_brought(direct: Office) -> None:
    maria = await direct.mentor("Maria", MARIA)
    conversation = await direct.anna_asks()
    await direct.desk.claim(maria, conversation)
    await direct.settle()
    await direct.intake.take(await direct.telegram.says(ANNA, "are you there?"))
    await direct.services.background.drain()
    direct.to_mirror = []
    direct.clock.pass_(minutes=3)

    async def untold() -> list[int]:
        now = direct.services.now()
        async with direct.services.database.connect() as connection:
            return await forum.untold(connection, before=now, since=now - timedelta(days=1))

    assert await untold() == [conversation]
    app = make_queue(InMemoryConnector())
    async with app.open_async():
        add_tasks(app, direct.services)
        await app.tasks["mirror_behind"](0)
        await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
    assert direct.texts(MARIA)[-1].startswith("The person: are you there?")
    assert await untold() == []


# --- forgetting -------------------------------------------------------------------------------------------------------


async def test_to_forget_a_person_deletes_their_topic_and_what_stands_in_own_chats(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    conversation = await office.anna_asks()
    await office.in_private(MARIA, f"/open {conversation}")
    await office.in_private(MARIA, "/claim")
    thread = office.thread()
    await office.knows_anna()
    await office.in_private(MARIA, f"/open {conversation}")
    for command in ("/mine", "/queue"):
        await office.in_private(MARIA, command)
        await office.in_group(MARIA, command)
    assert any("Anna" in each for each in office.texts(MARIA))
    await office.anna("/forget")
    await office.anna_presses("forget:yes")
    assert thread not in office.telegram.chats[GROUP].topics
    left = [*office.texts(MARIA), *office.texts(GROUP)]
    assert not any("Anna" in each or "hello there" in each for each in left)
    assert await office.rows("select from forum_topics") == []
    await office._mirror(conversation)
    await office.works()
    assert office.telegram.chats[GROUP].topics == {}


async def test_own_chats_are_cleared_while_telegram_still_deletes(direct: Office) -> None:
    maria = await direct.mentor("Maria", MARIA)
    await direct.anna("hello")
    await direct.knows_anna()
    conversation = await direct.anna_asks()
    await escalating.advance(direct.services, conversation)
    await direct.settle()
    await direct.presses(MARIA, "Take it", MARIA)
    await direct.anna("an old line")
    await direct.in_private(MARIA, "an old answer")
    connector = InMemoryConnector()
    app = make_queue(connector)
    async with app.open_async():
        add_tasks(app, direct.services)
        await app.tasks["clear_chats"](0)
        await direct.settle()
        assert any("an old line" in each for each in direct.texts(MARIA)), "not yet"
        ((_, job),) = connector.jobs.items()
        assert job["task_name"] == "clear_up_to"
        assert timedelta(hours=45) < job["scheduled_at"] - datetime.now(UTC) < timedelta(hours=47)
        await direct.anna("a new line")
        for _ in range(2):
            await app.tasks["clear_up_to"](**job["args"])
        await direct.settle()
        left = direct.texts(MARIA)
        assert any("a new line" in each for each in left)
        assert not any("an old" in each or "hello there" in each for each in left)
        # It is known how far that chat was told.
        await direct.services.mirror(conversation)
        await direct.works()
        assert direct.texts(MARIA) == left
        await direct.anna("a newer line")
        assert len(direct.texts(MARIA)) == len(left) + 1

        await direct.desk.resolve(maria, conversation, outcome="solved")
        await direct.settle()
        await app.tasks["clear_chats"](0)
        await direct.settle()
        assert any("a newer line" in each for each in direct.texts(MARIA)), "a moment to look at it"
        direct.clock.pass_(minutes=61)
        await app.tasks["clear_chats"](0)
        await direct.settle()
    assert not any("Anna" in each or "line" in each for each in direct.texts(MARIA))
    assert await direct.rows("select from forum_messages") == []


@pytest.mark.parametrize("step", ["topic made", "package posted", "posted"])
async def test_a_person_who_is_forgotten_while_we_post_leaves_nothing(office: Office, step: str) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna("/mentor")
    await office.intake.take(await office.telegram.presses(ANNA, "mentor:yes"))
    await office.services.background.drain()
    url = make_url(office.services.settings.database_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url)

    def forget(name: str) -> None:
        if name == step:
            with engine.begin() as connection:
                connection.execute(text("delete from recruits"))

    office.services.step = forget
    await office.works()
    engine.dispose()
    assert office.telegram.chats[GROUP].topics == {}


async def test_what_was_not_agreed_to_is_gone_a_day_after_the_talk(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    await office.anna_asks()
    await office.in_group(MARIA, "/claim", thread=office.thread())
    await office.in_group(MARIA, "/resolve", thread=office.thread())
    async with office.services.database.begin() as connection:
        assert await forum.forget_unkept(connection, office.services.now()) == []
        places = await forum.forget_unkept(connection, office.services.now() + timedelta(hours=25))
    assert places == [(GROUP, office.thread())]
    for place in places:
        await office.telling.drop(*place)
    assert office.telegram.chats[GROUP].topics == {}
    # Gone already is fine.
    assert await office.telling.drop(*places[0]) is None


async def test_topics_of_a_person_are_found_before_the_rows_go(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    conversation = await office.anna_asks()
    await office.in_private(MARIA, f"/open {conversation}")
    async with office.services.database.begin() as connection:
        recruit = (await connection.execute(text("select id from recruits"))).scalar_one()
        places = await forum.topics_of(connection, recruit)
        gone = await forum.topics_gone(connection, office.services.now() + timedelta(days=1))
        await people.erase(connection, conversation)
        assert await forum.topics_of(connection, recruit) == []
    assert (GROUP, office.thread()) in places
    assert {chat for chat, _ in places} == {GROUP, MARIA}
    assert places == gone


# --- what a person sees of a correction -------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["deleted", "several parts", "too old"])
async def test_what_cannot_be_changed_where_it_stands_is_sent_again(office: Office, how: str) -> None:
    words = "A sentence of some length. " * 200 if how == "several parts" else "in Odense"
    sent = await office.channel.send(str(ANNA), 1, Reply(words, "en", said_by="Maria"))
    assert sent is not None
    if how == "deleted":
        office.telegram.chats[ANNA].messages.clear()
    if how == "too old":
        office.telegram.fail("editMessageText", status=400, description="Bad Request: message can't be edited")
    await office.channel.edit(str(ANNA), sent, 1, Reply("in Aarhus", "en", said_by="Maria", edited=True))
    assert office.texts(ANNA)[-1] == "✎ 👤 Maria, mentor\n\nin Aarhus"


async def test_a_correction_that_is_refused_or_lost_is_known(office: Office) -> None:
    sent = await office.channel.send(str(ANNA), 1, Reply("in Odense", "en", said_by="Maria"))
    office.telegram.fail("editMessageText", status=500)
    with pytest.raises(ChannelError):
        await office.channel.edit(str(ANNA), sent, 1, Reply("in Aarhus", "en", said_by="Maria"))
    await office.channel.edit(str(ANNA), sent, 1, Reply("in Odense", "en", said_by="Maria"))
    assert office.texts(ANNA) == ["👤 Maria, mentor\n\nin Odense"]


async def test_a_file_that_cannot_be_fetched_now_may_be_later(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.telegram.files["letter"] = PNG
    office.telegram.fail("getFile", status=502)
    with pytest.raises(ChannelError) as caught:
        await office.channel.fetch("letter")
    assert not caught.value.permanent
    assert await office.channel.fetch("letter") == PNG
    await office.telegram.stop()
    with pytest.raises(ChannelError) as caught:
        await office.channel.fetch("letter")
    assert not caught.value.permanent
    assert office.telegram.token not in f"{caught.value!r} {caught.value.__cause__!r} {caplog.text}"


# --- the queue --------------------------------------------------------------------------------------------------------


async def test_a_worker_tells_what_the_queue_holds(office: Office) -> None:
    maria = await office.mentor("Maria", MARIA)
    await office.anna("/mentor")
    await office.intake.take(await office.telegram.presses(ANNA, "mentor:yes"))
    await office.services.background.drain()
    ((conversation,),) = await office.rows("select conversation_id from handovers")
    app = make_queue(InMemoryConnector())
    async with app.open_async():
        add_tasks(app, office.services)
        for _ in range(3):
            await mirror_soon(app, conversation)
        await tell_soon(app, conversation, [maria.id], "urgent")
        await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
        assert office.topic().count("▸ Yes, please") == 1
        assert office.texts(MARIA)[0].startswith("Urgent: somebody needs a human now")
        await drop_topic_soon(app, GROUP, office.thread())
        await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
    assert office.telegram.chats[GROUP].topics == {}


async def test_the_group_is_told_no_faster_than_telegram_allows(office: Office) -> None:
    """The real pace against the real limits."""
    await office.mentor("Maria", MARIA)
    await office.anna("/mentor")
    office.telegram.limits = Limits()
    paced = TelegramChannel(
        office.telegram.token, office.telegram.url, pace=SharedPace(office.services.settings.database_url)
    )
    office.services.channels = {"telegram": paced}
    office.telling = office.worker()
    await office.intake.take(await office.telegram.presses(ANNA, "mentor:yes"))
    await office.services.background.drain()
    ((conversation,),) = await office.rows("select conversation_id from handovers")
    async with asyncio.timeout(30):
        while (seconds := await office.telling.mirror(conversation)) is not None:  # noqa: ASYNC110 - what a job does
            await asyncio.sleep(seconds)
    await paced.close()
    assert office.topic().count("▸ Yes, please") == 1
    assert office.telegram.limits.refused == 0


async def test_a_busy_group_is_told_later_and_all_of_it(office: Office) -> None:
    await office.mentor("Maria", MARIA)
    conversation = await office.anna_asks()
    office.telegram.fail("sendMessage", retry_after=7)
    await office.telegram.says(ANNA, "first")
    await office.intake.take(office.telegram.updates[-1])
    office.telegram.failures.clear()
    await office.services.background.drain()
    office.telegram.fail("sendMessage", retry_after=7)
    assert await office.telling.mirror(conversation) == 7
    assert "first" not in office.topic()
    assert await office.telling.mirror(conversation) is None
    assert "first" in office.topic()
