"""The sandbox in a real Chromium: paste, check, read; by keyboard and by everybody."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from libs.events.examples import interop as examples
from tests.analytics.browser import PASSWORD, Looker, Site, chromium, looking, served
from tests.harness import Harness
from tests.interop.fhir.reading import PATIENTS, SAMPLES
from tests.interop.fhir.test_bad_bundles import CLAIM, CONDITION, ENCOUNTER, PATIENT
from tests.interop.mllp.conftest import DG1, FT1, PID, PV1, message

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
BAD = message("ADT^A04", PID.replace("19840517", "19841317"))
THREE = (
    message("ADT^A04", PID, control_id="10")
    + message("DFT^P03", PID, PV1, FT1.replace("G0439^^HCPCS", "99011"), DG1, control_id="11")
    + BAD
)
BUNDLE = json.dumps(
    {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": one, "request": {"method": "POST"}}
            for one in (PATIENT, ENCOUNTER, CONDITION, CLAIM)
        ],
    },
    indent=1,
)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.fixture
async def site(interop: Harness, tmp_path: Path) -> AsyncIterator[Site]:
    async with served(interop, tmp_path) as serving:
        yield serving


@asynccontextmanager
async def at_the_sandbox(browser: Browser, site: Site, **options: Any) -> AsyncIterator[Looker]:
    async with looking(browser, site, None, **options) as looker:
        await looker.go("/sandbox")
        await looker.page.get_by_label("Name").fill("demo")
        await looker.page.get_by_label("Password").fill(PASSWORD)
        await looker.page.get_by_role("button", name="Sign in").click()
        await expect(looker.page).to_have_title("Check a message · Mainstay")
        looker.complaints.clear()
        yield looker


async def check(looker: Looker, text: str) -> None:
    await looker.page.locator("textarea").fill(text)
    await looker.page.get_by_role("button", name="Check").click()
    await expect(looker.page.locator("#said")).to_be_visible()


async def picture(looker: Looker, name: str) -> None:
    """Kept where SCREENSHOTS says, for a person to look at."""
    if folder := os.environ.get("SCREENSHOTS"):
        await looker.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light-desktop", {"color_scheme": "light"}),
        ("dark-phone", {"color_scheme": "dark", **PHONE}),
    ],
)
async def test_every_state_of_the_page_fits_obeys_wcag_and_asks_no_other_host(
    browser: Browser, site: Site, name: str, options: dict[str, Any]
) -> None:
    texts = {
        "empty": None,
        "hl7": THREE,
        "fhir": BUNDLE,
        "refused-bundle": '{"resourceType": "Bundle", "type": "batch"}',
        "unreadable": "hello",
    }
    async with at_the_sandbox(browser, site, **options) as looker:
        for state, text in texts.items():
            if text is not None:
                await check(looker, text)
                for details in await looker.page.locator("summary").all():
                    await details.click()
            await picture(looker, f"{name}-{state}")
            assert await looker.axe() == [], state
            wide: int = await looker.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide == 0, f"{state} is wider than its window"
        assert looker.outside() == []
        assert [said for said in looker.complaints if "422" not in said] == []


async def test_a_pasted_file_gets_its_verdicts_reasons_events_tree_and_what_to_map(
    browser: Browser, site: Site, interop: Harness
) -> None:
    async with at_the_sandbox(browser, site) as looker:
        await check(looker, THREE)
        page = looker.page
        await expect(page.locator("#said")).to_have_text("HL7 v2: 2 of 3 taken")
        first, second, third = await page.get_by_role("article").all()
        await expect(first).to_contain_text("AA taken")
        await expect(first.locator("ol.events")).to_contain_text("interop.patient-registered.v1")
        await expect(second.locator("ol.events")).to_contain_text("interop.query-opened.v2")
        await expect(third).to_contain_text("AE refused")
        await expect(third.get_by_role("row").nth(1)).to_contain_text("PID-7")
        await expect(third).to_contain_text("write a day that the calendar has")
        await third.get_by_text("What it says").click()
        await expect(third.locator(".wrong")).to_contain_text("PID-7 birth date")
        await expect(page.locator(".tomap")).to_contain_text("procedure 99011 (system unknown)")
    assert await interop.published_all() == []
    async with interop.http(examples.PRACTICE) as client:
        assert (await client.get("/messages")).json() == []


async def test_it_is_used_by_keyboard_and_the_verdict_is_where_the_reader_stands(
    browser: Browser, site: Site
) -> None:
    async with at_the_sandbox(browser, site) as looker:
        page = looker.page
        await expect(page.locator("textarea")).to_be_focused()
        await page.keyboard.insert_text(BAD.replace("\r", "\n"))
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page).to_have_title("0 of 1 taken · Check a message · Mainstay")
        await expect(page.locator("#said")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.locator("summary").first).to_be_focused()


@pytest.mark.parametrize(
    ("text", "said", "also"),
    [
        (json.dumps({"resourceType": "Patient"}), "FHIR R4: 0 of 1 taken", "what is empty"),
        ('{"specversion": "1.0", "id": "1", "source": "/x", "type": "a.b.v1", "data": {}}',
         "CloudEvents 1.0: 0 of 1 taken", "types taken here"),
        ('{"specversion": "1.0", "id": "1", "source": "/x",'
         ' "type": "interop.patient-registered.v1", "data": {"mrn": "7"}}',
         "CloudEvents 1.0: 0 of 1 taken", "data.patient_id"),
        ("[]", "CloudEvents 1.0: 0 of 0 taken", ""),
        ('{"resourceType"', "Not readable", "not well-formed"),
        ("PID|1", "Not readable", "No line begins with MSH"),
    ],
)  # fmt: skip
async def test_what_is_pasted_is_told_apart_by_itself(
    browser: Browser, site: Site, text: str, said: str, also: str
) -> None:
    async with at_the_sandbox(browser, site) as looker:
        await check(looker, text)
        await expect(looker.page.locator("#said")).to_have_text(said)
        await expect(looker.page.locator("#verdict")).to_contain_text(also)
        await expect(looker.page.locator("textarea")).to_have_value(text)


async def test_nobody_checks_without_signing_in_or_from_another_site(interop: Harness) -> None:
    async with interop.http(key=None) as client:
        assert (await client.get("/sandbox")).status_code == 303
        assert (await client.post("/sandbox", data={"text": BAD})).status_code == 303
    async with interop.http() as client:
        headers = {"sec-fetch-site": "cross-site"}
        refused = await client.post("/sandbox", data={"text": BAD}, headers=headers)
        assert refused.status_code == 403
        answered = await client.post("/sandbox", data={"text": BAD})
        assert answered.headers["cache-control"] == "no-store"
        large = await client.post("/sandbox", content=b"text=" + b"x" * (9 * 1024 * 1024))
        assert large.status_code == 413


async def test_every_sample_is_shown(interop: Harness) -> None:
    async with interop.http() as client:
        for path in (*SAMPLES.glob("hl7v2/*.hl7"), *PATIENTS[:1]):
            shown = await client.post("/sandbox", data={"text": path.read_text()})
            assert shown.status_code == 200
            assert 'class="standing' in shown.text
