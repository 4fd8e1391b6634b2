"""A message, said word by word in English."""

import pytest

from nlu.components import filipino
from nlu.components.cyrillic import cyrillic
from nlu.components.gloss import gloss
from nlu.components.lexicon import languages, lexicon
from nlu.components.text import folded


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("da", "hvordan får jeg et skattekort", {"how", "get", "tax", "card"}),
        ("da", "hvordan faar jeg skattekort", {"how", "get", "tax", "card"}),
        ("pl", "jak dostać kartę podatkową", {"how", "get", "tax", "card"}),
        ("pl", "jak dostac karte podatkowa", {"how", "get", "tax", "card"}),
        ("fil", "pano kumuha ng tax card", {"how", "get", "tax", "card"}),
        ("uk", "як отримати податкову картку", {"how", "tax", "card"}),
        ("ro", "cum obtin cardul fiscal", {"how", "tax", "card"}),
        ("hi", "टैक्स कार्ड कैसे मिलेगा", {"tax", "card", "how"}),
        ("hi", "tax card kaise milega", {"tax", "card", "how"}),
        ("de", "wie bekomme ich eine steuerkarte", {"how", "get", "tax", "card"}),
        ("en", "where do i get skattekort", {"get", "tax", "card"}),
        ("es", "skattekort", {"tax", "card"}),
    ],
)
def test_the_telling_words_are_found(language, text, expected):
    assert expected <= set(gloss(text, language).text.split())


def test_what_nobody_knows_stays_and_is_reported():
    found = gloss("hvor er blxqz", "da")

    assert "blxqz" in found.text
    assert found.unknown == ("blxqz",)


def test_text_speak_and_emojis_are_read_in_every_language():
    assert gloss("pls 👍", "fil").text == "please yes"
    assert gloss("I can’t", "en").text == "i can not"


@pytest.mark.parametrize("language", languages())
def test_an_empty_message_has_an_empty_gloss(language):
    assert gloss("", language).text == ""


@pytest.mark.parametrize(
    ("word", "root"),
    [
        ("nagpa-register", "register"),
        ("mag-apply", "apply"),
        ("binayaran", "bayad"),
        ("kukuha", "kuha"),
        ("bumili", "bili"),
        ("trabahong", "trabaho"),
        ("nakatira", "tira"),
        ("magpapa-schedule", "schedule"),
    ],
)
def test_filipino_roots(word, root):
    assert root in list(filipino.roots(word))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("yak", "як"), ("podatok", "податок"), ("shcho", "що"), ("zhytlo", "житло"), ("ya", "я"), ("tsey", "цей")],
)
def test_ukrainian_typed_in_latin_letters(typed, meant):
    assert folded(cyrillic(typed)) == folded(meant)
    assert gloss(f"{typed} дитина", "uk").text == gloss(f"{meant} дитина", "uk").text


@pytest.mark.parametrize("word", ["як", "café", "123", "-", ""])
def test_what_is_not_typed_in_latin_letters_stays(word):
    assert cyrillic(word) is None


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("es", "¿cómo consigo la tarjeta de impuestos?", {"how", "get", "tax"}),
        ("fr", "combien coûte le permis de conduire", {"much", "driving"}),
        ("it", "dove trovo un appartamento", {"where", "find", "apartment"}),
        ("pt", "preciso de um visto para minha esposa", {"need", "visa", "wife"}),
        ("lt", "kur rasti butą", {"where", "find", "home"}),
        ("lv", "kad man maksās algu", {"when", "salary"}),
        ("ru", "где найти квартиру", {"where", "find", "home"}),
        ("tr", "kira ne kadar", {"rent", "how", "much"}),
        ("ar", "أين أجد شقة", {"where", "find"}),
        ("ne", "घर भाडा कति हो", {"rent", "how", "much"}),
        ("bn", "ভাড়া কত", {"rent", "how", "much"}),
        ("ta", "வாடகை எவ்வளவு", {"rent", "how", "much"}),
        ("ml", "വാടക എത്ര", {"rent", "how", "much"}),
    ],
)
def test_languages_that_we_do_not_write_are_said_in_english_too(language, text, expected):
    assert expected <= set(gloss(text, language).text.split())


@pytest.mark.parametrize("language", ["ar", "bn", "es", "fr", "it", "lt", "lv", "ml", "ne", "pt", "ru", "ta", "tr"])
def test_each_of_them_has_a_lexicon_of_some_size(language):
    assert len(lexicon(language).entries) >= 800


@pytest.mark.parametrize("language", ["da", "de", "fil", "hi", "pl", "ro", "uk"])
def test_each_of_ours_has_a_large_one(language):
    assert len(lexicon(language).entries) >= 8000
