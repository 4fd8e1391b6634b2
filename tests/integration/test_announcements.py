"""Messages to many, from the file to the ledger, through the sending of reminders."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot import announcing, reminding
from bot.services import Services
from core.errors import ChannelError, KnowledgeError
from core.messages import Kind, Reply
from operations import announcements as command
from operations.announcements import AnnouncementError
from reminders import announce
from store import announcements, reminders
from store import journey as lists
from tests.support.fakes import FakeChannel
from tests.support.talk import Chat

TEXTS = {"en": "Get winter tyres.", "pl": "Załóż opony zimowe."}
NIGHT = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
TODAY = datetime(2026, 11, 21, tzinfo=UTC).date()


@pytest.fixture(autouse=True)
async def nothing_announced(services: Services) -> None:
    async with services.database.begin() as connection:
        await connection.execute(text("delete from announcements"))
        await connection.execute(text("delete from employers"))


async def somebody(
    services: Services, address: str, *, language: str | None = "en", consent: str = "given", **profile: str
) -> uuid.UUID:
    """A person on the fake channel who has written before."""
    number, now = uuid.uuid4(), services.now()
    async with services.database.begin() as connection:
        await connection.execute(
            text("""
                insert into recruits (id, created_at, seen_at, language, consent, profile)
                values (:id, :now, :now, :language, :consent, cast(:profile as jsonb))
            """),
            {"id": number, "now": now, "language": language, "consent": consent, "profile": json.dumps(profile)},
        )
        await connection.execute(
            text("""
                with a as (insert into addresses (recruit_id, channel, external_id) values (:id, 'fake', :address)
                           returning id)
                insert into conversations (address_id) select id from a
            """),
            {"id": number, "address": address},
        )
    return number


async def draft(
    services: Services, name: str = "tyres", *, texts: Mapping[str, str] = TEXTS, **segment: Sequence[str]
) -> None:
    async with services.database.begin() as connection:
        assert await announcements.keep_draft(
            connection, name, segment=segment, texts=texts, at=None, now=services.now()
        )


async def scheduled(services: Services, name: str = "tyres", **segment: Sequence[str]) -> None:
    """A draft that is due now."""
    await draft(services, name, **segment)
    async with services.database.begin() as connection:
        assert await announcements.schedule(connection, name, services.now())


async def clock_ticks(services: Services) -> None:
    """What the worker does on each tick of its clock, and what the queue does then."""
    batches: list[uuid.UUID] = []

    async def defer(batch: uuid.UUID) -> None:
        batches.append(batch)

    await announcing.expand_due(services)
    await reminding.tick(services, defer)
    for batch in batches:
        await reminding.send_batch(services, batch)
    await announcing.expand_due(services)


async def ledger(services: Services) -> list[Any]:
    async with services.database.connect() as connection:
        return list(await connection.execute(text("select * from reminders where kind = 'announcement' order by id")))


async def status_of(services: Services, name: str = "tyres") -> str:
    async with services.database.connect() as connection:
        kept = await announcements.named(connection, name)
    assert kept is not None
    return kept.status


def got(services: Services) -> dict[str, str]:
    """What reached whom."""
    channel = services.channels["fake"]
    assert isinstance(channel, FakeChannel)
    return {address: reply.text for address, _, reply, _ in channel.sent}


# --- who ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def town(services: Services) -> None:
    """People of all kinds, named by what makes them differ."""
    async with services.database.begin() as connection:
        await lists.add_employer(connection, "Nordbo", code="NORD-7K3Q", contact_code="secret", now=services.now())
    await somebody(services, "polish", language="pl")
    await somebody(services, "silent", language=None)
    await somebody(services, "odense", kommune="odense")
    await somebody(services, "polish-in-odense", language="pl", kommune="odense")
    await somebody(services, "eu", origin="eu", occupation="nurse", household="family")
    await somebody(services, "eu-other", origin="eu", occupation="other", household="single")
    await somebody(services, "nordbos", employer="NORD-7K3Q")
    contact = await somebody(services, "contact", audience="employer")
    await somebody(services, "leaving", arrival="2026-11-22")
    await somebody(services, "landed", arrival="2026-11-21")
    await somebody(services, "eight-days", arrival="2026-11-13")
    await somebody(services, "no-day", arrival="")
    await somebody(services, "years", arrival="2020-01-01")
    await somebody(services, "declined", consent="declined")
    await somebody(services, "asked", consent="asked", kommune="odense")
    async with services.database.begin() as connection:
        await lists.join_as_contact(connection, contact, "secret")


@pytest.mark.parametrize(
    ("segment", "meant"),
    [
        ({"language": ["pl"]}, {"polish", "polish-in-odense"}),
        ({"language": ["pl"], "kommune": ["odense"]}, {"polish-in-odense"}),
        ({"kommune": ["odense", "aarhus"]}, {"odense", "polish-in-odense"}),
        ({"origin": ["eu"]}, {"eu", "eu-other"}),
        ({"origin": ["eu"], "occupation": ["nurse"]}, {"eu"}),
        ({"household": ["single", "couple"]}, {"eu-other"}),
        ({"origin": ["nordic"]}, set()),
        ({"employer": ["NORD-7K3Q"]}, {"nordbos"}),
        ({"employer": ["NORD-7K3Q"], "audience": ["employer"]}, {"contact"}),
        ({"employer": ["NORD-7K3Q"], "audience": ["recruit", "employer"]}, {"nordbos", "contact"}),
        ({"audience": ["employer"]}, {"contact"}),
        ({"phase": ["before-departure"]}, {"leaving"}),
        ({"phase": ["arrival-week"]}, {"landed"}),
        ({"phase": ["first-month"]}, {"eight-days"}),
        ({"phase": ["arrival-week", "staying"]}, {"landed", "years"}),
        ({"phase": ["first-year"]}, set()),
    ],
)
async def test_a_segment_is_who_matches_all_of_it(
    services: Services, town: None, segment: dict[str, list[str]], meant: set[str]
) -> None:
    await scheduled(services, **segment)
    await clock_ticks(services)
    assert set(got(services)) == meant
    assert await status_of(services) == "done"


async def test_everybody_is_every_recruit_who_consents(services: Services, town: None) -> None:
    await scheduled(services)
    await clock_ticks(services)
    assert len(got(services)) == 12
    assert not {"contact", "declined", "asked"} & set(got(services))


async def test_each_reads_their_own_language_or_english(services: Services) -> None:
    for language in ("pl", "fil", "en", None):
        await somebody(services, str(language), language=language)
    await scheduled(services)
    await clock_ticks(services)
    texts = got(services)
    assert texts["pl"].startswith(TEXTS["pl"])
    assert all(texts[name].startswith(TEXTS["en"]) for name in ("fil", "en", "None"))
    assert "stop announcements" in texts["en"]


# --- drafts -------------------------------------------------------------------------------------------------------


async def test_a_draft_is_never_sent(services: Services) -> None:
    person = await somebody(services, "anna")
    await draft(services)
    async with services.database.begin() as connection:  # even with its time reached
        await connection.execute(text("update announcements set scheduled_at = :now"), {"now": services.now()})
        number = (await connection.execute(text("select id from announcements"))).scalar_one()

    await clock_ticks(services)
    async with services.database.begin() as connection:
        assert await announcements.due(connection, now=services.now()) == []
        assert await announcements.hold(connection, number) is None
        _, rows = await announcements.expand(
            connection, number, announce.wanted({}, TODAY), after=uuid.UUID(int=0), most=10, now=services.now()
        )
        await announcements.all_written(connection, number)
        assert rows == 0
        assert await announcements.messages_of(connection, [str(number)]) == {}
    assert await ledger(services) == []
    assert await status_of(services) == "draft"

    async with services.database.begin() as connection:  # nor if somebody wrote a row by hand
        await connection.execute(
            text("""
                insert into reminders (recruit_id, kind, task, planned_for, due_at, created_at)
                values (:person, 'announcement', :task, :now, :now, :now)
            """),
            {"person": person, "task": str(number), "now": services.now()},
        )
    await clock_ticks(services)
    assert got(services) == {}


async def test_the_table_takes_no_unsendable_announcement(services: Services) -> None:
    for change in ("status = 'scheduled', scheduled_at = null", 'texts = \'{"da": "Hej"}\''):
        await draft(services)
        with pytest.raises(IntegrityError):
            async with services.database.begin() as connection:
                await connection.execute(text(f"update announcements set {change}"))


async def test_a_draft_is_replaced_until_it_is_scheduled(services: Services) -> None:
    await somebody(services, "anna")
    await draft(services, texts={"en": "Old"})
    await draft(services, texts={"en": "New"})
    async with services.database.begin() as connection:
        await announcements.schedule(connection, "tyres", services.now())
        again = {"segment": {}, "texts": {"en": "Newer"}, "at": None, "now": services.now()}
        assert not await announcements.keep_draft(connection, "tyres", **again)
        assert not await announcements.schedule(connection, "tyres", services.now()), "scheduled once"
    await clock_ticks(services)
    assert got(services)["anna"].startswith("New\n")


async def test_before_its_time_nothing_happens(services: Services) -> None:
    await somebody(services, "anna")
    await draft(services)
    async with services.database.begin() as connection:
        await announcements.schedule(connection, "tyres", services.now() + timedelta(hours=1))
    await clock_ticks(services)
    assert await ledger(services) == []
    services.now.pass_(hours=1)  # type: ignore[attr-defined]
    await clock_ticks(services)
    assert set(got(services)) == {"anna"}


# --- sending ------------------------------------------------------------------------------------------------------


async def test_expanded_twice_is_once(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "CHUNK", 4)
    for number in range(10):
        await somebody(services, f"p{number}")
    await scheduled(services)

    class Killed(Exception):
        pass

    def die(step: str) -> None:
        raise Killed(step)

    services.step = die
    with pytest.raises(Killed):
        await announcing.expand_due(services)
    assert len(await ledger(services)) == 4
    assert await status_of(services) == "scheduled", "a worker that starts anew goes on with it"

    services.step = lambda step: None
    assert await announcing.expand_due(services) == 6
    assert await announcing.expand_due(services) == 0
    await clock_ticks(services)
    await clock_ticks(services)
    assert len(services.channels["fake"].sent) == 10  # type: ignore[attr-defined]
    assert await status_of(services) == "done"


async def test_two_workers_expand_it_once(services: Services) -> None:
    import asyncio

    for number in range(10):
        await somebody(services, f"p{number}")
    await scheduled(services)
    rows = await asyncio.gather(*(announcing.expand_due(services) for _ in range(4)))
    assert sum(rows) == 10
    assert len(await ledger(services)) == 10


async def test_who_does_not_want_any_gets_none(services: Services) -> None:
    await somebody(services, "anna")
    await somebody(services, "bo", announcements="no")
    await somebody(services, "eva", paused="stopped")
    await scheduled(services)
    await clock_ticks(services)
    assert set(got(services)) == {"anna"}
    assert sorted(row.reason for row in await ledger(services) if row.status == "skipped") == [
        "no announcements wished",
        "stopped by the person",
    ]
    assert await status_of(services) == "done"


async def test_at_night_it_waits_for_the_morning(services: Services) -> None:
    services.now.now = NIGHT  # type: ignore[attr-defined]
    await somebody(services, "anna")
    await scheduled(services)
    await clock_ticks(services)
    assert got(services) == {}
    (row,) = await ledger(services)
    assert (row.status, row.reason, row.due_at) == ("postponed", "quiet hours", NIGHT + timedelta(hours=9))
    assert await status_of(services) == "sending"
    services.now.now = NIGHT + timedelta(hours=9)  # type: ignore[attr-defined]
    await clock_ticks(services)
    assert set(got(services)) == {"anna"}
    assert await status_of(services) == "done"


async def test_with_a_reminder_it_is_one_message_that_says_how_to_stop_it(services: Services) -> None:
    person = await somebody(services, "anna")
    async with services.database.begin() as connection:
        await reminders.add_own(connection, person, "call the landlord", services.now(), now=services.now())
    await scheduled(services)
    await clock_ticks(services)
    (sent,) = services.channels["fake"].sent  # type: ignore[attr-defined]
    assert TEXTS["en"] in sent[2].text
    assert "call the landlord" in sent[2].text
    assert "stop announcements" in sent[2].text


async def test_a_week_later_it_is_of_no_use(services: Services) -> None:
    await somebody(services, "anna")
    await scheduled(services)
    services.now.pass_(days=7)  # type: ignore[attr-defined]
    await clock_ticks(services)
    assert [row.reason for row in await ledger(services)] == ["too late to be useful"]


async def test_whoever_is_forgotten_gets_nothing_and_leaves_nothing(services: Services) -> None:
    anna, bo = Chat(services), Chat(services, address="bo")
    for chat in (anna, bo):
        await chat.presses("consent:yes")
    await scheduled(services)
    await announcing.expand_due(services)
    assert len(await ledger(services)) == 2
    await anna.sends(Kind.COMMAND, text="forget")
    await anna.presses("forget:yes")
    anna.new(), bo.new()

    await clock_ticks(services)
    assert [reply.text for reply in anna.new() if TEXTS["en"] in reply.text] == []
    assert len(bo.new()) == 1
    async with services.database.begin() as connection:
        await connection.execute(text("delete from recruits where consent <> 'given'"))
    _, progress = await command.report(services.database, "tyres")
    assert progress.by_status == {"sent": 1}
    assert await status_of(services) == "done"


# --- stopping -----------------------------------------------------------------------------------------------------


class StoppingChannel(FakeChannel):
    """Somebody stops the announcement while the first messages are on their way."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services, self.told = services, ""

    async def send(self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None) -> str | None:
        if not self.told:
            self.told = "being stopped"
            self.told = await command.stop(self.services.database, "tyres", now=self.services.now())
        return await super().send(address, message_id, reply, attachment)


async def test_stopped_in_the_middle(services: Services) -> None:
    people = 60
    for number in range(people):
        await somebody(services, f"p{number}")
    channel = StoppingChannel(services)
    services.channels = {"fake": channel}
    await scheduled(services)
    await clock_ticks(services)

    sent = len(channel.sent)
    assert 0 < sent <= reminding.CHUNK * reminding.CHUNKS, "what was on its way is not called back"
    assert channel.told == (
        f"tyres is stopped. {people - sent} people do not get it any more; {sent} are being sent it at this moment."
    )
    rows = await ledger(services)
    assert {(row.status, row.reason) for row in rows} == {("sent", None), ("skipped", "the announcement was stopped")}
    assert sum(row.status == "sent" for row in rows) == sent
    assert await status_of(services) == "stopped"


async def test_stopped_between_the_decision_and_the_sending(services: Services) -> None:
    """The ledger never says "stopped" of what is sent all the same."""
    await somebody(services, "anna")
    await scheduled(services)
    await announcing.expand_due(services)
    async with services.database.begin() as connection:
        await reminders.claim_due(connection, most=10, now=services.now())
        ((number, talk),) = (
            await connection.execute(
                text("select r.id, c.id from reminders r join addresses a on a.recruit_id = r.recruit_id "
                     "join conversations c on c.address_id = a.id where r.status = 'claimed'")
            )
        ).all()  # fmt: skip
    await command.stop(services.database, "tyres", now=services.now())
    message = {"conversation_id": talk, "epoch": 0, "body": {}, "status": "sending", "reminders": [number]}
    async with services.database.begin() as connection:
        assert await reminders.begin_sending(connection, [message], now=services.now()) == {}
        assert (await connection.execute(text("select count(*) from outbound"))).scalar_one() == 0


async def test_stopped_while_it_waits_for_the_morning(services: Services) -> None:
    services.now.now = NIGHT  # type: ignore[attr-defined]
    await somebody(services, "anna")
    await scheduled(services)
    await clock_ticks(services)
    assert "1 person does not get it" in await command.stop(services.database, "tyres", now=services.now())
    services.now.now = NIGHT + timedelta(hours=12)  # type: ignore[attr-defined]
    await clock_ticks(services)
    assert got(services) == {}


async def test_stopped_before_it_is_due_it_writes_no_row(services: Services) -> None:
    await somebody(services, "anna")
    await scheduled(services)
    told = await command.stop(services.database, "tyres", now=services.now())
    assert told == "tyres is stopped; nobody got it."
    await clock_ticks(services)
    assert await ledger(services) == []
    with pytest.raises(AnnouncementError, match="nothing to stop"):
        await command.stop(services.database, "tyres", now=services.now())


# --- the commands -------------------------------------------------------------------------------------------------


def a_file(tmp_path: Path, *, segment: str = "everybody", at: str = "") -> Path:
    path = tmp_path / "tyres.yml"
    body = f"name: tyres\nsegment: {segment}\ntexts:\n  en: Get winter tyres.\n  pl: Załóż opony zimowe.\n"
    path.write_text(body + (f"at: {at}\n" if at else ""), encoding="utf-8")
    return path


async def test_a_dry_run_tells_all_and_writes_nothing(services: Services, tmp_path: Path) -> None:
    first = await somebody(services, "anna", language="pl")
    await somebody(services, "bo", language="fil")
    await somebody(services, "eva", announcements="no")
    await somebody(services, "kim", paused="2026-12-24")
    async with services.database.begin() as connection:
        await connection.execute(
            text("update addresses set unreachable_at = :now where external_id = 'bo'"), {"now": services.now()}
        )
    told = await command.check(services.database, a_file(tmp_path), now=services.now())
    assert "4 people meant, 2 of them would get it." in told
    assert "1  Polish: in Polish\n" in told
    assert "1  Filipino: in English (there is no Filipino text)" in told
    assert "1  not: no announcements wished" in told
    assert "1  not: unreachable" in told
    assert "1  later: paused by the person" in told
    assert str(first) in told
    async with services.database.connect() as connection:
        assert await announcements.every(connection) == []
    assert await ledger(services) == []


async def test_a_dry_run_names_ten_at_most(services: Services, tmp_path: Path) -> None:
    for number in range(12):
        await somebody(services, f"p{number}")
    told = await command.check(services.database, a_file(tmp_path), now=services.now())
    named = next(line for line in told.splitlines() if line.startswith("First of them"))
    assert named.count(",") == 9


async def test_a_municipality_that_is_none_is_refused(services: Services, tmp_path: Path) -> None:
    path = a_file(tmp_path, segment="{kommune: [odnese]}")
    with pytest.raises(KnowledgeError, match=r"tyres\.yml:2: kommune 'odnese' does not exist. Did you mean 'odense'?"):
        await command.draft(services.database, path, now=services.now())


async def test_draft_schedule_report(services: Services, tmp_path: Path) -> None:
    await somebody(services, "anna", language="pl")
    await somebody(services, "bo", language="da")
    await somebody(services, "eva", language="da", announcements="no")
    await somebody(services, "kim")
    assert "Kept as a draft" in await command.draft(services.database, a_file(tmp_path), now=services.now())
    assert "Replaced as a draft" in await command.draft(services.database, a_file(tmp_path), now=services.now())
    told = await command.schedule(services.database, "tyres", None, now=services.now())
    assert told == "tyres is sent 2026-11-21 13:00 to 4 people, as of now."
    with pytest.raises(AnnouncementError, match="scheduled or past"):
        await command.draft(services.database, a_file(tmp_path), now=services.now())

    services.channels["fake"].faults.append(ChannelError("blocked", permanent=True))  # type: ignore[attr-defined]
    await clock_ticks(services)

    kept, progress = await command.report(services.database, "tyres")
    data = json.loads(json.dumps(command.as_data(kept, progress)))
    assert data["status"] == "done"
    assert data["people"] == 4
    assert data["by_status"] == {"failed": 1, "sent": 2, "skipped": 1}
    assert sum(sum(numbers.values()) for numbers in data["by_language"].values()) == 4
    assert data["by_language"]["da"]["skipped"] == 1
    assert data["reasons"] == {"failed": {"blocked": 1}, "skipped": {"no announcements wished": 1}}
    told = command.as_text(kept, progress)
    assert "4 people: 1 failed, 2 sent, 1 skipped." in told
    assert "skipped, no announcements wished: 1" in told
    assert "tyres  done 2026-11-21 13:00" in await command.every(services.database)


async def test_times_are_danish_and_to_come(services: Services, tmp_path: Path) -> None:
    await command.draft(services.database, a_file(tmp_path, at="2026-12-01 10:00"), now=services.now())
    with pytest.raises(AnnouncementError, match="is past"):
        await command.schedule(services.database, "tyres", "2026-11-21 12:59", now=services.now())
    with pytest.raises(AnnouncementError, match="no Danish time"):
        await command.schedule(services.database, "tyres", "tomorrow", now=services.now())
    with pytest.raises(AnnouncementError, match="no announcement 'snow'"):
        await command.schedule(services.database, "snow", None, now=services.now())
    told = await command.schedule(services.database, "tyres", None, now=services.now())
    assert "2026-12-01 10:00" in told, "the time of the file"
    assert "tyres  scheduled, for 2026-12-01 10:00" in await command.every(services.database)


async def test_a_time_in_the_quiet_hours_is_allowed_but_said(services: Services, tmp_path: Path) -> None:
    await command.draft(services.database, a_file(tmp_path), now=services.now())
    told = await command.schedule(services.database, "tyres", "2026-11-30 23:00", now=services.now())
    assert "the quiet hours (21 to 8 o'clock)" in told


async def test_the_time_of_a_file_that_has_passed_meanwhile_is_refused(services: Services, tmp_path: Path) -> None:
    await command.draft(services.database, a_file(tmp_path, at="2026-11-21 14:00"), now=services.now())
    services.now.pass_(hours=2)  # type: ignore[attr-defined]
    with pytest.raises(AnnouncementError, match="--at"):
        await command.schedule(services.database, "tyres", None, now=services.now())
