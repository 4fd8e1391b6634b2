import pytest

from i18n.languages import DEFAULT, LANGUAGES, named_language, nearest


def test_the_default_is_one_of_ours():
    assert DEFAULT in LANGUAGES
    assert list(LANGUAGES) == ["en", "da", "fil", "hi", "pl", "ro", "uk", "de"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("speak polish", "pl"),
        ("po polsku", "pl"),
        ("på dansk tak", "da"),
        ("paa dansk", "da"),
        ("हिंदी में", "hi"),
        ("हिन्दी में बात करो", "hi"),
        ("hindi please", "hi"),
        ("tagalog", "fil"),
        ("Filipino po", "fil"),
        ("tagalog na lang po", "fil"),
        ("hindi ko gets, tagalog na lang", "fil"),
        ("українською", "uk"),
        ("можна українською мовою?", "uk"),
        ("по-украински", "uk"),
        ("auf deutsch", "de"),
        ("koennen wir Deutsch reden", "de"),
        ("na niemiecki", "de"),
        ("engelsk", "en"),
        ("bitte auf Englisch", "en"),
        ("po angielsku prosze", "en"),
        ("in engleza te rog", "en"),
        ("अंग्रेज़ी", "en"),
        ("english ples", "en"),
        ("po duńsku", "da"),
        ("in limba romana", "ro"),
        ("românește", "ro"),
        ("rumænsk", "ro"),
        ("from Danish to English", "en"),
        ("not Polish, Danish", "da"),
        ("ikke dansk, engelsk tak", "en"),
        ("dansk i stedet for engelsk", "da"),
        ("nie po angielsku, po polsku", "pl"),
        ("hindi english, tagalog po", "fil"),
        ("nie, po polsku", "pl"),
        ("no, in English please", "en"),
        ("statt auf Englisch lieber Deutsch", "de"),
        ("can I ask for Danish", "da"),
        ("in spanish", None),
        ("hindi ko maintindihan", None),
        ("danskuddannelse", None),
        ("my roman holiday starts tomorrow", "ro"),
        ("", None),
    ],
)
def test_a_language_is_found_by_its_name_in_any_of_ours(text, language):
    assert named_language(text) == language


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=str)
def test_a_language_answers_to_its_own_and_its_english_name(language):
    assert named_language(language.own_name) == language.code
    assert named_language(f"in {language.english_name}, please") == language.code


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("pl", "pl"),
        ("pl-PL", "pl"),
        ("uk_UA.UTF-8", "uk"),
        ("DE-at", "de"),
        ("tl", "fil"),
        ("ceb", "fil"),
        ("hi-Latn", "hi"),
        ("nb", "da"),
        ("nn-NO", "da"),
        ("sv", "en"),
        ("ru", "en"),
        ("ur", "en"),
        ("xx", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_a_hint_becomes_the_nearest_language_that_is_read_without_effort(code, language):
    assert nearest(code) == language
