"""From probabilities to what Rasa hears: an intent, topics to answer, topics to offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nlu.components.calibration import Thresholds
from nlu.components.ranking import NOT_COVERED, Ranked
from nlu.components.thresholds import SHOWN, second_is_near

ANSWER, ASK, UNSURE = "topic", "topic_close", "topic_unsure"
_YES_NO = ("affirm", "deny", "not_that", "talk_to_person")
_HARMLESS_QUESTIONS = ("mentor", "which", "answered")


@dataclass(frozen=True)
class Heard:
    """A message or one part of it: ranked labels, and the probabilities that the first or one of three is right.

    A part that isn't `asked` may be the story around a question.
    """

    ranked: Ranked
    sure: float
    among: float
    asked: bool = True


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

    A part counts instead when it is sure and the whole is not: one question at the end of a long story, or
    after a greeting.
    """
    sure_parts = [part for part in parts if _counts(part, whole, thresholds)]
    topics = tuple(dict.fromkeys(part.ranked.first for part in sure_parts))[:SHOWN]
    if len(topics) > 1:
        return Understood(ANSWER, min(part.sure for part in sure_parts), topics, _further(whole, topics))
    return _alone(_telling(whole, parts), thresholds, near, pending)


def _counts(part: Heard, whole: Heard, thresholds: Thresholds) -> bool:
    """A part must be sure, and for a story also what the whole message speaks of; a question needs either, nearly."""
    spoken_of = part.ranked.first in whole.ranked.topics[:2]
    needed = thresholds.part / 2 if part.asked and spoken_of else thresholds.part
    return part.ranked.is_topic and part.sure >= needed and (part.asked or spoken_of)


def _telling(whole: Heard, parts: Sequence[Heard]) -> Heard:
    about_topics = [part for part in parts if part.asked and part.ranked.is_topic and part.sure > whole.sure]
    return max(about_topics, key=lambda part: part.sure, default=whole)


def _alone(heard: Heard, thresholds: Thresholds, near: Mapping[str, Sequence[str]], pending: str) -> Understood:
    ranked = heard.ranked
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


def _needed(ranked: Ranked, thresholds: Thresholds, pending: str) -> float:
    """After a question of ours, a short yes or no needs less proof; not where data would be deleted."""
    expected = pending in _HARMLESS_QUESTIONS and ranked.first in _YES_NO and ranked.length <= 4
    return thresholds.act / 2 if expected else thresholds.act


def _further(heard: Heard, answered: Sequence[str]) -> tuple[str, ...]:
    return tuple(slug for slug in heard.ranked.topics if slug not in answered)[:SHOWN]
