"""A claim's visit and its 837P are kept sealed, and read as the latest version says them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from libs.events.contracts import Event, Topic, upcasters
from libs.events.contracts.billing import ClaimSubmitted
from libs.events.contracts.interop import EncounterPosted
from libs.events.contracts.values import EncounterId
from libs.events.examples.agreements import practice_onboarded
from libs.events.examples.credentialing import provider_credentialed, provider_enrolled
from libs.events.examples.interop import COVERAGE, PERSON, PRACTICE, encounter_posted
from libs.events.transport.keys import KeyDirectory, NoKeys
from libs.events.transport.payload import read_kept, write_kept
from tests.billing.desk import Desk, set_fee_schedule
from tests.harness import Harness

AT = datetime(2026, 3, 2, tzinfo=UTC)
NAMED = (PERSON.family, PERSON.given, COVERAGE.member_id)


class VisitTold(Event):
    """What interop might have said of a visit once; only this test knows it."""

    type: ClassVar = "once.visit-told.v1"
    topic: ClassVar = Topic("once.visits")
    key: ClassVar = "visit"

    visit: EncounterId
    patient: str


async def test_neither_names_a_patient_to_who_reads_the_tables(desk: Desk) -> None:
    await desk.see_patients()
    [file] = [path.read_bytes() for path in desk.outbound.glob("*.837")]
    [claim] = await desk.fetch("SELECT claim_id, encounter FROM claim")
    [interchange] = await desk.fetch("SELECT interchange_number, content FROM interchange")
    for name in NAMED:
        assert name.upper().encode() in file.upper()
        assert name.upper().encode() not in (claim["encounter"] + interchange["content"]).upper()
    async with desk.billing.uow(PRACTICE) as uow:
        visit = uow.unseal(claim["encounter"], f"claim/{claim['claim_id']}")
        assert uow.unseal(interchange["content"], "interchange/1") == file
    assert read_kept(visit, EncounterPosted).person == PERSON


async def test_a_visit_kept_in_an_older_version_is_lifted_when_its_claim_goes_on(
    billing: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted = encounter_posted()
    old = VisitTold(practice_id=posted.practice_id, visit=posted.encounter_id, patient="Quill")

    def lift(told: VisitTold) -> EncounterPosted:
        person = PERSON.model_copy(update={"family": told.patient})
        return encounter_posted(encounter_id=told.visit, person=person)

    monkeypatch.setitem(cast(dict[str, Any], upcasters()), VisitTold.type, lift)
    await billing.given(practice_onboarded(), provider_credentialed(), posted)
    await set_fee_schedule(billing)
    async with billing.uow(PRACTICE) as uow:
        claim_id = await uow.db.fetchval("SELECT claim_id FROM claim")
        kept = uow.seal(write_kept(old), f"claim/{claim_id}")
        await uow.db.execute("UPDATE claim SET encounter = $1", kept)
    await billing.receive(provider_enrolled())
    desk = Desk(billing, tmp_path)
    await desk.send()
    [path] = desk.outbound.glob("*.837")
    assert b"*QUILL*" in path.read_bytes().upper()


async def test_without_the_key_claims_wait_and_go_out_once_it_is_there(desk: Desk) -> None:
    keys = desk.billing.work.keys
    desk.billing.work.keys = NoKeys()
    await desk.see_patients()
    assert (await desk.states(), desk.sent()) == (["ready"], [])
    desk.billing.work.keys = keys
    await desk.send()
    assert [submission.interchange for submission in desk.sent()] == [1]
    assert len(await desk.billing.published(ClaimSubmitted)) == 1


async def test_an_interchange_that_cannot_be_opened_is_sent_once_it_can(desk: Desk) -> None:
    desk.outbound.parent.mkdir(parents=True)
    desk.outbound.touch()  # a file where the folder belongs: it is stored, and not sent yet
    await desk.see_patients()
    desk.outbound.unlink()
    keys, desk.billing.work.keys = desk.billing.work.keys, NoKeys()
    await desk.send()
    assert desk.sent() == []
    desk.billing.work.keys = keys
    await desk.send()
    assert [submission.interchange for submission in desk.sent()] == [1]


async def test_of_an_erased_practice_what_is_sealed_is_gone_and_the_rest_is_shown(
    billing: Harness, tmp_path: Path
) -> None:
    await billing.receive(encounter_posted())
    keys = KeyDirectory(tmp_path / "keys")
    keys.create(PRACTICE)
    billing.work.keys = keys
    keys.erase(PRACTICE, AT)
    schedule = {"fee_schedule_id": str(PRACTICE), "effective_on": "2026-01-01",
                "prices_cents": {"G0439": 1}}  # fmt: skip
    async with billing.http(PRACTICE) as client:
        refused = await client.post("/fee-schedules", json=schedule)
        [claim] = (await client.get("/claims")).json()
        shown = await client.get(f"/claims/{claim['claim_id']}")
    assert (refused.status_code, refused.json()["title"]) == (410, "nobody can read this any more")
    assert refused.json()["detail"] == f"the keys in {PRACTICE}.json were erased"
    assert (claim["state"], shown.status_code) == ("held", 200)
    billing.work.keys = NoKeys()
    async with billing.http(PRACTICE) as client:
        missing = await client.post("/fee-schedules", json=schedule)
    assert (missing.status_code, missing.json()["detail"]) == (
        503, "this process has no keys: set MAINSTAY_KEYS",
    )  # fmt: skip
