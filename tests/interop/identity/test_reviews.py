"""Charts of two systems that may be one patient: asked about, decided once, remembered for good."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.events.contracts.interop import PatientMerged, PatientRegistered, PatientUnmerged
from libs.events.examples import interop as examples
from libs.events.transport.keys import DataKey
from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE, OpenConnection
from tests.interop.partners.test_events_in import envelope, post
from tests.keys import KEY, FixedKeys

ALMA = examples.PERSON
MOVED = ALMA.model_copy(update={"phone": None, "email": None, "postal_code": "01101"})
TWIN = ALMA.model_copy(update={"given": "Rosa"})


@dataclass
class Clinic:
    """A practice with two systems, and the person who looks at its reviews."""

    interop: Harness
    keys: dict[str, str]
    client: httpx.AsyncClient
    numbers: Any = field(default_factory=count)

    async def register(self, system: str, person: Any = ALMA, **changes: Any) -> UUID:
        patient_id = uuid4()
        fields = {"patient_id": patient_id, "person": person, "coverage": None, **changes}
        event = examples.patient_registered(**fields)
        await self.send(system, event)
        return patient_id

    async def send(self, system: str, event: Any) -> None:
        told = envelope(event, event_id=str(next(self.numbers)))
        answer = await post(self.interop, self.keys[system], told)
        assert answer.status_code == 202, answer.text

    async def reviews(self, state: str = "open") -> list[dict[str, Any]]:
        return (await self.client.get("/patients/reviews", params={"state": state})).json()

    async def merge(self, review: dict[str, Any], survivor_id: UUID) -> httpx.Response:
        body = {"survivor_id": str(survivor_id)}
        return await self.client.post(f"/patients/reviews/{review['review_id']}/merge", json=body)

    async def apart(self, review: dict[str, Any]) -> httpx.Response:
        return await self.client.post(f"/patients/reviews/{review['review_id']}/keep-apart")

    async def unmerge(self, patient_id: UUID) -> httpx.Response:
        return await self.client.post(f"/patients/{patient_id}/unmerge")

    async def link_automatically(self) -> None:
        answer = await self.client.post("/patients/policy", json={"automatic_linking": True})
        assert answer.status_code == 200

    async def merged(self) -> list[tuple[UUID, UUID]]:
        told = await self.interop.published(PatientMerged)
        return [(m.patient_id, m.survivor_id) for m in told]


@pytest.fixture
async def clinic(interop: Harness, open_connection: OpenConnection) -> AsyncIterator[Clinic]:
    keys = {s: await open_connection(name=s, source_system=s) for s in ("ehr", "lab", "portal")}
    async with interop.http(examples.PRACTICE) as client:
        yield Clinic(interop, keys, client)


async def test_even_a_sure_match_is_only_asked_about_unless_the_practice_switched_linking_on(
    clinic: Clinic,
) -> None:
    first = await clinic.register("ehr")
    second = await clinic.register("lab")
    [review] = await clinic.reviews()
    assert {chart["patient_id"] for chart in review["charts"]} == {str(first), str(second)}
    assert await clinic.merged() == []
    assert review["levels"]["birth_on"] == "same"
    shown = next(c for c in review["charts"] if c["patient_id"] == str(second))
    assert (shown["family"], shown["birth_on"], shown["source_system"]) == (
        "Rivera", "1984-05-17", "lab",
    )  # fmt: skip
    await clinic.link_automatically()
    third = await clinic.register("portal", mrn="P3")
    assert await clinic.merged() == [], "two patients are meant, so a person decides"
    assert len(await clinic.reviews()) == 3
    [pair] = [r for r in await clinic.reviews() if str(third) not in json.dumps(r)]
    assert (await clinic.merge(pair, first)).status_code == 200
    await clinic.register("portal", mrn="P4")
    assert len(await clinic.merged()) == 2


async def test_automatic_linking_merges_the_new_chart_into_the_one_known_and_says_so_after_it(
    clinic: Clinic,
) -> None:
    await clinic.link_automatically()
    first = await clinic.register("ehr")
    second = await clinic.register("lab")
    unsure = await clinic.register("portal", MOVED)
    assert await clinic.merged() == [(second, first)]
    events = await clinic.interop.published_all()
    kinds = [type(e) for e in events if e.model_dump().get("patient_id") == second]
    assert kinds == [PatientRegistered, PatientMerged]
    [review] = await clinic.reviews()
    assert {c["patient_id"] for c in review["charts"]} == {str(unsure), str(first)}


async def test_twins_other_practices_and_the_same_system_are_not_asked_about(
    clinic: Clinic, open_connection: OpenConnection
) -> None:
    key = await open_connection(practice_id=OTHER_PRACTICE, name="elsewhere", source_system="far")
    await clinic.register("ehr")
    await clinic.register("ehr", mrn="MRN-2")
    await clinic.register("lab", TWIN)
    elsewhere = examples.patient_registered(practice_id=OTHER_PRACTICE)
    assert (await post(clinic.interop, key, envelope(elsewhere))).status_code == 202
    assert await clinic.reviews() == []
    async with clinic.interop.http(OTHER_PRACTICE) as client:
        assert (await client.get("/patients/reviews")).json() == []


async def test_a_change_that_makes_two_charts_alike_is_asked_about(clinic: Clinic) -> None:
    born = ALMA.model_copy(update={"birth_on": date(1948, 5, 17), "family": "Stone"})
    await clinic.register("ehr")
    second = await clinic.register("lab", born)
    assert await clinic.reviews() == []
    await clinic.send("lab", examples.patient_updated(patient_id=second, coverage=None))
    assert len(await clinic.reviews()) == 1


async def test_a_merge_is_decided_once_and_told_again_is_the_same(clinic: Clinic) -> None:
    first, second = await clinic.register("ehr"), await clinic.register("lab", MOVED)
    [review] = await clinic.reviews()
    once, again = await clinic.merge(review, first), await clinic.merge(review, first)
    assert once.status_code == again.status_code == 200
    assert once.json() == again.json()
    assert await clinic.merged() == [(second, first)]
    assert (await clinic.merge(review, second)).status_code == 409
    assert (await clinic.apart(review)).status_code == 409
    assert (await clinic.merge(review, uuid4())).status_code == 422


async def test_two_operators_at_once_come_to_one_decision(clinic: Clinic) -> None:
    first, second = await clinic.register("ehr"), await clinic.register("lab", MOVED)
    [review] = await clinic.reviews()
    answers = await asyncio.gather(
        clinic.merge(review, first), clinic.merge(review, second), clinic.apart(review)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert len(await clinic.merged()) <= 1
    assert await clinic.reviews() == []


async def test_who_was_kept_apart_is_never_asked_about_again_nor_linked(clinic: Clinic) -> None:
    first, second = await clinic.register("ehr"), await clinic.register("lab", MOVED)
    [review] = await clinic.reviews()
    assert (await clinic.apart(review)).json() == (await clinic.apart(review)).json()
    await clinic.link_automatically()
    await clinic.send("lab", examples.patient_updated(patient_id=second, coverage=None))
    await clinic.send("ehr", examples.patient_updated(patient_id=first, coverage=None))
    assert await clinic.reviews() == []
    assert await clinic.merged() == []


async def test_an_unmerge_parts_two_charts_for_good_and_again_is_harmless(clinic: Clinic) -> None:
    await clinic.link_automatically()
    first, second = await clinic.register("ehr"), await clinic.register("lab")
    once, again = await clinic.unmerge(second), await clinic.unmerge(second)
    assert once.status_code == again.status_code == 200
    assert once.json() == again.json() == {"patient_id": str(second), "survivor_id": str(second)}
    [parted] = await clinic.interop.published(PatientUnmerged)
    assert (parted.patient_id, parted.survivor_id) == (second, first)
    await clinic.send("lab", examples.patient_updated(patient_id=second, coverage=None))
    assert len(await clinic.merged()) == 1
    assert await clinic.reviews() == []


async def test_a_foreign_review_or_patient_answers_like_a_missing_one(clinic: Clinic) -> None:
    first, _ = await clinic.register("ehr"), await clinic.register("lab", MOVED)
    [review] = await clinic.reviews()
    async with clinic.interop.http(OTHER_PRACTICE) as client:
        foreign = Clinic(clinic.interop, clinic.keys, client)
        unknown = {"review_id": str(uuid4())}
        for asked in (review, unknown):
            assert (await foreign.merge(asked, first)).status_code == 404
            assert (await foreign.apart(asked)).json() == (await foreign.apart(unknown)).json()
        assert (await foreign.unmerge(first)).text == (await foreign.unmerge(uuid4())).text
    assert len(await clinic.reviews()) == 1


async def test_what_finds_a_chart_cannot_be_tried_without_the_key_and_survives_a_rotation(
    clinic: Clinic,
) -> None:
    await clinic.register("ehr")
    rotated = FixedKeys(DataKey("newer", AESGCM(b"n" * 32)), KEY)
    clinic.interop.work.keys = rotated
    await clinic.register("lab", MOVED)
    assert len(await clinic.reviews()) == 1
    async with clinic.interop.uow(examples.PRACTICE) as uow:
        kept = await uow.db.fetch("SELECT fingerprint FROM patient_fingerprint")
        fresh, old = uow.fingerprints("birth 1984-05-17 RAVAR", "patient")
    found = {row["fingerprint"] for row in kept}
    assert {fresh, old} <= found
    assert fresh != old
    clinic.interop.work.keys = FixedKeys(DataKey("stranger", AESGCM(b"x" * 32)))
    async with clinic.interop.uow(examples.PRACTICE) as uow:
        assert not found & set(uow.fingerprints("birth 1984-05-17 RAVAR", "patient"))
