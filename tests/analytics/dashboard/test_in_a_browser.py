"""The dashboard in a real Chromium: it lives, it can be read by all, and it asks nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.analytics.browser import Looker, Site, chromium, looking, served
from tests.analytics.conftest import MONTHS, NAMES
from tests.analytics.months import Visit, practice_id
from tests.harness import Harness

pytestmark = pytest.mark.browser

PRACTICE = practice_id(NAMES[0])
PAGES = {
    "overview": "/",
    "practice": f"/practices/{PRACTICE}",
    "figure": f"/practices/{PRACTICE}/figures/days_in_ar",
    "figure of all": "/practices/all/figures/denial_rate",
}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.fixture
async def site(told: Harness, tmp_path: Path) -> AsyncIterator[Site]:
    async with served(told, tmp_path, viewer_of=UUID(str(PRACTICE))) as serving:
        yield serving


async def live(page: Page) -> None:
    await expect(page.locator("#freshness")).to_have_attribute("data-state", "live", timeout=45_000)


def visit(number: int) -> Visit:
    return Visit(PRACTICE, MONTHS[-1], 1_000 + number)


@pytest.mark.parametrize(
    "options",
    [{"color_scheme": "light"}, {"color_scheme": "dark", **PHONE}],
    ids=["light-desktop", "dark-phone"],
)
async def test_pages_fit_obey_wcag_and_ask_no_other_host(
    browser: Browser, site: Site, options: dict[str, Any]
) -> None:
    async with looking(browser, site, **options) as looker:
        looker.complaints.clear()
        for name, path in PAGES.items():
            await looker.go(path)
            await live(looker.page)
            assert await looker.axe() == [], name
            wide: int = await looker.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide == 0, f"{name} is wider than its window"
        assert len(looker.requests) > 20
        assert looker.outside() == []
        assert looker.complaints == []


async def test_a_figure_moves_by_itself_and_the_reader_loses_nothing(
    browser: Browser, site: Site, told: Harness
) -> None:
    async with looking(browser, site) as looker:
        page = looker.page
        await looker.go(PAGES["practice"])
        await live(page)
        encounters = page.locator("#encounters .value")
        before = int(await encounters.inner_text())
        await page.locator("#no_show_rate summary").click()
        link = page.locator("#work_rvus h3 a")
        await link.focus()
        await page.evaluate("window.scrollTo(0, 333)")
        await page.evaluate("window.kept = document.activeElement")

        await told.receive(visit(1).encounter(), visit(2).encounter())

        await expect(encounters).to_have_text(str(before + 2))
        assert await page.evaluate("window.scrollY") == 333
        assert await page.evaluate("document.activeElement === window.kept")
        await expect(page.locator("#no_show_rate details")).to_have_attribute("open", "")


async def test_scripts_that_come_late_leave_no_page_still(browser: Browser, site: Site) -> None:
    async with looking(browser, site) as looker:

        async def late(route: Route) -> None:
            await asyncio.sleep(0.5)
            await route.continue_()

        await looker.page.route("**/hx-sse.min.js*", late)
        await looker.go("/")
        await live(looker.page)


async def test_the_page_says_when_it_is_stale_and_recovers(
    browser: Browser, told: Harness, tmp_path: Path
) -> None:
    async with served(told, tmp_path) as first:
        context = looking(browser, first)
        looker = await context.__aenter__()
        await live(looker.page)
    try:
        freshness = looker.page.locator("#freshness")
        await expect(freshness).to_have_attribute("data-state", "stale", timeout=15_000)
        await expect(freshness).to_contain_text("Stale since")
        await expect(looker.page.locator("#announcement")).to_contain_text("connection is lost")
        await told.receive(visit(3).encounter())
        async with served(told, tmp_path, port=first.port):
            await live(looker.page)
            await expect(headline(looker)).to_contain_text(await shown_now(told))
    finally:
        await context.__aexit__(None, None, None)


def headline(looker: Looker) -> Any:
    return looker.page.locator("#all-encounters")


async def shown_now(told: Harness) -> str:
    async with told.http() as client:
        answer = (await client.get("/scorecards", params={"month": "2026-02"})).json()
    return str(sum(m["2026-02-01"]["encounters"] for m in answer.values()))


async def test_stopping_the_service_does_not_wait_for_open_pages(
    browser: Browser, told: Harness, tmp_path: Path
) -> None:
    loop = asyncio.get_running_loop()
    async with served(told, tmp_path) as site:
        context = looking(browser, site)
        looker = await context.__aenter__()
        await live(looker.page)
        stopped_at = loop.time()
    seconds = loop.time() - stopped_at
    await context.__aexit__(None, None, None)
    assert seconds < 5, "an open event stream held the shutdown up"


async def test_without_scripts_a_reader_gets_to_the_events_behind_a_figure(
    browser: Browser, site: Site
) -> None:
    async with looking(browser, site, java_script_enabled=False) as looker:
        page = looker.page
        await page.get_by_label("Service month", exact=True).select_option("2026-01")
        await page.get_by_role("button", name="Show").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("January 2026")
        await page.get_by_role("link", name=NAMES[0]).click()
        await page.get_by_role("link", name="Collections").click()
        await expect(page.locator("#events-sum")).to_have_text(
            await page.locator(".value.big").inner_text()
        )
        await expect(page.locator("#freshness")).to_contain_text("As of")


async def test_the_keyboard_alone_leads_to_a_figure(browser: Browser, site: Site) -> None:
    async with looking(browser, site) as looker:
        page = looker.page
        await looker.go("/")
        await page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the figures")
        await expect(skip).to_be_focused()
        await expect(skip).to_be_in_viewport()
        await page.keyboard.press("Enter")
        await expect(page.locator("#main")).to_be_focused()
        target = page.locator("#headline-collections")
        for _ in range(10):
            await page.keyboard.press("Tab")
            if await target.evaluate("e => e === document.activeElement"):
                break
        await expect(target).to_be_focused()
        outline: str = await target.evaluate("e => getComputedStyle(e).outlineStyle")
        assert outline == "solid"
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Collections")


async def test_an_owner_sees_his_practice_and_no_other(browser: Browser, site: Site) -> None:
    async with looking(browser, site, "owner") as looker:
        page = looker.page
        await expect(page.get_by_role("rowheader", name=NAMES[0])).to_be_visible()
        assert NAMES[1] not in await page.content()
        foreign = await page.goto(f"{site.url}/practices/{practice_id(NAMES[1])}")
        assert foreign is not None
        assert foreign.status == 404
        await looker.go("/practices/all/figures/encounters")
        assert NAMES[1] not in await page.content()
        assert "events read" not in await page.content()


async def test_the_tables_of_a_phone_are_still_tables(browser: Browser, site: Site) -> None:
    async with looking(browser, site, **PHONE) as looker:
        await looker.go("/")
        rows = looker.page.get_by_role("table").get_by_role("row")
        await expect(rows).to_have_count(4)  # the head, two practices, all together
        await expect(rows.nth(1).get_by_role("cell")).to_have_count(13)


async def test_a_session_that_ended_leads_to_the_sign_in_page(
    browser: Browser, site: Site, told: Harness
) -> None:
    async with looking(browser, site) as looker:
        await live(looker.page)
        await looker.context.clear_cookies()
        await told.receive(visit(4).encounter())
        await looker.page.wait_for_url(site.url + "/sign-in")
