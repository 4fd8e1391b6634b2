"""What every channel promises, the fake one included."""

import pytest

from bot.channels import CHANNELS
from bot.services import Services
from core.errors import ChannelError
from core.files import LARGEST
from core.messages import Button, Reply
from tests.contract.harness import SIDES, side_of

CARD = Reply(
    "You make it **online**. The *skattekort* is digital.\n\n- First, this & that <now>.\n- Then [SKAT](https://skat.dk).",
    "en",
    title="How do I get a tax card?",
    footer="Source: [SKAT](https://skat.dk) · As of 1 June 2026",
    buttons=(Button("What is a NemKonto?", payload="topic:nemkonto"), Button("Ask a mentor", payload="mentor")),
    rate=True,
)


def test_every_channel_is_under_contract() -> None:
    assert set(CHANNELS) <= set(SIDES)


@pytest.mark.parametrize("name", SIDES)
async def test_its_name_is_the_one_it_is_registered_under(services: Services, name: str) -> None:
    async with side_of(name, services) as side:
        assert side.channel.name == name


@pytest.mark.parametrize("name", SIDES)
async def test_a_card_arrives_whole(services: Services, name: str) -> None:
    async with side_of(name, services) as side:
        await side.deliver(1, CARD)
        seen = await side.sees()
    for part in (CARD.title, "skattekort", "online", "this &", "As of 1 June 2026", "NemKonto", "Ask a mentor"):
        assert part in seen or part.replace("&", "&amp;") in seen, part


@pytest.mark.parametrize("name", SIDES)
async def test_nothing_of_a_long_text_is_lost(services: Services, name: str) -> None:
    words = [f"word{number}" for number in range(1500)]
    async with side_of(name, services) as side:
        await side.deliver(1, Reply(" ".join(words), "en"))
        seen = await side.sees()
    assert [word for word in words if word not in seen] == []


@pytest.mark.parametrize("name", SIDES)
async def test_a_repeatable_channel_shows_a_message_once(services: Services, name: str) -> None:
    async with side_of(name, services) as side:
        if not side.channel.repeatable:
            assert name == "telegram", "only Telegram shows a message as often as it is sent"
            return
        await side.deliver(1, CARD)
        await side.deliver(1, CARD)
        assert (await side.sees()).count("How do I get a tax card?") == 1


@pytest.mark.parametrize("name", SIDES)
async def test_messages_arrive_in_order(services: Services, name: str) -> None:
    async with side_of(name, services) as side:
        for number, words in enumerate(("first", "second", "third"), start=1):
            await side.deliver(number, Reply(words, "en"))
        seen = await side.sees()
    assert seen.index("first") < seen.index("second") < seen.index("third")


@pytest.mark.parametrize("name", SIDES)
async def test_every_script_arrives(services: Services, name: str) -> None:
    async with side_of(name, services) as side:
        await side.deliver(1, Reply("कर कार्ड · Податкова картка · skattekort åøæ · 👤 ✓", "hi"))
        seen = await side.sees()
    for part in ("कर कार्ड", "Податкова", "åøæ", "👤"):
        assert part in seen


@pytest.mark.parametrize("name", SIDES)
async def test_typing_never_fails_a_person(services: Services, name: str) -> None:
    async with side_of(name, services) as side:
        await side.channel.typing(side.address)
        if name == "telegram":
            await side.channel.typing("404")


@pytest.mark.parametrize("name", SIDES)
async def test_a_mentors_words_arrive_as_they_were_written(services: Services, name: str) -> None:
    async with side_of(name, services) as side:
        await side.deliver(1, Reply("Write to **them** & [ask](x)", "en", said_by="Maria"))
        seen = await side.sees()
    assert "Maria" in seen
    assert "Write to **them** & [ask](x)" in seen.replace("&amp;", "&")


@pytest.mark.parametrize("name", SIDES)
async def test_a_corrected_message_is_shown_once_in_its_newer_form(services: Services, name: str) -> None:
    async with side_of(name, services) as side:
        await side.deliver(1, Reply("The office is in Odense", "en", said_by="Maria"))
        await side.deliver(2, Reply("Anything else?", "en", said_by="Maria"))
        await side.corrects(1, Reply("The office is in Aarhus", "en", said_by="Maria", edited=True))
        # The same version again changes nothing and is no failure.
        await side.corrects(1, Reply("The office is in Aarhus", "en", said_by="Maria", edited=True))
        seen = await side.sees()
    assert "Aarhus" in seen
    assert "Anything else?" in seen
    # Paper is patient: what a terminal has printed stays.
    assert name == "terminal" or "in Odense" not in seen


@pytest.mark.parametrize("name", SIDES)
async def test_a_file_is_fetched_by_what_the_channel_knows_it_by(services: Services, name: str) -> None:
    async with side_of(name, services) as side:
        source = await side.sends_file(b"%PDF-1.7 " + b"x" * 100_000)
        if source is not None:
            assert await side.channel.fetch(source) == b"%PDF-1.7 " + b"x" * 100_000
        with pytest.raises(ChannelError) as caught:
            await side.channel.fetch("no-such-file")
    assert caught.value.permanent


async def test_a_file_that_is_too_big_is_not_fetched(services: Services) -> None:
    async with side_of("telegram", services) as side:
        source = await side.sends_file(b"x" * (LARGEST + 1))
        assert source is not None
        with pytest.raises(ChannelError) as caught:
            await side.channel.fetch(source)
    assert caught.value.permanent
