"""Files that people send while a human is asked for: kept, fetched from the channel, looked at before anybody gets them."""

import uuid
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.services import Services
from core.errors import ChannelError
from core.files import kind_of, refused, safe_name
from core.messages import Inbound
from store import conversations, handovers
from store.conversations import Context
from store.database import together

log = structlog.get_logger()
GIVE_UP = timedelta(hours=1)
MOST = 30  # files of one conversation


async def keep(connection: AsyncConnection, inbound: Inbound, content: bytes | None, *, now: datetime) -> None:
    """Store what came with a message, if a human is asked for in its conversation; else nothing of it is kept."""
    assert inbound.file is not None
    found = await conversations.for_file(connection, inbound.channel, inbound.update_id)
    if found is None:
        return
    inbound_id, files = found
    reason = refused(inbound.file.size, content) or ("too_many" if files >= MOST else None)
    kind = (kind_of(content) if content is not None else None) or inbound.file.kind
    await handovers.add_attachment(
        connection,
        id=uuid.uuid4(),
        inbound_id=inbound_id,
        name=safe_name(inbound.file.name, kind),
        kind=kind,
        size=inbound.file.size,
        source=inbound.file.source,
        status="refused" if reason else "stored" if content is not None else "pending",
        reason=reason,
        content=None if reason else content,
        created_at=now,
    )


async def fetch(services: Services, connection: AsyncConnection, context: Context) -> None:
    """Fetch from the channel what is still to be fetched. The caller holds the conversation's lock."""
    if context.handover is None or context.channel not in services.channels:
        return
    for number, source, created_at in await handovers.pending_attachments(connection, context.conversation_id):
        try:
            content = await services.channels[context.channel].fetch(source)
        except ChannelError as error:
            log.warning("file not fetched", error=str(error), conversation=context.conversation_id)
            if error.permanent or services.now() - created_at > GIVE_UP:
                await handovers.settle_attachment(connection, number, status="refused", reason="failed")
            continue
        reason = refused(len(content), content)
        values = {"status": "refused", "reason": reason} if reason else {"status": "stored", "content": content}
        kind = kind_of(content)
        if kind is not None:
            values["kind"] = kind
        async with together(connection):
            await handovers.settle_attachment(connection, number, size=len(content), **values)
            await handovers.announce(connection, context.conversation_id, "said")
