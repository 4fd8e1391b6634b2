"""Whoever goes on to another page while the browser is still sending is no failure of ours."""

import httpx
from fastapi import FastAPI, Request
from starlette.requests import ClientDisconnect

from web.errors import add_error_handlers


async def test_leaving_in_the_middle_of_a_request_is_no_failure() -> None:
    app = FastAPI()
    add_error_handlers(app)

    @app.post("/look")
    async def look(request: Request) -> None:
        raise ClientDisconnect

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://velkommen") as somebody:
        assert (await somebody.post("/look")).status_code == 400
