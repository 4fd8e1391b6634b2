"""What the engine may decide, and that `dialogues/domain.yml` speaks of the same acts."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from core import acts
from core.acts import Decline, Smalltalk, act_name, parse_act
from core.errors import ActError

DOMAIN = Path(__file__).parents[2] / "dialogues" / "domain.yml"

# What a slot holds when the engine fills a response in.
FILLED = {"{topics}": "tax-card", "{alternatives}": "nemkonto,annual-statement", "{confidence}": "0.73"}


@pytest.mark.parametrize(
    ("payload", "act"),
    [
        ({"act": "help"}, acts.Help()),
        ({"act": "delete_data_confirmed"}, acts.DeleteDataConfirmed()),
        ({"act": "undo"}, acts.JourneyCommand(acts.Journey.UNDO)),
        ({"act": "answer_topics", "topics": "tax-card"}, acts.AnswerTopics(("tax-card",))),
        (
            {"act": "answer_topics", "topics": "tax-card, nemkonto", "alternatives": "a,b", "confidence": "0.81"},
            acts.AnswerTopics(("tax-card", "nemkonto"), ("a", "b"), 0.81),
        ),
        ({"act": "answer_topics", "topics": "a,b,c,", "confidence": 1}, acts.AnswerTopics(("a", "b", "c"), (), 1.0)),
        # Rasa fills an unset slot in as the text "None".
        (
            {"act": "answer_topics", "topics": "a", "alternatives": "None", "confidence": "None"},
            acts.AnswerTopics(("a",)),
        ),
        ({"act": "answer_topics", "topics": "a", "alternatives": "", "confidence": ""}, acts.AnswerTopics(("a",))),
        ({"act": "ask_which", "alternatives": "a,b", "confidence": "0.4"}, acts.AskWhich(("a", "b"), 0.4)),
        ({"act": "unsure"}, acts.Unsure()),
        ({"act": "unsure", "alternatives": None, "confidence": None}, acts.Unsure()),
        ({"act": "decline", "reason": "forgery"}, acts.DeclineIt(Decline.FORGERY)),
        ({"act": "say", "reply": "thanks"}, acts.Say(Smalltalk.THANKS)),
        ({"act": "consent", "given": "yes"}, acts.Consent(True)),
        ({"act": "consent", "given": "no"}, acts.Consent(False)),
        ({"act": "help", "topics": "is not looked at"}, acts.Help()),
    ],
)
def test_a_payload_becomes_an_act(payload: dict[str, Any], act: acts.Act) -> None:
    assert parse_act(payload) == act
    assert act_name(act) == payload["act"]


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        (None, "NoneType"),
        ([], "list"),
        ("help", "str"),
        ({}, "unknown act None"),
        ({"act": None}, "unknown act None"),
        ({"act": ["help"]}, "unknown act"),
        ({"act": "dance"}, "'dance'"),
        ({"act": "Help"}, "'Help'"),
        ({"act": "answer_topics"}, "one to three topics"),
        ({"act": "answer_topics", "topics": "None"}, "one to three topics"),
        ({"act": "answer_topics", "topics": " , "}, "one to three topics"),
        ({"act": "answer_topics", "topics": "a,b,c,d"}, "one to three topics"),
        ({"act": "answer_topics", "topics": ["a"]}, "'topics'"),
        ({"act": "answer_topics", "topics": 3}, "'topics'"),
        ({"act": "answer_topics", "topics": "a", "alternatives": ["b"]}, "'alternatives'"),
        ({"act": "answer_topics", "topics": "a", "confidence": "high"}, "'confidence'"),
        ({"act": "answer_topics", "topics": "a", "confidence": True}, "'confidence'"),
        ({"act": "answer_topics", "topics": "a", "confidence": "nan"}, "'confidence'"),
        ({"act": "answer_topics", "topics": "a", "confidence": "1.2"}, "'confidence'"),
        ({"act": "answer_topics", "topics": "a", "confidence": -0.1}, "'confidence'"),
        ({"act": "ask_which", "alternatives": {}}, "'alternatives'"),
        ({"act": "unsure", "confidence": []}, "'confidence'"),
        ({"act": "decline"}, "'reason'"),
        ({"act": "decline", "reason": "None"}, "'reason'"),
        ({"act": "decline", "reason": "bored"}, "'bored'"),
        ({"act": "decline", "reason": 1}, "'reason'"),
        ({"act": "say"}, "'reply'"),
        ({"act": "say", "reply": ""}, "'reply'"),
        ({"act": "say", "reply": "a poem"}, "'a poem'"),
        ({"act": "consent"}, "'given'"),
        ({"act": "consent", "given": "None"}, "'given'"),
        ({"act": "consent", "given": True}, "'given'"),
    ],
)
def test_anything_else_is_refused_and_the_field_named(payload: object, named: str) -> None:
    with pytest.raises(ActError) as refused:
        parse_act(payload)
    assert named in str(refused.value)


@pytest.mark.parametrize("name", sorted(acts.NAMES))
def test_every_act_can_be_decided_by_the_dialogue(name: str) -> None:
    assert name in {payload["act"] for _, payload in in_the_domain()}


def test_every_response_of_the_dialogue_is_an_act() -> None:
    for name, payload in in_the_domain():
        filled = {field: FILLED.get(value, value) for field, value in payload.items()}
        assert act_name(parse_act(filled)) == payload["act"], name


def test_every_reason_and_every_pleasantry_can_be_decided_by_the_dialogue() -> None:
    payloads = [payload for _, payload in in_the_domain()]
    assert {payload.get("reason") for payload in payloads} >= {reason.value for reason in Decline}
    assert {payload.get("reply") for payload in payloads} >= {reply.value for reply in Smalltalk}


def test_a_response_has_no_sentence_and_no_slot_we_do_not_know() -> None:
    for name, payload in in_the_domain():
        slots = {value for value in payload.values() if "{" in str(value)}
        assert slots <= FILLED.keys(), name


def in_the_domain() -> list[tuple[str, dict[str, Any]]]:
    responses = yaml.safe_load(DOMAIN.read_text(encoding="utf-8"))["responses"]
    return [(name, variant["custom"]) for name, variants in responses.items() for variant in variants]
