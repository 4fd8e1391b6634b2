"""Which language a message is written in, and whether the conversation should change to it.

Words that tell languages apart (`words/`), the script and a statistical model each speak; docs/decisions/0003
has what each is worth. Short chat messages say little, so doubt never changes the language of a conversation.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from i18n import fasttext_voice, scripts
from i18n.languages import LANGUAGES, nearest
from i18n.lexicon import Lexicon, lexicon

type Voice = Callable[[str], dict[str, float]]


@dataclass(frozen=True)
class Detected:
    language: str
    """ISO code, of one of ours or another; the current one (else hint, else default) when the text cannot tell."""
    confidence: float
    """0 when nothing in the text told, towards 1 as it becomes certain."""
    switch: bool
    """The conversation should go on in `language`: it is one of ours, clearly, and not the current one."""


def detect(
    text: str,
    *,
    current: str | None = None,
    chosen: bool = False,
    hint: str | None = None,
    voice: Voice = fasttext_voice.probabilities,
) -> Detected:
    """`current` is the language of the conversation, `chosen` whether the person picked it by hand, `hint` what the
    channel says of their device. A language picked by hand takes more to change."""
    fallback = current or nearest(hint)
    message = _read(text)
    if message.script is None:
        return Detected(fallback, 0.0, switch=False)
    if message.script in scripts.ONLY:
        return Detected(scripts.ONLY[message.script], 0.99, switch=False)
    if not message.words:
        return Detected(fallback, 0.0, switch=False)
    scores = _scores(message, voice, expected=current or (nearest(hint) if hint else None))
    if not scores:
        return Detected(fallback, 0.0, switch=False)
    language, confidence = _best(scores)
    if _tells_too_little(message, language, confidence):
        return Detected(fallback, 0.0, switch=False)
    if current is None or language == current:
        return Detected(language, confidence, switch=False)
    if language not in LANGUAGES:
        sure = confidence >= SURE and len(message.words) > 1
        return Detected(language if sure else current, confidence if sure else 0.0, switch=False)
    if _clear_change(message, scores, language, current, chosen):
        return Detected(language, confidence, switch=True)
    return Detected(current, 0.0, switch=False)


# --- reading -----------------------------------------------------------------------------------------------------

_NOISE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\w+|[@#/]\w+|<[^>]*>|\[[^\]]*\]|\{[^}]*\}")
# Vowel signs of Indic scripts are marks, not letters, and belong to the word.
_WORD = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u200c\u200d])+(?:['’-]\w+)*")


@dataclass(frozen=True)
class _Message:
    words: tuple[str, ...]
    """Lower case, without the terms that everybody uses."""
    claims: tuple[dict[str, float], ...]
    """For each word, what it speaks for."""
    letters: dict[str, float]
    script: str | None


def _read(text: str) -> _Message:
    lex = lexicon()
    told = lex.names.sub(" ", _NOISE.sub(" ", text))
    found = [word.lower() for word in _WORD.findall(told)]
    words = tuple(word for word in found if not lex.is_term(word))
    return _Message(
        words=words,
        claims=tuple(lex.claims(word) for word in words),
        letters=_letters(words, lex),
        script=scripts.script_of(" ".join(words or found)),
    )


def _letters(words: tuple[str, ...], lex: Lexicon) -> dict[str, float]:
    """Each telling letter speaks once, and less when only few of the words hold one: they may be quoted."""
    holding = [word for word in words if lex.letters.keys() & set(word)]
    share = min(1.0, 3 * len(holding) / len(words)) if words else 0.0
    heard: dict[str, float] = {}
    for letter in set("".join(holding)) & lex.letters.keys():
        for language, weight in lex.letters[letter].items():
            heard[language] = heard.get(language, 0.0) + weight * share
    return heard


# --- weighing ----------------------------------------------------------------------------------------------------

# English is borrowed into everything: beside telling words of another language its own count less.
BORROWED = 0.4
BORROWED_HEARD = 0.1
LETTER_WEIGHT = 1.0
VOICE_WEIGHT = 0.8
# The model needs some words before it can be trusted.
VOICE_WORDS = 7
# In a message this short a known word beats what the model makes of the rest.
SHORT = 2
# No language is ruled out because the model does not propose it.
FLOOR = 0.01
EXPECTED = 1.0
# Who writes to us is likelier to write one of our languages.
OURS = 0.7
SURE = 0.9


def _scores(message: _Message, voice: Voice, expected: str | None) -> dict[str, float]:
    assert message.script is not None
    words = _spoken_for(message)
    heard = voice(" ".join(message.words))
    if _mixed(message):
        words["en"] = words.get("en", 0.0) * BORROWED
        heard = heard | {"en": heard.get("en", 0.0) * BORROWED_HEARD}
    weight = VOICE_WEIGHT * min(1.0, (1 + len(message.words)) / VOICE_WORDS)
    scores = {
        language: words.get(language, 0.0)
        + LETTER_WEIGHT * message.letters.get(language, 0.0)
        + weight * math.log(heard.get(language, 0.0) + FLOOR)
        + (EXPECTED if language == expected else 0.0)
        + (OURS if language in LANGUAGES else 0.0)
        for language in {*words, *message.letters, *heard, *LANGUAGES}
        if scripts.may_be(language, message.script)
    }
    known = {language: score for language, score in scores.items() if language in words}
    if known and len(message.words) <= SHORT and not message.letters:
        return known
    return scores


def _spoken_for(message: _Message) -> dict[str, float]:
    total: dict[str, float] = {}
    for claims in message.claims:
        for language, weight in claims.items():
            total[language] = total.get(language, 0.0) + weight
    return total


def _mixed(message: _Message) -> bool:
    """English words around a telling word of another language: "can I get CPR po"."""
    return any(weight > 1.0 and language != "en" for claims in message.claims for language, weight in claims.items())


def _best(scores: dict[str, float]) -> tuple[str, float]:
    """The likeliest language; on a tie the one that stands first in LANGUAGES."""
    order = {language: -place for place, language in enumerate(LANGUAGES)}
    language = max(scores, key=lambda code: (scores[code], order.get(code, -99)))
    total = sum(math.exp(score - scores[language]) for score in scores.values())
    return language, 1.0 / total


# --- deciding ----------------------------------------------------------------------------------------------------


def _tells_too_little(message: _Message, language: str, confidence: float) -> bool:
    """A name, a nonsense word: nothing known in it, and too short for the model to be trusted."""
    known = any(language in claims for claims in message.claims) or language in message.letters
    return message.script == "Latn" and not known and len(message.words) <= SHORT and confidence < SURE


@dataclass(frozen=True)
class _Needed:
    evidence: int
    margin: float


# Everybody quotes Danish (the letter from the office, the sign on the door) and borrows English.
TRAVELLING = frozenset({"da", "en"})
NEEDED = _Needed(evidence=2, margin=2.0)
NEEDED_IF_CHOSEN = _Needed(evidence=4, margin=4.0)


def _clear_change(message: _Message, scores: dict[str, float], language: str, current: str, chosen: bool) -> bool:
    needed = NEEDED_IF_CHOSEN if chosen else NEEDED
    more = 1 if language in TRAVELLING else 0
    speaking = _speaking_words(message, language, current)
    against = _speaking_words(message, current, language)
    if len(message.words) < 2 or len(speaking) < needed.evidence + more or len(speaking) <= 2 * len(against):
        return False
    # One whose script we cannot share has nothing to say in this one.
    return scores[language] - scores.get(current, -math.inf) >= needed.margin


def _speaking_words(message: _Message, language: str, other: str) -> set[str]:
    """The words, greetings and thanks aside, that speak for one language more than for the other."""
    lex = lexicon()
    return {
        word
        for word, claims in zip(message.words, message.claims, strict=True)
        if claims.get(language, 0.0) > claims.get(other, 0.0) and word not in lex.courtesy
    }
