"""The real Rasa: the engine's contract, whole conversations, what it says, and what it does not keep."""

import json
import statistics
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from bot.engine import Engine
from core import acts
from core.messages import Reply
from tests.contract.engine import (
    ASK,
    Promise,
    every_language,
    every_odd_text,
    every_pending,
    every_promise,
)
from tests.slow.conftest import Rasa
from tests.support.talk import Chat

PAYLOADS = Path(__file__).parent.parent / "payloads" / "rasa"


@pytest.fixture
def polish(chat: Chat) -> Chat:
    chat.hint = "pl"
    return chat


def words(replies: list[Reply]) -> str:
    return "\n".join(part for reply in replies for part in (reply.title, reply.text, reply.footer))


def cards(replies: list[Reply]) -> list[str]:
    """The topics that were answered."""
    return [reply.about for reply in replies if reply.about]


def payloads(replies: list[Reply]) -> list[str]:
    return [button.payload for reply in replies for button in reply.buttons]


# --- the contract --------------------------------------------------------------------------------------------------


@every_promise
async def test_an_engine_keeps_its_promises(engine: Engine, promise: Promise) -> None:
    await promise(engine)


@every_language
@every_pending
async def test_an_engine_answers_in_every_situation(engine: Engine, language: str, pending: str) -> None:
    assert await engine.next_acts(**{**ASK, "language": language, "pending": pending})


@every_odd_text
async def test_an_engine_answers_whatever_is_written(engine: Engine, text: str) -> None:
    assert await engine.next_acts(**{**ASK, "text": text})


# --- whole conversations -------------------------------------------------------------------------------------------


async def test_a_tax_card_in_filipino(chat: Chat) -> None:
    replies = await chat.says("paano kumuha ng tax card?")

    assert cards(replies) == ["tax-card"]
    assert replies[0].language == "fil"
    assert "skattekort" in replies[0].text
    assert "https://" in replies[0].footer


async def test_the_order_of_the_first_steps_in_english(chat: Chat) -> None:
    question, *_ = await chat.says("do I need a CPR number first")
    (card,) = await chat.presses(next(button.payload for button in question.buttons if ":eu:" in button.payload))

    assert cards([card])[0] in ("first-steps-order", "cpr-registration")
    assert "CPR" in card.text


async def test_the_most_a_landlord_may_take_in_danish(chat: Chat) -> None:
    replies = await chat.says("hvor meget depositum må udlejer tage?")

    assert cards(replies) == ["rent-deposit-limit"]
    assert replies[0].language == "da"


async def test_free_danish_classes_in_polish(polish: Chat) -> None:
    replies = await polish.says("czy kurs duńskiego jest darmowy?")

    assert cards(replies)[0] in ("danish-who-gets-free", "danish-deposit")
    assert replies[0].language == "pl"


async def test_two_questions_in_one_message(chat: Chat) -> None:
    replies = await chat.says("How do I get a tax card? And how do I open a bank account?")

    assert cards(replies) == ["tax-card", "open-bank-account"]


async def test_a_person_is_asked_for_and_accepted(chat: Chat) -> None:
    offer = await chat.says("I want to talk to a person")
    assert payloads(offer) == ["mentor:yes", "mentor:no"]

    noted = await chat.says("yes")
    assert "mentor" in words(noted).lower()
    assert await chat.rows("select reason from handovers") == [("asked",)]


async def test_a_person_is_asked_for_and_declined(chat: Chat) -> None:
    await chat.says("I want to talk to a person")
    assert await chat.says("no thanks")
    assert await chat.rows("select reason from handovers") == []


async def test_a_cpr_number_typed_by_mistake_together_with_a_question(chat: Chat, rasa: Rasa) -> None:
    replies = await chat.says("my cpr is 010190-1234, how do I get a tax card?")

    assert "CPR" in replies[0].text
    assert cards(replies) == ["tax-card"]
    stored = await chat.rows("select to_jsonb(i)::text || to_jsonb(o)::text from inbound i, outbound o")
    assert "010190" not in str(stored)
    assert "010190" not in rasa.log


async def test_danger_comes_first(chat: Chat) -> None:
    replies = await chat.says("I want to die")

    assert "112" in replies[0].text
    assert "mentor:yes" in payloads(replies)


async def test_that_was_not_it(chat: Chat) -> None:
    first = await chat.says("How do I get a tax card?")
    assert cards(first) == ["tax-card"]

    replies = await chat.says("that was not it")
    assert cards(replies) == []
    assert "mentor" in payloads(replies)


async def test_the_language_is_set_by_a_sentence(chat: Chat) -> None:
    await chat.says("How do I get a tax card?")
    replies = await chat.says("please write in polish from now on")

    assert replies[0].language == "pl"
    assert await chat.rows("select language, language_chosen from recruits") == [("pl", True)]
    assert (await chat.says("tax card"))[0].language == "pl"


@pytest.mark.parametrize(("said", "consent"), [("yes", "given"), ("no", "declined")])
async def test_consent_is_given_or_declined_in_words(chat: Chat, said: str, consent: str) -> None:
    await chat.says("How do I get a tax card?")
    assert await chat.says(said)
    assert await chat.rows("select consent from recruits") == [(consent,)]


async def test_all_data_are_deleted_on_request(chat: Chat) -> None:
    await chat.presses("consent:yes")
    await chat.says("How do I get a tax card?")
    asked = await chat.says("delete my data please")
    assert payloads(asked) == ["forget:yes", "forget:no"]

    assert await chat.says("yes")
    kept = await chat.rows("select text from inbound")
    assert "tax card" not in str(kept)


async def test_data_are_kept_when_the_answer_is_no(chat: Chat) -> None:
    await chat.presses("consent:yes")
    await chat.says("How do I get a tax card?")
    await chat.says("delete my data please")
    assert await chat.says("no")
    assert "tax card" in str(await chat.rows("select text from inbound"))


async def test_when_rasa_says_nothing_the_person_hears_an_apology(chat: Chat) -> None:
    """Rasa reports its own failures as an empty list."""
    chat.services.engine = _Failing(chat.services.engine)

    replies = await chat.says("How do I get a tax card?")

    assert "went wrong" in replies[0].text
    assert "mentor" in payloads(replies)


class _Failing:
    """The real engine, asked for what makes Rasa fail: a message without text."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def next_acts(self, **asked: Any) -> list[acts.Act]:
        return await self.engine.next_acts(**{**asked, "text": None})

    async def ready(self) -> bool:
        return await self.engine.ready()


# --- yes and no in the light of what was asked ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pending", "text", "act"),
    [
        ("mentor", "yes", acts.MessageMentor()),
        ("mentor", "no", acts.Say(acts.Smalltalk.ACKNOWLEDGED)),
        ("forget", "yes", acts.DeleteDataConfirmed()),
        ("forget", "no", acts.DeleteDataKept()),
        ("consent", "yes", acts.Consent(True)),
        ("consent", "no", acts.Consent(False)),
        ("answered", "no", acts.NotThat()),
        ("which", "no", acts.NotThat()),
        ("none", "yes", acts.Say(acts.Smalltalk.ACKNOWLEDGED)),
        ("none", "no", acts.Say(acts.Smalltalk.ACKNOWLEDGED)),
    ],
)
async def test_a_bare_yes_or_no(engine: Engine, pending: str, text: str, act: acts.Act) -> None:
    assert await engine.next_acts(**{**ASK, "pending": pending, "text": text}) == [act]


# --- what is recorded, logged, kept --------------------------------------------------------------------------------

SAID = {
    "answer_topics": ("none", "How do I get a tax card? And how do I open a bank account?"),
    "ask_which": ("none", "nurse authorisation"),
    "unsure": ("none", "where can I fish"),
    "decline": ("none", "what will the weather be tomorrow"),
    "say": ("none", "hello"),
    "consent": ("consent", "yes"),
    "help": ("none", "help"),
    "offer_mentor": ("none", "I want to talk to a person"),
    "message_mentor": ("mentor", "yes"),
    "not_that": ("answered", "that was not it"),
    "set_language": ("none", "please write in polish"),
    "export_data": ("none", "show me everything you have stored about me"),
    "delete_data": ("none", "delete my data"),
    "delete_data_confirmed": ("forget", "yes"),
    "delete_data_kept": ("forget", "no"),
    "show_checklist": ("none", "show me my checklist"),
    "next_task": ("none", "what is my next task"),
    "complete_task": ("none", "I have done that task, tick it off"),
    "skip_task": ("none", "skip this task"),
    "undo": ("none", "undo that"),
    "show_progress": ("none", "how far am I with my checklist"),
    "set_reminder": ("none", "remind me tomorrow at nine"),
    "list_reminders": ("none", "which reminders do I have"),
    "cancel_reminder": ("none", "cancel the reminder"),
    "pause_reminders": ("none", "pause my reminders"),
    "set_profile": ("none", "I am a nurse from the Philippines"),
    "explain_task": ("none", "why do I need this step"),
    "change_reminder": ("none", "move my reminder to friday"),
    "resume_reminders": ("none", "turn my reminders on again"),
    "fewer_reminders": ("none", "fewer reminders please"),
    "share_checklist": ("none", "put my list in my calendar"),
}


def test_every_act_is_said() -> None:
    assert set(SAID) == acts.NAMES


@pytest.mark.parametrize("name", SAID)
async def test_recordings_are_what_rasa_says(rasa: Rasa, name: str) -> None:
    """To record an answer anew, delete its file and run this twice."""
    pending, text = SAID[name]
    body = {"sender": "1", "message": text, "metadata": {"language": "en", "pending": pending, "audience": "recruit"}}
    async with aiohttp.ClientSession() as session, session.post(f"{rasa.url}/webhooks/rest/webhook", json=body) as got:
        said = await got.json()
    assert [message["custom"]["act"] for message in said] == [name]

    path = PAYLOADS / f"{name}.json"
    if not path.exists():
        path.write_text(json.dumps(said, ensure_ascii=False, indent=2) + "\n")
        pytest.fail(f"{path} was not there and is recorded now; look at it and run this again.")
    assert [shape(message) for message in said] == [shape(message) for message in json.loads(path.read_text())]


def shape(message: dict[str, Any]) -> dict[str, Any]:
    """Which fields there are, of which type; which topics they name, and whether any is near, changes with the training."""
    custom = {key: type(value) for key, value in message["custom"].items() if key != "alternatives"}
    return {"keys": sorted(message), "custom": custom}


async def test_nothing_of_what_was_written_stands_in_rasas_log(rasa: Rasa, engine: Engine) -> None:
    for number, text in enumerate(("how do I get a tax card", "/restart", "qqq", "{x}", "delete my data")):
        await engine.next_acts(**{**ASK, "text": f"{text} Zanzibarmarmelade{number}"})
    await _fails(rasa, "Zanzibarmarmelade")
    assert "could not be understood" in rasa.log, "a failure is logged"
    assert "zanzibar" not in rasa.log.lower()


async def _fails(rasa: Rasa, text: str) -> None:
    async with aiohttp.ClientSession() as session:
        for body in ({"sender": "1", "message": [text]}, {"message": text}, [text]):
            async with session.post(f"{rasa.url}/webhooks/rest/webhook", json=body) as answer:
                assert await answer.json() == []


async def test_rasas_memory_does_not_grow_with_the_conversation(rasa: Rasa, engine: Engine) -> None:
    process = psutil.Process(rasa.pid)

    async def talk(first: int, count: int) -> list[float]:
        sizes = []
        for number in range(first, first + count):
            await engine.next_acts(**{**ASK, "sender": "same", "text": f"how do I get a tax card number {number}"})
            sizes.append(process.memory_info().rss / 2**20)
        return sizes

    await talk(0, 50)
    sizes = await talk(50, 300)
    grown = statistics.median(sizes[-20:]) - statistics.median(sizes[:20])
    assert grown < 20, f"Rasa grew by {grown:.0f} MB over 300 messages"
