"""What every page and request handler shares: the doors, the templates, the person's language."""

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates

from bot.channels.web import WebChannel
from i18n.languages import DEFAULT, LANGUAGES, nearest
from web.doors import Doors, Translator
from web.inbox_stream import InboxHub
from web.inbox_views import Words
from web.limits import Limits
from web.passwords import Passwords
from web.provider import Provider
from web.stream import Hub
from web.visitor import Visitors

STATIC = Path(__file__).parent / "static"
TEMPLATES = Jinja2Templates(Path(__file__).parent / "templates")
LANGUAGE_COOKIE = "velkommen_language"  # what the address asked for when the chat was opened
PICKED_COOKIE = "velkommen_picked"  # what the person picked by hand in this browser; static/wording.js sets it
THEME_COOKIE = "velkommen_theme"
KEPT_FOR = 60.0  # seconds


def static_version() -> str:
    """Changes whenever a static file does, so that browsers may keep each version for good."""
    content = b"".join(path.read_bytes() for path in sorted(STATIC.iterdir()))
    return hashlib.sha256(content).hexdigest()[:12]


class Kept:
    """What takes a while to find out, kept for a minute; of several who want the same at once, one finds it out."""

    def __init__(self) -> None:
        self._found: dict[Hashable, tuple[float, Any]] = {}
        self._asking = asyncio.Lock()

    async def get(self, key: Hashable, find: Callable[[], Awaitable[Any]]) -> Any:
        async with self._asking:
            now = time.monotonic()
            self._found = {each: kept for each, kept in self._found.items() if now - kept[0] < KEPT_FOR}
            if key not in self._found:
                self._found[key] = now, await find()
            return self._found[key][1]


@dataclass(frozen=True, slots=True)
class Frame:
    """kept: what somebody found out within the last minute.

    limits: of what visitors write; files: of what they send besides; signs: of telling that they are writing;
    sign_ins: of attempts to sign in; steps: of what a colleague does in the inbox; searches: of what they look for.
    provider: where colleagues may sign in besides.
    """

    doors: Doors
    hub: Hub
    inbox: InboxHub
    channel: WebChannel
    visitors: Visitors
    limits: Limits
    files: Limits
    signs: Limits
    sign_ins: Limits
    steps: Limits
    searches: Limits
    passwords: Passwords
    version: str
    provider: Provider | None = None
    kept: Kept = field(default_factory=Kept)

    def close(self) -> None:
        """Let every open page go."""
        self.hub.close()
        self.inbox.close()

    def language(self, request: Request) -> str:
        """As asked for in the address, else as picked or asked for before, else as the browser says."""
        cookies = (request.cookies.get(name) for name in (PICKED_COOKIE, LANGUAGE_COOKIE))
        asked = next((wish for wish in (request.query_params.get("lang"), *cookies) if wish in LANGUAGES), None)
        return asked or preferred(request.headers.get("accept-language", ""))

    def translator(self, request: Request) -> Translator:
        return self.doors.translator(self.language(request))

    async def inbox_words(self, language: str, people: Mapping[int, str]) -> Words:
        return await words_in(self.doors, language, people)

    def page(
        self, request: Request, template: str, *, language: str | None = None, status: int = 200, **values: Any
    ) -> Response:
        language = language or self.language(request)
        theme = request.cookies.get(THEME_COOKIE)
        context = {
            "_": self.doors.translator(language).gettext,
            "language": LANGUAGES[language],
            "languages": LANGUAGES.values(),
            "theme": theme if theme in ("light", "dark") else "",
            "static": f"/static/{self.version}",
            **values,
        }
        return TEMPLATES.TemplateResponse(request, template, context, status_code=status)


async def words_in(doors: Doors, language: str, people: Mapping[int, str]) -> Words:
    """What the inbox says in a language."""
    library = await doors.library()
    kommuner = {key: place.name for key, place in library.municipalities.items()}
    return Words(language, doors.translator(language), kommuner, people)


def frame_of(request: Request) -> Frame:
    frame = request.app.state.frame
    assert isinstance(frame, Frame)
    return frame


def preferred(accept_language: str) -> str:
    """The first of the browser's languages that we speak; English when we speak none of them."""
    weighted = re.findall(r"([A-Za-z]{2,3}[-\w]*)\s*(?:;\s*q=([\d.]+))?", accept_language)
    for code, _ in sorted(weighted, key=lambda pair: -_weight(pair[1])):
        language = nearest(code)
        if language != DEFAULT or code.lower().startswith(DEFAULT):
            return language
    return DEFAULT


def _weight(quality: str) -> float:
    try:
        return float(quality or 1)
    except ValueError:
        return 0
