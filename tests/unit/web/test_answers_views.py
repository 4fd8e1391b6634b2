from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.library import Library
from web.admin import answers_views as views

TEXT: dict[str, Any] = {
    "title": "T", "body": "B", "near": {"other": "Which?"}, "questions": ["one", "two"], "more": None, "revision": 1,
    "from_revision": None,
}  # fmt: skip
WORDS = st.sampled_from(["", "a", "b", "c"])


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Where do I get a bus card?", "where-do-i-get-a-bus-card"),
        ("Årsopgørelse & skat: hvad så?", "arsopgorelse-skat-hvad-sa"),
        ("x" * 60, ""),
        ("word " * 20, "word-word-word-word-word-word-word-word-word"),
        ("Что?", ""),
    ],
)
def test_a_name_is_proposed_from_the_title(title: str, slug: str) -> None:
    assert views.proposed_slug(title) == slug


def test_a_form_says_each_question_once_and_drops_bullets() -> None:
    form = {"title": ["  My   title "], "body": ["B"], "questions": ["- one\n\nOne\r\n two "], "near-other": ["Which?"]}
    text = views.text_in(form, near=["other", "third"], language="pl", published=None, source=4)
    assert text["title"] == "My title"
    assert text["questions"] in (["One", "two"], ["one", "two"])
    assert (text["near"], text["more"], text["revision"], text["from_revision"]) == ({"other": "Which?"}, None, None, 4)


def test_translations_follow_what_readers_see_and_nothing_else() -> None:
    assert views.touches_translations(TEXT, {**TEXT, "body": "New"})
    assert views.touches_translations(TEXT, {**TEXT, "near": {}})
    assert not views.touches_translations(TEXT, {**TEXT, "questions": [], "more": "x"})


@given(base=WORDS, mine=WORDS, theirs=WORDS)
def test_merging_loses_nothing_of_mine_and_takes_over_what_only_they_changed(base: str, mine: str, theirs: str) -> None:
    merged = views.merge("text", {**TEXT, "body": base}, {**TEXT, "body": mine}, {**TEXT, "body": theirs}, str)
    body = next(each for each in merged if each.field == "body")
    assert body.text == (theirs if mine == base else mine)
    assert body.clashes == (len({base, mine, theirs}) == 3)
    assert not any(each.clashes for each in merged if each.field != "body")


def test_fields_are_named_for_editors() -> None:
    [change] = views.changes("text", TEXT, {**TEXT, "near": {"other": "Which one?"}}, str)
    assert change.label == "Question that tells it from a neighbour (other)"


def test_a_translation_is_compared_with_its_source() -> None:
    source = {**TEXT, "body": "It takes {wait}.\n@eu You may."}
    assert views.differing({**TEXT, "body": "Trwa {wait}.\n@eu Możesz."}, source) == []
    assert views.differing({**TEXT, "body": "Trwa {other}."}, source) == [
        ("figures", ["other", "wait"]),
        ("readers", ["eu"]),
    ]


async def test_what_speaks_of_a_topic_goes_with_it(library: Library) -> None:
    changes = views.without("tax-card", library)
    assert changes["topic", "tax-card", ""] is None
    after = {name: data for name, data in changes.items() if data is not None}
    assert after
    assert not any("tax-card" in (*data.get("related", ()), *data["near"]) for data in after.values())


async def test_an_unfinished_text_can_be_shown(library: Library) -> None:
    shown = views.as_if(library, "tax-card", "pl", {}, {"title": "", "body": "{nothing} {tax-card-wait}"})
    text = shown.texts["tax-card", "pl"]
    assert text.title == "…"
    assert text.body == "**⚠ nothing** {tax-card-wait}"
    assert library.texts["tax-card", "pl"] != text
    drafted = views.as_if(replace(library), "no-topic-yet", "en", {"as_of": "soon"}, {})
    assert drafted.topics["no-topic-yet"].sources == []
