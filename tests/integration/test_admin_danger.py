"""The danger rules on their pages: tried, drafted, checked, published by two people, brought back."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.services import Services
from knowledge.danger import DangerRules
from knowledge.danger_checks import missed
from knowledge.danger_editing import parse, parts
from knowledge.shelf import Shelf
from store import editing
from tests.support.editors import Editors, Form, editors_of, fills, sends
from tests.support.talk import Chat

HOME = "/admin/danger"
SUICIDE = f"{HOME}/suicide"
NEW = "farvel du smukke liv"


@pytest.fixture
async def office(services: Services) -> AsyncIterator[Editors]:
    async with editors_of(services) as office:
        yield office


async def rules(office: Editors) -> DangerRules:
    return (await Shelf(office.services.sessions).library()).danger


async def phrases(office: Editors, name: str = "phrases.da", section: str = SUICIDE) -> str:
    return Form(await office["Ed"].get(section), section)[name]


async def drafted(office: Editors, who: str = "Ed") -> None:
    changed = f"{await phrases(office)}\n{NEW}"
    assert (await fills(office[who], SUICIDE, {"phrases.da": changed})).status_code == 303


async def test_everybody_may_read_and_try_and_only_editors_change(office: Editors) -> None:
    for name in office.people:
        page = await office[name].get(HOME)
        assert page.status_code == 200
        tried = await sends(office[name], page, {"sentence": "I want to die"}, action=f"{HOME}/try", to=f"{HOME}/try")
        assert "want|wanna|wants" in tried.text
        nothing = await sends(office[name], page, {"sentence": "tax card"}, action=f"{HOME}/try", to=f"{HOME}/try")
        assert "nothing" in nothing.text.partition("Published rules")[2][:60]
        for section in ("suicide", "words", "harmless"):
            assert (await office[name].get(f"{HOME}/{section}")).status_code == 200
    for name in ("Rita", "Sune", "Maria"):
        assert (await fills(office[name], SUICIDE, {"phrases.da": NEW})).status_code == 403
    assert (await office["Ed"].get(f"{HOME}/boredom")).status_code == 404


async def test_a_phrase_goes_from_an_editor_over_a_reviewer_to_the_next_message(office: Editors) -> None:
    chat = Chat(office.services)
    await drafted(office)
    page = await office["Ed"].get(HOME)
    assert NEW in page.text
    tried = await sends(office["Ed"], page, {"sentence": NEW}, action=f"{HOME}/try", to=f"{HOME}/try")
    assert NEW in tried.text.partition("Draft</dt>")[2][:200]
    assert (await rules(office)).find(NEW) is None

    submit = f"{HOME}/submit"
    assert (
        (await sends(office["Ed"], page, {}, action=submit, to=submit)).headers["location"].endswith("said=submitted")
    )
    page = await office["Rita"].get(HOME)
    assert "Publish what Ed wrote" in page.text
    published = await sends(
        office["Rita"], page, {"version": Form(page, submit)["version"]}, action=submit, to=f"{HOME}/approve"
    )
    assert published.headers["location"].endswith("said=published")

    assert (await rules(office)).find(NEW) is not None
    [warning, *_] = await chat.says(NEW)
    assert "Livslinien" in warning.text
    assert ("danger.approve", "danger:rules") in await office.audited()


async def test_nobody_publishes_danger_rules_alone(office: Editors) -> None:
    await drafted(office, "Ada")
    submit = f"{HOME}/submit"
    await fills(office["Ada"], HOME, {}, action=submit)
    page = await office["Ada"].get(HOME)
    assert "Publish what" not in page.text
    refused = await sends(office["Ada"], page, {}, action=submit, to=f"{HOME}/approve")
    assert (refused.status_code, "You wrote this yourself" in refused.text) == (422, True)
    assert (await rules(office)).find(NEW) is None


@pytest.mark.parametrize(
    ("section", "field", "text", "says"),
    [
        ("suicide", "phrases.en", "jump", "would not hear"),
        ("harmless", "en", "i want to die", "would not hear"),
        ("emergency", "phrases.all", "ambulance", "for danger"),
    ],
)
async def test_rules_that_miss_a_sentence_are_refused_with_it(
    office: Editors, section: str, field: str, text: str, says: str
) -> None:
    assert (await fills(office["Ed"], f"{HOME}/{section}", {field: text})).status_code == 303
    refused = await fills(office["Ed"], HOME, {}, action=f"{HOME}/submit")
    assert (refused.status_code, says in refused.text) == (422, True)
    assert "are not met:" in refused.text or "is not met:" in refused.text


@pytest.mark.parametrize(
    ("section", "field", "text", "says"),
    [
        ("suicide", "phrases.en", "want *", "begins and ends with a word"),
        ("suicide", "phrases.en", "x" * 501, "longer than 500"),
        ("suicide", "phrases.en", "\n".join(f"want to die {n}" for n in range(401)), "At most 400"),
        ("suicide", "phrases.en", "a? b? c? x & d? e? f? y & g? h? i? z", "left out"),
        ("suicide", "phrases.en", "", "Write something here."),
        ("suicide", "texts.pl", "Zadzwoń 112.", "{emergency-number} must stand in it"),
        ("suicide", "texts.pl", "Zadzwoń {emergency-number} {nobody}.", "does not exist"),
        ("suicide", "texts.pl", "", "Write something here."),
        ("words", "boss.en", "boss|chief", "is not one word"),
        ("words", "boss.en", "", "Write something here."),
    ],
)
async def test_what_does_not_fit_stays_as_typed(
    office: Editors, section: str, field: str, text: str, says: str
) -> None:
    address = f"{HOME}/{section}"
    answer = await fills(office["Ed"], address, {field: text})
    assert (answer.status_code, says in answer.text) == (422, True)
    assert Form(answer, address)[field] == text
    assert await office.rows("select 1 from drafts") == []


async def test_two_editors_of_different_parts_do_not_meet_and_of_the_same_see_both(office: Editors) -> None:
    seen = await office["Eva"].get(SUICIDE)
    await drafted(office)

    other = f"{Form(seen, SUICIDE)['phrases.pl']}\nżegnaj świecie"
    assert (await sends(office["Eva"], seen, {"phrases.pl": other})).status_code == 303
    assert NEW in await phrases(office)
    assert "żegnaj świecie" in await phrases(office, "phrases.pl")

    same = f"{Form(seen, SUICIDE)['phrases.da']}\nfarvel for evigt"
    collided = await sends(office["Eva"], seen, {"phrases.da": same})
    assert collided.status_code == 409
    assert NEW in collided.text
    assert Form(collided, SUICIDE)["phrases.da"] == same
    assert (await sends(office["Eva"], collided, {})).status_code == 303
    assert (await phrases(office)).endswith("farvel for evigt")


async def test_a_draft_on_older_rules_takes_over_what_was_published_meanwhile(office: Editors) -> None:
    await drafted(office)
    async with office.services.database.begin() as connection:
        told = await editing.published(connection, ("danger", "rules", ""))
        kept = await editing.draft(connection, ("danger", "rules", ""))
        assert told
        assert kept
        await editing.publish(
            connection,
            {
                told.name: {
                    "yaml": told.data["yaml"].replace("- ending it all\n", "- ending it all\n        - qqq zzz\n", 1)
                }
            },
            staff_id=None,
            now=office.services.now(),
        )
        await editing.save_draft(
            connection,
            kept.name,
            kept.data,
            version=0,
            staff_id=kept.staff_id,
            base=told.revision,
            now=office.services.now(),
        )
    page = await office["Ed"].get(HOME)
    assert "Take over what was published meanwhile" in page.text
    submit = f"{HOME}/submit"
    merged = await sends(office["Ed"], page, {}, action=submit, to=f"{HOME}/merge")
    assert merged.headers["location"].endswith("said=merged")
    [(text,)] = await office.rows("select data ->> 'yaml' from drafts")
    both = parts(parse(text))
    assert NEW in both["suicide", "phrases", "da"]
    assert "qqq zzz" in both["suicide", "phrases", "en"]
    assert "Take over what was published meanwhile" not in (await office["Ed"].get(HOME)).text


async def test_history_brings_rules_back_as_a_draft_and_a_draft_is_discarded(office: Editors) -> None:
    await drafted(office)
    submit = f"{HOME}/submit"
    await fills(office["Ed"], HOME, {}, action=submit)
    await sends(office["Rita"], await office["Rita"].get(HOME), {}, action=submit, to=f"{HOME}/approve")
    page = await office["Ed"].get(f"{HOME}/history")
    assert NEW in page.text
    assert "suicide · phrases · da" in page.text
    back = await sends(office["Ed"], page, {}, action=f"{HOME}/restore", to=f"{HOME}/restore")
    assert back.headers["location"].endswith("said=drafted_again")
    page = await office["Ed"].get(HOME)
    assert "<del>" in page.text
    gone = await sends(office["Ed"], page, {}, action=submit, to=f"{HOME}/discard")
    assert gone.headers["location"].endswith("said=discarded")
    assert (await rules(office)).find(NEW) is not None


async def test_what_is_published_from_the_pages_means_what_the_file_meant(office: Editors) -> None:
    await drafted(office)
    [(text,)] = await office.rows("select data ->> 'yaml' from drafts")
    [(told,)] = await office.rows("select data ->> 'yaml' from knowledge where kind = 'danger'")
    assert set(text.split("\n")) - set(told.split("\n")) == {f"        - {NEW}"}
    assert missed(DangerRules.read(text)) == []


async def test_an_editor_of_one_language_changes_that_one(office: Editors) -> None:
    danish = await office.joins("Dorte", "editor", languages=("da",))
    page = await danish.get(SUICIDE)
    assert "readonly" in page.text
    assert (await sends(danish, page, {"phrases.da": f"{Form(page, SUICIDE)['phrases.da']}\n{NEW}"})).status_code == 303
    refused = await fills(danish, SUICIDE, {"phrases.de": "tschüss welt"})
    assert (refused.status_code, "keeps to other languages" in refused.text) == (422, True)


STEPS = [
    "/suicide",
    "/words",
    "/harmless",
    "/try",
    "/submit",
    "/approve",
    "/send-back",
    "/discard",
    "/merge",
    "/restore",
]
FIELDS = ["phrases.en", "was.phrases.en", "texts.da", "was.texts.da", "boss.en", "was.boss.en", "en", "was.en"]
FIELDS += ["version", "note", "revision", "sentence"]


@given(
    section=st.sampled_from(["", *STEPS, "/x"]),
    fields=st.dictionaries(
        st.sampled_from(FIELDS),
        st.text(max_size=40) | st.sampled_from(["a | b", "<boss> * x", "a & b & c", "?", "* *", "x?", "1"]),
        max_size=6,
    ),
)
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_form_breaks_it(office: Editors, section: str, fields: dict[str, str]) -> None:
    answer = await office["Ada"].send(f"{HOME}{section}", **fields)
    assert answer.status_code < 500, answer.text
