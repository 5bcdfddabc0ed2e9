"""Looking at the message pages, and what a person does there."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.async_api import Browser

from libs.events.examples import billing
from libs.events.examples import interop as examples
from tests.analytics.browser import PASSWORD, Looker, Site, looking
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.messages.test_inspecting import OPEN, asked
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PV1, message
from tests.interop.mllp.conftest import PROFILE as HL7_PROFILE

HOME = f"/inbox/{examples.PRACTICE}"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
UNMAPPED = FT1.replace("G0439^^HCPCS", "99999")
WAITING = message("DFT^P03", PID, PV1.replace("V9", "V10"), UNMAPPED, DG1, IN1, control_id="W-1")


@asynccontextmanager
async def at(
    browser: Browser, site: Site, path: str, name: str = "demo", **options: Any
) -> AsyncIterator[Looker]:
    async with looking(browser, site, None, **options) as looker:
        await looker.go(path)
        await looker.page.get_by_label("Name").fill(name)
        await looker.page.get_by_label("Password").fill(PASSWORD)
        await looker.page.get_by_role("button", name="Sign in").click()
        await looker.page.wait_for_url(f"{site.url}/inbox**")
        looker.complaints.clear()
        yield looker


async def picture(looker: Looker, name: str) -> None:
    """Kept where SCREENSHOTS says, for a person to look at."""
    if folder := os.environ.get("SCREENSHOTS"):
        await looker.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def looks_well(looker: Looker, name: str) -> None:
    """It fits its window, obeys WCAG, and asks no other host."""
    await picture(looker, name)
    assert await looker.axe() == [], name
    wide: int = await looker.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide == 0, f"{name} is wider than its window"
    assert looker.outside() == []


async def open_hl7(open_connection: OpenConnection, **changes: Any) -> str:
    return await open_connection(**OPEN, profile=HL7_PROFILE, **changes)


async def paid(interop: Harness, control_id: str) -> None:
    """The visit of a message is charged, sent, and paid in part."""
    message_id = await the_newest(interop, control_id)
    story = (await asked(interop, "GET", f"/messages/{message_id}")).json()
    [visit] = {UUID(one["subject"]) for one in story["events"] if "encounter" in one["event_type"]}
    await interop.receive(
        billing.charges_posted(encounter_id=visit),
        billing.claim_submitted(),
        billing.claim_accepted(),
        billing.payment_posted(),
        billing.claim_paid(),
    )


async def the_newest(interop: Harness, control_id: str) -> str:
    """The message that was not the same again."""
    found = (await asked(interop, "GET", f"/messages?control_id={control_id}")).json()
    return next(one["message_id"] for one in found if one["duplicate_of"] is None)
