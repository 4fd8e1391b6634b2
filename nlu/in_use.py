"""Which model answers. Started with a link for a model, Rasa follows it: once the link is turned, the new model is loaded
beside the old one and put in its place. A message that is under way is finished by the model that it began with.
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.shared.core.domain import Domain

from nlu.places import data_dir
from nlu.tracker_store import ForgetfulTrackerStore

logger = logging.getLogger(__name__)

LINK = "active.tar.gz"
LOOKS_EVERY = 1.0  # seconds
FIRST_MESSAGE = "Hello, how do I get a tax card?"


class InUse:
    """The file of the model that answers; `refused`: one that could not be loaded, so that the other one stayed."""

    def __init__(self, link: Path | None = None) -> None:
        self.link = link or data_dir() / "models" / LINK
        self.loaded: Path | None = None
        self.refused: Path | None = None
        self.follows = False

    def begin(self) -> None:
        """Before Rasa loads its model: a link that is turned while it does so is then seen as turned."""
        self.loaded = target(self.link)

    def begun(self, app: Any) -> None:
        """Whoever was started with another file than the link stays with that."""
        processor = app.ctx.agent.processor
        self.follows = self.loaded is not None and (processor is None or Path(processor.model_path) == self.link)
        if processor is not None and not self.follows:
            self.loaded = Path(processor.model_path)

    def told(self) -> dict[str, str]:
        found = {"status": "ok", "model": name(self.loaded)}
        return {**found, "refused": name(self.refused)} if self.refused else found

    async def keep_up(self, app: Any) -> None:
        """Look at the link as long as the process runs."""
        while self.follows:
            await asyncio.sleep(LOOKS_EVERY)
            await self.look(app)

    async def look(self, app: Any) -> None:
        wanted = target(self.link)
        if wanted == self.loaded:
            self.refused = None
        elif wanted is not None and wanted != self.refused:
            await self._change_to(wanted, app)

    async def _change_to(self, wanted: Path, app: Any) -> None:
        try:
            agent = await asyncio.get_running_loop().run_in_executor(None, load, wanted)
        except Exception as error:
            # Whatever is wrong with the file, the model in use goes on; whoever turned the link asks, and is told.
            logger.error("The model %s could not be loaded: %s", wanted.name, type(error).__name__)
            self.refused = wanted
            return
        app.ctx.agent, self.loaded, self.refused = agent, wanted, None


def target(link: Path) -> Path | None:
    """Where the link leads; None where there is none."""
    try:
        return link.parent / os.readlink(link)
    except OSError:
        return None


def name(model: Path | None) -> str:
    return model.name.removesuffix(".tar.gz") if model else ""


def load(model: Path) -> Agent:
    """An agent of its own, which has answered once already: the first answer takes longer."""
    agent = Agent(tracker_store=ForgetfulTrackerStore(Domain.empty()))
    agent.load_model(model)
    asyncio.run(agent.parse_message(FIRST_MESSAGE))
    return agent
