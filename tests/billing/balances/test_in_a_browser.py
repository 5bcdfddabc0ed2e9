"""A statement in a real Chromium: it can be read by all, on any window, and asks for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Route

from libs.events.examples.interop import encounter_posted
from tests.analytics.browser import AXE, chromium
from tests.billing.balances.front_desk import FrontDesk
from tests.billing.documents.pdf import open_pdf

pytestmark = pytest.mark.browser
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
ADDRESS = "http://statement.test/"
RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.mark.parametrize("language", ["en", "es"])
async def test_a_statement_fits_and_obeys_wcag(
    browser: Browser, front: FrontDesk, language: str
) -> None:
    person = encounter_posted().person.model_copy(update={"language": language})
    await front.owe(1, person=person)
    await front.owe(2, person=person, coverage=None)
    await front.cycle()
    [statement] = await front.get("/statements")
    async with front.desk.billing.http(front.desk.practice_id) as client:
        page = await client.get(f"/statements/{statement['statement_id']}.html")
        pdf = await client.get(f"/statements/{statement['statement_id']}.pdf")
    root: Any = open_pdf(pdf.content).trailer["/Root"]
    assert root["/Lang"] == language

    async def answer(route: Route) -> None:
        await route.fulfill(body=page.text, headers=dict(page.headers), status=200)

    for options in ({"color_scheme": "light"}, {"color_scheme": "dark", **PHONE}):
        await look(browser, answer, options)


async def look(
    browser: Browser, answer: Callable[[Route], Awaitable[None]], options: dict[str, Any]
) -> None:
    requests: list[str] = []
    complaints: list[str] = []
    context = await browser.new_context(**options)
    tab = await context.new_page()
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("console", lambda told: complaints.append(told.text))
    await tab.route("**/*", answer)
    await tab.goto(ADDRESS)
    await tab.evaluate(await asyncio.to_thread(AXE.read_text))
    found: dict[str, Any] = await tab.evaluate(f"axe.run(document, {{runOnly: {RULES}}})")
    broken = [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found["violations"]]
    assert broken == []
    wide: int = await tab.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide == 0, "it is wider than its window"
    assert requests == [ADDRESS]
    assert complaints == []
    await context.close()
