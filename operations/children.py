"""Child processes: started, watched, started again with back-off, and ended together."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

GRACE = 10.0  # seconds between asking a child to end and ending it
CALM = 60.0  # seconds after which a child counts as healthy again
LONGEST_PAUSE = 30.0


@dataclass(slots=True)
class Child:
    """One process that shall run. Its output goes to a log file; the reason of a death is printed."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    process: asyncio.subprocess.Process | None = None
    told_to_stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep_running(self) -> None:
        """Run until `stop`; after a death say why, wait 1, 2, 4 … at most 30 seconds and start again."""
        loop, deaths = asyncio.get_running_loop(), 0
        while not self.told_to_stop.is_set():
            began = loop.time()
            code = await self._run_once()
            if self.told_to_stop.is_set():
                return
            deaths = 1 if loop.time() - began > CALM else deaths + 1
            wait = pause(deaths)
            notice = f"  {self.name} ended ({reason(code)}); starting again in {wait:.0f} s. {self._last_words()}"
            print(notice, file=sys.stderr, flush=True)  # standard output is for answers
            with suppress(TimeoutError):
                await asyncio.wait_for(self.told_to_stop.wait(), wait)

    async def _run_once(self) -> int:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                cwd=self.directory,
                start_new_session=True,
                preexec_fn=end_with_parent if sys.platform == "linux" else None,
            )
            if self.told_to_stop.is_set():  # told so while it was being started
                self.process.terminate()
            return await self.process.wait()

    async def stop(self) -> None:
        """Ask the process to end, and end it if it does not."""
        self.told_to_stop.set()
        process = self.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), GRACE)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    def _last_words(self) -> str:
        lines = [line for line in self.log.read_text(errors="replace").splitlines()[-30:] if line.strip()]
        return f"Its log ({self.log}) ends with: {lines[-1][:300]}" if lines else f"Its log is {self.log}."


def pause(deaths: int) -> float:
    """Seconds to wait after so many deaths in a row."""
    return min(2.0 ** min(deaths - 1, 5), LONGEST_PAUSE)


def reason(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def end_with_parent() -> None:
    """Linux: should the supervisor be killed, its children end with it (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
