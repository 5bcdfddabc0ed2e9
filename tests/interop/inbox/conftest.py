"""A practice's messages, and a browser that looks at them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser

from libs.events.examples import agreements
from libs.events.examples import interop as examples
from tests.analytics.browser import Site, chromium, served
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE as FHIR_PROFILE
from tests.interop.fhir.asking import send as send_fhir
from tests.interop.fhir.test_bad_bundles import bundle
from tests.interop.inbox.looking import (
    WAITING,
    open_hl7,
    paid,
)
from tests.interop.messages.test_inspecting import A04, P03, send
from tests.interop.mllp.conftest import PID, message
from tests.interop.partners.test_events_in import envelope, post
from tests.interop.writeback.conftest import ehr, visit

__all__ = ["browser", "ehr", "messages", "site", "visit"]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.fixture
async def site(interop: Harness, tmp_path: Path) -> AsyncIterator[Site]:
    async with served(interop, tmp_path, viewer_of=examples.PRACTICE) as serving:
        yield serving


@pytest.fixture
async def messages(interop: Harness, open_connection: OpenConnection) -> None:
    """A practice's day: taken and paid, refused, waiting, sent again; HL7 v2, FHIR, CloudEvents."""
    await interop.receive(agreements.practice_onboarded())
    key = await open_hl7(open_connection)
    await send(interop, key, A04, P03, WAITING)
    interop.clock.move_to(interop.clock.now() + timedelta(minutes=7))
    refused = message("ADT^A04", PID.replace("19840517", "19841317"), control_id="BAD-7")
    await send(interop, key, P03, refused)
    await paid(interop, "3")
    interop.clock.move_to(interop.clock.now() + timedelta(minutes=7))
    fhir = await open_connection(name="fhir", kind="fhir", profile=FHIR_PROFILE)
    await send_fhir(interop, fhir, "POST", "", bundle())
    await send_fhir(
        interop,
        fhir,
        "POST",
        "",
        bundle(3, "resource", "insurance", 0, "coverage", "display", to="Nobody"),
    )
    partner = await open_connection(name="lab", source_system="lab")
    await post(interop, partner, envelope(examples.encounter_posted(source="cloudevents")))
