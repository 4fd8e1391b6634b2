"""Who a table is about: each row read as somebody to invite, with the checks by which the bot reads what people tell it.

Pure. A heading may stand in English, in Danish or in the reader's language; a cell that does not fit says what to do.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from functools import cache

from actions import meet, profile
from actions.turn import Turn
from core.masking import mask
from i18n import format as local
from i18n import words
from i18n.languages import LANGUAGES, named_language
from i18n.translator import msgid, translator
from knowledge import variants
from store.invitations import Wanted
from web.admin.sheets import Table

LONGEST_REFERENCE = 60
NOTHING = frozenset({"", "-", "–", "?", "n/a"})
ISO = re.compile(r"\d{4}-\d\d-\d\d")
CLOSE, CLOSE_NAME = 0.75, 0.6

# Name of the column: its title, and what else may stand above it, in English and in Danish.
COLUMNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "name": (meet.LABELS["name"], ("full name", "navn", "fulde navn", "recruit", "employee", "medarbejder")),
    "reference": (msgid("Reference"), ("number", "id", "reference number", "nummer", "reference", "medarbejdernummer")),
    "language": (msgid("Language"), ("speaks", "sprog", "taler")),
    "kommune": (meet.LABELS["kommune"], ("kommune", "city", "town", "by", "bopælskommune")),
    "employer": (meet.LABELS["employer"], ("workplace", "company", "arbejdsgiver", "arbejdsplads", "employer code")),
    "occupation": (meet.LABELS["occupation"], ("occupation", "job", "profession", "stilling", "arbejde", "fag")),
    "origin": (meet.LABELS["origin"], ("origin", "country", "passport", "nationality", "statsborgerskab", "land", "pas")),
    "household": (meet.LABELS["household"], ("family", "husstand", "familie")),
    "arrival": (meet.LABELS["arrival"], ("arrival date", "arrives", "ankomst", "ankomstdato", "ankommer")),
    "first_working_day": (
        meet.LABELS["first_working_day"], ("first day", "start date", "første arbejdsdag", "startdato", "tiltrædelse"),
    ),
    "contract_signed": (
        meet.LABELS["contract_signed"], ("contract", "kontrakt", "kontrakt underskrevet", "underskrevet kontrakt"),
    ),
    "permit_granted": (meet.LABELS["permit_granted"], ("permit", "tilladelse", "opholdstilladelse", "tilladelse givet")),
    "permit_expires": (
        meet.LABELS["permit_expires"], ("permit expires", "permit until", "tilladelse udløber", "opholdstilladelse til"),
    ),
    "moved_in": (meet.LABELS["moved_in"], ("move-in date", "indflytning", "indflyttet", "indflytningsdato")),
}  # fmt: skip

NO_NAME_COLUMN = msgid("The first row must hold the headings, and one of them must be “{name}”.")
TWICE = msgid("Two columns are both read as “{column}”. Please remove one of them.")
CLOSE_TO = msgid("The heading “{heading}” is not known. Did you mean “{column}”? Please rename or remove the column.")
LEFT_OUT = msgid("The column “{heading}” is not known, and is left out.")
NEEDED = msgid("A name is needed.")
TOO_LONG = msgid("This is too long. Please take at most {count} characters.")
NO_DIGITS = msgid("A name holds no digits. Numbers of your own belong into the column “{column}”.")
SECRET = msgid("This looks like a number that identifies somebody (CPR, passport, card). Please remove it.")
NO_LANGUAGE = msgid("We do not write this language. Leave the cell empty, and the person can choose.")
NO_KOMMUNE = msgid("This is no municipality that we know. Did you mean “{name}”?")
NO_PLACE = msgid("This is no municipality. Write its name alone.")
NO_EMPLOYER = msgid(
    "There is no employer with this code or name. Leave the cell empty, or have the employer added first."
)
NOT_THIS_EMPLOYER = msgid("There is no employer with this code or name. Did you mean “{name}”?")
NO_ORIGIN = msgid("Write the country of the passport, such as “{country}”.")
NO_CHOICE = msgid("Write one of these: {choices}.")
NO_DAY = msgid("This is no day that we understand. Write year-month-day, such as {example}.")
WHICH_DAY = msgid("This may be {first} or {second}. Write year-month-day, such as {example}.")
FAR_DAY = msgid("This day is too far from today.")
SAME = msgid("This is the same person as in row {row}.")


class WrongError(Exception):
    """A cell that does not fit: the sentence (msgid), with its names."""

    def __init__(self, sentence: str, **named: object) -> None:
        super().__init__(sentence)
        self.sentence, self.named = sentence, named


@dataclass(frozen=True, slots=True)
class Wrong:
    """What does not fit, in words; row: its number in the file, column: its title."""

    row: int
    column: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A row as it was understood; cells: as written, by the name of the column."""

    row: int
    wanted: Wanted
    cells: Mapping[str, str]
    wrongs: tuple[Wrong, ...] = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """columns: those that are there. faults: why nothing of the file can be taken; notes: what is left out of it."""

    columns: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    people: tuple[Newcomer, ...] = ()

    @property
    def fit(self) -> tuple[Newcomer, ...]:
        return tuple(person for person in self.people if not person.wrongs)

    @property
    def wrongs(self) -> tuple[Wrong, ...]:
        return tuple(wrong for person in self.people for wrong in person.wrongs)


def title(column: str, turn: Turn) -> str:
    return turn.t.gettext(COLUMNS[column][0])


def understand(table: Table, turn: Turn) -> Understood:
    """turn: of whoever reads, for their language, today, the municipalities and the employers."""
    named = _known_headings(turn)
    found: dict[str, int] = {}
    faults, notes = list[str](), list[str]()
    for place, heading in enumerate(table.head):
        column = named.get(_plain(heading))
        if column in found:
            faults.append(turn.t.gettext(TWICE, column=title(column, turn)))
        elif column:
            found[column] = place
        elif heading:
            close = get_close_matches(_plain(heading), named, n=1, cutoff=CLOSE)
            missed = named[close[0]] if close and named[close[0]] not in found else ""
            if missed:
                faults.append(turn.t.gettext(CLOSE_TO, heading=heading, column=title(missed, turn)))
            else:
                notes.append(turn.t.gettext(LEFT_OUT, heading=heading))
    if "name" not in found:
        faults.insert(0, turn.t.gettext(NO_NAME_COLUMN, name=title("name", turn)))
    if faults:
        return Understood(tuple(found), tuple(faults), tuple(notes))
    columns = tuple(column for column in COLUMNS if column in found)
    read = cache(lambda column, cell: _read(column, cell, turn))  # most cells of a column are alike
    people = tuple(
        _newcomer(number, {column: _cell(cells, found[column]) for column in columns}, read, turn)
        for number, cells in table.rows
    )
    return Understood(columns, (), tuple(notes), _without_twins(people, turn))


def _known_headings(turn: Turn) -> dict[str, str]:
    return {
        _plain(heading): column
        for column, (own, others) in COLUMNS.items()
        for heading in (turn.t.gettext(own), own, *others)
    }


def _plain(text: str) -> str:
    return " ".join(words.fold(text))


def _cell(cells: tuple[str, ...], place: int) -> str:
    cell = cells[place] if place < len(cells) else ""
    return "" if cell.casefold() in NOTHING else cell


# --- one row ----------------------------------------------------------------------------------------------------------

type Facts = dict[str, str]


def _newcomer(
    number: int, cells: Mapping[str, str], read: Callable[[str, str], Facts | WrongError], turn: Turn
) -> Newcomer:
    facts: Facts = {}
    wrongs = list[Wrong]()
    for column, cell in cells.items():
        if not cell and column != "name":
            continue
        match read(column, cell):
            case WrongError() as wrong:
                wrongs.append(Wrong(number, title(column, turn), turn.t.gettext(wrong.sentence, **wrong.named)))
            case told:
                facts |= told
    own = {name: facts.pop(name, "") for name in ("reference", "language")}
    wanted = Wanted(facts.get("name", ""), own["reference"], own["language"] or None, facts)
    return Newcomer(number, wanted, cells, tuple(wrongs))


def read_one(number: int, cells: Mapping[str, str], turn: Turn) -> Newcomer:
    """Somebody to invite out of named fields rather than a table; what is wrong names the field."""
    named = {"name": "", **cells}
    read = _newcomer(number, named, lambda column, cell: _read(column, cell, turn), turn)
    titles = {title(column, turn): column for column in COLUMNS}
    return replace(read, wrongs=tuple(replace(wrong, column=titles[wrong.column]) for wrong in read.wrongs))


def _without_twins(people: tuple[Newcomer, ...], turn: Turn) -> tuple[Newcomer, ...]:
    """Whoever stands in the file twice is wrong the second time."""
    seen: dict[object, int] = {}
    kept = []
    for person in people:
        wanted = person.wanted
        marks: list[object] = [wanted.same] if wanted.name else []
        marks += [wanted.reference] if wanted.reference else []
        first = next((seen[mark] for mark in marks if mark in seen), None)
        for mark in marks:
            seen.setdefault(mark, person.row)
        if first is not None:
            twin = Wrong(person.row, title("name", turn), turn.t.gettext(SAME, row=first))
            person = replace(person, wrongs=(*person.wrongs, twin))
        kept.append(person)
    return tuple(kept)


# --- one cell ---------------------------------------------------------------------------------------------------------


def _read(column: str, cell: str, turn: Turn) -> Facts | WrongError:
    """What a cell says, or why it does not fit; as a value, so that it can be kept for the next cell that says so."""
    try:
        if column in meet.DAYS:
            return _day(column, cell, turn)
        if mask(cell).kinds:
            raise WrongError(SECRET)
        return _READERS[column](cell, turn)
    except WrongError as wrong:
        return wrong


def _name(cell: str, turn: Turn) -> Facts:
    if not cell:
        raise WrongError(NEEDED)
    if len(cell) > meet.NAME_LENGTH:
        raise WrongError(TOO_LONG, count=meet.NAME_LENGTH)
    if any(sign.isdigit() for sign in cell):
        raise WrongError(NO_DIGITS, column=title("reference", turn))
    return {"name": cell}


def _reference(cell: str, turn: Turn) -> Facts:
    if len(cell) > LONGEST_REFERENCE:
        raise WrongError(TOO_LONG, count=LONGEST_REFERENCE)
    return {"reference": cell}


def _language(cell: str, turn: Turn) -> Facts:
    code = cell.casefold() if cell.casefold() in LANGUAGES else named_language(cell)
    if code is None:
        raise WrongError(NO_LANGUAGE)
    return {"language": code}


def _kommune(cell: str, turn: Turn) -> Facts:
    told = meet.understand("kommune", replace(turn, text=cell))
    if told is None or not told.facts:
        raise WrongError(NO_PLACE)
    if told.facts["kommune"] == profile.ELSEWHERE:
        names = [place.name for place in turn.library.municipalities.values()]
        if close := get_close_matches(cell, names, n=1, cutoff=CLOSE_NAME):
            raise WrongError(NO_KOMMUNE, name=close[0])
    return {name: value for name, value in told.facts.items() if value}


def _employer(cell: str, turn: Turn) -> Facts:
    told = meet.understand("employer", replace(turn, text=cell))
    if told is not None and told.facts:
        return dict(told.facts)
    by_name = {_plain(name): code for code, name in turn.employers.items()}
    if code := by_name.get(_plain(cell)):
        return {"employer": code}
    if close := get_close_matches(cell, [*turn.employers.values(), *turn.employers], n=1, cutoff=CLOSE_NAME):
        raise WrongError(NOT_THIS_EMPLOYER, name=close[0])
    raise WrongError(NO_EMPLOYER)


def _origin(cell: str, turn: Turn) -> Facts:
    country = profile.country_name(cell.upper(), turn.language) if len(cell) == 2 and cell.isalpha() else cell
    told = _told("origin", country, turn)
    if told is None or not told.facts:
        raise WrongError(NO_ORIGIN, country=profile.country_name("PH", turn.language))
    return dict(told.facts)


def _choice(step: str) -> Callable[[str, Turn], Facts]:
    def read(cell: str, turn: Turn) -> Facts:
        told = _told(step, cell, turn)
        if told is None or not told.facts:
            choices = (profile.label_of_one(mark, turn.t) for mark in variants.DIMENSIONS[step])
            raise WrongError(NO_CHOICE, choices=" · ".join(choices))
        return dict(told.facts)

    return read


def _day(step: str, cell: str, turn: Turn) -> Facts:
    told = _told(step, cell[:10] if ISO.match(cell) else cell, turn)
    if told is not None and told.which:
        first, second = told.which
        named = {"first": local.day(first, turn.language), "second": local.day(second, turn.language)}
        raise WrongError(WHICH_DAY, **named, example=first.isoformat())
    if told is not None and told.facts:
        return dict(told.facts)
    if told is not None and told.wrong == "meet_too_far":
        raise WrongError(FAR_DAY)
    raise WrongError(NO_DAY, example=date(turn.day.year + 1, 3, 31).isoformat())


def _told(step: str, text: str, turn: Turn) -> meet.Told | None:
    """What the bot understands, in the reader's language, else in Danish, else in English: lists come from anywhere."""
    told = None
    for language in dict.fromkeys((turn.language, "da", "en")):
        told = meet.understand(step, replace(turn, text=text, language=language, t=translator(language)))
        if told is not None and (told.facts or told.which):
            break
    return told


_READERS: dict[str, Callable[[str, Turn], Facts]] = {
    "name": _name,
    "reference": _reference,
    "language": _language,
    "kommune": _kommune,
    "employer": _employer,
    "origin": _origin,
    "occupation": _choice("occupation"),
    "household": _choice("household"),
}
