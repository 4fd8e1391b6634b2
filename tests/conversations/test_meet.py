"""Getting to know each other: asked once, skippable, checked at each answer, changeable later."""

from typing import Any

import pytest

from core import acts
from core.acts import Journey, JourneyCommand
from core.messages import Reply
from i18n.languages import LANGUAGES
from tests.support.talk import Chat


@pytest.fixture
async def willing(chat: Chat) -> Chat:
    await chat.presses("consent:yes")
    return chat


async def profile(chat: Chat) -> dict[str, str]:
    (row,) = await chat.rows("select profile from recruits")
    return {name: value for name, value in row[0].items() if value}


async def form(chat: Chat) -> dict[str, Any]:
    (row,) = await chat.rows("select state from conversations")
    return dict(row[0].get("form", {}))


async def changes(chat: Chat, words: str) -> list[Reply]:
    chat.engine.will(JourneyCommand(Journey.SET_PROFILE))
    return await chat.says(words)


def payloads(reply: Reply) -> list[str]:
    return [button.payload for button in reply.buttons]


async def test_a_whole_acquaintance(willing: Chat) -> None:
    (asked,) = await willing.presses("meet:start")
    assert "What may I call you?" in asked.text
    answers = [
        ("Joy Reyes", "passport"),
        ("Philippines", "work"),
        ("nurse", "Who comes"),
        ("my husband and two kids", "When do you arrive"),
        ("3 march", "contract"),
        ("yes on 1 november", "permit"),
        ("not yet", "first working day"),
        ("4/3", "Which day do you mean"),
    ]
    for said, then in answers:
        (asked,) = await willing.says(said)
        assert then in asked.text, said
    (asked,) = await willing.presses("meet:set:first_working_day:2027-04-03")
    assert "municipality" in asked.text
    (asked,) = await willing.says("aarhus")
    assert "mentor" in asked.text
    (last,) = await willing.presses("meet:set:mentor:yes")
    assert "Joy Reyes" in last.text
    assert await profile(willing) == {
        "name": "Joy Reyes",
        "origin": "non-eu",
        "country": "PH",
        "zone": "Asia/Manila",
        "occupation": "nurse",
        "household": "family",
        "arrival": "2027-03-03",
        "contract_signed": "2026-11-01",
        "first_working_day": "2027-04-03",
        "kommune": "aarhus",
        "mentor": "yes",
    }
    assert await form(willing) == {}
    assert willing.engine.asked == [], "no engine is needed for any of it"


async def test_every_question_can_be_skipped(willing: Chat) -> None:
    (asked,) = await willing.presses("meet:start")
    for _ in range(20):
        if "meet:skip" not in payloads(asked):
            break
        (asked,) = await willing.presses("meet:skip")
    assert "This is what I know" in asked.text
    assert await profile(willing) == {}


async def test_it_can_be_left_and_taken_up_again(willing: Chat) -> None:
    await willing.presses("meet:start")
    await willing.says("Joy")
    (reply,) = await willing.presses("meet:stop")
    assert "meet:start" in payloads(reply)
    (asked,) = await willing.presses("meet:start")
    assert "passport" in asked.text, "what is known isn't asked again"


async def test_an_answer_that_does_not_fit_is_asked_about_at_once(willing: Chat) -> None:
    await willing.presses("meet:ask:arrival")
    (asked,) = await willing.says("blue bananas")
    assert "couldn't read a date" in asked.text
    (asked,) = await willing.says("1 march 2031")
    assert "too far away" in asked.text
    (done,) = await willing.says("1 march")
    assert "1 March 2027" in done.text


async def test_a_question_in_between_is_answered_and_the_form_stays(willing: Chat) -> None:
    await willing.presses("meet:start")
    await willing.says("Joy")
    willing.engine.will(acts.AnswerTopics(("tax-card",), (), 0.97))
    (card,) = await willing.says("wait, how do I get a tax card?")
    assert card.rate
    assert "meet:start" in payloads(card)
    (asked,) = await willing.says("india")
    assert "work" in asked.text
    assert (await profile(willing))["zone"] == "Asia/Kolkata"


async def test_danger_comes_before_any_form(willing: Chat) -> None:
    await willing.presses("meet:start")
    (warning, *_) = await willing.says("my husband hits me")
    assert warning.text.startswith("⚠")
    assert "name" not in await profile(willing)


async def test_changing_the_arrival_later(willing: Chat) -> None:
    await willing.presses("meet:set:origin:non-eu")
    (reply,) = await changes(willing, "my arrival is now 3 March")
    assert "Arrival: 3 March 2027" in reply.text
    assert "follow the new day" in reply.text
    assert (await profile(willing))["arrival"] == "2027-03-03"


@pytest.mark.parametrize(
    ("said", "facts"),
    [
        ("i start work 1 april now", {"first_working_day": "2027-04-01"}),
        ("i moved to odense", {"kommune": "odense"}),
        ("my permit runs out 30 june 2028", {"permit_expires": "2028-06-30"}),
        ("im sosu not a nurse sorry", {"occupation": "sosu"}),
        ("call me Joy", {"name": "Joy"}),
        ("my wife comes too", {"household": "couple"}),
    ],
)
async def test_facts_told_in_one_sentence(willing: Chat, said: str, facts: dict[str, str]) -> None:
    await changes(willing, said)
    assert (await profile(willing)).items() >= facts.items()


async def test_what_is_known_is_shown_with_a_way_to_change_each(willing: Chat) -> None:
    await willing.presses("meet:set:household:family")
    (reply,) = await willing.presses("meet:what")
    assert "Household: With children" in reply.text
    (asked,) = await willing.presses("meet:ask:household")
    assert "Who comes" in asked.text
    (done,) = await willing.says("just me")
    assert "Household: Alone" in done.text


async def test_before_consent_it_is_asked_for_and_what_was_told_waits(chat: Chat) -> None:
    chat.engine.will(JourneyCommand(Journey.SET_PROFILE))
    (reply,) = await chat.says("i arrive on 3 march")
    assert payloads(reply) == ["consent:yes", "consent:no"]
    assert await profile(chat) == {}
    (asked,) = await chat.presses("consent:yes")
    assert await profile(chat) == {"arrival": "2027-03-03"}
    assert "What may I call you?" in asked.text


async def test_a_cpr_day_is_a_task_done(willing: Chat) -> None:
    await willing.presses("meet:set:arrival:2026-11-01")
    await willing.presses("meet:ask:cpr_received")
    await willing.says("since last monday")
    rows = await willing.rows("select task, status, day from task_changes")
    assert [(row[0], row[1], row[2].isoformat()) for row in rows] == [("r-register-cpr", "done", "2026-11-16")]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_question_is_there_in_every_language(willing: Chat, language: str) -> None:
    await willing.presses(f"language:{language}")
    (asked,) = await willing.presses("meet:start")
    for _ in range(20):
        assert asked.language == language
        if "meet:skip" not in payloads(asked):
            break
        (asked,) = await willing.presses("meet:skip")


@pytest.mark.parametrize(
    ("language", "said", "day"),
    [
        ("da", "15. marts", "2027-03-15"),
        ("pl", "15 marca", "2027-03-15"),
        ("fil", "15 marso", "2027-03-15"),
        ("uk", "15 березня", "2027-03-15"),
        ("ro", "15 martie", "2027-03-15"),
        ("de", "15.3.", "2027-03-15"),
        ("hi", "15 मार्च", "2027-03-15"),
        ("en", "next week", "2026-11-23"),
    ],
)
async def test_days_in_every_language(willing: Chat, language: str, said: str, day: str) -> None:
    await willing.presses(f"language:{language}")
    await willing.presses("meet:ask:arrival")
    await willing.says(said)
    assert (await profile(willing)).get("arrival") == day
