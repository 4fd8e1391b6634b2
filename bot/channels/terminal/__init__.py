"""The terminal as a channel: replies are printed, buttons are numbered and pressed by typing their number."""

import re
import sys
import textwrap
from typing import TextIO

from core.errors import ChannelError
from core.messages import Button, Reply
from i18n.names import said_by

WIDTH = 78
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
EMPHASIS = re.compile(r"(\*\*|(?<!\w)\*)(?=\S)(.+?)(?<=\S)\1")


class TerminalChannel:
    """Prints each message id once; `pressed` finds the button behind a number."""

    name = "terminal"
    repeatable = True
    interactive = True

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._buttons: list[Button] = []
        self._shown: set[int] = set()

    async def send(self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None) -> str | None:
        if message_id in self._shown:
            return None
        self._shown.add(message_id)
        lines = [heading(reply.title)] if reply.title else []
        lines += [said_by(reply), reply.text] if reply.said_by else [wrapped(reply.text)]
        lines += [wrapped(reply.footer)] if reply.footer else []
        if attachment is not None:
            lines.append(attachment.decode())
        for button in reply.buttons:
            self._buttons.append(button)
            lines.append(f"  [{len(self._buttons)}] {button.label}{' ' + button.url if button.url else ''}")
        print("\n" + "\n".join(lines), file=self._out, flush=True)
        return str(message_id)

    async def edit(self, address: str, external_id: str | None, message_id: int, reply: Reply) -> None:
        """A newer version is printed below."""
        print(f"\n{said_by(reply)} ✎\n{reply.text}", file=self._out, flush=True)

    async def fetch(self, source: str) -> bytes:
        raise ChannelError("Nobody sends files in a terminal.", permanent=True)

    async def standing(self, address: str) -> None:
        return

    async def typing(self, address: str, who: str = "") -> None:
        return

    def pressed(self, typed: str) -> Button | None:
        """The button with that number, if the line is just a number that we have shown."""
        number = typed.strip()
        if number.isdecimal() and 1 <= int(number) <= len(self._buttons):
            return self._buttons[int(number) - 1]
        return None


def heading(title: str) -> str:
    return f"{title}\n{'─' * min(len(title), WIDTH)}"


def wrapped(markdown: str) -> str:
    """Our Markdown as plain lines: links with their address, emphasis dropped, bullets kept."""
    plain = EMPHASIS.sub(r"\2", LINK.sub(r"\1 <\2>", markdown))
    return "\n".join(
        textwrap.fill(
            line.replace("- ", "• ", 1) if line.startswith("- ") else line,
            WIDTH,
            subsequent_indent="  " if line.startswith("- ") else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in plain.splitlines()
    )
