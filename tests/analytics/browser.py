"""The dashboard served over HTTP, and a real Chromium that looks at it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright

from libs.service.operators import Operators, hash_password
from libs.service.process import Server
from tests.browser import ARGUMENTS, NONE_FOUND, find_browser
from tests.harness import Harness

AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"
PASSWORD = "a password of tests"


@dataclass
class Site:
    """The dashboard at `url`; people sign in with their name and PASSWORD."""

    url: str
    server: uvicorn.Server
    port: int


@asynccontextmanager
async def served(
    harness: Harness, folder: Path, *, port: int = 0, viewer_of: UUID | None = None
) -> AsyncIterator[Site]:
    """Serve the service; `demo` sees all practices, `owner` only one."""
    app = harness.app()
    app.state.operators = _people(folder, viewer_of)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    server = Server(
        uvicorn.Config(
            app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=10
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    bound = listener.getsockname()[1]
    try:
        yield Site(f"http://127.0.0.1:{bound}", server, bound)
    finally:
        server.should_exit = True
        await task
        listener.close()


def _people(folder: Path, viewer_of: UUID | None) -> Operators:
    people = [
        {"name": "demo", "role": "admin", "practices": None},
        {"name": "owner", "role": "viewer", "practices": [str(viewer_of)] if viewer_of else []},
    ]
    secret = {"password_scrypt": hash_password(PASSWORD)}
    path = folder / "people.json"
    path.write_text(json.dumps([person | secret for person in people]))
    return Operators.load(path)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium; fails the test where none is installed, and says what installs one."""
    path = await asyncio.to_thread(find_browser)
    if path is None:
        pytest.fail(NONE_FOUND)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Looker:
    """A signed-in person's page, and everything that it asked for or complained about."""

    page: Page
    context: BrowserContext
    site: Site
    requests: list[str] = field(default_factory=list[str])
    complaints: list[str] = field(default_factory=list[str])

    def listen(self) -> None:
        self.page.on("request", self._note_request)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" else None,
        )

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def outside(self) -> list[str]:
        """Requests to anywhere but the site."""
        return [url for url in self.requests if not url.startswith(self.site.url)]

    async def go(self, path: str) -> None:
        await self.page.goto(self.site.url + path)

    async def state(self) -> str | None:
        """How fresh the page says that it is."""
        return await self.page.locator("#freshness").get_attribute("data-state")

    async def axe(self) -> list[dict[str, Any]]:
        """Violations of WCAG 2.2 A and AA that axe-core finds on the page as it is."""
        # Evaluated by the test's own channel, so the page's content policy stays as it is.
        await self.page.evaluate(await asyncio.to_thread(AXE.read_text))
        found: dict[str, Any] = await self.page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',"
            " 'best-practice']})"
        )
        return [
            {"id": v["id"], "nodes": [n["html"][:200] for n in v["nodes"]]}
            for v in found["violations"]
        ]


@asynccontextmanager
async def looking(
    browser: Browser, site: Site, name: str | None = "demo", **options: Any
) -> AsyncIterator[Looker]:
    """A new browser context, signed in as `name` by the sign-in page (None: not signed in)."""
    shape: Any = {"viewport": {"width": 1280, "height": 900}, **options}
    context = await browser.new_context(**shape)
    context.set_default_timeout(10_000)
    looker = Looker(await context.new_page(), context, site)
    looker.listen()
    try:
        if name is not None:
            await looker.go("/")
            await looker.page.get_by_label("Name").fill(name)
            await looker.page.get_by_label("Password").fill(PASSWORD)
            await looker.page.get_by_role("button", name="Sign in").click()
            await looker.page.wait_for_url(site.url + "/")
        yield looker
    finally:
        await context.close()
