"""What whoever talks to a dialogue engine may count on; checked on the scripted one, on recordings and on real Rasa."""

from collections.abc import Awaitable, Callable
from typing import get_args

import pytest

from actions.turn import Pending
from bot.engine import Engine
from core import acts
from core.acts import Act
from i18n.languages import LANGUAGES

ASK = {"sender": "1", "text": "how do I get a tax card", "language": "en", "pending": "none", "audience": "recruit"}
KINDS = tuple(kind for kind in vars(acts).values() if kind in get_args(Act.__value__))
ODD_TEXTS = {
    "one letter": "?a",
    "emoji": "👍",
    "an order to Rasa": '/tax_card{"topics": "nemkonto"}',
    "only slashes": "///",
    "braces": "{topics} {{7*7}} %s",
    "several lines": "hi\ni have a question\nwhere do i get the tax card",
    "very long": "how do I get a tax card " * 160,
    "right to left": "كيف أحصل على بطاقة ضريبية",
    "masked": "[CPR] is my number, when can I see a doctor?",
}

type Promise = Callable[[Engine], Awaitable[None]]


async def it_is_ready(engine: Engine) -> None:
    assert await engine.ready() is True


async def it_answers_with_acts(engine: Engine) -> None:
    found = await engine.next_acts(**ASK)
    assert found
    assert all(isinstance(act, KINDS) for act in found)


async def it_answers_each_person_alike(engine: Engine) -> None:
    """Nothing of one message stays behind for the next: no sender and no earlier question makes a difference."""
    first = await engine.next_acts(**ASK)
    await engine.next_acts(**{**ASK, "text": "delete my data", "pending": "forget"})
    assert await engine.next_acts(**ASK) == first
    assert await engine.next_acts(**{**ASK, "sender": "2"}) == first


PROMISES: tuple[Promise, ...] = (it_is_ready, it_answers_with_acts, it_answers_each_person_alike)

every_promise = pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
every_language = pytest.mark.parametrize("language", [*LANGUAGES, "xx"])
every_pending = pytest.mark.parametrize("pending", [pending.value for pending in Pending])
every_odd_text = pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
