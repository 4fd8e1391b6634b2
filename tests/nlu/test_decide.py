"""From probabilities to an intent: a table of cases."""

import pytest

from nlu.components.calibration import Thresholds
from nlu.components.decide import Heard, decide
from nlu.components.ranking import NOT_COVERED, Ranked
from nlu.components.split import Role

THRESHOLDS = Thresholds(answer=0.7, ask=0.5, act=0.6, part=0.8, near_gap=0.3)
TOPICS = ("tax-card", "cpr-registration", "nemkonto", "mitid-get")


def heard(first, sure, *, among=0.9, gap=1.0, topics=TOPICS, length=6):
    slugs = (first, *(slug for slug in topics if slug != first)) if first in topics else topics
    labels = (first, *(slug for slug in slugs if slug != first))
    return Heard(Ranked(labels, (0.5, 0.5 - gap, *(-1.0,) * (len(labels) - 2)), slugs, length), sure, among)


def decided(whole, parts=(), near=None, pending="none"):
    return decide(whole, list(parts), THRESHOLDS, near or {}, pending=pending)


def test_sure_is_answered_with_the_next_ones_at_hand():
    found = decided(heard("tax-card", 0.9))

    assert (found.intent, found.topics, found.alternatives) == ("topic", ("tax-card",), TOPICS[1:])


def test_less_sure_is_asked_about():
    found = decided(heard("tax-card", 0.6))

    assert (found.intent, found.topics, found.alternatives) == ("topic_close", (), TOPICS[:3])


def test_doubtful_is_admitted():
    assert decided(heard("tax-card", 0.2, among=0.1)).alternatives == ()
    assert decided(heard("tax-card", 0.2, among=0.3)).intent == "topic_unsure"


def test_easily_mixed_up_and_close_is_asked_about():
    near = {"cpr-registration": ["tax-card"]}

    assert decided(heard("tax-card", 0.9, gap=0.1), near=near).intent == "topic_close"
    assert decided(heard("tax-card", 0.9, gap=0.5), near=near).intent == "topic"
    assert decided(heard("tax-card", 0.9, gap=0.1)).intent == "topic"


NAMED = ("tax-card", "nemkonto")


@pytest.mark.parametrize(
    ("first", "sure", "intent"),
    [
        (NOT_COVERED, 0.9, "topic_close"),
        ("out_of_scope", 0.9, "topic_close"),
        ("tax-card", 0.75, "topic_close"),
        ("tax-card", 0.85, "topic"),
        ("smalltalk", 0.7, "topic_close"),
        ("undo", 0.7, "undo"),
    ],
)
def test_a_bare_word_that_topics_share_is_asked_about(first, sure, intent):
    one = heard(first, sure, among=0.1, length=1)

    found = decided(Heard(one.ranked, one.sure, one.among, named=NAMED))

    assert found.intent == intent
    assert found.alternatives == NAMED or intent != "topic_close"


def test_a_bare_word_of_a_single_topic_is_offered():
    one = heard(NOT_COVERED, 0.9, among=0.1, length=1)

    assert decided(Heard(one.ranked, one.sure, one.among, named=NAMED[:1])).alternatives == NAMED[:1]


def test_what_is_not_written_yet_is_never_answered():
    assert decided(heard(NOT_COVERED, 0.99, among=0.1)).intent == "topic_unsure"


def test_several_sure_questions_are_answered_in_order():
    parts = [heard("nemkonto", 0.9), heard("tax-card", 0.85)]

    found = decided(heard("tax-card", 0.6), parts)

    assert (found.intent, found.topics) == ("topic", ("nemkonto", "tax-card"))
    assert found.confidence == pytest.approx(0.85)
    assert not set(found.topics) & set(found.alternatives)


@pytest.mark.parametrize(
    ("role", "whole", "answered"),
    [
        (Role.QUESTION, "mitid-get", 2),
        (Role.FRAGMENT, "tax-card", 2),
        (Role.FRAGMENT, "mitid-get", 1),
        (Role.STORY, "tax-card", 1),
    ],
)
def test_how_much_proof_a_part_needs(role, whole, answered):
    parts = [Heard(one.ranked, 0.5, one.among, role) for one in (heard("cpr-registration", 0), heard("tax-card", 0))]

    sure = 0.6 if role is Role.QUESTION else 0.9
    assert len(decided(heard(whole, sure), parts).topics) == answered


def test_a_person_is_offered_with_less_proof():
    assert decided(heard("talk_to_person", 0.35)).intent == "talk_to_person"


def test_a_story_around_a_question_must_be_sure_and_spoken_of():
    story, question = heard("cpr-registration", 0.9), heard("tax-card", 0.9)
    told = Heard(story.ranked, story.sure, story.among, role=Role.STORY)
    doubtful = Heard(story.ranked, 0.5, story.among, role=Role.STORY)

    assert len(decided(heard("cpr-registration", 0.6), [told, question]).topics) == 2
    assert decided(heard("cpr-registration", 0.6), [doubtful, question]).topics == ("tax-card",)
    assert decided(heard("mitid-get", 0.6), [told, question]).topics == ("tax-card",)


def test_the_same_question_twice_is_one():
    assert decided(heard("tax-card", 0.9), [heard("tax-card", 0.9), heard("tax-card", 0.9)]).topics == ("tax-card",)


def test_a_sure_question_after_a_story_counts():
    assert decided(heard("mitid-get", 0.4), [heard("tax-card", 0.9)]).topics == ("tax-card",)


def test_other_intents_need_proof():
    assert decided(heard("greeting", 0.7)).intent == "greeting"
    assert decided(heard("greeting", 0.5, among=0.1)).intent == "topic_unsure"


@pytest.mark.parametrize(
    ("pending", "length", "intent"),
    [
        ("mentor", 2, "affirm"),
        ("none", 2, "topic_unsure"),
        ("forget", 2, "topic_unsure"),
        ("mentor", 9, "topic_unsure"),
    ],
)
def test_a_short_yes_to_our_question_needs_less_proof_but_not_for_deleting(pending, length, intent):
    assert decided(heard("affirm", 0.4, among=0.1, length=length), pending=pending).intent == intent


def test_what_the_whole_is_surely_about_comes_first():
    parts = [heard("nemkonto", 0.9), heard("tax-card", 0.85)]
    assert decided(heard("tax-card", 0.9), parts).topics == ("tax-card", "nemkonto")


def test_a_story_around_one_question_is_not_answered_in_its_place():
    parts = [heard("nemkonto", 0.9), heard("tax-card", 0.85)]
    found = decided(heard("cpr-registration", 0.9), parts)
    assert found.topics == ("cpr-registration",)
    assert set(found.alternatives) >= {"nemkonto", "tax-card"}


def test_the_topics_of_other_parts_stay_one_tap_away():
    parts = [heard("nemkonto", 0.35), heard("tax-card", 0.9)]
    found = decided(heard("tax-card", 0.9), parts)
    assert found.topics == ("tax-card",)
    assert found.alternatives[0] == "nemkonto"
