"""Questions without a good answer: how they get to the board, what editors make of them, and who hears of it."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from bot import announcing, gaps, reminding
from bot.services import Services
from core import acts
from core.days import danish_day
from knowledge.library import Library
from store import editing, people
from store import gaps as stored
from store import progress as places
from store.gaps import Filters, Listed
from tests.support.editors import Editors, editors_of, sends
from tests.support.inbox import Browser
from tests.support.mentors import Mentor, hire
from tests.support.talk import Chat

HOME = "/admin/gaps"
DOG = {
    "en": "How do I register my dog?",
    "ro": "Cum îmi înregistrez câinele?",
    "de": "Wie melde ich meinen Hund an?",
}
FISHING = "Where do I buy a fishing licence?"


@pytest.fixture(autouse=True)
async def nothing_asked(services: Services) -> None:
    async with services.database.begin() as connection:
        for table in ("gaps", "suggestions", "announcements"):
            await connection.execute(text(f"delete from {table}"))


@pytest.fixture
async def office(services: Services) -> AsyncIterator[Editors]:
    async with editors_of(services) as office:
        yield office


@pytest.fixture
async def careful(services: Services) -> AsyncIterator[Editors]:
    """An office in which somebody else publishes."""
    async with editors_of(services, review=True) as office:
        yield office


async def person(services: Services, name: str, language: str = "en", *, consent: str = "given") -> Chat:
    chat = Chat(services, address=name)
    await chat.presses(f"language:{language}")
    await change(services, "update recruits set consent = :consent where id = :id", consent=consent, id=await who(chat))
    return chat


async def who(chat: Chat) -> uuid.UUID:
    ((found,),) = await chat.rows("select recruit_id from addresses where external_id = :own", own=chat.address)
    assert isinstance(found, uuid.UUID)
    return found


async def asks(chat: Chat, question: str, *candidates: str) -> None:
    """Without getting a sure answer."""
    chat.engine.will(acts.Unsure(candidates, 0.2))
    await chat.says(question)


async def three_ask_about_dogs(services: Services, *candidates: str) -> dict[str, Chat]:
    """… and one about something else."""
    chats = {code: await person(services, f"dog-{code}", code) for code in DOG}
    for code, chat in chats.items():
        await asks(chat, DOG[code], *candidates)
    await asks(await person(services, "angler"), FISHING)
    assert await gaps.group_new(services) == 4
    return chats


async def change(services: Services, statement: str, **values: Any) -> None:
    async with services.database.begin() as connection:
        await connection.execute(text(statement), values)


async def collected(services: Services) -> list[tuple[str, str, list[str]]]:
    async with services.database.connect() as connection:
        rows = await connection.execute(text("select kind, text, candidates from unanswered order by id"))
        return [(row.kind, row.text, row.candidates) for row in rows]


async def on_board(services: Services, **filters: Any) -> list[Listed]:
    async with services.database.connect() as connection:
        return await stored.board(connection, Filters(**filters), today=danish_day(services.now()))


async def first_gap(services: Services) -> int:
    return (await on_board(services))[0].gap.id


async def examples(services: Services, slug: str, language: str) -> list[str]:
    async with services.database.connect() as connection:
        found = await editing.published(connection, ("text", slug, language))
    return list(found.data["questions"]) if found else []


async def clock_ticks(services: Services) -> None:
    batches: list[uuid.UUID] = []

    async def defer(batch: uuid.UUID) -> None:
        batches.append(batch)

    await announcing.expand_due(services)
    await reminding.tick(services, defer)
    for batch in batches:
        await reminding.send_batch(services, batch)


def said(response: httpx.Response) -> str:
    assert response.status_code == 303, response.text
    return response.headers["location"].partition("said=")[2]


# --- what is collected ------------------------------------------------------------------------------------------------


async def test_a_question_is_collected_with_consent_only_and_masked(services: Services) -> None:
    await asks(await person(services, "anna"), "May I keep bees, my CPR is 010190-1234?", "find-rental-home")
    await asks(await person(services, "bo", consent="declined"), "May I keep goats?")
    assert await collected(services) == [
        ("unanswered", "May I keep bees, my CPR is [CPR]?", ["find-rental-home"]),
    ]


async def test_the_question_behind_a_thumb_down_is_collected_once_and_goes_with_a_thumb_up(services: Services) -> None:
    anna = await person(services, "anna")
    anna.engine.will(acts.AnswerTopics(("tax-card",), (), 0.99))
    await anna.says("Is my card valid for a boat?")
    ((number,),) = await anna.rows("select max(id) from outbound where body ->> 'rate' = 'true'")

    await anna.presses(f"rate:{number}:-1")
    await anna.presses(f"rate:{number}:-1")
    assert await collected(services) == [("thumb_down", "Is my card valid for a boat?", ["tax-card"])]

    await anna.presses(f"rate:{number}:1")
    assert await collected(services) == []


async def test_a_thumb_down_without_consent_collects_nothing(services: Services) -> None:
    anna = await person(services, "anna", consent="declined")
    anna.engine.will(acts.AnswerTopics(("tax-card",), (), 0.99))
    await anna.says("Is my card valid for a boat?")
    ((number,),) = await anna.rows("select max(id) from outbound where body ->> 'rate' = 'true'")
    await anna.presses(f"rate:{number}:-1")
    assert await collected(services) == []


@pytest.mark.parametrize(("outcome", "rating", "counts"), [("no_answer", None, 1), ("solved", 1, 1), ("solved", 5, 0)])
async def test_what_a_mentor_could_not_solve_is_collected(
    services: Services, outcome: str, rating: int | None, counts: int
) -> None:
    maria = Mentor(services, await hire(services, "Maria"))
    anna = await person(services, "anna")
    anna.engine.will(acts.MessageMentor())
    await anna.says("Nobody can tell me whether I may bring my horse")
    ((conversation,),) = await anna.rows("select conversation_id from handovers")
    await maria.claims(conversation)
    await maria.resolves(conversation, outcome)
    if rating:
        await anna.presses(f"mentor:rate:{rating}")
    found = [(kind, words) for kind, words, _ in await collected(services)]
    assert found == [("not_solved", "Nobody can tell me whether I may bring my horse")] * counts


async def test_who_was_asked_back_and_left_is_found_after_a_day_once(services: Services) -> None:
    anna, bo = await person(services, "anna"), await person(services, "bo")
    for chat in (anna, bo):
        chat.engine.will(acts.AskWhich(("tax-card", "nemkonto"), 0.5))
        await chat.says("Where does my money go?")
    services.now.pass_(hours=23)  # type: ignore[attr-defined]
    assert await gaps.collect_left(services) == 0
    bo.engine.will(acts.AnswerTopics(("nemkonto",), (), 0.99))
    await bo.says("My account, I mean")
    services.now.pass_(hours=2)  # type: ignore[attr-defined]

    assert await gaps.collect_left(services) == 1
    assert await gaps.collect_left(services) == 0
    assert await collected(services) == [("left", "Where does my money go?", ["tax-card", "nemkonto"])]


async def test_not_what_i_meant_collects_the_question_when_nothing_else_is_known(services: Services) -> None:
    anna = await person(services, "anna")
    anna.engine.will(acts.AnswerTopics(("tax-card",), (), 0.99))
    await anna.says("Is my card valid for a boat?")
    await anna.presses("not_that")
    assert [(kind, words) for kind, words, _ in await collected(services)] == [
        ("unanswered", "Is my card valid for a boat?")
    ]


# --- groups -----------------------------------------------------------------------------------------------------------


async def test_three_people_who_ask_the_same_in_three_languages_stand_above_one(services: Services) -> None:
    await three_ask_about_dogs(services)
    first, second = await on_board(services)
    assert (first.people, first.questions, first.languages) == (3, 3, ("de", "en", "ro"))
    assert (second.people, second.questions) == (1, 1)
    assert await gaps.group_new(services) == 0


async def test_one_person_who_asks_often_is_one_person(services: Services) -> None:
    anna = await person(services, "anna")
    for _ in range(4):
        await asks(anna, FISHING)
    await gaps.group_new(services)
    (only,) = await on_board(services)
    assert (only.people, only.questions) == (1, 4)


async def test_a_near_deadline_comes_before_more_people(services: Services) -> None:
    chats = await three_ask_about_dogs(services)
    angler, today = Chat(services, address="angler"), danish_day(services.now())
    near = places.Place("arrival-week", 1, 9, today + timedelta(days=2), today + timedelta(days=3), [])
    late = places.Place("arrival-week", 1, 9, None, today + timedelta(days=300), [])
    async with services.database.begin() as connection:
        for chat, place in ((angler, near), (chats["en"], late)):
            await places.keep(connection, {await who(chat): place}, now=services.now())
    assert [each.people for each in await on_board(services)] == [3, 1], "one urgent person is like three who are not"
    async with services.database.begin() as connection:
        await connection.execute(text("delete from recruits where id = :id"), {"id": await who(chats["ro"])})
    assert [each.people for each in await on_board(services)] == [1, 2]


async def test_groups_are_merged_at_night_but_not_what_an_editor_took_apart(services: Services) -> None:
    await three_ask_about_dogs(services)
    number = await first_gap(services)
    await change(services, "insert into gaps (created_at) values (now())")  # nothing is in it
    await change(
        services,
        "with new as (insert into gaps (created_at) values (now()) returning id) update unanswered set gap_id = new.id "
        "from new where language = 'ro'",
    )
    assert await gaps.regroup(services) == 1
    assert [each.questions for each in await on_board(services)] == [3, 1]
    async with services.database.begin() as connection:
        taken = (await stored.questions(connection, number))[0]
        assert await stored.take_out(connection, number, taken.id, now=services.now())
    assert await gaps.regroup(services) == 0
    assert sorted(each.questions for each in await on_board(services)) == [1, 1, 2]


async def test_whoever_is_forgotten_takes_their_question_along(services: Services) -> None:
    await asks(await person(services, "anna"), FISHING)
    await gaps.group_new(services)
    await change(services, "delete from recruits")
    assert await collected(services) == []
    assert await on_board(services) == []
    await gaps.regroup(services)
    async with services.database.connect() as connection:
        assert (await connection.execute(text("select count(*) from gaps"))).scalar() == 0


# --- the board --------------------------------------------------------------------------------------------------------


async def test_the_board_shows_each_question_in_its_language(office: Editors) -> None:
    await three_ask_about_dogs(office.services, "tax-card")
    page = await office["Ed"].get(HOME)
    assert '<bdi lang="ro">Cum îmi înregistrez câinele?</bdi>' in page.text
    assert "2 groups of questions" in page.text
    assert "How do I get a tax card" in page.text
    assert f"/admin/answers/new?gap={await first_gap(office.services)}" in page.text


@pytest.mark.parametrize(
    ("filters", "there"),
    [
        ({"language": "ro"}, True),
        ({"language": "pl"}, False),
        ({"kind": "unanswered"}, True),
        ({"kind": "left"}, False),
        ({"theme": "tax"}, True),
        ({"theme": "danish"}, False),
        ({"status": "answered"}, False),
        ({"status": "nonsense", "page": "nonsense"}, True),
    ],
)
async def test_the_board_is_filtered(office: Editors, filters: dict[str, str], there: bool) -> None:
    await three_ask_about_dogs(office.services, "tax-card")
    page = await office["Ed"].get(HOME, **filters)
    assert page.status_code == 200
    assert ("câinele" in page.text) is there


async def test_an_empty_board_says_what_will_be_here(office: Editors) -> None:
    assert "No question is waiting for you." in (await office["Ed"].get(HOME)).text
    assert "There is none yet." in (await office["Ed"].get(HOME, status="not_ours")).text


async def test_what_people_wrote_is_never_markup(office: Editors) -> None:
    await asks(await person(office.services, "anna"), "<b>bold</b> & <script>fishing</script>")
    await gaps.group_new(office.services)
    for path in (HOME, f"{HOME}/{await first_gap(office.services)}"):
        page = (await office["Ed"].get(path)).text
        assert "&lt;b&gt;bold" in page
        assert "<script>fishing" not in page


# --- what editors do --------------------------------------------------------------------------------------------------


async def test_not_ours_and_back_again(office: Editors) -> None:
    await three_ask_about_dogs(office.services)
    number, ed = await first_gap(office.services), office["Ed"]
    page = await ed.get(HOME)
    assert (
        said(await sends(ed, page, {}, action=f"{HOME}/{number}/not-ours", to=f"{HOME}/{number}/not-ours"))
        == "not_ours"
    )
    assert [each.gap.id for each in await on_board(office.services, status="not_ours")] == [number]
    twice = await ed.send(f"{HOME}/{number}/not-ours")
    assert twice.status_code == 422
    assert said(await ed.send(f"{HOME}/{number}/reopen")) == "reopened"
    assert number in [each.gap.id for each in await on_board(office.services)]
    assert await office.audited() == [("gaps.not_ours", f"gap:{number}"), ("gaps.reopen", f"gap:{number}")]


async def belongs(ed: Browser, number: int, **fields: Any) -> httpx.Response:
    """As the page offers it: what is ticked there is sent."""
    page = await ed.get(f"{HOME}/{number}")
    ticked = [
        part.partition('"')[0] for part in page.text.split('name="question" value="')[1:] if " checked" in part[:80]
    ]
    return await ed.http.post(f"{HOME}/{number}/belongs", data={"csrf": ed.csrf, "question": ticked, **fields})


async def test_questions_become_examples_of_a_topic_at_once_where_nobody_has_to_look(
    office: Editors, library: Library
) -> None:
    await three_ask_about_dogs(office.services)
    number, ed = await first_gap(office.services), office["Ed"]
    answer = await belongs(ed, number, topic=library.title("tax-card", "en"))
    assert said(answer) == "belongs_published"
    for code, question in DOG.items():
        assert question in await examples(office.services, "tax-card", code)
    (kept,) = await on_board(office.services, status="answered")
    assert (kept.gap.id, kept.gap.topic, kept.gap.decided_by) == (number, "tax-card", "Ed")
    async with office.services.database.connect() as connection:
        english = await editing.published(connection, ("text", "tax-card", "en"))
    assert english is not None
    assert english.data["revision"] == library.texts["tax-card", "en"].revision, "translations stay up to date"

    assert said(await ed.send(f"{HOME}/{number}/reopen", examples="yes")) == "reopened"
    for code, question in DOG.items():
        assert question not in await examples(office.services, "tax-card", code)


async def test_where_somebody_else_publishes_they_stand_in_the_draft(careful: Editors) -> None:
    await three_ask_about_dogs(careful.services)
    number = await first_gap(careful.services)
    assert said(await belongs(careful["Ed"], number, slug="tax-card")) == "belongs_draft"
    assert DOG["ro"] not in await examples(careful.services, "tax-card", "ro")
    async with careful.services.database.connect() as connection:
        draft = await editing.draft(connection, ("text", "tax-card", "ro"))
    assert draft is not None
    assert draft.data["questions"][-1] == DOG["ro"]
    assert draft.minor


async def test_an_editor_writes_in_their_own_languages_only(office: Editors) -> None:
    await three_ask_about_dogs(office.services)
    ina = await office.joins("Ina", "editor", languages=("ro",), themes=("tax",))
    number = await first_gap(office.services)
    refused = await belongs(ina, number, slug="find-rental-home")
    assert refused.status_code == 422
    assert "Your account keeps to other languages or themes." in refused.text
    assert said(await belongs(ina, number, slug="tax-card")) == "belongs_published"
    assert DOG["ro"] in await examples(office.services, "tax-card", "ro")
    assert DOG["en"] not in await examples(office.services, "tax-card", "en")


async def test_what_is_masked_or_there_already_is_not_added(office: Editors, library: Library) -> None:
    there = library.texts["tax-card", "en"].questions[0]
    for place, question in enumerate((f"{there.upper()}", "010190-1234", "Where is my tax card, CPR 010190-1234?")):
        await asks(await person(office.services, f"person-{place}"), question, "tax-card")
    await change(office.services, "with g as (insert into gaps (created_at) values (now()) returning id) "
                 "update unanswered set gap_id = g.id from g")  # fmt: skip
    number = await first_gap(office.services)
    assert said(await belongs(office["Ed"], number, slug="tax-card")) == "belongs_published"
    added = set(await examples(office.services, "tax-card", "en")) - set(library.texts["tax-card", "en"].questions)
    assert added == {"Where is my tax card, CPR ?"}


@pytest.mark.parametrize("topic", ["", "no such topic", "\x00"])
async def test_an_unknown_topic_is_said_beside_the_field(office: Editors, topic: str) -> None:
    await three_ask_about_dogs(office.services)
    answer = await belongs(office["Ed"], await first_gap(office.services), topic=topic)
    assert answer.status_code == 422
    assert "Choose a topic from the list." in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert len(await on_board(office.services)) == 2


async def test_a_question_is_taken_out_and_put_back(office: Editors) -> None:
    await three_ask_about_dogs(office.services)
    number, ed = await first_gap(office.services), office["Ed"]
    async with office.services.database.connect() as connection:
        question = (await stored.questions(connection, number))[0]
    out = await ed.send(f"{HOME}/{number}/questions/{question.id}/out")
    assert said(out) == "taken_out"
    own = int(out.headers["location"].split("/")[-1].partition("?")[0])
    assert sorted(each.questions for each in await on_board(office.services)) == [1, 1, 2]
    assert said(await ed.send(f"{HOME}/{own}/questions/{question.id}/move", to=str(number))) == "moved"
    assert sorted(each.questions for each in await on_board(office.services)) == [1, 3]
    for to in ("", "x", "999999999", "9" * 30):
        assert (await ed.send(f"{HOME}/{number}/questions/{question.id}/move", to=to)).status_code == 404


async def test_who_may_look_and_who_may_decide(office: Editors) -> None:
    await three_ask_about_dogs(office.services)
    number = await first_gap(office.services)
    for name, sees, decides in (("Maria", 403, 403), ("Rita", 200, 403), ("Sune", 200, 403), ("Ada", 200, 303)):
        assert (await office[name].get(f"{HOME}/{number}")).status_code == sees
        assert (await office[name].send(f"{HOME}/{number}/not-ours")).status_code == decides
    assert "Not ours" not in (await office["Rita"].get(HOME)).text


# --- telling those who wait -------------------------------------------------------------------------------------------


async def test_only_who_agreed_is_offered_to_be_told(services: Services) -> None:
    anna, bo = await person(services, "anna"), await person(services, "bo", consent="declined")
    await asks(anna, FISHING)
    await asks(bo, FISHING)
    labels = [[button.label for reply in chat.all for button in reply.buttons] for chat in (anna, bo)]
    assert ["Tell me when you know" in shown for shown in labels] == [True, False]


async def test_who_asked_to_be_told_hears_of_a_new_topic_once_in_their_language(
    services: Services, office: Editors, library: Library
) -> None:
    """The office is there so that what is published here is gone afterwards."""
    chats = await three_ask_about_dogs(services)
    for code in ("en", "ro"):
        payload = next(b.payload for r in chats[code].all for b in r.buttons if b.payload.startswith("tell_me:"))
        (noted,) = await chats[code].presses(payload)
        assert noted.text == library.reply("tell_me_noted", code, danish_day(services.now()))
    number = await first_gap(services)
    async with services.database.begin() as connection:
        assert await stored.planned(connection, number, "dogs", staff_id=None)
    assert await gaps.settle(services) == 0, "it is not published yet"

    await publish_topic(services, "dogs", {"en": "Dogs in Denmark", "ro": "Câini în Danemarca"})
    await services.shelf.fresh()
    assert await gaps.settle(services) == 2
    assert await gaps.settle(services) == 0
    await clock_ticks(services)
    await clock_ticks(services)

    for code, title in (("en", "Dogs in Denmark"), ("ro", "Câini în Danemarca")):
        (told,) = chats[code].new()
        assert title in told.text
        assert [button.payload for button in told.buttons if button.payload.startswith("topic:")] == ["topic:dogs"]
    assert chats["de"].new()[1:] == [], "who did not ask to be told is not"
    (kept,) = await on_board(services, status="answered")
    assert kept.gap.topic == "dogs"


async def test_who_has_taken_back_consent_is_not_told(services: Services, office: Editors) -> None:
    anna = await person(services, "anna")
    await asks(anna, FISHING)
    await anna.presses("Tell me when you know")
    await gaps.group_new(services)
    await anna.presses("consent:no")
    async with services.database.begin() as connection:
        await stored.drop_empty(connection)
    assert await on_board(services) == []
    assert await gaps.settle(services) == 0


async def test_a_press_about_somebody_elses_question_changes_nothing(services: Services) -> None:
    anna, bo = await person(services, "anna"), await person(services, "bo")
    await asks(anna, FISHING)
    ((inbound,),) = await anna.rows("select inbound_id from unanswered")
    for payload in (f"tell_me:{inbound}", "tell_me:", "tell_me:x", f"tell_me:{'9' * 40}"):
        assert await bo.presses(payload)
    assert await anna.rows("select wants_answer from unanswered") == [(False,)]


async def test_my_data_shows_what_is_waited_for(services: Services) -> None:
    anna = await person(services, "anna")
    await asks(anna, FISHING)
    await anna.presses("Tell me when you know")
    async with services.database.connect() as connection:
        (kept,) = (await people.export(connection, await who(anna)))["unanswered"]
    assert (kept["kind"], kept["text"], kept["wants_answer"], kept["told_at"]) == ("unanswered", FISHING, True, None)


async def publish_topic(services: Services, slug: str, titles: dict[str, str]) -> None:
    async with services.database.begin() as connection:
        facts = await editing.published(connection, ("topic", "tax-card", ""))
        source = await editing.published(connection, ("text", "tax-card", "en"))
        assert facts is not None
        assert source is not None
        texts = {
            ("text", slug, code): {
                **source.data, "title": title, "questions": [], "near": {},
                **({} if code == "en" else {"revision": None, "from_revision": 1}),
            }
            for code, title in titles.items()
        }  # fmt: skip
        about = {**facts.data, "related": [], "near": []}
        await editing.publish(connection, {("topic", slug, ""): about, **texts}, staff_id=None, now=services.now())


# --- suggestions ------------------------------------------------------------------------------------------------------


async def suggest(services: Services, **fields: Any) -> int:
    values = {"kind": "answer", "topic": "tax-card", "language": "en", "question": "", "text": "", **fields}
    async with services.database.begin() as connection:
        row = await connection.execute(
            text(
                "insert into suggestions (kind, topic, language, question, text, created_at) "
                "values (:kind, :topic, :language, :question, :text, now()) returning id"
            ),
            values,
        )
        return int(row.scalar_one())


async def test_a_mentors_answer_goes_into_the_draft_of_its_topic(office: Editors) -> None:
    number = await suggest(office.services, text="You can also ask at the library.", question="Who helps me?")
    ed = office["Ed"]
    page = await ed.get(f"{HOME}/suggestions")
    assert "You can also ask at the library." in page.text
    accept = f"{HOME}/suggestions/{number}/accept"
    assert said(await sends(ed, page, {}, action=accept, to=accept)) == "accepted"
    async with office.services.database.connect() as connection:
        draft = await editing.draft(connection, ("text", "tax-card", "en"))
    assert draft is not None
    assert draft.data["body"].endswith("\n\nYou can also ask at the library.")
    assert not draft.minor
    assert "/admin/answers/tax-card/en" in (await ed.get(f"{HOME}/suggestions", status="accepted")).text
    assert (await ed.send(accept, topic="tax-card")).status_code == 422
    assert said(await ed.send(f"{HOME}/suggestions/{number}/reopen")) == "waits_again"
    assert said(await ed.send(f"{HOME}/suggestions/{number}/refuse")) == "refused"


async def test_a_mentors_example_needs_a_topic(office: Editors) -> None:
    number = await suggest(office.services, kind="example", topic=None, language="pl", question="Gdzie jest karta?")
    ed, accept = office["Ed"], f"{HOME}/suggestions/{number}/accept"
    refused = await ed.send(accept, topic="")
    assert refused.status_code == 422
    assert "Choose a topic from the list." in refused.text
    assert said(await ed.send(accept, topic="tax-card")) == "accepted"
    async with office.services.database.connect() as connection:
        draft = await editing.draft(connection, ("text", "tax-card", "pl"))
    assert draft is not None
    assert draft.data["questions"][-1] == "Gdzie jest karta?"
