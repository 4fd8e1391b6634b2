"""The inbox's page over a scripted server: invented conversations in memory, changed by what the page asks for."""

import asyncio
import json
import threading
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from bot.mentor_words import OUTCOMES, REASONS
from i18n.languages import LANGUAGES
from i18n.translator import translator
from store.staff import Colleague, Duties
from web.headers import Guarded
from web.inbox_desk import NotTaken
from web.inbox_views import THEMES
from web.inbox_words import inbox_texts

WEB = Path(__file__).parents[2] / "web"
TEMPLATES = Jinja2Templates(WEB / "templates")
ME, MARIA, OLE = 7, 8, 9
NAMES = ("Oksana", None, "Andrzej", "Ioana", "Priya", "Jun", "Katrin", "Olena", None, "Maribel", "Stefan", "Rahul")
SPOKEN = ("uk", "pl", "ro", "hi", "fil", "de", "en", "da")
LAST = {
    "uk": "Мій роботодавець не заплатив за жовтень. Що мені робити?",
    "pl": "Dzień dobry, potrzebuję pomocy z umową najmu mieszkania.",
    "ro": "Am primit o scrisoare de la comună și nu o înțeleg.",
    "hi": "मुझे सीपीआर नंबर के लिए कौन से कागज़ चाहिए?",
    "fil": "Paano po ako makakakuha ng doktor para sa anak ko?",
    "de": "Mein Vermieter will die Kaution nicht zurückzahlen.",
    "en": "Which form do I need for my children?",
    "da": "Min løn er ikke kommet endnu.",
}
CANNED = (
    ("greeting", "Greeting", "Hi Oksana, I'm Sofie and I'm a mentor. I've read what you wrote."),
    ("details", "Ask for more", "Thank you. Can you tell me a little more, so that I can help you better?"),
    ("back-tomorrow", "Back tomorrow", "I'll find out and write to you here tomorrow."),
    ("wage", "Wage missing", "Please note which days you worked, and keep your contract and your payslips."),
)
TOPICS = (("wage-missing", "Моя зарплата не надійшла"), ("trade-union", "Що робить профспілка?"), ("cpr", "Номер CPR"))
PHOTO = b'<svg xmlns="http://www.w3.org/2000/svg" width="480" height="300"><rect width="480" height="300" fill="#9bb"/></svg>'
ALL = (
    "claim", "decline", "reply", "passOn", "join", "leave", "note", "resolve", "snooze", "transcript", "mute", "suggest",
)  # fmt: skip


def iso(now: datetime, **ago: float) -> str:
    return (now - timedelta(**ago)).isoformat()


class ScriptedInbox:
    """`say`, `change` and `send` may be called from another thread, as a test does."""

    def __init__(self, *, port: int, count: int = 200, translates: bool = False, role: str = "supervisor") -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.refuse: dict[str, tuple[int, str, str]] = {}
        self.translates, self.role = translates, role
        self.now = datetime.now(UTC)
        self.streams: set[asyncio.Queue[str]] = set()
        self.number = 10_000
        self.rows = {row["conversationId"]: row for row in (self._row(each) for each in range(1, count + 1))}
        self.messages: dict[int, list[dict[str, Any]]] = {}
        self._port = port

    def start(self) -> None:
        static = StaticFiles(directory=WEB / "static")
        app = Starlette(
            routes=[
                Route("/inbox", self.page),
                Route("/inbox/desk", self.desk),
                Route("/inbox/measures", self.measures),
                Route("/staff/login", self.login),
                Route("/staff/invite", self.invite),
                Route("/inbox/api/rows", self.box),
                Route("/inbox/api/stream", self.stream),
                Route("/inbox/api/topics", self.topics),
                Route("/inbox/api/canned", self.canned),
                Route("/inbox/attachments/{id}", self.attachment),
                Route("/inbox/api/conversations/{id:int}", self.one),
                Route("/inbox/api/conversations/{id:int}/{part}", self.part, methods=["GET", "POST"]),
                Mount("/static/1", static),
            ]
        )
        config = uvicorn.Config(
            Guarded(app, ()), port=self._port, log_level="warning", timeout_graceful_shutdown=1, ws="none"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.02)

    def _serve(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._server.serve())

    def stop(self) -> None:
        self._server.should_exit = True
        self.send("bye", {"rest": True})
        self._thread.join(5)

    # What happens to the page

    def send(self, name: str, data: dict[str, Any]) -> None:
        text = f"event: {name}\ndata: {json.dumps(data)}\n\n"
        for queue in list(self.streams):
            self._loop.call_soon_threadsafe(queue.put_nowait, text)

    def say(self, conversation: int, text: str, kind: str = "recruit", **more: Any) -> dict[str, Any]:
        message = self._message(kind, text, datetime.now(UTC).isoformat(), **more)
        self._said(conversation).append(message)
        row = self.rows[conversation]
        if kind == "recruit":
            row.update(unread=row["unread"] + 1, lastText=text, lastAt=message["at"], waitingSince=message["at"])
        self.send("row", {"row": row})
        self.send("said", {"conversationId": conversation})
        return message

    def change(self, conversation: int, **values: Any) -> dict[str, Any]:
        row = self.rows[conversation]
        row.update(values)
        row["can"] = self._can(row)
        self.send("row", {"row": row})
        self.send("counts", self._counts())
        return row

    # Pages

    def _show(self, request: Request, template: str, **values: Any) -> Response:
        language = request.query_params.get("lang", "en")
        theme = request.cookies.get("velkommen_theme", "")
        around = {
            "_": translator(language).gettext,
            "language": LANGUAGES[language],
            "languages": LANGUAGES.values(),
            "theme": theme,
            "static": "/static/1",
        }
        return TEMPLATES.TemplateResponse(request, template, {**around, **values})

    async def page(self, request: Request) -> Response:
        t = translator(request.query_params.get("lang", "en")).gettext
        start = {
            "me": {"id": ME, "name": "Sofie", "role": self.role, "languages": ["da", "en"], "translate": True},
            "csrf": "token-of-tests",
            "canTranslate": self.translates,
            "colleagues": [
                {"id": MARIA, "name": "Maria", "role": "mentor", "languages": ["pl", "uk"], "onDuty": True},
                {"id": OLE, "name": "Ole", "role": "mentor", "languages": ["da"], "onDuty": False},
            ],
            "themes": [{"id": value, "label": t(label)} for value, label in THEMES.items()],
            "outcomes": [{"id": value, "label": t(label)} for value, label in OUTCOMES.items()],
            "counts": self._counts(),
            "language": "en",
            "texts": inbox_texts(t),
        }
        return self._show(request, "inbox.html", start=start)

    async def login(self, request: Request) -> Response:
        error = "This address and password do not fit." if "wrong" in request.query_params else ""
        return self._show(request, "staff_login.html", token="t", error=error, email="", next="/inbox")

    async def invite(self, request: Request) -> Response:
        return self._show(
            request, "staff_invite.html", token="t", csrf="c", error="", name="Sofie", email="sofie@example.dk"
        )

    async def desk(self, request: Request) -> Response:
        days = list(enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")))
        at = [datetime(2026, 1, 1, hour).time() for hour in (9, 13, 16)]
        shifts = [Duties(n, 1 + n % 2, "duty", n % 5, None, at[n % 2], at[2], None, None) for n in range(6)]
        shifts.append(Duties(9, 2, "on_call", None, self.now.date(), at[0], at[2], None, None))
        colleagues = [
            Colleague(1, "sofie@example.dk", "Sofie", "supervisor", True, ("da", "en"), (), (), (), 15, "123"),
            Colleague(2, "maria@example.dk", "Maria", "mentor", True, ("pl", "uk"), ("101", "147"), ("tax",), (), 10),
            Colleague(3, "ole@example.dk", "Ole", "mentor", True, ("da",), (), (), (), 10),
        ]
        return self._show(
            request,
            "desk.html",
            colleagues=colleagues,
            shifts=shifts,
            hours=[(label, "09:00–16:00" if number < 5 else "") for number, label in days],
            days=days,
            csrf="c",
            saved="saved" in request.query_params,
            refused=NotTaken(
                "end",
                "Something is missing or does not fit here: To.",
                {"staff_id": "2", "kind": "duty", "weekday": "1", "start": "09:00", "end": "09:00"},
            )
            if "refused" in request.query_params
            else None,
            reports=[
                {"id": 1, "conversation": 4, "at": self.now, "by": "Maria", "reason": "He threatens to come by."},
                {"id": 2, "conversation": 5, "at": self.now, "by": None, "reason": "Spam\nagain and again"},
            ],
        )

    async def measures(self, request: Request) -> Response:
        def row(label: str, count: int, **more: Any) -> dict[str, Any]:
            figures = {
                "median_minutes": 18.0,
                "kept_percent": 91.0,
                "durable_percent": None,
                "rating": 4.4,
                "ratings": 7,
                "escalations": 3,
            }
            return {"label": label, "count": count, "answered": count - 1, **figures, **more}

        figures = {
            "total": row("", 42),
            "by_language": [row("Ukrainian", 30), row("Polish", 8), row("Hindi", 3)],
            "by_theme": [row("Housing", 12)],
            "by_reason": [],
        }
        return self._show(request, "measures.html", measures=figures, since="2026-10-23", until="2026-11-22")

    # JSON

    async def box(self, request: Request) -> Response:
        box, sought = request.query_params.get("box", ""), request.query_params.get("q", "").lower()
        await asyncio.sleep(0.05)
        if sought:
            found = [row for row in self.rows.values() if sought in f"{row['name']} {row['lastText']}".lower()]
        else:
            found = [row for row in self.rows.values() if self._box_of(row) == box]
        return JSONResponse({"rows": found})

    async def one(self, request: Request) -> Response:
        number = request.path_params["id"]
        row = self.rows.get(number)
        if row is None:
            return JSONResponse({"error": "unknown", "message": "This is not here any more."}, 404)
        given = row["consent"] == "given"
        messages = self._said(number)
        earlier = {
            **row,
            "id": row["id"] - 5000,
            "status": "resolved",
            "closedAt": iso(self.now, days=9),
            "mentor": "Maria",
            "rating": 4,
            "ratingText": "Дуже дякую!",
        }
        person = {
            "name": row["name"],
            "profile": [
                {"label": "Work", "value": "Care worker (SOSU)"},
                {"label": "Municipality", "value": "Aarhus"},
                {"label": "Arrival", "value": "1 October 2026"},
            ]
            if given
            else [],
            "consent": row["consent"],
            "consentLabel": "What is said here may be kept."
            if given
            else "Nothing may be kept: profile and list are not shown.",
            "language": row["language"],
            "languageName": row["languageName"],
            "localTime": "16:12",
            "zone": "Europe/Kyiv",
            "mentors": [{"id": MARIA, "name": "Maria", "kind": "buddy"}] if given else [],
        }
        tasks = [
            _task("r-cpr", "Get your CPR number", "open", "2026-11-03", late=True),
            _task("r-tax", "Get your tax card", "open", "2026-12-01"),
            _task("r-doctor", "Choose a doctor", "open", None),
            _task("r-contract", "Sign your contract", "done", "2026-10-01"),
        ]
        return JSONResponse(
            {
                "row": row,
                "person": person,
                "tasks": tasks if given else None,
                "earlier": [earlier] if given else [],
                "messages": messages,
                "notes": [each for each in messages if each["kind"] == "note"],
                "viewers": [{"id": MARIA, "name": "Maria"}] if number % 4 == 1 else [],
                "looks": [
                    {"name": "Sofie", "what": "the conversation", "at": iso(self.now, minutes=1)},
                    {"name": "Maria", "what": "a file", "at": iso(self.now, days=2)},
                ]
                if self.role == "supervisor"
                else None,
            }
        )

    async def part(self, request: Request) -> Response:
        number, part = request.path_params["id"], request.path_params["part"]
        if request.method == "POST":
            return await self._post(number, part, await request.json())
        asked = request.query_params
        if part == "since":
            after = {"i": "inbound", "o": "outbound", "e": "event", "n": "note"}
            said = self._said(number)
            return JSONResponse({"messages": [each for each in said if each["id"] > int(asked[after[each["key"][0]]])]})
        if part == "suggestion":
            draft = {"language": "uk", "question": LAST["uk"], "text": "Пишіть: [NAME]", "removed": ["name", "phone"]}
            return JSONResponse(draft)
        return JSONResponse({"messages": []})

    async def _post(self, number: int, part: str, body: dict[str, Any]) -> Response:
        self.posted.append((part, body))
        if part in self.refuse:
            status, error, sentence = self.refuse.pop(part)
            return JSONResponse({"error": error, "message": sentence}, status)
        row = self.rows[number]
        match part:
            case "claim" | "wake":
                row.update(status="with_mentor", mentorId=ME, mentor="Sofie", mine=True, snoozedUntil=None)
                row["can"] = self._can(row)
                self.messages[number] = self._transcript(row)
            case "snooze":
                row.update(status="snoozed", snoozedUntil=body.get("until") or iso(self.now, days=-1))
            case "resolve":
                row.update(status="resolved", closedAt=datetime.now(UTC).isoformat(), outcome=body["outcome"])
            case "decline":
                row.update(offeredToMe=False)
            case "pass":
                row.update(status="with_mentor", mentorId=body["to"], mentor="Maria", mine=False)
            case "mute":
                row.update(muted=iso(self.now, hours=-body["hours"]) if body["hours"] else None)
            case "theme":
                row.update(theme=body["theme"])
            case "read":
                row.update(unread=0)
            case "reply" | "topic":
                return self._written(number, body)
            case "note":
                message = self._message("note", body["text"], datetime.now(UTC).isoformat(), mentor="Sofie", mine=True)
                self._said(number).append(message)
                return JSONResponse({"message": message})
            case "edit":
                message = next(each for each in self._said(number) if each["key"] == f"o{body['message']}")
                message.update(earlier=[message["text"]], text=body["text"])
                return JSONResponse({"message": message})
            case "translate":
                return JSONResponse({"text": f"[{body['target']}] {body['text']}"})
        return JSONResponse({"row": self.change(number)})

    def _written(self, number: int, body: dict[str, Any]) -> Response:
        known = [each for each in self._said(number) if each.get("source") == body["id"]]
        if known:
            return JSONResponse({"message": known[0]})
        title = next((title for slug, title in TOPICS if slug == body.get("slug")), "")
        more = {
            "mentor": "Sofie",
            "mine": True,
            "status": "pending",
            "title": title,
            "canEdit": True,
            "source": body["id"],
        }
        text = body.get("text", "**Ось** що можна зробити.")
        message = self._message("mentor", text, datetime.now(UTC).isoformat(), language="uk", **more)
        self._said(number).append(message)
        self.change(number, unread=0, waitingSince=None, answeredAt=message["at"], lastAt=message["at"])
        self._loop.call_later(0.3, self._deliver, number, message)
        return JSONResponse({"message": dict(message)})

    def _deliver(self, number: int, message: dict[str, Any]) -> None:
        message["status"] = "sent"
        self.send("said", {"conversationId": number})

    async def topics(self, request: Request) -> Response:
        words = request.query_params["q"].lower()
        found = [{"slug": slug, "title": title} for slug, title in TOPICS if words in f"{slug} {title}".lower()]
        return JSONResponse({"topics": found})

    async def canned(self, request: Request) -> Response:
        words = request.query_params["q"].lower()
        found = [
            {"key": key, "title": title, "text": text}
            for key, title, text in CANNED
            if words in f"{title} {text}".lower()
        ]
        return JSONResponse({"canned": found})

    async def attachment(self, request: Request) -> Response:
        return Response(PHOTO, media_type="image/svg+xml")

    async def stream(self, request: Request) -> Response:
        queue: asyncio.Queue[str] = asyncio.Queue()

        async def events() -> AsyncIterator[str]:
            self.streams.add(queue)
            try:
                yield f"event: counts\ndata: {json.dumps(self._counts())}\n\n"
                while True:
                    text = await queue.get()
                    yield text
                    if text.startswith("event: bye"):
                        return
            finally:
                self.streams.discard(queue)

        return StreamingResponse(events(), media_type="text/event-stream")

    # What is there

    def _row(self, number: int) -> dict[str, Any]:
        status = ("waiting", "with_mentor", "waiting", "with_mentor", "resolved", "snoozed")[number % 6]
        language = SPOKEN[number % len(SPOKEN)] if number > 1 else "uk"
        mine = status != "waiting" and number % 12 < 6
        reasons = list(REASONS.items())
        reason, label = reasons[number % len(reasons)]
        waits = number * 3 % 170
        promised = iso(self.now, minutes=number * 7 % 130 - 50)
        row: dict[str, Any] = {
            "id": 20_000 + number,
            "conversationId": number,
            "epoch": 1,
            "status": "with_mentor" if number == 1 else status,
            "reason": reason,
            "reasonLabel": label,
            "urgent": reason == "danger",
            "theme": "work" if number == 1 else None,
            "themeLabel": None,
            "language": language,
            "languageName": LANGUAGES[language].english_name,
            "createdAt": iso(self.now, minutes=waits),
            "promisedAt": promised,
            "snoozedUntil": iso(self.now, hours=-20) if status == "snoozed" else None,
            "mentorId": None if status == "waiting" else ME if mine else MARIA,
            "mentor": None if status == "waiting" else "Sofie" if mine else "Maria",
            "unread": number % 4 if status in ("waiting", "with_mentor") else 0,
            "waitingSince": iso(self.now, minutes=waits) if number % 4 else None,
            "lastAt": iso(self.now, minutes=waits),
            "closedAt": iso(self.now, hours=number) if status == "resolved" else None,
            "answeredAt": iso(self.now, minutes=2) if status == "with_mentor" and number % 2 else None,
            "outcome": "solved" if status == "resolved" else None,
            "rating": 5 if status == "resolved" and number % 2 else None,
            "ratingText": None,
            "channel": "telegram" if number % 3 else "web",
            "name": NAMES[(number - 1) % len(NAMES)],
            "kommune": "Aarhus" if number % 2 else None,
            "occupation": None,
            "consent": "given" if number % 3 else "declined",
            "offeredToMe": status == "waiting" and number % 5 == 0,
            "mine": mine or number == 1,
            "member": False,
            "invited": False,
            "lastText": LAST[language] if number % 7 else None,
            "muted": None,
            "reachable": number % 17 != 0,
        }
        row["can"] = self._can(row)
        return row

    def _can(self, row: dict[str, Any]) -> dict[str, bool]:
        waiting, ended = row["status"] == "waiting", row["status"] == "resolved"
        mine = row["mine"] and not waiting and not ended
        may = dict.fromkeys(ALL, mine)
        may |= {
            "claim": (waiting or self.role == "supervisor") and not ended and not mine,
            "decline": row["offeredToMe"],
        }
        may |= {"transcript": not waiting or row["offeredToMe"] or row["urgent"], "join": False, "leave": False}
        return may | {"suggest": mine or ended}

    def _box_of(self, row: dict[str, Any]) -> str:
        match row["status"]:
            case "waiting":
                return "queue"
            case "resolved":
                return "resolved"
            case status if not row["mine"]:
                return "others"
            case status:
                return "mine" if status == "with_mentor" else "snoozed"

    def _counts(self) -> dict[str, int]:
        boxes = [self._box_of(row) for row in self.rows.values()]
        return {box: boxes.count(box) for box in ("queue", "mine", "snoozed")}

    def _said(self, number: int) -> list[dict[str, Any]]:
        if number not in self.messages:
            row = self.rows[number]
            self.messages[number] = self._transcript(row) if row["can"]["transcript"] else self._asked(row)
        return self.messages[number]

    def _asked(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        return [self._message("recruit", row["lastText"] or "?", row["lastAt"], language=row["language"])]

    def _transcript(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        now, language = self.now, row["language"]
        bot = {
            "title": "Pay that does not come",
            "buttons": ["What does a trade union do?", "Not what I meant", "Ask a mentor"],
            "language": "en",
        }
        files = [
            _file("Payslip October.jpg", "image/jpeg", image=True),
            _file("Contract.pdf", "application/pdf"),
            _file("film.mov", "video/quicktime", status="refused", reason="kind"),
        ]
        mine = {"mentor": "Sofie", "mine": True, "language": language}
        return [
            self._message("recruit", "Hello", iso(now, days=1, hours=2), language="en"),
            self._message("bot", "Your pay is due on the **last working day** of the month.", iso(now, days=1, hours=2), **bot),
            self._message("recruit", "", iso(now, hours=3), pressed="Ask a mentor"),
            self._event("A human was asked for: Asked for a human", hours=3),
            self._message("recruit", LAST[language], iso(now, hours=2, minutes=58), language=language),
            self._message("recruit", "", iso(now, hours=2, minutes=57), attachments=files),
            self._event("Sofie has taken the conversation", hours=2),
            self._message("note", "Her employer has done this to others, too.", iso(now, hours=2), mentor="Maria"),
            self._message(
                "mentor", "Hi, I'm Sofie. I've read what you wrote.\nWhen did you work last?", iso(now, hours=1, minutes=50),
                status="sent", canEdit=True, earlier=["Hi, I'm Sofie."], **mine,
            ),
            self._message("mentor", "Can you send me the contract?", iso(now, hours=1, minutes=49), status="failed", **mine),
            self._message("recruit", None, iso(now, minutes=30)),
            self._message("recruit", LAST[language], iso(now, minutes=12), language=language),
        ]  # fmt: skip

    def _event(self, text: str, **ago: float) -> dict[str, Any]:
        at = iso(self.now, **ago) if ago else datetime.now(UTC).isoformat()
        return self._message("event", None, at, eventText=text)

    def _message(self, kind: str, text: str | None, at: str, **more: Any) -> dict[str, Any]:
        self.number += 1
        letter = {"recruit": "i", "event": "e", "note": "n"}.get(kind, "o")
        plain = {
            "key": f"{letter}{self.number}", "kind": kind, "id": self.number, "at": at, "text": text, "title": "",
            "buttons": [], "pressed": "", "mentor": None, "mine": False, "status": "", "language": "", "earlier": [],
            "attachments": [], "event": "", "eventText": "", "canEdit": False, "replaces": None,
        }  # fmt: skip
        return {**plain, **more}


def _file(
    name: str, kind: str, *, image: bool = False, status: str = "stored", reason: str | None = None
) -> dict[str, Any]:
    about = {"name": name, "kind": kind, "size": 412_000, "status": status, "reason": reason, "image": image}
    return {"id": str(uuid.uuid4()), **about}


def _task(id_: str, title: str, state: str, due: str | None, *, late: bool = False) -> dict[str, Any]:
    return {"id": id_, "title": title, "state": state, "due": due, "legal": None, "late": late, "topic": None}
