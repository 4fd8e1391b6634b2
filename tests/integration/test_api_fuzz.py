"""The API against its own description: Schemathesis sends what the description allows and what it forbids."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import text

from bot.services import Services
from operations.assemble import web_doors
from store import api_keys, journey
from store.api_keys import SCOPES
from tests.support.inbox import comes_over
from tests.support.scripted_web import free_port
from web.app import create_app
from web.limits import Limits

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
EXAMPLES = 15
# Which municipalities and employers there are, and which days may be, no description can say.
CONFIG = """
[[operations]]
include-operation-id = "invite"
checks.positive_data_acceptance.enabled = false
"""


@pytest.fixture
async def office(services: Services) -> AsyncIterator[str]:
    """The real server, with a person who shares how far they are; its address."""
    await comes_over(services, name="Joy", kommune="odense")
    async with services.database.begin() as connection:
        await connection.execute(text("delete from employers"))
        await journey.add_employer(connection, "OUH", code="OUH1", contact_code="secret", now=services.now())
        await connection.execute(text("""update recruits set profile = profile || '{"shares_progress": "yes"}'"""))
    app = create_app(web_doors(services))
    app.state.api.calls = app.state.api.wrong_keys = Limits(1_000_000)
    config = uvicorn.Config(app, port=(port := free_port()), log_level="critical", ws="none")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    app.state.frame.close()
    server.should_exit = True
    await task
    async with services.database.begin() as connection:
        await connection.execute(text("delete from employers"))


async def test_whatever_is_sent_is_answered_as_described(services: Services, office: str, tmp_path: Path) -> None:
    async with services.database.begin() as connection:
        _, secret = await api_keys.make(connection, name="HR", scopes=SCOPES, staff_id=None, now=services.now())
    (tmp_path / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
    asked = await asyncio.create_subprocess_exec(
        SCHEMATHESIS, "run", f"{office}/api/v1/openapi.json", "--no-color",
        "--header", f"Authorization: Bearer {secret}",
        "--max-examples", str(EXAMPLES), "--generation-deterministic", "--no-shrink", "--continue-on-failure",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asked.communicate()
    assert asked.returncode == 0, said.decode()
