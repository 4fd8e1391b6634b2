"""Replies out to Telegram, and what its refusals and the network's failures mean."""

import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.commands import COMMANDS
from bot.channels.telegram.errors import to_channel_error
from bot.channels.telegram.webhook import Webhook
from core.errors import ChannelError, SettingError
from core.messages import Button, Reply
from i18n.languages import LANGUAGES
from i18n.translator import translator
from tests.emulators.telegram import TelegramEmulator

ANNA = 7
HELLO = Reply("Hello **Anna**", "en")
LONG = Reply("A sentence of some length. " * 400, "en", rate=True)


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        emulator.chat(ANNA)
        yield emulator


@pytest.fixture
async def channel(telegram: TelegramEmulator) -> AsyncIterator[TelegramChannel]:
    made = TelegramChannel(telegram.token, telegram.url, read_timeout=0.3)
    yield made
    await made.close()


async def failing(channel: TelegramChannel, reply: Reply = HELLO, **more: Any) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        await channel.send(str(ANNA), 1, reply, **more)
    return caught.value


def meaning(error: ChannelError) -> tuple[bool, float | None, bool]:
    return error.permanent, error.retry_after, error.maybe_sent


# --- what arrives ------------------------------------------------------------------------------------------------


async def test_a_reply_arrives_formatted_with_its_buttons(telegram: TelegramEmulator, channel: TelegramChannel) -> None:
    reply = Reply(
        "See **[SKAT](https://skat.dk)**", "en", title="Tax card", buttons=(Button("Next", "topic:x"),), rate=True
    )
    sent = await channel.send(str(ANNA), 17, reply)

    (message,) = telegram.messages(ANNA)
    assert sent == str(message["message_id"])
    assert message["text"] == "Tax card\n\nSee SKAT"
    assert sorted(entity["type"] for entity in message["entities"]) == ["bold", "bold", "text_link"]
    assert message["reply_markup"]["inline_keyboard"][1][1]["callback_data"] == "rate:17:-1"
    assert telegram.called("sendMessage")[0]["link_preview_options"] == {"is_disabled": True}


async def test_a_long_reply_arrives_in_parts_and_order(telegram: TelegramEmulator, channel: TelegramChannel) -> None:
    sent = await channel.send(str(ANNA), 1, LONG)

    messages = telegram.messages(ANNA)
    assert " ".join(message["text"] for message in messages) == LONG.text.strip()
    assert ["reply_markup" in message for message in messages] == [False, False, True]
    assert sent == str(messages[-1]["message_id"])


async def test_the_persons_data_follows_as_a_file(telegram: TelegramEmulator, channel: TelegramChannel) -> None:
    await channel.send(str(ANNA), 1, HELLO, b'{"language": "pl"}')

    text, file = telegram.messages(ANNA)
    assert text["text"] == "Hello Anna"
    assert file["document"]["file_name"] == "my-data.json"
    assert file["document"]["content"] == '{"language": "pl"}'


async def test_typing_is_shown_and_never_fails(telegram: TelegramEmulator, channel: TelegramChannel) -> None:
    await channel.typing(str(ANNA))
    await channel.typing("404")
    telegram.fail("sendChatAction", how="drop")
    await channel.typing(str(ANNA))

    assert telegram.actions == [(ANNA, "typing")]


# --- what does not -----------------------------------------------------------------------------------------------

LATER = (False, None, False)
MAYBE_SENT = (False, None, True)
NOBODY_THERE = (True, None, False)


@pytest.mark.parametrize(
    ("failure", "means"),
    [
        ({"retry_after": 17}, (False, 17.0, False)),
        ({"status": 403, "description": "Forbidden: bot was blocked by the user"}, NOBODY_THERE),
        ({"status": 403, "description": "Forbidden: user is deactivated"}, NOBODY_THERE),
        ({"status": 400, "description": "Bad Request: chat not found"}, NOBODY_THERE),
        ({"status": 400, "description": "Bad Request: BUTTON_DATA_INVALID"}, LATER),
        ({"status": 401, "description": "Unauthorized"}, LATER),
        ({"how": "hang", "accept": True}, MAYBE_SENT),
        ({"how": "drop", "accept": True}, MAYBE_SENT),
        ({"how": "garbage", "accept": True}, MAYBE_SENT),
        ({"status": 500}, MAYBE_SENT),
        ({"status": 502, "description": "Bad Gateway"}, MAYBE_SENT),
    ],
)
async def test_a_failure_means(
    telegram: TelegramEmulator,
    channel: TelegramChannel,
    failure: dict[str, Any],
    means: tuple[bool, float | None, bool],
) -> None:
    telegram.fail("sendMessage", **failure)
    assert meaning(await failing(channel)) == means


async def test_who_blocks_the_bot_cannot_be_reached(telegram: TelegramEmulator, channel: TelegramChannel) -> None:
    await telegram.blocks(ANNA)
    assert (await failing(channel)).permanent


async def test_who_never_wrote_cannot_be_reached(channel: TelegramChannel) -> None:
    with pytest.raises(ChannelError) as caught:
        await channel.send("404", 1, HELLO)
    assert caught.value.permanent


async def test_a_connection_refused_means_not_sent(telegram: TelegramEmulator, channel: TelegramChannel) -> None:
    await telegram.stop()
    error = await failing(channel)
    assert meaning(error) == LATER
    assert "cannot be reached" in str(error)


async def test_html_that_telegram_refuses_goes_out_as_plain_text_once(
    telegram: TelegramEmulator, channel: TelegramChannel
) -> None:
    refused = {"status": 400, "description": "Bad Request: can't parse entities: Unclosed start tag at byte offset 1"}
    telegram.fail("sendMessage", **refused)
    await channel.send(str(ANNA), 1, Reply("Hello **Anna** & co", "en", rate=True))

    (message,) = telegram.messages(ANNA)
    assert message["text"] == "Hello Anna & co"
    assert "entities" not in message
    assert "reply_markup" in message

    telegram.fail("sendMessage", **refused, times=2)
    assert meaning(await failing(channel)) == LATER


@pytest.mark.parametrize(
    "failure", [{"status": 400, "description": "Bad Request: x"}, {"how": "drop"}, {"status": 403}, {"retry_after": 99}]
)
async def test_after_the_first_part_a_reply_is_never_repeated_blindly(
    telegram: TelegramEmulator, channel: TelegramChannel, failure: dict[str, Any]
) -> None:
    telegram.fail("sendMessage", after=1, **failure)
    error = await failing(channel, LONG)

    assert error.maybe_sent
    assert error.retry_after is None
    assert len(telegram.messages(ANNA)) == 1


async def test_a_file_that_does_not_follow_is_known(telegram: TelegramEmulator, channel: TelegramChannel) -> None:
    telegram.fail("sendDocument", status=500)
    assert (await failing(channel, attachment=b"{}")).maybe_sent


async def test_within_a_reply_a_short_wait_is_waited(telegram: TelegramEmulator, channel: TelegramChannel) -> None:
    telegram.fail("sendMessage", after=1, retry_after=1)
    began = time.monotonic()
    await channel.send(str(ANNA), 1, LONG)

    assert time.monotonic() - began >= 1
    assert len(telegram.messages(ANNA)) == 3


@pytest.mark.parametrize("error", [RetryAfter(3), Forbidden("x"), BadRequest("x"), NetworkError("x")])
def test_once_begun_every_failure_is_maybe_sent(error: Any) -> None:
    assert to_channel_error(error, begun=True).maybe_sent


async def test_the_token_is_never_logged(
    telegram: TelegramEmulator, channel: TelegramChannel, caplog: pytest.LogCaptureFixture, capsys: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    telegram.fail("sendMessage", how="garbage", after=1)
    await channel.send(str(ANNA), 1, Reply("a secret of Anna", "en"))
    error = await failing(channel)
    telegram.fail("sendMessage", status=401, description="Unauthorized")
    refused = await failing(channel)

    written = caplog.text + capsys.readouterr().out + str(error) + str(refused)
    assert telegram.token not in written
    assert "EMULATED" not in written
    assert "a secret of Anna" not in written


# --- setting up --------------------------------------------------------------------------------------------------


async def test_the_command_menu_speaks_every_language(telegram: TelegramEmulator, channel: TelegramChannel) -> None:
    await channel.setup(translator, None)

    assert set(telegram.commands) == {"", "tl", *LANGUAGES} - {"en", "fil"}
    assert [c["command"] for c in telegram.commands[""]] == [*COMMANDS]
    assert telegram.commands[""][1]["description"] == "Show what I can do"
    assert len({commands[1]["description"] for commands in telegram.commands.values()}) == len(LANGUAGES)


async def test_the_webhook_is_registered_or_removed(telegram: TelegramEmulator, channel: TelegramChannel) -> None:
    await channel.setup(translator, Webhook("https://velkommen.example.dk/telegram/webhook", "s3cret"))
    assert telegram.webhook == {
        "url": "https://velkommen.example.dk/telegram/webhook",
        "secret_token": "s3cret",
    }
    await channel.setup(translator, None)
    assert telegram.webhook == {}


async def test_a_wrong_token_stops_the_start_with_a_sentence(telegram: TelegramEmulator) -> None:
    channel = TelegramChannel("1:WRONG", telegram.url)
    with pytest.raises(SettingError, match="TELEGRAM_BOT_TOKEN"):
        await channel.setup(translator, None)
    await channel.close()


async def test_the_name_for_links_to_the_bot_is_asked_once(
    telegram: TelegramEmulator, channel: TelegramChannel
) -> None:
    names = {await channel.username() for _ in range(3)}
    assert names == {(await telegram.get_me({}))["username"]}
    assert len(telegram.called("getMe")) == 1
