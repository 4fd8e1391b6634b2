"""The process is killed at every step of what a recruit and a mentor write to each other: nothing is lost, either way.

On a channel that shows a message once, it is shown once. On one that shows each sending, what was in flight is told to
be unsure, and comes again only if the person wishes.
"""

import json
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot import turns
from bot.services import Services
from core.messages import Inbound, Kind
from store import handovers
from tests.support.fakes import Clock
from tests.support.handing import OPEN, Outbox, Pauses, Thinking, dying, mentor_writes, recruit_says, somebody
from tests.support.mentors import Mentor, hire
from tests.support.reminding import end_of

SAYING = ("stored", "locked", "thought", "replied")
SENDING = ("claimed", "sent", "marked")
QUESTION, DANGER, ANSWER = "how do I get a tax card?", "i want to kill myself", "Come to us at ten"
IN_FLIGHT = ("claimed", "sent")
WRITING = ("handed", *SENDING)
SHOWN_EACH_TIME = [(step, False) for step in IN_FLIGHT]


class Talk:
    """A recruit who has asked for a human, what reached them, and the process that goes on after the kill."""

    def __init__(self, services: Services, outbox: Path, number: int, maria: Mentor) -> None:
        self.services, self.outbox, self.number, self.maria = services, outbox, number, maria

    @property
    def arrived(self) -> list[Any]:
        return [json.loads(line) for line in self.outbox.read_text().splitlines()] if self.outbox.exists() else []

    async def killed(self, step: str, *, repeatable: bool, says: str = "", writes: str = "") -> None:
        url = self.services.settings.database_url
        child = dying(url, self.outbox, repeatable, step, says, writes)
        assert await end_of(child) == -signal.SIGKILL, "the step was reached"
        self.services.channels = {"fake": Outbox(self.outbox, repeatable=repeatable)}

    async def swept(self) -> None:
        """Another process looks for what is unfinished, now and a minute later."""
        for later in (timedelta(0), timedelta(minutes=1)):
            assert isinstance(self.services.now, Clock)
            self.services.now.now += later
            await turns.sweep(self.services, older=timedelta(0))
            await self.services.background.drain()

    async def presses(self, payload: str) -> None:
        inbound = Inbound("fake", "anna", f"press {payload}", Kind.BUTTON, self.services.now(), payload=payload)
        await turns.receive_and_answer(self.services, inbound)
        await self.services.background.drain()

    async def rows(self, query: str) -> list[Any]:
        async with self.services.database.connect() as connection:
            return list((await connection.execute(text(query))).all())

    async def texts(self) -> list[str | None]:
        """What stands before the mentor as said by the recruit."""
        async with self.services.database.connect() as connection:
            said = await handovers.transcript(connection, self.number)
        return [each.text for each in said if each.kind == "recruit"]


@pytest.fixture
async def talk(services: Services, tmp_path: Path) -> Talk:
    """Asked for, and nobody has come yet."""
    services.now = Clock(OPEN)
    services.engine = Thinking(Pauses())
    services.channels = {"fake": Outbox(tmp_path / "before", repeatable=True)}
    async with services.database.begin() as connection:
        number = await somebody(connection, "anna")
    maria = Mentor(services, await hire(services, "Maria"))
    await recruit_says(services, "i want to talk to a human")
    return Talk(services, tmp_path / "outbox", number, maria)


@pytest.fixture
async def taken(talk: Talk) -> Talk:
    """Maria has it."""
    await talk.maria.claims(talk.number)
    return talk


# --- recruit → mentor -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", SAYING)
async def test_what_the_recruit_says_reaches_the_mentor(taken: Talk, step: str) -> None:
    await taken.killed(step, repeatable=True, says=QUESTION)
    await recruit_says(taken.services, QUESTION)
    await taken.swept()
    assert (await taken.texts()).count(QUESTION) == 1
    assert await taken.rows("select unread, waiting_since is not null from handovers") == [(2, True)]
    assert await taken.rows("select count(*) from inbound where handled_at is null") == [(0,)]
    assert taken.arrived == [], "the bot is silent"


@pytest.mark.parametrize(("step", "repeatable"), [*((step, True) for step in (*SAYING, *SENDING)), *SHOWN_EACH_TIME])
async def test_who_waits_is_answered_by_the_bot_and_read_by_the_mentor(talk: Talk, step: str, repeatable: bool) -> None:
    await talk.killed(step, repeatable=repeatable, says=QUESTION)
    await recruit_says(talk.services, QUESTION)
    await talk.swept()
    assert (await talk.texts()).count(QUESTION) == 1
    assert await talk.rows("select unread from handovers") == [(2,)]
    if repeatable or step not in IN_FLIGHT:
        assert {message["title"] for message in talk.arrived} == {"How do I get a tax card (skattekort)?"}
        assert len({message["id"] for message in talk.arrived}) == 1
    else:
        await comes_when_wished(talk, already=step == "sent")


@pytest.mark.parametrize(
    ("step", "repeatable"), [("replied", True), ("claimed", True), ("sent", True), *SHOWN_EACH_TIME]
)
async def test_a_warning_comes_although_a_mentor_has_it(taken: Talk, step: str, repeatable: bool) -> None:
    await taken.killed(step, repeatable=repeatable, says=DANGER)
    await recruit_says(taken.services, DANGER)
    await taken.swept()
    assert (await taken.texts()).count(DANGER) == 1
    assert await taken.rows("select urgent, unread from handovers") == [(True, 2)]
    if repeatable:
        assert len({message["id"] for message in taken.arrived}) == 2, "the warning, and that a mentor is told"
    else:
        await comes_when_wished(taken, already=step == "sent")


# --- mentor → recruit -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "repeatable"), [(step, shown) for step in WRITING for shown in (True, False)])
async def test_what_the_mentor_writes_reaches_the_recruit(taken: Talk, step: str, repeatable: bool) -> None:
    await taken.killed(step, repeatable=repeatable, writes=ANSWER)
    number = await mentor_writes(taken.services, ANSWER)
    await taken.swept()
    assert await taken.rows("select id from outbound where mentor_id is not null") == [(number,)], "stored once"
    ids = [message["id"] for message in taken.arrived]
    if repeatable or step not in IN_FLIGHT:
        assert set(ids) == {number}
        assert repeatable or len(ids) == 1
        assert await taken.rows("select status from outbound where mentor_id is not null") == [("sent",)]
    else:
        assert await taken.rows("select status from outbound where mentor_id is not null") == [("unknown",)]
        await comes_when_wished(taken, already=step == "sent")


async def test_given_back_meanwhile_what_was_in_flight_is_told_all_the_same(taken: Talk) -> None:
    await taken.killed("sent", repeatable=False, writes=ANSWER)
    await taken.maria.resolves(taken.number)
    await taken.swept()
    await comes_when_wished(taken, already=True)


async def comes_when_wished(talk: Talk, *, already: bool) -> None:
    """Nobody can know whether it arrived: that is said, and the person may have it once more."""
    arrived = talk.arrived
    ids = [message["id"] for message in arrived]
    assert len(ids) == len(set(ids)), "nothing is sent twice by itself"
    wishes = [payload for message in arrived for payload in message["payloads"] if payload.startswith("again:")]
    (wish,) = wishes
    number = int(wish.removeprefix("again:"))
    assert (number in ids) is already
    await talk.presses(wish)
    assert len(talk.arrived) == len(arrived) + 1, "twice at most"
