"""Roles × pages × steps: each of them asked for by each role, and none without having been declared."""

import pkgutil
import re
from importlib import import_module
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

import web.admin
from bot.services import Services
from core import rights
from operations.assemble import web_doors
from tests.support.inbox import add, signed_in
from web.admin.room import Rooms
from web.app import ROOMS, create_app

# What stands in an address where a page asks for something that exists.
SAMPLES = {"kind": "reply", "slug": "tax-card", "language": "pl", "key": "greeting", "name": "none", "year": "2027"}
# Steps that end the session that asks, or the account: asked for last, each in a session of its own all the same.
NUMBER = "999999"


@pytest.fixture
def app(services: Services) -> FastAPI:
    return create_app(web_doors(services))


def rooms() -> list[APIRoute]:
    return [route for each in ROOMS for route in each.routes if isinstance(route, APIRoute)]


def address(route: APIRoute) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: SAMPLES.get(match[1], NUMBER), route.path)


def test_no_page_is_served_without_a_right() -> None:
    undeclared = [route.path for route in rooms() if getattr(route.endpoint, "action", None) not in rights.RIGHTS]
    assert undeclared == []
    modules = (import_module(f"web.admin.{each.name}") for each in pkgutil.iter_modules(web.admin.__path__))
    made = [value for module in modules for value in vars(module).values() if isinstance(value, Rooms)]
    assert {id(each) for each in made} == {id(each) for each in ROOMS}, "a room that the application doesn't know"
    assert len(rooms()) > 40


def test_every_right_is_needed_by_some_page() -> None:
    """What is only asked for inside a page is named here."""
    inside = {"answers.review", "corrections.send", "announcements.send", "people.export"}
    used = {route.endpoint.action for route in rooms()}  # type: ignore[attr-defined]
    assert rights.RIGHTS.keys() - used <= inside


def test_rights_name_known_roles_only() -> None:
    for action, roles in rights.RIGHTS.items():
        assert roles <= rights.ALL, action
        assert "admin" in roles, f"{action}: an administrator is locked out"
    read_only = {action for action in rights.RIGHTS if rights.may("auditor", action)}
    assert {action.partition(".")[2] for action in read_only} <= {"", "read"}, "an auditor only reads"


@pytest.mark.parametrize("role", rights.ROLES)
async def test_each_role_gets_what_the_table_says_and_nothing_else(services: Services, app: FastAPI, role: str) -> None:
    wrong: list[tuple[Any, ...]] = []
    who = await add(services, role.title(), role)
    for route in rooms():
        action = route.endpoint.action  # type: ignore[attr-defined]
        for method in sorted(route.methods):
            browser = await signed_in(services, app, who)
            path = address(route)
            answer = await (browser.send(path) if method == "POST" else browser.get(path))
            await browser.http.aclose()
            if answer.status_code >= 500 or (answer.status_code == 403) == rights.may(role, action):
                wrong.append((method, path, action, answer.status_code))
    assert wrong == []


async def test_nobody_comes_in_without_signing_in(services: Services, app: FastAPI) -> None:
    from tests.support.inbox import Browser

    browser = Browser(app)
    for route in rooms():
        for method in sorted(route.methods):
            path = address(route)
            answer = await (browser.send(path) if method == "POST" else browser.get(path))
            assert answer.status_code in (303, 401), (method, path)
            if answer.status_code == 303:
                assert answer.headers["location"].startswith("/staff/login"), path


async def test_no_step_is_taken_without_the_token_of_the_page(services: Services, app: FastAPI) -> None:
    browser = await signed_in(services, app, await add(services, "Ada", "admin"))
    for route in rooms():
        if "POST" in route.methods:
            answer = await browser.http.post(address(route), data={"csrf": "wrong"})
            assert answer.status_code == 403, route.path
            elsewhere = await browser.http.post(
                address(route), data={"csrf": browser.csrf}, headers={"Origin": "https://elsewhere.test"}
            )
            assert elsewhere.status_code == 403, route.path
