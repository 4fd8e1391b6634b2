"""Figures in the admin backend: read, changed, looked at again, brought back; refused beside the field."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from bot.services import Services
from operations.assemble import web_doors
from store import editing
from tests.support.inbox import Browser, add, signed_in
from web.app import create_app

FEE = "permit-test-fee"
NAME = ("figure", FEE, "")
SOURCE = {"source_name": "SIRI", "source_url": "https://www.nyidanmark.dk/fees", "confidence": "high"}
THIS_YEAR = {"value": 6810, "unit": "DKK", "valid_from": "2026-01-01", "valid_to": "2026-12-31", **SOURCE}


def figure(*values: dict[str, Any], key: str = FEE, **changes: Any) -> dict[str, Any]:
    return {
        "id": key, "meaning": "Fee for a test", "values": list(values or (THIS_YEAR,)),
        "next_review": "2026-12-01", "note": None, **changes,
    }  # fmt: skip


def form(data: dict[str, Any], **changes: str) -> dict[str, str]:
    """The fields that the page of a figure sends."""
    fields = {"meaning": data["meaning"], "next_review": data["next_review"], "note": data["note"] or ""}
    for place, value in enumerate(data["values"]):
        fields |= {f"values.{place}.{name}": str(each if each is not None else "") for name, each in value.items()}
    return {**fields, **changes}


@pytest.fixture
async def app(services: Services) -> AsyncIterator[FastAPI]:
    """With one figure of ours and a topic in two languages that speaks of it; both are gone afterwards."""
    async with services.database.begin() as connection:
        before = await editing.published_all(connection, "text", "permit-fees")
        changes: dict[editing.Name, Any] = {NAME: figure()}
        for each in before:
            if each.name[2] in ("en", "da"):
                line = (
                    "\n\nThe test costs {permit-test-fee}."
                    if each.name[2] == "en"
                    else "\n\nPrøven koster {permit-test-fee}."
                )
                changes[each.name] = {**each.data, "body": each.data["body"] + line}
        await editing.publish(connection, changes, staff_id=None, now=services.now())
    yield create_app(web_doors(services))
    async with services.database.begin() as connection:
        await connection.execute(text("delete from drafts"))
        old: dict[editing.Name, Any] = {each.name: each.data for each in before}
        found = await editing.published_all(connection, "figure")
        ours = [each.name for each in found if each.name[1] == FEE or each.name[1].startswith("brand-new")]
        await editing.publish(connection, {**old, **dict.fromkeys(ours)}, staff_id=None, now=services.now())


@pytest.fixture
async def editor(services: Services, app: FastAPI) -> Browser:
    return await signed_in(services, app, await add(services, "Eva", "editor"))


async def state(services: Services) -> tuple[editing.Published | None, editing.Draft | None]:
    async with services.database.connect() as connection:
        return await editing.published(connection, NAME), await editing.draft(connection, NAME)


async def base(services: Services) -> dict[str, str]:
    published, draft = await state(services)
    return {"version": str(draft.version if draft else 0), "base": str(published.revision if published else "")}


# --- the list ---------------------------------------------------------------------------------------------------------


async def test_the_list_says_value_period_source_and_how_often_it_is_used(editor: Browser) -> None:
    page = (await editor.get("/admin/figures", q="fee for a test")).text
    assert "Fee for a test" in page
    assert "6,810" in page
    assert "31.12.2026" in page
    assert "next year is missing" in page
    assert ">SIRI</a>" in page
    assert "1 figure" in page


@pytest.mark.parametrize(
    ("filters", "there"),
    [
        ({"show": "next"}, True),
        ({"show": "unused"}, False),
        ({"show": "due"}, False),
        ({"show": "today"}, False),
        ({"show": "draft"}, False),
        ({"theme": "permits"}, True),
        ({"theme": "bank"}, False),
        ({"sort": "used"}, True),
    ],
)
async def test_it_is_filtered(editor: Browser, filters: dict[str, str], there: bool) -> None:
    page = (await editor.get("/admin/figures", q="fee for a test", **filters)).text
    assert ("/admin/figures/permit-test-fee" in page) is there


async def test_all_figures_stand_on_pages_of_fifty(editor: Browser) -> None:
    first = (await editor.get("/admin/figures")).text
    assert first.count('<th scope="row">') == 50
    assert "Page 1 of 10" in first
    assert "Page 10 of 10" in (await editor.get("/admin/figures", page="99")).text


# --- where it is read -------------------------------------------------------------------------------------------------


async def test_next_years_value_is_shown_in_every_sentence_on_both_sides_of_new_year(
    services: Services, editor: Browser
) -> None:
    new = {**THIS_YEAR, "value": "7.010,00", "valid_from": "2027-01-01", "valid_to": "2027-12-31"}
    page = await editor.send(f"/admin/figures/{FEE}/look", **form(figure(THIS_YEAR, new)), **await base(services))
    assert page.status_code == 200
    assert "The test costs 6,810\u00a0DKK." in page.text
    assert "1 January 2027" in page.text
    assert "The test costs 7,010\u00a0DKK." in page.text
    assert "1. januar 2027" in page.text
    assert "Prøven koster 7.010\u00a0kr." in page.text
    assert "Prøven koster 6.810\u00a0kr. (2026)." in page.text, "what would be read without it"
    published, draft = await state(services)
    assert published
    assert published.data["values"] == [THIS_YEAR]
    assert draft is None, "looking writes nothing"


async def test_published_it_is_in_the_next_answer(services: Services, editor: Browser) -> None:
    corrected = form(figure({**THIS_YEAR, "value": "6.850,-"}))
    answer = await editor.send(f"/admin/figures/{FEE}/publish", **corrected, **await base(services))
    assert answer.headers["location"] == f"/admin/figures/{FEE}?said=published"
    published, _ = await state(services)
    assert published
    assert published.data["values"][0]["value"] == 6850
    library = await web_doors(services).library()
    body = library.texts["permit-fees", "da"].body
    assert "Prøven koster 6.850\u00a0kr." in library.fill(body, language="da", day=services.now().date()).text
    async with services.database.connect() as connection:
        what = (await connection.execute(text("select what, about, data from audit order by id desc limit 1"))).one()
    assert what[:2] == ("figures.publish", f"figure:{FEE}")
    assert "6850" not in json.dumps(what[2])


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"values.0.value": "1.234"}, "values.0.value", "1234 or 1.2340"),
        ({"values.0.value": "cheap"}, "values.0.value", "does not go with the unit"),
        ({"values.0.value": ""}, "values.0.value", "tick that this value is taken away"),
        ({"values.0.unit": ""}, "values.0.unit", "Choose a unit"),
        ({"values.0.unit": "bananas"}, "values.0.unit", "Choose a unit"),
        ({"values.0.source_name": ""}, "values.0.source_name", "Say where this stands"),
        ({"values.0.source_url": ""}, "values.0.source_url", "Say where this stands"),
        ({"values.0.source_url": "javascript:alert(1)"}, "values.0.source_url", "begins with https://"),
        ({"values.0.valid_from": "2027-01-01"}, "values.0.valid_to", "ends before it begins"),
        ({"values.0.valid_to": "soon"}, "values.0.valid_to", "2027-01-31"),
        ({"values.0.gone": "yes"}, "values.0.value", "at least one value"),
        ({"meaning": ""}, "meaning", "Say in a few words"),
        ({"next_review": ""}, "next_review", "Say when somebody"),
    ],
)
async def test_what_does_not_fit_is_told_beside_the_field(
    services: Services, editor: Browser, change: dict[str, str], field: str, told: str
) -> None:
    for step in ("look", "save", "publish"):
        typed = form(figure(), **{"note": "keep me", **change})
        page = await editor.send(f"/admin/figures/{FEE}/{step}", **typed, **await base(services))
        assert page.status_code == 422
        assert told in page.text.partition(f'id="why-{field}"')[2].partition("</span>")[0]
        assert 'value="keep me"' in page.text, "what was typed stays"
    assert (await state(services))[1] is None


async def test_periods_neither_overlap_nor_leave_a_hole(services: Services, editor: Browser) -> None:
    for begins, told in (
        ("2026-12-01", "Let the earlier one end on 2026-11-30"),
        ("2027-02-01", "from 2027-01-01 to 2027-01-31"),
    ):
        new = {**THIS_YEAR, "valid_from": begins, "valid_to": None}
        page = await editor.send(f"/admin/figures/{FEE}/save", **form(figure(THIS_YEAR, new)), **await base(services))
        assert page.status_code == 422
        assert told in page.text.partition('id="why-values.1.valid_from"')[2].partition("</span>")[0]


ODD = (
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "٣٤",
    "\x00",
    "1" * 5000,
    "<b>",
    "{x}",
    "-1",
    "1e9",
    "\ud800".encode("utf-8", "replace").decode(),
)


@pytest.mark.parametrize("odd", ODD)
async def test_odd_things_typed_give_no_500(services: Services, editor: Browser, odd: str) -> None:
    fields = ("value", "unit", "valid_from", "valid_to", "source_name", "source_url", "confidence")
    for name in (
        *(f"values.0.{field}" for field in fields),
        f"values.{odd}.value",
        "meaning",
        "next_review",
        "note",
        "about",
    ):
        answer = await editor.send(
            f"/admin/figures/{FEE}/look", **{**form(figure()), name: odd}, **await base(services)
        )
        assert answer.status_code in (200, 422), name
    for field in ("version", "base", "revision", "next_review", "key"):
        for step in ("discard", "restore", "looked", "publish"):
            assert (await editor.send(f"/admin/figures/{FEE}/{step}", **{field: odd})).status_code < 500, (field, step)
    for query in ({"q": odd}, {"show": odd, "sort": odd}, {"theme": odd}, {"page": odd}):
        assert (await editor.get("/admin/figures", **query)).status_code == 200
    assert (await editor.get("/admin/corrections/new", revision=odd)).status_code == 404


async def test_nothing_typed_gives_no_500(editor: Browser) -> None:
    for step in ("look", "save", "submit", "publish", "discard", "looked", "restore", "remove"):
        assert (await editor.send(f"/admin/figures/{FEE}/{step}")).status_code < 500, step
        assert (await editor.send("/admin/figures/no-such/" + step)).status_code in (404, 409, 422), step
    assert (await editor.send("/admin/figures/new")).status_code == 422


# --- two at once, review, history -------------------------------------------------------------------------------------


async def test_the_second_of_two_editors_sees_both_and_loses_nothing(
    services: Services, app: FastAPI, editor: Browser
) -> None:
    other = await signed_in(services, app, await add(services, "Ole", "editor"))
    seen = await base(services)
    assert (
        await editor.send(f"/admin/figures/{FEE}/save", **form(figure({**THIS_YEAR, "value": 7000})), **seen)
    ).status_code == 303
    page = await other.send(f"/admin/figures/{FEE}/publish", **form(figure({**THIS_YEAR, "value": 8000})), **seen)
    assert page.status_code == 409
    assert 'value="8000"' in page.text, "mine"
    assert "7,000" in page.text, "theirs"
    published, draft = await state(services)
    assert published
    assert published.data["values"][0]["value"] == 6810
    assert draft
    assert draft.data["values"][0]["value"] == 7000
    again = form(figure({**THIS_YEAR, "value": 8000}))
    assert (await other.send(f"/admin/figures/{FEE}/publish", **again, **await base(services))).status_code == 303


async def test_with_review_somebody_else_publishes(services: Services, settings_with: Any) -> None:
    services.settings = settings_with(review=True)
    async with services.database.begin() as connection:
        await editing.publish(connection, {NAME: figure()}, staff_id=None, now=services.now())
    app = create_app(web_doors(services))
    editor = await signed_in(services, app, await add(services, "Eva", "editor"))
    reviewer = await signed_in(services, app, await add(services, "Rita", "reviewer"))
    typed = form(figure({**THIS_YEAR, "value": 7000}))
    assert (await editor.send(f"/admin/figures/{FEE}/publish", **typed, **await base(services))).status_code == 422
    assert (await editor.send(f"/admin/figures/{FEE}/submit", **typed, **await base(services))).status_code == 303
    seen = await base(services)
    assert (await editor.send(f"/admin/figures/{FEE}/approve", **seen)).status_code == 403
    assert "Approve and publish" in (await reviewer.get(f"/admin/figures/{FEE}")).text
    assert (await reviewer.send(f"/admin/figures/{FEE}/send-back", **seen, about="Check it")).status_code == 303
    assert "Check it" in (await editor.get(f"/admin/figures/{FEE}")).text
    await editor.send(f"/admin/figures/{FEE}/submit", **typed, **await base(services))
    assert (await reviewer.send(f"/admin/figures/{FEE}/approve", **await base(services))).status_code == 303
    published, draft = await state(services)
    assert published
    assert published.data["values"][0]["value"] == 7000
    assert draft is None
    async with services.database.begin() as connection:
        await editing.publish(connection, {NAME: None}, staff_id=None, now=services.now())


async def test_looked_at_and_still_right_moves_the_review_only(services: Services, editor: Browser) -> None:
    assert (await editor.send(f"/admin/figures/{FEE}/looked", next_review="2026-01-01")).status_code == 422
    assert (await editor.send(f"/admin/figures/{FEE}/looked", next_review="2027-06-01")).status_code == 303
    published, _ = await state(services)
    assert published
    assert published.data == figure(next_review="2027-06-01")


async def test_an_earlier_value_is_brought_back(services: Services, editor: Browser) -> None:
    first, _ = await state(services)
    assert first is not None
    await editor.send(
        f"/admin/figures/{FEE}/publish", **form(figure({**THIS_YEAR, "value": 1})), **await base(services)
    )
    history = (await editor.get(f"/admin/figures/{FEE}/history")).text
    assert "6,810" in history
    assert f"/admin/corrections/new?revision={first.revision}" in history
    assert (await editor.send(f"/admin/figures/{FEE}/restore", revision=str(first.revision))).status_code == 303
    _, draft = await state(services)
    assert draft
    assert draft.data["values"][0]["value"] == 6810


async def test_a_new_figure_and_taken_away_while_nothing_speaks_of_it(services: Services, editor: Browser) -> None:
    typed = form(figure(key="brand-new-fee"))
    assert (await editor.send("/admin/figures/new", **typed, key="permit test fee")).status_code == 422, "taken"
    made = await editor.send("/admin/figures/new", **typed, key="Brand new fee")
    assert made.headers["location"] == "/admin/figures/brand-new-fee?said=saved"
    published = await editor.send("/admin/figures/brand-new-fee/publish", **typed, version="1", base="")
    assert published.status_code == 303
    assert (await editor.send("/admin/figures/brand-new-fee/remove")).status_code == 303
    assert (await editor.get("/admin/figures/brand-new-fee")).status_code == 404
    refused = await editor.send(f"/admin/figures/{FEE}/remove")
    assert refused.status_code == 422
    assert "Texts still use this figure (1)" in refused.text


async def test_an_editor_keeps_to_their_themes(services: Services, app: FastAPI) -> None:
    other = await signed_in(services, app, await add(services, "Bo", "editor", themes=("bank",)))
    page = await other.send(f"/admin/figures/{FEE}/publish", **form(figure()), **await base(services))
    assert page.status_code == 422
    assert "keeps to other languages or themes" in page.text
