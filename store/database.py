"""Connections to PostgreSQL and the migrations that bring it up to date."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from procrastinate import PsycopgConnector
from procrastinate.schema import SchemaManager
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

# One that overflows is closed after use, and opening one costs more than a turn.
POOL = 25
OVERFLOW = 5


def connect(url: str) -> AsyncEngine:
    """A pool of connections to the database at `url` (postgresql://…)."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=POOL,
        max_overflow=OVERFLOW,
        pool_use_lifo=True,  # the ones used last have their statements prepared
        hide_parameters=True,
    )


@asynccontextmanager
async def committing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection on which each statement commits by itself, in one round trip; several belong `together`."""
    async with engine.connect() as connection:
        yield await connection.execution_options(isolation_level="AUTOCOMMIT")


@asynccontextmanager
async def together(connection: AsyncConnection) -> AsyncIterator[None]:
    """All statements or none, on a connection that otherwise commits each by itself."""
    await connection.execute(BEGIN)
    try:
        yield
    except BaseException:
        with suppress(DBAPIError):  # with the connection gone, so is what it had begun
            await connection.execute(ROLLBACK)
        raise
    await connection.execute(COMMIT)


BEGIN, COMMIT, ROLLBACK = text("begin"), text("commit"), text("rollback")


def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine, expire_on_commit=False)


def migrate(url: str) -> None:
    """Bring the tables up to date; safe to call again. Not from within a running event loop."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    escaped = make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    config.attributes["url"] = escaped
    command.upgrade(config, "head")
    _add_queue(url)


def queue_connector(url: str) -> PsycopgConnector:
    """Procrastinate's own pool for the same database."""
    return PsycopgConnector(conninfo=url, min_size=1, max_size=4)


def _add_queue(url: str) -> None:
    """Procrastinate's tables, where they are missing."""
    with psycopg.connect(url) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('velkommen queue'))")
        there = connection.execute("select to_regclass('procrastinate_jobs')").fetchone()
        if there == (None,):
            connection.execute(SchemaManager.get_schema().encode())
