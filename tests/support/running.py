"""`velkommen` commands as real processes, in data folders of their own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from core.settings import VARIABLES
from operations.assemble import ROOT
from tests.emulators.waiting import until


class Running:
    """A `velkommen` command, what it has printed, and the processes that belong to it."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self.folder = folder
        self.output = folder / f"{'-'.join(arguments)}.out"
        folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            command(*arguments),
            cwd=ROOT,
            env=environment(folder, **variables),
            stdin=subprocess.DEVNULL,
            stdout=self.output.open("wb"),
            stderr=subprocess.STDOUT,
        )

    @property
    def told(self) -> str:
        return self.output.read_text()

    async def tells(self, words: str, *, times: int = 1, within: float = 60) -> None:
        def told_or_over() -> bool:
            return self.told.count(words) >= times or self.process.poll() is not None

        await until(told_or_over, within=within)
        assert self.told.count(words) >= times, self.told

    def child(self, part: str) -> psutil.Process:
        """The child whose command line holds these words."""
        return next(each for each in self.children() if part in " ".join(each.cmdline()))

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def stop(self, *, within: float = 20) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)

    def left_over(self) -> list[str]:
        """Command lines of processes that still work with this folder."""
        return [" ".join(line) for _, line in belonging_to(self.folder)]

    def end(self) -> None:
        """Whatever a failed test has left."""
        for process, _ in belonging_to(self.folder):
            process.kill()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def belonging_to(folder: Path) -> Iterator[tuple[psutil.Process, list[str]]]:
    """Processes with the folder in their command line or environment, other than we ourselves."""
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            named = process.environ().get("VELKOMMEN_DATA_DIR", "") == str(folder)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if process.pid != os.getpid() and line and (named or any(str(folder) in part for part in line)):
            yield process, line


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "operations.cli", *arguments]


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """Ours, without the settings of whoever runs the tests."""
    bare = {name: value for name, value in os.environ.items() if name not in VARIABLES.values()}
    return {**bare, "VELKOMMEN_DATA_DIR": str(folder), **variables}


def velkommen(folder: Path, *arguments: str, given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=environment(folder, **variables),
        input=given,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@contextmanager
def a_folder(model: Path | None = None) -> Iterator[Path]:
    """A data folder with a short path (PostgreSQL's socket lies in it), which any user may enter."""
    with tempfile.TemporaryDirectory(prefix="vk-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        if model is not None:
            (folder / "models").mkdir()
            shutil.copy2(model, folder / "models")
        yield folder
