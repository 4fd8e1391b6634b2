"""The inbox over HTTP: who may what, what comes back, what is refused, and what travels to open pages."""

import asyncio
import json
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot.handing import MentorDesk
from bot.services import Services
from operations.assemble import web_doors
from store import handovers, staff
from store.measures import measures
from store.staff import Colleague
from tests.support.inbox import ORIGIN, Browser, add, comes_over, offered, signed_in
from web.app import create_app
from web.inbox import snoozed_until
from web.inbox_desk import period
from web.staff import COOKIE
from web.visitor import CSRF_HEADER

WRITTEN = "My secret is <b>bold</b> & 12 **stars**"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@dataclass
class Office:
    """Everybody who works here, each in front of a browser, and a conversation that Maria has, with Jens in it."""

    services: Services
    app: FastAPI
    desk: MentorDesk
    people: dict[str, Browser]

    def __getitem__(self, name: str) -> Browser:
        return self.people[name]

    def who(self, name: str) -> Colleague:
        found = self.people[name].who
        assert found is not None
        return found

    async def with_maria(self, *said: str, **asked: Any) -> int:
        conversation = await comes_over(self.services, *said, **asked)
        await self.desk.claim(self.who("owner"), conversation)
        await self.desk.invite(self.who("owner"), conversation, self.who("member").id)
        await self.desk.join(self.who("member"), conversation)
        return conversation

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.services.database.connect() as connection:
            return list((await connection.execute(text(query), values)).all())


PEOPLE = ("nobody", "other", "owner", "member", "supervisor", "admin", "auditor")


@pytest.fixture
async def office(services: Services) -> AsyncIterator[Office]:
    async with services.database.begin() as connection:
        for table in ("staff", "suggestions"):
            await connection.execute(text(f"delete from {table}"))
    app = create_app(web_doors(services))
    accounts = {
        "other": await add(services, "Otto", kommuner=("aalborg",)),
        "owner": await add(services, "Maria", languages=("da", "en")),
        "member": await add(services, "Jens"),
        "supervisor": await add(services, "Sofie", "supervisor"),
        "admin": await add(services, "Anders", "admin"),
        "auditor": await add(services, "Aud", "auditor"),
        "spare": await add(services, "Nils"),
    }
    people = {name: await signed_in(services, app, who) for name, who in accounts.items()}
    yield Office(services, app, MentorDesk(services), {"nobody": Browser(app), **people})
    await services.background.drain()


# --- who may what -----------------------------------------------------------------------------------------------------
# Of a conversation that Maria (owner) has, with Jens (member) in it. 303: sent to where they may be.

LOOKS: list[tuple[str, tuple[int, ...]]] = [
    #                             nobody other owner member superv admin auditor
    ("/inbox",                      (303, 200, 200, 200, 200, 303, 303)),
    ("/inbox/desk",                 (303, 403, 403, 403, 200, 200, 403)),
    ("/inbox/measures",             (303, 403, 403, 403, 200, 200, 200)),
    ("/inbox/measures?since=soon&until=9999-99-99", (303, 403, 403, 403, 200, 200, 200)),
    ("/inbox/api/start",            (401, 200, 200, 200, 200, 403, 403)),
    ("/inbox/api/rows?box=queue",   (401, 200, 200, 200, 200, 403, 403)),
    ("/inbox/api/rows?box=resolved", (401, 200, 200, 200, 200, 403, 403)),
    ("/inbox/api/rows?q=tax",       (401, 200, 200, 200, 200, 403, 403)),
    ("/inbox/api/rows?box=open",    (401, 422, 422, 422, 422, 403, 403)),
    ("/inbox/api/topics?q=tax",     (401, 200, 200, 200, 200, 403, 403)),
    ("/inbox/api/canned",           (401, 200, 200, 200, 200, 403, 403)),
    ("/inbox/api/canned?conversation={c}", (401, 403, 200, 200, 200, 403, 403)),
    ("/inbox/api/conversations/{c}", (401, 403, 200, 200, 200, 403, 403)),
    ("/inbox/api/conversations/{c}/since", (401, 403, 200, 200, 200, 403, 403)),
    ("/inbox/api/conversations/{c}/messages?before=2030-01-01T00:00:00Z", (401, 403, 200, 200, 200, 403, 403)),
    ("/inbox/api/conversations/{c}/messages?before=2030-01-01", (401, 422, 422, 422, 422, 403, 403)),
    ("/inbox/api/conversations/{c}/messages", (401, 422, 422, 422, 422, 403, 403)),
    ("/inbox/api/conversations/{c}/suggestion", (401, 403, 200, 403, 200, 403, 403)),
    ("/inbox/api/conversations/999999999", (401, 404, 404, 404, 404, 403, 403)),
    ("/inbox/api/conversations/nonsense", (401, 404, 404, 404, 404, 403, 403)),
    ("/inbox/api/conversations/99999999999999999999", (401, 404, 404, 404, 404, 403, 403)),
    ("/inbox/attachments/{file}",   (303, 403, 200, 200, 200, 403, 403)),
    ("/inbox/attachments/nonsense", (303, 404, 404, 404, 404, 403, 403)),
]  # fmt: skip
STEPS: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    #                                           nobody other owner member superv admin auditor
    ("claim", {},                                 (401, 409, 200, 409, 200, 403, 403)),
    ("decline", {"note": "no time"},              (401, 409, 403, 409, 409, 403, 403)),
    ("pass", {"to": "{other}", "note": "please"}, (401, 409, 200, 409, 200, 403, 403)),
    ("pass", {"to": "{admin}"},                   (401, 409, 422, 409, 422, 403, 403)),
    ("invite", {"who": "{other}"},                (401, 409, 200, 200, 409, 403, 403)),
    ("join", {},                                  (401, 409, 403, 200, 200, 403, 403)),
    ("leave", {},                                 (401, 403, 403, 200, 403, 403, 403)),
    ("reply", {"id": "{id}", "text": "Hello"},    (401, 409, 200, 200, 409, 403, 403)),
    ("reply", {"id": "{id}", "text": "  "},       (401, 422, 422, 422, 422, 403, 403)),
    ("reply", {"id": "{id}", "text": "x" * 4001}, (401, 413, 413, 413, 413, 403, 403)),
    ("reply", {"id": "no", "text": "Hello"},      (401, 422, 422, 422, 422, 403, 403)),
    ("topic", {"id": "{id}", "slug": "tax-card"}, (401, 409, 200, 200, 409, 403, 403)),
    ("topic", {"id": "{id}", "slug": "nothing"},  (401, 422, 422, 422, 422, 403, 403)),
    ("edit", {"message": "{mine}", "text": "New"}, (401, 409, 200, 403, 403, 403, 403)),
    ("snooze", {"preset": "1h"},                  (401, 409, 200, 200, 409, 403, 403)),
    ("snooze", {"until": "2026-11-25T00:00:00Z"}, (401, 409, 200, 200, 409, 403, 403)),
    ("snooze", {"until": "2026-11-25T00:00:00"},  (401, 422, 422, 422, 422, 403, 403)),
    ("snooze", {"until": "2020-01-01T00:00:00Z"}, (401, 409, 422, 422, 409, 403, 403)),
    ("snooze", {"until": "0001-01-01T00:00:00+14:00"}, (401, 422, 422, 422, 422, 403, 403)),
    ("snooze", {},                                (401, 422, 422, 422, 422, 403, 403)),
    ("wake", {},                                  (401, 409, 200, 200, 409, 403, 403)),
    ("resolve", {"outcome": "solved", "theme": "tax"}, (401, 409, 200, 200, 200, 403, 403)),
    ("resolve", {"outcome": "solved", "seen": 0}, (401, 409, 409, 409, 409, 403, 403)),
    ("resolve", {"outcome": "bored"},             (401, 422, 422, 422, 422, 403, 403)),
    ("note", {"text": "Called her"},              (401, 409, 200, 200, 200, 403, 403)),
    ("theme", {"theme": "housing"},               (401, 409, 200, 200, 200, 403, 403)),
    ("theme", {"theme": "weather"},               (401, 422, 422, 422, 422, 403, 403)),
    ("mute", {"hours": 24},                       (401, 409, 200, 200, 200, 403, 403)),
    ("mute", {"hours": 0},                        (401, 409, 200, 200, 200, 403, 403)),
    ("report", {"reason": "threats"},             (401, 409, 200, 200, 200, 403, 403)),
    ("read", {},                                  (401, 409, 200, 200, 200, 403, 403)),
    ("typing", {},                                (401, 409, 200, 200, 409, 403, 403)),
    ("here", {},                                  (401, 409, 200, 200, 200, 403, 403)),
    ("translate", {"text": "hej", "target": "en"}, (401, 409, 422, 422, 422, 403, 403)),
    ("suggest", {"kind": "answer", "language": "en", "text": "Do it"}, (401, 409, 200, 409, 200, 403, 403)),
    ("mentor", {"who": "{owner}", "kind": "buddy"}, (401, 409, 200, 200, 200, 403, 403)),
]  # fmt: skip
FORMS: list[tuple[str, dict[str, str], tuple[int, ...]]] = [
    #                                 nobody other owner member superv admin auditor
    ("shifts", {"staff_id": "{other}", "kind": "duty", "weekday": "0", "start": "09:00", "end": "15:00"},
                                        (303, 403, 403, 403, 303, 303, 403)),
    ("shifts/1/remove", {},             (303, 403, 403, 403, 303, 303, 403)),
    ("reports/999999999/close", {},     (303, 403, 403, 403, 404, 403, 403)),
    ("reports/99999999999999999999/close", {}, (303, 403, 403, 403, 404, 403, 403)),
]  # fmt: skip


async def test_who_may_look_at_what(office: Office) -> None:
    conversation = await office.with_maria()
    file = await add_file(office, conversation, "image/png", PNG)
    expected = dict(LOOKS)
    found = {
        path: tuple(
            [(await office[name].http.get(path.format(c=conversation, file=file))).status_code for name in PEOPLE]
        )
        for path in expected
    }

    assert found == expected


async def test_who_may_do_what(office: Office) -> None:
    """Each step on a conversation of its own, but for those who may do nothing at all."""
    wrong = []
    untouched = await office.with_maria()
    for step, body, statuses in STEPS:
        for name, status in zip(PEOPLE, statuses, strict=True):
            conversation = untouched if name in ("nobody", "admin", "auditor") else await office.with_maria()
            mine = await office.desk.write(office.who("owner"), conversation, "Hi", source=str(uuid.uuid4()))
            filled = {key: fill(office, value, mine) for key, value in body.items()}
            answer = await office[name].post(f"/inbox/api/conversations/{conversation}/{step}", filled)
            if answer.status_code != status:
                wrong.append((step, body, name, status, answer.status_code, answer.text[:200]))
        await office.services.background.drain()

    assert wrong == []


async def test_who_may_change_the_rota(office: Office) -> None:
    wrong = []
    for path, fields, statuses in FORMS:
        for name, status in zip(PEOPLE, statuses, strict=True):
            filled = {key: fill(office, value, 0) for key, value in fields.items()}
            where = f"/inbox/desk/{fill(office, path, 0)}"
            answer = await office[name].send(where, **filled)
            if answer.status_code != status:
                wrong.append((path, fields, name, status, answer.status_code))

    assert wrong == []


def fill(office: Office, value: Any, mine: int) -> Any:
    if not isinstance(value, str):
        return value
    if value == "{id}":
        return str(uuid.uuid4())
    if value == "{mine}":
        return mine
    for name in (*PEOPLE[1:], "spare"):
        if value == f"{{{name}}}":
            return office.who(name).id
        value = value.replace(f"{{{name}}}", str(office.who(name).id))
    return value


async def test_of_one_that_waits_a_mentor_sees_the_last_question_alone(office: Office) -> None:
    conversation = await comes_over(office.services, "First thing", "Second thing")
    seen = await office["owner"].get(f"/inbox/api/conversations/{conversation}")
    await offered(office.services, conversation, office.who("owner"))
    all_of_it = await office["owner"].get(f"/inbox/api/conversations/{conversation}")

    before = await office["other"].get(
        f"/inbox/api/conversations/{conversation}/messages", before="2030-01-01T00:00:00Z"
    )

    assert [each["text"] for each in seen.json()["messages"]] == ["Second thing"]
    assert before.json() == {"messages": []}
    assert not seen.json()["row"]["can"]["transcript"]
    said = [each["text"] for each in all_of_it.json()["messages"] if each["kind"] == "recruit"]
    assert said == ["First thing", "Second thing"]
    assert all_of_it.json()["row"]["offeredToMe"]


async def test_a_mentor_of_another_municipality_never_hears_of_it(office: Office) -> None:
    conversation = await comes_over(office.services, kommune="aarhus")
    rows = (await office["other"].get("/inbox/api/rows", box="queue")).json()["rows"]
    one = await office["other"].get(f"/inbox/api/conversations/{conversation}")

    assert rows == []
    assert one.status_code == 403


# --- forged and overdone requests -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{CSRF_HEADER: ""}, {CSRF_HEADER: "wrong"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
async def test_only_our_own_page_may_do_anything(office: Office, headers: dict[str, str]) -> None:
    conversation = await comes_over(office.services)
    answer = await office["owner"].post(f"/inbox/api/conversations/{conversation}/claim", {}, **headers)

    assert answer.status_code == 403
    assert (await office.desk.row(office.who("owner"), conversation)).status == "waiting"


async def test_another_colleagues_token_is_worth_nothing(office: Office) -> None:
    conversation = await comes_over(office.services)
    headers = {CSRF_HEADER: office["member"].csrf}

    assert (
        await office["owner"].post(f"/inbox/api/conversations/{conversation}/claim", {}, **headers)
    ).status_code == 403


async def test_a_colleague_does_so_much_a_minute(office: Office) -> None:
    office.app.state.frame.steps._clock = lambda: 0.0  # the whole minute passes in one moment
    conversation = await office.with_maria()
    path = f"/inbox/api/conversations/{conversation}/here"
    statuses = {(await office["owner"].post(path)).status_code for _ in range(120)}
    over = await office["owner"].post(path)

    assert statuses == {200}
    assert over.status_code == 429
    assert int(over.headers["Retry-After"]) >= 1
    assert (await office["member"].post(path)).status_code == 200


async def test_a_colleague_searches_so_often_a_minute(office: Office) -> None:
    office.app.state.frame.searches._clock = lambda: 0.0
    statuses = {(await office["owner"].get("/inbox/api/rows", q="tax")).status_code for _ in range(30)}
    over = await office["owner"].get("/inbox/api/rows", q="tax")

    assert statuses == {200}
    assert over.status_code == 429
    assert "Please wait" in over.json()["message"]
    assert (await office["owner"].get("/inbox/api/rows", box="mine")).status_code == 200
    assert (await office["member"].get("/inbox/api/rows", q="tax")).status_code == 200


async def test_machine_translation_is_for_those_who_want_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MentorDesk, "can_translate", property(lambda desk: True))
    asked: list[str] = []

    async def translated(desk: MentorDesk, me: Colleague, words: str, **languages: Any) -> str:
        asked.append(words)
        return "Hello"

    monkeypatch.setattr(MentorDesk, "translate", translated)
    conversation = await office.with_maria()
    async with office.services.database.begin() as connection:
        await staff.change(connection, office.who("member").id, translate=False)
    answers = {}
    for name in ("owner", "member"):
        start = (await office[name].get("/inbox/api/start")).json()
        path = f"/inbox/api/conversations/{conversation}/translate"
        answers[name] = (start["canTranslate"], (await office[name].post(path, {"text": "hej", "target": "en"})))

    assert [(can, answer.status_code) for can, answer in answers.values()] == [(True, 200), (False, 422)]
    assert answers["member"][1].json()["error"] == "no_translator"
    assert asked == ["hej"]


async def test_what_does_not_fit_names_the_field(office: Office) -> None:
    conversation = await office.with_maria()
    answer = await office["owner"].post(f"/inbox/api/conversations/{conversation}/pass", {"to": "Jens"})

    assert answer.status_code == 422
    assert answer.json()["field"] == "to"
    assert "to" in answer.json()["message"]


async def test_too_large_a_body_is_not_read(office: Office) -> None:
    conversation = await office.with_maria()
    body = json.dumps({"text": "x" * 70_000}).encode()

    assert (await office["owner"].post(f"/inbox/api/conversations/{conversation}/note", body)).status_code == 413


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "to", "who", "id", "text", "slug", "message", "until", "preset", "outcome", "theme", "seen", "note", "hours", "gone",
    "reason", "target", "source", "kind", "topic", "language", "question",
)  # fmt: skip
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6).map(lambda body: json.dumps(body).encode())
STEP_NAMES = st.sampled_from(sorted({step for step, _, _ in STEPS}))


async def test_no_body_is_a_failure_of_ours(office: Office) -> None:
    """Whatever the body: an answer, never a 500; and never what was sent."""
    conversation = await office.with_maria()
    failures: list[tuple[str, bytes, int]] = []
    tried: list[tuple[str, bytes]] = []

    @hypothesis_settings(max_examples=150, deadline=None, database=None, derandomize=True,
                         suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(STEP_NAMES, BODIES | st.binary(max_size=60) | st.just(b"[" * 5000) | st.just(b'{"text": "\\ud800"}'))
    def draw(step: str, body: bytes) -> None:
        tried.append((step, body))

    draw()
    for step, body in tried:
        async with fresh_pace(office):
            answer = await office["supervisor"].post(f"/inbox/api/conversations/{conversation}/{step}", body)
        if answer.status_code >= 500:
            failures.append((step, body, answer.status_code))

    assert len(tried) > 100
    assert failures == []


@asynccontextmanager
async def fresh_pace(office: Office) -> AsyncIterator[None]:
    office.app.state.frame.steps._buckets.clear()
    yield


async def test_no_form_is_a_failure_of_ours(office: Office) -> None:
    fields = ("name", "email", "role", "capacity", "kommuner", "staff_id", "kind", "weekday", "day", "start", "end")
    odd = ("", "0", "-1", "9" * 30, "٣", "\0", "ø" * 300, "2026-02-30", "25:99", "<script>", "a,b,c", "\ud7ff")
    for path in ("colleagues", "shifts", f"colleagues/{office.who('other').id}", "shifts/9999999999999999999/remove"):
        for value in odd:
            async with fresh_pace(office):
                answer = await office["supervisor"].send(f"/inbox/desk/{path}", **dict.fromkeys(fields, value))
            assert answer.status_code < 500, (path, value)
            assert "<script>" not in answer.text.replace('<script type="module"', "")


# --- what comes back --------------------------------------------------------------------------------------------------


async def test_a_conversation_from_the_queue_to_its_end(office: Office) -> None:
    maria = office["owner"]
    conversation = await comes_over(office.services, "Where is my tax card?", name="Anna", kommune="aarhus")
    queue = (await maria.get("/inbox/api/rows", box="queue")).json()["rows"]
    path = f"/inbox/api/conversations/{conversation}"
    taken = (await maria.post(f"{path}/claim")).json()["row"]
    id_ = str(uuid.uuid4())
    sent = [(await maria.post(f"{path}/reply", {"id": id_, "text": "Look at **TastSelv**"})).json() for _ in range(2)]
    corrected = await maria.post(f"{path}/edit", {"message": sent[0]["message"]["id"], "text": "Look at skat.dk"})
    noted = (await maria.post(f"{path}/note", {"text": "Ask again on Friday"})).json()["message"]
    opened = (await maria.get(path)).json()
    late = (await maria.post(f"{path}/resolve", {"outcome": "solved", "seen": 0})).json()
    newest = max(each["id"] for each in opened["messages"] if each["kind"] == "recruit")
    done = (await maria.post(f"{path}/resolve", {"outcome": "solved", "theme": "tax", "seen": newest})).json()["row"]

    assert [(row["name"], row["kommune"], row["reasonLabel"]) for row in queue] == [
        ("Anna", "Aarhus", "Asked for a human")
    ]
    assert (taken["status"], taken["mine"], taken["mentor"]) == ("with_mentor", True, "Maria")
    assert sent[0]["message"]["key"] == sent[1]["message"]["key"]
    assert sent[0]["message"]["text"] == "Look at **TastSelv**"
    assert corrected.json()["message"]["earlier"] == ["Look at **TastSelv**"]
    assert noted["kind"] == "note"
    assert [each["text"] for each in opened["notes"]] == ["Ask again on Friday"]
    assert opened["person"]["name"] == "Anna"
    assert {"label": "Name", "value": "Anna"} in opened["person"]["profile"]
    assert late["error"] == "newer"
    assert "not seen yet" in late["message"]
    assert (done["status"], done["outcomeLabel"], done["themeLabel"]) == ("resolved", "Solved", "Tax")
    assert len(await office.rows("select 1 from outbound where source = :s", s=f"web:{maria.who.id}:{id_}")) == 1  # type: ignore[union-attr]


async def test_newer_messages_come_by_their_numbers(office: Office) -> None:
    conversation = await office.with_maria()
    path = f"/inbox/api/conversations/{conversation}"
    messages = (await office["owner"].get(path)).json()["messages"]
    newest = {"i": 0, "o": 0, "e": 0, "n": 0}
    for each in messages:
        newest[each["key"][0]] = max(newest[each["key"][0]], each["id"])
    after = dict(zip(("inbound", "outbound", "event", "note"), newest.values(), strict=True))
    nothing = (await office["owner"].get(f"{path}/since", **after)).json()["messages"]
    await office["member"].post(f"{path}/note", {"text": "Hm"})
    more = (await office["owner"].get(f"{path}/since", **after)).json()["messages"]

    assert nothing == []
    assert [(each["text"], each["mentor"], each["mine"]) for each in more] == [("Hm", "Jens", False)]


async def test_a_correction_replaces_what_the_page_shows(office: Office) -> None:
    conversation = await office.with_maria("I live in Odnse")
    async with office.services.database.begin() as connection:
        first = (
            await connection.execute(text("update inbound set reference = 'r1' returning id, conversation_id"))
        ).all()
    number = max(each.id for each in first if each.conversation_id == conversation)
    path = f"/inbox/api/conversations/{conversation}"
    async with office.services.database.begin() as connection:
        for words in ("I live in Odense", "I live in Odense C"):
            await connection.execute(
                text("""insert into inbound (conversation_id, channel, update_id, kind, text, edits, received_at)
                        values (:conversation, 'fake', :update, 'text', :words, 'r1', :now)"""),
                {
                    "conversation": conversation,
                    "update": str(uuid.uuid4()),
                    "words": words,
                    "now": office.services.now(),
                },
            )
    far = 10**17
    since = (await office["owner"].get(f"{path}/since", inbound=number, outbound=far, event=far, note=far)).json()
    later = (await office["owner"].get(f"{path}/since", inbound=number + 1, outbound=far, event=far, note=far)).json()
    opened = (await office["owner"].get(path)).json()

    assert [(each["key"], each["replaces"], each["earlier"]) for each in since["messages"]] == [
        (f"i{number + 2}", f"i{number}", ["I live in Odnse", "I live in Odense"])
    ]
    assert [(each["replaces"], each["earlier"]) for each in later["messages"]] == [
        (f"i{number + 1}", ["I live in Odnse", "I live in Odense"])
    ]
    assert [each["text"] for each in opened["messages"] if each["kind"] == "recruit"] == ["I live in Odense C"]


async def test_supervisors_see_who_looked(office: Office) -> None:
    conversation = await office.with_maria()
    path = f"/inbox/api/conversations/{conversation}"
    owner = (await office["owner"].get(path)).json()
    supervisor = (await office["supervisor"].get(path)).json()

    assert owner["looks"] is None
    assert ("Maria", "the conversation") in [(each["name"], each["what"]) for each in supervisor["looks"]]


async def test_whoever_is_invited_has_it_among_theirs(office: Office) -> None:
    conversation = await comes_over(office.services)
    await office.desk.claim(office.who("owner"), conversation)
    await office.desk.invite(office.who("owner"), conversation, office.who("member").id)
    await office.app.state.frame.inbox.catch_up()

    assert (await office["member"].get("/inbox/api/start")).json()["counts"]["mine"] == 1


async def test_without_consent_there_is_neither_profile_nor_list(office: Office) -> None:
    conversation = await office.with_maria(name="Anna")
    async with office.services.database.begin() as connection:
        await connection.execute(text("update recruits set consent = 'declined'"))
    opened = (await office["owner"].get(f"/inbox/api/conversations/{conversation}")).json()

    assert opened["tasks"] is None
    assert opened["person"]["profile"] == []
    assert "may be kept" in opened["person"]["consentLabel"]


async def test_after_passing_on_it_is_gone_for_who_had_it(office: Office) -> None:
    conversation = await comes_over(office.services)
    path = f"/inbox/api/conversations/{conversation}"
    await office["owner"].post(f"{path}/claim")
    answer = await office["owner"].post(f"{path}/pass", {"to": office.who("other").id})

    assert answer.json() == {"row": None, "gone": conversation}
    assert (await office["other"].get(path)).json()["row"]["mine"]


async def test_the_page_holds_what_it_needs_and_no_script(office: Office) -> None:
    page = await office["owner"].get("/inbox")
    start = page.text.partition('<script type="application/json" id="start">')[2].partition("</script>")[0]

    assert json.loads(start)["me"]["name"] == "Maria"
    assert json.loads(start)["csrf"] == office["owner"].csrf
    assert {each["name"] for each in json.loads(start)["colleagues"]} == {"Otto", "Maria", "Jens", "Sofie", "Nils"}
    assert "<script>" not in page.text
    assert " style=" not in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


async def test_what_people_write_is_never_markup_and_never_logged(office: Office) -> None:
    with structlog.testing.capture_logs() as logs:
        conversation = await office.with_maria(WRITTEN, name="Zebulon")
        path = f"/inbox/api/conversations/{conversation}"
        opened = await office["owner"].get(path)
        await office["owner"].post(f"{path}/reply", {"id": str(uuid.uuid4()), "text": f"Re: {WRITTEN}"})
        await office["owner"].post(f"{path}/note", {"text": WRITTEN})
        await office["owner"].post(f"{path}/reply", {"id": 1, "text": WRITTEN})
        await office["owner"].get("/inbox/api/rows", q=WRITTEN)
        await office.services.background.drain()

    assert opened.headers["Content-Type"] == "application/json"
    assert WRITTEN in [each["text"] for each in opened.json()["messages"]]
    told = json.dumps(logs, default=str)
    assert "secret" not in told
    assert "Zebulon" not in told
    assert "example.org" not in told


@pytest.mark.parametrize(
    ("preset", "until"),
    [
        ("1h", "2026-11-21 13:00"),
        ("tomorrow", "2026-11-22 08:00"),  # nine in Copenhagen
        ("monday", "2026-11-23 08:00"),
        (None, None),
    ],
)
def test_snoozing_until(preset: str | None, until: str | None) -> None:
    saturday = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    expected = datetime.fromisoformat(f"{until}+00:00") if until else None

    assert snoozed_until(preset, saturday) == expected


def test_on_a_monday_the_next_monday_is_meant() -> None:
    monday = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)

    assert snoozed_until("monday", monday) == datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


# --- files ------------------------------------------------------------------------------------------------------------


async def add_file(
    office: Office, conversation: int, kind: str, content: bytes, name: str = "kort ø\r\n.png"
) -> uuid.UUID:
    async with office.services.database.begin() as connection:
        inbound = (
            await connection.execute(
                text("select max(id) from inbound where conversation_id = :c"), {"c": conversation}
            )
        ).scalar_one()
        return await handovers.add_attachment(
            connection, inbound_id=inbound, name=name, kind=kind, size=len(content), status="stored", content=content,
            created_at=office.services.now(),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "query", "shown_as", "disposition"),
    [
        ("image/png", "", "image/png", "attachment"),
        ("image/png", "?inline=1", "image/png", "inline"),
        ("application/pdf", "?inline=1", "application/pdf", "attachment"),
        ("text/html", "?inline=1", "application/octet-stream", "attachment"),
        ("image/svg+xml", "?inline=1", "application/octet-stream", "attachment"),
    ],
)
async def test_a_file_comes_as_a_download_in_a_box_of_its_own(
    office: Office, kind: str, query: str, shown_as: str, disposition: str
) -> None:
    conversation = await office.with_maria()
    file = await add_file(office, conversation, kind, PNG)
    answer = await office["owner"].http.get(f"/inbox/attachments/{file}{query}")

    assert answer.content == PNG
    assert answer.headers["Content-Type"] == shown_as
    assert answer.headers["Content-Disposition"] == f"{disposition}; filename*=UTF-8''kort%20%C3%B8%0D%0A.png"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    looks = await office.rows("select staff_id from looks where what = 'attachment'")
    assert [each.staff_id for each in looks] == [office.who("owner").id]


# --- the desk ---------------------------------------------------------------------------------------------------------


async def test_a_refused_shift_is_open_again_beside_its_error(office: Office) -> None:
    other = office.who("other")
    shift = {"staff_id": str(other.id), "kind": "duty", "weekday": "1", "day": "2026-12-24", "start": "09:00"}
    rota = (await office["supervisor"].send("/inbox/desk/shifts", **shift, end="15:00")).text

    assert '<details class="add" open>' in rota
    assert 'value="2026-12-24"' in rota
    assert '<select name="weekday" aria-invalid="true" autofocus>' in rota
    assert rota.count('class="why"') == 1


async def test_whoever_cannot_be_reached_at_night_is_named(office: Office) -> None:
    shift = {"weekday": "1", "start": "21:00", "end": "06:00"}
    async with office.services.database.begin() as connection:
        await staff.change(connection, office.who("owner").id, telegram_id="42")
    for name, kind in (("owner", "on_call"), ("member", "duty"), ("other", "on_call")):
        await office["supervisor"].send("/inbox/desk/shifts", staff_id=str(office.who(name).id), kind=kind, **shift)
    page = (await office["supervisor"].get("/inbox/desk")).text

    assert page.count("not reachable at night: no Telegram linked") == 1


async def test_a_report_stands_on_the_desk_until_it_is_closed(office: Office) -> None:
    conversation = await office.with_maria()
    await office.desk.report(office.who("owner"), conversation, "threats <b>")
    number = (await office.rows("select id from abuse_reports where closed_at is null"))[-1].id
    page = (await office["supervisor"].get("/inbox/desk")).text
    admin = (await office["admin"].get("/inbox/desk")).text
    await office["supervisor"].send(f"/inbox/desk/reports/{number}/close")
    later = (await office["supervisor"].get("/inbox/desk")).text

    assert "threats &lt;b&gt;" in page
    assert f'href="/inbox?open={conversation}"' in page
    assert "threats" not in admin
    assert "threats" not in later


async def test_a_shift_is_added_shown_and_removed(office: Office) -> None:
    shift = {"staff_id": str(office.who("owner").id), "kind": "on_call", "day": "2026-12-24", "weekday": ""}
    added = await office["supervisor"].send("/inbox/desk/shifts", **shift, start="21:00", end="06:00")
    page = await office["supervisor"].get("/inbox/desk")
    number = (await office.rows("select id from shifts"))[0].id
    await office["supervisor"].send(f"/inbox/desk/shifts/{number}/remove")

    assert added.headers["location"] == "/inbox/desk?saved=1"
    assert "24.12.2026" in page.text
    assert await office.rows("select id from shifts") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekday": "", "day": ""},
        {"weekday": "1", "day": "2026-12-24"},
        {"weekday": "7"},
        {"start": "25:00"},
        {"end": "09:00"},
        {"kind": "holiday"},
        {"valid_from": "2026-12-01", "valid_to": "2026-11-01"},
        {"staff_id": "999999"},
    ],
)
async def test_a_shift_that_does_not_fit_is_refused(office: Office, wrong: dict[str, str]) -> None:
    shift = {"staff_id": str(office.who("owner").id), "kind": "duty", "weekday": "1", "start": "09:00", "end": "15:00"}
    page = await office["supervisor"].send("/inbox/desk/shifts", **{**shift, **wrong})

    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert await office.rows("select id from shifts") == []


async def test_what_is_measured(office: Office) -> None:
    """Six talks of an hour each: five solved, one of them back two days later; five answered in time."""
    asked = office.services.now() - timedelta(days=12)
    for number in range(6):
        conversation = await comes_over(office.services, reason="danger:violence" if number else "asked", language="pl")
        async with office.services.database.begin() as connection:
            await connection.execute(
                text(
                    "update handovers set created_at = :asked, first_promised_at = :asked + interval '30 minutes', theme = 'tax', "
                    "answered_at = :asked + :minutes * interval '1 minute', closed_at = :asked + interval '1 hour', "
                    "status = 'resolved', outcome = :outcome, rating = :rating where conversation_id = :conversation"
                ),
                {
                    "asked": asked,
                    "minutes": 40 if number == 5 else 10 + number,
                    "outcome": "solved" if number else "referred",
                    "rating": 5 if number < 3 else None,
                    "conversation": conversation,
                },
            )
            if number == 1:
                await handovers.ask(connection, conversation, reason="not_solved", now=asked + timedelta(days=2))
    async with office.services.database.connect() as connection:
        found = await measures(connection, since=asked, until=asked + timedelta(days=1), now=office.services.now())
    page = await office["auditor"].get("/inbox/measures", since="2026-11-01", until="2026-11-30")

    assert (found.total["count"], found.total["median_minutes"], found.total["ratings"]) == (6, 12.5, 3)
    assert [(row["label"], row["count"]) for row in found.by_reason] == [("danger", 5), ("asked", 1)]
    assert [(row["label"], row["count"]) for row in found.by_language] == [("pl", 6)]
    assert "Polish" in page.text
    assert "In danger" in page.text
    assert "fewer than 5" in page.text


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        ("", "", ("2026-10-24", "2026-11-23")),
        ("2026-11-01", "2026-11-10", ("2026-11-01", "2026-11-10")),
        ("2026-11-10", "2026-11-01", ("2026-11-01", "2026-11-01")),
        ("1000-01-01", "2030-01-01", ("2024-11-22", "2026-11-23")),
        ("x", "2026-13-45", ("2026-10-24", "2026-11-23")),
    ],
)
def test_the_days_that_are_measured(since: str, until: str, days: tuple[str, str]) -> None:
    first, last = period(since, until, date(2026, 11, 23))

    assert (first.isoformat(), last.isoformat()) == days


# --- open pages -------------------------------------------------------------------------------------------------------


class Stream:
    """One open inbox, and what came to it."""

    def __init__(self, url: str, who: Browser) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.ended = asyncio.Event()
        self.status = 0
        cookies = {COOKIE: who.http.cookies.get(COOKIE) or ""}
        self._task = asyncio.create_task(self._listen(url, cookies))

    async def _listen(self, url: str, cookies: dict[str, str]) -> None:
        http = httpx.AsyncClient(base_url=url, cookies=cookies, timeout=30)
        async with http, http.stream("GET", "/inbox/api/stream") as stream:
            self.status = stream.status_code
            name = ""
            with suppress(httpx.HTTPError):
                async for line in stream.aiter_lines():
                    name = line.removeprefix("event: ") if line.startswith("event: ") else name
                    if line.startswith("data: "):
                        self.events.append((name, json.loads(line.removeprefix("data: "))))
        self.ended.set()

    async def has(self, name: str, /, **fields: Any) -> dict[str, Any]:
        """Waits for an event with these fields."""
        async with asyncio.timeout(10):
            while True:
                for kind, data in self.events:
                    if kind == name and fields.items() <= data.items():
                        return data
                await asyncio.sleep(0.02)

    def count(self, name: str) -> int:
        return sum(kind == name for kind, _ in self.events)

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


class Running:
    """A web process in this test's own loop."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        config = uvicorn.Config(app, port=self.port, log_level="warning", timeout_graceful_shutdown=2, ws="none")
        self.server = uvicorn.Server(config)
        self.server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self.port}"
        self.streams: list[Stream] = []

    async def start(self) -> None:
        self._task = asyncio.create_task(self.server.serve())
        async with asyncio.timeout(10):
            while not self.server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def opens(self, who: Browser) -> Stream:
        stream = Stream(self.url, who)
        self.streams.append(stream)
        await stream.has("counts")
        return stream

    async def stop(self) -> None:
        self.app.state.frame.close()
        self.server.should_exit = True
        await self._task
        for stream in self.streams:
            await stream.close()


@pytest.fixture
async def two(office: Office) -> AsyncIterator[tuple[Running, Running]]:
    """Two web processes over one database."""
    running = [Running(create_app(web_doors(office.services))) for _ in range(2)]
    for each in running:
        await each.start()
    await asyncio.sleep(0.3)  # both listen
    yield running[0], running[1]
    for each in running:
        await each.stop()


async def test_changes_reach_the_pages_of_every_process(office: Office, two: tuple[Running, Running]) -> None:
    maria, jens = await two[0].opens(office["owner"]), await two[1].opens(office["member"])
    conversation = await comes_over(office.services, name="Anna")
    new = [(await each.has("row"))["row"] for each in (maria, jens)]
    await office["owner"].post(f"/inbox/api/conversations/{conversation}/claim")
    await maria.has("said", conversationId=conversation)
    counted = await maria.has("counts", queue=0, mine=1, snoozed=0)
    gone = await jens.has("row", gone=conversation)

    assert [row["name"] for row in new] == ["Anna", "Anna"]
    assert counted
    assert gone == {"gone": conversation}


async def test_each_sees_only_what_they_may(office: Office, two: tuple[Running, Running]) -> None:
    otto, sofie = await two[0].opens(office["other"]), await two[1].opens(office["supervisor"])
    conversation = await comes_over(office.services, kommune="aarhus")
    await sofie.has("row")
    await office["owner"].post(f"/inbox/api/conversations/{conversation}/claim")
    await office["owner"].post(f"/inbox/api/conversations/{conversation}/here")
    await sofie.has("here", name="Maria")
    seen = (await office["supervisor"].get(f"/inbox/api/conversations/{conversation}")).json()

    assert [name for name, _ in otto.events if name not in ("counts", "catchup")] == []
    assert seen["row"]["mentor"] == "Maria"


async def test_colleagues_and_the_person_are_seen_writing(office: Office, two: tuple[Running, Running]) -> None:
    conversation = await office.with_maria()
    maria, jens = await two[0].opens(office["owner"]), await two[1].opens(office["member"])
    await maria.has("catchup") if maria.count("catchup") else None
    async with office.services.database.begin() as connection:
        await handovers.announce(connection, conversation, "row")
    await jens.has("row")
    await office["owner"].post(f"/inbox/api/conversations/{conversation}/typing")
    async with office.services.database.begin() as connection:
        await handovers.announce(connection, conversation, "typing")
    writing = await jens.has("writing")
    await maria.has("typing", conversationId=conversation)

    assert writing == {"conversationId": conversation, "id": office.who("owner").id, "name": "Maria"}
    assert maria.count("writing") == 0


async def test_many_announcements_at_once_are_one_look(
    office: Office, two: tuple[Running, Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await office.with_maria()
    await office.services.background.drain()
    streams = [await two[0].opens(each) for each in (office["owner"], office["member"], office["supervisor"])]
    await asyncio.sleep(0.3)  # what was announced before is told
    for stream in streams:
        stream.events.clear()
    read: list[int] = []
    reading = handovers.row

    async def counted(connection: Any, number: int) -> Any:
        read.append(number)
        return await reading(connection, number)

    monkeypatch.setattr("web.inbox_stream.handovers.row", counted)
    async with office.services.database.begin() as connection:
        for number in range(20):
            await handovers.announce(connection, conversation, "said" if number % 2 else "row")
            await handovers.announce(connection, conversation, f"edited:{number}")
    for stream in streams:
        await stream.has("said", edited="o19")
        assert stream.count("row") == 1
    await asyncio.sleep(0.2)

    assert read == [conversation] * 2  # once in each process, though one has no page at all


async def test_switching_an_account_off_closes_its_pages_at_once(office: Office, two: tuple[Running, Running]) -> None:
    maria, jens = await two[1].opens(office["owner"]), await two[1].opens(office["member"])
    await office["supervisor"].send(f"/admin/settings/{office.who('owner').id}/switch", active="0")
    await asyncio.wait_for(maria.ended.wait(), 8)
    again = Stream(two[1].url, office["owner"])
    await asyncio.wait_for(again.ended.wait(), 8)

    assert maria.events[-1][0] == "bye"
    assert again.status == 401
    assert not jens.ended.is_set()


async def test_a_session_that_is_over_ends_its_pages_soon(
    office: Office, two: tuple[Running, Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.inbox_stream.CHECK_SECONDS", 0.3)
    maria = await two[0].opens(office["owner"])
    await maria.has("beat")
    async with office.services.database.begin() as connection:
        await connection.execute(text("update staff_sessions set expires_at = :past"), {"past": office.services.now()})
    await asyncio.wait_for(maria.ended.wait(), 8)

    assert maria.events[-1] == ("bye", {"rest": False})


async def test_an_open_page_alone_keeps_nobody_signed_in(
    office: Office, two: tuple[Running, Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.inbox_stream.CHECK_SECONDS", 0.1)
    maria = await two[0].opens(office["owner"])
    until = (
        await office.rows("select expires_at from staff_sessions where staff_id = :id", id=office.who("owner").id)
    )[0]
    office.services.now.now += timedelta(hours=11)  # type: ignore[attr-defined]
    await maria.has("beat")
    conversation = await office.with_maria()
    before = await office.rows("select expires_at from staff_sessions where staff_id = :id", id=office.who("owner").id)
    await office["owner"].post(f"/inbox/api/conversations/{conversation}/here")
    after = await office.rows("select expires_at from staff_sessions where staff_id = :id", id=office.who("owner").id)

    assert before == after == [until]


async def test_the_oldest_of_too_many_pages_rests(office: Office, two: tuple[Running, Running]) -> None:
    pages = [await two[0].opens(office["owner"]) for _ in range(6)]
    await asyncio.wait_for(pages[0].ended.wait(), 8)

    assert pages[0].events[-1] == ("bye", {"rest": True})
    assert not any(page.ended.is_set() for page in pages[1:])


async def test_a_process_that_goes_says_goodbye(office: Office, two: tuple[Running, Running]) -> None:
    maria = await two[0].opens(office["owner"])
    two[0].app.state.frame.close()
    await asyncio.wait_for(maria.ended.wait(), 8)

    assert maria.events[-1] == ("bye", {"rest": False})


async def test_after_a_lost_connection_pages_load_their_lists(office: Office, two: tuple[Running, Running]) -> None:
    maria = await two[0].opens(office["owner"])
    before = maria.count("catchup")
    await office.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen \"velkommen_inbox\"%'"
    )
    async with asyncio.timeout(10):
        while maria.count("catchup") == before:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await comes_over(office.services, name="Anna")

    assert (await maria.has("row"))["row"]["name"] == "Anna"


@pytest.mark.parametrize(("name", "status"), [("nobody", 401), ("admin", 403), ("auditor", 403)])
async def test_who_has_no_inbox_has_no_stream(office: Office, name: str, status: int) -> None:
    answer = await office[name].get("/inbox/api/stream")

    assert answer.status_code == status
    assert ORIGIN not in answer.text
