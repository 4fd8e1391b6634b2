"""The person's own list in the chat: what comes next, done, several at once, not for me, taken back, why, how far."""

import pytest

from core import acts
from core.acts import Journey, JourneyCommand
from core.messages import Reply
from i18n.languages import LANGUAGES
from knowledge.library import Library
from tests.support.talk import Chat


@pytest.fixture
async def nurse(chat: Chat) -> Chat:
    """A nurse from the Philippines, in Denmark since ten days, who agreed that her list may be kept."""
    await chat.presses("consent:yes")
    await knows(chat, origin="non-eu", occupation="nurse", household="single", arrival="2026-11-11")
    await knows(chat, first_working_day="2026-12-01", permit_granted="2026-10-01")
    return chat


async def knows(chat: Chat, **facts: str) -> None:
    for name, value in facts.items():
        await chat.presses(f"meet:set:{name}:{value}")


async def commands(chat: Chat, command: Journey, words: str) -> list[Reply]:
    chat.engine.will(JourneyCommand(command))
    return await chat.says(words)


async def standing(chat: Chat) -> dict[str, str]:
    rows = await chat.rows("select distinct on (task) task, status from task_changes order by task, id desc")
    return {row[0]: row[1] for row in rows}


def payloads(reply: Reply) -> list[str]:
    return [button.payload for button in reply.buttons]


async def test_whats_next_is_a_card_with_its_buttons(nurse: Chat, library: Library) -> None:
    (card,) = await commands(nurse, Journey.NEXT_TASK, "whats next?")
    task = next(p.removeprefix("done:") for p in payloads(card) if p.startswith("done:"))
    assert card.title == library.task_text(task, "en").title
    assert f"skip:{task}" in payloads(card)
    assert f"why:{task}" in payloads(card)
    assert "Source:" in card.footer


async def test_the_list_is_never_a_wall(nurse: Chat) -> None:
    (reply,) = await commands(nurse, Journey.SHOW_CHECKLIST, "show my list")
    assert reply.text.count("\n- ") <= 11
    assert "more come later" in reply.text
    assert "▰" in reply.text
    assert "share" in payloads(reply)


async def test_done_is_kept_and_opens_what_waited(nurse: Chat) -> None:
    (card,) = await nurse.presses("task:r-mitid")
    assert "This waits for" in card.text
    (reply,) = await commands(nurse, Journey.COMPLETE_TASK, "I got my CPR today")
    assert "✓" in reply.text
    assert await standing(nurse) == {"r-register-cpr": "done"}
    (row,) = await nurse.rows("select day from task_changes")
    assert row[0].isoformat() == "2026-11-21"
    (card,) = await nurse.presses("task:r-mitid")
    assert "This waits for" not in card.text


async def test_several_at_once_and_on_another_day(nurse: Chat) -> None:
    await commands(nurse, Journey.COMPLETE_TASK, "got cpr and mitid yesterday!!")
    assert await standing(nurse) == {"r-register-cpr": "done", "r-mitid": "done"}
    assert {row[0].isoformat() for row in await nurse.rows("select day from task_changes")} == {"2026-11-20"}


async def test_undo_takes_back_all_that_was_said_at_once(nurse: Chat) -> None:
    await commands(nurse, Journey.COMPLETE_TASK, "got cpr and mitid yesterday!!")
    (reply,) = await commands(nurse, Journey.UNDO, "undo")
    assert await standing(nurse) == {}
    assert "Back on your list" in reply.text
    (reply,) = await commands(nurse, Journey.UNDO, "undo")
    assert "nothing to take back" in reply.text


async def test_bare_done_means_what_was_shown(nurse: Chat) -> None:
    (card,) = await commands(nurse, Journey.NEXT_TASK, "whats next?")
    task = next(p.removeprefix("done:") for p in payloads(card) if p.startswith("done:"))
    await commands(nurse, Journey.COMPLETE_TASK, "done")
    assert await standing(nurse) == {task: "done"}


async def test_not_for_me_takes_it_off_and_can_be_put_back(nurse: Chat) -> None:
    await commands(nurse, Journey.SKIP_TASK, "i have no car from abroad, car registration not for me")
    assert await standing(nurse) == {"r-register-car": "skipped"}
    (card,) = await nurse.presses("task:r-register-car")
    assert "open:r-register-car" in payloads(card)
    await nurse.presses("open:r-register-car")
    assert await standing(nurse) == {"r-register-car": "open"}


async def test_unclear_done_asks_which(nurse: Chat) -> None:
    (reply,) = await commands(nurse, Journey.COMPLETE_TASK, "i finished it yesterday evening")
    assert reply.text == "Which one have you done?"
    assert {p.partition(":")[0] for p in payloads(reply)} == {"done", "mentor"}
    assert await standing(nurse) == {}


async def test_why(nurse: Chat, library: Library) -> None:
    (reply,) = await commands(nurse, Journey.EXPLAIN_TASK, "why do i need mitid")
    assert reply.title == library.task_text("r-mitid", "en").title
    assert "topic:mitid-get" in payloads(reply)


async def test_a_task_opens_its_topic(nurse: Chat, library: Library) -> None:
    (card,) = await nurse.presses("task:r-mitid")
    assert "topic:mitid-get" in payloads(card)
    (answer,) = await nurse.presses("topic:mitid-get")
    assert answer.title == library.title("mitid-get", "en")


async def test_blocked_says_by_what_and_who(nurse: Chat) -> None:
    (card,) = await nurse.presses("task:r-bank-nemkonto")
    assert "This waits for:" in card.text
    assert "task:r-mitid" in payloads(card)


async def test_what_to_take_along(nurse: Chat, library: Library) -> None:
    (card,) = await nurse.presses("task:r-register-cpr")
    assert "Take with you:" in card.text
    assert library.document("passport", "en") in card.text


async def test_the_legal_limit_is_told_with_its_day(nurse: Chat) -> None:
    (card,) = await nurse.presses("task:r-register-cpr")
    assert "16 November 2026" in card.text, "five days after moving in"
    assert "⚠" in card.text


async def test_how_far(nurse: Chat) -> None:
    (reply,) = await commands(nurse, Journey.SHOW_PROGRESS, "how far am i")
    assert "▱" in reply.text
    assert " done" in reply.text


async def test_nothing_is_kept_without_consent(chat: Chat) -> None:
    (reply,) = await commands(chat, Journey.COMPLETE_TASK, "got my cpr")
    assert [button.payload for button in reply.buttons] == ["consent:yes", "consent:no"]
    assert await standing(chat) == {}
    (reply,) = await chat.presses("consent:yes")
    assert await standing(chat) == {"r-register-cpr": "done"}, "what was wanted is done once it may be"
    assert "✓" in reply.text


async def test_a_typed_yes_goes_on_as_well(chat: Chat) -> None:
    await commands(chat, Journey.COMPLETE_TASK, "got my cpr")
    chat.engine.will(acts.Consent(True))
    (reply,) = await chat.says("yes please")
    assert "✓" in reply.text
    assert await standing(chat) == {"r-register-cpr": "done"}


async def test_a_no_is_respected(chat: Chat) -> None:
    await commands(chat, Journey.COMPLETE_TASK, "got my cpr")
    (reply,) = await chat.presses("consent:no")
    assert "answer all your questions" in reply.text
    assert await standing(chat) == {}


async def test_a_stranger_is_asked_to_begin(chat: Chat) -> None:
    (reply,) = await commands(chat, Journey.SHOW_CHECKLIST, "my list")
    assert "meet:start" in payloads(reply)


async def test_everything_on_the_list_can_be_done_from_the_chat(nurse: Chat, library: Library) -> None:
    """Pressing Done on the next step again and again ends with a finished list."""
    for _ in range(150):
        (card, *_) = await nurse.presses("next")
        step = next((p for p in payloads(card) if p.startswith(("done:", "task:"))), None)
        if step is None:
            break
        await nurse.presses(step.replace("task:", "done:"))
    (reply,) = await nurse.presses("list")
    assert "Everything on your list is done" in reply.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_list_speaks_every_language(nurse: Chat, language: str, library: Library) -> None:
    await nurse.presses(f"language:{language}")
    (card,) = await nurse.presses("next")
    task = next(p.removeprefix("done:") for p in payloads(card) if p.startswith("done:"))
    assert card.title == library.task_text(task, language).title
    (reply,) = await nurse.presses(f"done:{task}")
    assert (
        library.reply("task_done", language, nurse.clock().date(), what=library.task_text(task, language).title)
        in reply.text
    )


async def test_the_engine_is_told_nothing_of_it(nurse: Chat) -> None:
    before = len(nurse.engine.asked)
    await nurse.presses("list")
    assert len(nurse.engine.asked) == before
    assert {command.value for command in Journey} <= acts.NAMES


async def test_a_sentence_that_names_nothing_we_know_is_not_about_what_was_shown(nurse: Chat) -> None:
    await commands(nurse, Journey.NEXT_TASK, "whats next?")
    (reply,) = await commands(nurse, Journey.SKIP_TASK, "we never had a pony, so that is not for me")
    assert reply.text == "Which one is not for you?"
    assert await standing(nurse) == {}


async def test_an_old_button_does_not_move_the_day_on_which_something_was_done(nurse: Chat) -> None:
    await commands(nurse, Journey.COMPLETE_TASK, "got cpr yesterday")
    for payload in ("done:r-register-cpr", "skip:r-register-cpr"):
        (card,) = await nurse.presses(payload)
        assert "open:r-register-cpr" in payloads(card)
    assert await standing(nurse) == {"r-register-cpr": "done"}
    assert [row[0].isoformat() for row in await nurse.rows("select day from task_changes")] == ["2026-11-20"]


async def test_how_far_somebody_is_may_be_shared_and_no_longer(nurse: Chat) -> None:
    nurse.services.private_address = lambda number: f"https://velkommen.test/l/{number}"
    (reply,) = await nurse.presses("share")
    assert "share:yes" in payloads(reply)
    shares = "select profile ->> 'shares_progress' from recruits"
    for press, says, then, kept in (
        ("share:yes", "can see how far you are", "share:no", "yes"),
        ("share:no", "can no longer see", "share:yes", ""),
    ):
        (reply,) = await nurse.presses(press)
        assert says in reply.text
        assert then in payloads(reply)
        assert await nurse.rows(shares) == [(kept,)]


async def test_another_municipality_does_not_see_what_was_shared_with_the_last(nurse: Chat) -> None:
    nurse.services.private_address = lambda number: f"https://velkommen.test/l/{number}"
    (slug, *_) = (await nurse.services.shelf.library()).differs_by_municipality
    await nurse.presses(f"in:odense:{slug}")
    await nurse.presses("share:yes")
    await nurse.presses(f"in:odense:{slug}")
    shares = "select profile ->> 'shares_progress' from recruits"
    assert await nurse.rows(shares) == [("yes",)]

    await nurse.presses(f"in:aarhus:{slug}")
    assert await nurse.rows(shares) == [("",)]


async def test_nothing_is_shared_without_consent(chat: Chat) -> None:
    (reply,) = await chat.presses("share:yes")
    assert "consent:yes" in payloads(reply)
    assert await chat.rows("select id from recruits where profile ? 'shares_progress'") == []
