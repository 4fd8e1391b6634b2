"""Is it alive, is it ready, how much has it done."""

import asyncio
import hmac
import ipaddress

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from web.doors import Doors
from web.frame import frame_of

PATIENCE_SECONDS = 3

router = APIRouter()


@router.get("/healthz")
async def alive() -> Response:
    return PlainTextResponse("ok")


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """200 when the database and the dialogue engine answer, else 503; says which one does not."""
    doors = frame_of(request).doors
    database, engine = await asyncio.gather(_database_ready(doors), _engine_ready(doors))
    parts = {"database": database, "dialogue": engine}
    return JSONResponse(parts, status_code=200 if all(parts.values()) else 503)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    if not may_read_metrics(request, frame_of(request).doors.settings.metrics_token):
        return PlainTextResponse("Send the token of VELKOMMEN_METRICS_TOKEN as a bearer token.", status_code=403)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def may_read_metrics(request: Request, token: str) -> bool:
    """With the token; without one being set, only from this machine and not through a proxy."""
    if token:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(sent.encode(), token.encode())
    if request.client is None or "x-forwarded-for" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


async def _database_ready(doors: Doors) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), doors.sessions() as session:
            await session.execute(text("select 1"))
    except (SQLAlchemyError, TimeoutError, OSError):
        return False
    return True


async def _engine_ready(doors: Doors) -> bool:
    try:
        return await asyncio.wait_for(doors.engine_ready(), PATIENCE_SECONDS)
    except TimeoutError:
        return False
