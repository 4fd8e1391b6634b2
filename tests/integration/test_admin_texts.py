"""The bot's sentences, ready replies, documents and Danish words, edited by several people in several languages."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.services import Services
from i18n.languages import LANGUAGES
from knowledge.shelf import Shelf
from tests.support.editors import Editors, Form, editors_of, fills, sends
from tests.support.fakes import Clock

REPLY = "/admin/texts/reply/mentor_asked"


@pytest.fixture
async def office(services: Services) -> AsyncIterator[Editors]:
    async with editors_of(services) as office:
        yield office


@pytest.fixture
async def careful(services: Services) -> AsyncIterator[Editors]:
    """An office in which somebody else publishes."""
    async with editors_of(services, review=True) as office:
        yield office


def later(office: Editors) -> None:
    clock = office.services.now
    assert isinstance(clock, Clock)
    clock.pass_(minutes=1)


async def reply(office: Editors, key: str, language: str) -> str:
    """As another process reads it, which has just begun."""
    library = await Shelf(office.services.sessions).library()
    return library.replies[key, language]


@pytest.mark.parametrize("kind", ["reply", "canned", "document", "term"])
async def test_each_list_opens_for_everybody_who_works_here_and_finds_words(office: Editors, kind: str) -> None:
    for person in office.people.values():
        page = await person.get(f"/admin/texts/{kind}")
        assert page.status_code == 200
        assert page.text.count("<tr>") > 20
    nothing = await office["Ed"].get(f"/admin/texts/{kind}", q="qqqqzzz")
    assert "Nothing fits this search." in nothing.text


async def test_a_list_is_found_by_words_of_any_language_and_by_state(office: Editors) -> None:
    found = await office["Ed"].get("/admin/texts/reply", q="poprosiłem")
    assert found.status_code == 200
    drafted = await office["Ed"].get("/admin/texts/reply", state="draft")
    assert "mentor_asked" not in drafted.text
    assert (
        await fills(office["Ed"], REPLY, {"pl.text": "Zapytałem. Odpowie [[when]].", "do": "draft:pl"})
    ).status_code == 303
    drafted = await office["Ed"].get("/admin/texts/reply", state="draft", language="pl")
    assert "/admin/texts/reply/mentor_asked#pl" in drafted.text
    assert "mentor_asked_name" not in drafted.text
    other = await office["Ed"].get("/admin/texts/reply", state="draft", language="de")
    assert "mentor_asked" not in other.text


async def test_a_published_sentence_is_what_the_next_message_says_in_every_process(office: Editors) -> None:
    answer = await fills(office["Ed"], REPLY, {"pl.text": "Mentor odpowie [[when]].", "do": "publish:pl"})

    assert answer.headers["location"] == f"{REPLY}?said=published"
    assert await reply(office, "mentor_asked", "pl") == "Mentor odpowie [[when]]."
    assert (await office.services.shelf.library()).replies["mentor_asked", "pl"] == "Mentor odpowie [[when]]."
    assert await office.audited() == [("texts.publish", "reply:mentor_asked:pl")]


async def test_all_that_is_changed_is_published_at_once_and_nothing_else(office: Editors) -> None:
    changes = {f"{code}.text": f"{code} [[when]]" for code in ("en", "pl", "hi")}
    before = await reply(office, "mentor_asked", "de")
    later(office)

    await fills(office["Ed"], REPLY, {**changes, "do": "publish"})

    assert [await reply(office, "mentor_asked", code) for code in ("en", "pl", "hi")] == [
        f"{code} [[when]]" for code in ("en", "pl", "hi")
    ]
    assert await reply(office, "mentor_asked", "de") == before
    page = await office["Ed"].get("/admin/texts/reply", state="outdated", language="de")
    assert "mentor_asked#de" in page.text, "the English text means something else now"
    page = await office["Ed"].get("/admin/texts/reply", state="outdated", language="pl")
    assert "mentor_asked#pl" not in page.text


async def test_a_small_correction_carries_translations_along_and_another_is_still_right(office: Editors) -> None:
    await fills(office["Ed"], REPLY, {"en.text": "A mentor writes [[when]].", "minor": "1", "do": "publish:en"})
    assert "outdated" not in (await office["Ed"].get(REPLY)).text.partition("<main")[2]

    later(office)
    await fills(office["Ed"], REPLY, {"en.text": "Somebody writes to you [[when]].", "do": "publish:en"})
    page = await office["Ed"].get(REPLY)
    assert page.text.count('class="chip outdated"') == 7
    assert "<del>" in page.text
    later(office)
    still = await fills(office["Ed"], REPLY, {"do": "publish:uk"})
    assert still.status_code == 303
    assert (await office["Ed"].get(REPLY)).text.count('class="chip outdated"') == 6


@pytest.mark.parametrize(
    ("code", "text", "says"),
    [
        ("pl", "Mentor odpowie.", "[[when]] stands in the English text"),
        ("pl", "Mentor [[name]] odpowie [[when]].", "[[name]] is not filled in"),
        ("en", "A mentor answers.", "Keep [[when]]"),
        ("en", "A mentor, [[who]], answers [[when]].", "[[who]] is not filled in"),
        ("de", "Ruf {nobody} an, [[when]].", "There is no figure {nobody}"),
        ("de", "Ruf {Emergency Number} an, [[when]].", "There is no figure"),
        ("de", "Bald [[when", "stand in pairs"),
        ("de", "Bald [[when]] {", "stand in pairs"),
        ("de", "", "Write something here."),
    ],
)
async def test_what_would_be_said_wrongly_is_refused_and_stays_as_typed(
    office: Editors, code: str, text: str, says: str
) -> None:
    before = await reply(office, "mentor_asked", code)

    answer = await fills(office["Ed"], REPLY, {f"{code}.text": text, "ro.text": "Încă [[when]]", "do": "publish"})

    assert answer.status_code == 422
    assert says in answer.text
    form = Form(answer, REPLY)
    assert (form[f"{code}.text"], form["ro.text"]) == (text, "Încă [[when]]")
    assert 'aria-invalid="true"' in answer.text
    assert await reply(office, "mentor_asked", code) == before
    assert await office.rows("select 1 from drafts") == []


async def test_figures_of_the_english_text_stand_in_each_translation(office: Editors) -> None:
    address = "/admin/texts/reply/mentor_muted"
    answer = await fills(office["Ed"], address, {"pl.text": "Zamknięte [[when]].", "do": "draft"})
    assert answer.status_code == 422
    assert "{emergency-number} stands in the English text" in answer.text


async def test_two_editors_of_one_text_see_both_and_lose_nothing(office: Editors) -> None:
    seen = await office["Eva"].get(REPLY)
    await fills(office["Ed"], REPLY, {"pl.text": "Ed [[when]]", "do": "publish:pl"})

    second = await sends(
        office["Eva"], seen, {"pl.text": "Eva [[when]]", "de.text": "Eva auch [[when]]", "do": "publish"}, to=REPLY
    )

    assert second.status_code == 409
    assert "Ed [[when]]" in second.text
    form = Form(second, REPLY)
    assert (form["pl.text"], form["de.text"]) == ("Eva [[when]]", "Eva auch [[when]]")
    assert await reply(office, "mentor_asked", "pl") == "Ed [[when]]"
    third = await sends(office["Eva"], second, {"do": "publish"}, to=REPLY)
    assert third.status_code == 303
    assert await reply(office, "mentor_asked", "pl") == "Eva [[when]]"
    assert await reply(office, "mentor_asked", "de") == "Eva auch [[when]]"


async def test_two_drafts_of_one_text_collide_too_but_two_languages_do_not(office: Editors) -> None:
    seen = await office["Eva"].get(REPLY)
    await fills(office["Ed"], REPLY, {"pl.text": "Ed [[when]]", "do": "draft"})
    assert (await sends(office["Eva"], seen, {"de.text": "Eva [[when]]", "do": "draft"}, to=REPLY)).status_code == 303
    collided = await sends(office["Eva"], seen, {"pl.text": "Eva [[when]]", "do": "draft"}, to=REPLY)
    assert collided.status_code == 409
    assert "Ed wrote this meanwhile:" in collided.text


async def test_where_a_second_person_looks_nobody_publishes_alone(careful: Editors) -> None:
    assert (await fills(careful["Ada"], REPLY, {"pl.text": "Ada [[when]]", "do": "publish:pl"})).status_code == 422
    assert (await fills(careful["Ada"], REPLY, {"pl.text": "Ada [[when]]", "do": "submit:pl"})).status_code == 303
    own = await sends(
        careful["Ada"], await careful["Ada"].get(REPLY), {"code": "pl"}, action=REPLY, to=f"{REPLY}/approve"
    )
    assert own.status_code == 422
    assert "You wrote this yourself" in own.text

    page = await careful["Rita"].get(REPLY)
    assert "Publish what Ada wrote" in page.text
    back = await sends(careful["Rita"], page, {"code": "pl", "note": "kto?"}, to=f"{REPLY}/send-back")
    assert back.headers["location"].endswith("said=sent_back")
    assert "kto?" in (await careful["Ada"].get(REPLY)).text
    assert (await sends(careful["Rita"], page, {"code": "pl"}, to=f"{REPLY}/approve")).status_code == 422

    await fills(careful["Ada"], REPLY, {"pl.text": "Mentor Ada [[when]]", "do": "submit"})
    page = await careful["Rita"].get(REPLY)
    assert (await sends(careful["Rita"], page, {"code": "pl"}, to=f"{REPLY}/approve")).status_code == 303
    assert await reply(careful, "mentor_asked", "pl") == "Mentor Ada [[when]]"
    [(staff, writer)] = await careful.rows(
        "select s.name, w.name from revisions r join staff s on s.id = r.staff_id join staff w on w.id = r.writer_id "
        "order by r.id desc limit 1"
    )
    assert (staff, writer) == ("Rita", "Ada")


async def test_sending_anothers_draft_to_review_does_not_make_it_mine(careful: Editors) -> None:
    await fills(careful["Ada"], REPLY, {"pl.text": "Ada [[when]]", "do": "draft:pl"})
    await fills(careful["Ed"], REPLY, {"do": "submit"})
    page = await careful["Ada"].get(REPLY)
    assert "Publish what" not in page.text
    assert "Publish what Ada wrote" in (await careful["Rita"].get(REPLY)).text


async def test_roles_and_languages_are_kept(office: Editors) -> None:
    polish = await office.joins("Ola", "editor", languages=("pl",))
    page = await polish.get(REPLY)
    assert page.text.count("readonly") == 7
    assert (await sends(polish, page, {"pl.text": "Ola [[when]]", "do": "publish"}, to=REPLY)).status_code == 303
    refused = await fills(polish, REPLY, {"de.text": "Ola [[when]]", "do": "publish"})
    assert (refused.status_code, "keeps to other languages" in refused.text) == (422, True)
    for name in ("Rita", "Sune", "Maria"):
        page = await office[name].get(REPLY)
        assert page.status_code == 200
        assert "Publish all changes" not in page.text
        assert (await sends(office[name], page, {"de.text": "x [[when]]", "do": "draft"}, to=REPLY)).status_code == 403


async def test_history_tells_who_changed_what_and_brings_back(office: Editors) -> None:
    first = await reply(office, "mentor_asked", "pl")
    await fills(office["Ed"], REPLY, {"pl.text": "Ed [[when]]", "note": "krócej", "do": "publish:pl"})

    page = await office["Eva"].get(f"{REPLY}/history", language="pl")
    assert "krócej" in page.text
    assert "<del>" in page.text
    answer = await sends(office["Eva"], page, {}, action=f"{REPLY}/restore", to=f"{REPLY}/restore")
    assert answer.headers["location"].endswith("said=drafted_again")
    again = await sends(office["Eva"], page, {}, action=f"{REPLY}/restore", to=f"{REPLY}/restore")
    assert (again.status_code, "There is a draft already" in again.text) == (422, True)
    await fills(office["Eva"], REPLY, {"do": "publish"})
    assert await reply(office, "mentor_asked", "pl") == first


async def test_a_draft_is_discarded(office: Editors) -> None:
    await fills(office["Ed"], REPLY, {"pl.text": "Ed [[when]]", "do": "draft"})
    answer = await fills(office["Eva"], REPLY, {"code": "pl"}, action=REPLY)
    page = await office["Eva"].get(REPLY)
    assert "Discard the draft" in page.text
    answer = await sends(office["Eva"], page, {"code": "pl"}, action=REPLY, to=f"{REPLY}/discard")
    assert answer.headers["location"].endswith("said=discarded")
    assert await office.rows("select 1 from drafts") == []


async def test_a_preview_shows_figures_and_keeps_what_was_typed(office: Editors) -> None:
    address = "/admin/texts/canned/greeting"
    page = await fills(office["Ed"], address, {"de.text": "Hallo [[name]] & <b>: {emergency-number}", "do": "preview"})
    assert page.status_code == 200
    assert "Hallo Anna &amp; &lt;b&gt;: 112" in page.text
    assert Form(page, address)["de.text"] == "Hallo [[name]] & <b>: {emergency-number}"
    assert await office.rows("select 1 from drafts") == []


async def test_a_ready_reply_is_added_translated_published_and_taken_away(office: Editors) -> None:
    new = "/admin/texts/canned/new"
    taken = await fills(office["Ed"], new, {"key": "greeting", "en.title": "A", "en.text": "B"})
    assert (taken.status_code, "of this name already" in taken.text) == (422, True)
    odd = await fills(office["Ed"], new, {"key": "Odd One", "en.title": "A", "en.text": "B"})
    assert (odd.status_code, Form(odd, new)["key"]) == (422, "Odd One")
    added = await fills(office["Ed"], new, {"key": "come-by", "en.title": "Come by", "en.text": "Come by, [[name]]."})
    address = "/admin/texts/canned/come-by"
    assert added.headers["location"] == f"{address}?said=added"

    early = await fills(
        office["Ed"], address, {"pl.title": "Wpadnij", "pl.text": "Wpadnij, [[name]].", "do": "publish:pl"}
    )
    assert (early.status_code, "Publish it first" in early.text) == (422, True)
    both = await sends(office["Ed"], early, {"do": "publish"}, to=address)
    assert both.status_code == 303
    library = await office.services.shelf.library()
    assert library.canned["come-by", "pl"].text == "Wpadnij, [[name]]."
    assert library.canned["come-by", "en"].title == "Come by"

    assert (await fills(office["Ed"], address, {"word": "yes"}, action=f"{address}/remove")).status_code == 422
    gone = await fills(office["Ed"], address, {"word": "DELETE"}, action=f"{address}/remove")
    assert gone.headers["location"] == "/admin/texts/canned?said=removed"
    assert ("come-by", "en") not in (await office.services.shelf.library()).canned
    assert (await office["Ed"].get(address)).status_code == 404
    history = await office["Ed"].get(f"{address}/history", language="pl")
    assert "taken away" in history.text
    await sends(office["Ed"], history, {}, action=f"{address}/restore", to=f"{address}/restore")
    assert (await office["Ed"].get(address)).status_code == 200


async def test_the_bots_own_sentences_are_neither_added_nor_taken_away(office: Editors) -> None:
    assert (await office["Ed"].get("/admin/texts/reply/new")).status_code == 404
    page = await office["Ed"].get(REPLY)
    assert "Take this away" not in page.text
    assert (await sends(office["Ed"], page, {"word": "DELETE"}, to=f"{REPLY}/remove")).status_code == 404
    assert (await office["Ed"].get("/admin/texts/reply/no_such")).status_code == 404
    assert (await office["Ed"].get("/admin/texts/nothing")).status_code == 404


async def test_a_paper_that_a_task_asks_for_stays(office: Editors) -> None:
    address = "/admin/texts/document/cv"
    answer = await fills(office["Ed"], address, {"word": "DELETE"}, action=f"{address}/remove")
    assert (answer.status_code, "asks to bring it" in answer.text) == (422, True)


async def test_a_danish_word_has_all_its_languages_in_itself(office: Editors) -> None:
    address = "/admin/texts/term/a%20conto"
    await fills(office["Ed"], address, {"all.say": "ah-KON-toh", "all.pl": "zaliczka", "do": "publish"})
    term = (await office.services.shelf.library()).terms["a conto"]
    assert (term.say, term.pl) == ("ah-KON-toh", "zaliczka")

    new = "/admin/texts/term/new"
    lacks = await fills(office["Ed"], new, {"key": "hygge", "all.say": "HOO-geh"})
    assert lacks.status_code == 422
    typed = {"key": "hygge", "all.say": "HOO-geh", "all.en": "cosiness", "all.explain": "What Danes are fond of."}
    assert (await fills(office["Ed"], new, typed)).headers["location"] == "/admin/texts/term/hygge?said=added"
    await fills(office["Ed"], "/admin/texts/term/hygge", {"do": "publish"})
    assert (await office.services.shelf.library()).terms["hygge"].en == "cosiness"


TYPED = st.text(max_size=60)


@given(
    kind=st.sampled_from(["reply", "canned", "term", "document", "x"]),
    key=st.sampled_from(["mentor_asked", "greeting", "a conto", "cv", "neither"]),
    step=st.sampled_from(["", "/new", "/approve", "/send-back", "/discard", "/remove", "/restore"]),
    fields=st.dictionaries(
        st.sampled_from(
            ["do", "code", "key", "word", "note", "minor", "revision"]
            + [
                f"{code}.{name}"
                for code in ("en", "pl", "all")
                for name in ("text", "title", "say", "en", "was", "version", "base")
            ]
        ),
        TYPED
        | st.sampled_from(
            ["publish", "draft:pl", "submit", "preview", "pl", "all", "DELETE", "1", "99999999999999999999"]
        ),
        max_size=8,
    ),
)
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_form_breaks_it(office: Editors, kind: str, key: str, step: str, fields: dict[str, str]) -> None:
    editor = office["Ada"]
    address = f"/admin/texts/{kind}{step}" if step == "/new" else f"/admin/texts/{kind}/{key}{step}"
    answer = await editor.send(address, **fields)
    assert answer.status_code < 500, answer.text


SEEN = st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"]) | st.just("\n")


@given(text=st.text(SEEN, max_size=80), code=st.sampled_from(sorted(LANGUAGES)))
@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_is_saved_is_what_was_typed(office: Editors, text: str, code: str) -> None:
    address = "/admin/texts/canned/is-it-solved"
    answer = await fills(office["Ed"], address, {f"{code}.text": f"A {text} Z", "do": f"draft:{code}"})
    if any(each in text for each in "{}[]"):
        return
    assert answer.status_code == 303
    [(kept,)] = await office.rows("select data ->> 'text' from drafts where language = :code", code=code)
    assert kept == "\n".join(line.rstrip() for line in f"A {text} Z".split("\n"))
    assert Form(await office["Ed"].get(address), address)[f"{code}.text"] == kept
