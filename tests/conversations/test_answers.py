"""What a person sees for each act, with the whole path in between except the engine."""

import asyncio
from dataclasses import replace

import pytest

from bot.think import UNREADABLE
from core import acts
from core.messages import Kind
from i18n.languages import LANGUAGES
from knowledge.library import Library
from tests.support.fakes import FixedShelf
from tests.support.talk import Chat


async def test_a_question_is_answered_with_title_source_date_and_next_buttons(chat: Chat) -> None:
    chat.engine.will(acts.AnswerTopics(("tax-card",), ("nemkonto",), 0.97))
    chat.hint = "tl"

    card, consent = await chat.says("pano kumuha ng tax card?")

    assert card.language == "fil"
    assert "skattekort" in card.text
    assert "55" in card.text, "the figure stands where the reference was"
    assert "{" not in card.text + card.footer + card.title
    assert "https://" in card.footer
    assert "2026" in card.footer or "2025" in card.footer
    assert card.rate
    payloads = [button.payload for button in card.buttons]
    assert "not_that" in payloads
    assert any(payload.startswith("topic:") for payload in payloads)
    assert [button.payload for button in consent.buttons] == ["consent:yes", "consent:no"]


async def test_consent_is_asked_once(chat: Chat) -> None:
    chat.engine.will(acts.AnswerTopics(("tax-card",)))
    chat.engine.will(acts.AnswerTopics(("nemkonto",)))

    assert len(await chat.says("how do I get a tax card")) == 2
    assert len(await chat.says("what is a nemkonto account")) == 1


async def test_several_questions_are_answered_in_order(chat: Chat) -> None:
    chat.engine.will(acts.AnswerTopics(("tax-card", "open-bank-account"), (), 0.9))

    first, second, _ = await chat.says("How do I get a tax card? And how do I open a bank account?")

    assert "tax card" in first.title.lower()
    assert "bank" in second.title.lower()
    assert "not_that" not in [button.payload for button in first.buttons]
    assert "not_that" in [button.payload for button in second.buttons]


async def test_two_close_candidates_lead_to_the_question_written_for_the_pair(chat: Chat, library: Library) -> None:
    chat.engine.will(acts.AskWhich(("tax-card", "no-tax-card-55-percent"), 0.5))

    question, _ = await chat.says("I need help with tax on my card please")

    assert question.text == library.text("tax-card", "en")[0].near["no-tax-card-55-percent"]
    assert [button.payload for button in question.buttons][:2] == ["topic:tax-card", "topic:no-tax-card-55-percent"]


async def test_unsure_says_so_suggests_and_offers_a_mentor(chat: Chat) -> None:
    chat.engine.will(acts.Unsure(("tax-card", "nemkonto"), 0.2))

    reply, _ = await chat.says("what about the blue thing from the office")

    payloads = [button.payload for button in reply.buttons]
    assert payloads == ["topic:tax-card", "topic:nemkonto", "mentor"]


async def test_an_unanswered_question_is_kept_for_the_editors_with_consent_only(chat: Chat) -> None:
    chat.engine.will(acts.Unsure((), 0.1))
    await chat.says("first unknown question here")
    assert await chat.rows("select text from unanswered") == []

    await chat.presses("consent:yes")
    chat.engine.will(acts.Unsure(("tax-card",), 0.1))
    await chat.says("second unknown question, my cpr is 010190-1234")

    ((text, candidates),) = await chat.rows("select text, candidates from unanswered")
    assert text == "second unknown question, my cpr is [CPR]"
    assert candidates == ["tax-card"]


async def test_not_that_offers_the_next_candidates(chat: Chat) -> None:
    chat.engine.will(acts.AnswerTopics(("tax-card",), ("no-tax-card-55-percent", "nemkonto"), 0.95))
    await chat.says("how do I get the tax card")

    (reply,) = await chat.presses("not_that")

    assert [button.payload for button in reply.buttons] == ["topic:no-tax-card-55-percent", "topic:nemkonto", "mentor"]
    (card,) = await chat.presses("topic:nemkonto")
    assert "NemKonto" in card.title


async def test_a_failure_of_the_engine_is_said_and_a_mentor_offered(chat: Chat) -> None:
    chat.engine.will_fail()

    reply, _ = await chat.says("how do I get a tax card")

    assert "went wrong" in reply.text
    assert [button.payload for button in reply.buttons] == ["mentor"]


async def test_commands_and_buttons_work_without_the_engine(chat: Chat) -> None:
    for command in ("start", "help", "language", "mentor", "mydata", "forget"):
        assert await chat.commands(command), command
    for payload in ("topic:tax-card", "language:pl", "mentor:no", "not_that"):
        assert await chat.presses(payload), payload
    assert chat.engine.asked == []


async def test_a_person_asks_for_a_person(chat: Chat) -> None:
    chat.engine.will(acts.OfferMentor())
    (offer,) = await chat.says("I want to talk to a person")
    assert [button.payload for button in offer.buttons] == ["mentor:yes", "mentor:no"]

    chat.engine.will(acts.MessageMentor())
    (noted,) = await chat.says("yes please do that")

    assert chat.engine.asked[-1].pending == "mentor"
    assert "mentor" in noted.text
    assert await chat.rows("select reason from handovers") == [("asked",)]


async def test_asking_twice_for_a_mentor_is_one_request(chat: Chat) -> None:
    await chat.presses("mentor:yes")
    await chat.presses("mentor:yes")
    assert len(await chat.rows("select 1 from handovers")) == 1


@pytest.mark.parametrize("language", LANGUAGES)
async def test_danger_comes_before_the_engine_in_every_language(chat: Chat, language: str) -> None:
    await chat.presses(f"language:{language}")

    replies = await chat.says("I want to die")

    assert "112" in replies[0].text
    assert replies[0].language == language
    assert "mentor:yes" in [button.payload for button in replies[0].buttons]
    assert chat.engine.asked == []


async def test_cutting_the_grass_is_no_threat(chat: Chat) -> None:
    await chat.says("skal jeg selv slå græsset i haven?")
    assert len(chat.engine.asked) == 1


async def test_a_cpr_number_is_removed_before_storage_and_the_person_told(chat: Chat) -> None:
    (note,) = await chat.says("010190-1234")

    assert "CPR" in note.text
    assert chat.engine.asked == []
    stored = await chat.rows("select to_jsonb(i)::text || to_jsonb(o)::text from inbound i, outbound o")
    assert "010190" not in str(stored)


async def test_a_clear_switch_of_language_is_followed_and_said_once(chat: Chat) -> None:
    await chat.says("How do I find a home to rent in Odense?")

    note, _ = await chat.says("Proszę po polsku, jak mogę znaleźć mieszkanie do wynajęcia w Odense?")
    assert note.language == "pl"
    assert "polski" in note.text.lower()

    replies = await chat.says("A ile kosztuje kaucja za mieszkanie?")
    assert all("polski" not in reply.text.lower() for reply in replies)


async def test_one_word_and_stickers_never_flip_the_language(chat: Chat) -> None:
    await chat.says("Jak mogę znaleźć mieszkanie do wynajęcia w Odense?")
    await chat.says("ok")
    await chat.sends(Kind.STICKER)
    await chat.says("skattekort")
    assert await chat.rows("select language from recruits") == [("pl",)]


@pytest.mark.parametrize("words", ["👍", "??", "...", "🤷‍♀️"])
async def test_a_message_without_words_is_never_met_with_silence(chat: Chat, words: str) -> None:
    (reply,) = await chat.says(words)
    assert reply.text
    assert chat.engine.asked == []


async def test_what_was_masked_does_not_reach_the_engine(chat: Chat) -> None:
    await chat.says("my cpr is 010190-1234 where is my tax card")
    assert chat.engine.asked[0].text.split() == ["my", "cpr", "is", "where", "is", "my", "tax", "card"]


@pytest.mark.parametrize("kind", UNREADABLE)
async def test_what_we_cannot_read_is_answered_politely(chat: Chat, kind: Kind) -> None:
    (reply,) = await chat.sends(kind)
    assert reply.text
    assert chat.engine.asked == []


async def test_a_text_not_written_in_the_language_comes_in_english_and_says_so(chat: Chat) -> None:
    library = await chat.services.shelf.library()
    lacking = {key: text for key, text in library.texts.items() if key != ("tax-card", "uk")}
    chat.services.shelf = FixedShelf(replace(library, texts=lacking))
    await chat.presses("language:uk")
    card, _ = await chat.presses("topic:tax-card")
    assert card.language == "en"
    assert "українськ" in card.text.lower()
    assert "skattekort" in card.text


@pytest.mark.parametrize("command", acts.Journey)
async def test_every_command_of_the_list_is_answered_to_a_stranger(chat: Chat, command: acts.Journey) -> None:
    chat.engine.will(acts.JourneyCommand(command))
    (reply,) = await chat.says("please do that for my checklist")
    assert reply.text


@pytest.mark.parametrize("reason", acts.Decline)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_declining_is_kind_and_in_the_language(chat: Chat, reason: acts.Decline, language: str) -> None:
    await chat.presses(f"language:{language}")
    chat.engine.will(acts.DeclineIt(reason))
    (reply,) = await chat.says("xyz 123")
    assert reply.language == language
    assert reply.text


async def test_a_mentor_is_speaking_so_the_bot_is_silent(chat: Chat) -> None:
    await chat.commands("start")
    async with chat.services.database.begin() as connection:
        from sqlalchemy import text

        await connection.execute(text("update conversations set owner = 'mentor', epoch = epoch + 1"))
    assert await chat.says("are you there, mentor?") == []


async def test_messages_in_a_burst_are_answered_as_one(chat: Chat) -> None:
    from bot import turns
    from core.messages import Inbound

    for number, words in enumerate(("hi", "i have a question", "where do i get the tax card")):
        inbound = Inbound("fake", "anna", f"burst{number}", Kind.TEXT, chat.services.now(), words)
        conversation_id = await turns.receive(chat.services, inbound)
    assert conversation_id is not None
    await turns.handle(chat.services, conversation_id)

    assert [asked.text for asked in chat.engine.asked] == ["hi\ni have a question\nwhere do i get the tax card"]


async def test_the_same_update_twice_is_answered_once(chat: Chat) -> None:
    from bot import turns
    from core.messages import Inbound

    inbound = Inbound("fake", "anna", "same", Kind.TEXT, chat.services.now(), "how do i get a tax card")
    first = await turns.receive(chat.services, inbound)
    assert first is not None
    await turns.handle(chat.services, first)
    assert await turns.receive(chat.services, inbound) is None
    await turns.handle(chat.services, first)
    assert len(chat.engine.asked) == 1


async def test_many_people_at_once_are_all_answered(chat: Chat) -> None:
    """More turns than there are connections in the pool: they queue, they do not block each other."""
    people = [Chat(chat.services, address=f"person {number}") for number in range(60)]
    answers = await asyncio.gather(*(person.commands("help") for person in people))
    assert all(len(replies) == 1 for replies in answers)


async def test_unsure_but_a_danish_word_of_the_question_is_explained(chat: Chat) -> None:
    chat.engine.will(acts.Unsure((), 0.1))
    reply, _ = await chat.says("what is a folkeregister exactly")
    assert "*folkeregister* = national population register" in reply.text
    assert "FOLK-uh-reh-gis-ter" in reply.text


SPANISH = "¿Cómo consigo la tarjeta fiscal en Dinamarca, por favor?"


DUTCH = "Hoe krijg ik een belastingkaart in Denemarken, alstublieft?"


async def test_a_language_we_understand_but_do_not_write_is_told_once_in_that_language(chat: Chat) -> None:
    chat.engine.will(acts.AnswerTopics(("tax-card",)))
    chat.engine.will(acts.AnswerTopics(("nemkonto",)))
    note, card, _ = await chat.says(SPANISH)
    assert (note.language, card.language) == ("es", "en")
    assert "español" in note.text
    assert [asked.language for asked in chat.engine.asked] == ["es"]
    assert len(await chat.says("¿Y qué es una cuenta NemKonto, por favor?")) == 1


async def test_a_language_we_do_not_know_is_named_in_english(chat: Chat) -> None:
    chat.engine.will(acts.AnswerTopics(("tax-card",)))
    note, card, _ = await chat.says(DUTCH)
    assert "Dutch" in note.text
    assert card.language == "en"


async def test_what_is_none_of_our_business_is_declined_in_the_language_we_understand(chat: Chat) -> None:
    chat.engine.will(acts.DeclineIt(acts.Decline.OUT_OF_SCOPE))
    note, declined = await chat.says("¿Cómo se cocina una paella, por favor?")
    assert (note.language, declined.language) == ("es", "en")


async def test_a_language_we_do_not_understand_is_asked_for_another(chat: Chat) -> None:
    chat.engine.will(acts.DeclineIt(acts.Decline.OUT_OF_SCOPE))
    reply, *_ = await chat.says(DUTCH)
    payloads = [button.payload for button in reply.buttons]
    assert payloads == [*(f"language:{code}" for code in LANGUAGES), "mentor"]


async def test_exploitation_is_answered_and_a_human_offered_at_once(chat: Chat) -> None:
    chat.engine.will(acts.AnswerTopics(("au-pair-rules",), (), 0.8))
    warning, card, *_ = await chat.says("I am an au pair and my boss took my passport")
    assert warning.text.startswith("⚠")
    assert "mentor:yes" in [button.payload for button in warning.buttons]
    assert card.about == "au-pair-rules"


async def test_danger_that_the_engine_does_not_understand_gets_its_own_topic(chat: Chat) -> None:
    chat.engine.will(acts.Unsure((), 0.1))
    warning, card, *_ = await chat.says("my boss took my passport")
    assert warning.text.startswith("⚠")
    assert card.about == "exploitation-help"


async def test_danger_is_answered_when_the_engine_fails(chat: Chat) -> None:
    chat.engine.will_fail()
    warning, card, *_ = await chat.says("my boss took my passport")
    assert warning.text.startswith("⚠")
    assert card.about == "exploitation-help"


async def test_where_every_second_counts_nothing_is_added(chat: Chat) -> None:
    replies = await chat.says("i want to die")
    assert len([reply for reply in replies if not reply.buttons or reply.buttons[0].payload != "consent:yes"]) == 1
    assert chat.engine.asked == []


async def test_a_list_that_was_refused_is_not_shown_again(chat: Chat) -> None:
    chat.engine.will(acts.AskWhich(("tax-card", "nemkonto"), 0.4))
    await chat.says("what about the money thing")
    (reply,) = await chat.presses("not_that")
    assert [button.payload for button in reply.buttons] == ["mentor"]
