"""Which act follows from which intent. Trains the rules alone, without understanding."""

from pathlib import Path

import pytest
import rasa.shared.utils.io
import yaml
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.model_training import train
from rasa.shared.core.domain import Domain

from nlu.components.pending import LEFT_OPEN
from nlu.tracker_store import ForgetfulTrackerStore

RULES = {"recipe": "default.v1", "assistant_id": "test", "language": "en", "pipeline": None}
POLICY = {"name": "RulePolicy", "enable_fallback_prediction": False}
DOMAIN = Domain.load("dialogues/domain.yml")
GIVEN = {"topics": "tax-card,nemkonto", "alternatives": "mitid-get", "confidence": "0.93"}


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    """Checks on the way that no two rules contradict each other."""
    folder = tmp_path_factory.mktemp("rules")
    config = folder / "config.yml"
    config.write_text(yaml.dump({**RULES, "policies": [POLICY]}))
    trained = train("dialogues/domain.yml", str(config), ["dialogues/rules.yml"], str(folder), force_training=True)
    return Agent.load(Path(trained.model), tracker_store=ForgetfulTrackerStore(DOMAIN))


async def acts(agent, intent, pending=None, **entities):
    found = [{"entity": name, "value": value} for name, value in entities.items()]
    if pending:
        found.append({"entity": "pending", "value": pending})
    heard = {"text": "…", "intent": {"name": intent, "confidence": 0.9}, "entities": found}
    output = CollectingOutputChannel()
    await agent.handle_message(UserMessage("…", output, "abc", parse_data=heard))
    return [message["custom"] for message in output.messages]


OURS = sorted(intent for intent in DOMAIN.intents if intent not in rasa.shared.core.constants.DEFAULT_INTENTS)


@pytest.mark.parametrize("pending", [None, *LEFT_OPEN])
@pytest.mark.parametrize("intent", OURS)
async def test_everything_said_has_one_act_of_text_alone(agent, intent, pending):
    (act,) = await acts(agent, intent, pending, **GIVEN)

    assert all(isinstance(value, str) for value in act.values())
    assert "None" not in act.values()
    assert not any("{" in value for value in act.values())


@pytest.mark.parametrize(
    ("intent", "pending", "expected"),
    [
        ("affirm", None, {"act": "say", "reply": "acknowledged"}),
        ("deny", None, {"act": "say", "reply": "acknowledged"}),
        ("affirm", "mentor", {"act": "message_mentor"}),
        ("deny", "mentor", {"act": "say", "reply": "acknowledged"}),
        ("talk_to_person", None, {"act": "offer_mentor"}),
        ("talk_to_person", "mentor", {"act": "message_mentor"}),
        ("affirm", "forget", {"act": "delete_data_confirmed"}),
        ("delete_data", "forget", {"act": "delete_data_confirmed"}),
        ("deny", "forget", {"act": "delete_data_kept"}),
        ("delete_data", None, {"act": "delete_data"}),
        ("affirm", "consent", {"act": "consent", "given": "yes"}),
        ("deny", "consent", {"act": "consent", "given": "no"}),
        ("deny", "which", {"act": "not_that"}),
        ("deny", "answered", {"act": "not_that"}),
        ("greeting", "forget", {"act": "say", "reply": "greeting"}),
        ("forgery", None, {"act": "decline", "reason": "forgery"}),
    ],
)
async def test_what_was_left_open_decides(agent, intent, pending, expected):
    assert await acts(agent, intent, pending) == [expected]


async def test_topics_travel_in_their_order(agent):
    assert await acts(agent, "topic", **GIVEN) == [{"act": "answer_topics", **GIVEN}]


@pytest.mark.parametrize("intent", ["topic", "topic_unsure"])
async def test_what_is_not_there_is_left_out(agent, intent):
    (act,) = await acts(agent, intent, topics="tax-card", confidence="0.90")

    assert "alternatives" not in act
