"""What mentors write in a messenger, as commands, moments and names."""

from datetime import UTC, datetime

import pytest

from bot.channels.telegram.pace import chat_limit
from bot.channels.telegram.rooms import LONGEST_NAME
from bot.handing import HandingError
from bot.mentor_chat import (
    COMMANDS,
    GENERAL,
    LONGEST_PAYLOAD,
    PRIVATE,
    command,
    named,
    offer_buttons,
    package_buttons,
    until,
)
from bot.mentor_words import EVENTS, REASONS, WHAT, Words, clock, language_of, refusal, shared_language
from i18n.languages import LANGUAGES
from i18n.translator import translator
from store.staff import Colleague

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday, 13:00 in Denmark


def colleague(number: int, name: str, *, languages: tuple[str, ...] = (), role: str = "mentor") -> Colleague:
    return Colleague(number, f"{name.split()[0].lower()}@example.org", name, role, True, languages)


def words(language: str = "en") -> Words:
    return Words(language, translator(language), NOW)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("/claim", ("claim", "")),
        ("/take@VelkommenBot", ("claim", "")),
        ("/NOTE two\nlines", ("note", "two\nlines")),
        ("/start mentor-x", ("help", "mentor-x")),
        ("/etc/hosts", ("", "/etc/hosts")),
        ("hello /claim", ("", "hello /claim")),
    ],
)
def test_a_command_begins_with_a_slash(written: str, means: tuple[str, str]) -> None:
    assert command(written) == means


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("", datetime(2026, 11, 24, 13, tzinfo=UTC)),
        ("2h", datetime(2026, 11, 24, 14, tzinfo=UTC)),
        ("30 min", datetime(2026, 11, 24, 12, 30, tzinfo=UTC)),
        ("3d", datetime(2026, 11, 27, 12, tzinfo=UTC)),
        ("Tomorrow", datetime(2026, 11, 25, 8, tzinfo=UTC)),
        ("monday", datetime(2026, 11, 30, 8, tzinfo=UTC)),
        ("tuesday", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("2026-12-24 10:00", datetime(2026, 12, 24, 9, tzinfo=UTC)),
    ],
)
def test_a_moment_is_on_the_danish_clock(written: str, moment: datetime) -> None:
    assert until(written, NOW) == moment


@pytest.mark.parametrize("written", ["soon", "2026-13-01 10:00", "2026-12-24", "99999h"])
def test_what_is_no_moment_is_refused(written: str) -> None:
    with pytest.raises(HandingError):
        until(written, NOW)


@pytest.mark.parametrize(
    ("written", "number", "note"),
    [
        ("nadia please", 1, "please"),
        ("Nadia", 1, ""),
        ("nadia@example.org: she knows", 1, "she knows"),
        ("Maria Lund in the morning", 2, "in the morning"),
        ("Maria in the morning", None, "Maria in the morning"),
        ("Mar", None, "Mar"),
        ("Nadias", None, "Nadias"),
    ],
)
def test_a_colleague_is_named_by_address_name_or_first_name(written: str, number: int | None, note: str) -> None:
    known = [colleague(1, "Nadia Holm"), colleague(2, "Maria Lund"), colleague(3, "Maria Friis")]
    found, rest = named(written, known)
    assert (found.id if found else None, rest) == (number, note)


def test_the_group_is_spoken_to_as_most_of_its_colleagues_are() -> None:
    danes = [colleague(1, "A", languages=("da", "en")), colleague(2, "B", languages=("da",)), colleague(3, "C")]
    assert shared_language(danes) == "da"
    assert shared_language([]) == "en"
    assert language_of(colleague(1, "A", languages=("sv", "pl"))) == "pl"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_can_be_filled_in(language: str) -> None:
    t = translator(language)
    for sentence in EVENTS.values():
        assert "{" not in t.gettext(sentence, name="Maria", to="Nadia", what="x")
    for text in (*REASONS.values(), *WHAT.values(), *COMMANDS.values(), *GENERAL.values(), *PRIVATE.values()):
        assert "{" not in t.gettext(text)
    assert refusal(HandingError("taken", name="Maria"), words(language))
    assert refusal(HandingError("never heard of"), words(language))
    assert all(len(t.gettext(reason)) < LONGEST_NAME - 50 for reason in REASONS.values())


@pytest.mark.parametrize("what", WHAT)
def test_buttons_fit_into_a_payload(what: str) -> None:
    number = 2**63 - 1
    shown = (*package_buttons(number, words()), *offer_buttons(number, what, words(), "https://a.dk/inbox"))
    assert all(len(button.payload.encode()) <= LONGEST_PAYLOAD for button in shown)


def test_commands_can_stand_in_the_menu() -> None:
    for name, text in (COMMANDS | GENERAL | PRIVATE).items():
        assert name.isidentifier()
        assert name.islower()
        assert len(text) <= 256


def test_a_group_gets_at_most_twenty_messages_a_minute() -> None:
    limit = chat_limit("-1001234567890")
    assert limit.burst + 60 / limit.every.total_seconds() <= 20
    assert limit.bucket != chat_limit("1001234567890").bucket


def test_a_moment_today_is_a_time_alone() -> None:
    assert clock(datetime(2026, 11, 24, 14, 0, tzinfo=UTC), words()) == "15:00"
    assert clock(datetime(2026, 11, 25, 14, 0, tzinfo=UTC), words()) == "Wed 25 Nov 15:00"
