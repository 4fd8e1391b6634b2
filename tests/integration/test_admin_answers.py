"""Topics and their texts, as editors and reviewers change them; what they publish is what the next message says."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot.services import Services
from core.acts import AnswerTopics
from i18n.languages import LANGUAGES
from knowledge.library import Library
from knowledge.shelf import Shelf
from store import editing
from tests.support.editors import Editors, Form, editors_of, fills
from tests.support.inbox import Browser
from tests.support.talk import Chat

HOME = "/admin/answers"
ENGLISH, POLISH, FACTS = f"{HOME}/tax-card/en", f"{HOME}/tax-card/pl", f"{HOME}/tax-card/topic"
BODY = (
    "You make it online, and you do it yourself. The *skattekort* is digital, so there is no paper to hand over. "
    "Your employer fetches it by your number. It is ready within about {tax-card-wait}. Ask the Tax Agency if you "
    "need help with it, in English or in Danish, on any working day."
)


@pytest.fixture
async def office(services: Services) -> AsyncIterator[Editors]:
    async with editors_of(services) as office:
        yield office


@pytest.fixture
async def careful(services: Services) -> AsyncIterator[Editors]:
    """An office in which somebody else publishes."""
    async with editors_of(services, review=True) as office:
        yield office


async def elsewhere(office: Editors) -> Library:
    """What another process tells, which has just begun."""
    return await Shelf(office.services.sessions).library()


async def does(who: Browser, address: str, step: str, **changes: Any) -> httpx.Response:
    """Opens the editor, writes this in it and presses the button of that step."""
    page = await who.http.get(address)
    assert page.status_code == 200, page.text
    return await presses(who, page, address, step, **changes)


async def presses(who: Browser, page: httpx.Response, address: str, step: str, **changes: Any) -> httpx.Response:
    form = Form(page, "") if step == "discard" else edit_form(page, address)
    body: dict[str, list[str]] = {}
    for name, value in form.filled(changes):
        body.setdefault(name, []).append(value)
    return await who.http.post(f"{address}/{step}", data=body)


def edit_form(page: httpx.Response, address: str) -> Form:
    found = Form(page, f"{address}/save")
    return found if found.fields else Form(page, f"{address}/show")


def said(response: httpx.Response) -> str:
    assert response.status_code == 303, response.text
    return response.headers["location"].partition("said=")[2]


# --- the list ---------------------------------------------------------------------------------------------------------


async def test_everybody_who_works_here_sees_topics_with_the_state_of_each_text(office: Editors) -> None:
    for person in office.people.values():
        page = await person.get(HOME, theme="tax")
        assert page.status_code == 200
        told = re.sub(r"<[^>]+>", "", page.text)
        assert "How do I get a tax card (skattekort)?, Polski: published" in told


async def test_a_topic_is_found_by_words_of_any_language(office: Editors) -> None:
    page = await office["Ed"].get(HOME, q="kartę podatkową")
    assert "/admin/answers/tax-card/pl" in page.text
    nothing = await office["Ed"].get(HOME, q="qqqq zzzz")
    assert "No topic fits." in nothing.text


async def test_filters_stay_in_the_address_from_page_to_page(office: Editors) -> None:
    page = await office["Ed"].get(HOME, state="published", language="pl")
    following = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert following is not None
    address = following[1].replace("&amp;", "&")
    assert "state=published" in address
    assert "language=pl" in address
    assert (await office["Ed"].get(address)).status_code == 200


async def test_drafts_are_found_by_their_state_and_language(office: Editors) -> None:
    await does(office["Ed"], POLISH, "save", title="Nowy tytuł")
    assert "/admin/answers/tax-card/pl" in (await office["Ed"].get(HOME, state="draft", language="pl")).text
    assert "No topic fits." in (await office["Ed"].get(HOME, state="draft", language="de")).text


# --- writing ----------------------------------------------------------------------------------------------------------


async def test_what_is_published_is_the_next_answer_in_every_process(office: Editors, services: Services) -> None:
    answer = await does(office["Ed"], POLISH, "publish", title="Karta podatkowa: jak?", note="krócej")

    assert said(answer) == "published"
    assert (await elsewhere(office)).title("tax-card", "pl") == "Karta podatkowa: jak?"
    chat = Chat(services)
    chat.hint = "pl"
    chat.engine.will(AnswerTopics(("tax-card",), (), 0.97))
    replies = await chat.says("Jak dostać kartę podatkową?")
    assert "Karta podatkowa: jak?" in [reply.title for reply in replies]
    assert ("answers.publish", "text:tax-card/pl") in await office.audited()


async def test_a_draft_is_told_to_nobody(office: Editors) -> None:
    before = (await elsewhere(office)).title("tax-card", "pl")
    assert said(await does(office["Ed"], POLISH, "save", title="Jeszcze nie")) == "saved"

    assert (await elsewhere(office)).title("tax-card", "pl") == before
    page = await office["Eva"].get(POLISH)
    assert 'value="Jeszcze nie"' in page.text
    assert "A draft, not told to anybody yet" in page.text


async def test_a_changed_english_text_asks_whether_translations_have_to_follow(office: Editors) -> None:
    asked = await does(office["Ed"], ENGLISH, "publish", body=BODY)
    assert asked.status_code == 200
    assert "Has the meaning changed?" in asked.text
    assert "You make it online, and you do it yourself." not in (await elsewhere(office)).text("tax-card", "en")[0].body

    assert said(await presses(office["Ed"], asked, ENGLISH, "publish", minor="no")) == "published"
    library = await elsewhere(office)
    assert library.texts["tax-card", "en"].revision == 2
    assert all(library.outdated("tax-card", code) for code in LANGUAGES if code != "en")


async def test_a_minor_edit_carries_the_translations_along(office: Editors) -> None:
    assert said(await does(office["Ed"], ENGLISH, "publish", body=BODY, minor="yes")) == "published"

    library = await elsewhere(office)
    assert library.texts["tax-card", "en"].revision == 1
    assert not library.outdated("tax-card", "pl")


async def test_example_questions_alone_leave_translations_as_they_are_unasked(office: Editors) -> None:
    assert (
        said(await does(office["Ed"], ENGLISH, "publish", questions="- tax card now\ntax card where\ntax card where"))
        == "published"
    )

    published = (await elsewhere(office)).texts["tax-card", "en"]
    assert published.questions == ["tax card now", "tax card where"]
    assert published.revision == 1


async def test_a_translator_sees_what_changed_and_the_translation_is_up_to_date_again(office: Editors) -> None:
    body = (await elsewhere(office)).texts["tax-card", "en"].body
    await does(
        office["Ed"],
        ENGLISH,
        "publish",
        body=body.replace("usually ready at once", "mostly ready in a minute"),
        minor="no",
    )

    page = await office["Eva"].get(POLISH)
    assert "The English text has changed since this was translated." in page.text
    assert re.search(r"<del>.*usually.*</del>", page.text)
    assert re.search(r"<ins>.*mostly.*</ins>", page.text)

    await does(office["Eva"], POLISH, "publish", title="Nowa karta podatkowa")
    library = await elsewhere(office)
    assert library.texts["tax-card", "pl"].from_revision == 2
    assert not library.outdated("tax-card", "pl")
    assert library.outdated("tax-card", "de")


async def test_a_translation_can_be_still_right(office: Editors) -> None:
    await does(office["Ed"], ENGLISH, "publish", body=BODY, minor="no")
    before = (await elsewhere(office)).texts["tax-card", "pl"]

    assert said(await does(office["Eva"], POLISH, "right")) == "still_right"
    after = (await elsewhere(office)).texts["tax-card", "pl"]
    assert after == before.model_copy(update={"from_revision": 2})


async def test_english_that_changed_while_somebody_translated_leaves_the_translation_outdated(office: Editors) -> None:
    page = await office["Eva"].get(POLISH)
    await does(office["Ed"], ENGLISH, "publish", body=BODY, minor="no")

    assert said(await presses(office["Eva"], page, POLISH, "publish", title="Po staremu")) == "published"
    assert (await elsewhere(office)).outdated("tax-card", "pl")


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("title", "", "There is nothing here."),
        ("body", "It costs {no-such-figure}.", "there is no figure {no-such-figure}"),
        ("body", "@martians You wait.", "@martians marks no readers"),
    ],
)
async def test_what_is_wrong_is_not_published_and_stands_beside_its_field(
    office: Editors, field: str, value: str, why: str
) -> None:
    page = await does(office["Ed"], ENGLISH, "publish", **{field: value})

    assert page.status_code == 422
    assert why in page.text.replace("&#39;", "'")
    assert edit_form(page, ENGLISH)[field] == value, "what was typed is kept"
    assert said(await presses(office["Ed"], page, ENGLISH, "save")) == "saved", "it can be kept as a draft all the same"


async def test_nothing_is_published_where_nothing_changed(office: Editors) -> None:
    page = await does(office["Ed"], POLISH, "publish")
    assert page.status_code == 422
    assert "Nothing is different from what is published." in page.text
    assert await office.rows("select 1 from drafts") == []


async def test_a_draft_is_only_thrown_away_with_the_word(office: Editors) -> None:
    await does(office["Ed"], POLISH, "save", title="Weg damit")
    page = await fills(office["Ed"], POLISH, {"word": "yes"}, action=f"{POLISH}/discard")
    assert page.status_code == 422
    assert "Type DELETE" in page.text
    assert said(await fills(office["Ed"], POLISH, {"word": "DELETE"}, action=f"{POLISH}/discard")) == "discarded"
    assert "Weg damit" not in (await office["Ed"].get(POLISH)).text


# --- the preview ------------------------------------------------------------------------------------------------------


async def looks(who: Browser, address: str = ENGLISH, **changes: Any) -> Any:
    page = await who.http.get(address)
    body = dict(edit_form(page, address).filled(changes))
    response = await who.http.post(f"{address}/preview", data=body)
    assert response.status_code == 200, response.text
    return response.json()


async def test_the_preview_shows_both_cards_with_figures_of_the_day(office: Editors) -> None:
    seen = await looks(office["Ed"], body=f"{BODY}\n\n- **First** do this.", title="My title")

    assert "<strong>First</strong>" in seen["html"]
    assert "<b>First</b>" in seen["html"], "Telegram has its own tags"
    assert "{tax-card-wait}" not in seen["html"]
    assert seen["html"].count("My title") == 2
    assert seen["faults"] == {}


async def test_the_preview_is_for_the_reader_who_is_chosen(office: Editors) -> None:
    body = f"{BODY}\n\n@eu Only for the Union.\n\n@non-eu Only for the world."
    seen = await looks(office["Ed"], body=body, reader_origin="eu")
    assert "Only for the Union." in seen["html"]
    assert "Only for the world." not in seen["html"]
    assert seen["html"].count("LIX") >= 3, "how it reads is told for each kind of reader"


async def test_the_preview_names_what_is_wrong_and_shows_the_rest(office: Editors) -> None:
    seen = await looks(office["Ed"], body="See {no-such-figure} <script>alert(1)</script>", title="")
    assert seen["faults"].keys() == {"body", "title"} or seen["faults"].keys() == {"title"}
    assert "⚠ no-such-figure" in seen["html"]
    assert "<script>" not in seen["html"]


async def test_a_translation_is_told_which_figures_it_lacks(office: Editors) -> None:
    seen = await looks(office["Ed"], POLISH, body="Krótko.")
    assert "Other figures than in English" in seen["html"]
    assert "tax-card-wait" in seen["html"]


async def test_without_a_script_a_button_shows_the_same(office: Editors) -> None:
    page = await does(office["Ed"], ENGLISH, "show", body=f"{BODY} Something new.")
    assert page.status_code == 200
    assert page.text.count("Something new.") >= 3
    assert await office.rows("select 1 from drafts") == []


async def test_figures_and_danish_words_can_be_looked_up(office: Editors) -> None:
    found = (await office["Ed"].get(f"{POLISH}/inserts")).json()
    wait = next(each for each in found["figures"] if each["insert"] == "{tax-card-wait}")
    assert wait["label"]
    assert wait["hint"]
    assert any(each["insert"].casefold() == "*skattekort*" for each in found["words"])


# --- review -----------------------------------------------------------------------------------------------------------


async def test_where_a_second_person_publishes_the_writer_cannot(careful: Editors) -> None:
    assert f"{POLISH}/publish" not in (await careful["Ed"].get(POLISH)).text
    refused = await does(careful["Ed"], POLISH, "publish", title="Sam")
    assert refused.status_code in (403, 422)
    assert said(await does(careful["Ed"], POLISH, "submit", title="Sprawdź", note="Proszę")) == "submitted"

    assert (await careful["Ed"].post(f"{POLISH}/approve")).status_code == 403
    waiting = await careful["Rita"].get(HOME)
    assert "Waits for review" in waiting.text
    page = await careful["Rita"].get(POLISH)
    assert "What it changes in what is published" in page.text
    assert said(await presses(careful["Rita"], page, POLISH, "approve")) == "published"
    assert (await elsewhere(careful)).title("tax-card", "pl") == "Sprawdź"
    [row] = await careful.rows("select staff_id, writer_id from revisions order by id desc limit 1")
    assert careful["Rita"].who
    assert careful["Ed"].who
    assert tuple(row) == (careful["Rita"].who.id, careful["Ed"].who.id)


async def test_nobody_publishes_what_they_wrote_themselves(careful: Editors) -> None:
    await does(careful["Ada"], POLISH, "submit", title="Moje własne")
    page = await careful["Ada"].get(POLISH)
    assert f"{POLISH}/approve" not in page.text
    assert (await presses(careful["Ada"], page, POLISH, "approve")).status_code == 403


async def test_who_changes_what_they_review_is_told_that_it_is_another_text(careful: Editors) -> None:
    await does(careful["Ed"], POLISH, "submit", title="Od Eda")
    page = await does(careful["Ada"], POLISH, "approve", title="Od Ady")
    assert page.status_code == 422
    assert edit_form(page, POLISH)["title"] == "Od Ady"
    assert (await elsewhere(careful)).title("tax-card", "pl") not in ("Od Eda", "Od Ady")
    assert said(await does(careful["Ada"], POLISH, "approve")) == "published"


async def test_a_reviewer_sends_back_with_a_reason(careful: Editors) -> None:
    await does(careful["Ed"], POLISH, "submit", title="Prawie")
    assert (await does(careful["Rita"], POLISH, "send-back", note="")).status_code == 422
    assert said(await does(careful["Rita"], POLISH, "send-back", note="Too short")) == "sent_back"

    page = await careful["Ed"].get(POLISH)
    assert "Too short" in page.text
    assert said(await does(careful["Ed"], POLISH, "submit", title="Teraz dobrze")) == "submitted"


async def test_a_reviewer_of_english_says_whether_translations_follow(careful: Editors) -> None:
    await does(careful["Ed"], ENGLISH, "submit", body=BODY)
    asked = await does(careful["Rita"], ENGLISH, "approve")
    assert "Has the meaning changed?" in asked.text
    assert said(await presses(careful["Rita"], asked, ENGLISH, "approve", minor="yes")) == "published"
    assert (await elsewhere(careful)).texts["tax-card", "en"].revision == 1


async def test_what_changed_since_the_reviewer_looked_is_not_published_unseen(careful: Editors) -> None:
    await does(careful["Ed"], POLISH, "submit", title="Pierwszy")
    page = await careful["Rita"].get(POLISH)
    await does(careful["Ed"], POLISH, "submit", title="Drugi")

    assert said(await presses(careful["Rita"], page, POLISH, "approve")) == "changed_meanwhile"
    assert (await elsewhere(careful)).title("tax-card", "pl") not in ("Pierwszy", "Drugi")


async def test_still_right_waits_for_the_second_person_too(careful: Editors) -> None:
    await does(careful["Ed"], ENGLISH, "submit", body=BODY)
    await does(careful["Rita"], ENGLISH, "approve", minor="no")

    assert said(await does(careful["Eva"], POLISH, "right")) == "submitted"
    assert (await elsewhere(careful)).outdated("tax-card", "pl")
    await does(careful["Rita"], POLISH, "approve")
    assert not (await elsewhere(careful)).outdated("tax-card", "pl")


# --- who may what -----------------------------------------------------------------------------------------------------


async def test_an_editor_keeps_to_their_languages_and_is_told_why(office: Editors) -> None:
    pola = await office.joins("Pola", "editor", languages=("pl",))
    page = await pola.get(f"{HOME}/tax-card/de")
    assert "Your account writes in: Polski." in page.text
    assert "/save" not in page.text
    assert (await does(pola, f"{HOME}/tax-card/de", "save", title="Nein")).status_code == 403
    assert said(await does(pola, POLISH, "save", title="Tak")) == "saved"


async def test_an_editor_keeps_to_their_themes(office: Editors) -> None:
    hans = await office.joins("Hans", "editor", themes=("housing",))
    page = await hans.get(POLISH)
    assert "Your account writes about: Housing." in page.text
    assert (await does(hans, POLISH, "save", title="Nie")).status_code == 403
    assert (await does(hans, f"{HOME}/find-rental-home/topic", "save", theme="tax")).status_code == 422


async def test_a_mentor_reads_and_nothing_else(office: Editors) -> None:
    page = await office["Maria"].get(POLISH)
    assert "Your role reads answers." in page.text
    for step in ("save", "publish", "submit", "approve", "discard", "right"):
        assert (await does(office["Maria"], POLISH, step, title="x")).status_code == 403
    assert (await office["Maria"].get(f"{HOME}/new")).status_code == 403


# --- two editors at once ----------------------------------------------------------------------------------------------


async def test_the_second_of_two_editors_sees_both_texts_and_loses_nothing(office: Editors) -> None:
    first, second = await office["Ed"].get(POLISH), await office["Eva"].get(POLISH)
    await presses(office["Ed"], first, POLISH, "save", title="Tytuł Eda", more="od Eda")

    clash = await presses(office["Eva"], second, POLISH, "save", title="Tytuł Ewy")
    assert clash.status_code == 409
    assert "Ed saved another draft while you were writing." in clash.text
    assert re.search(r"<ins>.*Eda.*</ins>", clash.text)
    assert re.search(r"<ins>.*Ewy.*</ins>", clash.text)
    form = Form(clash, f"{POLISH}/save")
    assert form["title"] == "Tytuł Ewy"
    assert form["more"] == "od Eda", "what only the other one changed is taken over"
    assert (await office["Ed"].get(POLISH)).text.count("Tytuł Eda") >= 1

    assert said(await presses(office["Eva"], clash, POLISH, "save", title="Tytuł obojga")) == "saved"
    page = edit_form(await office["Ed"].get(POLISH), POLISH)
    assert (page["title"], page["more"]) == ("Tytuł obojga", "od Eda")


async def test_publishing_on_top_of_what_was_published_meanwhile_shows_both(office: Editors) -> None:
    page = await office["Eva"].get(POLISH)
    await does(office["Ed"], POLISH, "publish", title="Opublikował Ed")

    clash = await presses(office["Eva"], page, POLISH, "publish", title="Ewa też")
    assert clash.status_code == 409
    assert "Ed published another text while you were writing." in clash.text
    assert (await elsewhere(office)).title("tax-card", "pl") == "Opublikował Ed"
    assert said(await presses(office["Eva"], clash, POLISH, "save")) == "saved"
    assert said(await does(office["Eva"], POLISH, "publish")) == "published"
    assert (await elsewhere(office)).title("tax-card", "pl") == "Ewa też"


async def test_publishing_does_not_lose_a_draft_that_somebody_saved_meanwhile(office: Editors) -> None:
    page = await office["Eva"].get(POLISH)
    await does(office["Ed"], POLISH, "save", title="Szkic Eda")
    assert (await presses(office["Eva"], page, POLISH, "publish", title="Ewa")).status_code == 409
    assert edit_form(await office["Ed"].get(POLISH), POLISH)["title"] == "Szkic Eda"


async def test_details_of_a_topic_changed_twice_are_shown_beside_each_other(office: Editors) -> None:
    page = await office["Eva"].get(FACTS)
    await does(office["Ed"], FACTS, "save", caution="By Ed")
    clash = await presses(office["Eva"], page, FACTS, "save", caution="By Eva", related=["first-payslip"])
    assert clash.status_code == 409
    assert said(await presses(office["Eva"], clash, FACTS, "save")) == "saved"
    assert edit_form(await office["Ed"].get(FACTS), FACTS)["caution"] == "By Eva"


# --- topics -----------------------------------------------------------------------------------------------------------


async def begins(who: Browser, **changes: Any) -> httpx.Response:
    fields = {
        "title": "Where do I get a bus card?", "theme": "transport", "source_name": "Midttrafik",
        "source_url": "https://www.midttrafik.dk", **changes,
    }  # fmt: skip
    return await fills(who, f"{HOME}/new", fields)


async def test_a_new_topic_is_drafted_then_published_with_its_english_text_and_answered(
    office: Editors, services: Services
) -> None:
    made = await begins(office["Ed"])
    address = f"{HOME}/where-do-i-get-a-bus-card/en"
    assert made.headers["location"] == f"{address}?said=saved"
    assert "where-do-i-get-a-bus-card" not in (await elsewhere(office)).topics
    assert "Where do I get a bus card?" in (await office["Ed"].get(HOME)).text or (
        "Where do I get a bus card?" in (await office["Ed"].get(HOME, theme="transport")).text
    )
    assert said(await does(office["Ed"], address, "publish", body="At the bus station. " * 12)) == "published"

    library = await elsewhere(office)
    assert library.topics["where-do-i-get-a-bus-card"].theme == "transport"
    chat = Chat(services)
    chat.engine.will(AnswerTopics(("where-do-i-get-a-bus-card",), (), 0.97))
    assert any("At the bus station." in reply.text for reply in await chat.says("bus card?"))


async def test_a_new_topic_without_a_source_says_so_before_it_is_published(office: Editors) -> None:
    await begins(office["Ed"], source_name="", source_url="")
    page = await does(office["Ed"], f"{HOME}/where-do-i-get-a-bus-card/en", "publish", body="At the station.")
    assert page.status_code == 422
    assert "topic" in page.text


async def test_translations_wait_for_english(office: Editors) -> None:
    await begins(office["Ed"])
    page = await office["Ed"].get(f"{HOME}/where-do-i-get-a-bus-card/pl")
    assert "Publish the English text first" in page.text
    refused = await presses(
        office["Ed"], page, f"{HOME}/where-do-i-get-a-bus-card/pl", "publish", title="Bilet", body="Tam."
    )
    assert refused.status_code == 403


async def test_a_new_topic_is_reviewed_as_a_whole(careful: Editors) -> None:
    await begins(careful["Ed"])
    address = f"{HOME}/where-do-i-get-a-bus-card/en"
    assert said(await does(careful["Ed"], address, "submit", body="At the bus station.")) == "submitted"
    assert said(await does(careful["Rita"], address, "approve")) == "published"
    assert "where-do-i-get-a-bus-card" in (await elsewhere(careful)).topics


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 81),
        ("theme", "nothing"),
        ("slug", "Not A Slug"),
        ("slug", "tax-card"),
        ("slug", "new"),
    ],
)
async def test_a_new_topic_that_does_not_fit_is_shown_again(office: Editors, field: str, value: str) -> None:
    page = await begins(office["Ed"], **{field: value})
    assert page.status_code == 422
    assert f'id="why-{field}"' in page.text
    assert "https://www.midttrafik.dk" in page.text


async def test_questions_that_were_asked_become_example_questions(office: Editors) -> None:
    page = await office["Ed"].http.get(f"{HOME}/new?question=gdzie+kupić+bilet&language=pl")
    assert "gdzie kupić bilet" in page.text
    await fills(
        office["Ed"], f"{HOME}/new?question=gdzie+kupić+bilet&language=pl",
        {"title": "Where do I buy a ticket?", "theme": "transport", "slug": "bus-ticket"}, action=f"{HOME}/new",
    )  # fmt: skip
    assert (
        "gdzie kupić bilet"
        in edit_form(await office["Ed"].get(f"{HOME}/bus-ticket/pl"), f"{HOME}/bus-ticket/pl")["questions"]
    )


async def test_a_new_topic_begins_with_the_questions_of_a_gap_which_waits_for_it(
    office: Editors, services: Services
) -> None:
    chat = Chat(services)
    await chat.says("Gdzie kupię bilet?")
    async with services.database.begin() as connection:
        gap = (await connection.execute(text("insert into gaps (created_at) values (now()) returning id"))).scalar_one()
        await connection.execute(
            text(
                "insert into unanswered (conversation_id, language, text, candidates, created_at, gap_id) "
                "select id, 'pl', words, '[]', now(), :gap from conversations, unnest(cast(:words as text[])) as words"
            ),
            {"gap": gap, "words": ["gdzie kupić bilet", "mój numer to [CPR], gdzie bilet"]},
        )
    address = f"{HOME}/new?gap={gap}"
    page = await office["Ed"].http.get(address)
    assert "gdzie kupić bilet" in page.text
    assert "[CPR]" not in page.text

    fields = {"title": "Where do I buy a ticket?", "theme": "transport", "slug": "bus-ticket"}
    await fills(office["Ed"], address, fields, action=f"{HOME}/new")
    [row] = await office.rows("select status, topic from gaps where id = :gap", gap=gap)
    assert tuple(row) == ("open", "bus-ticket")
    polish = f"{HOME}/bus-ticket/pl"
    assert edit_form(await office["Ed"].get(polish), polish)["questions"] == "gdzie kupić bilet"


async def test_a_whole_new_topic_can_be_discarded(office: Editors) -> None:
    await begins(office["Ed"])
    address = f"{HOME}/where-do-i-get-a-bus-card/en"
    answer = await fills(office["Ed"], address, {"word": "DELETE"}, action=f"{address}/discard")
    assert answer.headers["location"] == f"{HOME}?said=discarded"
    assert (await office["Ed"].get(address)).status_code == 404


async def test_details_are_published_and_topics_are_picked_by_their_titles(office: Editors) -> None:
    library = await elsewhere(office)
    picked = [f"{library.title('first-payslip', 'en')} (first-payslip)", library.title("mitid-get", "en"), ""]
    answer = await does(office["Ed"], FACTS, "publish", related=picked, review_by="2027-06-30")

    assert said(answer) == "published"
    topic = (await elsewhere(office)).topics["tax-card"]
    assert topic.related == ["first-payslip", "mitid-get"]
    assert topic.review_by.isoformat() == "2027-06-30"


async def test_a_topic_that_there_is_not_is_refused_by_name(office: Editors) -> None:
    page = await does(office["Ed"], FACTS, "save", related=["Nonsense"])
    assert page.status_code == 422
    assert "There is no topic “Nonsense”." in page.text


async def test_a_topic_is_taken_away_with_its_name_and_comes_back_with_its_texts(office: Editors) -> None:
    library = await elsewhere(office)
    slug = next(
        slug for slug in library.topics
        if not any(task.topic == slug for task in library.tasks) and slug not in library.differs_by_municipality
        and not any(category.topic == slug for category in library.danger.categories)
        and any(slug in topic.related for topic in library.topics.values())
    )  # fmt: skip
    address = f"{HOME}/{slug}/topic"
    wrong = await fills(office["Ed"], address, {"slug": "something"}, action=f"{address}/remove")
    assert wrong.status_code == 422
    assert said(await fills(office["Ed"], address, {"slug": slug}, action=f"{address}/remove")) == "removed"

    after = await elsewhere(office)
    assert slug not in after.topics
    assert not any(slug in (*topic.related, *topic.near) for topic in after.topics.values())
    assert not any(slug in text.near for text in after.texts.values())
    assert f"{address}/history" in (await office["Ed"].get(HOME)).text

    past = await office["Ed"].get(f"{address}/history")
    back = Form(past, f"{HOME}/{slug}/topic/restore")
    assert said(await office["Ed"].send(f"{address}/restore", **dict(back.fields))) == "restored"
    again = await elsewhere(office)
    assert again.topics[slug] == library.topics[slug]
    assert {code for key, code in again.texts if key == slug} == {code for key, code in library.texts if key == slug}


async def test_a_topic_that_a_task_needs_stays(office: Editors) -> None:
    library = await elsewhere(office)
    needed = next(task.topic for task in library.tasks if task.topic)
    address = f"{HOME}/{needed}/topic"
    page = await fills(office["Ed"], address, {"slug": needed}, action=f"{address}/remove")
    assert page.status_code == 422
    assert "This topic is still needed by" in page.text


# --- history ----------------------------------------------------------------------------------------------------------


async def test_an_older_text_can_be_brought_back(office: Editors) -> None:
    before = (await elsewhere(office)).texts["tax-card", "pl"]
    await does(office["Ed"], POLISH, "publish", title="Pomyłka", note="a slip")

    past = await office["Eva"].get(f"{POLISH}/history")
    assert "a slip" in past.text
    assert re.search(r"<ins>.*Pomyłka.*</ins>", past.text)
    assert 'role="status"' not in past.text, "nothing was done yet"
    restore = Form(past, f"{POLISH}/restore")
    assert said(await office["Eva"].send(f"{POLISH}/restore", **dict(restore.fields))) == "restored"
    assert (await elsewhere(office)).texts["tax-card", "pl"] == before
    assert len(await office.rows("select 1 from revisions where key = 'tax-card' and language = 'pl'")) >= 3


async def test_where_a_second_person_publishes_an_older_text_comes_back_as_a_draft(careful: Editors) -> None:
    await does(careful["Ed"], POLISH, "submit", title="Nowszy")
    await does(careful["Rita"], POLISH, "approve")
    past = await careful["Ed"].get(f"{POLISH}/history")
    restore = Form(past, f"{POLISH}/restore")
    assert said(await careful["Ed"].send(f"{POLISH}/restore", **dict(restore.fields))) == "restored_as_draft"
    assert (await elsewhere(careful)).title("tax-card", "pl") == "Nowszy"


async def test_a_revision_of_something_else_is_not_brought_back(office: Editors) -> None:
    async with office.services.database.connect() as connection:
        [other, *_] = await editing.history(connection, ("text", "tax-card", "de"))
    assert (await office["Ed"].send(f"{POLISH}/restore", revision=str(other.id))).status_code == 404


@pytest.mark.parametrize("path", ["/nowhere/en", "/tax-card/xx", "/tax-card/xx/history", "/nowhere/topic", "/%00/en"])
async def test_what_is_not_there_is_said_to_be_gone(office: Editors, path: str) -> None:
    assert (await office["Ed"].get(HOME + path)).status_code == 404


# --- anything at all --------------------------------------------------------------------------------------------------


STEPS = ["save", "publish", "submit", "preview", "show", "approve", "send-back", "discard", "right", "restore"]
FIELDS = [
    "title", "body", "questions", "more", "near-mitid-get", "version", "base", "source", "note", "minor", "theme",
    "audience", "related", "near", "source_name", "source_url", "as_of", "review_by", "handover", "reader_day",
    "reader_kommune", "revision",
]  # fmt: skip
ODD = ["0", "1", "-1", "99999999999999999999", "2026-02-30", "{x|number}", "@x y", "\x00"]


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    step=st.sampled_from(STEPS),
    part=st.sampled_from(["en", "pl", "topic"]),
    fields=st.dictionaries(st.sampled_from(FIELDS), st.one_of(st.text(max_size=60), st.sampled_from(ODD))),
)
async def test_no_form_whatever_it_holds_is_an_error_of_ours(
    office: Editors, step: str, part: str, fields: dict[str, str]
) -> None:
    office.app.state.frame.steps.__init__(100_000)
    body = {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}
    response = await office["Ada"].send(f"{HOME}/tax-card/{part}/{step}", **body)
    assert response.status_code < 500, response.text
