"""Graph component: what our last reply left open comes with the message and becomes an entity, so that rules can ask for it."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES
from rasa.shared.nlu.training_data.message import Message

from nlu.components.questions import metadata

LEFT_OPEN = ("mentor", "which", "forget", "consent", "answered")


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=False)
class Pending(GraphComponent):
    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Pending:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            open_question = metadata(message).get("pending")
            if open_question in LEFT_OPEN:
                found = {"entity": "pending", "value": open_question, "extractor": "Pending"}
                message.set(ENTITIES, [*message.get(ENTITIES, []), found], add_to_output=True)
        return messages
