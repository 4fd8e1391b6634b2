"""Texts of the interface in a person's language, from `locales/<language>/LC_MESSAGES/velkommen.po`.

The translator is handed in, never global: two people are spoken to in two languages at the same moment. English
is the text itself; what a catalogue lacks comes in English. Catalogues are compiled in memory when first asked for,
so a corrected one needs no build step, and no compiled file can be out of date.
"""

import functools
import gettext
import io
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.errors import VelkommenError
from i18n.languages import LANGUAGES

LOCALES = Path(__file__).parent / "locales"
# English is the text itself and needs no catalogue.
SOURCE = "en"


class Translator:
    """Speaks one language. Named values are filled in only when some are given, so braces are safe without."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = _catalogue(language)

    def gettext(self, msgid: str, /, **named: object) -> str:
        return _filled(self._catalogue.gettext(msgid), named)

    def ngettext(self, one: str, many: str, n: int, /, **named: object) -> str:
        """The form that the language uses for `n`; pass the figure itself by name as well, already written out."""
        return _filled(self._catalogue.ngettext(one, many, n), named)


@functools.cache
def translator(language: str) -> Translator:
    """The translator of one of our languages, compiled once."""
    return Translator(language)


def msgid(text: str) -> str:
    """Marks a text that is translated elsewhere, so that `make texts` finds it: `TOO_LONG = msgid("…")`."""
    return text


def catalogue_file(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "velkommen.po"


def _catalogue(language: str) -> gettext.NullTranslations:
    if language not in LANGUAGES:
        raise VelkommenError(f"No texts in {language!r}: ask i18n.languages.nearest for one of {', '.join(LANGUAGES)}.")
    if language == SOURCE:
        return gettext.NullTranslations()
    try:
        with catalogue_file(language).open("rb") as file:
            catalogue = read_po(file, locale=language)
    except FileNotFoundError as error:
        raise VelkommenError(f"{catalogue_file(language)} is missing: run `make texts`.") from error
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _filled(text: str, named: dict[str, object]) -> str:
    return text.format(**named) if named else text
