"""Connections to PostgreSQL and the migrations that bring it up to date."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from procrastinate import PsycopgConnector
from procrastinate.schema import SchemaManager
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

POOL = 10
OVERFLOW = 20


def connect(url: str) -> AsyncEngine:
    """A pool of connections to the database at `url` (postgresql://…)."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+psycopg"), pool_size=POOL, max_overflow=OVERFLOW, hide_parameters=True
    )


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
