"""Somebody at a browser."""

from playwright.async_api import ConsoleMessage, Page


class Person:
    """Somebody at a browser; whatever its console complains about is kept."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._keep)

    async def opens(self, path: str = "/") -> None:
        await self.page.goto(self.url + path)
        await self.page.locator("#skeleton").wait_for(state="hidden")

    async def says(self, words: str) -> None:
        await self.page.get_by_role("textbox").fill(words)
        await self.page.keyboard.press("Enter")

    async def sees(self, words: str) -> None:
        await self.page.get_by_role("log").get_by_text(words).first.wait_for()

    async def count(self, words: str) -> int:
        return await self.page.get_by_role("log").get_by_text(words, exact=True).count()

    def _keep(self, line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            self.complaints.append(line.text)
