"""What the search says beside the classifier: topics that the model has not learnt, phrases added since, neighbours.

A classifier that is sure is not contradicted.
"""

from collections.abc import Sequence
from dataclasses import replace

from actions.answer import SURE
from core.acts import Act, AnswerTopics, AskWhich, Decline, DeclineIt, Say, Smalltalk, Unsure
from knowledge.library import Library
from knowledge.search import Found, Index

# Shares of a question's information, fitted on the development questions (docs/decisions/0005).
ANSWER = 0.6  # a topic that the model does not know is answered
OFFER = 0.3  # … or offered
CLEARER = 1.25  # how much better a neighbour must fit to be asked about
MOST = 3


def worth_asking(act: Act) -> bool:
    """Whether the search might change anything."""
    match act:
        case AnswerTopics(topics, _, confidence):
            return len(topics) == 1 and (confidence or 0) < SURE
        case AskWhich() | Unsure() | DeclineIt(Decline.OUT_OF_SCOPE) | Say(Smalltalk.SMALLTALK):
            return True
        case _:
            return False


def reconsider(act: Act, text: str, library: Library, index: Index) -> Act:
    """The act, or what is better in the light of the search."""
    if not worth_asking(act):
        return act
    match act:
        case AnswerTopics():
            return _beside_answer(act, index.search(text), library)
        case AskWhich() | Unsure():
            return _beside_doubt(act, index.search(text), library)
        case _:
            return _instead(act, index.search(text), library)


def _beside_answer(act: AnswerTopics, found: Sequence[Found], library: Library) -> Act:
    first = act.topics[0]
    if not found or found[0].slug == first:
        return act
    best = found[0]
    if best.exact or (library.is_new(best.slug) and best.score >= ANSWER):
        return AnswerTopics((best.slug,), _with((first,), act.alternatives), act.confidence)
    if library.is_new(best.slug) and best.score >= OFFER:
        return replace(act, alternatives=_with((best.slug,), act.alternatives))
    own = next((one.score for one in found if one.slug == first), 0.0)
    if best.slug in _neighbours(first, library) and best.score >= max(OFFER, CLEARER * own):
        return AskWhich((first, best.slug), act.confidence)
    return act


def _beside_doubt(act: AskWhich | Unsure, found: Sequence[Found], library: Library) -> Act:
    if not found:
        return act
    best = found[0]
    if best.exact or (library.is_new(best.slug) and best.score >= ANSWER):
        return AnswerTopics((best.slug,), _with((), act.alternatives, but=best.slug), act.confidence)
    new = tuple(one.slug for one in found if library.is_new(one.slug) and one.score >= OFFER)
    if new:
        return AskWhich(_with(new, act.alternatives), act.confidence)
    if isinstance(act, Unsure) and not act.alternatives:
        return replace(act, alternatives=tuple(one.slug for one in found if one.score >= OFFER)[:MOST])
    return act


def _instead(act: Act, found: Sequence[Found], library: Library) -> Act:
    """What the model takes for none of our business may be a topic that it has not learnt."""
    if found and library.is_new(found[0].slug) and (found[0].exact or found[0].score >= ANSWER):
        return AnswerTopics((found[0].slug,))
    return act


def _neighbours(slug: str, library: Library) -> set[str]:
    topic = library.topics.get(slug)
    return {
        *(topic.near if topic else ()),
        *(other for other, beside in library.topics.items() if slug in beside.near),
    }


def _with(first: tuple[str, ...], rest: tuple[str, ...], *, but: str = "") -> tuple[str, ...]:
    return tuple(slug for slug in dict.fromkeys((*first, *rest)) if slug != but)[:MOST]
