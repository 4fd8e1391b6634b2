"""A conversation is made fit for others to read: what goes, and what stays letter by letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.anonymise import anonymise

NAMES = ("Anna", "Kowalska", "Bo", "Олена", "अनीता", "Zoë", "Iban", "Nordisk Rengøring A/S")


@pytest.mark.parametrize(
    ("text", "expected", "removed"),
    [
        ("My CPR is 010190-1234", "My CPR is [CPR]", ("cpr",)),
        ("Skriv til anna.k+job@firma.dk.", "Skriv til [EMAIL].", ("email",)),
        ("Ring 22334455 eller 22 33 44 55", "Ring [PHONE] eller [PHONE]", ("phone",)),
        ("2233 4455, 22-33-44-55", "[PHONE], [PHONE]", ("phone",)),
        ("+45 22 33 44 55. Tak", "[PHONE]. Tak", ("phone",)),
        ("(+63) 917-123-4567 or 0917 123 4567", "[PHONE] or [PHONE]", ("phone",)),
        ("0048 600 100 200, 600 100 200", "[PHONE], [PHONE]", ("phone",)),
        ("0722 123 456 / 067 123 45 67", "[PHONE] / [PHONE]", ("phone",)),
        ("98765 43210, ९८७६५४३२१०", "[PHONE], [PHONE]", ("phone",)),
        ("tlf. 12 345 678", "tlf. [PHONE]", ("phone",)),
        ("Phone number: 1234567", "Phone number: [PHONE]", ("phone",)),
        ("see https://jobs.dk/apply?token=abc.", "see https://jobs.dk.", ("link",)),
        ("(skat.dk/borger?id=7&x=anna@x.dk)", "(skat.dk)", ("link",)),
        ("https://anna:secret@x.dk/a?b", "https://x.dk", ("link",)),
        ("Jeg bor på Vesterbrogade 12, 2. tv.", "Jeg bor på [ADDRESS].", ("address",)),
        ("Gl. Kongevej 10B st. th, 1850 Frederiksberg C", "[ADDRESS]", ("address",)),
        ("bor nørrebrogade 5b lige nu", "bor [ADDRESS] lige nu", ("address",)),
        ("H.C. Andersens Boulevard 22", "[ADDRESS]", ("address",)),
        ("Enghave Plads 5, 3. sal", "[ADDRESS]", ("address",)),
        ("Ny Munkegade 118", "[ADDRESS]", ("address",)),
        ("Ja. Store Torv 4", "Ja. [ADDRESS]", ("address",)),
        ("Anna, ANNA and Annas", "[NAME], [NAME] and [NAME]", ("name",)),
        ("Anna's job, do Anny, z Anną", "[NAME] job, do [NAME], z [NAME]", ("name",)),
        ("Hi Bo! Bo's car", "Hi [NAME]! [NAME]'s car", ("name",)),
        ("Олена, Олени, з Оленою", "[NAME], [NAME], з [NAME]", ("name",)),
        ("अनीता ने कहा, अनीताजी", "[NAME] ने कहा, [NAME]", ("name",)),
        ("ZOË und Zoe\u0308", "[NAME] und [NAME]", ("name",)),
        ("nordisk  rengøring a/s", "[NAME]", ("name",)),
        ("I am Iban, my IBAN is DK50 0040 0440 1162 43", "I am [NAME], my [NAME] is [IBAN]", ("iban", "name")),
        (
            "Bo, Algade 3, bo@x.dk, 22334455",
            "[NAME], [ADDRESS], [EMAIL], [PHONE]",
            ("email", "phone", "address", "name"),
        ),
    ],
)
def test_what_goes(text: str, expected: str, removed: tuple[str, ...]) -> None:
    result = anonymise(text, NAMES)

    assert (result.text, result.removed) == (expected, removed)


@pytest.mark.parametrize(
    "text",
    [
        "Call 112 or 114, not 1813 or 116 117.",
        "25 000 000 kr, kr. 22334455, 22334455 kr., 22.334.455,50 and 12.345.678",
        "37 timer, 185,50 i timen, 8000-12000 kr",
        "22.11.2026, 2026-11-22, 22-11-2026 and 2025-2026",
        "Telefon 08.00-16.00, åbent 2000-2200",
        "https://www.nyidanmark.dk/22334455/da and https://skat.dk/a. Do you know skat.dk/borger?",
        "Vi ses på vej 3 gange, arbejdsplads 2, motorvej 21, vejen 4",
        "Vesterbrogade er lang; i Nørregade 12:30",
        "2200 København N. I Have 3 jobs; Car Park 2",
        "Johanna, Annapolis, Bos, boat, annoncer",
        "[NAME] and [CPR], [IBAN] and [PHONE]",
        "Olen, Zo, Nordisk Film, rengøring",
        "",
    ],
)
def test_what_stays(text: str) -> None:
    result = anonymise(text, NAMES)

    assert (result.text, result.removed) == (text, ())


@pytest.mark.parametrize("names", [(), ("",), ("  ",), ("I",)])
def test_without_a_name_no_word_goes(names: tuple[str, ...]) -> None:
    assert anonymise("I am here (really)", names).text == "I am here (really)"


def test_a_name_may_hold_anything() -> None:
    assert anonymise("A.*(B) and ABBB", ["A.*(B)"]).text == "[NAME] and ABBB"


def test_the_longer_name_goes_first() -> None:
    assert anonymise("Anna Maria Sand is Anna", ["Anna", "Anna Maria Sand"]).text == "[NAME] is [NAME]"


@given(st.text(st.sampled_from("abcæø ,.;:!?\n"), max_size=80))
def test_words_without_digits_and_names_stay(text: str) -> None:
    assert anonymise(text, ["Zoë", "Kowalska"]).text == text


@given(st.text(max_size=60), st.sampled_from(["Anna", "Олена", "अनीता"]), st.text(max_size=60))
def test_a_name_between_spaces_never_stays(before: str, name: str, after: str) -> None:
    assert name not in anonymise(f"{before} {name} {after}", [name]).text.split()
