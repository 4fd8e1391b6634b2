import pytest

from core.errors import VelkommenError
from i18n import texts
from i18n.languages import LANGUAGES
from i18n.translator import translator


@pytest.mark.parametrize("language", texts.translated_languages())
def test_no_text_is_missing_uncertain_or_fills_in_other_names(language):
    assert list(texts.problems(language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_speaks(language):
    t = translator(language)
    assert t.gettext("Yes")
    assert "SKAT" in t.gettext("Source: {name}", name="SKAT")


def test_two_languages_speak_at_the_same_moment():
    danish, polish = translator("da"), translator("pl")
    assert (danish.gettext("Yes"), polish.gettext("Yes")) == ("Ja", "Tak")


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [
        ("en", 1, "1 month"),
        ("pl", 2, "2 miesiące"),
        ("pl", 5, "5 miesięcy"),
        ("uk", 21, "21 місяць"),
        ("ro", 20, "20 de luni"),
    ],
)
def test_plural_forms_are_the_language_s_own(language, n, said):
    assert translator(language).ngettext("{number} month", "{number} months", n, number=n) == said


def test_a_missing_text_comes_in_english():
    t = translator("pl")
    assert t.gettext("Nobody wrote this {what}", what="yet") == "Nobody wrote this yet"
    assert t.ngettext("{n} new thing", "{n} new things", 3, n=3) == "3 new things"


def test_braces_are_left_alone_without_names():
    assert translator("en").gettext("Source: {name}") == "Source: {name}"


def test_a_value_is_not_read_as_a_template():
    assert translator("en").gettext("Source: {name}", name="{language}") == "Source: {language}"


def test_an_unknown_language_says_what_to_do():
    with pytest.raises(VelkommenError, match="nearest"):
        translator("xx")
