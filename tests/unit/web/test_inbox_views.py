"""Rows, messages and people as the inbox shows them; and which changes an open page hears of."""

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.handing import HandingError, Task, case_of
from handover.access import Role, Staff
from i18n.languages import LANGUAGES
from i18n.translator import translator
from store.handovers import File, Looked, Row, Said
from web.inbox_errors import SENTENCES, as_refused
from web.inbox_stream import LONGEST_QUEUE, Announced, InboxHub, Page, parse
from web.inbox_views import (
    EVENTS,
    Version,
    Words,
    looks_view,
    message_view,
    messages_view,
    person_view,
    profile_view,
    reason_label,
    rights,
    row_view,
    task_view,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENGLISH = Words("en", translator("en"), {"aarhus": "Aarhus"}, {7: "Jens"})
MARIA, OTTO = 1, 2


def a_row(**changed: Any) -> Row:
    row = Row(
        id=5, conversation_id=12, epoch=3, owner="mentor", status="with_mentor", reason="asked", urgent=False, theme="tax",
        language="pl", created_at=NOW, promised_at=NOW + timedelta(hours=1), first_promised_at=None, apologised_at=None,
        noticed_at=None, round=1, offered_at=None, supervisors_at=None, mentor_id=MARIA, mentor="Maria", claimed_at=NOW,
        answered_at=None, snoozed_until=None, unread=2, waiting_since=NOW, last_at=NOW, closed_at=None, outcome=None,
        rating=None, rating_text=None, channel="telegram", address="42", reachable=True, muted_until=None,
        recruit_id=uuid.UUID(int=1), consent="given", name="Anna", kommune="aarhus", occupation="sosu", members=(),
        invited=(), offered=(), declined=(), past=(), last_text="Hello",
    )  # fmt: skip
    return replace(row, **changed)


def staff(number: int = MARIA, role: Role = Role.MENTOR, *kommuner: str) -> Staff:
    return Staff(number, role, True, frozenset(), frozenset(kommuner))


def shown(row: Row, me: Staff, words: Words = ENGLISH) -> dict[str, Any]:
    return row_view(row, rights(me, case_of(row)), words)


def said(kind: str = "recruit", number: int = 1, text: str | None = "Hello", **more: Any) -> Said:
    return Said(kind, number, NOW + timedelta(minutes=number), text, **more)


def one(entry: Said, me: int = MARIA, row: Row | None = None) -> dict[str, Any]:
    return messages_view([entry], me, rights(staff(me), case_of(row or a_row())), ENGLISH)[0]


# --- rows -------------------------------------------------------------------------------------------------------------


def test_a_row_has_words_for_its_codes_and_times_that_every_browser_reads() -> None:
    view = shown(a_row(), staff())

    assert (view["themeLabel"], view["reasonLabel"]) == ("Tax", "Asked for a human")
    assert (view["languageName"], view["kommune"], view["occupation"]) == ("Polish", "Aarhus", "Care worker (SOSU)")
    assert view["promisedAt"] == "2026-11-23T13:00:00+00:00"
    assert json.loads(json.dumps(view)) == view


def test_a_row_holds_neither_addresses_nor_the_persons_number() -> None:
    text = json.dumps(shown(a_row(address="secret-address"), staff()))

    assert "secret-address" not in text
    assert str(uuid.UUID(int=1)) not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_row(language: str) -> None:
    view = shown(a_row(kommune="other", reason="danger:violence"), staff(), Words(language, translator(language)))

    assert view["kommune"]
    assert view["reasonLabel"]
    assert view["languageName"]


MINE = {"reply", "passOn", "note", "resolve", "snooze", "transcript", "mute", "suggest"}


@pytest.mark.parametrize(
    ("row", "me", "can"),
    [
        (a_row(), staff(MARIA), MINE),
        (a_row(status="snoozed"), staff(MARIA), MINE),
        (a_row(members=(OTTO,)), staff(OTTO), {"reply", "leave", "note", "resolve", "snooze", "transcript", "mute"}),
        (a_row(invited=(OTTO,)), staff(OTTO), {"join", "leave", "transcript"}),
        (a_row(), staff(OTTO), set()),
        (
            a_row(),
            staff(9, Role.SUPERVISOR),
            {"claim", "passOn", "join", "note", "resolve", "transcript", "mute", "suggest"},
        ),
        (a_row(status="waiting", mentor_id=None), staff(OTTO), {"claim"}),
        (a_row(status="waiting", mentor_id=None, urgent=True), staff(OTTO), {"claim", "transcript"}),
        (a_row(status="waiting", mentor_id=None, offered=(OTTO,)), staff(OTTO), {"claim", "decline", "transcript"}),
        (a_row(status="waiting", mentor_id=None), staff(OTTO, Role.MENTOR, "odense"), set()),
        (a_row(status="resolved", closed_at=NOW), staff(MARIA), {"transcript", "suggest"}),
        (a_row(), staff(MARIA, Role.AUDITOR), set()),
    ],
)
def test_what_can_be_done(row: Row, me: Staff, can: set[str]) -> None:
    assert {name for name, may in shown(row, me)["can"].items() if may} == can


def test_how_somebody_stands_to_it() -> None:
    row = a_row(status="waiting", mentor_id=None, offered=(OTTO,), invited=(7,), members=(8,))
    standing = {
        number: tuple(shown(row, staff(number))[name] for name in ("mine", "member", "offeredToMe", "invited"))
        for number in (MARIA, OTTO, 7, 8)
    }

    assert standing == {
        MARIA: (False, False, False, False),
        OTTO: (False, False, True, False),
        7: (False, False, False, True),
        8: (False, True, False, False),
    }


@pytest.mark.parametrize(
    ("reason", "label"),
    [
        ("asked", "Asked for a human"),
        ("danger:violence", "Violence"),
        ("danger", "In danger"),
        ("new", "Asked for a human"),
    ],
)
def test_reasons(reason: str, label: str) -> None:
    assert reason_label(reason, ENGLISH) == label


# --- messages ---------------------------------------------------------------------------------------------------------


def test_text_stays_as_it_was_written() -> None:
    written = "<b>bold</b> **stars** & [link](javascript:x)\nnext line"

    assert one(said(text=written))["text"] == written


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (said(text=None, said="text"), None),
        (said(text=None, said="voice"), "(a voice message)"),
        (said(text="", said="sticker"), "(a sticker)"),
        (said(text="Look", said="photo"), "Look"),
        (said(text=None, said="something new"), None),
        (said(text=None, said="photo", attachments=(File(uuid.UUID(int=2), "a", "image/png", 3, "stored", None),)), ""),
    ],
)
def test_what_has_no_text_says_what_it_was(entry: Said, text: str | None) -> None:
    assert one(entry)["text"] == text


def test_a_pressed_button_reads_as_it_did() -> None:
    asked = said("bot", 1, "Shall I?", buttons=(("mentor:yes", "Yes, please"),))
    views = messages_view(
        [asked, said(number=2, text=None, payload="mentor:yes", said="button")], MARIA,
        rights(staff(), case_of(a_row())), ENGLISH,
    )  # fmt: skip

    assert views[0]["buttons"] == ["Yes, please"]
    assert (views[1]["pressed"], views[1]["text"]) == ("Yes, please", "")
    assert one(said(text=None, payload="topic:tax-card", said="button"))["pressed"] == "…"


def test_a_persons_corrected_message_stands_once_with_what_it_was() -> None:
    entries = [
        said(number=1, text="I live in Odnse", reference="r1"),
        said("bot", 2, "All right"),
        said(number=3, text="I live in Odense", edits="r1"),
        said(number=4, text="I live in Odense C", edits="r1"),
    ]
    views = messages_view(entries, MARIA, rights(staff(), case_of(a_row())), ENGLISH)

    assert [(view["key"], view["text"], view["earlier"]) for view in views] == [
        ("i4", "I live in Odense C", ["I live in Odnse", "I live in Odense"]),
        ("o2", "All right", []),
    ]
    assert views[0]["at"] == "2026-11-23T12:01:00+00:00"


@pytest.mark.parametrize(
    ("entries", "replaces", "earlier"),
    [
        ([said(number=5, edits="r1")], "i3", ["Odnse", "Odense"]),
        ([said(number=2, edits="r1")], "i1", ["Odnse"]),
        ([said(number=3, text="Odense", edits="r1"), said(number=5, edits="r1")], "i1", ["Odnse", "Odense"]),
        ([said(number=5, edits="r2")], None, []),
        ([said(number=5, reference="r1")], None, []),
    ],
)
def test_a_correction_says_what_it_replaces_on_the_page(
    entries: list[Said], replaces: str | None, earlier: list[str]
) -> None:
    versions = {"r1": [Version(1, "Odnse"), Version(3, "Odense"), Version(5, "Hello")]}
    (view,) = messages_view(entries, MARIA, rights(staff(), case_of(a_row())), ENGLISH, versions=versions)

    assert (view["replaces"], view["earlier"]) == (replaces, earlier)


def test_who_looked_at_a_person_in_words() -> None:
    looks = [Looked(NOW, "Maria", "conversation"), Looked(NOW, None, "attachment"), Looked(NOW, "Otto", "list")]

    assert [(look["name"], look["what"]) for look in looks_view(looks, ENGLISH)] == [
        ("Maria", "the conversation"),
        ("somebody", "a file"),
        ("Otto", "list"),
    ]
    assert looks_view(looks, ENGLISH)[0]["at"] == "2026-11-23T12:00:00+00:00"


def test_a_line_about_the_help_is_for_those_who_may_read_the_conversation() -> None:
    row = a_row(status="waiting", mentor_id=None, rating=2, rating_text="Too slow")

    assert shown(row, staff(OTTO))["ratingText"] is None
    assert shown(row, staff(9, Role.SUPERVISOR))["ratingText"] == "Too slow"


@pytest.mark.parametrize(
    ("entry", "me", "row", "may"),
    [
        (said("mentor", mentor_id=MARIA, status="sent"), MARIA, a_row(), True),
        (said("mentor", mentor_id=MARIA, status="failed"), MARIA, a_row(), False),
        (said("mentor", mentor_id=OTTO, status="sent"), MARIA, a_row(), False),
        (said("mentor", mentor_id=MARIA, status="sent"), MARIA, a_row(status="resolved", closed_at=NOW), False),
        (said("bot", status="sent"), MARIA, a_row(), False),
        (said("note", mentor_id=MARIA), MARIA, a_row(), False),
    ],
)
def test_only_ones_own_messages_can_be_corrected(entry: Said, me: int, row: Row, may: bool) -> None:
    assert one(entry, me, row)["canEdit"] is may


@pytest.mark.parametrize(
    ("event", "data", "sentence"),
    [
        ("claimed", {}, "Maria has taken the conversation"),
        ("passed_on", {"to": 7, "name": "Jens", "note": "knows tax"}, "Maria has passed the conversation on to Jens · knows tax"),
        ("passed_on", {"to": 7}, "Maria has passed the conversation on to Jens"),
        ("offered", {"to": [7, 8]}, "Offered to Jens"),
        ("offered", {"to": []}, "Offered to somebody"),
        ("resolved", {"outcome": "solved"}, "Maria has resolved the conversation: Solved"),
        ("asked", {"reason": "danger:violence"}, "A human was asked for: Violence"),
        ("rated", {"rating": 3}, "The person has rated the help: 3 of 5"),
        ("asked", {"reason": 3, "name": {"no": "name"}}, "A human was asked for: –"),
        ("something_new", {}, "something new"),
    ],
)  # fmt: skip
def test_steps_in_words(event: str, data: dict[str, Any], sentence: str) -> None:
    assert one(said("event", mentor="Maria", event=event, data=data))["eventText"] == sentence


@pytest.mark.parametrize("event", EVENTS)
def test_every_step_has_words_in_every_language(event: str) -> None:
    for language in LANGUAGES:
        words = Words(language, translator(language))
        entry = said("event", event=event)
        assert "{" not in message_view(entry, MARIA, rights(staff(), case_of(a_row())), words, {})["eventText"]


@pytest.mark.parametrize(
    ("kind", "status", "image"),
    [("image/png", "stored", True), ("image/svg+xml", "stored", False), ("image/png", "refused", False), ("a/b", "stored", False)],
)  # fmt: skip
def test_only_plain_images_are_shown(kind: str, status: str, image: bool) -> None:
    file = File(uuid.UUID(int=2), "kort.png", kind, 3, status, "too_big")

    assert one(said(attachments=(file,)))["attachments"] == [
        {
            "id": str(uuid.UUID(int=2)), "name": "kort.png", "kind": kind, "size": 3, "status": status,
            "reason": "too_big", "image": image,
        }
    ]  # fmt: skip


# --- the person -------------------------------------------------------------------------------------------------------


def test_what_is_known_of_a_person_in_words() -> None:
    profile = {
        "name": "Anna", "origin": "eu", "country": "PL", "occupation": "sosu", "arrival": "2026-12-01", "kommune": "aarhus",
        "zone": "Europe/Warsaw", "mentor": "yes", "household": "", "something": "else",
    }  # fmt: skip
    facts = {each["label"]: each["value"] for each in profile_view(profile, ENGLISH)}

    assert facts == {
        "Name": "Anna",
        "Citizenship": "Poland",
        "Work": "Care worker (SOSU)",
        "Arrival": "1 December 2026",
        "Municipality": "Aarhus",
        "Time zone": "Warsaw",
        "A mentor may hear of it": "Yes",
    }


@pytest.mark.parametrize(
    "profile",
    [{"arrival": "soon"}, {"kommune": "atlantis"}, {"kommune": "other"}, {"origin": "moon"}, {"quiet": "22-7"}],
)
def test_odd_facts_are_shown_as_they_are(profile: Mapping[str, str]) -> None:
    assert all(each["value"] for each in profile_view(profile, ENGLISH))
    assert profile_view(profile, ENGLISH)


def test_the_time_where_the_person_is() -> None:
    view = person_view(a_row(), {}, [(7, "Jens", "buddy")], "Asia/Manila", ENGLISH, NOW)

    assert (view["localTime"], view["zone"]) == ("20:00", "Asia/Manila")
    assert view["consentLabel"] == "What is said here may be kept."
    assert view["mentors"] == [{"id": 7, "name": "Jens", "kind": "buddy"}]


def test_a_task_past_its_legal_limit_is_late() -> None:
    task = Task("r-cpr", "Get a CPR number", "open", None, "2026-11-01", late=False, legally_late=True, topic=None)

    assert task_view(task)["late"]


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", SENTENCES)
@pytest.mark.parametrize("named", [{}, {"name": "Maria"}, {"name": "{name} {0}"}, {"slug": "x"}])
def test_every_code_becomes_a_sentence(code: str, named: dict[str, str]) -> None:
    refused = as_refused(HandingError(code, **named))
    sentence = translator("da").gettext(refused.msgid, **refused.named)

    assert 400 <= refused.status < 600
    assert sentence
    assert named.get("name", "") in sentence or "{name}" not in refused.msgid


def test_a_code_that_nobody_has_put_into_words_is_a_conflict() -> None:
    assert as_refused(HandingError("brand_new")).status == 409


# --- open pages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ("12:row", Announced(12, "row")),
        ("12:edited:34", Announced(12, "edited", 34)),
        ("12:here:7:Jens: the second", Announced(12, "here", 7, "Jens: the second")),
        ("0:staff:7", Announced(0, "staff", 7)),
        ("row", None),
        ("x:row", None),
        ("12:", None),
        ("12:here:x:Jens", None),
    ],
)
def test_announcements(payload: str, told: Announced | None) -> None:
    assert parse(payload) == told


def hub_with(rows: list[Row], *pages: Page) -> InboxHub:
    async def words(language: str) -> Words:
        return Words(language, translator(language))

    hub = InboxHub("", None, words)  # type: ignore[arg-type]
    hub._open = {row.conversation_id: case_of(row) for row in rows}
    hub._pages = list(pages)
    return hub


def waiting_in(page: Page) -> list[str]:
    found = []
    while not page.events.empty():
        found.append(page.events.get_nowait())
    return found


def test_the_numbers_on_the_lists() -> None:
    rows = [
        a_row(conversation_id=1),
        a_row(conversation_id=2, status="snoozed"),
        a_row(conversation_id=3, mentor_id=OTTO, members=(MARIA,)),
        a_row(conversation_id=4, mentor_id=OTTO),
        a_row(conversation_id=5, status="waiting", mentor_id=None),
        a_row(conversation_id=6, status="waiting", mentor_id=None, kommune="odense"),
    ]

    assert hub_with(rows).counts(staff(MARIA, Role.MENTOR, "aarhus")) == {"queue": 1, "mine": 2, "snoozed": 1}
    assert hub_with(rows).counts(staff(9, Role.SUPERVISOR)) == {"queue": 2, "mine": 0, "snoozed": 0}


async def test_who_saw_it_and_may_not_any_more_hears_that_it_is_gone() -> None:
    maria, otto, far = (
        Page(staff(MARIA), "a", "en"),
        Page(staff(OTTO), "b", "en"),
        Page(staff(3, Role.MENTOR, "odense"), "c", "en"),
    )
    hub = hub_with([a_row(status="waiting", mentor_id=None)], maria, otto, far)
    hub._tell(12, [Announced(12, "row")], a_row(), {"en": ENGLISH})

    assert '"mine": true' in waiting_in(maria)[0]
    assert waiting_in(otto) == ['event: row\ndata: {"gone": 12}\n\n']
    assert waiting_in(far) == []


async def test_what_is_deleted_is_gone_for_everybody_who_saw_it() -> None:
    page = Page(staff(MARIA), "a", "en")
    hub_with([a_row()], page)._tell(12, [Announced(12, "row")], None, {"en": ENGLISH})

    assert waiting_in(page) == ['event: row\ndata: {"gone": 12}\n\n']


def test_a_page_that_does_not_read_loads_its_lists_anew() -> None:
    page = Page(staff(), "a", "en")
    for number in range(LONGEST_QUEUE + 1):
        page.give(str(number))

    assert waiting_in(page) == ["event: catchup\ndata: {}\n\n", str(LONGEST_QUEUE)]


async def test_fifty_pages_and_twenty_signals_a_second_are_cheap() -> None:
    """A second of the busiest day: no page costs a query, all of them together a small part of that second."""
    rows = [a_row(id=number, conversation_id=number, status="waiting", mentor_id=None) for number in range(1, 301)]
    pages = [Page(staff(number), str(number), "en") for number in range(100, 150)]
    hub = hub_with(rows, *pages)
    began = time.process_time()
    for number in range(1, 21):
        hub._tell(number, [Announced(number, "said")], a_row(conversation_id=number), {"en": ENGLISH})
    for page in pages:
        hub.counts(page.me)
    took = time.process_time() - began

    assert all(len(waiting_in(page)) == 20 for page in pages)
    assert took < 0.5, took  # 0.03 as measured; room for a slow machine
