"""A wrong fee was told; it is put right, and each of those who were told it hears so once."""

import asyncio
import html
import json
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from bot import announcing, reminding
from bot.services import Services
from core.messages import Kind
from operations.assemble import web_doors
from store import announcements, corrections, editing
from tests.support.fakes import FakeChannel
from tests.support.inbox import Browser, add, signed_in
from tests.support.talk import Chat
from web.app import create_app

FEE = ("figure", "work-permit-fee", "")
TOPIC = "permit-fees"


@dataclass
class Town:
    """People who asked while the fee was wrong; the number of the wrong revision; a supervisor before her browser."""

    services: Services
    wrong: int
    browser: Browser

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.services.database.connect() as connection:
            return list(await connection.execute(text(query), values))

    @property
    def got(self) -> dict[str, list[Any]]:
        """What came to whom by itself."""
        channel = self.services.channels["fake"]
        assert isinstance(channel, FakeChannel)
        found: dict[str, list[Any]] = {}
        for address, _, reply, _ in channel.sent:
            if reply.bulk:
                found.setdefault(address, []).append(reply)
        return found

    async def clock_ticks(self) -> None:
        batches: list[uuid.UUID] = []

        async def defer(batch: uuid.UUID) -> None:
            batches.append(batch)

        await announcing.expand_due(self.services)
        await reminding.tick(self.services, defer)
        for batch in batches:
            await reminding.send_batch(self.services, batch)
        await announcing.expand_due(self.services)

    async def drafts(self) -> str:
        """Have the proposed texts kept; the address of the draft."""
        page = await self.browser.get("/admin/corrections/new", revision=str(self.wrong))
        assert page.status_code == 200
        answer = await self.browser.send("/admin/corrections/new", revision=str(self.wrong), **texts_in(page.text))
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].partition("?")[0]

    async def sends(self, address: str, people: int, browser: Browser | None = None, **fields: str) -> Any:
        page = (await self.browser.get(address)).text
        seen = page.partition('name="seen" value="')[2].partition('"')[0]
        return await (browser or self.browser).send(f"{address}/send", seen=seen, typed=str(people), **fields)


def texts_in(page: str) -> dict[str, str]:
    found = re.findall(r'<textarea name="(text-\w+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    return {name: html.unescape(words) for name, words in found}


async def publish(services: Services, value: int) -> int:
    """The fee of this year from now on; the number of its revision."""
    async with services.database.begin() as connection:
        now = await editing.published(connection, FEE)
        assert now is not None
        values = [
            {**each, "value": value} if each["valid_from"] == "2026-01-01" else each for each in now.data["values"]
        ]
        numbers = await editing.publish(
            connection, {FEE: {**now.data, "values": values}}, staff_id=None, now=services.now()
        )
    await services.shelf.fresh()
    return numbers[FEE]


async def asks(
    services: Services, address: str, language: str | None, *, consent: str = "given", **profile: str
) -> Chat:
    """Somebody asks what the permit costs, and gets the card."""
    chat = Chat(services, address=address)
    await chat.sends(Kind.COMMAND, text="start")
    async with services.database.begin() as connection:
        await connection.execute(
            text("""
                update recruits set consent = :consent, language = :language, language_chosen = true,
                    profile = cast(:profile as jsonb)
                where id = (select recruit_id from addresses where external_id = :address)
            """),
            {"consent": consent, "language": language, "address": address,
             "profile": json.dumps({"origin": "non-eu", **profile})},
        )  # fmt: skip
    await chat.presses(f"topic:{TOPIC}")
    return chat


@pytest.fixture
async def town(services: Services) -> AsyncIterator[Town]:
    async with services.database.begin() as connection:
        await connection.execute(text("delete from announcements"))
        right = await editing.published(connection, FEE)
    assert right is not None
    wrong = await publish(services, 5000)
    for address, language in (("piotr", "pl"), ("oksana", "uk"), ("anna", "en")):
        await asks(services, address, language)
    services.now.pass_(hours=1)  # type: ignore[attr-defined]
    supervisor = await add(services, "Sara", "supervisor")
    browser = await signed_in(services, create_app(web_doors(services)), supervisor)
    yield Town(services, wrong, browser)
    async with services.database.begin() as connection:
        await connection.execute(text("delete from announcements"))
        await editing.publish(connection, {FEE: right.data}, staff_id=None, now=services.now())


@pytest.fixture
async def corrected(town: Town) -> Town:
    """Somebody has put the fee right."""
    await publish(town.services, 6810)
    town.services.now.pass_(minutes=10)  # type: ignore[attr-defined]
    return town


async def test_an_answer_remembers_what_it_was_made_of(town: Town) -> None:
    async with town.services.database.connect() as connection:
        people = await corrections.told(connection, [town.wrong])
    assert len(people) == 3
    assert {person.topics[0] for person in people} == {TOPIC}


async def test_as_long_as_it_is_told_nothing_is_corrected(town: Town) -> None:
    page = await town.browser.get("/admin/corrections/new", revision=str(town.wrong))
    assert "Publish what is right first" in page.text
    answer = await town.browser.send("/admin/corrections/new", revision=str(town.wrong), **{"text-en": "Sorry."})
    assert answer.status_code == 422


async def test_the_page_says_how_many_and_names_nobody(corrected: Town) -> None:
    await asks(corrected.services, "later", "en")  # after it was put right
    page = (await corrected.browser.get("/admin/corrections/new", revision=str(corrected.wrong))).text
    assert "3 people got an answer with it." in page
    assert "3 of them would get the correction." in page
    for words in ("Polski", "Українська", "English", "fake"):
        assert words in page
    assert not [name for name in ("piotr", "oksana", "anna") if name in page]
    texts = texts_in(page)
    assert len(texts) == 8
    assert "I told you 5,000\u00a0DKK, but 6,810\u00a0DKK is right" in texts["text-en"]
    assert "What does the permit application cost?" in texts["text-en"]
    assert "5000\u00a0DKK" in texts["text-pl"].replace("5\u00a0000", "5000")
    assert "5.000\u00a0kr., men 6.810\u00a0kr. er" in texts["text-da"]
    assert await corrected.rows("select 1 from announcements") == []


async def test_each_gets_it_once_in_their_language_with_the_answer_behind_a_button(corrected: Town) -> None:
    address = await corrected.drafts()
    assert (await corrected.sends(address, 3)).headers["location"].endswith("said=correction_sent")
    await corrected.clock_ticks()
    await corrected.clock_ticks()
    got = corrected.got
    assert {name: len(each) for name, each in got.items()} == {"piotr": 1, "oksana": 1, "anna": 1}
    assert "I told you 5,000\u00a0DKK" in got["anna"][0].text
    assert "W odpowiedzi" in got["piotr"][0].text
    assert "У відповіді" in got["oksana"][0].text
    assert [button.payload for button in got["anna"][0].buttons] == [f"topic:{TOPIC}"]
    anna = Chat(corrected.services, address="anna")
    anna.seen = len(anna.all)
    assert "6,810" in (await anna.presses(f"topic:{TOPIC}"))[-1].text
    report = (await corrected.browser.get(address)).text
    assert "<strong>3</strong> got it" in report
    async with corrected.services.database.connect() as connection:
        kept = await announcements.every(connection, "correction")
    assert [each.status for each in kept] == ["done"]
    audited = await corrected.rows("select data from audit where what = 'corrections.send' order by id desc limit 1")
    assert audited[0].data["people"] == 3


async def test_pressed_again_and_by_two_at_once_it_is_sent_once(corrected: Town) -> None:
    first, second = await asyncio.gather(corrected.drafts(), corrected.drafts())
    assert first == second, "pressed twice it is one draft"
    page = (await corrected.browser.get(first)).text
    fields = {"seen": page.partition('name="seen" value="')[2].partition('"')[0], "typed": "3"}
    sent = await asyncio.gather(*(corrected.browser.send(f"{first}/send", **fields) for _ in range(3)))
    assert sorted(answer.status_code for answer in sent) == [303, 409, 409]
    await asyncio.gather(*(announcing.expand_due(corrected.services) for _ in range(3)))
    await corrected.clock_ticks()
    assert {len(each) for each in corrected.got.values()} == {1}
    again = await corrected.browser.get("/admin/corrections/new", revision=str(corrected.wrong))
    assert "everybody has been sent the correction already" in again.text
    assert "There is a correction of this already" in again.text


async def test_who_opted_out_who_paused_and_who_was_forgotten(corrected: Town) -> None:
    async with corrected.services.database.begin() as connection:
        await connection.execute(
            text("""
                update recruits set profile = profile || '{"announcements": "no"}'
                where id = (select recruit_id from addresses where external_id = 'oksana')
            """)
        )
    address = await corrected.drafts()
    page = (await corrected.browser.get(address)).text
    assert "2 of them would get the correction." in page
    assert "They want no announcements." in page

    piotr = Chat(corrected.services, address="piotr")
    ((person,),) = await corrected.rows("select recruit_id from addresses where external_id = 'piotr'")
    await piotr.sends(Kind.COMMAND, text="forget")
    await piotr.presses("forget:yes")
    refused = await corrected.sends(address, 2)
    assert refused.status_code == 422
    assert "It goes to 1 people now" in refused.text
    assert (await corrected.sends(address, 1)).status_code == 303
    await corrected.clock_ticks()
    assert {name: len(each) for name, each in corrected.got.items()} == {"anna": 1}
    left = await corrected.rows("select recruit_id from announcement_people")
    assert person not in [row[0] for row in left]


async def test_without_consent_nobody_is_written_to(corrected: Town) -> None:
    async with corrected.services.database.begin() as connection:
        await connection.execute(
            text("""
                update recruits set consent = 'declined'
                where id = (select recruit_id from addresses where external_id = 'anna')
            """)
        )
    page = (await corrected.browser.get("/admin/corrections/new", revision=str(corrected.wrong))).text
    assert "They have not agreed that we keep anything" in page
    await corrected.sends(await corrected.drafts(), 2)
    await corrected.clock_ticks()
    assert set(corrected.got) == {"piotr", "oksana"}


async def test_two_channels_and_several_answers_are_one_person_and_one_message(corrected: Town) -> None:
    async with corrected.services.database.begin() as connection:
        await connection.execute(
            text("""
                update addresses set recruit_id = (select recruit_id from addresses where external_id = 'piotr')
                where external_id = 'anna'
            """)
        )
    page = (await corrected.browser.get("/admin/corrections/new", revision=str(corrected.wrong))).text
    assert "2 people got an answer with it." in page
    await corrected.sends(await corrected.drafts(), 2)
    await corrected.clock_ticks()
    assert sum(len(each) for each in corrected.got.values()) == 2


async def test_looked_at_again_while_wrong_it_is_one_mistake(services: Services, town: Town) -> None:
    async with services.database.begin() as connection:
        now = await editing.published(connection, FEE)
        assert now is not None
        later = {**now.data, "next_review": "2027-03-03"}
        await editing.publish(connection, {FEE: later}, staff_id=None, minor=True, now=services.now())
    await asks(services, "bo", "en")
    services.now.pass_(hours=1)  # type: ignore[attr-defined]
    await publish(services, 6810)
    page = (await town.browser.get("/admin/corrections/new", revision=str(town.wrong))).text
    assert "4 people got an answer with it." in page


async def test_stopped_and_made_anew_nobody_gets_it_twice(corrected: Town) -> None:
    address = await corrected.drafts()
    corrected.services.channels = {"fake": FakeChannel()}
    async with corrected.services.database.begin() as connection:
        await connection.execute(
            text("""
                update recruits set profile = profile || '{"paused": "2026-11-25"}'
                where id = (select recruit_id from addresses where external_id = 'anna')
            """)
        )
    await corrected.sends(address, 3)
    await corrected.clock_ticks()
    assert set(corrected.got) == {"piotr", "oksana"}
    assert (await corrected.browser.send(f"{address}/stop")).status_code == 303
    async with corrected.services.database.begin() as connection:
        await connection.execute(text("update recruits set profile = profile - 'paused'"))
    second = await corrected.drafts()
    assert second != address
    await corrected.sends(second, 1)
    await corrected.clock_ticks()
    assert {name: len(each) for name, each in corrected.got.items()} == {"piotr": 1, "oksana": 1, "anna": 1}


async def test_what_is_typed_is_kept_and_checked(corrected: Town) -> None:
    address = await corrected.drafts()
    page = (await corrected.browser.get(address)).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    for words, told in (
        ("", "English text is missing"),
        ("It is {fee}.", "is not filled in here"),
        ("x" * 1600, "longer than"),
    ):
        refused = await corrected.browser.send(f"{address}/save", seen=seen, **{"text-en": words, "text-pl": "Moje"})
        assert refused.status_code == 422
        assert told in refused.text
        assert "Moje</textarea>" in refused.text
    saved = await corrected.browser.send(f"{address}/save", seen=seen, **{"text-en": "Sorry, it is 6,810."})
    assert saved.status_code == 303
    assert (await corrected.browser.send(f"{address}/save", seen=seen, **{"text-en": "Mine"})).status_code == 409
    await corrected.sends(address, 3)
    await corrected.clock_ticks()
    assert all(each[0].text.startswith("Sorry, it is 6,810.") for each in corrected.got.values())


async def test_an_editor_writes_it_and_does_not_send_it(corrected: Town) -> None:
    address = await corrected.drafts()
    app = create_app(web_doors(corrected.services))
    editor = await signed_in(corrected.services, app, await add(corrected.services, "Eva", "editor"))
    assert (await corrected.sends(address, 3, editor)).status_code == 403
    assert (await editor.get(address)).status_code == 200
    assert (await editor.send(f"{address}/discard")).status_code == 303
    assert (await editor.get(address)).status_code == 404


# --- the engine below -----------------------------------------------------------------------------------------------


async def test_kept_twice_under_a_name_it_is_one_and_a_past_one_stays(services: Services, town: Town) -> None:
    person = (await town.rows("select recruit_id from addresses where external_id = 'anna'"))[0][0]
    about: dict[str, Any] = {"kind": "answer", "about": {"topics": [TOPIC]}, "staff_id": None}
    numbers = []
    for words in ("Old", "New"):
        async with services.database.begin() as connection:
            numbers.append(
                await announcements.keep_for(
                    connection,
                    name="answer-1",
                    people=[person, uuid.uuid4()],
                    texts={"en": words},
                    at=services.now() if words == "New" else None,
                    now=services.now(),
                    **about,
                )
            )
    assert numbers[0] == numbers[1]
    await town.clock_ticks()
    assert [reply.text.partition("\n")[0] for reply in town.got["anna"]] == ["New"]
    assert [button.payload for button in town.got["anna"][0].buttons] == [f"topic:{TOPIC}"]
    async with services.database.begin() as connection:
        again: dict[str, Any] = {"texts": {"en": "Newer"}, "at": services.now(), "now": services.now(), **about}
        assert await announcements.keep_for(connection, name="answer-1", people=[person], **again) == numbers[0]
    await town.clock_ticks()
    assert len(town.got["anna"]) == 1


async def test_killed_while_it_is_expanded_it_goes_on(corrected: Town) -> None:
    await corrected.sends(await corrected.drafts(), 3)

    class Killed(Exception):
        pass

    def die(step: str) -> None:
        raise Killed(step)

    corrected.services.step = die
    with pytest.raises(Killed):
        await announcing.expand_due(corrected.services)
    corrected.services.step = lambda step: None
    await corrected.clock_ticks()
    await corrected.clock_ticks()
    assert {len(each) for each in corrected.got.values()} == {1}
    assert len(corrected.got) == 3


async def test_told_the_same_wrong_thing_again_after_a_correction_they_are_corrected_again(corrected: Town) -> None:
    """An editor brings the wrong fee back by mistake, and puts it right once more."""
    await corrected.sends(await corrected.drafts(), 3)
    await corrected.clock_ticks()
    services = corrected.services
    services.now.pass_(hours=1)  # type: ignore[attr-defined]
    await publish(services, 5000)
    anna = Chat(services, address="anna")
    await anna.presses(f"topic:{TOPIC}")
    services.now.pass_(minutes=10)  # type: ignore[attr-defined]
    await publish(services, 6810)

    await corrected.sends(await corrected.drafts(), 1)
    await corrected.clock_ticks()

    assert {name: len(each) for name, each in corrected.got.items()} == {"piotr": 1, "oksana": 1, "anna": 2}
