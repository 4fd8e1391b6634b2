"""Several short messages in a row are one: how long to wait for the rest. Pure."""

import re

from core.messages import Inbound, Kind

FINISHED = re.compile(r"[?？!.…]\s*$")
SHORT = 4  # words


def wait_for_more(inbound: Inbound, *, seconds: float) -> float:
    """Seconds to wait before answering: only for a short message that does not look finished."""
    if inbound.kind is not Kind.TEXT or FINISHED.search(inbound.text) or "\n" in inbound.text:
        return 0
    return seconds if len(inbound.text.split()) <= SHORT else 0
