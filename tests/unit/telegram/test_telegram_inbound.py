"""What Telegram sends, as files in its own shape, and what each means to us."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from telegram import Update

from bot.channels.telegram.inbound import (
    ALLOWED_UPDATES,
    Arrival,
    Blocked,
    Unblocked,
    external_reference,
    to_inbound,
)
from core.files import LARGEST
from core.messages import FileSent, Inbound, Kind

PAYLOADS = Path(__file__).parents[2] / "payloads" / "telegram"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MARIA = "6012345678"


def arrival(name: str) -> Arrival | None:
    return to_inbound(update(name), NOW)


def update(name: str) -> Update:
    return Update.de_json(payload(name), None)


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return found


def message(kind: Kind, update_id: str, *, address: str = MARIA, hint: str | None = "fil", **fields: Any) -> Inbound:
    return Inbound("telegram", address, update_id, kind, NOW, language_hint=hint, **fields)


MEANINGS: dict[str, Arrival | None] = {
    "text": message(Kind.TEXT, "512000101", text="paano kumuha ng tax card po?"),
    "text_with_entities": message(Kind.TEXT, "512000102", text="Is https://skat.dk the right page? *not bold*"),
    "command": message(Kind.COMMAND, "512000103", text="help"),
    "command_start_deep_link": message(Kind.COMMAND, "512000104", text="start odense-2026"),
    "command_at_bot": message(Kind.COMMAND, "512000105", text="mydata"),
    "edited": message(Kind.TEXT, "512000106", text="paano kumuha ng skattekort po?", edits="6012345678:101"),
    "edited_live_location": None,
    "callback": message(Kind.BUTTON, "512000108", payload="topic:tax-card"),
    "callback_old_message": message(Kind.BUTTON, "512000109", payload="rate:17:-1"),
    "callback_game": None,
    "photo_with_caption": message(
        Kind.PHOTO,
        "512000111",
        text="what does this letter from Udbetaling Danmark say?",
        file=FileSent("AgACAgQAAxkBAAID9y", "photo.jpg", "image/jpeg", 88214),
    ),
    "voice": message(Kind.VOICE, "512000112"),
    "video_note": message(Kind.VOICE, "512000113"),
    "sticker": message(Kind.STICKER, "512000114"),
    "animation": message(Kind.STICKER, "512000115"),
    "document": message(
        Kind.FILE, "512000116", file=FileSent("BQACAgQAAxkBAAIEE", "kontrakt.pdf", "application/pdf", 182733)
    ),
    "location": message(Kind.LOCATION, "512000117"),
    "contact": message(Kind.OTHER, "512000119"),
    "poll": message(Kind.OTHER, "512000120"),
    "pinned": None,
    "group": message(Kind.GROUP, "512000122", address="-4012345678"),
    "supergroup": message(Kind.GROUP, "512000123", address="-1002012345678"),
    "group_joined": None,
    "channel_post": message(Kind.GROUP, "512000125", address="-1002098765432", hint=None),
    "blocked": Blocked(MARIA),
    "unblocked": Unblocked(MARIA),
    "removed_from_group": Blocked("-4012345678"),
    "long_name_with_emoji": message(Kind.TEXT, "512000129", text="hi 👋🏽", hint="pt-br"),
    "reply": message(Kind.TEXT, "512000130", text="and in English?"),
    "no_language": message(Kind.TEXT, "512000131", text="/etc/hosts is not a command", hint=None),
    "reaction": None,
}


@pytest.mark.parametrize("name", MEANINGS)
def test_an_update_means(name: str) -> None:
    found = arrival(name)
    if isinstance(found, Inbound):
        found = replace(found, reference=None)
    assert found == MEANINGS[name]


@pytest.mark.parametrize("name", MEANINGS)
def test_a_new_message_carries_the_reference_that_edits_of_it_will_name(name: str) -> None:
    found = arrival(name)
    if isinstance(found, Inbound):
        assert found.reference == external_reference(update(name))


def test_every_payload_has_a_meaning() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == set(MEANINGS)


def test_every_kind_arrives() -> None:
    assert {meaning.kind for meaning in MEANINGS.values() if isinstance(meaning, Inbound)} == set(Kind)


@pytest.mark.parametrize(
    ("text", "kind", "kept"),
    [
        ("/start", Kind.COMMAND, "start"),
        ("/forget  ", Kind.COMMAND, "forget"),
        ("/LANGUAGE polski", Kind.COMMAND, "language polski"),
        ("/mentor@VelkommenBot\nplease", Kind.COMMAND, "mentor please"),
        ("/unknown", Kind.COMMAND, "unknown"),
        ("/", Kind.TEXT, "/"),
        ("/ start", Kind.TEXT, "/ start"),
        ("/start/now", Kind.TEXT, "/start/now"),
        ("say /start", Kind.TEXT, "say /start"),
        ("😀", Kind.TEXT, "😀"),
    ],
)
def test_commands_lose_their_slash(text: str, kind: Kind, kept: str) -> None:
    data = payload("text")
    data["message"]["text"] = text
    found = to_inbound(Update.de_json(data, None), NOW)
    assert isinstance(found, Inbound)
    assert (found.kind, found.text) == (kind, kept)


def test_an_edit_points_to_what_its_message_was_known_by() -> None:
    edit = arrival("edited")
    assert isinstance(edit, Inbound)
    assert edit.edits == external_reference(update("text"))
    assert external_reference(update("edited")) is None


def test_of_a_photo_the_largest_size_that_we_take_is_fetched() -> None:
    data = payload("photo_with_caption")
    data["message"]["photo"].append({**data["message"]["photo"][0], "file_id": "huge", "file_size": LARGEST + 1})
    found = to_inbound(Update.de_json(data, None), NOW)
    assert isinstance(found, Inbound)
    assert found.file is not None
    assert found.file.source == "AgACAgQAAxkBAAID9y"


def test_only_photos_and_documents_are_fetched() -> None:
    with_file = {name for name in MEANINGS if isinstance(found := arrival(name), Inbound) and found.file}
    assert with_file == {"photo_with_caption", "document"}


@pytest.mark.parametrize("name", ["contact", "location", "supergroup"])
def test_what_we_cannot_use_is_not_kept(name: str) -> None:
    kept = repr(arrival(name))
    assert "4520123456" not in kept
    assert "55.4" not in kept
    assert "010190" not in kept


def test_updates_are_asked_for_by_names_that_telegram_knows() -> None:
    assert set(ALLOWED_UPDATES) <= set(Update.ALL_TYPES)
