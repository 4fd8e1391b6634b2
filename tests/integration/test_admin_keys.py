"""Keys are made with what they may, shown once, and taken back at once."""

import re

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from bot.services import Services
from operations.assemble import web_doors
from tests.integration.test_api import app_call
from tests.support.inbox import add, signed_in
from web.app import create_app


@pytest.fixture
def app(services: Services) -> FastAPI:
    return create_app(web_doors(services))


async def test_a_key_is_shown_once_works_and_is_taken_back(services: Services, app: FastAPI) -> None:
    ada = await signed_in(services, app, await add(services, "Ada", "admin"))
    page = await ada.send("/admin/keys", name="HR", scopes=["topics:read"], kommuner="odense", expires="2027-01-31")
    secret = re.findall(r"vk_[\w-]{40,}", page.text)[0]
    assert (await app_call(app, "/topics", secret)).status_code == 200
    assert secret not in (await ada.get("/admin/keys")).text

    async with services.database.connect() as connection:
        number, kept = (
            await connection.execute(text("select id, key_hash from api_keys order by id desc limit 1"))
        ).one()
        logged = (
            await connection.execute(
                text("select data::text from audit where about = :about"), {"about": f"key:{number}"}
            )
        ).scalar_one()
    assert secret not in kept + logged
    assert (await ada.send(f"/admin/keys/{number}/revoke")).status_code == 303
    assert (await app_call(app, "/topics", secret)).status_code == 401
    assert (await ada.send(f"/admin/keys/{number}/revoke")).status_code == 404


@pytest.mark.parametrize(
    ("field", "form"),
    [
        ("name", {"name": " ", "scopes": "topics:read"}),
        ("scopes", {"name": "HR", "scopes": "everything"}),
        ("kommuner", {"name": "HR", "scopes": "topics:read", "kommuner": "hogsmeade"}),
        ("expires", {"name": "HR", "scopes": "topics:read", "expires": "2020-01-01"}),
        ("expires", {"name": "HR", "scopes": "topics:read", "expires": "9999-99-99"}),
    ],
)
async def test_what_does_not_fit_is_said_beside_the_field(
    services: Services, app: FastAPI, field: str, form: dict[str, str]
) -> None:
    ada = await signed_in(services, app, await add(services, "Ada", "admin"))
    page = await ada.send("/admin/keys", **form)
    assert page.status_code == 422
    assert f'id="why-{field}"' in page.text
    assert form["name"].strip() in page.text
