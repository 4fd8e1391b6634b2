import pytest

from bench import language as bench
from i18n.detect import Detected, detect
from i18n.languages import DEFAULT, LANGUAGES
from i18n.lexicon import FOLDER


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hvordan faar jeg et skattekort", "da"),
        ("czy moge pracowac", "pl"),
        ("mujhe kaise milega", "hi"),
        ("मुझे कैसे मिलेगा", "hi"),
        ("pano kumuha ng tax card", "fil"),
        ("can i get CPR po", "fil"),
        ("cum obtin permisul", "ro"),
        ("як отримати картку", "uk"),
        ("как получить карту", "ru"),
        ("как мога да получа карта", "bg"),
        ("मलाई कसरी पाउने", "ne"),
        ("jag förstår inte vad du menar", "sv"),
        ("jeg skjønner ikke hva du mener", "no"),
        ("wo finde ich einen arzt", "de"),
        ("como consigo un medico", "es"),
        ("كيف أحصل على بطاقة", "ar"),
        ("நன்றி", "ta"),
        ("przedszkole", "pl"),
        ("lejlighed", "da"),
        ("how do I get MitID in københavn", "en"),
    ],
)
def test_a_first_message_tells_its_language(text, language):
    assert detect(text).language == language


@pytest.mark.parametrize(
    "text", ["", "👍", "12345", "https://borger.dk/skat", "skattekort", "MitID", "a@b.dk", "[CPR]", "xkjdfh"]
)
def test_what_tells_nothing_follows_the_hint_then_english(text):
    assert detect(text) == Detected(DEFAULT, 0.0, switch=False)
    assert detect(text, hint="pl-PL").language == "pl"
    assert detect(text, current="ro", hint="pl").language == "ro"


@pytest.mark.parametrize("current", LANGUAGES)
@pytest.mark.parametrize(
    "text",
    [
        "👍", "😀😀😀", "2", "15:30", "+45 12 34 56 78", "https://nyidanmark.dk/da/ansoegning", "skattekort", "MitID",
        "kommune", "hej", "tak", "nej tak", "danke", "thanks", "thank you", "ok", "yes", "help", "дякую", "salamat po",
        "Maria Kowalska", "Jens Peter Hansen", "Siddharth Ramanathan", "forskudsopgørelse 2025", "NemKonto og MitID",
        "Styrelsen for International Rekruttering og Integration", "Vesterbrogade 12, 3. tv, 1620 København V",
    ],
)  # fmt: skip
def test_a_word_a_name_or_a_danish_term_never_changes_the_language(text, current):
    assert not detect(text, current=current).switch
    assert not detect(text, current=current, chosen=True).switch


@pytest.mark.parametrize(
    ("current", "text", "language"),
    [
        ("en", "pano kumuha ng tax card", "fil"),
        ("en", "nie rozumiem tego", "pl"),
        ("en", "mujhe cpr kaise milega", "hi"),
        ("en", "не розумію що робити", "uk"),
        ("da", "how do I get my tax card", "en"),
        ("fil", "how much is the rent", "en"),
        ("pl", "wo finde ich einen Arzt", "de"),
        ("de", "unde găsesc un medic", "ro"),
        ("en", "hvordan får jeg et skattekort", "da"),
    ],
)
def test_a_whole_message_in_another_language_changes_it(current, text, language):
    found = detect(text, current=current)
    assert (found.language, found.switch) == (language, True)


def test_a_language_picked_by_hand_takes_more_to_change():
    short, long = "nie rozumiem tego", "nie rozumiem tego, jak mam dostać kartę podatkową i gdzie złożyć wniosek"
    assert detect(short, current="en").switch
    assert not detect(short, current="en", chosen=True).switch
    assert detect(long, current="en", chosen=True).switch


def test_quoted_danish_does_not_change_the_language():
    assert not detect('what does "du skal betale restskat" mean', current="en").switch


def test_a_language_we_do_not_speak_is_named_but_never_switched_to():
    found = detect("как получить налоговую карту", current="uk")
    assert (found.language, found.switch) == ("ru", False)


def test_the_same_words_in_either_script_are_hindi():
    assert detect("कैसे मिलेगा", current="hi").language == "hi"
    assert not detect("mujhe cpr kaise milega", current="hi").switch


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_words(language):
    assert (FOLDER / f"{language}.txt").exists()


def test_the_detection_set_is_large_and_every_language_stays_above_the_floor():
    messages = bench.read()
    measured = bench.measure("ours", lambda text: detect(text).language, messages)

    assert len(messages) >= 420
    assert len(measured.asked) >= 20
    assert all(measured.asked[code] >= 35 for code in LANGUAGES)
    assert measured.share(list(LANGUAGES)) >= bench.FLOOR
    assert measured.median_ms < 1
