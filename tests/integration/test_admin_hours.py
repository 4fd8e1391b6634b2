"""When mentors answer, on its page: what is typed is what is published, and what the next promise is counted in."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.services import Services
from handover.hours import WEEKDAYS, read_hours
from knowledge.shelf import Shelf
from tests.support.editors import Editors, Form, editors_of, fills, sends
from tests.support.talk import Chat
from web.admin.hours import read, typed
from web.admin.room import Unfit

HOURS = "/admin/hours"
WEEK = {"mon": "9-12, 13:00–16:30", "tue": "", "wed": "08.15-10", "thu": "", "fri": "20:00-24:00", "sat": "", "sun": ""}


@pytest.fixture
async def office(services: Services) -> AsyncIterator[Editors]:
    async with editors_of(services) as office:
        yield office


async def test_supervisors_change_the_hours_and_others_read_them(office: Editors) -> None:
    for name in office.people:
        page = await office[name].get(HOURS)
        assert page.status_code == 200
        assert "What a person would read" in page.text
        expected = 303 if name in ("Sune", "Ada") else 403
        assert (
            await sends(office[name], page, {"mon": f"10-1{len(name)}", "base": None} | await _base(office))
        ).status_code == expected


async def _base(office: Editors) -> dict[str, str]:
    [(base,)] = await office.rows("select revision_id from knowledge where kind = 'desk'")
    return {"base": str(base)}


async def test_what_is_typed_holds_from_the_next_promise_on(office: Editors) -> None:
    """It is a Saturday, 13:00 in Denmark, and nobody is there."""
    chat = Chat(office.services)
    answer = await fills(office["Sune"], HOURS, {**dict.fromkeys(WEEKDAYS, ""), "sat": "12-18"})
    assert answer.headers["location"].endswith("said=hours_published")

    await chat.presses("mentor")
    assert "today before 13:30" in (await chat.presses("mentor:yes"))[0].text
    data = (await Shelf(office.services.sessions).library()).desk
    assert data["weekly"] == {"sat": ["12:00-18:00"]}
    assert await office.audited() == [("hours.publish", "desk:hours")]


async def test_all_that_can_be_typed_comes_back(office: Editors) -> None:
    changes = {
        **WEEK,
        "closed": "24.12.\n5/6",
        "special": "23.12.2026: 9-12\n 1.2.2027 –\n2.2.2027: closed",
        "holidays": "open",
    }
    assert (await fills(office["Ada"], HOURS, changes)).status_code == 303
    form = Form(await office["Ada"].get(HOURS), HOURS)
    assert [form[day] for day in WEEKDAYS] == ["09:00-12:00, 13:00-16:30", "", "08:15-10:00", "", "20:00-24:00", "", ""]
    assert form["closed"] == "05.06.\n24.12."
    assert form["special"] == "23.12.2026: 09:00-12:00\n01.02.2027: –\n02.02.2027: –"
    assert form["holidays"] == "open"
    same = await fills(office["Ada"], HOURS, {})
    assert (same.status_code, "Nothing was changed" in same.text) == (422, True)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("mon", "morning", "Write times such as"),
        ("mon", "12-9", "Write times such as"),
        ("mon", "9-12, 11-13", "Write times such as"),
        ("mon", "25:00-26:00", "Write times such as"),
        ("closed", "Christmas", "Write day and month"),
        ("closed", "31.02.", "Write day and month"),
        ("closed", "24.12.\n24/12", "stands here twice"),
        ("special", "soon: 9-12", "Write one day a line"),
        ("special", "30.2.2027: 9-12", "Write one day a line"),
        ("special", "1.2.2027: 12-9", "Write one day a line"),
        ("special", "1.2.2027: –\n01.02.2027: 9-12", "stands here twice"),
    ],
)
async def test_what_does_not_fit_is_said_beside_it(office: Editors, field: str, value: str, says: str) -> None:
    answer = await fills(office["Sune"], HOURS, {field: value, "wed": "10-11"})
    assert (answer.status_code, says in answer.text) == (422, True)
    form = Form(answer, HOURS)
    assert (form[field], form["wed"]) == (value, "10-11")
    assert 'aria-invalid="true"' in answer.text


async def test_a_week_in_which_nobody_is_there_is_refused(office: Editors) -> None:
    answer = await fills(office["Sune"], HOURS, dict.fromkeys(WEEKDAYS, ""))
    assert (answer.status_code, "Nobody would ever be there" in answer.text) == (422, True)


async def test_a_preview_says_the_promise_and_changes_nothing(office: Editors) -> None:
    page = await office["Sune"].get(HOURS)
    assert "Friday 27 November, 17:00" in page.text
    assert "the mentors are back on Monday" in page.text
    page = await fills(office["Sune"], HOURS, {"sat": "12-18", "do": "preview"})
    assert page.status_code == 200
    assert "write to you here today before 13:30" in page.text
    assert "sat" not in (await office.services.shelf.library()).desk["weekly"]


async def test_the_second_of_two_sees_both(office: Editors) -> None:
    seen = await office["Ada"].get(HOURS)
    await fills(office["Sune"], HOURS, {"mon": "8-9"})
    collided = await sends(office["Ada"], seen, {"tue": "10-11"})
    assert collided.status_code == 409
    assert "Now published: 08:00-09:00" in collided.text
    assert Form(collided, HOURS)["tue"] == "10-11"
    assert (await sends(office["Ada"], collided, {})).status_code == 303


async def test_earlier_hours_come_back(office: Editors) -> None:
    before = (await office.services.shelf.library()).desk
    await fills(office["Sune"], HOURS, {"mon": "8-9", "note": "Only one of us"})
    page = await office["Sune"].get(f"{HOURS}/history")
    assert "Only one of us" in page.text
    answer = await sends(office["Sune"], page, {}, action=f"{HOURS}/restore", to=f"{HOURS}/restore")
    assert answer.headers["location"].endswith("said=restored")
    assert (await office.services.shelf.library()).desk == before
    assert (await sends(office["Ed"], page, {}, action=f"{HOURS}/restore", to=f"{HOURS}/restore")).status_code == 403


CLOCK = st.times().map(lambda time: f"{time:%H:%M}")
LINES = (
    st.text(max_size=30)
    | st.builds("{}-{}".format, CLOCK, CLOCK)
    | st.builds("{:%d.%m.%Y}: {}-{}".format, st.dates(), CLOCK, CLOCK)
)


@given(st.dictionaries(st.sampled_from([*WEEKDAYS, "closed", "special", "holidays"]), LINES, max_size=6))
@hypothesis_settings(max_examples=300, deadline=None)
def test_whatever_is_read_is_read_the_same_again(fields: dict[str, str]) -> None:
    try:
        data = read({name: [value] for name, value in fields.items()})
    except Unfit:
        return
    again = read({name: [value] for name, value in typed(data).items()})
    assert read_hours(again) == read_hours(data)


@given(
    st.sampled_from(["", "/restore"]),
    st.dictionaries(
        st.sampled_from([*WEEKDAYS, "closed", "special", "holidays", "base", "do", "revision"]), LINES, max_size=6
    ),
)
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_form_breaks_it(office: Editors, step: str, fields: dict[str, str]) -> None:
    answer = await office["Ada"].send(f"{HOURS}{step}", **fields)
    assert answer.status_code < 500, answer.text


def test_the_moment_of_the_preview_is_a_friday_to_come() -> None:
    from web.admin.hours import next_friday

    assert next_friday(datetime(2026, 11, 27, 20, tzinfo=UTC)) == datetime(2026, 11, 27, 16, tzinfo=UTC)
    assert next_friday(datetime(2026, 11, 28, 20, tzinfo=UTC)) == datetime(2026, 12, 4, 16, tzinfo=UTC)
