"""How a mentor's name stands above what they wrote."""

from core.messages import Reply
from i18n.translator import translator

SIGN = "👤"


def said_by(reply: Reply) -> str:
    """ "👤 Maria, mentor", in the language of the reply."""
    return translator(reply.language).gettext("👤 {name}, mentor", name=reply.said_by)
