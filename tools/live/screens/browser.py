"""Pictures of configured pages through Playwright: a fresh browser for each, without credentials."""

import asyncio
import os
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from incidents.errors import ToolFailed, UnknownName
from tools.clock import Clock
from tools.extras import install_command
from tools.live.process import PATH
from tools.live.settings_tools import BrowserSpec, PageSpec
from tools.ports import Shot
from tools.redaction.redact import redact
from tools.wording import plain

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Playwright

#: A younger picture is handed out again, so that who reads of it and what is kept are of one moment.
SHOTS_FRESH_FOR = timedelta(minutes=1)
#: What is seen of a page, in pixels.
WIDTH, HEIGHT = 1280, 800
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class BrowserScreens:
    """Implements `tools.ports.Screens`. Nothing of a page but its title and status leaves this class as text.

    Args:
        spec: the pages, and the browser.
        clock: the wall's.
    """

    def __init__(self, spec: BrowserSpec, clock: Clock) -> None:
        self._spec = spec
        self._clock = clock
        self._taken: dict[str, tuple[datetime, Shot | str]] = {}
        self._lock = asyncio.Lock()

    @property
    def pages(self) -> tuple[str, ...]:
        """The names of the pages, in their order."""
        return tuple(page.name for page in self._spec.pages)

    async def shoot(self, page: str) -> Shot:
        """Open a page and take its picture; raises as the port says."""
        found = next((one for one in self._spec.pages if one.name == page), None)
        if found is None:
            raise UnknownName("page", page, self.pages)
        async with self._lock:  # one browser at a time
            now = self._clock.now()
            at, known = self._taken.get(page, (now, None))
            if known is None or not timedelta() <= now - at < SHOTS_FRESH_FOR:
                known = await self._tried(found, now)
                self._taken[page] = now, known
        if isinstance(known, str):
            raise ToolFailed(known)
        return known

    async def check(self) -> str:
        """Every page opened once.

        Raises:
            ToolFailed: there is no browser, or a page does not open.
        """
        shots = [await self.shoot(page) for page in self.pages]
        return "; ".join(f"{one.page}: {one.said}" for one in shots)

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _tried(self, page: PageSpec, now: datetime) -> Shot | str:
        """The picture, or why there is none: asked again at once, the answer would be the same."""
        try:
            return await self._shot(page, now)
        except ToolFailed as error:
            return str(error)

    async def _shot(self, page: PageSpec, now: datetime) -> Shot:
        try:
            # Imported late: the extra is optional, and only who takes pictures should wait for it.
            from playwright.async_api import Error, async_playwright  # noqa: PLC0415
        except ImportError:
            raise ToolFailed(
                f"pictures are not available: the extra `browser` is not installed; "
                f"{install_command('browser')}"
            ) from None
        patience = self._spec.timeout.total_seconds()
        try:
            # Each part has its own limit; this one is for a browser that hangs.
            async with asyncio.timeout(3 * patience + 10), async_playwright() as playwright:
                browser = await self._browser(playwright)
                try:
                    return await _pictured(browser, page, now, patience * 1000)
                finally:
                    await browser.close()
        except TimeoutError:
            raise ToolFailed(f"the page {page.name} could not be opened: the browser hangs") from None
        except (Error, OSError) as error:
            raise ToolFailed(f"the page {page.name} could not be opened: {_why(error)}") from None

    async def _browser(self, playwright: "Playwright") -> "Browser":
        return await playwright.chromium.launch(
            executable_path=self._program(Path(playwright.chromium.executable_path)),
            # The sandbox refuses root; everybody else keeps it.
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
            env={
                "PATH": PATH,
                "LC_ALL": "C.UTF-8",
            },  # what else our environment holds is none of a page's business
        )

    def _program(self, shipped: Path) -> Path:
        """The browser: the configured one, one that is installed, or Playwright's own."""
        if self._spec.executable is not None:
            if not self._spec.executable.is_file():
                raise ToolFailed(f"pictures are not available: there is no {self._spec.executable}")
            return self._spec.executable
        found = next((path for name in _PROGRAMS if (path := shutil.which(name, path=PATH))), None)
        if found is None and not shipped.is_file():
            raise ToolFailed(
                "pictures are not available: no browser is installed (apt-get install chromium, "
                "or playwright install chromium)"
            )
        return Path(found) if found is not None else shipped


async def _pictured(browser: "Browser", page: PageSpec, now: datetime, patience: float) -> Shot:
    """The picture of a page once it is loaded; a part of it that does not appear is said, not waited for."""
    context = await browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, accept_downloads=False, service_workers="block",
        timezone_id="UTC", locale="en-US",
    )  # fmt: skip
    opened = await context.new_page()
    answer = await opened.goto(str(page.url), wait_until="load", timeout=patience)
    missing = page.wait_for is not None and not await _appears(opened, page.wait_for, patience)
    png = await opened.screenshot(timeout=patience)
    return Shot(
        page=page.name,
        service=page.service,
        title=plain(redact(await opened.title()), 120),
        status=answer.status if answer is not None else None,
        complete=not missing,
        at=now,
        png=png,
    )


async def _appears(page: "Page", selector: str, patience: float) -> bool:
    from playwright.async_api import TimeoutError as Late  # noqa: PLC0415

    try:
        await page.locator(selector).first.wait_for(timeout=patience)
    except Late:
        return False
    return True


def _why(error: Exception) -> str:
    """A line of what the browser said; the address is left out, its query may hold a token."""
    said = str(error)
    if code := re.search(r"net::(\w+)", said):
        return code[1]
    return plain(
        re.sub(r"\w+://\S+", "<address>", redact(said.splitlines()[0] if said else repr(error))), 160
    )
