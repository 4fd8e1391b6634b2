"""What municipalities add to answers: by whom, in which languages, and what their people read then."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot import preview
from bot.services import Services
from knowledge.shelf import Shelf
from tests.support.editors import Editors, Form, editors_of, fills, sends

HOME = "/admin/municipalities"
ODENSE = f"{HOME}/odense"
KOMMUNE = {"kommune": "odense"}


@pytest.fixture
async def office(services: Services) -> AsyncIterator[Editors]:
    async with editors_of(services) as office:
        yield office


@pytest.fixture
async def careful(services: Services) -> AsyncIterator[Editors]:
    async with editors_of(services, review=True) as office:
        yield office


async def card(office: Editors, slug: str, language: str = "en") -> str:
    """What somebody in Odense reads, in a process that has just begun."""
    library = await Shelf(office.services.sessions).library()
    return preview.card(library, slug, language, profile=KOMMUNE, day=office.services.now().date()).text


async def last(office: Editors) -> int:
    return len((await office.services.shelf.library()).municipalities["odense"].lines)


def a_line(place: int, **changes: Any) -> dict[str, Any]:
    return {
        f"line.{place}.topics": "tax-card",
        f"line.{place}.text.en": "Ask at the town hall.",
        f"line.{place}.text.pl": "Zapytaj w ratuszu.",
        f"line.{place}.link": "https://www.odense.dk/tax",
        f"line.{place}.as_of": "2026-11-01",
    } | {f"line.{place}.{name}": value for name, value in changes.items()}


async def test_everybody_reads_and_editors_find_them(office: Editors) -> None:
    for person in office.people.values():
        assert "Odense" in (await person.get(HOME)).text
        assert (await person.get(ODENSE)).status_code == 200
    assert "Odense" not in (await office["Ed"].get(HOME, q="SIRI-nothing")).text.partition("<main")[2]
    assert (await office["Ed"].get(f"{HOME}/nowhere")).status_code == 404
    assert (await fills(office["Rita"], ODENSE, {"name": "X", "do": "draft"})).status_code == 403


async def test_a_line_is_added_previewed_and_read_by_its_people(office: Editors) -> None:
    place = await last(office)
    page = await fills(office["Ed"], ODENSE, {"do": "add"})
    form = Form(page, ODENSE)
    assert form[f"line.{place}.text.en"] == ""
    page = await sends(office["Ed"], page, {f"line.{place}.find": "tax card", "do": f"find:{place}"})
    assert f'name="line.{place}.topics" value="tax-card"' in page.text
    page = await sends(office["Ed"], page, {**a_line(place), "do": "preview"})
    assert "<strong>Odense:</strong> Ask at the town hall." in page.text
    assert await office.rows("select 1 from drafts") == []

    saved = await sends(office["Ed"], page, {"do": "publish"})
    assert saved.headers["location"] == f"{ODENSE}?said=published"
    assert "**Odense:** Ask at the town hall. [www.odense.dk](https://www.odense.dk/tax)" in await card(
        office, "tax-card"
    )
    assert "Zapytaj w ratuszu." in await card(office, "tax-card", "pl")
    assert await office.audited() == [("municipalities.publish", "municipality:odense")]

    await fills(office["Ed"], ODENSE, {f"line.{place}.remove": "1", "do": "publish"})
    assert "Ask at the town hall." not in await card(office, "tax-card")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"text.en": ""}, "Write something here."),
        ({"topics": None}, "Choose at least one topic"),
        ({"topics": "no-such-topic"}, "Choose at least one topic"),
        ({"link": "odense.dk"}, "Write the whole address"),
        ({"as_of": "soon"}, "Write the day"),
        ({"text.pl": "Zadzwoń {nobody}"}, "There is no figure {nobody}"),
        ({"text.pl": "x" * 601}, "too long"),
    ],
)
async def test_what_does_not_fit_is_said_beside_it(office: Editors, changes: dict[str, Any], says: str) -> None:
    place = await last(office)
    answer = await fills(office["Ed"], ODENSE, {**a_line(place, **changes), "do": "draft"})
    assert (answer.status_code, says in answer.text) == (422, True)
    assert Form(answer, ODENSE)[f"line.{place}.link"] == changes.get("link", "https://www.odense.dk/tax")
    assert await office.rows("select 1 from drafts") == []


async def test_two_editors_see_both(office: Editors) -> None:
    seen = await office["Eva"].get(ODENSE)
    await fills(office["Ed"], ODENSE, {"called": "Ed's name", "do": "publish"})
    collided = await sends(office["Eva"], seen, {"called": "Eva's name", "do": "publish"})
    assert collided.status_code == 409
    assert Form(collided, ODENSE)["called"] == "Eva's name"
    assert (await sends(office["Eva"], collided, {"do": "publish"})).status_code == 303
    assert (await office.services.shelf.library()).municipalities["odense"].called == ["Eva's name"]


async def test_accounts_keep_to_their_municipalities_and_languages(office: Editors) -> None:
    local = await office.joins("Lone", "editor", kommuner=("aarhus",))
    refused = await fills(local, ODENSE, {"called": "X", "do": "draft"})
    assert (refused.status_code, "keeps to other municipalities" in refused.text) == (422, True)
    assert (await fills(local, f"{HOME}/aarhus", {"called": "Århus", "do": "draft"})).status_code == 303
    assert (await fills(local, f"{HOME}/new", {"key": "vejle", "name": "Vejle"})).status_code == 422

    polish = await office.joins("Ola", "editor", languages=("pl",))
    assert (await fills(polish, ODENSE, {"line.0.text.pl": "Po polsku.", "do": "draft"})).status_code == 303
    assert (await fills(polish, ODENSE, {"line.0.text.de": "Auf Deutsch.", "do": "draft"})).status_code == 422


async def test_where_a_second_person_looks(careful: Editors) -> None:
    await fills(careful["Ed"], ODENSE, {"called": "Othinsvé", "do": "submit"})
    assert "Publish what" not in (await careful["Ed"].get(ODENSE)).text
    page = await careful["Rita"].get(ODENSE)
    assert "Publish what Ed wrote" in page.text
    assert (await sends(careful["Rita"], page, {}, to=f"{ODENSE}/approve")).status_code == 303
    assert (await careful.services.shelf.library()).municipalities["odense"].called == ["Othinsvé"]


async def test_one_is_added_brought_back_and_taken_away(office: Editors) -> None:
    odd = await fills(office["Ed"], f"{HOME}/new", {"key": "Vejle Å", "name": "Vejle"})
    assert odd.status_code == 422
    assert (await fills(office["Ed"], f"{HOME}/new", {"key": "odense", "name": "Odense"})).status_code == 422
    assert (await fills(office["Ed"], f"{HOME}/new", {"key": "vejle", "name": "Vejle"})).status_code == 303
    vejle = f"{HOME}/vejle"
    assert (await fills(office["Ed"], vejle, {**a_line(0), "do": "publish"})).status_code == 303
    assert (await office.services.shelf.library()).municipalities["vejle"].name == "Vejle"

    await fills(office["Ed"], vejle, {"line.0.text.en": "Ask at the library.", "do": "publish"})
    page = await office["Ed"].get(f"{vejle}/history")
    assert "<del>" in page.text
    back = await sends(office["Ed"], page, {}, action=f"{vejle}/restore", to=f"{vejle}/restore")
    assert back.headers["location"].endswith("said=drafted_again")
    page = await office["Ed"].get(vejle)
    assert Form(page, vejle)["line.0.text.en"] == "Ask at the town hall."
    assert (await sends(office["Ed"], page, {}, to=f"{vejle}/discard")).status_code == 303

    assert (await fills(office["Ed"], vejle, {"word": "yes"}, action=f"{vejle}/remove")).status_code == 422
    gone = await fills(office["Ed"], vejle, {"word": "DELETE"}, action=f"{vejle}/remove")
    assert gone.headers["location"] == f"{HOME}?said=removed"
    assert "vejle" not in (await office.services.shelf.library()).municipalities


NAMES = [
    "name",
    "called",
    "do",
    "word",
    "version",
    "base",
    "revision",
    "key",
    "line.x.link",
    "line..topics",
    "line.1",
    "line.99.link",
]
NAMES += [
    f"line.{place}.{name}"
    for place in (0, 7)
    for name in ("topics", "text.en", "text.pl", "link", "as_of", "find", "remove")
]
TYPED = st.text(max_size=40) | st.sampled_from(
    ["tax-card", "https://x.dk", "2026-11-01", "publish", "draft", "add", "find:0", "{", "1"]
)


@given(
    st.sampled_from(["", "/approve", "/send-back", "/discard", "/remove", "/restore", "new"]),
    st.dictionaries(st.sampled_from(NAMES), TYPED, max_size=10),
)
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_form_breaks_it(office: Editors, step: str, fields: dict[str, str]) -> None:
    address = f"{HOME}/new" if step == "new" else f"{ODENSE}{step}"
    answer = await office["Ada"].send(address, **fields)
    assert answer.status_code < 500, answer.text
