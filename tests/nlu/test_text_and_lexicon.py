"""Words, their shapes without diacritics, and looking them up."""

import pytest

from nlu.components.lexicon import from_lines
from nlu.components.text import bare, folded, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where's my CPR-nummer?", ["where's", "my", "cpr-nummer"]),
        ("i’m ok", ["i'm", "ok"]),
        ("मुझे टैक्स कार्ड चाहिए", ["मुझे", "टैक्स", "कार्ड", "चाहिए"]),
        ("кар'єра в Данії", ["кар'єра", "в", "данії"]),
        ("ok👍", ["ok", "👍"]),
        ("???", []),
    ],
)
def test_words_stay_whole_in_every_script(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("word", "without", "barely"),
    [
        ("få", "faa", "fa"),
        ("København", "Koebenhavn", "Kobenhavn"),
        ("łóżko", "lozko", "lozko"),
        ("für", "fuer", "fur"),
        ("країна", "краина", "краина"),
        ("हिंदी", "हिंदी", "हिंदी"),
        ("tax", "tax", "tax"),
    ],
)
def test_words_without_diacritics(word, without, barely):
    assert folded(word) == without
    assert bare(word) == barely


def test_exact_spelling_goes_before_a_folded_one():
    lexicon = from_lines(["far\tfather", "får\tget", "tax card\tskattekort"])

    assert lexicon.look_up("far") == "father"
    assert lexicon.look_up("får") == "get"
    assert lexicon.look_up("faar") == "get"
    assert lexicon.may_open("tax")
    assert not lexicon.may_open("card")


def test_first_line_counts_and_comments_do_not():
    lexicon = from_lines(["# a comment\tnot read", "skat\ttax", "skat\tdarling", "no gloss here"])

    assert lexicon.entries == {"skat": "tax"}
