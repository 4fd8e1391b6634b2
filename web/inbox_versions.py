"""Earlier versions of what a person has corrected since, where a page of the transcript holds the newest alone."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.handovers import Said
from store.tables import InboundMessage
from web.inbox_views import Version, Versions


async def earlier_versions(connection: AsyncConnection, conversation_id: int, said: Iterable[Said]) -> Versions:
    """By the reference that the corrected message had, oldest first; only of those that are corrected here."""
    corrected = {each.edits for each in said if each.kind == "recruit" and each.edits}
    if not corrected:
        return {}
    columns = (InboundMessage.id, InboundMessage.text, InboundMessage.reference, InboundMessage.edits)
    found = (
        select(*columns)
        .where(
            InboundMessage.conversation_id == conversation_id,
            or_(InboundMessage.reference.in_(corrected), InboundMessage.edits.in_(corrected)),
        )
        .order_by(InboundMessage.id)
    )
    versions: dict[str, list[Version]] = defaultdict(list)
    for number, text, reference, edits in await connection.execute(found):
        versions[edits or reference or ""].append(Version(number, text))
    return versions
