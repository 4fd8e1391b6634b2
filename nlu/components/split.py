"""What a message may be made of: its questions, or else its fragments.

Cutting is generous, since nothing is answered that isn't sure on its own (see `decide`): "CPR, tax card and
Danish classes" holds no question word, and still asks three things.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache
from typing import NamedTuple

MOST_QUESTIONS = 3
MOST_FRAGMENTS = 5

_SENTENCE = re.compile(r"(?<=[.?!…।])\s+|\n+")
_OPENERS = {
    "en": "how what when where which who why can could do does did is are am should must may will would",
    "da": "hvordan hvad hvornår hvornaar hvor hvilken hvilket hvilke hvem hvorfor kan skal må maa er har får faar bliver",
    "fil": "paano pano ano anong kailan kelan saan san alin sino bakit magkano ilan ilang pwede puwede pede may meron "
    "kailangan dapat gaano gano",
    "pl": "jak co kiedy gdzie który która które ktory ktora ktore kto dlaczego czemu czy ile jaki jaka jakie skąd skad "
    "ilu dokąd dokad",
    "de": "wie was wann wo welche welcher welches wer warum kann darf muss ist wieviel",
    "ro": "cum ce când cand unde care cine câți cati cât cat pot trebuie de",
    "uk": "як що коли де який яка яке які хто чому чи скільки куди",
    "hi": "कैसे क्या कब कहाँ कहां कौन क्यों कितना कितने kaise kya kab kahan kaun kyu kitna kitne",
}
_AND = {
    "en": "and also but then plus",
    "da": "og men også ogsaa samt",
    "fil": "at tapos saka pati tsaka",
    "pl": "i a oraz ale też tez",
    "de": "und aber auch",
    "ro": "și si iar dar",
    "uk": "і й та а але також",
    "hi": "और aur लेकिन",
}


class Role(Enum):
    """A question; a piece that may be one, for want of clearer ones; or what is told around the only question."""

    QUESTION = "question"
    FRAGMENT = "fragment"
    STORY = "story"


class Part(NamedTuple):
    text: str
    role: Role


def parts(text: str, language: str) -> list[Part]:
    """In their order; none when the message is one piece."""
    sentences = [sentence.strip() for sentence in _SENTENCE.split(text) if sentence.strip()]
    questions = [clause for sentence in sentences for clause in _asked(sentence, language)]
    if len(questions) > 1:
        return [Part(question, Role.QUESTION) for question in questions[:MOST_QUESTIONS]]
    if not questions:
        fragments = _cut_parts(text, Role.FRAGMENT, language)
        return fragments if 1 < len(fragments) <= MOST_FRAGMENTS else []
    (question,) = questions
    before, _, after = text.partition(question)
    told, asked, added = (
        _cut_parts(piece, role, language)
        for piece, role in ((before, Role.STORY), (question, Role.FRAGMENT), (after, Role.STORY))
    )
    found = [*told, *asked, *added]
    if len(found) > MOST_FRAGMENTS:
        return [Part(question, Role.QUESTION)]
    return found if len(found) > 1 else []


def _asked(sentence: str, language: str) -> list[str]:
    """The clauses that begin with a question word, or else all of a sentence that ends with a question mark."""
    clauses = [clause.strip() for clause in _joint(language).split(sentence) if clause.strip()]
    opening = [clause for clause in clauses if _opens(clause, language)]
    return opening or (clauses if sentence.rstrip().endswith("?") else [])


def _cut_parts(text: str, role: Role, language: str) -> list[Part]:
    return [Part(piece.strip(), role) for piece in _cut(language).split(text) if re.search(r"\w\w", piece)]


@cache
def _joint(language: str) -> re.Pattern[str]:
    """Between two questions: "and how", ", where". English is often mixed in."""
    asks = "|".join(_words(_OPENERS, language))
    joins = "|".join(_words(_AND, language))
    return re.compile(rf"(?:\s*[,;–-]\s*|\s+)(?:{joins})\s+(?=(?:{asks})\b)|\s*[,;]\s+(?=(?:{asks})\b)", re.IGNORECASE)


@cache
def _cut(language: str) -> re.Pattern[str]:
    """Wherever one matter may end and another begin."""
    joins = "|".join(_words(_AND, language))
    return re.compile(rf"{_SENTENCE.pattern}|\s*[,;+&]\s*|\s+[-–/]\s+|\s+(?:{joins})\s+", re.IGNORECASE)


def _opens(clause: str, language: str) -> bool:
    first = re.match(r"\W*(\w+)", clause)
    return bool(first) and first[1].lower() in _words(_OPENERS, language)


def _words(table: dict[str, str], language: str) -> list[str]:
    own = table.get(language, "").split()
    return own if language == "en" else [*own, *(word for word in table["en"].split() if word not in own)]
