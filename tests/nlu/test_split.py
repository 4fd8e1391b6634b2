"""Which questions a message holds."""

import pytest

from nlu.components.split import MOST, questions


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "How do I get CPR and where do I open a bank account?", 2),
        ("en", "How do I get a tax card? And what does day care cost?", 2),
        ("da", "Hvordan får jeg CPR, og hvor åbner jeg en bankkonto?", 2),
        ("fil", "Pano kumuha ng CPR at saan mag open ng bank account?", 2),
        ("pl", "Jak dostać CPR i gdzie założyć konto?", 2),
        ("en", "how do i get a tax card", 0),
        ("en", "cpr??", 0),
        ("en", "Can my wife and children come with me?", 0),
        ("da", "Må jeg og min kone arbejde?", 0),
        ("en", "", 0),
    ],
)
def test_questions_are_told_apart(language, text, expected):
    assert len(questions(text, language)) == expected


def test_they_come_in_order():
    assert questions("How do I get CPR and where do I get MitID?", "en") == ["How do I get CPR", "where do I get MitID?"]


def test_a_long_story_keeps_its_one_question():
    story = (
        "I came to Herning two weeks ago with my family and started in a care home. "
        "My boss is kind and the flat is small but fine. Yesterday she asked for a skattekort. How do I get it?"
    )

    assert questions(story, "en") == ["How do I get it?"]


def test_no_more_than_we_can_answer_at_once():
    assert len(questions("What is CPR? What is MitID? What is NemKonto? What is SKAT?", "en")) == MOST
