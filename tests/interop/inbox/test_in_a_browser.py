"""The message store in a real Chromium: found, understood, mended, followed to its cash."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from libs.events.contracts.interop import EncounterPosted
from libs.events.examples import interop as examples
from tests.analytics.browser import Site
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.health.sending import CONNECTION
from tests.interop.inbox.looking import (
    HOME,
    PHONE,
    at,
    looks_well,
    open_hl7,
    paid,
    the_newest,
)
from tests.interop.messages.test_inspecting import A04, OPEN, P03, mend, send
from tests.interop.mllp.conftest import PROFILE as HL7_PROFILE

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light-desktop", {"color_scheme": "light"}),
        ("dark-phone", {"color_scheme": "dark", **PHONE}),
    ],
)
async def test_every_page_fits_obeys_wcag_and_asks_no_other_host(
    browser: Browser, site: Site, interop: Harness, messages: None, name: str,
    options: dict[str, Any],
) -> None:  # fmt: skip
    async with at(browser, site, "/inbox", **options) as looker:
        await looks_well(looker, f"{name}-list")
        for control_id in ("3", "W-1", "BAD-7"):
            await looker.go(f"{HOME}/{await the_newest(interop, control_id)}")
            await looks_well(looker, f"{name}-{control_id}")
        await looker.page.get_by_role("link", name="Take it again").click()
        await looks_well(looker, f"{name}-again")
        for kind in ("Bundle", "interop."):
            await looker.go(f"{HOME}?type={kind}")
            await looker.page.get_by_role("rowheader").first.get_by_role("link").click()
            await looker.page.get_by_label("What do you look at them for?").fill("a test")
            await looker.page.get_by_role("button", name="Show the values").click()
            while await (closed := looker.page.locator("details:not([open]) summary")).count():
                await closed.first.click()
            await looks_well(looker, f"{name}-{kind}")
        await looker.go(f"{HOME}?fate=rehearsed")
        await looks_well(looker, f"{name}-none")
        await looker.go(f"{HOME}?day=tomorrow")
        await looks_well(looker, f"{name}-not-understood")
        assert [said for said in looker.complaints if "422" not in said] == []


async def test_a_refused_message_is_found_mended_taken_again_and_followed_to_its_cash(
    browser: Browser, site: Site, interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(**OPEN)
    await send(interop, key, A04.replace("IN1|", "ZZ1|"), P03)
    async with at(browser, site, HOME) as looker:
        page = looker.page
        await page.get_by_label("Control id").fill("3")
        await page.keyboard.press("Enter")
        rows = page.get_by_role("row")
        await expect(rows).to_have_count(2)
        await expect(rows.nth(1)).to_contain_text("IN1-2 payer-unknown")
        await rows.nth(1).get_by_role("link").press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("DFT^P03 refused")
        await page.get_by_role("link", name="Take it again").click()
        await expect(page.get_by_role("heading", level=2)).to_have_text("It would be refused again")
        await expect(page.get_by_role("button", name="Take it again")).to_have_count(0)

        await mend(interop, HL7_PROFILE)
        before = await interop.published_all()
        await page.reload()
        await expect(page.get_by_role("heading", level=2)).to_have_text("It would be accepted")
        await expect(page.locator("ol.events")).to_contain_text("interop.encounter-posted.v1")
        assert await interop.published_all() == before, "a look does nothing"
        await page.get_by_role("button", name="Take it again").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("DFT^P03 accepted")
        await expect(page.locator(".visit")).to_contain_text("Nothing was heard of a claim yet")
        assert len(await interop.published(EncounterPosted)) == 1

        await paid(interop, "3")
        await page.reload()
        facts = page.locator(".facts.claim")
        for told in ("paid", "BUCKEYE01", "$178.00", "$100.50", "$57.50", "$20.00", "$0.00"):
            await expect(facts).to_contain_text(told)


async def test_what_a_message_says_is_shown_for_a_reason_that_is_kept(
    browser: Browser, site: Site, interop: Harness, open_connection: OpenConnection
) -> None:
    await send(interop, await open_hl7(open_connection), A04)
    path = f"{HOME}/{await the_newest(interop, '1')}"
    async with at(browser, site, path) as looker:
        page = looker.page
        await page.get_by_text("Which fields it fills").click()
        await expect(page.locator("dl.fields").nth(1)).to_contain_text("PID-7 birth date")
        shown = await page.content()
        assert not any(value in shown for value in ("Rivera", "Orchard", "BM4471"))
        await page.get_by_role("button", name="Show the values").click()
        await expect(page.get_by_label("What do you look at them for?")).to_be_focused()
        await page.keyboard.type("the payer asks")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="What it says")).to_be_focused()
        await expect(page.locator("dl.fields").nth(1)).to_contain_text("Rivera^Alma")
        await page.get_by_text("As it came").click()
        await expect(page.locator("pre")).to_contain_text("IN1|1|BAV^Blue Advantage HMO")
        kept = page.get_by_role("row").filter(has_text="the payer asks")
        await expect(kept).to_contain_text("demo")
        await page.goto(page.url.removesuffix("/read"))
        assert "Rivera" not in await page.content()
        await expect(kept).to_be_visible()
    async with at(browser, site, path, "owner") as looker:
        await expect(looker.page.locator("#says + p")).to_contain_text("shown to operators")
        await expect(looker.page.get_by_role("button", name="Show the values")).to_have_count(0)


async def test_the_list_goes_on_where_its_page_ends(
    browser: Browser, site: Site, interop: Harness, open_connection: OpenConnection
) -> None:
    """Of one moment too: a page begins after a message, not after a time."""
    await send(interop, await open_hl7(open_connection), A04)
    async with interop.uow(examples.PRACTICE) as uow:
        await uow.db.execute(
            "INSERT INTO message (practice_id, message_id, connection_id, kind, type, control_id,"
            " sha256, raw, fate, received_at)"
            " SELECT practice_id, gen_random_uuid(), connection_id, kind, type, 'C' || n, sha256,"
            "        raw, 'refused', received_at + (n / 40) * interval '1 minute'"
            "   FROM message, generate_series(1, 120) AS n"
        )
    async with at(browser, site, f"{HOME}?fate=refused") as looker:
        seen: list[str] = []
        older = looker.page.get_by_role("link", name="Older")
        for count in (50, 50, 20):
            ids = await looker.page.locator("td[data-label='Control id']").all_inner_texts()
            assert len(ids) == count
            seen += ids
            if count == 50:
                await older.click()
                await looker.page.wait_for_load_state()
        await expect(older).to_have_count(0)
        assert len(set(seen)) == 120
        assert seen[0] == "C120", "the newest first"
        await looker.page.get_by_role("link", name="Newest").click()
        await expect(looker.page.get_by_role("row")).to_have_count(51)
        for filters, count in (("type=ADT", 50), ("type=SIU", 0), ("control_id=C7", 1),
                               ("day=2026-03-02", 50), ("day=2026-03-03", 0),
                               (f"connection={CONNECTION}&fate=accepted", 1)):  # fmt: skip
            await looker.go(f"{HOME}?{filters}")
            assert await looker.page.locator("tbody tr").count() == count, filters
