"""From probabilities to what Rasa hears: an intent, topics to answer, topics to offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nlu.components.calibration import Thresholds
from nlu.components.ranking import NOT_COVERED, Ranked
from nlu.components.split import Role
from nlu.components.thresholds import SHOWN, second_is_near

ANSWER, ASK, UNSURE = "topic", "topic_close", "topic_unsure"
_YES_NO = ("affirm", "deny", "not_that")
_LOOSE = ("smalltalk", "other_person", "sorry_to_hear")
_HEARD = 0.3  # from here on a part's topic is worth a button
_HARMLESS_QUESTIONS = ("mentor", "which", "answered")


@dataclass(frozen=True)
class Heard:
    """A message or one part of it: ranked labels, and the probabilities that the first or one of three is right.

    `named` are the topics that a message of a word or two speaks of.
    """

    ranked: Ranked
    sure: float
    among: float
    role: Role = Role.QUESTION
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Understood:
    intent: str
    confidence: float
    topics: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()


def decide(
    whole: Heard,
    parts: Sequence[Heard],
    thresholds: Thresholds,
    near: Mapping[str, Sequence[str]],
    *,
    pending: str = "none",
) -> Understood:
    """Several sure questions are answered in their order; otherwise the message as a whole counts.

    What the whole is surely about comes first, and alone where no part speaks of it: a story told around one question.
    A part counts instead when it is sure and the whole is not: one question at the end of a long story, or
    after a greeting.
    """
    sure_parts = [part for part in parts if _counts(part, whole, thresholds)]
    topics = tuple(dict.fromkeys(part.ranked.first for part in sure_parts))[:SHOWN]
    if len(topics) > 1:
        surely = whole.ranked.topics[:1] if whole.ranked.is_topic and whole.sure >= thresholds.answer else ()
        told = surely if not set(surely) <= set(topics) else tuple(dict.fromkeys((*surely, *topics)))
        return Understood(ANSWER, min(part.sure for part in sure_parts), told, _spoken_of(whole, parts, told))
    found = _alone(_telling(whole, parts), thresholds, near, pending)
    if len(parts) > 1 and found.intent in (ANSWER, ASK):
        first = found.alternatives[:1] if found.intent == ASK else ()
        return replace(found, alternatives=_spoken_of(whole, parts, found.topics, first=first))
    return found


def _spoken_of(
    whole: Heard, parts: Sequence[Heard], answered: Sequence[str], *, first: Sequence[str] = ()
) -> tuple[str, ...]:
    """What else may have been asked: the topics of other parts, then what else the whole may mean."""
    of_parts = [
        part.ranked.topics[0]
        for part in parts
        if part.role is not Role.STORY and part.ranked.topics and part.sure >= _HEARD
    ]
    slugs = dict.fromkeys((*first, *of_parts[:2], *whole.ranked.topics))
    return tuple(slug for slug in slugs if slug not in answered)[:SHOWN]


def _counts(part: Heard, whole: Heard, thresholds: Thresholds) -> bool:
    """Half the proof is enough for a clear question, or when the message as a whole speaks of the same topic.

    What is told around a question must be sure and spoken of as well.
    """
    spoken_of = part.ranked.first in whole.ranked.topics[:2]
    if part.role is Role.STORY:
        return spoken_of and part.sure >= thresholds.part
    half = part.role is Role.QUESTION or spoken_of
    return part.ranked.is_topic and part.sure >= (thresholds.part / 2 if half else thresholds.part)


def _telling(whole: Heard, parts: Sequence[Heard]) -> Heard:
    about_topics = [
        part for part in parts if part.role is not Role.STORY and part.ranked.is_topic and part.sure > whole.sure
    ]
    return max(about_topics, key=lambda part: part.sure, default=whole)


def _alone(heard: Heard, thresholds: Thresholds, near: Mapping[str, Sequence[str]], pending: str) -> Understood:
    ranked = heard.ranked
    if heard.named and _riddle(heard, thresholds):
        likeliest = ranked.topics[:1] if ranked.is_topic else ()
        named = tuple(dict.fromkeys((*likeliest, *heard.named)))[:SHOWN]
        return Understood(ASK if len(named) > 1 else UNSURE, heard.sure, alternatives=named)
    if not ranked.is_topic and ranked.first != NOT_COVERED and heard.sure >= _needed(ranked, thresholds, pending):
        return Understood(ranked.first, heard.sure)
    if ranked.is_topic and heard.sure >= thresholds.answer:
        if not (second_is_near(ranked, near) and ranked.gap() < thresholds.near_gap):
            return Understood(ANSWER, heard.sure, ranked.topics[:1], _further(heard, ranked.topics[:1]))
        return Understood(ASK, heard.sure, alternatives=ranked.topics[:SHOWN])
    if heard.among >= thresholds.ask and len(ranked.topics) > 1:
        return Understood(ASK, heard.sure, alternatives=ranked.topics[:SHOWN])
    offered = ranked.topics[:SHOWN] if heard.among >= thresholds.ask / 2 else ()
    return Understood(UNSURE, heard.sure, alternatives=offered)


def _riddle(heard: Heard, thresholds: Thresholds) -> bool:
    """A bare "tax" or "visa" is neither a full question nor none of our business; "undo" is clear."""
    if heard.ranked.first in (NOT_COVERED, "out_of_scope"):
        return True
    loose = heard.ranked.is_topic or heard.ranked.first in _LOOSE
    return heard.sure < (thresholds.part if loose else thresholds.act)


def _needed(ranked: Ranked, thresholds: Thresholds, pending: str) -> float:
    """Offering a person does no harm. After a question of ours, a short yes or no needs less proof as well, but not
    where data would be deleted.
    """
    expected = pending in _HARMLESS_QUESTIONS and ranked.first in _YES_NO and ranked.length <= 4
    return thresholds.act / 2 if expected or ranked.first == "talk_to_person" else thresholds.act


def _further(heard: Heard, answered: Sequence[str]) -> tuple[str, ...]:
    return tuple(slug for slug in heard.ranked.topics if slug not in answered)[:SHOWN]
