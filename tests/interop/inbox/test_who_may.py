"""Who may look at messages and act on them, where it leads, and what is said where nobody may."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.async_api import Browser, expect

from libs.events.examples import billing
from libs.events.examples import interop as examples
from libs.events.transport.keys import NoKeys
from tests.analytics.browser import Site
from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE, OpenConnection
from tests.interop.health.sending import CONNECTION
from tests.interop.inbox.looking import (
    HOME,
    at,
    open_hl7,
    picture,
    the_newest,
)
from tests.interop.messages.test_inspecting import A04, OPEN, asked, send
from tests.interop.partners.test_events_in import envelope
from tests.interop.writeback.conftest import Listener

pytestmark = pytest.mark.browser


async def test_what_its_ehr_refused_to_be_told_is_told_again(
    browser: Browser, site: Site, interop: Harness, visit: UUID, ehr: Listener
) -> None:
    ehr.answers = ["AE 204"]
    await interop.receive(billing.charges_posted(encounter_id=visit))
    await interop.fire_timers()
    async with at(browser, site, f"{HOME}/{await the_newest(interop, '1')}") as looker:
        told = looker.page.locator("table.told tbody tr")
        await expect(told).to_contain_text("AE 204")
        await picture(looker, "told")
        await told.get_by_role("button", name="Tell it again").click()
        await expect(told).to_contain_text("waits, tried 1 time")
        await interop.fire_timers()
        await looker.page.reload()
        await expect(told).to_contain_text("AA")
        await expect(told.get_by_role("button")).to_have_count(0)
    assert len(ehr.got) == 2


async def test_a_trace_leads_to_where_it_is_looked_at(
    browser: Browser, site: Site, interop: Harness, open_connection: OpenConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    key = await open_connection()
    async with interop.http(key=key) as client:
        headers = {
            "content-type": "application/cloudevents+json",
            "traceparent": f"00-{trace_id}-00f067aa0ba902b7-01",
        }
        event = envelope(examples.patient_registered())
        assert (await client.post("/events", json=event, headers=headers)).status_code == 202
    async with at(browser, site, f"{HOME}?type=interop") as looker:
        await looker.page.get_by_role("rowheader").get_by_role("link").click()
        await expect(looker.page.get_by_text(trace_id)).to_be_visible()
        await expect(looker.page.get_by_role("link", name=trace_id)).to_have_count(0)
        monkeypatch.setenv("INTEROP_TRACE_VIEWER", "https://traces.example/trace/{trace}")
        await looker.page.reload()
        link = looker.page.get_by_role("link", name=trace_id)
        await expect(link).to_have_attribute("href", f"https://traces.example/trace/{trace_id}")


async def test_nobody_looks_without_signing_in_elsewhere_or_acts_from_another_site(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await send(interop, await open_connection(**OPEN), A04)
    path = f"{HOME}/{await the_newest(interop, '1')}"
    async with interop.http(key=None) as client:
        for asked_for in ("/inbox", HOME, path):
            answer = await client.get(asked_for)
            assert (answer.status_code, answer.headers["location"][:9]) == (303, "/sign-in?")
        assert (await client.post(f"{path}/again")).status_code == 303
    async with interop.http() as client:
        abroad = {"sec-fetch-site": "cross-site"}
        for act in ("again", "read", f"told/{CONNECTION}/1"):
            answer = await client.post(f"{path}/{act}", headers=abroad, data={"reason": "a test"})
            assert answer.status_code == 403, act
            assert "another site" in answer.text
        foreign = f"/inbox/{OTHER_PRACTICE}/{path.rpartition('/')[2]}"
        for missing in (foreign, f"{HOME}/{OTHER_PRACTICE}", "/inbox/nowhere", f"{foreign}/again"):
            answer = await client.get(missing)
            assert (answer.status_code, answer.headers["content-type"][:9]) == (404, "text/html")
        assert (await client.get(path)).headers["cache-control"] == "no-store"
        assert (await client.post(f"{path}/read", data={"reason": " "})).status_code == 422
        assert (await client.post(f"{path}/told/{CONNECTION}/1")).status_code == 404
    story = (await asked(interop, "GET", f"/messages/{path.rpartition('/')[2]}")).json()
    assert (story["fate"], story["accesses"]) == ("refused", [])


async def test_a_viewer_only_looks_and_only_at_own_practices(
    browser: Browser, site: Site, interop: Harness, messages: None
) -> None:
    async with at(browser, site, "/inbox", "owner") as looker:
        await expect(looker.page).to_have_url(f"{site.url}{HOME}")  # the only one, at once
        await looker.page.get_by_role("row").filter(has_text="BAD-7").get_by_role("link").click()
        await expect(looker.page.get_by_role("link", name="Take it again")).to_have_count(0)
        await looker.go(f"{HOME}/{await the_newest(interop, 'BAD-7')}/again")
        await expect(looker.page.get_by_role("heading", level=1)).to_have_text("Not allowed")
        await looker.go(f"/inbox/{OTHER_PRACTICE}")
        await expect(looker.page.get_by_role("heading", level=1)).to_have_text("Not found")


async def test_without_the_practices_key_the_rest_of_a_message_is_shown(
    browser: Browser, site: Site, interop: Harness, open_connection: OpenConnection
) -> None:
    await send(interop, await open_hl7(open_connection), A04)
    async with at(browser, site, f"{HOME}/{await the_newest(interop, '1')}") as looker:
        interop.work.keys = NoKeys()
        await looker.page.reload()
        await expect(looker.page.get_by_role("heading", level=1)).to_have_text("ADT^A04 accepted")
        await looker.page.get_by_label("What do you look at them for?").fill("a test")
        await looker.page.get_by_role("button", name="Show the values").click()
        await expect(looker.page.get_by_role("heading", level=1)).to_have_text("Not possible now")
