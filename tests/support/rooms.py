"""Every page of the admin backend with something on it, and the addresses at which that stands."""

import json
import re
import uuid
from dataclasses import dataclass
from datetime import timedelta

from fastapi.routing import APIRoute
from sqlalchemy import text

from bot.services import Services
from store import api_keys, invitations
from tests.support.inbox import comes_over
from web.app import ROOMS

# What stands in an address, by the page's own; and for whatever else is named so.
NAMED: dict[str, dict[str, str]] = {
    "/admin/figures": {"key": "tax-card-wait"},
    "/admin/checklists": {"task": "r-tax-card", "part": "pl"},
    "/admin/answers": {"slug": "tax-card", "part": "pl", "language": "pl"},
    "/admin/municipalities": {"key": "odense", "name": "odense", "kommune": "odense"},
    "/admin/texts": {"kind": "canned", "key": "greeting"},
    "/admin/danger": {"section": "suicide"},
    "/admin/numbers": {"block": "ends"},
    "/admin/announcements": {"name": "snow"},
}


@dataclass(frozen=True, slots=True)
class Filled:
    """Numbers of what there is to look at."""

    person: uuid.UUID
    gap: int
    training: int
    correction: int
    colleague: int
    revision: int
    question: int
    key: int
    invitation: uuid.UUID


def routes(method: str = "GET") -> list[APIRoute]:
    found = [route for rooms in ROOMS for route in rooms.routes if isinstance(route, APIRoute)]
    return [route for route in found if method in route.methods]


def address(path: str, filled: Filled) -> str:
    own = next((values for begin, values in NAMED.items() if path.startswith(begin)), {})
    numbers = {
        "/admin/people": filled.person, "/admin/gaps": filled.gap, "/admin/training": filled.training,
        "/admin/corrections": filled.correction, "/admin/settings": filled.colleague,
        "/admin/keys": filled.key, "/admin/invitations": filled.invitation,
    }  # fmt: skip
    number = next((value for begin, value in numbers.items() if path.startswith(begin)), 1)
    own = {"question": str(filled.question), **own}
    made = re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: str(own.get(match[1], number)), path)
    return f"{made}?revision={filled.revision}" if made == "/admin/corrections/new" else made


async def fill(services: Services, colleague: int) -> Filled:
    """One of each: a person with a list, a question nobody could answer, a training, an announcement, a correction …"""
    now = services.now()
    conversation = await comes_over(services, name="Joy", kommune="odense")
    async with services.database.begin() as connection:

        async def one(statement: str, **values: object) -> object:
            return (await connection.execute(text(statement), {"now": now, **values})).scalar()

        person = await one(
            "select a.recruit_id from conversations c join addresses a on a.id = c.address_id where c.id = :id",
            id=conversation,
        )
        await one(
            "insert into progress (recruit_id, phase, done, total, next_due, next_legal, late, computed_at) values "
            "(:person, 'first-month', 3, 20, :day, :day, cast(:late as jsonb), :now) on conflict do nothing returning 1",
            person=person, day=now.date() - timedelta(days=2), late=json.dumps([["r-cpr", "2026-11-19"]]),
        )  # fmt: skip
        gap = await one("insert into gaps (created_at) values (:now) returning id")
        for language, words in (("en", "can i bring my dog"), ("pl", "czy moge zabrac psa")):
            question = await one(
                "insert into unanswered (conversation_id, language, text, candidates, created_at, gap_id) values "
                "(:conversation, :language, :words, '[\"tax-card\"]', :now, :gap) returning id",
                conversation=conversation, language=language, words=words, gap=gap,
            )  # fmt: skip
        await one(
            "insert into suggestions (kind, language, question, text, created_at) values "
            "('answer', 'en', 'can i bring my dog', 'Yes, with a passport for pets.', :now) returning id"
        )
        measure = {"all": [9, 10], "en": [5, 5], "pl": [4, 5]}
        report = {"candidate": {"first": measure}, "in_use": {"first": measure}, "floors": {}, "flips": []}
        training = await one(
            "insert into trainings (status, asked_at, ended_at, model, report) values "
            "('ready', :now, :now, 'abc.tar.gz', cast(:report as jsonb)) returning id",
            report=json.dumps(report),
        )
        await one("delete from announcements returning 1")
        await one(
            "insert into announcements (name, segment, texts, status, created_at) values "
            "('snow', '{\"kommune\": [\"odense\"]}', '{\"en\": \"It snows.\"}', 'draft', :now) returning id"
        )
        revision = await one(
            "select min(id) from revisions where kind = 'text' and key = 'tax-card' and language = 'en'"
        )
        correction = await one(
            "insert into announcements (name, segment, texts, status, created_at, kind, about) values "
            "('correction-1', '{}', '{\"en\": \"We told you something wrong.\"}', 'draft', :now, 'correction', "
            "cast(:about as jsonb)) returning id",
            about=json.dumps({"name": ["text", "tax-card", "en"], "topics": ["tax-card"], "revisions": [revision]}),
        )  # fmt: skip
        await one(
            "insert into audit (at, staff_id, who, what, about) values (:now, 1, 'Ada', 'answers.edit', 'text:tax-card') "
            "returning id"
        )
        await one(
            "insert into drafts (kind, key, language, data, base_id, updated_at, state, note) "
            "select kind, key, language, data || '{\"title\": \"Another title\"}', revision_id, :now, 'in_review', 'Look, please' "
            "from knowledge where kind = 'text' and key = 'tax-card' and language = 'pl' returning 1"
        )
        for place in range(8):
            await one(
                "insert into counts (day, what, language, theme, topic, number) values "
                "(:day, 'answered', 'en', 'tax', 'tax-card', :number) on conflict do nothing returning 1",
                day=now.date() - timedelta(days=place), number=10 + place,
            )  # fmt: skip
        key, _ = await api_keys.make(connection, name="HR", scopes=api_keys.SCOPES, staff_id=None, now=now)
        batch = await invitations.make(connection, [invitations.Wanted("Anna")], now=now)
        invitation = await one("select id from invitations where batch = :batch", batch=batch)
    numbers = (person, gap, training, correction, colleague, revision, question, key, invitation)
    return Filled(*numbers)  # type: ignore[arg-type]
