"""What we may know of a person (origin, occupation, household, municipality), asked only when an answer depends on it."""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from babel import Locale

from actions.turn import Outcome, Outcomes, Pending, Turn
from core.messages import Button, Reply
from i18n.languages import LANGUAGES
from i18n.translator import Translator, msgid
from knowledge import variants

LABELS = {
    "nordic": msgid("Nordic citizens"),
    "eu": msgid("EU, EEA and Swiss citizens"),
    "non-eu": msgid("Citizens of other countries"),
    "nurse": msgid("Nurses"),
    "care": msgid("Care workers (SOSU)"),
    "other-job": msgid("Other jobs"),
    "single": msgid("Alone"),
    "couple": msgid("Couples"),
    "family": msgid("Families with children"),
    "recruit": msgid("Employees"),
    "employer": msgid("Employers"),
}
ONE = {  # the same of a single person
    "nordic": msgid("Nordic country"),
    "eu": msgid("EU, EEA or Switzerland"),
    "non-eu": msgid("Another country"),
    "nurse": msgid("Nurse"),
    "care": msgid("Care worker (SOSU)"),
    "other-job": msgid("Other work"),
    "single": msgid("Alone"),
    "couple": msgid("With my partner"),
    "family": msgid("With children"),
}
ASKED = ("origin", "occupation", "household")  # an audience is guessed from the question, never asked
ELSEWHERE = "other"  # a municipality that adds nothing of its own
NORDIC = frozenset({"FI", "IS", "NO", "SE", "DK"})
EU = frozenset(
    "AT BE BG CH CY CZ DE EE ES FR GR HR HU IE IT LI LT LU LV MT NL PL PT RO SI SK".split()  # noqa: SIM905
)  # EU, EEA and Switzerland without the Nordic countries


def label(mark: str, t: Translator) -> str:
    return t.gettext(LABELS[mark])


def label_of_one(mark: str, t: Translator) -> str:
    return t.gettext(ONE[mark])


def country_name(code: str, language: str) -> str:
    return str(Locale.parse(LANGUAGES[language].locale).territories.get(code, code))


def described(body: str, turn: Turn) -> str:
    """For whom a text was fitted, in words; empty where it is the same for everybody or shows all lines."""
    wanted = [name for name in variants.dimensions(body) if name in turn.profile]
    marks = (mark for mark, (name, value) in variants.MARKS.items() if name in wanted and turn.profile[name] == value)
    return ", ".join(label(mark, turn.t) for mark in marks)


def to_ask(slug: str, turn: Turn) -> str | None:
    """The one thing that must be known before this topic can be answered, if any."""
    text, _ = turn.library.text(slug, turn.language)
    return next((name for name in variants.dimensions(text.body) if name in ASKED and name not in turn.profile), None)


def ask(dimension: str, slug: str, turn: Turn) -> Outcome:
    """One question with buttons; the last of them shows the answer for everybody."""
    buttons = [Button(label(mark, turn.t), payload=f"is:{mark}:{slug}") for mark in variants.DIMENSIONS[dimension]]
    buttons.append(Button(turn.t.gettext("Show me all"), payload=f"is:all:{slug}"))
    question = Reply(
        turn.say(f"ask_{dimension}"),
        turn.language,
        title=turn.library.title(slug, turn.language),
        buttons=tuple(buttons),
    )
    return Outcome(Outcomes.ASK_BACK, (question,), pending=Pending.PROFILE, topics=(slug,), asks=dimension)


def ask_municipality(slug: str, turn: Turn) -> Outcome:
    places = sorted(turn.library.municipalities.items(), key=lambda item: item[1].name)
    buttons = [Button(place.name, payload=f"in:{key}:{slug}") for key, place in places]
    buttons.append(Button(turn.t.gettext("Another municipality"), payload=f"in:{ELSEWHERE}:{slug}"))
    reply = turn.reply("ask_kommune", buttons=tuple(buttons))
    return Outcome(Outcomes.ASK_BACK, (reply,), pending=Pending.PROFILE, topics=(slug,), asks="kommune")


def told(dimension: str, text: str, turn: Turn) -> str | None:
    """The mark that a typed answer to our question means: a button's words, or for the origin a country."""
    said = _plain(text)
    for mark in variants.DIMENSIONS.get(dimension, ()):
        if said in (_plain(label(mark, turn.t)), _plain(label_of_one(mark, turn.t)), _plain(mark)):
            return mark
    if dimension != "origin":
        return None
    groups = {_group(code) for name, code in _countries(turn.language) if f" {name} " in f" {said} "}
    return groups.pop() if len(groups) == 1 else None  # "born in Kenya, German passport" says two things


def country_named(text: str, language: str) -> str | None:
    """The code of the one country that a text names, in the language or in English."""
    said = _plain(text)
    codes = {code for name, code in _countries(language) if f" {name} " in f" {said} "}
    return codes.pop() if len(codes) == 1 else None


def _group(country: str) -> str:
    return "nordic" if country in NORDIC else "eu" if country in EU else "non-eu"


def municipality_told(text: str, turn: Turn) -> str | None:
    said = _plain(text)
    for key, place in turn.library.municipalities.items():
        if any(f" {_plain(name)} " in f" {said} " for name in (place.name, key, *place.called)):
            return key
    return None


def known(profile: Mapping[str, str], mark: str) -> dict[str, str]:
    """The profile with what a mark says."""
    dimension, value = variants.MARKS[mark]
    return {**profile, dimension: value}


@lru_cache
def _countries(language: str) -> frozenset[tuple[str, str]]:
    """Names of countries in a language and in English, with their codes."""
    return frozenset(
        (_plain(name), code)
        for locale in (LANGUAGES[language].locale, "en")
        for code, name in Locale.parse(locale).territories.items()
        if len(code) == 2 and code.isalpha()
    )


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    letters = (c if c.isalnum() or unicodedata.category(c) in ("Mc", "Mn") else " " for c in folded)
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())
