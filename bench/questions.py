"""What the bench says: conversations made of evaluation questions, the same words for whoever is asked."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from operations.assemble import ROOT

QUESTIONS = ROOT / "tests" / "evaluation" / "dev.jsonl"
# After each question a short message, as people write them.
FOLLOW_UPS = {
    "en": ("yes please", "and how long does that take?", "thank you"),
    "da": ("ja tak", "og hvor lang tid tager det?", "tusind tak"),
    "pl": ("tak, proszę", "a jak długo to trwa?", "dziękuję"),
    "fil": ("oo, sige po", "gaano po katagal yun?", "maraming salamat"),
}


@dataclass(frozen=True, slots=True)
class Said:
    text: str
    language: str


type Conversation = tuple[Said, ...]


def read_questions() -> list[Said]:
    """The questions about one topic."""
    rows = map(json.loads, QUESTIONS.read_text(encoding="utf-8").splitlines())
    return [Said(row["text"], row["language"]) for row in rows if row["kind"] == "topic"]


def conversations(questions: list[Said], *, first_number: int = 1) -> Iterator[Conversation]:
    """Conversations of six messages in one language, without end: three questions, each with a follow-up.

    With another first number, the same questions in the same order as other texts.
    """
    by_language = {code: [said for said in questions if said.language == code] for code in FOLLOW_UPS}
    stocks = {code: _never_the_same(said, first_number) for code, said in by_language.items()}
    for code in itertools.cycle(FOLLOW_UPS):
        follow_ups = [Said(text, code) for text in FOLLOW_UPS[code]]
        yield tuple(said for follow_up in follow_ups for said in (next(stocks[code]), follow_up))


def long_conversation(questions: list[Said], turns: int, *, window: int, first_number: int = 1) -> Conversation:
    """So many questions in one language; each window holds the same ones, so that windows can be compared."""
    asked = itertools.cycle([said for said in questions if said.language == "en"][:window])
    numbered = enumerate(itertools.islice(asked, turns), first_number)
    return tuple(replace(said, text=f"{said.text} ({number})") for number, said in numbered)


def _never_the_same(questions: list[Said], first_number: int) -> Iterator[Said]:
    """All questions again and again; a number makes each a new text, so that nobody can answer from memory."""
    for number in itertools.count(first_number):
        for said in questions:
            yield replace(said, text=f"{said.text} ({number})")
