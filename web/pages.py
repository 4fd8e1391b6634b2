"""The pages: the chat, the same chat for another site's frame, the widget's script, a person's own data."""

import json
import re
from functools import cache

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from core.files import ENDINGS, LARGEST
from i18n.languages import LANGUAGES
from store import transcript
from web.chat import LONGEST_TEXT
from web.frame import LANGUAGE_COOKIE, PICKED_COOKIE, STATIC, frame_of
from web.interface import interface
from web.stream import spoken_view, standing_view
from web.visitor import is_secure, keep_cookie, keep_visitor

router = APIRouter()


@router.get("/")
async def chat(request: Request) -> Response:
    return await _chat(request, framed=False)


@router.get("/embed")
async def embed(request: Request) -> Response:
    return await _chat(request, framed=True)


@router.get("/api/interface")
async def words(request: Request) -> Response:
    """The page's own words in another language, for a page that is open already."""
    frame = frame_of(request)
    return JSONResponse((await interface(frame, frame.language(request))).to_json())


@router.get("/widget.js")
async def widget(request: Request) -> Response:
    """The script that a municipality adds: the button, in the person's language, and our colours."""
    frame = frame_of(request)
    gettext = frame.translator(request).gettext
    texts = {name: gettext(name) for name in ("Open chat", "Close chat", "New message from Velkommen")}
    script = _widget_script().replace("__PALETTE__", json.dumps(palette())).replace("__TEXTS__", json.dumps(texts))
    headers = {
        "Cache-Control": "public, max-age=3600",
        "Vary": "Accept-Language",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Response(script, media_type="text/javascript; charset=utf-8", headers=headers)


@router.get("/mydata.json")
async def mydata(request: Request) -> Response:
    """Everything kept about the person with this cookie, as a file; an empty one when nothing is kept."""
    frame = frame_of(request)
    visitor = frame.visitors.known(request.cookies)
    kept = {}
    if visitor is not None:
        async with frame.doors.sessions() as session:
            person = await transcript.person_at(session, "web", visitor)
            kept = dict(await frame.doors.export(session, person.id)) if person else {}
    content = json.dumps(kept, ensure_ascii=False, indent=2, default=str)
    headers = {"Content-Disposition": 'attachment; filename="velkommen-my-data.json"'}
    return Response(content, media_type="application/json", headers=headers)


@router.get("/favicon.ico")
async def favicon(request: Request) -> Response:
    return Response(status_code=301, headers={"Location": f"/static/{frame_of(request).version}/mark.svg"})


async def _chat(request: Request, *, framed: bool) -> Response:
    frame = frame_of(request)
    visitor = frame.visitors.known(request.cookies) or frame.visitors.new()
    async with frame.doors.sessions() as session:
        spoken = await transcript.spoken(session, "web", visitor)
    language = _language(request, spoken) or frame.language(request)
    words = await interface(frame, language)
    response = frame.page(
        request,
        "chat.html",
        language=language,
        framed=framed,
        token=frame.visitors.token(visitor),
        longest=LONGEST_TEXT,
        largest=LARGEST,
        kinds=list(ENDINGS),
        texts=words.texts,
        welcome=words.welcome,
        spoken=spoken and spoken_view(spoken),
        standing=standing_view(await frame.doors.standing(visitor, language)),
    )
    secure = is_secure(request, frame.doors.settings)
    days = frame.doors.settings.retention_days
    keep_visitor(response, frame.visitors.signed(visitor), framed=framed, secure=secure, days=days)
    if request.query_params.get("lang") in LANGUAGES:
        keep_cookie(response, LANGUAGE_COOKIE, language, framed=framed, secure=secure, days=days)
    return response


def _language(request: Request, spoken: transcript.Spoken | None) -> str | None:
    """As asked for just now, else as chosen in the conversation, as picked in this browser, as the conversation goes."""
    wishes = (
        request.query_params.get("lang"),
        spoken.language if spoken and spoken.chosen else None,
        request.cookies.get(PICKED_COOKIE),
        spoken.language if spoken else None,
    )
    return next((wish for wish in wishes if wish in LANGUAGES), None)


@cache
def palette() -> str:
    """The colours out of the one style sheet, for the widget on a page that does not load it."""
    css = (STATIC / "velkommen.css").read_text(encoding="utf-8")
    colours = re.findall(r"^\s*(--[\w-]+:\s*(?:#|light-dark)[^;]*;)", css, flags=re.MULTILINE)
    return " ".join(colours)


@cache
def _widget_script() -> str:
    return (STATIC / "widget.js").read_text(encoding="utf-8")
