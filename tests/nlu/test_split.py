"""What a message is made of."""

import pytest

from nlu.components.split import MOST_FRAGMENTS, MOST_QUESTIONS, Role, parts


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "How do I get CPR and where do I get MitID?", ["How do I get CPR", "where do I get MitID?"]),
        ("en", "I need a tax card. Where? And what does day care cost?", ["Where?", "And what does day care cost?"]),
        ("da", "Hvordan får jeg CPR, og hvor åbner jeg konto?", ["Hvordan får jeg CPR", "hvor åbner jeg konto?"]),
        ("fil", "Pano kumuha ng CPR at saan mag open ng bank?", ["Pano kumuha ng CPR", "saan mag open ng bank?"]),
        ("pl", "Jak dostać CPR i gdzie założyć konto?", ["Jak dostać CPR", "gdzie założyć konto?"]),
        ("uk", "Як отримати CPR і де відкрити рахунок?", ["Як отримати CPR", "де відкрити рахунок?"]),
        ("en", "cpr, tax card and danish classes pls", ["cpr", "tax card", "danish classes pls"]),
        ("pl", "karta podatkowa i żłobek", ["karta podatkowa", "żłobek"]),
        ("en", "I got my CPR and started work, when do I get my tax card?", ["when do I get my tax card?"]),
        ("da", "Jeg har fået CPR og MitID. Hvor finder jeg skattekort?", ["Hvor finder jeg skattekort?"]),
        ("en", "how do i get a tax card", []),
        ("en", "cpr??", []),
        ("en", "", []),
    ],
)
def test_parts_come_in_order(language, text, expected):
    assert [part.text for part in parts(text, language) if part.role is not Role.STORY] == expected


def test_the_story_around_a_question_is_known_as_such():
    found = parts("I got my CPR and started work, when do I get my tax card?", "en")

    assert [part.text for part in found if part.role is Role.STORY] == ["I got my CPR", "started work"]


def test_a_long_story_keeps_its_one_question():
    story = (
        "I came to Herning two weeks ago, with my family, and started in a care home. "
        "My boss is kind, the flat is small but fine. Yesterday she asked for a skattekort. How do I get it?"
    )

    assert [part.text for part in parts(story, "en")] == ["How do I get it?"]


def test_no_more_than_we_can_answer_at_once():
    assert len(parts("What is CPR? What is MitID? What is NemKonto? What is SKAT?", "en")) == MOST_QUESTIONS


def test_a_text_of_many_commas_stays_whole():
    assert parts("word, " * (MOST_FRAGMENTS + 2), "en") == []
