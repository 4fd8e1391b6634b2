"""What is kept of a person, for how long, and that nothing is left of whoever wants to be forgotten.

The search goes through every column of every table of every schema, so a new table cannot be overlooked.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from bot import turns
from bot.jobs import deliver_later, make_queue
from bot.services import Services
from core import acts
from core.errors import ChannelError
from core.messages import FileSent, Inbound, Kind
from store import announcements, conversations, handovers, invitations, people, reminders
from store import journey as lists
from store.database import queue_connector
from store.invitations import Wanted
from tests.support.fakes import FakeChannel
from tests.support.mentors import SOURCES, Mentor, hire
from tests.support.talk import Chat

MARKER = "zqxwaldmeister"
CPR = "010190-1234"

# Tables that hold nothing about anybody. A new table is either here, with its reason, or hangs below `recruits`.
IMPERSONAL = {
    "knowledge": "what is published",
    "trained_topics": "what the model has learnt",
    "alembic_version": "which migration was last",
    "announcements": "texts to many; who got one stands in the ledger",
    "staff": "colleagues; `store/staff.remove` deletes one with everything about them",
    "staff_sessions": "who of them is signed in",
    "staff_links": "their one-time links",
    "shifts": "when they are on duty",
    "suggestions": "what a mentor learnt, without names; nothing leads back to a conversation",
    "replanning": "how far the reminders follow the tasks; a number of a person only while that is being done",
    "gaps": "which questions belong together; the questions are in `unanswered`",
    "counts": "how often what happened on a day",
    "tallies": "the same, before it is rolled up",
    "revisions": "what was published, and who published it",
    "drafts": "what editors write",
    "audit": "what colleagues did; a thing's number only",
    "trainings": "models and what they were made of",
    "api_keys": "other systems' keys",
    "staff_recovery": "hashes of colleagues' codes",
    "send_limits": "pace of sending; chats only as one of 4096 shards",
    "procrastinate_jobs": "when to look at which conversation, by its number",
    "procrastinate_events": "what became of the jobs",
    "procrastinate_periodic_defers": "when the sweep ran last",
    "procrastinate_workers": "which workers are alive",
}
# Columns of a person's rows that say nothing about the person: numbers of ours and the bookkeeping of delivery.
INTERNAL = {
    "addresses": {"id", "recruit_id"},
    "conversations": {"id", "address_id", "muted_until"},
    "inbound": {"id", "conversation_id", "channel", "update_id"},
    "outbound": {
        "id",
        "conversation_id",
        "inbound_id",
        "epoch",
        "due_at",
        "attempted_at",
        "attempts",
        "error",
        "mentor_id",
        "source",
    },
    "feedback": {"outbound_id"},
    "unanswered": {"id", "conversation_id", "inbound_id", "gap_id"},
    "handovers": {
        "id",
        "conversation_id",
        "urgent",
        "theme",
        "language",
        "first_promised_at",
        "apologised_at",
        "noticed_at",
        "round",
        "offered_at",
        "supervisors_at",
        "mentor_id",
        "claimed_at",
        "snoozed_until",
        "unread",
        "waiting_since",
        "last_at",
        "rated_at",
        "reopened_of",
    },
    "handover_events": {"id", "handover_id", "staff_id"},
    "handover_offers": {"handover_id", "staff_id", "round", "reasons"},
    "handover_members": {"handover_id", "staff_id"},
    "case_notes": {"id", "recruit_id", "staff_id"},
    "attachments": {"id", "inbound_id", "source", "content"},  # the file itself is the person's own
    "mentorships": {"recruit_id", "staff_id"},
    "looks": {"id", "recruit_id", "staff_id"},
    "abuse_reports": {"id", "conversation_id", "staff_id"},
    "forum_topics": {"conversation_id", "state", "handover_id", "inbound_id", "outbound_id", "event_id", "note_id"},
    "forum_messages": {"conversation_id", "inbound_id", "outbound_id"},
    "employers": {"id", "contact_code", "contact_id"},
    "task_changes": {"id", "recruit_id", "batch"},
    "reminders": {"id", "recruit_id", "about_id", "batch", "claimed_at", "outbound_id"},
    "mentor_notes": {"id", "recruit_id"},
    "private_links": {"id", "recruit_id"},
    "announcement_people": {"recruit_id"},
    "progress": {"recruit_id"},
    "invitations": {"id", "code", "batch", "created_by", "api_key_id", "recruit_id"},
}


@pytest.fixture
async def queue(services: Services) -> AsyncIterator[None]:
    """Retries are really put into Procrastinate's tables."""
    async with make_queue(queue_connector(services.settings.database_url)).open_async() as app:
        services.retry = lambda conversation_id, at: deliver_later(app, conversation_id, at)
        yield
        await app.connector.execute_query_async("delete from procrastinate_jobs")
        await app.connector.execute_query_async("delete from announcements where kind = 'correction'")


@pytest.fixture
def anna(services: Services, queue: None) -> Chat:
    return Chat(services, address="address-of-anna-7731")


@pytest.fixture
def bo(services: Services, queue: None) -> Chat:
    return Chat(services, address="address-of-bo-4402")


# --- before consent, with it, without it --------------------------------------------------------------------------


@pytest.mark.parametrize("consent", ["unasked", "asked", "declined"])
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Kind.TEXT, {"text": f"how do I get a {MARKER}?"}),
        (Kind.TEXT, {"text": f"I meant {MARKER}", "edits": "1"}),
        (Kind.TEXT, {"text": f"{MARKER}, I want to die"}),
        (Kind.PHOTO, {"text": f"what is this {MARKER}?"}),
        (Kind.COMMAND, {"text": f"language {MARKER}"}),
        (Kind.COMMAND, {"text": f"{MARKER} what"}),
        (Kind.GROUP, {"text": f"hello {MARKER}"}),
        (Kind.STICKER, {"text": MARKER}),
    ],
)
async def test_without_consent_nothing_that_was_written_is_kept(
    anna: Chat, consent: str, kind: Kind, fields: dict[str, Any]
) -> None:
    await with_consent(anna, consent)
    anna.engine.will(acts.Unsure(("tax-card",), 0.2))

    await anna.sends(kind, **fields)

    assert await places_of(anna, MARKER) == []


async def test_without_consent_nothing_is_kept_when_the_engine_fails(anna: Chat) -> None:
    anna.engine.will_fail()
    assert await anna.says(f"where is my {MARKER}?")
    assert await places_of(anna, MARKER) == []


async def test_without_consent_nothing_is_kept_while_a_mentor_speaks(anna: Chat) -> None:
    await anna.commands("start")
    await change(anna, "update conversations set owner = 'mentor', epoch = epoch + 1")
    await anna.says(f"dear mentor, my {MARKER}")
    assert await places_of(anna, MARKER) == []


async def test_what_is_written_for_a_mentor_is_there_for_the_mentor_and_gone_a_day_after_the_talk(anna: Chat) -> None:
    await hire(anna.services, "Maria")
    anna.engine.will(acts.MessageMentor())
    await anna.says(f"tell a person about my {MARKER} please")
    assert await anna.rows("select reason from handovers") == [("asked",)]
    await with_consent(anna, "declined")
    await retain(anna)
    assert await places_of(anna, MARKER) == ["inbound.text"]
    await anna.presses("mentor:cancel")
    anna.clock.pass_(hours=25)
    await retain(anna)
    assert await places_of(anna, MARKER) == []


async def test_where_there_is_no_mentor_a_wish_for_one_is_kept_but_not_its_words(anna: Chat) -> None:
    anna.engine.will(acts.MessageMentor())
    await anna.says(f"tell a person about my {MARKER} please")
    await anna.says(f"and about the {MARKER}")
    assert await anna.rows("select reason from handovers") == [("asked",)]
    assert await places_of(anna, MARKER) == []


async def test_with_consent_texts_are_kept_masked(anna: Chat) -> None:
    await with_consent(anna, "given")
    anna.engine.will(acts.Unsure((), 0.1))

    await anna.says(f"my {MARKER} and cpr {CPR}, what now?")

    assert await anna.rows("select text from inbound where text <> ''") == [(f"my {MARKER} and cpr [CPR], what now?",)]
    assert await places_of(anna, MARKER) == ["inbound.text", "unanswered.text"]
    assert await places_of(anna, CPR) == []
    assert await places_of(anna, CPR.replace("-", "")) == []


async def test_a_consent_is_noted_with_its_time(anna: Chat) -> None:
    await anna.says("how do I get a tax card?")
    anna.clock.pass_(minutes=3)
    await anna.presses("consent:yes")
    assert await anna.rows("select consent, consent_at from recruits") == [("given", anna.services.now())]


async def test_taking_consent_back_deletes_what_was_written(anna: Chat, bo: Chat) -> None:
    for chat in (anna, bo):
        await with_consent(chat, "given")
        chat.engine.will(acts.Unsure((), 0.1))
        await chat.says(f"where is my {MARKER}?")

    await anna.presses("consent:no")

    assert MARKER not in json.dumps(await export_of(anna))
    assert MARKER in json.dumps(await export_of(bo))
    await anna.says(f"and now my {MARKER}?")
    assert MARKER not in json.dumps(await export_of(anna))


# --- seeing it ----------------------------------------------------------------------------------------------------


async def test_every_table_about_people_is_shown_and_every_other_is_known_to_hold_nobody(anna: Chat) -> None:
    tables = {row.name for row in await anna.rows(ALL_TABLES)}
    personal = {row.name for row in await anna.rows(BELOW_RECRUITS)}

    assert personal == {*people.EXPORTED, "recruits"}
    assert tables - personal <= IMPERSONAL.keys(), "a new table: is it about people? Then let it hang below `recruits`"


async def test_forgetting_a_person_is_deleting_one_row(anna: Chat) -> None:
    kept = {row.name for row in await anna.rows(f"select name from ({BELOW_RECRUITS}) as below where not cascades")}
    # An employer outlives its contact; a reminder its message, but not its person.
    assert kept == {"employers", "reminders"}
    cascades = await anna.rows("""
        select bool_and(confdeltype = 'c') as all_of_them from pg_constraint
        where conrelid = 'reminders'::regclass and confrelid = 'recruits'::regclass
    """)
    assert cascades == [(True,)]


async def test_every_column_about_people_is_shown(anna: Chat) -> None:
    columns = await anna.rows(
        "select table_name, array_agg(column_name::text) from information_schema.columns "
        "where table_schema = 'public' group by table_name"
    )
    there = {table: set(names) for table, names in columns}
    for table, (_, shown) in people.EXPORTED.items():
        assert set(shown) | INTERNAL[table] == there[table], table


async def test_my_data_holds_rows_of_every_table(anna: Chat) -> None:
    await leave_traces(anna)

    await anna.commands("mydata")

    data = sent_file(anna)
    assert data["person"]["consent"] == "given"
    assert data["person"]["profile"] == {"occupation": MARKER}
    assert set(data) == {"person", *people.EXPORTED}
    assert [name for name in people.EXPORTED if not data[name]] == []
    assert f"Where is my {MARKER}?" in [row["text"] for row in data["inbound"]]
    assert data["addresses"][0]["external_id"] == anna.address


async def test_the_file_is_never_stored(anna: Chat) -> None:
    await leave_traces(anna)
    before = await places_of(anna, MARKER)
    for _ in range(2):
        await anna.commands("mydata")
    assert await places_of(anna, MARKER) == before


async def test_my_data_never_holds_what_is_anothers(anna: Chat, bo: Chat) -> None:
    await leave_traces(bo)
    await leave_traces(anna, marker="annaswort")

    await anna.commands("mydata")

    written = json.dumps(sent_file(anna))
    assert "annaswort" in written
    for foreign in (MARKER, bo.address, str(await recruit_id(bo))):
        assert foreign not in written


async def test_a_button_of_anothers_answer_shows_and_rates_nothing(anna: Chat, bo: Chat) -> None:
    await leave_traces(bo)
    before = await export_of(bo)
    for (number,) in await bo.rows("select id from outbound"):
        await anna.presses(f"again:{number}")
        await anna.presses(f"rate:{number}:-1")
    assert all(MARKER not in str(reply) for reply in anna.all)
    assert await export_of(bo) == before


# --- being forgotten ----------------------------------------------------------------------------------------------


async def test_nothing_is_left_of_whoever_wants_to_be_forgotten(anna: Chat, bo: Chat) -> None:
    await leave_traces(bo, marker="boswort")
    of_bo = await export_of(bo)
    await leave_traces(anna)
    who = str(await recruit_id(anna))
    assert set(await places_of(anna, MARKER)) >= PLANTED
    assert {row.name for row in await anna.rows(BELOW_RECRUITS)} == await tables_with_rows_of(anna)

    (ask,) = await anna.commands("forget")
    assert [button.payload for button in ask.buttons] == ["forget:yes", "forget:no"]
    (farewell,) = await anna.presses("forget:yes")
    assert "deleted" in farewell.text
    assert await places_of(anna, MARKER) == [], "all that was said is gone at once"

    anna.clock.pass_(seconds=61)
    await turns.sweep(anna.services)
    await anna.services.background.drain()

    for trace in (MARKER, anna.address, who, who.replace("-", "")):
        assert await places_of(anna, trace) == [], trace
    assert await export_of(bo) == of_bo


async def test_nothing_is_deleted_without_the_confirmation(anna: Chat) -> None:
    await leave_traces(anna)
    before = set(await places_of(anna, MARKER))

    await anna.commands("forget")
    await anna.presses("forget:no")
    await anna.presses("forget:yes")  # the old button: it asks again

    assert before <= set(await places_of(anna, MARKER))
    anna.clock.pass_(seconds=61)
    await turns.sweep(anna.services)
    assert await anna.rows("select 1 from recruits") == [(1,)]


async def test_a_person_may_confirm_in_words_and_with_a_word_of_thanks(anna: Chat) -> None:
    await leave_traces(anna)
    await anna.commands("forget")
    anna.engine.will(acts.DeleteDataConfirmed(), acts.Say(acts.Smalltalk.THANKS))

    await anna.says("yes delete it all, thanks for your help")

    assert await places_of(anna, MARKER) == []
    anna.clock.pass_(seconds=61)
    await turns.sweep(anna.services)
    assert await anna.rows("select 1 from recruits") == []


async def test_every_address_of_a_person_is_forgotten(anna: Chat, bo: Chat) -> None:
    await leave_traces(anna)
    await leave_traces(bo)
    who = await recruit_id(anna)
    await change(anna, "update addresses set recruit_id = :who", who=who)
    await change(anna, "delete from recruits where id <> :who", who=who)

    await forget(anna)

    assert await places_of(anna, MARKER) == []
    assert await places_of(anna, bo.address) == []


async def test_writing_again_within_the_minute_starts_afresh_and_stays(anna: Chat) -> None:
    await leave_traces(anna)
    await forget(anna, seconds=30)

    replies = await anna.says("how do I get a tax card in Odense?")
    anna.clock.pass_(seconds=61)
    await turns.sweep(anna.services)

    assert replies
    assert await anna.rows("select consent, profile, language_chosen from recruits") == [("unasked", {}, False)]
    assert await anna.rows("select erase_at from conversations") == [(None,)]
    anna.engine.will(acts.AnswerTopics(("tax-card",)))
    _, consent = await anna.says("how do I get a tax card, please?")
    assert [button.payload for button in consent.buttons] == ["consent:yes", "consent:no"], "it is asked anew"
    assert await places_of(anna, MARKER) == []


async def test_what_was_written_right_after_the_wish_is_answered(anna: Chat) -> None:
    """Both wait when the turn begins; the second message is a new beginning, not part of what is forgotten."""
    await leave_traces(anna)
    await anna.commands("forget")
    conversation_id = None
    for number, (kind, fields) in enumerate(
        [(Kind.BUTTON, {"payload": "forget:yes"}), (Kind.TEXT, {"text": "hello again, a new question"})]
    ):
        inbound = Inbound("fake", anna.address, f"both-{number}", kind, anna.services.now(), **fields)
        conversation_id = await turns.receive(anna.services, inbound)
    assert conversation_id is not None
    await turns.handle(anna.services, conversation_id)

    assert [asked.text for asked in anna.engine.asked][-1] == "hello again, a new question"
    anna.clock.pass_(seconds=61)
    await turns.sweep(anna.services)
    assert await anna.rows("select erase_at from conversations") == [(None,)]


async def test_a_message_that_comes_in_while_the_last_trace_is_deleted_is_not_lost(anna: Chat) -> None:
    await leave_traces(anna)
    await anna.commands("forget")
    await anna.presses("forget:yes")
    anna.clock.pass_(seconds=61)
    inbound = Inbound("fake", anna.address, "in-between", Kind.TEXT, anna.services.now(), "hello, a new question?")

    async with anna.services.database.connect() as storing:
        await conversations.receive(storing, inbound, text=inbound.text, masked="[]", now=anna.services.now())
        sweeping = asyncio.create_task(turns.sweep(anna.services))
        await asyncio.sleep(0.2)
        await storing.commit()
    await sweeping

    assert await anna.rows("select update_id from inbound") == [("in-between",)]


async def test_the_farewell_arrives_even_if_it_takes_a_second_attempt(anna: Chat) -> None:
    await leave_traces(anna)
    await anna.commands("forget")
    anna.channel.faults.append(ChannelError("please wait", retry_after=5))
    assert await anna.presses("forget:yes") == []

    anna.clock.pass_(seconds=20)
    await turns.sweep(anna.services)
    await anna.services.background.drain()

    (farewell,) = anna.new()
    assert "deleted" in farewell.text
    anna.clock.pass_(seconds=61)
    await turns.sweep(anna.services)
    assert await places_of(anna, anna.address) == []


async def test_whoever_comes_back_later_is_a_stranger(anna: Chat) -> None:
    await leave_traces(anna)
    before = await recruit_id(anna)
    await forget(anna)
    await anna.says("hello, how do I find a home?")
    assert await recruit_id(anna) != before


# --- retention ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "kept"), [(364, True), (366, False)])
async def test_people_not_heard_of_are_deleted_after_the_days_that_are_set(anna: Chat, days: int, kept: bool) -> None:
    await leave_traces(anna)
    anna.clock.pass_(days=days)
    await retain(anna)
    assert (await places_of(anna, anna.address) != []) is kept
    assert (await places_of(anna, MARKER) != []) is kept


async def test_whoever_writes_now_and_then_stays(anna: Chat, bo: Chat) -> None:
    await leave_traces(anna)
    await leave_traces(bo)
    anna.clock.pass_(days=300)
    await anna.says("and another question of mine")
    anna.clock.pass_(days=100)
    await retain(anna)
    assert await places_of(anna, anna.address) != []
    assert await places_of(bo, bo.address) == []


@pytest.mark.parametrize("consent", ["unasked", "asked", "declined", "given"])
async def test_replies_to_those_who_did_not_consent_are_deleted_after_a_day(anna: Chat, consent: str) -> None:
    await with_consent(anna, consent)
    await anna.says("how do I get a tax card?")

    anna.clock.pass_(hours=23)
    await retain(anna)
    assert await anna.rows("select 1 from outbound") != []

    anna.clock.pass_(hours=2)
    await retain(anna)
    kept = consent == "given"
    assert (await anna.rows("select 1 from outbound") != []) is kept
    assert (await anna.rows("select 1 from inbound") != []) is kept
    assert await anna.rows("select consent from recruits") == [(consent,)], "the answer itself is remembered"


async def test_a_reply_that_still_waits_to_be_sent_is_not_deleted(anna: Chat) -> None:
    await with_consent(anna, "declined")
    anna.channel.faults.append(ChannelError("please wait", retry_after=90_000))
    await anna.says("how do I get a tax card?")
    anna.clock.pass_(hours=24, seconds=1)
    await retain(anna)
    assert await anna.rows("select 1 from outbound where status = 'pending'") == [(1,)]


# --- the search, and a conversation that leaves traces everywhere ---------------------------------------------------

ALL_TABLES = """
    select c.relname::text as name, n.nspname::text as schema
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
"""
# Every table with a path of foreign keys to `recruits`, and whether deleting a person deletes its rows.
BELOW_RECRUITS = """
    with recursive below(oid, cascades) as (
        select 'recruits'::regclass::oid, true
        union
        select k.conrelid, below.cascades and k.confdeltype = 'c'
        from below join pg_constraint k on k.confrelid = below.oid and k.contype = 'f'
    )
    select c.relname::text as name, bool_and(cascades) as cascades
    from below join pg_class c on c.oid = below.oid group by c.relname
"""
# Where `leave_traces` leaves its word: wherever something comes from outside.
PLANTED = {
    "recruits.profile",
    "inbound.text",
    "inbound.payload",
    "inbound.edits",
    "inbound.reference",
    "inbound.update_id",
    "inbound.language_hint",
    "outbound.error",
    "reminders.text",
    "unanswered.text",
}


async def leave_traces(chat: Chat, *, marker: str = MARKER) -> None:
    """Consent, answers with a thumb, a question without an answer, a mentor, a photo, a failed delivery."""
    chat.hint = f"en-{marker}"
    chat.engine.will(acts.AnswerTopics(("tax-card",), ("nemkonto",), 0.95))
    await chat.says("How do I get a tax card?")
    await chat.presses("consent:yes")
    chat.engine.will(acts.AnswerTopics(("tax-card",)))
    await chat.says(f"Where is my {marker}?")
    (number,) = (await chat.rows(f"select max(o.id) from outbound o {OF_ADDRESS}", address=chat.address))[0]
    await chat.presses(f"rate:{number}:1")
    chat.engine.will(acts.Unsure(("nemkonto",), 0.1))
    await chat.says(f"What about the {marker} thing, with cpr {CPR}?")
    await chat.presses("mentor:yes")
    await chat.presses(f"topic:{marker}")
    await chat.sends(Kind.PHOTO, text=f"my {marker}")
    await chat.sends(Kind.TEXT, text=f"I meant {marker}", edits=f"edit-of-{marker}", reference=f"named-{marker}")
    inbound = Inbound("fake", chat.address, f"{chat.address}-{marker}", Kind.STICKER, chat.services.now())
    conversation_id = await turns.receive(chat.services, inbound)
    assert conversation_id is not None
    await turns.handle(chat.services, conversation_id)
    chat.channel.faults += [
        ChannelError(f"{marker} asks to wait", retry_after=1),
        ChannelError(f"{marker} may have it", maybe_sent=True),
        ChannelError(f"{marker} has blocked us", permanent=True),
    ]
    for _ in range(3):
        chat.clock.pass_(seconds=30)
        await chat.says(f"Hello, {marker}, are you there?")
    async with chat.services.database.begin() as connection:
        await people.introduce(connection, conversation_id, language="en", profile={"occupation": marker})
    await leave_a_journey(chat, marker)
    await leave_a_talk(chat, conversation_id, marker)
    chat.hint = None
    chat.new()


async def leave_a_talk(chat: Chat, conversation_id: int, marker: str) -> None:
    """A mentor took it: a note, a file, an offer, a second mentor, a report, the group's topic; and gave it back."""
    one, two = [Mentor(chat.services, await hire(chat.services, f"mentor{next(SOURCES)}")) for _ in range(2)]
    who, now = await recruit_id(chat), chat.services.now()
    await one.claims(conversation_id)
    await chat.sends(Kind.FILE, file=FileSent("", f"{marker}.pdf", "application/pdf", 9))
    await one.writes(conversation_id, f"about {marker}: soon")
    await one.desk.note(one.me, conversation_id, f"{marker} needs a doctor")
    await one.desk.invite(one.me, conversation_id, two.me.id)
    await one.desk.report(one.me, conversation_id, f"{marker} is rude")
    await one.desk.package(one.me, conversation_id)
    async with chat.services.database.begin() as connection:
        await handovers.set_mentorship(connection, who, one.me.id, "buddy", now=now)
        row = await handovers.row(connection, conversation_id)
        assert row is not None
        await handovers.offer(connection, row.id, two.me.id, round_=1, reasons=(), now=now)
        for table, number in (("forum_topics", "thread_id"), ("forum_messages", "message_id")):
            query = f"insert into {table} (conversation_id, chat_id, {number}) values (:id, -100, :id)"
            await connection.execute(text(query), {"id": conversation_id})
    await one.resolves(conversation_id)


async def leave_a_journey(chat: Chat, marker: str) -> None:
    """A list with something done, an own reminder, a note to a mentor, a private address, an employer's contact; an
    invitation, with what was told by it and is not settled; a correction for one.
    """
    chat.engine.will(acts.JourneyCommand(acts.Journey.COMPLETE_TASK))
    await chat.says("got my cpr")
    chat.engine.will(acts.JourneyCommand(acts.Journey.SET_REMINDER))
    await chat.says(f"remind me tomorrow at 9 about {marker}")
    who, now = await recruit_id(chat), chat.services.now()
    async with chat.services.database.begin() as connection:
        await reminders.note(connection, [(who, "legal_limit_passed", "r-register-cpr")], now=now)
        await lists.private_link(connection, who, now=now)
        batch = await invitations.make(connection, [Wanted(marker, marker, None, {"kommune": marker})], now=now)
        found = await connection.execute(text("select code from invitations where batch = :batch"), {"batch": batch})
        await invitations.claim(connection, found.scalar_one(), who, now=now)
        named = {
            "name": f"correction-{next(SOURCES)}",
            "kind": "correction",
            "people": [who],
            "texts": {"en": "We were wrong."},
        }
        await announcements.keep_for(connection, **named, about={}, staff_id=None, now=now)
        code = f"C{str(who)[:8]}"
        await lists.add_employer(connection, "Nordby", code=code, contact_code=f"secret-{code}", now=now)
        await lists.join_as_contact(connection, who, f"secret-{code}")


OF_ADDRESS = """
    join conversations c on c.id = o.conversation_id join addresses a on a.id = c.address_id
    where a.external_id = :address
"""


async def with_consent(chat: Chat, consent: str) -> None:
    if consent == "unasked":
        return
    chat.engine.will(acts.AnswerTopics(("tax-card",)))
    await chat.says("how do I get a tax card?")
    if consent != "asked":
        await chat.presses("consent:yes" if consent == "given" else "consent:no")


async def forget(chat: Chat, *, seconds: float = 61) -> None:
    await chat.commands("forget")
    await chat.presses("forget:yes")
    chat.clock.pass_(seconds=seconds)
    await turns.sweep(chat.services)
    await chat.services.background.drain()


async def retain(chat: Chat) -> None:
    async with chat.services.database.begin() as connection:
        await people.retain(connection, now=chat.services.now(), days=365)


async def change(chat: Chat, statement: str, **values: Any) -> None:
    async with chat.services.database.begin() as connection:
        await connection.execute(text(statement), values)


async def recruit_id(chat: Chat) -> Any:
    ((found,),) = await chat.rows("select recruit_id from addresses where external_id = :address", address=chat.address)
    return found


async def export_of(chat: Chat) -> dict[str, Any]:
    async with chat.services.database.connect() as connection:
        return await people.export(connection, await recruit_id(chat))


async def tables_with_rows_of(chat: Chat) -> set[str]:
    data = await export_of(chat)
    return {"recruits", *(name for name in people.EXPORTED if data[name])}


def sent_file(chat: Chat) -> dict[str, Any]:
    """The last file that travelled to this address."""
    channel = chat.services.channels["fake"]
    assert isinstance(channel, FakeChannel)
    files = [attachment for address, _, _, attachment in channel.sent if address == chat.address and attachment]
    data: dict[str, Any] = json.loads(files[-1])
    return data


async def places_of(chat: Chat, trace: str) -> list[str]:
    """Every column, as "table.column", of every table of every schema in which a row holds this text."""
    found: set[str] = set()
    for table in await chat.rows(ALL_TABLES):
        columns = await chat.rows(
            f'select distinct field.key from "{table.schema}"."{table.name}" as row, '
            "jsonb_each_text(to_jsonb(row)) as field where field.value ilike '%' || :trace || '%'",
            trace=trace,
        )
        found |= {f"{table.name}.{column}" for (column,) in columns}
    return sorted(found)


async def test_that_somebody_looked_stays_but_not_at_whom(anna: Chat) -> None:
    await anna.says("hello")
    (person,) = await anna.rows("select id from recruits")
    async with anna.services.database.begin() as connection:
        look = "insert into looks (recruit_id, what, at) values (:id, 'profile', :now)"
        await connection.execute(text(look), {"id": person.id, "now": anna.services.now()})
        await connection.execute(text("delete from recruits where id = :id"), {"id": person.id})

    (left,) = await anna.rows("select what, about, data from audit order by id desc limit 1")
    assert (left.what, left.about, left.data) == ("look", "", {"what": "profile"})
