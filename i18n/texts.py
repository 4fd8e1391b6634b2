"""Keeps the catalogues in step with the code: `python -m i18n.texts` (also `make texts`).

Extracts all texts from code and templates into `locales/velkommen.pot`, updates each language's catalogue, and lists
what is still to be translated. A text that the code no longer holds is kept as a comment and revived when it returns.

Texts that stand in the admin backend alone (folders named `admin`) are listed in `locales/office.pot`, and are wanted in
the languages of the office only.
"""

import string
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po, write_po

from i18n.languages import LANGUAGES, OFFICE
from i18n.translator import LOCALES, SOURCE, catalogue_file

ROOT = Path(__file__).parents[1]
TEMPLATE = LOCALES / "velkommen.pot"
OFFICE_TEMPLATE = LOCALES / "office.pot"
DOMAIN = "velkommen"
WIDTH = "110"
# Calls whose arguments are texts, beside gettext's own: our markers, and the sentence of a refusal.
KEYWORDS = ("msgid", "msgids:1,2", "Refused:3")


def main() -> int:
    _extract()
    missing = 0
    for language in translated_languages():
        _update(language)
        for problem in problems(language):
            print(f"{language}: {problem}")
            missing += 1
    print(f"{missing} texts to write." if missing else "Every text is there in every language.")
    return 1 if missing else 0


def translated_languages() -> list[str]:
    return [language for language in LANGUAGES if language != SOURCE]


def problems(language: str) -> Iterator[str]:
    """What keeps this language from speaking: texts that are missing, uncertain, or fill in other names."""
    catalogue = read(catalogue_file(language), language)
    not_wanted = set() if language in OFFICE else {message.id for message in read(OFFICE_TEMPLATE)}
    for message in read(TEMPLATE):
        if not message.id or message.id in not_wanted:
            continue
        own = catalogue.get(message.id, message.context)
        if own is None or not _complete(own, catalogue.num_plurals):
            yield f"missing: {_first(message)!r}"
        elif own.fuzzy:
            yield f"uncertain (fuzzy): {_first(message)!r}"
        elif any(placeholders(text) != placeholders(_first(message)) for text in _texts(own)):
            yield f"other placeholders: {_first(message)!r}"


def read(path: Path, language: str | None = None) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _complete(message: Message, forms: int) -> bool:
    texts = _texts(message)
    return all(texts) and len(texts) == (forms if message.pluralizable else 1)


def _texts(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, list | tuple) else [message.string or ""]


def _first(message: Message) -> str:
    return str(message.id[0]) if isinstance(message.id, list | tuple) else str(message.id)


def _extract() -> None:
    keywords = [part for keyword in KEYWORDS for part in ("-k", keyword)]
    options = ["--no-location", "--sort-output", "--omit-header", "--width", WIDTH]
    everything = ["extract", "-F", str(ROOT / "babel.cfg"), *keywords, *options]
    _pybabel(*everything, "--ignore-dirs", "admin .* ._", "-o", str(OFFICE_TEMPLATE), str(ROOT))
    elsewhere = {message.id for message in read(OFFICE_TEMPLATE)}
    _pybabel(*everything, "-o", str(TEMPLATE), str(ROOT))
    office = Catalog(domain=DOMAIN)
    for message in read(TEMPLATE):
        if message.id and message.id not in elsewhere:
            office.add(message.id)
    with OFFICE_TEMPLATE.open("wb") as file:
        write_po(file, office, width=int(WIDTH), omit_header=True, sort_output=True)


def _update(language: str) -> None:
    path = catalogue_file(language)
    verb = "update" if path.exists() else "init"
    options = ["--no-fuzzy-matching", "--ignore-pot-creation-date"] if verb == "update" else []
    _pybabel(verb, "-i", str(TEMPLATE), "-d", str(LOCALES), "-l", language, "-D", DOMAIN, "--width", WIDTH, *options)


def _pybabel(*arguments: str) -> None:
    CommandLineInterface().run(["pybabel", "-q", *arguments])  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    sys.exit(main())
