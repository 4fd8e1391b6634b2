"""Rasa keeps nothing between two messages: what is true about a conversation stands in our own database."""

from __future__ import annotations

from collections.abc import Iterable

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker


class ForgetfulTrackerStore(TrackerStore):
    """Hands out a fresh tracker for every message and stores none: nothing grows, nothing needs deleting."""

    async def retrieve(self, sender_id: str) -> DialogueStateTracker:
        # It listens already: for a tracker without events Rasa runs `action_session_start` first. And it is "found"
        # rather than created, since Rasa wraps this store and would then create one of its own kind.
        tracker = self.init_tracker(sender_id)
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        return None

    async def keys(self) -> Iterable[str]:
        return ()
