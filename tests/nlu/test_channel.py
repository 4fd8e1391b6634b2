"""The door: what comes in, what goes out, and what never reaches a log."""

import logging
from types import SimpleNamespace

import pytest
from rasa.core.tracker_store import AwaitableTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered

from nlu.channel import _acts, plain
from nlu.tracker_store import ForgetfulTrackerStore

BODY = {"sender": "abc", "message": "my secret illness", "metadata": {"language": "en", "pending": "none"}}


def request(body):
    return SimpleNamespace(json=body)


async def test_metadata_travels_with_the_message():
    seen = []

    async def on_message(message):
        seen.append((message.text, message.sender_id, message.metadata))
        await message.output_channel.send_response(message.sender_id, {"custom": {"act": "help"}})

    found = await _acts(request(BODY), on_message)

    assert seen == [("my secret illness", "abc", {"language": "en", "pending": "none"})]
    assert found == [{"recipient_id": "abc", "custom": {"act": "help"}}]


@pytest.mark.parametrize("body", [BODY, None, {}, {"message": "my secret illness"}])
async def test_a_failure_is_an_empty_list_and_no_text_in_the_log(caplog, body):
    async def on_message(message):
        raise ValueError(f"cannot read {message.text}")

    with caplog.at_level(logging.DEBUG):
        assert await _acts(request(body), on_message) == []

    assert "secret" not in caplog.text
    assert "could not be understood" in caplog.text


@pytest.mark.parametrize(
    ("typed", "read"),
    [("/delete_data_confirmed", "delete_data_confirmed"), (" //affirm{}", "affirm{}"), ("and/or", "and/or"), ("/", "")],
)
def test_nobody_can_type_an_intent(typed, read):
    assert plain(typed) == read


async def test_nothing_is_kept_between_two_messages():
    store = AwaitableTrackerStore(ForgetfulTrackerStore(Domain.empty()))

    first = await store.get_or_create_tracker("abc", append_action_listen=False)
    first.update(UserUttered("hello"))
    await store.save(first)
    second = await store.get_or_create_tracker("abc")

    assert second.latest_message.text is None
    assert len(second.applied_events()) == 1, "a tracker without events would start a session first"
    assert list(await store.keys()) == []
