"""The action server of the bare project: an action an act, the texts from a JSON file."""

# mypy: ignore-errors
from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

ANSWERS = json.loads(Path(os.environ["VELKOMMEN_BENCH_ANSWERS"]).read_text(encoding="utf-8"))


class AnswerTopics(Action):
    def name(self) -> str:
        return "action_answer_topics"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        language = (tracker.latest_message.get("metadata") or {}).get("language", "en")
        for slug in (tracker.get_slot("topics") or "").split(","):
            texts = ANSWERS["topics"].get(slug, {})
            dispatcher.utter_message(text=texts.get(language) or texts.get("en") or slug)
        return []


class SayIt(Action):
    """Everything but topics is one sentence."""

    action_name = ""

    def name(self) -> str:
        return self.action_name

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        dispatcher.utter_message(text=ANSWERS["sentences"][self.action_name])
        return []


SENTENCES = [type(name, (SayIt,), {"action_name": name}) for name in ANSWERS["sentences"]]
