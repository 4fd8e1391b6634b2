"""Answers that fit the person: one question with buttons first, remembered with consent."""

import pytest

from core import acts
from knowledge.library import Library
from tests.support.talk import Chat

ABOUT = "cpr-registration"  # differs by origin


async def profile(chat: Chat) -> dict[str, str]:
    (row,) = await chat.rows("select profile from recruits")
    return dict(row[0])


async def asks_about_cpr(chat: Chat) -> None:
    chat.engine.will(acts.AnswerTopics((ABOUT,), (), 0.97))
    await chat.says("how do i get the cpr number")


async def test_what_the_answer_depends_on_is_asked_first(chat: Chat, library: Library) -> None:
    chat.engine.will(acts.AnswerTopics((ABOUT,), ("tax-card",), 0.97))
    question, _ = await chat.says("how do i get the cpr number")
    assert question.title == library.title(ABOUT, "en"), "what was understood leads"
    assert "citizenship" in question.text
    assert [button.payload for button in question.buttons] == [
        f"is:{mark}:{ABOUT}" for mark in ("nordic", "eu", "non-eu", "all")
    ]


async def test_the_answer_holds_the_lines_for_this_reader_only(chat: Chat) -> None:
    await asks_about_cpr(chat)
    (card,) = await chat.presses(f"is:eu:{ABOUT}")
    assert "EU residence document" in card.text
    assert "@" not in card.text
    assert "Nordic" not in card.text
    assert "For: EU, EEA and Swiss citizens" in card.footer
    assert f"is:?:{ABOUT}" in [button.payload for button in card.buttons]


async def test_show_me_all_labels_each_line(chat: Chat) -> None:
    await asks_about_cpr(chat)
    (card,) = await chat.presses(f"is:all:{ABOUT}")
    assert "**EU, EEA and Swiss citizens:**" in card.text
    assert "**Nordic citizens:**" in card.text


async def test_it_is_remembered_once_consent_is_given(chat: Chat) -> None:
    await asks_about_cpr(chat)
    await chat.presses(f"is:eu:{ABOUT}")
    assert await profile(chat) == {}
    await chat.presses("consent:yes")
    assert await profile(chat) == {"origin": "eu"}

    chat.engine.will(acts.AnswerTopics(("permit-which-route",), (), 0.97))
    (card,) = await chat.says("do i need a permit to work here")
    assert card.rate, "answered at once"


async def test_with_consent_it_is_remembered_at_once(chat: Chat) -> None:
    await chat.presses("consent:yes")
    await asks_about_cpr(chat)
    await chat.presses(f"is:non-eu:{ABOUT}")
    assert await profile(chat) == {"origin": "non-eu"}


async def test_without_consent_it_serves_this_answer_only(chat: Chat) -> None:
    await chat.presses("consent:no")
    await asks_about_cpr(chat)
    (card,) = await chat.presses(f"is:eu:{ABOUT}")
    assert card.rate
    assert await profile(chat) == {}
    (row,) = await chat.rows("select state from conversations")
    assert "told" not in row[0]


async def test_declining_consent_drops_what_was_told(chat: Chat) -> None:
    await asks_about_cpr(chat)
    await chat.presses(f"is:eu:{ABOUT}")
    await chat.presses("consent:no")
    (row,) = await chat.rows("select state from conversations")
    assert "told" not in row[0]
    assert await profile(chat) == {}


@pytest.mark.parametrize(
    ("language", "typed", "shown"),
    [
        ("en", "I'm from India", "permit"),
        ("en", "poland", "EU residence document"),
        ("en", "Citizens of other countries", "permit"),
        ("en", "Norway!", "Nordic citizen"),
        ("pl", "Polska", "UE"),
        ("hi", "भारत", "परमिट"),
    ],
)
async def test_a_typed_answer_counts_as_well(chat: Chat, language: str, typed: str, shown: str) -> None:
    await chat.presses(f"language:{language}")
    await asks_about_cpr(chat)
    asked = len(chat.engine.asked)
    (card,) = await chat.says(typed)
    assert card.rate
    assert shown in card.text
    assert len(chat.engine.asked) == asked, "no engine is needed"


async def test_two_kinds_of_countries_are_no_answer(chat: Chat) -> None:
    await asks_about_cpr(chat)
    asked = len(chat.engine.asked)
    await chat.says("born in Kenya but German passport, living in Germany")
    assert len(chat.engine.asked) == asked + 1, "understood as a message of its own"


async def test_another_question_instead_of_an_answer_is_a_question(chat: Chat) -> None:
    await asks_about_cpr(chat)
    chat.engine.will(acts.AnswerTopics(("nemkonto",), (), 0.97))
    (card,) = await chat.says("and what is a nemkonto")
    assert "NemKonto" in card.title


async def test_for_another_situation_asks_anew(chat: Chat) -> None:
    await asks_about_cpr(chat)
    await chat.presses(f"is:eu:{ABOUT}")
    (question,) = await chat.presses(f"is:?:{ABOUT}")
    assert "citizenship" in question.text


async def test_a_topic_that_differs_for_nobody_is_answered_at_once(chat: Chat) -> None:
    chat.engine.will(acts.AnswerTopics(("nemkonto",), (), 0.97))
    card, _ = await chat.says("what is a nemkonto")
    assert card.rate


async def test_of_several_questions_none_is_held_back(chat: Chat) -> None:
    chat.engine.will(acts.AnswerTopics((ABOUT, "nemkonto"), (), 0.97))
    first, second, _ = await chat.says("how do i get cpr and what is a nemkonto")
    assert "**Nordic citizens:**" in first.text
    assert second.rate


async def test_where_nobody_can_press_a_button_everything_is_shown(chat: Chat) -> None:
    chat.channel.interactive = False
    chat.engine.will(acts.AnswerTopics((ABOUT,), (), 0.97))
    card, _ = await chat.says("how do i get the cpr number")
    assert "**EU, EEA and Swiss citizens:**" in card.text


async def test_the_municipality_adds_its_own_lines_for_its_people(chat: Chat, library: Library) -> None:
    slug = next(slug for slug in sorted(library.differs_by_municipality) if library.local_lines(slug, "aarhus"))
    card, *_ = await chat.presses(f"topic:{slug}")
    if f"is:all:{slug}" in [button.payload for button in card.buttons]:
        card, *_ = await chat.presses(f"is:all:{slug}")
    assert "**Aarhus:**" not in card.text
    assert f"in:?:{slug}" in [button.payload for button in card.buttons]
    (question,) = await chat.presses(f"in:?:{slug}")
    assert f"in:aarhus:{slug}" in [button.payload for button in question.buttons]
    await chat.presses("consent:yes")
    await chat.presses(f"in:aarhus:{slug}")
    assert (await profile(chat))["kommune"] == "aarhus"
    again = await chat.presses(f"topic:{slug}")
    if f"is:all:{slug}" in [button.payload for button in again[0].buttons]:
        again = await chat.presses(f"is:all:{slug}")
    assert "**Aarhus:**" in again[0].text


@pytest.mark.parametrize("payload", ["is:eu:no-such-topic", "is:zz", "in:aarhus:nope", "in:", "is:"])
async def test_an_old_or_foreign_button_breaks_nothing(chat: Chat, payload: str) -> None:
    replies = await chat.presses(payload)
    assert replies
    assert await profile(chat) == {}
