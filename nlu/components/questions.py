"""Graph component: cuts a message into its parts and says each in English words."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.features import Example
from nlu.components.gloss import gloss
from nlu.components.split import Part, Role, parts

EXAMPLES, ROLES = "examples", "roles"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER], is_trainable=False)
class Questions(GraphComponent):
    """Sets `examples` on a message, the whole first, then its parts, and the `roles` of all of them."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Questions:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            language = metadata(message).get("language") or "en"
            found = [Part(text, Role.QUESTION), *parts(text, language)]
            message.set(EXAMPLES, [example(part.text, language) for part in found])
            message.set(ROLES, [part.role for part in found])
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        for message in training_data.training_examples:
            if message.get(TEXT):
                message.set(EXAMPLES, [example(message.get(TEXT), message.get("language"))])
        return training_data


def metadata(message: Message) -> dict[str, Any]:
    """What came along with the message; a value that isn't text counts as absent."""
    given = message.get("metadata") or {}
    return {key: value for key, value in given.items() if isinstance(value, str)}


def example(text: str, language: str) -> Example:
    return Example(text, gloss(text, language).text)
