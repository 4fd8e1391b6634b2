"""Alembic's entry: runs migrations one after the other under a lock, so that two starts don't collide."""

from alembic import context
from sqlalchemy import create_engine, text

from store.tables import Base


def include(name: str | None, kind: str, parents: object) -> bool:
    """Only our own tables; the queue keeps its own."""
    return not (kind == "table" and name is not None and name not in Base.metadata.tables)


engine = create_engine(context.config.attributes["url"])
with engine.connect() as connection:
    connection.execute(text("select pg_advisory_lock(hashtext('velkommen migrations'))"))
    connection.commit()
    context.configure(connection=connection, target_metadata=Base.metadata, include_name=include)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
