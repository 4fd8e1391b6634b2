"""What `velkommen knowledge check` tells editors."""

from datetime import date
from typing import Any

import pytest

from i18n.languages import LANGUAGES
from knowledge.check import Finding, findings, hardships
from knowledge.files import Entry
from knowledge.readability import readability

DAY = date(2026, 11, 21)
WORDS = "You need a number from the town hall. Go there with your passport and ask for it at the desk. "
BODY = WORDS * 3 + "It takes {wait}."


def topic(**changes: Any) -> Entry:
    data = {
        "theme": "tax", "audience": ["all"], "related": [], "near": [], "handover": False,
        "sources": [{"name": "Tax", "url": "https://skat.dk"}], "as_of": "2026-01-01", "review_by": "2027-01-01", **changes,
    }  # fmt: skip
    return Entry("topic", "card", "", data)


def text(language: str = "en", body: str = BODY, **changes: Any) -> Entry:
    revision = {"revision": 1} if language == "en" else {"from_revision": 1}
    return Entry("text", "card", language, {"title": "T", "body": body, "questions": [], **revision, **changes})


def figure(**changes: Any) -> Entry:
    value = {
        "value": 5, "unit": "days", "valid_from": None, "valid_to": None, "source_name": "x", "source_url": "https://x.dk",
        "confidence": "high",
    }  # fmt: skip
    data = {"id": "wait", "meaning": "m", "values": [value], "next_review": "2027-01-01", **changes}
    return Entry("figure", data["id"], "", data)


def canned(language: str, text: str = "It takes {wait}.") -> Entry:
    return Entry("canned", "wait", language, {"title": "Wait", "text": text})


def everything(*changed: Entry) -> list[Entry]:
    entries = {entry.name: entry for entry in [topic(), figure(), *(text(code) for code in LANGUAGES)]}
    return list((entries | {entry.name: entry for entry in changed}).values())


def found(*changed: Entry) -> list[tuple[str, str]]:
    return [(finding.kind, finding.where) for finding in findings(everything(*changed), DAY)]


def test_nothing_is_found_where_all_is_well() -> None:
    assert found() == []


def test_a_missing_text_is_named() -> None:
    entries = [entry for entry in everything() if entry.language != "uk"]
    assert findings(entries, DAY) == [Finding("missing", "card/uk", "is not written")]


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        (text("en", revision=2), ("outdated", "card/da")),
        (text("pl", body=WORDS * 4), ("differs", "card/pl")),
        (text("pl", body="@eu " + BODY), ("differs", "card/pl")),
        (topic(near=["card"]), ("differs", "card/hi")),
        (text("de", body=WORDS * 12 + "{wait}"), ("hard", "card/de")),
        (topic(review_by="2026-11-20"), ("due", "card")),
        (figure(next_review="2026-11-20"), ("due", "wait")),
        (figure(id="other"), ("unused", "other")),
    ],
)
def test_each_kind_of_finding(changed: Entry, finding: tuple[str, str]) -> None:
    assert finding in found(changed)


def test_a_canned_reply_is_to_be_there_in_every_language_with_the_same_figures() -> None:
    assert found(*(canned(code) for code in LANGUAGES)) == []
    assert found(*(canned(code) for code in LANGUAGES if code != "uk")) == [("missing", "canned wait/uk")]
    assert ("missing", "canned wait/en") in found(canned("da"))
    assert found(*(canned(code) for code in LANGUAGES), canned("pl", "Trochę.")) == [("differs", "canned wait/pl")]


def test_a_figure_that_only_a_canned_reply_speaks_of_is_used() -> None:
    named = [canned(code, "It takes {other}.") for code in LANGUAGES]
    assert found(figure(id="other"), *named) == []


def test_what_is_only_due_or_unused_does_not_fail_the_check() -> None:
    assert [Finding(kind, "x", "y").fails for kind in ("due", "unused", "missing")] == [False, False, True]


def test_a_figure_without_a_value_for_today_is_due() -> None:
    past = figure().data["values"][0] | {"valid_to": "2025-12-31"}
    assert ("due", "wait") in found(figure(values=[past]))


def test_length_counts_for_each_reader_alone() -> None:
    body = f"{WORDS * 3}\n- @eu {WORDS * 3}\n- @non-eu {WORDS * 5}"
    assert [told for told in hardships(body, "pl") if "words" in told] == ["160 words (for non-eu)"]


def test_a_long_sentence_and_long_words_are_told_in_danish_and_english_only() -> None:
    body = "word " * 21 + ". " + "Administrationsvejledning følger. " * 60
    assert {told.split()[0] for told in hardships(body, "da")} == {"a", "LIX"}
    assert list(hardships(body, "pl")) == []


def test_words_are_counted_in_every_script() -> None:
    assert readability("मुझे किराया देना है। कितना?").words == 5
    assert readability("See [the page](https://x.dk/a-b) for {wait}.").words == 6
