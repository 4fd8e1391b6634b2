"""What the search says beside the classifier: topics that the model has not learnt, phrases added since, neighbours.

A classifier that is sure is not contradicted.
"""

from collections.abc import Sequence
from dataclasses import replace

from actions.answer import SURE
from core.acts import Act, AnswerTopics, AskWhich, Decline, DeclineIt, Say, Smalltalk, Unsure
from knowledge.library import Library
from knowledge.search import Found, Index

# Shares of a question's information, from the development questions asked of topics held back (docs/decisions/0005).
ANSWER = 0.55  # a topic that the model does not know is answered
OFFER = 0.4  # … or offered
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
    new = [found for found in index.search(text, among=library.new) if found.score >= OFFER] if library.new else []
    found = index.search(text)
    match act:
        case AnswerTopics():
            return _beside_answer(act, found, new, library)
        case AskWhich() | Unsure():
            return _beside_doubt(act, found, new)
        case _:
            return _instead(act, new)


def _beside_answer(act: AnswerTopics, found: Sequence[Found], new: Sequence[Found], library: Library) -> Act:
    first = act.topics[0]
    if found and found[0].exact and found[0].slug != first:
        return AnswerTopics((found[0].slug,), _with((first,), act.alternatives), act.confidence)
    if new:
        return replace(act, alternatives=_with((new[0].slug,), act.alternatives))
    own = next((one.score for one in found if one.slug == first), 0.0)
    if found and found[0].slug in _neighbours(first, library) and found[0].score >= max(OFFER, CLEARER * own):
        return AskWhich((first, found[0].slug), act.confidence)
    return act


def _beside_doubt(act: AskWhich | Unsure, found: Sequence[Found], new: Sequence[Found]) -> Act:
    sure = [*(one for one in found[:1] if one.exact), *(one for one in new[:1] if one.score >= ANSWER)]
    if sure:
        return AnswerTopics((sure[0].slug,), _with((), act.alternatives, but=sure[0].slug), act.confidence)
    if new:
        return AskWhich(_with(tuple(one.slug for one in new[:2]), act.alternatives), act.confidence)
    if isinstance(act, Unsure) and not act.alternatives:
        return replace(act, alternatives=tuple(one.slug for one in found if one.score >= OFFER)[:MOST])
    return act


def _instead(act: Act, new: Sequence[Found]) -> Act:
    """What the model takes for none of our business may be about a topic that it has not learnt."""
    if not new:
        return act
    return AnswerTopics((new[0].slug,)) if new[0].score >= ANSWER else Unsure(tuple(one.slug for one in new[:MOST]))


def _neighbours(slug: str, library: Library) -> set[str]:
    topic = library.topics.get(slug)
    return {
        *(topic.near if topic else ()),
        *(other for other, beside in library.topics.items() if slug in beside.near),
    }


def _with(first: tuple[str, ...], rest: tuple[str, ...], *, but: str = "") -> tuple[str, ...]:
    return tuple(slug for slug in dict.fromkeys((*first, *rest)) if slug != but)[:MOST]
